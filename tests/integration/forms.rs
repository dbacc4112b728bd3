//! Forms without scripts, and what becomes of what was typed into them.

use reqwest::{Method, StatusCode, header};

use crate::test_browser::{Browser, Page};
use crate::test_errand::TestErrand;

/// Sends the form of a page that was loaded before the session ended.
async fn add_by_plain_form(browser: &mut Browser, from: &str, text: &str) -> Page {
    let web = browser.web.clone();
    let request = browser
        .request(Method::POST, web.join("/actions/todos/add").unwrap())
        .header(header::ACCEPT, "text/html,*/*;q=0.8")
        .header("sec-fetch-site", "same-origin")
        .header(header::ORIGIN, web.origin().ascii_serialization())
        .header(header::REFERER, web.join(from).unwrap().as_str())
        .form(&[("description", text)]);
    browser.send(request).await
}

fn draft(page: &Page) -> String {
    page.attribute("#new-todo", "value").unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_typed_without_a_session_is_in_the_field_after_signing_in_once() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit(".nav-customer form", &[]).await;

    let answer = add_by_plain_form(&mut browser, "/todos/active", "typed \"too late\" & <lost>").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location_path(), "/auth/sign-in?return_to=%2Ftodos%2Factive");
    browser.follow(answer).await;
    let page = browser.sign_in_here("ada@example.com").await;
    assert_eq!(page.url.path(), "/todos/active");
    assert_eq!(page.todos(), [], "it was not saved without being asked");
    assert_eq!(draft(page), "typed \"too late\" & <lost>");
    assert_eq!(draft(browser.open("/todos").await), "", "once, not twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_draft_typed_without_any_session_is_the_first_ones_who_signs_in_and_then_gone() {
    let errand = TestErrand::start().await;
    let _bob = errand.sign_up("bob@example.com").await;
    let mut browser = errand.sign_up("ada@example.com").await;
    // Nobody knows whose it is. (Where the session still says so: `time_passes`.)
    browser.cookies.clear();
    let answer = add_by_plain_form(&mut browser, "/todos", "a draft").await;
    browser.follow(answer).await;
    assert_eq!(draft(browser.sign_in_here("bob@example.com").await), "a draft");
    browser.submit(".nav-customer form", &[]).await;
    browser.open("/todos").await;
    assert_eq!(draft(browser.sign_in_here("ada@example.com").await), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_text_that_cannot_be_saved_comes_back_with_the_reason_once() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let long = "é".repeat(501);
    for (text, reason, kept) in
        [("", "Write what is to be done.", ""), ("   ", "Write what", "   "), (&long, "longer than 500", &long)]
    {
        let answer = browser.send_form("form.add", &[("description", text)]).await;
        assert_eq!((answer.status, answer.location_path().as_str()), (StatusCode::SEE_OTHER, "/todos"), "{text:?}");
        let page = browser.follow(answer).await;
        assert!(page.alert().contains(reason), "{text:?}: {}", page.alert());
        assert_eq!(draft(page), kept);
        assert_eq!(page.todos(), []);
    }
    let page = browser.open("/todos").await;
    assert_eq!((page.alert().as_str(), draft(page).as_str()), ("", ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_edit_that_cannot_be_saved_stays_in_its_row() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    let edit = browser.page.attribute("li.todo a", "href").unwrap();
    browser.open(&format!("/todos{edit}")).await;
    let long = "x".repeat(501);
    let page = browser.submit("form.edit", &[("description", &long)]).await;
    assert!(page.alert().contains("longer than 500"), "{}", page.alert());
    assert_eq!(page.attribute("form.edit [name=description]", "value").unwrap(), long);
    assert_eq!(draft(page), "");
    // An empty text deletes.
    assert_eq!(browser.submit("form.edit", &[("description", " ")]).await.todos(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_that_fails_has_a_status_and_says_why_in_json() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let long = "x".repeat(501);
    for (function, arguments, status, error) in [
        ("todos/add", vec![("description", " ")], StatusCode::BAD_REQUEST, "Invalid"),
        ("todos/add", vec![("description", long.as_str())], StatusCode::BAD_REQUEST, "Invalid"),
        ("todos/add", vec![("description", "a\0b")], StatusCode::BAD_REQUEST, "Invalid"),
        ("todos/add", vec![], StatusCode::BAD_REQUEST, "Invalid"),
        ("todos/edit", vec![("id", nobody), ("description", "x")], StatusCode::NOT_FOUND, "NotFound"),
        ("todos/edit", vec![("id", "../../me"), ("description", "x")], StatusCode::BAD_REQUEST, "Invalid"),
        ("todos/done", vec![("id", nobody), ("done", "true")], StatusCode::NOT_FOUND, "NotFound"),
        ("todos/done", vec![("id", nobody), ("done", "perhaps")], StatusCode::BAD_REQUEST, "Invalid"),
    ] {
        let answer = browser.call(function, &arguments).await;
        assert_eq!(answer.status, status, "{function} {arguments:?}: {}", answer.body);
        assert!(answer.header(header::CONTENT_TYPE).starts_with("application/json"), "{function} {arguments:?}");
        let json = answer.json();
        assert!(json == error || json.get(error).is_some(), "{function} {arguments:?}: {json}");
    }
    // One that is gone already is what was wanted.
    assert_eq!(browser.call("todos/delete", &[("id", nobody)]).await.status, StatusCode::OK);
}

/// 22, in the `Referer` of a plain form.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_referer_of_another_site_or_none_leads_to_the_list() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    for referer in ["http://evil.example/todos", "//evil.example", "nonsense"] {
        let web = browser.web.clone();
        let request = browser
            .request(Method::POST, web.join("/actions/todos/add").unwrap())
            .header(header::ACCEPT, "text/html")
            .header("sec-fetch-site", "same-origin")
            .header(header::REFERER, referer)
            .form(&[("description", "x")]);
        let answer = browser.send(request).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, web.join("/todos").unwrap()));
    }
}
