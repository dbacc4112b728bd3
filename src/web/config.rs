//! `[web]` of errand.toml.

use std::net::SocketAddr;

use serde::Deserialize;

use crate::identity;
use crate::identity::config::DownstreamApiConfig;
use crate::platform::config::SecretSource;

/// The web server's configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen: `127.0.0.1:3000`.
    pub listen: SocketAddr,
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
    /// The `ToDoList` API.
    pub todolist: DownstreamApiConfig,
}

fn site_root() -> String {
    "target/site".to_owned()
}
