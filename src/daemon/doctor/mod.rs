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
mod report;
#[cfg(test)]
mod tests;
mod todolist;

use self::config::Tables;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Settings};
use crate::platform::outbound;

pub use self::print::{json, text};
pub use self::report::{Check, Report, Section, Verdict};

/// Makes all checks that the configuration gives reason for.
///
/// # Errors
/// [`ConfigError`] when the configuration cannot even be read, or has no program in it.
pub async fn examine(settings: &Settings, clock: &Clock) -> Result<Report, ConfigError> {
    let tables = Tables::read(settings)?;
    let http = outbound::client_from(settings)?;
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
    add("Client credentials".to_owned(), credentials::check(&tables, &providers, &http, clock).await);
    add("ToDoList API".to_owned(), todolist::check(&tables, &providers, &http).await);
    if let Some(admin) = &tables.admin {
        add("Admin's app".to_owned(), daemon::check(admin, &tables, &providers, &http, clock).await);
    }
    add("Worker".to_owned(), mail::worker(&tables).await);
    add("Embedded tenant".to_owned(), mail::tenant(&tables).await);
    // Last, so that it can leave out what was found; first, because all others hang on it.
    let found: Vec<&Check> = sections.iter().flat_map(|section| &section.checks).collect();
    let checks = tables.check(&http, clock, &found);
    sections.insert(0, Section { title: "Configuration".to_owned(), checks });
    Ok(Report { sections })
}
