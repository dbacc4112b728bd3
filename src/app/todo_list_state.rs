//! The to-do list, live: shows a change at once, sends one after the other, keeps what cannot be sent, and says what did not
//! work.

use std::time::Duration;

use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::web_sys::{HtmlFormElement, SubmitEvent};
use leptos_router::location::Url;
use uuid::Uuid;

use crate::app::actions::todos::{
    amend_todo, clear_completed, create_todo, delete_todo, edit_todo, list_todos, set_all_done, set_done, undo_change,
    undo_last_change,
};
use crate::app::arrangement::{Arrangement, Sort, folded};
use crate::app::browser;
use crate::app::day_words::Reader;
use crate::app::derived::Derived;
use crate::app::draft::{Draft, NoteDraft};
use crate::app::error::{AppError, Section};
use crate::app::filter::Filter;
use crate::app::interaction::Interaction;
use crate::app::model::done::{Done, ListChange};
use crate::app::model::form_draft::FormDraft;
use crate::app::model::listed::Listed;
use crate::app::model::reason::Reason;
use crate::app::model::viewer::Viewer;
use crate::app::optimistic::{Amendment, Change, Choice, Entry, List, StepChange, Unsent, Verdict};
use crate::app::outbox::Outbox;
use crate::app::short_id;
use crate::app::texts::Texts;
use crate::app::viewer::ViewerResource;
use crate::todo::{Description, DescriptionError, Due, Moment, NewTodo, Note, Patch, Repeat};

/// How long "Undo" is offered, while nobody is at it.
const UNDO_TIME: Duration = Duration::from_secs(12);

/// After how many seconds what could not be sent is tried again by itself: the first time, and at most.
const RETRY: (u64, u64) = (4, 60);
/// How long signing out waits for the browser's database.
const LIMIT: Duration = Duration::from_secs(2);
/// How many to-dos one change is about at most: the API takes no more at once.
const AT_ONCE: usize = 1000;
/// How many changes in a row get no answer before the rest waits, too.
const FAILURES: u32 = 2;

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
    pub fn text(&self, t: Texts) -> String {
        match &self.text {
            Some(text) => t.done_deleted_one(&shortened(text)),
            None => self.what.text(t, self.count),
        }
    }

    fn has(&self, serial: u64) -> bool {
        self.serials.iter().any(|(made, _)| *made == serial)
    }

    /// Whether it is of the page before, and to be undone next: what was undone itself is not done again by that.
    fn is_step(&self) -> bool {
        self.change.is_some() && self.what != ListChange::Undone
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

/// What was added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// The rows: they are shown under any filter until another one is chosen.
    pub rows: Vec<Uuid>,
    /// What is read out.
    pub said: String,
}

/// A row that is dragged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dragged {
    /// Which row.
    pub id: Uuid,
    /// The row that it is over, and whether it is to be behind that.
    pub over: Option<(Uuid, bool)>,
    /// By which finger, or mouse (W3C Pointer Events, `pointerId`).
    pub pointer: i32,
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

/// Something that this page did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// To to-dos.
    Todos(u64),
    /// To lists: the server's number of the change.
    Lists(i64),
}

/// What is on the offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Holds {
    pointer: bool,
    focus: bool,
}

/// What is remembered of the page, and not shown.
#[derive(Default)]
struct Memory {
    is_sending: bool,
    /// Whether something is being undone that this page did not do.
    is_undoing: bool,
    /// How often the list was asked for, and which of the answers is shown.
    asked: u64,
    answered: u64,
    /// What the customer did on this page and has not undone, the last one at the end.
    history: Vec<Step>,
    /// The field for the name of a new list.
    new_list: Option<NodeRef<Input>>,
    /// What is on the offer: while there is anything, it stays.
    holds: Holds,
    /// Tells one wait for the end of an offer from the next.
    wait: u64,
    /// After how many seconds what waits is tried again.
    retry_after: u64,
    /// What will try it.
    retry: Option<TimeoutHandle>,
    /// Which rows the page shows.
    filter: Option<Derived<Filter>>,
    /// What was typed into the form of a row's details, without scripts, and could not be saved.
    details: Option<(Uuid, FormDraft)>,
    /// What is being typed as a row's note, and as its text among its details.
    note: Option<NoteDraft>,
    text: Option<NoteDraft>,
    /// Hears that something was undone that this page did not do: also of a list.
    after_undo: Option<Callback<()>>,
}

/// The list and everything the page around it shows. One for the life of the page, in the context.
#[derive(Clone, Copy)]
pub struct TodoListState {
    /// The list.
    pub list: RwSignal<List>,
    /// What did not work last, in words.
    pub problem: RwSignal<Option<String>>,
    /// Why changes wait, in words, while some do.
    pub waits_because: RwSignal<Option<String>>,
    /// What was added on this page last.
    pub added: RwSignal<Added>,
    /// What the server has not confirmed, beyond the life of the page.
    pub outbox: Outbox,
    /// Who reads the page.
    pub reader: RwSignal<Reader>,
    /// What the rows must say that are shown.
    pub search: RwSignal<String>,
    /// In which order they are.
    pub sort: RwSignal<Sort>,
    /// Which row is dragged, and to where.
    pub dragged: RwSignal<Option<Dragged>>,
    /// What can be undone with the button.
    pub offer: RwSignal<Option<Offer>>,
    /// The row that is being edited.
    pub editing: RwSignal<Option<Editing>>,
    /// "What needs to be done?". Its text lives in the element, not in a signal: what is typed before WebAssembly
    /// arrives must survive its arrival.
    pub new_todo: NodeRef<Input>,
    /// The field of the row that is being edited.
    pub edit_field: NodeRef<Input>,
    /// Beside what the page says.
    interaction: StoredValue<(Interaction, Texts)>,
    memory: StoredValue<Memory>,
}

impl TodoListState {
    /// An empty one; [`TodoListState::load`] fills it.
    pub fn new() -> Self {
        Self {
            list: RwSignal::new(List::default()),
            problem: RwSignal::new(None),
            waits_because: RwSignal::new(None),
            added: RwSignal::new(Added::default()),
            outbox: Outbox::new(),
            reader: RwSignal::new(Reader::default()),
            search: RwSignal::new(String::new()),
            sort: RwSignal::new(Sort::default()),
            dragged: RwSignal::new(None),
            offer: RwSignal::new(None),
            editing: RwSignal::new(None),
            new_todo: NodeRef::new(),
            edit_field: NodeRef::new(),
            interaction: StoredValue::new((expect_context(), Texts::current())),
            memory: StoredValue::new(Memory {
                retry_after: RETRY.0,
                new_list: Some(NodeRef::new()),
                ..Memory::default()
            }),
        }
    }

    /// Keeps what is not confirmed, for as long as the page is there. Only in the browser.
    pub fn start_keeping(self) {
        Effect::new(move |_| {
            self.list.with(|list| {
                if !self.interaction().signs_out() {
                    self.outbox.keep(list.unsent());
                }
            });
        });
    }

    /// Begins to keep what the viewer does, and sends what earlier pages of theirs could not send.
    pub fn send_left_over(self, viewer: ViewerResource) {
        spawn_local(async move {
            let Ok(Viewer::Customer(viewer)) = viewer.0.await else { return };
            self.outbox.open(&viewer.tag, move |left| {
                self.list.update(|list| list.adopt(left));
                self.list.with_untracked(|list| self.outbox.keep(list.unsent()));
                self.start_sending();
            });
        });
    }

    /// Signs the customer out: what is not saved yet is sent first, as far as that works, and the outbox emptied.
    pub fn sign_out(self, event: &SubmitEvent) {
        event.prevent_default();
        let form = event_target::<HtmlFormElement>(event);
        spawn_local(async move {
            self.arrived().await;
            // Also what other pages of theirs keep. Nothing here keeps the customer from signing out.
            let author = self.interaction().viewer();
            let kept = browser::within(LIMIT, self.outbox.count(&author)).await.unwrap_or_default();
            let question = match kept.max(self.list.with_untracked(|list| list.unsent().len())) {
                0 => None,
                count => Some(self.texts().unsaved_at_sign_out(count)),
            };
            if question.is_some_and(|question| !browser::confirm(&question)) {
                return;
            }
            browser::announce_sign_out();
            self.interaction().sign_out();
            let _ = browser::within(LIMIT, self.outbox.empty(&author)).await;
            // Not once more by way of this function.
            let _ = form.submit();
        });
    }

    /// Waits until what is on its way has arrived, as long as a customer would.
    pub async fn arrived(self) {
        for _ in 0..20 {
            if !self.list.with_untracked(List::is_busy) {
                break;
            }
            browser::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Whether leaving the page would lose something.
    pub fn would_lose(self) -> bool {
        !self.outbox.is_safe() && !self.interaction().signs_out() && self.interaction().prompt_untracked().is_none()
    }

    /// Takes over the list the page was loaded with.
    pub fn load(self, todos: Vec<Listed>) {
        self.list.update(|list| list.replace(todos, list.revision()));
    }

    /// Keeps what was typed into the form of a row's details, without scripts, and could not be saved.
    pub fn set_details_draft(self, typed: Option<(Uuid, FormDraft)>) {
        self.memory.update_value(|memory| memory.details = typed);
    }

    /// What was typed there for the row into the field of that name.
    pub fn details_draft(self, id: Uuid, name: &str) -> Option<String> {
        self.memory.with_value(|memory| {
            let (_, typed) = memory.details.as_ref().filter(|(row, _)| *row == id)?;
            typed.field(name).map(str::to_owned)
        })
    }

    /// Calls `hear` when something was undone that this page did not do.
    pub fn after_undo(self, hear: impl Fn() + Send + Sync + 'static) {
        // On the server nobody undoes anything while a page is made.
        if cfg!(feature = "ssr") {
            return;
        }
        let heard = Callback::new(move |()| hear());
        self.memory.update_value(|memory| memory.after_undo = Some(heard));
        browser::when_gone(move || self.memory.update_value(|memory| memory.after_undo = None));
    }

    /// Which rows the page shows, from now on.
    pub fn show(self, filter: Derived<Filter>) {
        self.memory.update_value(|memory| memory.filter = Some(filter));
    }

    /// What is asked for: which rows, and in which order. Follows what the customer chooses.
    pub fn arrangement(self) -> Arrangement {
        let filter = self.memory.with_value(|memory| memory.filter).and_then(|filter| filter.try_get());
        let search = self.search.with(|search| folded(search.trim()));
        Arrangement { filter: filter.unwrap_or(Filter::All), search, sort: self.sort.get() }
    }

    /// The rows that are shown, in their order. Follows all of that.
    pub fn shown(self) -> Vec<Entry> {
        let (asked, reader) = (self.arrangement(), self.reader.get());
        let mut rows = self.list.with(|list| {
            list.entries().iter().filter(|entry| self.is_shown(&asked, &reader, entry)).cloned().collect::<Vec<_>>()
        });
        asked.arrange(&mut rows);
        rows
    }

    /// Neither what is being typed nor what waits for its customer is hidden by what another device does.
    fn is_shown(self, asked: &Arrangement, reader: &Reader, entry: &Entry) -> bool {
        let is_edited = self.editing.with(|editing| editing.as_ref().is_some_and(|editing| editing.id == entry.id));
        asked.shows(entry, reader)
            || is_edited
            || entry.trouble.is_some()
            || self.added.with(|added| added.rows.contains(&entry.id))
    }

    /// Whether only some of the rows are shown, by what they say: then nothing is done to all of them.
    pub fn is_searching(self) -> bool {
        self.search.with(|search| !search.trim().is_empty())
    }

    /// The query of this view, as it is searched and sorted now, with `more` in it: for links that are followed without scripts,
    /// too.
    pub fn here_with(self, more: Option<(&str, Uuid)>) -> String {
        let sort = Some(self.sort.get()).filter(|sort| *sort != Sort::default());
        let query: Vec<String> = self.search.with(|search| {
            let search = Some(search).filter(|search| !search.trim().is_empty());
            let pairs = [
                search.map(|search| format!("q={}", Url::escape(search))),
                sort.map(|sort| format!("sort={}", sort.key())),
                more.map(|(name, id)| format!("{name}={}", short_id::of(id))),
            ];
            pairs.into_iter().flatten().collect()
        });
        if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) }
    }

    /// Shows the rows that say `text`. What was added before is among them only if it does.
    pub fn search_for(self, text: String) {
        self.added.update(|added| added.rows.clear());
        self.search.set(text);
    }

    /// Keeps what is being typed as the note of a row, until it is saved.
    pub fn keep_note(self, id: Uuid, typed: Option<(String, String)>) {
        self.memory.update_value(|memory| memory.note = typed.map(|(text, before)| NoteDraft { id, text, before }));
    }

    /// The same with its text.
    pub fn keep_text(self, id: Uuid, typed: Option<(String, String)>) {
        self.memory.update_value(|memory| memory.text = typed.map(|(text, before)| NoteDraft { id, text, before }));
    }

    /// The rows that are shown beside this one: those that are folded away, or those that are not.
    pub fn shown_beside(self, id: Uuid) -> Vec<Uuid> {
        let is_of_all = self.arrangement().filter.is_of_all();
        let rows = self.shown();
        let is_done = rows.iter().find(|row| row.id == id).is_some_and(|row| row.todo.done);
        rows.iter().filter(|row| is_of_all || row.todo.done == is_done).map(|row| row.id).collect()
    }

    /// Takes over where and when the page is read.
    pub fn look_at_the_clock(self) {
        if let Some(here) = browser::here()
            && self.reader.with_untracked(|known| *known != here)
        {
            self.reader.set(here);
        }
    }

    /// Moves a row by one place among those that are shown, and says where it is then. Only where they are in the customer's
    /// own order.
    pub fn move_by_one(self, id: Uuid, is_down: bool) {
        let rows = untrack(|| self.shown_beside(id));
        let Some(place) = rows.iter().position(|row| *row == id) else { return };
        let to = if is_down { place.checked_add(1) } else { place.checked_sub(1) };
        let Some(to) = to.filter(|to| *to < rows.len() && untrack(|| self.arrangement()).is_mine()) else { return };
        self.move_beside(id, rows[to], is_down);
        let name = self.text_of(id).map(String::from).unwrap_or_default();
        let said = self.texts().moved_to(&shortened(&name), &(to + 1), &rows.len());
        self.added.update(|added| added.said = said);
    }

    /// Moves a row behind another one, or before it.
    pub fn move_beside(self, id: Uuid, other: Uuid, is_behind: bool) {
        let before = || {
            self.list.with_untracked(|list| {
                let mut rows = list.entries().iter().map(|entry| entry.id).filter(|row| *row != id);
                let mut last = None;
                rows.find(|row| {
                    if *row == other {
                        true
                    } else {
                        last = Some(*row);
                        false
                    }
                })?;
                Some(last)
            })
        };
        if id == other {
            return;
        }
        if let Some(after) = if is_behind { Some(Some(other)) } else { before() } {
            self.move_behind(id, after);
        }
    }

    /// Adds a row, where the customer sees it.
    pub fn add(self, todo: NewTodo) {
        let (id, mut todo) = (Uuid::new_v4(), todo);
        untrack(|| self.arrangement())
            .filter
            .admit(&mut todo.details, self.reader.with_untracked(|reader| reader.today));
        self.added.update(|added| {
            added.rows.push(id);
            added.said = self.texts().added(&shortened(todo.description.as_str()));
        });
        self.perform(Change::Add { id, todo: Box::new(todo) });
        browser::scroll_to_soon(short_id::of_row(id));
    }

    /// The row, as it is shown.
    fn entry<T>(self, id: Uuid, read: impl FnOnce(&Entry) -> T) -> Option<T> {
        self.list.with_untracked(|list| list.entry(id).map(read))
    }

    fn text_of(self, id: Uuid) -> Option<Description> {
        self.entry(id, |entry| entry.todo.description.clone())
    }

    /// Opens a row for editing.
    pub fn edit(self, id: Uuid) {
        // Between two texts the customer chooses first.
        if self.entry(id, |entry| entry.gone || entry.is_in_conflict()).unwrap_or(true) {
            return;
        }
        if let Some(text) = self.text_of(id) {
            self.open(id, text.into());
        }
    }

    /// Marks a row as done, or not done.
    pub fn set_done(self, id: Uuid, done: bool) {
        if self.entry(id, Entry::is_only_here) == Some(false) {
            self.perform(Change::SetDone { id, done });
        }
    }

    /// Changes members of a row, or its place. Where they are so already, nothing.
    pub fn amend(self, id: Uuid, patch: Patch) {
        self.amend_seen(id, patch, None, |_| ());
    }

    /// The same, of a row that was otherwise when its customer saw it.
    fn amend_seen(self, id: Uuid, patch: Patch, known: Option<NewTodo>, seen: impl FnOnce(&mut NewTodo)) {
        let Some(mut before) = self.before(id, known) else { return };
        seen(&mut before);
        let is_new = patch.after.is_some() || patch.merge(before.clone()).is_ok_and(|after| after != before);
        if is_new {
            let what = Box::new(Amendment::Members(patch));
            self.perform(Change::Amend { id, what, before: Box::new(before) });
        }
    }

    /// Gives a row a star, or takes it.
    pub fn set_starred(self, id: Uuid, starred: bool) {
        self.amend(id, Patch { starred: Some(starred), ..Patch::default() });
    }

    /// Says when a row is due. What is not due does not repeat.
    pub fn set_due(self, id: Uuid, due: Option<Due>) {
        let repeat = if due.is_none() { Some(None) } else { None };
        self.amend(id, Patch { due: Some(due.map(Into::into)), repeat, ..Patch::default() });
    }

    /// Says when its author is reminded of a row.
    pub fn set_reminder(self, id: Uuid, reminder: Option<Moment>) {
        self.amend(id, Patch { reminder: Some(reminder.map(Into::into)), ..Patch::default() });
    }

    /// Says how a row repeats.
    pub fn set_repeat(self, id: Uuid, repeat: Option<Repeat>) {
        self.amend(id, Patch { repeat: Some(repeat), ..Patch::default() });
    }

    /// Puts a row into a list; `None`: the one that everybody has.
    pub fn set_list(self, id: Uuid, list: Option<Uuid>) {
        self.amend(id, Patch { list: Some(list), ..Patch::default() });
    }

    /// Takes over what was typed as a row's note, by somebody who saw `before`; of a row that another device deleted
    /// meanwhile, what was `known` of it. Answers whether it can be one.
    pub fn set_note(self, id: Uuid, text: &str, before: &str, known: Option<NewTodo>) -> bool {
        match Note::parse(text) {
            Ok(note) if self.entry(id, |entry| entry.todo.details.note == note) == Some(true) => true,
            Ok(note) => {
                let patch = Patch { note: Some(note), ..Patch::default() };
                let seen = |seen: &mut NewTodo| seen.details.note = Note::parse(before).unwrap_or_default();
                self.amend_seen(id, patch, known, seen);
                true
            }
            Err(error) => {
                self.problem.set(Some(Reason::from(error).text(self.texts())));
                false
            }
        }
    }

    /// The same with its text. What is empty is not taken over: a row is deleted by its button.
    pub fn set_text(self, id: Uuid, text: &str, before: &str) -> bool {
        match (Description::parse(text), Description::parse(before)) {
            (Ok(description), Ok(before)) => {
                // Of a row that another device deleted meanwhile, it is a conflict.
                if self.text_of(id) != Some(description.clone()) {
                    self.perform(Change::Edit { id, description, before });
                }
                true
            }
            (Err(error), _) => {
                self.problem.set(Some(Reason::from(error).text(self.texts())));
                false
            }
            (_, Err(_)) => false,
        }
    }

    /// Moves a row: behind another one, or to the top.
    pub fn move_behind(self, id: Uuid, after: Option<Uuid>) {
        if after != Some(id) {
            self.amend(id, Patch { after: Some(after), ..Patch::default() });
        }
    }

    /// A row as it is before a change; of one that another device deleted meanwhile, what was `known` of it.
    fn before(self, id: Uuid, known: Option<NewTodo>) -> Option<NewTodo> {
        match self.entry(id, |entry| (!entry.is_only_here()).then(|| entry.todo.clone())) {
            Some(before) => before,
            None => known,
        }
    }

    /// Does something to one step of a row; of one that another device deleted meanwhile, what was `known` of it.
    pub fn change_step(self, id: Uuid, change: StepChange, known: Option<NewTodo>) {
        let Some(before) = self.before(id, known) else { return };
        let what = Box::new(Amendment::Step(change));
        self.perform(Change::Amend { id, what, before: Box::new(before) });
    }

    /// Marks all rows that are shown as done, or not done, and offers to undo that.
    pub fn set_all_done(self, done: bool) {
        let ids = self.rows(|is_done| is_done != done);
        let what = if done { ListChange::MarkedDone } else { ListChange::MarkedNotDone };
        for ids in ids.chunks(AT_ONCE) {
            self.perform_and_offer(what, None, Change::SetAllDone { ids: ids.to_vec(), done });
        }
    }

    /// Deletes a row, and offers to undo that. One that is gone already is not deleted twice: the second click of two on one
    /// button.
    pub fn delete(self, id: Uuid) {
        self.delete_seen(id, None);
    }

    /// The same, of a row whose text was `before` when its customer decided that.
    fn delete_seen(self, id: Uuid, before: Option<Description>) {
        // What the server cannot have is nowhere else.
        let was_only_here = self.entry(id, Entry::is_only_here).unwrap_or(true);
        if self.list.try_update(|list| list.give_up(id)).unwrap_or_default() && was_only_here {
            return;
        }
        if let Some(shown) = self.text_of(id) {
            let before = before.unwrap_or(shown);
            let text = Some(before.to_string());
            self.perform_and_offer(ListChange::Deleted, text, Change::Delete { id, before });
        }
    }

    /// Deletes the rows that are shown as done, and offers to undo that.
    pub fn clear_completed(self) {
        let ids = self.rows(|is_done| is_done);
        for ids in ids.chunks(AT_ONCE) {
            self.perform_and_offer(ListChange::Deleted, None, Change::ClearCompleted { ids: ids.to_vec() });
        }
    }

    fn rows(self, which: impl Fn(bool) -> bool) -> Vec<Uuid> {
        self.list.with_untracked(|list| {
            list.entries()
                .iter()
                .filter(|entry| !entry.is_only_here() && which(entry.todo.done))
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
                let now = self.text_of(id);
                if description.as_str() != editing.before && now.as_ref() != Some(&description) {
                    // What was to be seen when it was opened: of that it is a change.
                    let before = Description::parse(&editing.before).unwrap_or_else(|_| description.clone());
                    self.perform(Change::Edit { id, description, before });
                }
                self.stop_editing();
            }
            Err(DescriptionError::Empty) => {
                self.stop_editing();
                self.delete_seen(id, Description::parse(&editing.before).ok());
            }
            Err(error) => self.problem.set(Some(Reason::from(error).text(self.texts()))),
        }
    }

    /// Closes the row that is being edited.
    pub fn stop_editing(self) {
        self.editing.set(None);
        self.list.update(|list| list.set_edited(None));
    }

    /// Ends a conflict as the customer chose.
    pub fn resolve(self, id: Uuid, choice: Choice) {
        if let Some(Change::Add { todo, .. }) = self.list.try_update(|list| list.resolve(id, choice)).flatten() {
            self.add(*todo);
        }
        self.forget_problem();
        self.start_sending();
    }

    /// Undoes all that the button offers to undo, the last first.
    pub fn undo_offer(self) {
        let Some(offer) = self.offer.try_update(Option::take).flatten() else { return };
        for (serial, _) in offer.serials.iter().rev() {
            self.undo(*serial);
        }
        if let Some(change) = offer.change {
            self.undo_earlier(Some(change));
        }
    }

    /// Whether what was done to a list is not undone yet.
    pub fn has_done(self, change: i64) -> bool {
        self.memory.with_value(|memory| memory.history.contains(&Step::Lists(change)))
    }

    /// Remembers what was done to a list, for undoing.
    pub fn did(self, change: i64) {
        self.memory.update_value(|memory| memory.history.push(Step::Lists(change)));
    }

    /// Undoes what this page did not do: `change`, or the last one.
    fn undo_earlier(self, change: Option<i64>) {
        self.memory.update_value(|memory| {
            memory.is_undoing = true;
            memory.history.retain(|step| change.is_none_or(|change| *step != Step::Lists(change)));
        });
        spawn_local(async move {
            // It is undone after what was done before.
            self.arrived().await;
            let author = self.interaction().viewer();
            let answer = match change {
                Some(change) => undo_change(change, author).await,
                None => undo_last_change(author).await,
            };
            let text = match answer {
                Ok(done) if change.is_some() => left_alone(self.texts(), &Change::Undo { serial: 0 }, 1, done),
                Ok(done) => {
                    self.say(done);
                    None
                }
                Err(error) if self.interaction().start_if_required(&error, || self.typed()) => None,
                Err(error) => Some(error.text(self.texts(), Section::List)),
            };
            if let Some(text) = text {
                self.problem.set(Some(text));
            }
            self.memory.update_value(|memory| memory.is_undoing = false);
            if let Some(heard) = self.memory.with_value(|memory| memory.after_undo) {
                heard.run(());
            }
            self.fetch().await;
        });
    }

    /// Says what was done, for a moment.
    pub fn say(self, done: Done) {
        self.offer.set(Offer::of_form(done));
        self.let_offer_end();
    }

    /// Undoes what was done last: on this page; else on the page before, or on another device.
    pub fn undo_last(self) {
        let mut last = self.memory.try_update_value(|memory| memory.history.pop()).flatten();
        // What was refused is no step.
        let is_step = |step: Step| match step {
            Step::Todos(serial) => self.list.with_untracked(|list| list.can_undo(serial)),
            Step::Lists(_) => true,
        };
        while last.is_some_and(|step| !is_step(step)) {
            last = self.memory.try_update_value(|memory| memory.history.pop()).flatten();
        }
        match last {
            Some(Step::Todos(serial)) => self.undo(serial),
            // One after the other.
            Some(step) if self.memory.with_value(|memory| memory.is_undoing) => {
                self.memory.update_value(|memory| memory.history.push(step));
            }
            Some(Step::Lists(change)) => {
                if self.offer.with_untracked(|offer| offer.as_ref().is_some_and(|offer| offer.change == Some(change))) {
                    self.offer.set(None);
                }
                self.undo_earlier(Some(change));
            }
            // Of the page before.
            None if self.offer.with_untracked(|offer| offer.as_ref().is_some_and(Offer::is_step)) => {
                self.undo_offer();
            }
            // What is on its way is not what was last.
            None if !self.is_sending() && !self.memory.with_value(|memory| memory.is_undoing) => {
                self.undo_earlier(None);
            }
            None => {}
        }
    }

    fn undo(self, serial: u64) {
        self.withdraw(serial);
        // What was not accepted is nowhere else.
        if !self.list.try_update(|list| list.give_up_change(serial)).unwrap_or_default() {
            self.send(Change::Undo { serial });
        }
    }

    /// The pointer came to the offer, or left it.
    pub fn point_at_offer(self, is_there: bool) {
        self.hold_offer(|holds| holds.pointer = is_there);
    }

    /// The focus came to the offer, or left it.
    pub fn focus_offer(self, is_there: bool) {
        self.hold_offer(|holds| holds.focus = is_there);
    }

    /// Neither is on the offer any more: it is gone.
    pub fn leave_offer(self) {
        self.hold_offer(|holds| *holds = Holds::default());
    }

    fn hold_offer(self, change: impl FnOnce(&mut Holds)) {
        self.memory.update_value(|memory| change(&mut memory.holds));
        if self.memory.with_value(|memory| memory.holds == Holds::default()) {
            self.let_offer_end();
        }
    }

    /// Sends what is not saved of a row once more.
    pub fn send_again(self, id: Uuid) {
        self.list.update(|list| list.send_again(Some(id)));
        self.start_sending();
    }

    /// Takes what was typed for a row, and not accepted, away.
    pub fn give_up(self, id: Uuid) {
        let _ = self.list.try_update(|list| list.give_up(id));
        self.forget_problem();
        self.start_sending();
    }

    /// Sends all that waits once more.
    pub fn send_waiting_again(self) {
        if self.list.with_untracked(|list| list.waiting() > 0) && self.may_send() {
            self.list.update(|list| list.send_again(None));
            self.start_sending();
        }
    }

    /// The customer came back to the page, or the network did.
    pub fn look_again(self) {
        self.send_waiting_again();
        self.refresh();
    }

    /// What did not work is not worth saying any more.
    fn forget_problem(self) {
        if self.problem.with_untracked(Option::is_some) {
            self.problem.set(None);
        }
    }

    /// Fetches the list, unless something is on its way: then it is fetched afterwards.
    pub fn refresh(self) {
        spawn_local(async move {
            self.fetch_unless_sending().await;
        });
    }

    /// As [`TodoListState::refresh`]; false when the server could not be asked.
    pub async fn fetch_unless_sending(self) -> bool {
        self.is_sending() || self.fetch().await
    }

    /// Puts back what was typed before the customer had to leave: without the change that they left for, where the web
    /// server has `finished` that.
    pub fn restore(self, draft: &Draft, finished: bool) {
        if let Some(field) = self.new_list().get_untracked().filter(|field| field.value().is_empty()) {
            field.set_value(&draft.new_list);
        }
        let note = draft.note.as_ref().filter(|note| note.text != note.before);
        let mut lost_note = None;
        if let Some(NoteDraft { id, text, before }) = note {
            if self.text_of(*id).is_some() {
                self.set_note(*id, text, before, None);
            } else {
                // The row is gone: its text is not.
                lost_note = Some(text.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
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
        texts.extend(lost_note);
        texts.push(draft.new.clone());
        match edit {
            Some((id, text)) if self.list.with_untracked(|list| list.entry(id).is_some()) => {
                self.open(id, text);
                // What was to be seen then, not what another device has made of it since.
                if !draft.edit_before.is_empty() {
                    self.editing.update(|editing| {
                        if let Some(editing) = editing {
                            editing.before.clone_from(&draft.edit_before);
                        }
                    });
                }
            }
            // The row is gone: its text is not.
            Some((_, text)) => texts.push(text),
            None => {}
        }
        texts.retain(|text| !text.is_empty());
        let free = |value: String| value.is_empty() || value == shown;
        if let Some(field) = self.new_todo.get_untracked().filter(|field| free(field.value())) {
            // One thing goes back to where it was typed. Of several, each is a to-do of its own, but for what is in that field.
            let typed = if texts.len() == 1 { texts.pop().unwrap_or_default() } else { draft.new.clone() };
            texts.retain(|text| *text != typed && !self.add_text(text));
            texts.push(typed);
            texts.retain(|text| !text.is_empty());
            if !texts.is_empty() || !shown.is_empty() {
                field.set_value(&texts.join(", "));
            }
        }
        if !draft.waiting.is_empty() {
            self.list.update(|list| list.adopt(draft.waiting.clone()));
            self.start_sending();
        }
    }

    /// Adds a to-do of a text; false where it cannot be one.
    fn add_text(self, text: &str) -> bool {
        let added = Description::parse(text).map(|description| self.add(NewTodo::from(description)));
        added.is_ok()
    }

    fn perform(self, change: Change) -> u64 {
        self.forget_problem();
        let serial = self.send(change);
        self.memory.update_value(|memory| {
            memory.history.push(Step::Todos(serial));
            // It has been taken over, or is not meant any more.
            memory.details = None;
        });
        serial
    }

    fn send(self, change: Change) -> u64 {
        let serial = self.list.try_update(|list| list.push(change)).unwrap_or_default();
        self.start_sending();
        serial
    }

    /// Whether the page is its customer's, and stays.
    fn may_send(self) -> bool {
        let interaction = self.interaction();
        !interaction.ended.get_untracked() && !interaction.signs_out() && interaction.prompt_untracked().is_none()
    }

    fn interaction(self) -> Interaction {
        self.interaction.with_value(|(interaction, _)| *interaction)
    }

    /// What the page says.
    pub fn texts(self) -> Texts {
        self.interaction.with_value(|(_, texts)| *texts)
    }

    fn is_sending(self) -> bool {
        self.memory.with_value(|memory| memory.is_sending)
    }

    fn start_sending(self) {
        if !self.is_sending() && self.may_send() {
            self.memory.update_value(|memory| memory.is_sending = true);
            spawn_local(self.send_all());
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
            self.memory.update_value(|memory| memory.holds = Holds::default());
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
        self.memory.update_value(|memory| memory.wait += 1);
        let wait = self.memory.with_value(|memory| memory.wait);
        set_timeout(
            move || {
                if self.memory.with_value(|memory| memory.wait == wait && memory.holds == Holds::default()) {
                    self.offer.set(None);
                }
            },
            UNDO_TIME,
        );
    }

    /// Sends what is waiting, one after the other: two changes of one row must not overtake each other.
    async fn send_all(self) {
        let mut failures = 0;
        while let Some(unsent) = self.list.with_untracked(|list| list.next().cloned()) {
            let serial = unsent.serial;
            match self.ask(&unsent).await {
                Ok(number) => {
                    failures = 0;
                    self.memory.update_value(|memory| memory.retry_after = RETRY.0);
                    self.list.update(|list| list.confirm(serial, number));
                }
                Err(error) if self.interaction().start_if_required(&error, || self.draft(&unsent)) => {
                    // It is sent when the customer is back.
                    self.list.update(List::hold);
                    break;
                }
                Err(error @ (AppError::Unavailable | AppError::Connection)) => {
                    failures += 1;
                    self.list.update(|list| if failures < FAILURES { list.fail(serial) } else { list.hold() });
                    self.waits_because.set(Some(reason(self.texts(), &error)));
                }
                Err(AppError::SomebodyElse) => {
                    // It waits for the customer whose it is.
                    self.list.update(List::hold);
                    self.interaction().ended.set(true);
                    break;
                }
                // Nothing that the change could help.
                Err(
                    error @ (AppError::Misconfigured { .. }
                    | AppError::NotGranted { .. }
                    | AppError::NoAccess { .. }
                    | AppError::Declined { .. }),
                ) => {
                    self.list.update(List::hold);
                    self.waits_because.set(Some(error.text(self.texts(), Section::List)));
                    break;
                }
                Err(AppError::Changed { now }) => self.overtaken(&unsent, Some(*now)),
                Err(AppError::NotFound) => self.overtaken(&unsent, None),
                Err(error) => self.refused(unsent, &error),
            }
        }
        self.memory.update_value(|memory| memory.is_sending = false);
        self.try_again_later();
        self.fetch().await;
    }

    /// What waits is tried again by itself: soon at first, and less and less often.
    fn try_again_later(self) {
        if let Some(timer) = self.memory.try_update_value(|memory| memory.retry.take()).flatten() {
            timer.clear();
        }
        if self.list.with_untracked(|list| list.waiting() > 0) && self.interaction().prompt_untracked().is_none() {
            let seconds = self.memory.with_value(|memory| memory.retry_after);
            let timer = set_timeout_with_handle(move || self.send_waiting_again(), Duration::from_secs(seconds));
            self.memory.update_value(|memory| {
                memory.retry_after = (seconds * 2).min(RETRY.1);
                memory.retry = timer.ok();
            });
        }
    }

    /// Another device changed it meanwhile.
    fn overtaken(self, unsent: &Unsent, now: Option<Listed>) {
        let text = match &unsent.change {
            Change::Delete { before, .. } => Some(before.to_string()),
            Change::Edit { description, .. } => Some(description.to_string()),
            change => change.concerns().first().and_then(|id| self.text_of(*id)).map(String::from),
        };
        let is_deleted = now.is_none();
        let verdict = self.list.try_update(|list| list.overtaken(unsent.serial, now));
        let t = self.texts();
        let name = text.map_or_else(|| t.a_todo().to_owned(), |text| t.quoted(&shortened(&text)));
        let words = match verdict {
            Some(Verdict::Conflict) if is_deleted => t.overtaken_deleted(&name),
            Some(Verdict::Conflict) => t.overtaken_changed(&name),
            Some(Verdict::LeftAlone) => {
                self.withdraw(unsent.serial);
                match unsent.change {
                    Change::Delete { .. } => t.overtaken_not_deleted(&name),
                    _ if is_deleted => t.overtaken_left_deleted(&name),
                    _ => t.overtaken_left_changed(&name),
                }
            }
            _ => return,
        };
        self.problem.set(Some(words));
    }

    /// The server does not accept it. A text stays with its row.
    fn refused(self, unsent: Unsent, error: &AppError) {
        let words = error.text(self.texts(), Section::List);
        if unsent.change.text().is_some() {
            self.list.update(|list| list.refuse(unsent.serial, words.clone()));
        } else {
            self.list.update(|list| drop(list.reject(unsent.serial)));
        }
        self.withdraw(unsent.serial);
        self.problem.set(Some(words));
    }

    /// Asks the server for a change. Answers what the server calls it; nothing where everything was so already.
    async fn ask(self, unsent: &Unsent) -> Result<Option<i64>, AppError> {
        let version = unsent.version();
        let author = self.interaction().viewer();
        let is_about_nothing = unsent.seen.is_empty();
        let done = match unsent.change.clone() {
            Change::Add { id, todo } => create_todo(id, as_json(&*todo), author).await?,
            Change::Amend { id, .. } => {
                let patch = self.list.with_untracked(|list| list.patch(unsent));
                amend_todo(id, as_json(&patch), version, author).await?
            }
            Change::Edit { id, description, .. } => edit_todo(id, description.into(), version, author).await?,
            Change::SetDone { id, done } => set_done(id, done, version, author).await?,
            Change::Delete { id, .. } => delete_todo(id, version, author).await?,
            Change::SetAllDone { .. } | Change::ClearCompleted { .. } if is_about_nothing => return Ok(None),
            Change::SetAllDone { done, .. } => set_all_done(done, unsent.seen().to_string(), author).await?,
            Change::ClearCompleted { .. } => clear_completed(unsent.seen().to_string(), author).await?,
            Change::Undo { .. } => {
                let Some(number) = unsent.undoes else {
                    // It changed nothing; or the answer was lost that had its number.
                    self.problem.set(Some(self.texts().undo_not_here().to_owned()));
                    return Ok(None);
                };
                undo_change(number, author).await?
            }
        };
        // What was sent before finds its own work done.
        if let Some(text) =
            left_alone(self.texts(), &unsent.change, unsent.seen.len(), done).filter(|_| !unsent.sent_before)
        {
            self.problem.set(Some(text));
        }
        Ok(done.change())
    }

    async fn fetch(self) -> bool {
        let revision = self.list.with_untracked(List::revision);
        let turn = self.memory.with_value(|memory| memory.asked) + 1;
        self.memory.update_value(|memory| memory.asked = turn);
        let answer = list_todos(self.interaction().viewer()).await;
        let is_answered = !matches!(answer, Err(AppError::Unavailable | AppError::Connection));
        match answer {
            // One that was asked for later is shown already.
            Ok(_) if turn < self.memory.with_value(|memory| memory.answered) => {}
            Ok(todos) => {
                self.memory.update_value(|memory| memory.answered = turn);
                self.list.update(|list| list.replace(todos, revision));
            }
            // A background request: tell the customer, and let them leave when they want to.
            Err(AppError::SignInRequired { .. } | AppError::SomebodyElse) => self.interaction().ended.set(true),
            // What is shown is the best there is; an error about it was reported by the change, or does not matter.
            Err(_) => {}
        }
        is_answered
    }

    /// Takes a change that was not done, or is undone, out of what can be undone.
    fn withdraw(self, serial: u64) {
        self.memory.update_value(|memory| memory.history.retain(|step| *step != Step::Todos(serial)));
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

    /// Opens a row for editing with a text that is not saved yet.
    pub fn open(self, id: Uuid, text: String) {
        let before = self.text_of(id).map(String::from).unwrap_or_default();
        self.list.update(|list| list.set_edited(Some(id)));
        self.editing.set(Some(Editing { id, text, before }));
    }

    /// The field for the name of a new list.
    pub fn new_list(self) -> NodeRef<Input> {
        self.memory.with_value(|memory| memory.new_list).unwrap_or_default()
    }

    /// What the customer has typed into the fields.
    pub fn typed(self) -> Draft {
        let editing = self.editing.get_untracked();
        let edit_before = editing.as_ref().map(|editing| editing.before.clone()).unwrap_or_default();
        let edit = editing.and_then(|editing| Some((editing.id, self.edit_field.get_untracked()?.value())));
        let (edit, edit_before) = match self.memory.with_value(|memory| memory.text.clone()) {
            Some(NoteDraft { id, text, before }) if edit.is_none() => (Some((id, text)), before),
            _ => (edit, edit_before),
        };
        let new = self.new_todo.get_untracked().map(|field| field.value()).unwrap_or_default();
        let note = self.memory.with_value(|memory| memory.note.clone());
        let new_list = self.new_list().get_untracked().map(|field| field.value()).unwrap_or_default();
        Draft { new, edit, edit_before, note, new_list, ..Draft::default() }
    }

    /// What the customer has typed. Where the browser keeps nothing else, also the change that was not accepted, and those
    /// behind it.
    fn draft(self, asked: &Unsent) -> Draft {
        let mut draft = self.typed();
        if self.outbox.works_untracked() {
            return draft;
        }
        draft.sent = as_form(&asked.change);
        // What is no form waits with the others.
        let waits = |unsent: &&Unsent| unsent.serial != asked.serial || draft.sent.is_none();
        draft.waiting = self.list.with_untracked(|list| list.unsent().iter().filter(waits).cloned().collect());
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
        Change::Add { id, todo } => {
            Some(form("todos/add", &[("id", id.to_string()), ("description", todo.description.to_string())]))
        }
        Change::Edit { id, description, .. } => {
            Some(form("todos/edit", &[("id", id.to_string()), ("description", description.to_string())]))
        }
        _ => None,
    }
}

/// A value as it travels in a field of a form. Plain structs of texts and truth values: always JSON.
fn as_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Why nothing can be sent.
fn reason(t: Texts, error: &AppError) -> String {
    let text = match error {
        AppError::Connection if browser::is_offline() => t.because_offline(),
        AppError::Connection => t.because_silent(),
        _ => t.because_unreachable(),
    };
    text.to_owned()
}

/// What to say of to-dos that another device had changed, and which were therefore left as they are; `asked` is about how
/// many the change was.
fn left_alone(t: Texts, change: &Change, asked: usize, done: Done) -> Option<String> {
    let (_, count, _) = done.of_list()?;
    let asked = match change {
        Change::SetAllDone { .. } | Change::ClearCompleted { .. } => u64::try_from(asked).unwrap_or(u64::MAX),
        Change::Undo { .. } => 1,
        _ => return None,
    };
    match asked.saturating_sub(count) {
        0 => None,
        _ if matches!(change, Change::Undo { .. }) => Some(t.undo_overtaken().to_owned()),
        left => Some(t.left_alone(left)),
    }
}
