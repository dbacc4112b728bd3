//! Several lists: what changes them and the to-dos in them, and what undoing brings back. What the engines do differently is
//! tried on both.

use axum::http::header;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::store::{
    Bulk, Filter, In, ListOperation, MAX_LISTS, Operation, Outcome, Store, Undoing, Undone, Wanted, Whose,
};
use super::tests::{Answer, LIST, TestApi, clock, listed, perform, store};
use crate::identity::testing::ALICE;
use crate::todo::{CHANGE, Description, ListName, ListPatch, NewTodo, Patch, Todo, TodoList};

const LISTS: &str = "/api/todolist/lists";

async fn call(api: &TestApi, method: &str, path: &str, body: Value) -> Answer {
    api.call(&api.alice, method, path, Some(body).filter(|body| !body.is_null())).await
}

fn change_of(answer: &Answer) -> i64 {
    answer.headers[CHANGE].to_str().expect("text").parse().expect("a number")
}

fn names(body: &Value) -> Vec<&str> {
    body.as_array().expect("lists").iter().map(|list| list["name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn an_overview_has_all_lists_and_the_first_page_and_leads_to_the_next() {
    let api = TestApi::start().await;
    let overview = format!("{LIST}/overview");
    let none = call(&api, "GET", &overview, Value::Null).await;
    assert_eq!((none.status, none.body), (200, json!({"lists": [], "todos": []})));
    let home = call(&api, "POST", LISTS, json!({"name": "Home"})).await.body;
    let add = |number: u128| json!({"op": "add", "id": Uuid::from_u128(number), "description": "Buy milk", "list": home["id"]});
    for numbers in [1..=1000, 1001..=1001] {
        let changes: Vec<Value> = numbers.map(add).collect();
        assert_eq!(call(&api, "POST", &format!("{LIST}/batch"), json!({"changes": changes})).await.status, 200);
    }
    let first = call(&api, "GET", &overview, Value::Null).await;
    assert_eq!((names(&first.body["lists"]), change_of(&first)), (vec!["Home"], 3));
    let link = first.headers[header::LINK].to_str().expect("text");
    let next = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).expect("a link");
    let rest = call(&api, "GET", next, Value::Null).await;
    let ids = |todos: &Value| -> Vec<Uuid> {
        let todos = todos.as_array().expect("to-dos").iter();
        todos.map(|todo| todo["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")).collect()
    };
    let all = [ids(&first.body["todos"]), ids(&rest.body)].concat();
    assert_eq!(all, (1..=1001).map(Uuid::from_u128).collect::<Vec<_>>());
    assert!(!rest.headers.contains_key(header::LINK));
    // Of another customer, nothing.
    let other = api.call(&api.bob, "GET", &overview, None).await;
    assert_eq!(other.body, json!({"lists": [], "todos": []}));
}

#[tokio::test]
async fn a_list_is_added_shown_renamed_moved_and_removed() {
    let api = TestApi::start().await;
    assert_eq!(call(&api, "GET", LISTS, Value::Null).await.body, json!([]));
    let id = Uuid::new_v4();
    let body = json!({"id": id, "name": " Home\n"});
    let added = call(&api, "POST", LISTS, body.clone()).await;
    let path = format!("{LISTS}/{id}");
    assert_eq!((added.status, added.headers[header::LOCATION].to_str().expect("text")), (201, path.as_str()));
    let times = json!("2027-01-15T08:00:00Z");
    assert_eq!(
        added.body,
        json!({"id": id, "owner": added.body["owner"], "name": "Home", "version": 1, "createdAt": times, "updatedAt": times})
    );
    assert_eq!((change_of(&added), &added.headers[header::ETAG]), (1, &"\"1\"".parse().expect("a header")));
    // Sent twice, it is added once.
    let again = call(&api, "POST", LISTS, body).await;
    assert_eq!((again.status, &again.body, again.headers.contains_key(CHANGE)), (200, &added.body, false));
    // Without an id, the API makes one.
    let work = call(&api, "POST", LISTS, json!({"name": "Work"})).await.body;
    assert_eq!(names(&call(&api, "GET", LISTS, Value::Null).await.body), ["Home", "Work"]);
    let shown = call(&api, "GET", &path, Value::Null).await;
    assert_eq!(
        (shown.status, &shown.body, &shown.headers[header::ETAG]),
        (200, &added.body, &added.headers[header::ETAG])
    );

    let renamed = call(&api, "PATCH", &path, json!({"name": "Hogar"})).await;
    assert_eq!((renamed.status, &renamed.body["name"], &renamed.body["version"]), (200, &json!("Hogar"), &json!(3)));
    // As clients send back what they were sent.
    let mut whole = renamed.body.clone();
    whole["name"] = json!("Casa");
    let replaced = call(&api, "PUT", &path, whole).await;
    assert_eq!((replaced.status, &replaced.body["name"]), (200, &json!("Casa")));
    let moved = call(&api, "PATCH", &path, json!({"after": work["id"]})).await;
    assert_eq!((moved.status, &moved.body["updatedAt"]), (200, &replaced.body["updatedAt"]));
    assert_eq!(names(&call(&api, "GET", LISTS, Value::Null).await.body), ["Work", "Casa"]);
    let same = call(&api, "PATCH", &path, json!({"name": "Casa", "after": work["id"]})).await;
    assert_eq!((same.status, same.headers.contains_key(CHANGE)), (200, false));

    // What another device changed meanwhile is left as it is, and shown.
    for (method, body) in [("PATCH", json!({"name": "x"})), ("PUT", json!({"name": "x"})), ("DELETE", Value::Null)] {
        let body = Some(body).filter(|body| !body.is_null());
        let late = api.call_if(&api.alice, method, &path, body, Some("\"1\"")).await;
        assert_eq!((late.status, &late.body["current"]), (412, &moved.body), "{method}");
        assert_eq!(late.headers[header::ETAG], moved.headers[header::ETAG]);
    }
    let tag = moved.headers[header::ETAG].to_str().expect("text").to_owned();
    assert_eq!(api.call_if(&api.alice, "DELETE", &path, None, Some(&tag)).await.status, 204);
    for method in ["GET", "DELETE"] {
        assert_eq!(call(&api, method, &path, Value::Null).await.status, 404);
    }
    assert_eq!(call(&api, "POST", LISTS, json!({"id": id, "name": "Home"})).await.status, 410);
    assert_eq!(names(&call(&api, "GET", LISTS, Value::Null).await.body), ["Work"]);
}

#[tokio::test]
async fn what_is_no_list_is_refused_by_name_and_nothing_is_changed() {
    let api = TestApi::start().await;
    let id = call(&api, "POST", LISTS, json!({"name": "Home"})).await.body["id"].clone();
    let path = format!("{LISTS}/{}", id.as_str().expect("an id"));
    for (method, path, body, pointer) in [
        ("POST", LISTS, json!({}), "/name"),
        ("POST", LISTS, json!({"name": " \u{200b}"}), "/name"),
        ("POST", LISTS, json!({"name": "x".repeat(101)}), "/name"),
        ("POST", LISTS, json!({"name": format!("\u{b}x{}", " ".repeat(99))}), "/name"),
        ("PUT", &path, json!({"name": format!("{}x", "\n".repeat(100))}), "/name"),
        ("POST", LISTS, json!({"name": "a\0"}), "/name"),
        ("POST", LISTS, json!({"name": "a", "colour": "red"}), "/colour"),
        ("POST", LISTS, json!({"name": "a", "id": "7"}), "/id"),
        ("PUT", &path, json!({}), "/name"),
        ("PATCH", &path, json!({"name": null}), "/name"),
        ("PATCH", &path, json!({"name": ""}), "/name"),
        ("PATCH", &path, json!({"after": "first"}), "/after"),
        ("PATCH", &path, json!({"owner": "bob"}), "/owner"),
        ("POST", LIST, json!({"description": "a", "list": "home"}), "/list"),
        ("PATCH", LIST, json!({"done": true, "list": "home"}), "/list"),
    ] {
        let refused = call(&api, method, path, body.clone()).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (400, &json!(pointer)), "{body}");
    }
    for (method, path, body, status) in [
        ("PATCH", path.clone(), json!({}), 400),
        ("PATCH", path.clone(), json!({"after": id}), 409),
        ("PATCH", path.clone(), json!({"after": Uuid::new_v4()}), 409),
        ("GET", format!("{LISTS}/7"), Value::Null, 400),
        ("DELETE", format!("{path}?seen=x"), Value::Null, 400),
        ("GET", format!("{LIST}?list=home"), Value::Null, 400),
        ("DELETE", format!("{LIST}?done=true&list=home"), Value::Null, 400),
        ("DELETE", LISTS.to_owned(), Value::Null, 405),
    ] {
        assert_eq!(call(&api, method, &path, body.clone()).await.status, status, "{method} {path} {body}");
    }
    assert_eq!(call(&api, "GET", LISTS, Value::Null).await.body[0]["version"], 1);
}

#[tokio::test]
async fn another_owners_list_does_not_exist() {
    let api = TestApi::start().await;
    let home = call(&api, "POST", LISTS, json!({"name": "a secret name"})).await.body;
    let (id, path) = (&home["id"], format!("{LISTS}/{}", home["id"].as_str().expect("an id")));
    let inside = call(&api, "POST", LIST, json!({"description": "a secret text", "list": id})).await.body;
    let mine = api.add(&api.bob, "mine").await;
    let mine_path = format!("{LIST}/{}", mine.id);
    let mine_list = api.call(&api.bob, "POST", LISTS, Some(json!({"name": "Bob's"}))).await.body;
    let mine_list_path = format!("{LISTS}/{}", mine_list["id"].as_str().expect("an id"));
    for (method, path, body, status) in [
        ("GET", path.as_str(), Value::Null, 404),
        ("PUT", &path, json!({"name": "x"}), 404),
        ("PATCH", &path, json!({"name": "x"}), 404),
        ("DELETE", &path, Value::Null, 404),
        ("POST", LISTS, json!({"id": id, "name": "x"}), 409),
        ("PATCH", &mine_list_path, json!({"after": id}), 409),
        ("POST", LIST, json!({"description": "x", "list": id}), 409),
        ("PATCH", &mine_path, json!({"list": id}), 409),
        ("PUT", &mine_path, json!({"description": "x", "list": id}), 409),
    ] {
        let answer = api.call(&api.bob, method, path, Some(body).filter(|body| !body.is_null())).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        assert!(!answer.body.to_string().contains("secret"), "{}", answer.body);
    }
    let filter = format!("{LIST}?list={}", id.as_str().expect("an id"));
    assert_eq!(api.call(&api.bob, "GET", &filter, None).await.body, json!([]));
    let cleared = api.call(&api.bob, "PATCH", LIST, Some(json!({"done": true, "list": id}))).await;
    assert_eq!(cleared.body, json!({"changed": 0}));
    assert_eq!(names(&api.call(&api.bob, "GET", LISTS, None).await.body), ["Bob's"]);
    assert_eq!(json!(api.list(&api.alice).await), json!([inside]));

    // An app names whose lists it means, and may change any.
    assert_eq!(api.call(&api.daemon, "GET", LISTS, None).await.status, 400);
    let owner = home["owner"].as_str().expect("an owner");
    assert!(owner.contains(ALICE), "{owner}");
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("owner", owner).finish();
    assert_eq!(names(&api.call(&api.daemon, "GET", &format!("{LISTS}?{query}"), None).await.body), ["a secret name"]);
    let named = api.call(&api.daemon, "PATCH", &path, Some(json!({"name": "by the app"}))).await;
    assert_eq!((named.status, &named.body["owner"]), (200, &home["owner"]));
}

#[tokio::test]
async fn todos_are_in_lists_move_between_them_and_are_listed_by_them() {
    let api = TestApi::start().await;
    let home = call(&api, "POST", LISTS, json!({"name": "Home"})).await.body["id"].clone();
    let home = home.as_str().expect("an id");
    let a = call(&api, "POST", LIST, json!({"description": "a", "list": home})).await;
    assert_eq!((a.status, &a.body["list"]), (201, &json!(home)));
    let b = call(&api, "POST", LIST, json!({"description": "b"})).await;
    assert!(b.body.get("list").is_none(), "{}", b.body);
    let texts = async |query: &str| -> Vec<String> {
        let answer = call(&api, "GET", &format!("{LIST}{query}"), Value::Null).await;
        let todos: Vec<Todo> = serde_json::from_value(answer.body).expect("to-dos");
        todos.into_iter().map(|todo| todo.description.to_string()).collect()
    };
    let (inside, outside) = (format!("?list={home}"), "?list=default");
    assert_eq!((texts("").await, texts(&inside).await, texts(outside).await), {
        let text = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        (text(&["a", "b"]), text(&["a"]), text(&["b"]))
    });
    let path = format!("{LIST}/{}", b.body["id"].as_str().expect("an id"));
    assert_eq!(call(&api, "PATCH", &path, json!({"list": home})).await.body["list"], home);
    assert_eq!((texts(&inside).await.len(), texts(outside).await.len()), (2, 0));
    assert_eq!(call(&api, "PATCH", &path, json!({"done": true})).await.body["list"], home);
    assert_eq!(texts(&format!("{inside}&done=false")).await, ["a"]);
    // Page by page: the next one is of the same list.
    let first = call(&api, "GET", &format!("{LIST}{inside}&limit=1"), Value::Null).await;
    let link = first.headers[header::LINK].to_str().expect("text");
    assert!(link.contains(&format!("list={home}")), "{link}");
    // Replaced without it, it goes back to the one that everybody has.
    assert!(call(&api, "PUT", &path, json!({"description": "b"})).await.body.get("list").is_none());
    for body in [json!({"list": null}), json!({"list": home}), json!({"list": null})] {
        assert_eq!(call(&api, "PATCH", &path, body).await.status, 200);
    }

    // Those of a list, all at once.
    let marked = call(&api, "PATCH", LIST, json!({"done": false, "list": "default"})).await;
    assert_eq!(marked.body, json!({"changed": 1}));
    assert_eq!(call(&api, "PATCH", LIST, json!({"done": true})).await.body, json!({"changed": 2}));
    let cleared = call(&api, "DELETE", &format!("{LIST}?done=true&list={home}"), Value::Null).await;
    assert_eq!((cleared.body, texts("").await), (json!({"deleted": 1}), vec!["b".to_owned()]));

    // In a list that is removed there is nothing, and nothing can get there.
    assert_eq!(call(&api, "DELETE", &format!("{LISTS}/{home}"), Value::Null).await.status, 204);
    let batch = json!({"changes": [
        {"op": "add", "id": Uuid::new_v4(), "description": "c", "list": home},
        {"op": "change", "id": b.body["id"], "list": home},
        {"op": "change", "id": b.body["id"], "description": "b2"},
    ]});
    let batch = call(&api, "POST", &format!("{LIST}/batch"), batch).await.body;
    let statuses: Vec<&Value> =
        batch["results"].as_array().expect("one each").iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [409, 409, 200]);
}

#[tokio::test]
async fn a_list_that_has_newer_todos_than_were_seen_is_kept() {
    let api = TestApi::start().await;
    let home = call(&api, "POST", LISTS, json!({"name": "Home"})).await;
    let path = format!("{LISTS}/{}", home.body["id"].as_str().expect("an id"));
    let seen = change_of(&call(&api, "GET", LIST, Value::Null).await);
    assert_eq!(seen, 1);
    call(&api, "POST", LIST, json!({"description": "from another device", "list": home.body["id"]})).await;
    let late = call(&api, "DELETE", &format!("{path}?seen={seen}"), Value::Null).await;
    assert_eq!((late.status, &late.body["current"]), (412, &home.body));
    let shown = call(&api, "GET", LIST, Value::Null).await;
    assert_eq!((change_of(&shown), shown.body.as_array().expect("to-dos").len()), (2, 1));
    assert_eq!(call(&api, "DELETE", &format!("{path}?seen=2"), Value::Null).await.status, 204);
    let shown = call(&api, "GET", LIST, Value::Null).await;
    assert_eq!((change_of(&shown), shown.body), (3, json!([])));
    // Everyone's together have no number.
    assert!(!api.call(&api.daemon, "GET", LIST, None).await.headers.contains_key(CHANGE));
}

#[tokio::test]
async fn changes_and_events_name_lists_and_the_last_change_is_undone_whatever_it_was_of() {
    let api = TestApi::start().await;
    let home = call(&api, "POST", LISTS, json!({"name": "a secret name"})).await.body["id"].clone();
    let inside = call(&api, "POST", LIST, json!({"description": "a", "list": home})).await.body["id"].clone();
    let path = format!("{LISTS}/{}", home.as_str().expect("an id"));
    assert_eq!(call(&api, "DELETE", &path, Value::Null).await.status, 204);
    let changes =
        async |since: i64| call(&api, "GET", &format!("{LIST}/changes?since={since}"), Value::Null).await.body;
    let (todos, lists) =
        (json!([{"id": inside, "version": 3, "removed": true}]), json!([{"id": home, "version": 3, "removed": true}]));
    assert_eq!(changes(0).await, json!({"last": 3, "todos": todos, "lists": lists}));
    assert_eq!(changes(3).await, json!({"last": 3, "todos": []}));
    let number_alone = call(&api, "GET", &format!("{LIST}/changes"), Value::Null).await;
    assert_eq!(number_alone.body, json!({"last": 3, "todos": []}));

    let undo = async || call(&api, "POST", &format!("{LIST}/changes/latest/undo"), Value::Null).await.body;
    let undone = undo().await;
    assert_eq!((&undone["undone"], &undone["counts"]["restored"]), (&json!(3), &json!(1)));
    assert_eq!(names(&undone["lists"]["restored"]), ["a secret name"]);
    assert_eq!(undone["restored"][0]["list"], home);
    assert_eq!(changes(3).await["lists"], json!([{"id": home, "version": 4, "removed": false}]));
    // Renamed, and named as before.
    call(&api, "PATCH", &path, json!({"name": "Home"})).await;
    assert_eq!(
        (&undo().await["undone"], call(&api, "GET", &path, Value::Null).await.body["name"].clone()),
        (&json!(5), json!("a secret name"))
    );
    // The to-do that was added, and the list.
    assert_eq!(undo().await["removed"], json!([inside]));
    let last = undo().await;
    assert_eq!((&last["undone"], &last["lists"]["removed"], &last["removed"]), (&json!(1), &json!([home]), &json!([])));
    assert_eq!(undo().await["status"], 404);
    let text = changes(0).await.to_string();
    assert!(!text.contains("secret"), "{text}");
}

fn name(name: &str) -> ListName {
    ListName::parse(name).expect("a name")
}

async fn on_list(store: &Store, operation: ListOperation) -> (Option<i64>, Outcome<TodoList>) {
    store.apply_to_list("alice", &operation).await.expect("works")
}

async fn add_list(store: &Store, called: &str) -> Uuid {
    match on_list(store, ListOperation::Add { id: Uuid::new_v4(), name: name(called) }).await {
        (Some(_), Outcome::Added(list)) => list.id,
        other => panic!("{other:?}"),
    }
}

async fn remove_list(store: &Store, id: Uuid) -> i64 {
    match on_list(store, ListOperation::Remove { id, seen: None, todos_seen: None }).await {
        (Some(change), Outcome::Removed) => change,
        other => panic!("{other:?}"),
    }
}

async fn add_to(store: &Store, list: Option<Uuid>, text: &str) -> Uuid {
    let mut new = NewTodo::from(Description::parse(text).expect("valid"));
    new.details.list = list;
    match perform(store, "alice", Operation::Add { id: store.make_id(), new }).await {
        Outcome::Added(todo) => todo.id,
        other => panic!("{other:?}"),
    }
}

async fn undo(store: &Store, change: i64) -> Undone {
    match store.undo("alice", change).await.expect("works") {
        Undoing::Done(undone) => undone,
        other => panic!("{other:?}"),
    }
}

fn content(todos: &[Todo]) -> Vec<Todo> {
    todos.iter().map(|todo| Todo { version: 0, ..todo.clone() }).collect()
}

async fn called(store: &Store) -> Vec<String> {
    store.lists("alice").await.expect("works").into_iter().map(|list| list.name.to_string()).collect()
}

#[tokio::test]
async fn a_list_is_removed_with_its_todos_and_undoing_brings_all_of_them_back_in_their_places() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let (home, work) = (add_list(&store, "Home").await, add_list(&store, "Work").await);
    for n in 0..9 {
        let list = [None, Some(home), Some(work)][n % 3];
        add_to(&store, list, &n.to_string()).await;
        clock.advance(Duration::seconds(1));
    }
    let before = listed(&store, "alice").await;
    perform(
        &store,
        "alice",
        Operation::Change { id: before[1].id, patch: Patch { done: Some(true), ..Patch::default() }, seen: None },
    )
    .await;
    let before = {
        let now = listed(&store, "alice").await;
        assert_ne!(now, before);
        now
    };
    clock.advance(Duration::hours(1));

    let removal = remove_list(&store, home).await;
    assert_eq!(called(&store).await, ["Work"]);
    assert_eq!((listed(&store, "alice").await.len(), store.counts("alice").await), (6, (6, 6)));
    let undone = undo(&store, removal).await;
    assert_eq!((undone.restored.len(), undone.removed.len(), undone.changed_since.len()), (3, 0, 0));
    assert_eq!((undone.lists.restored.len(), undone.lists.restored[0].id), (1, home));
    assert_eq!(called(&store).await, ["Home", "Work"]);
    assert_eq!(content(&listed(&store, "alice").await), content(&before));
    assert_eq!(store.counts("alice").await, (9, 9));

    // Removed again by undoing that, and brought back again.
    let again = undo(&store, undone.change.expect("a change")).await;
    assert_eq!((again.removed.len(), again.lists.removed.clone()), (3, vec![home]));
    let back = undo(&store, again.change.expect("a change")).await;
    assert_eq!((back.restored.len(), back.lists.restored.len()), (3, 1));
    assert_eq!(content(&listed(&store, "alice").await), content(&before));

    // A to-do in it that was removed before stays removed; one that comes back alone comes back to the list that everybody has.
    let inside = before[4].id;
    perform(&store, "alice", Operation::Remove { id: inside, seen: None }).await;
    let alone = store.last_undoable("alice").await.expect("works").expect("one");
    let removal = remove_list(&store, home).await;
    let home_again = undo(&store, alone).await;
    assert_eq!(
        home_again.restored.iter().map(|todo| (todo.id, todo.details.list)).collect::<Vec<_>>(),
        [(inside, None)]
    );
    let undone = undo(&store, removal).await;
    assert_eq!((undone.restored.len(), undone.lists.restored.len(), called(&store).await.len()), (2, 1, 2));
    let wanted = Filter { list: In::List(None), ..Filter::default() };
    let wanted = Wanted { filter: wanted, limit: 9, ..Wanted::default() };
    let outside = store.list(Whose::Of("alice"), &wanted).await.expect("works").todos;
    assert_eq!(outside.len(), 4);
    assert_eq!(store.counts("alice").await, (9, 9));
}

#[tokio::test]
async fn adding_a_list_is_undone_unless_it_is_in_use() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let home = add_list(&store, "Home").await;
    let addition = store.last_undoable("alice").await.expect("works").expect("one");
    let inside = add_to(&store, Some(home), "a").await;
    let kept = undo(&store, addition).await;
    assert_eq!((kept.change, kept.lists.changed_since, called(&store).await.len()), (None, vec![home], 1));
    perform(&store, "alice", Operation::Remove { id: inside, seen: None }).await;
    let undone = undo(&store, addition).await;
    assert_eq!((undone.lists.removed, called(&store).await.len()), (vec![home], 0));
    let redone = undo(&store, undone.change.expect("a change")).await;
    assert_eq!((redone.lists.restored.len(), called(&store).await), (1, vec!["Home".to_owned()]));
}

#[tokio::test]
async fn lists_move_however_often_and_back() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(add_list(&store, &n.to_string()).await);
    }
    let to = async |id: Uuid, after: Option<Uuid>| {
        let patch = ListPatch { name: None, after: Some(after) };
        let (change, outcome) = on_list(&store, ListOperation::Change { id, patch, seen: None }).await;
        assert!(matches!(outcome, Outcome::Changed(_)), "{outcome:?}");
        change
    };
    let (mut model, mut first) = (ids.clone(), None);
    // One after the other to the second place, until there is no room, and longer; and to both ends.
    for n in 0..40 {
        let moved = ids[1 + n % 3];
        let after = if n % 7 == 6 { None } else { Some(model[0]).filter(|first| *first != moved) };
        let change = to(moved, after).await;
        first = first.or(change);
        model.retain(|id| *id != moved);
        model.insert(after.map_or(0, |after| model.iter().position(|id| *id == after).expect("there") + 1), moved);
        let now: Vec<Uuid> = store.lists("alice").await.expect("works").into_iter().map(|list| list.id).collect();
        assert_eq!(now, model, "{n}");
        assert_eq!(to(moved, after).await, None, "it is there");
    }
    let last = to(model[0], Some(model[3])).await.expect("a change");
    undo(&store, last).await;
    let now: Vec<Uuid> = store.lists("alice").await.expect("works").into_iter().map(|list| list.id).collect();
    assert_eq!(now, model);
    // One after the other right behind the first, and back: what makes room moves on what was, too.
    let mut changes = Vec::new();
    for n in 0..30 {
        let model: Vec<Uuid> = store.lists("alice").await.expect("works").into_iter().map(|list| list.id).collect();
        let moved = model[2 + n % 2];
        changes.push((to(moved, Some(model[0])).await.expect("a change"), model));
    }
    for (change, before) in changes.into_iter().rev() {
        undo(&store, change).await;
        let now: Vec<Uuid> = store.lists("alice").await.expect("works").into_iter().map(|list| list.id).collect();
        assert_eq!(now, before);
    }
    // That of a list which is removed is a place still.
    remove_list(&store, model[1]).await;
    to(model[3], Some(model[1])).await;
    let now: Vec<Uuid> = store.lists("alice").await.expect("works").into_iter().map(|list| list.id).collect();
    assert_eq!(now, [model[0], model[3], model[2]]);
}

#[tokio::test]
async fn there_are_so_many_lists_and_removed_ones_are_forgotten() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let first = add_list(&store, "a secret name").await;
    for n in 1..MAX_LISTS {
        add_list(&store, &n.to_string()).await;
    }
    let (change, outcome) = on_list(&store, ListOperation::Add { id: Uuid::new_v4(), name: name("one more") }).await;
    assert_eq!((change, outcome), (None, Outcome::Full));
    let removal = remove_list(&store, first).await;
    add_list(&store, "one more").await;
    // Nor by undoing.
    assert_eq!(store.undo("alice", removal).await.expect("works"), Undoing::TooManyLists);
    assert_eq!(store.lists("alice").await.expect("works").len(), MAX_LISTS);
    let since = store.last_change("alice").await.expect("works");

    clock.advance(Duration::hours(25));
    store.forget().await.expect("works");
    assert_eq!(store.undo("alice", removal).await.expect("works"), Undoing::Unknown);
    assert_eq!(store.list_name(first).await.as_deref(), Some("-"));
    let changed = store.changed_since("alice", removal - 1, None, 1000).await.expect("works").expect("known");
    assert!(changed.lists.contains(&(first, removal, true)), "{changed:?}");
    clock.advance(Duration::days(30));
    store.forget().await.expect("works");
    assert_eq!(store.list_name(first).await, None);
    assert_eq!(store.changed_since("alice", removal - 1, None, 1000).await.expect("works"), None);
    let later = store.changed_since("alice", since, None, 1000).await.expect("works");
    assert_eq!(later.expect("known").lists, []);
}

#[tokio::test]
async fn marking_all_of_a_list_leaves_the_others_alone() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let home = add_list(&store, "Home").await;
    let (inside, outside) = (add_to(&store, Some(home), "a").await, add_to(&store, None, "b").await);
    let done = async |id: Uuid| {
        let todos = listed(&store, "alice").await;
        todos.into_iter().find(|todo| todo.id == id).map(|todo| todo.done)
    };
    for (place, expected) in
        [(In::List(Some(home)), (Some(true), Some(false))), (In::List(None), (Some(true), Some(true)))]
    {
        store.apply_to_all("alice", Bulk::Mark { done: true }, place, None).await.expect("works");
        assert_eq!((done(inside).await, done(outside).await), expected);
    }
    store.apply_to_all("alice", Bulk::ClearCompleted, In::List(None), None).await.expect("works");
    assert_eq!((done(inside).await, done(outside).await), (Some(true), None));
}
