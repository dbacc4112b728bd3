//! The API's side, with tokens that a real sign-in gave.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use errand::platform::{hash, random};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::test_browser::{Browser, Page, http};
use crate::test_errand::TestErrand;

/// Runs an authorization code flow as the web app would; `browser` is signed in at the tenant.
pub(crate) async fn tokens(errand: &TestErrand, browser: &mut Browser, scope: &str) -> Value {
    let secrets = errand.secrets();
    let redirect_uri = format!("{}/auth/redirect", errand.addresses.web);
    let verifier = random::token();
    let below = browser.tenant.join(&format!("/{}/oauth2/v2.0/", secrets.tenant_id)).unwrap();
    let mut authorize = below.join("authorize").unwrap();
    authorize
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &secrets.web_client_id)
        .append_pair("redirect_uri", &redirect_uri)
        .append_pair("scope", scope)
        .append_pair("state", "state")
        .append_pair("nonce", "nonce")
        .append_pair("code_challenge", &hash::sha256_base64url(&verifier))
        .append_pair("code_challenge_method", "S256");
    let answer = browser.send(browser.request(Method::GET, authorize)).await;
    assert!(answer.location().as_str().starts_with(&redirect_uri), "{}", answer.everything());
    let code = answer.location().query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let request =
        http().post(below.join("token").unwrap()).basic_auth(&secrets.web_client_id, Some(&secrets.web_client_secret));
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", &verifier),
    ];
    let answer = Page::read(request.form(&fields).send().await.unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

async fn ask(errand: &TestErrand, method: Method, path: &str, token: &str) -> Page {
    let url = format!("{}/api/todolist{path}", errand.addresses.api);
    let body = json!({ "description": "by the API" });
    Page::read(http().request(method, url).bearer_auth(token).json(&body).send().await.unwrap()).await
}

/// 56.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_token_that_may_only_read_changes_nothing() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let id = uuid::Uuid::new_v4().to_string();
    let id = id.as_str();
    browser.call("todos/add", &[("id", id), ("description", "mine")]).await;
    let scope = format!("openid api://{}/ToDoList.Read", errand.secrets().api_client_id);
    let token = tokens(&errand, &mut browser, &scope).await["access_token"].as_str().unwrap().to_owned();

    let list = ask(&errand, Method::GET, "", &token).await;
    assert_eq!((list.status, &list.json()[0]["description"]), (StatusCode::OK, &json!("mine")));
    let one = format!("/{id}");
    for (method, path) in [
        (Method::POST, ""),
        (Method::PUT, one.as_str()),
        (Method::PATCH, one.as_str()),
        (Method::DELETE, one.as_str()),
        (Method::PATCH, ""),
        (Method::DELETE, "?done=true"),
        // Not even whether it exists.
        (Method::DELETE, "/01890a5d-ac96-774b-bcce-b302099a8057"),
    ] {
        let answer = ask(&errand, method.clone(), path, &token).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}: {}", answer.body);
        let challenge = answer.header(header::WWW_AUTHENTICATE);
        assert!(challenge.starts_with("Bearer") && challenge.contains("insufficient_scope"), "{challenge}");
    }
    assert_eq!(browser.open("/todos").await.todos(), [("mine".to_owned(), false)]);
}

/// 55.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_id_token_or_anything_but_an_access_token_for_it_does_not_open_the_api() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let scope = format!("openid offline_access api://{}/ToDoList.Read", errand.secrets().api_client_id);
    let answer = tokens(&errand, &mut browser, &scope).await;
    let token = |name: &str| answer[name].as_str().unwrap().to_owned();
    let access = token("access_token");
    assert_eq!(ask(&errand, Method::GET, "", &access).await.status, StatusCode::OK);

    let [head, claims, signature] = access.split('.').collect::<Vec<_>>()[..] else { panic!("a JWT has three parts") };
    let mut more: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    more["scp"] = json!("ToDoList.Read ToDoList.ReadWrite");
    let more = URL_SAFE_NO_PAD.encode(more.to_string());
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    for (what, wrong) in [
        ("an ID token", token("id_token")),
        ("a refresh token", token("refresh_token")),
        ("other claims under the same signature", format!("{head}.{more}.{signature}")),
        ("no signature", format!("{head}.{claims}.")),
        ("alg none", format!("{none}.{claims}.")),
        ("nonsense", "nonsense".to_owned()),
    ] {
        let refused = ask(&errand, Method::GET, "", &wrong).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{what}: {}", refused.body);
        assert!(refused.header(header::WWW_AUTHENTICATE).contains("invalid_token"), "{what}");
        assert!(!refused.everything().contains(&wrong[..8]), "{what} is not repeated");
    }
}
