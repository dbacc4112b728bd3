//! A list leaves as a file, is deleted, and comes back.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::store::{Brought, Unfit};
use super::tests::{Answer, LIST, TestApi, clock, store};
use crate::todo::{Description, NewTodo, Todo};

const HOME: &str = "00000000-0000-4000-8000-000000000001";
const FORMATS: [(&str, &str); 4] =
    [("json", "application/json"), ("ics", "text/calendar"), ("todo.txt", "text/plain"), ("csv", "text/csv")];

impl TestApi {
    /// A file of the list.
    async fn export(&self, token: &str, format: &str) -> (String, String, String) {
        let authorization = format!("Bearer {token}");
        let path = format!("{LIST}/export?format={format}");
        let response = self.get_anonymously(&path, &[("authorization", &authorization)]).await;
        assert_eq!(response.status(), 200, "{format}");
        let name = |name| response.headers()[name].to_str().expect("text").to_owned();
        let (kind, called) = (name(header::CONTENT_TYPE), name(header::CONTENT_DISPOSITION));
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 26).await.expect("a body");
        (kind, called, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
    }

    async fn import(&self, token: &str, (format, kind): (&str, &str), file: impl Into<Body>) -> Answer {
        let request = Request::post(format!("{LIST}/import?format={format}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, kind);
        self.send(request.body(file.into()).expect("a request")).await
    }
}

/// What an owner's lists are called.
async fn names(api: &TestApi, token: &str) -> Vec<String> {
    let lists = api.call(token, "GET", &format!("{LIST}/lists"), None).await.body;
    let name = |list: &Value| list["name"].as_str().expect("a name").to_owned();
    lists.as_array().expect("lists").iter().map(name).collect()
}

fn without_version(todos: &[Todo]) -> Vec<Todo> {
    todos.iter().map(|todo| Todo { version: 0, ..todo.clone() }).collect()
}

async fn filled() -> TestApi {
    let api = TestApi::start().await;
    let home = json!({"id": HOME, "name": "Home"});
    assert_eq!(api.call(&api.alice, "POST", &format!("{LIST}/lists"), Some(home)).await.status, 201);
    for (number, description) in ["buy milk", "=1+1", "call Bob"].into_iter().enumerate() {
        let new = json!({
            "list": (number == 1).then_some(HOME),
            "description": description, "done": number == 1, "note": "# two\nlines", "starred": number == 0,
            "due": {"date": "2026-12-01", "time": "09:00", "timeZone": "Europe/Madrid"},
            "reminder": {"date": "2026-11-30", "time": "20:00", "timeZone": "America/New_York"},
            "repeat": (number != 1).then_some("FREQ=MONTHLY;BYDAY=1TU;COUNT=5"),
            "steps": [{"id": Uuid::from_u128(7), "text": "first", "done": true}],
        });
        assert_eq!(api.call(&api.alice, "POST", LIST, Some(new)).await.status, 201);
    }
    let last = api.list(&api.alice).await[2].id;
    api.call(&api.alice, "PATCH", &format!("{LIST}/{last}"), Some(json!({"after": null}))).await;
    api
}

#[tokio::test]
async fn an_account_can_be_exported_deleted_and_imported_again_with_nothing_missing() {
    let api = filled().await;
    // Renamed, done and changed later than they were added.
    api.api.0.clock.advance(time::Duration::minutes(5));
    let home = format!("{LIST}/lists/{HOME}");
    assert_eq!(api.call(&api.alice, "PATCH", &home, Some(json!({"name": "At home"}))).await.status, 200);
    let empty = json!({"id": Uuid::from_u128(99), "name": "Nothing in it"});
    assert_eq!(api.call(&api.alice, "POST", &format!("{LIST}/lists"), Some(empty)).await.status, 201);
    let done = api.list(&api.alice).await[2].id;
    assert_eq!(
        api.call(
            &api.alice,
            "PATCH",
            &format!("{LIST}/{done}"),
            Some(json!({"note": "again", "repeat": "FREQ=DAILY"}))
        )
        .await
        .status,
        200
    );
    let lists = async || {
        let mut lists = api.call(&api.alice, "GET", &format!("{LIST}/lists"), None).await.body;
        lists.as_array_mut().expect("lists").iter_mut().for_each(|list| list["version"] = json!(0));
        lists
    };
    let (before, lists_before) = (api.list(&api.alice).await, lists().await);
    let members = |todo: &Todo| json!(todo).as_object().expect("a to-do").keys().cloned().collect::<Vec<_>>();
    let members: BTreeSet<String> = before.iter().flat_map(members).collect();
    assert_eq!(members.len(), 15, "each that there is: {members:?}");
    api.api.0.clock.advance(time::Duration::minutes(5));
    let (kind, called, file) = api.export(&api.alice, "json").await;
    assert_eq!((kind.as_str(), called.as_str()), ("application/json", "attachment; filename=\"todos.json\""));
    assert_eq!(api.call(&api.alice, "DELETE", "/api/todolist?everything=true", None).await.status, 204);
    assert_eq!(api.list(&api.alice).await, []);
    // Nothing of it is left to undo.
    assert_eq!(api.call(&api.alice, "POST", &format!("{LIST}/changes/latest/undo"), None).await.status, 404);
    assert_eq!(api.call(&api.alice, "GET", &format!("{LIST}/changes?since=1"), None).await.status, 410);
    let imported = api.import(&api.alice, FORMATS[0], file.clone()).await;
    assert_eq!(
        (imported.status, &imported.body["imported"], &imported.body["alreadyThere"]),
        (200, &json!(3), &json!(0))
    );
    assert_eq!(without_version(&api.list(&api.alice).await), without_version(&before));
    assert_eq!(lists().await, lists_before);
    // Sent again, it changes nothing.
    let again = api.import(&api.alice, FORMATS[0], file.clone()).await;
    assert_eq!(again.body, json!({"imported": 0, "alreadyThere": 3, "changes": []}));
    assert_eq!(names(&api, &api.alice).await, ["At home", "Nothing in it"]);
    // It was one change of the lists, and one of the to-dos.
    let changes = imported.body["changes"].as_array().expect("changes");
    assert_eq!(changes.len(), 2);
    for change in changes.iter().rev() {
        assert_eq!(api.call(&api.alice, "POST", &format!("{LIST}/changes/{change}/undo"), None).await.status, 200);
    }
    assert_eq!((api.list(&api.alice).await, names(&api, &api.alice).await), (vec![], vec![]));
    // What was removed, or undone, comes back as well.
    assert_eq!(api.import(&api.alice, FORMATS[0], file.clone()).await.body["imported"], 3);
    assert_eq!(without_version(&api.list(&api.alice).await), without_version(&before));
    // In another account they get ids of their own, and the first one keeps its to-dos; each time the same.
    assert_eq!(api.import(&api.bob, FORMATS[0], file.clone()).await.body["imported"], 3);
    let again = api.import(&api.bob, FORMATS[0], file).await;
    assert_eq!(again.body, json!({"imported": 0, "alreadyThere": 3, "changes": []}));
    let theirs = api.list(&api.bob).await;
    assert_eq!((theirs.len(), names(&api, &api.bob).await.len()), (3, 2));
    assert!(theirs[2].details.list.is_some_and(|list| list.to_string() != HOME), "{theirs:?}");
    assert!(theirs.iter().all(|todo| before.iter().all(|other| other.id != todo.id && other.owner != todo.owner)));
    assert_eq!(api.list(&api.alice).await.len(), 3);
}

#[tokio::test]
async fn every_format_leaves_and_comes_back() {
    let api = filled().await;
    let before = api.list(&api.alice).await;
    for (format, kind) in FORMATS {
        let (found, _, file) = api.export(&api.alice, format).await;
        assert!(found.starts_with(kind), "{found}");
        assert_eq!(api.call(&api.alice, "DELETE", "/api/todolist?everything=true", None).await.status, 204);
        let imported = api.import(&api.alice, (format, kind), file).await;
        assert_eq!((imported.status, &imported.body["imported"]), (200, &json!(3)), "{format}: {}", imported.body);
        let after = api.list(&api.alice).await;
        let said = |todos: &[Todo]| {
            todos.iter().map(|it| (it.id, it.description.clone(), it.done, it.details.due.clone())).collect::<Vec<_>>()
        };
        assert_eq!(said(&after), said(&before), "{format}");
        // For the next format.
        api.call(&api.alice, "DELETE", "/api/todolist?everything=true", None).await;
        let whole = json!({"errand": "todolist", "version": 1, "todos": &before}).to_string();
        assert_eq!(api.import(&api.alice, FORMATS[0], whole).await.status, 200);
    }
}

#[tokio::test]
async fn a_file_with_a_bad_line_brings_nothing_and_names_it() {
    let api = TestApi::start().await;
    let refused =
        api.import(&api.alice, FORMATS[3], "description,due\nfine,\nbad,tomorrow\n,\n\"\",2026-01-01\n").await;
    assert_eq!((refused.status, &refused.body["type"]), (400, &json!("/api/docs#problem-invalid-file")));
    let lines: Vec<&Value> = refused.body["errors"].as_array().expect("errors").iter().map(|it| &it["line"]).collect();
    assert_eq!(lines, [&json!(3), &json!(5)]);
    let file = json!({"errand": "todolist", "version": 1, "todos": [{"description": "a"}, {"description": "b", "colour": "red"}]});
    let refused = api.import(&api.alice, FORMATS[0], file.to_string()).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (400, &json!("/todos/1/colour")));
    assert_eq!(api.list(&api.alice).await, []);
    for (format, kind) in [("json", "text/csv"), ("csv", ""), ("ics", "application/json")] {
        assert_eq!(api.import(&api.alice, (format, kind), "x").await.status, 415, "{format} {kind}");
    }
    assert_eq!(api.import(&api.alice, ("xml", "text/xml"), "x").await.status, 400);
    let large = "a\n".repeat(17 * 1024 * 1024);
    assert_eq!(api.import(&api.alice, FORMATS[2], large).await.status, 413);
}

#[tokio::test]
async fn a_long_list_comes_back_in_changes_of_a_thousand_and_in_its_order() {
    let api = TestApi::start().await;
    let lines: Vec<String> = (0..2500).map(|number| format!("number {number}\n")).collect();
    let lines = lines.concat();
    let imported = api.import(&api.alice, FORMATS[2], lines).await;
    assert_eq!((imported.status, &imported.body["imported"]), (200, &json!(2500)));
    assert_eq!(imported.body["changes"].as_array().map(Vec::len), Some(3));
    let (_, _, file) = api.export(&api.alice, "csv").await;
    let numbers = file.lines().skip(1).map(|line| line.split(',').nth(1).expect("a cell").to_owned());
    assert!(numbers.eq((0..2500).map(|number| format!("number {number}"))));
}

#[tokio::test]
async fn only_everything_by_its_name_is_deleted_and_only_ones_own() {
    let api = filled().await;
    api.add(&api.bob, "mine").await;
    for query in [
        "",
        "?everything=false",
        "?everything=",
        "?everything=true&done=true",
        "?done=true&everything=1",
        "?everything=true&seen=1",
        "?everything=true&list=default",
        &format!("?everything=true&list={HOME}"),
    ] {
        assert_eq!(api.call(&api.alice, "DELETE", &format!("{LIST}{query}"), None).await.status, 400, "{query}");
    }
    assert_eq!(api.list(&api.alice).await.len(), 3);
    assert_eq!(
        api.call(&api.daemon, "DELETE", "/api/todolist?everything=true", None).await.status,
        400,
        "an app names whose"
    );
    assert_eq!(api.call(&api.alice, "DELETE", "/api/todolist?everything=true", None).await.status, 204);
    assert_eq!(api.list(&api.bob).await.len(), 1);
}

#[tokio::test]
async fn a_file_without_ids_that_is_sent_twice_is_taken_once() {
    let api = TestApi::start().await;
    let calendar =
        "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:a\nEND:VTODO\nBEGIN:VTODO\nSUMMARY:a\nEND:VTODO\nEND:VCALENDAR\n";
    let whole = json!({"errand": "todolist", "version": 1, "todos": [{"description": "a"}, {"description": "a"}]});
    for (number, file) in
        [whole.to_string(), calendar.to_owned(), "a\na\n".to_owned(), "description\na\na\n".to_owned()]
            .into_iter()
            .enumerate()
    {
        for imported in [2, 0] {
            let answer = api.import(&api.alice, FORMATS[number], file.clone()).await;
            assert_eq!((answer.status, &answer.body["imported"]), (200, &json!(imported)), "{file}");
            assert_eq!(api.list(&api.alice).await.len(), 2 * (number + 1));
        }
        // Nobody else's.
        assert_eq!(api.import(&api.bob, FORMATS[number], file).await.body["imported"], 2);
    }
}

#[tokio::test]
async fn a_list_that_becomes_full_during_an_import_says_what_is_there() {
    let (_folder, store) = store(&clock()).await;
    let store = store.with_max_per_owner(3000);
    let file = |from: u128| -> Vec<Brought> {
        let new = || NewTodo::from(Description::parse("x").expect("valid"));
        (from..from + 2000).map(|id| Brought { id: Uuid::from_u128(id), new: new(), times: [None; 3] }).collect()
    };
    let (one, other) = (file(1), file(10_000));
    let (one, other) = tokio::join!(store.import("alice", &[], &one), store.import("alice", &[], &other));
    let (mut there, mut full) = (0, 0);
    for import in [one, other] {
        match import.expect("works") {
            Ok(import) => there += import.imported,
            Err(Unfit::Todos(import)) => (there, full) = (there + import.imported, full + 1),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(full, 1);
    let (count, counted) = store.counts("alice").await;
    assert_eq!((count, u64::try_from(counted).expect("few")), (counted, there));
}

#[tokio::test]
async fn two_files_are_read_at_once_and_others_are_asked_to_come_again() {
    let api = TestApi::start().await;
    let busy = api.api.0.imports.acquire_many(2).await.expect("open");
    let refused = api.import(&api.alice, FORMATS[2], "a\n").await;
    assert_eq!((refused.status, refused.headers.contains_key(header::RETRY_AFTER)), (503, true), "{}", refused.body);
    drop(busy);
    assert_eq!(api.import(&api.alice, FORMATS[2], "a\n").await.status, 200);
}
