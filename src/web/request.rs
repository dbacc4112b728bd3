//! The request that a server function runs in, and the customer who made it.

use axum::http::HeaderMap;
use axum::http::request::Parts;
use leptos::context::use_context;
use tower_sessions::Session;

use super::state::Web;
use crate::app::address;
use crate::app::error::AppError;
use crate::identity::return_to::ReturnTo;
use crate::identity::session::{UserKey, UserSession};
use crate::platform::hash;

/// The header of a request by the service worker (`public/service-worker.js`), which keeps the page for when there is no network.
/// Nobody looks at it now.
const KEEPS: &str = "x-keeps-page";

/// Whether nobody looks at the page that is asked for: what was left for its customer is left for them.
pub(super) fn is_to_be_kept(headers: &HeaderMap) -> bool {
    headers.contains_key(KEEPS)
}

/// The session's entry with the name that the customer chose since they signed in.
const NAME: &str = "name";
/// How many characters tell one customer of a browser from another.
const TAG: usize = 16;

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
    pub(super) async fn signed_in(&self) -> Result<Option<UserSession>, AppError> {
        UserSession::load(&self.session).await.map_err(|error| {
            tracing::error!(%error, "a session could not be read");
            AppError::Unavailable
        })
    }

    /// Who is signed in, or the way to sign in.
    pub(super) async fn require_signed_in(&self) -> Result<UserSession, AppError> {
        self.signed_in().await?.ok_or_else(|| self.sign_in_required())
    }

    /// The way to sign in, and back to the page that was asked for, or that the action was started from.
    pub(super) fn sign_in_required(&self) -> AppError {
        AppError::SignInRequired { url: self.web.identity().sign_in_url(&self.page()) }
    }

    /// What to call the customer: as they said since they signed in, else as the provider told.
    pub(super) async fn known_name(&self, signed_in: &UserSession) -> Option<String> {
        let chosen: Option<String> = self.session.get(NAME).await.unwrap_or_default();
        chosen.or_else(|| signed_in.name.clone())
    }

    /// Calls the customer by another name for the rest of this session.
    pub(super) async fn call_by(&self, name: &str) {
        if let Err(error) = self.session.insert(NAME, name).await {
            tracing::warn!(%error, "a customer's new name could not be kept in the session");
        }
    }

    /// Whether it is a call of a server function, not of a page.
    pub(super) fn is_action(&self) -> bool {
        self.parts.uri.path().starts_with(address::ACTIONS)
    }

    /// The page that was asked for, or that the action was started from.
    pub(super) fn page(&self) -> ReturnTo {
        if self.is_action() {
            let referer = self.parts.headers.get(axum::http::header::REFERER).and_then(|value| value.to_str().ok());
            return ReturnTo::from_referer(referer, self.web.identity().public_url())
                .unwrap_or_else(|| ReturnTo::parse(address::TODOS));
        }
        ReturnTo::parse(self.parts.uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str))
    }
}

/// Tells a customer from others who use the same browser; opens nothing, and names nobody.
pub(super) fn tag(customer: &UserKey) -> String {
    let mut tag = hash::sha256_base64url(customer.as_str());
    tag.truncate(TAG);
    tag
}
