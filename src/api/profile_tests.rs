//! The profile from outside: a provider and a directory that answer what a test wants, and what the API makes of it.

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::tests::{clock, start, toml};
use super::{Api, StartError, router};
use crate::identity::testing::{API, ProviderDouble, TENANT};

const PROFILE: &str = "/api/profile";
const BOTH: &str = "ToDoList.Read Profile.Read Profile.ReadWrite";
/// What the directory calls its own; `id` and the like must not come through.
fn ada() -> Value {
    json!({
        "id": "7", "displayName": "Ada", "givenName": null, "surname": "Lovelace", "mail": "ada@example.com",
        "country": "GB", "userPrincipalName": "7@example.com",
    })
}

/// What was asked of the token endpoint and of the directory, and what they answer.
#[derive(Default)]
struct Script {
    /// Bodies of token requests.
    token_requests: Vec<String>,
    /// Method, path and query, token, body.
    requests: Vec<(String, String, String, String)>,
    /// In place of a token.
    no_token: Option<(u16, Value)>,
    /// In place of a profile: status, headers, body.
    refusal: Option<Refusal>,
}

/// Status, headers, body.
type Refusal = (u16, Vec<(&'static str, String)>, String);

type Shared = Arc<Mutex<Script>>;

async fn token(State(script): State<Shared>, body: String) -> Response {
    let mut script = script.lock().expect("not poisoned");
    script.token_requests.push(body);
    if let Some((status, body)) = &script.no_token {
        return (StatusCode::from_u16(*status).expect("a status"), Json(body.clone())).into_response();
    }
    let number = script.token_requests.len();
    Json(json!({"access_token": format!("for-the-directory-{number}"), "token_type": "Bearer", "expires_in": 3600}))
        .into_response()
}

async fn me(State(script): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut script = script.lock().expect("not poisoned");
    let token = headers[header::AUTHORIZATION].to_str().expect("text").trim_start_matches("Bearer ").to_owned();
    let body = String::from_utf8(body.to_vec()).expect("text");
    script.requests.push((method.to_string(), uri.to_string(), token, body));
    if let Some((status, headers, body)) = &script.refusal {
        let mut response = (StatusCode::from_u16(*status).expect("a status"), body.clone()).into_response();
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        return response;
    }
    if method == Method::PATCH { StatusCode::NO_CONTENT.into_response() } else { Json(ada()).into_response() }
}

const CREDENTIALS: &str =
    "client_id = \"a9a9a9a9-0000-4000-8000-000000000001\"\nclient_credentials = [{ secret = \"s\" }]";

/// [`toml`] with a directory at `base_url`.
fn with_directory(authority: &str, base_url: &str, database_url: &str) -> String {
    let identity = format!("identity = {{ authority = \"{authority}\", tenant_id = \"{TENANT}\" }}");
    let toml = toml(authority, database_url);
    assert!(toml.contains(&identity));
    let toml = toml.replace(&identity, "");
    format!(
        r#"{toml}
        [api.permissions.read_profile]
        scopes = ["Profile.Read", "Profile.ReadWrite"]
        [api.permissions.write_profile]
        scopes = ["Profile.ReadWrite"]
        [api.identity]
        authority = "{authority}"
        tenant_id = "{TENANT}"
        {CREDENTIALS}
        [api.downstream_apis.directory]
        base_url = "{base_url}"
        scopes = {{ read = ["https://graph.microsoft.com/User.Read"], write = ["https://graph.microsoft.com/User.ReadWrite"] }}
        "#
    )
}

struct Profiles {
    router: Router,
    provider: ProviderDouble,
    script: Shared,
    _folder: TempDir,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn challenge(&self) -> &str {
        self.headers[header::WWW_AUTHENTICATE].to_str().expect("text")
    }
}

impl Profiles {
    async fn start() -> Self {
        Self::start_with(|toml| toml).await
    }

    async fn start_with(change: impl FnOnce(String) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let script = Shared::default();
        let more = Router::new()
            .route(&format!("/{TENANT}/oauth2/v2.0/token"), post(token))
            .route("/v1.0/me", get(me).patch(me))
            .with_state(Arc::clone(&script));
        let provider = ProviderDouble::start_with(&clock(), more).await;
        let url = format!("sqlite:{}/api.db", folder.path().display());
        let toml = change(with_directory(&provider.issuer(), &provider.origin, &url));
        let api: Result<Api, StartError> = start(&toml).await;
        let api = api.unwrap_or_else(|error| panic!("{error}"));
        Self { router: router(api), provider, script, _folder: folder }
    }

    fn ada(&self) -> String {
        self.provider.access_token(json!({"scp": BOTH}))
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().expect("not poisoned")
    }

    async fn call(&self, token: &str, method: &str, body: Option<&str>) -> Answer {
        let request =
            Request::builder().method(method).uri(PROFILE).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = match body {
            None => request.body(Body::empty()),
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_owned())),
        };
        let response = self.router.clone().oneshot(request.expect("a request")).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
        let answer = Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        };
        assert_ne!(answer.status, 500, "{}", answer.body);
        if answer.status >= 400 {
            assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
        }
        for secret in [token, "for-the-directory", "client_secret"] {
            assert!(!answer.body.to_string().contains(secret), "{}", answer.body);
        }
        answer
    }
}

#[tokio::test]
async fn a_customer_sees_their_profile_as_the_directory_tells_it_on_their_behalf() {
    let api = Profiles::start().await;
    let ada = api.ada();
    for _ in 0..3 {
        let answer = api.call(&ada, "GET", None).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let expected = json!({
            "displayName": "Ada", "givenName": null, "surname": "Lovelace", "mail": "ada@example.com", "country": "GB",
        });
        assert_eq!(answer.body, expected);
    }
    let script = api.script();
    assert_eq!(script.token_requests.len(), 1, "one exchange serves while both tokens last");
    let form: std::collections::HashMap<String, String> =
        serde_urlencoded::from_str(&script.token_requests[0]).expect("a form");
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert_eq!(form["requested_token_use"], "on_behalf_of");
    assert_eq!(form["assertion"], ada);
    assert_eq!(form["scope"], "https://graph.microsoft.com/User.Read");
    let (method, address, token, _) = &script.requests[0];
    assert_eq!((method.as_str(), token.as_str()), ("GET", "for-the-directory-1"));
    // Graph tells the country only when asked for it.
    assert!(address.starts_with("/v1.0/me?") && address.contains("country"), "{address}");
}

#[tokio::test]
async fn a_part_of_the_profile_is_changed_and_the_whole_comes_back() {
    let api = Profiles::start().await;
    let change = r#"{"displayName": " Ada King ", "givenName": "", "surname": null, "country": "GB"}"#;
    let answer = api.call(&api.ada(), "PATCH", Some(change)).await;
    assert_eq!((answer.status, &answer.body["mail"]), (200, &json!("ada@example.com")), "{}", answer.body);
    let script = api.script();
    let methods: Vec<_> = script.requests.iter().map(|(method, ..)| method.as_str()).collect();
    assert_eq!(methods, ["PATCH", "GET"]);
    let sent: Value = serde_json::from_str(&script.requests[0].3).expect("JSON");
    assert_eq!(sent, json!({"displayName": "Ada King", "givenName": null, "surname": null, "country": "GB"}));
    assert_eq!(script.token_requests.len(), 1);
    assert!(script.token_requests[0].contains("User.ReadWrite"));
}

#[tokio::test]
async fn what_no_directory_would_take_is_refused_before_it_is_asked() {
    let api = Profiles::start().await;
    let (ada, long, longer) = (api.ada(), "é".repeat(65), "é".repeat(257));
    let text = |name: &str, value: &str| json!({name: value}).to_string();
    for (body, pointer) in [
        (text("country", "gb"), "/country"),
        (text("country", "UK"), "/country"),
        (text("country", "Great Britain"), "/country"),
        (text("displayName", &longer), "/displayName"),
        (text("givenName", &long), "/givenName"),
        (text("surname", &long), "/surname"),
        (text("displayName", &format!("x{}", " ".repeat(256))), "/displayName"),
        (text("givenName", &" ".repeat(65)), "/givenName"),
        (text("country", " GB"), "/country"),
        (text("country", " "), "/country"),
        (text("surname", "a\u{0}b"), "/surname"),
        (text("displayName", "a\nb"), "/displayName"),
        (text("displayName", "a\u{202e}b"), "/displayName"),
        (text("givenName", "a\u{2066}b"), "/givenName"),
        (text("displayName", "  "), "/displayName"),
        (json!({"displayName": null}).to_string(), "/displayName"),
        (text("mail", "mallory@example.com"), "/mail"),
        (json!({"mail": null, "surname": "x"}).to_string(), "/mail"),
    ] {
        let answer = api.call(&ada, "PATCH", Some(&body)).await;
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (400, &json!(pointer)), "{body}");
    }
    for body in [
        r#"{"jobTitle": "x"}"#,
        r#"{"id": "8"}"#,
        r#"{"surname": "x", "surname": "y"}"#,
        r#"{"surname": 7}"#,
        r#"{"surname": ["x"]}"#,
        "{}",
        "null",
        "[]",
        "",
        "{",
    ] {
        assert_eq!(api.call(&ada, "PATCH", Some(body)).await.status, 400, "{body}");
    }
    assert!(api.script().requests.is_empty() && api.script().token_requests.is_empty());
    for (name, value) in [("givenName", "é".repeat(64)), ("displayName", "é".repeat(256))] {
        assert_eq!(api.call(&ada, "PATCH", Some(&text(name, &value))).await.status, 200, "{name}");
    }
}

#[tokio::test]
async fn the_profile_needs_its_own_scopes_and_a_user() {
    let api = Profiles::start().await;
    for (changes, read, write) in [
        (json!({"scp": "Profile.Read"}), 200, 403),
        (json!({"scp": "Profile.ReadWrite"}), 200, 200),
        (json!({"scp": "ToDoList.Read ToDoList.ReadWrite"}), 403, 403),
        (json!({"scp": "Profile.ReadX profile.read User.Read"}), 403, 403),
        (json!({"scp": null, "roles": ["ToDoList.ReadWrite.All", "Profile.Read", "Profile.ReadWrite"]}), 403, 403),
        (json!({"scp": "Profile.Read", "roles": ["ToDoList.Read.All"], "idtyp": "app"}), 403, 403),
        (json!({"scp": "Profile.Read", "aud": "another"}), 401, 401),
    ] {
        let token = api.provider.access_token(changes.clone());
        assert_eq!(api.call(&token, "GET", None).await.status, read, "{changes}");
        let refused = api.call(&token, "PATCH", Some(r#"{"surname": "x"}"#)).await;
        assert_eq!(refused.status, write, "{changes}");
    }
    let refused = api.call(&api.provider.access_token(json!({})), "GET", None).await;
    assert_eq!(refused.challenge(), r#"Bearer error="insufficient_scope", scope="Profile.Read""#);
    for (method, status) in [("PUT", 405), ("DELETE", 405), ("POST", 405)] {
        assert_eq!(api.call(&api.ada(), method, Some("{}")).await.status, status, "{method}");
    }
}

#[tokio::test]
async fn a_customer_who_must_act_first_is_told_so_in_a_challenge() {
    let api = Profiles::start().await;
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    let scopes = r#"scopes="https://graph.microsoft.com/User.Read""#;
    for (number, (answer, challenge)) in [
        (
            json!({"error": "invalid_grant", "error_codes": [65001], "suberror": "consent_required"}),
            format!(r#"Bearer error="interaction_required", {scopes}, proposedAction="consent""#),
        ),
        (
            json!({"error": "interaction_required", "error_codes": [50076], "claims": claims}),
            format!(r#"Bearer error="insufficient_claims", claims="{}""#, STANDARD.encode(claims)),
        ),
        (
            json!({"error": "invalid_grant", "error_codes": [50173]}),
            r#"Bearer error="interaction_required", proposedAction="consent""#.to_owned(),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        api.script().no_token = Some((400, answer));
        let token = api.provider.access_token(json!({"scp": BOTH, "uti": number}));
        let refused = api.call(&token, "GET", None).await;
        assert_eq!((refused.status, refused.challenge()), (403, challenge.as_str()));
        assert_eq!(refused.body["status"], 403);
    }
    assert_eq!(
        api.script().requests,
        [] as [(std::string::String, std::string::String, std::string::String, std::string::String); 0]
    );
}

#[tokio::test]
async fn a_provider_or_directory_that_fails_is_503_that_refuses_is_502_and_never_500() {
    let api = Profiles::start().await;
    let mut number = 0;
    let mut fresh = || {
        number += 1;
        api.provider.access_token(json!({"scp": BOTH, "uti": number}))
    };
    for (status, body, seen) in [
        (503, json!({}), 503),
        (400, json!({"error": "temporarily_unavailable"}), 503),
        (401, json!({"error": "invalid_client", "error_codes": [7_000_215]}), 502),
        (400, json!({"error": "invalid_scope", "error_codes": [70011]}), 502),
        (200, json!({"nonsense": true}), 502),
    ] {
        api.script().no_token = Some((status, body.clone()));
        let refused = api.call(&fresh(), "GET", None).await;
        assert_eq!(refused.status, seen, "{status} {body}");
        assert_eq!(refused.headers.contains_key(header::RETRY_AFTER), seen == 503, "{status} {body}");
    }
    api.script().no_token = None;
    let graph = json!({"error": {"code": "Secret_Code", "message": "a secret detail"}}).to_string();
    for (status, headers, body, seen, retry_after) in [
        (401, vec![("www-authenticate", r#"Bearer error="invalid_token""#.to_owned())], graph.clone(), 502, None),
        (403, vec![], graph.clone(), 502, None),
        (500, vec![], "<html>".to_owned(), 503, Some("5")),
        (429, vec![("retry-after", "120".to_owned())], graph.clone(), 503, Some("120")),
        (302, vec![("location", "http://127.0.0.1:1/".to_owned())], String::new(), 503, Some("5")),
        (200, vec![], "not JSON".to_owned(), 503, Some("5")),
        (200, vec![], r#"{"displayName": 7}"#.to_owned(), 503, Some("5")),
        (404, vec![], graph.clone(), 404, None),
        (400, vec![], graph.clone(), 400, None),
    ] {
        api.script().refusal = Some((status, headers, body));
        let refused = api.call(&fresh(), "GET", None).await;
        assert_eq!(refused.status, seen, "{status}: {}", refused.body);
        let header = refused.headers.get(header::RETRY_AFTER).map(|value| value.to_str().expect("text"));
        assert_eq!(header, retry_after, "{status}");
        assert!(!refused.body.to_string().to_lowercase().contains("secret"), "{}", refused.body);
    }
    api.script().refusal = None;
    assert_eq!(api.call(&fresh(), "GET", None).await.status, 200);
}

#[tokio::test]
async fn a_directory_where_nobody_listens_is_503() {
    let api = Profiles::start_with(|toml| {
        let base_url =
            toml.lines().find(|line| line.trim_start().starts_with("base_url")).expect("configured").to_owned();
        toml.replace(&base_url, "base_url = \"http://127.0.0.1:1\"")
    })
    .await;
    let refused = api.call(&api.ada(), "GET", None).await;
    assert_eq!((refused.status, &refused.headers[header::RETRY_AFTER]), (503, &"5".parse().expect("a value")));
}

#[tokio::test]
async fn an_authentication_context_guards_the_change_and_not_the_look() {
    let api = Profiles::start_with(|toml| {
        toml.replace(
            "[api.permissions.write_profile]",
            "[api.permissions.write_profile]\nauthentication_context = \"c1\"",
        )
    })
    .await;
    let change = Some(r#"{"surname": "King"}"#);
    assert_eq!(api.call(&api.ada(), "GET", None).await.status, 200);
    let refused = api.call(&api.ada(), "PATCH", change).await;
    assert_eq!(refused.status, 401);
    assert!(
        refused.challenge().starts_with(r#"Bearer error="insufficient_claims", claims=""#),
        "{}",
        refused.challenge()
    );
    let proved = api.provider.access_token(json!({"scp": BOTH, "acrs": ["c1"]}));
    assert_eq!(api.call(&proved, "PATCH", change).await.status, 200);
}

#[tokio::test]
async fn without_a_directory_there_is_no_profile_and_the_answer_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let provider = ProviderDouble::start(&clock()).await;
    let url = format!("sqlite:{}/api.db", folder.path().display());
    let api = start(&toml(&provider.issuer(), &url)).await.expect("starts");
    let api = Profiles { router: router(api), provider, script: Shared::default(), _folder: folder };
    for (method, body) in [("GET", None), ("PATCH", Some(r#"{"surname": "x"}"#))] {
        let refused = api.call(&api.ada(), method, body).await;
        assert_eq!(refused.status, 404);
        let detail = refused.body["detail"].as_str().expect("a text");
        assert!(detail.contains("[api.downstream_apis.directory]"), "{detail}");
    }
    assert_eq!(api.call("nonsense", "GET", None).await.status, 401);
}

#[tokio::test]
async fn a_directory_and_its_permissions_stand_in_the_configuration_together() {
    let good = with_directory("http://127.0.0.1:1/x/v2.0", "http://127.0.0.1:1", "sqlite::memory:");
    let read_profile = "[api.permissions.read_profile]\n        scopes = [\"Profile.Read\", \"Profile.ReadWrite\"]";
    let directory = &good[good.find("[api.downstream_apis.directory]").expect("there")..];
    for (from, to, key) in [
        (read_profile, "", "`api.permissions.read_profile` is missing"),
        (directory, "", "`api.permissions.read_profile` is about profiles"),
        (r#"scopes = ["Profile.ReadWrite"]"#, "scopes = []", "`api.permissions.write_profile.scopes`"),
        (
            r#"scopes = ["Profile.ReadWrite"]"#,
            r#"scopes = ["Profile.Write"]"#,
            "`api.permissions.write_profile.scopes`",
        ),
        (r#"scopes = ["Profile.ReadWrite"]"#, r#"app_permissions = ["x"]"#, "app_permissions` is not a key"),
        (CREDENTIALS, "", "`api.identity.client_id`"),
        ("client_credentials = [{ secret = \"s\" }]", "", "`api.identity.client_credentials`"),
        (", write = [\"https://graph.microsoft.com/User.ReadWrite\"]", "", "`api.downstream_apis.directory.scopes`"),
        ("base_url = \"http://127.0.0.1:1\"", "base_url = \"http://graph.example\"", "directory.base_url`"),
        ("  base_url =", "  request_app_token = true\n  base_url =", "directory.request_app_token`"),
        ("[api.downstream_apis.directory]", "[api.downstream_apis.direktory]", "did you mean that?"),
    ] {
        assert!(good.contains(from), "{from}");
        match start(&good.replacen(from, to, 1)).await {
            Ok(_) => panic!("it started with {to:?} in place of {from:?}"),
            Err(error) => assert!(error.to_string().contains(key), "{key}: {error}"),
        }
    }
    assert!(good.contains(API));
    start(&good).await.unwrap_or_else(|error| panic!("{error}"));
}
