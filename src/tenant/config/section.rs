//! `[tenant]`: what concerns the tenant as a whole, and where apps, APIs and user flows are looked up.

use std::net::SocketAddr;

use serde::Deserialize;
use uuid::Uuid;

use super::app::App;
use super::{directory_app, redirect_uri};
use crate::platform::mail::MailConfig;
use crate::platform::serve::ConnectionsConfig;

/// `[tenant]` of errand.toml.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen: `127.0.0.1:3002`.
    pub listen: SocketAddr,
    /// How many connections it takes, and how long they may wait.
    #[serde(default)]
    pub connections: ConnectionsConfig,
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
    /// The mail server; without it, mail goes into the page `/mailbox`.
    #[serde(default)]
    pub mail: Option<MailConfig>,
    /// App registrations.
    #[serde(default)]
    pub apps: Vec<App>,
    /// User flows; apps name the one that they are associated with.
    #[serde(default)]
    pub user_flows: Vec<UserFlow>,
    /// Authentication contexts that APIs can demand by a claims challenge.
    #[serde(default)]
    pub authentication_contexts: Vec<AuthenticationContext>,
    /// Whether a refresh token may be used again: `allow`, as in Entra, or `revoke`.
    #[serde(default)]
    pub refresh_token_reuse: RefreshTokenReuse,
    /// With `refresh_token_reuse = "revoke"`: for how many seconds after its first use a refresh token is still good,
    /// so that renewals may overlap; 0 for none.
    #[serde(default)]
    pub refresh_token_reuse_window: u32,
    /// Whether a client assertion may be used again until it expires: `allow`, as in Entra, or `refuse`.
    #[serde(default)]
    pub client_assertion_reuse: ClientAssertionReuse,
    /// Whether authorization requests need a PKCE challenge (RFC 9700 §2.1.1). Entra demands it of public clients only;
    /// with a challenge, the verifier is required either way.
    #[serde(default)]
    pub require_pkce: bool,
    /// Whether the port of `http://localhost` and `http://127.0.0.1` redirect URIs is compared like the rest of them.
    /// Entra ignores it (RFC 8252 §7.3).
    #[serde(default)]
    pub compare_localhost_ports: bool,
}

/// What a refresh token that was used before is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefreshTokenReuse {
    /// As much as before: it stays good until it expires, as in Entra. Microsoft's libraries renew in parallel.
    #[default]
    Allow,
    /// Somebody else has it: its whole family is revoked (RFC 9700 §4.14.2).
    Revoke,
}

/// What a client assertion that was used before is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAssertionReuse {
    /// As much as before, until it expires, as in Entra. Microsoft's libraries keep theirs for about ten minutes.
    #[default]
    Allow,
    /// Nothing: each authenticates once (RFC 7523 §3, 7), and none lives longer than an hour.
    Refuse,
}

/// `[[tenant.authentication_contexts]]`: something that users can be asked to prove on top of their sign-in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationContext {
    /// `c1` to `c99`: what a claims challenge names, and `acrs` in tokens.
    pub id: String,
    /// What the pages call it.
    #[serde(default)]
    pub display_name: Option<String>,
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

impl Config {
    /// The app with this client id.
    pub fn app(&self, client_id: &str) -> Option<&App> {
        let client_id: Uuid = client_id.parse().ok()?;
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    /// All APIs: the apps with scopes or app roles, and the directory.
    pub(super) fn apis(&self) -> impl Iterator<Item = &App> {
        let registered = self.apps.iter().filter(|app| !app.scopes.is_empty() || !app.app_roles.is_empty());
        registered.chain([directory_app::registration()])
    }

    /// The API that `resource` names: by its Application ID URI or, as Entra also allows, its client id; without
    /// regard to case.
    pub fn api(&self, resource: &str) -> Option<&App> {
        self.apis().find(|app| app.is_named_by_uri(resource) || app.is_named_by_id(resource))
    }

    /// Whether `uri` is one of these registered addresses.
    pub(in crate::tenant) fn is_registered(&self, registered: &[String], uri: &str) -> bool {
        // RFC 9700 §4.1.3: "exact string matching". No normalisation, no wildcards.
        registered.iter().any(|known| known == uri)
            || !self.compare_localhost_ports
                && redirect_uri::without_localhost_port(uri).is_some_and(|uri| {
                    registered.iter().any(|known| redirect_uri::without_localhost_port(known) == Some(uri))
                })
    }

    /// The user flow that signs this app's customers in.
    pub fn flow_of(&self, app: &App) -> Option<&UserFlow> {
        let name = app.user_flow.as_ref()?;
        self.user_flows.iter().find(|flow| flow.name == *name)
    }

    /// The authentication context of that id.
    pub fn authentication_context(&self, id: &str) -> Option<&AuthenticationContext> {
        self.authentication_contexts.iter().find(|context| context.id == id)
    }
}
