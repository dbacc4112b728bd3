//! What travels compressed, and what does not.

use reqwest::header;

use crate::test_browser::{Browser, http};
use crate::test_errand::TestErrand;

/// The answer to a request of a site for an address, as it travels: its encoding, whether caches must know what was
/// accepted, and how long it is. Of a stream, only what stands before it.
async fn asked(browser: &Browser, path: &str, site: Option<&str>, accepted: &str) -> (String, bool, usize) {
    let mut request = http().get(browser.web.join(path).unwrap()).header(header::ACCEPT, "text/html,*/*");
    if let Some(cookies) = browser.cookies_for(path) {
        request = request.header(header::COOKIE, cookies);
    }
    if let Some(site) = site {
        request = request.header("sec-fetch-site", site);
    }
    if !accepted.is_empty() {
        request = request.header(header::ACCEPT_ENCODING, accepted);
    }
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{path}: {}", response.status());
    let value = |name: header::HeaderName| {
        let lines = response.headers().get_all(name).iter().map(|line| line.to_str().unwrap());
        lines.collect::<Vec<_>>().join(", ").to_ascii_lowercase()
    };
    let (encoding, vary) = (value(header::CONTENT_ENCODING), value(header::VARY).contains("accept-encoding"));
    let is_stream = value(header::CONTENT_TYPE).starts_with("text/event-stream");
    let length = if is_stream { 0 } else { response.bytes().await.unwrap().len() };
    (encoding, vary, length)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_travel_compressed() {
    const ALL: &str = "gzip, deflate, br, zstd";
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    for number in 0..5 {
        browser.call("todos/add", &[("description", &format!("Buy milk, trip {number}"))]).await;
    }
    let visitor = errand.browser();
    let (_, _, plain) = asked(&browser, "/todos", Some("none"), "").await;
    for (accepted, encoding) in [(ALL, "br"), ("gzip", "gzip"), ("gzip;q=0.5, br;q=0", "gzip")] {
        for (path, site) in
            [("/todos", Some("none")), ("/todos?q=milk", Some("same-origin")), ("/todos", Some("cross-site"))]
        {
            let (found, vary, length) = asked(&browser, path, site, accepted).await;
            assert_eq!((found.as_str(), vary), (encoding, true), "{path} {site:?} {accepted}");
            assert!(length < plain / 3, "{path}: {length} of {plain}");
        }
        assert_eq!(asked(&visitor, "/", None, accepted).await.0, encoding);
    }
    for accepted in ["", "identity", "br;q=0, gzip;q=0", "*;q=0", "zstd, identity;q=0.0"] {
        let (found, _, length) = asked(&browser, "/todos", Some("none"), accepted).await;
        assert!(found.is_empty() && length > plain / 2, "{accepted}: {found} {length}");
    }
    assert_eq!(asked(&browser, "/account/export?format=json", Some("same-origin"), ALL).await.0, "br");
    // Events are there at once, or are none.
    assert_eq!(asked(&browser, "/events", Some("same-origin"), ALL).await.0, "");
}

/// Who can watch the network, and make a browser ask for pages with words of their own, must not find out by the length of
/// the answers whether the words stand in the list (BREACH).
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_page_with_words_of_another_site_is_not_compressed() {
    let errand = TestErrand::start().await;
    let browser = errand.sign_up("ada@example.com").await;
    for path in ["/todos?q=iban", "/todos?x=iban", "/todos/active?q=iban", "/account?iban"] {
        for site in [Some("cross-site"), Some("same-site"), None] {
            let (encoding, _, length) = asked(&browser, path, site, "gzip, br").await;
            assert_eq!(encoding, "", "{path} {site:?}");
            assert!(length > 4000, "{path}: {length}");
        }
    }
}
