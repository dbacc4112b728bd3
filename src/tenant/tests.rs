//! The tenant as an app and a browser meet it: requests to the router, on a database of their own. The user flow is
//! skipped: [`TestTenant::sign_in`] completes interactions itself.

mod credentials;
mod directory;
mod grants;
mod leniency;

use std::collections::HashMap;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use tower::ServiceExt as _;
use url::Url;

use super::interaction::Interaction;
use super::sso::{Factor, Session};
use super::user::User;
use super::user_flow::finish;
use super::{StartError, Tenant, config, cookies, refusal, router, sso};
use crate::platform::clock::Clock;
use crate::platform::config::{Mode, Settings};
use crate::platform::{database, hash, random};

#[path = "conformance.rs"]
mod conformance;
mod single_logout;

const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const API: &str = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";
const OTHER_API: &str = "dddddddd-dddd-dddd-dddd-dddddddddddd";
const WEB: &str = "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb";
const OTHER_WEB: &str = "cccccccc-cccc-cccc-cccc-cccccccccccc";
const DAEMON: &str = "eeeeeeee-eeee-eeee-eeee-eeeeeeeeeeee";
const DIRECTORY: &str = "00000003-0000-0000-c000-000000000000";
const CALLBACK: &str = "http://localhost:3000/auth/callback";
const ALICE: &str = "99999999-0000-4000-8000-000000000001";
const BOB: &str = "99999999-0000-4000-8000-000000000002";
const READ: &str = "api://aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa/ToDoList.Read";
const WRITE: &str = "api://aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa/ToDoList.ReadWrite";
const OTHER: &str = "https://other.example/Things.Read";
const PROFILE: &str = "https://graph.microsoft.com/User.Read";

struct TestTenant {
    tenant: Tenant,
    router: Router,
    clock: Clock,
    folder: tempfile::TempDir,
    database_url: String,
}

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.expect("a bounded body");
        Self { status: parts.status, headers: parts.headers, body }
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    fn location(&self) -> Option<Url> {
        let location = self.headers.get(header::LOCATION)?.to_str().expect("ASCII");
        Some(Url::parse("http://localhost:3002").expect("a base").join(location).expect("a URL"))
    }

    /// The parameters of the redirect to the app.
    fn answered(&self) -> HashMap<String, String> {
        let location = self.location().unwrap_or_else(|| panic!("no redirect: {} {}", self.status, self.text()));
        assert_eq!(self.status, StatusCode::SEE_OTHER);
        assert!(location.as_str().starts_with(CALLBACK), "{location}");
        location.query_pairs().into_owned().collect()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn error(&self) -> (u16, String, u64) {
        let json = self.json();
        let code = json["error_codes"][0].as_u64().unwrap_or_default();
        (self.status.as_u16(), json["error"].as_str().unwrap_or_default().to_owned(), code)
    }

    /// `name=value` of a cookie that was set.
    fn cookie(&self, name: &str) -> Option<String> {
        let all = self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut ours = all.filter(|cookie| cookie.starts_with(&format!("{name}=")));
        ours.next().and_then(|cookie| cookie.split(';').next()).map(ToOwned::to_owned)
    }
}

fn configuration(database_url: &str) -> config::Config {
    let toml = format!(
        r#"
        [tenant]
        listen = "127.0.0.1:0"
        public_url = "http://localhost:3002"
        database_url = "{database_url}"
        tenant_id = "{TENANT}"
        domain = "errand.example"
        display_name = "Errand"
        [[tenant.apps]]
        name = "API"
        client_id = "{API}"
        redirect_uris = ["http://localhost:3001/auth/callback"]
        secrets = ["the API's"]
        user_flow = "open"
        app_roles = [
            {{ value = "ToDoList.Read.All", display_name = "Read all" }},
            {{ value = "ToDoList.ReadWrite.All", display_name = "Write all" }},
        ]
        optional_access_token_claims = ["idtyp"]
        permissions = [
            {{ resource = "{DIRECTORY}", scopes = ["User.Read"] }},
            {{ resource = "{OTHER_API}", scopes = ["Things.Read"], consent = "user" }},
        ]
        scopes = [
            {{ value = "ToDoList.Read", display_name = "Read" }},
            {{ value = "ToDoList.ReadWrite", display_name = "Write" }},
            {{ value = "ToDoList.Admin", display_name = "Granted to nobody" }},
        ]
        [[tenant.apps]]
        name = "Other API"
        client_id = "{OTHER_API}"
        application_id_uri = "https://other.example"
        scopes = [
            {{ value = "Things.Read", display_name = "Things" }},
            {{ value = "Things.Change", display_name = "Things" }},
        ]
        app_roles = [{{ value = "Things.Read.All", display_name = "All things" }}]
        [[tenant.apps]]
        name = "Web"
        client_id = "{WEB}"
        redirect_uris = ["{CALLBACK}"]
        post_logout_redirect_uris = ["http://localhost:3000/signed-out"]
        secrets = ["s3cret:with %+&", "second"]
        user_flow = "open"
        permissions = [
            {{ resource = "{API}", scopes = ["ToDoList.Read", "ToDoList.ReadWrite"] }},
            {{ resource = "{OTHER_API}", scopes = ["Things.Read"] }},
            {{ resource = "{OTHER_API}", scopes = ["Things.Change"], consent = "user" }},
            {{ resource = "{DIRECTORY}", scopes = ["User.Read", "User.ReadWrite"] }},
        ]
        [[tenant.apps]]
        name = "Daemon"
        client_id = "{DAEMON}"
        secrets = ["the daemon's"]
        permissions = [{{ resource = "{API}", roles = ["ToDoList.Read.All"] }}]
        [[tenant.apps]]
        name = "Other web"
        client_id = "{OTHER_WEB}"
        redirect_uris = ["{CALLBACK}"]
        secrets = ["other"]
        user_flow = "closed"
        [[tenant.user_flows]]
        name = "open"
        [[tenant.user_flows]]
        name = "closed"
        sign_up = false
        [[tenant.authentication_contexts]]
        id = "c1"
        "#,
    );
    Settings::from_toml(&toml).and_then(|settings| settings.section("tenant")).expect("a valid configuration")
}

/// RFC 9700's rotation instead of Entra's way.
fn revoke_reused(config: &mut config::Config) {
    config.refresh_token_reuse = config::RefreshTokenReuse::Revoke;
}

impl TestTenant {
    async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With another configuration than [`configuration`].
    async fn start_with(change: impl FnOnce(&mut config::Config)) -> Self {
        let clock = Clock::manual(OffsetDateTime::from_unix_timestamp(1_790_000_000).expect("a time"));
        let folder = tempfile::tempdir().expect("a folder");
        let database_url = database::test_url(folder.path()).await;
        Self::start_in(folder, database_url, clock, change).await
    }

    async fn start_in(
        folder: tempfile::TempDir,
        database_url: String,
        clock: Clock,
        change: impl FnOnce(&mut config::Config),
    ) -> Self {
        let mut config = configuration(&database_url);
        change(&mut config);
        let tenant = Tenant::start(config, Mode::Development, clock.clone()).await;
        let tenant = tenant.unwrap_or_else(|error| panic!("{error}"));
        for (id, email, name) in [(ALICE, "alice@example.com", "Alice"), (BOB, "bob@example.com", "Bob")] {
            sqlx::query(
                "INSERT INTO users (id, email, display_name, country, created_at, password_changed_at, disabled) \
                 VALUES ($1, $2, $3, 'CH', 0, 0, 0) ON CONFLICT (id) DO NOTHING",
            )
            .bind(id)
            .bind(email)
            .bind(name)
            .execute(tenant.db())
            .await
            .expect("a user");
        }
        Self { router: router(tenant.clone()), tenant, clock, folder, database_url }
    }

    /// The same tenant, started again on its database.
    async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// The same tenant, started again with another configuration.
    async fn restart_with(self, change: impl FnOnce(&mut config::Config)) -> Self {
        self.tenant.db().close().await;
        Self::start_in(self.folder, self.database_url, self.clock, change).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.expect("infallible")).await
    }

    /// What the router makes of a page's answer.
    async fn answer(&self, response: Response) -> Answer {
        Answer::read(refusal::completed(&self.tenant, &HeaderMap::new(), response)).await
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, cookie).header(header::HOST, "localhost:3002");
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    async fn post(&self, path: &str, headers: &[(header::HeaderName, &str)], fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::HOST, "localhost:3002");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    /// An authorization request with some parameters changed, added, or (with `""`) left out.
    async fn authorize(&self, changes: &[(&str, &str)], cookie: &str) -> Answer {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(request(changes)).finish();
        self.get(&format!("/{TENANT}/oauth2/v2.0/authorize?{query}"), cookie).await
    }

    /// The user as they are now.
    async fn user(&self, id: &str) -> User {
        User::find(&self.tenant, id).await.expect("SQL").expect("a user")
    }

    /// Finishes the interaction that `begun` led to, as `user`.
    async fn finish(&self, begun: &Answer, user: &str) -> Answer {
        let (id, headers) = interaction(begun);
        let interaction = Interaction::load(&self.tenant, &id, &headers).await.expect("the interaction is alive");
        self.answer(finish::sign_in(&self.tenant, &interaction, &self.user(user).await, Factor::Password).await).await
    }

    /// Signs a user in: the code, and the session cookie.
    async fn sign_in(&self, user: &str, changes: &[(&str, &str)]) -> (String, String) {
        let begun = self.authorize(changes, "").await;
        let finished = self.finish(&begun, user).await;
        let session = finished.cookie(cookies::SESSION).expect("a session cookie");
        (finished.answered()["code"].clone(), session)
    }

    async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_id", WEB), ("client_secret", "s3cret:with %+&")];
        all.retain(|(name, _)| !fields.iter().any(|(n, _)| n == name));
        all.extend(fields.iter().filter(|(_, value)| !value.is_empty()));
        self.post(&format!("/{TENANT}/oauth2/v2.0/token"), &[], &all).await
    }

    async fn redeem(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let verifier = verifier();
        let mut all = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", verifier.as_str()),
        ];
        all.retain(|(name, _)| !changes.iter().any(|(n, _)| n == name));
        all.extend(changes);
        self.token(&all).await
    }

    async fn refresh(&self, token: &str, scope: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)]).await
    }

    async fn userinfo(&self, token: &str) -> Answer {
        let request = Request::get(format!("/{TENANT}/oidc/userinfo"));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    async fn jwks(&self) -> Value {
        self.get(&format!("/{TENANT}/discovery/v2.0/keys"), "").await.json()
    }

    /// The claims of a token, verified with the keys that an app can see.
    async fn claims(&self, token: &Value) -> Value {
        let token = token.as_str().expect("a token");
        let kid = jsonwebtoken::decode_header(token).expect("a header").kid.expect("a kid");
        let jwks = self.jwks().await;
        let key = jwks["keys"].as_array().expect("keys").iter().find(|key| key["kid"] == kid.as_str());
        let key = key.expect("the key is published");
        let text = |name: &str| key[name].as_str().expect("text");
        let key = DecodingKey::from_rsa_components(text("n"), text("e")).expect("an RSA key");
        let mut validation = Validation::new(Algorithm::RS256);
        (validation.validate_aud, validation.validate_exp) = (false, false);
        jsonwebtoken::decode::<Value>(token, &key, &validation).expect("a valid signature").claims
    }
}

/// 43 characters, the shortest that is allowed.
fn verifier() -> String {
    "v".repeat(43)
}

fn request(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let challenge = hash::sha256_base64url(&verifier());
    let all = [
        ("client_id", WEB),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", &format!("openid profile email offline_access {READ} {WRITE}")),
        ("state", "the state/&="),
        ("nonce", "the nonce"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let kept = all.iter().filter(|(name, _)| !changes.iter().any(|(n, _)| n == name));
    let added = changes.iter().filter(|(_, value)| !value.is_empty());
    kept.chain(added).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The id of the interaction that a redirect leads to, and the headers of the browser that follows it.
fn interaction(begun: &Answer) -> (String, HeaderMap) {
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
    let location = begun.location().expect("a redirect");
    let mut segments = location.path_segments().expect("a path");
    assert_eq!((segments.next(), segments.next()), (Some(TENANT), Some("flow")), "{location}");
    let id = segments.next().expect("an id").to_owned();
    let mut headers = HeaderMap::new();
    let cookie = begun.cookie(cookies::INTERACTION).expect("a cookie");
    headers.insert(header::COOKIE, cookie.parse().expect("ASCII"));
    (id, headers)
}

fn is_sign_in_page(answer: &Answer) -> bool {
    answer.location().is_some_and(|location| location.path().contains("/flow/"))
}

#[tokio::test]
async fn a_nonce_that_cannot_be_kept_is_refused() {
    let t = TestTenant::start().await;
    for nonce in ["a\0b", "a\nb", &"x".repeat(513)] {
        let answer = t.authorize(&[("nonce", nonce)], "").await;
        assert_eq!(answer.answered()["error"], "invalid_request");
    }
}

#[tokio::test]
async fn a_state_or_login_hint_that_is_too_long_is_refused() {
    let t = TestTenant::start().await;
    for (name, longest) in [("state", 2048), ("login_hint", 254)] {
        assert!(is_sign_in_page(&t.authorize(&[(name, &"x".repeat(longest))], "").await), "{name}");
        let answered = t.authorize(&[(name, &"x".repeat(longest + 1))], "").await.answered();
        assert_eq!(answered["error"], "invalid_request", "{name}");
        assert!(answered["error_description"].contains(name), "{answered:?}");
    }
}

/// Cookies ignore ports: those of other apps on the same host come along.
#[tokio::test]
async fn another_apps_cookie_in_any_form_does_not_hinder_a_sign_in() {
    let t = TestTenant::start().await;
    for foreign in [&b"theme=gr\xc3\xbcn"[..], b"theme=gr\xfcn", b"a=\"b;c", b"%zz", b"=;;= ; x"] {
        let begun = t.authorize(&[], "").await;
        let location = begun.location().expect("the sign-in page").path().to_owned();
        let cookie = begun.cookie(cookies::INTERACTION).expect("a cookie");
        for header in [[foreign, b"; ", cookie.as_bytes()].concat(), [cookie.as_bytes(), b"; ", foreign].concat()] {
            let header = header::HeaderValue::from_bytes(&header).expect("a header");
            let request = Request::get(&location).header(header::COOKIE, header).body(Body::empty());
            assert_eq!(t.send(request.expect("a request")).await.status, StatusCode::OK, "{foreign:?}");
        }
    }
}

#[tokio::test]
async fn a_cookie_that_is_not_ours_byte_for_byte_or_is_there_twice_is_none() {
    let t = TestTenant::start().await;
    let (_, session) = t.sign_in(ALICE, &[]).await;
    let value = session.split_once('=').expect("a pair").1;
    assert!(!is_sign_in_page(&t.authorize(&[], &session).await), "the cookie is good");
    for other in [
        format!("errand%5Ftenant_session={value}"),
        format!("%65rrand_tenant_session={value}"),
        format!("Errand_Tenant_Session={value}"),
        format!("{session}; {session}"),
        format!("errand_tenant_session=other; {session}"),
    ] {
        assert!(is_sign_in_page(&t.authorize(&[], &other).await), "{other}");
    }
}

#[tokio::test]
async fn what_has_expired_is_removed_while_the_tenant_runs() {
    let t = TestTenant::start().await;
    t.sign_in(ALICE, &[]).await;
    t.authorize(&[], "").await;
    t.clock.advance(Duration::hours(25));
    t.authorize(&[], "").await;
    for (table, expected) in [("sso_sessions", 0), ("ended_interactions", 0)] {
        let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let left: i64 = sqlx::query_scalar(count).fetch_one(t.tenant.db()).await.expect("SQL");
        assert_eq!(left, expected, "{table}");
    }
}

/// Whoever asks and never signs in costs nothing.
#[tokio::test]
async fn authorization_requests_of_strangers_are_carried_by_them_and_leave_no_rows() {
    let t = TestTenant::start().await;
    for n in 0..100 {
        let state = format!("{n}{}", "\u{1}".repeat(2000));
        let begun = t.authorize(&[("state", &state), ("login_hint", "a@example.com")], "").await;
        let path = begun.location().expect("a page").path().to_owned();
        let cookies: Vec<_> =
            begun.headers.get_all(header::SET_COOKIE).iter().map(|c| c.to_str().expect("ASCII")).collect();
        assert!(cookies.iter().all(|cookie| cookie.len() < 4096) && cookies.len() > 1, "browsers take them");
        assert!(cookies.iter().all(|cookie| !cookie.contains("example.com")), "sealed");
        let pairs: Vec<_> = cookies.iter().map(|cookie| cookie.split(';').next().expect("a pair")).collect();
        let sent = pairs.join("; ");
        assert_eq!(t.get(&path, &sent).await.status, StatusCode::OK);
        assert_eq!(t.get(&path, pairs[0]).await.status, StatusCode::BAD_REQUEST, "a part is missing");
        let cancel = path.replace("/sign-in", "/cancel");
        let cancelled = t.post(&cancel, &[(header::COOKIE, &sent)], &[]).await;
        assert_eq!(cancelled.answered()["state"], state);
    }
    let rows = ["ended_interactions", "flow_steps", "sso_sessions", "grants", "authorization_codes", "mailbox"];
    for table in rows {
        let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let left: i64 = sqlx::query_scalar(count).fetch_one(t.tenant.db()).await.expect("SQL");
        assert_eq!(left, 0, "{table}");
    }
}

#[tokio::test]
async fn an_interaction_survives_a_restart_and_opens_under_no_other_address() {
    let t = TestTenant::start().await;
    let begun = t.authorize(&[], "").await;
    let other = t.authorize(&[], "").await;
    let t = t.restart().await;
    let cookie = begun.cookie(cookies::INTERACTION).expect("a cookie");
    assert_eq!(t.get(begun.location().expect("a page").path(), &cookie).await.status, StatusCode::OK);
    assert_eq!(t.get(other.location().expect("a page").path(), &cookie).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn pages_that_end_lead_back_to_their_app() {
    let t = TestTenant::start().await;
    let back = "<a href=\"http://localhost:3000/\">Back to Web</a>";
    let begun = t.authorize(&[], "").await;
    let path = begun.location().expect("a page").path().to_owned();
    let foreign = [(header::HeaderName::from_static("sec-fetch-site"), "cross-site")];
    let logout = format!("/{TENANT}/oauth2/v2.0/logout");
    let authorize = format!("/{TENANT}/oauth2/v2.0/authorize?client_id={WEB}");
    for (what, answer, status) in [
        ("another browser", t.get(&path, "").await, 400),
        ("a foreign form", t.post(&path, &foreign, &[]).await, 403),
        ("an authorize error", t.get(&authorize, "").await, 400),
        ("signed out", t.get(&format!("{logout}?client_id={WEB}"), "").await, 200),
    ] {
        assert_eq!(answer.status.as_u16(), status, "{what}");
        assert!(answer.text().contains(back), "{what}: {}", answer.text());
        assert!(!answer.text().contains("Back to Other web"), "{what}: it knows which app");
    }
    for (what, answer) in [
        ("an unknown app", t.get(&format!("/{TENANT}/oauth2/v2.0/authorize"), "").await),
        ("signed out of nothing", t.get(&logout, "").await),
    ] {
        assert!(
            answer.text().contains(back) && answer.text().contains("Back to Other web"),
            "{what}: {}",
            answer.text()
        );
    }
    let (_, session) = t.sign_in(ALICE, &[]).await;
    let asked = t.get(&format!("{logout}?client_id={WEB}"), &session).await;
    assert!(
        asked.text().contains("<a href=\"http://localhost:3000/\">Cancel, and go back to Web</a>"),
        "{}",
        asked.text()
    );

    let t = t.restart_with(|config| {
        let web = config.apps.iter_mut().find(|app| app.name == "Web").expect("registered");
        web.home_page_url = Some("http://localhost:3000/start".to_owned());
    });
    let answer = t.await.get(&path, "").await;
    assert!(answer.text().contains("<a href=\"http://localhost:3000/start\">Back to Web</a>"), "{}", answer.text());
}

/// Back, right after sign-up.
#[tokio::test]
async fn a_finished_interaction_of_a_signed_in_browser_goes_on_to_the_app() {
    let t = TestTenant::start().await;
    let begun = t.authorize(&[], "").await;
    let finished = t.finish(&begun, ALICE).await;
    let session = finished.cookie(cookies::SESSION).expect("a session");
    let base = begun.location().expect("a page").path().replace("/sign-in", "");
    let cookie = begun.cookie(cookies::INTERACTION).expect("a cookie");
    for page in ["sign-in", "sign-up", "sign-up/passcode", "sign-up/details", "consent"] {
        for cookies in [session.clone(), format!("{session}; {cookie}")] {
            let answer = t.get(&format!("{base}/{page}"), &cookies).await;
            assert_eq!(
                (answer.status, answer.header(header::LOCATION)),
                (StatusCode::SEE_OTHER, "http://localhost:3000/")
            );
        }
    }
    assert_eq!(
        t.get(&format!("{base}/sign-in"), &cookie).await.status,
        StatusCode::BAD_REQUEST,
        "not signed in (any more)"
    );
}

#[tokio::test]
async fn what_is_not_there_is_said_in_words_to_people_and_apps() {
    let t = TestTenant::start().await;
    let below = format!("/{TENANT}/nothing");
    let token = format!("/{TENANT}/oauth2/v2.0/token");
    for (method, path, status) in [
        (Method::GET, below.as_str(), 404),
        (Method::POST, &below, 404),
        (Method::GET, &token, 405),
        (Method::DELETE, "/mailbox", 405),
        (Method::POST, "/health", 405),
        (Method::GET, "/nothing", 400),
    ] {
        for (accept, content_type) in [("text/html,*/*;q=0.8", "text/html"), ("*/*", "application/json")] {
            let request = Request::builder().method(method.clone()).uri(path).header(header::ACCEPT, accept);
            let answer = t.send(request.body(Body::empty()).expect("a request")).await;
            assert_eq!(answer.status.as_u16(), status, "{method} {path}");
            assert!(answer.header(header::CONTENT_TYPE).starts_with(content_type), "{method} {path} {accept}");
            assert!(answer.body.len() > 100, "{method} {path} {accept}");
            assert_eq!(answer.headers.contains_key(header::ALLOW), status == 405, "{method} {path}");
            if accept.starts_with("text") {
                assert!(answer.text().contains("Back to Web"), "{method} {path}");
                assert!(answer.headers.contains_key(header::CONTENT_SECURITY_POLICY), "{method} {path}");
            }
        }
    }
    for icon in ["/favicon.ico", "/favicon.svg", "/assets/tenant.svg"] {
        let answer = t.get(icon, "").await;
        assert_eq!((answer.status, answer.header(header::CONTENT_TYPE)), (StatusCode::OK, "image/svg+xml"), "{icon}");
    }
}

/// The way in which an app ends another browser's session: RP-Initiated Logout, from server to server.
#[tokio::test]
async fn an_app_ends_another_browsers_session_by_its_id_token_without_a_browser() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let (_, other) = t.sign_in(ALICE, &[]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    let hint = tokens["id_token"].as_str().expect("an ID token");
    let path = format!("/{TENANT}/oauth2/v2.0/logout");
    assert_eq!(t.post(&path, &[], &[("id_token_hint", hint)]).await.status, StatusCode::OK);
    assert!(is_sign_in_page(&t.authorize(&[], &session).await), "the session behind the ID token has ended");
    assert!(!is_sign_in_page(&t.authorize(&[], &other).await), "and no other");
}

#[tokio::test]
async fn who_is_asked_to_sign_in_anew_does_so_and_does_not_fall_back_on_the_old_session() {
    let t = TestTenant::start().await;
    for (name, value) in [("prompt", "login"), ("max_age", "0")] {
        let (_, session) = t.sign_in(ALICE, &[]).await;
        t.clock.advance(Duration::minutes(5));
        let begun = t.authorize(&[(name, value)], &session).await;
        assert!(is_sign_in_page(&begun), "{name}");
        let path = begun.location().expect("a page").path().to_owned();
        let cookie = begun.cookie(cookies::INTERACTION).expect("a cookie");
        let both = format!("{session}; {cookie}");
        assert_eq!(t.get(&path, &both).await.status, StatusCode::OK, "{name}: Back shows the form again");
        let consent = t.get(&path.replace("sign-in", "consent"), &both).await;
        assert!(is_sign_in_page(&consent), "{name}: no way around it");
        let cancelled = t.post(&path.replace("sign-in", "cancel"), &[(header::COOKIE, &both)], &[]).await;
        assert_eq!(cancelled.answered()["error"], "access_denied", "{name}");
        let finished = t.finish(&begun, ALICE).await;
        let tokens = t.redeem(&finished.answered()["code"], &[]).await.json();
        let auth_time = t.claims(&tokens["id_token"]).await["auth_time"].as_i64();
        assert_eq!(auth_time, Some(t.clock.unix_seconds()), "{name}: fresh");
    }
}

/// A request in authority form has no path to take the tenant's segment from.
#[tokio::test]
async fn a_request_without_a_path_is_refused() {
    let t = TestTenant::start().await;
    let request = Request::builder().method(Method::CONNECT).uri("localhost:3002").body(Body::empty());
    assert_eq!(t.send(request.expect("a request")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn in_production_it_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("tenant.db()");
    let url = format!("sqlite:{}", database.display());
    let started = Tenant::start(configuration(&url), Mode::Production, Clock::system()).await;
    assert!(matches!(started, Err(StartError::Production)));
    assert!(!database.exists(), "nothing was made");
}

#[tokio::test]
async fn discovery_is_the_same_under_the_id_and_the_domain_and_nowhere_else() {
    let t = TestTenant::start().await;
    let document = t.get(&format!("/{TENANT}/v2.0/.well-known/openid-configuration"), "").await;
    assert_eq!(document.json()["issuer"], format!("http://localhost:3002/{TENANT}/v2.0"));
    assert_eq!(document.json()["authorization_response_iss_parameter_supported"], true);
    let by_domain = t.get("/Errand.Example/v2.0/.well-known/openid-configuration", "").await;
    assert_eq!(by_domain.json(), document.json());
    for path in
        ["/other.example/v2.0/.well-known/openid-configuration", "/22222222-2222-2222-2222-222222222222/x", "//"]
    {
        assert_eq!(t.get(path, "").await.error(), (400, "invalid_tenant".to_owned(), 90_002), "{path}");
    }
    assert_eq!(t.get("/health", "").await.status, StatusCode::OK);
    assert!(t.get("/", "").await.text().contains(WEB));
    assert_eq!(t.get(&format!("/{TENANT}"), "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_sign_in_gives_tokens_of_entras_shape() {
    let t = TestTenant::start().await;
    let begun = t.authorize(&[], "").await;
    let finished = t.finish(&begun, ALICE).await;
    let answered = finished.answered();
    assert_eq!(answered["state"], "the state/&=");
    assert_eq!(answered["iss"], t.tenant.issuer(), "RFC 9207");
    let set_cookie = finished.headers.get_all(header::SET_COOKIE).iter().filter_map(|v| v.to_str().ok());
    let set_cookie: Vec<_> = set_cookie.filter(|c| c.starts_with("errand_tenant_session")).collect();
    assert!(set_cookie[0].contains("HttpOnly") && set_cookie[0].contains("SameSite=Lax"), "{set_cookie:?}");

    let answer = t.redeem(&answered["code"], &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!((answer.header(header::CACHE_CONTROL), answer.header(header::PRAGMA)), ("no-store", "no-cache"));
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &3600.into()));
    assert_eq!(tokens["scope"], format!("{READ} {WRITE}"));
    let (id, access) = (t.claims(&tokens["id_token"]).await, t.claims(&tokens["access_token"]).await);
    let now = t.clock.unix_seconds();
    for claims in [&id, &access] {
        assert_eq!(claims["iss"], t.tenant.issuer());
        assert_eq!((&claims["tid"], &claims["ver"]), (&TENANT.into(), &"2.0".into()));
        assert_eq!((&claims["iat"], &claims["exp"]), (&now.into(), &(now + 3600).into()));
        assert_eq!((&claims["oid"], &claims["name"]), (&ALICE.into(), &"Alice".into()));
    }
    assert_eq!((&id["aud"], &id["nonce"], &id["auth_time"]), (&WEB.into(), &"the nonce".into(), &now.into()));
    assert_eq!((&id["email"], &id["ctry"]), (&"alice@example.com".into(), &"CH".into()));
    assert_eq!((&access["aud"], &access["azp"], &access["azpacr"]), (&API.into(), &WEB.into(), &"1".into()));
    assert_eq!(access["scp"], "ToDoList.Read ToDoList.ReadWrite");
    assert_ne!(id["sub"], access["sub"], "subjects are pairwise");
    assert!(access.get("nonce").is_none());
}

#[tokio::test]
async fn redirect_uri_that_differs_in_case_port_or_path_is_never_redirected_to() {
    let t = TestTenant::start().await;
    for uri in [
        "http://localhost:3000/auth/Callback",
        "http://LOCALHOST:3000/auth/callback",
        "https://localhost:3000/auth/callback",
        "https://localhost/auth/callback",
        "http://127.0.0.1:3000/auth/callback",
        "http://localhost:3001/auth/Callback",
        "http://localhost:+3001/auth/callback",
        "http://localhost:70000/auth/callback",
        "http://localhost:/auth/callback",
        "http://localhost:3000@evil.example/auth/callback",
        "http://localhost.evil.example:3000/auth/callback",
        "http://localhost:3000/auth/callback/",
        "http://localhost:3000/auth/callback/../evil",
        "http://localhost:3000/auth/callback?x=1",
        "http://localhost:3000/auth/callback#x",
        "http://localhost:3000/auth",
        "http://localhost:3000/auth/callback@evil.example",
        "http://evil.example",
        "javascript:alert(1)",
        "",
    ] {
        let answer = t.authorize(&[("redirect_uri", uri)], "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
        assert!(answer.location().is_none(), "{uri}");
        assert!(answer.header(header::CONTENT_TYPE).starts_with("text/html"), "{uri}");
    }
    for client in ["", "00000000-0000-0000-0000-000000000000", "<script>alert(1)</script>"] {
        let answer = t.authorize(&[("client_id", client)], "").await;
        assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, None), "{client}");
        assert!(!answer.text().contains("<script>alert"), "escaped");
    }
    let mut twice = request(&[]);
    twice.push(("redirect_uri".to_owned(), CALLBACK.to_owned()));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(twice).finish();
    let answer = t.get(&format!("/{TENANT}/oauth2/v2.0/authorize?{query}"), "").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, None));
}

#[tokio::test]
async fn a_faulty_authorization_request_is_told_to_the_app_with_its_state() {
    let t = TestTenant::start().await;
    let unknown_scope = format!("openid api://{API}/ToDoList.Nothing");
    let not_granted = format!("openid api://{API}/ToDoList.Admin");
    for (change, error, code) in [
        (("response_type", ""), "invalid_request", 900_144),
        (("response_type", "token"), "unsupported_response_type", 700_051),
        (("response_type", "code id_token"), "unsupported_response_type", 700_051),
        (("response_mode", "fragment"), "invalid_request", 70_007),
        // The method is there still: an app that believes itself protected.
        (("code_challenge", ""), "invalid_request", 9_002_325),
        (("code_challenge", "short"), "invalid_request", 50_147),
        (("code_challenge_method", ""), "invalid_request", 501_481),
        (("code_challenge_method", "plain"), "invalid_request", 501_481),
        (("scope", ""), "invalid_request", 900_144),
        (("scope", "openid User.Reed"), "invalid_scope", 70_011),
        (("scope", &unknown_scope), "invalid_scope", 70_011),
        (("scope", "openid api://unknown/x"), "invalid_resource", 500_011),
        (("scope", &not_granted), "consent_required", 65_001),
        (("prompt", "none login"), "invalid_request", 90_023),
        (("prompt", "dance"), "invalid_request", 90_023),
        (("prompt", "none"), "login_required", 50_058),
        (("max_age", "-1"), "invalid_request", 90_023),
        (("id_token_hint", "e30.e30.x"), "invalid_request", 50_027),
        (("request", "e30.e30."), "request_not_supported", 9_002_313),
    ] {
        let answered = t.authorize(&[change], "").await.answered();
        assert_eq!(answered["error"], error, "{change:?}");
        assert!(answered["error_description"].starts_with(&format!("AADSTS{code}: ")), "{change:?} {answered:?}");
        assert_eq!(answered["state"], "the state/&=", "{change:?}");
        assert_eq!(answered["iss"], t.tenant.issuer(), "{change:?}");
        assert!(!answered.contains_key("code"), "{change:?}");
    }
}

#[tokio::test]
async fn a_repeated_parameter_is_refused_and_an_unknown_one_ignored() {
    let t = TestTenant::start().await;
    for name in ["state", "nonce", "scope", "code_challenge", "something"] {
        let mut twice = request(&[("something", "x")]);
        twice.push((name.to_owned(), "again".to_owned()));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(twice).finish();
        let answer = t.get(&format!("/{TENANT}/oauth2/v2.0/authorize?{query}"), "").await;
        assert_eq!(answer.answered()["error"], "invalid_request", "{name}");
    }
    let unknown = [("extra", "foobar"), ("acr_values", "1 2"), ("ui_locales", "se"), ("claims_locales", "se")];
    assert!(is_sign_in_page(&t.authorize(&unknown, "").await));
}

#[tokio::test]
async fn an_authorization_request_may_be_posted_and_is_answered_with_303() {
    let t = TestTenant::start().await;
    let fields = request(&[]);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let path = format!("/{TENANT}/oauth2/v2.0/authorize");
    let answer = t.post(&path, &[(header::ORIGIN, "https://app.example")], &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(is_sign_in_page(&answer));
}

#[tokio::test]
async fn form_post_answers_with_a_form_that_escapes_what_it_carries() {
    let t = TestTenant::start().await;
    let changes = [("response_mode", "form_post"), ("state", "\"><script>alert(1)</script>")];
    let begun = t.authorize(&changes, "").await;
    let finished = t.finish(&begun, ALICE).await;
    assert_eq!(finished.status, StatusCode::OK);
    let csp = finished.header(header::CONTENT_SECURITY_POLICY);
    assert!(csp.contains("form-action http://localhost:3000;") && csp.contains("script-src 'nonce-"), "{csp}");
    assert!(!finished.text().contains("<script>alert"), "{}", finished.text());
    assert!(finished.text().contains(r#"name="code""#) && finished.text().contains(r#"name="iss""#));
    let refused = t.authorize(&[("response_mode", "form_post"), ("prompt", "none")], "").await;
    assert!(refused.location().is_none() && refused.text().contains(r#"value="login_required""#), "errors as well");
}

#[tokio::test]
async fn an_interaction_belongs_to_one_browser_ends_once_and_in_an_hour() {
    let t = TestTenant::start().await;
    let begun = t.authorize(&[], "").await;
    let (id, headers) = interaction(&begun);
    assert!(Interaction::load(&t.tenant, &id, &HeaderMap::new()).await.is_err(), "without the cookie");
    let (_, others) = interaction(&t.authorize(&[], "").await);
    assert!(Interaction::load(&t.tenant, &id, &others).await.is_err(), "with another browser's cookie");

    let first = Interaction::load(&t.tenant, &id, &headers).await.expect("alive");
    let second = Interaction::load(&t.tenant, &id, &headers).await.expect("alive");
    let alice = t.user(ALICE).await;
    assert_eq!(finish::sign_in(&t.tenant, &first, &alice, Factor::Password).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        finish::sign_in(&t.tenant, &second, &alice, Factor::Password).await.status(),
        StatusCode::BAD_REQUEST,
        "no second code"
    );

    let (id, headers) = interaction(&t.authorize(&[], "").await);
    t.clock.advance(Duration::minutes(61));
    assert!(Interaction::load(&t.tenant, &id, &headers).await.is_err(), "after an hour");

    let (id, headers) = interaction(&t.authorize(&[], "").await);
    let interaction = Interaction::load(&t.tenant, &id, &headers).await.expect("alive");
    let cancelled = finish::cancel(&t.tenant, &interaction);
    assert_eq!(t.answer(cancelled).await.answered()["error"], "access_denied");
}

#[tokio::test]
async fn a_session_answers_at_once_unless_the_request_wants_the_user() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let id_token = t.redeem(&code, &[]).await.json()["id_token"].as_str().expect("a token").to_owned();
    let (code, _) = t.sign_in(BOB, &[]).await;
    let bobs = t.redeem(&code, &[]).await.json()["id_token"].as_str().expect("a token").to_owned();
    t.clock.advance(Duration::seconds(10));
    let expired_hint = id_token.as_str();
    for changes in [
        &[][..],
        &[("prompt", "none")],
        &[("max_age", "10000")],
        &[("prompt", "consent")],
        &[("login_hint", "Alice@example.com"), ("prompt", "none")],
        &[("id_token_hint", expired_hint), ("prompt", "none")],
    ] {
        let answered = t.authorize(changes, &session).await.answered();
        assert!(answered.contains_key("code"), "{changes:?} {answered:?}");
    }
    for changes in [
        &[("prompt", "login")][..],
        &[("prompt", "select_account")],
        &[("prompt", "create")],
        &[("max_age", "0")],
        &[("max_age", "1")],
        &[("login_hint", "bob@example.com")],
        &[("id_token_hint", bobs.as_str())],
    ] {
        assert!(is_sign_in_page(&t.authorize(changes, &session).await), "{changes:?}");
    }
    for changes in [&[("max_age", "1")][..], &[("login_hint", "bob@example.com")], &[("id_token_hint", bobs.as_str())]]
    {
        let changes = [changes, &[("prompt", "none")]].concat();
        assert_eq!(t.authorize(&changes, &session).await.answered()["error"], "login_required", "{changes:?}");
    }
    assert_eq!(
        t.authorize(&[("prompt", "none")], "errand_tenant_session=forged").await.answered()["error"],
        "login_required"
    );
    t.clock.advance(Duration::hours(25));
    assert!(is_sign_in_page(&t.authorize(&[], &session).await), "idle for a day");
}

#[tokio::test]
async fn prompt_create_begins_with_sign_up_where_the_flow_has_one() {
    let t = TestTenant::start().await;
    let begun = t.authorize(&[("prompt", "create")], "").await;
    assert!(begun.location().expect("a redirect").path().ends_with("/sign-up"));
    let changes = [("prompt", "create"), ("client_id", OTHER_WEB), ("scope", "openid")];
    assert_eq!(t.authorize(&changes, "").await.answered()["error"], "invalid_request");
}

#[tokio::test]
async fn nobody_but_the_user_of_the_id_token_hint_is_signed_in() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let hint = t.redeem(&code, &[]).await.json()["id_token"].as_str().expect("a token").to_owned();
    let begun = t.authorize(&[("id_token_hint", &hint)], "").await;
    let answered = t.finish(&begun, BOB).await.answered();
    assert_eq!(answered["error"], "login_required");
}

#[tokio::test]
async fn signing_in_again_replaces_the_session_cookie() {
    let t = TestTenant::start().await;
    let (_, old) = t.sign_in(ALICE, &[]).await;
    let begun = t.authorize(&[("prompt", "login")], &old).await;
    let (id, mut headers) = interaction(&begun);
    headers.append(header::COOKIE, old.parse().expect("ASCII"));
    let interaction = Interaction::load(&t.tenant, &id, &headers).await.expect("alive");
    let finished =
        t.answer(finish::sign_in(&t.tenant, &interaction, &t.user(ALICE).await, Factor::Password).await).await;
    let new = finished.cookie(cookies::SESSION).expect("a cookie");
    assert_ne!(old, new);
    assert!(is_sign_in_page(&t.authorize(&[], &old).await), "the old cookie is dead");
    assert!(t.authorize(&[], &new).await.answered().contains_key("code"));
}

/// The password is looked up, waits to be hashed, and is right; by then it was reset.
#[tokio::test]
async fn a_sign_in_with_a_password_that_was_reset_meanwhile_is_refused() {
    let t = TestTenant::start().await;
    let (id, headers) = interaction(&t.authorize(&[], "").await);
    let interaction = Interaction::load(&t.tenant, &id, &headers).await.expect("alive");
    let proved = t.user(ALICE).await;
    t.clock.advance(Duration::seconds(1));
    sqlx::query("UPDATE users SET password_changed_at = $1 WHERE id = $2")
        .bind(t.clock.unix_millis())
        .bind(ALICE)
        .execute(t.tenant.db())
        .await
        .expect("SQL");
    t.clock.advance(Duration::seconds(1));
    let refused = t.answer(finish::sign_in(&t.tenant, &interaction, &proved, Factor::Password).await).await;
    assert_eq!(refused.answered()["error"], "login_required");
    assert_eq!(refused.cookie(cookies::SESSION), None);
    // Reset in the moment before the session is stored.
    let started = Session::start(&t.tenant, proved, Factor::Password, None).await.expect("SQL");
    assert!(started.is_err_and(|lapsed| lapsed == sso::Lapsed::PasswordChanged));
    let sessions: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM sso_sessions").fetch_one(t.tenant.db()).await.expect("SQL");
    assert_eq!(sessions, 0);
    t.sign_in(ALICE, &[]).await;
}

#[tokio::test]
async fn a_sign_out_wins_against_an_authorization_on_its_way() {
    let t = TestTenant::start().await;
    let (_, cookie) = t.sign_in(ALICE, &[]).await;
    let begun = t.authorize(&[("scope", "openid https://other.example/Things.Change")], &cookie).await;
    let (id, mut headers) = interaction(&begun);
    headers.append(header::COOKIE, cookie.parse().expect("ASCII"));
    let interaction = Interaction::load(&t.tenant, &id, &headers).await.expect("alive");
    let session = Session::find(&t.tenant, &headers).await.expect("SQL").expect("signed in");
    let asked = interaction.permissions(&t.tenant, &session).await.expect("permissions");
    sso::end(&t.tenant, &session.sid).await.expect("ended");
    let answered = t.answer(finish::accept(&t.tenant, interaction, &session, &asked).await).await.answered();
    assert_eq!((answered["error"].as_str(), answered.contains_key("code")), ("login_required", false));
}

#[tokio::test]
async fn code_reuse_in_series_revokes_its_tokens() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[("scope", "openid offline_access")]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    let access_token = tokens["access_token"].as_str().expect("a token");
    assert_eq!(t.userinfo(access_token).await.status, StatusCode::OK);
    t.clock.advance(Duration::seconds(90));
    assert_eq!(t.redeem(&code, &[]).await.error(), (400, "invalid_grant".to_owned(), 54_005));
    let refreshed = t.refresh(tokens["refresh_token"].as_str().expect("a token"), "").await;
    assert_eq!(refreshed.error(), (400, "invalid_grant".to_owned(), 50_173));
    assert_eq!(t.userinfo(access_token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn code_reuse_in_parallel_gives_one_success_and_revokes_its_tokens() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let attempts = futures::future::join_all((0..50).map(|_| t.redeem(&code, &[]))).await;
    let (won, lost): (Vec<_>, Vec<_>) = attempts.into_iter().partition(|answer| answer.status == StatusCode::OK);
    assert_eq!((won.len(), lost.len()), (1, 49));
    assert!(lost.iter().all(|answer| answer.error().1 == "invalid_grant"));
    let refresh_token = won[0].json()["refresh_token"].as_str().expect("a token").to_owned();
    assert_eq!(t.refresh(&refresh_token, "").await.error().1, "invalid_grant");
}

#[tokio::test]
async fn a_code_is_bound_to_client_redirect_uri_verifier_and_a_minute() {
    let t = TestTenant::start().await;
    let wrong = "w".repeat(43);
    let long = "v".repeat(129);
    for (changes, code) in [
        (&[("client_id", OTHER_WEB), ("client_secret", "other")][..], 70_000),
        (&[("redirect_uri", "http://localhost:3000/other")], 500_112),
        (&[("code_verifier", &wrong)], 501_481),
        (&[("code_verifier", "short")], 501_491),
        (&[("code_verifier", &long)], 501_491),
        (&[("code", "unknown")], 70_000),
    ] {
        let (issued, _) = t.sign_in(ALICE, &[]).await;
        assert_eq!(t.redeem(&issued, changes).await.error(), (400, "invalid_grant".to_owned(), code), "{changes:?}");
    }
    let (code, _) = t.sign_in(ALICE, &[]).await;
    assert_eq!(t.redeem(&code, &[("code_verifier", &wrong)]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(t.redeem(&code, &[]).await.error().1, "invalid_grant", "one guess at the verifier");

    let (code, _) = t.sign_in(ALICE, &[]).await;
    assert_eq!(t.redeem(&code, &[("code_verifier", "")]).await.error().1, "invalid_request");
    let (code, _) = t.sign_in(ALICE, &[]).await;
    t.clock.advance(Duration::seconds(61));
    assert_eq!(t.redeem(&code, &[]).await.error(), (400, "invalid_grant".to_owned(), 70_008));
}

#[tokio::test]
async fn a_client_authenticates_in_exactly_one_way() {
    let t = TestTenant::start().await;
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    // RFC 6749 §2.3.1: form-urlencoded inside.
    let basic = format!("Basic {}", STANDARD.encode(format!("{WEB}:s3cret%3Awith+%25%2B%26")));
    let grant = [("grant_type", "refresh_token"), ("refresh_token", "unknown")];
    let authenticated = (400, "invalid_grant".to_owned(), 70_000);
    assert_eq!(t.post(&path, &[(header::AUTHORIZATION, &basic)], &grant).await.error(), authenticated);
    let second = [&grant[..], &[("client_secret", "second")]].concat();
    assert_eq!(t.token(&second).await.error(), authenticated, "every secret is valid");

    let both = [&grant[..], &[("client_id", WEB), ("client_secret", "second")]].concat();
    let refused = t.post(&path, &[(header::AUTHORIZATION, &basic)], &both).await;
    assert_eq!(refused.error(), (400, "invalid_request".to_owned(), 90_023));

    for (changes, code) in [
        ([("client_id", WEB), ("client_secret", "wrong")], 7_000_215),
        ([("client_id", WEB), ("client_secret", "other")], 7_000_215),
        ([("client_id", WEB), ("client_secret", "")], 7_000_218),
        ([("client_id", API), ("client_secret", "x")], 7_000_215),
        ([("client_id", "unknown"), ("client_secret", "x")], 700_016),
    ] {
        let refused = t.token(&[&grant[..], &changes].concat()).await;
        assert_eq!(refused.error(), (401, "invalid_client".to_owned(), code), "{changes:?}");
        assert!(refused.header(header::WWW_AUTHENTICATE).starts_with("Basic"), "RFC 6749 §5.2");
        assert_eq!(refused.header(header::CACHE_CONTROL), "no-store");
    }
    let bearer = t.post(&path, &[(header::AUTHORIZATION, "Bearer x")], &grant).await;
    assert_eq!(bearer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(t.token(&[("grant_type", "password")]).await.error().1, "unsupported_grant_type");
    assert_eq!(t.token(&[("grant_type", "")]).await.error().1, "invalid_request");
    let json = Request::post(&path).header(header::CONTENT_TYPE, "application/json").body(Body::from("{}"));
    assert_eq!(t.send(json.expect("a request")).await.error().1, "invalid_request");
    let get = Request::builder().method(Method::GET).uri(&path).body(Body::empty()).expect("a request");
    assert_eq!(t.send(get).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn an_error_has_entras_shape_and_names_no_secret() {
    let t = TestTenant::start().await;
    let answer = t.token(&[("grant_type", "refresh_token"), ("client_secret", "a wrong one")]).await;
    let json = answer.json();
    let description = json["error_description"].as_str().expect("text");
    assert!(description.starts_with("AADSTS7000215: ") && description.contains("Trace ID: "), "{description}");
    assert_eq!(json["timestamp"], "2026-09-21 14:13:20Z");
    for id in ["trace_id", "correlation_id"] {
        assert!(json[id].as_str().is_some_and(|id| id.parse::<uuid::Uuid>().is_ok()), "{id}");
    }
    assert!(!answer.text().contains("a wrong one"));
}

#[tokio::test]
async fn a_token_request_is_for_one_resource_and_may_narrow_but_not_widen() {
    let t = TestTenant::start().await;
    let all = format!("openid offline_access {READ} {WRITE} {OTHER}");
    let both = format!("{READ} {OTHER}");
    for (authorized, asked, expected) in [
        (all.as_str(), READ, Ok((API, "ToDoList.Read"))),
        (&all, OTHER, Ok((OTHER_API, "Things.Read"))),
        (&all, "", Ok((API, "ToDoList.Read ToDoList.ReadWrite"))),
        (&all, "openid", Ok(("00000003-0000-0000-c000-000000000000", "openid"))),
        (&all, both.as_str(), Err(28_000)),
        (READ, WRITE, Err(70_011)),
        ("openid", READ, Err(70_011)),
    ] {
        let (code, _) = t.sign_in(ALICE, &[("scope", authorized)]).await;
        let answer = t.redeem(&code, &[("scope", asked)]).await;
        match expected {
            Ok((audience, scp)) => {
                let claims = t.claims(&answer.json()["access_token"]).await;
                assert_eq!((&claims["aud"], &claims["scp"]), (&audience.into(), &scp.into()), "{asked}");
            }
            Err(code) => assert_eq!(answer.error(), (400, "invalid_scope".to_owned(), code), "{asked}"),
        }
    }
    let (code, _) = t.sign_in(ALICE, &[("scope", READ)]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    assert!(tokens.get("id_token").is_none() && tokens.get("refresh_token").is_none(), "neither was asked for");
}

#[tokio::test]
async fn refreshing_rotates_and_reaches_other_granted_resources_only() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let first = t.redeem(&code, &[]).await.json();
    let before = t.claims(&first["id_token"]).await;
    let token = first["refresh_token"].as_str().expect("a token");
    t.clock.advance(Duration::hours(2));
    for (scope, error) in [
        (format!("api://{API}/ToDoList.Admin"), "invalid_grant"),
        (format!("api://{API}/ToDoList.Nothing"), "invalid_scope"),
        (format!("{READ} {OTHER}"), "invalid_scope"),
        ("api://unknown/x".to_owned(), "invalid_resource"),
    ] {
        assert_eq!(t.refresh(token, &scope).await.error().1, error, "{scope}");
    }
    let answer = t.refresh(token, OTHER).await;
    assert_eq!(answer.status, StatusCode::OK, "a refused scope did not use the token up: {}", answer.text());
    let second = answer.json();
    assert_eq!(t.claims(&second["access_token"]).await["aud"], OTHER_API);
    let after = t.claims(&second["id_token"]).await;
    for claim in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(before[claim], after[claim], "{claim}");
    }
    assert!(after.get("nonce").is_none(), "Core §12.2");
    let new = second["refresh_token"].as_str().expect("a token");
    assert_ne!(token, new);
    t.clock.advance(Duration::days(89));
    let third = t.refresh(new, "").await.json();
    t.clock.advance(Duration::days(91));
    let expired = t.refresh(third["refresh_token"].as_str().expect("a token"), "").await;
    assert_eq!(expired.error(), (400, "invalid_grant".to_owned(), 700_082));
}

#[tokio::test]
async fn a_replayed_refresh_token_revokes_its_family_and_a_restart_does_not_forgive_it() {
    let t = TestTenant::start_with(revoke_reused).await;
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let first = t.redeem(&code, &[]).await.json()["refresh_token"].as_str().expect("a token").to_owned();
    let second = t.refresh(&first, "").await.json()["refresh_token"].as_str().expect("a token").to_owned();
    let foreign = [("client_id", OTHER_WEB), ("client_secret", "other")];
    let stolen = [&foreign[..], &[("grant_type", "refresh_token"), ("refresh_token", &second)]].concat();
    assert_eq!(t.token(&stolen).await.error(), (400, "invalid_grant".to_owned(), 70_000), "bound to its client");
    let t = t.restart_with(revoke_reused).await;
    assert_eq!(t.refresh(&first, "").await.error().1, "invalid_grant", "replayed");
    assert_eq!(t.refresh(&second, "").await.error().1, "invalid_grant", "its family is revoked");
    let t = t.restart_with(revoke_reused).await;
    assert_eq!(t.refresh(&second, "").await.error().1, "invalid_grant", "still");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_token_used_in_parallel_succeeds_once_where_reuse_revokes() {
    let t = TestTenant::start_with(revoke_reused).await;
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let token = t.redeem(&code, &[]).await.json()["refresh_token"].as_str().expect("a token").to_owned();
    let attempts = futures::future::join_all((0..20).map(|_| t.refresh(&token, ""))).await;
    let statuses: Vec<_> = attempts.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 400)), "{statuses:?}");
}

#[tokio::test]
async fn a_changed_password_or_a_disabled_user_ends_sessions_and_grants() {
    let t = TestTenant::start().await;
    for statement in [
        "UPDATE users SET password_changed_at = $1 WHERE id = $2",
        "UPDATE users SET disabled = $1 WHERE id = $2",
        "DELETE FROM users WHERE $1 > 0 AND id = $2",
    ] {
        let user = if statement.contains("disabled") { BOB } else { ALICE };
        let (code, session) = t.sign_in(user, &[]).await;
        let token = t.redeem(&code, &[]).await.json()["refresh_token"].as_str().expect("a token").to_owned();
        t.clock.advance(Duration::seconds(1));
        sqlx::query(statement).bind(t.clock.unix_millis()).bind(user).execute(t.tenant.db()).await.expect("SQL");
        assert_eq!(t.refresh(&token, "").await.error().1, "invalid_grant", "{statement}");
        assert!(is_sign_in_page(&t.authorize(&[], &session).await), "{statement}");
    }
}

#[tokio::test]
async fn ending_all_sessions_of_a_user_ends_cookies_codes_and_refresh_tokens() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let token = t.redeem(&code, &[]).await.json()["refresh_token"].as_str().expect("a token").to_owned();
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let (bobs, _) = t.sign_in(BOB, &[]).await;
    sso::end_sessions_of(&t.tenant, ALICE).await;
    assert_eq!(t.refresh(&token, "").await.error(), (400, "invalid_grant".to_owned(), 50_173));
    assert_eq!(t.redeem(&code, &[]).await.error().1, "invalid_grant");
    assert!(is_sign_in_page(&t.authorize(&[], &session).await));
    assert_eq!(t.redeem(&bobs, &[]).await.status, StatusCode::OK, "nobody else's");
}

#[tokio::test]
async fn userinfo_tells_what_the_scopes_allow_about_the_same_subject() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[("scope", "openid email")]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    let token = tokens["access_token"].as_str().expect("a token");
    let info = t.userinfo(token).await.json();
    assert_eq!(info["sub"], t.claims(&tokens["id_token"]).await["sub"]);
    assert_eq!((&info["email"], info.get("name")), (&"alice@example.com".into(), None));
    let path = format!("/{TENANT}/oidc/userinfo");
    let posted = t.post(&path, &[(header::AUTHORIZATION, &format!("Bearer {token}"))], &[]).await;
    assert_eq!(posted.json(), info);

    let unauthorized = [
        t.get(&path, "").await,
        t.get(&format!("{path}?access_token={token}"), "").await,
        t.userinfo("x.y.z").await,
        t.userinfo(tokens["id_token"].as_str().expect("a token")).await,
        {
            let (code, _) = t.sign_in(ALICE, &[]).await;
            t.userinfo(t.redeem(&code, &[]).await.json()["access_token"].as_str().expect("a token")).await
        },
        {
            t.clock.advance(Duration::hours(1));
            t.userinfo(token).await
        },
    ];
    for (position, answer) in unauthorized.iter().enumerate() {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{position}");
        assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer"), "{position}");
    }
}

#[tokio::test]
async fn key_rotation_breaks_no_token_and_announces_the_next_key() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[("scope", "openid")]).await;
    let before = t.redeem(&code, &[]).await.json();
    let published = |jwks: &Value| -> Vec<String> {
        jwks["keys"]
            .as_array()
            .expect("keys")
            .iter()
            .map(|key| key["kid"].as_str().expect("a kid").to_owned())
            .collect()
    };
    let old = published(&t.jwks().await);
    t.tenant.rotate_keys().await.expect("rotated");
    let (code, _) = t.sign_in(ALICE, &[("scope", "openid")]).await;
    let after = t.redeem(&code, &[]).await.json();
    let kid = |tokens: &Value| {
        let token = tokens["id_token"].as_str().expect("a token");
        jsonwebtoken::decode_header(token).expect("a header").kid.expect("a kid")
    };
    assert_ne!(kid(&before), kid(&after));
    assert!(old.contains(&kid(&after)), "it was published before it signed");
    t.claims(&before["id_token"]).await;
    assert_eq!(t.userinfo(before["access_token"].as_str().expect("a token")).await.status, StatusCode::OK);
    let t = t.restart().await;
    t.claims(&before["id_token"]).await;
    t.claims(&after["id_token"]).await;
    let verified = |tokens: &Value| {
        let token = tokens["id_token"].as_str().expect("a token");
        t.tenant.keys().verify::<Value>(token, t.clock.unix_millis()).is_some()
    };
    assert!(verified(&before) && verified(&after));
    t.clock.advance(Duration::hours(3));
    assert!(!published(&t.jwks().await).contains(&kid(&before)), "its tokens have expired");
    assert!(!verified(&before) && verified(&after), "neither does the tenant take it any more");
    let keys = t.jwks().await;
    assert!(!keys.to_string().contains("\"d\""), "no private half");
}

#[tokio::test]
async fn a_restart_keeps_sessions_and_subjects() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let before = t.claims(&t.redeem(&code, &[]).await.json()["id_token"]).await;
    let t = t.restart().await;
    let code = t.authorize(&[("prompt", "none")], &session).await.answered()["code"].clone();
    let after = t.claims(&t.redeem(&code, &[]).await.json()["id_token"]).await;
    assert_eq!((&before["sub"], &before["sid"]), (&after["sub"], &after["sid"]));
}

#[tokio::test]
async fn sign_out_with_a_matching_hint_is_immediate_and_goes_only_to_a_registered_address() {
    let t = TestTenant::start().await;
    let path = format!("/{TENANT}/oauth2/v2.0/logout");
    for (uri, redirected) in [
        ("http://localhost:3000/signed-out", true),
        ("http://localhost:3000/signed-out/", false),
        ("http://evil.example/", false),
    ] {
        for by_logout_hint in [false, true] {
            let (code, session) = t.sign_in(ALICE, &[]).await;
            let tokens = t.redeem(&code, &[]).await.json();
            let login_hint = t.claims(&tokens["id_token"]).await["login_hint"].as_str().expect("text").to_owned();
            t.clock.advance(Duration::hours(2));
            let hint = if by_logout_hint {
                ("logout_hint", login_hint.as_str())
            } else {
                ("id_token_hint", tokens["id_token"].as_str().expect("a token"))
            };
            let fields = [hint, ("post_logout_redirect_uri", uri), ("state", "a b")];
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            let answer = t.get(&format!("{path}?{query}"), &session).await;
            if redirected {
                assert_eq!(answer.header(header::LOCATION), "http://localhost:3000/signed-out?state=a+b");
            } else {
                assert_eq!((answer.status, answer.location()), (StatusCode::OK, None), "{uri}");
            }
            assert!(is_sign_in_page(&t.authorize(&[], &session).await), "the session has ended");
        }
    }
}

#[tokio::test]
async fn sign_out_without_proof_asks_and_a_forged_confirmation_does_nothing() {
    let t = TestTenant::start().await;
    let path = format!("/{TENANT}/oauth2/v2.0/logout");
    let (_, session) = t.sign_in(ALICE, &[]).await;
    let (code, _) = t.sign_in(BOB, &[]).await;
    let bobs = t.redeem(&code, &[]).await.json()["id_token"].as_str().expect("a token").to_owned();
    let uri = "post_logout_redirect_uri=http://localhost:3000/signed-out";
    let mut page = String::new();
    for query in ["", "id_token_hint=x.y.z", &format!("client_id={WEB}"), &format!("id_token_hint={bobs}")] {
        let answer = t.get(&format!("{path}?{query}&{uri}"), &session).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::OK, None), "{query}");
        assert!(answer.text().contains("Do you want to sign out?"), "{query}");
        assert!(answer.cookie(cookies::SESSION).is_none(), "{query}");
        if query.starts_with("client_id") {
            page = answer.text();
        }
    }
    let token = page.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
    let confirm = format!("{path}/confirm");
    let cookie = (header::COOKIE, session.as_str());
    let origin = |origin| (header::ORIGIN, origin);
    let cross_site = t.post(&confirm, &[cookie.clone(), origin("https://evil.example")], &[("token", token)]).await;
    assert_eq!(cross_site.status, StatusCode::FORBIDDEN);
    let guessed = t.post(&confirm, &[cookie.clone(), origin("http://localhost:3002")], &[("token", "guess")]).await;
    assert_eq!(guessed.status, StatusCode::CONFLICT);
    assert!(guessed.text().contains("nothing was done") && guessed.text().contains("Do you want to sign out?"));
    assert!(t.authorize(&[], &session).await.answered().contains_key("code"), "still signed in");

    let fields = [("token", token), ("post_logout_redirect_uri", "http://localhost:3000/signed-out")];
    let confirmed = t.post(&confirm, &[cookie, origin("http://localhost:3002")], &fields).await;
    assert_eq!(confirmed.status, StatusCode::SEE_OTHER);
    assert!(is_sign_in_page(&t.authorize(&[], &session).await));
}

#[tokio::test]
async fn nothing_secret_is_kept_as_it_is() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let (fresh, _) = t.sign_in(ALICE, &[]).await;
    let token = t.redeem(&code, &[]).await.json()["refresh_token"].as_str().expect("a token").to_owned();
    let cookie = session.split_once('=').expect("a cookie").1;
    if !t.database_url.starts_with("sqlite:") {
        // A server's files are elsewhere; what is written is the same.
        return;
    }
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(t.tenant.db()).await.expect("a checkpoint");
    let file = std::fs::read(t.folder.path().join("test.db")).expect("the database");
    for secret in [code.as_str(), &fresh, &token, cookie] {
        assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    let known = hash::sha256_base64url(&token);
    assert!(file.windows(known.len()).any(|window| window == known.as_bytes()), "the test looks in the right place");
}
