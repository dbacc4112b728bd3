//! `GET /health`: the API runs. Says nothing about others, so that a restart is never their fault.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether the API runs.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`.
    status: &'static str,
}

/// Says that the API runs; nothing about what it needs, so that a restart is never their fault.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "health",
    tag = "this API",
    responses(
        (status = 200, description = "It runs.", body = Health),
    ),
)]
pub(super) async fn handle() -> Json<Health> {
    Json(Health { status: "ok" })
}
