//! The addresses of the app's pages, as the app itself names them, and which of the pages have the program.

use std::pin::Pin;
use std::sync::OnceLock;

use axum::extract::Request;
use axum::response::Response;
use futures_util::stream::{self, Stream, StreamExt as _};
use leptos::prelude::IntoView;
use leptos_axum::AxumRouteListing;

use super::head::Program;
use crate::app;
use crate::app::address::{ACCOUNT, TODOS};

/// HTML, piece by piece.
type Pieces = Pin<Box<dyn Stream<Item = String> + Send>>;

/// Whether a page of the app has this path.
pub(super) fn is_page(path: &str) -> bool {
    routes().iter().any(|route| route.path() == path)
}

/// The app's pages. Made once per process: making it switches resource loading off for the whole process meanwhile.
pub(super) fn routes() -> &'static Vec<AxumRouteListing> {
    static ROUTES: OnceLock<Vec<AxumRouteListing>> = OnceLock::new();
    ROUTES.get_or_init(|| leptos_axum::generate_route_list(app::App))
}

/// Whether the page at `path` has the program. On the pages of a customer it does much, on all of them: "Sign out" empties the
/// outbox. For a visitor the list and the account alone have something for it to do; the other pages are links and plain
/// forms to them.
pub(super) fn program(path: &str, is_visitor: bool) -> Program {
    let is_list = path.strip_prefix(TODOS).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if !is_visitor || is_list || path == ACCOUNT { Program::Runs } else { Program::None }
}

/// Answers with a page that no program takes over: of what it was made of, nothing is sent along.
pub(super) fn render_without_program<V: IntoView + 'static>(
    context: impl Fn() + Clone + Send + 'static,
    shell: impl FnOnce() -> V + Send + 'static,
    request: Request,
) -> Pin<Box<dyn Future<Output = Response> + Send>> {
    leptos_axum::handle_response_inner(context, shell, request, |page, _data, _| {
        Box::pin(async move {
            // All of it before the first piece is sent: status and headers are known only then.
            let html: String = page.to_html_stream_in_order().collect().await;
            Box::pin(stream::once(std::future::ready(html))) as Pieces
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::address::{
        ACTIONS, HOME, SIGN_IN_PROBLEM, TODOS_ACTIVE, TODOS_COMPLETED, TODOS_OVERDUE, TODOS_PLANNED, TODOS_STARRED,
        TODOS_TODAY,
    };

    #[test]
    fn a_visitor_gets_the_program_where_it_has_something_to_do_and_a_customer_everywhere() {
        for path in [TODOS, TODOS_TODAY, "/todos/lists/x", "/todos/no-such-filter", ACCOUNT] {
            assert_eq!(program(path, true), Program::Runs, "{path}");
            assert_eq!(program(path, false), Program::Runs, "{path}");
        }
        for path in [HOME, SIGN_IN_PROBLEM, "/no-such-page", "/todosx", "/account/x", "/Todos"] {
            assert_eq!(program(path, true), Program::None, "{path}");
            assert_eq!(program(path, false), Program::Runs, "{path}");
        }
    }

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
