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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::address::{
        ACCOUNT, ACTIONS, HOME, SIGN_IN_PROBLEM, TODOS, TODOS_ACTIVE, TODOS_COMPLETED, TODOS_OVERDUE, TODOS_PLANNED,
        TODOS_STARRED, TODOS_TODAY,
    };

    #[tokio::test]
    async fn the_table_of_addresses_is_that_of_the_routes() {
        for page in [
            HOME,
            TODOS,
            TODOS_ACTIVE,
            TODOS_COMPLETED,
            TODOS_TODAY,
            TODOS_PLANNED,
            TODOS_OVERDUE,
            TODOS_STARRED,
            ACCOUNT,
            SIGN_IN_PROBLEM,
        ] {
            assert!(is_page(page), "{page}");
        }
        let actions: Vec<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
        assert!(actions.len() > 10 && actions.iter().all(|path| path.starts_with(ACTIONS)), "{actions:?}");
    }
}
