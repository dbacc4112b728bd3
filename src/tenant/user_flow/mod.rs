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

mod ask_email;
mod consent;
mod enter_passcode;
pub(super) mod finish;
mod flow_error;
mod new_password;
mod reset_password;
mod sign_in;
mod sign_up;
mod step_up;
mod visit;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};

use self::visit::Visit;
use super::pages::headers;
use super::state::Tenant;

/// The pages, below `/{tenant id or domain}`.
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
    headers::with_headers(headers::own_forms_only(router, tenant))
}

async fn cancel(visit: Visit) -> Response {
    finish::cancel(&visit.tenant, &visit.interaction)
}
