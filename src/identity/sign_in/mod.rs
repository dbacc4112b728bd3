//! Sign-in and sign-out: the endpoints below `/auth`, one file each.

mod authorize;
mod back_channel_logout;
mod callback;
mod challenge;
mod declined;
mod front_channel_logout;
mod id_token;
mod problem;
mod public_name;
mod sign_out;
mod transaction;
mod turns;
mod user_info;
mod who;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use url::form_urlencoded;

use super::ended::{Ended, EndedBy};
use super::return_to::ReturnTo;
use super::{Identity, session};
use crate::platform::media_type;
pub(super) use authorize::AuthorizationConfig;
pub use authorize::{challenge_in, sign_in_url};
pub(super) use turns::CodeTurns;

/// The endpoints.
pub(super) fn router(identity: Identity) -> Router {
    Router::new()
        .route("/auth/sign-in", get(authorize::sign_in))
        .route("/auth/sign-up", get(authorize::sign_up))
        .route("/auth/session", get(who::who))
        .route("/auth/sign-out", post(sign_out::sign_out).get(sign_out::not_by_get))
        .route(SIGNED_OUT_PATH, get(sign_out::signed_out))
        .with_state(identity)
}

/// The endpoints that the provider, or a page of it, sends requests to, POSTs among them: each proves by its own
/// parameters that it is meant, so that no protection against other sites' requests may stand in front.
pub(super) fn callbacks(identity: Identity) -> Router {
    let redirect = Router::new().route(REDIRECT_PATH, get(callback::by_query).post(callback::by_form));
    let redirect = session::provide(&identity, redirect.with_state(identity.clone()));
    // These come without cookies, and need no session.
    Router::new()
        .route("/auth/front-channel-logout", get(front_channel_logout::front_channel_logout))
        .route("/auth/back-channel-logout", post(back_channel_logout::back_channel_logout))
        .with_state(identity)
        .merge(redirect)
}

/// Where the provider sends the customer back to after sign-in.
const REDIRECT_PATH: &str = "/auth/redirect";
/// And after sign-out.
const SIGNED_OUT_PATH: &str = "/auth/signed-out";

/// Why a sign-in (or sign-out) did not work, as far as the customer needs to know. The app's page shows it.
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
    /// Signed out here, but what came back from the provider is not its answer to that.
    SignOut,
    /// The customer signed this browser out from another one, and proves who they are before they are in again.
    SignedOutElsewhere,
    /// The same, by the provider.
    SignedOutByProvider,
}

impl Problem {
    /// As it stands in the address of the page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::SignOut => "sign-out",
            Self::SignedOutElsewhere => "signed-out-elsewhere",
            Self::SignedOutByProvider => "signed-out-by-provider",
        }
    }

    fn of_ended(ended: Ended) -> Self {
        match ended.by {
            EndedBy::Browser => Self::SignedOutElsewhere,
            EndedBy::Provider => Self::SignedOutByProvider,
        }
    }

    /// With the page that the customer wanted.
    fn response_with(self, identity: &Identity, return_to: &ReturnTo) -> Response {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("reason", self.as_str())
            .append_pair("return_to", return_to.as_str())
            .finish();
        see_other(&format!("{}?{query}", identity.problem_page))
    }

    /// As the provider's answer has it, which anybody can write who began a sign-in.
    fn alleged(self, identity: &Identity) -> Response {
        see_other(&format!("{}?reason={}", identity.problem_page, self.as_str()))
    }

    fn response(self, identity: &Identity) -> Response {
        let mut response = self.alleged(identity);
        if self == Self::Unavailable {
            set_cookie(response.headers_mut(), &problem::cookie(identity, self));
        }
        response
    }
}

/// 303, so that the browser follows with GET whatever it asked before (RFC 9700 §4.12: never 307).
fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// Parameters as sent, so that each handler decides what a duplicate means.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The fields of a form (`application/x-www-form-urlencoded`); `None` for any other body.
    fn of_form(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let is_form = media_type::is(headers, "application/x-www-form-urlencoded");
        is_form.then(|| Self(form_urlencoded::parse(body).into_owned().collect()))
    }

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

/// The query; never rejects.
impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = std::convert::Infallible;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, Self::Rejection>> {
        let query = parts.uri.query().unwrap_or_default();
        std::future::ready(Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())))
    }
}

/// Adds a `Set-Cookie` header.
pub(super) fn set_cookie(headers: &mut HeaderMap, cookie: &cookie::Cookie<'_>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        headers.append(header::SET_COOKIE, value);
    }
}

/// Forgets answered states and logout tokens that would be refused for their age anyhow.
pub(super) async fn sweep(identity: &Identity) -> Result<(), sqlx::Error> {
    for over in ["DELETE FROM answered_states WHERE expires_at < $1", "DELETE FROM logout_tokens WHERE expires_at < $1"]
    {
        sqlx::query(over).bind(identity.clock.unix_millis()).execute(&identity.db).await?;
    }
    Ok(())
}
