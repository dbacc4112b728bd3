//! The web server: mounts [`crate::app`] and [`crate::identity`], and implements the server functions.

pub(crate) mod account;
pub mod browser_files;
mod claims;
pub mod config;
pub(crate) mod customer;
pub(crate) mod digest;
mod document;
mod door;
mod downstream;
mod events;
mod farewell;
mod flash;
mod live;
mod moment;
mod pages;
pub(crate) mod profile;
mod rendering;
mod request;
pub(crate) mod sessions;
mod site;
mod state;
pub(crate) mod todolist;

use axum::Router;
use axum::routing::get;
use leptos::context::provide_context;
use leptos_axum::LeptosRoutes as _;

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
            }
        };
        let shell = {
            let options = self.leptos().clone();
            move || app::shell(options.clone())
        };
        // An address that is no page's is answered with the page that says so. Not by the handler of `leptos_axum` for
        // files and errors: see `site`.
        let unknown = leptos_axum::render_app_async_with_context(context.clone(), shell.clone());
        let pages = Router::new()
            .leptos_routes_with_context(self.leptos(), pages::routes().clone(), context, shell)
            .fallback(unknown)
            .with_state(self.leptos().clone())
            .layer(axum::middleware::from_fn(rendering::isolate));
        // `leptos_routes` has added the server functions, each at its own address.
        let door = door::Door { web: self.clone(), inside: pages.clone() };
        let pages = pages.layer(axum::middleware::from_fn_with_state(door, door::guard));
        let app =
            self.identity().mount(pages).layer(axum::middleware::from_fn_with_state(self.clone(), farewell::watch));
        // Files are outside of the session layer, too: they need none.
        let files = site::router(&self.leptos().site_root);
        // So are streams of events: they look at the session now and then, and leave it as it is.
        let events = Router::new().route(app::address::EVENTS, get(events::handle)).with_state(self.clone());
        let router = files.route("/health", get(|| async { "ok" })).merge(events).merge(app);
        let router = serve::with_standard_layers(router, "web", MAX_BODY)
            .layer(axum::middleware::from_fn_with_state(self.clone(), document::complete));
        if self.identity().public_url().scheme() == "https" { serve::with_transport_security(router) } else { router }
    }
}
