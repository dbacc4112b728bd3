//! Visitors: many of them, and nothing that remains of them.

use errand::platform::clock::Clock;
use reqwest::header;

use crate::programs::open;
use crate::test_browser::{Page, css, http};
use crate::test_errand::TestErrand;

/// 84: with hundreds of them, because what leaves no row at all leaves none a million times either.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hundreds_of_anonymous_hits_leave_no_row_behind() {
    let errand = TestErrand::start().await;
    let web = &errand.addresses.web;
    let http = http();
    let hits = (0..400).map(|number| {
        let path = match number % 10 {
            0 => "/",
            1 => "/todos",
            2 => "/account",
            3 => "/no-such-page",
            4 => "/auth/sign-in?return_to=%2Ftodos",
            5 => "/auth/sign-up",
            6 => "/auth/redirect?code=x&state=y",
            7 => "/auth/redirect?error=access_denied&state=y",
            8 => "/sign-in-problem?reason=expired",
            _ => "/auth/session",
        };
        let mut request = http.get(format!("{web}{path}"));
        // Some bring ids that they made up.
        if number % 3 == 0 {
            request = request.header(header::COOKIE, format!("errand=made-up-{number}"));
        }
        tokio::spawn(async move { request.send().await.unwrap() })
    });
    let hits: Vec<_> = hits.collect();
    for hit in hits {
        let answer = hit.await.unwrap();
        assert!(!answer.status().is_server_error(), "{}: {}", answer.url(), answer.status());
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let session = cookie.starts_with("errand=") && !cookie.contains("Max-Age=0");
            assert!(!session, "{}: a visitor is given a session: {cookie}", answer.url());
        }
    }
    let db = open(&format!("sqlite:{}", errand.folder.path().join("data/web.db").display())).await;
    let tables: Vec<(String,)> = sqlx::query_as(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx_%'",
    )
    .fetch_all(&db)
    .await
    .unwrap();
    assert!(tables.len() >= 4, "{tables:?}");
    for (table,) in tables {
        let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let (rows,): (i64,) = sqlx::query_as(count).fetch_one(&db).await.unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

/// At a provider without sign-up, nothing offers it, and whoever kept the address is told what to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn where_nobody_can_sign_up_nothing_offers_it() {
    let errand = TestErrand::start_with("[web.identity]\nsign_up = false\n", Clock::system()).await;
    let get = async |path: &str| http().get(format!("{}{path}", errand.addresses.web)).send().await.unwrap();
    for path in ["/", "/no-such-page", "/sign-in-problem?reason=expired"] {
        let page = get(path).await.text().await.unwrap();
        assert!(page.contains("/auth/sign-in?") && !page.contains("sign-up"), "{path}: {page}");
    }
    let answer = get("/auth/sign-up?return_to=%2Ftodos").await;
    assert_eq!(answer.status(), 303);
    let location = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(location, "/sign-in-problem?reason=no-sign-up&return_to=%2Ftodos");
    let page = get(&location).await.text().await.unwrap();
    assert!(page.contains("You cannot sign up here") && page.contains("/auth/sign-in?return_to=%2Ftodos"), "{page}");
    // Where there is sign-up (here by default), all of them offer it.
    let usual = TestErrand::start().await;
    let page = http().get(&usual.addresses.web).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("/auth/sign-up?return_to="), "{page}");
}

/// What the program would do on these pages, it would do for a customer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_that_need_no_program_carry_none() {
    const PROGRAM: &str = "script, link[rel=modulepreload], link[rel=preload]";
    let scripts = |page: &Page| page.html().select(&css(PROGRAM)).count();
    let errand = TestErrand::start().await;
    let mut visitor = errand.browser();
    let mut customer = errand.sign_up("ada@example.com").await;
    for path in ["/", "/sign-in-problem?reason=expired", "/no-such-page"] {
        let page = visitor.look(path).await;
        assert_eq!(scripts(&page), 0, "{path}: {}", page.body);
        assert_eq!(page.html().select(&css("link[rel=stylesheet], h1, .skip")).count(), 3, "{path}: {}", page.body);
        let page = customer.look(path).await;
        assert!(scripts(&page) > 4 && page.body.contains("__RESOLVED_RESOURCES"), "{path}: {}", page.body);
    }
    for path in ["/todos", "/account"] {
        assert!(scripts(&customer.look(path).await) > 4, "{path}");
    }
}
