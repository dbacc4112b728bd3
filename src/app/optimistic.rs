//! The list as it will be once the server has answered.
//!
//! What is shown is what the server last confirmed with the changes still on their way applied to it. So a change is
//! seen at once, a refused one disappears by itself, and an early answer cannot overwrite a later edit. Changes are
//! sent one after the other; one that concerns a to-do still being added waits for its id without knowing it.

use std::collections::VecDeque;

use uuid::Uuid;

use crate::todo::{Description, NewTodo, Todo};

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the page knows the row by, for as long as it shows it: the id, or a number of our own until there is one.
    pub key: Uuid,
    /// The to-do's id, once the server gave it one.
    pub id: Option<Uuid>,
    /// What its author says of it.
    pub todo: NewTodo,
    /// Whether a change to it is still on its way.
    pub pending: bool,
}

/// Something the customer did to the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new row at the end.
    Add {
        /// Made by [`List::new_key`].
        key: Uuid,
        /// What is to be done; whether it is done already, when a deletion is undone.
        todo: NewTodo,
    },
    /// A new text.
    Edit {
        /// Which row.
        key: Uuid,
        /// The new text.
        description: Description,
    },
    /// Done, or not done.
    SetDone {
        /// Which row.
        key: Uuid,
        /// Whether it is done.
        done: bool,
    },
    /// Gone.
    Delete {
        /// Which row.
        key: Uuid,
    },
    /// All of them done, or not done.
    SetAllDone {
        /// Whether they are done.
        done: bool,
    },
    /// Those that are done, gone.
    ClearCompleted,
}

impl Change {
    /// Does it to `entries`, as the server will.
    fn apply(&self, entries: &mut Vec<Entry>, id: Option<Uuid>, pending: bool) {
        let mut with = |key: &Uuid, change: &dyn Fn(&mut Entry)| {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.key == *key) {
                change(entry);
                entry.pending = pending;
            }
        };
        match self {
            Self::Add { key, todo } => entries.push(Entry { key: *key, id, todo: todo.clone(), pending }),
            Self::Edit { key, description } => with(key, &|entry| entry.todo.description.clone_from(description)),
            Self::SetDone { key, done } => with(key, &|entry| entry.todo.done = *done),
            Self::Delete { key } => entries.retain(|entry| entry.key != *key),
            Self::SetAllDone { done } => entries.iter_mut().for_each(|entry| entry.todo.done = *done),
            Self::ClearCompleted => entries.retain(|entry| !entry.todo.done),
        }
    }
}

/// The list: what the server confirmed, and what is on its way.
#[derive(Debug, Default)]
pub struct List {
    confirmed: Vec<Entry>,
    waiting: VecDeque<Change>,
    shown: Vec<Entry>,
    revision: u64,
    keys: u128,
}

impl List {
    /// What to show.
    pub fn entries(&self) -> &[Entry] {
        &self.shown
    }

    /// The row `key`, if it is there.
    pub fn entry(&self, key: Uuid) -> Option<&Entry> {
        self.shown.iter().find(|entry| entry.key == key)
    }

    /// The id the server gave the row `key`; `None` while it has none.
    pub fn id(&self, key: Uuid) -> Option<Uuid> {
        self.confirmed.iter().find(|entry| entry.key == key)?.id
    }

    /// A key for a new row. The ids of to-dos carry a time, so a small number is never one.
    pub fn new_key(&mut self) -> Uuid {
        self.keys += 1;
        Uuid::from_u128(self.keys)
    }

    /// Counts the changes made here: an answer asked for at an earlier revision is out of date.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether changes are on their way.
    pub fn is_busy(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The change to send next. It stays until [`List::confirm`] or [`List::reject`].
    pub fn next(&self) -> Option<&Change> {
        self.waiting.front()
    }

    /// The changes that the server has not answered yet, in their order.
    pub fn waiting(&self) -> impl Iterator<Item = &Change> {
        self.waiting.iter()
    }

    /// Shows `change` and queues it.
    pub fn push(&mut self, change: Change) {
        self.revision += 1;
        self.waiting.push_back(change);
        self.show();
    }

    /// The server did what [`List::next`] asked for; `id` is that of an added to-do.
    pub fn confirm(&mut self, id: Option<Uuid>) {
        if let Some(change) = self.waiting.pop_front() {
            change.apply(&mut self.confirmed, id, false);
        }
        self.show();
    }

    /// The server refused what [`List::next`] asked for.
    pub fn reject(&mut self) -> Option<Change> {
        let change = self.waiting.pop_front();
        self.show();
        change
    }

    /// The page is about to be left: nothing more is sent.
    pub fn reject_all(&mut self) {
        self.waiting.clear();
        self.show();
    }

    /// Takes over the server's list, asked for at `revision`; does nothing when something was changed here since.
    pub fn replace(&mut self, todos: Vec<Todo>, revision: u64) {
        if self.is_busy() || self.revision != revision {
            return;
        }
        self.confirmed = todos
            .into_iter()
            .map(|todo| Entry {
                // A row keeps the key it is shown under, and with it its place, its focus and its element.
                key: self.confirmed.iter().find(|entry| entry.id == Some(todo.id)).map_or(todo.id, |entry| entry.key),
                id: Some(todo.id),
                todo: todo.into(),
                pending: false,
            })
            .collect();
        self.show();
    }

    fn show(&mut self) {
        self.shown.clone_from(&self.confirmed);
        for change in &self.waiting {
            change.apply(&mut self.shown, None, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    fn todo(id: u128, text: &str, done: bool) -> Todo {
        Todo {
            id: Uuid::from_u128(id << 64),
            owner: String::new(),
            description: self::text(text),
            done,
            created_at: datetime!(2026-01-01 0:00 UTC),
            updated_at: datetime!(2026-01-01 0:00 UTC),
        }
    }

    fn text(text: &str) -> Description {
        Description::parse(text).expect("valid")
    }

    fn new(text: &str) -> NewTodo {
        NewTodo { description: self::text(text), done: false }
    }

    fn list(todos: Vec<Todo>) -> List {
        let mut list = List::default();
        list.replace(todos, 0);
        list
    }

    fn texts(list: &List) -> Vec<&str> {
        list.entries().iter().map(|entry| entry.todo.description.as_str()).collect()
    }

    #[test]
    fn a_change_is_shown_at_once_and_marked_until_it_is_confirmed() {
        let mut list = list(vec![todo(1, "milk", false)]);
        let key = list.new_key();
        list.push(Change::Add { key, todo: new("eggs") });
        assert_eq!(texts(&list), ["milk", "eggs"]);
        assert!(list.entry(key).expect("shown").pending);
        list.confirm(Some(Uuid::from_u128(2 << 64)));
        assert!(!list.entry(key).expect("shown").pending);
        assert!(!list.is_busy());
    }

    #[test]
    fn a_refused_change_is_rolled_back_and_later_ones_stay() {
        let first = todo(1, "milk", false);
        let key = first.id;
        let mut list = list(vec![first, todo(2, "eggs", false)]);
        list.push(Change::Delete { key });
        list.push(Change::SetAllDone { done: true });
        assert_eq!(texts(&list), ["eggs"]);
        assert_eq!(list.reject(), Some(Change::Delete { key }));
        assert_eq!(texts(&list), ["milk", "eggs"]);
        assert!(list.entries().iter().all(|entry| entry.todo.done));
    }

    #[test]
    fn a_change_to_a_row_still_being_added_finds_its_id_when_its_turn_comes() {
        let mut list = list(vec![]);
        let key = list.new_key();
        list.push(Change::Add { key, todo: new("milk") });
        list.push(Change::SetDone { key, done: true });
        assert_eq!(list.id(key), None);
        let id = Uuid::from_u128(7 << 64);
        list.confirm(Some(id));
        assert_eq!(list.next(), Some(&Change::SetDone { key, done: true }));
        assert_eq!(list.id(key), Some(id));
    }

    #[test]
    fn an_early_answer_does_not_overwrite_a_later_edit() {
        let first = todo(1, "milk", false);
        let key = first.id;
        let mut list = list(vec![first.clone()]);
        let asked_at = list.revision();
        list.push(Change::Edit { key, description: text("oat milk") });
        list.replace(vec![first.clone()], asked_at);
        assert_eq!(texts(&list), ["oat milk"]);
        list.confirm(None);
        list.replace(vec![first], asked_at);
        assert_eq!(texts(&list), ["oat milk"]);
    }

    #[test]
    fn what_is_deleted_and_brought_back_is_all_that_its_author_said() {
        let first = todo(1, "milk", true);
        let key = first.id;
        let mut list = list(vec![first.clone()]);
        let deleted = list.entry(key).expect("shown").todo.clone();
        assert_eq!(deleted, NewTodo::from(first), "every part of it");
        list.push(Change::Delete { key });
        list.confirm(None);
        let key = list.new_key();
        list.push(Change::Add { key, todo: deleted.clone() });
        assert_eq!(list.entry(key).expect("shown").todo, deleted);
    }

    #[test]
    fn a_row_keeps_its_key_when_the_servers_list_arrives() {
        let mut list = list(vec![]);
        let key = list.new_key();
        let todo = todo(1, "milk", false);
        list.push(Change::Add { key, todo: new("milk") });
        list.confirm(Some(todo.id));
        list.replace(vec![todo], list.revision());
        assert_eq!(list.entries()[0].key, key);
    }
}
