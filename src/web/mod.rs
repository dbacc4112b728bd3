//! The web server: mounts [`crate::app`] and [`crate::identity`], and implements the server functions.

pub(crate) mod account;
pub mod browser_files;
mod claims;
mod compression;
pub mod config;
pub(crate) mod customer;
pub(crate) mod data;
pub(crate) mod digest;
mod document;
mod door;
mod downstream;
mod events;
mod export;
mod farewell;
mod flash;
mod head;
mod import;
mod language;
mod language_choice;
pub(crate) mod lists;
mod live;
mod moment;
mod pages;
pub(crate) mod profile;
pub(crate) mod reader;
mod rendering;
mod request;
pub(crate) mod sessions;
mod site;
mod state;
mod texts;
pub(crate) mod todolist;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use leptos::context::{provide_context, use_context};
use leptos_axum::LeptosRoutes as _;

use self::head::Program;
use self::state::MAX_BODY;
use crate::app;
use crate::platform::serve;

pub use self::state::{StartError, Web};

impl Web {
    /// The routes of the whole web server.
    pub fn router(&self) -> Router {
        let context = {
            let web = self.clone();
            move || {
                rendering::note_owner();
                provide_context(web.clone());
                provide_context(
                    use_context::<Parts>().map(|parts| language::spoken(&parts.headers)).unwrap_or_default(),
                );
            }
        };
        let shell = |program: Program| {
            let web = self.clone();
            move || app::shell(web.leptos().clone(), web.head(app::texts::Texts::current().language(), program))
        };
        let with_program = leptos_axum::render_app_async_with_context(context.clone(), shell(Program::Runs));
        let page = {
            let (web, context, shell) = (self.clone(), context.clone(), shell(Program::None));
            move |request: Request| {
                let is_visitor = !web.identity().names_session(request.headers());
                match pages::program(request.uri().path(), is_visitor) {
                    Program::Runs => with_program(request),
                    Program::None => pages::render_without_program(context.clone(), shell.clone(), request),
                }
            }
        };
        let (always, others): (Vec<_>, Vec<_>) =
            pages::routes().iter().cloned().partition(|route| pages::program(route.path(), true) == Program::Runs);
        let pages = Router::new().leptos_routes_with_context(self.leptos(), always, context, shell(Program::Runs));
        let pages = others.iter().fold(pages, |pages, route| pages.route(route.path(), get(page.clone())));
        // An address that is no page's is answered with the page that says so. Not by the handler of `leptos_axum` for
        // files and errors: see `site`.
        let pages = pages
            .fallback(page)
            .with_state(self.leptos().clone())
            .route(app::address::EXPORT, get(export::handle).with_state(self.clone()))
            .route(app::address::LANGUAGE, post(language_choice::choose).with_state(self.clone()))
            .route(app::address::IMPORT, post(import::handle).with_state(self.clone()))
            .layer(axum::middleware::from_fn(rendering::isolate));
        // `leptos_routes` has added the server functions, each at its own address.
        let door = door::Door { web: self.clone(), inside: pages.clone() };
        let pages = pages.layer(axum::middleware::from_fn_with_state(door, door::guard));
        let app =
            self.identity().mount(pages).layer(axum::middleware::from_fn_with_state(self.clone(), farewell::watch));
        let app = app.layer(axum::middleware::from_fn(reader::note_time_zone));
        // Files are outside of the session layer, too: they need none.
        let files =
            site::router(&self.leptos().site_root).layer(axum::middleware::map_response(compression::mark_file));
        // So are streams of events: they look at the session now and then, and leave it as it is.
        let events = Router::new()
            .route(app::address::EVENTS, get(events::handle))
            .route(&format!("{}{{name}}", app::address::TEXTS), get(language_choice::script))
            .with_state(self.clone());
        let router = files.route("/health", get(|| async { "ok" })).merge(events).merge(app);
        let router = router.layer(DefaultBodyLimit::max(MAX_BODY)).layer(axum::middleware::from_fn(limit));
        let router = serve::with_standard_layers(router, "web", import::MAX_HEARD)
            .layer(axum::middleware::from_fn_with_state(self.clone(), document::complete))
            .layer(axum::middleware::from_fn(compression::mark))
            .layer(compression::layer())
            .layer(axum::middleware::map_request(compression::accept_something));
        if self.identity().public_url().scheme() == "https" { serve::with_transport_security(router) } else { router }
    }
}

/// A file may be large, and nothing else.
async fn limit(request: Request, next: Next) -> Response {
    let is_file = request.uri().path() == app::address::IMPORT;
    if is_file { next.run(request).await } else { serve::refuse_early(MAX_BODY, request, next).await }
}
