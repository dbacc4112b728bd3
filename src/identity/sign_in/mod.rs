//! Sign-in and sign-out: the endpoints below `/auth`, one file each.

pub(super) mod answer;
mod authorize;
mod back_channel_logout;
mod callback;
mod challenge;
mod declined;
mod front_channel_logout;
mod parameters;
mod paths;
mod pending_sign_in;
mod problem;
mod problem_page;
mod public_name;
mod session_status;
mod sign_out;
pub(super) mod turns;
mod user_info;

use axum::Router;
use axum::routing::{get, post};

use super::session;
use super::state::Identity;
pub use authorize::challenge_in;
use paths::{PROBLEM, REDIRECT, SIGNED_OUT};
pub use problem::Problem;

/// The endpoints.
pub(super) fn router(identity: Identity) -> Router {
    let at = |name| identity.site().path(name);
    let mut router = Router::new()
        .route(&at("sign-in"), get(authorize::sign_in))
        .route(&at("sign-up"), get(authorize::sign_up))
        .route(&at("session"), get(session_status::handle))
        .route(&at("sign-out"), post(sign_out::sign_out).get(sign_out::not_by_get))
        .route(&at(SIGNED_OUT), get(sign_out::signed_out));
    if identity.site().problem_page.is_none() {
        router = router.route(&at(PROBLEM), get(problem_page::page));
    }
    router.with_state(identity)
}

/// The endpoints that the provider, or a page of it, sends requests to, POSTs among them: each proves by its own
/// parameters that it is meant, so that no protection against other sites' requests may stand in front.
pub(super) fn callbacks(identity: Identity) -> Router {
    let at = |name| identity.site().path(name);
    let redirect = Router::new().route(&at(REDIRECT), get(callback::by_query).post(callback::by_form));
    let redirect = session::provide(&identity, redirect.with_state(identity.clone()));
    // These come without cookies, and need no session.
    Router::new()
        .route(&at("front-channel-logout"), get(front_channel_logout::front_channel_logout))
        .route(&at("back-channel-logout"), post(back_channel_logout::back_channel_logout))
        .with_state(identity)
        .merge(redirect)
}

/// Forgets answered states and logout tokens that would be refused for their age anyhow.
pub(super) async fn sweep(identity: &Identity) -> Result<(), sqlx::Error> {
    for over in ["DELETE FROM used_states WHERE expires_at < $1", "DELETE FROM logout_tokens WHERE expires_at < $1"] {
        sqlx::query(over).bind(identity.clock().unix_millis()).execute(identity.db()).await?;
    }
    Ok(())
}
