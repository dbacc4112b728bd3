//! The name that a sign-in must begin at. The provider sends the customer back to `public_url`; a browser that came by
//! another name (an address in place of a name, `www.`, a name of before) keeps the transaction's cookie for that one, and
//! the answer would find none. So it goes to `public_url` first, and begins there.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use cookie::{Cookie, SameSite};

use super::answer::set_cookie;
use crate::identity::state::Identity;
use crate::platform::cookies;
use crate::platform::redirect::see_other;

/// What the cookie is for (see [`Identity::cookie_name`]).
const COOKIE: &str = "moved";
/// Seconds that a browser which was sent to `public_url` is taken to be there, whatever the request says. A proxy may name
/// another host than the browser asked for, and there would be no end of it. Long enough for a redirect, too short for
/// anybody to go back and press the button again.
const SECONDS: i64 = 5;

/// The way to the same path and query at `public_url`, for a browser that is somewhere else. Where that is, is this app's
/// configuration's to say: what the request names decides only whether to go.
pub(super) fn elsewhere(identity: &Identity, headers: &HeaderMap, uri: &Uri) -> Option<Response> {
    if is_here(identity, headers, uri) || cookies::read(headers, &identity.cookie_name(COOKIE)).is_some() {
        return None;
    }
    let base = identity.public_url().as_str().trim_end_matches('/');
    let mut response = see_other(&format!("{base}{}", uri.path_and_query()?));
    let moved = Cookie::build((identity.cookie_name(COOKIE), "1"))
        .path("/")
        .http_only(true)
        .secure(identity.is_https())
        .same_site(SameSite::Lax)
        .max_age(cookie::time::Duration::seconds(SECONDS));
    set_cookie(response.headers_mut(), &moved.build());
    Some(response)
}

/// Whether the browser asked for `public_url`'s host and port, as far as the request tells: itself (RFC 9112 §3.2), or a
/// proxy that names the host it was asked for. One that names none is taken as it is.
fn is_here(identity: &Identity, headers: &HeaderMap, uri: &Uri) -> bool {
    let named: Vec<&str> = [header::HOST.as_str(), "x-forwarded-host"]
        .iter()
        .flat_map(|name| headers.get_all(*name))
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .chain(uri.authority().map(Authority::as_str))
        .map(str::trim)
        .collect();
    named.is_empty() || named.into_iter().any(|name| is_public(identity, name))
}

fn is_public(identity: &Identity, name: &str) -> bool {
    let public = identity.public_url();
    // Read as a browser reads it: the case, a port that goes without saying, an address in another notation.
    let asked = url::Url::parse(&format!("{}://{name}/", public.scheme())).ok();
    asked.is_some_and(|asked| {
        let host = |url: &url::Url| url.host_str().map(|host| host.trim_end_matches('.').to_owned());
        host(&asked) == host(public) && asked.port_or_known_default() == public.port_or_known_default()
    })
}
