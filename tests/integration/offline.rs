//! The page that the service worker keeps for when there is no network (`public/service-worker.js`).

use reqwest::{Method, StatusCode, header};

use crate::test_browser::{Browser, Page};
use crate::test_errand::TestErrand;

/// Asks for the list as the service worker does.
async fn kept(browser: &mut Browser) -> Page {
    let url = browser.web.join("/todos").unwrap();
    let request = browser
        .request(Method::GET, url)
        .header(header::ACCEPT, "text/html")
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-mode", "same-origin")
        .header("sec-fetch-dest", "empty")
        .header("x-keeps-page", "1");
    browser.send(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keeping_the_list_takes_nothing_away_that_somebody_is_to_see() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.open("/todos").await;
    let answer = browser.send_form("form.add", &[("description", "  ")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = kept(&mut browser).await;
    assert_eq!((page.status, page.alert()), (StatusCode::OK, String::new()), "nobody looks at it");
    let seen = browser.open("/todos").await;
    assert!(seen.alert().contains("Write what is to be done"), "{}", seen.body);
    assert_eq!(
        page.attribute("input[name=author]", "value"),
        seen.attribute("input[name=author]", "value"),
        "its forms say whose they are"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_somebody_signed_out_would_keep_is_no_page() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.call("todos/add", &[("description", "A private matter")]).await;
    assert!(kept(&mut browser).await.body.contains("A private matter"));
    browser.open("/todos").await;
    browser.submit(".nav-customer form", &[]).await;
    let page = kept(&mut browser).await;
    assert!(page.status.is_redirection() && !page.body.contains("A private matter"), "{}", page.status);
}
