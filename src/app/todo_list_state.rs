//! The to-do list, live: shows a change at once, sends one after the other, and says what did not work.

use std::time::Duration;

use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;

use crate::app::actions::todos::{
    add_todo, clear_completed, delete_todo, edit_todo, list_todos, set_all_done, set_done, undo_change,
};
use crate::app::draft::Draft;
use crate::app::error::{AppError, Section};
use crate::app::interaction::Interaction;
use crate::app::model::done::{Done, ListChange};
use crate::app::model::form_draft::FormDraft;
use crate::app::optimistic::{Change, List};
use crate::todo::{Description, DescriptionError, Todo};

/// How long "Undo" is offered, while nobody is at it.
const UNDO_TIME: Duration = Duration::from_secs(12);

/// Something that did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What to tell the customer.
    pub text: String,
    /// The changes that may work when they are sent again.
    pub retry: Vec<Change>,
}

/// What can be undone with one button: all that was deleted or marked since it appeared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What happened.
    what: ListChange,
    /// To how many to-dos.
    count: u64,
    /// The text of the only one, where it is known.
    text: Option<String>,
    /// The changes of this page that it was, the last one at the end, each with how many to-dos it concerned.
    serials: Vec<(u64, u64)>,
    /// The server's number of the change of the page before, made without scripts.
    pub change: Option<i64>,
}

impl Offer {
    /// What a plain form did on the page before.
    pub fn of_form(done: Done) -> Option<Self> {
        let (what, count, change) = done.of_list()?;
        Some(Self { what, count, text: None, serials: Vec::new(), change })
    }

    /// What happened, in words.
    pub fn text(&self) -> String {
        match &self.text {
            Some(text) => format!("Deleted “{}”", shortened(text)),
            None => self.what.text(self.count),
        }
    }

    fn has(&self, serial: u64) -> bool {
        self.serials.iter().any(|(made, _)| *made == serial)
    }

    /// Whether there is something to undo.
    pub fn can_be_undone(&self) -> bool {
        self.change.is_some() || !self.serials.is_empty()
    }
}

/// The first 40 characters.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// The row that is being edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editing {
    /// Which row.
    pub id: Uuid,
    /// What its field starts with.
    pub text: String,
    /// What the row said when it was opened: leaving it at that changes nothing, whatever another device wrote meanwhile.
    pub before: String,
}

/// The list and everything the page around it shows. One for the life of the page, in the context.
#[derive(Clone, Copy)]
pub struct TodoListState {
    /// The list.
    pub list: RwSignal<List>,
    /// What did not work last.
    pub problem: RwSignal<Option<Problem>>,
    /// What can be undone with the button.
    pub offer: RwSignal<Option<Offer>>,
    /// The row that is being edited.
    pub editing: RwSignal<Option<Editing>>,
    /// "What needs to be done?". Its text lives in the element, not in a signal: what is typed before WebAssembly
    /// arrives must survive its arrival.
    pub new_todo: NodeRef<Input>,
    /// The field of the row that is being edited.
    pub edit_field: NodeRef<Input>,
    interaction: Interaction,
    is_sending: StoredValue<bool>,
    /// What the customer did on this page and has not undone, the last one at the end.
    history: StoredValue<Vec<u64>>,
    /// Whether the pointer or the focus is on the offer: then it stays.
    is_held: StoredValue<bool>,
    /// Tells one wait for the end of an offer from the next.
    wait: StoredValue<u64>,
}

impl TodoListState {
    /// An empty one; [`TodoListState::load`] fills it.
    pub fn new() -> Self {
        Self {
            list: RwSignal::new(List::default()),
            problem: RwSignal::new(None),
            offer: RwSignal::new(None),
            editing: RwSignal::new(None),
            new_todo: NodeRef::new(),
            edit_field: NodeRef::new(),
            interaction: expect_context(),
            is_sending: StoredValue::new(false),
            history: StoredValue::new(Vec::new()),
            is_held: StoredValue::new(false),
            wait: StoredValue::new(0),
        }
    }

    /// Takes over the list the page was loaded with.
    pub fn load(self, todos: Vec<Todo>) {
        self.list.update(|list| list.replace(todos, list.revision()));
    }

    /// Adds what is in the field.
    pub fn add_from_field(self) {
        let Some(field) = self.new_todo.get_untracked() else { return };
        match Description::parse(&field.value()) {
            Ok(description) => {
                field.set_value("");
                self.perform(Change::Add { id: Uuid::new_v4(), description });
            }
            Err(DescriptionError::Empty) => field.set_value(""),
            Err(error) => self.complain(error),
        }
    }

    /// Whether the row could not be sent: nobody knows of it but this page.
    fn is_only_here(self, id: Uuid) -> bool {
        self.list.with_untracked(|list| list.entry(id).is_some_and(|entry| entry.failed))
    }

    /// Opens a row for editing.
    pub fn edit(self, id: Uuid) {
        if self.is_only_here(id) {
            return;
        }
        let text = self.list.with_untracked(|list| list.entry(id).map(|entry| entry.todo.description.to_string()));
        if let Some(text) = text {
            self.editing.set(Some(Editing { id, before: text.clone(), text }));
        }
    }

    /// Marks a row as done, or not done.
    pub fn set_done(self, id: Uuid, done: bool) {
        if self.is_only_here(id) {
            return;
        }
        self.perform(Change::SetDone { id, done });
    }

    /// Marks all rows that are shown as done, or not done, and offers to undo that.
    pub fn set_all_done(self, done: bool) {
        let ids = self.rows(|is_done| is_done != done);
        let what = if done { ListChange::MarkedDone } else { ListChange::MarkedNotDone };
        self.perform_and_offer(what, None, Change::SetAllDone { ids, done });
    }

    /// Deletes a row, and offers to undo that. One that is gone already is not deleted twice: the second click of two on one
    /// button.
    pub fn delete(self, id: Uuid) {
        // It is nowhere else.
        if self.list.try_update(|list| list.give_up(id)).unwrap_or_default() {
            return;
        }
        let text = self.list.with_untracked(|list| list.entry(id).map(|entry| entry.todo.description.to_string()));
        if text.is_some() {
            self.perform_and_offer(ListChange::Deleted, text, Change::Delete { id });
        }
    }

    /// Deletes the rows that are shown as done, and offers to undo that.
    pub fn clear_completed(self) {
        let ids = self.rows(|is_done| is_done);
        self.perform_and_offer(ListChange::Deleted, None, Change::ClearCompleted { ids });
    }

    fn rows(self, which: impl Fn(bool) -> bool) -> Vec<Uuid> {
        self.list.with_untracked(|list| {
            list.entries()
                .iter()
                .filter(|entry| !entry.failed && which(entry.todo.done))
                .map(|entry| entry.id)
                .collect()
        })
    }

    /// Ends editing the row `id` with `text`: saves it, or deletes the row when there is none.
    pub fn finish_editing(self, id: Uuid, text: &str) {
        // Leaving a field is reported once more when it is taken away.
        let Some(editing) = self.editing.get_untracked().filter(|editing| editing.id == id) else { return };
        match Description::parse(text) {
            Ok(description) => {
                self.editing.set(None);
                let now = self.list.with_untracked(|list| list.entry(id).map(|entry| entry.todo.description.clone()));
                if description.as_str() != editing.before && now.as_ref() != Some(&description) {
                    self.perform(Change::Edit { id, description });
                }
            }
            Err(DescriptionError::Empty) => {
                self.editing.set(None);
                self.delete(id);
            }
            Err(error) => self.complain(error),
        }
    }

    /// Undoes all that the button offers to undo, the last first.
    pub fn undo_offer(self) {
        let Some(offer) = self.offer.try_update(Option::take).flatten() else { return };
        for (serial, _) in offer.serials.iter().rev() {
            self.undo(*serial);
        }
        if let Some(change) = offer.change {
            spawn_local(async move {
                let text = match undo_change(change).await {
                    Ok(done) => left_alone(&Change::Undo { serial: 0 }, done),
                    Err(error) if self.interaction.start_if_required(&error, || self.typed()) => None,
                    Err(error) => Some(error.text(Section::List)),
                };
                if let Some(text) = text {
                    let retry = self.to_be_tried_again();
                    self.problem.set(Some(Problem { text, retry }));
                }
                self.fetch().await;
            });
        }
    }

    /// Undoes what was done last on this page.
    pub fn undo_last(self) {
        let mut last = self.history.try_update_value(Vec::pop).flatten();
        // What was refused is no step.
        while last.is_some_and(|serial| !self.list.with_untracked(|list| list.can_undo(serial))) {
            last = self.history.try_update_value(Vec::pop).flatten();
        }
        match last {
            Some(serial) => self.undo(serial),
            // Of the page before.
            None if self.offer.with_untracked(|offer| offer.as_ref().is_some_and(|offer| offer.change.is_some())) => {
                self.undo_offer();
            }
            None => {}
        }
    }

    fn undo(self, serial: u64) {
        self.withdraw(serial);
        // A row that could not be sent is nowhere else.
        if !self.list.try_update(|list| list.give_up_change(serial)).unwrap_or_default() {
            self.send(Change::Undo { serial });
        }
    }

    /// The pointer or the focus came to the offer, or left it.
    pub fn hold_offer(self, is_held: bool) {
        self.is_held.set_value(is_held);
        if !is_held {
            self.let_offer_end();
        }
    }

    /// Sends a row again that could not be sent.
    pub fn send_again(self, id: Uuid) {
        self.list.update(|list| list.send_again(Some(id)));
        self.start_sending();
    }

    /// Tries again what did not work.
    pub fn retry(self) {
        self.list.update(|list| list.send_again(None));
        self.start_sending();
        let problem = self.problem.try_update(Option::take).flatten();
        for change in problem.map(|problem| problem.retry).unwrap_or_default() {
            if matches!(change, Change::Undo { .. }) {
                self.send(change);
            } else {
                self.perform(change);
            }
        }
    }

    /// Fetches the list, unless something is on its way: then it is fetched afterwards.
    pub fn refresh(self) {
        if !self.is_sending.get_value() {
            spawn_local(self.fetch());
        }
    }

    /// Puts back what was typed before the customer had to leave: without the change that they left for, where the web
    /// server has `finished` that.
    pub fn restore(self, draft: &Draft, finished: bool) {
        let sent = draft.sent.as_ref().filter(|sent| !finished && Section::of_action(&sent.action) == Section::List);
        // The id of a new one is nobody's yet.
        let row = |sent: &FormDraft| sent.field("id").filter(|_| sent.action == "todos/edit").map(str::to_owned);
        let sent = sent.and_then(|sent| Some((row(sent), sent.field("description")?.to_owned())));
        // The web server may have put that one into the field.
        let (mut texts, mut edit) = (Vec::new(), draft.edit.clone());
        let shown = sent.as_ref().map(|(_, text)| text.clone()).unwrap_or_default();
        match sent {
            Some((Some(id), text)) if edit.is_none() => match id.parse() {
                Ok(id) => edit = Some((id, text)),
                Err(_) => texts.push(text),
            },
            Some((_, text)) => texts.push(text),
            None => {}
        }
        texts.push(draft.new.clone());
        match edit {
            Some((id, text)) if self.list.with_untracked(|list| list.entry(id).is_some()) => self.open(id, text),
            // The row is gone: its text is not.
            Some((_, text)) => texts.push(text),
            None => {}
        }
        texts.retain(|text| !text.is_empty());
        let free = |value: String| value.is_empty() || value == shown;
        if let Some(field) = self.new_todo.get_untracked()
            && free(field.value())
            && !texts.is_empty()
        {
            field.set_value(&texts.join(", "));
        }
    }

    fn perform(self, change: Change) -> u64 {
        // What waits to be tried again is not forgotten because something else was done meanwhile, unless that is about
        // the same: then it would go back in time.
        self.problem.update(|problem| {
            if let Some(problem) = problem {
                let earlier = std::mem::take(&mut problem.retry).into_iter();
                problem.retry = earlier.filter_map(|earlier| earlier.after(&change)).collect();
            }
            let waits = problem.as_ref().is_some_and(|problem| !problem.retry.is_empty());
            if !waits && !self.list.with_untracked(List::has_failed) {
                *problem = None;
            }
        });
        let serial = self.send(change);
        self.history.update_value(|history| history.push(serial));
        serial
    }

    fn send(self, change: Change) -> u64 {
        let serial = self.list.try_update(|list| list.push(change)).unwrap_or_default();
        self.start_sending();
        serial
    }

    fn start_sending(self) {
        if !self.is_sending.get_value() {
            self.is_sending.set_value(true);
            spawn_local(self.send_waiting());
        }
    }

    /// One offer collects what is done while it is there.
    fn perform_and_offer(self, what: ListChange, text: Option<String>, change: Change) {
        let count = match &change {
            Change::SetAllDone { ids, .. } | Change::ClearCompleted { ids } => {
                u64::try_from(ids.len()).unwrap_or(u64::MAX)
            }
            _ => 1,
        };
        if count == 0 {
            return;
        }
        let serial = self.perform(change);
        if self.offer.with_untracked(Option::is_none) {
            // The one before may have gone under the pointer.
            self.is_held.set_value(false);
        }
        self.offer.update(|offer| match offer {
            Some(offer) if offer.what == what && offer.change.is_none() => {
                offer.count += count;
                offer.text = None;
                offer.serials.push((serial, count));
            }
            _ => *offer = Some(Offer { what, count, text, serials: vec![(serial, count)], change: None }),
        });
        self.let_offer_end();
    }

    fn let_offer_end(self) {
        self.wait.update_value(|wait| *wait += 1);
        let wait = self.wait.get_value();
        set_timeout(
            move || {
                if self.wait.get_value() == wait && !self.is_held.get_value() {
                    self.offer.set(None);
                }
            },
            UNDO_TIME,
        );
    }

    fn complain(self, error: DescriptionError) {
        let retry = self.to_be_tried_again();
        self.problem.set(Some(Problem { text: error.to_string(), retry }));
    }

    /// Sends what is waiting, one after the other: two changes of one row must not overtake each other.
    async fn send_waiting(self) {
        while let Some(change) = self.list.with_untracked(|list| list.next().cloned()) {
            match self.ask(&change).await {
                Ok(number) => self.list.update(|list| list.confirm(number)),
                Err(error) if self.interaction.start_if_required(&error, || self.draft(&change)) => {
                    self.list.update(List::reject_all);
                }
                Err(error @ (AppError::Unavailable | AppError::Connection)) => {
                    let taken_back = self.list.try_update(List::fail).flatten();
                    self.report(&error, taken_back);
                }
                Err(error) => {
                    let taken_back = self.list.try_update(List::reject).flatten();
                    self.report(&error, taken_back);
                }
            }
        }
        self.is_sending.set_value(false);
        self.fetch().await;
    }

    /// Asks the server for `change`. Answers what the server calls it; nothing where everything was so already.
    async fn ask(self, change: &Change) -> Result<Option<i64>, AppError> {
        let seen = |ids: &[Uuid]| self.list.with_untracked(|list| list.seen(ids).to_string());
        let done = match change.clone() {
            Change::Add { id, description } => add_todo(Some(id), None, description.into()).await?,
            Change::Edit { id, description } => edit_todo(id, description.into()).await?,
            Change::SetDone { id, done } => set_done(id, done).await?,
            Change::Delete { id } => delete_todo(id).await?,
            Change::SetAllDone { ids, done } => set_all_done(done, seen(&ids)).await?,
            Change::ClearCompleted { ids } => clear_completed(seen(&ids)).await?,
            Change::Undo { serial } => match self.list.with_untracked(|list| list.number(serial)) {
                Some(number) => undo_change(number).await?,
                // It was refused, or changed nothing.
                None => return Ok(None),
            },
        };
        if let Some(text) = left_alone(change, done) {
            let retry = self.to_be_tried_again();
            self.problem.set(Some(Problem { text, retry }));
        }
        Ok(done.change())
    }

    async fn fetch(self) {
        let revision = self.list.with_untracked(List::revision);
        match list_todos().await {
            Ok(todos) => {
                let had_failed = self.list.with_untracked(List::has_failed);
                self.list.update(|list| list.replace(todos, revision));
                // Only the answers were lost.
                if had_failed && !self.list.with_untracked(List::has_failed) {
                    self.problem
                        .update(|problem| *problem = problem.take().filter(|problem| !problem.retry.is_empty()));
                }
            }
            // A background request: tell the customer, and let them leave when they want to.
            Err(AppError::SignInRequired { .. }) => self.interaction.ended.set(true),
            // What is shown is the best there is; an error about it was reported by the change, or does not matter.
            Err(_) => {}
        }
    }

    /// What an earlier failure left to be tried again.
    fn to_be_tried_again(self) -> Vec<Change> {
        self.problem.with_untracked(|problem| problem.as_ref().map(|problem| problem.retry.clone()).unwrap_or_default())
    }

    /// Says what did not work; `taken_back` is no longer shown.
    fn report(self, error: &AppError, taken_back: Option<(u64, Change)>) {
        let may_help = matches!(error, AppError::Unavailable | AppError::Connection);
        let taken_back = taken_back.map(|(serial, change)| {
            self.withdraw(serial);
            change
        });
        let mut retry = self.to_be_tried_again();
        match taken_back {
            // A text that was refused goes back to where it was typed, if nothing else is there.
            Some(Change::Add { description, .. }) => {
                if let Some(field) = self.new_todo.get_untracked().filter(|field| field.is_connected())
                    && field.value().is_empty()
                {
                    field.set_value(description.as_str());
                }
            }
            Some(Change::Edit { id, description }) if !may_help && self.can_edit(id) => {
                self.open(id, description.into());
            }
            Some(change) if may_help => retry.push(change),
            _ => {}
        }
        self.problem.set(Some(Problem { text: error.text(Section::List), retry }));
    }

    /// Takes a change that was not done, or is undone, out of what can be undone.
    fn withdraw(self, serial: u64) {
        self.history.update_value(|history| history.retain(|made| *made != serial));
        if self.offer.with_untracked(|offer| offer.as_ref().is_some_and(|offer| offer.has(serial))) {
            self.offer.update(|offer| {
                *offer = offer.take().and_then(|mut offer| {
                    offer.serials.retain(|(made, _)| *made != serial);
                    offer.count = offer.serials.iter().map(|(_, count)| count).sum();
                    (!offer.serials.is_empty()).then_some(offer)
                });
            });
        }
    }

    /// Whether the row is there and no other one is being edited.
    fn can_edit(self, id: Uuid) -> bool {
        self.editing.with_untracked(Option::is_none) && self.list.with_untracked(|list| list.entry(id).is_some())
    }

    /// Opens a row for editing with a text that is not saved yet.
    pub fn open(self, id: Uuid, text: String) {
        let before = self.list.with_untracked(|list| list.entry(id).map(|entry| entry.todo.description.to_string()));
        self.editing.set(Some(Editing { id, text, before: before.unwrap_or_default() }));
    }

    /// What the customer has typed into the two fields.
    pub fn typed(self) -> Draft {
        let edit = self.editing.get_untracked();
        let edit = edit.and_then(|editing| Some((editing.id, self.edit_field.get_untracked()?.value())));
        let new = self.new_todo.get_untracked().map(|field| field.value()).unwrap_or_default();
        Draft { new, edit, ..Draft::default() }
    }

    /// What the customer has typed, the change that was not accepted, and the texts of those behind it that could not be
    /// sent. Texts that have no row of their own (yet) come back together in the field for a new one.
    fn draft(self, change: &Change) -> Draft {
        let mut draft = self.typed();
        draft.sent = as_form(change);
        let mut texts = Vec::new();
        let keep = |change: &Change| match change {
            Change::Edit { id, description } if draft.edit.is_none() => {
                draft.edit = Some((*id, description.to_string()));
            }
            Change::Add { description, .. } | Change::Edit { description, .. } => texts.push(description.to_string()),
            _ => {}
        };
        let behind: Vec<Change> = self.list.with_untracked(|list| list.waiting().skip(1).cloned().collect());
        behind.iter().for_each(keep);
        texts.extend(self.list.with_untracked(List::failed_texts));
        texts.push(std::mem::take(&mut draft.new));
        texts.retain(|text| !text.is_empty());
        draft.new = texts.join(", ");
        draft
    }
}

impl Default for TodoListState {
    fn default() -> Self {
        Self::new()
    }
}

/// A change that has a text, as a form without scripts would be sent.
fn as_form(change: &Change) -> Option<FormDraft> {
    let form = |action: &str, fields: &[(&str, String)]| FormDraft {
        action: action.to_owned(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    };
    match change {
        Change::Add { id, description } => {
            Some(form("todos/add", &[("id", id.to_string()), ("description", description.to_string())]))
        }
        Change::Edit { id, description } => {
            Some(form("todos/edit", &[("id", id.to_string()), ("description", description.to_string())]))
        }
        _ => None,
    }
}

/// What to say of to-dos that another device had changed, and which were therefore left as they are.
fn left_alone(change: &Change, done: Done) -> Option<String> {
    let (_, count, _) = done.of_list()?;
    let asked = match change {
        Change::SetAllDone { ids, .. } | Change::ClearCompleted { ids } => u64::try_from(ids.len()).unwrap_or(u64::MAX),
        Change::Undo { .. } => 1,
        _ => return None,
    };
    match asked.saturating_sub(count) {
        0 => None,
        _ if matches!(change, Change::Undo { .. }) => {
            Some("Nothing was brought back: it was changed meanwhile, perhaps on another device.".to_owned())
        }
        1 => Some("One to-do was changed on another device meanwhile, and left as it is.".to_owned()),
        left => Some(format!("{left} to-dos were changed on another device meanwhile, and left as they are.")),
    }
}
