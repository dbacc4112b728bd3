//! The operations, one file each.

mod add;
mod answer;
mod batch;
mod change;
mod changes;
mod clear_completed;
mod events;
mod health;
mod list;
mod mark_all;
mod metadata;
mod profile;
mod remove;
mod replace;
mod show;
mod undo;

use axum::routing::{get, post};
use axum::{Router, middleware};

use super::Api;
use crate::identity::bearer;

pub(super) fn router(api: Api) -> Router {
    let all = get(list::handle).post(add::handle).patch(mark_all::handle).delete(clear_completed::handle);
    let one = get(show::handle).put(replace::handle).patch(change::handle).delete(remove::handle);
    Router::new()
        .route("/api/todolist", all)
        .route("/api/todolist/batch", post(batch::handle))
        .route("/api/todolist/changes", get(changes::handle))
        .route("/api/todolist/changes/{number}/undo", post(undo::handle))
        .route("/api/todolist/events", get(events::handle))
        .route("/api/todolist/{id}", one)
        .route("/api/profile", get(profile::show).patch(profile::change))
        .route_layer(middleware::from_fn_with_state(api.0.verifier.clone(), bearer::authenticate))
        .route_layer(middleware::from_fn_with_state(api.clone(), metadata::describe))
        .route(metadata::PATH, get(metadata::handle))
        .route("/health", get(health::handle))
        .with_state(api)
}
