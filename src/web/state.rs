//! What the server functions need, and how it is made of the configuration.

use std::sync::Arc;

use leptos::config::{Env, LeptosOptions};
use sqlx::AnyPool;

use super::browser_files::{self, Addresses, BrowserFiles};
use super::config::{Checked, Config};
use super::head::{Heads, Program};
use super::language;
use super::live::Live;
use crate::app::address::SIGN_IN_PROBLEM;
use crate::app::head::Head;
use crate::digest;
use crate::identity::downstream::{DownstreamApi, DownstreamApis};
use crate::identity::{self, Identity};
use crate::language::Language;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode};
use crate::platform::database::{self, DatabaseError};

/// The largest body that a form of ours can send, in bytes, with room to spare.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// What the server functions need. Cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

struct Inner {
    identity: Identity,
    todolist: DownstreamApi,
    profile: Option<DownstreamApi>,
    live: Live,
    apis: DownstreamApis,
    digests: digest::Store,
    clock: Clock,
    leptos: LeptosOptions,
    addresses: Addresses,
    heads: Heads,
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
    /// Checks the configuration and opens the database. Does not wait for the provider or the API, which `http` reaches.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: &Config, mode: Mode, http: &reqwest::Client, clock: Clock) -> Result<Self, StartError> {
        let Checked { public_url, keys, apis, todolist, profile, files } = config.checked(mode, http)?;
        let db: AnyPool = database::open("web.database_url", &config.database_url, &identity::MIGRATIONS).await?;
        let digests = digest::Store::open("web.database_url", db.clone(), clock.clone()).await?;
        let identity = Identity::builder(config.identity.clone(), public_url, db, keys)
            .key("web.identity")
            .mode(mode)
            .http(http.clone())
            .clock(clock.clone())
            .cookie_prefix("errand")
            .problem_page(SIGN_IN_PROBLEM)
            .product_name("Errand")
            .ui_locales(|headers| language::wanted(headers).map(|language| language.tag().to_owned()))
            .build()?;
        let leptos = LeptosOptions::builder()
            .output_name(browser_files::OUTPUT_NAME)
            .site_root(config.site_root.clone())
            .site_addr(config.listen)
            .env(leptos_environment())
            .build();
        if files == BrowserFiles::None {
            tracing::warn!(
                "{} is not beside the program: pages come without scripts and styles; run `cargo leptos build`",
                browser_files::HASH_FILE
            );
        }
        let addresses = Addresses::read();
        let heads = Heads::new(&addresses);
        let live = Live::new(identity.clone(), todolist.clone());
        Ok(Self(Arc::new(Inner { identity, todolist, profile, live, apis, digests, clock, leptos, addresses, heads })))
    }

    /// Sign-in and tokens.
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// The `ToDoList` API.
    pub(super) fn todolist(&self) -> &DownstreamApi {
        &self.0.todolist
    }

    /// The profile of the same API, where it serves one.
    pub(super) fn profile(&self) -> Option<&DownstreamApi> {
        self.0.profile.as_ref()
    }

    /// Who is told of changes.
    pub(super) fn live(&self) -> &Live {
        &self.0.live
    }

    /// All APIs in configuration, by name: `web.apis().get("calendar")` is `[web.downstream_apis.calendar]`.
    pub fn apis(&self) -> &DownstreamApis {
        &self.0.apis
    }

    /// Who wants a daily digest.
    pub(super) fn digests(&self) -> &digest::Store {
        &self.0.digests
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(super) fn leptos(&self) -> &LeptosOptions {
        &self.0.leptos
    }

    /// The address of the style sheet.
    pub(super) fn stylesheet(&self) -> &str {
        &self.0.addresses.stylesheet
    }

    /// The head of the app's pages in `language`. While cargo-leptos watches, files get other names and this program stays.
    pub(super) fn head(&self, language: Language, program: Program) -> Head {
        match self.leptos().env {
            Env::DEV => Heads::new(&Addresses::read()).of(language, program),
            Env::PROD => self.0.heads.of(language, program),
        }
    }
}

/// cargo-leptos sets `LEPTOS_WATCH` when it watches; only then may the page reload itself.
fn leptos_environment() -> Env {
    if std::env::var_os("LEPTOS_WATCH").is_some() { Env::DEV } else { Env::PROD }
}
