//! Calls to an API that is overloaded, wants more, lies, or leads astray.

#![expect(clippy::needless_pass_by_value, reason = "tables of JSON read better without references")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures::stream;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::identity::config::DownstreamApiConfig;
use crate::identity::downstream::{ApiProblem, ApiResponse, Call, DownstreamApi, DownstreamError};
use crate::identity::scopes::Naming;
use crate::identity::testing::BOB;
use crate::identity::testing::{READ, WRITE, World, alice, interaction, scopes};
use crate::identity::tokens::TokenAcquisition;
use crate::platform::config::Mode;
use crate::platform::outbound::OutboundError;
use crate::platform::{outbound, serve};

const CHALLENGE: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;

type Shared<T> = Arc<Mutex<T>>;
type Handler = Box<dyn FnMut(&Request) -> Response + Send>;

/// What an API was asked: method, path with query, token, and the other headers.
struct Asked {
    method: Method,
    path: String,
    token: String,
    headers: axum::http::HeaderMap,
}

/// An API that answers as the test says.
#[derive(Clone)]
struct Api {
    origin: String,
    asked: Shared<Vec<Asked>>,
    handler: Shared<Handler>,
    _stop: Arc<DropGuard>,
}

impl Api {
    async fn start() -> Self {
        let listener = serve::listen("api", "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let stop = CancellationToken::new();
        let api = Self {
            origin: format!("http://{}", listener.local_addr().unwrap()),
            asked: Arc::default(),
            handler: Arc::new(Mutex::new(Box::new(|_| StatusCode::NO_CONTENT.into_response()))),
            _stop: Arc::new(stop.clone().drop_guard()),
        };
        let router = Router::new().fallback(handle).with_state((api.asked.clone(), api.handler.clone()));
        tokio::spawn(serve::serve(listener, router, stop));
        api
    }

    fn responds(&self, handler: impl FnMut(&Request) -> Response + Send + 'static) {
        *self.handler.lock().unwrap() = Box::new(handler);
    }

    /// Answers with these, one after the other, and with the last one from then on.
    fn answers(&self, answers: Vec<Response<Body>>) {
        let answers: Vec<_> = answers.into_iter().map(|answer| answer.into_parts().0).collect();
        let mut number = 0;
        self.responds(move |_| {
            let parts = answers[number.min(answers.len() - 1)].clone();
            number += 1;
            Response::from_parts(parts, Body::empty())
        });
    }

    fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn tokens(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|asked| asked.token.clone()).collect()
    }

    fn config(&self, changes: Value) -> DownstreamApiConfig {
        let mut config = json!({"base_url": self.origin, "scopes": {"read": [READ], "write": [WRITE]}});
        for (name, value) in changes.as_object().unwrap() {
            config[name] = value.clone();
        }
        serde_json::from_value(config).unwrap()
    }

    fn downstream(&self, changes: Value) -> DownstreamApi {
        DownstreamApi::new(&self.config(changes), Mode::Development, Naming::Entra, outbound::client()).unwrap()
    }
}

async fn handle(State((asked, handler)): State<(Shared<Vec<Asked>>, Shared<Handler>)>, request: Request) -> Response {
    let token = request.headers().get("authorization").map(|value| value.to_str().unwrap()).unwrap_or_default();
    asked.lock().unwrap().push(Asked {
        method: request.method().clone(),
        path: request.uri().to_string(),
        token: token.trim_start_matches("Bearer ").to_owned(),
        headers: request.headers().clone(),
    });
    (handler.lock().unwrap())(&request)
}

fn status(status: u16) -> Response {
    StatusCode::from_u16(status).unwrap().into_response()
}

fn challenge(status: u16, challenge: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), [("www-authenticate", challenge)]).into_response()
}

fn retry_after(status: u16, seconds: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), [("retry-after", seconds)]).into_response()
}

/// Alice is signed in, and there is an API.
async fn start() -> (World, TokenAcquisition, Api) {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 3600).await;
    world.token.issues(json!({}));
    (world, tokens, Api::start().await)
}

fn read<'a>() -> Call<'a> {
    Call { scopes: "read", ..Call::default() }
}

fn problem(result: Result<ApiResponse, DownstreamError>) -> ApiProblem {
    match result {
        Err(DownstreamError::Problem(problem)) => *problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_goes_below_the_configured_address_with_what_is_configured() {
    let (_world, tokens, api) = start().await;
    let downstream = api.downstream(json!({
        "base_url": format!("{}/v1.0/", api.origin), "relative_path": "/api/todolist/", "headers": {"x-extra": "yes"},
        "http_method": "OPTIONS",
    }));
    let call = Call { path: &["a/b?c#d", "é", "%2e%2e"], query: &[("q", "1&x=2")], ..read() };
    let answer = downstream.call_for_user(&tokens, &alice(), &call).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
    let asked = &api.asked.lock().unwrap()[0];
    assert_eq!(asked.path, "/v1.0/api/todolist/a%2Fb%3Fc%23d/%C3%A9/%252e%252e?q=1%26x%3D2");
    assert_eq!((asked.method.as_str(), asked.token.as_str()), ("OPTIONS", "token-of-the-sign-in"));
    assert_eq!(asked.headers["x-extra"], "yes");
}

/// Abuse case 42: neither a path nor a host of the caller's choosing.
#[tokio::test]
async fn no_segment_can_steer_a_call_elsewhere() {
    let (_world, tokens, api) = start().await;
    let downstream = api.downstream(json!({"relative_path": "api/todolist"}));
    for path in [&[".."][..], &["."], &[""], &["x", "..", "..", "admin"], &["..\t"], &["\n."]] {
        let result = downstream.call_for_user(&tokens, &alice(), &Call { path, ..read() }).await;
        assert!(matches!(result, Err(DownstreamError::Call(_))), "{path:?} {result:?}");
    }
    assert_eq!(api.count(), 0);
    for segment in ["http://evil.example", "//evil.example", "\\\\evil.example", "@evil.example", " ..", "...", ".%2e"]
    {
        let call = Call { path: &[segment], ..read() };
        downstream.call_for_user(&tokens, &alice(), &call).await.unwrap();
        let asked = api.asked.lock().unwrap();
        let path = &asked.last().unwrap().path;
        assert!(path.starts_with("/api/todolist/") && path.matches('/').count() == 3, "{path}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_a_token() {
    let (_world, tokens, api) = start().await;
    let elsewhere = Api::start().await;
    let downstream = api.downstream(json!({}));
    for redirect in [301, 302, 303, 307, 308] {
        let location = format!("{}/steal", elsewhere.origin);
        api.responds(move |_| {
            (StatusCode::from_u16(redirect).unwrap(), [("location", location.as_str())]).into_response()
        });
        let problem = problem(downstream.call_for_user(&tokens, &alice(), &read()).await);
        assert_eq!(problem.status.as_u16(), redirect);
    }
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn sets_of_scopes_have_names_and_a_plain_list_is_the_default() {
    let (world, tokens, api) = start().await;
    let named = api.downstream(json!({}));
    assert_eq!((named.scopes("read"), named.scopes("")), (Some(&scopes(READ)), None));
    for unknown in ["", "Read", "admin"] {
        let call = Call { scopes: unknown, ..Call::default() };
        let result = named.call_for_user(&tokens, &alice(), &call).await;
        assert!(matches!(result, Err(DownstreamError::Call(_))), "{unknown}");
    }
    // What every sign-in asks for anyway is no API's.
    let plain = api.downstream(json!({"scopes": [READ, "offline_access", WRITE, "openid"]}));
    assert_eq!(plain.scopes(""), Some(&scopes(&format!("{READ} {WRITE}"))));
    assert_eq!(plain.scopes("default"), plain.scopes(""));
    let asked = world.token.count();
    named.call_for_user(&tokens, &alice(), &Call { scopes: "write", ..Call::default() }).await.unwrap();
    assert_eq!(world.token.count(), asked + 1);
    assert_eq!(api.tokens(), ["token-1"]);
}

#[tokio::test]
async fn an_api_for_the_app_itself_is_called_with_the_apps_token_whoever_is_signed_in() {
    let (world, tokens, api) = start().await;
    let downstream = api.downstream(json!({"request_app_token": true, "scopes": ["api://todo/.default"]}));
    downstream.call_for_user(&tokens, &alice(), &Call::default()).await.unwrap();
    downstream.call_for_app(tokens.client(), &Call::default()).await.unwrap();
    assert_eq!(world.token.last().fields["grant_type"], "client_credentials");
    assert_eq!(api.tokens(), ["token-1", "token-1"]);
}

#[tokio::test]
async fn a_call_on_behalf_of_a_caller_carries_a_token_of_that_caller() {
    let (world, tokens, api) = start().await;
    let downstream = api.downstream(json!({}));
    for user in [crate::identity::testing::ALICE, BOB] {
        let incoming = world.incoming(&world.provider.access_token(json!({"oid": user}))).await;
        downstream.call_on_behalf_of(tokens.client(), &incoming, &read()).await.unwrap();
    }
    assert_eq!(api.tokens(), ["token-1", "token-2"]);
}

#[tokio::test]
async fn a_cached_token_that_is_not_accepted_is_replaced_once() {
    let (world, tokens, api) = start().await;
    let downstream = api.downstream(json!({}));
    api.answers(vec![challenge(401, "Bearer error=\"invalid_token\""), status(200)]);
    // Also for what must not be repeated otherwise: nothing was done yet.
    let call = Call { method: Some(Method::POST), body: Some(json!({}).into()), ..read() };
    downstream.call_for_user(&tokens, &alice(), &call).await.unwrap();
    assert_eq!(api.tokens(), ["token-of-the-sign-in", "token-1"]);
    api.answers(vec![status(401)]);
    assert_eq!(problem(downstream.call_for_user(&tokens, &alice(), &read()).await).status, 401);
    assert_eq!((api.count(), world.token.count()), (4, 2), "once, not for ever");
    // The app's own, and on behalf of a caller.
    api.answers(vec![status(401), status(200)]);
    downstream.call_for_app(tokens.client(), &read()).await.unwrap();
    assert_eq!(api.tokens()[4..], ["token-3", "token-4"]);
}

#[tokio::test]
async fn a_claims_challenge_is_answered_with_a_token_that_has_them_and_the_call_is_repeated_once() {
    let (world, tokens, api) = start().await;
    let downstream = api.downstream(json!({}));
    for encoded in [STANDARD.encode(CHALLENGE), URL_SAFE_NO_PAD.encode(CHALLENGE), CHALLENGE.replace('"', "\\\"")] {
        let header = format!("Bearer realm=\"\", error=\"insufficient_claims\", claims=\"{encoded}\"");
        api.answers(vec![challenge(401, &header), status(200)]);
        downstream.call_for_user(&tokens, &alice(), &read()).await.unwrap();
        assert_eq!(world.token.last().fields["claims"], CHALLENGE);
    }
    assert_eq!((api.count(), world.token.count()), (6, 3));
    // What cannot be met silently: the customer must act, and the challenge goes with them.
    let header = format!("Bearer error=\"insufficient_claims\", claims=\"{}\"", STANDARD.encode(CHALLENGE));
    api.answers(vec![challenge(401, &header)]);
    let refused = downstream.call_for_user(&tokens, &alice(), &read()).await;
    let Err(DownstreamError::Acquire(refused)) = refused else { panic!("{refused:?}") };
    assert_eq!(interaction::<()>(Err(refused)), (Some(CHALLENGE.to_owned()), false));
    assert_eq!((api.count(), world.token.count()), (8, 4));
    world.token.answers(400, json!({"error": "interaction_required"}));
    let refused = downstream.call_for_user(&tokens, &alice(), &read()).await;
    let Err(DownstreamError::Acquire(refused)) = refused else { panic!("{refused:?}") };
    assert_eq!(interaction::<()>(Err(refused)), (Some(CHALLENGE.to_owned()), false));
}

#[tokio::test]
async fn an_api_further_on_that_wants_the_customers_consent_says_so_through_the_one_between() {
    let (_world, tokens, api) = start().await;
    let downstream = api.downstream(json!({}));
    let header = format!(
        "Bearer realm=\"\", authorization_uri=\"https://x/y?a=1,b=2\", claims=\"{}\", \
         scopes=\"https://graph.microsoft.com/User.Read\", proposedAction=\"consent\"",
        URL_SAFE_NO_PAD.encode(CHALLENGE)
    );
    api.answers(vec![challenge(403, &header)]);
    match downstream.call_for_user(&tokens, &alice(), &read()).await {
        Err(DownstreamError::Acquire(crate::identity::tokens::AcquireError::InteractionRequired {
            scopes: missing,
            claims,
            consent,
            ..
        })) => {
            assert_eq!(missing, scopes("https://graph.microsoft.com/User.Read"));
            assert_eq!((claims.as_deref(), consent), (Some(CHALLENGE), true));
        }
        other => panic!("{other:?}"),
    }
    // A permission that is merely missing is no wish for consent.
    api.answers(vec![challenge(403, "Bearer error=\"insufficient_scope\", scope=\"ToDoList.ReadWrite\"")]);
    assert_eq!(problem(downstream.call_for_user(&tokens, &alice(), &read()).await).status, 403);
}

#[tokio::test]
async fn an_overloaded_api_is_asked_again_at_most_twice_and_never_to_post_or_patch() {
    let (_world, tokens, api) = start().await;
    let downstream = api.downstream(json!({}));
    for (method, expected) in [
        (Method::GET, 3),
        (Method::PUT, 3),
        (Method::DELETE, 3),
        (Method::HEAD, 3),
        (Method::POST, 1),
        (Method::PATCH, 1),
    ] {
        for overloaded in [429, 503] {
            let before = api.count();
            api.answers(vec![status(overloaded)]);
            let call = Call { method: Some(method.clone()), ..read() };
            let problem = problem(downstream.call_for_user(&tokens, &alice(), &call).await);
            assert_eq!((problem.status.as_u16(), api.count() - before), (overloaded, expected), "{method}");
        }
    }
    let before = api.count();
    api.answers(vec![status(500)]);
    problem(downstream.call_for_user(&tokens, &alice(), &read()).await);
    assert_eq!(api.count() - before, 1, "another mistake is not repeated");
    api.answers(vec![status(503), status(429), status(200)]);
    downstream.call_for_user(&tokens, &alice(), &read()).await.unwrap();
}

#[tokio::test]
async fn retry_after_is_honoured_up_to_a_bound() {
    let (_world, tokens, api) = start().await;
    let downstream = api.downstream(json!({}));
    api.answers(vec![retry_after(503, "1"), status(200)]);
    let began = std::time::Instant::now();
    downstream.call_for_user(&tokens, &alice(), &read()).await.unwrap();
    assert!((1.0..3.0).contains(&began.elapsed().as_secs_f64()));
    api.answers(vec![retry_after(429, "3600")]);
    let began = std::time::Instant::now();
    let problem = problem(downstream.call_for_user(&tokens, &alice(), &read()).await);
    assert_eq!(problem.retry_after, Some(Duration::from_hours(1)));
    assert!(began.elapsed().as_secs_f64() < 1.0, "nobody waits an hour");
    assert_eq!(api.count(), 3);
}

#[tokio::test]
async fn an_api_that_does_not_answer_is_given_up_at_the_time_limit() {
    let (_world, tokens, api) = start().await;
    // Takes connections and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", silent.local_addr().unwrap());
    let downstream = api.downstream(json!({"base_url": base_url, "timeout_seconds": 1}));
    let began = std::time::Instant::now();
    let result = downstream.call_for_user(&tokens, &alice(), &read()).await;
    assert!(matches!(result, Err(DownstreamError::Outbound(OutboundError::Unreachable { .. }))), "{result:?}");
    assert!((0.9..2.5).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
    // Nobody there at all.
    drop(silent);
    let result = downstream.call_for_user(&tokens, &alice(), &read()).await;
    assert!(matches!(result, Err(DownstreamError::Outbound(OutboundError::Unreachable { .. }))), "{result:?}");
}

/// An answer in two pieces, the second one after so many milliseconds.
fn in_pieces(pause: u64) -> Response {
    let pieces = stream::unfold(0, move |number| async move {
        let piece = ["first", "second"].get(number)?;
        if number > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Some((Ok::<_, std::convert::Infallible>(*piece), number + 1))
    });
    Body::from_stream(pieces).into_response()
}

#[tokio::test]
async fn an_answer_that_comes_bit_by_bit_takes_its_time_and_neither_its_head_nor_its_reader_do() {
    let (world, tokens, api) = start().await;
    let downstream = api.downstream(json!({"timeout_seconds": 1}));
    // The token of the cache is not accepted, as with other calls.
    let mut count = 0;
    api.responds(move |_| {
        count += 1;
        if count == 1 { status(401) } else { in_pieces(1500) }
    });
    let second = Duration::from_secs(1);
    let mut stream = downstream.stream_for_user(&tokens, &alice(), &read()).await.unwrap();
    assert_eq!(stream.next(second).await.unwrap().as_deref(), Some(&b"first"[..]));
    assert!(stream.next(second).await.is_err(), "nothing came in time");
    let mut stream = downstream.stream_for_user(&tokens, &alice(), &read()).await.unwrap();
    let pieces = [stream.next(second * 9).await, stream.next(second * 9).await, stream.next(second * 9).await];
    let pieces = pieces.map(|piece| piece.unwrap().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()));
    assert_eq!(pieces, [Some("first".to_owned()), Some("second".to_owned()), None], "longer than a call may take");
    let accepted = api.asked.lock().unwrap()[1].headers["accept"].clone();
    assert_eq!((accepted.to_str().unwrap(), world.token.count()), ("text/event-stream", 1));

    // What is no success is an answer like any other.
    api.answers(vec![retry_after(429, "60")]);
    let refused = downstream.stream_for_user(&tokens, &alice(), &read()).await;
    let Err(DownstreamError::Problem(problem)) = refused else { panic!("{refused:?}") };
    assert_eq!((problem.status.as_u16(), problem.retry_after), (429, Some(Duration::from_mins(1))));
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", silent.local_addr().unwrap());
    let downstream = api.downstream(json!({"base_url": base_url, "timeout_seconds": 1}));
    let began = std::time::Instant::now();
    let result = downstream.stream_for_user(&tokens, &alice(), &read()).await;
    assert!(matches!(result, Err(DownstreamError::Outbound(OutboundError::Unreachable { .. }))), "{result:?}");
    assert!((0.9..2.5).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_connection_that_is_refused_at_first_is_tried_again() {
    let (_world, tokens, api) = start().await;
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let downstream = api.downstream(json!({"base_url": format!("http://{address}")}));
    let call = tokio::spawn({
        let (downstream, tokens) = (downstream.clone(), tokens.clone());
        async move { downstream.call_for_user(&tokens, &alice(), &read()).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let listener = serve::listen("api", address).await.unwrap();
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    tokio::spawn(serve::serve(listener, Router::new().fallback(async || "here"), stop));
    assert_eq!(call.await.unwrap().unwrap().body, b"here");
}

/// Abuse case 82, for APIs.
#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read() {
    let (_world, tokens, api) = start().await;
    let downstream = api.downstream(json!({}));
    let piece = || Ok::<_, std::io::Error>(vec![b' '; 1024 * 1024]);
    api.responds(move |_| Body::from_stream(futures::stream::iter((0..1024).map(move |_| piece()))).into_response());
    let result = downstream.call_for_user(&tokens, &alice(), &read()).await;
    assert!(matches!(result, Err(DownstreamError::Outbound(OutboundError::TooLarge { .. }))), "{result:?}");
    api.responds(|_| "not JSON".into_response());
    let answer = downstream.call_for_user(&tokens, &alice(), &read()).await.unwrap();
    assert!(matches!(answer.json::<Value>(), Err(OutboundError::Malformed { .. })));
}

#[tokio::test]
async fn a_problem_is_kept_as_the_api_or_graph_explains_it() {
    let (_world, tokens, api) = start().await;
    let downstream = api.downstream(json!({}));
    let document = json!({
        "type": "https://errand.example/full", "title": "Full", "status": 409, "detail": "The list is full.", "limit": 7,
    });
    api.responds({
        let document = document.clone();
        move |_| (StatusCode::CONFLICT, Json(document.clone())).into_response()
    });
    let (customer, call) = (alice(), Call { method: Some(Method::POST), ..read() });
    let call = downstream.call_for_user(&tokens, &customer, &call);
    let found = problem(serve::with_correlation_id("request-9".to_owned(), call).await);
    assert_eq!((found.status.as_u16(), found.kind.as_str()), (409, "https://errand.example/full"));
    assert_eq!((found.title.as_str(), found.detail.as_deref()), ("Full", Some("The list is full.")));
    assert_eq!((found.document, found.correlation_id.as_str()), (document, "request-9"));

    let graph = json!({"error": {"code": "Request_BadRequest", "message": "Invalid value."}});
    api.responds(move |_| (StatusCode::BAD_REQUEST, Json(graph.clone())).into_response());
    let found = problem(downstream.call_for_user(&tokens, &alice(), &read()).await);
    assert_eq!((found.title.as_str(), found.detail.as_deref()), ("Request_BadRequest", Some("Invalid value.")));

    api.responds(|_| (StatusCode::BAD_GATEWAY, "<html>").into_response());
    let found = problem(downstream.call_for_user(&tokens, &alice(), &read()).await);
    assert_eq!((found.title.as_str(), found.detail, found.kind.as_str()), ("Bad Gateway", None, "about:blank"));
}

#[tokio::test]
async fn the_id_of_the_request_goes_with_every_call() {
    let (_world, tokens, api) = start().await;
    let downstream = api.downstream(json!({}));
    let (alice, call) = (alice(), read());
    let call = downstream.call_for_user(&tokens, &alice, &call);
    serve::with_correlation_id("request-17".to_owned(), call).await.unwrap();
    for name in ["x-correlation-id", "client-request-id", "x-request-id"] {
        assert_eq!(api.asked.lock().unwrap()[0].headers[name], "request-17");
    }
}

/// An id that a browser made up goes to others only if it can do no harm there.
#[tokio::test]
async fn an_id_from_outside_is_replaced_when_it_is_more_than_an_id() {
    let id_of = |sent: &str| {
        let router = Router::new().route("/", axum::routing::get(async || serve::correlation_id()));
        let router = serve::with_standard_layers(router, "test", 1024);
        let request = Request::get("/").header("x-request-id", sent).body(Body::empty()).unwrap();
        async move {
            let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
            let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
            String::from_utf8(body.to_vec()).unwrap()
        }
    };
    assert_eq!(id_of("abc-123").await, "abc-123");
    for evil in ["", "a b", "<script>", &"x".repeat(65)] {
        assert!(uuid::Uuid::parse_str(&id_of(evil).await).is_ok(), "{evil}");
    }
}

#[tokio::test]
async fn configuration_that_makes_no_sense_is_refused_by_the_name_of_its_key() {
    let api = Api::start().await;
    for (changes, mode, expected) in [
        (json!({"base_url": "api.example.com"}), Mode::Production, "base_url` is not an absolute URL"),
        (json!({"base_url": "mailto:x@example.com"}), Mode::Production, "base_url` is not an absolute URL"),
        (json!({}), Mode::Production, "base_url` would send tokens in the clear"),
        (json!({"base_url": "http://10.0.0.1"}), Mode::Development, "base_url` would send tokens in the clear"),
        (json!({"base_url": "https://api.example.com?x=1"}), Mode::Production, "base_url` has more than"),
        (json!({"base_url": "https://user:secret@api.example.com"}), Mode::Production, "base_url` has more than"),
        (json!({"relative_path": "../admin"}), Mode::Development, "relative_path` is not a path below"),
        (json!({"relative_path": "https://evil.example"}), Mode::Development, "relative_path` is not a path below"),
        (json!({"relative_path": "api?x"}), Mode::Development, "relative_path` is not a path below"),
        (json!({"scopes": []}), Mode::Development, "scopes` is empty"),
        (json!({"scopes": {}}), Mode::Development, "scopes` is empty"),
        (json!({"scopes": {"read": []}}), Mode::Development, "scopes` is empty"),
        (json!({"scopes": ["offline_access", "openid"]}), Mode::Development, "scopes` names no scope of an API"),
        (
            json!({"scopes": {"read": ["api://todo/A", "api://other/B"]}}),
            Mode::Development,
            "scopes.read` has scopes of two resources, api://other and api://todo",
        ),
        (
            json!({"scopes": {"read": ["api://todo/.default", "api://todo/A"]}}),
            Mode::Development,
            "scopes.read` has api://todo/.default beside other scopes",
        ),
        (
            json!({"scopes": {"read": (0..90).map(|n| format!("api://11111111-1111-1111-1111/{n}")).collect::<Vec<_>>()}}),
            Mode::Development,
            "scopes.read` is longer than 2000 bytes",
        ),
        (json!({"http_method": "GET IT"}), Mode::Development, "http_method` is not"),
        (
            json!({"headers": {"Authorization": "x"}}),
            Mode::Development,
            "headers.Authorization` is not for configuration",
        ),
        (json!({"headers": {"host": "x"}}), Mode::Development, "headers.host` is not for configuration"),
        (json!({"headers": {"a b": "x"}}), Mode::Development, "headers.a b` is not an HTTP header"),
        (json!({"headers": {"x": "a\nb"}}), Mode::Development, "headers.x` is not an HTTP header"),
        (json!({"timeout_seconds": 0}), Mode::Development, "timeout_seconds` is too short"),
        (json!({"timeout_seconds": 26}), Mode::Development, "timeout_seconds` is too short or too long"),
    ] {
        let config = api.config(changes);
        let refused = DownstreamApi::new(&config, mode, Naming::Entra, outbound::client()).err();
        let refused = refused.unwrap_or_else(|| panic!("{expected}")).at("web.downstream_apis.x").to_string();
        assert!(refused.contains(&format!("`web.downstream_apis.x.{expected}")), "{refused}");
        assert!(!refused.contains("secret"));
    }
}
