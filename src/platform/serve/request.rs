//! What every request must look like before a router sees it, whatever program it is for (RFC 9112 §3, RFC 9110 §9).
//! What is refused here goes on as a request for `/` with the refusal beside it, so that the answer passes through the
//! same layers as all others, which give it its headers and its place in the log; [`answer`] takes it out there.

use axum::extract::Request;
use axum::http::uri::{Authority, PathAndQuery};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Why a request is not handed to any handler. In an answer's extensions, for layers that word errors themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// RFC 9112 §3.2: a request of HTTP/1.1 without `Host`.
    #[error("The Host header is missing.")]
    NoHost,
    /// RFC 9112 §3.2: two of them, which two servers could read in two ways.
    #[error("There is more than one Host header.")]
    SeveralHosts,
    /// RFC 9112 §3.2: a `Host` that is no name with or without a port.
    #[error("The Host header is not the name of a host.")]
    Host,
    /// RFC 9112 §3.2: a target that goes with other methods, or is another scheme's.
    #[error("The target of the request must be a path, or an http address with one.")]
    Target,
    /// A NUL in the path: no name of ours has one, and file systems end a name there.
    #[error("There is a NUL in the address.")]
    Nul,
    /// RFC 9110 §9.3.6: this is no proxy.
    #[error("This server does not open tunnels: it takes no CONNECT.")]
    Connect,
    /// RFC 9110 §9.3.7: `OPTIONS *` asks whether the server is there, which it is.
    #[error("This server is there.")]
    Ping,
}

/// Methods that some address of ours takes.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

impl Malformed {
    fn status(self) -> StatusCode {
        match self {
            Self::Connect => StatusCode::METHOD_NOT_ALLOWED,
            Self::Ping => StatusCode::NO_CONTENT,
            Self::NoHost | Self::SeveralHosts | Self::Host | Self::Target | Self::Nul => StatusCode::BAD_REQUEST,
        }
    }
}

/// Checks a request as it came from the network, and brings its target into origin form.
pub(super) fn check<B>(request: &mut axum::http::Request<B>) {
    if let Err(malformed) = normalise(request) {
        *request.uri_mut() = Uri::from_static("/");
        request.extensions_mut().insert(malformed);
    }
}

fn normalise<B>(request: &mut axum::http::Request<B>) -> Result<(), Malformed> {
    host(request.headers(), request.version())?;
    if request.method() == Method::CONNECT {
        return Err(Malformed::Connect);
    }
    let uri = request.uri();
    if uri.path() == "*" {
        return Err(if request.method() == Method::OPTIONS { Malformed::Ping } else { Malformed::Target });
    }
    match (uri.scheme_str(), uri.authority()) {
        (None, None) if uri.path().starts_with('/') => {}
        // Absolute form: its host is the one that counts (RFC 9112 §3.2.2).
        (Some("http" | "https"), Some(authority)) if is_host(authority) => {
            let host = HeaderValue::try_from(authority.as_str()).map_err(|_| Malformed::Target)?;
            let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
            *request.uri_mut() = Uri::from(path);
            request.headers_mut().insert(header::HOST, host);
        }
        _ => return Err(Malformed::Target),
    }
    if request.uri().path().contains("%00") {
        return Err(Malformed::Nul);
    }
    Ok(())
}

fn host(headers: &HeaderMap, version: Version) -> Result<(), Malformed> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let Some(host) = hosts.next() else {
        return if version >= Version::HTTP_11 { Err(Malformed::NoHost) } else { Ok(()) };
    };
    if hosts.next().is_some() {
        return Err(Malformed::SeveralHosts);
    }
    match Authority::try_from(host.as_bytes()) {
        Ok(authority) if is_host(&authority) => Ok(()),
        _ => Err(Malformed::Host),
    }
}

/// A host and perhaps a port (RFC 3986 §3.2.2), without user information.
fn is_host(authority: &Authority) -> bool {
    let after = authority.as_str().strip_prefix(authority.host());
    let port = after.map(|after| after.strip_prefix(':').unwrap_or(after));
    !authority.host().is_empty() && port.is_some_and(|port| port.is_empty() || port.parse::<u16>().is_ok())
}

/// A middleware that answers what [`check`] refused.
pub(super) async fn answer(request: Request, next: Next) -> Response {
    let Some(&malformed) = request.extensions().get::<Malformed>() else { return next.run(request).await };
    let status = malformed.status();
    let mut response =
        if status.is_success() { status.into_response() } else { (status, format!("{malformed}\n")).into_response() };
    if matches!(malformed, Malformed::Connect | Malformed::Ping) {
        // RFC 9110 §15.5.6
        response.headers_mut().insert(header::ALLOW, METHODS);
    }
    response.extensions_mut().insert(malformed);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(method: &str, target: &str, hosts: &[&str]) -> (Option<Malformed>, String, String) {
        let mut request = axum::http::Request::builder().method(method).uri(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        let mut request = request.body(()).expect("a request");
        check(&mut request);
        let malformed = request.extensions().get().copied();
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        (malformed, request.uri().to_string(), host.to_owned())
    }

    #[test]
    fn a_request_names_one_host_and_a_path() {
        for (method, target, hosts, expected) in [
            ("GET", "/", &["localhost"][..], None),
            ("GET", "/", &["localhost:3000"], None),
            ("GET", "/", &["[::1]:3000"], None),
            ("GET", "/", &["xn--grn-hoa.example"], None),
            ("GET", "/", &[], Some(Malformed::NoHost)),
            ("GET", "/", &[""], Some(Malformed::Host)),
            ("GET", "/", &["a", "a"], Some(Malformed::SeveralHosts)),
            ("GET", "/", &["a@b"], Some(Malformed::Host)),
            ("GET", "/", &["a b"], Some(Malformed::Host)),
            ("GET", "/", &["a:b"], Some(Malformed::Host)),
            ("GET", "/", &["a:99999"], Some(Malformed::Host)),
            ("GET", "/", &["a/b"], Some(Malformed::Host)),
            ("GET", "http://a/x", &[], Some(Malformed::NoHost)),
            ("GET", "ftp://a/x", &["a"], Some(Malformed::Target)),
            ("GET", "http://u:p@a/x", &["a"], Some(Malformed::Target)),
            ("GET", "a:80", &["a"], Some(Malformed::Target)),
            ("GET", "*", &["a"], Some(Malformed::Target)),
            ("OPTIONS", "*", &["a"], Some(Malformed::Ping)),
            ("CONNECT", "a:80", &["a"], Some(Malformed::Connect)),
            ("GET", "/pkg/%00", &["a"], Some(Malformed::Nul)),
            ("HEAD", "/a%00b?c", &["a"], Some(Malformed::Nul)),
            ("GET", "/a?b=%00", &["a"], None),
        ] {
            let (malformed, target_now, _) = checked(method, target, hosts);
            assert_eq!(malformed, expected, "{method} {target} {hosts:?}");
            assert_eq!(target_now, if expected.is_some() { "/" } else { target }, "{method} {target}");
        }
    }

    #[test]
    fn a_target_in_absolute_form_is_read_as_path_and_host() {
        let (malformed, target, host) = checked("GET", "http://b:1/x?y=z", &["a"]);
        assert_eq!((malformed, target.as_str(), host.as_str()), (None, "/x?y=z", "b:1"));
        let (malformed, target, host) = checked("GET", "http://b", &["a"]);
        assert_eq!((malformed, target.as_str(), host.as_str()), (None, "/", "b"));
    }
}
