//! An app whose customers sign in with a browser.

use std::collections::HashMap;

use axum::http::{Request, StatusCode, header};
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Value, json};
use tower_sessions::Session;

use super::{Browser, Lies, Page, READ, World, alice, send};
use crate::identity::Identity;
use crate::identity::session::UserSession;
use crate::platform::outbound;

const PUBLIC_URL: &str = "http://localhost:3000";

/// An app before a provider, with everything of [`World`].
pub(crate) struct TestApp {
    world: World,
    pub(crate) identity: Identity,
    pub(crate) router: Router,
}

impl std::ops::Deref for TestApp {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl TestApp {
    /// The provider's token endpoint answers as the test says.
    pub(crate) async fn start() -> Self {
        Self::start_at(PUBLIC_URL).await
    }

    pub(crate) async fn start_at(public_url: &str) -> Self {
        Self::of(World::start().await, public_url, json!({})).await
    }

    /// The provider has all endpoints, and lies when told to.
    pub(crate) async fn at_whole_provider() -> Self {
        Self::configured(json!({})).await
    }

    /// The same, with a configuration changed by `changes`.
    pub(crate) async fn configured(changes: Value) -> Self {
        Self::of(World::start_whole().await, PUBLIC_URL, changes).await
    }

    async fn of(world: World, public_url: &str, changes: Value) -> Self {
        let identity = world.web_server(public_url, &[&world.encryption_key], changes).await;
        let router = identity.mount(Router::new().route("/whoami", get(whoami)));
        Self { world, identity, router }
    }

    /// Another web server on the same database, under these encryption keys.
    pub(crate) async fn replica(&self, keys: &[&str]) -> Identity {
        self.web_server(PUBLIC_URL, keys, json!({})).await
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
        self.token.replies(move |_| {
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
    pub(crate) async fn sign_in_as(&self, browser: &mut Browser, changes: Value) -> Page {
        let asked = self.begin(browser).await;
        self.will_issue(&asked["nonce"], changes);
        self.answer(browser, &asked["state"]).await
    }

    pub(crate) async fn post(&self, browser: &mut Browser, path: &str, form: &str) -> Page {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        send(&self.router, browser, request, form.to_owned()).await
    }

    pub(crate) async fn rename(&self, table: &str, name: &str) {
        let statement = sqlx::AssertSqlSafe(format!("ALTER TABLE {table} RENAME TO {name}"));
        sqlx::query(statement).execute(self.identity.db()).await.unwrap();
    }

    /// Follows a redirect to the provider, and the provider's back: the address of the answer, on this site.
    pub(crate) async fn at_the_provider(&self, page: &Page) -> String {
        let answer = outbound::client().get(page.location()).send().await.expect("an answer");
        assert_eq!(answer.status(), reqwest::StatusCode::SEE_OTHER);
        let location = answer.headers()[header::LOCATION.as_str()].to_str().unwrap();
        location.strip_prefix("http://localhost:3000").expect("the redirect URI").to_owned()
    }

    /// Signs in; the page that it ends with.
    pub(crate) async fn sign_in(&self, browser: &mut Browser) -> Page {
        let page = self.get(browser, "/auth/sign-in?return_to=/todos").await;
        let back = self.at_the_provider(&page).await;
        self.get(browser, &back).await
    }

    /// Signs in and asserts that it works.
    pub(crate) async fn signed_in(&self) -> Browser {
        let mut browser = Browser::default();
        assert_eq!(self.sign_in(&mut browser).await.location(), "/todos");
        assert_eq!(self.whoami(&mut browser).await, "Alice");
        browser
    }

    /// Signs in at a provider that lies, and asserts that nobody is signed in.
    pub(crate) async fn refuses(&self, lies: Lies) {
        self.provider.lie(lies);
        let mut browser = Browser::default();
        assert_eq!(self.sign_in(&mut browser).await.location(), "/problem?reason=refused");
        assert_eq!(self.whoami(&mut browser).await, "nobody");
    }

    /// Whether the customer's tokens are there.
    pub(crate) async fn has_tokens(&self) -> bool {
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM refresh_tokens WHERE customer = $1")
            .bind(alice().as_str())
            .fetch_one(self.identity.db())
            .await
            .unwrap();
        rows > 0
    }

    pub(crate) async fn logout_by_back_channel(&self, token: &str) -> Page {
        self.post(&mut Browser::default(), "/auth/back-channel-logout", &format!("logout_token={token}")).await
    }
}

pub(crate) async fn whoami(Extension(session): Extension<Session>) -> String {
    match UserSession::load(&session).await.unwrap() {
        Some(signed_in) => signed_in.claim("name").unwrap_or("?").to_owned(),
        None => "nobody".to_owned(),
    }
}
