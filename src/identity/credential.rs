//! How an app proves to its provider which app it is: the list of its client credentials.

use secrecy::{ExposeSecret, SecretString};

use super::config::ClientCredential;
use crate::platform::config::ConfigError;

/// An app's credentials, in the order in which they are tried.
pub(super) struct Credentials {
    secret: SecretString,
}

impl Credentials {
    /// Reads all of them. `key` is the list's configuration path.
    pub(super) fn read(key: &str, list: &[ClientCredential]) -> Result<Self, ConfigError> {
        match list.first() {
            Some(ClientCredential::Secret(secret)) => Ok(Self { secret: secret.read(key)? }),
            Some(_) => Err(ConfigError::refused(key, "names a kind that is not supported yet", "use a secret")),
            None => Err(ConfigError::refused(key, "is empty", "add one, such as { secret = { file = \"…\" } }")),
        }
    }

    pub(super) fn secret(&self) -> &str {
        self.secret.expose_secret()
    }
}
