//! Sign-in, sessions and tokens against a provider that lies, as a browser and an attacker meet them. On SQLite, or on
//! PostgreSQL where `ERRAND_TEST_POSTGRES` says so.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::routing::{get, post};
use axum::{Extension, Form, Json, Router};
use secrecy::SecretString;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tower::ServiceExt as _;
use tower_sessions::Session;

use super::provider_double::{self, ALICE, BOB, Fields, ProviderDouble, SECRET, SigningKey, TENANT, WEB};
use super::scopes::Scopes;
use super::session::{CustomerKey, SignedIn};
use super::tokens::AcquireError;
use super::{Identity, MIGRATIONS, config};
use crate::platform::clock::Clock;
use crate::platform::config::Mode;
use crate::platform::database;
use crate::platform::seal::KeyRing;

pub(super) const READ: &str = "api://todo/ToDoList.Read";
const WRITE: &str = "api://todo/ToDoList.ReadWrite";

type Answer = Box<dyn Fn(&Fields) -> (StatusCode, Value) + Send>;

/// The provider's token endpoint: counts, remembers what it was asked, and answers as the test says.
#[derive(Clone)]
struct TokenEndpoint {
    requests: Arc<Mutex<Vec<(HeaderMap, Fields)>>>,
    answer: Arc<Mutex<Answer>>,
}

impl TokenEndpoint {
    fn asked(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    fn last(&self) -> Fields {
        self.requests.lock().unwrap().last().expect("it was asked").1.clone()
    }

    fn answers(&self, answer: impl Fn(&Fields) -> (StatusCode, Value) + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }
}

async fn token(
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

struct TestApp {
    provider: ProviderDouble,
    endpoint: TokenEndpoint,
    identity: Identity,
    router: Router,
    clock: Clock,
    folder: tempfile::TempDir,
    database_url: String,
    key: String,
}

pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Page {
    pub(super) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(super) fn parameters(&self) -> HashMap<String, String> {
        let url = url::Url::parse(self.location()).expect("an absolute address");
        url.query_pairs().into_owned().collect()
    }

    pub(super) fn set_cookies(&self) -> Vec<String> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }
}

/// A browser: its cookies.
#[derive(Clone, Default)]
pub(super) struct Browser(pub(super) HashMap<String, String>);

impl Browser {
    pub(super) fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn take(&mut self, page: &Page) {
        for cookie in page.set_cookies() {
            let (name, rest) = cookie.split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
            }
        }
    }

    pub(super) fn session(&self) -> Option<&String> {
        self.0.get("errand")
    }
}

impl TestApp {
    async fn start() -> Self {
        Self::start_at("http://localhost:3000").await
    }

    async fn start_at(public_url: &str) -> Self {
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

    async fn send(&self, browser: &mut Browser, method: &str, path: &str) -> Page {
        send(&self.router, browser, Request::builder().method(method).uri(path), String::new()).await
    }

    async fn get(&self, browser: &mut Browser, path: &str) -> Page {
        self.send(browser, "GET", path).await
    }

    async fn whoami(&self, browser: &mut Browser) -> String {
        self.get(browser, "/whoami").await.body
    }

    /// Begins a sign-in: what the provider is asked.
    async fn begin(&self, browser: &mut Browser) -> HashMap<String, String> {
        let page = self.get(browser, "/auth/sign-in?return_to=/todos").await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        page.parameters()
    }

    /// The token endpoint answers with an ID token for `nonce`, changed by `changes`.
    fn will_issue(&self, nonce: &str, changes: Value) {
        let id_token = self.provider.id_token(nonce, changes);
        self.will_issue_id_token(id_token);
    }

    fn will_issue_id_token(&self, id_token: String) {
        let access_token = self.provider.access_token(json!({}));
        self.endpoint.answers(move |_| {
            let body = json!({
                "token_type": "Bearer", "expires_in": 3600, "scope": READ, "access_token": access_token,
                "refresh_token": "refresh-1", "id_token": id_token,
            });
            (StatusCode::OK, body)
        });
    }

    async fn answer(&self, browser: &mut Browser, state: &str) -> Page {
        self.get(browser, &format!("/auth/redirect?code=code&state={state}")).await
    }

    /// Signs in with an ID token changed by `changes`.
    async fn sign_in(&self, browser: &mut Browser, changes: Value) -> Page {
        let asked = self.begin(browser).await;
        self.will_issue(&asked["nonce"], changes);
        self.answer(browser, &asked["state"]).await
    }

    fn alice() -> CustomerKey {
        serde_json::from_value(json!(format!("{TENANT}.{ALICE}"))).unwrap()
    }

    /// The token endpoint renews: the answers count up, and each refresh token is good once.
    fn will_renew(&self) {
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

/// Sends a browser's request, and lets it take the cookies of the answer.
pub(super) async fn send(
    router: &Router,
    browser: &mut Browser,
    request: axum::http::request::Builder,
    body: String,
) -> Page {
    let request = request.header(header::COOKIE, browser.header()).body(Body::from(body)).unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    let page = Page { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() };
    browser.take(&page);
    page
}

/// A web server on the app's database: tests start a second one.
async fn replica(
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
pub(super) async fn configured(
    provider: &ProviderDouble,
    database_url: &str,
    clock: &Clock,
    keys: &[String],
    changes: Value,
) -> Identity {
    configured_at("http://localhost:3000", provider, database_url, clock, keys, changes).await
}

async fn configured_at(
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
    provider_double::merge(&mut config, changes);
    let config: config::Config = serde_json::from_value(config).unwrap();
    let keys = KeyRing::parse(&keys.iter().map(|key| SecretString::from(key.as_str())).collect::<Vec<_>>()).unwrap();
    let identity = Identity::builder(config, public_url.parse().unwrap(), db, keys).key("web.identity");
    let identity = identity.mode(Mode::Development).clock(clock.clone());
    identity.cookie_prefix("errand").problem_page("/problem").build().unwrap()
}

pub(super) async fn whoami(Extension(session): Extension<Session>) -> String {
    match SignedIn::load(&session).await.unwrap() {
        Some(signed_in) => signed_in.claim("name").unwrap_or("?").to_owned(),
        None => "nobody".to_owned(),
    }
}

#[tokio::test]
async fn a_customer_signs_in_and_is_brought_back_to_the_page_they_asked_for() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["redirect_uri"], "http://localhost:3000/auth/redirect");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["scope"], format!("openid profile email offline_access {READ}"));
    app.will_issue(&asked["nonce"], json!({}));
    let page = app.answer(&mut browser, &asked["state"]).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/todos"));
    assert_eq!(app.whoami(&mut browser).await, "Alice");

    let (headers, fields) = app.endpoint.requests.lock().unwrap()[0].clone();
    // RFC 7636 §4.6: the challenge is the digest of the verifier.
    assert_eq!(asked["code_challenge"], crate::platform::hash::sha256_base64url(&fields["code_verifier"]));
    // RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
    let expected = format!("{WEB}:s3cret%3Awith%20%25%2B%26");
    let expected = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, expected);
    assert_eq!(headers[header::AUTHORIZATION], format!("Basic {expected}"));
    assert!(!fields.contains_key("client_secret"), "only one way of authentication");
}

/// RFC 6265 §6.1: browsers drop longer ones, and nobody could sign in.
#[tokio::test]
async fn a_sign_in_for_many_scopes_and_a_long_address_fits_into_a_cookie() {
    let app = TestApp::start().await;
    let name = |number| format!("api://22222222-2222-2222-2222-222222222222/Thing{number:02}.ReadWrite");
    let many: Vec<String> = (0..30).map(name).collect();
    let changes = json!({"initial_scopes": many});
    let identity = configured_at(
        "https://todo.example.com",
        &app.provider,
        &app.database_url,
        &app.clock,
        std::slice::from_ref(&app.key),
        changes,
    )
    .await;
    let router = identity.mount(Router::new());
    let address = format!("/todos?q={}", "x".repeat(1000));
    for return_to in ["/todos", &address] {
        let path = format!("/auth/sign-in?return_to={return_to}");
        let request = Request::builder().uri(path).header(header::HOST, "todo.example.com");
        let page = send(&router, &mut Browser::default(), request, String::new()).await;
        assert!(many.iter().all(|scope| page.parameters()["scope"].contains(scope)), "{}", page.location());
        let cookies = page.set_cookies();
        assert!(cookies.iter().any(|cookie| cookie.starts_with("__Host-errand-sign-in-")), "{cookies:?}");
        assert!(cookies.iter().all(|cookie| cookie.len() <= 4096), "{return_to}");
    }
    // As many again, in an address.
    let others: Scopes = (30..60).map(name).collect();
    let url = identity.interaction_url(
        &TestApp::alice(),
        &others,
        Some(&"x".repeat(2000)),
        &super::return_to::ReturnTo::parse(&address),
    );
    assert!(url.len() < 8 * 1024 - 1024, "{}", url.len());
}

#[tokio::test]
async fn sign_up_goes_straight_to_the_providers_sign_up_page() {
    let app = TestApp::start().await;
    let page = app.get(&mut Browser::default(), "/auth/sign-up?return_to=/todos").await;
    assert_eq!(page.parameters()["prompt"], "create");
}

/// Abuse case 1.
#[tokio::test]
async fn missing_wrong_or_reused_state_is_an_error_page_and_no_token_call() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    for query in ["code=code", "code=code&state=", "code=code&state=wrong"] {
        let page = app.get(&mut browser.clone(), &format!("/auth/redirect?{query}")).await;
        assert_eq!(page.location(), "/problem?reason=expired", "{query}");
    }
    assert_eq!(app.endpoint.asked(), 0);

    // Reused: the same answer in the same browser, with the cookies from before.
    app.will_issue(&asked["nonce"], json!({}));
    let mut first = browser.clone();
    assert_eq!(app.answer(&mut first, &asked["state"]).await.location(), "/todos");
    assert_eq!(app.answer(&mut browser, &asked["state"]).await.location(), "/problem?reason=expired");
    assert_eq!(app.endpoint.asked(), 1);
}

/// Abuse case 2.
#[tokio::test]
async fn a_state_from_another_browser_is_refused() {
    let app = TestApp::start().await;
    let mut attacker = Browser::default();
    let asked = app.begin(&mut attacker).await;
    app.will_issue(&asked["nonce"], json!({}));
    let mut victim = Browser::default();
    assert_eq!(app.answer(&mut victim, &asked["state"]).await.location(), "/problem?reason=expired");
    assert_eq!(app.whoami(&mut victim).await, "nobody");
    assert_eq!(app.endpoint.asked(), 0);
}

/// Abuse cases 3, 10 and 11, and 12: one claim of the ID token changed at a time.
#[tokio::test]
async fn an_id_token_with_a_wrong_claim_is_refused() {
    let app = TestApp::start().await;
    let now = app.clock.unix_seconds();
    for (what, changes) in [
        ("another nonce", json!({"nonce": "other"})),
        ("no nonce", json!({"nonce": null})),
        ("another issuer", json!({"iss": "https://evil.example/v2.0"})),
        ("no issuer", json!({"iss": null})),
        ("another audience", json!({"aud": "another-app"})),
        ("no audience", json!({"aud": null})),
        ("an additional audience", json!({"aud": [WEB, "another-app"]})),
        ("another authorized party", json!({"azp": "another-app"})),
        ("no subject", json!({"sub": null})),
        ("an empty subject", json!({"sub": ""})),
        ("a subject that is too long", json!({"sub": "x".repeat(256)})),
        ("no expiry", json!({"exp": null})),
        ("no issue time", json!({"iat": null})),
        ("expired beyond the skew", json!({"exp": now - 61})),
        ("not yet valid beyond the skew", json!({"nbf": now + 61})),
        ("issued in the future beyond the skew", json!({"iat": now + 61})),
        ("another tenant", json!({"tid": BOB})),
    ] {
        let mut browser = Browser::default();
        let page = app.sign_in(&mut browser, changes).await;
        assert_eq!(page.location(), "/problem?reason=refused", "{what}");
        assert_eq!(app.whoami(&mut browser).await, "nobody", "{what}");
    }
    // Within the skew it is accepted: the cases above fail for the reason they name.
    let changes = json!({"exp": now - 59, "nbf": now + 59, "iat": now + 59, "azp": WEB, "aud": [WEB]});
    assert_eq!(app.sign_in(&mut Browser::default(), changes).await.location(), "/todos");
}

/// Abuse cases 8 and 9.
#[tokio::test]
async fn an_id_token_with_alg_none_or_hs256_under_the_public_key_is_refused() {
    let app = TestApp::start().await;
    for header in [json!({"alg": "none"}), json!({"alg": "HS256", "kid": "first"})] {
        let mut browser = Browser::default();
        let asked = app.begin(&mut browser).await;
        let good = app.provider.id_token(&asked["nonce"], json!({}));
        let claims = super::jwt::parse(&good).map(|_| good.split('.').nth(1).unwrap().to_owned()).unwrap();
        let encode = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes);
        let signed = format!("{}.{claims}", encode(header.to_string().as_bytes()));
        let signature = if header["alg"] == "none" {
            String::new()
        } else {
            let jwk = SigningKey::first().jwk().to_string();
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, jwk.as_bytes());
            encode(aws_lc_rs::hmac::sign(&key, signed.as_bytes()).as_ref())
        };
        app.will_issue_id_token(format!("{signed}.{signature}"));
        assert_eq!(app.answer(&mut browser, &asked["state"]).await.location(), "/problem?reason=refused", "{header}");
    }
}

/// Abuse case 4.
#[tokio::test]
async fn a_wrong_iss_in_the_answer_or_none_though_announced_means_no_exchange() {
    let app = TestApp::start().await;
    app.provider.change_document(json!({"authorization_response_iss_parameter_supported": true}));
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    app.will_issue(&asked["nonce"], json!({}));
    for iss in ["", "&iss=https%3A%2F%2Fevil.example", "&iss="] {
        let path = format!("/auth/redirect?code=code&state={}{iss}", asked["state"]);
        assert_eq!(app.get(&mut browser.clone(), &path).await.location(), "/problem?reason=refused", "{iss:?}");
    }
    assert_eq!(app.endpoint.asked(), 0);
    let iss: String = url::form_urlencoded::byte_serialize(app.provider.issuer().as_bytes()).collect();
    let path = format!("/auth/redirect?code=code&state={}&iss={iss}", asked["state"]);
    assert_eq!(app.get(&mut browser, &path).await.location(), "/todos");
}

/// Abuse case 5: the code is another sign-in's; the verifier that is sent is this one's, so the provider refuses.
#[tokio::test]
async fn an_injected_code_goes_out_with_the_wrong_verifier() {
    let app = TestApp::start().await;
    let (mut attacker, mut victim) = (Browser::default(), Browser::default());
    let attackers = app.begin(&mut attacker).await;
    let victims = app.begin(&mut victim).await;
    let bound_to = attackers["code_challenge"].clone();
    app.endpoint.answers(move |fields| {
        assert_ne!(crate::platform::hash::sha256_base64url(&fields["code_verifier"]), bound_to);
        (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant"}))
    });
    assert_eq!(app.answer(&mut victim, &victims["state"]).await.location(), "/problem?reason=refused");
    assert_eq!(app.endpoint.asked(), 1);
}

/// Abuse case 6 (the relying party's half).
#[tokio::test]
async fn pkce_is_used_although_the_provider_does_not_announce_it() {
    let app = TestApp::start().await;
    app.provider.change_document(json!({"code_challenge_methods_supported": null}));
    let asked = app.begin(&mut Browser::default()).await;
    assert_eq!((asked["code_challenge_method"].as_str(), asked["code_challenge"].len()), ("S256", 43));
}

/// Abuse case 7.
#[tokio::test]
async fn a_provider_whose_document_names_another_issuer_is_refused() {
    let app = TestApp::start().await;
    app.provider.change_document(json!({"issuer": "https://evil.example/v2.0"}));
    let page = app.get(&mut Browser::default(), "/auth/sign-in").await;
    assert_eq!(page.location(), "/problem?reason=unavailable");
}

/// Abuse case 21 (the callback's half).
#[tokio::test]
async fn repeated_parameters_in_the_answer_are_refused() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    for more in ["&code=other", "&error=a&error=b", "&iss=a&iss=b"] {
        let path = format!("/auth/redirect?code=code&state={}{more}", asked["state"]);
        assert_eq!(app.get(&mut browser.clone(), &path).await.location(), "/problem?reason=refused", "{more}");
    }
    assert_eq!(app.endpoint.asked(), 0);
}

/// Abuse cases 22 and 23, end to end: whatever `return_to` was, the answer leads to a page of this site.
#[tokio::test]
async fn return_to_never_leaves_this_site_and_never_breaks_sign_in() {
    let app = TestApp::start().await;
    for return_to in ["https://evil.example", "//evil.example", "/%5Cevil.example", "%00", "%FF%FE", "%"] {
        let mut browser = Browser::default();
        let page = app.get(&mut browser, &format!("/auth/sign-in?return_to={return_to}")).await;
        let asked = page.parameters();
        app.will_issue(&asked["nonce"], json!({}));
        assert_eq!(app.answer(&mut browser, &asked["state"]).await.location(), "/", "{return_to}");
    }
}

/// Abuse case 24: nothing of the provider's text reaches the page.
#[tokio::test]
async fn an_error_of_the_provider_is_a_friendly_page_that_repeats_nothing() {
    let app = TestApp::start().await;
    for (error, reason) in [
        ("access_denied", "cancelled"),
        ("%3Cscript%3Ealert(1)%3C%2Fscript%3E", "refused"),
        ("temporarily_unavailable", "unavailable"),
    ] {
        let mut browser = Browser::default();
        let asked = app.begin(&mut browser).await;
        let description = "error_description=%3Cscript%3E";
        let path = format!("/auth/redirect?error={error}&{description}&state={}", asked["state"]);
        let page = app.get(&mut browser, &path).await;
        assert_eq!(page.location(), format!("/problem?reason={reason}"));
        assert!(!page.body.contains("script"));
        assert_eq!(browser.0.len(), 0, "the transaction is over");
    }
}

/// Abuse case 26.
#[tokio::test]
async fn ten_tabs_sign_in_at_once_and_the_number_of_pending_ones_is_capped() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let mut tabs = Vec::new();
    for _ in 0..10 {
        tabs.push(app.begin(&mut browser).await);
        app.clock.advance(Duration::seconds(1));
    }
    assert_eq!(browser.0.len(), 10);
    for tab in &tabs {
        app.will_issue(&tab["nonce"], json!({}));
        assert_eq!(app.answer(&mut browser, &tab["state"]).await.location(), "/todos");
    }
    // The eleventh takes the place of the oldest.
    let mut browser = Browser::default();
    let oldest = app.begin(&mut browser).await;
    for _ in 0..14 {
        app.clock.advance(Duration::seconds(1));
        app.begin(&mut browser).await;
    }
    assert_eq!(browser.0.len(), 10);
    assert_eq!(app.answer(&mut browser, &oldest["state"]).await.location(), "/problem?reason=expired");
}

#[tokio::test]
async fn a_second_arrival_at_the_callback_is_harmless_when_signed_in() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    app.will_issue(&asked["nonce"], json!({}));
    app.answer(&mut browser, &asked["state"]).await;
    assert_eq!(app.answer(&mut browser, &asked["state"]).await.location(), "/");
    assert_eq!(app.whoami(&mut browser).await, "Alice");
}

#[tokio::test]
async fn a_sign_in_that_took_too_long_has_run_out() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    app.clock.advance(Duration::minutes(61));
    app.will_issue(&asked["nonce"], json!({}));
    assert_eq!(app.answer(&mut browser, &asked["state"]).await.location(), "/problem?reason=expired");
}

/// Abuse case 27.
#[tokio::test]
async fn the_session_id_changes_at_sign_in_and_the_old_one_is_dead() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in(&mut browser, json!({})).await;
    let mut before = browser.clone();
    app.sign_in(&mut browser, json!({"name": "Alice again"})).await;
    assert_ne!(browser.session(), before.session());
    assert_eq!(app.whoami(&mut browser).await, "Alice again");
    assert_eq!(app.whoami(&mut before).await, "nobody");
}

/// Abuse case 28.
#[tokio::test]
async fn cookies_are_host_only_secure_http_only_and_lax_on_https() {
    let app = TestApp::start_at("https://todo.example").await;
    let mut browser = Browser::default();
    let begun = app.get(&mut browser, "/auth/sign-in").await;
    app.will_issue(&begun.parameters()["nonce"], json!({}));
    let signed_in = app.answer(&mut browser, &begun.parameters()["state"]).await;
    let cookies = [begun.set_cookies(), signed_in.set_cookies()].concat();
    assert!(cookies.iter().any(|cookie| cookie.starts_with("__Host-errand=")), "{cookies:?}");
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-errand"), "{cookie}");
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(attribute), "{cookie} lacks {attribute}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

/// Abuse case 91: what a sibling host may set, as it can set no `__Host-` cookie, or add to one.
#[tokio::test]
async fn a_session_cookie_spelt_otherwise_or_sent_twice_is_nobodys() {
    for (public_url, name) in [("https://todo.example", "__Host-errand"), ("http://localhost:3000", "errand")] {
        let app = TestApp::start_at(public_url).await;
        let (mut victim, mut attacker) = (Browser::default(), Browser::default());
        app.sign_in(&mut victim, json!({})).await;
        app.sign_in(&mut attacker, json!({"oid": BOB, "sub": "bob", "name": "Mallory"})).await;
        let (own, planted) = (&victim.0[name], &attacker.0[name]);
        let who = async |cookies: &[&str]| {
            let request = cookies.iter().fold(Request::get("/whoami"), |request, c| request.header(header::COOKIE, *c));
            send(&app.router, &mut Browser::default(), request, String::new()).await.body
        };
        assert_eq!(who(&[&format!("{name}={own}")]).await, "Alice");
        for spelling in [
            name.replace("errand", "%65rrand"),
            name.replace("__", "%5F%5F").replace("errand", "erran%64"),
            name.to_ascii_uppercase(),
            format!("{name}%20"),
            format!("\u{a0}{name}"),
            format!("{name}\u{2003}"),
            format!("\"{name}\""),
        ] {
            let other = format!("{spelling}={planted}");
            assert_eq!(who(&[&other]).await, "nobody", "{other}");
            for sent in [format!("{name}={own}; {other}"), format!("{other};{name}={own}")] {
                assert_eq!(who(&[&sent]).await, "Alice", "{sent}");
            }
            assert_eq!(who(&[&format!("{name}={own}"), &other]).await, "Alice", "in a header of its own: {other}");
        }
        // Of two, nobody can tell which one is right.
        assert_eq!(who(&[&format!("{name}={own}; {name}={planted}")]).await, "nobody");
        assert_eq!(who(&[&format!("{name}={planted}"), &format!("{name}={own}")]).await, "nobody");
        // Nor is the value decoded.
        let encoded = own.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        assert_eq!(who(&[&format!("{name}={encoded}")]).await, "nobody");
    }
}

/// Abuse case 91, for the other cookies: what is about to be signed in, and out.
#[tokio::test]
async fn a_sign_in_or_sign_out_on_its_way_is_found_under_its_own_name_only() {
    let app = TestApp::start_at("https://todo.example").await;
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    let (name, value) = browser.0.iter().next().map(|(name, value)| (name.clone(), value.clone())).unwrap();
    let spelt = |name: &str| Browser(HashMap::from([(name.to_owned(), value.clone())]));
    for other in [name.replace("__", "%5F%5F"), name.replace("__Host-", ""), name.to_ascii_lowercase()] {
        let page = app.answer(&mut spelt(&other), &asked["state"]).await;
        assert_eq!(page.location(), "/problem?reason=expired", "{other}");
    }
    let twice = format!("{name}={value}; {name}={value}");
    let path = format!("/auth/redirect?code=code&state={}", asked["state"]);
    let request = Request::get(&path).header(header::COOKIE, twice);
    let page = send(&app.router, &mut Browser::default(), request, String::new()).await;
    assert_eq!(page.location(), "/problem?reason=expired");
    app.will_issue(&asked["nonce"], json!({}));
    assert_eq!(app.answer(&mut browser, &asked["state"]).await.location(), "/todos");

    let state = app.send(&mut browser, "POST", "/auth/sign-out").await.parameters()["state"].clone();
    let (_, value) = browser.0.iter().find(|(name, _)| name.ends_with("sign-out")).expect("a sign-out on its way");
    let mut other = Browser(HashMap::from([("%5F%5FHost-errand-sign-out".to_owned(), value.clone())]));
    let page = app.get(&mut other, &format!("/auth/signed-out?state={state}")).await;
    assert!(page.set_cookies().is_empty(), "as for somebody who typed the address: {:?}", page.set_cookies());
}

/// Abuse case 94: another app of this host has a cookie with a letter outside of ASCII.
#[tokio::test]
async fn a_foreign_cookie_that_is_malformed_breaks_no_sign_in_and_uncaps_nothing() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    for (name, value) in [("theme", "gr\u{fc}n"), ("gr\u{fc}n", "1"), ("quoted", "\"a b\"")] {
        browser.0.insert(name.to_owned(), value.to_owned());
    }
    let foreign = browser.0.len();
    for _ in 0..15 {
        app.clock.advance(Duration::seconds(1));
        app.begin(&mut browser).await;
    }
    assert_eq!(browser.0.len(), foreign + 10);
    assert_eq!(app.sign_in(&mut browser, json!({})).await.location(), "/todos");
    assert_eq!(app.whoami(&mut browser).await, "Alice");
    let page = app.send(&mut browser, "POST", "/auth/sign-out").await;
    let back = format!("/auth/signed-out?state={}", page.parameters()["state"]);
    assert_eq!(app.get(&mut browser, &back).await.location(), "/");
}

/// Browsers ignore the removal of a `__Host-` cookie that lacks `Secure` (RFC 6265bis §5.7), and keep it.
#[tokio::test]
async fn every_cookie_is_removed_with_the_attributes_that_it_was_set_with() {
    for public_url in ["https://todo.example", "http://localhost:3000"] {
        let app = TestApp::start_at(public_url).await;
        let mut seen: Vec<String> = Vec::new();
        let mut browser = Browser::default();
        let page = app.get(&mut browser, "/auth/sign-in").await;
        seen.extend(page.set_cookies());
        let asked = page.parameters();
        app.will_issue(&asked["nonce"], json!({}));
        seen.extend(app.answer(&mut browser, &asked["state"]).await.set_cookies());
        let mut ended = browser.clone();
        let page = app.send(&mut browser, "POST", "/auth/sign-out").await;
        seen.extend(page.set_cookies());
        let back = format!("/auth/signed-out?state={}", page.parameters()["state"]);
        seen.extend(app.get(&mut browser, &back).await.set_cookies());
        assert_eq!(browser.0.len(), 0, "{public_url}: nothing is left: {:?}", browser.0);
        // A session that is over, and one that never was.
        let page = app.get(&mut ended, "/whoami").await;
        assert_eq!((page.body.as_str(), ended.0.len()), ("nobody", 0), "{public_url}");
        seen.extend(page.set_cookies());
        let name = if public_url.starts_with("https") { "__Host-errand" } else { "errand" };
        for value in ["x", "gr\u{fc}n"] {
            let mut made_up = Browser(HashMap::from([(name.to_owned(), value.to_owned())]));
            let page = app.get(&mut made_up, "/whoami").await;
            assert_eq!(made_up.0.len(), 0, "{public_url}: {value}");
            seen.extend(page.set_cookies());
        }

        let attributes = |cookie: &str| {
            let lasting = |attribute: &&str| !attribute.starts_with("Max-Age") && !attribute.starts_with("Expires");
            cookie.split("; ").skip(1).filter(lasting).map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
        };
        let (removed, set): (Vec<_>, Vec<_>) = seen.iter().partition(|cookie| cookie.contains("Max-Age=0"));
        assert_eq!((removed.len(), set.len()), (6, 3), "{seen:?}");
        for removal in removed {
            let name = removal.split('=').next().unwrap();
            let as_set = set.iter().find(|cookie| cookie.starts_with(&format!("{name}="))).expect(name);
            assert_eq!(attributes(removal), attributes(as_set), "{removal} | {as_set}");
        }
    }
}

/// Abuse case 29.
#[tokio::test]
async fn a_pre_sign_in_cookie_used_as_a_session_is_anonymous() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.begin(&mut browser).await;
    let value = browser.0.values().next().unwrap().clone();
    let mut forged = Browser(HashMap::from([("errand".to_owned(), value)]));
    assert_eq!(app.whoami(&mut forged).await, "nobody");
}

/// Abuse case 30.
#[tokio::test]
async fn a_tampered_session_id_is_anonymous_and_ids_have_128_bits() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in(&mut browser, json!({})).await;
    let id = browser.session().unwrap().clone();
    // 22 characters of base64url are 128 bits.
    assert_eq!(id.len(), 22);
    let flipped: String = id.chars().rev().collect();
    for forged in [flipped.as_str(), &id[1..], "", "x", "'; DROP TABLE sessions; --", &"A".repeat(5000)] {
        let mut forged = Browser(HashMap::from([("errand".to_owned(), forged.to_owned())]));
        let page = app.get(&mut forged, "/whoami").await;
        assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, "nobody"));
    }
    assert_eq!(app.whoami(&mut browser).await, "Alice");
}

/// Abuse case 34.
#[tokio::test]
async fn idle_and_absolute_timeouts_end_a_session() {
    let app = TestApp::start().await;
    let mut idle = Browser::default();
    app.sign_in(&mut idle, json!({})).await;
    let mut busy = idle.clone();
    app.clock.advance(Duration::days(7) + Duration::seconds(1));
    assert_eq!(app.whoami(&mut idle).await, "nobody");

    app.sign_in(&mut busy, json!({})).await;
    for _ in 0..29 {
        app.clock.advance(Duration::days(1));
        assert_eq!(app.whoami(&mut busy).await, "Alice");
    }
    app.clock.advance(Duration::days(1));
    assert_eq!(app.whoami(&mut busy).await, "nobody", "30 days after sign-in, however busy");
}

/// Abuse case 35.
#[tokio::test]
async fn a_request_in_flight_does_not_bring_back_a_session_that_was_signed_out() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in(&mut browser, json!({})).await;
    let mut in_flight = browser.clone();
    let (reached, go) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let slow = {
        let (reached, go) = (reached.clone(), go.clone());
        move |Extension(session): Extension<Session>| async move {
            assert!(SignedIn::load(&session).await.unwrap().is_some());
            reached.notify_one();
            go.notified().await;
            session.insert("late", true).await.unwrap();
        }
    };
    let router = app.identity.mount(Router::new().route("/slow", get(slow)));
    let request = Request::get("/slow").header(header::COOKIE, in_flight.header()).body(Body::empty()).unwrap();
    let slow = tokio::spawn(router.oneshot(request));
    reached.notified().await;
    app.send(&mut browser, "POST", "/auth/sign-out").await;
    go.notify_one();
    slow.await.unwrap().unwrap();
    assert_eq!(app.whoami(&mut in_flight).await, "nobody");
}

#[tokio::test]
async fn signing_out_ends_the_session_here_drops_the_tokens_and_goes_on_to_the_provider() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in(&mut browser, json!({"login_hint": "opaque"})).await;
    let mut stolen = browser.clone();
    let page = app.send(&mut browser, "POST", "/auth/sign-out").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let parameters = page.parameters();
    assert_eq!(parameters["post_logout_redirect_uri"], "http://localhost:3000/auth/signed-out");
    assert_eq!(parameters["logout_hint"], "opaque");
    assert!(!page.location().contains("eyJ"), "no token in an address");
    assert_eq!(app.whoami(&mut stolen).await, "nobody");
    let read = Scopes::parse(READ);
    let denied = app.identity.tokens.for_user(&TestApp::alice(), &read).await.err();
    assert!(matches!(denied, Some(AcquireError::InteractionRequired { .. })), "{denied:?}");
}

#[tokio::test]
async fn signing_out_works_while_the_provider_is_down() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in(&mut browser, json!({})).await;
    app.provider.answer_with(StatusCode::BAD_GATEWAY);
    app.clock.advance(Duration::days(3));
    assert_eq!(app.send(&mut browser, "POST", "/auth/sign-out").await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.whoami(&mut browser).await, "nobody");
}

/// A link or an image must not sign anybody out.
#[tokio::test]
async fn sign_out_by_get_is_refused() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in(&mut browser, json!({})).await;
    assert_eq!(app.get(&mut browser, "/auth/sign-out").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(app.whoami(&mut browser).await, "Alice");
}

/// Abuse case 95: whoever makes up codes leaves nothing behind, and has the provider asked within a budget.
#[tokio::test(flavor = "multi_thread")]
async fn made_up_codes_leave_no_row_and_are_asked_about_within_a_budget() {
    let app = TestApp::start().await;
    app.endpoint.answers(|_| (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant"})));
    let mut visitors = Vec::new();
    for _ in 0..300 {
        let mut visitor = Browser::default();
        let state = app.begin(&mut visitor).await["state"].clone();
        visitors.push((visitor, state));
    }
    let began = std::time::Instant::now();
    let answers = visitors.iter_mut().map(|(visitor, state)| app.answer(visitor, state));
    let pages = futures::future::join_all(answers).await;
    // Thirty-two at once, and four more a second.
    let asked = app.endpoint.asked();
    let bound = 32 + 4 * usize::try_from(began.elapsed().as_secs() + 1).unwrap();
    assert!((32..=bound).contains(&asked), "{asked}");
    let (refused, turned_away): (Vec<_>, Vec<_>) = pages.iter().partition(|page| page.status == StatusCode::SEE_OTHER);
    assert_eq!((refused.len(), turned_away.len()), (asked, 300 - asked));
    for page in turned_away {
        assert_eq!(
            (page.status, &page.headers[header::RETRY_AFTER]),
            (StatusCode::TOO_MANY_REQUESTS, &"5".parse().unwrap())
        );
        assert!(page.body.contains("Try again") && page.set_cookies().is_empty(), "the sign-in can still be finished");
    }
    let rows: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM answered_states").fetch_one(&app.identity.db).await.unwrap();
    assert_eq!(rows, 0);
    // Whoever comes behind them signs in.
    assert_eq!(app.sign_in(&mut Browser::default(), json!({})).await.location(), "/todos");
    // And so does one who was turned away, at the same address.
    let (visitor, state) = visitors.iter_mut().find(|(visitor, _)| !visitor.0.is_empty()).expect("one was turned away");
    app.endpoint
        .answers(|_| (StatusCode::OK, json!({"token_type": "Bearer", "access_token": "a", "id_token": "x.y.z"})));
    assert_eq!(app.answer(visitor, state).await.location(), "/problem?reason=refused");
}

/// Abuse case 95: neither waits for the other.
#[tokio::test]
async fn codes_and_renewals_have_turns_of_their_own() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let client = app.identity.tokens.client();
    let renewals = futures::future::join_all((0..128).map(|_| client.turn())).await;
    assert_eq!(app.sign_in(&mut browser, json!({})).await.location(), "/todos");
    drop(renewals);
    app.clock.advance(Duration::hours(2));
    app.will_renew();
    let codes = futures::future::join_all((0..16).map(|_| app.identity.code_turns.anybody())).await;
    assert!(app.identity.tokens.for_user(&TestApp::alice(), &Scopes::parse(READ)).await.is_ok());
    // A customer who is signed in, and goes to the provider once more, does not wait for visitors either.
    assert_eq!(app.sign_in(&mut browser, json!({})).await.location(), "/todos");
    drop(codes);
}

/// A name that nobody's session has costs no transaction that writes.
#[tokio::test]
async fn a_logout_of_a_made_up_session_writes_nothing() {
    let app = TestApp::start().await;
    app.sign_in(&mut Browser::default(), json!({})).await;
    // Whoever writes waits for this one.
    let mut writing = app.identity.db.begin().await.unwrap();
    sqlx::query("DELETE FROM answered_states").execute(&mut *writing).await.unwrap();
    let began = std::time::Instant::now();
    let mut visitor = Browser(HashMap::from([("errand".to_owned(), "A".repeat(22))]));
    let page = app.get(&mut visitor, "/auth/front-channel-logout?sid=made-up").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(app.send(&mut visitor, "POST", "/auth/sign-out").await.location(), "/");
    assert!(began.elapsed() < std::time::Duration::from_secs(2), "{:?}", began.elapsed());
    writing.rollback().await.unwrap();
}

/// Abuse case 84, as far as sign-in goes.
#[tokio::test]
async fn visitors_leave_no_rows() {
    let app = TestApp::start().await;
    for _ in 0..20 {
        let mut browser = Browser::default();
        app.begin(&mut browser).await;
        app.whoami(&mut browser).await;
    }
    for table in ["SELECT COUNT(*) FROM sessions", "SELECT COUNT(*) FROM answered_states"] {
        let rows: i64 = sqlx::query_scalar(table).fetch_one(&app.identity.db).await.unwrap();
        assert_eq!(rows, 0);
    }
}

#[tokio::test]
async fn a_token_in_the_cache_costs_no_call_and_more_scopes_serve_fewer() {
    let app = TestApp::start().await;
    app.sign_in(&mut Browser::default(), json!({})).await;
    app.will_renew();
    let asked = app.endpoint.asked();
    let (alice, read, write) = (TestApp::alice(), Scopes::parse(READ), Scopes::parse(&format!("{READ} {WRITE}")));
    app.identity.tokens.for_user(&alice, &read).await.unwrap();
    assert_eq!(app.endpoint.asked(), asked, "the sign-in brought a token for reading");
    app.identity.tokens.for_user(&alice, &write).await.unwrap();
    assert_eq!(app.endpoint.asked(), asked + 1);
    assert!(app.endpoint.last()["scope"].contains(WRITE));
    app.identity.tokens.for_user(&alice, &Scopes::parse(WRITE)).await.unwrap();
    assert_eq!(app.endpoint.asked(), asked + 1, "a token with more scopes serves");
}

/// Abuse cases 36 and 43: across tasks, and across two web servers on one database.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_parallel_calls_on_two_replicas_refresh_once() {
    let app = TestApp::start().await;
    app.sign_in(&mut Browser::default(), json!({})).await;
    let other = replica(&app.provider, &app.database_url, &app.clock, &app.key, "http://localhost:3000").await;
    app.clock.advance(Duration::hours(2));
    app.will_renew();
    let asked = app.endpoint.asked();
    let calls = (0..100).map(|number| {
        let identity = if number % 2 == 0 { app.identity.clone() } else { other.clone() };
        tokio::spawn(async move { identity.tokens.for_user(&TestApp::alice(), &Scopes::parse(READ)).await })
    });
    for call in futures::future::join_all(calls).await {
        let header = call.unwrap().expect("a token").authorization_header();
        assert_eq!(header.to_str().unwrap(), "Bearer access-2");
    }
    assert_eq!(app.endpoint.asked(), asked + 1);
}

#[tokio::test]
async fn a_provider_that_is_down_or_slow_ends_no_session_and_the_old_token_serves_while_it_lives() {
    let app = TestApp::start().await;
    app.sign_in(&mut Browser::default(), json!({})).await;
    app.endpoint.answers(|_| (StatusCode::BAD_GATEWAY, json!({})));
    let (alice, read) = (TestApp::alice(), Scopes::parse(READ));
    // Due for renewal, not yet expired.
    app.clock.advance(Duration::minutes(56));
    assert!(app.identity.tokens.for_user(&alice, &read).await.is_ok());
    app.clock.advance(Duration::minutes(10));
    let denied = app.identity.tokens.for_user(&alice, &read).await.err();
    assert!(matches!(denied, Some(AcquireError::Unavailable(_))), "{denied:?}");
    app.will_renew();
    assert!(app.identity.tokens.for_user(&alice, &read).await.is_ok(), "it recovers by itself");
}

#[tokio::test]
async fn a_refresh_token_that_is_over_asks_for_sign_in_cleanly() {
    let app = TestApp::start().await;
    app.sign_in(&mut Browser::default(), json!({})).await;
    app.clock.advance(Duration::hours(2));
    app.endpoint.answers(|_| (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant", "error_codes": [70008]})));
    let (alice, read) = (TestApp::alice(), Scopes::parse(READ));
    for _ in 0..2 {
        let denied = app.identity.tokens.for_user(&alice, &read).await.err();
        assert!(matches!(denied, Some(AcquireError::InteractionRequired { .. })), "{denied:?}");
    }
    assert_eq!(app.endpoint.asked(), 2, "asked once; what is over is not asked again");
    app.sign_in(&mut Browser::default(), json!({})).await;
    assert!(app.identity.tokens.for_user(&alice, &read).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_during_a_renewal_stays_signed_out() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in(&mut browser, json!({})).await;
    app.clock.advance(Duration::hours(2));
    // The provider answers only after the customer has signed out.
    let db = app.identity.db.clone();
    app.endpoint.answers(move |_| {
        let db = db.clone();
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                for table in ["DELETE FROM refresh_tokens", "DELETE FROM access_tokens"] {
                    sqlx::query(table).execute(&db).await.unwrap();
                }
            });
        });
        let body = json!({"token_type": "Bearer", "expires_in": 3600, "access_token": "late", "refresh_token": "late"});
        (StatusCode::OK, body)
    });
    let denied = app.identity.tokens.for_user(&TestApp::alice(), &Scopes::parse(READ)).await.err();
    assert!(matches!(denied, Some(AcquireError::InteractionRequired { .. })), "{denied:?}");
    let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM access_tokens").fetch_one(&app.identity.db).await.unwrap();
    assert_eq!(rows, 0);
}

/// Abuse case 49: neither another customer's token, nor one for other scopes.
#[tokio::test]
async fn a_token_is_never_served_to_another_customer_or_for_other_scopes() {
    let app = TestApp::start().await;
    app.sign_in(&mut Browser::default(), json!({})).await;
    let bob: CustomerKey = serde_json::from_value(json!(format!("{TENANT}.{BOB}"))).unwrap();
    assert!(app.identity.tokens.for_user(&bob, &Scopes::parse(READ)).await.is_err());
    // A row moved to another customer does not open.
    for table in ["UPDATE access_tokens SET customer = $1", "UPDATE refresh_tokens SET customer = $1"] {
        sqlx::query(table).bind(bob.as_str()).execute(&app.identity.db).await.unwrap();
    }
    assert!(app.identity.tokens.for_user(&bob, &Scopes::parse(READ)).await.is_err());
    assert_eq!(app.endpoint.asked(), 1);
}

/// Abuse case 25.
#[tokio::test]
async fn the_same_email_with_another_subject_is_another_customer() {
    let app = TestApp::start().await;
    app.sign_in(&mut Browser::default(), json!({})).await;
    app.sign_in(&mut Browser::default(), json!({"oid": BOB, "sub": "another"})).await;
    let customers: i64 =
        sqlx::query_scalar("SELECT COUNT(DISTINCT customer) FROM sessions").fetch_one(&app.identity.db).await.unwrap();
    assert_eq!(customers, 2);
}

/// Abuse case 39, the database's part.
#[tokio::test]
async fn no_token_is_readable_in_the_database() {
    let app = TestApp::start().await;
    app.sign_in(&mut Browser::default(), json!({})).await;
    app.identity.db.close().await;
    if !app.database_url.starts_with("sqlite:") {
        // A server's files are elsewhere; what is written is the same.
        return;
    }
    let mut scanned = 0;
    for file in std::fs::read_dir(app.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        scanned += bytes.len();
        let text = String::from_utf8_lossy(&bytes);
        // "eyJ" begins every JSON Web Token.
        assert!(!text.contains("refresh-1") && !text.contains("eyJ"), "a token lies in the database");
    }
    assert!(scanned > 10_000);
}

/// A request of a customer that changes nothing writes nothing: no row, no cookie.
#[tokio::test]
async fn reading_a_session_neither_writes_nor_sends_the_cookie_again() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in(&mut browser, json!({})).await;
    assert_eq!(app.get(&mut browser, "/whoami").await.set_cookies(), Vec::<String>::new());
}

/// A renewal that lost against a sign-in elsewhere uses what that one brought.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_on_another_device_during_a_renewal_signs_nobody_out() {
    let app = TestApp::start().await;
    app.sign_in(&mut Browser::default(), json!({})).await;
    app.clock.advance(Duration::hours(2));
    let identity = app.identity.clone();
    app.endpoint.answers(move |_| {
        let elsewhere = serde_json::from_value(json!({
            "token_type": "Bearer", "expires_in": 3600, "scope": READ, "access_token": "elsewhere",
            "refresh_token": "refresh-of-the-other-device",
        }))
        .unwrap();
        tokio::task::block_in_place(|| {
            let alice = TestApp::alice();
            let remember =
                identity.tokens.remember(&alice, "pairwise-for-the-web", &elsewhere, &identity.initial_scopes);
            tokio::runtime::Handle::current().block_on(remember).unwrap();
        });
        (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant"}))
    });
    let token = app.identity.tokens.for_user(&TestApp::alice(), &Scopes::parse(READ)).await.expect("a token");
    assert_eq!(token.authorization_header().to_str().unwrap(), "Bearer elsewhere");
    assert_eq!(app.endpoint.asked(), 2, "the sign-in and one renewal");
}

/// Abuse case 90, the leases' part.
#[tokio::test]
async fn a_lease_from_before_the_clock_was_set_back_blocks_nobody() {
    let app = TestApp::start().await;
    app.sign_in(&mut Browser::default(), json!({})).await;
    app.clock.advance(Duration::hours(2));
    sqlx::query("UPDATE refresh_tokens SET lease = 'gone', lease_until = $1")
        .bind(app.clock.unix_millis() + 3_600_000)
        .execute(&app.identity.db)
        .await
        .unwrap();
    app.will_renew();
    assert!(app.identity.tokens.for_user(&TestApp::alice(), &Scopes::parse(READ)).await.is_ok());
}

#[tokio::test]
async fn tokens_sealed_under_a_key_that_is_gone_ask_for_sign_in_at_once() {
    let app = TestApp::start().await;
    app.sign_in(&mut Browser::default(), json!({})).await;
    let key = KeyRing::generate();
    let other = replica(&app.provider, &app.database_url, &app.clock, &key, "http://localhost:3000").await;
    let denied = other.tokens.for_user(&TestApp::alice(), &Scopes::parse(READ)).await.err();
    assert!(matches!(denied, Some(AcquireError::InteractionRequired { .. })), "{denied:?}");
    assert_eq!(app.endpoint.asked(), 1, "nothing was presented to the provider");
}
