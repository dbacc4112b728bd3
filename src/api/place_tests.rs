//! Moving to-dos, on both engines.

use serde_json::json;
use uuid::Uuid;

use super::store::{Operation, Outcome, Store, Undoing};
use super::tests::{LIST, TestApi, add, clock, listed, store};
use crate::todo::{Patch, Todo};

async fn list(store: &Store) -> Vec<Todo> {
    listed(store, "alice").await
}

async fn order(store: &Store) -> Vec<Uuid> {
    list(store).await.into_iter().map(|todo| todo.id).collect()
}

fn to(id: Uuid, after: Option<Uuid>) -> Operation {
    Operation::Change { id, patch: Patch { after: Some(after), ..Patch::default() }, seen: None }
}

/// Moves it, and says which change that was.
async fn put(store: &Store, id: Uuid, after: Option<Uuid>) -> Option<i64> {
    let applied = store.apply("alice", &[to(id, after)]).await.expect("works");
    assert!(matches!(applied.outcomes[..], [Outcome::Changed(_)]), "{applied:?}");
    applied.change
}

async fn undo(store: &Store, change: i64) {
    let undone = store.undo("alice", change).await.expect("works");
    assert!(matches!(undone, Undoing::Done(_)), "{undone:?}");
}

async fn five(store: &Store) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(add(store, "alice", &n.to_string()).await.expect("added").id);
    }
    ids
}

#[tokio::test]
async fn a_todo_moves_behind_another_or_to_the_top_and_back() {
    let clock = clock();
    let (_folder, store) = store(&clock).await;
    let ids = five(&store).await;
    let before = list(&store).await;
    clock.advance(time::Duration::hours(1));
    let mut changes = Vec::new();
    let mut model = ids.clone();
    for (moved, after) in [(4, None), (0, Some(4)), (2, Some(3)), (1, Some(2)), (3, None), (3, Some(1))] {
        let change = put(&store, ids[moved], after.map(|n: usize| ids[n])).await;
        model.retain(|id| *id != ids[moved]);
        let place = after.map_or(0, |n| model.iter().position(|id| *id == ids[n]).expect("there") + 1);
        model.insert(place, ids[moved]);
        assert_eq!(order(&store).await, model, "{moved} after {after:?}");
        changes.extend(change);
        // It is there: nothing to do, and nothing to undo.
        assert_eq!(put(&store, ids[moved], after.map(|n| ids[n])).await, None, "{moved} after {after:?}");
    }
    // What moves says nothing new; it has another version.
    for todo in list(&store).await {
        let was = before.iter().find(|was| was.id == todo.id).expect("there");
        assert_eq!(todo.updated_at, was.updated_at);
        assert_eq!(todo.version > was.version, todo.id != ids[0], "all others moved");
    }
    // A new one comes behind all, wherever they moved.
    let last = add(&store, "alice", "last").await.expect("added").id;
    assert_eq!(order(&store).await.last(), Some(&last));
    for change in changes.into_iter().rev() {
        undo(&store, change).await;
    }
    assert_eq!(order(&store).await[..5], ids);
}

#[tokio::test]
async fn there_is_always_room_and_nobody_hears_of_it() {
    let (_folder, store) = store(&clock()).await;
    let ids = five(&store).await;
    // One that was removed comes back to where it was between its neighbours, however they moved on.
    let removed = store.apply("alice", &[Operation::Remove { id: ids[4], seen: None }]).await.expect("works");
    let others: Vec<_> = list(&store).await.iter().map(Todo::etag).collect();
    let mut model = ids[..4].to_vec();
    let mut changes = Vec::new();
    // Two take turns in the same place: the room is halved each time.
    for n in 0..80 {
        let moved = ids[2 - n % 2];
        changes.push(put(&store, moved, Some(ids[0])).await.expect("moved"));
        model.retain(|id| *id != moved);
        model.insert(1, moved);
        assert_eq!(order(&store).await, model, "{n}");
    }
    let now = list(&store).await;
    assert_eq!((now[0].etag(), now[3].etag()), (others[0].clone(), others[3].clone()));
    undo(&store, removed.change.expect("removed")).await;
    model.push(ids[4]);
    assert_eq!(order(&store).await, model);
    for change in changes.into_iter().rev() {
        undo(&store, change).await;
    }
    assert_eq!(order(&store).await, ids);
}

/// Of one millisecond, and of before there were places.
#[tokio::test]
async fn between_two_of_the_same_place_there_is_room_too() {
    let (_folder, store) = store(&clock()).await;
    let mut ids = five(&store).await;
    ids.sort_unstable();
    store.put_all_in_one_place().await;
    assert_eq!(order(&store).await, ids);
    put(&store, ids[4], Some(ids[1])).await;
    assert_eq!(order(&store).await, [ids[0], ids[1], ids[4], ids[2], ids[3]]);
    put(&store, ids[3], Some(ids[0])).await;
    assert_eq!(order(&store).await, [ids[0], ids[3], ids[1], ids[4], ids[2]]);
}

#[tokio::test]
async fn a_place_is_behind_a_todo_of_ones_own_that_may_be_removed_by_now() {
    let api = TestApi::start().await;
    let (a, b, c) = (api.add(&api.alice, "a").await, api.add(&api.alice, "b").await, api.add(&api.alice, "c").await);
    let theirs = api.add(&api.bob, "theirs").await;
    let path = format!("{LIST}/{}", c.id);
    let texts = async || api.list(&api.alice).await.into_iter().map(|t| t.description.to_string()).collect::<Vec<_>>();
    for (after, status) in [
        (json!(theirs.id), 409),
        (json!(Uuid::new_v4()), 409),
        (json!(c.id), 409),
        (json!("x"), 400),
        (json!(""), 400),
        (json!(7), 400),
    ] {
        let refused = api.call(&api.alice, "PATCH", &path, Some(json!({"after": after, "done": true}))).await;
        assert_eq!(refused.status, status, "{after} {}", refused.body);
        let change = json!({"op": "change", "id": c.id, "after": after});
        let batch = api.call(&api.alice, "POST", &format!("{LIST}/batch"), Some(json!({"changes": [change]}))).await;
        let single = if batch.status == 200 { batch.body["results"][0]["status"].clone() } else { json!(batch.status) };
        assert_eq!(single, status, "{after} {}", batch.body);
    }
    assert_eq!(json!(api.list(&api.alice).await), json!([a, b, c]));
    for (method, path) in [("POST", LIST), ("PUT", path.as_str())] {
        let refused = api.call(&api.alice, method, path, Some(json!({"description": "x", "after": null}))).await;
        assert_eq!(refused.body["errors"][0]["pointer"], "/after", "{method}");
    }

    // Another device has removed it.
    api.call(&api.alice, "DELETE", &format!("{LIST}/{}", a.id), None).await;
    let moved = api.call_if(&api.alice, "PATCH", &path, Some(json!({"after": a.id})), Some(&c.etag())).await;
    assert_eq!((moved.status, texts().await), (200, vec!["c".to_owned(), "b".to_owned()]));
    let late = api.call_if(&api.alice, "PATCH", &path, Some(json!({"after": b.id})), Some(&c.etag())).await;
    assert_eq!(late.status, 412);
    let moved = api.call(&api.alice, "PATCH", &path, Some(json!({"after": b.id, "description": "d"}))).await;
    assert_eq!((moved.status, texts().await), (200, vec!["b".to_owned(), "d".to_owned()]));
    let moved = api.call(&api.alice, "PATCH", &path, Some(json!({"after": null}))).await;
    assert_eq!((moved.status, texts().await), (200, vec!["d".to_owned(), "b".to_owned()]));
}
