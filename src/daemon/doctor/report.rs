//! What a check found, and all of them together.

use serde::Serialize;

use crate::daemon::aadsts;
use crate::platform::config::ConfigError;

/// The result of one check.
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
    /// The result.
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
    pub(super) fn right(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self { name: name.into(), verdict: Verdict::Right, found: found.into(), aadsts: None, remedy: None }
    }

    pub(super) fn wrong(name: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        let check = Self::right(name, found);
        Self { verdict: Verdict::Wrong, remedy: Some(remedy.into()), ..check }
    }

    pub(super) fn unknown(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown, ..Self::right(name, why) }
    }

    /// What to do about something that is not known, such as where to look.
    pub(super) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// Explains Entra's error number. What the number means goes before a remedy for the whole class of mistakes.
    pub(super) fn explained(mut self, code: Option<u32>) -> Self {
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
    pub(super) fn refused(name: impl Into<String>, error: &ConfigError) -> Self {
        match error {
            ConfigError::Refused { key, problem, remedy, .. } => {
                Self::wrong(name, format!("`{key}` {problem}"), remedy)
            }
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
