//! `[admin]` of errand.toml.

use serde::Deserialize;

use crate::identity::config::{ClientConfig, DownstreamApiConfig};

/// The configuration of `errand admin`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Its own registration at the provider: an app that signs nobody in.
    pub identity: ClientConfig,
    /// The APIs that it calls as itself.
    pub downstream_apis: DownstreamApis,
}

/// `[admin.downstream_apis]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DownstreamApis {
    /// The `ToDoList` API: `base_url`, `scopes = ["api://{API's client id}/.default"]`, `request_app_token = true`;
    /// `relative_path` is `api/todolist` when absent.
    pub todolist: DownstreamApiConfig,
}
