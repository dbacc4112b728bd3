//! For tests of tokens: a provider whose token and revocation endpoints remember what they were asked and answer as the
//! test says, and customers who are signed in without a browser.

#![expect(clippy::needless_pass_by_value, reason = "tables of JSON read better without references")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Form, Json, Router};
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::AnyPool;
use time::OffsetDateTime;

use super::MIGRATIONS;
use super::bearer::{Caller, IncomingToken, Verifier};
use super::client::ConfidentialClient;
use super::config::ClientConfig;
use super::provider_double::{ALICE, API, ProviderDouble, TENANT, WEB};
use super::scopes::Scopes;
use super::session::CustomerKey;
use super::tokens::{AcquireError, TokenAcquisition};
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode};
use crate::platform::seal::KeyRing;
use crate::platform::{database, outbound, random};

pub(super) const READ: &str = "api://todo/ToDoList.Read";
pub(super) const WRITE: &str = "api://todo/ToDoList.ReadWrite";
/// `sub` of every sign-in.
pub(super) const SUBJECT: &str = "pairwise-for-the-web";

pub(super) type Fields = HashMap<String, String>;
type Answer = Box<dyn FnMut(&Fields) -> Response + Send>;

/// What an endpoint was asked.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) headers: HeaderMap,
    pub(super) fields: Fields,
}

/// An endpoint: counts, remembers, and answers as the test says.
#[derive(Clone)]
pub(super) struct Endpoint {
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<Mutex<Answer>>,
    /// Milliseconds that it takes.
    takes: Arc<AtomicU64>,
}

impl Endpoint {
    fn new() -> Self {
        let error = |_: &Fields| StatusCode::INTERNAL_SERVER_ERROR.into_response();
        Self {
            asked: Arc::default(),
            answer: Arc::new(Mutex::new(Box::new(error))),
            takes: Arc::new(AtomicU64::new(5)),
        }
    }

    /// Takes so many milliseconds for each answer.
    pub(super) fn takes(&self, milliseconds: u64) {
        self.takes.store(milliseconds, Ordering::SeqCst);
    }

    /// How often it was asked.
    pub(super) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// What it was asked last.
    pub(super) fn last(&self) -> Asked {
        self.asked.lock().unwrap().last().expect("it was asked").clone()
    }

    /// What it was asked, in order.
    pub(super) fn all(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(super) fn responds(&self, answer: impl FnMut(&Fields) -> Response + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    pub(super) fn answers(&self, status: u16, body: Value) {
        let status = StatusCode::from_u16(status).unwrap();
        self.responds(move |_| (status, Json(body.clone())).into_response());
    }

    /// Brings tokens that count up: `token-1`, `token-2`, …, each changed by `changes`.
    pub(super) fn issues(&self, changes: Value) {
        let mut number = 0;
        self.responds(move |fields| {
            number += 1;
            Json(tokens(number, fields, &changes)).into_response()
        });
    }

    /// Renews, with rotation: each refresh token is good once.
    pub(super) fn rotates(&self, changes: Value) {
        let mut number = 1;
        self.responds(move |fields| {
            if fields.get("refresh_token") != Some(&format!("refresh-{number}")) {
                return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
            }
            number += 1;
            let mut body = tokens(number, fields, &changes);
            body["refresh_token"] = format!("refresh-{number}").into();
            Json(body).into_response()
        });
    }

    /// Does what it is asked, and then the connection breaks in the middle of the answer.
    pub(super) fn loses_answers(&self) {
        self.responds(|_| {
            let pieces = [Ok("{\"token_type\""), Err(std::io::Error::other("the connection broke"))];
            let body = Body::from_stream(futures::stream::iter(pieces));
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        });
    }
}

fn tokens(number: usize, fields: &Fields, changes: &Value) -> Value {
    let scope = fields.get("scope").map(String::as_str).unwrap_or_default();
    let scope = scope.split(' ').filter(|s| s.contains("://")).collect::<Vec<_>>().join(" ");
    let mut body = json!({
        "token_type": "Bearer", "expires_in": 3600, "scope": scope, "access_token": format!("token-{number}"),
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn answer(State(endpoint): State<Endpoint>, headers: HeaderMap, Form(fields): Form<Fields>) -> Response {
    endpoint.asked.lock().unwrap().push(Asked { headers, fields: fields.clone() });
    // Room for others to be asking at the same time.
    tokio::time::sleep(std::time::Duration::from_millis(endpoint.takes.load(Ordering::SeqCst))).await;
    (endpoint.answer.lock().unwrap())(&fields)
}

/// A provider with its endpoints, a clock that stands, and a folder.
pub(super) struct World {
    pub(super) provider: ProviderDouble,
    pub(super) token: Endpoint,
    pub(super) revocation: Endpoint,
    pub(super) clock: Clock,
    pub(super) folder: tempfile::TempDir,
    pub(super) encryption_key: String,
    database_url: String,
}

impl World {
    pub(super) async fn start() -> Self {
        let clock = Clock::manual(OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap());
        let (token, revocation) = (Endpoint::new(), Endpoint::new());
        let endpoints = Router::new()
            .route(&format!("/{TENANT}/oauth2/v2.0/token"), post(answer).with_state(token.clone()))
            .route("/revoke", post(answer).with_state(revocation.clone()));
        let provider = ProviderDouble::start_with(&clock, endpoints).await;
        let folder = tempfile::tempdir().unwrap();
        let database_url = database::test_url(folder.path()).await;
        Self { provider, token, revocation, clock, folder, encryption_key: KeyRing::generate(), database_url }
    }

    /// The provider offers revocation (RFC 7009).
    pub(super) fn offer_revocation(&self) {
        self.provider.change_document(json!({"revocation_endpoint": format!("{}/revoke", self.provider.origin)}));
        self.revocation.answers(200, json!({}));
    }

    pub(super) fn client_config(&self, changes: Value) -> ClientConfig {
        let mut config = json!({
            "authority": self.provider.issuer(), "tenant_id": TENANT, "client_id": WEB,
            "client_credentials": [{"secret": "s3cret"}],
        });
        for (name, value) in changes.as_object().unwrap() {
            config[name] = value.clone();
        }
        serde_json::from_value(config).unwrap()
    }

    /// The app with its registration changed by `changes`.
    pub(super) fn try_client(&self, changes: Value) -> Result<ConfidentialClient, ConfigError> {
        let config = self.client_config(changes);
        ConfidentialClient::new("web.identity", &config, Mode::Development, outbound::client(), self.clock.clone())
    }

    pub(super) fn client(&self, changes: Value) -> ConfidentialClient {
        self.try_client(changes).unwrap()
    }

    pub(super) async fn db(&self) -> AnyPool {
        database::open("web.database_url", &self.database_url, &MIGRATIONS).await.unwrap()
    }

    /// The app's tokens, as each replica has them.
    pub(super) async fn tokens(&self, changes: Value) -> TokenAcquisition {
        self.tokens_under(&[&self.encryption_key], changes).await
    }

    /// The app's tokens under other encryption keys.
    pub(super) async fn tokens_under(&self, keys: &[&str], changes: Value) -> TokenAcquisition {
        let keys: Vec<SecretString> = keys.iter().map(|&key| SecretString::from(key)).collect();
        let keys = KeyRing::parse(&keys).unwrap();
        TokenAcquisition::new(self.client(changes), self.db().await, keys, self.clock.clone())
    }

    /// Signs a customer in, with `refresh-1` and a token for reading that has expired unless `expires_in` says so.
    pub(super) async fn sign_in(&self, tokens: &TokenAcquisition, customer: &CustomerKey, expires_in: i64) {
        self.begin_session(customer).await;
        let response = serde_json::from_value(json!({
            "token_type": "Bearer", "expires_in": expires_in, "scope": READ, "access_token": "token-of-the-sign-in",
            "refresh_token": "refresh-1",
        }));
        tokens.remember(customer, SUBJECT, &response.unwrap(), &Scopes::parse(READ)).await.unwrap();
    }

    pub(super) async fn begin_session(&self, customer: &CustomerKey) {
        let now = self.clock.unix_millis();
        sqlx::query(
            "INSERT INTO sessions (id, customer, issuer, subject, browser, data, created_at, last_seen_at) \
             VALUES ($1, $2, $3, $4, '', '{}', $5, $5)",
        )
        .bind(random::token())
        .bind(customer.as_str().to_owned())
        .bind(self.provider.issuer())
        .bind(SUBJECT)
        .bind(now)
        .execute(&self.db().await)
        .await
        .unwrap();
    }

    /// All sessions of everybody are over, and their rows swept.
    pub(super) async fn end_sessions(&self) {
        sqlx::query("DELETE FROM sessions").execute(&self.db().await).await.unwrap();
    }

    /// How many rows a table has.
    pub(super) async fn rows(&self, table: &str) -> i64 {
        let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        sqlx::query_scalar(count).fetch_one(&self.db().await).await.unwrap()
    }

    /// A caller's token as the API's verifier lets it through.
    pub(super) async fn incoming(&self, token: &str) -> IncomingToken {
        self.called(token).await.1
    }

    /// The same, and who calls.
    pub(super) async fn called(&self, token: &str) -> (Caller, IncomingToken) {
        let verifier =
            Verifier::new("api.audiences", self.provider.provider(), vec![API.to_owned()], None, self.clock.clone());
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        verifier.unwrap().authenticate(&headers, &"/".parse().unwrap()).await.unwrap()
    }
}

pub(super) fn customer(object_id: &str) -> CustomerKey {
    serde_json::from_value(json!(format!("{TENANT}.{object_id}"))).unwrap()
}

pub(super) fn alice() -> CustomerKey {
    customer(ALICE)
}

pub(super) fn scopes(names: &str) -> Scopes {
    Scopes::parse(names)
}

/// Whether the customer must act: the claims, and whether it is about consent.
pub(super) fn interaction<T>(result: Result<T, AcquireError>) -> (Option<String>, bool) {
    match result {
        Err(AcquireError::InteractionRequired { claims, consent, .. }) => (claims, consent),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("a token"),
    }
}

/// Whether nothing can be done at the moment.
pub(super) fn unavailable<T>(result: Result<T, AcquireError>) -> String {
    match result {
        Err(AcquireError::Unavailable(cause) | AcquireError::Misconfigured(cause)) => cause.to_string(),
        Err(AcquireError::Busy(reason)) => reason.to_owned(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("a token"),
    }
}

/// Waits until something that happens in the background has happened.
pub(super) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen");
}
