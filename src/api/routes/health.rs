//! `GET /health`: the API runs. Says nothing about others, so that a restart is never their fault.

use axum::Json;
use serde_json::{Value, json};

pub(super) async fn handle() -> Json<Value> {
    Json(json!({"status": "ok"}))
}
