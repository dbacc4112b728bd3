//! An `OpenID` provider for tests: publishes metadata and keys, counts who asks, lies when told to, and signs
//! whatever header and claims a test wants. [`ProviderDouble::start_whole`] starts one that one can sign in at.

#![expect(clippy::missing_panics_doc, reason = "where a test cannot go on, it fails")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    RsaKeyPair, RsaPublicKeyComponents,
};
use axum::extract::{Query, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::{Uuid, uuid};

use super::provider::{Provider, ProviderConfig};
use crate::platform::clock::Clock;
use crate::platform::config::Mode;
use crate::platform::{hash, outbound, random, serve};

/// The tenant id of every double.
pub const TENANT: Uuid = uuid!("7ad3a2c4-5f0e-4a86-9d8e-0a1b2c3d4e5f");
/// The API's client id: the audience of access tokens.
pub const API: &str = "a9a9a9a9-0000-4000-8000-000000000001";
/// The web app's client id: `azp` of access tokens, `aud` of ID tokens.
pub const WEB: &str = "b8b8b8b8-0000-4000-8000-000000000002";
/// The object id of the user whom tokens are about unless a test says otherwise.
pub const ALICE: &str = "c7c7c7c7-0000-4000-8000-000000000003";
/// Another user's object id.
pub const BOB: &str = "c7c7c7c7-0000-4000-8000-000000000004";

/// A key pair, and the `kid` it is published under.
pub struct SigningKey {
    /// `kid`.
    pub id: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    fn rsa(id: &'static str) -> Self {
        Self { id, pair: Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key")) }
    }

    /// The key that is published at first.
    pub fn first() -> &'static Self {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| Self::rsa("first"))
    }

    /// A key that is not published until [`ProviderDouble::publish`] says so.
    pub fn second() -> &'static Self {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| Self::rsa("second"))
    }

    /// A P-256 key, for ES256; not published at first.
    pub fn elliptic() -> &'static Self {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
            Self { id: "elliptic", pair: Pair::P256(pair) }
        })
    }

    /// A P-384 key, for ES384; not published at first.
    pub fn larger_elliptic() -> &'static Self {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| {
            let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key");
            Self { id: "larger", pair: Pair::P384(pair) }
        })
    }

    /// An Ed25519 key, for `EdDSA`; not published at first.
    pub fn edwards() -> &'static Self {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| Self { id: "edwards", pair: Pair::Ed25519(Ed25519KeyPair::generate().expect("a key")) })
    }

    /// The public key as a JSON Web Key.
    pub fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.pair {
            Pair::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "use": "sig", "kid": self.id, "n": text(&public.n), "e": text(&public.e)})
            }
            Pair::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "use": "sig", "kid": self.id, "crv": "P-256", "x": text(x), "y": text(y)})
            }
            Pair::P384(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(48);
                json!({"kty": "EC", "use": "sig", "kid": self.id, "crv": "P-384", "x": text(x), "y": text(y)})
            }
            Pair::Ed25519(pair) => {
                json!({"kty": "OKP", "use": "sig", "kid": self.id, "crv": "Ed25519", "x": text(pair.public_key().as_ref())})
            }
        }
    }

    /// A token with exactly this header and these claims, signed by this key as the header's `alg` says (RS256 where
    /// the key cannot, so that a lie in the header stays a lie; RS512 is one too, but for [`SigningKey::sign_as`]).
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// A token that says that it is signed with this algorithm, and is.
    pub fn sign_as(&self, algorithm: &str, claims: &Value) -> String {
        let padding: &'static dyn RsaEncoding = match algorithm {
            "RS384" => &RSA_PKCS1_SHA384,
            "RS512" => &RSA_PKCS1_SHA512,
            "PS256" => &RSA_PSS_SHA256,
            "PS384" => &RSA_PSS_SHA384,
            "PS512" => &RSA_PSS_SHA512,
            _ => &RSA_PKCS1_SHA256,
        };
        let header = json!({"alg": algorithm, "kid": self.id});
        self.sign_padded(&header.to_string(), &claims.to_string(), padding)
    }

    /// [`SigningKey::sign`] for JSON that `serde_json` would not write, such as a member named twice.
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        let padding: &'static dyn RsaEncoding =
            if header.contains("PS256") { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        self.sign_padded(header, claims, padding)
    }

    fn sign_padded(&self, header: &str, claims: &str, padding: &'static dyn RsaEncoding) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, signed.as_bytes(), &mut signature).expect("a signature");
                signature
            }
            Pair::P256(pair) | Pair::P384(pair) => {
                pair.sign(&random, signed.as_bytes()).expect("a signature").as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The parameters of a request.
pub type Fields = HashMap<String, String>;

/// How a provider that one can sign in at lies. The default is the truth.
pub struct Lies {
    /// Changes of the authorization response's parameters (`null` removes one).
    pub response: Value,
    /// What signs ID tokens.
    pub key: &'static SigningKey,
    /// Changes of the ID token's header, and of its claims.
    pub header: Value,
    /// See [`Lies::header`].
    pub claims: Value,
    /// What becomes of a finished ID token.
    pub tamper: fn(String) -> String,
    /// Changes of the token response.
    pub tokens: Value,
    /// Changes of the `UserInfo` answer.
    pub user_info: Value,
    /// Whether it is signed.
    pub signs_user_info: bool,
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
struct Memory {
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
pub struct ProviderDouble {
    /// `http://127.0.0.1:…`
    pub origin: String,
    /// What its tokens' times are relative to.
    pub clock: Clock,
    state: Arc<State>,
    _stop: DropGuard,
}

struct State {
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
    pub async fn start(clock: &Clock) -> Self {
        Self::start_with(clock, Router::new()).await
    }

    /// Starts one that serves `more` (a token endpoint, say) besides metadata and keys.
    pub async fn start_with(clock: &Clock, more: Router) -> Self {
        Self::start_router(clock, |_| more).await
    }

    /// Starts one with all endpoints that sign-in, renewal and `UserInfo` need: it knows [`WEB`] by the secret
    /// [`SECRET`], and whoever comes is Alice.
    pub async fn start_whole(clock: &Clock) -> Self {
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

    async fn start_router(clock: &Clock, more: impl FnOnce(Arc<State>) -> Router) -> Self {
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
    pub fn issuer(&self) -> String {
        format!("{}/{TENANT}/v2.0", self.origin)
    }

    /// A configuration that trusts it, as an Entra tenant.
    pub fn config(&self) -> ProviderConfig {
        ProviderConfig { authority: self.issuer(), issuer: None, tenant_id: Some(TENANT) }
    }

    /// The side under test, with nothing fetched yet.
    pub fn provider(&self) -> Provider {
        Provider::new("test.identity", &self.config(), Mode::Development, outbound::client(), self.clock.clone())
            .expect("a valid configuration")
    }

    /// Changes members of the metadata; `null` removes one.
    pub fn change_document(&self, changes: Value) {
        merge(&mut self.state.document.lock().expect("not poisoned"), changes);
    }

    /// Publishes these keys instead of the ones so far.
    pub fn publish(&self, keys: &[&SigningKey]) {
        self.publish_jwks(json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()}));
    }

    /// Publishes any JSON in place of the keys.
    pub fn publish_jwks(&self, jwks: Value) {
        *self.state.keys.lock().expect("not poisoned") = jwks;
    }

    /// Lies from now on.
    pub fn lie(&self, lies: Lies) {
        self.state.memory.lock().expect("not poisoned").lies = lies;
    }

    /// What the token endpoint was asked, in order.
    pub fn token_requests(&self) -> Vec<(HeaderMap, Fields)> {
        self.state.memory.lock().expect("not poisoned").token_requests.clone()
    }

    /// How often the `UserInfo` endpoint was asked with a good token.
    pub fn user_info_requests(&self) -> usize {
        self.state.memory.lock().expect("not poisoned").user_info_requests
    }

    /// A logout token for [`WEB`] about the session that [`ProviderDouble::id_token`] is of, under `header`, its claims
    /// changed by `changes`.
    pub fn logout_token(&self, header: &Value, changes: Value) -> String {
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
    pub fn answer_with(&self, status: StatusCode) {
        self.state.status.store(status.as_u16(), Ordering::SeqCst);
    }

    /// Takes requests from now on and never answers them.
    pub fn fall_silent(&self) {
        self.state.silent.store(true, Ordering::SeqCst);
    }

    /// How often the metadata was fetched.
    pub fn discoveries(&self) -> usize {
        self.state.discoveries.load(Ordering::SeqCst)
    }

    /// How often the keys were fetched.
    pub fn key_fetches(&self) -> usize {
        self.state.key_fetches.load(Ordering::SeqCst)
    }

    /// The claims of Alice's access token for [`API`] with `scp` `ToDoList.Read ToDoList.ReadWrite`, changed by
    /// `changes` (`null` removes a claim).
    pub fn access_claims(&self, changes: Value) -> Value {
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
    pub fn access_token(&self, changes: Value) -> String {
        sign(&self.access_claims(changes))
    }

    /// An access token of a daemon with the application permission `ToDoList.ReadWrite.All`, changed by `changes`.
    pub fn app_token(&self, changes: Value) -> String {
        let mut claims = self.access_claims(json!({
            "scp": null, "roles": ["ToDoList.ReadWrite.All"], "idtyp": "app", "sub": BOB, "oid": BOB,
        }));
        merge(&mut claims, changes);
        sign(&claims)
    }

    /// Alice's ID token for [`WEB`], changed by `changes`.
    pub fn id_token(&self, nonce: &str, changes: Value) -> String {
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

/// The client secret of [`WEB`]: with characters that forms and HTTP Basic treat each in their own way.
pub const SECRET: &str = "s3cret:with %+&";

/// The authorization endpoint (OpenID Connect Core §3.1.2): asks nobody anything.
async fn authorize(Shared(state): Shared<Arc<State>>, Query(asked): Query<Fields>) -> Response {
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
async fn token(Shared(state): Shared<Arc<State>>, headers: HeaderMap, Form(fields): Form<Fields>) -> Response {
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

/// What the `UserInfo` endpoint accepts.
pub const ACCESS_TOKEN: &str = "the-access-token-of-alice";

/// The `UserInfo` endpoint (OpenID Connect Core §5.3).
async fn user_info(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Response {
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

/// Signs claims with the first key under an ordinary header.
pub fn sign(claims: &Value) -> String {
    let key = SigningKey::first();
    key.sign(&json!({"typ": "JWT", "alg": "RS256", "kid": key.id}), claims)
}

/// JSON Merge Patch (RFC 7396), one level deep.
pub(super) fn merge(target: &mut Value, changes: Value) {
    let (Value::Object(target), Value::Object(changes)) = (target, changes) else { unreachable!("both are objects") };
    for (name, value) in changes {
        if value.is_null() {
            target.remove(&name);
        } else {
            target.insert(name, value);
        }
    }
}

async fn document(Shared(state): Shared<Arc<State>>) -> (StatusCode, Json<Value>) {
    state.discoveries.fetch_add(1, Ordering::SeqCst);
    answer(&state, &state.document).await
}

async fn keys(Shared(state): Shared<Arc<State>>) -> (StatusCode, Json<Value>) {
    state.key_fetches.fetch_add(1, Ordering::SeqCst);
    answer(&state, &state.keys).await
}

async fn answer(state: &State, value: &Mutex<Value>) -> (StatusCode, Json<Value>) {
    if state.silent.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    let status = StatusCode::from_u16(state.status.load(Ordering::SeqCst)).expect("set from a status");
    (status, Json(value.lock().expect("not poisoned").clone()))
}
