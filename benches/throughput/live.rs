//! How long it takes until a thousand listening pages have heard of changes, and what each of them weighs. The program is a
//! process of its own, so that its memory is not that of the listeners. Beside it: a bare axum handler that sends the same
//! events from a `watch` channel, which is the least that fan-out could cost.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::Event;
use axum::routing::get;
use futures::stream;
use reqwest::header::{ACCEPT, COOKIE};
use reqwest::{Response, StatusCode, Url};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Browser, Program, resident, sign_up, url};

/// Customers, each with as many pages as one may have.
const CUSTOMERS: usize = 50;
/// Pages of each.
const PAGES: usize = 20;
/// Changes of each list that are waited for, one after the other.
const CHANGES: usize = 10;

/// The sub-benchmark.
pub(crate) async fn fan_out(folder: &Path) {
    println!("\nFan-out to {} pages: {CUSTOMERS} customers, each with {PAGES} of them", CUSTOMERS * PAGES);
    // Memory that was freed goes back at once: else what hashing passwords took hides what the pages take.
    let program = Program::start_with(folder, "live", Some(("MIMALLOC_PURGE_DELAY", "0")));
    let (pid, addresses) = (program.child.id(), program.addresses());
    let mut browsers = Vec::new();
    for number in 0..CUSTOMERS {
        let mut browser = Browser::default();
        sign_up(&mut browser, &addresses, &format!("bench{number}@example.com")).await;
        browsers.push(browser);
    }
    let http = client();
    // What only the first one costs is paid.
    let first = listen(&http, url(&addresses.web, "/events"), &browsers[0].cookies()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = resident(pid, "RssAnon");
    let mut pages = vec![first];
    for (number, browser) in browsers.iter().enumerate() {
        for _ in usize::from(number == 0)..PAGES {
            pages.push(listen(&http, url(&addresses.web, "/events"), &browser.cookies()).await);
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let after = resident(pid, "RssAnon");
    let per_page = f64::from(after.saturating_sub(before)) / f64::from(u32::try_from(pages.len()).unwrap_or(u32::MAX));
    println!(
        "  memory: {per_page:.1} KB a page (its connection, its customer's stream of the API and its other end included)"
    );

    let add = async |change: usize| {
        let mut requests = JoinSet::new();
        for browser in &browsers {
            let request = http
                .post(url(&addresses.web, "/actions/todos/add"))
                .header(COOKIE, browser.cookies())
                .header("sec-fetch-site", "same-origin")
                .header(ACCEPT, "application/json")
                .form(&[("description", format!("Buy milk, trip {change}"))]);
            requests.spawn(async move { request.send().await.expect("the web server answers").status() });
        }
        while let Some(status) = requests.join_next().await {
            assert_eq!(status.expect("no panic"), StatusCode::OK);
        }
    };
    report("Errand, a change of each list", rounds(pages, add).await);

    let (news, _) = watch::channel(0_usize);
    let news = Arc::new(news);
    let router = Router::new().route("/events", get(bare)).with_state(news.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(axum::serve(listener, router).into_future());
    let mut pages = Vec::new();
    for _ in 0..CUSTOMERS * PAGES {
        pages.push(listen(&http, url(&address, "/events"), "").await);
    }
    report(
        "bare axum, one change",
        rounds(pages, async |change| {
            let _ = news.send(change);
        })
        .await,
    );
}

/// A client that may have as many connections as it likes.
fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().expect("the TLS backend is compiled in")
}

async fn listen(http: &reqwest::Client, url: Url, cookies: &str) -> Response {
    let response = http.get(url).header(ACCEPT, "text/event-stream").header(COOKIE, cookies).send().await;
    let mut response = response.expect("the server answers");
    assert_eq!(response.status(), StatusCode::OK, "a page listens");
    response.chunk().await.expect("the stream goes on").expect("the stream begins");
    response
}

/// Makes changes one after the other: how long it took until every page had heard of each.
async fn rounds(mut pages: Vec<Response>, change: impl AsyncFn(usize)) -> Vec<Duration> {
    let mut took = Vec::new();
    for number in 1..=CHANGES {
        let began = Instant::now();
        let mut heard = JoinSet::new();
        for mut page in pages.drain(..) {
            heard.spawn(async move {
                let end = format!("{{\"change\":{number}}}\n\n");
                let mut text = String::new();
                while !text.ends_with(&end) {
                    let chunk = page.chunk().await.expect("the stream goes on").expect("the stream goes on");
                    text.push_str(&String::from_utf8_lossy(&chunk));
                }
                page
            });
        }
        change(number).await;
        pages = heard.join_all().await;
        took.push(began.elapsed());
    }
    took
}

fn report(name: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let [median, longest] = [took[took.len() / 2], took[took.len() - 1]].map(|took| took.as_secs_f64() * 1000.0);
    println!("  {name:<32} until all have heard: {median:.0} ms, at most {longest:.0} ms");
}

/// Sends each number that is told.
async fn bare(
    State(news): State<Arc<watch::Sender<usize>>>,
) -> Sse<impl stream::Stream<Item = Result<Event, Infallible>>> {
    let told = news.subscribe();
    Sse::new(stream::unfold((told, true), async |(mut told, is_first)| {
        if is_first {
            return Some((Ok(Event::default().comment("")), (told, false)));
        }
        told.changed().await.ok()?;
        let number = *told.borrow_and_update();
        Some((Ok(Event::default().event("change").data(format!("{{\"change\":{number}}}"))), (told, false)))
    }))
}
