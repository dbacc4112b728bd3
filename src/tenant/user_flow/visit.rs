//! What comes with a request of a user flow's page: the interaction that its browser began, the session where somebody
//! has signed in, the content of the form.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Form, FromRequest, FromRequestParts, OriginalUri, RawPathParams, Request};
use axum::http::request::Parts;
use axum::response::Response;
use serde::de::DeserializeOwned;

use super::finish;
use super::flow_error::FlowError;
use crate::platform::redirect::see_other;
use crate::tenant::interaction::{Interaction, NotLoaded};
use crate::tenant::language;
use crate::tenant::pages::frame::Frame;
use crate::tenant::pages::messages;
use crate::tenant::pages::way_back::{WayBack, app_of_page};
use crate::tenant::passcode::Purpose;
use crate::tenant::sso::Session;
use crate::tenant::state::Tenant;
use crate::tenant::texts::Texts;

/// A request of the browser that began the interaction in the address. Without one, the answer is the page that says
/// so: there is no handler that forgets to check.
pub(super) struct Visit {
    pub(super) tenant: Tenant,
    pub(super) interaction: Interaction,
    /// `/{tenant}/flow/{id}`, as the browser knows it.
    base: String,
    pub(super) frame: Frame,
    pub(super) client: IpAddr,
}

impl FromRequestParts<Tenant> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, tenant: &Tenant) -> Result<Self, Response> {
        let Ok(OriginalUri(uri)) = OriginalUri::from_request_parts(parts, tenant).await;
        let Ok(frame) = Frame::from_request_parts(parts, tenant).await;
        let gone = || messages::gone(&frame, &WayBack::from_page(tenant, uri.path()));
        let params = RawPathParams::from_request_parts(parts, tenant).await.map_err(|_| gone())?;
        let id = params.iter().find(|(name, _)| *name == "id").map(|(_, id)| id.to_owned());
        let id = id.ok_or_else(gone)?;
        // The id in the address is what the router matched, unless it was percent-encoded, which ours never are.
        let start = uri.path().find(&format!("/flow/{id}/")).ok_or_else(gone)?;
        let base = uri.path()[..start + "/flow/".len() + id.len()].to_owned();
        let interaction = match Interaction::load(tenant, &id, &parts.headers).await {
            Ok(interaction) => interaction,
            Err(NotLoaded::Gone) => {
                return Err(finish::over(tenant, &frame, &parts.headers, app_of_page(tenant, uri.path())).await);
            }
            Err(NotLoaded::Unavailable) => {
                return Err(messages::unavailable(&frame, &WayBack::from_page(tenant, uri.path())));
            }
        };
        let frame = frame.in_language(language::spoken(&parts.headers, interaction.request().language));
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let client = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        Ok(Self { tenant: tenant.clone(), interaction, base, frame, client })
    }
}

/// A visit by the user who has signed in in this interaction's session. Whoever has not, or signed out since, or is
/// somebody else by now, is sent to sign in.
pub(super) struct SignedInVisit {
    pub(super) visit: Visit,
    pub(super) session: Session,
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
    /// The texts of the page's language.
    pub(super) fn t(&self) -> Texts {
        self.frame.t()
    }

    /// What the pages call the organisation.
    pub(super) fn brand(&self) -> &str {
        self.frame.brand()
    }

    /// The address of a page of this interaction.
    pub(super) fn to(&self, page: &str) -> String {
        format!("{}/{page}", self.base)
    }

    /// Redirects to a page of this interaction: 303, so that a form's content stays here (RFC 9700 §4.12).
    pub(super) fn go(&self, page: &str) -> Response {
        see_other(&self.to(page))
    }

    /// The way back to the app.
    pub(super) fn way(&self) -> WayBack {
        WayBack::to(&self.tenant, Some(&self.interaction.app))
    }

    /// The page for what went wrong.
    pub(super) fn fail(&self, error: &FlowError) -> Response {
        error.page(&self.frame, &self.way())
    }
}

/// The content of a form; what is not one is answered with a page.
pub(super) struct Answers<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Tenant> for Answers<T> {
    type Rejection = Response;

    async fn from_request(request: Request, tenant: &Tenant) -> Result<Self, Response> {
        let (frame, way) = (Frame::of(tenant, &request), WayBack::from_page(tenant, request.uri().path()));
        let form: Result<Form<T>, FormRejection> = Form::from_request(request, tenant).await;
        form.map(|Form(answers)| Self(answers))
            .map_err(|rejection| messages::unreadable(&frame, &way, rejection.status()))
    }
}

/// The flows that go through a passcode have their pages below these segments.
impl Purpose {
    pub(super) fn segment(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignUp => "sign-up",
            Self::ResetPassword => "reset-password",
            Self::StepUp => "step-up",
        }
    }
}
