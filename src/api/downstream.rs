//! The APIs that this one calls.

use super::config::{Config, DIRECTORY};
use crate::identity::client::ConfidentialClient;
use crate::identity::downstream::DownstreamApis;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode};

/// The APIs that this one calls, and this API as their provider knows it. Cheap to clone.
#[derive(Clone)]
pub struct Downstream {
    /// The APIs, by name.
    pub apis: DownstreamApis,
    /// Acquires tokens for them: on a caller's behalf, or as the API itself.
    pub client: ConfidentialClient,
}

impl Downstream {
    /// The APIs that are called. Calling one needs an id and a credential of the API's own registration.
    pub(super) fn new(
        config: &Config,
        mode: Mode,
        http: &reqwest::Client,
        clock: &Clock,
    ) -> Result<Option<Self>, ConfigError> {
        if config.downstream_apis.is_empty() {
            return Ok(None);
        }
        let mut complete = config.downstream_apis.clone();
        if let Some(directory) = complete.remove(DIRECTORY) {
            complete.insert(DIRECTORY.to_owned(), directory.or_at("v1.0/me"));
        }
        let naming = config.identity.provider().scope_naming();
        let apis = DownstreamApis::new(&complete, &[DIRECTORY], mode, naming, http)
            .map_err(|error| error.at("api.downstream_apis"))?;
        let client = ConfidentialClient::new("api.identity", &config.identity, mode, http.clone(), clock.clone())?;
        Ok(Some(Self { apis, client }))
    }
}
