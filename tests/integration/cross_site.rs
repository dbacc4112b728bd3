//! Requests that another site had a browser send.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode, header};
use server_fn::axum::server_fn_paths;

use crate::test_browser::{Page, http};
use crate::test_errand::TestErrand;

/// Every server function there is: a new one is covered without being named here.
pub(crate) fn server_functions() -> BTreeSet<&'static str> {
    let paths: BTreeSet<&str> = server_fn_paths().map(|(path, _)| path).collect();
    assert!(paths.contains("/actions/todos/add") && paths.len() >= 10, "{paths:?}");
    paths
}

/// A method, a content type, and the headers that say where a request is from.
type Case<'a> = (Method, &'a str, &'a [(&'a str, &'a str)]);

/// 31, 32.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_server_function_refuses_other_sites() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "mine")]).await;
    let own = browser.web.origin().ascii_serialization();
    let cases: [Case; 12] = [
        (Method::POST, FORM, &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]),
        (Method::POST, FORM, &[("sec-fetch-site", "cross-site")]),
        (Method::POST, FORM, &[("sec-fetch-site", "same-site"), ("origin", "http://localhost:1")]),
        (Method::POST, FORM, &[("sec-fetch-site", "cross-site"), ("origin", &own)]),
        (Method::POST, FORM, &[("sec-fetch-site", "Same-Origin"), ("origin", "https://evil.example")]),
        // From browsers without Fetch Metadata.
        (Method::POST, FORM, &[("origin", "https://evil.example")]),
        (Method::POST, FORM, &[("origin", "null")]),
        (Method::POST, "text/plain", &[("origin", "null")]),
        (Method::POST, "text/plain", &[("sec-fetch-site", "cross-site"), ("origin", "null")]),
        (Method::POST, "multipart/form-data; boundary=x", &[("origin", "https://evil.example")]),
        (Method::GET, FORM, &[("sec-fetch-site", "cross-site")]),
        (Method::GET, FORM, &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]),
    ];
    for path in server_functions() {
        for accept in ["application/json", "text/html"] {
            for (method, content_type, headers) in &cases {
                let mut url = browser.web.join(path).unwrap();
                if *method == Method::GET {
                    url.set_query(Some("description=gotcha&done=true"));
                }
                let mut request = browser
                    .request(method.clone(), url)
                    .header(header::ACCEPT, accept)
                    .header(header::CONTENT_TYPE, *content_type)
                    .body("description=gotcha&done=true");
                for (name, value) in *headers {
                    request = request.header(*name, *value);
                }
                let answer = browser.send(request).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path} {content_type} {headers:?}");
                assert!(!answer.body.contains("mine") && !answer.body.contains("Ada"), "{path}: {}", answer.body);
            }
        }
    }
    assert_eq!(browser.open("/todos").await.todos(), [("mine".to_owned(), false)]);
}

/// 31: nothing changes, and nothing is read, by GET, wherever it comes from.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_server_function_answers_to_get() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    for path in server_functions() {
        let answer = browser.look(path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(answer.header(header::ALLOW), "POST", "{path}");
    }
}

/// 31: signing out, and the tenant's forms.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_site_signs_nobody_out() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    for headers in [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ] {
        let mut request = browser.request(Method::POST, browser.web.join("/auth/sign-out").unwrap());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        assert_eq!(browser.send(request).await.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert_eq!(browser.look("/auth/sign-out").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(browser.look("/todos").await.status, StatusCode::OK);
}

/// Nothing is done, and nothing is told, without a session; the two that any visitor's page asks say "nobody".
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_server_function_wants_a_session() {
    const FOR_VISITORS: [&str; 2] = ["/actions/viewer", "/actions/notice"];
    const ARGUMENTS: [(&str, &str); 12] = [
        ("id", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ("description", "x"),
        ("details[description]", "x"),
        ("todo", r#"{"description": "x"}"#),
        ("name", "x"),
        ("row", "done.01890a5d-ac96-774b-bcce-b302099a8057.1"),
        ("what", "add"),
        ("done", "true"),
        ("display_name", "x"),
        ("handle", "x"),
        ("seen", "1"),
        ("change", "1"),
    ];
    let errand = TestErrand::start().await;
    let mut visitor = errand.browser();
    for path in server_functions() {
        let answer = visitor.call(path, &ARGUMENTS).await;
        if FOR_VISITORS.contains(&path) {
            let nobody = [
                r#"{"Visitor":{"can_sign_up":true}}"#,
                r#"{"error":null,"done":null,"form":{"action":"","fields":[]},"greeting":null}"#,
            ];
            assert!(answer.status == StatusCode::OK && nobody.contains(&answer.body.as_str()), "{}", answer.body);
        } else {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}: {}", answer.body);
            let url = &answer.json()["SignInRequired"]["url"];
            assert_eq!(url, "/auth/sign-in?return_to=%2Ftodos", "{path}");
        }
    }
    assert!(visitor.cookies.is_empty(), "a visitor gets no cookie: {:?}", visitor.cookies);
}

/// 33.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_foreign_origin_may_read_nothing() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let (web, api, tenant) = (&errand.addresses.web, &errand.addresses.api, &errand.addresses.tenant);
    let tenant_id = errand.secrets().tenant_id;
    for url in [
        format!("{web}/"),
        format!("{web}/todos"),
        format!("{web}/actions/todos/list"),
        format!("{web}/actions/viewer"),
        format!("{web}/auth/sign-out"),
        format!("{api}/api/todolist"),
        format!("{api}/health"),
        format!("{tenant}/{tenant_id}/oauth2/v2.0/token"),
        format!("{tenant}/{tenant_id}/oauth2/v2.0/authorize"),
        format!("{tenant}/mailbox.json"),
    ] {
        for origin in ["https://evil.example", "null", web.as_str()] {
            for method in [Method::GET, Method::POST, Method::OPTIONS] {
                let request = browser
                    .request(method.clone(), url.parse().unwrap())
                    .header(header::ORIGIN, origin)
                    .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
                    .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type, authorization");
                let answer = browser.send(request).await;
                for name in [header::ACCESS_CONTROL_ALLOW_ORIGIN, header::ACCESS_CONTROL_ALLOW_CREDENTIALS] {
                    assert_eq!(answer.header(&name), "", "{method} {url} from {origin}");
                }
            }
        }
    }
}

/// 37.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_spoofed_host_changes_no_redirect_uri_and_no_link() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let (web, tenant) = (errand.addresses.web.clone(), errand.addresses.tenant.clone());
    let tenant_id = errand.secrets().tenant_id;
    for url in [
        format!("{web}/"),
        format!("{web}/todos"),
        format!("{web}/no-such-page"),
        format!("{web}/sign-in-problem?reason=refused"),
        format!("{web}/auth/sign-in?return_to=/todos"),
        format!("{web}/auth/redirect?code=x&state=y"),
        format!("{tenant}/{tenant_id}/v2.0/.well-known/openid-configuration"),
        format!("{tenant}/{tenant_id}/oauth2/v2.0/logout"),
        format!("{tenant}/mailbox"),
    ] {
        let request = browser
            .request(Method::GET, url.parse().unwrap())
            .header(header::HOST, "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-for", "10.6.6.6")
            .header("x-original-host", "evil.example")
            .header("forwarded", "host=evil.example;proto=https;for=10.6.6.6");
        let answer = browser.send(request).await;
        assert!(!answer.everything().contains("evil.example"), "{url}: {}", answer.everything());
        if url.contains("/auth/sign-in") {
            // First to where this app is reached, and there, whatever a proxy calls it, on to the provider.
            assert_eq!(answer.location().as_str(), url);
            let request = browser.request(Method::GET, url.parse().unwrap()).header(header::HOST, "evil.example");
            let answer = browser.send(request).await;
            let location = answer.location();
            let redirect_uri = location.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1;
            assert_eq!(redirect_uri.into_owned(), format!("{web}/auth/redirect"));
        }
    }
    let sign_out = browser
        .request(Method::POST, browser.web.join("/auth/sign-out").unwrap())
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-host", "evil.example")
        .header(header::HOST, "evil.example");
    let answer = browser.send(sign_out).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(!answer.everything().contains("evil.example"), "{}", answer.everything());
}

/// 54: the API takes a token in the header and nowhere else; 55: and not any token.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cookies_open_nothing_at_the_api() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let url = format!("{}/api/todolist", errand.addresses.api);
    let answer = browser.send(browser.request(Method::GET, url.parse().unwrap())).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let answer = Page::read(http().get(&url).send().await.unwrap()).await;
    assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer"), "{:?}", answer.headers);
}
