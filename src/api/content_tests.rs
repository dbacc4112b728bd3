//! What an author says of a to-do: kept, changed in part, refused by name, brought back.

use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use time::Duration;
use uuid::Uuid;

use super::store::{Bulk, In, Operation, Outcome, Store, Undoing};
use super::tests::{LIST, TestApi, clock, listed, perform, store};
use crate::platform::database;
use crate::todo::{Description, NewTodo, Patch, Todo};

/// A day in Madrid.
fn moment() -> Value {
    json!({"date": "2027-03-28", "time": "09:00", "timeZone": "Europe/Madrid"})
}

fn step(id: u128, text: &str, done: bool) -> Value {
    json!({"id": Uuid::from_u128(id), "text": text, "done": done})
}

/// A to-do of which everything is said.
fn whole() -> Value {
    let steps = json!([step(1, "find the purse", true), step(2, "leave", false)]);
    json!({
        "description": "buy milk", "done": true, "note": "- oat\n- 2 l", "starred": true, "due": moment(), "steps": steps,
    })
}

fn new(value: &Value) -> NewTodo {
    serde_json::from_value(value.clone()).expect("a to-do")
}

/// What its author says of it.
fn said(todo: &Value) -> Value {
    let members = todo.as_object().expect("a to-do").clone();
    let of_the_api = ["id", "owner", "createdAt", "updatedAt", "completedAt", "version"];
    members.into_iter().filter(|(name, _)| !of_the_api.contains(&name.as_str())).collect()
}

#[tokio::test]
async fn a_todo_has_a_note_a_star_and_a_day_or_a_moment() {
    let api = TestApi::start().await;
    let added = api.call(&api.alice, "POST", LIST, Some(whole())).await;
    assert_eq!((added.status, said(&added.body)), (201, whole()), "{}", added.body);
    assert_eq!(added.body["completedAt"], "2027-01-15T08:00:00Z");
    let path = format!("{LIST}/{}", added.body["id"].as_str().expect("an id"));
    assert_eq!(api.call(&api.alice, "GET", &path, None).await.body, added.body);
    assert_eq!(api.call(&api.alice, "GET", LIST, None).await.body, json!([added.body]));

    // What is absent stays, what is null goes; of `due` too a part can be given.
    let mut expected = whole();
    for (patch, member, value) in [
        (json!({"starred": false}), "starred", json!(null)),
        (json!({"note": "a\r\nb"}), "note", json!("a\nb")),
        (
            json!({"due": {"time": "10:30"}}),
            "due",
            json!({"time": "10:30", "date": "2027-03-28", "timeZone": "Europe/Madrid"}),
        ),
        (
            json!({"due": {"timeZone": "america/new_york"}}),
            "due",
            json!({"time": "10:30", "date": "2027-03-28", "timeZone": "America/New_York"}),
        ),
        (json!({"due": {"date": "2027-04-01", "time": null, "timeZone": null}}), "due", json!({"date": "2027-04-01"})),
        (json!({"due": moment()}), "due", moment()),
        (json!({"due": null, "done": null}), "due", json!(null)),
        (json!({"note": null}), "note", json!(null)),
        // In another order, and one of them is new.
        (
            json!({"steps": [step(2, "leave", false), {"id": Uuid::from_u128(3), "text": " pay\n"}]}),
            "steps",
            json!([step(2, "leave", false), step(3, "pay", false)]),
        ),
        (json!({"steps": null}), "steps", json!(null)),
    ] {
        let answer = api.call(&api.alice, "PATCH", &path, Some(patch.clone())).await;
        assert_eq!(answer.status, 200, "{patch} {}", answer.body);
        let members = expected.as_object_mut().expect("a to-do");
        match value {
            Value::Null => drop(members.remove(member)),
            value => drop(members.insert(member.to_owned(), value)),
        }
        if patch.get("done").is_some() {
            members.insert("done".to_owned(), json!(false));
            assert!(answer.body.get("completedAt").is_none());
        }
        assert_eq!(said(&answer.body), expected, "{patch}");
    }

    // Replaced: what is absent is gone, but `done`, which clients of Microsoft's sample do not know.
    assert_eq!(api.call(&api.alice, "PUT", &path, Some(whole())).await.body["note"], "- oat\n- 2 l");
    let put = api.call(&api.alice, "PUT", &path, Some(json!({"description": "buy bread"}))).await;
    assert_eq!((put.status, said(&put.body)), (200, json!({"description": "buy bread", "done": true})));

    let id = Uuid::new_v4();
    let mut add = whole();
    add["op"] = json!("add");
    add["id"] = json!(id);
    let change = json!({"op": "change", "id": id, "due": null, "note": "n"});
    let batch = json!({"changes": [add, change]});
    let answer = api.call(&api.alice, "POST", &format!("{LIST}/batch"), Some(batch)).await;
    assert_eq!(said(&answer.body["results"][0]["todo"]), whole(), "{}", answer.body);
    let mut expected = json!({"description": "buy milk", "done": true, "note": "n", "starred": true});
    expected["steps"] = whole()["steps"].clone();
    assert_eq!(said(&answer.body["results"][1]["todo"]), expected);
    // What the API sent may be sent back.
    let todo = answer.body["results"][1]["todo"].clone();
    let again = api.call(&api.alice, "PUT", &format!("{LIST}/{id}"), Some(todo.clone())).await;
    assert_eq!((again.status, again.body), (200, todo));
}

#[tokio::test]
async fn what_is_no_note_no_day_and_no_time_zone_is_refused_by_name() {
    let api = TestApi::start().await;
    let todo = api.add(&api.alice, "x").await;
    let one = format!("{LIST}/{}", todo.id);
    let due = |member: &str, value: Value| {
        let mut due = moment();
        due[member] = value;
        json!({"due": due})
    };
    for (body, pointer) in [
        (json!({"note": "a\0b"}), "/note"),
        (json!({"note": "é".repeat(10_001)}), "/note"),
        (json!({"description": null}), "/description"),
        // What is sent is counted, and not what is left of it.
        (json!({"note": " ".repeat(10_001)}), "/note"),
        (json!({"note": "a\r\n".repeat(3_334)}), "/note"),
        (json!({"description": format!("{}x", " ".repeat(500))}), "/description"),
        (json!({"steps": [step(1, &format!("x{}", "\n".repeat(500)), false)]}), "/steps/0/text"),
        (json!({"repeat": format!("FREQ=DAILY{}", " ".repeat(491))}), "/repeat"),
        (due("date", json!("2027-02-29")), "/due/date"),
        (due("date", json!("2027-03-28T09:00:00Z")), "/due/date"),
        (due("date", json!("")), "/due/date"),
        (due("date", json!(null)), "/due/date"),
        (due("time", json!("9:00")), "/due/time"),
        (due("time", json!("24:00")), "/due/time"),
        (due("timeZone", json!("Europe/Nowhere")), "/due/timeZone"),
        (due("timeZone", json!("Etc/Unknown")), "/due/timeZone"),
        (due("timeZone", json!("CEST+2")), "/due/timeZone"),
        (due("timeZone", json!("../../etc/passwd")), "/due/timeZone"),
        (due("timeZone", json!("")), "/due/timeZone"),
        (due("timeZone", json!(null)), "/due"),
        (due("time", json!(null)), "/due"),
        (json!({"due": {}}), "/due"),
        (json!({"due": {"time": "09:00", "timeZone": "Europe/Madrid"}}), "/due"),
        (json!({"steps": [step(1, " ", false)]}), "/steps/0/text"),
        (json!({"steps": [step(1, "a", false), step(2, &"x".repeat(501), false)]}), "/steps/1/text"),
        (json!({"steps": [step(1, "a", false), step(1, "b", false)]}), "/steps/1/id"),
        (json!({"steps": [step(0, "a", false)]}), "/steps/0/id"),
        (json!({"steps": [{"id": "1", "text": "a"}]}), "/steps/0/id"),
        (json!({"steps": (1..102).map(|id| step(id, "a", false)).collect::<Vec<_>>()}), "/steps"),
        // Not what was expected at all.
        (json!({"steps": [{"id": Uuid::from_u128(1), "text": "a", "due": null}]}), ""),
        (json!({"steps": [{"text": "a"}]}), ""),
        (json!({"steps": ["a"]}), ""),
        (json!({"steps": "a"}), ""),
        (due("datetime", json!("2027-03-28")), ""),
        (json!({"due": "2027-03-28"}), ""),
        (json!({"due": {"date": 20_270_328}}), ""),
        (json!({"due": [moment()]}), ""),
        (json!({"starred": "yes"}), ""),
        (json!({"note": ["a"]}), ""),
    ] {
        let mut draft = body.clone();
        draft.as_object_mut().expect("an object").entry("description").or_insert(json!("y"));
        for (method, path, body) in [("POST", LIST, &draft), ("PUT", &one, &draft), ("PATCH", &one, &body)] {
            let refused = api.call(&api.alice, method, path, Some(body.clone())).await;
            let at = refused.body["errors"][0]["pointer"].as_str().unwrap_or_default();
            assert_eq!((refused.status, at), (400, pointer), "{method} {body} {}", refused.body);
        }
        // In a batch nothing is done then; but what does not fit to what there is, is answered in its place.
        let mut change = body.clone();
        change["op"] = json!("change");
        change["id"] = json!(todo.id);
        let add = json!({"op": "add", "id": Uuid::new_v4(), "description": "not alone"});
        let batch = json!({"changes": [change, add]});
        let answer = api.call(&api.alice, "POST", &format!("{LIST}/batch"), Some(batch)).await;
        if pointer == "/due" {
            assert_eq!(answer.body["results"][0]["status"], 400, "{body} {}", answer.body);
            let undo = format!("{LIST}/changes/{}/undo", answer.body["change"]);
            assert_eq!(api.call(&api.alice, "POST", &undo, None).await.status, 200);
        } else {
            assert_eq!(answer.status, 400, "{body}");
        }
    }
    for raw in [
        r#"{"description":"x","note":"a","note":"b"}"#,
        r#"{"description":"x","due":{"date":"2027-03-28","date":"2027-03-29"}}"#,
        r#"{"description":"x","steps":[{"id":"00000000-0000-4000-8000-000000000000","text":"a","text":"b"}]}"#,
    ] {
        assert_eq!(api.post_raw("application/json", raw).await.status, 400, "{raw}");
    }
    assert_eq!(api.list(&api.alice).await, [todo]);
    // The longest note there may be, and one of nothing.
    let note = "🥛".repeat(10_000);
    let answer = api.call(&api.alice, "PATCH", &one, Some(json!({"note": note}))).await;
    assert_eq!((answer.status, answer.body["note"].as_str()), (200, Some(note.as_str())));
    let answer = api.call(&api.alice, "PATCH", &one, Some(json!({"note": " \n"}))).await;
    assert!(answer.body.get("note").is_none());
}

async fn list(store: &Store) -> Vec<Todo> {
    listed(store, "alice").await
}

async fn undo(store: &Store, change: i64) -> i64 {
    match store.undo("alice", change).await.expect("works") {
        Undoing::Done(undone) => undone.change.expect("something was brought back"),
        other => panic!("{other:?}"),
    }
}

/// All but the versions.
fn content(todos: &[Todo]) -> Vec<Todo> {
    todos.iter().map(|todo| Todo { version: 0, ..todo.clone() }).collect()
}

#[tokio::test]
async fn undoing_brings_back_all_that_was_said_and_when_it_was_done() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let id = Uuid::new_v4();
    let Outcome::Added(added) = perform(&store, "alice", Operation::Add { id, new: new(&whole()) }).await else {
        panic!("not added");
    };
    assert_eq!((added.completed_at, NewTodo::from(added.clone())), (Some(clock.now()), new(&whole())));
    clock.advance(Duration::hours(1));
    let bare: NewTodo = Description::parse("y").expect("valid").into();
    for operation in [
        Operation::Change { id, patch: Patch::replacing(bare), seen: None },
        Operation::Change { id, patch: Patch { done: Some(false), ..Patch::default() }, seen: None },
        Operation::Remove { id, seen: None },
    ] {
        let before = list(&store).await;
        let change = store.apply("alice", &[operation]).await.expect("works").change.expect("changed");
        let after = list(&store).await;
        let undone = undo(&store, change).await;
        assert_eq!(content(&list(&store).await), content(&before));
        undo(&store, undone).await;
        assert_eq!(content(&list(&store).await), content(&after));
        undo(&store, undone + 1).await;
    }
    // All at once.
    for (bulk, done) in [(Bulk::Mark { done: false }, false), (Bulk::Mark { done: true }, true)] {
        let before = list(&store).await;
        let change = store.apply_to_all("alice", bulk, In::All, None).await.expect("works").0.expect("changed");
        assert_eq!(list(&store).await[0].completed_at, done.then(|| clock.now()));
        clock.advance(Duration::minutes(1));
        undo(&store, change).await;
        assert_eq!(content(&list(&store).await), content(&before));
        let patch = Patch { done: Some(done), ..Patch::default() };
        perform(&store, "alice", Operation::Change { id, patch, seen: None }).await;
    }
    // Done once more: it was done before.
    let done_at = list(&store).await[0].completed_at;
    clock.advance(Duration::minutes(1));
    let patch = Patch { done: Some(true), starred: Some(false), ..Patch::default() };
    perform(&store, "alice", Operation::Change { id, patch, seen: None }).await;
    assert_eq!(list(&store).await[0].completed_at, done_at);

    // Nothing of it is left a day after it was removed.
    perform(&store, "alice", Operation::Remove { id, seen: None }).await;
    clock.advance(Duration::days(2));
    store.forget().await.expect("works");
    assert_eq!(store.columns(id).await, ["-", "{}", "-", "-"]);
}

#[tokio::test]
async fn todos_of_before_are_still_there_and_what_was_undoable_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = database::test_url(folder.path()).await;
    let all = sqlx::migrate!("src/api/migrations");
    let before = Migrator::with_migrations(all.iter().filter(|migration| migration.version <= 2).cloned().collect());
    let db = database::open("test", &url, &before).await.expect("opens");
    let (open, done) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for statement in [
        "INSERT INTO owners (owner, last_change, last_position, forgotten) VALUES ('alice', 2, 2048, 0)".to_owned(),
        format!(
            "INSERT INTO todos (id, owner, description, done, created_at, updated_at, version, state, position) VALUES
             ('{open}', 'alice', 'Open', 0, 1000, 1000, 1, 1, 1024), ('{done}', 'alice', 'Done', 1, 1000, 2000, 2, 2, 2048)"
        ),
        format!(
            "INSERT INTO replaced (owner, change, id, made_at, existed, description, done, position, updated_at, state,
             left_state) VALUES ('alice', 2, '{done}', 2000, 1, 'Before', 0, 2048, 1000, 1, 2)"
        ),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&db).await.expect("written");
    }
    db.close().await;
    let store = Store::open(&url, clock()).await.expect("opens");
    let todos = list(&store).await;
    assert_eq!(todos.iter().map(|todo| todo.id).collect::<Vec<_>>(), [open, done]);
    assert_eq!((todos[0].completed_at, todos[1].completed_at), (None, Some(todos[1].updated_at)));
    undo(&store, 2).await;
    let todos = list(&store).await;
    assert_eq!((todos[1].description.as_str(), todos[1].done, todos[1].completed_at), ("Before", false, None));
    let patch: Patch = serde_json::from_value(json!({"note": "n"})).expect("a change");
    let changed = perform(&store, "alice", Operation::Change { id: open, patch, seen: Some(1) }).await;
    assert!(matches!(changed, Outcome::Changed(_)), "{changed:?}");
}
