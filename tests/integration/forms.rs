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

/// A page that the customer goes back to has the form of before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_form_that_is_sent_twice_adds_once_and_another_text_on_it_is_not_lost() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let form = browser.page.attribute(".add input[name=form]", "value").expect("each page's form has a name");
    assert_ne!(browser.open("/todos").await.attribute(".add input[name=form]", "value").as_ref(), Some(&form));
    for (text, expected) in
        [("buy milk", vec!["buy milk"]), ("buy milk", vec!["buy milk"]), ("call mum", vec!["buy milk", "call mum"])]
    {
        browser.call("todos/add", &[("form", &form), ("description", text)]).await;
        let todos: Vec<_> = browser.open("/todos").await.todos().into_iter().map(|(text, _)| text).collect();
        assert_eq!(todos, expected);
    }
    // Deleted, and typed once more on that page.
    browser.call("todos/done-all", &[("done", "true"), ("seen", "100")]).await;
    browser.call("todos/clear-completed", &[("seen", "100")]).await;
    browser.call("todos/add", &[("form", &form), ("description", "buy milk")]).await;
    assert_eq!(browser.open("/todos").await.todos().len(), 1);
}

fn draft(page: &Page) -> String {
    page.attribute("#new-todo", "value").unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_typed_without_a_session_is_in_the_field_after_signing_in_once() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let page = browser.open("/todos/active").await.clone();
    browser.submit(".nav-customer form", &[]).await;

    // The page is still open in another window, and says whose it is.
    browser.page = page;
    let answer = browser.send_form("form.add", &[("description", "typed \"too late\" & <lost>")]).await;
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
async fn a_draft_of_nobody_knows_whom_is_shown_to_nobody() {
    let errand = TestErrand::start().await;
    let _bob = errand.sign_up("bob@example.com").await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.cookies.clear();
    let answer = add_by_plain_form(&mut browser, "/todos", "a draft").await;
    browser.follow(answer).await;
    assert_eq!(draft(browser.sign_in_here("bob@example.com").await), "");
    browser.submit(".nav-customer form", &[]).await;
    browser.open("/todos").await;
    assert_eq!(draft(browser.sign_in_here("ada@example.com").await), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_draft_typed_after_the_session_ended_is_not_shown_to_somebody_else_who_signs_in_instead() {
    let errand = TestErrand::start().await;
    let _bob = errand.sign_up("bob@example.com").await;
    for ending in ["signed out", "the session's cookie is gone", "ended from elsewhere"] {
        let mut browser = errand.browser();
        browser.open("/todos").await;
        if browser.page.url.path().ends_with("/sign-in") && ending == "signed out" {
            browser = errand.sign_up("ada@example.com").await;
        } else {
            browser.sign_in_here("ada@example.com").await;
        }
        let page = browser.page.clone();
        match ending {
            "signed out" => drop(browser.submit(".nav-customer form", &[]).await),
            "ended from elsewhere" => {
                let mut elsewhere = errand.browser();
                elsewhere.open("/account").await;
                elsewhere.sign_in_here("ada@example.com").await;
                elsewhere.submit("#sessions .part__body > form", &[]).await;
                // So that the tenant asks who it is.
                browser.cookies.retain(|cookie| ["errand", "errand-author"].contains(&cookie.name()));
            }
            _ => browser.cookies.retain(|cookie| cookie.name() == "errand-author"),
        }
        browser.page = page;
        let answer = browser.send_form("form.add", &[("description", "a secret of Ada's")]).await;
        browser.follow(answer).await;
        if browser.page.url.path() == "/sign-in-problem" {
            let again = browser.page.attribute("main a[href^='/auth/sign-in']", "href").unwrap();
            browser.open(&again).await;
        }
        let page = browser.sign_in_here("bob@example.com").await;
        assert_eq!(page.url.path(), "/todos", "{ending}");
        assert!(!page.body.contains("a secret of Ada"), "{ending}");
        browser.open("/todos").await;
        assert!(!browser.page.body.contains("a secret of Ada"), "{ending}");
    }
}

/// The page says whose it is, and is believed before the browser, which somebody else may have used meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_form_of_one_customers_page_is_neither_done_for_nor_kept_for_the_next_one() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let adas_page = browser.page.clone();
    browser.submit(".nav-customer form", &[]).await;
    browser.sign_up("bob@example.com", "Bob").await;
    browser.page = adas_page.clone();
    let page = browser.submit("form.add", &[("description", "a secret of Ada's")]).await;
    assert!(page.alert().contains("Somebody else has signed in"), "{}", page.alert());
    assert!(page.todos().is_empty() && !page.body.contains("a secret"), "{}", page.body);

    browser.submit(".nav-customer form", &[]).await;
    browser.page = adas_page;
    let answer = browser.send_form("form.add", &[("description", "a secret of Ada's")]).await;
    browser.follow(answer).await;
    let page = browser.sign_in_here("bob@example.com").await;
    assert!(!page.body.contains("a secret"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn details_typed_without_a_session_are_in_their_fields_after_signing_in() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    let details = browser.page.attribute("li.todo .todo__more", "href").expect("a way to the details");
    let page = browser.open(&format!("/todos{details}")).await.clone();
    browser.submit(".nav-customer form", &[]).await;
    browser.page = page;
    let answer = browser.send_form(".details__form", &[("details[note]", "two litres")]).await;
    browser.follow(answer).await;
    let page = browser.sign_in_here("ada@example.com").await;
    assert_eq!(page.texts(".details textarea"), ["two litres"]);
}

/// The scripts of a page that was loaded before somebody else signed in go on: they try again what they could not send.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_of_another_customers_page_neither_changes_nor_shows_anything() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let ada = browser.page.attribute("form.add [name=author]", "value").expect("whose page it is");
    browser.submit(".nav-customer form", &[]).await;
    browser.sign_up("bob@example.com", "Bob").await;
    let bob = browser.page.attribute("form.add [name=author]", "value").expect("whose page it is");
    let id = uuid::Uuid::new_v4().to_string();
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let row = format!("done.{id}.1");
    let added = browser.call("todos/add", &[("id", &id), ("description", "bob's"), ("author", &bob)]).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.body);
    for (function, arguments) in [
        ("todos/list", vec![]),
        ("todos/overview", vec![]),
        ("todos/add", vec![("description", "ada's")]),
        ("todos/create", vec![("id", nobody), ("todo", r#"{"description": "ada's"}"#)]),
        ("todos/amend", vec![("id", id.as_str()), ("change", r#"{"starred": true}"#)]),
        ("todos/details", vec![("id", id.as_str()), ("details[description]", "ada's")]),
        ("todos/step", vec![("id", id.as_str()), ("what", "add"), ("text", "ada's")]),
        ("lists/list", vec![]),
        ("lists/add", vec![("name", "ada's")]),
        ("lists/rename", vec![("id", id.as_str()), ("name", "ada's")]),
        ("lists/delete", vec![("id", id.as_str())]),
        ("todos/row", vec![("row", &row)]),
        ("todos/move", vec![("id", id.as_str())]),
        ("todos/edit", vec![("id", id.as_str()), ("description", "ada's")]),
        ("todos/done", vec![("id", &id), ("done", "true")]),
        ("todos/delete", vec![("id", &id)]),
        ("todos/done-all", vec![("done", "true"), ("seen", "99")]),
        ("todos/clear-completed", vec![("seen", "99")]),
        ("todos/undo", vec![("change", "1")]),
        ("todos/undo-last", vec![]),
    ] {
        let arguments: Vec<_> = arguments.into_iter().chain([("author", ada.as_str())]).collect();
        let answer = browser.call(function, &arguments).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{function}: {}", answer.body);
        assert!(answer.body.contains("SomebodyElse") && !answer.body.contains("bob's"), "{function}: {}", answer.body);
    }
    assert_eq!(browser.open("/todos").await.todos(), [("bob's".to_owned(), false)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_draft_waits_for_the_page_that_it_belongs_to() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let page = browser.open("/account").await.clone();
    browser.submit(".nav-customer form", &[]).await;
    browser.page = page;
    let answer = browser.send_form("#digest form", &[("time_zone", "Asia/Tokyo")]).await;
    assert_eq!(answer.location_path(), "/auth/sign-in?return_to=%2Faccount");
    browser.open("/todos").await;
    assert_eq!(draft(browser.sign_in_here("ada@example.com").await), "");
    let page = browser.open("/account").await;
    assert_eq!(page.attribute("#time_zone option[selected]", "value").as_deref(), Some("Asia/Tokyo"));
    let page = browser.open("/account").await;
    assert_eq!(page.attribute("#time_zone option[selected]", "value").as_deref(), Some(""), "once");
}

/// What Leptos reads of `Accept` and `Referer` is what was understood before it: no spelling makes it redirect.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_spelling_of_accept_lets_a_referer_choose_where_a_call_leads() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let spellings: [&[&[u8]]; 9] = [
        &[b"text/html\xff"],
        &[b"\xfftext/html"],
        &[b"application/json;x=text/html"],
        &[b"text/html;q=0"],
        &[b"text/htmlx"],
        &[b"application/json", b"text/html\xff"],
        &[b"TEXT/HTML\xff,application/json"],
        &[b"text/html"],
        &[b"application/json", b"Text/HTML"],
    ];
    for accept in spellings {
        for function in ["todos/add", "todos/list", "no-such-function"] {
            let web = browser.web.clone();
            let mut request = browser
                .request(Method::POST, web.join("/actions/").unwrap().join(function).unwrap())
                .header("sec-fetch-site", "same-origin")
                .header(header::REFERER, "https://evil.example/\u{e9}")
                .header(header::REFERER, "https://evil.example/")
                .form(&[("description", "x")]);
            for line in accept {
                request = request.header(header::ACCEPT, header::HeaderValue::from_bytes(line).unwrap());
            }
            let answer = browser.send(request).await;
            assert!(!answer.everything().contains("evil.example"), "{accept:?}: {}", answer.everything());
            if answer.status.is_redirection() {
                assert_eq!(answer.location_path(), "/todos", "{accept:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_form_for_an_action_that_does_not_exist_is_a_page_that_says_so() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let web = browser.web.clone();
    for path in ["/actions/no-such", "/actions/todos/add/", "/actions//todos/add", "/actions/"] {
        for method in [Method::POST, Method::GET, Method::PUT] {
            let request = browser
                .request(method.clone(), web.join(path).unwrap())
                .header(header::ACCEPT, "text/html")
                .header("sec-fetch-site", "same-origin");
            let page = browser.send(request).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{method} {path}");
            assert!(page.body.contains("There is no such page"), "{method} {path}: {}", page.body);
        }
        let answer = browser.call(path.trim_start_matches("/actions/"), &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.body.is_empty(), "{path}");
    }
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
        ("todos/create", vec![("id", nobody), ("todo", "{}")], StatusCode::BAD_REQUEST, "Invalid"),
        ("todos/create", vec![("id", nobody), ("todo", "not JSON")], StatusCode::BAD_REQUEST, "Invalid"),
        ("todos/amend", vec![("id", nobody), ("change", "[")], StatusCode::BAD_REQUEST, "Invalid"),
        ("todos/amend", vec![("id", nobody), ("change", r#"{"starred": true}"#)], StatusCode::NOT_FOUND, "NotFound"),
        ("todos/details", vec![("id", nobody), ("details[description]", " ")], StatusCode::BAD_REQUEST, "Invalid"),
        (
            "todos/details",
            vec![("id", nobody), ("details[description]", "a"), ("details[due][day]", "31.12.2026")],
            StatusCode::BAD_REQUEST,
            "Invalid",
        ),
        (
            "todos/details",
            vec![("id", nobody), ("details[description]", "a"), ("details[due][time]", "09:00")],
            StatusCode::BAD_REQUEST,
            "Invalid",
        ),
        (
            "todos/details",
            vec![("id", nobody), ("details[description]", "a"), ("details[reminder][day]", "2026-12-31")],
            StatusCode::BAD_REQUEST,
            "Invalid",
        ),
        ("todos/details", vec![("id", nobody), ("details[description]", "a")], StatusCode::NOT_FOUND, "NotFound"),
        ("todos/step", vec![("id", nobody), ("what", "add"), ("text", "a")], StatusCode::NOT_FOUND, "NotFound"),
        ("todos/step", vec![("id", nobody), ("what", "eat")], StatusCode::BAD_REQUEST, "Invalid"),
        ("todos/move", vec![("id", nobody), ("after", "somewhere")], StatusCode::BAD_REQUEST, "Invalid"),
        ("lists/add", vec![("name", " ")], StatusCode::BAD_REQUEST, "Invalid"),
        ("lists/rename", vec![("id", nobody), ("name", "a")], StatusCode::NOT_FOUND, "NotFound"),
        ("todos/move", vec![("id", nobody), ("after", "")], StatusCode::NOT_FOUND, "NotFound"),
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
