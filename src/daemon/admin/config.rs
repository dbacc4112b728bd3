//! `[admin]` of errand.toml.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::identity::client::ConfidentialClient;
use crate::identity::config::{ClientConfig, DownstreamApiConfig};
use crate::identity::downstream::{DownstreamApi, DownstreamApis};
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode};
use crate::todo::API_PATH;

/// What the API is called among those that are configured.
pub(in crate::daemon) const TODOLIST: &str = "todolist";

/// The configuration of `errand admin`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Its own registration at the provider: an app that signs nobody in.
    pub identity: ClientConfig,
    /// The APIs that it calls as itself, by name. `todolist`, the `ToDoList` API, is required: `base_url`,
    /// `scopes = ["api://{API's client id}/.default"]`, `request_app_token = true`; `relative_path` is `api/todolist` when
    /// absent.
    #[serde(default)]
    pub downstream_apis: BTreeMap<String, DownstreamApiConfig>,
}

impl Config {
    /// Makes the checks of the start that need no network, for callers that want the result without starting.
    ///
    /// # Errors
    /// [`ConfigError`]: with it `errand admin` does nothing.
    pub fn check(&self, mode: Mode, http: &reqwest::Client, clock: &Clock) -> Result<(), ConfigError> {
        self.checked(mode, http, clock).map(drop)
    }

    /// The app, and the API that it calls.
    pub(in crate::daemon) fn checked(
        &self,
        mode: Mode,
        http: &reqwest::Client,
        clock: &Clock,
    ) -> Result<(ConfidentialClient, DownstreamApi), ConfigError> {
        self.checked_at("admin", mode, http, clock)
    }

    /// The same, of such a table elsewhere.
    pub(in crate::daemon) fn checked_at(
        &self,
        table: &str,
        mode: Mode,
        http: &reqwest::Client,
        clock: &Clock,
    ) -> Result<(ConfidentialClient, DownstreamApi), ConfigError> {
        let key = &format!("{table}.downstream_apis");
        let identity = &format!("{table}.identity");
        let client = ConfidentialClient::new(identity, &self.identity, mode, http.clone(), clock.clone())?;
        let mut complete = self.downstream_apis.clone();
        if let Some(todolist) = complete.remove(TODOLIST) {
            complete.insert(TODOLIST.to_owned(), todolist.or_at(API_PATH));
        }
        let apis = DownstreamApis::new(&complete, &[TODOLIST], mode, self.identity.provider().scope_naming(), http)
            .map_err(|error| error.at(key))?;
        let Some(todolist) = apis.get(TODOLIST) else {
            let remedy = "add the table: base_url, scopes = [\"api://{API's client id}/.default\"], \
                          request_app_token = true";
            return Err(ConfigError::refused(&format!("{key}.{TODOLIST}"), "is missing", remedy));
        };
        Ok((client, todolist.clone()))
    }
}
