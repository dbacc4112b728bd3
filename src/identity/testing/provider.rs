//! An `OpenID` provider for tests: publishes metadata and keys, counts who asks, lies when told to, and signs
//! whatever header and claims a test wants. [`ProviderDouble::start_whole`] starts one that one can sign in at.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{ACCESS_TOKEN, ALICE, API, BOB, SECRET, SigningKey, TENANT, WEB, sign};
use crate::identity::provider::{Provider, ProviderConfig};
use crate::platform::clock::Clock;
use crate::platform::config::Mode;
use crate::platform::{hash, outbound, random, serve};

/// The parameters of a request.
pub(crate) type Fields = HashMap<String, String>;

/// How a provider that one can sign in at lies. The default is the truth.
pub(crate) struct Lies {
    /// Changes of the authorization response's parameters (`null` removes one).
    pub(crate) response: Value,
    /// What signs ID tokens.
    pub(crate) key: &'static SigningKey,
    /// Changes of the ID token's header, and of its claims.
    pub(crate) header: Value,
    /// See [`Lies::header`].
    pub(crate) claims: Value,
    /// What becomes of a finished ID token.
    pub(crate) tamper: fn(String) -> String,
    /// Changes of the token response.
    pub(crate) tokens: Value,
    /// Changes of the `UserInfo` answer.
    pub(crate) user_info: Value,
    /// Whether it is signed.
    pub(crate) signs_user_info: bool,
}

impl Default for Lies {
    fn default() -> Self {
        Self {
            response: json!({}),
            key: SigningKey::first(),
            header: json!({}),
            claims: json!({}),
            tamper: |token| token,
            tokens: json!({}),
            user_info: json!({}),
            signs_user_info: false,
        }
    }
}

/// What the endpoints remember.
#[derive(Default)]
pub(crate) struct Memory {
    lies: Lies,
    /// Authorization requests by the code that answered them.
    codes: HashMap<String, Fields>,
    /// The refresh token that works, and the scopes of its grant.
    refresh_token: Option<(String, String)>,
    /// Every token request.
    token_requests: Vec<(HeaderMap, Fields)>,
    /// The access tokens that the `UserInfo` endpoint was shown.
    user_info_requests: usize,
}

/// A provider that listens on a free port until it is dropped.
pub(crate) struct ProviderDouble {
    /// `http://127.0.0.1:…`
    pub(crate) origin: String,
    /// What its tokens' times are relative to.
    pub(crate) clock: Clock,
    state: Arc<State>,
    _stop: DropGuard,
}

pub(crate) struct State {
    document: Mutex<Value>,
    keys: Mutex<Value>,
    status: AtomicU16,
    silent: AtomicBool,
    discoveries: AtomicUsize,
    key_fetches: AtomicUsize,
    clock: Clock,
    memory: Mutex<Memory>,
}

impl ProviderDouble {
    /// Starts one that publishes [`SigningKey::first`].
    pub(crate) async fn start(clock: &Clock) -> Self {
        Self::start_with(clock, Router::new()).await
    }

    /// Starts one that serves `more` (a token endpoint, say) besides metadata and keys.
    pub(crate) async fn start_with(clock: &Clock, more: Router) -> Self {
        Self::start_router(clock, |_| more).await
    }

    /// Starts one with all endpoints that sign-in, renewal and `UserInfo` need: it knows [`WEB`] by the secret
    /// [`SECRET`], and whoever comes is Alice.
    pub(crate) async fn start_whole(clock: &Clock) -> Self {
        let endpoints = |state: Arc<State>| {
            Router::new()
                .route(&format!("/{TENANT}/oauth2/v2.0/authorize"), get(authorize))
                .route(&format!("/{TENANT}/oauth2/v2.0/token"), post(token))
                .route(&format!("/{TENANT}/oidc/userinfo"), get(user_info))
                .with_state(state)
        };
        let double = Self::start_router(clock, endpoints).await;
        double.change_document(json!({ "userinfo_endpoint": format!("{}/{TENANT}/oidc/userinfo", double.origin) }));
        double
    }

    pub(crate) async fn start_router(clock: &Clock, more: impl FnOnce(Arc<State>) -> Router) -> Self {
        let listener = serve::listen("double", "127.0.0.1:0".parse().expect("an address")).await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("bound"));
        let base = format!("{origin}/{TENANT}");
        let state = Arc::new(State {
            document: Mutex::new(json!({
                "issuer": format!("{base}/v2.0"),
                "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
                "token_endpoint": format!("{base}/oauth2/v2.0/token"),
                "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
                "jwks_uri": format!("{base}/discovery/v2.0/keys"),
                "id_token_signing_alg_values_supported": ["RS256"],
            })),
            keys: Mutex::new(json!({"keys": [SigningKey::first().jwk()]})),
            status: AtomicU16::new(200),
            silent: AtomicBool::new(false),
            discoveries: AtomicUsize::new(0),
            key_fetches: AtomicUsize::new(0),
            clock: clock.clone(),
            memory: Mutex::default(),
        });
        let router = Router::new()
            .route(&format!("/{TENANT}/v2.0/.well-known/openid-configuration"), get(document))
            .route(&format!("/{TENANT}/discovery/v2.0/keys"), get(keys))
            .with_state(Arc::clone(&state))
            .merge(more(Arc::clone(&state)));
        let stop = CancellationToken::new();
        tokio::spawn(serve::serve(listener, router, stop.clone()));
        Self { origin, clock: clock.clone(), state, _stop: stop.drop_guard() }
    }

    /// What it calls itself unless a test changes the document.
    pub(crate) fn issuer(&self) -> String {
        format!("{}/{TENANT}/v2.0", self.origin)
    }

    /// A configuration that trusts it, as an Entra tenant.
    pub(crate) fn config(&self) -> ProviderConfig {
        ProviderConfig { authority: self.issuer(), issuer: None, tenant_id: Some(TENANT) }
    }

    /// The side under test, with nothing fetched yet.
    pub(crate) fn provider(&self) -> Provider {
        Provider::new(&self.config(), Mode::Development, outbound::client(), self.clock.clone())
            .expect("a valid configuration")
    }

    /// Changes members of the metadata; `null` removes one.
    pub(crate) fn change_document(&self, changes: Value) {
        merge(&mut self.state.document.lock().expect("not poisoned"), changes);
    }

    /// Publishes these keys instead of the ones so far.
    pub(crate) fn publish(&self, keys: &[&SigningKey]) {
        self.publish_jwks(json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()}));
    }

    /// Publishes any JSON in place of the keys.
    pub(crate) fn publish_jwks(&self, jwks: Value) {
        *self.state.keys.lock().expect("not poisoned") = jwks;
    }

    /// Lies from now on.
    pub(crate) fn lie(&self, lies: Lies) {
        self.state.memory.lock().expect("not poisoned").lies = lies;
    }

    /// What the token endpoint was asked, in order.
    pub(crate) fn token_requests(&self) -> Vec<(HeaderMap, Fields)> {
        self.state.memory.lock().expect("not poisoned").token_requests.clone()
    }

    /// How often the `UserInfo` endpoint was asked with a good token.
    pub(crate) fn user_info_requests(&self) -> usize {
        self.state.memory.lock().expect("not poisoned").user_info_requests
    }

    /// A logout token for [`WEB`] about the session that [`ProviderDouble::id_token`] is of, under `header`, its claims
    /// changed by `changes`.
    pub(crate) fn logout_token(&self, header: &Value, changes: Value) -> String {
        let now = self.clock.unix_seconds();
        let mut claims = json!({
            "iss": self.issuer(), "aud": WEB, "sub": "pairwise-for-the-web", "sid": "session", "jti": random::token(),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}}, "iat": now, "exp": now + 120,
        });
        merge(&mut claims, changes);
        let mut complete = json!({"typ": "logout+jwt", "alg": "RS256", "kid": "first"});
        merge(&mut complete, header.clone());
        SigningKey::first().sign(&complete, &claims)
    }

    /// Answers everything with this status from now on.
    pub(crate) fn answer_with(&self, status: StatusCode) {
        self.state.status.store(status.as_u16(), Ordering::SeqCst);
    }

    /// Takes requests from now on and never answers them.
    pub(crate) fn fall_silent(&self) {
        self.state.silent.store(true, Ordering::SeqCst);
    }

    /// How often the metadata was fetched.
    pub(crate) fn discoveries(&self) -> usize {
        self.state.discoveries.load(Ordering::SeqCst)
    }

    /// How often the keys were fetched.
    pub(crate) fn key_fetches(&self) -> usize {
        self.state.key_fetches.load(Ordering::SeqCst)
    }

    /// The claims of Alice's access token for [`API`] with `scp` `ToDoList.Read ToDoList.ReadWrite`, changed by
    /// `changes` (`null` removes a claim).
    pub(crate) fn access_claims(&self, changes: Value) -> Value {
        let now = self.clock.unix_seconds();
        let mut claims = json!({
            "iss": self.issuer(), "aud": API, "tid": TENANT, "oid": ALICE, "sub": "pairwise-for-the-api", "azp": WEB,
            "azpacr": "1", "scp": "ToDoList.Read ToDoList.ReadWrite", "ver": "2.0", "uti": "unique",
            "iat": now, "nbf": now, "exp": now + 3600,
        });
        merge(&mut claims, changes);
        claims
    }

    /// [`ProviderDouble::access_claims`], signed by the first key.
    pub(crate) fn access_token(&self, changes: Value) -> String {
        sign(&self.access_claims(changes))
    }

    /// An access token of a daemon with the application permission `ToDoList.ReadWrite.All`, changed by `changes`.
    pub(crate) fn app_token(&self, changes: Value) -> String {
        let mut claims = self.access_claims(json!({
            "scp": null, "roles": ["ToDoList.ReadWrite.All"], "idtyp": "app", "sub": BOB, "oid": BOB,
        }));
        merge(&mut claims, changes);
        sign(&claims)
    }

    /// Alice's ID token for [`WEB`], changed by `changes`.
    pub(crate) fn id_token(&self, nonce: &str, changes: Value) -> String {
        let now = self.clock.unix_seconds();
        let mut claims = json!({
            "iss": self.issuer(), "aud": WEB, "tid": TENANT, "oid": ALICE, "sub": "pairwise-for-the-web", "sid": "session",
            "name": "Alice", "preferred_username": "alice@example.com", "nonce": nonce, "ver": "2.0",
            "iat": now, "nbf": now, "exp": now + 3600,
        });
        merge(&mut claims, changes);
        sign(&claims)
    }
}

/// The authorization endpoint (OpenID Connect Core §3.1.2): asks nobody anything.
pub(crate) async fn authorize(Shared(state): Shared<Arc<State>>, Query(asked): Query<Fields>) -> Response {
    let required = ["client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge"];
    let complete = required.iter().all(|name| asked.contains_key(*name))
        && asked["client_id"] == WEB
        && asked["code_challenge_method"] == "S256"
        && asked["scope"].split(' ').any(|scope| scope == "openid");
    if !complete {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut memory = state.memory.lock().expect("not poisoned");
    let code = random::token();
    let mut answer = json!({ "code": code, "state": asked["state"] });
    merge(&mut answer, memory.lies.response.clone());
    let form = asked.get("response_mode").is_some_and(|mode| mode == "form_post");
    let redirect_uri = asked["redirect_uri"].clone();
    memory.codes.insert(code, asked);
    let answer = serde_urlencoded::to_string(answer).expect("flat");
    if form {
        // What the page would have the browser post.
        return answer.into_response();
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, format!("{redirect_uri}?{answer}"))]).into_response()
}

/// The token endpoint (OpenID Connect Core §3.1.3, §12): each code and each refresh token is good once.
pub(crate) async fn token(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let error = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    let document = state.document.lock().expect("not poisoned").clone();
    let mut memory = state.memory.lock().expect("not poisoned");
    memory.token_requests.push((headers.clone(), fields.clone()));
    // RFC 6749 §2.3.1
    let encode = |text: &str| serde_urlencoded::to_string([("", text)]).expect("flat")[1..].replace('+', "%20");
    let expected = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", encode(WEB), encode(SECRET)));
    if headers.get(header::AUTHORIZATION).is_none_or(|value| *value != format!("Basic {expected}")) {
        return error("invalid_client");
    }
    let (scope, nonce, proved) = match fields["grant_type"].as_str() {
        "authorization_code" => {
            let Some(asked) = memory.codes.remove(&fields["code"]) else { return error("invalid_grant") };
            let proved = hash::sha256_base64url(&fields["code_verifier"]) == asked["code_challenge"];
            if !proved || fields["redirect_uri"] != asked["redirect_uri"] {
                return error("invalid_grant");
            }
            (asked["scope"].clone(), asked.get("nonce").cloned(), asked.contains_key("max_age"))
        }
        "refresh_token" => match memory.refresh_token.take() {
            Some((current, scope)) if current == fields["refresh_token"] => (scope, None, false),
            _ => return error("invalid_grant"),
        },
        _ => return error("unsupported_grant_type"),
    };
    let now = state.clock.unix_seconds();
    let mut claims = json!({
        "iss": document["issuer"], "aud": WEB, "tid": TENANT, "oid": ALICE, "sub": "pairwise-for-the-web",
        "sid": "session", "name": "Alice", "ver": "2.0", "iat": now, "nbf": now, "exp": now + 3600,
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    // OpenID Connect Core §2: whoever comes proves who they are on the spot.
    if proved {
        claims["auth_time"] = json!(now);
    }
    merge(&mut claims, memory.lies.claims.clone());
    let mut header = json!({"typ": "JWT", "alg": "RS256", "kid": memory.lies.key.id});
    merge(&mut header, memory.lies.header.clone());
    let id_token = (memory.lies.tamper)(memory.lies.key.sign(&header, &claims));
    let refresh_token = random::token();
    memory.refresh_token = Some((refresh_token.clone(), scope.clone()));
    let granted = scope.split(' ').filter(|scope| scope.contains("://")).collect::<Vec<_>>().join(" ");
    let mut answer = json!({
        "token_type": "Bearer", "expires_in": 3600, "scope": granted, "access_token": ACCESS_TOKEN,
        "refresh_token": refresh_token, "id_token": id_token,
    });
    merge(&mut answer, memory.lies.tokens.clone());
    Json(answer).into_response()
}

/// The `UserInfo` endpoint (OpenID Connect Core §5.3).
pub(crate) async fn user_info(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Response {
    if headers.get(header::AUTHORIZATION).is_none_or(|value| *value != format!("Bearer {ACCESS_TOKEN}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut memory = state.memory.lock().expect("not poisoned");
    memory.user_info_requests += 1;
    let mut claims = json!({
        "sub": "pairwise-for-the-web", "name": "Alice of UserInfo", "email": "alice@example.com", "sid": "forged",
    });
    merge(&mut claims, memory.lies.user_info.clone());
    if memory.lies.signs_user_info {
        return ([(header::CONTENT_TYPE, "application/jwt")], sign(&claims)).into_response();
    }
    Json(claims).into_response()
}

/// JSON Merge Patch (RFC 7396), one level deep.
pub(crate) fn merge(target: &mut Value, changes: Value) {
    let (Value::Object(target), Value::Object(changes)) = (target, changes) else { unreachable!("both are objects") };
    for (name, value) in changes {
        if value.is_null() {
            target.remove(&name);
        } else {
            target.insert(name, value);
        }
    }
}

pub(crate) async fn document(Shared(state): Shared<Arc<State>>) -> (StatusCode, Json<Value>) {
    state.discoveries.fetch_add(1, Ordering::SeqCst);
    answer(&state, &state.document).await
}

pub(crate) async fn keys(Shared(state): Shared<Arc<State>>) -> (StatusCode, Json<Value>) {
    state.key_fetches.fetch_add(1, Ordering::SeqCst);
    answer(&state, &state.keys).await
}

pub(crate) async fn answer(state: &State, value: &Mutex<Value>) -> (StatusCode, Json<Value>) {
    if state.silent.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    let status = StatusCode::from_u16(state.status.load(Ordering::SeqCst)).expect("set from a status");
    (status, Json(value.lock().expect("not poisoned").clone()))
}
