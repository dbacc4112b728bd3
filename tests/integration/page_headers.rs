//! What the pages say in their headers, and what they do with text from outside.

use reqwest::{Method, StatusCode, header};

use crate::test_browser::{Browser, Page};
use crate::test_errand::TestErrand;

/// The nonce of a page's policy.
fn nonce(page: &Page) -> String {
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("frame-ancestors 'none'"), "{}: {policy}", page.url);
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    let start = policy.find("'nonce-").unwrap_or_else(|| panic!("{}: no nonce in {policy:?}", page.url)) + 7;
    policy[start..].split('\'').next().unwrap().to_owned()
}

/// 28, 38, 40, 41.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_page_has_a_policy_with_a_fresh_nonce_and_is_stored_nowhere() {
    let errand = TestErrand::start().await;
    let mut customer = errand.sign_up("ada@example.com").await;
    let mut visitor = errand.browser();
    let mut nonces = Vec::new();
    let cases = [
        ("/", StatusCode::OK),
        ("/todos", StatusCode::OK),
        ("/todos/active", StatusCode::OK),
        ("/todos/completed", StatusCode::OK),
        ("/account", StatusCode::OK),
        ("/no-such-page", StatusCode::NOT_FOUND),
        ("/todos/no-such-filter", StatusCode::NOT_FOUND),
        ("/sign-in-problem?reason=cancelled", StatusCode::OK),
        ("/sign-in-problem?reason=expired", StatusCode::OK),
        ("/sign-in-problem?reason=unavailable", StatusCode::OK),
        ("/sign-in-problem?reason=<script>", StatusCode::OK),
    ];
    for (path, status) in cases.iter().chain(&cases) {
        let page = customer.look(path).await;
        assert_eq!(page.status, *status, "{path}");
        check(&page, &mut nonces);
        let page = visitor.look(path).await;
        if page.status.is_redirection() {
            assert_eq!(page.header(header::CACHE_CONTROL), "no-store", "{path}");
        } else {
            assert_eq!(page.status, *status, "{path} for a visitor");
            check(&page, &mut nonces);
        }
    }
    let count = nonces.len();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), count, "no nonce is used twice");
}

fn check(page: &Page, nonces: &mut Vec<String>) {
    let nonce = nonce(page);
    assert!(nonce.len() >= 22, "128 bits in base64: {nonce}");
    assert_eq!(page.header(header::CACHE_CONTROL), "no-store", "{}", page.url);
    assert_eq!(page.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{}", page.url);
    assert!(page.header(header::CONTENT_TYPE).starts_with("text/html"), "{}", page.url);
    // Every script of the page itself carries the nonce, or the browser would not run it.
    let html = page.html();
    for script in html.select(&crate::test_browser::css("script:not([src])")) {
        assert_eq!(script.attr("nonce"), Some(nonce.as_str()), "{}: {}", page.url, script.html());
    }
    assert_eq!(html.select(&crate::test_browser::css("[style], [onclick], [onload], [onerror]")).count(), 0);
    nonces.push(nonce);
}

/// 28, 30: on plain http, at localhost. (On https: `identity::tests`.)
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_session_cookie_is_for_this_host_and_no_script() {
    let errand = TestErrand::start().await;
    let browser = errand.sign_up("ada@example.com").await;
    let session = browser.cookies.iter().find(|cookie| cookie.name() == "errand").expect("a session cookie");
    assert_eq!(session.http_only(), Some(true));
    assert_eq!(session.same_site(), Some(cookie::SameSite::Lax));
    assert_eq!(session.domain(), None);
    assert_eq!(session.path(), Some("/"));
    assert!(session.value().len() >= 22, "128 bits: {}", session.value());
    for page in &browser.seen {
        for set in page.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && !set.contains("Domain"), "{set}");
        }
    }
}

/// 30.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tampered_session_id_is_a_visitor_and_no_error() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let position = browser.cookies.iter().position(|cookie| cookie.name() == "errand").unwrap();
    let genuine = browser.cookies[position].value().to_owned();
    let other = if genuine.starts_with('A') { 'B' } else { 'A' };
    for value in [
        format!("{other}{}", &genuine[1..]),
        genuine[..genuine.len() - 1].to_owned(),
        format!("{genuine}A"),
        String::new(),
        "../../etc/passwd".to_owned(),
        "%00%ff".to_owned(),
        "'OR'1'='1".to_owned(),
        "x".repeat(4000),
    ] {
        browser.cookies[position].set_value(value.clone());
        let page = look_without_keeping(&mut browser, "/").await;
        assert_eq!(page.status, StatusCode::OK, "{value}");
        assert!(!page.body.contains("Ada"), "{value}");
        assert_eq!(look_without_keeping(&mut browser, "/todos").await.status, StatusCode::FOUND, "{value}");
    }
    browser.cookies[position].set_value(genuine);
    assert_eq!(browser.look("/todos").await.status, StatusCode::OK, "the genuine one still works");
}

async fn look_without_keeping(browser: &mut Browser, path: &str) -> Page {
    let kept = browser.cookies.clone();
    let page = browser.look(path).await;
    browser.cookies = kept;
    page
}

/// 38.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn markup_in_texts_and_names_is_shown_and_does_nothing() {
    const TODO: &str = "</script><script>alert(1)</script>";
    const ATTRIBUTE: &str = "\" autofocus onfocus=alert(1) data-evil=\"";
    const COMMENT: &str = "<!-- <script> --!> ]]> \u{2028} {{7*7}} &amp;";
    const NAME: &str = "</title><img src=x onerror=alert(1)>'\"&";
    let errand = TestErrand::start().await;
    let mut browser = errand.browser();
    browser.sign_up("ada@example.com", NAME).await;
    for text in [TODO, ATTRIBUTE, COMMENT] {
        browser.submit("form.add", &[("description", text)]).await;
    }
    let texts: Vec<String> = browser.page.todos().into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, [TODO, ATTRIBUTE, COMMENT], "shown as they were typed");
    let edit = browser.page.attribute("li.todo:first-child a", "href").unwrap();
    let edited = format!("/todos{edit}");
    for path in ["/", "/todos", "/account", "/no-such-page", &edited] {
        let page = browser.look(path).await;
        assert_eq!(page.texts(".nav-customer__name"), [NAME], "{path}");
        inert(&page);
    }
    // As an error's draft.
    let long = format!("{ATTRIBUTE}{TODO}{}", "x".repeat(500));
    browser.open("/todos").await;
    let page = browser.submit("form.add", &[("description", &long)]).await.clone();
    assert_eq!(page.attribute("#new-todo", "value").unwrap(), long);
    inert(&page);
    // In an address.
    for path in ["/%3Cscript%3Ealert(1)%3C/script%3E", "/todos?edit=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"] {
        inert(&browser.look(path).await);
    }
    let problem = "/sign-in-problem?reason=%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E";
    inert(&browser.look(problem).await);
    // And on the tenant's pages.
    let mailbox = browser.tenant.join("/mailbox?to=%3Cscript%3Ealert(1)%3C/script%3E").unwrap();
    inert(&browser.send(browser.request(Method::GET, mailbox)).await);
}

/// Nothing that came from outside became an element, an attribute or a script.
fn inert(page: &Page) {
    let html = page.html();
    let css = crate::test_browser::css;
    assert_eq!(html.select(&css("img, [onerror], [onfocus], [data-evil]")).count(), 0, "{}: {}", page.url, page.body);
    for script in html.select(&css("script")) {
        let text: String = script.text().collect();
        assert!(!text.trim_start().starts_with("alert"), "{}: {text}", page.url);
    }
    // However a browser reads it: no tag was closed or opened by the text, in the hydration data least of all.
    for tag in ["<script>alert", "</script><script>alert", "<img src=x", "</title><img", "<!-- <script>"] {
        assert!(!page.body.contains(tag), "{}: {tag} in {}", page.url, page.body);
    }
}
