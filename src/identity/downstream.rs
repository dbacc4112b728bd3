//! Calls to the APIs in configuration, with a token of the customer's or the app's own. The base address comes from
//! configuration and nothing else: a request can be steered within an API, never to another host.
//!
//! One call is one pooled HTTP request, and more only in these cases, each at most once or twice and all together within
//! the API's time limit (in which the time that tokens take to be acquired does not count):
//!
//! - 401 with a claims challenge (continuous access evaluation, step-up): acquired again with the claims, sent again once;
//! - any other 401: the token came from a cache and what it was made for has changed; acquired anew, sent again once;
//! - 429 or 503, or no connection, for methods that may be repeated (RFC 9110 §9.2.2; never POST or PATCH): sent again at
//!   most twice, after what `Retry-After` says or an exponential pause with jitter.

mod www_authenticate;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use self::www_authenticate::Challenge;
use super::client::ConfidentialClient;
use super::config::{DEFAULT_SCOPES, DownstreamApiConfig};
use super::scopes::{Naming, Scopes};
use super::token::{AccessToken, AcquireError, IncomingToken, Options};
use super::tokens::TokenAcquisition;
use super::user_key::UserKey;
use crate::platform::config::{Mode, SettingError, is_loopback, nearest};
use crate::platform::outbound::{self, OutboundError};
use crate::platform::{pause, serve};

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// How often a request that may be repeated is repeated.
const MAX_REPEATS: u32 = 2;
/// The first pause before a repetition; it doubles.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest `Retry-After` that is waited for.
const MAX_PAUSE: Duration = Duration::from_secs(5);
/// Under what names the id of the current request travels: the field's, Entra's and Graph's, and that of our own logs.
const CORRELATION: [&str; 3] = ["x-correlation-id", "client-request-id", "x-request-id"];
/// Headers that configuration may not set: they are the token's, or decide where the request goes.
const OURS: [&str; 6] =
    ["authorization", "cookie", "host", "content-length", "transfer-encoding", "proxy-authorization"];

/// An API in configuration. Cheap to clone.
#[derive(Clone)]
pub struct DownstreamApi(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    base_url: Url,
    scopes: BTreeMap<String, Scopes>,
    request_app_token: bool,
    method: Method,
    headers: HeaderMap,
    timeout: Duration,
}

/// The APIs in configuration, by name: `[….downstream_apis.NAME]`. Cheap to clone.
#[derive(Clone, Default)]
pub struct DownstreamApis(Arc<BTreeMap<String, DownstreamApi>>);

/// A set of scopes that a program asks for by name, and the configuration of an API does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{api}.scopes` has no set named {set}")]
pub struct MissingSet {
    api: String,
    set: &'static str,
}

impl MissingSet {
    /// Its name.
    pub fn set(&self) -> &'static str {
        self.set
    }

    /// A refusal of the table that it is missing in.
    pub fn table(&self, problem: impl Into<String>, remedy: &str) -> SettingError {
        SettingError::new(format!("{}.scopes", self.api), problem, remedy)
    }

    /// A refusal of what would be the set.
    pub fn member(&self, problem: &str, remedy: &str) -> SettingError {
        SettingError::new(format!("{}.scopes.{}", self.api, self.set), problem, remedy)
    }
}

/// One call.
#[derive(Clone, Debug, Default)]
pub struct Call<'a> {
    /// The method; the API's `http_method` when absent.
    pub method: Option<Method>,
    /// The path below the API's `base_url` and `relative_path`, one segment each; they are encoded.
    pub path: &'a [&'a str],
    /// The query; it is encoded.
    pub query: &'a [(&'a str, &'a str)],
    /// What is sent.
    pub body: Option<CallBody>,
    /// Further headers, in place of the API's `headers` of the same name; none that is set here anyhow.
    pub headers: &'a [(HeaderName, HeaderValue)],
    /// Which of the API's sets of scopes the token needs; empty for the set `default`, or the only one.
    pub scopes: &'a str,
}

/// What a call sends.
#[derive(Clone, Debug)]
pub enum CallBody {
    /// A document, as `application/json`.
    Json(Value),
    /// A file of the given media type, as it is.
    File(HeaderValue, Bytes),
}

impl From<Value> for CallBody {
    fn from(document: Value) -> Self {
        Self::Json(document)
    }
}

/// What an API answered: a success (2xx).
#[derive(Clone, Debug)]
pub struct ApiResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// What an API answers bit by bit: a success (2xx).
#[derive(Debug)]
pub struct ApiStream(reqwest::Response);

/// What is done with a success.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// All of it is read.
    Whole,
    /// It goes on for as long as it likes.
    Stream,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    /// As far as it was read.
    body: Vec<u8>,
    /// Of a success that is to be read bit by bit.
    rest: Option<reqwest::Response>,
}

/// An answer that is not a success, as the API explains it (RFC 9457, or Microsoft Graph's error object).
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the API answered {status} ({title})")]
pub struct ApiProblem {
    /// The status of the answer.
    pub status: StatusCode,
    /// `type`: a URI; `about:blank` when the API does not say.
    pub kind: String,
    /// `title`, or Graph's `code`; the status' own words when the API does not say.
    pub title: String,
    /// `detail`, or Graph's `message`: the API's words for people.
    pub detail: Option<String>,
    /// `Content-Language`: which language the words are in, where the API says so.
    pub language: Option<String>,
    /// The whole document, for members of the API's own; `null` when the body is not JSON.
    pub document: Value,
    /// How long the API asks to wait (429, 503).
    pub retry_after: Option<Duration>,
    /// Under which id the API was asked.
    pub correlation_id: String,
}

/// Why a call brought nothing usable.
#[derive(Debug, thiserror::Error)]
pub enum DownstreamError {
    /// There is no token for it, or the API wants the customer to act first.
    #[error(transparent)]
    Acquire(#[from] AcquireError),
    /// The API answered that it could not, or would not.
    #[error(transparent)]
    Problem(Box<ApiProblem>),
    /// There is no answer, or too large a one.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The call itself cannot be made; nothing was sent.
    #[error("the call cannot be made: {0}")]
    Call(&'static str),
}

impl From<ApiProblem> for DownstreamError {
    fn from(problem: ApiProblem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

/// Whose token a call carries.
#[derive(Clone, Copy)]
enum Caller<'a> {
    User(&'a TokenAcquisition, &'a UserKey),
    App(&'a ConfidentialClient),
    OnBehalfOf(&'a ConfidentialClient, &'a IncomingToken),
}

impl Caller<'_> {
    async fn token(self, scopes: &Scopes, options: &Options) -> Result<AccessToken, AcquireError> {
        match self {
            Self::User(tokens, customer) => tokens.for_user_with(customer, scopes, options).await,
            Self::App(client) => client.for_app_with(scopes, options).await,
            Self::OnBehalfOf(client, incoming) => client.on_behalf_of_with(incoming, scopes, options).await,
        }
    }
}

impl DownstreamApis {
    /// Checks the tables `downstream_apis`. `known` are the names that the program itself
    /// looks for: a name that is close to one of them, in its place, is a typing error and not another API. `naming` is how the
    /// provider of the tokens reads scopes.
    ///
    /// # Errors
    /// [`SettingError`] as of [`DownstreamApi::new`], or about a name.
    pub fn new(
        config: &BTreeMap<String, DownstreamApiConfig>,
        known: &[&str],
        mode: Mode,
        naming: Naming,
        http: &reqwest::Client,
    ) -> Result<Self, SettingError> {
        let absent = || known.iter().copied().filter(|known| !config.contains_key(*known));
        let mut apis = BTreeMap::new();
        for (name, config) in config {
            if let Some(meant) = nearest(name, absent()).filter(|_| !known.contains(&name.as_str())) {
                let problem = format!("is close to the name `{meant}`, which is not there: did you mean that?");
                return Err(SettingError::new(name, problem, "correct it, or give the API a name of its own"));
            }
            apis.insert(
                name.clone(),
                DownstreamApi::new(config, mode, naming, http.clone()).map_err(|error| error.below(name))?,
            );
        }
        Ok(Self(Arc::new(apis)))
    }

    /// The API of that name, where it is configured.
    pub fn get(&self, name: &str) -> Option<&DownstreamApi> {
        self.0.get(name)
    }

    /// The API of that name, where it is configured, with all of these sets of scopes.
    ///
    /// # Errors
    /// [`MissingSet`]: the first of them that is not there.
    pub fn with_sets(&self, name: &str, sets: &[&'static str]) -> Result<Option<&DownstreamApi>, MissingSet> {
        let Some(api) = self.get(name) else { return Ok(None) };
        match sets.iter().find(|set| api.scopes(set).is_none()) {
            None => Ok(Some(api)),
            Some(set) => Err(MissingSet { api: name.to_owned(), set }),
        }
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl DownstreamApi {
    /// Checks the configuration.
    ///
    /// # Errors
    /// [`SettingError`] when the address is not https (or localhost in development), a set of scopes is empty or one that no
    /// token can have, or a method, header or time limit makes no sense.
    pub fn new(
        config: &DownstreamApiConfig,
        mode: Mode,
        naming: Naming,
        http: reqwest::Client,
    ) -> Result<Self, SettingError> {
        let refuse = |member: &str, problem: &str, remedy: &str| Err(SettingError::new(member, problem, remedy));
        let mut base_url = match Url::parse(&config.base_url) {
            Ok(url) if !url.cannot_be_a_base() => url,
            _ => return refuse("base_url", "is not an absolute URL", "write it like https://api.example.com"),
        };
        let local = base_url.scheme() == "http" && mode == Mode::Development && is_loopback(&base_url);
        if base_url.scheme() != "https" && !local {
            let remedy = "use https (http only for localhost, in development)";
            return refuse("base_url", "would send tokens in the clear", remedy);
        }
        if base_url.query().is_some()
            || base_url.fragment().is_some()
            || !base_url.username().is_empty()
            || base_url.password().is_some()
        {
            let remedy = "write it like https://api.example.com/v1.0";
            return refuse("base_url", "has more than scheme, host, port and path", remedy);
        }
        let relative_path = config.relative_path.as_deref().unwrap_or_default();
        let segments: Vec<&str> = relative_path.split('/').filter(|segment| !segment.is_empty()).collect();
        if relative_path.contains(['?', '#', '\\', ':']) || append(&mut base_url, &segments).is_err() {
            let remedy = "write it like api/todolist";
            return refuse("relative_path", "is not a path below base_url", remedy);
        }
        if config.scopes.0.is_empty() || config.scopes.0.values().any(Scopes::is_empty) {
            let remedy = "list the API's scopes, such as \"api://{client id}/ToDoList.Read\"";
            return refuse("scopes", "is empty, or has an empty set", remedy);
        }
        let mut scopes = BTreeMap::new();
        for (name, set) in &config.scopes.0 {
            let plain_list = config.scopes.0.len() == 1 && name == DEFAULT_SCOPES;
            let member = if plain_list { "scopes".to_owned() } else { format!("scopes.{name}") };
            match set.for_one_token(naming) {
                Ok(set) => scopes.insert(name.clone(), set),
                Err(error) => return refuse(&member, &error.to_string(), error.remedy()),
            };
        }
        let Ok(method) = Method::from_bytes(config.http_method.as_bytes()) else {
            return refuse("http_method", "is not an HTTP method", "write it like GET");
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &config.headers {
            let member = format!("headers.{name}");
            match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                (Ok(name), _) if OURS.contains(&name.as_str()) => {
                    return refuse(&member, "is not for configuration", "leave it out: it is set where it is needed");
                }
                (Ok(name), Ok(value)) => headers.insert(name, value),
                _ => return refuse(&member, "is not an HTTP header", "correct its name or value"),
            };
        }
        if !(1..=25).contains(&config.timeout_seconds) {
            let remedy = "give 1 to 25: a request of our own ends after 30 seconds";
            return refuse("timeout_seconds", "is too short or too long", remedy);
        }
        Ok(Self(Arc::new(Inner {
            http,
            base_url,
            scopes,
            request_app_token: config.request_app_token,
            method,
            headers,
            timeout: Duration::from_secs(config.timeout_seconds.into()),
        })))
    }

    /// The set of scopes named `name`; the set `default`, or the only one, for the empty name.
    pub fn scopes(&self, name: &str) -> Option<&Scopes> {
        let sets = &self.0.scopes;
        match name {
            "" if sets.len() == 1 => sets.values().next(),
            "" => sets.get(DEFAULT_SCOPES),
            name => sets.get(name),
        }
    }

    /// Calls the API on behalf of the signed-in customer (or as the app, where `request_app_token` says so).
    ///
    /// # Errors
    /// [`DownstreamError`].
    pub async fn call_for_user(
        &self,
        tokens: &TokenAcquisition,
        customer: &UserKey,
        call: &Call<'_>,
    ) -> Result<ApiResponse, DownstreamError> {
        if self.0.request_app_token {
            return self.call_for_app(tokens.client(), call).await;
        }
        self.call(Caller::User(tokens, customer), call).await
    }

    /// Calls the API on behalf of the signed-in customer, as [`DownstreamApi::call_for_user`] does, for an answer that comes
    /// bit by bit: its head within the API's time limit, all the rest whenever there is something.
    ///
    /// # Errors
    /// [`DownstreamError`].
    pub async fn stream_for_user(
        &self,
        tokens: &TokenAcquisition,
        customer: &UserKey,
        call: &Call<'_>,
    ) -> Result<ApiStream, DownstreamError> {
        let caller =
            if self.0.request_app_token { Caller::App(tokens.client()) } else { Caller::User(tokens, customer) };
        let answer = self.exchange(caller, call, Reading::Stream).await?;
        answer.rest.map(ApiStream).ok_or(DownstreamError::Call("there is nothing to be read bit by bit"))
    }

    /// Calls the API as the app itself.
    ///
    /// # Errors
    /// [`DownstreamError`].
    pub async fn call_for_app(
        &self,
        client: &ConfidentialClient,
        call: &Call<'_>,
    ) -> Result<ApiResponse, DownstreamError> {
        self.call(Caller::App(client), call).await
    }

    /// Calls the API on behalf of the user who sent `incoming`.
    ///
    /// # Errors
    /// [`DownstreamError`].
    pub async fn call_on_behalf_of(
        &self,
        client: &ConfidentialClient,
        incoming: &IncomingToken,
        call: &Call<'_>,
    ) -> Result<ApiResponse, DownstreamError> {
        self.call(Caller::OnBehalfOf(client, incoming), call).await
    }

    async fn call(&self, caller: Caller<'_>, call: &Call<'_>) -> Result<ApiResponse, DownstreamError> {
        let Answer { status, headers, body, rest: _ } = self.exchange(caller, call, Reading::Whole).await?;
        Ok(ApiResponse { status, headers, body })
    }

    /// The requests of a call, until one succeeds.
    async fn exchange(&self, caller: Caller<'_>, call: &Call<'_>, reading: Reading) -> Result<Answer, DownstreamError> {
        let scopes = self.scopes(call.scopes).ok_or(DownstreamError::Call("there is no such set of scopes"))?;
        let mut url = self.0.base_url.clone();
        append(&mut url, call.path).map_err(DownstreamError::Call)?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query);
        }
        if call.headers.iter().any(|(name, _)| OURS.contains(&name.as_str())) {
            return Err(DownstreamError::Call("a header is not for callers to set"));
        }
        let correlation_id = serve::correlation_id();
        let (mut challenged, mut renewed) = (false, false);
        let mut token = caller.token(scopes, &Options::default()).await?;
        // A provider that is slow has limits of its own, and is not the API's fault.
        let mut deadline = Instant::now() + self.0.timeout;
        loop {
            let answer = self.send(&url, call, reading, &token, deadline, &correlation_id).await?;
            if answer.status.is_success() {
                return Ok(answer);
            }
            let Answer { status, headers, body, .. } = answer;
            let challenge = Challenge::of(&headers);
            match (status, challenge.claims) {
                (StatusCode::UNAUTHORIZED, Some(claims)) if !challenged => {
                    tracing::info!("an API wants a token with further claims");
                    challenged = true;
                    let options = Options { claims: Some(claims), force_refresh: false };
                    let began = Instant::now();
                    token = caller.token(scopes, &options).await?;
                    deadline += began.elapsed();
                }
                (StatusCode::UNAUTHORIZED, None) if !renewed && !challenged => {
                    // The token came from a cache, and what it was made for has changed since (keys, registration).
                    // Nothing was done yet, so nothing is done twice.
                    tracing::warn!("an API does not accept a cached token; acquiring a new one");
                    renewed = true;
                    let began = Instant::now();
                    token = caller.token(scopes, &Options { claims: None, force_refresh: true }).await?;
                    deadline += began.elapsed();
                }
                (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, claims) if claims.is_some() || challenge.consent => {
                    let scopes = challenge.scopes.unwrap_or_else(|| scopes.clone());
                    let reason = "an API wants the customer";
                    let consent = challenge.consent;
                    return Err(AcquireError::InteractionRequired { scopes, claims, consent, reason }.into());
                }
                _ => return Err(ApiProblem::read(status, &headers, &body, correlation_id).into()),
            }
        }
    }

    /// Sends the request, and again where that is allowed and may help.
    async fn send(
        &self,
        url: &Url,
        call: &Call<'_>,
        reading: Reading,
        token: &AccessToken,
        deadline: Instant,
        correlation_id: &str,
    ) -> Result<Answer, DownstreamError> {
        let method = call.method.as_ref().unwrap_or(&self.0.method);
        let mut repeats = 0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut request = self
                .0
                .http
                .request(method.clone(), url.clone())
                .header(ACCEPT, reading.media_type())
                .headers(self.0.headers.clone())
                .headers(call.headers.iter().cloned().collect());
            for name in CORRELATION {
                request = request.header(name, correlation_id);
            }
            request = match &call.body {
                None => request,
                Some(CallBody::Json(document)) => request.json(document),
                Some(CallBody::File(media_type, file)) => {
                    request.header(CONTENT_TYPE, media_type.clone()).body(file.clone())
                }
            };
            let request = request.header(AUTHORIZATION, token.authorization_header());
            let answer = reading.answer(request, left).await;
            let wanted = match &answer {
                Ok(Answer {
                    status: StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE, headers, ..
                }) => Some(retry_after(headers)),
                Err(OutboundError::Unreachable { .. }) => Some(None),
                _ => None,
            };
            let pause = wanted.map(|asked| asked.unwrap_or_else(|| pause(repeats)));
            match pause {
                Some(pause)
                    if method.is_idempotent()
                        && repeats < MAX_REPEATS
                        && pause <= MAX_PAUSE
                        && Instant::now() + pause < deadline =>
                {
                    repeats += 1;
                    tracing::info!(repeats, ?pause, "an API is overloaded or not reached; trying again");
                    tokio::time::sleep(pause).await;
                }
                _ => return Ok(answer?),
            }
        }
    }
}

/// Adds segments to a path. The URL standard makes of a segment `..` a step upwards and of `.` nothing, and overlooks tabs
/// and line breaks in them; none of that may steer a request.
fn append(url: &mut Url, segments: &[&str]) -> Result<(), &'static str> {
    let steers = |segment: &&str| {
        segment.is_empty() || *segment == "." || *segment == ".." || segment.contains(|c: char| c.is_ascii_control())
    };
    if segments.iter().any(steers) {
        return Err("a segment of the path is empty, made of dots, or has control characters");
    }
    let mut path = url.path_segments_mut().map_err(|()| "the base address has no path")?;
    path.pop_if_empty().extend(segments);
    Ok(())
}

/// The pause before a repetition.
fn pause(repeats: u32) -> Duration {
    pause::jittered(PAUSE * 2_u32.pow(repeats))
}

/// `Retry-After` in seconds (RFC 9110 §10.2.3). The other form, a date, would need the two clocks to agree; it counts as
/// absent.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u32 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.into()))
}

impl Reading {
    fn media_type(self) -> &'static str {
        match self {
            Self::Whole => "application/json",
            Self::Stream => "text/event-stream",
        }
    }

    /// Sends a request and reads of the answer what is to be read at once: all but the body of a success that goes on.
    async fn answer(self, request: reqwest::RequestBuilder, within: Duration) -> Result<Answer, OutboundError> {
        let (status, headers, body) = match self {
            Self::Whole => outbound::send(request.timeout(within), MAX_ANSWER).await?,
            Self::Stream => {
                let response = outbound::open(request, within).await?;
                let (status, headers) = (response.status(), response.headers().clone());
                if status.is_success() {
                    return Ok(Answer { status, headers, body: Vec::new(), rest: Some(response) });
                }
                outbound::read_within(response, MAX_ANSWER, within).await?
            }
        };
        Ok(Answer { status, headers, body, rest: None })
    }
}

impl ApiStream {
    /// The next bytes, which must come `within` this time; none at the end.
    ///
    /// # Errors
    /// [`OutboundError::Unreachable`]: nothing came, or the connection is broken.
    pub async fn next(&mut self, within: Duration) -> Result<Option<Bytes>, OutboundError> {
        outbound::next(&mut self.0, within).await
    }
}

impl ApiResponse {
    /// The body, read as JSON.
    ///
    /// # Errors
    /// [`OutboundError::Malformed`].
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, OutboundError> {
        outbound::json("the API", &self.body)
    }
}

impl ApiProblem {
    fn read(status: StatusCode, headers: &HeaderMap, body: &[u8], correlation_id: String) -> Self {
        let document: Value = serde_json::from_slice(body).unwrap_or_default();
        let graph = document.get("error").filter(|error| error.is_object());
        let text = |ours: &str, graphs: &str| {
            let value = document.get(ours).or_else(|| graph?.get(graphs));
            value.and_then(Value::as_str).map(str::to_owned)
        };
        Self {
            kind: text("type", "").unwrap_or_else(|| "about:blank".to_owned()),
            title: text("title", "code")
                .unwrap_or_else(|| status.canonical_reason().unwrap_or("unknown status").to_owned()),
            detail: text("detail", "message"),
            language: headers.get(CONTENT_LANGUAGE).and_then(|tag| tag.to_str().ok()).map(str::to_owned),
            retry_after: retry_after(headers),
            status,
            document,
            correlation_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_never_the_whole_of_what_is_left() {
        for (repeats, longest) in [(0, 200), (1, 400)] {
            for _ in 0..100 {
                let pause = pause(repeats).as_millis();
                assert!((longest / 2..=longest).contains(&pause), "{pause}");
            }
        }
    }
}
