//! What a change costs: adding a to-do, and marking one as done or not. Beside each a bare handler with the statements of the
//! API in one transaction on the same database, so that both wait for the same disk.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode as Status;
use axum::{Json, Router};
use errand::platform::clock::Clock;
use errand::todo::{Description, Details, Todo};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, Request, Url};
use serde::Deserialize;
use serde_json::json;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row as _};
use uuid::Uuid;

use super::{Bare, Series, measure, report, url};

/// Of the owner's changes so many can be undone.
const HISTORY: i64 = 500;
/// What the API writes for a to-do that is not due.
const NOT_DUE: i64 = 999_999_999_999;
/// And for one without a reminder.
const NEVER: i64 = 9_999_999_999_999_999;

/// The bare handlers.
pub(super) fn router() -> Router<Arc<Bare>> {
    Router::new().route("/add", axum::routing::post(add)).route("/done/{id}", axum::routing::patch(done))
}

/// The sub-benchmark: `api` is where the API is, `bare` where the bare handlers are, and `todos` are the customer's.
pub(super) async fn writing(api: &Url, bare: &str, authorization: &str, todos: &[Todo]) {
    let request = |method: Method, url: Url, body: String| {
        let mut request = Request::new(method, url);
        request.headers_mut().insert(AUTHORIZATION, authorization.parse().expect("tokens are ASCII"));
        request.headers_mut().insert(CONTENT_TYPE, "application/json".parse().expect("ASCII"));
        *request.body_mut() = Some(body.into());
        request
    };
    let toggles = |place: &dyn Fn(Uuid) -> Url| {
        let of = |done: bool| todos.iter().map(move |todo| (todo.id, done));
        let body = |done: bool| json!({"done": done}).to_string();
        of(true).chain(of(false)).map(|(id, done)| request(Method::PATCH, place(id), body(done))).collect::<Vec<_>>()
    };
    let nothing = || Series::new("HTTP alone", Request::new(Method::GET, url(bare, "/nothing")));

    // First, while the list is short for both.
    let mut series = [
        Series::of("Errand", toggles(&|id| url(api.as_str(), &format!("/api/todolist/{id}")))),
        Series::of("bare axum, same statements", toggles(&|id| url(bare, &format!("/done/{id}")))),
        nothing(),
    ];
    measure(&mut series).await;
    report("PATCH /api/todolist/{id}, done or not", &series, 60);

    let body = json!({"description": "Buy milk, bread and butter"}).to_string();
    let mut series = [
        Series::new("Errand", request(Method::POST, api.clone(), body.clone())),
        Series::new("bare axum, same statements", request(Method::POST, url(bare, "/add"), body)),
        nothing(),
    ];
    measure(&mut series).await;
    report("POST /api/todolist", &series, 60);
}

/// What is sent of a to-do.
#[derive(Deserialize)]
struct Draft {
    description: String,
}

#[derive(Deserialize)]
struct Mark {
    done: bool,
}

/// The owner as [`begin`] found them: the number of the change, the last position, and how many to-dos there are.
struct Owner {
    number: i64,
    position: i64,
    count: i64,
}

async fn begin(connection: &mut AnyConnection, owner: &str) -> Owner {
    let statement = "INSERT INTO owners (owner, last_change, last_position, forgotten) VALUES ($1, 1, 0, 0)
                     ON CONFLICT (owner) DO UPDATE SET last_change = owners.last_change + 1
                     RETURNING last_change, last_position, todo_count";
    let rows = sqlx::query_as(statement).bind(owner).fetch_all(connection).await.expect("the database answers");
    let (number, position, count) = rows.into_iter().next().expect("a row");
    Owner { number, position, count }
}

async fn end(connection: &mut AnyConnection, owner: &str, Owner { number, position, count }: Owner) {
    let statement = "UPDATE owners SET last_position = $2, todo_count = $3 WHERE owner = $1";
    let query = sqlx::query(statement).bind(owner).bind(position).bind(count);
    query.execute(&mut *connection).await.expect("the database answers");
    for statement in [
        "DELETE FROM replaced WHERE owner = $1 AND change <= $2",
        "DELETE FROM replaced_lists WHERE owner = $1 AND change <= $2",
    ] {
        let query = sqlx::query(statement).bind(owner).bind(number - HISTORY);
        query.execute(&mut *connection).await.expect("the database answers");
    }
}

/// One to-do, with its position and its state.
async fn find(connection: &mut AnyConnection, id: &str) -> Option<(Todo, i64, i64)> {
    let statement =
        "SELECT id, owner, description, done, details, completed_at, created_at, updated_at, version, position,
                     removed_at, state FROM todos WHERE id = $1";
    let rows = sqlx::query(statement).bind(id).fetch_all(connection).await.expect("the database answers");
    rows.first().map(|row: &AnyRow| (super::todo(row), row.get("position"), row.get("state")))
}

/// What it was like, for undoing.
async fn remember(connection: &mut AnyConnection, number: i64, now: i64, before: &Todo, place: (i64, i64), was: &str) {
    let statement = "INSERT INTO replaced (owner, change, id, made_at, existed, left_state, description, done, details,
                     completed_at, position, updated_at, removed_at, state)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                     ON CONFLICT (owner, change, id) DO UPDATE SET left_state = excluded.left_state";
    let query = sqlx::query(statement).bind(&before.owner).bind(number).bind(before.id.to_string()).bind(now);
    let query = query.bind(i64::from(!was.is_empty())).bind(number).bind(was).bind(i64::from(before.done)).bind("{}");
    let query = query.bind(before.completed_at.map(millis)).bind(place.0).bind(millis(before.updated_at));
    query.bind(None::<i64>).bind(place.1).execute(connection).await.expect("the database answers");
}

fn millis(time: time::OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).expect("a time of today")
}

async fn add(State(bare): State<Arc<Bare>>, Json(draft): Json<Draft>) -> (Status, Json<Todo>) {
    (Status::CREATED, Json(insert(&bare.db, &bare.owner, &draft.description).await))
}

/// Adds a to-do with the API's statements.
pub(super) async fn insert(db: &AnyPool, owner_id: &str, description: &str) -> Todo {
    let (id, now) = (Uuid::now_v7(), Clock::system().timestamp().as_millis());
    let mut transaction = db.begin().await.expect("the database answers");
    let mut owner = begin(&mut transaction, owner_id).await;
    let description = Description::parse(description).expect("a text");
    assert!(find(&mut transaction, &id.to_string()).await.is_none(), "ids are unique");
    owner.position = (now * 1024).max(owner.position + 1024);
    let statement = "INSERT INTO todos (id, owner, description, done, created_at, updated_at, version, state, position,
                     details, completed_at, starred, due, title, search, repeats, list, remind_at)
                     VALUES ($1, $2, $3, 0, $4, $4, $5, $5, $6, '{}', NULL, 0, $7, $8, $9, 0, '', $10)
                     ON CONFLICT (id) DO NOTHING RETURNING id, owner, description, done, details, completed_at,
                     created_at, updated_at, version";
    let lower = description.as_str().to_lowercase();
    let query = sqlx::query(statement).bind(id.to_string()).bind(owner_id).bind(description.as_str()).bind(now);
    let query = query.bind(owner.number).bind(owner.position).bind(NOT_DUE).bind(&lower).bind(&lower).bind(NEVER);
    let rows = query.fetch_all(&mut *transaction).await.expect("the database answers");
    let todo = super::todo(&rows[0]);
    remember(&mut transaction, owner.number, now, &todo, (owner.position, owner.number), "").await;
    owner.count += 1;
    end(&mut transaction, owner_id, owner).await;
    transaction.commit().await.expect("the database answers");
    todo
}

async fn done(State(bare): State<Arc<Bare>>, Path(id): Path<Uuid>, Json(mark): Json<Mark>) -> Json<Todo> {
    let now = Clock::system().timestamp().as_millis();
    let mut transaction = bare.db.begin().await.expect("the database answers");
    let owner = begin(&mut transaction, &bare.owner).await;
    let (before, position, state) = find(&mut transaction, &id.to_string()).await.expect("it is there");
    remember(&mut transaction, owner.number, now, &before, (position, state), before.description.as_str()).await;
    let statement = "UPDATE todos SET description = $2, done = $3, updated_at = $4, position = $5, removed_at = $6,
                     version = $7, state = $8, details = $9, completed_at = $10, starred = $11, due = $12, title = $13,
                     search = $14, repeats = $15, list = $16, remind_at = $17 WHERE id = $1";
    let lower = before.description.as_str().to_lowercase();
    let query = sqlx::query(statement).bind(id.to_string()).bind(before.description.as_str());
    let query = query.bind(i64::from(mark.done)).bind(now).bind(position).bind(None::<i64>).bind(owner.number);
    let query =
        query.bind(owner.number).bind("{}").bind(mark.done.then_some(now)).bind(0_i64).bind(NOT_DUE).bind(&lower);
    let query = query.bind(&lower).bind(0_i64).bind("").bind(NEVER);
    query.execute(&mut *transaction).await.expect("the database answers");
    let version = owner.number;
    end(&mut transaction, &bare.owner, owner).await;
    transaction.commit().await.expect("the database answers");
    Json(Todo { done: mark.done, version, details: Details::default(), ..before })
}
