//! The API from outside: requests with tokens of the provider's double, on a real database.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::store::{Bulk, In, Operation, Outcome, Start, Store, Wanted, Whose};
use super::{Api, StartError, config, router};
use crate::identity::testing::{ALICE, API, BOB, ProviderDouble, TENANT};
use crate::platform::clock::Clock;
use crate::platform::config::{Mode, Settings};
use crate::platform::outbound;
use crate::todo::{Description, NewTodo, Patch, Todo};

pub(super) const LIST: &str = "/api/todolist";

pub(super) fn clock() -> Clock {
    Clock::manual(OffsetDateTime::from_unix_timestamp(1_800_000_000).expect("a date"))
}

pub(super) fn toml(authority: &str, database_url: &str) -> String {
    format!(
        r#"
        mode = "development"
        [api]
        listen = "127.0.0.1:0"
        database_url = "{database_url}"
        identity = {{ authority = "{authority}", tenant_id = "{TENANT}" }}
        audiences = ["{API}"]
        [api.permissions.read]
        scopes = ["ToDoList.Read", "ToDoList.ReadWrite"]
        app_permissions = ["ToDoList.Read.All", "ToDoList.ReadWrite.All"]
        [api.permissions.write]
        scopes = ["ToDoList.ReadWrite"]
        app_permissions = ["ToDoList.ReadWrite.All"]
        "#
    )
}

pub(super) async fn start(toml: &str) -> Result<Api, StartError> {
    let settings = Settings::from_toml(toml)?;
    let config: config::Config = settings.section("api")?;
    Api::start(config, settings.mode, &outbound::client(), clock()).await
}

/// A running API, its provider, and tokens of its callers.
pub(super) struct TestApi {
    pub(super) api: Api,
    router: Router,
    provider: ProviderDouble,
    folder: TempDir,
    pub(super) alice: String,
    pub(super) bob: String,
    pub(super) daemon: String,
    /// What the API says of itself: every answer of every test is held against it.
    description: tokio::sync::OnceCell<Value>,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl TestApi {
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let provider = ProviderDouble::start(&clock()).await;
        let url = format!("sqlite:{}/api.db", folder.path().display());
        let api = start(&toml(&provider.issuer(), &url)).await.expect("starts");
        Self::of(api, provider, folder)
    }

    /// Another API with the same provider.
    pub(super) fn of(api: Api, provider: ProviderDouble, folder: TempDir) -> Self {
        Self {
            router: router(api.clone()),
            api,
            alice: provider.access_token(json!({})),
            bob: provider.access_token(json!({"oid": BOB})),
            daemon: provider.app_token(json!({})),
            description: tokio::sync::OnceCell::new(),
            provider,
            folder,
        }
    }

    /// The description of the API.
    pub(super) async fn description(&self) -> &Value {
        let read = async || {
            let response = self.get_anonymously("/api/openapi.json", &[]).await;
            let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
            serde_json::from_slice(&bytes).expect("JSON")
        };
        self.description.get_or_init(read).await
    }

    /// The head of an answer to a request without a token, and its body as it comes.
    pub(super) async fn get_anonymously(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.ask_anonymously("GET", path, headers).await
    }

    /// The same, of any method.
    pub(super) async fn ask_anonymously(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.header(header::HOST, "api.example.com");
        self.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("infallible")
    }

    /// Status and body, where that is JSON, of a request of Alice's without a body.
    pub(super) async fn send_raw(&self, method: &str, path: &str) -> (u16, Value) {
        let request = Request::builder().method(method.to_uppercase().as_str()).uri(path);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.alice));
        let request = request.body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().to_string(), request.uri().to_string());
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
        if answer.status >= 400 {
            assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
            assert_eq!(answer.body["status"], answer.status);
            assert_eq!(answer.body["requestId"], answer.headers["x-request-id"].to_str().expect("text"));
            for member in ["type", "title", "detail", "instance"] {
                assert!(answer.body[member].is_string(), "{member}: {}", answer.body);
            }
        }
        let described = (answer.status, &answer.headers, &answer.body);
        super::openapi_tests::check(self.description().await, &method, &path, described);
        for name in answer.headers.keys() {
            assert!(!name.as_str().starts_with("access-control-"), "a CORS header: {name}");
        }
        answer
    }

    pub(super) async fn call(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call_if(token, method, path, body, None).await
    }

    /// With `If-Match`, where there is one.
    pub(super) async fn call_if(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
        if_match: Option<&str>,
    ) -> Answer {
        let request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).expect("a method"))
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = if_match.into_iter().fold(request, |request, tag| request.header(header::IF_MATCH, tag));
        let request = match body {
            None => request.body(Body::empty()),
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
        };
        self.send(request.expect("a request")).await
    }

    /// Listens to the list: the head of the answer, and its body as it comes.
    pub(super) async fn listen(&self, token: &str, query: &str, headers: &[(&str, &str)]) -> Response {
        let request =
            Request::get(format!("{LIST}/events{query}")).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("infallible")
    }

    /// An access token of Alice's, changed by `changes`.
    pub(super) fn token(&self, changes: Value) -> String {
        self.provider.access_token(changes)
    }

    /// Where the database is.
    pub(super) fn database(&self) -> String {
        format!("sqlite:{}/api.db", self.folder.path().display())
    }

    /// A body that is not what the API expects.
    pub(super) async fn post_raw(&self, content_type: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(LIST)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.alice))
            .header(header::CONTENT_TYPE, content_type)
            .body(body.into())
            .expect("a request");
        self.send(request).await
    }

    pub(super) async fn add(&self, token: &str, description: &str) -> Todo {
        let answer = self.call(token, "POST", LIST, Some(json!({"description": description}))).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        serde_json::from_value(answer.body).expect("a to-do")
    }

    pub(super) async fn list(&self, token: &str) -> Vec<Todo> {
        let answer = self.call(token, "GET", LIST, None).await;
        assert_eq!(answer.status, 200);
        serde_json::from_value(answer.body).expect("to-dos")
    }
}

#[tokio::test]
async fn a_customer_adds_shows_changes_and_removes_a_todo() {
    let api = TestApi::start().await;
    let added = api.call(&api.alice, "POST", LIST, Some(json!({"description": " buy milk "}))).await;
    assert_eq!(added.status, 201);
    let id = added.body["id"].as_str().expect("an id").to_owned();
    let path = format!("{LIST}/{id}");
    assert_eq!(added.headers[header::LOCATION], path.as_str());
    assert_eq!(
        added.body,
        json!({
            "id": id, "owner": format!("{TENANT}.{ALICE}"), "description": "buy milk", "done": false,
            "createdAt": "2027-01-15T08:00:00Z", "updatedAt": "2027-01-15T08:00:00Z", "version": 1,
        })
    );
    assert_eq!(api.call(&api.alice, "GET", &path, None).await.body, added.body);

    let patched = api.call(&api.alice, "PATCH", &path, Some(json!({"done": true}))).await;
    assert_eq!((patched.status, &patched.body["done"]), (200, &json!(true)));
    assert_eq!(patched.body["description"], "buy milk");
    let patched = api.call(&api.alice, "PATCH", &path, Some(json!({"description": "buy oat milk"}))).await;
    assert_eq!(patched.body["done"], true);

    // As a client of Microsoft's sample sends it: everything it knows, and no `done`.
    let full = json!({"id": 7, "owner": "somebody else", "description": "buy bread"});
    let put = api.call(&api.alice, "PUT", &path, Some(full)).await;
    assert_eq!((put.status, &put.body["description"], &put.body["done"]), (200, &json!("buy bread"), &json!(true)));
    assert_eq!((&put.body["id"], &put.body["owner"]), (&added.body["id"], &added.body["owner"]));

    assert_eq!(api.call(&api.alice, "DELETE", &path, None).await.status, 204);
    assert_eq!(api.call(&api.alice, "DELETE", &path, None).await.status, 404);
    assert_eq!(api.list(&api.alice).await, [] as [crate::todo::Todo; 0]);
}

/// Abuse case 59.
#[tokio::test]
async fn another_owners_todo_is_404_on_every_verb() {
    let api = TestApi::start().await;
    let todo = api.add(&api.alice, "secret").await;
    let theirs = format!("{LIST}/{}", todo.id);
    let nobodys = format!("{LIST}/{}", Uuid::now_v7());
    for (method, body) in [
        ("GET", None),
        ("PUT", Some(json!({"description": "mine now", "owner": format!("{TENANT}.{BOB}")}))),
        ("PATCH", Some(json!({"done": true}))),
        ("DELETE", None),
    ] {
        let foreign = api.call(&api.bob, method, &theirs, body.clone()).await;
        let missing = api.call(&api.bob, method, &nobodys, body).await;
        assert_eq!(foreign.status, 404, "{method}");
        // Nothing tells the one from the other.
        assert_eq!(foreign.body["detail"], missing.body["detail"], "{method}");
    }
    api.call(&api.bob, "PATCH", LIST, Some(json!({"done": true}))).await;
    api.call(&api.bob, "DELETE", "/api/todolist?done=true", None).await;
    assert_eq!(api.list(&api.bob).await, [] as [crate::todo::Todo; 0]);
    assert_eq!(api.list(&api.alice).await, [todo]);
}

/// Abuse case 60.
#[tokio::test]
async fn an_owner_or_a_time_in_a_users_body_is_ignored() {
    let api = TestApi::start().await;
    let id = Uuid::now_v7();
    let body = json!({"id": id, "owner": format!("{TENANT}.{BOB}"), "description": "x", "createdAt": "1970-01-01"});
    let added = api.call(&api.alice, "POST", LIST, Some(body)).await;
    assert_eq!((added.status, &added.body["owner"]), (201, &json!(format!("{TENANT}.{ALICE}"))));
    // The id is the client's to make, the time is not.
    assert_eq!((&added.body["id"], &added.body["createdAt"]), (&json!(id), &json!("2027-01-15T08:00:00Z")));
    let added = api.call(&api.alice, "POST", LIST, Some(json!({"owner": {"x": 1}, "description": "y"}))).await;
    assert_eq!(added.status, 201);
    assert_eq!(api.list(&api.bob).await, [] as [crate::todo::Todo; 0]);
    let query = format!("{LIST}?owner={TENANT}.{ALICE}");
    assert_eq!(api.call(&api.bob, "GET", &query, None).await.body, json!([]));
}

#[tokio::test]
async fn an_app_sees_everyones_todos_and_names_the_owner_of_new_ones() {
    let api = TestApi::start().await;
    let alices = api.add(&api.alice, "a").await;
    let bobs = api.add(&api.bob, "b").await;
    assert_eq!(api.list(&api.daemon).await, [alices.clone(), bobs.clone()]);
    let query = format!("{LIST}?owner={}", bobs.owner);
    assert_eq!(api.call(&api.daemon, "GET", &query, None).await.body, json!([bobs]));
    for owner in ["", "a%00b", &"x".repeat(601)] {
        let query = format!("{LIST}?owner={owner}");
        assert_eq!(api.call(&api.daemon, "GET", &query, None).await.status, 400, "{owner}");
    }

    let body = json!({"owner": bobs.owner, "description": "from the daemon"});
    assert_eq!(api.call(&api.daemon, "POST", LIST, Some(body)).await.status, 201);
    assert_eq!(api.list(&api.bob).await.len(), 2);
    let path = format!("{LIST}/{}", alices.id);
    assert_eq!(api.call(&api.daemon, "PATCH", &path, Some(json!({"done": true}))).await.status, 200);

    for owner in [json!(null), json!(""), json!(7), json!("a\0b"), json!("x".repeat(601))] {
        let refused = api.call(&api.daemon, "POST", LIST, Some(json!({"owner": owner, "description": "x"}))).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (400, &json!("/owner")), "{owner}");
    }
    assert_eq!(api.call(&api.daemon, "PATCH", LIST, Some(json!({"done": true}))).await.status, 400);
    assert_eq!(api.call(&api.daemon, "DELETE", "/api/todolist?done=true", None).await.status, 400);
    let query = format!("{LIST}?done=true&owner={}", alices.owner);
    assert_eq!(api.call(&api.daemon, "DELETE", &query, None).await.body, json!({"deleted": 1}));
}

#[tokio::test]
async fn all_are_marked_and_the_completed_cleared_at_once() {
    let api = TestApi::start().await;
    for description in ["a", "b", "c"] {
        api.add(&api.alice, description).await;
    }
    let mark = |done: bool| api.call(&api.alice, "PATCH", LIST, Some(json!({"done": done})));
    assert_eq!(mark(true).await.body, json!({"changed": 3}));
    assert_eq!(mark(true).await.body, json!({"changed": 0}));
    assert_eq!(mark(false).await.body, json!({"changed": 3}));
    let first = api.list(&api.alice).await[0].id;
    api.call(&api.alice, "PATCH", &format!("{LIST}/{first}"), Some(json!({"done": true}))).await;
    for query in ["", "?done=false", "?done=", "?done=1"] {
        assert_eq!(api.call(&api.alice, "DELETE", &format!("{LIST}{query}"), None).await.status, 400, "{query}");
    }
    assert_eq!(api.call(&api.alice, "DELETE", "/api/todolist?done=true", None).await.body, json!({"deleted": 1}));
    assert_eq!(api.list(&api.alice).await.len(), 2);
    assert_eq!(api.call(&api.alice, "PATCH", LIST, Some(json!({}))).await.status, 400);
}

/// Abuse case 56.
#[tokio::test]
async fn a_read_scope_does_not_write_and_is_told_what_would() {
    let api = TestApi::start().await;
    let reader = api.provider.access_token(json!({"scp": "ToDoList.Read"}));
    let id = api.add(&api.alice, "x").await.id;
    let one = format!("{LIST}/{id}");
    assert_eq!(api.list(&reader).await.len(), 1);
    for (method, path, body) in [
        ("POST", LIST, Some(json!({"description": "x"}))),
        ("POST", LIST, Some(json!("not even a to-do"))),
        ("PATCH", LIST, Some(json!({"done": true}))),
        ("DELETE", "/api/todolist?done=true", None),
        ("PUT", &one, Some(json!({"description": "y"}))),
        ("PATCH", &one, Some(json!({"done": true}))),
        ("DELETE", &one, None),
    ] {
        let refused = api.call(&reader, method, path, body).await;
        assert_eq!(refused.status, 403, "{method}");
        let challenge = r#"Bearer error="insufficient_scope", scope="ToDoList.ReadWrite""#;
        assert_eq!(refused.headers[header::WWW_AUTHENTICATE], challenge);
    }
    assert_eq!(api.list(&api.alice).await[0].description.as_str(), "x");
}

/// Abuse cases 54, 55, 57 and 58.
#[tokio::test]
async fn callers_without_the_right_permission_are_403_and_without_a_good_token_401() {
    let api = TestApi::start().await;
    for (changes, status) in [
        (json!({"scp": "ToDoList.ReadX"}), 403),
        (json!({"scp": "ToDoList.Read.All"}), 403),
        (json!({"idtyp": "app"}), 403),
        (json!({"idtyp": "user", "scp": null, "roles": ["ToDoList.Read.All"]}), 403),
        (json!({"scp": null, "roles": ["ToDoList.Read"]}), 403),
        (json!({"scp": null}), 401),
        (json!({"aud": "another"}), 401),
        (json!({"exp": 1}), 401),
        (json!({"tid": BOB}), 401),
    ] {
        let token = api.provider.access_token(changes.clone());
        assert_eq!(api.call(&token, "GET", LIST, None).await.status, status, "{changes}");
    }
    let id_token = api.provider.id_token("nonce", json!({"aud": API, "roles": ["ToDoList.Read.All"]}));
    for token in [id_token.as_str(), "a.b.c", "e30.e30.e30"] {
        let refused = api.call(token, "GET", LIST, None).await;
        assert_eq!(refused.status, 401);
        let challenge = refused.headers[header::WWW_AUTHENTICATE].to_str().expect("text");
        assert!(challenge.starts_with(r#"Bearer error="invalid_token""#), "{challenge}");
        assert!(!refused.body.to_string().contains(token), "a token in an answer");
    }
    let nobody = api.send(Request::get(LIST).body(Body::empty()).expect("a request")).await;
    assert_eq!(
        (nobody.status, nobody.headers[header::WWW_AUTHENTICATE].to_str().expect("text")),
        (401, r#"Bearer realm="ToDoList API", scope="ToDoList.Read""#)
    );
    let in_query = format!("{LIST}?access_token={}", api.alice);
    assert_eq!(api.send(Request::get(in_query).body(Body::empty()).expect("a request")).await.status, 400);
}

#[tokio::test]
async fn without_the_providers_keys_the_api_fails_closed_and_recovers() {
    let api = TestApi::start().await;
    api.provider.answer_with(StatusCode::BAD_GATEWAY);
    let refused = api.call(&api.alice, "GET", LIST, None).await;
    assert_eq!((refused.status, refused.headers[header::RETRY_AFTER].to_str().expect("text")), (503, "5"));
    assert_eq!(api.send(Request::get("/health").body(Body::empty()).expect("a request")).await.status, 200);
}

/// Abuse case 61.
#[tokio::test]
async fn bodies_that_are_not_what_was_expected_are_refused_and_never_500() {
    let api = TestApi::start().await;
    let json = "application/json";
    let deep = format!("{{\"description\":\"x\",\"more\":{}", "[".repeat(10_000));
    let deeper_than_parsers_go = format!("{{\"owner\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    for (content_type, body, status) in [
        (json, &b"\xff\xfe"[..], 400),
        (json, b"{\"description\":\"\xc3\x28\"}", 400),
        (json, b"", 400),
        (json, b"null", 400),
        (json, b"[]", 400),
        (json, b"{}", 400),
        (json, b"{\"description\":null}", 400),
        (json, b"{\"description\":7}", 400),
        (json, b"{\"description\":\"x\",\"description\":\"y\"}", 400),
        (json, b"{\"description\":\"x\",\"done\":\"yes\"}", 400),
        (json, b"{\"description\":\"x\"} and more", 400),
        (json, b"{\"description\":\"\\ud800\"}", 400),
        (json, b"{\"description\":\"a\\u0000b\"}", 400),
        (json, b"{\"description\":\" \\n \"}", 400),
        (json, b"{\"description\":\"x\",\"more\":1e999}", 400),
        (json, deep.as_bytes(), 400),
        (json, deeper_than_parsers_go.as_bytes(), 400),
        ("text/plain", b"{\"description\":\"x\"}", 415),
        ("application/x-www-form-urlencoded", b"description=x", 415),
        ("text/json; application/json", b"{\"description\":\"x\"}", 415),
        ("", b"{\"description\":\"x\"}", 415),
    ] {
        let answer = api.post_raw(content_type, body.to_vec()).await;
        assert_eq!(answer.status, status, "{content_type} {:?} {}", String::from_utf8_lossy(body), answer.body);
    }
    assert_eq!(api.post_raw("Application/JSON; charset=utf-8", "{\"description\":\"x\"}").await.status, 201);
    assert_eq!(api.list(&api.alice).await.len(), 1);
    // What was sent is not repeated at any length.
    let refused = api.post_raw(json, json!({"description": "x", "done": "é".repeat(10_000)}).to_string()).await;
    let detail = refused.body["detail"].as_str().expect("words");
    assert!(refused.status == 400 && detail.chars().count() == 301 && detail.ends_with('…'), "{detail}");
}

/// Abuse case 62.
#[tokio::test]
async fn a_body_or_text_over_the_limit_is_refused() {
    let api = TestApi::start().await;
    let body = |length: usize| json!({"description": "x", "owner": "y".repeat(length)}).to_string();
    assert_eq!(api.post_raw("application/json", body(66_000)).await.status, 413);
    // Without a Content-Length, the limit is met while reading.
    let chunks = futures::stream::iter(std::iter::repeat_n("yyyyyyyyyyyyyyyy", 5000).map(Ok::<_, std::io::Error>));
    assert_eq!(api.post_raw("application/json", Body::from_stream(chunks)).await.status, 413);
    assert_eq!(api.post_raw("application/json", body(65_000)).await.status, 201);
    for (length, status) in [(500, 201), (501, 400)] {
        let answer = api.call(&api.alice, "POST", LIST, Some(json!({"description": "é".repeat(length)}))).await;
        assert_eq!(answer.status, status, "{length}");
        if status == 400 {
            assert_eq!(answer.body["errors"][0]["pointer"], "/description");
        }
    }
}

/// Abuse case 63.
#[tokio::test]
async fn sql_metacharacters_markup_and_right_to_left_marks_are_stored_literally() {
    let api = TestApi::start().await;
    let texts =
        ["'; DROP TABLE todos; --", "$1 %s \\ \" `", "<script>alert(1)</script>", "\u{202e}txt.exe\u{200f}", "👩‍👩‍👧 é"];
    for text in texts {
        let todo = api.add(&api.alice, text).await;
        let shown = api.call(&api.alice, "GET", &format!("{LIST}/{}", todo.id), None).await;
        assert_eq!(shown.body["description"], text);
    }
    let listed = api.list(&api.alice).await;
    assert_eq!(listed.iter().map(|todo| todo.description.as_str()).collect::<Vec<_>>(), texts);
}

/// Abuse case 64.
#[tokio::test]
async fn a_limit_is_clamped_and_pages_follow_one_another() {
    let api = TestApi::start().await;
    for n in 0..5 {
        api.add(&api.alice, &n.to_string()).await;
    }
    for (limit, expected) in [("-1", Some(1)), ("0", Some(1)), ("2", Some(2)), ("9223372036854775807", Some(5))]
        .into_iter()
        .chain([("9223372036854775808", None), ("ten", None), ("", None), ("1.5", None)])
    {
        let answer = api.call(&api.alice, "GET", &format!("{LIST}?limit={limit}"), None).await;
        match expected {
            Some(count) => assert_eq!(answer.body.as_array().map(Vec::len), Some(count), "{limit}"),
            None => assert_eq!(answer.status, 400, "{limit}"),
        }
    }
    let mut path = format!("{LIST}?limit=2");
    let mut seen = Vec::new();
    for _ in 0..3 {
        let answer = api.call(&api.alice, "GET", &path, None).await;
        let page: Vec<Todo> = serde_json::from_value(answer.body).expect("to-dos");
        // A to-do that is removed between two pages makes neither skip one.
        api.call(&api.alice, "DELETE", &format!("{LIST}/{}", page.last().expect("not empty").id), None).await;
        seen.extend(page.into_iter().map(|todo| todo.description.to_string()));
        let Some(next) = answer.headers.get(header::LINK) else { break };
        let next = next.to_str().expect("text").strip_suffix(">; rel=\"next\"").expect("a link");
        next.trim_start_matches('<').clone_into(&mut path);
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4"]);
    for query in ["after=x", "limit=1&limit=2"] {
        assert_eq!(api.call(&api.alice, "GET", &format!("{LIST}?{query}"), None).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn addresses_ids_and_methods_that_do_not_exist_are_problems_too() {
    let api = TestApi::start().await;
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/api/todolist/", 404),
        ("GET", "/api/todolist/x/y", 404),
        ("GET", "/api/todolist/not-an-id", 400),
        ("DELETE", "/api/todolist/1%20OR%201=1", 400),
        ("GET", "/api/todolist/%ff", 400),
        ("PUT", LIST, 405),
        ("OPTIONS", LIST, 405),
        ("POST", "/health", 405),
    ] {
        assert_eq!(api.call(&api.alice, method, path, None).await.status, status, "{method} {path}");
    }
}

/// Abuse case 87.
#[tokio::test]
async fn a_database_that_is_gone_is_503_and_not_a_torn_answer() {
    let api = TestApi::start().await;
    api.add(&api.alice, "x").await;
    let path = format!("{}/api.db", api.folder.path().display());
    sqlx::any::install_default_drivers();
    let other = sqlx::AnyPool::connect(&format!("sqlite:{path}")).await.expect("opens");
    sqlx::query("ALTER TABLE todos RENAME TO gone").execute(&other).await.expect("renamed");
    for (method, body) in [("GET", None), ("POST", Some(json!({"description": "x"})))] {
        let answer = api.call(&api.alice, method, LIST, body).await;
        assert_eq!(answer.status, 503, "{method}");
        assert!(answer.headers.contains_key(header::RETRY_AFTER));
        assert!(!answer.body.to_string().contains("todos\""), "the engine's words are for the log: {}", answer.body);
    }
    sqlx::query("ALTER TABLE gone RENAME TO todos").execute(&other).await.expect("renamed");
    assert_eq!(api.list(&api.alice).await.len(), 1);
}

#[tokio::test]
async fn empty_permissions_stop_the_api() {
    let good = toml("http://127.0.0.1:1/x/v2.0", "sqlite::memory:");
    for (from, to, key) in [
        (r#"scopes = ["ToDoList.ReadWrite"]"#, "scopes = []", "`api.permissions.write.scopes`"),
        (r#"scopes = ["ToDoList.ReadWrite"]"#, r#"scopes = ["ToDoList.Write"]"#, "`api.permissions.write.scopes`"),
        (r#"scopes = ["ToDoList.ReadWrite"]"#, r#"scopes = [""]"#, "`api.permissions.write.scopes`"),
        (r#"scopes = ["ToDoList.ReadWrite"]"#, "", "scopes` is missing"),
        (r#"scopes = ["ToDoList.ReadWrite"]"#, r#"scope = ["x"]"#, "scope` is not a key"),
        (r#"app_permissions = ["ToDoList.ReadWrite.All"]"#, "app_permissions = []", "write.app_permissions`"),
        ("[api.permissions.write]", "[api.permissions.wirte]", "wirte` is not a key"),
        ("audiences =", "scopes = []\naudiences =", "`api.scopes`"),
        ("audiences =", "app_roles = ['a b']\naudiences =", "`api.app_roles`"),
        (&format!(r#"audiences = ["{API}"]"#), "audiences = []", "`api.audiences`"),
        (&format!(r#"audiences = ["{API}"]"#), "audiences = ['']", "`api.audiences`"),
        ("http://127.0.0.1:1", "http://id.example", "`api.identity.authority`"),
        (r#"mode = "development""#, "", "`api.identity.authority` is not https"),
        ("sqlite::memory:", "mysql://x", "`api.database_url`"),
    ] {
        assert!(good.contains(from), "{from}");
        match start(&good.replace(from, to)).await {
            Ok(_) => panic!("it started with {to}"),
            Err(error) => assert!(error.to_string().contains(key), "{error}"),
        }
    }
    assert_eq!(Settings::from_toml(&good).expect("parses").mode, Mode::Development);
}

/// A store of the test's own.
pub(super) async fn store(clock: &Clock) -> (TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = crate::platform::database::test_url(folder.path()).await;
    let store = Store::open(&url, clock.clone()).await.expect("opens");
    (folder, store)
}

/// The first thousand of an owner's to-dos.
pub(super) async fn listed(store: &Store, owner: &str) -> Vec<Todo> {
    let wanted = Wanted { limit: 1000, ..Wanted::default() };
    store.list(Whose::Of(owner), &wanted).await.expect("works").todos
}

pub(super) async fn perform(store: &Store, owner: &str, operation: Operation) -> Outcome {
    let applied = store.apply(owner, &[operation]).await.expect("the database works");
    applied.outcomes.into_iter().next().expect("one for one")
}

pub(super) async fn add(store: &Store, owner: &str, description: &str) -> Option<Todo> {
    let new = NewTodo::from(Description::parse(description).expect("valid"));
    match perform(store, owner, Operation::Add { id: store.make_id(), new }).await {
        Outcome::Added(todo) => Some(todo),
        Outcome::Full => None,
        other => panic!("{other:?}"),
    }
}

async fn change(store: &Store, id: Uuid, patch: &Patch) -> Outcome {
    perform(store, "alice", Operation::Change { id, patch: patch.clone(), seen: None }).await
}

#[tokio::test]
async fn every_statement_does_the_same_on_both_engines() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let alice = Whose::Of("alice");
    let a = add(&store, "alice", "a'\u{202e}").await.expect("added");
    let b = add(&store, "alice", "b").await.expect("added");
    let c = add(&store, "bob", "c").await.expect("added");
    assert!(a.id < b.id && b.id < c.id, "ids made at once keep their order");
    let list = async |whose, after: Option<Uuid>, limit| {
        let start = after.map_or(Start::Beginning, Start::After);
        store.list(whose, &Wanted { start, limit, ..Wanted::default() }).await.expect("works").todos
    };
    assert_eq!(list(alice, None, 10).await, [a.clone(), b.clone()]);
    assert_eq!(list(alice, Some(a.id), 10).await, std::slice::from_ref(&b));
    assert_eq!(list(Whose::Everyones, None, 2).await, [a.clone(), b.clone()]);
    assert_eq!(list(Whose::Everyones, Some(b.id), 2).await, std::slice::from_ref(&c));
    assert_eq!(store.get(alice, a.id).await.expect("works"), Some(a.clone()));
    assert_eq!(store.get(alice, c.id).await.expect("works"), None);
    assert_eq!(store.get(Whose::Everyones, c.id).await.expect("works"), Some(c.clone()));

    clock.advance(Duration::seconds(1));
    let all_done = Patch { done: Some(true), ..Patch::default() };
    let Outcome::Changed(done) = change(&store, a.id, &all_done).await else { panic!("not there") };
    let now = clock.now();
    assert_eq!(done, Todo { done: true, completed_at: Some(now), updated_at: now, version: 3, ..a.clone() });
    let text = Description::parse("new").expect("valid");
    let patch = Patch { description: Some(text.clone()), ..Patch::default() };
    let Outcome::Changed(renamed) = change(&store, a.id, &patch).await else { panic!("not there") };
    assert_eq!(renamed, Todo { description: text, version: 4, ..done });
    assert_eq!(change(&store, c.id, &all_done).await, Outcome::Missing);

    assert_eq!(
        store.apply_to_all("alice", Bulk::Mark { done: true }, In::All, None).await.expect("works"),
        (Some(5), 1)
    );
    assert_eq!(store.apply_to_all("alice", Bulk::ClearCompleted, In::All, None).await.expect("works"), (Some(6), 2));
    let remove = Operation::Remove { id: c.id, seen: None };
    assert_eq!(perform(&store, "alice", remove.clone()).await, Outcome::Missing);
    assert_eq!(store.owner_of(Whose::Everyones, c.id).await.expect("works").as_deref(), Some("bob"));
    assert_eq!(perform(&store, "bob", remove).await, Outcome::Removed);
    assert_eq!(list(Whose::Everyones, None, 10).await, [] as [crate::todo::Todo; 0]);
}

#[tokio::test]
async fn a_full_list_takes_no_more_and_other_owners_are_not_concerned() {
    const MAX: i64 = 50;
    let (_folder, store) = store(&clock()).await;
    let store = store.with_max_per_owner(MAX);
    for _ in 0..MAX {
        assert!(add(&store, "alice", "x").await.is_some());
    }
    assert!(add(&store, "alice", "one too many").await.is_none());
    assert!(add(&store, "bob", "x").await.is_some());
    assert_eq!(
        store.apply_to_all("alice", Bulk::Mark { done: true }, In::All, None).await.expect("works").1,
        MAX.unsigned_abs()
    );
    assert_eq!(
        store.apply_to_all("alice", Bulk::ClearCompleted, In::All, None).await.expect("works").1,
        MAX.unsigned_abs()
    );
    assert!(add(&store, "alice", "room again").await.is_some());
}

#[tokio::test]
async fn a_member_that_is_not_known_is_refused_by_name_and_nothing_changes() {
    let api = TestApi::start().await;
    let id = api.add(&api.alice, "x").await.id;
    let one = format!("{LIST}/{id}");
    for (method, path, body, pointer) in [
        ("POST", LIST, json!({"description": "y", "dueDate": "2027-01-01"}), "/dueDate"),
        ("PUT", &one, json!({"description": "y", "dueDate": "2027-01-01"}), "/dueDate"),
        ("PATCH", &one, json!({"description": "y", "Done": true}), "/Done"),
        ("PATCH", &one, json!({"done": true, "owner": "somebody"}), "/owner"),
        ("PATCH", &one, json!({"done": true, "id": id}), "/id"),
        ("PATCH", LIST, json!({"done": true, "description": "all"}), "/description"),
        ("PATCH", LIST, json!({"done": true, "a/b~c": 1}), "/a~1b~0c"),
        ("POST", LIST, json!({"description": "y", "": 1}), "/"),
    ] {
        let refused = api.call(&api.alice, method, path, Some(body.clone())).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (400, &json!(pointer)), "{method} {body}");
        let detail = refused.body["errors"][0]["detail"].as_str().expect("words");
        assert!(detail.contains("done"), "what is known is named: {detail}");
    }
    let todos = api.list(&api.alice).await;
    assert_eq!((todos.len(), todos[0].description.as_str(), todos[0].done), (1, "x", false));
    // All that the API itself sends may be sent back.
    let mut whole = api.call(&api.alice, "GET", &one, None).await.body;
    whole["description"] = json!("z");
    assert_eq!(api.call(&api.alice, "PUT", &one, Some(whole.clone())).await.status, 200);
    // With its id it is there already.
    assert_eq!(api.call(&api.alice, "POST", LIST, Some(whole.clone())).await.status, 200);
    whole["id"] = json!(null);
    assert_eq!(api.call(&api.alice, "POST", LIST, Some(whole)).await.status, 201);
}

#[tokio::test]
async fn a_request_without_a_token_learns_realm_scope_and_where_the_metadata_are() {
    let api = TestApi::start().await;
    for (method, host, scope, metadata) in [
        ("GET", "localhost:3001", "ToDoList.Read", "http://localhost:3001"),
        ("POST", "localhost:3001", "ToDoList.ReadWrite", "http://localhost:3001"),
        ("GET", "todo-api.example.com", "ToDoList.Read", "https://todo-api.example.com"),
    ] {
        let request = Request::builder().method(method).uri(LIST).header(header::HOST, host);
        let refused = api.send(request.body(Body::empty()).expect("a request")).await;
        let expected = format!(
            "Bearer realm=\"ToDoList API\", scope=\"{scope}\", \
             resource_metadata=\"{metadata}/.well-known/oauth-protected-resource\""
        );
        assert_eq!(
            (refused.status, &refused.headers[header::WWW_AUTHENTICATE]),
            (401, &expected.parse().expect("text"))
        );
    }
    let request = Request::get(LIST).header(header::HOST, "localhost").header(header::AUTHORIZATION, "Bearer nonsense");
    let refused = api.send(request.body(Body::empty()).expect("a request")).await;
    let challenge = refused.headers[header::WWW_AUTHENTICATE].to_str().expect("text");
    assert!(challenge.starts_with("Bearer error=\"invalid_token\"") && challenge.contains("resource_metadata="));

    let request = Request::get("/.well-known/oauth-protected-resource").header(header::HOST, "localhost:3001");
    let metadata = api.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(metadata.status, 200);
    let expected = json!({
        "resource": "http://localhost:3001", "resource_name": "ToDoList API",
        "authorization_servers": [api.provider.issuer()], "bearer_methods_supported": ["header"],
        "scopes_supported": ["ToDoList.Read", "ToDoList.ReadWrite", "Profile.Read", "Profile.ReadWrite"],
    });
    assert_eq!(metadata.body, expected);
}

#[tokio::test]
async fn an_api_that_serves_certain_apps_refuses_all_others_with_403() {
    let folder = tempfile::tempdir().expect("a folder");
    let provider = ProviderDouble::start(&clock()).await;
    let url = format!("sqlite:{}/api.db", folder.path().display());
    let toml = toml(&provider.issuer(), &url);
    let serving = |list: &str| toml.replace("audiences =", &format!("allowed_clients = {list}\naudiences ="));
    let api = start(&serving(&format!("[\"{BOB}\"]"))).await.expect("starts");
    let api = router(api);
    for (azp, status) in [(BOB, 200), (ALICE, 403)] {
        let token = provider.access_token(json!({"azp": azp}));
        let request = Request::get(LIST).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let response = api.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("infallible");
        assert_eq!(response.status().as_u16(), status, "{azp}");
    }
    for list in ["[]", "[\"\"]"] {
        let error = start(&serving(list)).await.err().expect("refused").to_string();
        assert!(error.contains("`api.allowed_clients`"), "{error}");
    }
}
