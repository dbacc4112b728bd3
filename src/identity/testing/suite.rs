//! An app whose customers sign in at a provider that has all endpoints, and lies when told to.

use axum::Router;
use axum::http::{Request, header};
use axum::routing::get;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{ALICE, Browser, Lies, Page, ProviderDouble, TENANT, configured, send, whoami};
use crate::identity::Identity;
use crate::identity::session::CustomerKey;
use crate::platform::clock::Clock;
use crate::platform::seal::KeyRing;
use crate::platform::{database, outbound};

/// A relying party, and the provider that it is tested against.
pub(crate) struct Suite {
    pub(crate) provider: ProviderDouble,
    pub(crate) identity: Identity,
    pub(crate) router: Router,
    pub(crate) clock: Clock,
    pub(crate) database_url: String,
    pub(crate) key: String,
    _folder: tempfile::TempDir,
}

impl Suite {
    pub(crate) async fn start() -> Self {
        Self::configured(json!({})).await
    }

    /// With a configuration changed by `changes`.
    pub(crate) async fn configured(changes: Value) -> Self {
        let clock = Clock::manual(OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap());
        let provider = ProviderDouble::start_whole(&clock).await;
        let folder = tempfile::tempdir().unwrap();
        let database_url = database::test_url(folder.path()).await;
        let key = KeyRing::generate();
        let identity = configured(&provider, &database_url, &clock, std::slice::from_ref(&key), changes).await;
        let router = identity.mount(Router::new().route("/whoami", get(whoami)));
        Self { provider, identity, router, clock, database_url, key, _folder: folder }
    }

    pub(crate) async fn get(&self, browser: &mut Browser, path: &str) -> Page {
        send(&self.router, browser, Request::get(path), String::new()).await
    }

    pub(crate) async fn post(&self, browser: &mut Browser, path: &str, form: &str) -> Page {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        send(&self.router, browser, request, form.to_owned()).await
    }

    pub(crate) async fn rename(&self, table: &str, name: &str) {
        let statement = sqlx::AssertSqlSafe(format!("ALTER TABLE {table} RENAME TO {name}"));
        sqlx::query(statement).execute(&self.identity.db).await.unwrap();
    }

    pub(crate) async fn whoami(&self, browser: &mut Browser) -> String {
        self.get(browser, "/whoami").await.body
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

    pub(crate) fn alice() -> CustomerKey {
        serde_json::from_value(json!(format!("{TENANT}.{ALICE}"))).unwrap()
    }

    /// Whether the customer's tokens are there.
    pub(crate) async fn has_tokens(&self) -> bool {
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM refresh_tokens WHERE customer = $1")
            .bind(Self::alice().as_str())
            .fetch_one(&self.identity.db)
            .await
            .unwrap();
        rows > 0
    }

    pub(crate) async fn logout_by_back_channel(&self, token: &str) -> Page {
        self.post(&mut Browser::default(), "/auth/back-channel-logout", &format!("logout_token={token}")).await
    }
}
