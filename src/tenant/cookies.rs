//! The tenant's three cookies. Cookies ignore ports, so their names differ from those of the app on the same host.

use axum::http::{HeaderMap, HeaderValue};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};

use super::state::Tenant;
use crate::language::Language;
use crate::platform::cookies;

/// Holds the handle of the single sign-on session.
pub(super) const SESSION: &str = "errand_tenant_session";
/// Carries an interaction, sealed, in the browser that began it; what is too long for one cookie goes on in others
/// ([`interaction`]). Its path is that of the interaction's pages, so any number of
/// sign-ins can go on side by side.
pub(super) const INTERACTION: &str = "errand_tenant_interaction";

/// Keeps the language that was chosen.
pub(super) const LANGUAGE: &str = "errand_tenant_language";

/// For how long the choice of a language is remembered.
const REMEMBERED: Duration = Duration::days(365);

/// The longest value of one cookie: browsers take names, values and attributes of 4096 bytes together (RFC 6265 §6.1).
pub(super) const MAX_VALUE: usize = 3500;

/// The name of the cookie with one part of an interaction.
pub(super) fn interaction(part: usize) -> String {
    if part == 0 { INTERACTION.to_owned() } else { format!("{INTERACTION}_{part}") }
}

/// The value of cookie `name`.
pub(super) fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    cookies::read(headers, name).map(ToOwned::to_owned)
}

/// A `Set-Cookie` value: `HttpOnly`, `SameSite=Lax`, `Secure` when the tenant is reached by https. Lives as long as the
/// browser runs; an empty `value` removes the cookie.
pub(super) fn set(tenant: &Tenant, name: impl Into<String>, value: &str, path: &str) -> HeaderValue {
    let mut cookie = cookie(tenant, name.into(), value, path);
    if value.is_empty() {
        cookie.make_removal();
    }
    written(&cookie)
}

/// The same for the choice of a language, which outlives the browser.
pub(super) fn language(tenant: &Tenant, language: Language) -> HeaderValue {
    let mut cookie = cookie(tenant, LANGUAGE.to_owned(), language.tag(), "/");
    cookie.set_max_age(REMEMBERED);
    written(&cookie)
}

fn cookie(tenant: &Tenant, name: String, value: &str, path: &str) -> Cookie<'static> {
    Cookie::build((name, value.to_owned()))
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(tenant.origin().starts_with("https:"))
        .path(path.to_owned())
        .build()
}

fn written(cookie: &Cookie<'_>) -> HeaderValue {
    HeaderValue::from_str(&cookie.encoded().to_string()).expect("names, tokens and paths of ours are ASCII")
}
