//! The web server: mounts [`crate::app`] and [`crate::identity`], and implements the server functions.

pub(crate) mod account;
mod actions;
pub mod browser_files;
pub mod config;
pub(crate) mod customer;
mod document;
mod downstream;
mod farewell;
mod notice;
mod rendering;
mod site;
pub(crate) mod todolist;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::routing::get;
use leptos::config::LeptosOptions;
use leptos::context::provide_context;
use leptos_axum::{AxumRouteListing, LeptosRoutes as _};
use sqlx::AnyPool;

use crate::app;
use crate::digest;
use crate::identity::downstream::{DownstreamApi, DownstreamApis};
use crate::identity::{self, Identity};
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode};
use crate::platform::database::{self, DatabaseError};
use crate::platform::serve;
use browser_files::BrowserFiles;
use config::{Checked, Config};

/// The largest body that a form of ours can send, in bytes, with room to spare.
const MAX_BODY: usize = 64 * 1024;
/// The app's page about a sign-in that did not work.
const PROBLEM_PAGE: &str = "/sign-in-problem";

/// What the server functions need. Cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

/// See [`Web`].
pub struct Inner {
    /// Sign-in and tokens.
    pub identity: Identity,
    /// The `ToDoList` API.
    pub todolist: DownstreamApi,
    /// The profile of the same API, where it serves one.
    pub profile: Option<DownstreamApi>,
    /// All APIs in configuration, by name: `web.apis.get("calendar")` is `[web.downstream_apis.calendar]`.
    pub apis: DownstreamApis,
    /// Who wants a daily digest.
    pub digests: digest::Store,
    clock: Clock,
    leptos: LeptosOptions,
    /// The address of the style sheet.
    stylesheet: String,
}

impl std::ops::Deref for Web {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Why the web server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl Web {
    /// Checks the configuration and opens the database. Does not wait for the provider or the API.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: &Config, mode: Mode, clock: Clock) -> Result<Self, StartError> {
        let Checked { public_url, keys, apis, todolist, profile, files, http } = config.checked(mode)?;
        let db: AnyPool = database::open("web.database_url", &config.database_url, &identity::MIGRATIONS).await?;
        let digests = digest::Store::open("web.database_url", db.clone(), clock.clone()).await?;
        let parts = identity::Parts {
            key: "web.identity",
            mode,
            public_url,
            problem_page: PROBLEM_PAGE,
            keys,
            db,
            http,
            clock: clock.clone(),
        };
        let identity = Identity::new(&config.identity, parts)?;
        let mut leptos = LeptosOptions::builder()
            .output_name(browser_files::OUTPUT_NAME)
            .site_root(config.site_root.clone())
            .site_addr(config.listen)
            .env(leptos_environment())
            .build();
        // Leptos would panic on every page without the list.
        leptos.hash_files = files != BrowserFiles::None;
        if files == BrowserFiles::None {
            tracing::warn!(
                "{} is not beside the program: pages come without scripts and styles; run `cargo leptos build`",
                leptos.hash_file
            );
        }
        let stylesheet = stylesheet(&leptos);
        Ok(Self(Arc::new(Inner { identity, todolist, profile, apis, digests, clock, leptos, stylesheet })))
    }

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
            let options = self.leptos.clone();
            move || app::shell(options.clone())
        };
        // An address that is no page's is answered with the page that says so. Not by the handler of `leptos_axum` for
        // files and errors: see `site`.
        let unknown = leptos_axum::render_app_async_with_context(context.clone(), shell.clone());
        let pages = Router::new()
            .leptos_routes_with_context(&self.leptos, routes().clone(), context, shell)
            .fallback(unknown)
            .with_state(self.leptos.clone())
            .layer(axum::middleware::from_fn(rendering::isolate));
        // `leptos_routes` has added the server functions, each at its own address.
        let door = actions::Door { web: self.clone(), inside: pages.clone() };
        let pages = pages.layer(axum::middleware::from_fn_with_state(door, actions::guard));
        let app = self.identity.mount(pages).layer(axum::middleware::from_fn_with_state(self.clone(), farewell::watch));
        // Files are outside of the session layer, too: they need none.
        let files = site::router(&self.leptos.site_root);
        let router = files.route("/health", get(|| async { "ok" })).merge(app);
        let router = serve::with_standard_layers(router, "web", MAX_BODY)
            .layer(axum::middleware::from_fn_with_state(self.clone(), document::complete));
        if self.identity.public_url.scheme() == "https" { serve::with_transport_security(router) } else { router }
    }

    /// Whether a page of the app has this path.
    fn is_page(path: &str) -> bool {
        routes().iter().any(|route| route.path() == path)
    }
}

/// The app's pages. Made once per process: making it switches resource loading off for the whole process meanwhile.
fn routes() -> &'static Vec<AxumRouteListing> {
    static ROUTES: OnceLock<Vec<AxumRouteListing>> = OnceLock::new();
    ROUTES.get_or_init(|| leptos_axum::generate_route_list(app::App))
}

/// The address of the style sheet, as the pages of the app name it.
fn stylesheet(leptos: &LeptosOptions) -> String {
    let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join(&*leptos.hash_file)));
    let hashes = beside.filter(|_| leptos.hash_files).and_then(|file| std::fs::read_to_string(file).ok());
    let hash = hashes.as_deref().unwrap_or_default().lines().find_map(|line| line.trim().strip_prefix("css:"));
    let hash = hash.map(|hash| format!(".{}", hash.trim())).unwrap_or_default();
    format!("/{}/{}{hash}.css", leptos.site_pkg_dir, leptos.output_name)
}

/// cargo-leptos sets `LEPTOS_WATCH` when it watches; only then may the page reload itself.
fn leptos_environment() -> leptos::config::Env {
    if std::env::var_os("LEPTOS_WATCH").is_some() { leptos::config::Env::DEV } else { leptos::config::Env::PROD }
}
