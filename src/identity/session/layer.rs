//! Gives an app's handlers their session, and its cookie to browsers.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower_sessions::SessionManagerLayer;
use tower_sessions::session::{Expiry, Id};

use super::store::Store;
use crate::identity::ended;
use crate::identity::sign_in::answer::set_cookie;
use crate::identity::state::Identity;
use crate::platform::{cookies, hash};

/// Gives the handlers of `router` their [`Session`].
pub(in crate::identity) fn provide(identity: &Identity, router: Router) -> Router {
    let store = Store::new(identity);
    let absolute = store.absolute;
    let layer = SessionManagerLayer::new(store)
        .with_name(identity.cookie_name(""))
        .with_secure(identity.is_https())
        .with_http_only(true)
        // Lax: the callback is a top-level navigation from the provider, which must bring the cookie along.
        .with_same_site(tower_sessions::cookie::SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(absolute));
    router.layer(layer).layer(middleware::from_fn_with_state(identity.clone(), own_cookies))
}

/// Stands in front of tower-sessions, whose reader of cookies decodes their names, so that `%65rrand` would be `errand`:
/// what it (and everything behind) reads is a `Cookie` header that we wrote. It removes its cookie without the attributes
/// that it was set with; browsers ignore that for a `__Host-` name, and would keep a dead cookie until it runs out.
async fn own_cookies(State(identity): State<Identity>, mut request: Request, next: Next) -> Response {
    let name = identity.cookie_name("");
    let is_sent = cookies::is_sent(request.headers(), &name);
    let id = cookies::read(request.headers(), &name).and_then(|value| value.parse::<Id>().ok());
    let is_id = id.is_some();
    let others = format!("{name}-");
    cookies::rewrite(request.headers_mut(), |sent| (is_id && sent == name) || sent.starts_with(&others));
    let mut response = next.run(request).await;

    let set: Vec<HeaderValue> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
    let ours =
        |value: &HeaderValue| value.as_bytes().strip_prefix(name.as_bytes()).is_some_and(|v| v.starts_with(b"="));
    let is_removed = set.iter().any(|value| value.as_bytes().starts_with(format!("{name}=;").as_bytes()));
    // One that cannot be an id signs nobody in, and need not come again.
    if !is_removed && (is_id || !is_sent || set.iter().any(ours)) {
        return response;
    }
    let headers = response.headers_mut();
    headers.remove(header::SET_COOKIE);
    for value in set.into_iter().filter(|value| !ours(value)) {
        headers.append(header::SET_COOKIE, value);
    }
    let ended = match id {
        Some(id) => ended::Ended::of_session(&identity, &hash::sha256_base64url(&id.to_string())).await,
        None => Ok(None),
    };
    match ended {
        Ok(ended) => {
            set_cookie(headers, &removal(&identity));
            if let Some(ended) = ended {
                set_cookie(headers, &ended.cookie(&identity));
            }
        }
        // It says which session it was: it must not get lost.
        Err(error) => tracing::error!(%error, "how a session ended cannot be told; its cookie is kept"),
    }
    response
}

/// The cookie that removes the session's.
fn removal(identity: &Identity) -> cookie::Cookie<'static> {
    cookie::Cookie::build((identity.cookie_name(""), ""))
        .path("/")
        .http_only(true)
        .secure(identity.is_https())
        .same_site(cookie::SameSite::Lax)
        .max_age(cookie::time::Duration::ZERO)
        .build()
}
