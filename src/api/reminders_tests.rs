//! Which reminders fall into a span of time, on both engines.

use std::collections::HashSet;

use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use uuid::Uuid;

use super::store::{MAX_PAGE, Store, Whose};
use super::tests::{LIST, TestApi, clock};
use crate::platform::clock::Timestamp;
use crate::platform::database;

fn new(description: &str, reminder: &str) -> Value {
    let (date, time) = reminder.split_once(' ').expect("a day and a time");
    json!({"description": description, "reminder": {"date": date, "time": time, "timeZone": "Europe/Madrid"}})
}

impl TestApi {
    /// The reminders that a caller gets, with their moments.
    async fn reminders(&self, token: &str, query: &str) -> Vec<(String, String)> {
        let answer = self.call(token, "GET", &format!("{LIST}/reminders?{query}"), None).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let one = |it: &Value| (text(&it["at"]), text(&it["todo"]["description"]));
        answer.body.as_array().expect("reminders").iter().map(one).collect()
    }
}

fn expected(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(at, what)| ((*at).to_owned(), (*what).to_owned())).collect()
}

#[tokio::test]
async fn reminders_of_open_todos_are_found_by_their_moments() {
    let api = TestApi::start().await;
    let mut ids = Vec::new();
    for (what, at) in [
        ("second", "2027-01-15 09:30"),
        ("first", "2027-01-15 09:00"),
        // Clocks skip it, and show it twice.
        ("skipped", "2027-03-28 02:30"),
        ("twice", "2027-10-31 02:30"),
    ] {
        let added = api.call(&api.alice, "POST", LIST, Some(new(what, at))).await;
        assert_eq!(added.status, 201, "{}", added.body);
        ids.push(added.body["id"].as_str().expect("an id").to_owned());
    }
    api.call(&api.bob, "POST", LIST, Some(new("bob's", "2027-01-15 09:15"))).await;
    api.add(&api.alice, "without").await;
    let (first, second) = (("2027-01-15T08:00:00Z", "first"), ("2027-01-15T08:30:00Z", "second"));
    let bobs = ("2027-01-15T08:15:00Z", "bob's");
    let last = [("2027-03-28T01:30:00Z", "skipped"), ("2027-10-31T00:30:00Z", "twice")];
    let all = "until=2028-01-01T00:00:00Z";
    assert_eq!(api.reminders(&api.alice, all).await, expected(&[first, second, last[0], last[1]]));
    // From on, and before.
    let span = "from=2027-01-15T09:00:00%2B01:00&until=2027-01-15T08:30:00Z";
    assert_eq!(api.reminders(&api.alice, span).await, expected(&[first]));
    // An app sees everyone's, or one owner's.
    let near = "until=2027-02-01T00:00:00Z";
    assert_eq!(api.reminders(&api.daemon, near).await, expected(&[first, bobs, second]));
    let owner = api.list(&api.bob).await[0].owner.clone();
    let owner: String = url::form_urlencoded::byte_serialize(owner.as_bytes()).collect();
    assert_eq!(api.reminders(&api.daemon, &format!("{near}&owner={owner}")).await, expected(&[bobs]));
    // What a user names is not looked at.
    assert_eq!(api.reminders(&api.alice, &format!("{near}&owner={owner}")).await, expected(&[first, second]));

    // Moved, done, and removed; undoing brings it back.
    let change = async |id: &str, body: Value| {
        let answer = api.call(&api.alice, "PATCH", &format!("{LIST}/{id}"), Some(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    change(&ids[0], json!({"reminder": {"time": "08:30"}})).await;
    let moved = ("2027-01-15T07:30:00Z", "second");
    assert_eq!(api.reminders(&api.alice, near).await, expected(&[moved, first]));
    change(&ids[1], json!({"done": true})).await;
    assert_eq!(api.reminders(&api.alice, near).await, expected(&[moved]));
    change(&ids[1], json!({"done": false})).await;
    change(&ids[0], json!({"reminder": null})).await;
    assert_eq!(api.reminders(&api.alice, near).await, expected(&[first]));
    assert_eq!(api.call(&api.alice, "DELETE", &format!("{LIST}/{}", ids[1]), None).await.status, 204);
    assert_eq!(api.reminders(&api.alice, near).await, expected(&[]));
    assert_eq!(api.call(&api.alice, "POST", &format!("{LIST}/changes/latest/undo"), None).await.status, 200);
    assert_eq!(api.reminders(&api.alice, near).await, expected(&[first]));
}

#[tokio::test]
async fn pages_of_reminders_follow_one_another_and_nonsense_is_refused() {
    let api = TestApi::start().await;
    for n in 0..5 {
        // Several at the same moment.
        api.call(&api.alice, "POST", LIST, Some(new(&n.to_string(), &format!("2027-01-15 09:0{}", n / 2)))).await;
    }
    let mut path = format!("{LIST}/reminders?until=2028-01-01T00:00:00Z&limit=2");
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let answer = api.call(&api.alice, "GET", &path, None).await;
        let page = answer.body.as_array().expect("reminders");
        seen.extend(page.iter().map(|it| it["todo"]["id"].as_str().expect("an id").to_owned()));
        pages += 1;
        let Some(link) = answer.headers.get("link") else { break };
        let link = link.to_str().expect("text");
        path = link.split(['<', '>']).nth(1).expect("an address").to_owned();
    }
    assert_eq!((pages, seen.len(), seen.iter().collect::<HashSet<_>>().len()), (3, 5, 5));
    let until = "until=2028-01-01T00:00:00Z";
    for query in [
        "",
        "until=",
        "until=tomorrow",
        "until=2028-01-01",
        "until=0000-01-01T00:00:00Z",
        &format!("{until}&from=x"),
        &format!("{until}&limit=x"),
        &format!("{until}&cursor=x"),
        &format!("{until}&cursor=W10"),
    ] {
        let refused = api.call(&api.alice, "GET", &format!("{LIST}/reminders?{query}"), None).await;
        assert_eq!(refused.status, 400, "{query}: {}", refused.body);
    }
    assert_eq!(api.get_anonymously(&format!("{LIST}/reminders?{until}"), &[]).await.status(), 401);
}

#[tokio::test]
async fn reminders_of_before_are_derived() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = database::test_url(folder.path()).await;
    let all = sqlx::migrate!("src/api/migrations");
    let before = Migrator::with_migrations(all.iter().filter(|migration| migration.version <= 6).cloned().collect());
    let db = database::open("test", &url, &before).await.expect("opens");
    let details = json!({"reminder": {"date": "2027-01-15", "time": "09:00", "timeZone": "Europe/Madrid"}});
    for (id, details) in [(1, details.to_string()), (2, "{}".to_owned()), (3, r#"{"note":"\"reminder\":"}"#.to_owned())]
    {
        sqlx::query(
            "INSERT INTO todos (id, owner, description, done, created_at, updated_at, version, state, position, details)
             VALUES ($1, 'alice', 'x', 0, 1000, 1000, 1, 1, 1024, $2)",
        )
        .bind(Uuid::from_u128(id).to_string())
        .bind(details)
        .execute(&db)
        .await
        .expect("written");
    }
    db.close().await;
    let store = Store::open(&url, clock()).await.expect("opens");
    let span = Timestamp::default()..Timestamp::MAX;
    let reminders = async || {
        let (reminders, _) = store.reminders(Whose::Everyones, &span, None, MAX_PAGE).await.expect("works");
        reminders.into_iter().map(|reminder| (reminder.todo.id, reminder.at)).collect::<Vec<_>>()
    };
    assert_eq!(reminders().await, []);
    for _ in 0..2 {
        store.derive_reminders().await.expect("works");
        assert_eq!(reminders().await, [(Uuid::from_u128(1), Timestamp::from_millis(1_800_000_000_000))]);
    }
}
