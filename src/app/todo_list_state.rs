//! The to-do list, live: shows a change at once, sends one after the other, and says what did not work.

use std::time::Duration;

use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;

use crate::app::actions::todos::{
    add_todo, clear_completed, delete_todo, edit_todo, list_todos, set_all_done, set_done,
};
use crate::app::draft::Draft;
use crate::app::error::{AppError, Section};
use crate::app::interaction::Interaction;
use crate::app::model::form_draft::FormDraft;
use crate::app::optimistic::{Change, Entry, List};
use crate::todo::{Description, DescriptionError, NewTodo, Todo};

/// How long "Undo" is offered.
const UNDO_TIME: Duration = Duration::from_secs(12);

/// Something that did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What to tell the customer.
    pub text: String,
    /// The changes that may work when they are sent again.
    pub retry: Vec<Change>,
}

/// To-dos that were just deleted, for undoing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    entries: Vec<Entry>,
    /// Tells this deletion from the next, so that an old timer does not end a new offer.
    serial: u64,
}

impl Deleted {
    /// What happened, in words.
    pub fn text(&self) -> String {
        match self.entries.as_slice() {
            [entry] => format!("Deleted “{}”", shortened(entry.todo.description.as_str())),
            entries => format!("Deleted {} to-dos", entries.len()),
        }
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
    pub key: Uuid,
    /// What its field starts with; the row's own text if `None`.
    pub text: Option<String>,
}

/// The list and everything the page around it shows. One for the life of the page, in the context.
#[derive(Clone, Copy)]
pub struct TodoListState {
    /// The list.
    pub list: RwSignal<List>,
    /// What did not work last.
    pub problem: RwSignal<Option<Problem>>,
    /// What can be undone.
    pub deleted: RwSignal<Option<Deleted>>,
    /// The row that is being edited.
    pub editing: RwSignal<Option<Editing>>,
    /// "What needs to be done?". Its text lives in the element, not in a signal: what is typed before WebAssembly
    /// arrives must survive its arrival.
    pub new_todo: NodeRef<Input>,
    /// The field of the row that is being edited.
    pub edit_field: NodeRef<Input>,
    interaction: Interaction,
    is_sending: StoredValue<bool>,
}

impl TodoListState {
    /// An empty one; [`TodoListState::load`] fills it.
    pub fn new() -> Self {
        Self {
            list: RwSignal::new(List::default()),
            problem: RwSignal::new(None),
            deleted: RwSignal::new(None),
            editing: RwSignal::new(None),
            new_todo: NodeRef::new(),
            edit_field: NodeRef::new(),
            interaction: expect_context(),
            is_sending: StoredValue::new(false),
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
                self.add(NewTodo { description, done: false });
            }
            Err(DescriptionError::Empty) => field.set_value(""),
            Err(error) => self.complain(error),
        }
    }

    /// Marks a row as done, or not done.
    pub fn set_done(self, key: Uuid, done: bool) {
        self.perform(Change::SetDone { key, done });
    }

    /// Marks all rows as done, or not done.
    pub fn set_all_done(self, done: bool) {
        self.perform(Change::SetAllDone { done });
    }

    /// Deletes a row, and offers to undo that.
    pub fn delete(self, key: Uuid) {
        let entry = self.list.with_untracked(|list| list.entry(key).cloned());
        self.perform(Change::Delete { key });
        self.offer_undo(entry.into_iter().collect());
    }

    /// Deletes the rows that are done, and offers to undo that.
    pub fn clear_completed(self) {
        let done = self.list.with_untracked(|list| list.entries().iter().filter(|e| e.todo.done).cloned().collect());
        self.perform(Change::ClearCompleted);
        self.offer_undo(done);
    }

    /// Ends editing the row `key` with `text`: saves it, or deletes the row when there is none.
    pub fn finish_editing(self, key: Uuid, text: &str) {
        // Leaving a field is reported once more when it is taken away.
        if self.editing.with_untracked(|editing| editing.as_ref().is_none_or(|editing| editing.key != key)) {
            return;
        }
        match Description::parse(text) {
            Ok(description) => {
                self.editing.set(None);
                let unchanged =
                    self.list.with_untracked(|list| list.entry(key).is_some_and(|e| e.todo.description == description));
                if !unchanged {
                    self.perform(Change::Edit { key, description });
                }
            }
            Err(DescriptionError::Empty) => {
                self.editing.set(None);
                self.delete(key);
            }
            Err(error) => self.complain(error),
        }
    }

    /// Brings back what was deleted last.
    pub fn undo(self) {
        if let Some(deleted) = self.deleted.get_untracked() {
            self.deleted.set(None);
            for entry in deleted.entries {
                self.add(entry.todo);
            }
        }
    }

    /// Tries again what did not work.
    pub fn retry(self) {
        let problem = self.problem.try_update(Option::take).flatten();
        for change in problem.map(|problem| problem.retry).unwrap_or_default() {
            self.perform(change);
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
        let sent = sent.and_then(|sent| Some((sent.field("id"), sent.field("description")?.to_owned())));
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
            Some((key, text)) if self.list.with_untracked(|list| list.entry(key).is_some()) => {
                self.editing.set(Some(Editing { key, text: Some(text) }));
            }
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

    fn add(self, todo: NewTodo) {
        if let Some(key) = self.list.try_update(List::new_key) {
            self.perform(Change::Add { key, todo });
        }
    }

    fn perform(self, change: Change) {
        // What waits to be tried again is not forgotten because something else was done meanwhile.
        if self.problem.with_untracked(|problem| problem.as_ref().is_some_and(|problem| problem.retry.is_empty())) {
            self.problem.set(None);
        }
        self.list.update(|list| list.push(change));
        if !self.is_sending.get_value() {
            self.is_sending.set_value(true);
            spawn_local(self.send_waiting());
        }
    }

    fn complain(self, error: DescriptionError) {
        let retry = self.to_be_tried_again();
        self.problem.set(Some(Problem { text: error.to_string(), retry }));
    }

    fn offer_undo(self, entries: Vec<Entry>) {
        if entries.is_empty() {
            return;
        }
        let serial = self.deleted.get_untracked().map_or(0, |deleted| deleted.serial + 1);
        self.deleted.set(Some(Deleted { entries, serial }));
        set_timeout(
            move || self.deleted.update(|deleted| *deleted = deleted.take().filter(|d| d.serial != serial)),
            UNDO_TIME,
        );
    }

    /// Sends what is waiting, one after the other: two changes of one row must not overtake each other.
    async fn send_waiting(self) {
        while let Some((change, id)) = self.list.with_untracked(|list| {
            let change = list.next()?;
            Some((change.clone(), row_of(change).and_then(|key| list.id(key))))
        }) {
            match send(&change, id).await {
                Ok(id) => self.list.update(|list| list.confirm(id)),
                Err(error) if self.interaction.start_if_required(&error, || self.draft(&change)) => {
                    self.list.update(List::reject_all);
                }
                Err(error) => {
                    self.list.update(|list| drop(list.reject()));
                    self.report(&error, change);
                }
            }
        }
        self.is_sending.set_value(false);
        self.fetch().await;
    }

    async fn fetch(self) {
        let revision = self.list.with_untracked(List::revision);
        match list_todos().await {
            Ok(todos) => self.list.update(|list| list.replace(todos, revision)),
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

    fn report(self, error: &AppError, change: Change) {
        let may_help = matches!(error, AppError::Unavailable | AppError::Connection);
        if matches!(change, Change::Delete { .. } | Change::ClearCompleted) {
            // Nothing was deleted: bringing it "back" would make a second one.
            self.deleted.set(None);
        }
        let mut retry = self.to_be_tried_again();
        // A text goes back to where it was typed, if nothing else was typed there in the meantime.
        let field = self.new_todo.get_untracked().filter(|field| field.is_connected());
        match (change, field) {
            (Change::Add { todo: NewTodo { description, done: false }, .. }, Some(field))
                if field.value().is_empty() =>
            {
                field.set_value(description.as_str());
            }
            (Change::Edit { key, description }, _) if !may_help && self.can_edit(key) => {
                self.editing.set(Some(Editing { key, text: Some(description.into()) }));
            }
            (change, _) if may_help => retry.push(change),
            _ => {}
        }
        self.problem.set(Some(Problem { text: error.text(Section::List), retry }));
    }

    /// Whether the row is there and no other one is being edited.
    fn can_edit(self, key: Uuid) -> bool {
        self.editing.with_untracked(Option::is_none) && self.list.with_untracked(|list| list.entry(key).is_some())
    }

    /// What the customer has typed into the two fields.
    pub fn typed(self) -> Draft {
        let edit = self.editing.get_untracked().and_then(|editing| {
            let id = self.list.with_untracked(|list| list.id(editing.key))?;
            Some((id, self.edit_field.get_untracked()?.value()))
        });
        let new = self.new_todo.get_untracked().map(|field| field.value()).unwrap_or_default();
        Draft { new, edit, ..Draft::default() }
    }

    /// A change that has a text, as a form without scripts would be sent.
    fn as_form(self, change: &Change) -> Option<FormDraft> {
        let form = |action: &str, fields: &[(&str, String)]| FormDraft {
            action: action.to_owned(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        };
        match change {
            Change::Add { todo, .. } => Some(form("todos/add", &[("description", todo.description.to_string())])),
            Change::Edit { key, description } => {
                let id = self.list.with_untracked(|list| list.id(*key)).map(|id| ("id", id.to_string()));
                let fields: Vec<_> = id.into_iter().chain([("description", description.to_string())]).collect();
                Some(form("todos/edit", &fields))
            }
            _ => None,
        }
    }

    /// What the customer has typed, the change that was not accepted, and the texts of those behind it that could not be
    /// sent. Texts that have no row of their own (yet) come back together in the field for a new one.
    fn draft(self, change: &Change) -> Draft {
        let mut draft = self.typed();
        draft.sent = self.as_form(change);
        let mut texts = Vec::new();
        let keep = |change: &Change| match change {
            Change::Add { todo, .. } => texts.push(todo.description.to_string()),
            Change::Edit { key, description } => match self.list.with_untracked(|list| list.id(*key)) {
                Some(id) if draft.edit.is_none() => draft.edit = Some((id, description.to_string())),
                _ => texts.push(description.to_string()),
            },
            _ => {}
        };
        let behind: Vec<Change> = self.list.with_untracked(|list| list.waiting().skip(1).cloned().collect());
        behind.iter().for_each(keep);
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

/// The row that `change` needs the id of.
fn row_of(change: &Change) -> Option<Uuid> {
    match change {
        Change::Edit { key, .. } | Change::SetDone { key, .. } | Change::Delete { key } => Some(*key),
        Change::Add { .. } | Change::SetAllDone { .. } | Change::ClearCompleted => None,
    }
}

/// Asks the server for `change`; `id` is that of its row. Answers the id of an added to-do.
async fn send(change: &Change, id: Option<Uuid>) -> Result<Option<Uuid>, AppError> {
    // A row without an id is one whose adding was refused: what was done to it since is void.
    let id = || id.ok_or(AppError::NotFound);
    match change.clone() {
        Change::Add { todo, .. } => {
            return add_todo(todo.description.into(), todo.done).await.map(|todo| Some(todo.id));
        }
        Change::Edit { description, .. } => edit_todo(id()?, description.into()).await?,
        Change::SetDone { done, .. } => set_done(id()?, done).await?,
        Change::Delete { .. } => delete_todo(id()?).await?,
        Change::SetAllDone { done } => set_all_done(done).await?,
        Change::ClearCompleted => clear_completed().await?,
    }
    Ok(None)
}
