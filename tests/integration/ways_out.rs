//! No dead ends: addresses that are almost right, answers that a layer gives, names by which the app is reached.

use reqwest::{Method, StatusCode, header};

use crate::test_errand::TestErrand;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_page_asked_for_by_another_spelling_of_its_address_is_found_under_its_own() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    for (asked, address) in [
        ("/account/", "/account"),
        ("/account//", "/account"),
        ("/%61ccount", "/account"),
        ("/todos/?edit=x&y", "/todos?edit=x&y"),
        ("/todos/active/", "/todos/active"),
        ("/todos//active", "/todos/active"),
        ("/sign-in-problem/?reason=expired", "/sign-in-problem?reason=expired"),
    ] {
        let answer = browser.look(asked).await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT, "{asked}");
        assert_eq!(answer.header(header::LOCATION), address, "{asked}");
    }
    let address = format!("{}/", browser.web.as_str());
    let answer = browser.send(browser.request(Method::GET, address.parse().unwrap())).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::PERMANENT_REDIRECT, "/"));
    // An address that is none stays one, and shows nobody's page.
    for path in ["/Account", "/account/x", "/todos/active/x/", "/accounts/", "/%2e%2e/account", "//evil.example/todos/"]
    {
        let url = format!("{}{path}", browser.web.as_str().trim_end_matches('/'));
        let request = browser.request(Method::GET, url.parse().unwrap()).header(header::ACCEPT, "text/html");
        let page = browser.send(request).await;
        if path == "/%2e%2e/account" {
            // The client takes it for `/account` itself.
            continue;
        }
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.body.contains("There is no such page") && page.texts("#profile").is_empty(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_refusal_has_a_body_in_words_and_the_headers_that_harden_it() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let large = "x".repeat(70_000);
    let cases: [(Method, &str, &str, StatusCode); 9] = [
        (Method::POST, "/todos", "", StatusCode::METHOD_NOT_ALLOWED),
        (Method::DELETE, "/", "", StatusCode::METHOD_NOT_ALLOWED),
        (Method::PUT, "/auth/sign-in", "", StatusCode::METHOD_NOT_ALLOWED),
        (Method::GET, "/auth/sign-out", "", StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/auth/session", "", StatusCode::METHOD_NOT_ALLOWED),
        (Method::GET, "/actions/todos/add", "", StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/auth/no-such", "", StatusCode::NOT_FOUND),
        (Method::GET, "/pkg/no-such.js", "", StatusCode::NOT_FOUND),
        (Method::POST, "/actions/todos/add", &large, StatusCode::PAYLOAD_TOO_LARGE),
    ];
    for (method, path, body, status) in cases {
        for accept in ["text/html,*/*;q=0.8", "application/json"] {
            let request = browser
                .request(method.clone(), browser.web.join(path).unwrap())
                .header(header::ACCEPT, accept)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "same-origin")
                .body(body.to_owned());
            let answer = browser.send(request).await;
            let what = format!("{method} {path} for {accept}: {}", answer.everything());
            // The fallback of the pages answers any method.
            if status == StatusCode::NOT_FOUND {
                assert!(answer.status.is_client_error(), "{what}");
            } else {
                assert_eq!(answer.status, status, "{what}");
            }
            assert!(!answer.body.trim().is_empty(), "{what}");
            for name in ["x-content-type-options", "content-security-policy", "referrer-policy", "cache-control"] {
                assert!(answer.headers.contains_key(name), "{name} is missing: {what}");
            }
            if accept.starts_with("text/html") {
                assert!(answer.header(header::CONTENT_TYPE).starts_with("text/html"), "{what}");
                assert!(!answer.texts("h1").is_empty() && !answer.texts("a[href]").is_empty(), "{what}");
            }
        }
    }
}

/// Nobody's address makes an answer a failure of ours, or a line of the log an error.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_visitor_chooses_the_status_of_a_page() {
    let errand = TestErrand::start().await;
    let mut visitor = errand.browser();
    for reason in
        ["cancelled", "expired", "refused", "unavailable", "sign-out", "", "500", "<script>", "unavailable%00"]
    {
        let page = visitor.look(&format!("/sign-in-problem?reason={reason}")).await;
        assert_eq!(page.status, StatusCode::OK, "{reason}");
        assert!(
            !page.texts("h1").is_empty() && page.attribute("a[href^='/auth/sign-in']", "href").is_some(),
            "{reason}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_who_is_signed_in_is_not_asked_to_sign_in_by_the_page_about_a_problem() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let page = browser.open("/sign-in-problem?reason=cancelled").await;
    assert!(page.attribute("main a[href^='/auth/sign-in']", "href").is_none(), "{}", page.body);
    assert!(page.attribute("main a[href='/todos']", "href").is_some(), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sign_in_begun_at_another_name_begins_anew_at_the_public_one() {
    let errand = TestErrand::start().await;
    let web = errand.addresses.web.clone();
    let port = web.rsplit(':').next().unwrap().trim_end_matches('/').to_owned();
    for path in ["/auth/sign-in?return_to=%2Ftodos%3Fa%3Db", "/auth/sign-up"] {
        for host in ["www.localhost".to_owned(), format!("127.0.0.1:{port}"), "old.example:81".to_owned()] {
            let mut browser = errand.browser();
            let address = format!("{}{path}", web.trim_end_matches('/'));
            let request = browser.request(Method::GET, address.parse().unwrap()).header(header::HOST, &host);
            let answer = browser.send(request).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{host}");
            assert_eq!(answer.header(header::LOCATION), address, "{host}");
            // A proxy that keeps naming that host must not send the browser round and round.
            let request = browser.request(Method::GET, address.parse().unwrap()).header(header::HOST, &host);
            assert_eq!(browser.send(request).await.location().origin(), browser.tenant.origin(), "{host}");
        }
        for (name, host) in [("host", format!("LOCALHOST.:{port}")), ("x-forwarded-host", format!("localhost:{port}"))]
        {
            let mut browser = errand.browser();
            let address = format!("{}{path}", web.trim_end_matches('/'));
            let mut request = browser.request(Method::GET, address.parse().unwrap()).header(name, &host);
            if name != "host" {
                request = request.header(header::HOST, "internal:8080");
            }
            assert_eq!(browser.send(request).await.location().origin(), browser.tenant.origin(), "{host}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_with_a_digest_is_told_what_becomes_of_it_when_they_sign_out() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    // Without one, there is nothing to tell.
    let page = browser.submit(".nav-customer form", &[]).await;
    assert_eq!((page.url.path(), page.body.contains("digest")), ("/", false), "{}", page.body);

    browser.open("/todos").await;
    browser.sign_in_here("ada@example.com").await;
    browser.open("/account").await;
    let form = [("enabled", "true"), ("time_zone", "Europe/Oslo"), ("hour", "7")];
    let request = browser
        .request(Method::POST, browser.web.join("/actions/digest").unwrap())
        .header(header::ACCEPT, "text/html")
        .header("sec-fetch-site", "same-origin")
        .header(header::REFERER, browser.web.join("/account").unwrap().as_str())
        .form(&form);
    let answer = browser.send(request).await;
    browser.follow(answer).await;
    let mut elsewhere = errand.browser();
    elsewhere.open("/todos").await;
    elsewhere.sign_in_here("ada@example.com").await;

    let page = elsewhere.submit(".nav-customer form", &[]).await;
    assert!(page.texts("[role=status]").concat().contains("Your daily digest goes on"), "{}", page.body);
    let page = browser.submit(".nav-customer form", &[]).await;
    assert!(page.texts("[role=status]").concat().contains("Your daily digest pauses now"), "{}", page.body);
    let page = browser.open("/").await;
    assert!(!page.body.contains("digest pauses"), "once: {}", page.body);
}
