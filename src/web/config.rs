//! `[web]` of errand.toml.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::Deserialize;
use url::Url;

use crate::identity;
use crate::identity::config::DownstreamApiConfig;
use crate::identity::downstream::{DownstreamApi, DownstreamApis};
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode, SecretSource, public_url};
use crate::platform::seal::KeyRing;
use crate::platform::serve::ConnectionsConfig;
use crate::todo::API_PATH;

use super::browser_files::{self, BrowserFiles};

/// The web server's configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen: `127.0.0.1:3000`.
    pub listen: SocketAddr,
    /// How many connections it takes, and how long they may wait.
    #[serde(default)]
    pub connections: ConnectionsConfig,
    /// How browsers reach it: `https://todo.example.com`. The redirect URI to register is this and `/auth/redirect`.
    pub public_url: String,
    /// `sqlite:…` or `postgres:…`: sessions and sealed tokens.
    pub database_url: String,
    /// Keys for tokens and cookies: 32 random bytes each, base64url without padding. The first one seals, all of
    /// them open; to rotate, put a new one in front.
    pub encryption_keys: Vec<SecretSource>,
    /// The folder with the browser's files, as `cargo leptos build` leaves it.
    #[serde(default = "site_root")]
    pub site_root: String,
    /// The app's registration at its provider.
    pub identity: identity::config::Config,
    /// The APIs that are called on the customer's behalf, by name. Two the web server calls itself, each with the sets of
    /// scopes `read` and `write`: `todolist`, the to-do list of the `ToDoList` API, is required (`relative_path` is
    /// `api/todolist` when absent); `profile`, the profile of the same API, is there where it serves one (`api/profile`).
    /// Others are for code that is added: see [`super::Web::apis`].
    #[serde(default)]
    pub downstream_apis: BTreeMap<String, DownstreamApiConfig>,
}

/// What [`Config::check`] made of it.
pub(super) struct Checked {
    pub(super) public_url: Url,
    pub(super) keys: KeyRing,
    pub(super) apis: DownstreamApis,
    pub(super) todolist: DownstreamApi,
    pub(super) profile: Option<DownstreamApi>,
    pub(super) files: BrowserFiles,
}

impl Config {
    /// Makes the checks of the start that need no network, for callers that want the result without starting.
    ///
    /// # Errors
    /// [`ConfigError`]: with it the web server does not start.
    pub fn check(&self, mode: Mode, http: &reqwest::Client, clock: &Clock) -> Result<(), ConfigError> {
        self.checked(mode, http)?;
        identity::check("web.identity", &self.identity, mode, http.clone(), clock.clone())
    }

    /// Everything but the registration, which [`identity::Identity::new`] checks.
    pub(super) fn checked(&self, mode: Mode, http: &reqwest::Client) -> Result<Checked, ConfigError> {
        const KEY: &str = "web.downstream_apis";
        let public_url = public_url("web.public_url", &self.public_url, mode)?;
        let keys = KeyRing::read("web.encryption_keys", &self.encryption_keys)?;
        let naming = self.identity.client().provider().scope_naming();
        let apis = DownstreamApis::new(&self.complete(), &["todolist", "profile"], mode, naming, http)
            .map_err(|error| error.at(KEY))?;
        let with_sets = |name: &str| {
            let remedy = "list the scopes for seeing as `read`, those for changing as `write`";
            let found = apis.with_sets(name, &["read", "write"]).map(Option::<&DownstreamApi>::cloned);
            found.map_err(|missing| missing.member("is missing", remedy).at(KEY))
        };
        let Some(todolist) = with_sets("todolist")? else {
            let remedy = "add [web.downstream_apis.todolist] with base_url and the sets of scopes read and write";
            return Err(ConfigError::refused(&format!("{KEY}.todolist"), "is missing", remedy));
        };
        let profile = with_sets("profile")?;
        let files = browser_files::check(&self.site_root)?;
        self.connections.check("web.connections")?;
        Ok(Checked { public_url, keys, apis, todolist, profile, files })
    }

    /// The APIs, with where the `ToDoList` API keeps things unless the configuration says so.
    fn complete(&self) -> BTreeMap<String, DownstreamApiConfig> {
        let path = |name: &str| match name {
            "todolist" => Some(API_PATH),
            "profile" => Some("api/profile"),
            _ => None,
        };
        let apis = self.downstream_apis.clone().into_iter();
        apis.map(|(name, api)| match path(&name) {
            Some(path) => (name, api.or_at(path)),
            None => (name, api),
        })
        .collect()
    }
}

pub(crate) fn site_root() -> String {
    "target/site".to_owned()
}
