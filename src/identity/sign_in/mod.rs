//! Sign-in and sign-out: the endpoints below `/auth`, one file each.

mod authorize;
mod callback;
mod challenge;
mod id_token;
mod session;
mod sign_out;
mod transaction;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use url::form_urlencoded;

use super::Identity;
pub use authorize::sign_in_url;

/// The endpoints.
pub(super) fn router(identity: Identity) -> Router {
    Router::new()
        .route("/auth/sign-in", get(authorize::sign_in))
        .route("/auth/sign-up", get(authorize::sign_up))
        .route(REDIRECT_PATH, get(callback::callback))
        .route("/auth/session", get(session::session))
        .route("/auth/sign-out", post(sign_out::sign_out).get(sign_out::not_by_get))
        .with_state(identity)
}

/// Where the provider sends the customer back to.
const REDIRECT_PATH: &str = "/auth/redirect";

/// Why a sign-in did not work, as far as the customer needs to know. The app's page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The customer changed their mind at the provider.
    Cancelled,
    /// It took too long, was answered already, or began in another browser.
    Expired,
    /// The provider said no, or its answer cannot be trusted.
    Refused,
    /// The provider (or our database) does not answer.
    Unavailable,
}

impl Problem {
    /// As it stands in the address of the page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }

    fn response(self, identity: &Identity) -> Response {
        see_other(&format!("{}?reason={}", identity.problem_page, self.as_str()))
    }
}

/// 303, so that the browser follows with GET whatever it asked before (RFC 9700 §4.12: never 307).
fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// Query parameters as sent, so that each handler decides what a duplicate means. Never rejects.
struct Query(Vec<(String, String)>);

impl Query {
    /// The first value of `name`.
    fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of `name` when it was sent exactly once.
    fn only(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// Whether any of `names` was sent more than once.
    fn repeats(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.iter().filter(|(key, _)| key == name).count() > 1)
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

/// Adds a `Set-Cookie` header.
fn set_cookie(headers: &mut HeaderMap, cookie: &cookie::Cookie<'_>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        headers.append(header::SET_COOKIE, value);
    }
}

/// Forgets answered states that could not be answered again anyhow.
pub(super) async fn sweep_answered_states(identity: &Identity) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM answered_states WHERE expires_at < $1")
        .bind(identity.clock.unix_millis())
        .execute(&identity.db)
        .await?;
    Ok(())
}
