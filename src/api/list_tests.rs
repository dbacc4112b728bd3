//! Lists that are filtered, searched, sorted and paged, on both engines.

use axum::http::header;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::store::{
    Bulk, Filter, In, Key, ListOperation, Operation, Order, Outcome, Start, Store, Undoing, Wanted, Whose,
};
use super::tests::{Answer, LIST, TestApi, add, clock, listed, perform, store};
use crate::todo::{CHANGE, Day, Description, ListName, NewTodo, Note, Patch, Todo};

fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

/// A list of Alice's.
const HOME: Uuid = Uuid::from_u128(7);

/// Twenty-four to-dos that differ in all that lists are about; they come in another order than they were added in.
async fn various(store: &Store, clock: &crate::platform::clock::Clock) -> Vec<Todo> {
    let home = ListOperation::Add { id: HOME, name: ListName::parse("Home").expect("a name") };
    store.apply_to_list("alice", &home).await.expect("works");
    let words = ["Cherry", "apple", "banana", "Apple pie", "date", "BANANA split"];
    for n in 0..24_usize {
        let mut said = json!({"description": words[n % 6], "done": n % 3 == 0, "starred": n % 4 == 1});
        match n % 5 {
            0 => said["due"] = json!({"date": format!("2026-12-{:02}", 1 + n % 7)}),
            1 => {
                let date = format!("2026-12-{:02}", 1 + n % 3);
                said["due"] = json!({"date": date, "time": format!("{:02}:30", n % 24), "timeZone": "Asia/Tokyo"});
            }
            _ => {}
        }
        if n % 3 == 1 {
            said["list"] = json!(HOME);
        }
        if n % 7 == 2 {
            said["note"] = json!("Nicht VERGESSEN: Äpfel, 100%_!");
        }
        let new: NewTodo = serde_json::from_value(said).expect("a to-do");
        let outcome = perform(store, "alice", Operation::Add { id: Uuid::new_v4(), new }).await;
        assert!(matches!(outcome, Outcome::Added(_)), "{outcome:?}");
        if n % 2 == 0 {
            clock.advance(Duration::seconds(1));
        }
    }
    add(store, "bob", "banana").await.expect("added");
    let todos = listed(store, "alice").await;
    for n in [3, 17, 9] {
        clock.advance(Duration::seconds(1));
        let note = Some(Note::parse("changed").expect("a note"));
        let patch = Patch { note, after: Some(None), ..Patch::default() };
        perform(store, "alice", Operation::Change { id: todos[n].id, patch, seen: None }).await;
    }
    let gone = perform(store, "alice", Operation::Remove { id: todos[5].id, seen: None }).await;
    assert_eq!(gone, Outcome::Removed);
    listed(store, "alice").await
}

fn is_wanted(todo: &Todo, filter: &Filter) -> bool {
    let Filter { done, starred, due_from, due_before, list, text } = filter;
    let due = todo.details.due.as_ref().map(crate::todo::Due::date);
    let searched = format!("{}\n{}", todo.description, todo.details.note.as_str()).to_lowercase();
    done.is_none_or(|done| done == todo.done)
        && starred.is_none_or(|starred| starred == todo.details.starred)
        && due_from.is_none_or(|from| due.is_some_and(|due| due >= from))
        && due_before.is_none_or(|before| due.is_some_and(|due| due < before))
        && (*list == In::All || *list == In::List(todo.details.list))
        && text.as_ref().is_none_or(|text| searched.contains(&text.to_lowercase()))
}

/// What a to-do is sorted by, as a text.
fn key(todo: &Todo, key: Key, position: usize) -> String {
    match key {
        Key::Position => format!("{position:03}"),
        Key::Due => todo.details.due.as_ref().map_or("9999".to_owned(), |due| {
            format!("{} {}", due.date(), due.time().map_or(String::new(), |(time, _)| time.to_string()))
        }),
        Key::Created => todo.created_at.to_string(),
        Key::Updated => todo.updated_at.to_string(),
        Key::Description => todo.description.as_str().to_lowercase(),
    }
}

#[tokio::test]
async fn beside_every_page_stands_which_change_was_the_last() {
    let api = TestApi::start().await;
    let last = async |query: &str| {
        let answer = api.call(&api.alice, "GET", &format!("{LIST}{query}"), None).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let change = answer.headers[CHANGE].to_str().expect("text").to_owned();
        (change, answer.body.as_array().expect("to-dos").len())
    };
    let said = |change: &str, count: usize| (change.to_owned(), count);
    assert_eq!(last("").await, said("0", 0));
    let milk = api.add(&api.alice, "buy milk").await;
    api.add(&api.alice, "pay rent").await;
    assert_eq!(last("").await, said("2", 2));
    assert_eq!(last("?limit=1").await, said("2", 1));
    // Also where no to-do of the page could say it.
    assert_eq!(last("?q=nothing").await, said("2", 0));
    assert_eq!(last(&format!("?after={}", Uuid::new_v4())).await, said("2", 0));
    for id in [milk.id, api.list(&api.alice).await[1].id] {
        api.call(&api.alice, "DELETE", &format!("{LIST}/{id}"), None).await;
    }
    assert_eq!(last("").await, said("4", 0));
}

#[tokio::test]
async fn every_filter_goes_with_every_order_and_pages_leave_nothing_out() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let all = various(&store, &clock).await;
    assert_eq!(all.len(), 23);
    let home = In::List(Some(HOME));
    let mut filters = vec![Filter::default()];
    for done in [None, Some(true), Some(false)] {
        for starred in [None, Some(true), Some(false)] {
            for (due_from, due_before) in [
                (None, None),
                (Some(day("2026-12-02")), None),
                (None, Some(day("2026-12-03"))),
                (Some(day("2026-12-02")), Some(day("2026-12-04"))),
            ] {
                for (list, text) in
                    [(In::All, None), (In::All, Some("BANANA".to_owned())), (In::List(None), None), (home, None)]
                {
                    filters.push(Filter { done, starred, due_from, due_before, list, text });
                }
            }
        }
    }
    for filter in filters {
        for by in Key::ALL {
            for descending in [false, true] {
                let order = Order { key: by, descending };
                let mut expected: Vec<_> =
                    all.iter().enumerate().filter(|(_, todo)| is_wanted(todo, &filter)).collect();
                expected.sort_by_key(|(position, todo)| (key(todo, by, *position), todo.id));
                if descending {
                    expected.reverse();
                }
                let expected: Vec<&Todo> = expected.into_iter().map(|(_, todo)| todo).collect();
                let mut wanted = Wanted { filter: filter.clone(), order, start: Start::Beginning, limit: 4 };
                let mut found = Vec::new();
                loop {
                    let page = store.list(Whose::Of("alice"), &wanted).await.expect("works");
                    assert!(page.todos.len() <= 4);
                    found.extend(page.todos);
                    let Some(next) = page.next else { break };
                    wanted.start = Start::At(next);
                }
                assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?} {order}");
            }
        }
    }
}

#[tokio::test]
async fn a_text_is_found_in_description_and_note_whatever_its_case_and_signs() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    for (description, note) in
        [("Müll RAUS", ""), ("100% sicher", ""), ("a_b", "zweite\nZEILE"), ("wow!", "ÉTÉ"), ("10", "")]
    {
        let new = json!({"description": description, "note": note});
        let new: NewTodo = serde_json::from_value(new).expect("a to-do");
        perform(&store, "alice", Operation::Add { id: Uuid::new_v4(), new }).await;
    }
    for (text, expected) in [
        ("müll", &["Müll RAUS"][..]),
        ("MÜLL raus", &["Müll RAUS"]),
        ("100%", &["100% sicher"]),
        ("%", &["100% sicher"]),
        ("_", &["a_b"]),
        ("!", &["wow!"]),
        ("!%", &[]),
        ("zeile", &["a_b"]),
        ("été", &["wow!"]),
        ("10", &["100% sicher", "10"]),
        ("'; --", &[]),
        ("\\", &[]),
        (" ", &["Müll RAUS", "100% sicher"]),
    ] {
        let filter = Filter { text: Some(text.to_owned()), ..Filter::default() };
        let wanted = Wanted { filter, limit: 10, ..Wanted::default() };
        let found = store.list(Whose::Of("alice"), &wanted).await.expect("works").todos;
        assert_eq!(found.iter().map(|todo| todo.description.as_str()).collect::<Vec<_>>(), expected, "{text}");
    }
}

fn next(answer: &Answer) -> Option<String> {
    let link = answer.headers.get(header::LINK)?.to_str().expect("text");
    Some(link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).expect("a link").to_owned())
}

fn texts(body: &Value) -> Vec<&str> {
    body.as_array().expect("a list").iter().map(|todo| todo["description"].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn requests_filter_sort_and_follow_the_link_to_the_next_page() {
    let api = TestApi::start().await;
    for (text, due, starred) in [
        ("pay rent", Some("2027-01-31"), true),
        ("call mum", None, true),
        ("Buy milk", Some("2027-01-20"), false),
        ("read", None, false),
        ("pay tax", Some("2027-02-15"), true),
    ] {
        let body = json!({"description": text, "due": due.map(|date| json!({"date": date})), "starred": starred});
        let added = api.call(&api.alice, "POST", LIST, Some(body)).await;
        assert_eq!(added.status, 201, "{}", added.body);
    }
    for (query, expected) in [
        ("", &["pay rent", "call mum", "Buy milk", "read", "pay tax"][..]),
        ("sort=position&q=&unknown=1", &["pay rent", "call mum", "Buy milk", "read", "pay tax"]),
        ("sort=-position", &["pay tax", "read", "Buy milk", "call mum", "pay rent"]),
        ("sort=description", &["Buy milk", "call mum", "pay rent", "pay tax", "read"]),
        ("sort=due&dueFrom=0001-01-01", &["Buy milk", "pay rent", "pay tax"]),
        ("sort=-due&dueFrom=2027-01-20&dueBefore=2027-02-15", &["pay rent", "Buy milk"]),
        ("q=PAY", &["pay rent", "pay tax"]),
        ("q=pay%20t&starred=true&done=false", &["pay tax"]),
        ("done=true", &[]),
    ] {
        let answer = api.call(&api.alice, "GET", &format!("{LIST}?{query}"), None).await;
        assert_eq!((answer.status, texts(&answer.body).as_slice()), (200, expected), "{query}");
        assert_eq!(next(&answer), None);
        let separator = if query.is_empty() { "" } else { "&" };
        let mut path = Some(format!("{LIST}?{query}{separator}limit=1"));
        let mut paged = Vec::new();
        while let Some(at) = path {
            let answer = api.call(&api.alice, "GET", &at, None).await;
            paged.extend(texts(&answer.body).into_iter().map(str::to_owned));
            path = next(&answer);
        }
        assert_eq!(paged, expected, "{query}");
    }
    let first = api.call(&api.alice, "GET", &format!("{LIST}?limit=1&sort=due"), None).await;
    let of_due = next(&first).expect("there is more");
    let cursor = of_due.split('&').find_map(|pair| pair.strip_prefix("cursor=")).expect("a cursor");
    let id = first.body[0]["id"].as_str().expect("an id");
    for query in [
        &format!("cursor={cursor}"),
        &format!("cursor={cursor}&sort=-due"),
        &format!("cursor={cursor}&sort=due&after={id}"),
        &format!("cursor={cursor}x&sort=due"),
        "cursor=",
        "cursor=x",
        "cursor=%00",
        "cursor=W10",
        "sort=",
        "sort=owner",
        "sort=Due",
        "sort=--due",
        "sort=due,id",
        "done=",
        "done=1",
        "done=True",
        "starred=yes",
        "dueFrom=",
        "dueFrom=2027-02-29",
        "dueFrom=today",
        "dueBefore=2027-01-20T00:00:00Z",
        "q=%00",
        &format!("q={}", "x".repeat(201)),
        "q=a&q=b",
        "sort=due&sort=due",
    ] {
        let answer = api.call(&api.alice, "GET", &format!("{LIST}?{query}"), None).await;
        assert_eq!(answer.status, 400, "{query} {}", answer.body);
    }
    // Nobody sees another's by it: of a cursor only the place counts.
    assert_eq!(api.call(&api.bob, "GET", &of_due, None).await.body, json!([]));
    // Everyone's have one order.
    for query in ["done=false", "sort=due", "q=pay"] {
        assert_eq!(api.call(&api.daemon, "GET", &format!("{LIST}?{query}"), None).await.status, 400, "{query}");
    }
    let owner = first.body[0]["owner"].as_str().expect("a key");
    let of_alice = api.call(&api.daemon, "GET", &format!("{LIST}?q=pay&limit=1&owner={owner}"), None).await;
    assert_eq!(texts(&of_alice.body), ["pay rent"]);
    let second = api.call(&api.daemon, "GET", &next(&of_alice).expect("there is more"), None).await;
    assert_eq!(texts(&second.body), ["pay tax"]);
    let everyones = api.call(&api.daemon, "GET", &format!("{LIST}?limit=4"), None).await;
    let rest = api.call(&api.daemon, "GET", &next(&everyones).expect("there is more"), None).await;
    assert_eq!((everyones.body.as_array().map(Vec::len), texts(&rest.body)), (Some(4), vec!["pay tax"]));
}

/// Clients take so much and no more.
#[tokio::test]
async fn an_answer_with_long_notes_is_no_larger_than_clients_take() {
    let api = TestApi::start().await;
    let changes: Vec<Value> = (0..40)
        .map(|n| json!({"op": "add", "id": Uuid::new_v4(), "description": n.to_string(), "note": "\u{1}".repeat(1000)}))
        .collect();
    let add = api.call(&api.alice, "POST", &format!("{LIST}/batch"), Some(json!({"changes": changes}))).await;
    assert_eq!(add.status, 200, "{}", add.body);
    let ids: Vec<_> = changes.iter().map(|change| change["id"].clone()).collect();
    for id in &ids {
        let path = format!("{LIST}/{}", id.as_str().expect("an id"));
        let note = json!({"note": "\u{1}".repeat(10_000)});
        assert_eq!(api.call(&api.alice, "PATCH", &path, Some(note)).await.status, 200);
    }
    let (mut path, mut seen, mut pages) = (Some(LIST.to_owned()), Vec::new(), 0);
    while let Some(at) = path {
        // Read up to a megabyte, as by clients of ours.
        let answer = api.call(&api.alice, "GET", &at, None).await;
        seen.extend(answer.body.as_array().expect("a list").iter().map(|todo| todo["id"].clone()));
        pages += 1;
        path = next(&answer);
    }
    assert_eq!((seen, pages), (ids.clone(), 4));

    let star: Vec<_> = ids.iter().map(|id| json!({"op": "change", "id": id, "starred": true})).collect();
    let starred = api.call(&api.alice, "POST", &format!("{LIST}/batch"), Some(json!({"changes": star}))).await;
    let results = starred.body["results"].as_array().expect("a list");
    assert!(
        results.iter().all(|result| result["status"] == 200) && results.iter().any(|result| result["todo"].is_null())
    );
    let undo = format!("{LIST}/changes/{}/undo", starred.body["change"]);
    let undone = api.call(&api.alice, "POST", &undo, None).await;
    let counts = json!({"restored": 40, "removed": 0, "changedSince": 0});
    assert_eq!((undone.status, &undone.body["counts"]), (200, &counts));
    assert!(undone.body["restored"].as_array().is_some_and(|shown| !shown.is_empty() && shown.len() < 40));
}

#[tokio::test]
async fn how_many_there_are_is_known_without_counting() {
    let (_folder, store) = store(&clock()).await;
    let store = store.with_max_per_owner(6);
    let mut last = Vec::new();
    for n in 0..6 {
        last.push(add(&store, "alice", &n.to_string()).await.expect("added").id);
    }
    let as_counted = async || {
        let (known, counted) = store.counts("alice").await;
        assert_eq!(known, counted);
        known
    };
    assert!(add(&store, "alice", "one too many").await.is_none());
    assert_eq!(as_counted().await, 6);
    let batch = [
        Operation::Remove { id: last[0], seen: None },
        Operation::Remove { id: last[0], seen: None },
        Operation::Remove { id: last[1], seen: None },
        Operation::Add { id: Uuid::new_v4(), new: Description::parse("x").expect("a text").into() },
    ];
    let batch = store.apply("alice", &batch).await.expect("works").change.expect("changed");
    assert_eq!(as_counted().await, 5);
    let undone = store.undo("alice", batch).await.expect("works");
    let Undoing::Done(undone) = undone else { panic!("{undone:?}") };
    assert_eq!(as_counted().await, 6);
    store.undo("alice", undone.change.expect("changed")).await.expect("works");
    assert_eq!(as_counted().await, 5);
    store.apply_to_all("alice", Bulk::Mark { done: true }, In::All, None).await.expect("works");
    let cleared =
        store.apply_to_all("alice", Bulk::ClearCompleted, In::All, None).await.expect("works").0.expect("changed");
    assert_eq!(as_counted().await, 0);
    store.undo("alice", cleared).await.expect("works");
    assert_eq!(as_counted().await, 5);
}
