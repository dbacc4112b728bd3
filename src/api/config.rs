//! The API's configuration.

use std::net::SocketAddr;

use serde::Deserialize;

use crate::identity::bearer::PermissionConfig;
use crate::identity::config::ClientConfig;

/// `[api]` of errand.toml.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen: `127.0.0.1:3001`.
    pub listen: SocketAddr,
    /// `sqlite:…` or `postgres:…`.
    pub database_url: String,
    /// The provider whose access tokens are accepted, and the API's own registration where it calls others.
    pub identity: ClientConfig,
    /// What `aud` of an access token may be, any of them: from Entra the API's client id.
    pub audiences: Vec<String>,
    /// What `ver` of an access token must be; `2.0` for Entra and anything for other providers when absent.
    #[serde(default)]
    pub token_version: Option<String>,
    /// The delegated permissions that the API's registration offers; those of Microsoft's sample when absent.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// The application permissions that the API's registration offers; those of Microsoft's sample when absent.
    #[serde(default = "default_app_roles")]
    pub app_roles: Vec<String>,
    /// What each operation needs.
    pub permissions: Permissions,
}

/// `[api.permissions]`: per operation, `{ scopes = […], app_permissions = […] }`. There is no default: what lets
/// people in is written down.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    /// Reading to-dos.
    pub read: PermissionConfig,
    /// Adding, changing and removing to-dos.
    pub write: PermissionConfig,
}

fn default_scopes() -> Vec<String> {
    ["ToDoList.Read", "ToDoList.ReadWrite"].map(str::to_owned).to_vec()
}

fn default_app_roles() -> Vec<String> {
    ["ToDoList.Read.All", "ToDoList.ReadWrite.All"].map(str::to_owned).to_vec()
}
