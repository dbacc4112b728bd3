//! The tenant's configuration: what an administrator would click together in the Entra admin center.

use std::net::SocketAddr;

use secrecy::SecretString;
use serde::Deserialize;
use uuid::Uuid;

use crate::platform::config::SecretSource;

/// `[tenant]` of errand.toml.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen: `127.0.0.1:3002`.
    pub listen: SocketAddr,
    /// How browsers and apps reach the tenant: `http://localhost:3002`. The issuer is made from it.
    pub public_url: String,
    /// `sqlite:…` or `postgres:…`.
    pub database_url: String,
    /// The directory (tenant) id.
    pub tenant_id: Uuid,
    /// The tenant's domain; every endpoint is reachable under it as well as under the id.
    pub domain: String,
    /// What the pages call the organisation.
    pub display_name: String,
    /// Where mail goes; without it, into the page `/mailbox`.
    #[serde(default)]
    pub mail: Option<Mail>,
    /// App registrations.
    #[serde(default)]
    pub apps: Vec<App>,
    /// User flows; apps name the one that they are associated with.
    #[serde(default)]
    pub user_flows: Vec<UserFlow>,
}

/// `[tenant.mail]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `smtp://host:25`, `smtps://user:password@host:465` or `smtp://host:587?tls=required`.
    pub smtp_url: SecretString,
    /// The sender: `Errand <no-reply@example.com>`.
    pub from: String,
}

/// `[[tenant.apps]]`: an app registration; an API when it has scopes or app roles, a client when it has secrets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Display name.
    pub name: String,
    /// Application (client) id.
    pub client_id: Uuid,
    /// Application ID URI; `api://{client_id}` when absent. Only meaningful for APIs.
    #[serde(default)]
    pub application_id_uri: Option<String>,
    /// Delegated permissions that the API offers.
    #[serde(default)]
    pub scopes: Vec<Permission>,
    /// Application permissions that the API offers.
    #[serde(default)]
    pub app_roles: Vec<Permission>,
    /// Optional claims in this API's access tokens; `idtyp` is known.
    #[serde(default)]
    pub optional_access_token_claims: Vec<String>,
    /// Where authorization responses may go; compared character by character (RFC 9700 §4.1.3).
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where the browser may go after sign-out; compared character by character.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Client secrets, all of them valid.
    #[serde(default)]
    pub secrets: Vec<SecretSource>,
    /// Permissions on APIs, granted by the administrator for all users.
    #[serde(default)]
    pub permissions: Vec<Grant>,
    /// The user flow that signs this app's customers in.
    #[serde(default)]
    pub user_flow: Option<String>,
}

/// A scope or app role that an API offers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The short name: `ToDoList.Read`.
    pub value: String,
    /// Admin consent display name.
    pub display_name: String,
    /// Admin consent description.
    #[serde(default)]
    pub description: String,
}

/// What an app may do at one API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The API's client id.
    pub resource: Uuid,
    /// Delegated permissions.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Application permissions.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// `[[tenant.user_flows]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserFlow {
    /// Its name, which apps refer to.
    pub name: String,
    /// Whether customers may create an account.
    #[serde(default = "yes")]
    pub sign_up: bool,
    /// What sign-up asks for.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// Something sign-up asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// The name shown to the customer and in `name`.
    DisplayName,
    /// Country or region, ISO 3166-1 alpha-2, in `ctry`.
    Country,
}

fn yes() -> bool {
    true
}
