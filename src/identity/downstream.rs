//! Calls to the APIs in configuration, with the customer's token. The base address comes from configuration and
//! nothing else: a request can be steered within an API, never to another host.

use reqwest::{Method, StatusCode};
use serde::Serialize;
use url::Url;

use super::config::DownstreamApiConfig;
use super::scopes::Scopes;
use super::tokens::AccessToken;
use crate::platform::config::{ConfigError, Mode, is_loopback};
use crate::platform::outbound::{self, OutboundError};

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// An API that is called on the customer's behalf.
#[derive(Clone)]
pub struct DownstreamApi {
    http: reqwest::Client,
    base_url: Url,
    /// The scopes for seeing.
    pub read_scopes: Scopes,
    /// The scopes for changing.
    pub write_scopes: Scopes,
}

/// What an API answered, whatever its status.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Vec<u8>,
}

impl DownstreamApi {
    /// Checks the configuration at `key`.
    ///
    /// # Errors
    /// [`ConfigError`] when the address is not https (or localhost in development), or a scope list is empty.
    pub fn new(
        key: &str,
        config: &DownstreamApiConfig,
        mode: Mode,
        http: reqwest::Client,
    ) -> Result<Self, ConfigError> {
        let refuse =
            |problem: &str, remedy: &str| Err(ConfigError::refused(&format!("{key}.base_url"), problem, remedy));
        let base_url = match Url::parse(&config.base_url) {
            Ok(url) if !url.cannot_be_a_base() => url,
            _ => return refuse("is not an absolute URL", "write it like https://api.example.com"),
        };
        let local = base_url.scheme() == "http" && mode == Mode::Development && is_loopback(&base_url);
        if base_url.scheme() != "https" && !local {
            return refuse("would send tokens in the clear", "use https (http only for localhost, in development)");
        }
        for (name, scopes) in [("read_scopes", &config.read_scopes), ("write_scopes", &config.write_scopes)] {
            if scopes.is_empty() {
                let remedy = "list the API's scopes, such as \"api://{client id}/ToDoList.Read\"";
                return Err(ConfigError::refused(&format!("{key}.{name}"), "is empty", remedy));
            }
        }
        Ok(Self { http, base_url, read_scopes: config.read_scopes.clone(), write_scopes: config.write_scopes.clone() })
    }

    /// Calls the API. `segments` are encoded one by one, so that none of them can leave the base address.
    ///
    /// # Errors
    /// [`OutboundError`] when there is no usable answer.
    pub async fn call(
        &self,
        token: &AccessToken,
        method: Method,
        segments: &[&str],
        query: &[(&str, &str)],
        body: Option<&impl Serialize>,
    ) -> Result<Answer, OutboundError> {
        let mut url = self.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self
            .http
            .request(method, url)
            .header(reqwest::header::AUTHORIZATION, token.authorization_header())
            .header(reqwest::header::ACCEPT, "application/json");
        if let Some(body) = body {
            request = request.json(body);
        }
        let (status, _, body) = outbound::send(request, MAX_ANSWER).await?;
        Ok(Answer { status, body })
    }
}
