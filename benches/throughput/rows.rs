//! What the page of the list weighs, and what each further to-do costs: its bytes, and the time that the web server takes for it
//! beyond what the API takes.

use std::path::Path;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, COOKIE};
use reqwest::{Method, Request};

use super::{
    Addresses, Bare, Browser, Series, TODOS, access_token, add_todos, body_of, measure, sign_up, url, verdict,
};

/// How many to-dos the customer has who has more of them.
const MANY: usize = 10 * TODOS;
/// The longest page of [`TODOS`] to-dos, in bytes: as it is, and as it is sent.
const PAGE_AIM: (usize, usize) = (14 * 1024, 3 * 1024);
/// The most that a further to-do adds to it, in bytes.
const ROW_AIM: usize = 512;
/// The longest that the web server may take for a row.
const ROW_TIME_AIM: Duration = Duration::from_micros(3);

/// The sub-benchmark: two customers of their own. `folder` is where the programs keep theirs, in `dev`.
pub(super) async fn rows(addresses: &Addresses, folder: &Path, owner: &str) {
    let mut pages = Vec::new();
    for (name, count) in [("few", TODOS), ("more", MANY)] {
        let mut browser = Browser::default();
        sign_up(&mut browser, addresses, &format!("{name}-rows@example.com")).await;
        add_todos(&browser, addresses, count).await;
        let authorization = format!("Bearer {}", access_token(&browser, addresses, &folder.join("dev")).await);
        let api = url(&addresses.api, "/api/todolist");
        let bare = Bare::serve(folder, owner.to_owned(), api, authorization).await;
        let mut page = Request::new(Method::GET, url(&addresses.web, "/todos"));
        page.headers_mut().insert(COOKIE, browser.cookies().parse().expect("cookies are ASCII"));
        pages.push((page, Request::new(Method::GET, url(&bare, "/call"))));
    }
    let mut sizes = Vec::new();
    for (page, _) in &pages {
        let mut sent = page.try_clone().expect("a GET has no body");
        sent.headers_mut().insert(ACCEPT_ENCODING, "br".parse().expect("a coding"));
        sizes.push((body_of(page).await.len(), body_of(&sent).await.len()));
    }
    let mut series: Vec<Series> =
        pages.into_iter().flat_map(|(page, bare)| [Series::new("page", page), Series::new("bare", bare)]).collect();
    measure(&mut series).await;
    let cpu = |place: usize| series[place].cpu_per_request();
    let more = u32::try_from(MANY - TODOS).expect("a few hundred");
    let row = cpu(2).saturating_sub(cpu(0)).saturating_sub(cpu(3).saturating_sub(cpu(1))) / more;
    let bytes = (sizes[1].0 - sizes[0].0) / (MANY - TODOS);

    println!("\nThe page of the list");
    let (raw, sent) = sizes[0];
    println!("  {TODOS} to-dos: {raw} bytes; aim: {} or less: {}", PAGE_AIM.0, verdict(raw <= PAGE_AIM.0));
    println!("  as sent (Brotli): {sent} bytes; aim: {} or less: {}", PAGE_AIM.1, verdict(sent <= PAGE_AIM.1));
    println!("  a further to-do: {bytes} bytes; aim: {ROW_AIM} or less: {}", verdict(bytes <= ROW_AIM));
    println!(
        "  and {:.1} µs of the web server; aim: {} µs or less: {}",
        row.as_secs_f64() * 1e6,
        ROW_TIME_AIM.as_micros(),
        verdict(row <= ROW_TIME_AIM)
    );
}
