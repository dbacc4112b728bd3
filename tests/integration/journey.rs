//! The whole way of a customer, without scripts.

use reqwest::StatusCode;

use crate::test_browser::Browser;
use crate::test_errand::TestErrand;

fn todos(expected: &[(&str, bool)]) -> Vec<(String, bool)> {
    expected.iter().map(|(text, done)| ((*text).to_owned(), *done)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_signs_up_keeps_a_list_signs_out_and_finds_it_again() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    assert_eq!(browser.page.todos(), []);
    assert_eq!(browser.page.texts(".nav-customer__name"), ["Ada Lovelace"]);

    browser.submit("form.add", &[("description", "buy milk")]).await;
    browser.submit("form.add", &[("description", "call grandmother")]).await;
    browser.submit("form.add", &[("description", "water the plants")]).await;
    let three = todos(&[("buy milk", false), ("call grandmother", false), ("water the plants", false)]);
    assert_eq!(browser.page.todos(), three);

    // Done, and then edited on the page that a link leads to.
    browser.submit("li.todo:first-child .check", &[]).await;
    let edit = browser.page.attribute("li.todo:nth-child(2) a", "href").unwrap();
    assert!(edit.starts_with("?edit="), "{edit}");
    browser.open(&format!("/todos{edit}")).await;
    assert_eq!(browser.page.attribute("form.edit [name=description]", "value").unwrap(), "call grandmother");
    let saved = browser.send_form("form.edit", &[("description", "call grandmother at six")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    assert_eq!(saved.location_path(), "/todos", "the row is no longer being edited");
    browser.follow(saved).await;
    browser.submit("li.todo:nth-child(3) .todo__delete", &[]).await;
    let two = todos(&[("buy milk", true), ("call grandmother at six", false)]);
    assert_eq!(browser.page.todos(), two);

    // A plain form leads back to the page that it stood on.
    browser.open("/todos/completed").await;
    assert_eq!(browser.page.todos(), todos(&[("buy milk", true)]));
    let answer = browser.send_form("form.add", &[("description", "read a book")]).await;
    // What is new is not among what is completed.
    assert_eq!((answer.status, answer.location_path().as_str()), (StatusCode::SEE_OTHER, "/todos"));
    browser.open("/todos/completed").await;
    let answer = browser.send_form("li.todo .check", &[]).await;
    assert_eq!((answer.status, answer.location_path().as_str()), (StatusCode::SEE_OTHER, "/todos/completed"));
    browser.follow(answer).await;
    assert_eq!(browser.page.todos(), todos(&[]));
    browser.open("/todos").await;
    browser.submit("li.todo:first-child .check", &[]).await;

    // Everything of one to-do, on the page of its details.
    browser.submit("li.todo:first-child .star", &[]).await;
    assert_eq!(browser.page.attribute("li.todo:first-child .star", "aria-pressed").as_deref(), Some("true"));
    let details = browser.page.attribute("li.todo:first-child .todo__more", "href").unwrap();
    browser.open(&format!("/todos{details}")).await;
    // A note is text, whatever it looks like.
    let note = "two </textarea><b>litres</b> &lt;\nof oat milk";
    let typed = [("details[note]", note), ("details[due][day]", "2026-12-24"), ("details[due][time]", "09:00")];
    browser.submit(".details__form", &typed).await;
    assert_eq!(browser.page.url.query(), details.strip_prefix('?'), "the details stay open");
    assert_eq!(browser.page.texts(".details textarea"), [note]);
    assert_eq!(browser.page.attribute("#details-due-day", "value").as_deref(), Some("2026-12-24"));
    assert!(browser.page.texts(".facts").concat().contains("24 Dec"), "{}", browser.page.body);
    let before = browser.page.clone();
    browser.submit(".details .inline-form button", &[("text", "find the shop")]).await;
    browser.page = before;
    browser.submit(".details .inline-form button", &[("text", "find the shop")]).await;
    assert_eq!(browser.page.texts(".step").len(), 1, "sent twice, it is added once");
    browser.submit(".step .check", &[]).await;
    assert_eq!(browser.page.texts(".facts > span").first().map(String::as_str), Some("1 of 1 steps done"));
    browser.submit(".details button[value=never]", &[]).await;
    assert_eq!(browser.page.texts(".facts time"), [] as [&str; 0]);
    // What cannot be saved is said, and stays in its field.
    browser.submit(".details__form", &[("details[note]", "still here"), ("details[due][time]", "09:00")]).await;
    assert!(browser.page.alert().contains("Choose the day as well"), "{}", browser.page.alert());
    assert_eq!(browser.page.texts(".details textarea"), ["still here"]);
    browser.open(&format!("/todos{details}")).await;
    assert_eq!(browser.page.todos()[0].0, "buy milk");
    browser.submit(".details__end form:nth-child(2) button", &[]).await;
    assert_eq!(browser.page.todos()[1].0, "buy milk", "one place down");
    browser.submit(".details__end form:nth-child(1) button", &[]).await;
    assert_eq!(browser.page.todos()[0].0, "buy milk", "and up again");
    browser.submit(".details__delete button", &[]).await;
    assert!(!browser.page.todos().iter().any(|(text, _)| text == "buy milk"), "{:?}", browser.page.todos());
    browser.submit(".toast form", &[]).await;
    assert_eq!(browser.page.todos()[0], ("buy milk".to_owned(), true), "where it was");

    // A list of their own, and all of it away and back again.
    let before = browser.page.clone();
    browser.submit("form.new-list", &[("name", "Home")]).await;
    browser.page = before;
    browser.submit("form.new-list", &[("name", "Home")]).await;
    assert_eq!(browser.page.texts("ul[aria-label=Lists] li").len(), 1, "sent twice, it is added once");
    let list = browser.page.attribute("ul[aria-label=Lists] a", "href").expect("the list");
    browser.open(&list).await;
    assert_eq!((browser.page.texts("h1"), browser.page.todos()), (vec!["Home".to_owned()], todos(&[])));
    browser.submit("form.add", &[("description", "paint the door")]).await;
    assert_eq!(browser.page.todos(), todos(&[("paint the door", false)]));
    browser.submit(".list-options form:nth-child(1)", &[("name", "House")]).await;
    assert_eq!(browser.page.texts("h1"), ["House"]);
    browser.submit(".list-options form:nth-child(2)", &[]).await;
    assert_eq!(browser.page.todos(), todos(&[]));
    browser.submit(".toast form", &[]).await;
    assert_eq!(
        (browser.page.texts("h1"), browser.page.todos()),
        (vec!["House".to_owned()], todos(&[("paint the door", false)]))
    );
    browser.submit(".list-options form:nth-child(2)", &[]).await;

    browser.open("/todos").await;
    browser.submit(".nav-customer form", &[]).await;
    assert_eq!(browser.page.url, browser.web);
    assert!(browser.page.texts("nav").concat().contains("Sign in"), "{}", browser.page.body);
    assert!(!browser.page.body.contains("Ada Lovelace"));

    // Signed out at the provider, too: the password is asked for.
    browser.open("/todos").await;
    browser.sign_in_here("ada@example.com").await;
    let three = todos(&[("buy milk", true), ("call grandmother at six", false), ("read a book", false)]);
    assert_eq!(browser.page.todos(), three);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_sets_moves_and_removes_a_reminder() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "call Bob")]).await;
    let details = browser.page.attribute("li.todo:first-child .todo__more", "href").unwrap();
    let address = format!("/todos{details}");
    let fields = |browser: &Browser| {
        ["#details-reminder-day", "#details-reminder-time"]
            .map(|field| browser.page.attribute(field, "value").unwrap_or_default())
    };
    browser.open(&address).await;
    for (day, time) in [("2026-12-23", "20:00"), ("2026-12-24", "08:30"), ("", "")] {
        browser.submit(".details__form", &[("details[reminder][day]", day), ("details[reminder][time]", time)]).await;
        browser.open(&address).await;
        assert_eq!(fields(&browser), [day, time]);
    }
    // A day alone is no moment.
    let half = [("details[reminder][day]", "2026-12-23"), ("details[reminder][time]", "")];
    browser.submit(".details__form", &half).await;
    assert!(browser.page.alert().contains("Choose the time of the reminder as well"), "{}", browser.page.alert());
    assert_eq!(fields(&browser), ["2026-12-23", ""], "what was chosen is still there");
    browser.open(&address).await;
    assert_eq!(fields(&browser), ["", ""]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_scripts_a_customer_says_their_time_zone_once() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "call Bob")]).await;
    let details = browser.page.attribute("li.todo:first-child .todo__more", "href").unwrap();
    browser.open(&format!("/todos{details}")).await;
    let zone = |browser: &Browser, part: &str| {
        browser.page.attribute(&format!("input[name='details[{part}][time_zone]']"), "value").unwrap_or_default()
    };
    assert_eq!(zone(&browser, "due"), "UTC");
    // What the form had of itself was not said.
    browser.submit(".details__form", &[("details[due][day]", "2026-12-23"), ("details[due][time]", "20:00")]).await;
    assert!(browser.cookies.iter().all(|cookie| cookie.name() != "time-zone"), "{:?}", browser.cookies);
    let due = |zone| {
        [
            ("details[due][day]", "2026-12-23"),
            ("details[due][time]", "20:00"),
            ("details[due][time_zone]", zone),
            ("details[repeat]", "FREQ=WEEKLY"),
        ]
    };
    browser.submit(".details__form", &due("Madrid")).await;
    assert!(browser.page.alert().contains("There is no such time zone"), "{}", browser.page.alert());
    assert_eq!(zone(&browser, "due"), "Madrid", "what was filled in is still there");
    assert_eq!(browser.page.attribute("#details-due-time", "value").as_deref(), Some("20:00"));
    assert_eq!(browser.page.attribute("#details-repeat option[selected]", "value").as_deref(), Some("FREQ=WEEKLY"));
    browser.submit(".details__form", &due("Europe/Madrid")).await;
    assert_eq!(browser.page.alert(), "");
    assert_eq!(browser.page.texts(".details__hint").concat().matches("Europe/Madrid").count(), 1);
    assert_eq!(zone(&browser, "reminder"), "Europe/Madrid", "it is known from now on");
    browser.submit(".details__form", &due("europe/lisbon")).await;
    assert_eq!(zone(&browser, "due"), "Europe/Lisbon", "as it is spelt");
    assert_eq!(zone(&browser, "reminder"), "Europe/Lisbon", "what was said last counts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_list_is_not_deleted_with_what_its_page_has_not_shown() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit("form.new-list", &[("name", "Home")]).await;
    let list = browser.page.attribute("ul[aria-label=Lists] a", "href").expect("the list");
    browser.open(&list).await;
    let before = browser.page.clone();
    browser.submit("form.add", &[("description", "paint the door")]).await;
    browser.page = before;
    browser.submit(".list-options form:nth-child(2)", &[]).await;
    assert!(browser.page.alert().contains("Another device changed this meanwhile"), "{}", browser.page.alert());
    assert_eq!(browser.page.todos(), todos(&[("paint the door", false)]));
    browser.submit(".list-options form:nth-child(2)", &[]).await;
    assert_eq!(browser.page.todos(), todos(&[]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_scripts_a_search_goes_on_beside_the_details() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    for text in ["buy milk & 100% juice", "call Bob"] {
        browser.submit("form.add", &[("description", text)]).await;
    }
    browser.open("/todos?q=milk+%26+100%25&sort=text").await;
    let found = todos(&[("buy milk & 100% juice", false)]);
    assert_eq!(browser.page.todos(), found);
    for link in [".todo__more", ".todo__edit"] {
        browser.open("/todos?q=milk+%26+100%25&sort=text").await;
        let href = browser.page.attribute(&format!("li.todo:first-child {link}"), "href").unwrap();
        browser.open(&format!("/todos{href}")).await;
        assert!(browser.page.todos().iter().all(|(text, _)| text != "call Bob"), "{href}");
    }
    browser.open("/todos?q=milk+%26+100%25&sort=text").await;
    let href = browser.page.attribute("li.todo:first-child .todo__more", "href").unwrap();
    browser.open(&format!("/todos{href}")).await;
    let close = browser.page.attribute("#close-details", "href").unwrap();
    browser.open(&close).await;
    assert_eq!(browser.page.todos(), found);
}

/// 59, end to end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_sees_and_changes_nothing_of_another_ones_list() {
    let errand = TestErrand::start().await;
    let mut ada = errand.sign_up("ada@example.com").await;
    let mut bob = errand.sign_up("bob@example.com").await;
    let id = uuid::Uuid::new_v4().to_string();
    let id = id.as_str();
    ada.call("todos/add", &[("id", id), ("description", "a secret of Ada's")]).await;

    assert_eq!(bob.open("/todos").await.todos(), []);
    let edited = bob.call("todos/edit", &[("id", id), ("description", "gotcha")]).await;
    assert_eq!(edited.status, StatusCode::NOT_FOUND, "{}", edited.body);
    bob.call("todos/done", &[("id", id), ("done", "true")]).await;
    bob.call("todos/delete", &[("id", id)]).await;
    for seen in ["1000", &format!("{id}:1")] {
        bob.call("todos/done-all", &[("done", "true"), ("seen", seen)]).await;
        bob.call("todos/clear-completed", &[("seen", seen)]).await;
    }
    for change in ["1", "2", "3"] {
        bob.call("todos/undo", &[("change", change)]).await;
    }
    assert_eq!(ada.open("/todos").await.todos(), todos(&[("a secret of Ada's", false)]));
}

/// 40: the Back button asks the server again (`no-store`), and the server knows nobody any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_cookie_kept_from_before_signing_out_is_worth_nothing() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let kept = browser.cookies.clone();
    browser.submit(".nav-customer form", &[]).await;
    browser.cookies = kept;
    let page = browser.look("/todos").await;
    assert_eq!(page.status, StatusCode::FOUND);
    assert_eq!(page.location_path(), "/auth/sign-in?return_to=%2Ftodos");
    assert_eq!(browser.call("todos/list", &[]).await.status, StatusCode::UNAUTHORIZED);
}
