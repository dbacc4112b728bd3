//! Hours, months and restarts.

use errand::platform::clock::Clock;
use reqwest::StatusCode;
use time::{Duration, OffsetDateTime};

use crate::test_errand::TestErrand;

/// So that the tenant's refresh token (90 days) is over before the session.
const LONG_SESSIONS: &str = "[web.identity.session]\nidle_hours = 4800\nabsolute_hours = 4800\n";

fn clock() -> Clock {
    Clock::manual(OffsetDateTime::UNIX_EPOCH + Duration::days(20_600))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_two_hours_the_list_loads_and_changes_without_signing_in() {
    let clock = clock();
    let errand = TestErrand::start_with("", clock.clone()).await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    // Access tokens live an hour. Each round needs the refresh token that the last one brought.
    for round in 0..3 {
        clock.advance(Duration::hours(2));
        assert_eq!(browser.look("/todos").await.todos().len(), 1 + round);
        clock.advance(Duration::hours(2));
        let added = browser.call("todos/add", &[("description", "another")]).await;
        assert_eq!(added.status, StatusCode::OK, "{}", added.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn when_the_refresh_token_is_over_the_customer_signs_in_again_and_sees_no_error() {
    let clock = clock();
    let errand = TestErrand::start_with(LONG_SESSIONS, clock.clone()).await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    clock.advance(Duration::days(91));

    // The page still knows who is looking …
    assert_eq!(browser.look("/").await.texts(".nav-customer__name"), ["Ada Lovelace"]);
    // … and has its list only after signing in: by script, by plain form, by page load.
    let answer = browser.call("todos/list", &[]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
    assert_eq!(answer.json()["SignInRequired"]["url"], "/auth/sign-in?return_to=%2Ftodos");
    let form = browser.send_form("form.add", &[("description", "typed in spring")]).await;
    assert_eq!(form.status, StatusCode::SEE_OTHER);
    // Changing takes more than the sign-in before asked for, so this one asks for that, too.
    assert!(
        form.location_path().starts_with("/auth/sign-in?return_to=%2Ftodos&challenge="),
        "{}",
        form.location_path()
    );
    let page = browser.look("/todos").await;
    assert_eq!((page.status, page.location_path().as_str()), (StatusCode::FOUND, "/auth/sign-in?return_to=%2Ftodos"));

    browser.follow(page).await;
    let page = browser.sign_in_here("ada@example.com").await;
    assert_eq!(page.todos(), [("buy milk".to_owned(), false)]);
    assert_eq!(page.attribute("#new-todo", "value").as_deref(), Some("typed in spring"));
    let added = browser.submit("form.add", &[("description", "and written down")]).await;
    assert_eq!(added.todos().len(), 2);
}

/// The draft is sealed with its author's name.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_draft_is_not_shown_to_somebody_else_who_signs_in_instead() {
    let clock = clock();
    let errand = TestErrand::start_with(LONG_SESSIONS, clock.clone()).await;
    errand.sign_up("bob@example.com").await;
    let mut browser = errand.sign_up("ada@example.com").await;
    clock.advance(Duration::days(91));
    let form = browser.send_form("form.add", &[("description", "a secret of Ada's")]).await;
    browser.follow(form).await;
    let page = browser.sign_in_here("bob@example.com").await;
    assert_eq!(page.todos(), []);
    assert!(!page.body.contains("a secret of Ada's"));
}

/// 34.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_ends_after_a_week_of_silence() {
    let clock = clock();
    let errand = TestErrand::start_with("", clock.clone()).await;
    let mut browser = errand.sign_up("ada@example.com").await;
    for _ in 0..3 {
        clock.advance(Duration::days(6));
        assert_eq!(browser.look("/todos").await.status, StatusCode::OK);
    }
    clock.advance(Duration::days(7) + Duration::minutes(1));
    assert_eq!(browser.look("/todos").await.location_path(), "/auth/sign-in?return_to=%2Ftodos");
    assert_eq!(browser.call("todos/list", &[]).await.status, StatusCode::UNAUTHORIZED);
}

/// 89.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restart_signs_nobody_out_and_loses_nothing() {
    let clock = clock();
    let errand = TestErrand::start_with("", clock.clone()).await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    let errand = errand.restart("", clock.clone()).await;
    assert_eq!(browser.look("/todos").await.todos(), [("buy milk".to_owned(), false)]);
    // The refresh token survived as well, on both sides.
    clock.advance(Duration::hours(2));
    let errand = errand.restart("", clock.clone()).await;
    assert_eq!(browser.open("/todos").await.todos(), [("buy milk".to_owned(), false)]);
    let page = browser.submit("form.add", &[("description", "and bread")]).await;
    assert_eq!(page.todos().len(), 2);
    // And so did the account.
    let mut elsewhere = errand.browser();
    elsewhere.open("/todos").await;
    assert_eq!(elsewhere.sign_in_here("ada@example.com").await.todos().len(), 2);
}

/// 89: a sign-in that was on its way while the web server was replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restart_in_the_middle_of_a_sign_in_does_not_interrupt_it() {
    let clock = clock();
    let errand = TestErrand::start_with("", clock.clone()).await;
    errand.sign_up("ada@example.com").await;
    let mut browser = errand.browser();
    browser.open("/todos").await;
    let _errand = errand.restart("", clock).await;
    let page = browser.sign_in_here("ada@example.com").await;
    assert_eq!(page.url.path(), "/todos");
    assert_eq!(page.todos(), []);
}
