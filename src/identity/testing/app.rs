//! An app whose customers sign in, before a provider whose token endpoint answers as the test says.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Form, Json, Router};
use secrecy::SecretString;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tower_sessions::Session;

use super::{ALICE, Browser, Fields, Page, ProviderDouble, READ, SECRET, TENANT, WEB, merge, send};
use crate::identity::session::{CustomerKey, SignedIn};
use crate::identity::{Identity, MIGRATIONS, config};
use crate::platform::clock::Clock;
use crate::platform::config::Mode;
use crate::platform::database;
use crate::platform::seal::KeyRing;

pub(crate) type Answer = Box<dyn Fn(&Fields) -> (StatusCode, Value) + Send>;

/// The provider's token endpoint: counts, remembers what it was asked, and answers as the test says.
#[derive(Clone)]
pub(crate) struct TokenEndpoint {
    pub(crate) requests: Arc<Mutex<Vec<(HeaderMap, Fields)>>>,
    pub(crate) answer: Arc<Mutex<Answer>>,
}

impl TokenEndpoint {
    pub(crate) fn asked(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    pub(crate) fn last(&self) -> Fields {
        self.requests.lock().unwrap().last().expect("it was asked").1.clone()
    }

    pub(crate) fn answers(&self, answer: impl Fn(&Fields) -> (StatusCode, Value) + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }
}

pub(crate) async fn token(
    State(endpoint): State<TokenEndpoint>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> (StatusCode, Json<Value>) {
    endpoint.requests.lock().unwrap().push((headers, fields.clone()));
    // Room for others to be asking at the same time.
    tokio::task::yield_now().await;
    let (status, body) = (endpoint.answer.lock().unwrap())(&fields);
    (status, Json(body))
}

pub(crate) struct TestApp {
    pub(crate) provider: ProviderDouble,
    pub(crate) endpoint: TokenEndpoint,
    pub(crate) identity: Identity,
    pub(crate) router: Router,
    pub(crate) clock: Clock,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) database_url: String,
    pub(crate) key: String,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_at("http://localhost:3000").await
    }

    pub(crate) async fn start_at(public_url: &str) -> Self {
        let clock = Clock::manual(OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap());
        let endpoint = TokenEndpoint {
            requests: Arc::default(),
            answer: Arc::new(Mutex::new(Box::new(|_| (StatusCode::INTERNAL_SERVER_ERROR, json!({}))))),
        };
        let more =
            Router::new().route(&format!("/{TENANT}/oauth2/v2.0/token"), post(token)).with_state(endpoint.clone());
        let provider = ProviderDouble::start_with(&clock, more).await;
        let folder = tempfile::tempdir().unwrap();
        let key = KeyRing::generate();
        let database_url = database::test_url(folder.path()).await;
        let identity = replica(&provider, &database_url, &clock, &key, public_url).await;
        let router = identity.mount(Router::new().route("/whoami", get(whoami)));
        Self { provider, endpoint, identity, router, clock, folder, database_url, key }
    }

    pub(crate) async fn send(&self, browser: &mut Browser, method: &str, path: &str) -> Page {
        send(&self.router, browser, Request::builder().method(method).uri(path), String::new()).await
    }

    pub(crate) async fn get(&self, browser: &mut Browser, path: &str) -> Page {
        self.send(browser, "GET", path).await
    }

    pub(crate) async fn whoami(&self, browser: &mut Browser) -> String {
        self.get(browser, "/whoami").await.body
    }

    /// Begins a sign-in: what the provider is asked.
    pub(crate) async fn begin(&self, browser: &mut Browser) -> HashMap<String, String> {
        let page = self.get(browser, "/auth/sign-in?return_to=/todos").await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        page.parameters()
    }

    /// The token endpoint answers with an ID token for `nonce`, changed by `changes`.
    pub(crate) fn will_issue(&self, nonce: &str, changes: Value) {
        let id_token = self.provider.id_token(nonce, changes);
        self.will_issue_id_token(id_token);
    }

    pub(crate) fn will_issue_id_token(&self, id_token: String) {
        let access_token = self.provider.access_token(json!({}));
        self.endpoint.answers(move |_| {
            let body = json!({
                "token_type": "Bearer", "expires_in": 3600, "scope": READ, "access_token": access_token,
                "refresh_token": "refresh-1", "id_token": id_token,
            });
            (StatusCode::OK, body)
        });
    }

    pub(crate) async fn answer(&self, browser: &mut Browser, state: &str) -> Page {
        self.get(browser, &format!("/auth/redirect?code=code&state={state}")).await
    }

    /// Signs in with an ID token changed by `changes`.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, changes: Value) -> Page {
        let asked = self.begin(browser).await;
        self.will_issue(&asked["nonce"], changes);
        self.answer(browser, &asked["state"]).await
    }

    pub(crate) fn alice() -> CustomerKey {
        serde_json::from_value(json!(format!("{TENANT}.{ALICE}"))).unwrap()
    }

    /// The token endpoint renews: the answers count up, and each refresh token is good once.
    pub(crate) fn will_renew(&self) {
        let current = AtomicUsize::new(1);
        self.endpoint.answers(move |fields| {
            let number = current.fetch_add(1, Ordering::SeqCst);
            if fields["refresh_token"] != format!("refresh-{number}") {
                return (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant"}));
            }
            let scope = fields["scope"].split(' ').filter(|s| s.contains("://")).collect::<Vec<_>>().join(" ");
            let body = json!({
                "token_type": "Bearer", "expires_in": 3600, "scope": scope,
                "access_token": format!("access-{}", number + 1), "refresh_token": format!("refresh-{}", number + 1),
            });
            (StatusCode::OK, body)
        });
    }
}

/// A web server on the app's database: tests start a second one.
pub(crate) async fn replica(
    provider: &ProviderDouble,
    database_url: &str,
    clock: &Clock,
    key: &str,
    public_url: &str,
) -> Identity {
    let keys = [key.to_owned()];
    configured_at(public_url, provider, database_url, clock, &keys, json!({})).await
}

/// A web server at `http://localhost:3000` with a configuration changed by `changes` (`null` removes a key).
pub(crate) async fn configured(
    provider: &ProviderDouble,
    database_url: &str,
    clock: &Clock,
    keys: &[String],
    changes: Value,
) -> Identity {
    configured_at("http://localhost:3000", provider, database_url, clock, keys, changes).await
}

pub(crate) async fn configured_at(
    public_url: &str,
    provider: &ProviderDouble,
    database_url: &str,
    clock: &Clock,
    keys: &[String],
    changes: Value,
) -> Identity {
    let db = database::open("web.database_url", database_url, &MIGRATIONS).await.unwrap();
    let mut config = json!({
        "authority": provider.issuer(), "tenant_id": TENANT, "client_id": WEB,
        "client_credentials": [{"secret": SECRET}], "initial_scopes": [READ],
    });
    merge(&mut config, changes);
    let config: config::Config = serde_json::from_value(config).unwrap();
    let keys = KeyRing::parse(&keys.iter().map(|key| SecretString::from(key.as_str())).collect::<Vec<_>>()).unwrap();
    let identity = Identity::builder(config, public_url.parse().unwrap(), db, keys).key("web.identity");
    let identity = identity.mode(Mode::Development).clock(clock.clone());
    identity.cookie_prefix("errand").problem_page("/problem").build().unwrap()
}

pub(crate) async fn whoami(Extension(session): Extension<Session>) -> String {
    match SignedIn::load(&session).await.unwrap() {
        Some(signed_in) => signed_in.claim("name").unwrap_or("?").to_owned(),
        None => "nobody".to_owned(),
    }
}
