//! Who is signed in: the server's side of `app::actions::customer`.

use axum::http::request::Parts;
use leptos::context::use_context;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tower_sessions::Session;

use super::{Web, actions, notice};
use crate::app::actions::customer::{Claim, Notice, Viewer};
use crate::app::error::AppError;
use crate::identity::return_to::ReturnTo;
use crate::identity::session::SignedIn;
use crate::identity::sign_in::sign_in_url;

/// Claims that are about the token, not about the customer.
const INTERNAL: [&str; 8] = ["nonce", "at_hash", "c_hash", "login_hint", "aio", "rh", "uti", "sid"];
/// Claims that are seconds since the epoch.
const TIMES: [&str; 4] = ["iat", "nbf", "exp", "auth_time"];

/// The request that a server function runs in, be it a call of its own or the rendering of a page.
pub(super) struct Request {
    pub(super) web: Web,
    pub(super) parts: Parts,
    pub(super) session: Session,
}

impl Request {
    /// The current one.
    pub(super) fn current() -> Result<Self, AppError> {
        let request = use_context::<Web>().zip(use_context::<Parts>()).and_then(|(web, parts)| {
            let session = parts.extensions.get::<Session>()?.clone();
            Some(Self { web, parts, session })
        });
        request.ok_or_else(|| {
            tracing::error!("a server function ran outside of a request");
            AppError::Unavailable
        })
    }

    /// Who is signed in.
    pub(super) async fn signed_in(&self) -> Result<Option<SignedIn>, AppError> {
        SignedIn::load(&self.session).await.map_err(|error| {
            tracing::error!(%error, "a session could not be read");
            AppError::Unavailable
        })
    }

    /// Who is signed in, or the way to sign in.
    pub(super) async fn require_signed_in(&self) -> Result<SignedIn, AppError> {
        self.signed_in().await?.ok_or_else(|| self.sign_in_required())
    }

    /// The way to sign in, and back to the page that was asked for, or that the action was started from.
    pub(super) fn sign_in_required(&self) -> AppError {
        AppError::SignInRequired { url: sign_in_url(&self.page()) }
    }

    fn page(&self) -> ReturnTo {
        if self.parts.uri.path().starts_with(actions::PREFIX) {
            let referer = self.parts.headers.get(axum::http::header::REFERER).and_then(|value| value.to_str().ok());
            return ReturnTo::from_referer(referer, &self.web.identity.public_url)
                .unwrap_or_else(|| ReturnTo::parse("/todos"));
        }
        ReturnTo::parse(self.parts.uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str))
    }
}

/// Who is signed in; `None` for a visitor.
pub(crate) async fn viewer() -> Result<Option<Viewer>, AppError> {
    let signed_in = Request::current()?.signed_in().await?;
    Ok(signed_in.map(|signed_in| Viewer { name: signed_in.name.unwrap_or_else(|| "You".to_owned()) }))
}

/// The claims of the customer's ID token, as text.
pub(crate) async fn claims() -> Result<Vec<Claim>, AppError> {
    let signed_in = Request::current()?.require_signed_in().await?;
    let about_the_customer = signed_in.claims.iter().filter(|(name, _)| !INTERNAL.contains(&name.as_str()));
    Ok(about_the_customer.map(|(name, value)| Claim { name: name.clone(), value: text(name, value) }).collect())
}

fn text(name: &str, value: &Value) -> String {
    if TIMES.contains(&name)
        && let Some(seconds) = value.as_i64()
        && let Ok(time) = OffsetDateTime::from_unix_timestamp(seconds)
        && let Ok(text) = time.format(&Rfc3339)
    {
        return text;
    }
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(|item| self::text("", item)).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What the last plain form left behind; reading it removes it.
pub(crate) async fn take_notice() -> Result<Notice, AppError> {
    notice::take(&Request::current()?).await
}
