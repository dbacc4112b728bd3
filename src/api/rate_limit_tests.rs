//! How often callers may call, and which web sites' scripts may.

use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::json;
use time::Duration;

use super::tests::{LIST, TestApi, clock, start, toml};
use super::{Api, config};
use crate::identity::testing::ProviderDouble;
use crate::platform::clock::Clock;
use crate::platform::config::Settings;
use crate::platform::outbound;

/// An API with more in its configuration.
async fn started(more: &str, clock: Clock) -> TestApi {
    let folder = tempfile::tempdir().expect("a folder");
    let provider = ProviderDouble::start(&clock).await;
    let url = format!("sqlite:{}/api.db", folder.path().display());
    let settings = Settings::from_toml(&configuration(&provider.issuer(), &url, more)).expect("TOML");
    let config: config::Config = settings.section("api").expect("a configuration");
    let api = Api::start(config, settings.mode, &outbound::client(), clock).await.expect("starts");
    TestApi::of(api, provider, folder)
}

fn configuration(authority: &str, url: &str, more: &str) -> String {
    toml(authority, url).replace("[api.permissions.read]", &format!("{more}\n[api.permissions.read]"))
}

const FEW: &str =
    "[api.rate_limits]\nper_customer = { requests = 3, seconds = 60 }\nper_app = { requests = 5, seconds = 10 }";

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
}

#[tokio::test]
async fn a_caller_who_calls_too_often_waits_and_nobody_else_does() {
    let clock = clock();
    let api = started(FEW, clock.clone()).await;
    for left in ["r=2;t=20", "r=1;t=40", "r=0;t=60"] {
        let answer = api.call(&api.alice, "GET", LIST, None).await;
        assert_eq!(answer.status, 200);
        assert_eq!(text(&answer.headers, "ratelimit-policy"), "\"customer\";q=3;w=60");
        assert_eq!(text(&answer.headers, "ratelimit"), format!("\"customer\";{left}"));
    }
    let refused = api.call(&api.alice, "POST", LIST, Some(json!({"description": "lost?"}))).await;
    assert_eq!((refused.status, &refused.body["type"]), (429, &json!("/api/docs#problem-rate-limited")));
    assert_eq!(text(&refused.headers, "retry-after"), "20");
    assert_eq!(text(&refused.headers, "ratelimit"), "\"customer\";r=0;t=60");
    // Each customer, and each of a customer's apps, for itself.
    assert_eq!(api.call(&api.bob, "GET", LIST, None).await.status, 200);
    let elsewhere = api.token(json!({"azp": "77777777-7777-4777-8777-777777777777"}));
    assert_eq!(api.call(&elsewhere, "GET", LIST, None).await.status, 200);
    for _ in 0..5 {
        let answer = api.call(&api.daemon, "GET", LIST, None).await;
        assert_eq!((answer.status, text(&answer.headers, "ratelimit-policy")), (200, "\"app\";q=5;w=10"));
    }
    assert_eq!(api.call(&api.daemon, "GET", LIST, None).await.status, 429);
    // It passes, and nothing was done meanwhile.
    clock.advance(Duration::seconds(20));
    let list = api.list(&api.alice).await;
    assert!(list.is_empty(), "{list:?}");
    assert_eq!(api.call(&api.alice, "GET", LIST, None).await.status, 429);
    // Who is not known is not counted, and what is for everyone is not either.
    for _ in 0..10 {
        assert_eq!(api.call("nonsense", "GET", LIST, None).await.status, 401);
        assert_eq!(api.get_anonymously("/api/docs", &[]).await.status(), 200);
    }
}

#[tokio::test]
async fn a_page_of_everything_there_may_be_is_far_from_the_limit() {
    let api = TestApi::start().await;
    for _ in 0..200 {
        assert_eq!(api.call(&api.alice, "GET", LIST, None).await.status, 200);
    }
}

#[tokio::test]
async fn a_limit_that_lets_nobody_in_stops_the_api() {
    for wrong in
        ["{ requests = 0, seconds = 60 }", "{ requests = 5, seconds = 0 }", "{ requests = 1000001, seconds = 1 }"]
    {
        let more = format!("[api.rate_limits]\nper_app = {wrong}");
        let error = start(&configuration("http://localhost:1/x/v2.0", "sqlite::memory:", &more)).await.err();
        let error = error.expect("refused").to_string();
        assert!(error.contains("api.rate_limits.per_app"), "{error}");
    }
}

const OPEN: &str = "allowed_origins = [\"https://app.example.com\", \"http://localhost:5173\"]";

/// `[api]` comes before its tables.
async fn open() -> TestApi {
    started(OPEN, clock()).await
}

#[tokio::test]
async fn scripts_of_a_web_site_that_is_named_may_call_and_read_what_answers_say() {
    let api = open().await;
    for origin in ["https://app.example.com", "http://localhost:5173"] {
        let asked = [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,content-type,if-match"),
        ];
        let allowed = api.ask_anonymously("OPTIONS", LIST, &asked).await;
        assert_eq!((allowed.status().as_u16(), text(allowed.headers(), "access-control-allow-origin")), (200, origin));
        assert!(text(allowed.headers(), "access-control-allow-methods").contains("PATCH"));
        for name in ["authorization", "content-type", "if-match"] {
            assert!(text(allowed.headers(), "access-control-allow-headers").contains(name), "{name}");
        }
        // Errors can be read as well.
        let refused = api.ask_anonymously("GET", LIST, &[("origin", origin)]).await;
        assert_eq!((refused.status().as_u16(), text(refused.headers(), "access-control-allow-origin")), (401, origin));
        let exposed = text(refused.headers(), "access-control-expose-headers").to_owned();
        for name in [
            "content-disposition",
            "etag",
            "link",
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
            "todolist-change",
            "www-authenticate",
        ] {
            assert!(exposed.split(',').any(|other| other == name), "{name}: {exposed}");
        }
        assert!(!refused.headers().contains_key("access-control-allow-credentials"));
        let vary: Vec<&[u8]> = refused.headers().get_all(header::VARY).iter().map(HeaderValue::as_bytes).collect();
        let vary = String::from_utf8(vary.join(&b","[..])).expect("text");
        assert!(vary.contains("origin") && vary.contains("accept-language"), "{vary}");
    }
}

#[tokio::test]
async fn scripts_of_other_web_sites_may_not_and_by_default_nobody_elses() {
    let other = [("origin", "https://evil.example"), ("access-control-request-method", "GET")];
    for api in [open().await, TestApi::start().await] {
        for method in ["OPTIONS", "GET"] {
            let answer = api.ask_anonymously(method, LIST, &other).await;
            assert!(!answer.headers().contains_key("access-control-allow-origin"), "{method}");
        }
    }
    let named = [("origin", "https://app.example.com"), ("access-control-request-method", "GET")];
    let closed = TestApi::start().await.ask_anonymously("OPTIONS", LIST, &named).await;
    assert_eq!((closed.status().as_u16(), closed.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN)), (401, None));
}

#[tokio::test]
async fn an_origin_that_is_everyone_or_none_stops_the_api() {
    for wrong in [
        "*",
        "null",
        "",
        "app.example.com",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://App.example.com",
        "https://app.example.com:443",
        "https://*.example.com",
        "https://user@app.example.com",
        "http://app.example.com",
        "ftp://app.example.com",
    ] {
        let more = format!("allowed_origins = [\"https://ok.example.com\", \"{wrong}\"]");
        let error = start(&configuration("http://localhost:1/x/v2.0", "sqlite::memory:", &more)).await.err();
        let error = error.unwrap_or_else(|| panic!("{wrong} was taken")).to_string();
        assert!(error.contains("api.allowed_origins"), "{wrong}: {error}");
    }
}
