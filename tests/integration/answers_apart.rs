//! Case 92: no part of one answer (status, header, cookie, nonce, body) is found in another's, whatever is asked at once.

use std::collections::HashSet;

use futures::future::join_all;
use reqwest::{Method, StatusCode, header};

use crate::test_browser::{Browser, Page};
use crate::test_errand::TestErrand;

/// How often each of those who ask goes through all that they ask for.
const ROUNDS: usize = 60;

/// One who asks: a customer with a name and a to-do that nobody else has, or a visitor.
struct Asker {
    browser: Browser,
    name: Option<String>,
}

/// What is asked for, and what the answer must be.
#[derive(Clone, Copy)]
enum Asked {
    /// A page, with this status for customers.
    Page(&'static str, StatusCode),
    /// A page that a visitor is sent away from.
    CustomersPage(&'static str),
    /// A file, with its media type.
    File(&'static str, &'static str),
    /// No file, no page.
    Nothing(&'static str),
    /// A server function.
    Function(&'static str),
}

const ASKED: [Asked; 14] = [
    Asked::CustomersPage("/todos"),
    Asked::File("/favicon.svg", "image/svg+xml"),
    Asked::Page("/", StatusCode::OK),
    Asked::File("/manifest.webmanifest", "application/manifest+json"),
    Asked::CustomersPage("/account"),
    Asked::File("/favicon.ico", "image/x-icon"),
    Asked::Function("viewer"),
    Asked::Page("/no-such-page", StatusCode::NOT_FOUND),
    Asked::File("/apple-touch-icon.png", "image/png"),
    Asked::Page("/sign-in-problem?reason=expired", StatusCode::OK),
    Asked::Nothing("/pkg/no-such-file.js"),
    Asked::Function("todos/list"),
    Asked::CustomersPage("/todos/active"),
    Asked::File("/favicon.svg", "image/svg+xml"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_is_asked_at_once_each_answer_is_its_own() {
    let errand = TestErrand::start().await;
    let mut askers = Vec::new();
    for name in ["Ada Lovelace", "Grace Hopper", "Mary Somerville"] {
        let mut browser = errand.browser();
        let email = format!("{}@example.com", name.split(' ').next().unwrap().to_lowercase());
        browser.sign_up(&email, name).await;
        browser.submit("form.add", &[("description", &format!("only of {name}"))]).await;
        askers.push(Asker { browser, name: Some(name.to_owned()) });
    }
    askers.push(Asker { browser: errand.browser(), name: None });
    let names: Vec<String> = askers.iter().filter_map(|asker| asker.name.clone()).collect();
    // Several windows of each, so that as much as possible is under way at once.
    let windows = askers.iter().flat_map(|asker| [asker, asker, asker]);
    let nonces: Vec<String> = join_all(windows.enumerate().map(|(at, asker)| ask_on_and_on(asker, &names, at)))
        .await
        .into_iter()
        .flatten()
        .collect();
    let different: HashSet<&String> = nonces.iter().collect();
    assert_eq!(different.len(), nonces.len(), "no nonce was given twice");
    assert!(nonces.len() > 12 * ROUNDS * 3, "{} pages", nonces.len());
}

/// Asks for everything in turn, from another beginning than the other windows; gives back the nonces of the pages.
async fn ask_on_and_on(asker: &Asker, names: &[String], at: usize) -> Vec<String> {
    let mut nonces = Vec::new();
    for round in 0..ROUNDS * ASKED.len() {
        let what = ASKED[(round + at * 5) % ASKED.len()];
        let page = ask(asker, what).await;
        nonces.extend(check(&page, asker, what));
        // Whoever else is a customer here is nobody's business.
        for other in names.iter().filter(|other| Some(*other) != asker.name.as_ref()) {
            assert!(!page.everything().contains(other.as_str()), "{other} in {}", page.everything());
        }
    }
    nonces
}

async fn ask(asker: &Asker, what: Asked) -> Page {
    let browser = &asker.browser;
    let (method, path, accept) = match what {
        Asked::Page(path, _) | Asked::CustomersPage(path) => (Method::GET, path.to_owned(), "text/html"),
        Asked::File(path, _) | Asked::Nothing(path) => (Method::GET, path.to_owned(), "image/*,*/*;q=0.8"),
        Asked::Function(name) => (Method::POST, format!("/actions/{name}"), "application/json"),
    };
    let mut request = browser
        .request(method, browser.web.join(&path).unwrap())
        .header(header::ACCEPT, accept)
        .header(header::ORIGIN, browser.web.origin().ascii_serialization())
        .header("sec-fetch-site", "same-origin");
    if let Some(cookies) = browser.cookies_for(&path) {
        request = request.header(header::COOKIE, cookies);
    }
    if matches!(what, Asked::Function(_)) {
        request = request.form::<[(&str, &str); 0]>(&[]);
    }
    Page::read(request.send().await.unwrap()).await
}

/// The answer is what was asked for, and nothing of it is another's. Gives back the page's nonce.
fn check(page: &Page, asker: &Asker, what: Asked) -> Option<String> {
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    let all = || page.everything();
    assert!(page.headers.get(header::SET_COOKIE).is_none(), "nothing here sets a cookie: {}", all());
    match what {
        Asked::CustomersPage(_) if asker.name.is_none() => {
            assert_eq!(page.status, StatusCode::FOUND, "{}", all());
            assert!(page.location_path().starts_with("/auth/sign-in"), "{}", all());
            None
        }
        Asked::Page(path, status) => Some(check_page(page, asker, path, status)),
        Asked::CustomersPage(path) => {
            let nonce = check_page(page, asker, path, StatusCode::OK);
            if path.starts_with("/todos") {
                let own = format!("only of {}", asker.name.as_ref().unwrap());
                assert_eq!(page.todos(), [(own, false)], "{}", all());
            }
            Some(nonce)
        }
        Asked::File(_, kind) => {
            assert_eq!((page.status, page.header(header::CONTENT_TYPE)), (StatusCode::OK, kind), "{}", page.url);
            assert_eq!(page.header(header::CACHE_CONTROL), "public, max-age=86400", "{}", page.url);
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("nonce"), "{}: {policy}", page.url);
            assert!(page.headers.get(header::LOCATION).is_none(), "{}", page.url);
            None
        }
        Asked::Nothing(_) => {
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{}", all());
            assert!(!policy.contains("nonce"), "{}", all());
            None
        }
        Asked::Function(name) => {
            let expected = if asker.name.is_none() && name != "viewer" { 401 } else { 200 };
            assert_eq!(page.status.as_u16(), expected, "{}", all());
            assert!(!policy.contains("nonce"), "{}", all());
            if let Some(own) = &asker.name {
                assert!(page.body.contains(own.as_str()), "{}", all());
            }
            None
        }
    }
}

fn check_page(page: &Page, asker: &Asker, path: &str, status: StatusCode) -> String {
    let all = || page.everything();
    assert_eq!(page.status, status, "{path}: {}", all());
    assert!(page.headers.get(header::LOCATION).is_none(), "{path}: {}", all());
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next());
    let nonce = nonce.unwrap_or_else(|| panic!("{path}: no nonce in {policy:?}")).to_owned();
    // Some pages of visitors have none.
    assert!(
        page.body.contains(&format!("nonce=\"{nonce}\"")) || !page.body.contains("<script"),
        "{path}: the page's scripts carry the nonce of its policy"
    );
    assert_eq!(page.texts(".nav-customer__name"), asker.name.iter().cloned().collect::<Vec<_>>(), "{path}: {}", all());
    nonce
}
