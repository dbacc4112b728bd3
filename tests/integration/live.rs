//! Pages that hear of changes as they happen: streams of events at the web server.

use std::time::{Duration, Instant};

use errand::platform::clock::Clock;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use crate::programs::{PATIENCE, Programs, let_access_tokens_run_out, open};
use crate::test_browser::{Browser, http};
use crate::test_errand::TestErrand;

const EMAIL: &str = "ada@example.com";

/// A page that listens.
struct Stream {
    answer: reqwest::Response,
    text: String,
    /// All that ever came.
    all: String,
}

/// An event: id, type, data.
type Event = (i64, String, Value);

async fn ask(browser: &Browser, query: &str, headers: &[(&str, &str)]) -> reqwest::Response {
    let url = browser.web.join(&format!("/events{query}")).unwrap();
    let request = http().get(url).header(header::ACCEPT, "text/event-stream").header("sec-fetch-site", "same-origin");
    let request =
        browser.cookies_for("/events").into_iter().fold(request, |r, cookies| r.header(header::COOKIE, cookies));
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.unwrap()
}

impl Stream {
    async fn open(browser: &Browser, query: &str, headers: &[(&str, &str)]) -> Self {
        let answer = ask(browser, query, headers).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "text/event-stream");
        assert_eq!((header("cache-control"), header("x-accel-buffering")), ("no-store".to_owned(), "no".to_owned()));
        assert!(!answer.headers().contains_key(header::SET_COOKIE));
        let all = format!("{:?}", answer.headers());
        Self { answer, text: String::new(), all }
    }

    /// One that has heard where it begins.
    async fn begun(browser: &Browser) -> Self {
        let mut stream = Self::open(browser, "", &[]).await;
        let (_, event, data) = stream.event().await.unwrap();
        assert_eq!((event.as_str(), data), ("", Value::Null));
        stream
    }

    /// The next event that has an id; `None` at the end.
    async fn event(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let value = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let event = value("id:").map(|id| {
                    let data = value("data:").map(|data| serde_json::from_str(data).unwrap()).unwrap_or_default();
                    (id.parse().unwrap(), value("event:").unwrap_or_default().to_owned(), data)
                });
                let rest = rest.to_owned();
                self.text = rest;
                if event.is_some() {
                    return event;
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await.expect("something comes, or the end");
            // A server that dies cuts off what it was sending.
            let chunk = chunk.ok().flatten()?;
            self.text += std::str::from_utf8(&chunk).unwrap();
            self.all += std::str::from_utf8(&chunk).unwrap();
        }
    }

    async fn is_silent(&mut self) {
        let more = tokio::time::timeout(Duration::from_millis(500), self.event()).await;
        assert!(more.is_err(), "{more:?}");
    }
}

fn change(number: i64) -> Event {
    (number, "change".to_owned(), json!({ "change": number }))
}

async fn add(browser: &mut Browser, text: &str) {
    let answer = browser.call("todos/add", &[("description", text)]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

/// Another device of the customer's.
async fn another_device(errand: &TestErrand) -> Browser {
    let mut browser = errand.browser();
    browser.open("/auth/sign-in?return_to=%2Ftodos").await;
    browser.sign_in_here(EMAIL).await;
    assert_eq!(browser.page.url.path(), "/todos");
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_on_one_device_is_heard_on_another_within_a_second_and_says_only_its_number() {
    let errand = TestErrand::start().await;
    let mut one = errand.sign_up(EMAIL).await;
    let other = another_device(&errand).await;
    let mut streams = [Stream::begun(&other).await, Stream::begun(&other).await, Stream::begun(&one).await];
    let mut quickest = PATIENCE;
    for number in 1..=5 {
        let began = Instant::now();
        add(&mut one, "a secret text").await;
        for stream in &mut streams {
            assert_eq!(stream.event().await, Some(change(number)));
        }
        quickest = quickest.min(began.elapsed());
    }
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");
    for stream in &streams {
        assert!(!stream.all.contains("secret") && !stream.all.contains("eyJ"), "{}", stream.all);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_page_that_was_away_hears_once_that_there_is_more() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up(EMAIL).await;
    for text in ["a", "b", "c"] {
        add(&mut browser, text).await;
    }
    for (query, headers) in [("?since=1", &[][..]), ("?since=3", &[("last-event-id", "1")])] {
        let mut stream = Stream::open(&browser, query, headers).await;
        assert_eq!(stream.event().await, Some(change(3)), "{query}");
        stream.is_silent().await;
    }
    let mut knows_all = Stream::open(&browser, "?since=3", &[]).await;
    knows_all.is_silent().await;
    let mut of_another_database = Stream::open(&browser, "?since=9", &[]).await;
    assert_eq!(of_another_database.event().await, Some((3, "reset".to_owned(), json!({"last": 3}))));
    // What is no number was not seen.
    let mut nonsense = Stream::open(&browser, "?since=x", &[("last-event-id", "x")]).await;
    assert_eq!(nonsense.event().await, Some((3, String::new(), Value::Null)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn visitors_other_sites_and_dead_sessions_do_not_listen() {
    let errand = TestErrand::start().await;
    let browser = errand.sign_up(EMAIL).await;
    for site in ["cross-site", "same-site"] {
        let answer = http().get(browser.web.join("/events").unwrap()).header("sec-fetch-site", site);
        let answer = answer.header(header::COOKIE, browser.cookies_for("/").unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{site}");
    }
    let visitor = ask(&errand.browser(), "", &[]).await;
    assert_eq!(visitor.status(), StatusCode::UNAUTHORIZED);
    assert!(!visitor.headers().contains_key(header::SET_COOKIE));
    let mut tampered = errand.browser();
    tampered.cookies.push(cookie::Cookie::new("errand", "AAAAAAAAAAAAAAAAAAAAAA"));
    assert_eq!(ask(&tampered, "", &[]).await.status(), StatusCode::UNAUTHORIZED);
    let posted = browser.request(reqwest::Method::POST, browser.web.join("/events").unwrap()).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_customers_changes_never_arrive() {
    let errand = TestErrand::start().await;
    let mut ada = errand.sign_up(EMAIL).await;
    let mut bob = errand.sign_up("bob@example.com").await;
    let mut stream = Stream::begun(&bob).await;
    add(&mut ada, "hers").await;
    stream.is_silent().await;
    add(&mut bob, "his").await;
    assert_eq!(stream.event().await, Some(change(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn listening_extends_no_session_and_writes_nothing() {
    let errand = TestErrand::start().await;
    let mut one = errand.sign_up(EMAIL).await;
    let other = another_device(&errand).await;
    let db = open(&format!("sqlite:{}", errand.folder.path().join("data/web.db").display())).await;
    // So long ago that any request of it would note that it was seen.
    let back = "UPDATE sessions SET last_seen_at = last_seen_at - 36000000";
    sqlx::query(back).execute(&db).await.unwrap();
    let rows = async || -> Vec<(String, i64, String)> {
        let rows = sqlx::query_as("SELECT id, last_seen_at, data FROM sessions ORDER BY id");
        rows.fetch_all(&db).await.unwrap()
    };
    let before = rows().await;
    let mut stream = Stream::begun(&other).await;
    assert_eq!(rows().await, before);
    add(&mut one, "a").await;
    assert_eq!(stream.event().await, Some(change(1)));
    let after = rows().await;
    let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
    assert_eq!((before.len(), after.len(), changed), (2, 2, 1), "only the one that added something was seen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stream_ends_with_its_session_and_nothing_is_heard_after_a_sign_out() {
    let errand = TestErrand::start().await;
    let mut one = errand.sign_up(EMAIL).await;
    let mut other = another_device(&errand).await;
    let (mut stream, mut of_one) = (Stream::begun(&other).await, Stream::begun(&one).await);
    // In another tab.
    let cookies = other.cookies.clone();
    other.submit(".nav-customer form", &[]).await;
    add(&mut one, "a").await;
    assert_eq!(of_one.event().await, Some(change(1)));
    assert_eq!(stream.event().await, None, "not even that there is something");
    other.cookies = cookies;
    assert_eq!(ask(&other, "", &[]).await.status(), StatusCode::UNAUTHORIZED);
    // Without anything to hear, the next heartbeat finds out.
    one.open("/todos").await;
    one.submit(".nav-customer form", &[]).await;
    assert_eq!(of_one.event().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_customer_has_a_limited_number_of_listening_pages() {
    let errand = TestErrand::start().await;
    let browser = errand.sign_up(EMAIL).await;
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(Stream::begun(&browser).await);
    }
    let refused = ask(&browser, "", &[]).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    let bob = errand.sign_up("bob@example.com").await;
    let _bobs = Stream::begun(&bob).await;
    drop(open.pop());
    crate::programs::eventually("room", async || ask(&browser, "", &[]).await.status() == StatusCode::OK).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restart_waits_for_no_stream_and_pages_hear_what_they_missed() {
    let errand = TestErrand::start().await;
    let mut browser = errand.sign_up(EMAIL).await;
    add(&mut browser, "a").await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(Stream::begun(&browser).await);
    }
    let began = Instant::now();
    let errand = errand.restart("", Clock::system()).await;
    // Whoever waits for an answer gets ten seconds.
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    for stream in &mut streams {
        assert_eq!(stream.event().await, None);
    }
    let mut another = errand.browser();
    another.cookies.clone_from(&browser.cookies);
    add(&mut another, "b").await;
    let mut stream = Stream::open(&browser, "", &[("last-event-id", "1")]).await;
    assert_eq!(stream.event().await, Some(change(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_hear_on_when_the_api_was_killed_or_tokens_ran_out() {
    let programs = Programs::new();
    programs.write_configuration();
    let _others = ["tenant", "web"].map(|program| programs.start(program));
    let api = programs.start("api");
    let mut browser = programs.browser();
    browser.sign_up(EMAIL, "Ada Lovelace").await;
    let mut stream = Stream::begun(&browser).await;
    add(&mut browser, "a").await;
    assert_eq!(stream.event().await, Some(change(1)));
    api.kill();
    let_access_tokens_run_out(&programs.open_web_database().await).await;
    let _api = programs.start("api");
    add(&mut browser, "b").await;
    assert_eq!(stream.event().await, Some(change(2)), "the same stream: the page has noticed nothing");
}
