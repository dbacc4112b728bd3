//! The programs' tables, as the programs themselves read them: each has one struct and one check, and the doctor has none
//! of its own, so that it cannot pass what a program refuses.

use std::path::PathBuf;

use serde::de::{DeserializeOwned, IgnoredAny};
use url::Url;

use super::{Check, Verdict};
use crate::daemon::{admin, worker};
use crate::identity::config::ClientConfig;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode, Settings};
use crate::platform::outbound::OutboundConfig;
use crate::{api, tenant, web};

/// The tables that are there.
pub(super) struct Tables {
    pub(super) mode: Mode,
    mode_is_set: bool,
    /// What `errand dev` left, when it was joined.
    dev: Option<PathBuf>,
    /// The proxy through which other machines are reached.
    pub(super) proxy: Option<Url>,
    pub(super) web: Option<web::config::Config>,
    pub(super) api: Option<api::config::Config>,
    pub(super) admin: Option<admin::config::Config>,
    pub(super) worker: Option<worker::config::Config>,
    pub(super) tenant: Option<tenant::config::Config>,
}

impl Tables {
    pub(super) fn read(settings: &Settings) -> Result<Self, ConfigError> {
        // All that is wrong at once, and not one after the other.
        let mut errors = Vec::new();
        let tables = Self {
            mode: settings.mode,
            mode_is_set: settings.mode_is_set,
            dev: settings.dev.clone(),
            proxy: settings.value::<OutboundConfig>("outbound")?.and_then(|outbound| outbound.proxy_address()),
            web: table(settings, "web", &mut errors),
            api: table(settings, "api", &mut errors),
            admin: table(settings, "admin", &mut errors),
            worker: table(settings, "worker", &mut errors),
            tenant: table(settings, "tenant", &mut errors),
        };
        if !errors.is_empty() {
            return Err(ConfigError::Invalid(errors.join("\n")));
        }
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

    /// Where the configuration is from, whether this is production, and what each program would say at its start. What
    /// `others` have found already is not said again.
    pub(super) fn check(&self, http: &reqwest::Client, clock: &Clock, others: &[&Check]) -> Vec<Check> {
        let mut checks = Vec::new();
        if let Some(dev) = &self.dev {
            let found = format!("{}, of the last `errand dev`, with what is set here over it", dev.display());
            checks.push(Check::right("configuration", found));
        }
        checks.push(self.mode());
        let started = [
            ("[web]", self.web.as_ref().map(|web| web.check(self.mode, http, clock))),
            ("[api]", self.api.as_ref().map(|api| api.check(self.mode, http, clock))),
            (
                "[worker]",
                self.worker.as_ref().and_then(|worker| Some(worker.check(self.web.as_ref()?, self.mode, http, clock))),
            ),
            ("[admin]", self.admin.as_ref().map(|admin| admin.check(self.mode, http, clock))),
            (
                "[tenant]",
                self.tenant
                    .as_ref()
                    .filter(|_| self.mode == Mode::Development)
                    .map(|tenant| tenant.check(self.mode).map(drop)),
            ),
        ];
        for (name, started) in started {
            let check = match started {
                None => continue,
                Some(Ok(())) => Check::right(name, "the program accepts it"),
                Some(Err(error)) => Check::refused(name, &error),
            };
            let known = |other: &&&Check| other.verdict == Verdict::Wrong && other.found == check.found;
            if others.iter().find(known).is_none() {
                checks.push(check);
            }
        }
        if self.worker.is_some() && self.web.is_none() {
            let remedy = "add the web server's table: the worker works on its database, with its registration";
            checks.push(Check::wrong("[worker]", "there is no [web] beside it", remedy));
        }
        if self.tenant.is_some() && self.mode == Mode::Production {
            let found = "the embedded tenant does not run in production; no other program reads this table";
            checks.push(Check::unknown("[tenant]", found).remedy("remove it, or set mode = \"development\""));
        }
        checks
    }

    fn mode(&self) -> Check {
        const NAME: &str = "mode";
        match (self.mode, self.mode_is_set) {
            (Mode::Production, true) => Check::right(NAME, "production"),
            (Mode::Production, false) => {
                let found = "mode is not set: production, so public addresses and providers must be https";
                let remedy =
                    "say which it is: mode = \"production\", or mode = \"development\" on a developer's machine";
                Check::unknown(NAME, found).remedy(remedy)
            }
            (Mode::Development, _) => Check::right(NAME, "development"),
        }
    }
}

/// A table, if it is there; then it must be complete.
fn table<T: DeserializeOwned>(settings: &Settings, name: &str, errors: &mut Vec<String>) -> Option<T> {
    settings.section::<IgnoredAny>(name).ok()?;
    settings.section(name).map_err(|error| errors.push(error.to_string())).ok()
}
