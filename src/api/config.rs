//! The API's configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::Deserialize;

use crate::identity::bearer::{PermissionConfig, UserPermissionConfig};
use crate::identity::config::{ClientConfig, DownstreamApiConfig};
use crate::platform::serve::ConnectionsConfig;

/// The directory's name among the APIs that are called.
pub(super) const DIRECTORY: &str = "directory";

/// `[api]` of errand.toml.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen: `127.0.0.1:3001`.
    pub listen: SocketAddr,
    /// How many connections it takes, and how long they may wait.
    #[serde(default)]
    pub connections: ConnectionsConfig,
    /// `sqlite:…` or `postgres:…`.
    pub database_url: String,
    /// The provider whose access tokens are accepted, and the API's own registration where it calls others.
    pub identity: ClientConfig,
    /// What `aud` of an access token may be, any of them: from Entra the API's client id.
    pub audiences: Vec<String>,
    /// How clients reach it: `https://todo-api.example.com`. What a 401 and the API's metadata (RFC 9728) say; when
    /// absent, the host that a request names.
    #[serde(default)]
    pub public_url: Option<String>,
    /// The client apps that may call, by client id (`azp` of an access token, `appid` of one of version 1); when absent
    /// every app that the provider lets have a token.
    #[serde(default)]
    pub allowed_clients: Option<Vec<String>>,
    /// What `ver` of an access token must be; `2.0` for Entra and anything for other providers when absent.
    #[serde(default)]
    pub token_version: Option<String>,
    /// The delegated permissions that the API's registration offers; those of Microsoft's sample and `Profile.Read`,
    /// `Profile.ReadWrite` when absent. A registration with other names lists all of them here.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// The application permissions that the API's registration offers; those of Microsoft's sample when absent.
    #[serde(default = "default_app_roles")]
    pub app_roles: Vec<String>,
    /// How often customers and apps may call.
    #[serde(default)]
    pub rate_limits: RateLimits,
    /// The web sites whose scripts may call from a browser: `https://app.example.com`. None when absent: access tokens stay
    /// on servers.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// What each operation needs.
    pub permissions: Permissions,
    /// The APIs that this one calls on its callers' behalf, by name. One it calls itself: `directory`, with the customers'
    /// profiles: Microsoft Graph, or the embedded tenant. It has the sets of scopes `read` and `write`; `relative_path` is
    /// `v1.0/me` when absent. Without it, there is no `/api/profile`. Others are for code that is added: see
    /// [`super::Api::downstream`].
    #[serde(default)]
    pub downstream_apis: BTreeMap<String, DownstreamApiConfig>,
}

/// `[api.permissions]`: per operation, `{ scopes = […], app_permissions = […] }`, and where it takes more than signing in
/// `authentication_context = "c1"`. There is no default: what lets people in is written down. Without `app_permissions`,
/// no app is let in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    /// Reading to-dos.
    pub read: PermissionConfig,
    /// Adding, changing and removing to-dos.
    pub write: PermissionConfig,
    /// Seeing one's own profile; only with a directory, and then required.
    #[serde(default)]
    pub read_profile: Option<UserPermissionConfig>,
    /// Changing one's own profile; only with a directory, and then required.
    #[serde(default)]
    pub write_profile: Option<UserPermissionConfig>,
}

/// `[api.rate_limits]`: so many requests at once, and as many again in so many seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimits {
    /// Of one customer through one client app; 1200 in 60 seconds when absent.
    #[serde(default = "default_per_customer")]
    pub per_customer: Quota,
    /// Of one app that calls as itself; 6000 in 60 seconds when absent.
    #[serde(default = "default_per_app")]
    pub per_app: Quota,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { per_customer: default_per_customer(), per_app: default_per_app() }
    }
}

/// `{ requests = 1200, seconds = 60 }`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// How many at once, and in each such time: 1 to 1,000,000.
    pub requests: u32,
    /// The time: 1 to 86,400 seconds.
    pub seconds: u32,
}

fn default_per_customer() -> Quota {
    Quota { requests: 1200, seconds: 60 }
}

fn default_per_app() -> Quota {
    Quota { requests: 6000, seconds: 60 }
}

fn default_scopes() -> Vec<String> {
    ["ToDoList.Read", "ToDoList.ReadWrite", "Profile.Read", "Profile.ReadWrite"].map(str::to_owned).to_vec()
}

fn default_app_roles() -> Vec<String> {
    ["ToDoList.Read.All", "ToDoList.ReadWrite.All"].map(str::to_owned).to_vec()
}
