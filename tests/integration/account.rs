//! The account page, without scripts.

use errand::platform::clock::Clock;
use reqwest::{Method, StatusCode, header};
use time::{Duration, OffsetDateTime};

use crate::test_browser::{Browser, Page};
use crate::test_errand::TestErrand;

/// What the card `id` says and shows.
fn said(page: &Page, id: &str) -> String {
    page.texts(&format!("#{id} [role=status]")).concat()
}

fn failed(page: &Page, id: &str) -> String {
    page.texts(&format!("#{id} [role=alert]")).concat()
}

fn browsers(page: &Page) -> usize {
    page.texts(".session").len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_takes_their_todos_with_them_and_deletes_them_all() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    browser.submit("form.add", &[("description", "=1+1")]).await;
    browser.open("/account").await;
    for (format, kind, part) in [
        ("json", "application/json", "\"description\":\"buy milk\""),
        ("ics", "text/calendar", "SUMMARY:buy milk\r\n"),
        ("todo.txt", "text/plain", " buy milk id:"),
        ("csv", "text/csv", ",'=1+1,"),
    ] {
        let address = format!("/account/export?format={format}");
        assert_eq!(browser.page.texts(&format!("#data a[href=\"{address}\"]")).len(), 1, "{format}");
        let url = browser.web.join(&address).unwrap();
        let file =
            browser.send(browser.request(Method::GET, url.clone()).header("sec-fetch-site", "same-origin")).await;
        assert_eq!(file.status, StatusCode::OK, "{format}: {}", file.body);
        assert!(file.header(header::CONTENT_TYPE).starts_with(kind) && file.body.contains(part), "{}", file.body);
        assert!(file.header(header::CONTENT_DISPOSITION).starts_with("attachment; filename="));
        let foreign = browser.send(browser.request(Method::GET, url).header("sec-fetch-site", "cross-site")).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    }
    let unknown = browser.web.join("/account/export?format=xml").unwrap();
    let unknown = browser.send(browser.request(Method::GET, unknown)).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);

    plain(&mut browser, "data/delete", &[("confirmation", "delte")]).await;
    assert_eq!(failed(browser.open("/account").await, "data"), "Type the word delete to confirm. Nothing was deleted.");
    assert_eq!(browser.open("/todos").await.todos().len(), 2);
    plain(&mut browser, "data/delete", &[("confirmation", " Delete ")]).await;
    assert_eq!(said(browser.open("/account").await, "data"), "All your to-dos are deleted.");
    assert_eq!(browser.open("/todos").await.todos(), []);

    // Whoever is not signed in is asked to, and comes back.
    let mut visitor = errand.browser();
    let url = visitor.web.join("/account/export?format=json").unwrap();
    let asked = visitor.send(visitor.request(Method::GET, url)).await;
    assert!(asked.location().path().starts_with("/auth/sign-in"), "{}", asked.everything());
}

/// Sends a file with the form of the account page, as a browser would.
async fn send_file(browser: &mut Browser, author: &str, name: &str, file: &str) -> Page {
    let web = browser.web.clone();
    let part = |name: &str, content: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name={name}\r\n\r\n{content}\r\n")
    };
    let body = part("\"author\"", author) + &part(&format!("\"file\"; filename=\"{name}\""), file) + "--cut--\r\n";
    let request = browser
        .request(Method::POST, web.join("/account/import").unwrap())
        .header(header::ACCEPT, "text/html,*/*;q=0.8")
        .header("sec-fetch-site", "same-origin")
        .header(header::ORIGIN, web.origin().ascii_serialization())
        .header(header::REFERER, web.join("/account").unwrap().as_str())
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
        .body(body);
    browser.send(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_brings_in_a_file_and_is_told_what_came_of_it() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    browser.open("/account").await;
    let form = "#data form[enctype=\"multipart/form-data\"]";
    assert_eq!(browser.page.attribute(form, "action").as_deref(), Some("/account/import"));
    let author = browser.page.attribute(&format!("{form} [name=author]"), "value").unwrap();
    let export = browser.web.join("/account/export?format=json").unwrap();
    let saved = browser.send(browser.request(Method::GET, export)).await.body;

    // A name in any case, and a byte order mark as some programs write it.
    let table = "\u{feff}description,done\ncall mum,false\n\"milk, bread\",true\n";
    for (name, file, told) in [
        ("Mine.CSV", table, "Imported 2 to-dos."),
        ("todos.json", &saved, "Nothing new was in that file. One was there already, and is left as it is."),
        ("none.csv", "description,done\n", "There is no to-do in that file."),
    ] {
        let answer = send_file(&mut browser, &author, name, file).await;
        assert_eq!(
            (answer.status, answer.header(header::LOCATION)),
            (StatusCode::SEE_OTHER, "/account#data"),
            "{name}"
        );
        assert_eq!(said(browser.open("/account").await, "data"), told, "{name}");
    }
    let todos = [("buy milk", false), ("call mum", false), ("milk, bread", true)];
    let todos = todos.map(|(text, done)| (text.to_owned(), done)).to_vec();
    assert_eq!(browser.open("/todos").await.todos(), todos);

    let long = "x".repeat(33 * 1024 * 1024);
    let bad = "description,due\none,never\ntwo,2026-11-28\nthree,2026-13-01\n";
    for (author, name, file, told) in [
        (author.as_str(), "bad.csv", bad, "The file is not acceptable. Nothing was imported. Line 2: "),
        (&author, "bad.csv", bad, " Line 4: "),
        (&author, "todos.xml", "<todos/>", "The name of the file has to end in .json, .ics, .txt or .csv."),
        (&author, "", "", "Choose a file first."),
        (&author, "long.txt", &long, "The file is larger than 32 MiB."),
        ("somebody-else", "mine.csv", table, "Somebody else has signed in"),
    ] {
        let answer = send_file(&mut browser, author, name, file).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{name}: {}", answer.body);
        let failed = failed(browser.open("/account").await, "data");
        assert!(failed.contains(told), "{name}: {failed}");
    }
    assert_eq!(browser.open("/todos").await.todos(), todos, "nothing of it came");

    let import = browser.web.join("/account/import").unwrap();
    let foreign = browser.request(Method::POST, import.clone()).header("sec-fetch-site", "cross-site");
    assert_eq!(browser.send(foreign).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.send(browser.request(Method::GET, import)).await.status, StatusCode::METHOD_NOT_ALLOWED);
    // Whoever is not signed in any more is asked to, however long the file is, and comes back to the page, which says that
    // the file is to be chosen once more.
    browser.cookies.retain(|cookie| cookie.name() != "errand");
    let asked = send_file(&mut browser, &author, "mine.csv", table).await;
    assert_eq!(asked.location_path(), "/auth/sign-in?return_to=%2Faccount");
    browser.follow(asked).await;
    assert_eq!(browser.page.url.path(), "/account", "{}", browser.page.body);
    assert_eq!(said(&browser.page, "data"), "Welcome back. A file cannot be kept meanwhile: choose it once more.");
    assert_eq!(said(browser.open("/account").await, "data"), "", "once");
    let mut visitor = errand.browser();
    let asked = send_file(&mut visitor, "", "long.txt", &long[..4 * 1024 * 1024]).await;
    assert_eq!(asked.location_path(), "/auth/sign-in?return_to=%2Faccount");
}

/// A second browser of the same customer.
async fn signed_in_elsewhere(errand: &TestErrand, email: &str) -> Browser {
    let mut browser = errand.browser();
    browser.open("/todos").await;
    browser.sign_in_here(email).await;
    browser
}

/// Sends a form with a checkbox as a browser would that has it checked, or not.
async fn choose_digest(browser: &mut Browser, enabled: bool, time_zone: &str) -> Page {
    let mut fields = vec![("time_zone", time_zone), ("hour", "7")];
    if enabled {
        fields.push(("enabled", "true"));
    }
    plain(browser, "digest", &fields).await
}

async fn plain(browser: &mut Browser, function: &str, fields: &[(&str, &str)]) -> Page {
    let web = browser.web.clone();
    let request = browser
        .request(Method::POST, web.join("/actions/").unwrap().join(function).unwrap())
        .header(header::ACCEPT, "text/html,*/*;q=0.8")
        .header("sec-fetch-site", "same-origin")
        .header(header::ORIGIN, web.origin().ascii_serialization())
        .header(header::REFERER, web.join("/account").unwrap().as_str())
        .form(fields);
    browser.send(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_ends_a_session_elsewhere_and_the_others_at_once() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let mut second = signed_in_elsewhere(&errand, "ada@example.com").await;
    let mut third = signed_in_elsewhere(&errand, "ada@example.com").await;
    assert_eq!(browsers(browser.open("/account").await), 3);
    assert!(browser.page.texts(".session:first-child").concat().contains("This browser"));

    let answer = browser.send_form(".session:nth-child(2) form", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header(header::LOCATION), "/account#sessions");
    browser.follow(answer).await;
    assert_eq!((browsers(&browser.page), said(&browser.page, "sessions").as_str()), (2, "That browser is signed out."));
    assert_eq!(said(browser.open("/account").await, "sessions"), "", "once");

    browser.submit("#sessions .part__body > form", &[]).await;
    assert_eq!(said(&browser.page, "sessions"), "One other browser is signed out.");
    assert_eq!(browsers(&browser.page), 1);
    for other in [&mut second, &mut third] {
        assert_eq!(other.look("/todos").await.location_path(), "/auth/sign-in?return_to=%2Ftodos");
    }
    assert_eq!(browser.look("/todos").await.status, StatusCode::OK);
}

/// Abuse case 93: the provider's session is still there, and does not make a new one of ours by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_browser_that_was_signed_out_elsewhere_says_so_and_wants_the_password() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let mut other = signed_in_elsewhere(&errand, "ada@example.com").await;
    let mut kept = errand.browser();
    kept.cookies.clone_from(&other.cookies);
    browser.open("/account").await;
    browser.submit(".session:nth-child(2) form", &[]).await;
    assert_eq!(said(&browser.page, "sessions"), "That browser is signed out.");

    // As often as it reloads, and whether it was open or comes back later with the cookie of then.
    for attempt in 0..2 {
        for other in [&mut other, &mut kept] {
            let page = other.open("/todos").await;
            assert_eq!((page.url.path(), page.status), ("/sign-in-problem", StatusCode::OK), "{attempt}");
            assert_eq!(page.texts("h1"), ["You were signed out from another browser"]);
            let url = page.attribute("main a.button", "href").unwrap();
            let page = other.open(&url).await;
            assert!(page.url.path().ends_with("/sign-in"), "the password is asked for: {}", page.url);
        }
    }
    // The provider's session of that browser has ended, too: without our cookies, it is asked all the same.
    kept.cookies.retain(|cookie| cookie.name().starts_with("errand_tenant"));
    assert_ne!(kept.cookies, [] as [cookie::Cookie<'_>; 0]);
    let mut page = kept.open("/todos").await.clone();
    for _ in 0..100 {
        if page.url.path().ends_with("/sign-in") {
            break;
        }
        // It is told in the background.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        kept.cookies.retain(|cookie| cookie.name().starts_with("errand_tenant"));
        page = kept.open("/todos").await.clone();
    }
    assert!(page.url.path().ends_with("/sign-in"), "{}", page.url);
    other.sign_in_here("ada@example.com").await;
    assert_eq!((other.page.url.path(), other.page.status), ("/todos", StatusCode::OK));
    assert_eq!(browser.look("/todos").await.status, StatusCode::OK, "and the one that did it goes on");
    assert_eq!(other.look("/account").await.status, StatusCode::OK);
}

/// ASVS 5.0 §7.5.2: an open browser that somebody finds does not throw its customer out of the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ending_sessions_asks_for_the_password_when_it_was_not_given_lately_and_then_does_it() {
    let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH + Duration::days(20_600));
    let errand = TestErrand::start_with("", clock.clone()).await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let mut other = signed_in_elsewhere(&errand, "ada@example.com").await;
    clock.advance(Duration::hours(1));
    browser.open("/account").await;
    browser.submit("#sessions .part__body > form", &[]).await;
    assert!(browser.page.url.path().ends_with("/sign-in"), "{}", browser.page.url);
    assert_eq!(other.look("/todos").await.status, StatusCode::OK, "nothing has happened yet");
    let page = browser.sign_in_here("ada@example.com").await;
    assert_eq!((page.url.path(), said(page, "sessions").as_str()), ("/account", "One other browser is signed out."));
    assert_eq!(browsers(&browser.page), 1);
    assert_eq!(said(browser.open("/account").await, "sessions"), "", "once");
    assert_eq!(other.open("/todos").await.texts("h1"), ["You were signed out from another browser"]);
    // By script, the page is told where to go.
    clock.advance(Duration::hours(1));
    let answer = browser.call("sessions/end-others", &[]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let url = answer.json()["SignInRequired"]["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("/auth/sign-in?return_to="), "{url}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_ends_the_session_of_somebody_else() {
    let errand = TestErrand::start().await;
    let mut ada = errand.sign_up("ada@example.com").await;
    let mut ada_elsewhere = signed_in_elsewhere(&errand, "ada@example.com").await;
    let mut bob = errand.sign_up("bob@example.com").await;
    ada.open("/account").await;
    let handle = ada.page.attribute(".session form [name=handle]", "value").unwrap();
    plain(&mut bob, "sessions/end", &[("handle", &handle)]).await;
    plain(&mut bob, "sessions/end-others", &[]).await;
    assert_eq!(ada_elsewhere.look("/todos").await.status, StatusCode::OK);
    assert_eq!(browsers(bob.open("/account").await), 1);
    // And a visitor ends nothing at all.
    let mut visitor = errand.browser();
    let answer = plain(&mut visitor, "sessions/end", &[("handle", &handle)]).await;
    assert_eq!(answer.location_path(), "/auth/sign-in?return_to=%2Faccount");
    assert_eq!(ada_elsewhere.look("/todos").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_digest_is_chosen_refused_with_a_reason_and_given_up_again() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    browser.open("/account").await;
    assert!(browser.page.attribute("#digest [name=enabled]", "checked").is_none());

    let answer = choose_digest(&mut browser, true, "").await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/account#digest"));
    browser.follow(answer).await;
    assert!(failed(&browser.page, "digest").contains("Choose your time zone"), "{}", browser.page.body);
    assert!(browser.page.attribute("#digest [name=enabled]", "checked").is_some(), "what was chosen is kept");
    for (zone, reason) in [("Mars/Olympus", "no time zone"), ("../../etc/passwd", "no time zone")] {
        let answer = choose_digest(&mut browser, true, zone).await;
        browser.follow(answer).await;
        assert!(failed(&browser.page, "digest").contains(reason), "{zone}: {}", failed(&browser.page, "digest"));
    }

    let answer = choose_digest(&mut browser, true, "Pacific/Chatham").await;
    browser.follow(answer).await;
    assert!(said(&browser.page, "digest").contains("each morning at 7:00"), "{}", browser.page.body);
    browser.open("/account").await;
    assert!(browser.page.attribute("#digest [name=enabled]", "checked").is_some());
    let chosen = browser.page.attribute("#time_zone option[selected]", "value");
    assert_eq!(chosen.as_deref(), Some("Pacific/Chatham"), "also one that the list does not have");

    let answer = choose_digest(&mut browser, false, "Pacific/Chatham").await;
    browser.follow(answer).await;
    assert!(said(&browser.page, "digest").contains("no daily digest"));
    assert!(browser.open("/account").await.attribute("#digest [name=enabled]", "checked").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_chosen_without_a_session_is_there_after_signing_in() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up("ada@example.com").await;
    let author = browser.open("/account").await.attribute("#digest [name=author]", "value").unwrap();
    browser.submit(".nav-customer form", &[]).await;
    // The page is still open in another window, and says whose it is.
    let fields = [("author", author.as_str()), ("time_zone", "Asia/Tokyo"), ("hour", "7"), ("enabled", "true")];
    let answer = plain(&mut browser, "digest", &fields).await;
    assert_eq!(answer.location_path(), "/auth/sign-in?return_to=%2Faccount");
    browser.follow(answer).await;
    let page = browser.sign_in_here("ada@example.com").await;
    assert_eq!(page.url.path(), "/account");
    assert_eq!(page.attribute("#time_zone option[selected]", "value").as_deref(), Some("Asia/Tokyo"));
    assert!(page.attribute("#digest [name=enabled]", "checked").is_some());
    assert!(said(page, "digest").contains("Welcome back"));
    let page = browser.open("/account").await;
    assert!(page.attribute("#digest [name=enabled]", "checked").is_none(), "it was not saved without being asked");
}
