//! The tenant's two cookies. Cookies ignore ports, so their names differ from those of the app on the same host.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};

use super::Tenant;

/// Holds the handle of the single sign-on session.
pub(super) const SESSION: &str = "errand_tenant_session";
/// Binds an interaction to the browser that began it; its path is that of the interaction's pages, so any number of
/// sign-ins can go on side by side.
pub(super) const INTERACTION: &str = "errand_tenant_interaction";

/// The value of cookie `name`.
pub(super) fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

/// A `Set-Cookie` value: `HttpOnly`, `SameSite=Lax`, `Secure` when the tenant is reached by https. Lives as long as the
/// browser runs; an empty `value` removes the cookie.
pub(super) fn set(tenant: &Tenant, name: &'static str, value: &str, path: &str) -> HeaderValue {
    let mut cookie = Cookie::build((name, value.to_owned()))
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(tenant.origin.starts_with("https:"))
        .path(path.to_owned())
        .build();
    if value.is_empty() {
        cookie.make_removal();
    }
    HeaderValue::from_str(&cookie.encoded().to_string()).expect("names, tokens and paths of ours are ASCII")
}
