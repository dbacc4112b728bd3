//! The list as it will be once the server has answered.
//!
//! What is shown is what the server last confirmed with the changes it has not confirmed yet applied to it. So a change is
//! seen at once, a refused one can be given up, and an early answer cannot overwrite a later edit. Changes are sent one
//! after the other; one that could not be sent waits, and what was done later to the same rows waits behind it. Ids are made
//! here, so that a change can be about a to-do that is still being added, and one that is sent twice is done once. Each
//! change knows what its customer saw when they decided: another device's change is neither written over nor cleared away
//! unseen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::model::listed::Listed;
use crate::app::model::seen::Seen;
use crate::todo::{Description, NewTodo, Note, Patch, Step};

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
    /// Why a change of it is not saved, if one is not.
    pub trouble: Option<Trouble>,
    /// Whether another device deleted it, and it is here only for what was typed into it.
    pub gone: bool,
}

/// Why a change is not saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It could not be sent, or got no answer. It is sent again.
    Unanswered,
    /// The server refused it, in words for the customer.
    Refused(String),
    /// Another device changed a text meanwhile. The customer chooses.
    Conflict {
        /// Which of the to-do's texts.
        part: Part,
        /// What it is now; `None` where the to-do was deleted.
        theirs: Option<String>,
        /// What was typed here.
        mine: String,
    },
}

/// A text of a to-do, of which two devices can write two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What is to be done.
    Text,
    /// The note.
    Note,
    /// A step.
    Step,
}

/// What is done to the steps of a to-do: to one of them, so that two devices do not write over each other's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepChange {
    /// One more, at the end.
    Add(Step),
    /// Another text.
    Edit {
        /// Which step.
        id: Uuid,
        /// The new text.
        text: Description,
        /// The text that its author saw.
        before: Description,
    },
    /// Done, or not done.
    SetDone {
        /// Which step.
        id: Uuid,
        /// Whether it is done.
        done: bool,
    },
    /// Gone.
    Delete {
        /// Which step.
        id: Uuid,
        /// The text that was to be seen.
        before: Description,
    },
}

impl StepChange {
    /// Does it.
    pub fn apply(&self, steps: &mut Vec<Step>) {
        match self {
            Self::Add(step) if steps.iter().any(|known| known.id == step.id) => {}
            Self::Add(step) => steps.push(step.clone()),
            Self::Edit { id, text, .. } => {
                for step in steps.iter_mut().filter(|step| step.id == *id) {
                    step.text.clone_from(text);
                }
            }
            Self::SetDone { id, done } => {
                for step in steps.iter_mut().filter(|step| step.id == *id) {
                    step.done = *done;
                }
            }
            Self::Delete { id, .. } => steps.retain(|step| step.id != *id),
        }
    }

    /// The text that was typed for it.
    fn text(&self) -> Option<&Description> {
        match self {
            Self::Add(step) => Some(&step.text),
            Self::Edit { text, .. } => Some(text),
            Self::SetDone { .. } | Self::Delete { .. } => None,
        }
    }

    /// What comes of it where the to-do was changed meanwhile, and has these steps now.
    fn verdict(&self, now: &[Step], sent_before: bool) -> Verdict {
        let find = |id: &Uuid| now.iter().find(|step| step.id == *id);
        match self {
            Self::Add(step) if find(&step.id).is_some() => Verdict::Done,
            Self::Edit { id, text, .. } if find(id).is_some_and(|step| step.text == *text) => Verdict::Done,
            Self::Add(_) | Self::Edit { .. } => Verdict::Again,
            Self::SetDone { id, done } => match find(id) {
                Some(step) if step.done == *done => Verdict::Done,
                Some(_) if !sent_before => Verdict::Again,
                _ => Verdict::LeftAlone,
            },
            Self::Delete { id, before } => match find(id) {
                None => Verdict::Done,
                Some(step) if step.text == *before => Verdict::Again,
                Some(_) => Verdict::LeftAlone,
            },
        }
    }

    /// The same, where the step says something else by now, or is gone: a text is kept, as one more step.
    fn beside(self, now: &[Step]) -> Self {
        match self {
            Self::Edit { id, text, before }
                if now.iter().all(|step| step.id != id || (step.text != before && step.text != text)) =>
            {
                Self::Add(Step { id: Uuid::new_v4(), text, done: false })
            }
            change => change,
        }
    }
}

/// What is done to more of a to-do than its text and whether it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Amendment {
    /// Some of its members, or its place in the list.
    Members(Patch),
    /// One of its steps.
    Step(StepChange),
}

impl Amendment {
    fn apply(&self, todo: &mut NewTodo) {
        match self {
            Self::Members(patch) => {
                // All that is known of a to-do is complete, and so is what is made of it here.
                if let Ok(merged) = patch.merge(todo.clone()) {
                    *todo = merged;
                }
            }
            Self::Step(change) => change.apply(&mut todo.details.steps),
        }
    }

    /// Whether the row moves to another place.
    fn is_move(&self) -> bool {
        matches!(self, Self::Members(Patch { after: Some(_), .. }))
    }

    /// What to ask of the server, where the to-do is as it is `now`.
    fn patch(&self, now: &NewTodo) -> Patch {
        match self {
            Self::Members(patch) => patch.clone(),
            Self::Step(change) => {
                let mut steps = now.details.steps.clone();
                change.apply(&mut steps);
                Patch { steps: Some(steps), ..Patch::default() }
            }
        }
    }

    /// The note that was typed.
    fn note(&self) -> Option<&Note> {
        match self {
            Self::Members(patch) => patch.note.as_ref(),
            Self::Step(_) => None,
        }
    }

    /// What comes of it where the to-do was changed meanwhile: seen as it was `before`, and as it is `now`.
    fn verdict(&self, before: &NewTodo, now: &NewTodo, sent_before: bool) -> Verdict {
        match self {
            Self::Step(change) => change.verdict(&now.details.steps, sent_before),
            Self::Members(patch) => {
                let agrees = |other: &NewTodo| patch.agree(now, other);
                if patch.merge(now.clone()).is_ok_and(|merged| agrees(&merged)) && patch.after.is_none() {
                    Verdict::Done
                } else if agrees(before) {
                    Verdict::Again
                } else if patch.note.is_some() {
                    Verdict::Conflict
                } else {
                    Verdict::LeftAlone
                }
            }
        }
    }
}

/// Something the customer did to the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A new row at the end.
    Add {
        /// Made here, at random.
        id: Uuid,
        /// What there is to say of it.
        #[serde(flatten)]
        todo: Box<NewTodo>,
    },
    /// Another star, note, day, step or place.
    Amend {
        /// Which row.
        id: Uuid,
        /// What of it.
        what: Box<Amendment>,
        /// What its author saw.
        before: Box<NewTodo>,
    },
    /// A new text.
    Edit {
        /// Which row.
        id: Uuid,
        /// The new text.
        description: Description,
        /// The text that its author saw.
        before: Description,
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
        /// The text that was to be seen.
        before: Description,
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

/// A change that the server has not confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// Names it where it is kept.
    pub key: Uuid,
    /// The page that it was made on, where that is not this one.
    #[serde(default)]
    pub origin: Uuid,
    /// What [`List::push`] called it: later changes have larger ones.
    pub serial: u64,
    /// What is to be done.
    pub change: Change,
    /// The rows that it is about, in the versions that its customer decided on; without those that are still being added.
    pub seen: BTreeMap<Uuid, i64>,
    /// The server's number of the change that is to be undone, once it has one.
    pub undoes: Option<i64>,
    /// Whether it was sent before, and the answer is not known.
    pub sent_before: bool,
    /// Why it is not saved, since it was tried.
    #[serde(skip)]
    pub trouble: Option<Trouble>,
    /// Whether it waits for something else than its turn.
    #[serde(skip)]
    pub held: bool,
}

/// What comes of a change of something that another device changed meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// That changed something else of it: it is sent once more, for the new version.
    Again,
    /// It is so already.
    Done,
    /// The customer chooses between two texts.
    Conflict,
    /// It is left as it is now, and the customer told.
    LeftAlone,
}

/// What the customer chose where two devices wrote different texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// What was typed here; where the to-do is gone, as a new one.
    Mine,
    /// What is there now.
    Theirs,
    /// Both: what was typed here as one more to-do.
    Both,
}

/// What a change replaced, for undoing it.
#[derive(Clone, Debug)]
struct Made {
    serial: u64,
    /// The rows that it changed, as they were, with their places; `None` for one that was not there.
    before: Vec<(usize, Uuid, Option<Entry>)>,
    /// Whether it put its row somewhere else.
    is_move: bool,
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
                    if self.is_move {
                        let entry = entries.remove(position);
                        entries.insert((*place).min(entries.len()), entry);
                    }
                }
                (None, Some(before)) => {
                    let mut entry = Entry { trouble: None, gone: false, ..before.clone() };
                    entry.settle(number, pending);
                    entries.insert((*place).min(entries.len()), entry);
                }
                (None, None) => {}
            }
        }
    }
}

impl Entry {
    fn of(Listed { id, version, todo }: Listed) -> Self {
        Self { id, todo, version, pending: false, trouble: None, gone: false }
    }

    fn new(id: Uuid, todo: NewTodo) -> Self {
        Self { id, todo, version: 0, pending: false, trouble: None, gone: false }
    }

    fn settle(&mut self, number: Option<i64>, pending: bool) {
        self.pending |= pending;
        self.version = number.unwrap_or(self.version);
    }

    /// Whether nobody knows of it but this page.
    pub fn is_only_here(&self) -> bool {
        self.gone || (self.version == 0 && self.trouble.is_some())
    }

    /// Whether the customer has to choose between two texts of it.
    pub fn is_in_conflict(&self) -> bool {
        matches!(self.trouble, Some(Trouble::Conflict { .. }))
    }
}

impl Change {
    /// Which rows it is about; of an undo the change itself does not know.
    pub fn concerns(&self) -> &[Uuid] {
        match self {
            Self::Add { id, .. }
            | Self::Amend { id, .. }
            | Self::Edit { id, .. }
            | Self::SetDone { id, .. }
            | Self::Delete { id, .. } => std::slice::from_ref(id),
            Self::SetAllDone { ids, .. } | Self::ClearCompleted { ids } => ids,
            Self::Undo { .. } => &[],
        }
    }

    /// The text that was typed for it.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Add { todo, .. } => Some(todo.description.as_str()),
            Self::Edit { description, .. } => Some(description.as_str()),
            Self::Amend { what, .. } => match &**what {
                Amendment::Members(patch) => patch.note.as_ref().map(Note::as_str),
                Amendment::Step(change) => change.text().map(Description::as_str),
            },
            _ => None,
        }
    }

    /// Which text of a row it puts in the place of another.
    fn rewrites(&self) -> Option<Part> {
        match self {
            Self::Edit { .. } => Some(Part::Text),
            Self::Amend { what, .. } => what.note().map(|_| Part::Note),
            _ => None,
        }
    }

    /// Whether what its customer saw of the row says the same as `now`, as far as it matters to what they decided.
    fn has_seen(&self, now: &NewTodo) -> bool {
        match self {
            Self::Edit { before, .. } | Self::Delete { before, .. } => now.description == *before,
            Self::Amend { what, before, .. } => match &**what {
                Amendment::Members(patch) => patch.agree(now, before),
                Amendment::Step(_) => true,
            },
            _ => true,
        }
    }

    /// A row with the text that was typed, for one that is gone: as it was `seen`, where that is known.
    fn row_of(&self, seen: Option<NewTodo>) -> Option<NewTodo> {
        match self {
            Self::Edit { description, .. } => {
                let seen = seen.unwrap_or_else(|| NewTodo::from(description.clone()));
                Some(NewTodo { description: description.clone(), ..seen })
            }
            Self::Amend { what, before, .. } if self.text().is_some() => {
                let mut todo = NewTodo::clone(before);
                what.apply(&mut todo);
                Some(todo)
            }
            _ => None,
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
            Self::Add { id, todo } => {
                let mut entry = Entry::new(*id, NewTodo::clone(todo));
                entry.settle(number, pending);
                entries.push(entry);
            }
            Self::Edit { description, .. } => change(entries, &|todo| todo.description.clone_from(description)),
            Self::Amend { id, what, .. } => {
                change(entries, &|todo| what.apply(todo));
                if let Amendment::Members(Patch { after: Some(after), .. }) = &**what {
                    place(entries, *id, *after);
                }
            }
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

/// Puts the row `id` behind the row `after`, or at the top. Behind one that is gone it stays where it is.
fn place(entries: &mut Vec<Entry>, id: Uuid, after: Option<Uuid>) {
    let find = |entries: &[Entry], id: Uuid| entries.iter().position(|entry| entry.id == id);
    let (Some(from), false) = (find(entries, id), after == Some(id)) else { return };
    if after.is_some_and(|after| find(entries, after).is_none()) {
        return;
    }
    let entry = entries.remove(from);
    let to = after.and_then(|after| find(entries, after)).map_or(0, |place| place + 1);
    entries.insert(to, entry);
}

/// The list: what the server confirmed, and what it has not.
#[derive(Clone, Debug, Default)]
pub struct List {
    confirmed: Vec<Entry>,
    /// In the order in which they were made.
    unsent: Vec<Unsent>,
    shown: Vec<Entry>,
    made: Vec<Made>,
    /// The row whose text is being typed: it stays, whatever another device does to it.
    edited: Option<Uuid>,
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

    /// Counts the changes made here, and what was heard of them: a list asked for at an earlier revision is out of date.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether changes are on their way.
    pub fn is_busy(&self) -> bool {
        self.next().is_some()
    }

    /// The changes that the server has not confirmed, in their order.
    pub fn unsent(&self) -> &[Unsent] {
        &self.unsent
    }

    /// How many changes wait because one of them got no answer.
    pub fn waiting(&self) -> usize {
        if self.unsent.iter().all(|unsent| unsent.trouble != Some(Trouble::Unanswered)) {
            return 0;
        }
        self.unsent.iter().filter(|unsent| !unsent.waits_for_customer()).count()
    }

    /// The change to send next: the first that is about no row of an earlier one that is not saved. It stays until the
    /// server has answered.
    pub fn next(&self) -> Option<&Unsent> {
        let is_free = |place: usize, unsent: &Unsent| {
            let waits_for =
                |earlier: &Unsent| self.rows_of(earlier).any(|row| self.rows_of(unsent).any(|id| id == row));
            // A text that its customer has to decide about keeps nothing else of its row waiting.
            // Nor does a row that was not accepted keep others waiting.
            let is_of_several = matches!(unsent.change, Change::SetAllDone { .. } | Change::ClearCompleted { .. });
            let is_open = |earlier: &&Unsent| {
                !(earlier.waits_for_customer() && (is_of_several || !matches!(earlier.change, Change::Add { .. })))
            };
            !self.unsent[..place].iter().filter(is_open).any(waits_for)
        };
        let mut changes = self.unsent.iter().enumerate();
        changes.find(|(place, unsent)| !unsent.held && is_free(*place, unsent)).map(|(_, unsent)| unsent)
    }

    /// The rows that a change is about, those of an undo too.
    fn rows_of<'l>(&'l self, unsent: &'l Unsent) -> impl Iterator<Item = Uuid> + 'l {
        let undone = match unsent.change {
            Change::Undo { serial } => self.made.iter().find(|made| made.serial == serial),
            _ => None,
        };
        let undone = undone.into_iter().flat_map(|made| made.before.iter().map(|(_, id, _)| *id));
        unsent.change.concerns().iter().copied().chain(undone)
    }

    /// The last change of the list that this page has seen.
    pub fn last_change(&self) -> i64 {
        self.confirmed.iter().map(|entry| entry.version).max().unwrap_or_default()
    }

    /// The last change that this page knows of: one that it has seen, or made itself.
    pub fn last_known_change(&self) -> i64 {
        self.made.iter().filter_map(|made| made.number).fold(self.last_change(), i64::max)
    }

    /// The server's number for an earlier change, if it was done and changed something.
    pub fn number(&self, serial: u64) -> Option<i64> {
        self.made.iter().find(|made| made.serial == serial)?.number
    }

    /// Shows `change` and queues it. What is answered names it for undoing.
    pub fn push(&mut self, mut change: Change) -> u64 {
        // A new text takes the place of one that was not accepted.
        if let (Some(part), Some(id)) = (change.rewrites(), change.concerns().first().copied()) {
            let is_open = |unsent: &&Unsent| {
                unsent.waits_for_customer()
                    && unsent.change.concerns() == [id]
                    && unsent.change.rewrites() == Some(part)
            };
            if let Some(open) = self.unsent.iter().find(is_open).cloned() {
                match (&mut change, open.change) {
                    (Change::Edit { before, .. }, Change::Edit { before: seen, .. }) => *before = seen,
                    (Change::Amend { before, .. }, Change::Amend { before: seen, .. }) => *before = seen,
                    _ => {}
                }
                self.reject(open.serial);
            }
        }
        self.queue(change)
    }

    fn queue(&mut self, change: Change) -> u64 {
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
            let is_move = matches!(&change, Change::Amend { what, .. } if what.is_move());
            self.made.push(Made { serial, before, is_move, number: None });
            let is_needed = |made: &Made| {
                let names = |unsent: &Unsent| {
                    unsent.serial == made.serial || unsent.change == (Change::Undo { serial: made.serial })
                };
                made.serial == serial || self.unsent.iter().any(names)
            };
            if self.made.len() > HISTORY
                && let Some(place) = self.made.iter().position(|made| !is_needed(made))
            {
                self.made.remove(place);
            }
        }
        let undoes = match change {
            Change::Undo { serial } => self.number(serial),
            _ => None,
        };
        let key = Uuid::new_v4();
        let seen = BTreeMap::new();
        let origin = Uuid::nil();
        let mut unsent =
            Unsent { key, origin, serial, change, seen, undoes, sent_before: false, trouble: None, held: false };
        unsent.seen = self.rows_of(&unsent).filter_map(|id| Some((id, self.seen_version(id)?))).collect();
        // What another device wrote while a field was open was not seen, although it is here.
        if let [id] = *unsent.change.concerns()
            && self.unsent.iter().all(|earlier| self.rows_of(earlier).all(|row| row != id))
            && self.confirmed.iter().any(|entry| entry.id == id && !unsent.change.has_seen(&entry.todo))
        {
            unsent.seen.remove(&id);
        }
        self.unsent.push(unsent);
        self.show();
        serial
    }

    /// The version of a row that its customer sees: of one with a change on its way, that which they saw before it. What
    /// another device wrote meanwhile is hidden below that.
    fn seen_version(&self, id: Uuid) -> Option<i64> {
        let earlier = self.unsent.iter().rfind(|unsent| self.rows_of(unsent).any(|row| row == id));
        match earlier {
            Some(earlier) => earlier.seen.get(&id).copied(),
            None => self.confirmed.iter().find(|entry| entry.id == id).map(|entry| entry.version),
        }
    }

    /// Takes over what an earlier page of the same customer could not send, in its order. Its server may have done it.
    pub fn adopt(&mut self, unsent: Vec<Unsent>) {
        let mut serials = BTreeMap::new();
        for earlier in unsent {
            if self.unsent.iter().any(|known| known.key == earlier.key) {
                continue;
            }
            let change = match earlier.change {
                // Zero is nobody's: then its number says what is to be undone.
                Change::Undo { serial } => Change::Undo { serial: serials.get(&serial).copied().unwrap_or_default() },
                change => change,
            };
            let serial = self.queue(change);
            serials.insert(earlier.serial, serial);
            if let Some(adopted) = self.unsent.last_mut() {
                *adopted = Unsent {
                    key: earlier.key,
                    origin: earlier.origin,
                    seen: earlier.seen,
                    undoes: earlier.undoes.or(adopted.undoes),
                    sent_before: true,
                    ..adopted.clone()
                };
            }
        }
        self.show();
    }

    /// The server did it; `number` is what it calls that, where something was changed.
    pub fn confirm(&mut self, serial: u64, number: Option<i64>) {
        let Some(unsent) = self.take(serial) else { return };
        // A list that was asked for before may be older than this.
        self.revision += 1;
        let rows: Vec<Uuid> = self.rows_of(&unsent).collect();
        let version =
            |entries: &[Entry], id: Uuid| entries.iter().find(|entry| entry.id == id).map(|entry| entry.version);
        let before: Vec<_> = rows.iter().map(|id| (*id, version(&self.confirmed, *id))).collect();
        // What could not be undone is as it is; the list that is fetched next says how.
        if number.is_some() || !matches!(unsent.change, Change::Undo { .. }) {
            unsent.change.apply(&mut self.confirmed, &self.made, number, false);
        }
        if let Some(made) = self.made.iter_mut().find(|made| made.serial == serial) {
            made.number = number;
        }
        // What was done here is what the customer saw when they went on.
        for later in &mut self.unsent {
            for (id, before) in &before {
                let Some(now) = version(&self.confirmed, *id) else { continue };
                let is_about = later.seen.contains_key(id) || later.change.concerns().contains(id);
                // Two pages that were left behind had not seen each other.
                let is_about = is_about && later.origin == unsent.origin;
                if is_about && later.seen.get(id).copied() == *before {
                    later.seen.insert(*id, now);
                }
            }
            if later.change == (Change::Undo { serial }) {
                later.undoes = number;
            }
        }
        self.show();
    }

    /// Drops a change: the server refused it, or the customer gave it up. Answers what it was.
    pub fn reject(&mut self, serial: u64) -> Option<Change> {
        let unsent = self.take(serial)?;
        self.made.retain(|made| made.serial != serial);
        self.show();
        Some(unsent.change)
    }

    fn take(&mut self, serial: u64) -> Option<Unsent> {
        let place = self.unsent.iter().position(|unsent| unsent.serial == serial)?;
        Some(self.unsent.remove(place))
    }

    /// It got no answer: it waits, to be sent again under its ids.
    pub fn fail(&mut self, serial: u64) {
        self.set_trouble(serial, Trouble::Unanswered);
    }

    /// The server refused a text: it stays with its row, beside the reason.
    pub fn refuse(&mut self, serial: u64, reason: String) {
        self.set_trouble(serial, Trouble::Refused(reason));
    }

    fn set_trouble(&mut self, serial: u64, trouble: Trouble) {
        if let Some(unsent) = self.unsent.iter_mut().find(|unsent| unsent.serial == serial) {
            unsent.sent_before = true;
            unsent.trouble = Some(trouble);
            unsent.held = true;
        }
        self.show();
    }

    /// Nothing can be sent for now: all of it waits.
    pub fn hold(&mut self) {
        for unsent in &mut self.unsent {
            unsent.trouble.get_or_insert(Trouble::Unanswered);
            unsent.held = true;
            // What waits may be overtaken by a later decision on another device.
            unsent.sent_before = true;
        }
        self.show();
    }

    /// Sends what is not saved once more; only what is about the row `id`, where one is named. A choice between two texts
    /// stays the customer's.
    pub fn send_again(&mut self, id: Option<Uuid>) {
        let is_about = |unsent: &Unsent| id.is_some_and(|id| self.rows_of(unsent).any(|row| row == id));
        let about: Vec<bool> = self.unsent.iter().map(is_about).collect();
        for (unsent, is_about) in self.unsent.iter_mut().zip(about) {
            let is_meant = is_about || (id.is_none() && unsent.trouble == Some(Trouble::Unanswered));
            // The reason is shown until there is an answer.
            if is_meant && !matches!(unsent.trouble, Some(Trouble::Conflict { .. })) {
                unsent.held = false;
            }
        }
        self.revision += 1;
        self.show();
    }

    /// Another device changed what a change is about: `now` is how it is, `None` where it is deleted.
    pub fn overtaken(&mut self, serial: u64, now: Option<Listed>) -> Verdict {
        let Some(unsent) = self.unsent.iter().find(|unsent| unsent.serial == serial) else { return Verdict::Done };
        let Unsent { mut change, sent_before, .. } = unsent.clone();
        let version = now.as_ref().map(|now| now.version);
        let verdict = match (&change, &now) {
            // Gone is what was wanted.
            (Change::Delete { .. }, None) => Verdict::Done,
            (Change::Edit { .. }, None) => Verdict::Conflict,
            (Change::Edit { description, before, .. }, Some(now)) => {
                if now.todo.description == *description {
                    Verdict::Done
                } else if now.todo.description == *before {
                    Verdict::Again
                } else {
                    Verdict::Conflict
                }
            }
            (Change::Amend { .. }, None) if change.text().is_some() => Verdict::Conflict,
            (Change::Amend { what, before, .. }, Some(now)) => what.verdict(before, &now.todo, sent_before),
            (Change::Delete { before, .. }, Some(now)) if now.todo.description == *before => Verdict::Again,
            (Change::SetDone { done, .. }, Some(now)) if now.todo.done == *done => Verdict::Done,
            // Decided just now. What waited for long may be older than what another device decided.
            (Change::SetDone { .. }, Some(_)) if !sent_before => Verdict::Again,
            _ => Verdict::LeftAlone,
        };
        if let Some(id) = change.concerns().first() {
            self.learn(*id, now.clone());
        }
        match (verdict, &mut change) {
            (Verdict::Again, _) => {
                if let Some(unsent) = self.unsent.iter_mut().find(|unsent| unsent.serial == serial) {
                    unsent.seen.extend(unsent.change.concerns().iter().copied().zip(version));
                    if let (Change::Amend { what, before, .. }, Some(now)) = (&mut unsent.change, now) {
                        let now = now.todo;
                        if let Amendment::Step(change) = &mut **what {
                            *change = change.clone().beside(&now.details.steps);
                        }
                        **before = now;
                    }
                }
            }
            // What it made of it is what is there, and can be undone; unless another device made the same of it.
            (Verdict::Done, _) => self.confirm(serial, version.filter(|_| sent_before)),
            (Verdict::LeftAlone, _) => drop(self.reject(serial)),
            (Verdict::Conflict, change) => {
                let part = change.rewrites().unwrap_or(Part::Step);
                let id = change.concerns().first().copied().unwrap_or_default();
                let last = if part == Part::Step { None } else { self.collapse(serial, id, part) };
                let mine = last.or_else(|| change.text().map(str::to_owned)).unwrap_or_default();
                let theirs = now.map(|now| text_of(part, &now.todo));
                self.set_trouble(serial, Trouble::Conflict { part, theirs, mine });
            }
        }
        self.show();
        verdict
    }

    /// Of several edits of one text that wait, the last one is meant.
    fn collapse(&mut self, serial: u64, row: Uuid, part: Part) -> Option<String> {
        let is_later_edit = |unsent: &Unsent| {
            unsent.serial > serial && unsent.change.concerns() == [row] && unsent.change.rewrites() == Some(part)
        };
        let last = self.unsent.iter().rfind(|unsent| is_later_edit(unsent))?.change.clone();
        let dropped: Vec<u64> =
            self.unsent.iter().filter(|unsent| is_later_edit(unsent)).map(|unsent| unsent.serial).collect();
        self.unsent.retain(|unsent| !dropped.contains(&unsent.serial));
        self.made.retain(|made| !dropped.contains(&made.serial));
        let first = self.unsent.iter_mut().find(|unsent| unsent.serial == serial)?;
        match (&mut first.change, &last) {
            (Change::Edit { description, .. }, Change::Edit { description: last, .. }) => description.clone_from(last),
            (Change::Amend { what, .. }, Change::Amend { what: last, .. }) => what.clone_from(last),
            _ => {}
        }
        last.text().map(str::to_owned)
    }

    /// Takes over how one to-do is now.
    fn learn(&mut self, id: Uuid, now: Option<Listed>) {
        self.revision += 1;
        let place = self.confirmed.iter().position(|entry| entry.id == id);
        match (place, now) {
            (Some(place), Some(now)) => self.confirmed[place] = Entry::of(now),
            (Some(place), None) => drop(self.confirmed.remove(place)),
            (None, Some(now)) => self.confirmed.push(Entry::of(now)),
            (None, None) => {}
        }
    }

    /// The changes of one row that the server has not confirmed.
    fn about(&self, id: Uuid) -> impl Iterator<Item = &Unsent> {
        self.unsent.iter().filter(move |unsent| unsent.change.concerns() == [id])
    }

    /// The one row that a change is about, as its customer saw it.
    fn seen_before(&self, serial: u64) -> Option<NewTodo> {
        let made = self.made.iter().find(|made| made.serial == serial)?;
        made.before.first().and_then(|(_, _, entry)| Some(entry.as_ref()?.todo.clone()))
    }

    /// What to ask of the server for a change of a row's members.
    pub fn patch(&self, unsent: &Unsent) -> Patch {
        let Change::Amend { id, what, before } = &unsent.change else { return Patch::default() };
        let now = self.confirmed.iter().find(|entry| entry.id == *id).map(|entry| &entry.todo);
        what.patch(now.unwrap_or(before))
    }

    /// Ends a conflict as the customer chose. Answers what is to be done for it.
    pub fn resolve(&mut self, id: Uuid, choice: Choice) -> Option<Change> {
        let unsent = self.unsent.iter_mut().find(|unsent| {
            unsent.change.concerns().contains(&id) && matches!(unsent.trouble, Some(Trouble::Conflict { .. }))
        })?;
        let serial = unsent.serial;
        let Some(Trouble::Conflict { part, .. }) = unsent.trouble.take() else { return None };
        let now = self.confirmed.iter().find(|entry| entry.id == id && !entry.gone);
        let now = now.map(|entry| (entry.version, entry.todo.clone()));
        // Two notes are one text after the other, where that is not too long.
        if let (Choice::Both, Part::Note, Some((_, now)), Change::Amend { what, .. }) =
            (choice, part, &now, &mut unsent.change)
            && let Amendment::Members(Patch { note: Some(mine), .. }) = &mut **what
            && let Ok(both) = Note::parse(&format!("{}\n\n{}", now.details.note.as_str(), mine.as_str()))
        {
            *mine = both;
            return self.resolve_for_mine(serial, id, None);
        }
        match (choice, now) {
            // All that was typed for a row that is gone, in one: it is added once, or not.
            (_, None) => {
                let todo = self.entry(id).map(|entry| entry.todo.clone()).filter(|_| choice != Choice::Theirs);
                let typed: Vec<u64> = self.about(id).map(|unsent| unsent.serial).collect();
                for serial in typed {
                    self.reject(serial);
                }
                Some(Change::Add { id: Uuid::new_v4(), todo: Box::new(todo?) })
            }
            (Choice::Theirs, _) => {
                self.reject(serial);
                None
            }
            (Choice::Mine, Some(now)) => self.resolve_for_mine(serial, id, Some(now)),
            (Choice::Both, Some(_)) => {
                let todo = unsent.change.row_of(None);
                self.reject(serial);
                Some(Change::Add { id: Uuid::new_v4(), todo: Box::new(todo?) })
            }
        }
    }

    /// What was typed here is what the to-do is to say; the customer has seen what is there now.
    fn resolve_for_mine(&mut self, serial: u64, id: Uuid, now: Option<(i64, NewTodo)>) -> Option<Change> {
        let now = now.or_else(|| {
            let entry = self.confirmed.iter().find(|entry| entry.id == id)?;
            Some((entry.version, entry.todo.clone()))
        });
        let unsent = self.unsent.iter_mut().find(|unsent| unsent.serial == serial)?;
        if let Some((version, now)) = now {
            unsent.seen.insert(id, version);
            match &mut unsent.change {
                Change::Edit { before, .. } => *before = now.description,
                Change::Amend { before, .. } => **before = now,
                _ => {}
            }
        }
        unsent.sent_before = false;
        unsent.held = false;
        self.revision += 1;
        self.show();
        None
    }

    /// Gives up what is not saved of a row, where the server cannot have done it, and says whether there was any.
    pub fn give_up(&mut self, id: Uuid) -> bool {
        let is_meant = |unsent: &Unsent| unsent.change.concerns() == [id] && unsent.waits_for_customer();
        let given_up: Vec<u64> =
            self.unsent.iter().filter(|unsent| is_meant(unsent)).map(|unsent| unsent.serial).collect();
        for serial in &given_up {
            self.reject(*serial);
        }
        // What was to be done to a row that was never there is done to nothing.
        if self.confirmed.iter().all(|entry| entry.id != id) && !given_up.is_empty() {
            self.unsent.retain(|unsent| unsent.change.concerns() != [id]);
        }
        self.show();
        !given_up.is_empty()
    }

    /// The same for one change, by what it is called.
    pub fn give_up_change(&mut self, serial: u64) -> bool {
        let unsent = self.unsent.iter().find(|unsent| unsent.serial == serial);
        let row = unsent.filter(|unsent| unsent.waits_for_customer()).map(|unsent| unsent.change.concerns().to_vec());
        row.is_some_and(|row| row.first().is_some_and(|id| self.give_up(*id)))
    }

    /// Whether undoing it would change anything: it was done, or is still to be.
    pub fn can_undo(&self, serial: u64) -> bool {
        self.number(serial).is_some() || self.unsent.iter().any(|unsent| unsent.serial == serial)
    }

    /// Says which row's text is being typed. One that another device deleted meanwhile is taken away when that ends.
    pub fn set_edited(&mut self, row: Option<Uuid>) {
        if self.edited != row {
            self.edited = row;
            self.confirmed.retain(|entry| !entry.gone || Some(entry.id) == row);
            self.show();
        }
    }

    /// Takes over the server's list, asked for at `revision`; does nothing when something was changed here since.
    pub fn replace(&mut self, todos: Vec<Listed>, revision: u64) {
        if self.is_busy() || self.revision != revision {
            return;
        }
        let edited = self.confirmed.iter().position(|entry| Some(entry.id) == self.edited);
        let edited = edited.map(|place| (place, Entry { gone: true, ..self.confirmed[place].clone() }));
        self.confirmed = todos.into_iter().map(Entry::of).collect();
        if let Some((place, entry)) = edited
            && self.confirmed.iter().all(|known| known.id != entry.id)
        {
            self.confirmed.insert(place.min(self.confirmed.len()), entry);
        }
        // Their answers were lost: they are there.
        let confirmed = &self.confirmed;
        let is_there = |id: Uuid| confirmed.iter().any(|entry| entry.id == id && !entry.gone);
        self.unsent.retain(|unsent| !matches!(unsent.change, Change::Add { id, .. } if is_there(id)));
        self.show();
    }

    fn show(&mut self) {
        let mut shown = self.confirmed.clone();
        // What the customer chooses from is what there is.
        for unsent in &mut self.unsent {
            if let Some(Trouble::Conflict { part, theirs, .. }) = &mut unsent.trouble {
                let row = shown.iter().find(|entry| unsent.change.concerns().contains(&entry.id) && !entry.gone);
                *theirs = row.map(|entry| text_of(*part, &entry.todo));
            }
        }
        for unsent in &self.unsent {
            // A text does not go away with its row.
            if let ([id], Some(_)) = (unsent.change.concerns(), &unsent.trouble)
                && shown.iter().all(|entry| entry.id != *id)
                && let Some(todo) = unsent.change.row_of(self.seen_before(unsent.serial))
            {
                shown.push(Entry { gone: true, ..Entry::new(*id, todo) });
            }
            unsent.change.apply(&mut shown, &self.made, None, !unsent.held);
            if let Some(trouble) = &unsent.trouble {
                let rows: Vec<Uuid> = self.rows_of(unsent).collect();
                for entry in shown.iter_mut().filter(|entry| rows.contains(&entry.id)) {
                    // What the customer must decide comes before what waits by itself.
                    if !matches!(entry.trouble, Some(Trouble::Conflict { .. } | Trouble::Refused(_))) {
                        entry.trouble = Some(trouble.clone());
                    }
                }
            }
        }
        self.shown = shown;
    }
}

/// The text of that part of a to-do.
fn text_of(part: Part, todo: &NewTodo) -> String {
    match part {
        Part::Text => todo.description.to_string(),
        Part::Note => todo.details.note.as_str().to_owned(),
        // Of steps both are kept.
        Part::Step => String::new(),
    }
}

impl Unsent {
    /// Whether both would be kept as the same.
    pub fn is_same(&self, other: &Self) -> bool {
        let kept = |unsent: &Self| Self { trouble: None, held: false, ..unsent.clone() };
        kept(self) == kept(other)
    }

    /// Whether only its customer can decide what becomes of it.
    fn waits_for_customer(&self) -> bool {
        matches!(self.trouble, Some(Trouble::Refused(_) | Trouble::Conflict { .. }))
    }

    /// The version of its one row that its customer saw; none for one that is being added. Where the answer to that was
    /// lost it is not known: 0 is none that there is, so that the server says how the row is now.
    pub fn version(&self) -> Option<i64> {
        match (&self.change, self.change.concerns()) {
            (Change::Edit { .. } | Change::Amend { .. } | Change::SetDone { .. } | Change::Delete { .. }, [id]) => {
                Some(self.seen.get(id).copied().unwrap_or_default())
            }
            _ => None,
        }
    }

    /// What its customer saw of all of its rows.
    pub fn seen(&self) -> Seen {
        Seen::These(self.seen.iter().map(|(id, version)| (*id, *version)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn todo(id: u128, text: &str, done: bool) -> Listed {
        let todo = NewTodo { done, ..NewTodo::from(self::text(text)) };
        Listed { id: Uuid::from_u128(id), version: 1, todo }
    }

    fn id(id: u128) -> Uuid {
        Uuid::from_u128(id)
    }

    fn text(text: &str) -> Description {
        Description::parse(text).expect("valid")
    }

    fn add(id: u128, text: &str) -> Change {
        Change::Add { id: self::id(id), todo: Box::new(NewTodo::from(self::text(text))) }
    }

    fn edit(id: u128, before: &str, description: &str) -> Change {
        Change::Edit { id: self::id(id), description: text(description), before: text(before) }
    }

    fn delete(id: u128, before: &str) -> Change {
        Change::Delete { id: self::id(id), before: text(before) }
    }

    fn done(id: u128, done: bool) -> Change {
        Change::SetDone { id: self::id(id), done }
    }

    fn at(version: i64, todo: Listed) -> Listed {
        Listed { version, ..todo }
    }

    fn list(todos: Vec<Listed>) -> List {
        let mut list = List::default();
        list.replace(todos, 0);
        list
    }

    fn texts(list: &List) -> Vec<&str> {
        list.entries().iter().map(|entry| entry.todo.description.as_str()).collect()
    }

    /// What is to be sent next, as the server is asked for it.
    fn next(list: &List) -> (u64, Change) {
        let next = list.next().expect("something is to be sent");
        (next.serial, next.change.clone())
    }

    fn trouble(list: &List, of: u128) -> Option<Trouble> {
        list.entry(id(of)).expect("shown").trouble.clone()
    }

    #[test]
    fn a_change_is_shown_at_once_and_marked_until_it_is_confirmed() {
        let mut list = list(vec![todo(1, "milk", false)]);
        let added = list.push(add(2, "eggs"));
        assert_eq!(texts(&list), ["milk", "eggs"]);
        assert!(list.entry(id(2)).expect("shown").pending);
        list.confirm(added, Some(7));
        let entry = list.entry(id(2)).expect("shown");
        assert_eq!((entry.pending, entry.version), (false, 7));
        assert!(!list.is_busy() && list.unsent().is_empty());
    }

    #[test]
    fn a_refused_change_is_rolled_back_and_later_ones_stay() {
        let mut list = list(vec![todo(1, "milk", false), todo(2, "eggs", false)]);
        let deleted = list.push(delete(1, "milk"));
        list.push(Change::SetAllDone { ids: vec![id(2)], done: true });
        assert_eq!(texts(&list), ["eggs"]);
        assert_eq!(list.reject(deleted), Some(delete(1, "milk")));
        assert_eq!(texts(&list), ["milk", "eggs"]);
        // Only what was shown when it was pressed.
        assert_eq!(list.entries().iter().map(|entry| entry.todo.done).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn an_early_answer_does_not_overwrite_a_later_edit() {
        let first = todo(1, "milk", false);
        let mut list = list(vec![first.clone()]);
        let asked_at = list.revision();
        let edited = list.push(edit(1, "milk", "oat milk"));
        list.replace(vec![first.clone()], asked_at);
        assert_eq!(texts(&list), ["oat milk"]);
        list.confirm(edited, Some(2));
        list.replace(vec![first], asked_at);
        assert_eq!(texts(&list), ["oat milk"]);
    }

    #[test]
    fn what_is_undone_is_where_and_as_it_was_also_before_the_server_has_answered() {
        let mut list = list(vec![todo(1, "milk", false), todo(2, "eggs", true), todo(3, "tea", true)]);
        let before = texts(&list).join(" ");
        let cleared = list.push(Change::ClearCompleted { ids: vec![id(2), id(3)] });
        let deleted = list.push(delete(1, "milk"));
        assert_eq!(texts(&list), [] as [&str; 0]);
        let first = list.push(Change::Undo { serial: deleted });
        let second = list.push(Change::Undo { serial: cleared });
        assert_eq!(texts(&list).join(" "), before);
        assert_eq!(list.entries().iter().map(|entry| entry.todo.done).collect::<Vec<_>>(), [false, true, true]);
        // The server's numbers are there when it is asked to undo.
        list.confirm(cleared, Some(5));
        list.confirm(deleted, Some(6));
        assert_eq!(list.next().map(|next| (next.serial, next.undoes)), Some((first, Some(6))));
        list.confirm(first, Some(7));
        assert_eq!(list.next().map(|next| (next.serial, next.undoes)), Some((second, Some(5))));
        list.confirm(second, Some(8));
        assert_eq!(texts(&list).join(" "), before);
        assert_eq!(list.last_change(), 8);
    }

    #[test]
    fn an_undone_edit_and_an_undone_addition_are_as_if_they_had_not_been() {
        let mut list = list(vec![todo(1, "milk", false)]);
        let edited = list.push(edit(1, "milk", "oat milk"));
        let added = list.push(add(2, "eggs"));
        let marked = list.push(Change::SetAllDone { ids: vec![id(1), id(2)], done: true });
        for serial in [marked, added, edited] {
            list.push(Change::Undo { serial });
        }
        assert_eq!(texts(&list), ["milk"]);
        assert!(!list.entries()[0].todo.done);
    }

    #[test]
    fn what_got_no_answer_stays_and_is_sent_again_as_itself_in_its_order() {
        let mut list = list(vec![todo(1, "milk", false)]);
        let added = list.push(add(2, "eggs"));
        let edited = list.push(edit(2, "eggs", "six eggs"));
        let marked = list.push(done(1, true));
        list.fail(added);
        // What is about another row goes on; what is about this one waits its turn.
        assert_eq!(next(&list), (marked, done(1, true)));
        list.confirm(marked, Some(3));
        assert!(!list.is_busy());
        assert_eq!((texts(&list), list.waiting()), (vec!["milk", "six eggs"], 2));
        assert_eq!(trouble(&list, 2), Some(Trouble::Unanswered));
        // The list that arrives meanwhile takes nothing away.
        list.replace(vec![todo(1, "milk", true), todo(3, "tea", false)], list.revision());
        assert_eq!(texts(&list), ["milk", "tea", "six eggs"]);
        let mut saved = list.clone();
        saved.replace(vec![todo(1, "milk", true), todo(2, "eggs", false)], saved.revision());
        assert_eq!((texts(&saved), next(&saved).0), (vec!["milk", "six eggs"], edited), "only its answer was lost");
        list.send_again(Some(id(2)));
        assert_eq!(next(&list), (added, add(2, "eggs")), "under its id");
        assert_eq!(trouble(&list, 2), Some(Trouble::Unanswered), "it is said until there is an answer");
        list.confirm(added, Some(4));
        assert_eq!(list.next().and_then(Unsent::version), Some(4), "of what was added here");
        list.confirm(edited, Some(5));
        assert_eq!((texts(&list), list.waiting()), (vec!["milk", "tea", "six eggs"], 0));
    }

    #[test]
    fn without_a_network_everything_waits_and_is_sent_in_order() {
        let mut list = list(vec![todo(1, "milk", false)]);
        let serials = [list.push(add(2, "eggs")), list.push(delete(1, "milk")), list.push(done(2, true))];
        list.fail(serials[0]);
        list.hold();
        assert_eq!((list.next(), list.waiting(), texts(&list)), (None, 3, vec!["eggs"]));
        list.send_again(None);
        for serial in serials {
            assert_eq!(next(&list).0, serial);
            list.confirm(serial, Some(i64::try_from(serial).expect("small")));
        }
        assert_eq!((texts(&list), list.waiting()), (vec!["eggs"], 0));
    }

    #[test]
    fn what_an_earlier_page_could_not_send_is_sent_by_the_next_one_once() {
        let mut before = list(vec![todo(1, "milk", false)]);
        let added = before.push(add(2, "eggs"));
        let cleared = before.push(Change::ClearCompleted { ids: vec![id(1)] });
        before.push(Change::Undo { serial: cleared });
        before.push(done(2, true));
        before.confirm(added, Some(2));
        before.confirm(cleared, Some(3));
        let text = serde_json::to_string(before.unsent()).expect("it can be kept");
        let kept: Vec<Unsent> = serde_json::from_str(&text).expect("as it was kept");
        assert!(kept.iter().zip(before.unsent()).all(|(kept, unsent)| kept.is_same(unsent)));

        let mut after = list(vec![at(2, todo(2, "eggs", false))]);
        let own = after.push(add(3, "tea"));
        after.adopt(kept.clone());
        after.adopt(kept);
        assert_eq!(after.unsent().len(), 3, "once");
        after.confirm(own, Some(4));
        let undo = after.next().cloned().expect("the undo");
        assert_eq!((undo.undoes, undo.sent_before), (Some(3), true));
        after.confirm(undo.serial, Some(5));
        assert_eq!(after.next().and_then(Unsent::version), Some(2), "what was seen by the page that was left");
    }

    #[test]
    fn another_devices_text_is_not_written_over_and_both_are_there_to_choose_from() {
        let theirs = || at(5, todo(1, "soy milk", false));
        let conflict = || {
            let mut list = list(vec![todo(1, "milk", false)]);
            let first = list.push(edit(1, "milk", "oat milk"));
            list.push(done(1, true));
            list.push(edit(1, "oat milk", "two oat milks"));
            assert_eq!(list.overtaken(first, Some(theirs())), Verdict::Conflict);
            let both = Trouble::Conflict {
                part: Part::Text,
                theirs: Some("soy milk".to_owned()),
                mine: "two oat milks".to_owned(),
            };
            assert_eq!((texts(&list), trouble(&list, 1)), (vec!["two oat milks"], Some(both)));
            // What else was decided about the row does not wait for that.
            let (serial, change) = next(&list);
            assert_eq!(change, done(1, true));
            assert_eq!(list.overtaken(serial, Some(theirs())), Verdict::Again);
            assert_eq!(list.next().and_then(Unsent::version), Some(5));
            list.confirm(serial, Some(6));
            assert!(!list.is_busy());
            list
        };
        let mut list = conflict();
        assert_eq!(list.resolve(id(1), Choice::Theirs), None);
        assert_eq!((texts(&list), list.unsent().len()), (vec!["soy milk"], 0));

        let mut list = conflict();
        assert_eq!(list.resolve(id(1), Choice::Mine), None);
        let (serial, change) = next(&list);
        assert_eq!(change, edit(1, "soy milk", "two oat milks"));
        assert_eq!(list.next().and_then(Unsent::version), Some(6), "of what was seen when it was chosen");
        list.confirm(serial, Some(7));
        assert_eq!((texts(&list), trouble(&list, 1)), (vec!["two oat milks"], None));

        let mut list = conflict();
        let Some(Change::Add { todo, .. }) = list.resolve(id(1), Choice::Both) else { panic!("no new row") };
        assert_eq!((texts(&list), todo.description), (vec!["soy milk"], text("two oat milks")));
    }

    /// The list that arrives while a field is open is not what its customer decides on.
    #[test]
    fn what_arrives_while_a_text_is_typed_is_not_written_over() {
        for change in [edit(1, "milk", "oat milk"), delete(1, "milk")] {
            let mut list = list(vec![todo(1, "milk", false)]);
            list.set_edited(Some(id(1)));
            list.replace(vec![at(5, todo(1, "soy milk", false))], list.revision());
            let serial = list.push(change.clone());
            assert_eq!(list.next().and_then(Unsent::version), Some(0), "none that there is: {change:?}");
            let verdict = list.overtaken(serial, Some(at(5, todo(1, "soy milk", false))));
            assert!(matches!(verdict, Verdict::Conflict | Verdict::LeftAlone), "{change:?}: {verdict:?}");
        }
    }

    #[test]
    fn two_pages_that_were_left_behind_had_not_seen_each_other() {
        let left = |page: u128, text: &str| {
            let mut before = list(vec![todo(1, "milk", false)]);
            before.push(edit(1, "milk", text));
            let mut unsent = before.unsent().to_vec();
            unsent[0].origin = Uuid::from_u128(page);
            unsent
        };
        let mut list = list(vec![todo(1, "milk", false)]);
        list.adopt(left(1, "oat milk"));
        list.adopt(left(2, "soy milk"));
        let first = next(&list).0;
        list.confirm(first, Some(2));
        assert_eq!(list.next().and_then(Unsent::version), Some(1), "so that the server says what it is now");
    }

    #[test]
    fn a_text_does_not_go_away_with_its_row() {
        let mut list = list(vec![todo(1, "milk", false), todo(2, "eggs", false)]);
        list.set_edited(Some(id(1)));
        list.replace(vec![todo(2, "eggs", false)], list.revision());
        assert_eq!(texts(&list), ["milk", "eggs"], "somebody is typing there");
        assert!(list.entry(id(1)).is_some_and(|entry| entry.gone));
        let edited = list.push(edit(1, "milk", "oat milk"));
        list.set_edited(None);
        assert_eq!(list.overtaken(edited, None), Verdict::Conflict);
        list.replace(vec![todo(2, "eggs", false)], list.revision());
        assert_eq!(texts(&list), ["eggs", "oat milk"]);
        assert_eq!(
            trouble(&list, 1),
            Some(Trouble::Conflict { part: Part::Text, theirs: None, mine: "oat milk".to_owned() })
        );
        assert!(
            matches!(list.resolve(id(1), Choice::Mine), Some(Change::Add { todo, .. }) if todo.description == text("oat milk"))
        );
        assert_eq!((texts(&list), list.unsent().len()), (vec!["eggs"], 0));

        // Where nothing was typed, it goes when the field is left.
        list.set_edited(Some(id(2)));
        list.replace(vec![], list.revision());
        list.set_edited(None);
        assert_eq!(texts(&list), [] as [&str; 0]);
    }

    #[test]
    fn what_another_device_changed_is_neither_deleted_nor_overruled_unseen() {
        let overtaken = |change: Change, waited: bool, now: Option<Listed>| {
            let mut list = list(vec![todo(1, "milk", false)]);
            let serial = list.push(change);
            if waited {
                list.fail(serial);
                list.send_again(None);
            }
            let verdict = list.overtaken(serial, now);
            (verdict, texts(&list).join(" "), list.unsent().len())
        };
        let now = |text: &str, done: bool| Some(at(9, todo(1, text, done)));
        let shown = |text: &str| text.to_owned();
        for (change, waited, now, expected) in [
            (delete(1, "milk"), false, now("soy milk", false), (Verdict::LeftAlone, shown("soy milk"), 0)),
            (delete(1, "milk"), false, now("milk", true), (Verdict::Again, shown(""), 1)),
            (delete(1, "milk"), true, None, (Verdict::Done, shown(""), 0)),
            (done(1, true), false, now("soy milk", false), (Verdict::Again, shown("soy milk"), 1)),
            (done(1, true), true, now("milk", true), (Verdict::Done, shown("milk"), 0)),
            // It may have been marked and unmarked since.
            (done(1, true), true, now("milk", false), (Verdict::LeftAlone, shown("milk"), 0)),
            (done(1, true), false, None, (Verdict::LeftAlone, shown(""), 0)),
            (edit(1, "milk", "oat milk"), true, now("oat milk", false), (Verdict::Done, shown("oat milk"), 0)),
            (edit(1, "milk", "oat milk"), true, now("milk", true), (Verdict::Again, shown("oat milk"), 1)),
            (edit(1, "milk", "oat milk"), false, None, (Verdict::Conflict, shown("oat milk"), 1)),
        ] {
            let what = format!("{change:?}, waited: {waited}, now {now:?}");
            assert_eq!(overtaken(change, waited, now), expected, "{what}");
        }
    }

    #[test]
    fn a_text_that_is_not_accepted_stays_until_it_is_changed_or_given_up() {
        let mut list = list(vec![todo(1, "milk", false)]);
        let added = list.push(add(2, "eggs"));
        list.push(done(2, true));
        let edited = list.push(edit(1, "milk", "oat milk"));
        list.refuse(added, "The list is full.".to_owned());
        list.refuse(edited, "Too long.".to_owned());
        assert_eq!((texts(&list), list.waiting(), list.next()), (vec!["oat milk", "eggs"], 0, None));
        assert!(list.can_undo(edited));
        // Another text takes its place, as of what was there before both.
        list.push(edit(1, "oat milk", "tea"));
        assert_eq!(next(&list).1, edit(1, "milk", "tea"));
        assert!(!list.can_undo(edited));
        assert!(list.give_up(id(2)) && !list.give_up(id(1)));
        assert_eq!((texts(&list), list.unsent().len()), (vec!["tea"], 1), "with what was done to it");
    }

    #[test]
    fn what_was_refused_or_changed_nothing_cannot_be_undone() {
        let mut list = list(vec![todo(1, "milk", false)]);
        let refused = list.push(done(1, true));
        let nothing = list.push(delete(1, "milk"));
        let unanswered = list.push(add(2, "eggs"));
        assert!([refused, nothing, unanswered].iter().all(|serial| list.can_undo(*serial)), "they may be done yet");
        list.reject(refused);
        list.confirm(nothing, None);
        list.fail(unanswered);
        assert_eq!([refused, nothing, unanswered].map(|serial| list.can_undo(serial)), [false, false, true]);
        assert!(!list.give_up_change(unanswered), "the server may have it");
        list.refuse(unanswered, "The list is full.".to_owned());
        assert!(list.give_up_change(unanswered) && !list.can_undo(unanswered));
    }

    #[test]
    fn what_was_seen_is_what_the_server_confirmed_and_what_was_done_here_since() {
        let mut list = list(vec![todo(1, "milk", true), todo(2, "eggs", true)]);
        let serials = [list.push(done(1, false)), list.push(done(1, true))];
        list.push(Change::ClearCompleted { ids: vec![id(1), id(2)] });
        list.confirm(serials[0], Some(4));
        list.confirm(serials[1], Some(5));
        let seen = list.next().map(Unsent::seen);
        assert_eq!(seen, Some(Seen::These(vec![(id(1), 5), (id(2), 1)])));
        assert_eq!(list.last_change(), 5);
        // Another device's change that arrives before it is sent was not seen.
        list.hold();
        list.replace(vec![at(5, todo(1, "milk", true)), at(8, todo(2, "ten eggs", true))], list.revision());
        list.send_again(None);
        assert_eq!(list.next().map(Unsent::seen), seen);
    }
}
