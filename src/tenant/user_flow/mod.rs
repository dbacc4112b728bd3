//! The user flow "sign up and sign in": the pages that customers see. Every step is a form, a POST and a 303 to the
//! next page; where a flow stands is kept here and not in the browser, so no step can be skipped.
//!
//! | page | what it asks for | next |
//! |---|---|---|
//! | [`sign_in`] | e-mail address and password | the app, or `sign-in/passcode` |
//! | `sign-in/passcode` | the code from the mail | the app |
//! | [`sign_up`] | e-mail address | `sign-up/passcode` |
//! | `sign-up/passcode` | the code from the mail | `sign-up/details` |
//! | `sign-up/details` | password, name, country | the app |
//! | [`reset_password`] | e-mail address | `reset-password/passcode` |
//! | `reset-password/passcode` | the code from the mail | `reset-password/password` |
//! | `reset-password/password` | a new password | the app |
//! | [`step_up`] | the password, or leave to send a code | the app, or `step-up/passcode` |
//! | `step-up/passcode` | the code from the mail | the app |
//! | [`consent`] | agreement to permissions | the app |
//!
//! Where a second factor or consent is due, these pages come between the others and the app, in this order.

mod consent;
mod enter_passcode;
pub(super) mod pages;
mod reset_password;
mod sign_in;
mod sign_up;
mod step_up;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Form, FromRequest, FromRequestParts, OriginalUri, RawPathParams, Request};
use axum::http::header;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Tenant;
use super::config::App;
use super::interaction::{self, Interaction, NotLoaded, Start};
use super::passcode::{Purpose, SendError};
use super::password::Busy;
use super::rate_limit::TooMany;
use super::sso::Session;

use pages::WayBack;
pub(super) use pages::assets;

/// The pages, below `/{tenant id or domain}`; see [`path`].
pub(super) fn router(tenant: &Tenant) -> Router<Tenant> {
    let router = Router::new()
        .route("/flow/{id}/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/flow/{id}/sign-in/passcode", get(sign_in::show_passcode).post(sign_in::submit_passcode))
        .route("/flow/{id}/sign-in/passcode/resend", post(sign_in::resend))
        .route("/flow/{id}/sign-up", get(sign_up::show).post(sign_up::submit))
        .route("/flow/{id}/sign-up/passcode", get(sign_up::show_passcode).post(sign_up::submit_passcode))
        .route("/flow/{id}/sign-up/passcode/resend", post(sign_up::resend))
        .route("/flow/{id}/sign-up/details", get(sign_up::show_details).post(sign_up::submit_details))
        .route("/flow/{id}/reset-password", get(reset_password::show).post(reset_password::submit))
        .route(
            "/flow/{id}/reset-password/passcode",
            get(reset_password::show_passcode).post(reset_password::submit_passcode),
        )
        .route("/flow/{id}/reset-password/passcode/resend", post(reset_password::resend))
        .route(
            "/flow/{id}/reset-password/password",
            get(reset_password::show_password).post(reset_password::submit_password),
        )
        .route("/flow/{id}/step-up", get(step_up::show).post(step_up::submit))
        .route("/flow/{id}/step-up/passcode", get(step_up::show_passcode).post(step_up::submit_passcode))
        .route("/flow/{id}/step-up/passcode/resend", post(step_up::resend))
        .route("/flow/{id}/consent", get(consent::show).post(consent::submit))
        .route("/flow/{id}/cancel", post(cancel));
    pages::with_headers(pages::own_forms_only(router, tenant))
}

/// The address of the first page of an interaction, below the tenant's segment: `/flow/{id}/sign-in`.
pub(super) fn path(interaction_id: &str, start: Start) -> String {
    let page = match start {
        Start::SignIn => "sign-in",
        Start::SignUp => "sign-up",
        Start::StepUp => "step-up",
        Start::Consent => "consent",
    };
    format!("/flow/{interaction_id}/{page}")
}

/// The app that a page of a flow belongs to, whether the interaction is still alive or not: its id ends in it.
pub(super) fn app_of_page<'t>(tenant: &'t Tenant, path: &str) -> Option<&'t App> {
    let (_, rest) = path.split_once("/flow/")?;
    let (id, _) = rest.split_once('/')?;
    let (_, client_id) = id.rsplit_once('~')?;
    tenant.config.app(client_id)
}

async fn cancel(visit: Visit) -> Response {
    visit.interaction.cancel(&visit.tenant)
}

/// A request of the browser that began the interaction in the address. Without one, the answer is the page that says
/// so: there is no handler that forgets to check.
struct Visit {
    tenant: Tenant,
    interaction: Interaction,
    /// `/{tenant}/flow/{id}`, as the browser knows it.
    base: String,
    client: IpAddr,
}

impl FromRequestParts<Tenant> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, tenant: &Tenant) -> Result<Self, Response> {
        let Ok(OriginalUri(uri)) = OriginalUri::from_request_parts(parts, tenant).await;
        let way = || WayBack::from_page(tenant, uri.path());
        let params = RawPathParams::from_request_parts(parts, tenant).await.map_err(|_| pages::gone(&way()))?;
        let id = params.iter().find(|(name, _)| *name == "id").map(|(_, id)| id.to_owned());
        let id = id.ok_or_else(|| pages::gone(&way()))?;
        // The id in the address is what the router matched, unless it was percent-encoded, which ours never are.
        let start = uri.path().find(&format!("/flow/{id}/")).ok_or_else(|| pages::gone(&way()))?;
        let base = uri.path()[..start + "/flow/".len() + id.len()].to_owned();
        let interaction = match Interaction::load(tenant, &id, &parts.headers).await {
            Ok(interaction) => interaction,
            Err(NotLoaded::Gone) => {
                return Err(interaction::over(tenant, &parts.headers, app_of_page(tenant, uri.path())).await);
            }
            Err(NotLoaded::Unavailable) => return Err(pages::unavailable(&way())),
        };
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let client = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        Ok(Self { tenant: tenant.clone(), interaction, base, client })
    }
}

/// A visit by the user who has signed in in this interaction's session. Whoever has not, or signed out since, or is
/// somebody else by now, is sent to sign in.
struct SignedInVisit {
    visit: Visit,
    session: Session,
}

impl FromRequestParts<Tenant> for SignedInVisit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, tenant: &Tenant) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, tenant).await?;
        let session = Session::find(tenant, &parts.headers).await.map_err(|error| visit.fail(&error.into()))?;
        match session.filter(|session| visit.interaction.sid.as_ref() == Some(&session.sid)) {
            Some(session) => Ok(Self { visit, session }),
            None => Err(visit.go("sign-in")),
        }
    }
}

impl Visit {
    /// What the pages call the organisation.
    fn brand(&self) -> &str {
        &self.tenant.config.display_name
    }

    /// The address of a page of this interaction.
    fn to(&self, page: &str) -> String {
        format!("{}/{page}", self.base)
    }

    /// Redirects to a page of this interaction: 303, so that a form's content stays here (RFC 9700 §4.12).
    fn go(&self, page: &str) -> Response {
        see_other(&self.to(page))
    }

    /// The way back to the app.
    fn way(&self) -> WayBack {
        WayBack::to(&self.tenant, Some(&self.interaction.app))
    }

    /// The page for what went wrong.
    fn fail(&self, error: &FlowError) -> Response {
        error.page(&self.way())
    }
}

fn see_other(location: &str) -> Response {
    match HeaderValue::try_from(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// What stops a flow, other than a wrong answer in a form.
#[derive(Debug, thiserror::Error)]
enum FlowError {
    /// A limit was reached.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Too many passwords to hash.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<SendError> for FlowError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::TooMany(error) => Self::TooMany(error),
            SendError::Database(error) => Self::Database(error),
        }
    }
}

impl FlowError {
    fn page(&self, way: &WayBack) -> Response {
        match self {
            Self::TooMany(TooMany { retry_after }) => pages::too_many(way, *retry_after),
            Self::Busy(_) => {
                tracing::warn!("{self}");
                pages::busy(way)
            }
            Self::Database(error) => {
                tracing::error!(%error, "a user flow cannot go on");
                pages::unavailable(way)
            }
        }
    }
}

/// The content of a form; what is not one is answered with a page.
struct Answers<T>(T);

impl<T: DeserializeOwned> FromRequest<Tenant> for Answers<T> {
    type Rejection = Response;

    async fn from_request(request: Request, tenant: &Tenant) -> Result<Self, Response> {
        let way = WayBack::from_page(tenant, request.uri().path());
        let form: Result<Form<T>, FormRejection> = Form::from_request(request, tenant).await;
        form.map(|Form(answers)| Self(answers)).map_err(|rejection| pages::unreadable(&way, rejection.status()))
    }
}

/// The first page of sign-up and of reset, and the sign-in page's passcode button.
#[derive(Default, Deserialize)]
#[serde(default)]
struct EmailForm {
    email: String,
}

/// The flows that go through a passcode have their pages below these segments.
impl Purpose {
    fn segment(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignUp => "sign-up",
            Self::ResetPassword => "reset-password",
            Self::StepUp => "step-up",
        }
    }
}
