//! `[….identity]`: how an app is registered at its provider.

use secrecy::SecretString;
use serde::Deserialize;
use uuid::Uuid;

use super::provider::ProviderConfig;
use super::scopes::Scopes;
use crate::platform::config::{ConfigError, SecretSource};

/// The registration of a web app that signs customers in. Names follow Microsoft.Identity.Web.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The provider's address, as in [`ProviderConfig`].
    pub authority: String,
    /// The issuer, where it differs from what the authority implies (custom domains).
    #[serde(default)]
    pub issuer: Option<String>,
    /// Entra: the directory (tenant) id.
    #[serde(default)]
    pub tenant_id: Option<Uuid>,
    /// Application (client) id.
    pub client_id: String,
    /// How the app proves itself; the first one is used.
    pub client_credentials: Vec<ClientCredential>,
    /// What sign-in asks for beside `openid profile email offline_access`.
    #[serde(default)]
    pub initial_scopes: Scopes,
    /// How long a session lasts.
    #[serde(default)]
    pub session: SessionLifetime,
}

/// One way to prove to the provider which app this is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientCredential {
    /// A client secret.
    Secret(SecretSource),
}

/// How long a session lasts. The provider's refresh token may end it sooner.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionLifetime {
    /// Hours without a request after which the customer signs in again.
    pub idle_hours: u32,
    /// Hours after sign-in when the customer signs in again in any case.
    pub absolute_hours: u32,
}

impl Default for SessionLifetime {
    fn default() -> Self {
        Self { idle_hours: 7 * 24, absolute_hours: 30 * 24 }
    }
}

impl Config {
    /// The provider's part.
    pub(super) fn provider(&self) -> ProviderConfig {
        ProviderConfig { authority: self.authority.clone(), issuer: self.issuer.clone(), tenant_id: self.tenant_id }
    }

    /// Checks what can be checked before the provider is asked, and reads the credential.
    pub(super) fn check(&self, key: &str) -> Result<SecretString, ConfigError> {
        if self.client_id.trim().is_empty() {
            let remedy = "give the application (client) id of the registration";
            return Err(ConfigError::refused(&format!("{key}.client_id"), "is empty", remedy));
        }
        for (name, hours) in [("idle_hours", self.session.idle_hours), ("absolute_hours", self.session.absolute_hours)]
        {
            if hours == 0 {
                let key = format!("{key}.session.{name}");
                return Err(ConfigError::refused(&key, "is 0", "give a number of hours"));
            }
        }
        let key = format!("{key}.client_credentials");
        match self.client_credentials.first() {
            Some(ClientCredential::Secret(secret)) => secret.read(&key),
            None => Err(ConfigError::refused(&key, "is empty", "add one, such as { secret = { file = \"…\" } }")),
        }
    }
}

/// `[….downstream_apis.NAME]`: an API that is called on the customer's behalf.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DownstreamApiConfig {
    /// Where it is; requests go below this address and nowhere else.
    pub base_url: String,
    /// The scopes for seeing.
    pub read_scopes: Scopes,
    /// The scopes for changing.
    pub write_scopes: Scopes,
}
