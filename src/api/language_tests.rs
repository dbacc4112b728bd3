//! Problems are said in the language that a request asks for, whoever refused it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;
use axum::{Router, middleware};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::problem::{self, Problem};
use super::profile;
use super::store::BulkError;
use super::tests::{LIST, TestApi};
use super::texts::Texts;
use crate::language::Language;
use crate::language::pattern::{Piece, pieces};

/// A request that is refused.
struct Refused<'r> {
    token: &'r str,
    method: &'r str,
    path: &'r str,
    headers: &'r [(&'r str, &'r str)],
    body: String,
}

impl Refused<'_> {
    fn request(&self, accept_language: &str) -> Request {
        let request = Request::builder().method(self.method).uri(self.path).header(header::HOST, "api.example.com");
        let own = self.headers.iter().any(|(name, _)| *name == "authorization");
        let token = (!own && !self.token.is_empty()).then(|| format!("Bearer {}", self.token));
        let request = token.into_iter().fold(request, |request, token| request.header(header::AUTHORIZATION, token));
        let json = self.headers.iter().all(|(name, _)| *name != "content-type");
        let request = if json { request.header(header::CONTENT_TYPE, "application/json") } else { request };
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.header(header::ACCEPT_LANGUAGE, accept_language);
        request.body(Body::from(self.body.clone())).expect("a request")
    }
}

/// What is a sentence of English in `text`.
fn english_in(text: &str) -> Option<&'static str> {
    let parts = Texts::of(Language::English).all().flat_map(pieces);
    let texts = parts.filter_map(|part| if let Piece::Text(text) = part { Some(text) } else { None });
    texts.filter(|part| part.chars().count() > 8).find(|part| text.contains(part))
}

/// All that people read of a problem.
fn words(body: &Value) -> Vec<String> {
    let errors = body["errors"].as_array().into_iter().flatten().map(|error| &error["detail"]);
    let all = [&body["title"], &body["detail"]].into_iter().chain(errors);
    all.map(|words| words.as_str().expect("words").to_owned()).collect()
}

/// The rest of it, which is the same in all languages.
fn code(body: &Value) -> Value {
    let mut body = body.clone();
    for member in ["title", "detail", "requestId"] {
        body[member].take();
    }
    for error in body["errors"].as_array_mut().into_iter().flatten() {
        error["detail"].take();
    }
    body
}

fn check_headers(headers: &HeaderMap, language: &str) {
    assert_eq!(headers[header::CONTENT_LANGUAGE], language);
    assert!(headers.get_all(header::VARY).iter().any(|vary| vary == "accept-language"), "{headers:?}");
}

fn check_words(at: &str, english: &Value, spanish: &Value) {
    assert_eq!(code(english), code(spanish), "{at}");
    for (english, spanish) in words(english).iter().zip(words(spanish)) {
        assert!(english_in(english).is_some(), "{at}: {english}");
        assert_eq!(english_in(&spanish), None, "{at}: {spanish}");
    }
}

impl TestApi {
    /// Checks that it is refused in both languages, with that status.
    async fn is_refused(&self, status: u16, refused: Refused<'_>) {
        let at = format!("{} {} {}", refused.method, refused.path, refused.body.chars().take(200).collect::<String>());
        let english = self.send(refused.request("en")).await;
        let spanish = self.send(refused.request("es-MX, en;q=0.5")).await;
        assert_eq!((english.status, spanish.status), (status, status), "{at}: {}", english.body);
        check_headers(&english.headers, "en");
        check_headers(&spanish.headers, "es");
        check_words(&at, &english.body, &spanish.body);
    }

    /// The same, of Alice's.
    async fn refuses(&self, status: u16, method: &str, path: &str, body: impl ToString) {
        let body = body.to_string();
        self.is_refused(status, Refused { token: &self.alice, method, path, headers: &[], body }).await;
    }
}

#[test]
fn every_text_has_words_of_its_own_in_each_language() {
    let all = |language| Texts::of(language).all();
    for (english, spanish) in all(Language::English).zip(all(Language::Spanish)) {
        assert_ne!(english, spanish);
        assert!(english.chars().count() <= 300 && spanish.chars().count() <= 300, "{spanish}");
    }
}

#[tokio::test]
async fn the_language_is_the_one_that_is_wanted_most() {
    let api = TestApi::start().await;
    let path = format!("{LIST}/x");
    for (accept_language, expected) in [
        ("es", "es"),
        ("es-419, es;q=0.9", "es"),
        ("es;q=0.1, en", "en"),
        ("en;q=0.1, es", "es"),
        ("es;q=0, *", "en"),
        ("de, es;q=0.2", "es"),
        ("de", "en"),
        ("", "en"),
        (";;q=,*/*", "en"),
    ] {
        let refused = Refused { token: &api.alice, method: "GET", path: &path, headers: &[], body: String::new() };
        let answer = api.send(refused.request(accept_language)).await;
        check_headers(&answer.headers, expected);
        let detail = if expected == "es" {
            "El id de la dirección no es un UUID."
        } else {
            "The id in the address is not a UUID."
        };
        assert_eq!(answer.body["detail"], detail, "{accept_language}");
    }
    let answer = api.call(&api.alice, "GET", &path, None).await;
    check_headers(&answer.headers, "en");
    assert_eq!(answer.body["title"], "The request cannot be understood");
    // What is no problem has no words.
    let answer = api.call(&api.alice, "GET", LIST, None).await;
    assert!(!answer.headers.contains_key(header::CONTENT_LANGUAGE) && !answer.headers.contains_key(header::VARY));
}

#[tokio::test]
async fn a_body_is_refused_in_the_language_of_the_request() {
    let api = TestApi::start().await;
    let step = |id: u128, text: &str| json!({"id": Uuid::from_u128(id), "text": text});
    for body in [
        json!({}),
        json!({"description": null}),
        json!({"description": " "}),
        json!({"description": "x".repeat(501)}),
        json!({"description": "a\0b"}),
        json!({"description": "x", "note": "x".repeat(10_001)}),
        json!({"description": "x", "note": "a\0b"}),
        json!({"description": "x", "more": 1}),
        json!({"description": "x", "id": "x"}),
        json!({"description": "x", "list": "x"}),
        json!({"description": "x", "due": {"date": null}}),
        json!({"description": "x", "due": {"date": "2026-02-30"}}),
        json!({"description": "x", "due": {"date": "2026-12-01", "time": "9"}}),
        json!({"description": "x", "due": {"date": "2026-12-01", "time": "09:00", "timeZone": "Mars/Olympus"}}),
        json!({"description": "x", "due": {"date": "2026-12-01", "time": "09:00"}}),
        json!({"description": "x", "due": {"date": "2026-12-01", "timeZone": "UTC"}}),
        json!({"description": "x", "reminder": {"date": "2026-12-01"}}),
        json!({"description": "x", "repeat": "FREQ=DAILY"}),
        json!({"description": "x", "repeat": "often"}),
        json!({"description": "x", "steps": [step(1, "")]}),
        json!({"description": "x", "steps": [step(1, "a"), step(1, "b")]}),
        json!({"description": "x", "steps": (1..=101).map(|id| step(id, "a")).collect::<Vec<_>>()}),
        json!({"description": true}),
    ] {
        api.refuses(400, "POST", LIST, body).await;
    }
    api.refuses(400, "POST", LIST, "{").await;
    api.refuses(413, "POST", LIST, json!({"owner": "x".repeat(70_000)})).await;
    api.refuses(413, "POST", LIST, "x".repeat(300_000)).await;
    let (headers, body) = (&[("content-type", "text/plain")][..], String::new());
    api.is_refused(415, Refused { token: &api.alice, method: "POST", path: LIST, headers, body }).await;
    let one = api.add(&api.alice, "x").await.id;
    let (one, lists, batch) = (format!("{LIST}/{one}"), format!("{LIST}/lists"), format!("{LIST}/batch"));
    let nil = Uuid::nil();
    for (method, path, body) in [
        ("PATCH", one.as_str(), json!({})),
        ("PATCH", &one, json!({"after": "x"})),
        ("PATCH", LIST, json!({})),
        ("PATCH", LIST, json!({"done": true, "list": "x"})),
        ("POST", &lists, json!({})),
        ("POST", &lists, json!({"name": "x".repeat(101)})),
        ("POST", &lists, json!({"name": "a\0b"})),
        ("PATCH", &format!("{lists}/{}", Uuid::from_u128(1)), json!({})),
        ("POST", &batch, json!({"changes": []})),
        ("POST", &batch, json!({"changes": [{"op": "remove", "id": Uuid::from_u128(1), "x": 1}]})),
        ("POST", &batch, json!({"changes": [{"op": "add", "id": nil, "description": "x"}]})),
        ("POST", &batch, json!({"changes": [{"op": "change", "id": Uuid::from_u128(1)}]})),
    ] {
        api.refuses(400, method, path, body).await;
    }
}

#[tokio::test]
async fn an_address_a_query_and_a_header_are_refused_in_the_language_of_the_request() {
    let api = TestApi::start().await;
    for query in [
        "?limit=x",
        "?after=x",
        "?cursor=x",
        "?cursor=x&after=x",
        "?done=x",
        "?starred=x",
        "?dueFrom=x",
        "?list=x",
        "?sort=x",
        "?q=%00",
        "/reminders",
        "/reminders?until=x",
        "/reminders?until=2026-12-01T09:00:00Z&cursor=x",
        "/changes?since=x",
        "/changes?since=1&after=x",
        "/events?since=x",
        "/export?format=x",
        "?limit=1&limit=2",
    ] {
        api.refuses(400, "GET", &format!("{LIST}{query}"), "").await;
    }
    for query in ["", "?everything=x", "?done=true&seen=x", "?done=true&list=x"] {
        api.refuses(400, "DELETE", &format!("{LIST}{query}"), "").await;
    }
    let list = format!("{LIST}/lists/{}?seen=x", Uuid::from_u128(1));
    api.refuses(400, "DELETE", &list, "").await;
    api.refuses(400, "POST", &format!("{LIST}/changes/x/undo"), "").await;
    let one = format!("{LIST}/{}", Uuid::from_u128(1));
    let (headers, body) = (&[("if-match", "x")][..], String::new());
    api.is_refused(400, Refused { token: &api.alice, method: "DELETE", path: &one, headers, body }).await;
    // An app's.
    for (query, status) in [("/lists", 400), ("/events", 403), ("?done=true", 400)] {
        let (path, body) = (format!("{LIST}{query}"), String::new());
        let refused = Refused { token: &api.daemon, method: "GET", path: &path, headers: &[], body };
        api.is_refused(status, refused).await;
    }
    // Of no operation.
    api.refuses(404, "GET", "/api/nothing", "").await;
    api.refuses(405, "PUT", LIST, "").await;
    api.refuses(404, "GET", "/api/profile", "").await;
}

#[tokio::test]
async fn what_is_not_as_the_client_thinks_is_said_in_the_language_of_the_request() {
    let api = TestApi::start().await;
    let (missing, list, removed) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
    let at = |id: Uuid| format!("{LIST}/{id}");
    let at_list = |id: Uuid| format!("{LIST}/lists/{id}");
    let undo = |change: &str| format!("{LIST}/changes/{change}/undo");
    api.refuses(404, "POST", &undo("latest"), "").await;
    let own = api.add(&api.alice, "x").await.id;
    let added = json!({"id": list, "name": "x"});
    assert_eq!(api.call(&api.alice, "POST", &format!("{LIST}/lists"), Some(added.clone())).await.status, 201);
    let again = json!({"id": removed, "description": "x"});
    assert_eq!(api.call(&api.alice, "POST", LIST, Some(again.clone())).await.status, 201);
    assert_eq!(api.call(&api.alice, "DELETE", &at(removed), None).await.status, 204);
    let theirs = api.add(&api.bob, "x").await.id;
    for (status, method, path, body) in [
        (404, "GET", at(missing), json!({})),
        (404, "GET", at_list(missing), json!({})),
        (404, "POST", undo("999"), json!({})),
        (410, "GET", format!("{LIST}/changes?since=999999"), json!({})),
        (410, "POST", LIST.to_owned(), again),
        (409, "POST", LIST.to_owned(), json!({"id": theirs, "description": "x"})),
        (409, "POST", LIST.to_owned(), json!({"description": "x", "list": missing})),
        (409, "PATCH", at(own), json!({"after": missing})),
        (409, "PATCH", at_list(list), json!({"after": missing})),
    ] {
        api.refuses(status, method, &path, body).await;
    }
    let headers = &[("if-match", "\"999\"")][..];
    for (path, body) in [(at(own), json!({"done": true})), (at_list(list), json!({"name": "y"}))] {
        let refused = Refused { token: &api.alice, method: "PATCH", path: &path, headers, body: body.to_string() };
        api.is_refused(412, refused).await;
    }
    assert_eq!(api.call(&api.alice, "DELETE", &at_list(list), None).await.status, 204);
    api.refuses(410, "POST", &format!("{LIST}/lists"), added).await;
}

#[tokio::test]
async fn a_file_is_refused_in_the_language_of_the_request() {
    let api = TestApi::start().await;
    let calendar = |todo: &str| format!("BEGIN:VCALENDAR\nBEGIN:VTODO\n{todo}\nEND:VTODO\nEND:VCALENDAR\n");
    let todos = |todo: Value| json!({"errand": "todolist", "version": 1, "todos": [todo]}).to_string();
    for (format, kind, file) in [
        ("json", "application/json", "{".to_owned()),
        ("json", "application/json", json!({"errand": "x", "version": 1, "todos": []}).to_string()),
        ("json", "application/json", todos(json!({"description": ""}))),
        ("json", "application/json", todos(json!({"description": "x", "more": 1}))),
        ("json", "application/json", todos(json!({"description": 1}))),
        ("json", "application/json", todos(json!({"description": "x", "id": "x"}))),
        ("json", "application/json", todos(json!({"description": "x", "createdAt": "x"}))),
        ("csv", "text/csv", "description\n\"x".to_owned()),
        ("csv", "text/csv", "description\nx\"x".to_owned()),
        ("csv", "text/csv", "description\n\"x\"x".to_owned()),
        ("csv", "text/csv", ",".repeat(20)),
        ("csv", "text/csv", "descripción\nx".to_owned()),
        ("csv", "text/csv", "id\nx".to_owned()),
        ("csv", "text/csv", "description\nx,x".to_owned()),
        ("csv", "text/csv", "description,done\nx,maybe\n".to_owned()),
        ("csv", "text/csv", "description,due\nx,x\n".to_owned()),
        ("csv", "text/csv", "description,time\nx,x\n".to_owned()),
        ("csv", "text/csv", "description,reminder\nx,x\n".to_owned()),
        ("csv", "text/csv", "description,repeat\nx,FREQ=DAILY\n".to_owned()),
        ("csv", "text/csv", "description,repeat\nx,x\n".to_owned()),
        ("csv", "text/csv", format!("description,steps\nx,{}\n", "x".repeat(501))),
        ("csv", "text/csv", format!("description,steps\nx,\"{}\"\n", "x\n".repeat(101))),
        ("todo.txt", "text/plain", "x".repeat(501)),
        ("ics", "text/calendar", "x".to_owned()),
        ("ics", "text/calendar", "BEGIN:VTODO".to_owned()),
        ("ics", "text/calendar", "BEGIN:VCALENDAR\nEND:VTODO".to_owned()),
        ("ics", "text/calendar", "BEGIN:VCALENDAR\n".to_owned()),
        ("ics", "text/calendar", "BEGIN:VCALENDAR\n".repeat(20)),
        ("ics", "text/calendar", calendar("SUMMARY:")),
        ("ics", "text/calendar", calendar("SUMMARY:x\nDUE:x")),
        ("ics", "text/calendar", calendar("SUMMARY:x\nCREATED:00000101T000000Z")),
        ("ics", "text/calendar", calendar("UID:1\nSUMMARY:x\nEND:VTODO\nBEGIN:VTODO\nRELATED-TO:1\nSUMMARY:")),
    ] {
        let path = format!("{LIST}/import?format={format}");
        let headers = &[("content-type", kind)][..];
        let refused = Refused { token: &api.alice, method: "POST", path: &path, headers, body: file };
        api.is_refused(400, refused).await;
    }
    api.refuses(415, "POST", &format!("{LIST}/import?format=csv"), "").await;
}

#[tokio::test]
async fn a_token_is_refused_in_the_language_of_the_request() {
    let api = TestApi::start().await;
    let reading = api.token(json!({"scp": "ToDoList.Read"}));
    let other = api.token(json!({"aud": "another"}));
    let expired = api.token(json!({"exp": 1}));
    let in_query = format!("{LIST}?access_token=x");
    for (status, token, method, path, headers) in [
        (401, "", "GET", LIST, &[][..]),
        (401, "x", "GET", LIST, &[]),
        (401, &other, "GET", LIST, &[]),
        (401, &expired, "GET", LIST, &[]),
        (403, &reading, "POST", LIST, &[]),
        (400, "", "GET", &in_query, &[]),
        (400, "", "GET", LIST, &[("authorization", "Bearer")]),
        (400, "", "GET", LIST, &[("authorization", "Bearer x"), ("authorization", "Bearer y")]),
    ] {
        api.is_refused(status, Refused { token, method, path, headers, body: "{}".to_owned() }).await;
    }
}

/// The document that is made of a problem.
async fn document(problem: &Problem, accept_language: &str) -> Value {
    let problem = problem.clone();
    let router = Router::new().route("/", get(move || std::future::ready(problem.clone())));
    let router = router.layer(middleware::from_fn(problem::complete));
    let request = Request::get("/").header(header::ACCEPT_LANGUAGE, accept_language).body(Body::empty());
    let answer = router.oneshot(request.expect("a request")).await.expect("infallible");
    check_headers(answer.headers(), accept_language);
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}

#[tokio::test]
async fn limits_and_outages_are_said_in_the_language_of_the_request() {
    let profiles = [
        json!({}),
        json!({"mail": "x"}),
        json!({"displayName": ""}),
        json!({"displayName": "x".repeat(257)}),
        json!({"surname": "\u{202e}x"}),
        json!({"country": "XX"}),
    ];
    let change = |body| serde_json::from_value::<profile::Change>(body).expect("a change");
    let refused = profiles.into_iter().filter_map(|body| change(body).check().err());
    let statuses = [400, 404, 405, 413, 500, 503, 418].into_iter().filter_map(|code| StatusCode::from_u16(code).ok());
    let others = [
        Problem::rate_limited(3),
        Problem::full(),
        Problem::full_meanwhile(1, 2),
        Problem::too_many_lists(),
        Problem::too_many_imports(),
        Problem::too_many_listeners(),
        Problem::no_room_for_listeners(),
        Problem::no_directory(),
        BulkError::TooManyRepeat.into(),
    ];
    let mut count = 0;
    for problem in refused.chain(statuses.map(Problem::of_status)).chain(others) {
        let (english, spanish) = (document(&problem, "en").await, document(&problem, "es").await);
        for (english, spanish) in words(&english).iter().zip(words(&spanish)) {
            assert!(english != &spanish && english_in(&spanish).is_none(), "{spanish}");
        }
        assert_eq!(code(&english), code(&spanish));
        count += 1;
    }
    assert_eq!(count, 22);
}
