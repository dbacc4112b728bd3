//! `errand doctor`: holds a configuration against the provider and the API that it names, and says of each thing
//! whether it is right, wrong, or cannot be known from here, and what to do. Changes nothing and signs nobody in.
//!
//! | module | what it looks at |
//! |---|---|
//! | `config` | the tables, as the programs read and check them |
//! | `machine` | this machine: public address, encryption keys, databases, the browser's files |
//! | `mail` | whether the mail servers answer |
//! | `provider` | discovery, issuer, signing keys, the two clocks |
//! | `registration` | what the provider makes of a sign-in: redirect URI, sign-up, scopes, the way back after sign-out |
//! | `credentials` | whether the provider accepts each credential, and until when it is valid |
//! | `todolist` | the API: whether it is there, asks for a token, and means the same tokens as the web server |
//! | `daemon` | the admin's app: whether it gets a token, and whether the API takes it |
//!
//! No secret is printed: what a check reports is made of addresses, ids, names and error codes.

mod config;
mod credentials;
mod daemon;
mod exchange;
mod machine;
mod mail;
mod print;
mod provider;
mod registration;
#[cfg(test)]
mod tests;
mod todolist;

use serde::Serialize;

use self::config::Tables;
use super::aadsts;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Settings};
use crate::platform::outbound;

pub use self::print::{json, text};

/// What came of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Right,
    /// Something is to be done.
    Wrong,
    /// It cannot be known from here; the finding says why.
    Unknown,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at: `redirect URI`.
    pub name: String,
    /// What came of it.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// Entra's error number, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aadsts: Option<u32>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    fn right(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self { name: name.into(), verdict: Verdict::Right, found: found.into(), aadsts: None, remedy: None }
    }

    fn wrong(name: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        let check = Self::right(name, found);
        Self { verdict: Verdict::Wrong, remedy: Some(remedy.into()), ..check }
    }

    fn unknown(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown, ..Self::right(name, why) }
    }

    /// What to do about something that is not known, such as where to look.
    fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// Explains Entra's error number. What the number means goes before a remedy for the whole class of mistakes.
    fn explained(mut self, code: Option<u32>) -> Self {
        let Some(code) = code else { return self };
        self.aadsts = Some(code);
        match aadsts::explain(code) {
            Some(known) => {
                self.found = format!("{} (AADSTS{code}: {})", self.found, known.meaning);
                self.remedy = Some(known.remedy.to_owned());
            }
            None => self.found = format!("{} (AADSTS{code})", self.found),
        }
        self
    }

    /// A configuration that is refused by the very code that will use it.
    fn refused(name: impl Into<String>, error: &ConfigError) -> Self {
        match error {
            ConfigError::Refused { key, problem, remedy } => Self::wrong(name, format!("`{key}` {problem}"), remedy),
            other => Self::wrong(name, other.to_string(), "correct the configuration"),
        }
    }
}

/// Checks that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    /// What they are about.
    pub title: String,
    /// In the order in which they were made.
    pub checks: Vec<Check>,
}

/// Everything that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order in which they were made: a later one may be wrong because an earlier one is.
    pub sections: Vec<Section>,
}

impl Report {
    /// How many checks had this outcome.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.checks().filter(|check| check.verdict == verdict).count()
    }

    /// All checks.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.sections.iter().flat_map(|section| &section.checks)
    }
}

/// Makes all checks that the configuration gives reason for.
///
/// # Errors
/// [`ConfigError`] when the configuration cannot even be read, or has no program in it.
pub async fn examine(settings: &Settings, clock: &Clock) -> Result<Report, ConfigError> {
    let tables = Tables::read(settings)?;
    let http = outbound::client();
    let mut sections = Vec::new();
    let mut add = |title: String, checks: Vec<Check>| {
        if !checks.is_empty() {
            sections.push(Section { title, checks });
        }
    };
    add("This machine".to_owned(), machine::check(&tables).await);
    if let Some(web) = &tables.web {
        add("Files".to_owned(), machine::files(web, tables.mode));
    }

    let providers = provider::check(&tables, &http, clock).await;
    for provider in &providers.0 {
        add(format!("Provider of {}", provider.keys.join(", ")), provider.checks.clone());
    }
    if let Some(web) = &tables.web {
        let metadata = providers.metadata("web.identity");
        add("Web app registration".to_owned(), registration::check(web, metadata, &http).await);
    }
    add("Client credentials".to_owned(), credentials::check(&tables, &providers, clock).await);
    add("ToDoList API".to_owned(), todolist::check(&tables, &providers, &http).await);
    if let Some(admin) = &tables.admin {
        add("Admin's app".to_owned(), daemon::check(admin, &tables, &providers, &http, clock).await);
    }
    add("Worker".to_owned(), mail::worker(&tables).await);
    add("Embedded tenant".to_owned(), mail::tenant(&tables).await);
    // Last, so that it can leave out what was found; first, because all others hang on it.
    let found: Vec<&Check> = sections.iter().flat_map(|section| &section.checks).collect();
    let checks = tables.check(clock, &found);
    sections.insert(0, Section { title: "Configuration".to_owned(), checks });
    Ok(Report { sections })
}
