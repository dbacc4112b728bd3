//! The app that calls the API as itself, and what its failures mean for the operator.

use std::fmt::Write as _;
use std::path::PathBuf;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::config::Config;
use super::outcome::AdminError;
use super::table;
use crate::daemon::aadsts;
use crate::identity::client::ConfidentialClient;
use crate::identity::downstream::{ApiProblem, ApiResponse, Call, DownstreamApi, DownstreamError};
use crate::identity::tokens::AcquireError;
use crate::platform::clock::Clock;
use crate::platform::config::Settings;
use crate::platform::outbound::{self, OutboundError};

/// The app.
pub(super) struct Admin {
    pub(super) client: ConfidentialClient,
    pub(super) todolist: DownstreamApi,
    /// The file that `errand dev` left, when its configuration is the one in use.
    dev: Option<PathBuf>,
}

impl Admin {
    pub(super) fn new(settings: &Settings, clock: Clock) -> Result<Self, AdminError> {
        let config: Config = settings.section("admin")?;
        let (client, todolist) = config.checked(settings.mode, &outbound::client_from(settings)?, &clock)?;
        Ok(Self { client, todolist, dev: settings.dev.clone() })
    }

    pub(super) async fn call(&self, call: &Call<'_>) -> Result<ApiResponse, AdminError> {
        let answer = self.todolist.call_for_app(&self.client, call).await;
        answer.map_err(|error| self.explained(error, call))
    }

    /// What went wrong, and what to do about it.
    pub(super) fn explained(&self, error: DownstreamError, call: &Call<'_>) -> AdminError {
        match error {
            DownstreamError::Acquire(AcquireError::Unavailable(cause) | AcquireError::Misconfigured(cause)) => {
                let reason = cause.to_string();
                // No answer: the provider has not refused anything.
                let remedy = if reason.contains("no answer from") { self.is_dev_running() } else { String::new() };
                let remedy = aadsts::explain_text(&reason).map_or(remedy, |known| {
                    format!("\n  AADSTS{}: {}.\n  Remedy: {}.", known.code, known.meaning, known.remedy)
                });
                AdminError::NoToken { reason: table::printable(&reason), remedy }
            }
            DownstreamError::Acquire(error) => AdminError::NoToken { reason: error.to_string(), remedy: String::new() },
            DownstreamError::Problem(problem) => {
                let detail = detail(&problem);
                match problem.status {
                    StatusCode::UNAUTHORIZED => AdminError::Unaccepted(detail),
                    StatusCode::FORBIDDEN => {
                        let reads = call.method.as_ref().is_none_or(|method| *method == Method::GET);
                        let needed = if reads { "ToDoList.Read.All" } else { "ToDoList.ReadWrite.All" };
                        AdminError::Forbidden(detail, needed)
                    }
                    status => AdminError::Refused { status, detail },
                }
            }
            DownstreamError::Outbound(error @ OutboundError::Unreachable { .. }) => {
                AdminError::NoAnswer { reason: error.to_string(), remedy: self.is_dev_running() }
            }
            DownstreamError::Outbound(error) => AdminError::NotTheApi(error.to_string()),
            error @ DownstreamError::Call(_) => {
                AdminError::NoAnswer { reason: error.to_string(), remedy: String::new() }
            }
        }
    }

    fn is_dev_running(&self) -> String {
        let Some(file) = &self.dev else { return String::new() };
        format!(
            "\n  `errand dev` does not seem to run: start it in this folder. ({} is of its last run.)",
            file.display()
        )
    }
}

/// The API's words, and what it says of single members of the body.
fn detail(problem: &ApiProblem) -> String {
    let mut text = problem.detail.clone().unwrap_or_else(|| problem.title.clone());
    for error in problem.document.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let member = |name| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let _ = write!(text, " {}: {}", member("pointer"), member("detail"));
    }
    table::printable(&text)
}

/// Reads what the API answered.
pub(super) fn read<T: serde::de::DeserializeOwned>(answer: &ApiResponse) -> Result<T, AdminError> {
    outbound::json("the API", &answer.body).map_err(|error| AdminError::NotTheApi(error.to_string()))
}
