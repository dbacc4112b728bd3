//! `[worker]` of errand.toml, and what the worker reads of `[web]`.

use serde::Deserialize;

use crate::identity;
use crate::identity::config::DownstreamApiConfig;
use crate::platform::config::SecretSource;
use crate::platform::mail::MailConfig;

/// The configuration of `errand worker`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where mail goes.
    #[serde(default)]
    pub mail: Option<MailConfig>,
    /// Seconds between two looks for digests that are due.
    #[serde(default = "half_a_minute")]
    pub look_every_seconds: u32,
    /// For how many customers it works at the same time.
    #[serde(default = "four")]
    pub customers_at_once: u32,
}

/// What the worker needs of `[web]`: it works with the web server's tokens, as the web server's registration. Other keys
/// of the table are the web server's business, and checked there.
#[derive(Clone, Debug, Deserialize)]
pub struct WebConfig {
    /// Where customers reach the web server: links in mails lead there.
    pub public_url: String,
    /// The web server's database: tokens, and who wants a digest.
    pub database_url: String,
    /// What opens the tokens.
    pub encryption_keys: Vec<SecretSource>,
    /// The web app's registration at its provider.
    pub identity: identity::config::Config,
    /// The APIs that are called on the customer's behalf.
    pub downstream_apis: DownstreamApis,
}

/// `[web.downstream_apis]`.
#[derive(Clone, Debug, Deserialize)]
pub struct DownstreamApis {
    /// The `ToDoList` API; its set of scopes `read` is used. `relative_path` is `api/todolist` when absent.
    pub todolist: DownstreamApiConfig,
}

fn half_a_minute() -> u32 {
    30
}

fn four() -> u32 {
    4
}
