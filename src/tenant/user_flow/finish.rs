//! Renders the result of an interaction: the next page, the way back to the app, or a page that says why there is none.

use axum::http::{HeaderMap, header};
use axum::response::Response;

use crate::platform::redirect::see_other;
use crate::tenant::after_sign_in::AfterSignIn;
use crate::tenant::authorization_request::Denied;
use crate::tenant::config::App;
use crate::tenant::interaction::{Interaction, Start, Unfinished};
use crate::tenant::language;
use crate::tenant::pages::frame::Frame;
use crate::tenant::pages::messages;
use crate::tenant::pages::way_back::WayBack;
use crate::tenant::scope::ResourceScopes;
use crate::tenant::sso::{Factor, Session};
use crate::tenant::state::Tenant;
use crate::tenant::user::User;

/// The user has proved who they are. `user` is as they were when their proof was looked at.
pub(in crate::tenant) async fn sign_in(
    tenant: &Tenant,
    interaction: &Interaction,
    user: &User,
    factor: Factor,
) -> Response {
    match interaction.complete(tenant, user, factor).await {
        Ok(signed_in) => {
            let after = signed_in.after.map_err(Unfinished::Denied);
            let mut response = respond(tenant, interaction, &signed_in.session, after).await;
            response.headers_mut().append(header::SET_COOKIE, signed_in.cookie);
            response
        }
        Err(unfinished) => stop(tenant, interaction, unfinished).await,
    }
}

/// The user of `session` has proved themselves with a second factor.
pub(super) async fn step_up(tenant: &Tenant, interaction: &Interaction, mut session: Session) -> Response {
    let after = interaction.step_up(tenant, &mut session).await;
    respond(tenant, interaction, &session, after).await
}

/// The user of `session` agrees to these permissions.
pub(in crate::tenant) async fn accept(
    tenant: &Tenant,
    mut interaction: Interaction,
    session: &Session,
    agreed: &[ResourceScopes],
) -> Response {
    let after = interaction.accept(tenant, session, agreed).await;
    respond(tenant, &interaction, session, after).await
}

/// The user does not want to sign in. Nothing is kept of it: anybody can do so as often as they like, and the app knows its
/// state once.
pub(in crate::tenant) fn cancel(tenant: &Tenant, interaction: &Interaction) -> Response {
    denied(tenant, interaction, Denied::Cancelled)
}

/// The user does not agree to the permissions.
pub(super) async fn decline(tenant: &Tenant, interaction: &Interaction) -> Response {
    stop(tenant, interaction, interaction.decline(tenant).await).await
}

/// Word to the app that there is no code.
pub(super) fn denied(tenant: &Tenant, interaction: &Interaction, denied: Denied) -> Response {
    let t = frame(tenant, interaction).t();
    let response = denied.tell(&interaction.request().return_to, t);
    interaction.with_cookie_removed(tenant, response)
}

async fn respond(
    tenant: &Tenant,
    interaction: &Interaction,
    session: &Session,
    after: Result<AfterSignIn, Unfinished>,
) -> Response {
    let request = interaction.request();
    let response = match after {
        Ok(AfterSignIn::Done(code)) => {
            let t = frame(tenant, interaction).t();
            request.return_to.code(tenant, &code.code, code.client_info.as_deref(), t)
        }
        Ok(AfterSignIn::Pending(step)) => match Interaction::begin(tenant, request, step.into(), Some(session)).await {
            Ok(response) => response,
            Err(error) => return denied(tenant, interaction, error.into()),
        },
        Err(unfinished) => return stop(tenant, interaction, unfinished).await,
    };
    interaction.with_cookie_removed(tenant, response)
}

async fn stop(tenant: &Tenant, interaction: &Interaction, unfinished: Unfinished) -> Response {
    match unfinished {
        Unfinished::Gone => {
            over(tenant, &frame(tenant, interaction), interaction.headers(), Some(&interaction.app)).await
        }
        Unfinished::Denied(refused) => denied(tenant, interaction, refused),
        Unfinished::Unavailable(error) => {
            tracing::error!(%error, "an interaction could not be ended");
            messages::unavailable(&frame(tenant, interaction), &WayBack::to(tenant, None))
        }
    }
}

/// The frame of a page in place of the one that ended the interaction. By GET, the first page of the flow says how it is now.
fn frame(tenant: &Tenant, interaction: &Interaction) -> Frame {
    let language = language::spoken(interaction.headers(), interaction.request().language);
    Frame::new(tenant, language, tenant.path(&Start::SignIn.address(&interaction.id)))
}

/// The answer where an interaction cannot go on. Whoever is signed in has most likely come back to one that is finished
/// (by Back, or a second click), and goes on to the app; anybody else is told, with the way to the app.
pub(super) async fn over(tenant: &Tenant, frame: &Frame, headers: &HeaderMap, app: Option<&App>) -> Response {
    let signed_in = matches!(Session::find(tenant, headers).await, Ok(Some(_)));
    match app.and_then(App::home).filter(|_| signed_in) {
        Some(home) => see_other(&home),
        None => messages::gone(frame, &WayBack::to(tenant, app)),
    }
}
