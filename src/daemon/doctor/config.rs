//! The parts of the programs' tables that the doctor looks at. Read with structs of its own, because it knows none of
//! the programs; a key that no program knows is refused by the program itself.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::identity;
use crate::identity::config::{ClientConfig, DownstreamApiConfig};
use crate::platform::config::{ConfigError, Mode, SecretSource, Settings};

/// The tables that are there.
pub(super) struct Tables {
    pub(super) mode: Mode,
    pub(super) web: Option<Web>,
    pub(super) api: Option<Api>,
    pub(super) admin: Option<Admin>,
}

/// `[web]`.
#[derive(Deserialize)]
pub(super) struct Web {
    pub(super) public_url: String,
    pub(super) database_url: String,
    pub(super) encryption_keys: Vec<SecretSource>,
    pub(super) identity: identity::config::Config,
    #[serde(default)]
    pub(super) downstream_apis: BTreeMap<String, DownstreamApiConfig>,
}

/// `[api]`.
#[derive(Deserialize)]
pub(super) struct Api {
    pub(super) database_url: String,
    pub(super) identity: ClientConfig,
    pub(super) audiences: Vec<String>,
    #[serde(default)]
    pub(super) permissions: BTreeMap<String, Permission>,
    #[serde(default)]
    pub(super) downstream_apis: BTreeMap<String, DownstreamApiConfig>,
}

/// `[api.permissions.NAME]`.
#[derive(Deserialize)]
pub(super) struct Permission {
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    #[serde(default)]
    pub(super) app_permissions: Vec<String>,
}

/// `[admin]`.
#[derive(Deserialize)]
pub(super) struct Admin {
    pub(super) identity: ClientConfig,
    #[serde(default)]
    pub(super) downstream_apis: BTreeMap<String, DownstreamApiConfig>,
}

impl Tables {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        let tables = Self {
            mode: settings.mode,
            web: table(settings, "web")?,
            api: table(settings, "api")?,
            admin: table(settings, "admin")?,
        };
        if tables.web.is_none() && tables.api.is_none() && tables.admin.is_none() {
            return Err(ConfigError::Invalid(
                "there is nothing to check: the configuration has none of the tables [web], [api], [admin]; name a file \
                 with --config, or run `errand dev` in this folder first"
                    .to_owned(),
            ));
        }
        Ok(tables)
    }

    /// The registrations, by the key of their table.
    pub(super) fn identities(&self) -> Vec<(&'static str, ClientConfig)> {
        let web = self.web.as_ref().map(|web| ("web.identity", web.identity.client()));
        let api = self.api.as_ref().map(|api| ("api.identity", api.identity.clone()));
        let admin = self.admin.as_ref().map(|admin| ("admin.identity", admin.identity.clone()));
        [web, api, admin].into_iter().flatten().collect()
    }
}

/// A table, if it is there; then it must be complete.
fn table<T: DeserializeOwned>(settings: &Settings, name: &str) -> Result<Option<T>, ConfigError> {
    if settings.section::<IgnoredAny>(name).is_err() { Ok(None) } else { settings.section(name).map(Some) }
}
