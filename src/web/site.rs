//! The files of the site: what cargo-leptos built (below `/pkg`, its names carry a hash of the content) and what stands
//! in `public/` (the icons, the manifest). They never pass through Leptos, need no session, and may be cached.
//!
//! `leptos_axum` has a handler for files, too. It is not used: it gives a file the status and headers of whatever page
//! its thread rendered last, which may be another customer's.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// The folder of the built files, in the site's folder and in addresses.
const PKG: &str = "/pkg";
/// Another build has other names: what a name stands for never changes.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// For an icon that changes once in a year: a day, and then a question that is answered with 304.
const A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");
/// The script that shows the list without a network. An old one would outlive what it was made for.
const SERVICE_WORKER: &str = "service-worker.js";
const ALWAYS_ASK: HeaderValue = HeaderValue::from_static("no-cache");
/// It runs by itself, under the policy that it comes with: it may ask this site, and nobody else.
const WORKER_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; connect-src 'self'");

/// The routes of the files in `site_root`.
pub(super) fn router(site_root: &str) -> Router {
    let files = ServeDir::new(site_root)
        .append_index_html_on_directories(false)
        .redirect_to_trailing_slash(false)
        .precompressed_br()
        .precompressed_gzip();
    let of = |cache: HeaderValue| any(move |request: Request| serve(files.clone(), cache.clone(), request));
    let built = of.clone()(IMMUTABLE);
    // All three: a wildcard stands for at least one character.
    let router = Router::new().route(PKG, built.clone()).route(&format!("{PKG}/"), built.clone());
    let router = router.route(&format!("{PKG}/{{*path}}"), built);
    let of_name = |name: &str| match name {
        SERVICE_WORKER => {
            let policy = SetResponseHeaderLayer::overriding(header::CONTENT_SECURITY_POLICY, WORKER_POLICY);
            of.clone()(ALWAYS_ASK).layer(policy)
        }
        _ => of.clone()(A_DAY),
    };
    names(Path::new(site_root)).iter().fold(router, |router, name| router.route(&format!("/{name}"), of_name(name)))
}

/// The files that stand at the top of the site. Listed once, so that a page costs no look into the file system.
fn names(site_root: &Path) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(site_root) else { return BTreeSet::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_servable(name))
        .collect()
}

/// Not hidden, not the compressed twin of another, and the same in an address as on the disk.
fn is_servable(name: &str) -> bool {
    let compressed = Path::new(name).extension().is_some_and(|extension| extension == "br" || extension == "gz");
    !compressed && !name.starts_with('.') && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Answers with a file, in whichever encoding the browser takes; every other answer has words, and is stored nowhere.
async fn serve(mut files: ServeDir, cache: HeaderValue, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, "GET, HEAD")];
        return (StatusCode::METHOD_NOT_ALLOWED, allow, "A file can be read (GET, HEAD) only.\n").into_response();
    }
    match files.try_call(request).await {
        Ok(response) if is_current(response.status()) => {
            let mut response = response.map(Body::new);
            response.headers_mut().insert(header::CACHE_CONTROL, cache);
            response
        }
        Ok(response) if response.status() == StatusCode::RANGE_NOT_SATISFIABLE => {
            let (parts, _) = response.into_parts();
            Response::from_parts(parts, Body::from("The file is shorter than that.\n"))
        }
        Ok(response) if response.status() == StatusCode::PRECONDITION_FAILED => {
            (StatusCode::PRECONDITION_FAILED, "The file is another than the one you know.\n").into_response()
        }
        Ok(response) if !response.status().is_server_error() => no_such_file(),
        Err(error) if is_about_the_name(&error) => no_such_file(),
        Ok(response) => unreadable(&io::Error::other(response.status().to_string())),
        Err(error) => unreadable(&error),
    }
}

/// Whether the answer is the file, a part of it, or that the browser has it: 304 must say how long it is good for, too,
/// or the browser drops what it has (RFC 9111 §4.3.4).
fn is_current(status: StatusCode) -> bool {
    status.is_success() || status == StatusCode::NOT_MODIFIED
}

/// Whether there cannot be a file of this name: longer than file systems have them, with a NUL, below a file.
fn is_about_the_name(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), InvalidFilename | InvalidInput | IsADirectory | NotADirectory | NotFound | PermissionDenied)
}

fn no_such_file() -> Response {
    (StatusCode::NOT_FOUND, "There is no such file.\n").into_response()
}

fn unreadable(error: &io::Error) -> Response {
    tracing::error!(%error, "a file of the site could not be read");
    (StatusCode::SERVICE_UNAVAILABLE, "This file cannot be read now. Try again.\n").into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use tower::ServiceExt as _;

    use super::*;

    /// A site of two files and their compressed twins.
    fn site() -> (tempfile::TempDir, Router) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("pkg/inner")).unwrap();
        for (name, text) in [
            ("favicon.svg", "<svg/>"),
            ("favicon.svg.br", "compressed"),
            (".env", "secret"),
            ("service-worker.js", "0"),
            ("pkg/errand.abc.css", "p{}"),
            ("pkg/inner/more.js", "1"),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let router = router(folder.path().to_str().unwrap());
        (folder, router)
    }

    async fn ask(router: &Router, method: Method, path: &str, headers: &[(HeaderName, &str)]) -> (Response, String) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        (Response::from_parts(parts, Body::empty()), String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn files_are_served_and_may_be_kept_and_a_304_says_so_again() {
        let (_folder, router) = site();
        for (path, text, cache) in [
            ("/favicon.svg", "<svg/>", A_DAY),
            ("/pkg/errand.abc.css", "p{}", IMMUTABLE),
            ("/pkg/inner/more.js", "1", IMMUTABLE),
        ] {
            let (answer, body) = ask(&router, Method::GET, path, &[]).await;
            assert_eq!((answer.status(), body.as_str()), (StatusCode::OK, text), "{path}");
            assert_eq!(answer.headers()[header::CACHE_CONTROL], cache, "{path}");
            let known = answer.headers()[header::LAST_MODIFIED].to_str().unwrap().to_owned();
            let (answer, body) = ask(&router, Method::GET, path, &[(header::IF_MODIFIED_SINCE, &known)]).await;
            assert_eq!((answer.status(), body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
            assert_eq!(answer.headers()[header::CACHE_CONTROL], cache, "{path}: or the browser drops what it has");
        }
        let (answer, body) = ask(&router, Method::GET, "/favicon.svg", &[(header::ACCEPT_ENCODING, "br")]).await;
        assert_eq!(
            (body.as_str(), &answer.headers()[header::CONTENT_ENCODING]),
            ("compressed", &HeaderValue::from_static("br"))
        );
    }

    #[tokio::test]
    async fn the_service_worker_is_asked_for_anew_and_may_ask_this_site() {
        let (_folder, router) = site();
        let (answer, _) = ask(&router, Method::GET, "/service-worker.js", &[]).await;
        assert_eq!(answer.headers()[header::CACHE_CONTROL], ALWAYS_ASK);
        assert_eq!(answer.headers()[header::CONTENT_SECURITY_POLICY], WORKER_POLICY);
        let (answer, _) = ask(&router, Method::GET, "/favicon.svg", &[]).await;
        assert!(answer.headers().get(header::CONTENT_SECURITY_POLICY).is_none(), "left to the outer layer");
    }

    #[tokio::test]
    async fn whatever_is_no_file_is_a_404_with_words_and_never_an_error_of_ours() {
        let (_folder, router) = site();
        let long = format!("/pkg/{}", "a".repeat(256));
        let deep = format!("/pkg/{}", "a/".repeat(3000));
        for path in [
            "/pkg",
            "/pkg/",
            "/pkg/none.js",
            &long,
            &deep,
            "/pkg/%00",
            "/pkg/a%00b.css",
            "/pkg/%ff",
            "/pkg/inner",
            "/pkg/inner/",
            "/pkg/errand.abc.css/",
            "/pkg/errand.abc.css/x",
            "/pkg/../favicon.svg",
            "/pkg/%2e%2e/favicon.svg",
            "/pkg//etc/passwd",
            "/pkg/..%2ffavicon.svg",
            "/pkg/..%5cfavicon.svg",
        ] {
            for method in [Method::GET, Method::HEAD] {
                let (answer, body) = ask(&router, method.clone(), path, &[]).await;
                assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path:.60}");
                assert!(method == Method::HEAD || !body.is_empty(), "{path:.60}");
                assert!(answer.headers().get(header::CACHE_CONTROL).is_none(), "{path:.60}: left to the outer layer");
            }
        }
        for hidden in ["/.env", "/favicon.svg.br"] {
            assert_eq!(ask(&router, Method::GET, hidden, &[]).await.0.status(), StatusCode::NOT_FOUND, "{hidden}");
        }
    }

    #[tokio::test]
    async fn a_file_can_only_be_read_and_every_refusal_has_words() {
        let (_folder, router) = site();
        for path in ["/favicon.svg", "/pkg/errand.abc.css"] {
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::TRACE] {
                let (answer, body) = ask(&router, method, path, &[]).await;
                assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
                assert_eq!(answer.headers()[header::ALLOW], "GET, HEAD");
                assert_ne!(body, "");
            }
            let (answer, body) = ask(&router, Method::GET, path, &[(header::RANGE, "bytes=900-")]).await;
            assert_eq!(answer.status(), StatusCode::RANGE_NOT_SATISFIABLE);
            assert_ne!(body, "");
        }
    }
}
