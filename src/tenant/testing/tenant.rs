//! The tenant, on a database of its own: on SQLite, or where `ERRAND_TEST_POSTGRES` (`postgres://user@host:port`) says so,
//! on PostgreSQL.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use tower::ServiceExt as _;

use super::answer::Answer;
use super::browser::Browser;
use super::configuration::{CONTOSO, configuration};
use super::requests::{interaction, request, verifier};
use super::{ALICE, BOB, CALLBACK, TENANT, WEB};
use crate::platform::clock::Clock;
use crate::platform::config::{Mode, Settings};
use crate::platform::{database, outbound, random};
use crate::tenant::config::{self, Config};
use crate::tenant::display_name::DisplayName;
use crate::tenant::email::Email;
use crate::tenant::interaction::Interaction;
use crate::tenant::sso::Factor;
use crate::tenant::user::{self, NewUser, User};
use crate::tenant::user_flow::finish;
use crate::tenant::{Tenant, cookies, refusal, router};

/// A tenant on a database of its own, with a clock that the test moves.
pub(in crate::tenant) struct TestTenant {
    pub(in crate::tenant) tenant: Tenant,
    pub(in crate::tenant) router: Router,
    pub(in crate::tenant) clock: Clock,
    pub(in crate::tenant) folder: TempDir,
    pub(in crate::tenant) database_url: String,
}

impl TestTenant {
    pub(in crate::tenant) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With another configuration than [`configuration`].
    pub(in crate::tenant) async fn start_with(change: impl FnOnce(&mut config::Config)) -> Self {
        let clock = Clock::manual(OffsetDateTime::from_unix_timestamp(1_790_000_000).expect("a time"));
        let folder = tempfile::tempdir().expect("a folder");
        let database_url = database::test_url(folder.path()).await;
        Self::start_in(folder, database_url, clock, change).await
    }

    pub(in crate::tenant) async fn start_in(
        folder: tempfile::TempDir,
        database_url: String,
        clock: Clock,
        change: impl FnOnce(&mut config::Config),
    ) -> Self {
        let mut config = configuration(&database_url);
        change(&mut config);
        let tenant = Tenant::start(config, Mode::Development, &outbound::client(), clock.clone()).await;
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
    pub(in crate::tenant) async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// The same tenant, started again with another configuration.
    pub(in crate::tenant) async fn restart_with(self, change: impl FnOnce(&mut config::Config)) -> Self {
        self.tenant.db().close().await;
        Self::start_in(self.folder, self.database_url, self.clock, change).await
    }

    pub(in crate::tenant) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.expect("infallible")).await
    }

    /// What the router makes of a page's answer.
    pub(in crate::tenant) async fn answer(&self, response: Response) -> Answer {
        Answer::read(refusal::completed(&self.tenant, &HeaderMap::new(), response)).await
    }

    pub(in crate::tenant) async fn get(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, cookie).header(header::HOST, "localhost:3002");
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    pub(in crate::tenant) async fn post(
        &self,
        path: &str,
        headers: &[(header::HeaderName, &str)],
        fields: &[(&str, &str)],
    ) -> Answer {
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
    pub(in crate::tenant) async fn authorize(&self, changes: &[(&str, &str)], cookie: &str) -> Answer {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(request(changes)).finish();
        self.get(&format!("/{TENANT}/oauth2/v2.0/authorize?{query}"), cookie).await
    }

    /// The user as they are now.
    pub(in crate::tenant) async fn user(&self, id: &str) -> User {
        User::find(&self.tenant, id).await.expect("SQL").expect("a user")
    }

    /// Finishes the interaction that `begun` led to, as `user`.
    pub(in crate::tenant) async fn finish(&self, begun: &Answer, user: &str) -> Answer {
        let (id, headers) = interaction(begun);
        let interaction = Interaction::load(&self.tenant, &id, &headers).await.expect("the interaction is alive");
        self.answer(finish::sign_in(&self.tenant, &interaction, &self.user(user).await, Factor::Password).await).await
    }

    /// Signs a user in: the code, and the session cookie.
    pub(in crate::tenant) async fn sign_in(&self, user: &str, changes: &[(&str, &str)]) -> (String, String) {
        let begun = self.authorize(changes, "").await;
        let finished = self.finish(&begun, user).await;
        let session = finished.cookie(cookies::SESSION).expect("a session cookie");
        (finished.answered()["code"].clone(), session)
    }

    pub(in crate::tenant) async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_id", WEB), ("client_secret", "s3cret:with %+&")];
        all.retain(|(name, _)| !fields.iter().any(|(n, _)| n == name));
        all.extend(fields.iter().filter(|(_, value)| !value.is_empty()));
        self.post(&format!("/{TENANT}/oauth2/v2.0/token"), &[], &all).await
    }

    pub(in crate::tenant) async fn redeem(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
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

    pub(in crate::tenant) async fn refresh(&self, token: &str, scope: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)]).await
    }

    pub(in crate::tenant) async fn userinfo(&self, token: &str) -> Answer {
        let request = Request::get(format!("/{TENANT}/oidc/userinfo"));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    pub(in crate::tenant) async fn jwks(&self) -> Value {
        self.get(&format!("/{TENANT}/discovery/v2.0/keys"), "").await.json()
    }

    /// The claims of a token, verified with the keys that an app can see.
    pub(in crate::tenant) async fn claims(&self, token: &Value) -> Value {
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

/// A tenant whose customers meet its pages.
impl TestTenant {
    pub(in crate::tenant) async fn contoso() -> Self {
        Self::contoso_with("").await
    }

    /// `more` is TOML that follows the configuration.
    pub(in crate::tenant) async fn contoso_with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = database::test_url(folder.path()).await;
        let mut config: Config = Settings::from_toml(&format!("{CONTOSO}\n{more}")).unwrap().section("tenant").unwrap();
        config.database_url.clone_from(&url);
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH + Duration::days(20_000));
        let tenant = Tenant::start(config, Mode::Development, &outbound::client(), clock.clone()).await.unwrap();
        Self { router: router(tenant.clone()), tenant, clock, folder, database_url: url }
    }

    /// Begins an authorization request of an app: the interaction's id and the cookie of its browser.
    pub(in crate::tenant) async fn new_interaction(&self, login_hint: Option<&str>, sign_up: bool) -> (String, String) {
        let app = &self.tenant.config().apps[usize::from(!sign_up)];
        let client_id = app.client_id.to_string();
        let challenge = random::token();
        let mut query = vec![
            ("client_id", client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", "http://localhost:3000/callback"),
            ("scope", "openid profile"),
            ("state", "state"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        query.extend(login_hint.map(|hint| ("login_hint", hint)));
        let query = serde_urlencoded::to_string(query).unwrap();
        let begun = self.page(&format!("/contoso.localhost/oauth2/v2.0/authorize?{query}")).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
        let id = begun.location_header().split('/').nth(3).expect("/{tenant}/flow/{id}/…").to_owned();
        let cookie = begun.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        (id, cookie)
    }

    pub(in crate::tenant) async fn browser(&self) -> Browser<'_> {
        let (id, cookie) = self.new_interaction(None, true).await;
        Browser { at: self, id, cookie }
    }

    pub(in crate::tenant) async fn page(&self, path: &str) -> Answer {
        self.get_at("localhost:3002", path).await
    }

    /// As a browser that was led here by the name `host`.
    pub(in crate::tenant) async fn get_at(&self, host: &str, path: &str) -> Answer {
        self.send(Request::get(path).header(header::HOST, host).body(Body::empty()).unwrap()).await
    }

    /// The mails to `to`, newest first, as `/mailbox.json` tells.
    pub(in crate::tenant) async fn mails(&self, to: &str) -> Vec<serde_json::Value> {
        let page = self.page(&format!("/mailbox.json?to={to}")).await;
        assert_eq!(page.status, StatusCode::OK);
        let mut json: serde_json::Value = serde_json::from_str(&page.body).unwrap();
        json["messages"].as_array_mut().map(std::mem::take).unwrap()
    }

    pub(in crate::tenant) async fn newest_passcode(&self, to: &str) -> String {
        self.mails(to).await[0]["passcode"].as_str().expect("the newest mail has a passcode").to_owned()
    }

    pub(in crate::tenant) async fn add_user(&self, email: &str, password: &str) -> user::User {
        let new = NewUser {
            email: Email::parse(email).unwrap(),
            password_hash: self.tenant.limits().hasher.hash(password.to_owned()).await.unwrap(),
            display_name: DisplayName::parse("Alice").unwrap(),
            country: None,
        };
        user::create(&self.tenant, new).await.unwrap()
    }

    pub(in crate::tenant) async fn count_users(&self) -> i64 {
        sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(self.tenant.db()).await.unwrap()
    }
}
