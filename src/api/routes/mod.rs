//! The operations, one file each.

mod add;
mod answer;
mod batch;
mod change;
mod changes;
mod clear_completed;
mod docs;
mod events;
mod export;
mod health;
mod import;
mod list;
mod lists;
mod mark_all;
mod metadata;
mod overview;
mod profile;
mod reminders;
mod remove;
mod replace;
mod show;
mod undo;

use std::sync::Arc;

use axum::{Extension, Router, middleware};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;
use super::openapi::Description;
use super::rate_limit;
use crate::identity::bearer;

/// The largest body that one of them takes, in bytes.
pub(super) const MAX_FILE: usize = import::MAX_BYTES;

/// The operations, each with its description: what is not described has no route.
pub(super) fn router(api: Api) -> Router {
    let protected = OpenApiRouter::new()
        .routes(routes!(list::handle, add::handle, mark_all::handle, clear_completed::handle))
        .routes(routes!(overview::handle))
        .routes(routes!(batch::handle))
        .routes(routes!(lists::all, lists::add))
        .routes(routes!(lists::show, lists::rename, lists::change, lists::remove))
        .routes(routes!(changes::handle))
        .routes(routes!(reminders::handle))
        .routes(routes!(undo::handle))
        .routes(routes!(events::handle))
        .routes(routes!(export::handle))
        .routes(routes!(import::handle))
        .routes(routes!(show::handle, replace::handle, change::handle, remove::handle))
        .routes(routes!(profile::show, profile::change))
        .route_layer(middleware::from_fn_with_state(api.0.rate_limits.clone(), rate_limit::count))
        .route_layer(middleware::from_fn_with_state(api.0.verifier.clone(), bearer::authenticate))
        .route_layer(middleware::from_fn_with_state(api.clone(), metadata::describe));
    let all = protected
        .routes(routes!(metadata::handle))
        .routes(routes!(health::handle))
        .routes(routes!(docs::document))
        .routes(routes!(docs::page));
    let (router, described) = all.split_for_parts();
    let description = Description::of(described, &api);
    router.layer(Extension(Arc::new(description))).with_state(api)
}
