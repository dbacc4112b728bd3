//! The directory that keeps the customers' profiles: Microsoft Graph, or the embedded tenant, which has the same
//! interface (`/v1.0/me`). It is asked on the customer's behalf: the API exchanges the customer's access token for one
//! that the directory takes, so that the directory decides by the customer's own rights.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use reqwest::Method;
use serde_json::{Map, Value};

use super::config::{Config, DIRECTORY};
use super::downstream::Downstream;
use super::problem::Problem;
use super::problem_type::ProblemType;
use super::profile::Profile;
use super::texts::Texts;
use crate::identity::bearer::{AuthRejection, IncomingToken, Interaction};
use crate::identity::client::ConfidentialClient;
use crate::identity::downstream::{ApiResponse, Call, DownstreamApi, DownstreamError};
use crate::identity::token::AcquireError;
use crate::platform::config::ConfigError;

/// What the directory's part of the configuration is called.
const KEY: &str = "api.downstream_apis.directory";
/// The parts of a profile that are of use here; Graph keeps some back unless they are asked for by name.
const SELECT: [(&str, &str); 1] = [("$select", "displayName,givenName,surname,mail,country")];
/// After how many seconds a caller may try again, unless the directory says so itself.
const RETRY_AFTER: u64 = 5;

/// The directory, and this API as its provider knows it. Cheap to clone.
#[derive(Clone)]
pub(super) struct Directory {
    api: DownstreamApi,
    client: ConfidentialClient,
}

/// The customer who called, to the directory.
pub(super) struct Customer {
    directory: Directory,
    token: IncomingToken,
}

impl Directory {
    /// Checks the configuration of the directory. `None` when no directory is configured.
    pub(super) fn new(config: &Config, downstream: Option<&Downstream>) -> Result<Option<Self>, ConfigError> {
        let Some(Downstream { apis, client }) = downstream else { return Ok(None) };
        let api = apis.with_sets(DIRECTORY, &["read", "write"]).map_err(|missing| {
            let remedy = "write it like { read = [\"https://graph.microsoft.com/User.Read\"], \
                          write = [\"https://graph.microsoft.com/User.ReadWrite\"] }";
            missing.table(format!("has no set named {}", missing.set()), remedy).at("api.downstream_apis")
        })?;
        let Some(api) = api else { return Ok(None) };
        if config.downstream_apis.get(DIRECTORY).is_some_and(|config| config.request_app_token) {
            let remedy = "leave it out: profiles are the customer's, and so are the tokens";
            return Err(ConfigError::refused(&format!("{KEY}.request_app_token"), "cannot be true here", remedy));
        }
        Ok(Some(Self { api: api.clone(), client: client.clone() }))
    }

    /// The directory as the customer with this token meets it.
    pub(super) fn customer(&self, token: IncomingToken) -> Customer {
        Customer { directory: self.clone(), token }
    }
}

impl Customer {
    /// The customer's profile.
    pub(super) async fn profile(&self) -> Result<Profile, DirectoryError> {
        self.read("read").await
    }

    /// Changes what is named, and returns the profile as the directory then has it.
    pub(super) async fn change(&self, changes: Map<String, Value>) -> Result<Profile, DirectoryError> {
        let body = Some(Value::Object(changes).into());
        self.call(Call { method: Some(Method::PATCH), body, scopes: "write", ..Call::default() }).await?;
        // Graph answers without a body. The write scope includes reading, so the same token serves.
        self.read("write").await
    }

    async fn read(&self, scopes: &str) -> Result<Profile, DirectoryError> {
        let call = Call { method: Some(Method::GET), query: &SELECT, scopes, ..Call::default() };
        let answer = self.call(call).await?;
        Ok(answer.json().map_err(DownstreamError::Outbound)?)
    }

    async fn call(&self, call: Call<'_>) -> Result<ApiResponse, DirectoryError> {
        let Self { directory, token } = self;
        Ok(directory.api.call_on_behalf_of(&directory.client, token, &call).await?)
    }
}

/// Why the directory did not do what the customer wanted.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct DirectoryError(#[from] DownstreamError);

/// No outage: trying again brings the same.
fn refused() -> Response {
    Problem::of(ProblemType::Misconfigured, Texts::directory_refuses).into_response()
}

impl IntoResponse for DirectoryError {
    /// What the customer can help with is 403 with a challenge, what is wrong with their change 400. Everything else is
    /// between this API and the directory: 502 where the one refuses the other, 503 where it does not answer; the log says
    /// why.
    fn into_response(self) -> Response {
        let mut seconds = RETRY_AFTER;
        match &self.0 {
            DownstreamError::Acquire(error) => {
                if let Some(interaction) = Interaction::of(error) {
                    tracing::info!(%error, "a customer must go to the provider for the directory");
                    return AuthRejection::Interaction(interaction).into_response();
                }
                tracing::error!(%error, "the directory cannot be called on a customer's behalf");
                if matches!(error, AcquireError::Misconfigured(_)) {
                    return refused();
                }
            }
            DownstreamError::Problem(problem) => match problem.status.as_u16() {
                400 | 409 | 413 | 422 => {
                    tracing::warn!(%problem, detail = problem.detail, "the directory refused a change");
                    return Problem::bad_request(Texts::profile_refused).into_response();
                }
                404 => {
                    return Problem::of(ProblemType::NoProfile, Texts::no_profile).into_response();
                }
                401 | 403 => {
                    tracing::error!(
                        %problem,
                        "the directory refused this API: grant its registration the scopes of {KEY}.scopes"
                    );
                    return refused();
                }
                _ => {
                    seconds = problem.retry_after.map_or(seconds, |after| after.as_secs().max(1));
                    tracing::error!(%problem, "the directory answered unexpectedly");
                }
            },
            error => tracing::error!(%error, "the directory cannot be reached"),
        }
        let mut response = Problem::of(ProblemType::Unavailable, Texts::directory_unavailable).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        response
    }
}
