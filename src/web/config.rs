//! `[web]` of errand.toml.

use std::net::SocketAddr;

use serde::Deserialize;

use crate::identity;
use crate::identity::config::DownstreamApiConfig;
use crate::platform::config::SecretSource;
use crate::platform::serve::ConnectionsConfig;
use crate::todo::API_PATH;

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
    /// The APIs that are called on the customer's behalf.
    pub downstream_apis: DownstreamApis,
}

/// `[web.downstream_apis]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DownstreamApis {
    /// The to-do list of the `ToDoList` API: the sets of scopes `read` and `write`; `relative_path` is `api/todolist` when
    /// absent.
    pub todolist: DownstreamApiConfig,
    /// The profile of the same API, where it serves one: the sets of scopes `read` and `write`; `relative_path` is
    /// `api/profile` when absent.
    #[serde(default)]
    pub profile: Option<DownstreamApiConfig>,
}

impl DownstreamApis {
    /// Fills in where the API keeps things, unless the configuration says so.
    pub(super) fn complete(mut self) -> Self {
        self.todolist = self.todolist.or_at(API_PATH);
        self.profile = self.profile.map(|profile| profile.or_at("api/profile"));
        self
    }
}

fn site_root() -> String {
    "target/site".to_owned()
}
