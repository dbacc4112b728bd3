//! The list as it will be once the server has answered.
//!
//! What is shown is what the server last confirmed with the changes still on their way applied to it. So a change is
//! seen at once, a refused one disappears by itself, and an early answer cannot overwrite a later edit. Changes are
//! sent one after the other. Ids are made here, so that a change can be about a to-do that is still being added, and one
//! that is sent twice is done once.

use std::collections::VecDeque;

use uuid::Uuid;

use crate::app::model::seen::Seen;
use crate::todo::{Description, NewTodo, Todo};

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The to-do's id.
    pub id: Uuid,
    /// What its author says of it.
    pub todo: NewTodo,
    /// The version that the server knows it by; 0 while it is being added.
    pub version: i64,
    /// Whether a change to it is still on its way.
    pub pending: bool,
    /// Whether adding it did not work: it is here only, and waits to be sent again.
    pub failed: bool,
}

/// Something the customer did to the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new row at the end.
    Add {
        /// Made here, at random.
        id: Uuid,
        /// What is to be done.
        description: Description,
    },
    /// A new text.
    Edit {
        /// Which row.
        id: Uuid,
        /// The new text.
        description: Description,
    },
    /// Done, or not done.
    SetDone {
        /// Which row.
        id: Uuid,
        /// Whether it is done.
        done: bool,
    },
    /// Gone.
    Delete {
        /// Which row.
        id: Uuid,
    },
    /// All rows that were shown done, or not done.
    SetAllDone {
        /// Those that were not so.
        ids: Vec<Uuid>,
        /// Whether they are done.
        done: bool,
    },
    /// Those rows that were shown as done, gone.
    ClearCompleted {
        /// Which.
        ids: Vec<Uuid>,
    },
    /// As before an earlier change.
    Undo {
        /// What [`List::push`] called it.
        serial: u64,
    },
}

/// What a change replaced, for undoing it.
#[derive(Clone, Debug)]
struct Made {
    serial: u64,
    /// The rows that it changed, as they were, with their places; `None` for one that was not there.
    before: Vec<(usize, Uuid, Option<Entry>)>,
    /// The server's number for it, once it has one.
    number: Option<i64>,
}

impl Made {
    /// Brings back what was there before.
    fn undo(&self, entries: &mut Vec<Entry>, number: Option<i64>, pending: bool) {
        for (place, id, before) in &self.before {
            let position = entries.iter().position(|entry| entry.id == *id);
            match (position, before) {
                (Some(position), None) => drop(entries.remove(position)),
                (Some(position), Some(before)) => {
                    entries[position].todo.clone_from(&before.todo);
                    entries[position].settle(number, pending);
                }
                (None, Some(before)) => {
                    let mut entry = before.clone();
                    entry.settle(number, pending);
                    entries.insert((*place).min(entries.len()), entry);
                }
                (None, None) => {}
            }
        }
    }
}

impl Entry {
    fn settle(&mut self, number: Option<i64>, pending: bool) {
        self.pending = pending;
        self.version = number.unwrap_or(self.version);
    }
}

impl Change {
    /// What is left of it to do once `later` was done to some of its rows: nothing that would go back in time.
    #[must_use]
    pub fn after(mut self, later: &Self) -> Option<Self> {
        let is_over = match (&self, later) {
            (Self::Edit { .. }, Self::Edit { .. })
            | (Self::SetDone { .. } | Self::SetAllDone { .. }, Self::SetDone { .. } | Self::SetAllDone { .. })
            | (
                Self::Edit { .. } | Self::SetDone { .. } | Self::SetAllDone { .. } | Self::Delete { .. } | Self::ClearCompleted { .. },
                Self::Delete { .. } | Self::ClearCompleted { .. },
            )
            // What is not done any more is not to be cleared.
            | (Self::ClearCompleted { .. }, Self::SetDone { .. } | Self::SetAllDone { .. }) => true,
            _ => false,
        };
        if !is_over {
            return Some(self);
        }
        if let Self::SetAllDone { ids, .. } | Self::ClearCompleted { ids } = &mut self {
            ids.retain(|id| !later.concerns().contains(id));
            return Some(self).filter(|change| !change.concerns().is_empty());
        }
        Some(self).filter(|change| !later.concerns().contains(&change.concerns()[0]))
    }

    /// Which rows it is about.
    fn concerns(&self) -> &[Uuid] {
        match self {
            Self::Add { id, .. } | Self::Edit { id, .. } | Self::SetDone { id, .. } | Self::Delete { id } => {
                std::slice::from_ref(id)
            }
            Self::SetAllDone { ids, .. } | Self::ClearCompleted { ids } => ids,
            Self::Undo { .. } => &[],
        }
    }

    /// Does it to `entries`, as the server will; `number` is the server's, once it has done it.
    fn apply(&self, entries: &mut Vec<Entry>, made: &[Made], number: Option<i64>, pending: bool) {
        let change = |entries: &mut Vec<Entry>, change: &dyn Fn(&mut NewTodo)| {
            for entry in entries.iter_mut().filter(|entry| self.concerns().contains(&entry.id)) {
                change(&mut entry.todo);
                entry.settle(number, pending);
            }
        };
        match self {
            // Its answer was lost, and the list has it already.
            Self::Add { id, .. } if entries.iter().any(|entry| entry.id == *id) => change(entries, &|_| ()),
            Self::Add { id, description } => {
                let todo = NewTodo { description: description.clone(), done: false };
                entries.push(Entry { id: *id, todo, version: number.unwrap_or_default(), pending, failed: false });
            }
            Self::Edit { description, .. } => change(entries, &|todo| todo.description.clone_from(description)),
            Self::SetDone { done, .. } | Self::SetAllDone { done, .. } => change(entries, &|todo| todo.done = *done),
            Self::Delete { .. } | Self::ClearCompleted { .. } => {
                entries.retain(|entry| !self.concerns().contains(&entry.id));
            }
            Self::Undo { serial } => {
                if let Some(made) = made.iter().find(|made| made.serial == *serial) {
                    made.undo(entries, number, pending);
                }
            }
        }
    }
}

/// The list: what the server confirmed, and what is on its way.
#[derive(Clone, Debug, Default)]
pub struct List {
    confirmed: Vec<Entry>,
    waiting: VecDeque<(u64, Change)>,
    /// New rows that could not be sent, to be sent again.
    failed: Vec<(u64, Change)>,
    shown: Vec<Entry>,
    made: Vec<Made>,
    revision: u64,
}

/// How many changes can be undone on a page.
const HISTORY: usize = 100;

impl List {
    /// What to show.
    pub fn entries(&self) -> &[Entry] {
        &self.shown
    }

    /// The row of that id, if it is there.
    pub fn entry(&self, id: Uuid) -> Option<&Entry> {
        self.shown.iter().find(|entry| entry.id == id)
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
        self.waiting.front().map(|(_, change)| change)
    }

    /// The changes that the server has not answered yet, in their order.
    pub fn waiting(&self) -> impl Iterator<Item = &Change> {
        self.waiting.iter().map(|(_, change)| change)
    }

    /// What was seen of these rows: their versions, as the server has confirmed them to this page.
    pub fn seen(&self, ids: &[Uuid]) -> Seen {
        let seen = self.confirmed.iter().filter(|entry| ids.contains(&entry.id)).map(|entry| (entry.id, entry.version));
        Seen::These(seen.collect())
    }

    /// The last change of the list that this page has seen.
    pub fn last_change(&self) -> i64 {
        self.confirmed.iter().map(|entry| entry.version).max().unwrap_or_default()
    }

    /// The server's number for an earlier change, if it was done and changed something.
    pub fn number(&self, serial: u64) -> Option<i64> {
        self.made.iter().find(|made| made.serial == serial)?.number
    }

    /// Shows `change` and queues it. What is answered names it for undoing.
    pub fn push(&mut self, change: Change) -> u64 {
        self.revision += 1;
        let serial = self.revision;
        if !matches!(change, Change::Undo { .. }) {
            let before = |id: &Uuid| match self.shown.iter().position(|entry| entry.id == *id) {
                Some(place) => (place, *id, Some(self.shown[place].clone())),
                None => (self.shown.len(), *id, None),
            };
            let mut before: Vec<_> = change.concerns().iter().map(before).collect();
            // Put back from the top, each row finds its place.
            before.sort_by_key(|(place, ..)| *place);
            self.made.push(Made { serial, before, number: None });
            if self.made.len() > HISTORY {
                self.made.remove(0);
            }
        }
        self.waiting.push_back((serial, change));
        self.show();
        serial
    }

    /// The server did what [`List::next`] asked for; `number` is what it calls that.
    pub fn confirm(&mut self, number: Option<i64>) {
        if let Some((serial, change)) = self.waiting.pop_front() {
            change.apply(&mut self.confirmed, &self.made, number, false);
            if let Some(made) = self.made.iter_mut().find(|made| made.serial == serial) {
                made.number = number;
            }
        }
        self.show();
    }

    /// The server refused what [`List::next`] asked for. Answers what that was, and what it was called.
    pub fn reject(&mut self) -> Option<(u64, Change)> {
        let (serial, change) = self.waiting.pop_front()?;
        self.made.retain(|made| made.serial != serial);
        self.show();
        Some((serial, change))
    }

    /// What [`List::next`] asked for got no answer. A new row stays, to be sent again under its id; anything else is taken
    /// back.
    pub fn fail(&mut self) -> Option<(u64, Change)> {
        match self.waiting.front() {
            Some((_, Change::Add { .. })) => {
                self.failed.extend(self.waiting.pop_front());
                self.show();
                None
            }
            _ => self.reject(),
        }
    }

    /// Sends the rows again that could not be sent; only that of `id`, where one is named.
    pub fn send_again(&mut self, id: Option<Uuid>) {
        let failed = std::mem::take(&mut self.failed);
        let (again, rest) =
            failed.into_iter().partition(|(_, change)| id.is_none_or(|id| change.concerns().contains(&id)));
        self.failed = rest;
        self.waiting.extend::<Vec<_>>(again);
        self.revision += 1;
        self.show();
    }

    /// Gives up a row that could not be sent, and says whether it was one.
    pub fn give_up(&mut self, id: Uuid) -> bool {
        let before = self.failed.len();
        self.failed.retain(|(_, change)| !change.concerns().contains(&id));
        self.show();
        self.failed.len() < before
    }

    /// Gives up a row that could not be sent, by what adding it was called, and says whether it was one.
    pub fn give_up_change(&mut self, serial: u64) -> bool {
        let before = self.failed.len();
        self.failed.retain(|(failed, _)| *failed != serial);
        self.show();
        self.failed.len() < before
    }

    /// Whether undoing it would change anything: it was done, or is still to be.
    pub fn can_undo(&self, serial: u64) -> bool {
        self.number(serial).is_some() || self.waiting.iter().chain(&self.failed).any(|(waiting, _)| *waiting == serial)
    }

    /// Whether rows wait to be sent again.
    pub fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    /// The texts of the rows that could not be sent.
    pub fn failed_texts(&self) -> Vec<String> {
        let texts = self.failed.iter().filter_map(|(_, change)| match change {
            Change::Add { description, .. } => Some(description.to_string()),
            _ => None,
        });
        texts.collect()
    }

    /// The page is about to be left: nothing more is sent.
    pub fn reject_all(&mut self) {
        self.waiting.clear();
        self.failed.clear();
        self.show();
    }

    /// Takes over the server's list, asked for at `revision`; does nothing when something was changed here since.
    pub fn replace(&mut self, todos: Vec<Todo>, revision: u64) {
        if self.is_busy() || self.revision != revision {
            return;
        }
        let entry =
            |todo: Todo| Entry { id: todo.id, version: todo.version, todo: todo.into(), pending: false, failed: false };
        self.confirmed = todos.into_iter().map(entry).collect();
        // Their answers were lost: they are there.
        let confirmed = &self.confirmed;
        self.failed.retain(|(_, change)| !confirmed.iter().any(|entry| change.concerns().contains(&entry.id)));
        self.show();
    }

    fn show(&mut self) {
        self.shown.clone_from(&self.confirmed);
        for (_, change) in &self.waiting {
            change.apply(&mut self.shown, &self.made, None, true);
        }
        for (_, change) in &self.failed {
            change.apply(&mut self.shown, &self.made, None, false);
            if let Some(row) = self.shown.last_mut() {
                row.failed = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn todo(id: u128, text: &str, done: bool) -> Todo {
        Todo {
            id: Uuid::from_u128(id),
            owner: String::new(),
            description: self::text(text),
            done,
            created_at: datetime!(2026-01-01 0:00 UTC),
            updated_at: datetime!(2026-01-01 0:00 UTC),
            version: 1,
        }
    }

    fn id(id: u128) -> Uuid {
        Uuid::from_u128(id)
    }

    fn text(text: &str) -> Description {
        Description::parse(text).expect("valid")
    }

    fn add(id: u128, text: &str) -> Change {
        Change::Add { id: self::id(id), description: self::text(text) }
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
        list.push(add(2, "eggs"));
        assert_eq!(texts(&list), ["milk", "eggs"]);
        assert!(list.entry(id(2)).expect("shown").pending);
        list.confirm(Some(7));
        let entry = list.entry(id(2)).expect("shown");
        assert_eq!((entry.pending, entry.version), (false, 7));
        assert!(!list.is_busy());
    }

    #[test]
    fn a_refused_change_is_rolled_back_and_later_ones_stay() {
        let mut list = list(vec![todo(1, "milk", false), todo(2, "eggs", false)]);
        list.push(Change::Delete { id: id(1) });
        list.push(Change::SetAllDone { ids: vec![id(2)], done: true });
        assert_eq!(texts(&list), ["eggs"]);
        assert_eq!(list.reject().map(|(_, change)| change), Some(Change::Delete { id: id(1) }));
        assert_eq!(texts(&list), ["milk", "eggs"]);
        // Only what was shown when it was pressed.
        assert_eq!(list.entries().iter().map(|entry| entry.todo.done).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn an_early_answer_does_not_overwrite_a_later_edit() {
        let first = todo(1, "milk", false);
        let mut list = list(vec![first.clone()]);
        let asked_at = list.revision();
        list.push(Change::Edit { id: id(1), description: text("oat milk") });
        list.replace(vec![first.clone()], asked_at);
        assert_eq!(texts(&list), ["oat milk"]);
        list.confirm(Some(2));
        list.replace(vec![first], asked_at);
        assert_eq!(texts(&list), ["oat milk"]);
    }

    #[test]
    fn what_is_undone_is_where_and_as_it_was_also_before_the_server_has_answered() {
        let mut list = list(vec![todo(1, "milk", false), todo(2, "eggs", true), todo(3, "tea", true)]);
        let before = texts(&list).join(" ");
        let cleared = list.push(Change::ClearCompleted { ids: vec![id(2), id(3)] });
        let deleted = list.push(Change::Delete { id: id(1) });
        assert_eq!(texts(&list), [] as [&str; 0]);
        list.push(Change::Undo { serial: deleted });
        list.push(Change::Undo { serial: cleared });
        assert_eq!(texts(&list).join(" "), before);
        assert_eq!(list.entries().iter().map(|entry| entry.todo.done).collect::<Vec<_>>(), [false, true, true]);
        // The server's numbers are there when it is asked to undo.
        list.confirm(Some(5));
        list.confirm(Some(6));
        assert_eq!((list.next(), list.number(deleted)), (Some(&Change::Undo { serial: deleted }), Some(6)));
        list.confirm(Some(7));
        assert_eq!(list.number(cleared), Some(5));
        list.confirm(Some(8));
        assert_eq!(texts(&list).join(" "), before);
        assert_eq!(list.last_change(), 8);
    }

    #[test]
    fn an_undone_edit_and_an_undone_addition_are_as_if_they_had_not_been() {
        let mut list = list(vec![todo(1, "milk", false)]);
        let edited = list.push(Change::Edit { id: id(1), description: text("oat milk") });
        let added = list.push(add(2, "eggs"));
        let marked = list.push(Change::SetAllDone { ids: vec![id(1), id(2)], done: true });
        for serial in [marked, added, edited] {
            list.push(Change::Undo { serial });
        }
        assert_eq!(texts(&list), ["milk"]);
        assert!(!list.entries()[0].todo.done);
    }

    #[test]
    fn a_new_row_without_an_answer_stays_and_is_sent_again_as_itself() {
        let mut list = list(vec![todo(1, "milk", false)]);
        list.push(add(2, "eggs"));
        list.push(Change::SetDone { id: id(1), done: true });
        assert_eq!(list.fail(), None);
        list.confirm(Some(3));
        assert_eq!(texts(&list), ["milk", "eggs"]);
        assert!(list.entry(id(2)).is_some_and(|row| row.failed && !row.pending));
        // The list that arrives meanwhile takes nothing away.
        list.replace(vec![todo(1, "milk", true), todo(3, "tea", false)], list.revision());
        assert_eq!((texts(&list), list.failed_texts()), (vec!["milk", "tea", "eggs"], vec!["eggs".to_owned()]));
        let mut saved = list.clone();
        saved.replace(vec![todo(1, "milk", true), todo(2, "eggs", false)], saved.revision());
        assert_eq!((texts(&saved), saved.has_failed()), (vec!["milk", "eggs"], false), "only its answer was lost");
        list.send_again(Some(id(2)));
        assert_eq!(list.next(), Some(&add(2, "eggs")), "under its id");
        assert!(!list.has_failed());
        list.fail();
        assert!(list.give_up(id(2)) && !list.give_up(id(1)));
        assert_eq!(texts(&list), ["milk", "tea"]);
    }

    #[test]
    fn what_was_decided_later_is_not_undone_by_trying_something_earlier_again() {
        let edit = |id: u128| Change::Edit { id: self::id(id), description: text("x") };
        let set = |id: u128| Change::SetDone { id: self::id(id), done: true };
        let ids = |ids: &[u128]| ids.iter().map(|id| self::id(*id)).collect::<Vec<_>>();
        let all = |of: &[u128]| Change::SetAllDone { ids: ids(of), done: false };
        let clear = |of: &[u128]| Change::ClearCompleted { ids: ids(of) };
        let delete = |id: u128| Change::Delete { id: self::id(id) };
        for (earlier, later) in [
            (edit(1), edit(1)),
            (set(1), set(1)),
            (set(1), all(&[1, 2])),
            (all(&[1]), set(1)),
            (edit(1), delete(1)),
            (delete(1), clear(&[1, 2])),
            (clear(&[1]), set(1)),
        ] {
            assert_eq!(earlier.clone().after(&later), None, "{earlier:?} after {later:?}");
        }
        for (earlier, later) in [
            (edit(1), edit(2)),
            (edit(1), set(1)),
            (delete(1), edit(1)),
            (set(2), delete(1)),
            (Change::Undo { serial: 1 }, delete(1)),
        ] {
            assert_eq!(earlier.clone().after(&later), Some(earlier.clone()), "{earlier:?} after {later:?}");
        }
        // The rest of it is still to be done.
        assert_eq!(all(&[1, 2]).after(&set(1)), Some(all(&[2])));
        assert_eq!(clear(&[1, 2, 3]).after(&delete(2)), Some(clear(&[1, 3])));
    }

    #[test]
    fn what_was_refused_or_changed_nothing_cannot_be_undone() {
        let mut list = list(vec![todo(1, "milk", false)]);
        let refused = list.push(Change::SetDone { id: id(1), done: true });
        let nothing = list.push(Change::Delete { id: id(1) });
        let unanswered = list.push(add(2, "eggs"));
        assert!([refused, nothing, unanswered].iter().all(|serial| list.can_undo(*serial)), "they may be done yet");
        assert_eq!(list.reject().map(|(serial, _)| serial), Some(refused));
        list.confirm(None);
        list.fail();
        assert_eq!([refused, nothing, unanswered].map(|serial| list.can_undo(serial)), [false, false, true]);
        // Nobody knows of it but this page.
        assert!(list.give_up_change(unanswered) && !list.can_undo(unanswered));
    }

    #[test]
    fn what_was_seen_is_what_the_server_confirmed() {
        let mut list = list(vec![todo(1, "milk", true), todo(2, "eggs", true)]);
        list.push(Change::SetDone { id: id(1), done: false });
        list.push(Change::SetDone { id: id(1), done: true });
        list.confirm(Some(4));
        list.confirm(Some(5));
        let seen = list.seen(&[id(1), id(2)]);
        assert_eq!(seen, Seen::These(vec![(id(1), 5), (id(2), 1)]));
        assert_eq!(list.last_change(), 5);
    }
}
