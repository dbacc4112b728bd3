//! Reminders, and to-dos that repeat: what comes next when one is done, on both engines.

use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::store::{Bulk, BulkError, In, Operation, Outcome, Store, Undoing};
use super::tests::{Answer, LIST, TestApi, clock, listed, perform, store};
use crate::todo::{NewTodo, Patch, Todo};

/// Now is 2027-01-15T08:00:00Z, a Friday.
fn weekly() -> Value {
    json!({
        "description": "take out the bins", "note": "the blue one", "starred": true,
        "due": {"date": "2027-01-15", "time": "07:30", "timeZone": "Europe/Madrid"},
        "reminder": {"date": "2027-01-14", "time": "20:00", "timeZone": "Europe/Madrid"},
        "repeat": "FREQ=WEEKLY",
        "steps": [{"id": Uuid::from_u128(1), "text": "open the gate", "done": true}],
    })
}

async fn put(store: &Store, new: &Value) -> Uuid {
    let new: NewTodo = serde_json::from_value(new.clone()).expect("a to-do");
    match perform(store, "alice", Operation::Add { id: Uuid::new_v4(), new }).await {
        Outcome::Added(todo) => todo.id,
        other => panic!("{other:?}"),
    }
}

fn patch(value: Value) -> Patch {
    serde_json::from_value(value).expect("a change")
}

async fn change(store: &Store, id: Uuid, value: Value) -> (Option<i64>, Outcome) {
    let applied = store.apply("alice", &[Operation::Change { id, patch: patch(value), seen: None }]).await;
    let mut applied = applied.expect("works");
    (applied.change, applied.outcomes.remove(0))
}

/// What is to be done, when it is due and whether it is done, in the order of the list.
async fn dues(store: &Store) -> Vec<(String, String, bool)> {
    let one = |todo: Todo| {
        let due = todo.details.due.map(|due| due.date().to_string()).unwrap_or_default();
        (todo.description.to_string(), due, todo.done)
    };
    listed(store, "alice").await.into_iter().map(one).collect()
}

async fn undo(store: &Store, change: i64) -> bool {
    matches!(store.undo("alice", change).await.expect("works"), Undoing::Done(_))
}

#[tokio::test]
async fn completing_a_todo_that_repeats_adds_the_next_one_and_one_undo_takes_both_back() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let id = put(&store, &weekly()).await;
    put(&store, &json!({"description": "last"})).await;
    let before = listed(&store, "alice").await;
    clock.advance(Duration::minutes(5));

    let (number, _) = change(&store, id, json!({"done": true})).await;
    let number = number.expect("a change");
    let after = listed(&store, "alice").await;
    let [done, next, last] = &after[..] else { panic!("{after:?}") };
    assert_eq!(
        (done.id, done.done, &done.details.repeat, &last.description),
        (id, true, &None, &before[1].description)
    );
    assert_eq!((done.details.due.clone(), done.details.steps.clone()), {
        let details = &before[0].details;
        (details.due.clone(), details.steps.clone())
    });
    // The next one is in its place, of this change, and says the same but for what is done and when.
    assert!(next.id != id && !next.done && next.version == number && next.completed_at.is_none());
    let mut expected = weekly();
    expected["due"]["date"] = json!("2027-01-22");
    expected["reminder"]["date"] = json!("2027-01-21");
    expected["steps"][0]["done"] = json!(false);
    expected["done"] = json!(false);
    assert_eq!(json!(NewTodo::from(next.clone())), expected);
    assert_eq!(store.counts("alice").await, (3, 3));

    // Not done after all: that is all there is to it.
    change(&store, id, json!({"done": false})).await;
    change(&store, id, json!({"done": true})).await;
    assert_eq!(listed(&store, "alice").await.len(), 3);

    let (second, _) = change(&store, next.id, json!({"done": true})).await;
    assert_eq!(dues(&store).await[2], ("take out the bins".to_owned(), "2027-01-29".to_owned(), false));
    let second = second.expect("a change");
    let undone = store.undo("alice", second).await.expect("works");
    let Undoing::Done(undone) = undone else { panic!("{undone:?}") };
    assert_eq!((undone.restored.len(), undone.removed.len(), undone.changed_since.len()), (1, 1, 0));
    assert_eq!(json!(NewTodo::from(undone.restored[0].clone())), expected);
    assert_eq!(listed(&store, "alice").await.len(), 3);
    // And done again.
    assert!(undo(&store, undone.change.expect("a change")).await);
    let dates: Vec<String> = dues(&store).await.into_iter().map(|(_, due, _)| due).collect();
    assert_eq!(dates, ["2027-01-15", "2027-01-22", "2027-01-29", ""]);
    assert_eq!(store.counts("alice").await, (4, 4));
}

#[tokio::test]
async fn what_comes_next_is_by_the_rule_in_the_zone_and_never_over_already() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let madrid = |date: &str, time: &str| json!({"date": date, "time": time, "timeZone": "Europe/Madrid"});
    for (due, repeat, next) in [
        (json!({"date": "2027-01-31"}), "FREQ=MONTHLY", "2027-03-31"),
        (json!({"date": "2027-01-31"}), "FREQ=MONTHLY;BYMONTHDAY=-1", "2027-02-28"),
        (json!({"date": "2028-02-29"}), "FREQ=YEARLY", "2032-02-29"),
        // Late: what was missed is left out, what is due today is not.
        (json!({"date": "2027-01-01"}), "FREQ=DAILY;INTERVAL=7", "2027-01-15"),
        (json!({"date": "2026-12-01"}), "FREQ=DAILY", "2027-01-14"),
        (madrid("2026-12-01", "07:00"), "FREQ=DAILY", "2027-01-15"),
        // It is the 14th there still.
        (json!({"date": "2026-12-01", "time": "07:00", "timeZone": "Pacific/Pago_Pago"}), "FREQ=DAILY", "2027-01-14"),
        // Not late: the one after it.
        (json!({"date": "2027-01-20"}), "FREQ=DAILY", "2027-01-21"),
        (madrid("2027-03-27", "02:30"), "FREQ=DAILY", "2027-03-28"),
        // Ends.
        (json!({"date": "2027-01-15"}), "FREQ=DAILY;COUNT=1", ""),
        (json!({"date": "2027-01-15"}), "FREQ=DAILY;UNTIL=20270115", ""),
        (json!({"date": "2027-01-15"}), "FREQ=DAILY;UNTIL=20270116", "2027-01-16"),
        (madrid("2027-01-15", "09:00"), "FREQ=DAILY;UNTIL=20270116T080000Z", "2027-01-16"),
        (madrid("2027-01-15", "09:00"), "FREQ=DAILY;UNTIL=20270116T075959Z", ""),
        (json!({"date": "2026-01-15"}), "FREQ=DAILY;COUNT=9", ""),
        (json!({"date": "9999-12-31"}), "FREQ=DAILY", ""),
    ] {
        let id = put(&store, &json!({"description": repeat, "due": due, "repeat": repeat})).await;
        let (number, outcome) = change(&store, id, json!({"done": true})).await;
        assert!(matches!(&outcome, Outcome::Changed(todo) if todo.details.repeat.is_none()), "{outcome:?}");
        let open = dues(&store).await.into_iter().filter(|(_, _, done)| !done).map(|(_, due, _)| due);
        assert_eq!(open.collect::<Vec<_>>().concat(), next, "{repeat} from {due}");
        assert!(undo(&store, number.expect("a change")).await);
        perform(&store, "alice", Operation::Remove { id, seen: None }).await;
    }
    // Of three, one is left after the second.
    let id =
        put(&store, &json!({"description": "x", "due": {"date": "2027-01-15"}, "repeat": "FREQ=DAILY;COUNT=3"})).await;
    change(&store, id, json!({"done": true})).await;
    let next = listed(&store, "alice").await.into_iter().find(|todo| !todo.done).expect("the next");
    assert_eq!(next.details.repeat.expect("a rule").to_string(), "FREQ=DAILY;COUNT=2");
    // What changes together with it counts.
    let (_, outcome) = change(&store, next.id, json!({"done": true, "due": {"date": "2027-02-01"}})).await;
    assert!(matches!(outcome, Outcome::Changed(_)));
    let open = dues(&store).await.into_iter().find(|(_, _, done)| !done);
    assert_eq!(open.map(|(_, due, _)| due).as_deref(), Some("2027-02-02"));
}

#[tokio::test]
async fn marking_all_as_done_goes_on_with_what_repeats_in_one_change() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let daily = json!({"description": "a", "due": {"date": "2027-01-15"}, "repeat": "FREQ=DAILY"});
    put(&store, &daily).await;
    put(&store, &json!({"description": "b"})).await;
    put(&store, &json!({"description": "c", "due": {"date": "2027-01-15"}, "repeat": "FREQ=DAILY;COUNT=1"})).await;
    let before = listed(&store, "alice").await;
    let seen = before.iter().map(|todo| todo.version).max();
    // Came since: left alone.
    put(&store, &json!({"description": "d", "due": {"date": "2027-01-15"}, "repeat": "FREQ=DAILY"})).await;

    let (number, count) = store.apply_to_all("alice", Bulk::Mark { done: true }, In::All, seen).await.expect("works");
    assert_eq!(count, 3);
    let is = |what: &[(&str, &str, bool)]| -> Vec<(String, String, bool)> {
        what.iter().map(|(text, due, done)| ((*text).to_owned(), (*due).to_owned(), *done)).collect()
    };
    let expected = [
        ("a", "2027-01-15", true),
        ("a", "2027-01-16", false),
        ("b", "", true),
        ("c", "2027-01-15", true),
        ("d", "2027-01-15", false),
    ];
    assert_eq!(dues(&store).await, is(&expected));
    assert_eq!(store.counts("alice").await, (5, 5));
    assert!(undo(&store, number.expect("a change")).await);
    let after = listed(&store, "alice").await;
    let content = |todos: &[Todo]| todos.iter().map(|todo| Todo { version: 0, ..todo.clone() }).collect::<Vec<_>>();
    assert_eq!(content(&after[..3]), content(&before));
    assert_eq!(store.counts("alice").await, (4, 4));

    // Where there is no room for the next ones, nothing is done, neither of one nor of all.
    let store = store.with_max_per_owner(4);
    let (_, outcome) = change(&store, after[0].id, json!({"done": true})).await;
    assert_eq!(outcome, Outcome::Full);
    let refused = store.apply_to_all("alice", Bulk::Mark { done: true }, In::All, None).await;
    assert!(matches!(refused, Err(BulkError::Full)), "{refused:?}");
    assert_eq!(listed(&store, "alice").await, after);
}

#[tokio::test]
async fn all_of_many_that_repeat_are_done_a_thousand_at_a_time() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let new = json!({"description": "a", "due": {"date": "2027-01-15"}, "repeat": "FREQ=DAILY"});
    let new: NewTodo = serde_json::from_value(new).expect("a to-do");
    let add = |_| Operation::Add { id: Uuid::new_v4(), new: new.clone() };
    store.apply("alice", &(0..1001).map(add).collect::<Vec<_>>()).await.expect("works");
    let refused = store.apply_to_all("alice", Bulk::Mark { done: true }, In::All, None).await;
    assert!(matches!(refused, Err(BulkError::TooManyRepeat)), "{refused:?}");
    let first = listed(&store, "alice").await.remove(0);
    assert!(!first.done);
    change(&store, first.id, json!({"done": true, "repeat": null})).await;
    let marked = store.apply_to_all("alice", Bulk::Mark { done: true }, In::All, None).await.expect("works");
    assert_eq!(marked.1, 1000);
    assert_eq!(store.counts("alice").await, (2001, 2001));
}

#[tokio::test]
async fn a_reminder_and_a_rule_travel_change_in_part_and_are_refused_by_name() {
    let api = TestApi::start().await;
    let added = api.call(&api.alice, "POST", LIST, Some(weekly())).await;
    assert_eq!((added.status, &added.body["repeat"]), (201, &json!("FREQ=WEEKLY")), "{}", added.body);
    assert_eq!(added.body["reminder"], weekly()["reminder"]);
    let path = format!("{LIST}/{}", added.body["id"].as_str().expect("an id"));
    let amend = async |body: Value| -> Answer { api.call(&api.alice, "PATCH", &path, Some(body)).await };
    let later =
        amend(json!({"reminder": {"time": "21:00", "timeZone": "europe/lisbon"}, "repeat": "freq=daily"})).await;
    assert_eq!(later.body["reminder"], json!({"date": "2027-01-14", "time": "21:00", "timeZone": "Europe/Lisbon"}));
    assert_eq!(later.body["repeat"], "FREQ=DAILY");

    let moment = |date: &str, time: &str, zone: &str| json!({"date": date, "time": time, "timeZone": zone});
    for (body, pointer) in [
        (json!({"reminder": moment("2027-02-30", "09:00", "UTC")}), "/reminder/date"),
        (json!({"reminder": moment("2027-02-01", "9:00", "UTC")}), "/reminder/time"),
        (json!({"reminder": moment("2027-02-01", "09:00", "Mars/Olympus")}), "/reminder/timeZone"),
        (json!({"reminder": {"time": null, "timeZone": null}}), "/reminder"),
        (json!({"reminder": {"timeZone": null}}), "/reminder"),
        (json!({"repeat": "every day"}), "/repeat"),
        (json!({"repeat": "FREQ=SECONDLY"}), "/repeat"),
        (json!({"due": null}), "/repeat"),
    ] {
        let refused = amend(body.clone()).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (400, &json!(pointer)), "{body}");
    }
    for body in [json!({"reminder": 7}), json!({"reminder": "2027-02-01"}), json!({"repeat": 7})] {
        assert_eq!(amend(body.clone()).await.status, 400, "{body}");
    }
    for (body, pointer) in [
        (json!({"description": "a", "repeat": "FREQ=DAILY"}), "/repeat"),
        (json!({"description": "a", "reminder": {"date": "2027-02-01"}}), "/reminder"),
    ] {
        for (method, path) in [("POST", LIST), ("PUT", path.as_str())] {
            let refused = api.call(&api.alice, method, path, Some(body.clone())).await;
            assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (400, &json!(pointer)), "{body}");
        }
    }

    // Done by replacing it, as by changing it; the answer is of the one that was asked for.
    let mut done = weekly();
    done["done"] = json!(true);
    let done = api.call(&api.alice, "PUT", &path, Some(done)).await;
    assert_eq!((done.status, &done.body["done"], &done.body["repeat"]), (200, &json!(true), &Value::Null));
    let list = api.list(&api.alice).await;
    assert_eq!(list[1].details.due.as_ref().expect("due").date().to_string(), "2027-01-22");
    // By several in one change.
    let batch = json!({"changes": [{"op": "change", "id": list[1].id, "done": true}]});
    assert_eq!(api.call(&api.alice, "POST", &format!("{LIST}/batch"), Some(batch)).await.status, 200);
    assert_eq!(api.list(&api.alice).await.len(), 3);
    let undone = api.call(&api.alice, "POST", &format!("{LIST}/changes/latest/undo"), None).await;
    assert_eq!(undone.body["counts"], json!({"restored": 1, "removed": 1, "changedSince": 0}));
    assert_eq!(api.list(&api.alice).await, {
        let mut before = list;
        before[1].version = undone.body["change"].as_i64().expect("a number");
        before
    });
}

#[tokio::test]
async fn one_that_is_added_as_done_does_not_repeat() {
    let api = TestApi::start().await;
    let mut new = weekly();
    new["done"] = json!(true);
    let added = api.call(&api.alice, "POST", LIST, Some(new)).await;
    assert_eq!((added.status, &added.body["done"], &added.body["repeat"]), (201, &json!(true), &Value::Null));
    assert_eq!(api.list(&api.alice).await.len(), 1);
}
