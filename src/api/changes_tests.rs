//! Changes that come twice, too late, together, or are taken back. What the engines do differently is tried on both.

use std::collections::HashSet;

use axum::http::header;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::store::{Applied, Bulk, In, ListOperation, MAX_REMOVED, Operation, Outcome, Store, Undoing, Undone};
use super::tests::{Answer, LIST, TestApi, add, clock, listed as list, perform, store};
use crate::todo::{CHANGE, Description, ListName, NewTodo, Patch, Todo};

fn text(description: &str) -> Description {
    Description::parse(description).expect("valid")
}

fn new(description: &str) -> NewTodo {
    text(description).into()
}

fn done(done: bool) -> Patch {
    Patch { done: Some(done), ..Patch::default() }
}

/// All but the versions.
fn content(todos: &[Todo]) -> Vec<Todo> {
    todos.iter().map(|todo| Todo { version: 0, ..todo.clone() }).collect()
}

async fn undo(store: &Store, owner: &str, change: i64) -> Option<Undone> {
    match store.undo(owner, change).await.expect("works") {
        Undoing::Done(undone) => Some(undone),
        Undoing::Unknown => None,
        Undoing::Full | Undoing::TooManyLists => panic!("there is no room"),
    }
}

fn change_of(answer: &Answer) -> i64 {
    answer.headers[CHANGE].to_str().expect("text").parse().expect("a number")
}

#[tokio::test]
async fn a_todo_that_is_sent_twice_is_added_once() {
    let api = TestApi::start().await;
    let id = Uuid::new_v4();
    let body = json!({"id": id, "description": "buy milk"});
    let first = api.call(&api.alice, "POST", LIST, Some(body.clone())).await;
    let second = api.call(&api.alice, "POST", LIST, Some(body.clone())).await;
    assert_eq!((first.status, second.status), (201, 200));
    assert_eq!((&first.body["id"], &second.body), (&json!(id), &first.body));
    assert_eq!(second.headers[header::LOCATION], first.headers[header::LOCATION]);
    // Nothing was changed, so there is nothing to undo.
    assert!(!second.headers.contains_key(CHANGE));
    assert_eq!(api.list(&api.alice).await.len(), 1);

    // The retry that comes last of all must not bring it back.
    api.call(&api.alice, "DELETE", &format!("{LIST}/{id}"), None).await;
    assert_eq!(api.call(&api.alice, "POST", LIST, Some(body.clone())).await.status, 410);
    // Nor does it tell anything of somebody else's.
    assert_eq!(api.call(&api.bob, "POST", LIST, Some(body)).await.status, 409);
    assert_eq!(api.list(&api.bob).await.len() + api.list(&api.alice).await.len(), 0);
}

/// What clients of Microsoft's sample send of a to-do that has no id yet, and what nobody can mean.
#[tokio::test]
async fn an_id_that_is_none_is_made_by_the_api_and_one_that_is_malformed_is_refused() {
    let api = TestApi::start().await;
    for id in [json!(0), json!(null), json!(Uuid::nil())] {
        let answer = api.call(&api.alice, "POST", LIST, Some(json!({"id": id, "description": "x"}))).await;
        assert_eq!(answer.status, 201, "{id}");
        let made: Uuid = serde_json::from_value(answer.body["id"].clone()).expect("an id");
        assert!(!made.is_nil());
    }
    for id in ["", "7", "not-an-id"] {
        let answer = api.call(&api.alice, "POST", LIST, Some(json!({"id": id, "description": "x"}))).await;
        assert_eq!((answer.status, &answer.body["errors"][0]["pointer"]), (400, &json!("/id")), "{id}");
    }
}

#[tokio::test]
async fn what_is_not_as_the_client_saw_it_is_left_as_it_is_and_shown() {
    let api = TestApi::start().await;
    let todo = api.add(&api.alice, "call mum").await;
    let path = format!("{LIST}/{}", todo.id);
    let shown = api.call(&api.alice, "GET", &path, None).await;
    let seen = shown.headers[header::ETAG].to_str().expect("text").to_owned();
    assert_eq!(seen, todo.etag());

    // Another device.
    let theirs =
        api.call_if(&api.alice, "PATCH", &path, Some(json!({"description": "call mum at 6"})), Some(&seen)).await;
    assert_eq!(theirs.status, 200);
    let now = theirs.headers[header::ETAG].to_str().expect("text").to_owned();
    assert_ne!(now, seen);

    for (method, body) in [
        ("PATCH", Some(json!({"description": "call dad"}))),
        ("PATCH", Some(json!({"done": true}))),
        ("PUT", Some(json!({"description": "call dad"}))),
        ("DELETE", None),
    ] {
        for tag in [seen.as_str(), &format!("W/{seen}"), "\"0\""] {
            let late = api.call_if(&api.alice, method, &path, body.clone(), Some(tag)).await;
            assert_eq!((late.status, &late.body["current"]), (412, &theirs.body), "{method} {tag}");
            assert_eq!(late.headers[header::ETAG], now.as_str());
        }
        for malformed in ["17", "\"x\"", "\"1\", \"2\"", ""] {
            let answer = api.call_if(&api.alice, method, &path, body.clone(), Some(malformed)).await;
            assert_eq!(answer.status, 400, "{method} {malformed}");
        }
    }
    assert_eq!(json!(api.list(&api.alice).await), json!([theirs.body]));

    // What is asked for is so already: no new version, which would make others late for nothing.
    let same = api.call_if(&api.alice, "PATCH", &path, Some(json!({"done": false})), Some(&now)).await;
    assert_eq!((same.status, same.headers[header::ETAG].to_str().expect("text")), (200, now.as_str()));
    assert!(!same.headers.contains_key(CHANGE));
    // Any version, and a compressed answer's tag.
    assert_eq!(api.call_if(&api.alice, "PATCH", &path, Some(json!({"done": true})), Some("*")).await.status, 200);
    let now = api.call(&api.alice, "GET", &path, None).await.headers[header::ETAG].to_str().expect("text").to_owned();
    assert_eq!(api.call_if(&api.alice, "DELETE", &path, None, Some(&format!("W/{now}"))).await.status, 204);
}

#[tokio::test]
async fn everything_can_be_undone_as_one_and_done_again() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(add(&store, "alice", &n.to_string()).await.expect("added").id);
        clock.advance(Duration::seconds(1));
    }
    perform(&store, "alice", Operation::Change { id: ids[1], patch: done(true), seen: None }).await;
    let before = list(&store, "alice").await;
    clock.advance(Duration::hours(1));
    let rename =
        Operation::Change { id: ids[0], patch: Patch { description: Some(text("x")), ..Patch::default() }, seen: None };
    let remove = |n: usize| Operation::Remove { id: ids[n], seen: None };
    let extra = Uuid::new_v4();
    // The same row twice: what is undone is the whole.
    let batch = [
        rename,
        remove(0),
        remove(2),
        Operation::Change { id: ids[4], patch: done(true), seen: None },
        Operation::Add { id: extra, new: new("extra") },
    ];
    let changes = [
        store.apply("alice", &batch).await.expect("works").change.expect("changed"),
        store.apply_to_all("alice", Bulk::Mark { done: true }, In::All, None).await.expect("works").0.expect("changed"),
        store.apply_to_all("alice", Bulk::ClearCompleted, In::All, None).await.expect("works").0.expect("changed"),
    ];
    assert_eq!(list(&store, "alice").await, []);
    // The last one first, as a history goes.
    let mut redo = Vec::new();
    for change in changes.into_iter().rev() {
        assert_eq!(undo(&store, "bob", change).await, None, "somebody else's");
        let undone = undo(&store, "alice", change).await.expect("can be undone");
        assert_eq!(undone.changed_since.len(), 0, "{change}");
        redo.push(undone.change.expect("changed"));
    }
    assert_eq!(content(&list(&store, "alice").await), content(&before), "ids, places, states and times");
    // And forth again.
    for change in redo.into_iter().rev() {
        undo(&store, "alice", change).await.expect("can be undone");
    }
    assert_eq!(list(&store, "alice").await, []);
}

/// Another device, or a page that was loaded anew, knows no number.
#[tokio::test]
async fn the_last_change_is_undone_step_by_step_from_any_device() {
    let api = TestApi::start().await;
    let latest = format!("{LIST}/changes/latest/undo");
    let undo = || api.call(&api.alice, "POST", &latest, None);
    assert_eq!(undo().await.status, 404, "nothing was changed yet");

    let milk = api.add(&api.alice, "buy milk").await;
    let bank = api.add(&api.alice, "call the bank").await;
    let path = format!("{LIST}/{}", milk.id);
    api.call(&api.alice, "PATCH", &path, Some(json!({"description": "buy oat milk"}))).await;
    let deleted = api.call(&api.alice, "DELETE", &path, None).await;
    let texts = || async {
        let list = api.list(&api.alice).await;
        list.iter().map(|todo| todo.description.to_string()).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(texts().await, "call the bank");

    let first = undo().await;
    assert_eq!((first.status, &first.body["undone"]), (200, &json!(change_of(&deleted))));
    assert_eq!(texts().await, "buy oat milk, call the bank");
    undo().await;
    assert_eq!(texts().await, "buy milk, call the bank");
    // Undoing that something was added is no deletion that would be undone next.
    let third = undo().await;
    assert_eq!((texts().await, &third.body["removed"]), ("buy milk".to_owned(), &json!([bank.id])));
    // What undid something is undone by its number only.
    let again = api.call(&api.alice, "POST", &format!("{LIST}/changes/{}/undo", change_of(&third)), None).await;
    assert_eq!((again.status, texts().await), (200, "buy milk, call the bank".to_owned()));
    for expected in ["buy milk", ""] {
        assert_eq!(undo().await.status, 200);
        assert_eq!(texts().await, expected);
    }
    assert_eq!(undo().await.status, 404);
    assert_eq!(api.call(&api.bob, "POST", &latest, None).await.status, 404);
    assert_eq!(api.call(&api.alice, "POST", &format!("{LIST}/changes/last/undo"), None).await.status, 400);
}

#[tokio::test]
async fn undoing_leaves_alone_what_was_changed_since() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let a = add(&store, "alice", "a").await.expect("added").id;
    let b = add(&store, "alice", "b").await.expect("added").id;
    let change =
        store.apply_to_all("alice", Bulk::Mark { done: true }, In::All, None).await.expect("works").0.expect("changed");
    let patch = Patch { description: Some(text("b, and more")), ..Patch::default() };
    perform(&store, "alice", Operation::Change { id: b, patch, seen: None }).await;
    let undone = undo(&store, "alice", change).await.expect("can be undone");
    assert_eq!((undone.restored.len(), undone.changed_since.as_slice()), (1, &[b][..]));
    let states: Vec<_> =
        list(&store, "alice").await.into_iter().map(|t| (t.id, t.description.to_string(), t.done)).collect();
    assert_eq!(states, [(a, "a".to_owned(), false), (b, "b, and more".to_owned(), true)]);
    // Pressed twice: the second finds nothing that is still of that change.
    let again = undo(&store, "alice", change).await.expect("known");
    assert_eq!((again.change, again.restored.len(), again.changed_since.len()), (None, 0, 2));
    assert_eq!(undo(&store, "alice", 10_000).await, None);

    // For a day.
    let change =
        store.apply_to_all("alice", Bulk::Mark { done: true }, In::All, None).await.expect("works").0.expect("changed");
    clock.advance(Duration::hours(23));
    store.forget().await.expect("works");
    assert!(undo(&store, "alice", change).await.is_some());
    let change =
        store.apply_to_all("alice", Bulk::ClearCompleted, In::All, None).await.expect("works").0.expect("changed");
    clock.advance(Duration::hours(25));
    store.forget().await.expect("works");
    assert_eq!(undo(&store, "alice", change).await, None);
}

#[tokio::test]
async fn changes_of_one_list_at_the_same_moment_come_one_after_the_other() {
    let (_folder, store) = store(&clock()).await;
    let id = add(&store, "alice", "0").await.expect("added").id;
    let all = (0..40).map(|n: u32| {
        let store = store.clone();
        tokio::spawn(async move {
            let patch = Patch { description: Some(text(&format!("by {n}"))), ..Patch::default() };
            let Applied { change, outcomes } = store
                .apply(
                    "alice",
                    &[
                        Operation::Add { id: Uuid::new_v4(), new: new(&n.to_string()) },
                        // All of them saw the first version.
                        Operation::Change { id, patch, seen: Some(1) },
                    ],
                )
                .await
                .expect("works");
            (change.expect("changed"), matches!(outcomes[1], Outcome::Changed(_)))
        })
    });
    let (mut numbers, mut first) = (HashSet::new(), 0);
    for one in all.collect::<Vec<_>>() {
        let (number, changed) = one.await.expect("no panic");
        assert!(numbers.insert(number), "{number} twice");
        first += u32::from(changed);
    }
    assert_eq!(first, 1, "exactly one of them was not late");
    assert_eq!(list(&store, "alice").await.len(), 41);
    let mut positions: Vec<_> = list(&store, "alice").await.into_iter().map(|todo| todo.version).collect();
    assert!(positions.remove(0) > 1);
    assert!(positions.is_sorted(), "they are listed as they were added: {positions:?}");
}

#[tokio::test]
async fn a_device_that_was_away_learns_what_changed() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let a = add(&store, "alice", "a").await.expect("added").id;
    let b = add(&store, "alice", "b").await.expect("added").id;
    let since = async |number| store.changed_since("alice", number, None, 1000).await.expect("works");
    let seen = since(0).await.expect("known");
    assert_eq!((seen.last, seen.todos.as_slice()), (2, &[(a, 1, false), (b, 2, false)][..]));
    perform(&store, "alice", Operation::Remove { id: a, seen: None }).await;
    add(&store, "bob", "not hers").await;
    let news = since(2).await.expect("known");
    assert_eq!((news.last, news.todos.as_slice(), news.more), (3, &[(a, 3, true)][..], false));
    assert_eq!(since(3).await.expect("known").todos, []);
    let page = store.changed_since("alice", 0, None, 1).await.expect("works").expect("known");
    assert_eq!((page.todos.as_slice(), page.more), (&[(b, 2, false)][..], true));
    // Of a list that is not this one (a database that was restored): fetch all.
    assert_eq!(since(4).await, None);

    // The text of what was removed goes after a day, the mark after thirty.
    clock.advance(Duration::days(29));
    store.forget().await.expect("works");
    assert_eq!(since(2).await.expect("known").todos, [(a, 3, true)]);
    clock.advance(Duration::days(2));
    store.forget().await.expect("works");
    assert_eq!((since(2).await, since(3).await.map(|news| news.todos.len())), (None, Some(0)));
    // Its id may be used again: nobody can send that retry any more.
    assert!(matches!(perform(&store, "alice", Operation::Add { id: a, new: new("a") }).await, Outcome::Added(_)));
}

#[tokio::test]
async fn a_batch_takes_what_was_seen_and_is_undone_as_one() {
    let api = TestApi::start().await;
    let (a, b, c) = (api.add(&api.alice, "a").await, api.add(&api.alice, "b").await, api.add(&api.alice, "c").await);
    let theirs = api.add(&api.bob, "theirs").await;
    // Another device changes one of those that this page shows as done.
    let b_now = api.call(&api.alice, "PATCH", &format!("{LIST}/{}", b.id), Some(json!({"description": "b!"}))).await;
    let batch = json!({"changes": [
        {"op": "remove", "id": a.id, "version": a.version},
        {"op": "remove", "id": b.id, "version": b.version},
        {"op": "change", "id": c.id, "version": c.version, "done": true},
        {"op": "add", "id": Uuid::new_v4(), "description": "d"},
        {"op": "remove", "id": theirs.id},
    ]});
    let answer = api.call(&api.alice, "POST", &format!("{LIST}/batch"), Some(batch)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let statuses: Vec<_> =
        answer.body["results"].as_array().expect("a list").iter().map(|r| r["status"].clone()).collect();
    assert_eq!(statuses, [204, 412, 200, 201, 404]);
    assert_eq!(answer.body["results"][1]["todo"], b_now.body);
    assert_eq!(answer.body["change"], json!(change_of(&answer)));
    let texts = async || api.list(&api.alice).await.into_iter().map(|t| t.description.to_string()).collect::<Vec<_>>();
    assert_eq!(texts().await, ["b!", "c", "d"]);

    let undo = format!("{LIST}/changes/{}/undo", change_of(&answer));
    assert_eq!(api.call(&api.bob, "POST", &undo, None).await.status, 404);
    let undone = api.call(&api.alice, "POST", &undo, None).await;
    assert_eq!((undone.status, undone.body["restored"].as_array().map(Vec::len)), (200, Some(2)), "{}", undone.body);
    assert_eq!(texts().await, ["a", "b!", "c"]);
    assert_eq!(api.call(&api.alice, "POST", &format!("{LIST}/changes/x/undo"), None).await.status, 400);
    // An app says whose.
    assert_eq!(api.call(&api.daemon, "POST", &undo, None).await.status, 400);
    let of_alice = format!("{LIST}/changes/{}/undo?owner={}", change_of(&undone), a.owner);
    assert_eq!(api.call(&api.daemon, "POST", &of_alice, None).await.status, 200);

    let changes = api.call(&api.alice, "GET", &format!("{LIST}/changes?since=0"), None).await;
    assert_eq!(changes.body["todos"].as_array().map(Vec::len), Some(4), "{}", changes.body);
    assert!(!changes.body.to_string().contains("b!"), "no text");
    let last = api.call(&api.alice, "GET", &format!("{LIST}/changes"), None).await;
    assert_eq!((&last.body["last"], &last.body["todos"]), (&changes.body["last"], &json!([])));
}

#[tokio::test]
async fn a_batch_that_cannot_be_understood_changes_nothing_and_says_where() {
    let api = TestApi::start().await;
    let id = Uuid::new_v4();
    let good = json!({"op": "add", "id": id, "description": "x"});
    let many = vec![json!({"op": "remove", "id": id}); 1001];
    for (changes, at) in [
        (json!([]), "/changes"),
        (json!(many), "/changes"),
        (json!([good, {"op": "add", "id": id, "description": " "}]), "/changes/1/description"),
        (json!([good, {"op": "add", "id": Uuid::nil(), "description": "x"}]), "/changes/1/id"),
        (json!([good, {"op": "change", "id": id}]), "/changes/1"),
        (json!([good, {"op": "change", "id": id, "description": "x\0"}]), "/changes/1/description"),
        (json!([good, {"op": "move", "id": id}]), ""),
        (json!([good, {"op": "remove", "id": id, "versoin": 1}]), ""),
        (json!([good, {"op": "remove"}]), ""),
        (json!({}), ""),
    ] {
        let answer = api.call(&api.alice, "POST", &format!("{LIST}/batch"), Some(json!({"changes": changes}))).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert_eq!(answer.body["errors"][0]["pointer"].as_str().unwrap_or_default(), at, "{}", answer.body);
    }
    let large = json!({"changes": [good], "owner": "x".repeat(256 * 1024)});
    assert_eq!(api.call(&api.alice, "POST", &format!("{LIST}/batch"), Some(large)).await.status, 413);
    assert_eq!(api.list(&api.alice).await, [] as [Todo; 0]);
    for query in ["since=-1", "since=x", "since=0&limit=x", "since=9223372036854775808"] {
        assert_eq!(api.call(&api.alice, "GET", &format!("{LIST}/changes?{query}"), None).await.status, 400, "{query}");
    }
    let answer: Value = api.call(&api.alice, "GET", &format!("{LIST}/changes?since=99"), None).await.body;
    assert_eq!(answer["status"], 410);
}

/// A page without scripts knows of which change it is.
#[tokio::test]
async fn marking_and_clearing_all_leave_what_the_page_never_showed() {
    let api = TestApi::start().await;
    let (a, b) = (api.add(&api.alice, "a").await, api.add(&api.alice, "b").await);
    let seen = b.version;
    let path = format!("{LIST}/{}", b.id);
    api.call(&api.alice, "PATCH", &path, Some(json!({"description": "b, not done yet"}))).await;
    let states = async || api.list(&api.alice).await.into_iter().map(|todo| (todo.id, todo.done)).collect::<Vec<_>>();
    let marked = api.call(&api.alice, "PATCH", LIST, Some(json!({"done": true, "seen": seen}))).await;
    assert_eq!((marked.status, &marked.body["changed"]), (200, &json!(1)));
    assert_eq!(states().await, [(a.id, true), (b.id, false)]);
    let seen = change_of(&marked);
    api.call(&api.alice, "PATCH", &path, Some(json!({"done": true}))).await;
    let cleared = api.call(&api.alice, "DELETE", &format!("{LIST}?done=true&seen={seen}"), None).await;
    assert_eq!((cleared.status, &cleared.body["deleted"]), (200, &json!(1)));
    assert_eq!(states().await, [(b.id, true)]);
    assert_eq!(api.call(&api.alice, "DELETE", &format!("{LIST}?done=true&seen=x"), None).await.status, 400);
}

#[tokio::test]
async fn a_page_of_what_changed_may_end_within_a_change() {
    let api = TestApi::start().await;
    for n in 0..5 {
        api.add(&api.alice, &n.to_string()).await;
    }
    // All of one version.
    api.call(&api.alice, "PATCH", LIST, Some(json!({"done": true}))).await;
    let (mut path, mut seen) = (format!("{LIST}/changes?since=5&limit=2"), HashSet::new());
    for _ in 0..3 {
        let page = api.call(&api.alice, "GET", &path, None).await;
        for todo in page.body["todos"].as_array().expect("a list") {
            assert_eq!(todo["version"], 6);
            assert!(seen.insert(todo["id"].to_string()), "twice: {todo}");
        }
        let Some(next) = page.headers.get(header::LINK) else { break };
        let next = next.to_str().expect("text").strip_suffix(">; rel=\"next\"").expect("a link");
        next.trim_start_matches('<').clone_into(&mut path);
    }
    assert_eq!(seen.len(), 5);
    assert_eq!(api.call(&api.alice, "GET", &format!("{LIST}/changes?since=5&after=x"), None).await.status, 400);
}

/// What is kept for undoing and for devices that were away is no way around the limit of a list.
#[tokio::test]
async fn however_busy_an_owner_is_what_is_kept_for_them_has_an_end() {
    const MAX: i64 = 1000;
    let (_folder, store) = store(&clock()).await;
    let store = store.with_max_per_owner(MAX);
    let fill = async || {
        let adds: Vec<_> = (0..MAX).map(|n| Operation::Add { id: Uuid::new_v4(), new: new(&n.to_string()) }).collect();
        store.apply("alice", &adds).await.expect("works").change.expect("changed")
    };
    fill().await;
    let first = list(&store, "alice").await[0].clone();
    let removed = store.apply("alice", &[Operation::Remove { id: first.id, seen: None }]).await.expect("works");
    let removed = removed.change.expect("changed");
    assert!(add(&store, "alice", "in its place").await.is_some());
    // It does not fit any more.
    let before = list(&store, "alice").await;
    assert!(matches!(store.undo("alice", removed).await.expect("works"), Undoing::Full));
    assert_eq!(list(&store, "alice").await, before);

    for _ in 0..=MAX_REMOVED / MAX {
        store.apply_to_all("alice", Bulk::Mark { done: true }, In::All, None).await.expect("works");
        store.apply_to_all("alice", Bulk::ClearCompleted, In::All, None).await.expect("works");
        fill().await;
    }
    let removed = async || {
        let kept = store.changed_since("alice", 0, None, 10 * MAX).await.expect("works").expect("known");
        i64::try_from(kept.todos.iter().filter(|(_, _, removed)| *removed).count()).expect("few")
    };
    // All of them, as long as undoing could bring them back.
    assert_eq!(removed().await, 1 + (MAX_REMOVED / MAX + 1) * MAX);

    let change =
        store.apply_to_all("alice", Bulk::Mark { done: true }, In::All, None).await.expect("works").0.expect("changed");
    let id = list(&store, "alice").await[0].id;
    for n in 0..502 {
        perform(&store, "alice", Operation::Change { id, patch: done(n % 2 == 0), seen: None }).await;
        if n == 10 {
            assert!(matches!(store.undo("bob", change).await.expect("works"), Undoing::Unknown));
        }
    }
    assert!(matches!(store.undo("alice", change).await.expect("works"), Undoing::Unknown));
    // No change that is kept knows of those any more: what is remembered of them has an end of its own.
    assert_eq!(perform(&store, "alice", Operation::Remove { id, seen: None }).await, Outcome::Removed);
    let removed = removed().await;
    assert!(removed <= MAX_REMOVED && removed > MAX, "{removed}");
    // Who was away longer fetches everything.
    assert_eq!(store.changed_since("alice", 1, None, 1).await.expect("works"), None);
}

#[tokio::test]
async fn however_many_are_removed_at_once_come_back() {
    let many = MAX_REMOVED + 1;
    let (_folder, store) = store(&clock()).await;
    let home = Uuid::from_u128(7);
    let list = ListOperation::Add { id: home, name: ListName::parse("Home").expect("a name") };
    store.apply_to_list("alice", &list).await.expect("works");
    let there = async || store.counts("alice").await;
    let adds = (0..many).map(|n| {
        let mut new = NewTodo { done: true, ..new(&n.to_string()) };
        new.details.list = Some(home);
        Operation::Add { id: Uuid::new_v4(), new }
    });
    store.apply("alice", &adds.collect::<Vec<_>>()).await.expect("works");
    let cleared = store.apply_to_all("alice", Bulk::ClearCompleted, In::All, None).await.expect("works");
    assert_eq!((cleared.1, there().await), (many.unsigned_abs(), (0, 0)));
    let undone = undo(&store, "alice", cleared.0.expect("changed")).await.expect("known");
    assert_eq!((i64::try_from(undone.restored.len()).expect("few"), there().await), (many, (many, many)));

    let remove = ListOperation::Remove { id: home, seen: None, todos_seen: None };
    let (change, _) = store.apply_to_list("alice", &remove).await.expect("works");
    assert_eq!(there().await, (0, 0));
    let undone = undo(&store, "alice", change.expect("changed")).await.expect("known");
    assert_eq!((undone.lists.restored.len(), there().await), (1, (many, many)));
    assert!(undone.restored.iter().all(|todo| todo.details.list == Some(home)));
}
