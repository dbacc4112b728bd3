//! Streams of changes: what they carry, to whom, from where on, and until when.

use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use axum::http::header;
use axum::response::Response;
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::live::MAX_PER_OWNER;
use super::store::{Operation, Store};
use super::tests::{LIST, TestApi, clock, start, toml};
use crate::identity::testing::ProviderDouble;
use crate::platform::database;
use crate::todo::{CHANGE, Description, NewTodo};

/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A stream that is being read.
struct Stream {
    bytes: BodyDataStream,
    text: String,
}

#[derive(Debug, PartialEq)]
struct Event {
    id: i64,
    name: String,
    data: Value,
}

impl Stream {
    fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self { bytes: response.into_body().into_data_stream(), text: String::new() }
    }

    async fn open(api: &TestApi, token: &str, query: &str) -> Self {
        Self::of(api.listen(token, query, &[]).await)
    }

    async fn chunk(&mut self) -> Option<Bytes> {
        let chunk = timeout(PATIENCE, self.bytes.next()).await.expect("something comes, or the end");
        chunk.map(|chunk| chunk.expect("no error"))
    }

    /// The next block that has an id; `None` at the end.
    async fn event(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let value = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let event = value("id:").map(|id| Event {
                    id: id.parse().expect("a number"),
                    name: value("event:").unwrap_or_default().to_owned(),
                    data: value("data:").map(|data| serde_json::from_str(data).expect("JSON")).unwrap_or_default(),
                });
                let rest = rest.to_owned();
                self.text = rest;
                if event.is_some() {
                    return event;
                }
            }
            let chunk = self.chunk().await?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// That nothing more comes for a while.
    async fn is_silent(&mut self) {
        let more = timeout(Duration::from_millis(300), self.event()).await;
        assert!(more.is_err(), "{more:?}");
    }
}

fn changed(number: i64, todos: &[(&Value, bool)]) -> Event {
    let todo = |(id, removed): &(&Value, bool)| json!({"id": id, "version": number, "removed": removed});
    let todos: Vec<Value> = todos.iter().map(todo).collect();
    Event { id: number, name: "change".to_owned(), data: json!({"change": number, "todos": todos}) }
}

fn beginning(number: i64) -> Event {
    Event { id: number, name: String::new(), data: Value::Null }
}

#[tokio::test]
async fn a_change_is_heard_by_its_number_with_ids_and_versions_and_no_text() {
    let api = TestApi::start().await;
    let first = json!(api.add(&api.alice, "a secret text").await.id);
    let mut stream = Stream::open(&api, &api.alice, "").await;
    assert_eq!(stream.event().await, Some(beginning(1)), "where it begins");
    let second = json!(api.add(&api.alice, "another secret text").await.id);
    assert_eq!(stream.event().await, Some(changed(2, &[(&second, false)])));
    let path = format!("{LIST}/{}", first.as_str().expect("an id"));
    assert_eq!(api.call(&api.alice, "DELETE", &path, None).await.status, 204);
    assert_eq!(stream.event().await, Some(changed(3, &[(&first, true)])));
    // All in one, and undone.
    let all = api.call(&api.alice, "PATCH", LIST, Some(json!({"done": true}))).await;
    assert_eq!((all.status, stream.event().await), (200, Some(changed(4, &[(&second, false)]))));
    let undo = format!("{LIST}/changes/{}/undo", all.headers[CHANGE].to_str().expect("text"));
    assert_eq!(api.call(&api.alice, "POST", &undo, None).await.status, 200);
    assert_eq!(stream.event().await, Some(changed(5, &[(&second, false)])));
    // What changed nothing is nothing.
    api.call(&api.alice, "DELETE", &path, None).await;
    stream.is_silent().await;
}

#[tokio::test]
async fn a_listener_that_was_away_first_hears_what_it_missed() {
    let api = TestApi::start().await;
    let mut ids = Vec::new();
    for text in ["a", "b", "c"] {
        ids.push(json!(api.add(&api.alice, text).await.id));
    }
    let missed = [changed(2, &[(&ids[1], false)]), changed(3, &[(&ids[2], false)])];
    let by_query = Stream::open(&api, &api.alice, "?since=1").await;
    // What a browser says by itself when it comes back is newer than the address.
    let by_header = Stream::of(api.listen(&api.alice, "?since=3", &[("last-event-id", "1")]).await);
    for mut stream in [by_query, by_header] {
        for event in &missed {
            assert_eq!(stream.event().await.as_ref(), Some(event));
        }
    }
    let mut stream = Stream::open(&api, &api.alice, "?since=3").await;
    let fourth = json!(api.add(&api.alice, "d").await.id);
    assert_eq!(stream.event().await, Some(changed(4, &[(&fourth, false)])), "nothing was missed");
}

#[tokio::test]
async fn what_is_not_known_any_more_is_a_reset() {
    let api = TestApi::start().await;
    for text in ["a", "b", "c"] {
        api.add(&api.alice, text).await;
    }
    let reset = || Event { id: 3, name: "reset".to_owned(), data: json!({"last": 3}) };
    let mut stream = Stream::open(&api, &api.alice, "?since=7").await;
    assert_eq!(stream.event().await, Some(reset()), "from a database that is no more");
    let next = json!(api.add(&api.alice, "d").await.id);
    assert_eq!(stream.event().await, Some(changed(4, &[(&next, false)])), "and on it goes");

    let db = sqlx::AnyPool::connect(&api.database()).await.expect("opens");
    sqlx::query("UPDATE owners SET forgotten = 2").execute(&db).await.expect("works");
    let mut stream = Stream::open(&api, &api.alice, "?since=1").await;
    assert_eq!(stream.event().await.map(|event| (event.id, event.name)), Some((4, "reset".to_owned())));
}

#[tokio::test]
async fn more_than_a_page_of_missed_changes_is_a_reset() {
    let api = TestApi::start().await;
    let store = Store::open(&api.database(), clock()).await.expect("opens");
    let owner = api.add(&api.alice, "a").await.owner;
    let ids: Vec<Uuid> = (0..600).map(|_| store.make_id()).collect();
    let add = |id| Operation::Add { id, new: NewTodo::from(Description::parse("b").expect("valid")) };
    let all: [Vec<Operation>; 3] = [
        ids.iter().copied().map(add).collect(),
        ids.iter().map(|id| Operation::Remove { id: *id, seen: None }).collect(),
        (0..600).map(|_| add(store.make_id())).collect(),
    ];
    for operations in all {
        store.apply(&owner, &operations).await.expect("works");
    }
    let mut stream = Stream::open(&api, &api.alice, "?since=1").await;
    assert_eq!(stream.event().await.map(|event| (event.id, event.name)), Some((4, "reset".to_owned())));
    let mut stream = Stream::open(&api, &api.alice, "?since=3").await;
    let event = stream.event().await.expect("an event");
    assert_eq!(event.data["todos"].as_array().map(Vec::len), Some(600), "a change comes whole");
}

#[tokio::test]
async fn another_owners_changes_never_arrive() {
    let api = TestApi::start().await;
    let mut stream = Stream::open(&api, &api.bob, "?since=0").await;
    api.add(&api.alice, "hers").await;
    stream.is_silent().await;
    // Whom nobody lets choose.
    let owner = api.add(&api.alice, "hers").await.owner;
    let mut chosen = Stream::open(&api, &api.bob, &format!("?since=0&owner={owner}")).await;
    let own = json!(api.add(&api.bob, "his").await.id);
    for stream in [&mut stream, &mut chosen] {
        assert_eq!(stream.event().await, Some(changed(1, &[(&own, false)])));
        stream.is_silent().await;
    }
}

#[tokio::test]
async fn a_stream_never_outlives_its_token() {
    let api = TestApi::start().await;
    let now = clock().unix_seconds();
    let began = Instant::now();
    let mut stream = Stream::open(&api, &api.token(json!({"exp": now + 2})), "").await;
    api.add(&api.alice, "a").await;
    assert_eq!(stream.event().await, Some(beginning(0)));
    assert_eq!(stream.event().await.map(|event| event.id), Some(1), "until then it goes on");
    assert_eq!(stream.event().await, None);
    assert!((Duration::from_millis(1900)..PATIENCE).contains(&began.elapsed()), "{:?}", began.elapsed());
    // Others take such a token for another minute, for clocks differ.
    let mut stream = Stream::open(&api, &api.token(json!({"exp": now - 10})), "?since=0").await;
    assert_eq!(stream.event().await, None);
}

#[tokio::test]
async fn apps_and_callers_without_the_permission_hear_nothing() {
    let api = TestApi::start().await;
    let other = api.token(json!({"scp": "Profile.Read"}));
    for (token, query, expected) in [
        (&api.daemon, "", 403),
        (&other, "", 403),
        (&"nonsense".to_owned(), "", 401),
        (&api.alice, "?access_token=x", 400),
        (&api.alice, "?since=-1", 400),
        (&api.alice, "?since=9223372036854775808", 400),
        (&api.alice, "?since=x", 400),
    ] {
        let answer = api.listen(token, query, &[]).await;
        assert_eq!(answer.status(), expected, "{query}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
    }
    assert_eq!(api.listen(&api.alice, "", &[("last-event-id", "x")]).await.status(), 400);
}

#[tokio::test]
async fn the_listeners_of_one_owner_are_limited_and_those_of_others_are_not() {
    let api = TestApi::start().await;
    let mut open = Vec::new();
    for _ in 0..MAX_PER_OWNER {
        open.push(Stream::open(&api, &api.alice, "").await);
    }
    let refused = api.listen(&api.alice, "", &[]).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()[header::RETRY_AFTER]),
        (429, &"30".parse().expect("text"))
    );
    assert_eq!(refused.headers()[header::CONTENT_TYPE], "application/problem+json");
    let _bobs = Stream::open(&api, &api.bob, "").await;
    drop(open.pop());
    open.push(Stream::open(&api, &api.alice, "").await);
}

#[tokio::test]
async fn a_slow_listener_hears_of_many_changes_of_a_todo_once() {
    let api = TestApi::start().await;
    let mut stream = Stream::open(&api, &api.alice, "").await;
    let id = json!(api.add(&api.alice, "a").await.id);
    let path = format!("{LIST}/{}", id.as_str().expect("an id"));
    for number in 0..100 {
        api.call(&api.alice, "PATCH", &path, Some(json!({"done": number % 2 == 0}))).await;
    }
    assert_eq!(stream.event().await, Some(beginning(0)));
    assert_eq!(stream.event().await, Some(changed(101, &[(&id, false)])));
    stream.is_silent().await;
}

/// Two APIs on one PostgreSQL database, where `ERRAND_TEST_POSTGRES` names a server.
#[tokio::test]
async fn what_one_replica_changes_the_listeners_of_the_other_hear_also_when_it_was_not_connected() {
    if std::env::var("ERRAND_TEST_POSTGRES").is_err() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let url = database::test_url(folder.path()).await;
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    let replica = async || {
        let folder = tempfile::tempdir().expect("a folder");
        let provider = ProviderDouble::start(&clock()).await;
        let api = start(&toml(&provider.issuer(), &url)).await.expect("starts");
        tokio::spawn(api.clone().watch(stop.clone()));
        TestApi::of(api, provider, folder)
    };
    let (one, other) = (replica().await, replica().await);
    // The other one need not listen to the database yet: it looks once it does.
    let mut stream = Stream::open(&other, &other.alice, "").await;
    assert_eq!(stream.event().await, Some(beginning(0)));
    let (mut number, mut quickest) = (0, PATIENCE);
    for _ in 0..5 {
        let began = Instant::now();
        let id = json!(one.add(&one.alice, "a").await.id);
        number += 1;
        assert_eq!(stream.event().await, Some(changed(number, &[(&id, false)])));
        quickest = quickest.min(began.elapsed());
    }
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");
    // Every connection to the database is lost, those that listen among them.
    let db = sqlx::AnyPool::connect(&url).await.expect("opens");
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> \
               pg_backend_pid()";
    let count: i64 = sqlx::query_scalar(cut).fetch_one(&db).await.expect("works");
    assert!(count >= 2, "{count}");
    let ids = [one.add(&one.alice, "b").await.id, one.add(&one.alice, "c").await.id].map(|id| json!(id));
    for id in &ids {
        number += 1;
        assert_eq!(stream.event().await, Some(changed(number, &[(id, false)])));
    }
}
