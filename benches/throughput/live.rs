//! How long it takes until a thousand listening pages have heard of changes, and what each of them weighs. The program is a
//! process of its own, so that its memory is not that of the listeners. Beside it: a bare web server and a bare API
//! ([`bare`]) that do the same writes, calls and streams, and nothing else.

#[path = "bare_live.rs"]
mod bare;

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, COOKIE};
use reqwest::{Response, StatusCode, Url};
use tokio::task::JoinSet;

use super::{Browser, Program, resident, sign_up, url, verdict};

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

    let add = url(&addresses.web, "/actions/todos/add");
    let cookies: Vec<_> = browsers.iter().map(Browser::cookies).collect();
    let errand = rounds(pages, async |change| add_to_each(&http, &add, &cookies, change).await).await;
    drop(program);

    let web = bare::serve(folder).await;
    let cookies: Vec<_> = (0..CUSTOMERS).map(|number| format!("customer=bare{number}")).collect();
    let mut pages = Vec::new();
    for cookies in &cookies {
        for _ in 0..PAGES {
            pages.push(listen(&http, url(&web, "/events"), cookies).await);
        }
    }
    let add = url(&web, "/add");
    let bare = rounds(pages, async |change| add_to_each(&http, &add, &cookies, change).await).await;

    let median = |took: &[Duration]| {
        let mut took = took.to_vec();
        took.sort_unstable();
        took[took.len() / 2].as_secs_f64() * 1000.0
    };
    let [errand, bare] = [("Errand", errand), ("bare axum, same statements", bare)].map(|(name, took)| {
        let [median, longest] =
            [median(&took), took.iter().max().map_or(0.0, |longest| longest.as_secs_f64() * 1000.0)];
        println!("  {name:<28} a change of each list, until all have heard: {median:.0} ms, at most {longest:.0} ms");
        median
    });
    let ratio = 100.0 * bare / errand;
    println!("  {ratio:.0} % of the baseline's speed; aim: 60 % or more: {}", verdict(ratio >= 60.0));
}

/// Each customer adds a to-do, all at once.
async fn add_to_each(http: &reqwest::Client, add: &Url, cookies: &[String], change: usize) {
    let mut requests = JoinSet::new();
    for cookies in cookies {
        let request = http
            .post(add.clone())
            .header(COOKIE, cookies)
            .header("sec-fetch-site", "same-origin")
            .header(ACCEPT, "application/json")
            .form(&[("description", format!("Buy milk, trip {change}"))]);
        requests.spawn(async move { request.send().await.expect("the web server answers").status() });
    }
    while let Some(status) = requests.join_next().await {
        assert_eq!(status.expect("no panic"), StatusCode::OK);
    }
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
