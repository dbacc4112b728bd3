//! The list, its outbox and its undo, held against a simple model: two devices of one customer, a server, and a network that
//! loses requests, loses answers, doubles them and is late. Whatever happens, nothing that was typed is lost or doubled, and
//! nothing is written over that its author had not seen.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use uuid::Uuid;

use crate::app::model::listed::Listed;
use crate::app::model::seen::Seen;
use crate::app::optimistic::{Amendment, Change, Choice, Entry, List, StepChange, Trouble, Unsent, Verdict};
use crate::todo::{Description, NewTodo, Note, Patch, Step};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    todo: NewTodo,
    version: i64,
    is_there: bool,
}

/// What the API does, in a few lines.
#[derive(Default)]
struct Server {
    order: Vec<Uuid>,
    rows: BTreeMap<Uuid, Row>,
    last: i64,
    /// What each change replaced: the row, as it was, and the version that the change left.
    replaced: BTreeMap<i64, Vec<(Uuid, Option<Row>)>>,
    /// Every text that was ever on it.
    ever: BTreeSet<String>,
}

/// How the server answers what was asked of an older version.
struct Overtaken(Option<Box<Listed>>);

impl Server {
    fn list(&self) -> Vec<Listed> {
        self.order.iter().filter(|id| self.rows[id].is_there).map(|id| self.todo(*id)).collect()
    }

    fn todo(&self, id: Uuid) -> Listed {
        let row = &self.rows[&id];
        Listed { id, version: row.version, todo: row.todo.clone() }
    }

    /// Writes rows in one change, and answers its number; none where they are so already.
    fn write(&mut self, rows: Vec<(Uuid, Row)>) -> Option<i64> {
        let rows: Vec<_> = rows.into_iter().filter(|(id, row)| self.rows.get(id) != Some(row)).collect();
        if rows.is_empty() {
            return None;
        }
        self.last += 1;
        let mut replaced = Vec::new();
        for (id, row) in rows {
            self.ever.extend(texts(&row.todo));
            let before = self.rows.insert(id, Row { version: self.last, ..row });
            if before.is_none() {
                self.order.push(id);
            }
            replaced.push((id, before));
        }
        self.replaced.insert(self.last, replaced);
        Some(self.last)
    }

    /// What a page asks for; `patch` is what an amendment is, of what the page knows.
    fn perform(&mut self, unsent: &Unsent, patch: &Patch) -> Result<Option<i64>, Overtaken> {
        let row = |id: &Uuid| self.rows.get(id).filter(|row| row.is_there).cloned();
        let seen = |id: &Uuid| -> Result<Row, Overtaken> {
            match (row(id), unsent.version()) {
                (None, _) => Err(Overtaken(None)),
                (Some(row), Some(version)) if row.version != version => Err(Overtaken(Some(Box::new(self.todo(*id))))),
                (Some(row), _) => Ok(row),
            }
        };
        let these = |which: &dyn Fn(&Row) -> Option<Row>| -> Vec<(Uuid, Row)> {
            let Seen::These(these) = unsent.seen() else { return Vec::new() };
            let unchanged = these
                .into_iter()
                .filter_map(|(id, version)| Some((id, row(&id).filter(|row| row.version == version)?)));
            unchanged.filter_map(|(id, row)| Some((id, which(&row)?))).collect()
        };
        let rows = match &unsent.change {
            Change::Add { id, .. } if self.rows.contains_key(id) => Vec::new(),
            Change::Add { id, todo } => {
                vec![(*id, Row { todo: NewTodo::clone(todo), version: 0, is_there: true })]
            }
            Change::Edit { id, description, before } => {
                let row = seen(id)?;
                let is_doubled = row.todo.description == *description;
                assert!(row.todo.description == *before || is_doubled, "{unsent:?} writes over {row:?} unseen");
                let todo = NewTodo { description: description.clone(), ..row.todo };
                vec![(*id, Row { todo, ..row })]
            }
            Change::Amend { id, what, before } => {
                let row = seen(id)?;
                let todo = patch.merge(row.todo.clone()).expect("complete");
                if let Amendment::Members(patch) = &**what {
                    let is_doubled = patch.agree(&row.todo, &todo);
                    assert!(patch.agree(&row.todo, before) || is_doubled, "{unsent:?} writes over {row:?} unseen");
                }
                if let Some(after) = patch.after {
                    let place = after.map(|after| self.order.iter().position(|id| *id == after));
                    if let Some(to) = place.map_or(Some(0), |place| Some(place? + 1)) {
                        let from = self.order.iter().position(|known| known == id).expect("there");
                        self.order.remove(from);
                        self.order.insert(if from < to { to - 1 } else { to }, *id);
                    }
                }
                vec![(*id, Row { todo, ..row })]
            }
            Change::SetDone { id, done } => {
                let row = seen(id)?;
                vec![(*id, Row { todo: NewTodo { done: *done, ..row.todo }, ..row })]
            }
            Change::Delete { id, before } => {
                let row = seen(id)?;
                assert_eq!(row.todo.description, *before, "{unsent:?} deletes unseen");
                vec![(*id, Row { is_there: false, ..row })]
            }
            Change::SetAllDone { done, .. } => {
                let marked = |row: &Row| Row { todo: NewTodo { done: *done, ..row.todo.clone() }, ..row.clone() };
                these(&|row| (row.todo.done != *done).then(|| marked(row)))
            }
            Change::ClearCompleted { .. } => {
                these(&|row| row.todo.done.then(|| Row { is_there: false, ..row.clone() }))
            }
            Change::Undo { .. } => {
                let Some(number) = unsent.undoes else { return Ok(None) };
                let replaced = self.replaced.remove(&number).unwrap_or_default();
                let untouched = replaced.into_iter().filter(|(id, _)| self.rows[id].version == number);
                let back = untouched.map(|(id, before)| {
                    let gone = Row { is_there: false, ..self.rows[&id].clone() };
                    (id, before.unwrap_or(gone))
                });
                back.collect()
            }
        };
        Ok(self.write(rows))
    }
}

/// All that was typed of a to-do. Two notes that were put together are both there.
fn texts(todo: &NewTodo) -> impl Iterator<Item = String> {
    let notes = todo.details.note.as_str().split("\n\n").filter(|note| !note.is_empty());
    let steps = todo.details.steps.iter().map(|step| step.text.as_str());
    let all: Vec<String> = notes.chain(steps).chain([todo.description.as_str()]).map(str::to_owned).collect();
    all.into_iter()
}

fn text(text: &str) -> Description {
    Description::parse(text).expect("valid")
}

/// One device: its page, and what its customer did there.
struct Device {
    list: List,
    /// What was done there, the last one at the end.
    history: Vec<u64>,
    /// The lists that the page has asked for and not heard yet.
    asked: Vec<Asked>,
    /// How often it has asked, and which of the answers is shown.
    turns: (u64, u64),
}

/// A list that is on its way to a page, as it was when the server answered.
struct Asked {
    turn: u64,
    revision: u64,
    list: Vec<Listed>,
}

/// All of it.
struct World {
    rng: Rng,
    server: Server,
    devices: [Device; 2],
    texts: u32,
    /// What was typed and then replaced or given up by the same customer at the same device, before it was saved.
    given_up: BTreeSet<String>,
    all_typed: Vec<String>,
    /// What was on a row that is gone, and was added again with what was typed there.
    added_again: BTreeSet<String>,
}

impl World {
    fn new(seed: u64) -> Self {
        let device = || Device { list: List::default(), history: Vec::new(), asked: Vec::new(), turns: (0, 0) };
        Self {
            rng: Rng::with_seed(seed),
            server: Server::default(),
            devices: [device(), device()],
            texts: 0,
            given_up: BTreeSet::new(),
            all_typed: Vec::new(),
            added_again: BTreeSet::new(),
        }
    }

    fn new_text(&mut self) -> String {
        self.texts += 1;
        let text = format!("text {}", self.texts);
        self.all_typed.push(text.clone());
        text
    }

    fn push(&mut self, device: usize, change: Change) {
        let device = &mut self.devices[device];
        let serial = device.list.push(change);
        device.history.push(serial);
    }

    fn amend(&mut self, device: usize, entry: Entry, what: Amendment) {
        let (what, before) = (Box::new(what), Box::new(entry.todo));
        self.push(device, Change::Amend { id: entry.id, what, before });
    }

    /// The customer does something at a device.
    fn act(&mut self, device: usize) {
        let entries = self.devices[device].list.entries().to_vec();
        let open: Vec<_> =
            entries.iter().filter(|entry| !entry.is_only_here() && !entry.is_in_conflict()).cloned().collect();
        let chosen = self.rng.choice(open.clone());
        match (self.rng.u8(..18), chosen) {
            (0..=3, _) | (_, None) => {
                let (id, text) = (Uuid::from_u128(self.rng.u128(..)), self.new_text());
                self.push(device, Change::Add { id, todo: Box::new(self::text(&text).into()) });
            }
            (4..=5, Some(entry)) => {
                let (id, text) = (entry.id, self.new_text());
                self.push(device, Change::Edit { id, description: self::text(&text), before: entry.todo.description });
            }
            (6..=7, Some(entry)) => self.push(device, Change::SetDone { id: entry.id, done: !entry.todo.done }),
            (8, Some(entry)) => self.push(device, Change::Delete { id: entry.id, before: entry.todo.description }),
            (11..=12, Some(entry)) => {
                let note = Some(Note::parse(&self.new_text()).expect("valid"));
                self.amend(device, entry, Amendment::Members(Patch { note, ..Patch::default() }));
            }
            (13, Some(entry)) => {
                let starred = Some(!entry.todo.details.starred);
                self.amend(device, entry, Amendment::Members(Patch { starred, ..Patch::default() }));
            }
            (14, Some(entry)) => {
                let after = Some(self.rng.choice(open).map(|other| other.id).filter(|other| *other != entry.id));
                self.amend(device, entry, Amendment::Members(Patch { after, ..Patch::default() }));
            }
            (15..=16, Some(entry)) => {
                let change = match (self.rng.u8(..4), self.rng.choice(entry.todo.details.steps.clone())) {
                    (0, Some(step)) => StepChange::SetDone { id: step.id, done: !step.done },
                    (1, Some(step)) => StepChange::Delete { id: step.id, before: step.text },
                    (2, Some(step)) => {
                        StepChange::Edit { id: step.id, text: self::text(&self.new_text()), before: step.text }
                    }
                    _ => StepChange::Add(Step {
                        id: Uuid::from_u128(self.rng.u128(..)),
                        text: self::text(&self.new_text()),
                        done: false,
                    }),
                };
                self.amend(device, entry, Amendment::Step(change));
            }
            (9, _) => {
                let done = self.rng.bool();
                let ids: Vec<_> = open.iter().filter(|entry| entry.todo.done != done).map(|entry| entry.id).collect();
                if !ids.is_empty() {
                    self.push(device, Change::SetAllDone { ids, done });
                }
            }
            (10, _) => {
                let ids: Vec<_> = open.iter().filter(|entry| entry.todo.done).map(|entry| entry.id).collect();
                if !ids.is_empty() {
                    self.push(device, Change::ClearCompleted { ids });
                }
            }
            _ => {
                let Device { list, history, .. } = &mut self.devices[device];
                if let Some(serial) = history.pop().filter(|serial| list.can_undo(*serial)) {
                    let text = list.unsent().iter().find(|unsent| unsent.serial == serial);
                    let text = text.and_then(|unsent| unsent.change.text()).map(ToString::to_string);
                    if list.give_up_change(serial) {
                        self.given_up.extend(text);
                    } else {
                        list.push(Change::Undo { serial });
                    }
                }
            }
        }
    }

    /// A device sends what is next, over a network that is as it is.
    fn send(&mut self, device: usize, is_reliable: bool) {
        let Some(unsent) = self.devices[device].list.next().cloned() else { return };
        let patch = self.devices[device].list.patch(&unsent);
        let fate = if is_reliable { 9 } else { self.rng.u8(..10) };
        let answer = match fate {
            0 => None,
            1 => {
                let _ = self.server.perform(&unsent, &patch);
                None
            }
            2 => {
                let _ = self.server.perform(&unsent, &patch);
                Some(self.server.perform(&unsent, &patch))
            }
            3 => {
                let answer = self.server.perform(&unsent, &patch);
                // While it is on its way, the customer goes on.
                self.act(device);
                Some(answer)
            }
            _ => Some(self.server.perform(&unsent, &patch)),
        };
        let list = &mut self.devices[device].list;
        match answer {
            None if fate == 0 => list.hold(),
            None => list.fail(unsent.serial),
            Some(Ok(number)) => list.confirm(unsent.serial, number),
            Some(Err(Overtaken(now))) => {
                let is_note = |change: &Change| match change {
                    Change::Edit { .. } => Some(false),
                    Change::Amend { what, .. } => {
                        matches!(&**what, Amendment::Members(Patch { note: Some(_), .. })).then_some(true)
                    }
                    _ => None,
                };
                let is_edit = |other: &&Unsent| {
                    is_note(&other.change).is_some_and(|note| is_note(&unsent.change) == Some(note))
                        && other.change.concerns() == unsent.change.concerns()
                };
                let edits = list.unsent().iter().filter(is_edit).filter_map(|edit| edit.change.text());
                let mut edits: Vec<String> = edits.map(ToString::to_string).collect();
                if list.overtaken(unsent.serial, now.map(|now| *now)) == Verdict::Conflict {
                    // Of several, the last one is meant.
                    edits.pop();
                    self.given_up.extend(edits);
                }
            }
        }
    }

    fn reload(&mut self, device: usize) {
        let device = &mut self.devices[device];
        let kept = serde_json::to_string(device.list.unsent()).expect("it can be kept");
        device.asked.clear();
        device.list = List::default();
        device.history.clear();
        device.list.replace(self.server.list(), 0);
        device.list.adopt(serde_json::from_str(&kept).expect("as it was kept"));
    }

    fn choose(&mut self, device: usize, choice: Option<Choice>) {
        let in_conflict = self.devices[device].list.entries().iter().find(|entry| entry.is_in_conflict()).cloned();
        let Some(entry) = in_conflict else { return };
        let choice =
            choice.unwrap_or_else(|| *self.rng.choice(&[Choice::Mine, Choice::Theirs, Choice::Both]).expect("some"));
        let Some(Trouble::Conflict { mine, theirs, .. }) = entry.trouble else { return };
        if choice == Choice::Theirs {
            self.given_up.insert(mine);
        }
        let list = &mut self.devices[device].list;
        // Of a row that is gone it is about all texts: what its customer has replaced again is not among them.
        let of_row = list.unsent().iter().filter(|unsent| theirs.is_none() && unsent.change.concerns() == [entry.id]);
        let of_row = of_row.filter_map(|unsent| unsent.change.text()).flat_map(|text| text.split("\n\n"));
        let mut typed: BTreeSet<String> = of_row.map(str::to_owned).collect();
        let change = list.resolve(entry.id, choice);
        if let Some(Change::Add { todo, .. }) = &change {
            // Brought back also by another device, it is there twice: its customer said so twice.
            if theirs.is_none() {
                self.added_again.insert(todo.description.to_string());
            }
            for text in texts(todo) {
                typed.remove(&text);
            }
        }
        self.given_up.extend(typed);
        if let Some(change) = change {
            self.push(device, change);
        }
    }

    fn fetch(&mut self, device: usize) {
        self.ask(device);
        let newest = self.devices[device].asked.len() - 1;
        self.hear(device, newest);
    }

    /// A page asks for the list; its answer is on the way for however long.
    fn ask(&mut self, device: usize) {
        let list = self.server.list();
        let device = &mut self.devices[device];
        device.turns.0 += 1;
        device.asked.push(Asked { turn: device.turns.0, revision: device.list.revision(), list });
    }

    /// One of the answers arrives. One that was asked for later may be shown already.
    fn hear(&mut self, device: usize, which: usize) {
        let device = &mut self.devices[device];
        let Asked { turn, revision, list } = device.asked.swap_remove(which);
        if turn > device.turns.1 {
            device.turns.1 = turn;
            device.list.replace(list, revision);
        }
    }

    fn hear_late(&mut self, device: usize) {
        let count = self.devices[device].asked.len();
        if count > 0 {
            let which = self.rng.usize(..count);
            self.hear(device, which);
        }
    }

    fn step(&mut self) {
        let device = self.rng.usize(..2);
        match self.rng.u8(..15) {
            0..=3 => self.act(device),
            4..=7 => self.send(device, false),
            8 => self.devices[device].list.send_again(None),
            9 => self.reload(device),
            10 => self.choose(device, None),
            11 => self.ask(device),
            12..=13 => self.hear_late(device),
            _ => self.fetch(device),
        }
    }

    /// The network is back, and the customer decides what is to be decided.
    fn settle(&mut self) {
        for round in 0..200 {
            for device in 0..2 {
                self.devices[device].list.send_again(None);
                self.send(device, true);
                self.choose(device, Some(if round < 100 { Choice::Both } else { Choice::Theirs }));
            }
            if self.devices.iter().all(|device| device.list.unsent().is_empty()) {
                break;
            }
        }
        for device in 0..2 {
            self.fetch(device);
        }
    }

    fn check(&self, seed: u64) {
        let texts = |list: &List| -> Vec<String> {
            list.entries().iter().map(|entry| entry.todo.description.to_string()).collect()
        };
        let shown = |list: &List| -> Vec<NewTodo> { list.entries().iter().map(|entry| entry.todo.clone()).collect() };
        let there: Vec<NewTodo> = self.server.list().into_iter().map(|row| row.todo).collect();
        let server: Vec<String> = there.iter().map(|todo| todo.description.to_string()).collect();
        for device in &self.devices {
            assert!(device.list.unsent().is_empty(), "seed {seed}: never sent: {:?}", device.list.unsent());
            assert_eq!(texts(&device.list), server, "seed {seed}: a page shows something else than there is");
            assert_eq!(shown(&device.list), there, "seed {seed}: a page shows something else than there is");
        }
        for typed in &self.all_typed {
            let is_safe = self.server.ever.contains(typed) || self.given_up.contains(typed);
            assert!(is_safe, "seed {seed}: {typed} is lost");
        }
        let is_single = |text: &&String| !self.added_again.contains(*text);
        let once: BTreeSet<&String> = server.iter().filter(is_single).collect();
        assert_eq!(once.len(), server.iter().filter(is_single).count(), "seed {seed}: doubled: {server:?}");
    }
}

#[test]
fn nothing_typed_is_lost_or_doubled_whatever_the_network_and_another_device_do() {
    for seed in 0..2_000 {
        let mut world = World::new(seed);
        for _ in 0..60 {
            world.step();
        }
        world.settle();
        world.check(seed);
    }
}
