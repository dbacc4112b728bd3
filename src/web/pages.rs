//! The addresses of the app's pages, as the app itself names them.

use std::sync::OnceLock;

use leptos_axum::AxumRouteListing;

use crate::app;

/// Whether a page of the app has this path.
pub(super) fn is_page(path: &str) -> bool {
    routes().iter().any(|route| route.path() == path)
}

/// The app's pages. Made once per process: making it switches resource loading off for the whole process meanwhile.
pub(super) fn routes() -> &'static Vec<AxumRouteListing> {
    static ROUTES: OnceLock<Vec<AxumRouteListing>> = OnceLock::new();
    ROUTES.get_or_init(|| leptos_axum::generate_route_list(app::App))
}
