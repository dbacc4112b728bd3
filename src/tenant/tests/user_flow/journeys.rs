//! Whole authorization requests in a browser that keeps its cookies: what comes between a sign-in and the app (a second
//! factor where `claims` demands one, the user's consent), and what a password reset ends.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;

const MORE: &str = r#"
[[tenant.authentication_contexts]]
id = "c1"
display_name = "Confirmed by a second factor"

[[tenant.apps]]
name = "To-do API"
client_id = "44444444-4444-4444-8444-444444444444"
scopes = [
    { value = "ToDoList.Read", display_name = "Read to-dos" },
    { value = "ToDoList.ReadWrite", display_name = "Change to-dos", description = "See & change your list" },
    { value = "ToDoList.Share", display_name = "Share <your> list" },
]

[[tenant.apps]]
name = "Planner"
client_id = "55555555-5555-4555-8555-555555555555"
redirect_uris = ["http://localhost:3000/callback"]
secrets = ["secret"]
user_flow = "everybody"
permissions = [
    { resource = "44444444-4444-4444-8444-444444444444", scopes = ["ToDoList.Read"] },
    { resource = "44444444-4444-4444-8444-444444444444", scopes = ["ToDoList.ReadWrite", "ToDoList.Share"], consent = "user" },
    { resource = "00000003-0000-0000-c000-000000000000", scopes = ["User.Read"], consent = "user" },
]
"#;
const READ: &str = "api://44444444-4444-4444-8444-444444444444/ToDoList.Read";
pub(super) const WRITE: &str = "api://44444444-4444-4444-8444-444444444444/ToDoList.ReadWrite";
const SHARE: &str = "api://44444444-4444-4444-8444-444444444444/ToDoList.Share";
pub(super) const C1: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
pub(super) const ALICE: &str = "alice@example.com";

/// A browser that keeps its cookies, one of each name and path, and stands at a page.
pub(super) struct Customer<'t> {
    pub(super) at: &'t TestTenant,
    pub(super) cookies: BTreeMap<(String, String), String>,
    /// `/{tenant}/flow/{id}` of the last redirect to a page.
    pub(super) base: String,
    /// What it asks for by `Accept-Language`.
    pub(super) accept_language: &'static str,
}

pub(super) async fn tenant() -> TestTenant {
    let at = TestTenant::contoso_with(MORE).await;
    at.add_user(ALICE, GOOD_PASSWORD).await;
    at
}

impl<'t> Customer<'t> {
    pub(super) fn new(at: &'t TestTenant) -> Self {
        Self { at, cookies: BTreeMap::new(), base: String::new(), accept_language: "" }
    }

    pub(super) async fn send(&mut self, request: axum::http::request::Builder, path: &str, body: String) -> Answer {
        let sent = self.cookies.iter().filter(|((_, scope), _)| path.starts_with(scope.as_str()));
        let sent: Vec<_> = sent.map(|((name, _), value)| format!("{name}={value}")).collect();
        let request = request
            .header(header::COOKIE, sent.join("; "))
            .header(header::HOST, "localhost:3002")
            .header("sec-fetch-site", "same-origin")
            .header(header::ACCEPT_LANGUAGE, self.accept_language)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let page = self.at.send(request.body(Body::from(body)).unwrap()).await;
        for cookie in page.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie::Cookie::parse(cookie.to_str().unwrap().to_owned()).unwrap();
            let key = (cookie.name().to_owned(), cookie.path().unwrap_or("/").to_owned());
            if cookie.value().is_empty() {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, cookie.value().to_owned());
            }
        }
        if let Some((base, _)) = page.location_header().rsplit_once('/').filter(|(base, _)| base.contains("/flow/")) {
            base.strip_suffix("/step-up").unwrap_or(base).clone_into(&mut self.base);
        }
        page
    }

    pub(super) async fn get(&mut self, page: &str) -> Answer {
        let path = format!("{}/{page}", self.base);
        self.send(Request::get(&path), &path, String::new()).await
    }

    pub(super) async fn post(&mut self, page: &str, fields: &[(&str, &str)]) -> Answer {
        let path = format!("{}/{page}", self.base);
        self.send(Request::post(&path), &path, serde_urlencoded::to_string(fields).unwrap()).await
    }

    /// An authorization request of the app "Planner".
    pub(super) async fn authorize(&mut self, scope: &str, more: &[(&str, &str)]) -> Answer {
        let challenge = hash::sha256_base64url(&"v".repeat(43));
        let mut query = vec![
            ("client_id", "55555555-5555-4555-8555-555555555555"),
            ("response_type", "code"),
            ("redirect_uri", "http://localhost:3000/callback"),
            ("state", "state"),
            ("scope", scope),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        query.extend(more);
        let query = serde_urlencoded::to_string(query).unwrap();
        let path = format!("/contoso.localhost/oauth2/v2.0/authorize?{query}");
        self.send(Request::get(&path), &path, String::new()).await
    }

    pub(super) async fn with_password(&mut self) -> Answer {
        self.post("sign-in", &[("email", ALICE), ("password", GOOD_PASSWORD)]).await
    }

    pub(super) async fn with_passcode(&mut self) -> Answer {
        self.post("sign-in", &[("email", ALICE), ("method", "passcode")]).await;
        let base = self.base.strip_suffix("/sign-in").unwrap_or(&self.base).to_owned();
        self.base = base;
        let code = self.at.newest_passcode(ALICE).await;
        self.post("sign-in/passcode", &[("passcode", &code)]).await
    }

    /// The fields of the consent page.
    async fn consent_fields(&mut self) -> Vec<(String, String)> {
        let page = self.get("consent").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let html = scraper::Html::parse_document(&page.body);
        let hidden = scraper::Selector::parse("main form input[type=hidden]").unwrap();
        let fields = html
            .select(&hidden)
            .map(|input| (input.attr("name").unwrap().to_owned(), input.attr("value").unwrap().to_owned()));
        fields.collect()
    }

    pub(super) async fn decide(&mut self, decision: &[(&str, &str)]) -> Answer {
        let fields = self.consent_fields().await;
        let mut all: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend(decision);
        self.post("consent", &all).await
    }
}

/// Whether a redirect leads to this page of an interaction.
pub(super) fn leads_to(page: &Answer, segment: &str) -> bool {
    page.status == StatusCode::SEE_OTHER
        && page.location_header().contains("/flow/")
        && page.location_header().ends_with(&format!("/{segment}"))
}

/// The parameters of the redirect to the app.
pub(super) fn answered(page: &Answer) -> BTreeMap<String, String> {
    let url = url::Url::parse(page.location_header()).unwrap_or_else(|_| panic!("{} {}", page.status, page.body));
    assert!(page.location_header().starts_with("http://localhost:3000/callback?"), "{}", page.location_header());
    url.query_pairs().into_owned().collect()
}

async fn access_token(at: &TestTenant, code: &str) -> Value {
    use base64::Engine as _;
    let verifier = "v".repeat(43);
    let body = serde_urlencoded::to_string([
        ("grant_type", "authorization_code"),
        ("client_id", "55555555-5555-4555-8555-555555555555"),
        ("client_secret", "secret"),
        ("code", code),
        ("redirect_uri", "http://localhost:3000/callback"),
        ("code_verifier", &verifier),
    ]);
    let request = Request::post("/contoso.localhost/oauth2/v2.0/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.unwrap()));
    let answer = at.send(request.unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let tokens: Value = serde_json::from_str(&answer.body).unwrap();
    let payload = tokens["access_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

async fn consents(at: &TestTenant) -> Vec<String> {
    sqlx::query_scalar("SELECT scope FROM consents ORDER BY scope").fetch_all(at.tenant.db()).await.unwrap()
}

#[tokio::test]
async fn a_user_is_asked_for_permissions_once_and_each_new_one_by_itself() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize(&format!("openid {READ} {WRITE}"), &[]).await;
    let page = alice.with_password().await;
    assert!(leads_to(&page, "consent"), "{} {}", page.location_header(), page.body);
    let page = alice.get("consent").await;
    let shown = |page: &Answer, text: &str| page.body.contains(text);
    assert!(shown(&page, "Planner") && shown(&page, "To-do API") && shown(&page, ALICE), "{}", page.body);
    assert!(shown(&page, "Change to-dos") && shown(&page, "See &amp; change your list"), "{}", page.body);
    assert!(!shown(&page, "Read to-dos") && !shown(&page, "Share"), "neither what the administrator granted");
    let code = answered(&alice.decide(&[]).await)["code"].clone();
    assert_eq!(access_token(&at, &code).await["scp"], "ToDoList.Read ToDoList.ReadWrite");
    assert_eq!(consents(&at).await, ["ToDoList.ReadWrite"]);
    assert!(answered(&alice.authorize(&format!("openid {WRITE}"), &[]).await).contains_key("code"), "not again");

    assert!(leads_to(&alice.authorize(&format!("openid {WRITE} {SHARE}"), &[]).await, "consent"));
    let page = alice.get("consent").await;
    assert!(shown(&page, "Share &lt;your&gt; list") && !shown(&page, "Change to-dos"), "{}", page.body);
    assert!(answered(&alice.decide(&[]).await).contains_key("code"));
    assert_eq!(consents(&at).await, ["ToDoList.ReadWrite", "ToDoList.Share"]);
}

#[tokio::test]
async fn the_directorys_permissions_are_shown_by_their_names() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize("openid User.Read", &[]).await;
    alice.with_password().await;
    let page = alice.get("consent").await;
    for text in ["Directory", "Read your profile", "See the signed-in customer"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(!page.body.contains("<strong>User.Read</strong>"), "{}", page.body);
    assert!(answered(&alice.decide(&[]).await).contains_key("code"));
}

/// The session's cookie changes with every sign-in, and the form's token with it: that is no attack.
#[tokio::test]
async fn a_consent_form_from_before_another_sign_in_is_shown_again() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize(WRITE, &[]).await;
    alice.with_password().await;
    let asked = alice.base.clone();
    let fields = alice.consent_fields().await;
    let stale: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    alice.authorize("openid", &[("prompt", "login")]).await;
    assert!(answered(&alice.with_password().await).contains_key("code"));
    alice.base.clone_from(&asked);
    let page = alice.post("consent", &stale).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.body.contains("nothing was done") && page.body.contains("Change to-dos"), "{}", page.body);
    assert_eq!(consents(&at).await, [] as [std::string::String; 0]);
    assert!(answered(&alice.decide(&[]).await).contains_key("code"), "the fresh form counts");
}

#[tokio::test]
async fn declining_tells_the_app_and_remembers_nothing() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize(WRITE, &[]).await;
    alice.with_password().await;
    let answered = answered(&alice.decide(&[("decision", "cancel")]).await);
    assert_eq!((answered["error"].as_str(), answered["state"].as_str()), ("access_denied", "state"));
    assert!(answered["error_description"].starts_with("AADSTS65004: User declined to consent"), "{answered:?}");
    assert_eq!(consents(&at).await, [] as [std::string::String; 0]);
    assert!(leads_to(&alice.authorize(WRITE, &[]).await, "consent"), "asked again");
}

/// Abuse case 79.
#[tokio::test]
async fn a_forged_consent_yields_no_code() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize(WRITE, &[]).await;
    alice.with_password().await;
    let fields = alice.consent_fields().await;
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let scopes = ("scopes", WRITE);
    assert!(fields.contains(&scopes), "{fields:?}");
    let cancel = ("decision", "cancel");
    for forged in [&[][..], &[scopes], &[("token", ""), scopes], &[("token", "guess"), scopes], &[cancel]] {
        let answer = alice.post("consent", forged).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{forged:?}");
        assert!(answer.body.contains("nothing was done"), "{}", answer.body);
    }
    // From elsewhere, though it knew all the fields.
    let path = format!("{}/consent", alice.base);
    let cookies: Vec<_> = alice.cookies.iter().map(|((name, _), value)| format!("{name}={value}")).collect();
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "http://localhost:3000"), ("origin", "null")] {
        let request = Request::post(&path)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::HOST, "localhost:3002")
            .header(name, value)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(serde_urlencoded::to_string(&fields).unwrap()));
        assert_eq!(at.send(request.unwrap()).await.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    // In another browser, in another window's interaction, and without the session.
    let mut eve = Customer::new(&at);
    eve.base.clone_from(&alice.base);
    assert_eq!(eve.post("consent", &fields).await.status, StatusCode::BAD_REQUEST);
    let first = alice.base.clone();
    alice.authorize(WRITE, &[]).await;
    assert_eq!(alice.post("consent", &fields).await.status, StatusCode::CONFLICT, "the token is another window's");
    alice.base = first;
    let session = ("errand_tenant_session".to_owned(), "/".to_owned());
    let cookie = alice.cookies.remove(&session).unwrap();
    let answer = alice.post("consent", &fields).await;
    assert_eq!(answer.location_header(), format!("{}/sign-in", alice.base), "nobody is signed in");
    assert!(consents(&at).await.is_empty(), "nothing was granted");

    alice.cookies.insert(session, cookie);
    assert!(answered(&alice.post("consent", &fields).await).contains_key("code"), "the real one works");
    let again = alice.post("consent", &fields).await;
    assert_eq!(
        (again.status, again.location_header().contains("code=")),
        (StatusCode::SEE_OTHER, false),
        "once, then to the app"
    );
}

#[tokio::test]
async fn nobody_agrees_to_what_they_were_not_shown() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize(&format!("{WRITE} {SHARE}"), &[]).await;
    alice.with_password().await;
    let mut fields = alice.consent_fields().await;
    for (name, value) in &mut fields {
        if name == "scopes" {
            WRITE.clone_into(value);
        }
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = alice.post("consent", &fields).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.body.contains("The list has changed") && page.body.contains("Share &lt;your&gt; list"));
    assert_eq!(consents(&at).await, [] as [std::string::String; 0]);
}

#[tokio::test]
async fn prompt_none_asks_nothing_and_prompt_consent_asks_again() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize("openid", &[]).await;
    alice.with_password().await;
    let silent = [("prompt", "none")];
    let refused = answered(&alice.authorize(WRITE, &silent).await);
    assert_eq!(refused["error"], "consent_required");
    assert!(refused["error_description"].starts_with("AADSTS65001: "));
    let refused = answered(&alice.authorize(READ, &[("prompt", "none"), ("claims", C1)]).await);
    assert_eq!(refused["error"], "interaction_required");
    assert!(refused["error_description"].starts_with("AADSTS50076: "));

    alice.authorize(WRITE, &[]).await;
    alice.decide(&[]).await;
    assert!(answered(&alice.authorize(WRITE, &silent).await).contains_key("code"));
    assert!(leads_to(&alice.authorize(WRITE, &[("prompt", "consent")]).await, "consent"));
    assert!(answered(&alice.decide(&[]).await).contains_key("code"), "asked once more, not for ever");
    let theirs_alone = alice.authorize(&format!("openid {READ}"), &[("prompt", "consent")]).await;
    assert!(answered(&theirs_alone).contains_key("code"), "the administrator has granted all of it");
}

#[tokio::test]
async fn who_signed_in_with_the_password_confirms_by_a_mailed_code() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize(READ, &[("claims", C1)]).await;
    assert!(leads_to(&alice.with_password().await, "step-up"));
    let page = alice.get("step-up").await;
    assert!(page.body.contains("Planner") && page.body.contains(ALICE), "{}", page.body);
    assert!(!page.body.contains("type=\"password\""), "not the same factor twice");
    assert!(at.mails(ALICE).await.is_empty(), "nothing is sent because of a GET");
    let base = alice.base.clone();
    assert_eq!(alice.post("step-up", &[]).await.location_header(), format!("{base}/step-up/passcode"));
    let page = alice.get("step-up/passcode").await;
    assert!(page.status == StatusCode::OK && !page.body.contains("Use another address"), "{}", page.body);
    let code = at.newest_passcode(ALICE).await;
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    let refused = alice.post("step-up/passcode", &[("passcode", wrong)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let granted = answered(&alice.post("step-up/passcode", &[("passcode", &code)]).await);
    let acrs: String = sqlx::query_scalar("SELECT acrs FROM grants").fetch_one(at.tenant.db()).await.unwrap();
    assert_eq!(acrs, "c1");
    assert_eq!(access_token(&at, &granted["code"]).await["acrs"], serde_json::json!(["c1"]));

    let again = [("prompt", "none"), ("claims", C1)];
    assert!(answered(&alice.authorize(READ, &again).await).contains_key("code"), "the session remembers");
    alice.authorize(READ, &[("prompt", "login")]).await;
    alice.with_password().await;
    let forgotten = answered(&alice.authorize(READ, &again).await);
    assert_eq!(forgotten["error"], "interaction_required", "a new sign-in begins anew");
}

#[tokio::test]
async fn who_signed_in_by_mail_confirms_with_the_password() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize(READ, &[("claims", C1)]).await;
    assert!(leads_to(&alice.with_passcode().await, "step-up"));
    let page = alice.get("step-up").await;
    assert!(page.body.contains("type=\"password\""), "{}", page.body);
    let mails = at.mails(ALICE).await.len();
    let base = alice.base.clone();
    for (page, code) in [("step-up/passcode", "12345678"), ("step-up/passcode/resend", "")] {
        let answer = alice.post(page, &[("passcode", code)]).await;
        assert_eq!(answer.location_header(), format!("{base}/step-up"), "not the same factor twice");
        alice.base.clone_from(&base);
    }
    assert_eq!(alice.get("step-up/passcode").await.location_header(), format!("{base}/step-up"));
    alice.base.clone_from(&base);
    assert_eq!(at.mails(ALICE).await.len(), mails);
    for wrong in ["", OTHER_PASSWORD] {
        let refused = alice.post("step-up", &[("password", wrong)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(!refused.body.contains(OTHER_PASSWORD));
    }
    let granted = answered(&alice.post("step-up", &[("password", GOOD_PASSWORD)]).await);
    assert_eq!(access_token(&at, &granted["code"]).await["acrs"], serde_json::json!(["c1"]));
}

#[tokio::test]
async fn guessing_at_the_second_factor_is_answered_with_429() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize(READ, &[("claims", C1)]).await;
    alice.with_passcode().await;
    for _ in 0..10 {
        let refused = alice.post("step-up", &[("password", OTHER_PASSWORD)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let refused = alice.post("step-up", &[("password", GOOD_PASSWORD)]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_second_factor_comes_before_consent_and_neither_can_be_skipped() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize(WRITE, &[("claims", C1)]).await;
    for page in ["step-up", "step-up/passcode", "consent"] {
        let base = alice.base.clone();
        assert_eq!(alice.get(page).await.location_header(), format!("{base}/sign-in"), "{page}");
        assert_eq!(
            alice.post(page, &[("passcode", "12345678")]).await.location_header(),
            format!("{base}/sign-in"),
            "{page}"
        );
        alice.base = base;
    }
    alice.with_password().await;
    // Consent alone does not help: what is due is looked at again.
    let page = alice.get("consent").await;
    assert!(leads_to(&page, "step-up"), "{} {}", page.location_header(), page.body);
    alice.post("step-up", &[]).await;
    let code = at.newest_passcode(ALICE).await;
    assert!(leads_to(&alice.post("step-up/passcode", &[("passcode", &code)]).await, "consent"));
    assert!(answered(&alice.decide(&[]).await).contains_key("code"));
}

#[tokio::test]
async fn who_signed_out_or_is_somebody_else_by_now_has_to_sign_in_first() {
    let at = tenant().await;
    at.add_user("bob@example.com", OTHER_PASSWORD).await;
    let mut alice = Customer::new(&at);
    alice.authorize(WRITE, &[]).await;
    alice.with_password().await;
    let asked = alice.base.clone();
    alice.authorize("openid", &[("prompt", "login")]).await;
    alice.post("sign-in", &[("email", "bob@example.com"), ("password", OTHER_PASSWORD)]).await;
    alice.base.clone_from(&asked);
    assert_eq!(alice.get("consent").await.location_header(), format!("{asked}/sign-in"));
    let back = alice.with_password().await;
    assert!(leads_to(&back, "consent"), "{}", back.body);
    assert!(answered(&alice.decide(&[]).await).contains_key("code"), "signing in again goes on");
}

#[tokio::test]
async fn of_two_answers_to_one_question_one_gets_the_code() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize(WRITE, &[]).await;
    alice.with_password().await;
    let fields = alice.consent_fields().await;
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut other = Customer::new(&at);
    (other.cookies, other.base) = (alice.cookies.clone(), alice.base.clone());
    let (one, two) = tokio::join!(alice.post("consent", &fields), other.post("consent", &fields));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    // The other one found the question answered and goes on to the app (303), or lost in the very moment of answering (409).
    assert!(matches!(statuses, [303, 303 | 409]), "{statuses:?}");
    let codes = [&one, &two].into_iter().filter(|page| page.status == 303 && page.location_header().contains("code="));
    assert_eq!(codes.count(), 1);
    let grants: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM grants").fetch_one(at.tenant.db()).await.unwrap();
    assert_eq!(grants, 1);
}

#[tokio::test]
async fn a_demand_that_cannot_be_met_is_told_to_the_app() {
    let at = tenant().await;
    for claims in ["{", "[]", r#"{"access_token":1}"#, &C1.replace("c1", "c2")] {
        let refused = answered(&Customer::new(&at).authorize(READ, &[("claims", claims)]).await);
        assert_eq!(refused["error"], "invalid_request", "{claims}");
    }
}

#[tokio::test]
async fn the_pages_in_between_are_hardened_and_have_one_heading_and_labelled_fields() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    alice.authorize(WRITE, &[("claims", C1)]).await;
    alice.with_passcode().await;
    let step_up = alice.get("step-up").await;
    alice.post("step-up", &[("password", GOOD_PASSWORD)]).await;
    let consent = alice.get("consent").await;
    for page in [step_up, consent] {
        let header = |name: &str| page.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default();
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!((header("cache-control"), header("x-frame-options")), ("no-store", "DENY"));
        assert!(!page.body.contains("style=") && !page.body.contains("<script"), "{}", page.body);
        let html = scraper::Html::parse_document(&page.body);
        let select = |css: &str| html.select(&scraper::Selector::parse(css).unwrap()).count();
        assert_eq!((select("h1"), select("main")), (1, 1));
        assert_eq!(select("input:not([type=hidden])"), select("label"));
        assert!(select("button[type=submit]") >= 1);
    }
}

/// Abuse case 77.
#[tokio::test]
async fn a_stale_reset_code_is_refused_and_a_reset_ends_the_other_sessions() {
    let at = tenant().await;
    let (mut alice, mut thief) = (Customer::new(&at), Customer::new(&at));
    thief.authorize("openid", &[]).await;
    assert!(answered(&thief.with_password().await).contains_key("code"), "who knew the password is in");

    alice.authorize("openid", &[]).await;
    let base = alice.base.clone();
    alice.post("reset-password", &[("email", ALICE)]).await;
    alice.base.clone_from(&base);
    let stale = at.newest_passcode(ALICE).await;
    at.tenant.clock().advance(Duration::minutes(10));
    let refused = alice.post("reset-password/passcode", &[("passcode", &stale)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("too old"), "{}", refused.body);

    alice.post("reset-password/passcode/resend", &[]).await;
    alice.base.clone_from(&base);
    let fresh = at.newest_passcode(ALICE).await;
    alice.post("reset-password/passcode", &[("passcode", &fresh)]).await;
    alice.base.clone_from(&base);
    let new = [("password", OTHER_PASSWORD), ("confirm_password", OTHER_PASSWORD)];
    assert!(answered(&alice.post("reset-password/password", &new).await).contains_key("code"));
    let silent = [("prompt", "none")];
    assert_eq!(answered(&thief.authorize("openid", &silent).await)["error"], "login_required", "and is out now");
    assert!(answered(&alice.authorize("openid", &silent).await).contains_key("code"));
}

/// Abuse case 80.
#[tokio::test]
async fn every_form_is_answered_with_303_and_never_with_307() {
    let at = tenant().await;
    let mut alice = Customer::new(&at);
    let mut redirects = 0;
    let mut check = |page: &Answer| {
        assert!(!page.status.is_redirection() || page.status == StatusCode::SEE_OTHER, "{}", page.location_header());
        redirects += usize::from(page.status == StatusCode::SEE_OTHER);
    };
    check(&alice.authorize(WRITE, &[("claims", C1)]).await);
    let base = alice.base.clone();
    for (page, fields) in [
        ("sign-up", &[("email", "bob@example.com")][..]),
        ("sign-up/passcode/resend", &[]),
        ("sign-up/details", &DETAILS),
        ("reset-password", &[("email", ALICE)]),
        ("reset-password/passcode/resend", &[]),
        ("reset-password/password", &[("password", "x")]),
        ("sign-in", &[("email", ALICE), ("method", "passcode")]),
        ("sign-in/passcode/resend", &[]),
        ("consent", &[]),
        ("step-up", &[]),
        ("sign-in", &[("email", ALICE), ("password", GOOD_PASSWORD)]),
    ] {
        alice.base.clone_from(&base);
        check(&alice.post(page, fields).await);
    }
    check(&alice.post("step-up", &[]).await);
    let code = at.newest_passcode(ALICE).await;
    check(&alice.post("step-up/passcode", &[("passcode", &code)]).await);
    check(&alice.decide(&[]).await);
    check(&alice.authorize("openid", &[("prompt", "login")]).await);
    check(&alice.post("cancel", &[]).await);
    assert_eq!(redirects, 17, "each of them is a redirect");
}
