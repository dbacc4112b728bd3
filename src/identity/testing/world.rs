//! Customers who are signed in without a browser, and the tokens of an app and of an API.

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::post;
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::AnyPool;
use time::OffsetDateTime;

use super::token_endpoint::answer;
use super::{API, Endpoint, ProviderDouble, READ, SECRET, SUBJECT, TENANT, WEB, merge};
use crate::identity::bearer::{Caller, IncomingToken, Verifier};
use crate::identity::client::ConfidentialClient;
use crate::identity::config::{self, ClientConfig};
use crate::identity::scopes::Scopes;
use crate::identity::session::UserKey;
use crate::identity::tokens::TokenAcquisition;
use crate::identity::{Identity, MIGRATIONS};
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode};
use crate::platform::seal::KeyRing;
use crate::platform::{database, outbound, random};

/// A provider with its endpoints, a clock that stands, and a folder.
pub(crate) struct World {
    pub(crate) provider: ProviderDouble,
    pub(crate) token: Endpoint,
    pub(crate) revocation: Endpoint,
    pub(crate) clock: Clock,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) encryption_key: String,
    pub(crate) database_url: String,
}

impl World {
    pub(crate) async fn start() -> Self {
        let clock = a_clock();
        let (token, revocation) = (Endpoint::new(), Endpoint::new());
        let endpoints = Router::new()
            .route(&format!("/{TENANT}/oauth2/v2.0/token"), post(answer).with_state(token.clone()))
            .route("/revoke", post(answer).with_state(revocation.clone()));
        let provider = ProviderDouble::start_with(&clock, endpoints).await;
        Self::around(provider, token, revocation, clock).await
    }

    /// With a provider that has all endpoints itself, and tells the truth until [`ProviderDouble::lie`]: ours are not asked.
    pub(crate) async fn start_whole() -> Self {
        let clock = a_clock();
        let provider = ProviderDouble::start_whole(&clock).await;
        Self::around(provider, Endpoint::new(), Endpoint::new(), clock).await
    }

    async fn around(provider: ProviderDouble, token: Endpoint, revocation: Endpoint, clock: Clock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database_url = database::test_url(folder.path()).await;
        Self { provider, token, revocation, clock, folder, encryption_key: KeyRing::generate(), database_url }
    }

    /// A web server on this database, with a configuration changed by `changes` (`null` removes a key).
    pub(crate) async fn web_server(&self, public_url: &str, keys: &[&str], changes: Value) -> Identity {
        let mut config = json!({
            "authority": self.provider.issuer(), "tenant_id": TENANT, "client_id": WEB,
            "client_credentials": [{"secret": SECRET}], "initial_scopes": [READ],
        });
        merge(&mut config, changes);
        let config: config::Config = serde_json::from_value(config).unwrap();
        let identity = Identity::builder(config, public_url.parse().unwrap(), self.db().await, key_ring(keys));
        let identity = identity.key("web.identity").mode(Mode::Development).clock(self.clock.clone());
        identity.cookie_prefix("errand").problem_page("/problem").build().unwrap()
    }

    /// The provider offers revocation (RFC 7009).
    pub(crate) fn offer_revocation(&self) {
        self.provider.change_document(json!({"revocation_endpoint": format!("{}/revoke", self.provider.origin)}));
        self.revocation.answers(200, json!({}));
    }

    pub(crate) fn client_config(&self, changes: Value) -> ClientConfig {
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
    pub(crate) fn try_client(&self, changes: Value) -> Result<ConfidentialClient, ConfigError> {
        let config = self.client_config(changes);
        ConfidentialClient::new("web.identity", &config, Mode::Development, outbound::client(), self.clock.clone())
    }

    pub(crate) fn client(&self, changes: Value) -> ConfidentialClient {
        self.try_client(changes).unwrap()
    }

    pub(crate) async fn db(&self) -> AnyPool {
        database::open("web.database_url", &self.database_url, &MIGRATIONS).await.unwrap()
    }

    /// The app's tokens, as each replica has them.
    pub(crate) async fn tokens(&self, changes: Value) -> TokenAcquisition {
        self.tokens_under(&[&self.encryption_key], changes).await
    }

    /// The app's tokens under other encryption keys.
    pub(crate) async fn tokens_under(&self, keys: &[&str], changes: Value) -> TokenAcquisition {
        TokenAcquisition::new(self.client(changes), self.db().await, key_ring(keys), self.clock.clone())
    }

    /// Signs a customer in, with `refresh-1` and a token for reading that has expired unless `expires_in` says so.
    pub(crate) async fn sign_in(&self, tokens: &TokenAcquisition, customer: &UserKey, expires_in: i64) {
        self.begin_session(customer).await;
        let response = serde_json::from_value(json!({
            "token_type": "Bearer", "expires_in": expires_in, "scope": READ, "access_token": "token-of-the-sign-in",
            "refresh_token": "refresh-1",
        }));
        tokens.remember(customer, SUBJECT, &response.unwrap(), &Scopes::parse(READ)).await.unwrap();
    }

    pub(crate) async fn begin_session(&self, customer: &UserKey) {
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
    pub(crate) async fn end_sessions(&self) {
        sqlx::query("DELETE FROM sessions").execute(&self.db().await).await.unwrap();
    }

    /// How many rows a table has.
    pub(crate) async fn rows(&self, table: &str) -> i64 {
        let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        sqlx::query_scalar(count).fetch_one(&self.db().await).await.unwrap()
    }

    /// A caller's token as the API's verifier lets it through.
    pub(crate) async fn incoming(&self, token: &str) -> IncomingToken {
        self.called(token).await.1
    }

    /// The same, and who calls.
    pub(crate) async fn called(&self, token: &str) -> (Caller, IncomingToken) {
        let verifier = Verifier::new(self.provider.provider(), vec![API.to_owned()], None, self.clock.clone());
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        verifier.unwrap().authenticate(&headers, &"/".parse().unwrap()).await.unwrap()
    }
}

fn a_clock() -> Clock {
    Clock::manual(OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap())
}

fn key_ring(keys: &[&str]) -> KeyRing {
    let keys: Vec<SecretString> = keys.iter().map(|&key| SecretString::from(key)).collect();
    KeyRing::parse(&keys).unwrap()
}
