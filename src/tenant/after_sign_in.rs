//! What follows when a user has signed in: a second factor or consent where one is pending, or else the app's code.
//!
//! [`resume`] alone issues codes, and looks each time at what is still pending: no step can be skipped by asking for the
//! next one.

use super::authorization_code::{self, IssuedCode};
use super::authorization_request::{AuthorizationRequest, Denied};
use super::config::{App, Consent};
use super::consent;
use super::scope::{ResourceScopes, Scopes};
use super::sso::Session;
use super::state::Tenant;

/// What stands between a user who has signed in and the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PendingStep {
    /// A second factor, for an authentication context.
    StepUp,
    /// The user's agreement to these permissions.
    Consent(Vec<ResourceScopes>),
}

/// What follows on a sign-in. Who asked for it renders it.
#[derive(Debug)]
pub(super) enum AfterSignIn {
    /// The user is asked for more first.
    Pending(PendingStep),
    /// The app gets its code.
    Done(IssuedCode),
}

/// What is still to be asked before the app gets its code, if anything.
pub(super) async fn pending_step(
    tenant: &Tenant,
    app: &App,
    request: &AuthorizationRequest,
    session: &Session,
) -> Result<Option<PendingStep>, Denied> {
    if !request.claims.satisfied_by(&session.acrs) {
        return Ok(Some(PendingStep::StepUp));
    }
    let wanted = Scopes::parse(&request.scope, app, tenant.config())?.resources;
    let missing = if request.ask_consent {
        by_user(app, wanted)
    } else {
        consent::missing(tenant, &session.user.id, app, &wanted).await?
    };
    Ok((!missing.is_empty()).then_some(PendingStep::Consent(missing)))
}

/// Those of `wanted` that are the user's to agree to.
fn by_user(app: &App, mut wanted: Vec<ResourceScopes>) -> Vec<ResourceScopes> {
    for of in &mut wanted {
        of.values.retain(|value| app.consent_for(of.resource, value) == Some(Consent::User));
    }
    wanted.retain(|of| !of.values.is_empty());
    wanted
}

/// Resumes the request of a user who has signed in: says what is still pending, or issues the app's code.
///
/// # Errors
/// [`Denied`]; [`Denied::SessionEnded`] where the user has signed out meanwhile.
pub(super) async fn resume(
    tenant: &Tenant,
    app: &App,
    request: &AuthorizationRequest,
    session: &Session,
) -> Result<AfterSignIn, Denied> {
    if let Some(step) = pending_step(tenant, app, request, session).await? {
        return Ok(AfterSignIn::Pending(step));
    }
    let code = authorization_code::issue(tenant, request, session).await?;
    code.map(AfterSignIn::Done).ok_or(Denied::SessionEnded)
}
