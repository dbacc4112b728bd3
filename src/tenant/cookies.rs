//! The tenant's two cookies. Cookies ignore ports, so their names differ from those of the app on the same host.

use axum::http::{HeaderMap, HeaderValue};
use cookie::{Cookie, SameSite};

use super::Tenant;
use crate::platform::cookies;

/// Holds the handle of the single sign-on session.
pub(super) const SESSION: &str = "errand_tenant_session";
/// Binds an interaction to the browser that began it; its path is that of the interaction's pages, so any number of
/// sign-ins can go on side by side.
pub(super) const INTERACTION: &str = "errand_tenant_interaction";

/// The value of cookie `name`.
pub(super) fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    cookies::read(headers, name).map(ToOwned::to_owned)
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
