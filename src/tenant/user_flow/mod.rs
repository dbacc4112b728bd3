//! The user flow "sign up and sign in": the pages that customers see.

use axum::Router;

use super::Tenant;

/// The pages, below `/{tenant id or domain}`; see `path`.
pub fn router() -> Router<Tenant> {
    Router::new()
}

/// The address of the first page of an interaction, below the tenant's segment: `/flow/{id}/sign-in`.
pub fn path(interaction_id: &str, start: super::interaction::Start) -> String {
    let page = match start {
        super::interaction::Start::SignIn => "sign-in",
        super::interaction::Start::SignUp => "sign-up",
    };
    format!("/flow/{interaction_id}/{page}")
}
