//! The user flows as a browser meets them: pages, forms, redirects, and the mail that comes of them. On SQLite, or
//! where `ERRAND_TEST_POSTGRES` (`postgres://user@host:port`) says so, on PostgreSQL.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use tempfile::TempDir;
use time::Duration;
use tower::ServiceExt as _;

use super::super::config::Config;
use super::super::display_name::DisplayName;
use super::super::email::Email;
use super::super::passcode::{self, Purpose, Verdict};
use super::super::user::{self, NewUser};
use super::super::{Tenant, mail, router};
use crate::platform::clock::Clock;
use crate::platform::config::{Mode, Settings};
use crate::platform::database;

mod journeys;

const CONFIG: &str = r#"
[tenant]
listen = "127.0.0.1:0"
public_url = "http://localhost:3002"
database_url = "sqlite:unused"
tenant_id = "11111111-1111-4111-8111-111111111111"
domain = "contoso.localhost"
display_name = "Contoso"

[[tenant.apps]]
name = "Errand"
client_id = "22222222-2222-4222-8222-222222222222"
redirect_uris = ["http://localhost:3000/callback"]
user_flow = "everybody"

[[tenant.apps]]
name = "Errand for members"
client_id = "33333333-3333-4333-8333-333333333333"
redirect_uris = ["http://localhost:3000/callback"]
user_flow = "members"

[[tenant.user_flows]]
name = "everybody"
sign_up = true
attributes = ["display_name", "country"]

[[tenant.user_flows]]
name = "members"
sign_up = false
"#;
const GOOD_PASSWORD: &str = "correct horse battery staple";
const OTHER_PASSWORD: &str = "wachtwoord van mijn fiets";

struct TestTenant {
    tenant: Tenant,
    router: Router,
    _folder: TempDir,
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Page {
    fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map(|v| v.to_str().unwrap()).unwrap_or_default()
    }

    fn is_signed_in(&self) -> bool {
        self.status == StatusCode::SEE_OTHER && self.location().starts_with("http://localhost:3000/callback?code=")
    }
}

/// A browser in the middle of an authorization request.
struct Browser<'a> {
    at: &'a TestTenant,
    id: String,
    cookie: String,
}

impl TestTenant {
    async fn new() -> Self {
        Self::with_mail("").await
    }

    /// `mail` is TOML that follows the configuration.
    async fn with_mail(mail: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = database::test_url(folder.path()).await;
        let mut config: Config = Settings::from_toml(&format!("{CONFIG}\n{mail}")).unwrap().section("tenant").unwrap();
        config.database_url = url;
        let clock = Clock::manual(time::OffsetDateTime::UNIX_EPOCH + Duration::days(20_000));
        let tenant = Tenant::start(config, Mode::Development, clock).await.unwrap();
        Self { router: router(tenant.clone()), tenant, _folder: folder }
    }

    /// Begins an authorization request of an app: the interaction's id and the cookie of its browser.
    async fn new_interaction(&self, login_hint: Option<&str>, sign_up: bool) -> (String, String) {
        let app = &self.tenant.config().apps[usize::from(!sign_up)];
        let client_id = app.client_id.to_string();
        let challenge = crate::platform::random::token();
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
        let begun = self.get(&format!("/contoso.localhost/oauth2/v2.0/authorize?{query}")).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
        let id = begun.location().split('/').nth(3).expect("/{tenant}/flow/{id}/…").to_owned();
        let cookie = begun.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        (id, cookie)
    }

    async fn browser(&self) -> Browser<'_> {
        let (id, cookie) = self.new_interaction(None, true).await;
        Browser { at: self, id, cookie }
    }

    async fn send(&self, request: Request<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(to_bytes(body, 1024 * 1024).await.unwrap().to_vec()).unwrap();
        Page { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Page {
        self.get_at("localhost:3002", path).await
    }

    /// As a browser that was led here by the name `host`.
    async fn get_at(&self, host: &str, path: &str) -> Page {
        self.send(Request::get(path).header(header::HOST, host).body(Body::empty()).unwrap()).await
    }

    /// The mails to `to`, newest first, as `/mailbox.json` tells.
    async fn mails(&self, to: &str) -> Vec<serde_json::Value> {
        let page = self.get(&format!("/mailbox.json?to={to}")).await;
        assert_eq!(page.status, StatusCode::OK);
        let mut json: serde_json::Value = serde_json::from_str(&page.body).unwrap();
        json["messages"].as_array_mut().map(std::mem::take).unwrap()
    }

    async fn newest_passcode(&self, to: &str) -> String {
        self.mails(to).await[0]["passcode"].as_str().expect("the newest mail has a passcode").to_owned()
    }

    async fn add_user(&self, email: &str, password: &str) -> user::User {
        let new = NewUser {
            email: Email::parse(email).unwrap(),
            password_hash: self.tenant.limits().hasher.hash(password.to_owned()).await.unwrap(),
            display_name: DisplayName::parse("Alice").unwrap(),
            country: None,
        };
        user::create(&self.tenant, new).await.unwrap()
    }

    async fn count_users(&self) -> i64 {
        sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(self.tenant.db()).await.unwrap()
    }
}

impl Browser<'_> {
    fn path(&self, page: &str) -> String {
        format!("/contoso.localhost/flow/{}/{page}", self.id)
    }

    async fn get(&self, page: &str) -> Page {
        let request = Request::get(self.path(page)).header(header::COOKIE, &self.cookie);
        self.at.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, page: &str, fields: &[(&str, &str)]) -> Page {
        let request = Request::post(self.path(page))
            .header(header::COOKIE, &self.cookie)
            .header(header::HOST, "localhost:3002")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(serde_urlencoded::to_string(fields).unwrap()))
            .unwrap();
        self.at.send(request).await
    }

    /// The page after a form: the redirect must be a 303 to `page`.
    async fn follow(&self, answer: &Page, page: &str) -> Page {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        assert_eq!(answer.location(), self.path(page));
        self.get(page).await
    }

    async fn sign_up_as_far_as_details(&self, email: &str) {
        let answer = self.post("sign-up", &[("email", email)]).await;
        self.follow(&answer, "sign-up/passcode").await;
        let code = self.at.newest_passcode(email).await;
        let answer = self.post("sign-up/passcode", &[("passcode", &code)]).await;
        self.follow(&answer, "sign-up/details").await;
    }

    async fn sign_in(&self, email: &str, password: &str) -> Page {
        self.post("sign-in", &[("email", email), ("password", password)]).await
    }
}

const DETAILS: [(&str, &str); 4] = [
    ("password", GOOD_PASSWORD),
    ("confirm_password", GOOD_PASSWORD),
    ("display_name", "Alice Liddell"),
    ("country", "NL"),
];

#[tokio::test]
async fn a_customer_signs_up_and_signs_in() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    let page = browser.get("sign-in").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(&browser.path("sign-up")), "{}", page.body);
    browser.sign_up_as_far_as_details("Alice@Example.com").await;
    let page = browser.get("sign-up/details").await;
    assert!(page.body.contains("value=\"alice@example.com\""), "{}", page.body);
    assert!(browser.post("sign-up/details", &DETAILS).await.is_signed_in());

    let email = Email::parse("alice@example.com").unwrap();
    let account = user::find_by_email(&at.tenant, &email).await.unwrap().expect("the account exists");
    assert_eq!(account.user.display_name, "Alice Liddell");
    assert_eq!(account.user.country.as_deref(), Some("NL"));
    assert_eq!(user::User::find(&at.tenant, &account.user.id).await.unwrap(), Some(account.user));

    assert_eq!(browser.get("sign-in").await.status, StatusCode::BAD_REQUEST, "the interaction has ended");
    assert!(at.browser().await.sign_in(" ALICE@example.com", GOOD_PASSWORD).await.is_signed_in());
}

#[tokio::test]
async fn an_address_with_an_apostrophe_and_blanks_around_it_signs_up() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    let answer = browser.post("sign-up", &[("email", "\u{a0}O'Brien@example.com\t")]).await;
    let page = browser.follow(&answer, "sign-up/passcode").await;
    assert!(page.body.contains("No code in the message? You may have an account already: "), "{}", page.body);
    let code = at.newest_passcode("o'brien@example.com").await;
    browser.post("sign-up/passcode", &[("passcode", &code)]).await;
    let named = [("password", "Contoso2026"), ("confirm_password", "Contoso2026"), DETAILS[2], DETAILS[3]];
    let refused = browser.post("sign-up/details", &named).await;
    assert!(refused.body.contains("made from the name of this service"), "{}", refused.body);
    assert!(browser.post("sign-up/details", &DETAILS).await.is_signed_in());
    assert!(at.browser().await.sign_in("o'brien@example.com", GOOD_PASSWORD).await.is_signed_in());
}

#[tokio::test]
async fn a_customer_signs_in_with_a_passcode() {
    let at = TestTenant::new().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let browser = at.browser().await;
    let answer = browser.post("sign-in", &[("email", "alice@example.com"), ("method", "passcode")]).await;
    browser.follow(&answer, "sign-in/passcode").await;
    let code = at.newest_passcode("alice@example.com").await;
    let spaced = format!(" {} {} ", &code[..4], &code[4..]);
    assert!(browser.post("sign-in/passcode", &[("passcode", &spaced)]).await.is_signed_in());
}

#[tokio::test]
async fn a_customer_resets_the_password() {
    let at = TestTenant::new().await;
    let user = at.add_user("alice@example.com", GOOD_PASSWORD).await;
    at.tenant.clock().advance(Duration::hours(1));
    let browser = at.browser().await;
    let answer = browser.post("reset-password", &[("email", "alice@example.com")]).await;
    browser.follow(&answer, "reset-password/passcode").await;
    let code = at.newest_passcode("alice@example.com").await;
    let answer = browser.post("reset-password/passcode", &[("passcode", &code)]).await;
    browser.follow(&answer, "reset-password/password").await;

    let weak = [("password", "password1"), ("confirm_password", "password1")];
    assert_eq!(browser.post("reset-password/password", &weak).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let new = [("password", OTHER_PASSWORD), ("confirm_password", OTHER_PASSWORD)];
    assert!(browser.post("reset-password/password", &new).await.is_signed_in());

    let told = &at.mails("alice@example.com").await[0];
    assert!(told["body"].as_str().unwrap().contains("was just reset"), "the owner learns of it: {told}");
    assert!(told["passcode"].is_null());
    let changed = user::User::find(&at.tenant, &user.id).await.unwrap().unwrap().password_changed_at;
    assert_eq!(changed, user.password_changed_at + 3_600_000, "older sessions and tokens can be told apart");
    assert!(at.browser().await.sign_in("alice@example.com", OTHER_PASSWORD).await.is_signed_in());
    assert!(!at.browser().await.sign_in("alice@example.com", GOOD_PASSWORD).await.is_signed_in());
}

#[tokio::test]
async fn a_reset_code_that_was_used_is_refused() {
    let at = TestTenant::new().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let browser = at.browser().await;
    browser.post("reset-password", &[("email", "alice@example.com")]).await;
    let code = at.newest_passcode("alice@example.com").await;
    browser.post("reset-password/passcode", &[("passcode", &code)]).await;
    let taken = passcode::take_verified(&at.tenant, &browser.id, Purpose::ResetPassword).await.unwrap();
    assert!(taken.is_some());
    // What a second window of the same flow would do.
    let answer = browser.post("reset-password/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.location(), browser.path("reset-password"));
    let new = [("password", OTHER_PASSWORD), ("confirm_password", OTHER_PASSWORD)];
    let answer = browser.post("reset-password/password", &new).await;
    assert_eq!(answer.location(), browser.path("reset-password/passcode"));
    assert!(!at.browser().await.sign_in("alice@example.com", OTHER_PASSWORD).await.is_signed_in());
}

/// Abuse case 77.
#[tokio::test]
async fn a_reset_ends_all_other_codes_and_proved_steps_of_the_account() {
    let at = TestTenant::new().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    at.add_user("bob@example.com", GOOD_PASSWORD).await;
    at.tenant.clock().advance(Duration::hours(1));
    let mut proved = Vec::new();
    for email in ["Alice@Example.com", "alice@example.com", "bob@example.com"] {
        let browser = at.browser().await;
        browser.post("reset-password", &[("email", email)]).await;
        let code = at.newest_passcode(&email.to_lowercase()).await;
        let answer = browser.post("reset-password/passcode", &[("passcode", &code)]).await;
        browser.follow(&answer, "reset-password/password").await;
        proved.push(browser);
    }
    let waiting = at.browser().await;
    waiting.post("sign-in", &[("email", "alice@example.com"), ("method", "passcode")]).await;
    let code = at.newest_passcode("alice@example.com").await;

    let new = [("password", OTHER_PASSWORD), ("confirm_password", OTHER_PASSWORD)];
    assert!(proved[0].post("reset-password/password", &new).await.is_signed_in());
    let thiefs = [("password", "a thief's very own words"), ("confirm_password", "a thief's very own words")];
    let refused = proved[1].post("reset-password/password", &thiefs).await;
    assert_eq!(refused.location(), proved[1].path("reset-password/passcode"));
    let refused = waiting.post("sign-in/passcode", &[("passcode", &code)]).await;
    assert_eq!(refused.location(), waiting.path("sign-in"));
    assert!(at.browser().await.sign_in("alice@example.com", OTHER_PASSWORD).await.is_signed_in());
    assert!(proved[2].post("reset-password/password", &new).await.is_signed_in(), "nobody else's");
}

#[tokio::test]
async fn of_two_resets_side_by_side_one_counts() {
    let at = TestTenant::new().await;
    let alice = at.add_user("alice@example.com", GOOD_PASSWORD).await;
    at.tenant.clock().advance(Duration::seconds(1));
    let first = user::set_password(&at.tenant, alice.clone(), "one").await.unwrap();
    assert_eq!(first, Some(user::User { password_changed_at: alice.password_changed_at + 1000, ..alice.clone() }));
    at.tenant.clock().advance(Duration::seconds(1));
    assert_eq!(user::set_password(&at.tenant, alice, "the other").await.unwrap(), None);
}

#[tokio::test]
async fn no_step_can_be_skipped() {
    let at = TestTenant::new().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let new = [("password", OTHER_PASSWORD), ("confirm_password", OTHER_PASSWORD)];
    for begun in [false, true] {
        let browser = at.browser().await;
        if begun {
            browser.post("sign-up", &[("email", "bob@example.com")]).await;
            browser.post("reset-password", &[("email", "alice@example.com")]).await;
        }
        for (page, expected) in
            [("sign-up/details", "sign-up/passcode"), ("reset-password/password", "reset-password/passcode")]
        {
            assert_eq!(browser.get(page).await.location(), browser.path(expected));
        }
        assert_eq!(browser.post("sign-up/details", &DETAILS).await.location(), browser.path("sign-up/passcode"));
        let answer = browser.post("reset-password/password", &new).await;
        assert_eq!(answer.location(), browser.path("reset-password/passcode"));
    }
    let browser = at.browser().await;
    for page in ["sign-in", "sign-up", "reset-password"] {
        let passcode = format!("{page}/passcode");
        assert_eq!(browser.get(&passcode).await.location(), browser.path(page));
        let answer = browser.post(&passcode, &[("passcode", "12345678")]).await;
        assert_eq!(answer.location(), browser.path(page));
    }
    assert_eq!(at.count_users().await, 1);
    assert!(at.browser().await.sign_in("alice@example.com", GOOD_PASSWORD).await.is_signed_in(), "nothing was changed");
}

#[tokio::test]
async fn another_browser_cannot_take_over() {
    let at = TestTenant::new().await;
    let victim = at.browser().await;
    victim.sign_up_as_far_as_details("alice@example.com").await;
    let mut thief = at.browser().await;
    thief.id.clone_from(&victim.id);
    for page in ["sign-in", "sign-up", "sign-up/details", "reset-password"] {
        let answer = thief.get(page).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.body.contains("start again"), "{}", answer.body);
    }
    assert_eq!(thief.post("sign-up/details", &DETAILS).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(at.count_users().await, 0);
}

#[tokio::test]
async fn passcode_is_refused_after_ten_wrong_tries() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let code = at.newest_passcode("alice@example.com").await;
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    for _ in 0..10 {
        let answer = browser.post("sign-up/passcode", &[("passcode", wrong)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let answer = browser.post("sign-up/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("tried too often"), "{}", answer.body);

    let answer = browser.post("sign-up/passcode/resend", &[]).await;
    assert_eq!(answer.location(), browser.path("sign-up/passcode?sent=again"));
    let code = at.newest_passcode("alice@example.com").await;
    let answer = browser.post("sign-up/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.location(), browser.path("sign-up/details"), "a new code helps");
}

#[tokio::test]
async fn passcode_is_refused_after_ten_minutes() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let code = at.newest_passcode("alice@example.com").await;
    at.tenant.clock().advance(Duration::minutes(10));
    let answer = browser.post("sign-up/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("too old"), "{}", answer.body);
}

#[tokio::test]
async fn a_proved_address_must_be_used_soon() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    browser.sign_up_as_far_as_details("alice@example.com").await;
    at.tenant.clock().advance(Duration::minutes(41));
    let answer = browser.post("sign-up/details", &DETAILS).await;
    assert_eq!(answer.location(), browser.path("sign-up/passcode"));
    assert_eq!(at.count_users().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passcode_is_single_use_even_in_parallel() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let code = at.newest_passcode("alice@example.com").await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (tenant, id, code) = (at.tenant.clone(), browser.id.clone(), code.clone());
            tokio::spawn(async move { passcode::verify(&tenant, &id, Purpose::SignUp, &code).await.unwrap() })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        match task.await.unwrap() {
            Verdict::Accepted(_) => accepted += 1,
            verdict => assert_eq!(verdict, Verdict::Used),
        }
    }
    assert_eq!(accepted, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_in_parallel_are_all_counted() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let tasks: Vec<_> = (0..30)
        .map(|_| {
            let (tenant, id) = (at.tenant.clone(), browser.id.clone());
            tokio::spawn(async move { passcode::verify(&tenant, &id, Purpose::SignUp, "x").await.unwrap() })
        })
        .collect();
    let mut wrong = 0;
    for task in tasks {
        wrong += usize::from(matches!(task.await.unwrap(), Verdict::Wrong(_)));
    }
    assert_eq!(wrong, 9, "the tenth exhausts the passcode");
}

#[tokio::test]
async fn a_passcode_is_wrong_in_another_interaction_and_for_another_purpose() {
    let at = TestTenant::new().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let (one, other) = (at.browser().await, at.browser().await);
    one.post("reset-password", &[("email", "alice@example.com")]).await;
    let code = at.newest_passcode("alice@example.com").await;
    other.post("reset-password", &[("email", "alice@example.com")]).await;
    let answer = other.post("reset-password/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "another interaction");
    one.post("sign-in", &[("email", "alice@example.com"), ("method", "passcode")]).await;
    let answer = one.post("sign-in/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "another purpose");
    let answer = one.post("reset-password/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.location(), one.path("reset-password/password"), "its own");
}

#[tokio::test]
async fn a_new_passcode_replaces_the_old_one() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let old = at.newest_passcode("alice@example.com").await;
    browser.post("sign-up/passcode/resend", &[]).await;
    assert_ne!(old, at.newest_passcode("alice@example.com").await);
    let answer = browser.post("sign-up/passcode", &[("passcode", &old)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn another_address_must_be_proved_anew() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    browser.sign_up_as_far_as_details("alice@example.com").await;
    browser.post("sign-up", &[("email", "bob@example.com")]).await;
    let answer = browser.post("sign-up/details", &DETAILS).await;
    assert_eq!(answer.location(), browser.path("sign-up/passcode"));
    assert_eq!(at.count_users().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proved_address_is_used_once_and_only_when_proved() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    assert_eq!(passcode::take_verified(&at.tenant, &browser.id, Purpose::SignUp).await.unwrap(), None);
    browser.sign_up_as_far_as_details("alice@example.com").await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (tenant, id) = (at.tenant.clone(), browser.id.clone());
            tokio::spawn(async move { passcode::take_verified(&tenant, &id, Purpose::SignUp).await.unwrap() })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        taken += usize::from(task.await.unwrap().is_some());
    }
    assert_eq!(taken, 1);
}

/// What the browser sees of a flow that begins with `email`, with what may differ taken out.
async fn what_is_seen(at: &TestTenant, page: &str, email: &str) -> Vec<(StatusCode, String, String)> {
    let browser = at.browser().await;
    let begin = [("email", email), ("method", "passcode")];
    let mut seen = vec![browser.post(page, &begin).await, browser.get(&format!("{page}/passcode")).await];
    for code in ["", "abc", "00000000", "00000001"] {
        seen.push(browser.post(&format!("{page}/passcode"), &[("passcode", code)]).await);
    }
    seen.push(browser.post(&format!("{page}/passcode/resend"), &[]).await);
    seen.push(browser.get(&format!("{page}/passcode?sent=again")).await);
    let neutral = |text: &str| text.replace(&browser.id, "ID").replace(email, "EMAIL");
    seen.iter().map(|page| (page.status, neutral(page.location()), neutral(&page.body))).collect()
}

#[tokio::test]
async fn signing_up_with_a_known_address_looks_the_same() {
    let at = TestTenant::new().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let known = what_is_seen(&at, "sign-up", "alice@example.com").await;
    assert_eq!(known, what_is_seen(&at, "sign-up", "bob@example.com").await);
    let mails = at.mails("alice@example.com").await;
    assert_eq!(mails.len(), 2, "the customer is told");
    assert!(mails[0]["passcode"].is_null() && mails[0]["body"].as_str().unwrap().contains("already have one"));
}

#[tokio::test]
async fn getting_in_with_an_unknown_address_looks_the_same() {
    let at = TestTenant::new().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let barred = at.add_user("carol@example.com", GOOD_PASSWORD).await;
    disable(&at, &barred.id).await;
    for page in ["reset-password", "sign-in"] {
        let known = what_is_seen(&at, page, "alice@example.com").await;
        assert_eq!(known, what_is_seen(&at, page, "bob@example.com").await);
        assert_eq!(known, what_is_seen(&at, page, "carol@example.com").await);
    }
    for stranger in ["bob@example.com", "carol@example.com"] {
        assert!(at.mails(stranger).await.iter().all(|mail| mail["passcode"].is_null()));
    }
}

#[tokio::test]
async fn a_wrong_address_and_a_wrong_password_look_the_same() {
    let at = TestTenant::new().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let mut seen = Vec::new();
    for email in ["alice@example.com", "bob@example.com"] {
        let browser = at.browser().await;
        let page = browser.sign_in(email, OTHER_PASSWORD).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        seen.push(page.body.replace(&browser.id, "ID").replace(email, "EMAIL"));
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].contains("EMAIL") && !seen[0].contains(OTHER_PASSWORD), "{}", seen[0]);
}

#[tokio::test]
async fn guessing_passwords_is_answered_with_429_and_no_lockout() {
    let at = TestTenant::new().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let browser = at.browser().await;
    for _ in 0..10 {
        assert_eq!(browser.sign_in("alice@example.com", "wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let answer = browser.sign_in("alice@example.com", GOOD_PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.body.contains("Too many attempts"), "{}", answer.body);
    let seconds: i64 = answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    at.tenant.clock().advance(Duration::seconds(seconds));
    assert!(browser.sign_in("alice@example.com", GOOD_PASSWORD).await.is_signed_in());
}

#[tokio::test]
async fn right_passwords_do_not_use_up_the_limit() {
    let at = TestTenant::new().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    for _ in 0..12 {
        assert!(at.browser().await.sign_in("alice@example.com", GOOD_PASSWORD).await.is_signed_in());
    }
}

#[tokio::test]
async fn mail_bombing_an_address_is_answered_with_429() {
    let at = TestTenant::new().await;
    let mut answers = Vec::new();
    for page in ["sign-up", "reset-password", "sign-up", "reset-password", "sign-up", "sign-up"] {
        answers.push(at.browser().await.post(page, &[("email", "alice@example.com")]).await.status.as_u16());
    }
    assert_eq!(answers, [303, 303, 303, 303, 303, 429]);
    assert_eq!(at.mails("alice@example.com").await.len(), 5);
}

#[tokio::test]
async fn a_flood_of_passwords_is_answered_with_503_and_the_rest_works() {
    let at = TestTenant::new().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let browser = at.browser().await;
    browser.sign_up_as_far_as_details("bob@example.com").await;
    let flood = at.tenant.limits().hasher.flood();
    let answer = browser.sign_in("alice@example.com", GOOD_PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.body.contains("<h1>") && answer.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(browser.post("sign-up/details", &DETAILS).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.get("sign-in").await.status, StatusCode::OK);
    drop(flood);
    assert!(browser.post("sign-up/details", &DETAILS).await.is_signed_in(), "the step was not lost");
}

#[tokio::test]
async fn a_database_that_is_down_is_answered_with_503() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    at.tenant.db().close().await;
    for answer in [
        browser.sign_in("alice@example.com", GOOD_PASSWORD).await,
        browser.post("sign-up", &[("email", "alice@example.com")]).await,
        browser.get("sign-up/details").await,
        browser.get("reset-password/passcode").await,
        at.get("/mailbox").await,
    ] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.body.contains("<h1>"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let at = TestTenant::new().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let browser = at.browser().await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://localhost:3000"),
        ("origin", "null"),
    ] {
        let request = Request::post(browser.path("sign-in"))
            .header(header::COOKIE, &browser.cookie)
            .header(header::HOST, "localhost:3002")
            .header(name, value)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("email=alice@example.com&password={GOOD_PASSWORD}")))
            .unwrap();
        let answer = at.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(answer.body.contains("<h1>"), "{}", answer.body);
    }
}

#[tokio::test]
async fn errors_are_linked_to_their_fields_and_what_was_typed_is_kept_but_passwords() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    browser.sign_up_as_far_as_details("alice@example.com").await;
    let answer = browser
        .post(
            "sign-up/details",
            &[
                ("password", GOOD_PASSWORD),
                ("confirm_password", "else"),
                ("display_name", "Zoë <b>"),
                ("country", "XX"),
            ],
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let html = scraper::Html::parse_document(&answer.body);
    let one = |css: &str| {
        let found: Vec<_> = html.select(&scraper::Selector::parse(css).unwrap()).collect();
        assert_eq!(found.len(), 1, "{css} in {}", answer.body);
        found[0]
    };
    assert!(one("title").inner_html().starts_with("Error: "));
    one("[role=alert] a[href='#confirm_password']");
    one("[role=alert] a[href='#country']");
    assert_eq!(one("[autofocus]").attr("id"), Some("confirm_password"), "the first wrong field");
    let confirm = one("#confirm_password");
    assert_eq!(confirm.attr("aria-invalid"), Some("true"));
    one(&format!("#{}", confirm.attr("aria-describedby").expect("described")));
    assert_eq!(one("#display_name").attr("value"), Some("Zoë <b>"));
    assert_eq!(one("#password").attr("value"), Some(""));
    assert!(!answer.body.contains(GOOD_PASSWORD));
}

#[tokio::test]
async fn what_comes_from_outside_is_shown_as_text() {
    let at = TestTenant::new().await;
    let evil = "\"><script>alert(1)</script>@";
    let (id, cookie) = at.new_interaction(Some(evil), true).await;
    let browser = Browser { at: &at, id, cookie };
    for page in [
        browser.get("sign-in").await,
        browser.get("sign-up").await,
        browser.sign_in(evil, "x").await,
        browser.post("reset-password", &[("email", evil)]).await,
    ] {
        assert!(page.body.contains("&lt;script&gt;") && !page.body.contains("<script"), "{}", page.body);
    }
}

#[tokio::test]
async fn an_email_with_crlf_or_html_is_refused_on_every_page() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    for email in ["a@example.com\r\nBcc: b@example.com", "<b>a</b>@example.com", "a@example.com,b@example.com", ""] {
        for page in ["sign-in", "sign-up", "reset-password"] {
            let answer = browser.post(page, &[("email", email), ("method", "passcode")]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email:?} at {page}");
        }
    }
    assert!(at.get("/mailbox").await.body.contains("No mail yet"));
}

#[tokio::test]
async fn a_body_that_is_no_form_is_answered_with_a_page() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    for (content_type, body) in [
        ("application/json", "{}"),
        ("application/x-www-form-urlencoded", "email=%ff"),
        ("application/x-www-form-urlencoded", "email=a&email=b"),
    ] {
        let request = Request::post(browser.path("sign-up"))
            .header(header::COOKIE, &browser.cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body))
            .unwrap();
        let answer = at.send(request).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.status);
        assert!(answer.body.contains("<h1>"), "{body}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_flow_without_sign_up_creates_no_accounts() {
    let at = TestTenant::new().await;
    let (id, cookie) = at.new_interaction(None, false).await;
    let browser = Browser { at: &at, id, cookie };
    assert!(!browser.get("sign-in").await.body.contains("Create one"));
    for answer in [
        browser.get("sign-up").await,
        browser.post("sign-up", &[("email", "alice@example.com")]).await,
        browser.get("sign-up/passcode").await,
        browser.post("sign-up/passcode", &[("passcode", "12345678")]).await,
        browser.get("sign-up/details").await,
        browser.post("sign-up/details", &DETAILS).await,
    ] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.body.contains(&browser.path("sign-in")), "{}", answer.body);
    }
}

#[tokio::test]
async fn of_two_sign_ups_for_one_address_one_gets_the_account() {
    let at = TestTenant::new().await;
    let (one, other) = (at.browser().await, at.browser().await);
    one.sign_up_as_far_as_details("alice@example.com").await;
    other.sign_up_as_far_as_details("alice@example.com").await;
    let (one, other) = tokio::join!(one.post("sign-up/details", &DETAILS), other.post("sign-up/details", &DETAILS));
    let mut answers = [one.status.as_u16(), other.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [303, 409]);
    assert_eq!(at.count_users().await, 1);
}

async fn disable(at: &TestTenant, id: &str) {
    sqlx::query("UPDATE users SET disabled = 1 WHERE id = $1").bind(id).execute(at.tenant.db()).await.unwrap();
}

#[tokio::test]
async fn a_disabled_account_is_told_so_only_with_its_password() {
    let at = TestTenant::new().await;
    let user = at.add_user("alice@example.com", GOOD_PASSWORD).await;
    disable(&at, &user.id).await;
    let answer = at.browser().await.sign_in("alice@example.com", GOOD_PASSWORD).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let answer = at.browser().await.sign_in("alice@example.com", OTHER_PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!answer.body.contains("disabled"), "{}", answer.body);
}

#[tokio::test]
async fn cancelling_goes_back_to_the_app() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    assert!(browser.get("sign-in").await.body.contains(&browser.path("cancel")));
    let answer = browser.post("cancel", &[]).await;
    assert!(answer.location().starts_with("http://localhost:3000/callback?error=access_denied"));
    assert_eq!(browser.get("cancel").await.status, StatusCode::METHOD_NOT_ALLOWED, "nothing changes on GET");
}

#[tokio::test]
async fn every_page_is_hardened() {
    let at = TestTenant::new().await;
    let browser = at.browser().await;
    let foreign = Browser { at: &at, id: "nope".to_owned(), cookie: String::new() };
    for page in [
        browser.get("sign-in").await,
        browser.sign_in("a@example.com", "wrong").await,
        browser.post("sign-up", &[("email", "a@example.com")]).await,
        foreign.get("sign-in").await,
        at.get("/mailbox").await,
    ] {
        let header = |name: &str| page.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default();
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("form-action") && !policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert!(!page.body.contains("style=") && !page.body.contains("<script"), "{}", page.body);
    }
}

#[tokio::test]
async fn the_style_sheet_is_cached_and_found() {
    let at = TestTenant::new().await;
    let page = at.browser().await.get("sign-in").await;
    let href = page.body.split("stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let sheet = at.get(&href).await;
    assert_eq!(sheet.status, StatusCode::OK);
    assert!(sheet.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/css"));
    assert!(sheet.headers[header::CACHE_CONTROL].to_str().unwrap().contains("max-age"));
}

#[tokio::test]
async fn the_mailbox_shows_passcodes_newest_first_and_keeps_the_last_200() {
    let at = TestTenant::new().await;
    at.browser().await.post("sign-up", &[("email", "first@example.com")]).await;
    at.browser().await.post("sign-up", &[("email", "second@example.com")]).await;
    let page = at.get("/mailbox").await;
    let code = at.newest_passcode("second@example.com").await;
    assert!(page.body.contains(&format!("data-passcode=\"{code}\"")), "{}", page.body);
    assert!(page.body.find("data-to=\"second@").unwrap() < page.body.find("data-to=\"first@").unwrap());
    assert!(!page.body.contains(&format!("<h2>{code}")), "no code in the subject");
    let only = at.get("/mailbox?to=first@example.com").await;
    assert!(only.body.contains("first@") && !only.body.contains("second@"));
    for n in 0..200 {
        let to = Email::parse(&format!("u{n}@example.com")).unwrap();
        at.tenant.mailer().send(mail::no_account("Contoso", &to)).await.unwrap();
    }
    assert_eq!(at.mails("second@example.com").await, [] as [serde_json::Value; 0]);
    assert_eq!(at.mails("").await.len(), 200);
}

/// DNS rebinding: a page at a name that points here now is of the same origin as the mailbox.
#[tokio::test]
async fn the_mailbox_is_not_read_by_another_name_of_this_machine() {
    let at = TestTenant::new().await;
    at.browser().await.post("sign-up", &[("email", "alice@example.com")]).await;
    let code = at.newest_passcode("alice@example.com").await;
    for path in ["/mailbox", "/mailbox.json"] {
        for host in ["evil.example:3002", "evil.example", "localhost.evil.example:3002", "192.0.2.1:3002", ""] {
            let refused = at.get_at(host, path).await;
            assert_eq!(refused.status, StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
            assert!(!refused.body.contains(&code), "{host} {path}");
        }
        for host in ["localhost:3002", "127.0.0.1:41234", "[::1]:3002", "localhost"] {
            let page = at.get_at(host, path).await;
            assert!(page.status == StatusCode::OK && page.body.contains(&code), "{host} {path}");
        }
    }
}

#[tokio::test]
async fn a_recipient_that_no_database_takes_is_refused() {
    let at = TestTenant::new().await;
    for path in ["/mailbox?to=%00", "/mailbox.json?to=%00", "/mailbox.json?to=a%0Ab"] {
        assert_eq!(at.get(path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn a_tenant_with_a_mail_server_has_no_mailbox() {
    let smtp = "[tenant.mail]\nsmtp_url = \"smtp://127.0.0.1:1\"\nfrom = \"Errand <no-reply@example.com>\"";
    let at = TestTenant::with_mail(smtp).await;
    let browser = at.browser().await;
    let answer = browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let page = browser.follow(&answer, "sign-up/passcode").await;
    assert!(!page.body.contains("/mailbox"), "{}", page.body);
    assert_eq!(at.get("/mailbox").await.status, StatusCode::NOT_FOUND);
    assert_eq!(at.get("/mailbox.json").await.status, StatusCode::NOT_FOUND);
}

/// A delivery as another program on this machine makes it.
fn delivery(json: &serde_json::Value) -> Request<Body> {
    let mut request = Request::post("/mailbox")
        .header(header::HOST, "localhost:3002")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json.to_string()))
        .unwrap();
    let peer: std::net::SocketAddr = "127.0.0.1:50000".parse().unwrap();
    request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    request
}

#[tokio::test]
async fn another_program_on_this_machine_puts_mail_into_the_mailbox() {
    let at = TestTenant::new().await;
    let digest =
        serde_json::json!({ "to": "Alice@example.com", "subject": "Two to-dos <b>", "body": "<script>\n1. Milk" });
    assert_eq!(at.send(delivery(&digest)).await.status, StatusCode::NO_CONTENT);
    let mails = at.mails("alice@example.com").await;
    assert_eq!((&mails[0]["subject"], &mails[0]["body"]), (&digest["subject"], &digest["body"]));
    assert!(mails[0]["passcode"].is_null());
    let page = at.get("/mailbox").await.body;
    assert!(page.contains("Two to-dos &lt;b&gt;") && !page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn a_delivery_by_a_web_page_or_from_another_machine_is_refused() {
    let at = TestTenant::new().await;
    let digest = serde_json::json!({ "to": "alice@example.com", "subject": "To-dos", "body": "Milk" });
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "http://localhost:3002"),
        ("origin", "null"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "no-cors"),
        ("referer", "http://localhost:3002/mailbox"),
        ("x-forwarded-for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
        ("host", "evil.example:3002"),
    ] {
        let mut request = delivery(&digest);
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(at.send(request).await.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let mut request = delivery(&digest);
    let peer: std::net::SocketAddr = "192.0.2.1:50000".parse().unwrap();
    request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    assert_eq!(at.send(request).await.status, StatusCode::FORBIDDEN);
    let mut request = delivery(&digest);
    request.extensions_mut().clear();
    assert_eq!(at.send(request).await.status, StatusCode::FORBIDDEN, "unknown where from");
    // What a form of another site can send without asking (CORS) is no JSON.
    let mut request = delivery(&digest);
    request.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(at.send(request).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(at.mails("").await, [] as [serde_json::Value; 0]);
}

#[tokio::test]
async fn a_delivery_that_no_mail_server_would_take_is_refused() {
    let at = TestTenant::new().await;
    let large = "x".repeat(33 * 1024);
    for (to, subject, body, status) in [
        ("alice@example.com\r\nBcc: eve@example.com", "To-dos", "Milk", 422),
        ("alice@example.com,eve@example.com", "To-dos", "Milk", 422),
        ("<b>@example.com", "To-dos", "Milk", 422),
        ("", "To-dos", "Milk", 422),
        ("alice@example.com", "", "Milk", 422),
        ("alice@example.com", "To-dos\r\nBcc: eve@example.com", "Milk", 422),
        ("alice@example.com", "To-dos", large.as_str(), 413),
    ] {
        let answer = at.send(delivery(&serde_json::json!({ "to": to, "subject": subject, "body": body }))).await;
        assert_eq!(answer.status.as_u16(), status, "{to:?} {subject:?}");
    }
    let unknown = serde_json::json!({ "to": "alice@example.com", "subject": "x", "body": "x", "passcode": "12345678" });
    assert_eq!(at.send(delivery(&unknown)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(at.mails("").await, [] as [serde_json::Value; 0]);

    let smtp = "[tenant.mail]\nsmtp_url = \"smtp://127.0.0.1:1\"\nfrom = \"Errand <no-reply@example.com>\"";
    let at = TestTenant::with_mail(smtp).await;
    let digest = serde_json::json!({ "to": "alice@example.com", "subject": "To-dos", "body": "Milk" });
    assert_eq!(at.send(delivery(&digest)).await.status, StatusCode::NOT_FOUND, "no mailbox there");
}

/// A mail server that takes one mail and hands over what it was told.
async fn mail_server() -> (u16, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        let (mut told, mut in_data) = (String::new(), false);
        writer.write_all(b"220 ready\r\n").await.unwrap();
        while let Some(line) = lines.next_line().await.unwrap() {
            told.push_str(&line);
            told.push('\n');
            let answer: &[u8] = match line.as_str() {
                "." => {
                    writer.write_all(b"250 taken\r\n").await.unwrap();
                    break;
                }
                _ if in_data => continue,
                "DATA" => {
                    in_data = true;
                    b"354 go on\r\n"
                }
                _ => b"250 fine\r\n",
            };
            writer.write_all(answer).await.unwrap();
        }
        told
    });
    (port, told)
}

#[tokio::test]
async fn a_passcode_goes_through_the_mail_server() {
    let (port, told) = mail_server().await;
    let smtp =
        format!("[tenant.mail]\nsmtp_url = \"smtp://127.0.0.1:{port}\"\nfrom = \"Errand <no-reply@example.com>\"");
    let at = TestTenant::with_mail(&smtp).await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let told = tokio::time::timeout(std::time::Duration::from_secs(10), told).await.unwrap().unwrap();
    assert!(
        told.contains("MAIL FROM:<no-reply@example.com>") && told.contains("RCPT TO:<alice@example.com>"),
        "{told}"
    );
    let code: String =
        told.lines().map(str::trim).find(|l| l.len() == 8 && l.parse::<u32>().is_ok()).unwrap().to_owned();
    let answer = browser.post("sign-up/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.location(), browser.path("sign-up/details"), "{told}");
}
