//! A customer must leave in the middle of something: to allow it, or to prove more. What becomes of it.

use errand::platform::clock::Clock;
use reqwest::{Method, StatusCode, header};
use url::Url;

use crate::test_browser::{Browser, Page};
use crate::test_errand::TestErrand;

fn said(page: &Page) -> String {
    page.texts("#profile [role=status]").concat()
}

fn failed(page: &Page) -> String {
    page.texts("#profile [role=alert]").concat()
}

fn name(page: &Page) -> String {
    page.attribute("#display_name", "value").unwrap_or_default()
}

/// Changes the name by the form of the account page. Changing a profile was not allowed yet, so the consent page follows.
async fn change_name(browser: &mut Browser, new: &str) {
    browser.open("/account").await;
    browser.submit("#profile form", &[("display_name", new)]).await;
    assert!(is_at_tenant(browser), "{}", browser.page.everything());
    assert!(browser.page.body.contains("Accept"), "{}", browser.page.body);
}

fn is_at_tenant(browser: &Browser) -> bool {
    browser.page.url.origin() == browser.tenant.origin()
}

/// Presses "Cancel" of the consent page.
async fn cancel(browser: &mut Browser) {
    let fields: Vec<(&str, String)> = ["token", "scopes"]
        .into_iter()
        .map(|name| (name, browser.page.attribute(&format!("form [name={name}]"), "value").unwrap_or_default()))
        .chain([("decision", "cancel".to_owned())])
        .collect();
    let action = browser.page.attribute("form:not(.quiet)", "action").unwrap_or_default();
    let url: Url = browser.page.url.join(&action).unwrap();
    let request = browser
        .request(Method::POST, url.clone())
        .header(header::ACCEPT, "text/html")
        .header("sec-fetch-site", "same-origin")
        .header(header::ORIGIN, url.origin().ascii_serialization())
        .form(&fields);
    let answer = browser.send(request).await;
    browser.follow(answer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_customer_allows_is_done_at_once_when_they_come_back() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    change_name(&mut browser, "Countess").await;
    let page = browser.submit("form:not(.quiet)", &[]).await;
    assert_eq!((page.status, page.url.path()), (StatusCode::OK, "/account"), "{}", page.everything());
    assert_eq!((said(page).as_str(), name(page).as_str()), ("Your profile is saved.", "Countess"));
    assert_eq!(page.texts(".nav-customer__name"), ["Countess"]);
    let page = browser.open("/account").await;
    assert_eq!((said(page).as_str(), name(page).as_str()), ("", "Countess"), "told once");
    assert!(browser.cookies.iter().all(|cookie| cookie.name() != "errand-draft"), "{:?}", browser.cookies);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_pages_script_asked_for_is_done_when_the_customer_comes_back() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let answer = browser.call("profile", &[("display_name", "Countess"), ("given_name", "Ada")]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    let url = answer.json()["ConsentRequired"]["url"].as_str().unwrap().to_owned();
    browser.open(&url).await;
    let page = browser.submit("form:not(.quiet)", &[]).await;
    assert_eq!(page.url.path(), "/todos", "{}", page.everything());
    let page = browser.open("/account").await;
    assert_eq!((said(page).as_str(), name(page).as_str()), ("Your profile is saved.", "Countess"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_customer_does_not_allow_is_not_done_and_its_text_is_still_there() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    change_name(&mut browser, "Countess").await;
    cancel(&mut browser).await;
    let page = &browser.page;
    assert_eq!((page.status, page.url.path()), (StatusCode::OK, "/account"), "{}", page.everything());
    assert_eq!(failed(page), "You did not allow it. Nothing was changed.");
    assert_eq!(name(page), "Countess", "as it was typed");
    assert_eq!(page.texts(".nav-customer__name"), ["Ada Lovelace"], "still signed in, and not changed");
    let page = browser.open("/account").await;
    assert_eq!((failed(page).as_str(), name(page).as_str()), ("", "Ada Lovelace"));
    // Thinking again: it is asked for again.
    change_name(&mut browser, "Countess").await;
    let page = browser.submit("form:not(.quiet)", &[]).await;
    assert_eq!((said(page).as_str(), name(page).as_str()), ("Your profile is saved.", "Countess"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_customer_asked_for_is_never_done_for_another_who_comes_back() {
    let errand = TestErrand::start().await;
    let mut bob = errand.sign_up("bob@example.com").await;
    bob.open("/account").await;
    let mut browser = errand.sign_up("ada@example.com").await;
    change_name(&mut browser, "Countess").await;
    // Somebody else signs in on this browser instead, and allows the same.
    browser.cookies.retain(|cookie| cookie.name().starts_with("errand-"));
    browser.open("/account").await;
    browser.sign_in_here("bob@example.com").await;
    assert_eq!(name(&browser.page), "Ada Lovelace", "everybody is called that here");
    assert!(!browser.page.body.contains("Countess"), "{}", browser.page.body);
    change_name(&mut browser, "Bobby").await;
    let page = browser.submit("form:not(.quiet)", &[]).await;
    assert_eq!(name(page), "Bobby");
    let mut ada = errand.browser();
    ada.open("/account").await;
    ada.sign_in_here("ada@example.com").await;
    assert_eq!(name(&ada.page), "Ada Lovelace");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_allowed_is_done_once_however_often_the_page_is_asked_for() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    change_name(&mut browser, "Countess").await;
    let draft = browser.cookies.iter().find(|cookie| cookie.name() == "errand-draft").unwrap().clone();
    browser.submit("form:not(.quiet)", &[]).await;
    assert_eq!(name(&browser.page), "Countess");
    let page = browser.submit("#profile form", &[("display_name", "Ada again")]).await;
    assert_eq!(said(page), "Your profile is saved.");
    // The cookie of before, as a second window or a thief would bring it.
    browser.cookies.push(draft);
    let page = browser.open("/account").await;
    assert_eq!((said(page).as_str(), name(page).as_str()), ("", "Ada again"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_ordinary_sign_in_finishes_nothing() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    change_name(&mut browser, "Countess").await;
    // Back, without having allowed it.
    let page = browser.open("/account").await;
    assert_eq!(page.texts(".nav-customer__name"), ["Ada Lovelace"]);
    assert_eq!(name(page), "Countess", "offered, not done");
    let page = browser.open("/account").await;
    assert_eq!(name(page), "Ada Lovelace");
}

/// A page that everybody can open by its address says nothing that only a sealed cookie can say.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_told_that_they_declined_by_an_address_or_another_sessions_cookie() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    change_name(&mut browser, "Countess").await;
    cancel(&mut browser).await;
    let declined = browser.seen.iter().flat_map(|page| page.headers.get_all(header::SET_COOKIE));
    let declined = declined.filter_map(|set| set.to_str().ok()).find(|set| set.starts_with("errand-declined="));
    let declined = cookie::Cookie::parse(declined.expect("a cookie says so").to_owned()).unwrap();
    let mut bob = errand.sign_up("bob@example.com").await;
    bob.cookies.push(declined);
    for path in ["/account?declined=true", "/todos?declined", "/todos"] {
        let page = bob.open(path).await;
        assert!(!page.body.contains("You did not allow it"), "{path}");
    }
}

/// What every sample of MSAL has: the scopes of a sign-in among those of an API.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn scopes_of_openid_in_an_apis_set_keep_nobody_out() {
    let errand = TestErrand::start().await;
    let api = errand.secrets().api_client_id;
    let set = |name: &str| format!("[\"api://{api}/{name}\", \"offline_access\", \"openid\"]");
    let (read, write) = (set("ToDoList.Read"), set("ToDoList.ReadWrite"));
    let more = format!("[web.downstream_apis.todolist]\nscopes = {{ read = {read}, write = {write} }}\n");
    let errand = errand.restart(&more, Clock::system()).await;
    let mut browser = errand.sign_up("ada@example.com").await;
    assert_eq!((browser.page.status, browser.page.url.path()), (StatusCode::OK, "/todos"));
    let page = browser.submit("form.add", &[("description", "buy milk")]).await;
    let page =
        if page.url.origin() == errand_origin(&errand) { page } else { browser.submit("form:not(.quiet)", &[]).await };
    assert_eq!((page.url.path(), page.todos().len()), ("/todos", 1), "{}", page.everything());
}

fn errand_origin(errand: &TestErrand) -> url::Origin {
    Url::parse(&errand.addresses.web).unwrap().origin()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_who_comes_back_without_what_was_demanded_is_not_sent_away_again() {
    for (challenge, said) in [
        (
            "error=\"insufficient_scope\", scope=\"offline_access\", proposedAction=\"consent\"",
            "does not have the permission",
        ),
        ("error=\"insufficient_claims\", claims=\"e30\"", "no access for you"),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // An API that is never content.
        let answer = (StatusCode::FORBIDDEN.as_u16(), format!("Bearer {challenge}"));
        let api = axum::Router::new().fallback(move || {
            let (status, challenge) = answer.clone();
            async move { (axum::http::StatusCode::from_u16(status).unwrap(), [("www-authenticate", challenge)]) }
        });
        let served = tokio::spawn(async move { axum::serve(listener, api).await });
        let more = format!("[web.downstream_apis.todolist]\nbase_url = \"http://{address}\"\n");
        let errand = TestErrand::start_with(&more, Clock::system()).await;
        let mut browser = errand.sign_up("ada@example.com").await;
        if is_at_tenant(&browser) {
            browser.submit("form:not(.quiet)", &[]).await;
        }
        let page = browser.open("/todos").await;
        assert_eq!((page.status, page.url.path()), (StatusCode::FORBIDDEN, "/todos"), "{}", page.everything());
        assert!(page.alert().contains(said), "{}", page.body);
        let ways = page.texts("[role=alert] a");
        assert_eq!(ways, ["Sign in again", "Try again"]);
        let way = page.attribute("[role=alert] a", "href").unwrap();
        assert!(way.starts_with("/auth/sign-in?return_to=%2Ftodos&challenge="), "{way}");
        // Nothing of what only looks is to be finished later.
        for function in ["todos/overview", "todos/list", "lists/list"] {
            let before: Vec<_> = browser.cookies.iter().map(ToString::to_string).collect();
            browser.call(function, &[]).await;
            let after: Vec<_> = browser.cookies.iter().map(ToString::to_string).collect();
            assert_eq!(after, before, "{function}");
        }
        served.abort();
    }
}
