//! What a page of a list costs where the list is long: the first ten of 100,000 to-dos beside the first ten of ten, and the ten
//! in the middle beside them.

use errand::platform::clock::Clock;
use reqwest::header::AUTHORIZATION;
use reqwest::{Method, Request, Url};
use sqlx::AnyPool;
use uuid::Uuid;

use super::{Addresses, Browser, Series, access_token, measure, report, sign_up, url};

/// How many to-dos the customer with the long list has: as many as one may have.
const MANY: i64 = 100_000;
/// How many the other one has, and a page.
const FEW: i64 = 10;
/// Between two positions.
const GAP: i64 = 1024;

/// The sub-benchmark: two customers of their own. `db` is the API's, `data` where the programs keep theirs, and `nothing` where
/// HTTP alone is measured.
pub(super) async fn pages(addresses: &Addresses, data: &std::path::Path, db: &AnyPool, nothing: &Url) {
    let mut requests = Vec::new();
    for (name, count) in [("many", MANY), ("few", FEW)] {
        let mut browser = Browser::default();
        sign_up(&mut browser, addresses, &format!("{name}@example.com")).await;
        let authorization = format!("Bearer {}", access_token(&browser, addresses, data).await);
        let api = url(&addresses.api, "/api/todolist");
        let page = |query: &str| {
            let mut url = api.clone();
            url.set_query(Some(query));
            let mut request = Request::new(Method::GET, url);
            request.headers_mut().insert(AUTHORIZATION, authorization.parse().expect("tokens are ASCII"));
            request
        };
        // The API says whose it is.
        let added = browser.http.post(api.clone()).header(AUTHORIZATION, &authorization);
        let added = added.json(&serde_json::json!({"description": "To-do 0"})).send().await.expect("the API answers");
        let added: serde_json::Value = added.json().await.expect("it sends the to-do");
        let owner = added["owner"].as_str().expect("it has one");
        let middle = fill(db, owner, count).await;
        requests.push((
            page("limit=10"),
            page(&format!("limit=10&after={middle}")),
            page("limit=10&done=false&sort=-due"),
        ));
    }
    let few = requests.pop().expect("two customers");
    let many = requests.pop().expect("two customers");
    for (title, many, few) in [
        ("the first ten", many.0, few.0.try_clone()),
        ("ten in the middle, beside the first ten of ten", many.1, few.0.try_clone()),
        ("the last ten by due date", many.2, few.2.try_clone()),
    ] {
        let mut series = [
            Series::new("of 100,000", many),
            Series::new("of 10", few.expect("nothing streams")),
            Series::new("HTTP alone", Request::new(Method::GET, nothing.clone())),
        ];
        measure(&mut series).await;
        report(&format!("GET /api/todolist, {title}"), &series, 80);
    }
}

/// Gives `owner` as many to-dos, and says which is in the middle.
async fn fill(db: &AnyPool, owner: &str, count: i64) -> Uuid {
    let now = Clock::system().timestamp().as_millis();
    let mut transaction = db.begin().await.expect("the database answers");
    let last: i64 = sqlx::query_scalar("SELECT last_position FROM owners WHERE owner = $1")
        .bind(owner)
        .fetch_one(&mut *transaction)
        .await
        .expect("it has a to-do");
    let mut middle = Uuid::nil();
    for number in 1..count {
        let id = Uuid::now_v7();
        if number <= count / 2 {
            middle = id;
        }
        let text = format!("To-do {number}");
        sqlx::query(
            "INSERT INTO todos (id, owner, description, done, created_at, updated_at, version, state, position, details,
             completed_at, starred, due, title, search, repeats, list, remind_at)
             VALUES ($1, $2, $3, $4, $5, $5, 1, 1, $6, '{}', NULL, 0, 999999999999, $7, $7, 0, '', 9999999999999999)",
        )
        .bind(id.to_string())
        .bind(owner)
        .bind(&text)
        .bind(number % 2)
        .bind(now)
        .bind(last + number * GAP)
        .bind(text.to_lowercase())
        .execute(&mut *transaction)
        .await
        .expect("the database answers");
    }
    sqlx::query("UPDATE owners SET last_position = $2, todo_count = $3 WHERE owner = $1")
        .bind(owner)
        .bind(last + count * GAP)
        .bind(count)
        .execute(&mut *transaction)
        .await
        .expect("the database answers");
    transaction.commit().await.expect("the database answers");
    middle
}
