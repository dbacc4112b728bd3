//! `[worker]` of errand.toml, and what the worker makes of `[web]`: it works with the web server's tokens, as the web
//! server's registration. Both tables have one reader each, whoever asks.

use serde::Deserialize;
use url::Url;

use crate::daemon::admin::config::Config as AppConfig;
use crate::identity::client::ConfidentialClient;
use crate::identity::downstream::{DownstreamApi, DownstreamApis};
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode, public_url};
use crate::platform::mail::{MailConfig, Mailer};
use crate::platform::seal::KeyRing;
use crate::todo::API_PATH;
pub use crate::web::config::Config as WebConfig;

/// The configuration of `errand worker`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where mail goes.
    #[serde(default)]
    pub mail: Option<MailConfig>,
    /// Seconds between two looks for digests and reminders that are due.
    #[serde(default = "half_a_minute")]
    pub look_every_seconds: u32,
    /// Its own registration, an app with the permission to read everyone's to-dos, and the API, as `[admin]` has them: with
    /// it, reminders are mailed at their moments. None are when it is absent.
    #[serde(default)]
    pub reminders: Option<AppConfig>,
    /// For how many customers it works at the same time.
    #[serde(default = "four")]
    pub customers_at_once: u32,
}

/// What [`Config::check`] made of it.
pub(super) struct Checked {
    pub(super) mailer: Mailer,
    pub(super) public_url: Url,
    pub(super) keys: KeyRing,
    pub(super) todolist: DownstreamApi,
    pub(super) client: ConfidentialClient,
    pub(super) reminders: Option<(ConfidentialClient, DownstreamApi)>,
}

impl Config {
    /// Makes the checks of the start that need no network, for callers that want the result without starting.
    ///
    /// # Errors
    /// [`ConfigError`]: with it the worker does not start.
    pub fn check(&self, web: &WebConfig, mode: Mode, http: &reqwest::Client, clock: &Clock) -> Result<(), ConfigError> {
        self.checked(web, mode, http, clock).map(drop)
    }

    pub(super) fn checked(
        &self,
        web: &WebConfig,
        mode: Mode,
        http: &reqwest::Client,
        clock: &Clock,
    ) -> Result<Checked, ConfigError> {
        const KEY: &str = "web.downstream_apis";
        const TODOLIST: &str = "todolist";
        for (key, value) in
            [("look_every_seconds", self.look_every_seconds), ("customers_at_once", self.customers_at_once)]
        {
            if value == 0 {
                return Err(ConfigError::refused(&format!("worker.{key}"), "is 0", "give a number from 1"));
            }
        }
        let mailer = Mailer::new("worker.mail", self.mail.as_ref(), mode)?;
        let public_url = public_url("web.public_url", &web.public_url, mode)?;
        let keys = KeyRing::read("web.encryption_keys", &web.encryption_keys)?;
        let client =
            ConfidentialClient::new("web.identity", &web.identity.client(), mode, http.clone(), clock.clone())?;
        let mut complete = web.downstream_apis.clone();
        if let Some(todolist) = complete.remove(TODOLIST) {
            complete.insert(TODOLIST.to_owned(), todolist.or_at(API_PATH));
        }
        let apis = DownstreamApis::new(&complete, &[TODOLIST], mode, client.provider().scope_naming(), http)
            .map_err(|error| error.at(KEY))?;
        let todolist = apis.with_sets(TODOLIST, &["read"]).map_err(|missing| {
            let remedy = "name the scopes for reading: { read = […] }";
            missing.table(format!("has no set `{}`", missing.set()), remedy).at(KEY)
        })?;
        let Some(todolist) = todolist else {
            let remedy = "add [web.downstream_apis.todolist] with base_url and the sets of scopes read and write";
            return Err(ConfigError::refused(&format!("{KEY}.{TODOLIST}"), "is missing", remedy));
        };
        let app = self.reminders.as_ref();
        let reminders = app.map(|app| app.checked_at("worker.reminders", mode, http, clock)).transpose()?;
        Ok(Checked { reminders, mailer, public_url, keys, todolist: todolist.clone(), client })
    }
}

fn half_a_minute() -> u32 {
    30
}

fn four() -> u32 {
    4
}
