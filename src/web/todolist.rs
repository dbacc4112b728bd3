//! The to-do list: the server's side of `app::actions::todos`. Each call acquires a token with the scope it needs
//! and asks the API over HTTP.

use reqwest::header::{self, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::request::Request;
use super::{downstream, reader};
use crate::app::error::AppError;
use crate::app::filter::Filter;
use crate::app::model::details_fields::{DetailsFields, DueFields};
use crate::app::model::done::{Done, ListChange};
use crate::app::model::listed::Listed;
use crate::app::model::overview::Overview;
use crate::app::model::reason::Reason;
use crate::app::model::row_change::{RowAction, RowChange};
use crate::app::model::seen::Seen;
use crate::app::model::step_action::StepAction;
use crate::app::optimistic::StepChange;
use crate::identity::downstream::{ApiResponse, Call, DownstreamError};
use crate::identity::session::UserSession;
use crate::platform::{hash, link};
use crate::todo::{CHANGE, ClockTime, Day, Description, Due, Moment, NewTodo, Note, Patch, Repeat, Step, Todo};

/// The API's set of scopes for seeing, and that for changing.
pub(super) const READ: &str = "read";
pub(super) const WRITE: &str = "write";

/// The customer's to-dos and their lists, each in their order.
pub(crate) async fn overview() -> Result<Overview, AppError> {
    let customer = Customer::current().await?;
    let answer = customer.call(Call { path: &["overview"], scopes: READ, ..Call::default() }).await?;
    let mut overview: Overview = parse(&answer)?;
    overview.todos.append(&mut pages_from(&customer, link::next(&answer.headers)).await?);
    Ok(overview)
}

/// The customer's to-dos, in their order.
pub(crate) async fn list() -> Result<Vec<Listed>, AppError> {
    pages_from(&Customer::current().await?, Some(link::Query::new())).await
}

/// The to-dos of this page and of all that come after it.
async fn pages_from(customer: &Customer, first: Option<link::Query>) -> Result<Vec<Listed>, AppError> {
    let (mut todos, mut next) = (Vec::new(), first);
    while let Some(query) = next {
        let answer = customer.call(Call { query: &link::pairs(&query), scopes: READ, ..Call::default() }).await?;
        todos.append(&mut parse::<Vec<Listed>>(&answer)?);
        next = link::next(&answer.headers);
        if next.as_ref() == Some(&query) {
            tracing::error!("the ToDoList API names a page as the one after itself");
            return Err(AppError::Unavailable);
        }
    }
    Ok(todos)
}

/// Adds a to-do. Sent twice under one id, it is added once; one that was added before and deleted since stays deleted. The
/// form of a page without scripts gives each of its texts an id.
pub(crate) async fn add(id: Option<Uuid>, form: Option<Uuid>, description: &str) -> Result<Done, AppError> {
    // Before the text is looked at: a visitor is asked to sign in, and what was typed waits for them.
    let customer = Customer::current().await?;
    let description = description_of(description)?;
    let given = id.or_else(|| form.map(|form| id_of(form, &description)));
    let mut todo = NewTodo::from(description);
    let page = customer.request.page();
    let path = page.as_str().split('?').next().unwrap_or_default();
    Filter::of(path).admit(&mut todo.details, reader::current().today);
    let added = customer.add(given.unwrap_or_else(Uuid::new_v4), &todo).await;
    let added = match added {
        // Typed once more on a page that the customer went back to.
        Err(AppError::NotFound) if id.is_none() => customer.add(Uuid::new_v4(), &todo).await,
        added => added,
    };
    Ok(done(ListChange::Shown, 1, unless_gone(added)?))
}

/// Adds `todo`, a [`NewTodo`] as JSON.
pub(crate) async fn create(id: Uuid, todo: &str) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    let mut todo = of_page::<NewTodo>(todo)?;
    let mut added = customer.add(id, &todo).await;
    // Its list may be gone since it was typed, perhaps long ago and without a network: it comes to the one that everybody has.
    if matches!(added, Err(AppError::Invalid(_))) && todo.details.list.take().is_some() {
        added = customer.add(id, &todo).await;
    }
    Ok(done(ListChange::Shown, 1, unless_gone(added)?))
}

/// Makes `change`, a [`Patch`] as JSON, of a to-do that is still of the version that was `seen`.
pub(crate) async fn amend(id: Uuid, change: &str, seen: Option<i64>) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    customer.patch(id, &of_page(change)?, seen).await
}

/// What a page's scripts say, which know the rules.
fn of_page<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, AppError> {
    serde_json::from_str(json).map_err(|error| {
        tracing::debug!(%error, "a page said what cannot be");
        AppError::Invalid(Reason::Form)
    })
}

/// The id of what a form adds: the same for the same text.
fn id_of(form: Uuid, description: &Description) -> Uuid {
    let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = hash::sha256(&format!("{form}\n{description}"));
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// Changes a to-do's text, where it is still of the version that was `seen`; an empty text deletes it.
pub(crate) async fn edit(id: Uuid, description: &str, seen: Option<i64>) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    if description.trim().is_empty() {
        return customer.delete(id, seen).await;
    }
    let patch = Patch { description: Some(description_of(description)?), ..Patch::default() };
    customer.patch(id, &patch, seen).await
}

/// Marks a to-do as done, or not done, where it is still of the version that was `seen`.
pub(crate) async fn set_done(id: Uuid, is_done: bool, seen: Option<i64>) -> Result<Done, AppError> {
    let patch = Patch { done: Some(is_done), ..Patch::default() };
    Customer::current().await?.patch(id, &patch, seen).await
}

/// Does what the button of a row asks for, where the to-do is still of the version that was seen.
pub(crate) async fn change_row(RowChange { action, id, seen }: RowChange) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    let patch = match action {
        RowAction::Done | RowAction::Undone => Patch { done: Some(action == RowAction::Done), ..Patch::default() },
        RowAction::Star | RowAction::Unstar => Patch { starred: Some(action == RowAction::Star), ..Patch::default() },
        RowAction::Delete => return customer.delete(id, Some(seen)).await,
    };
    customer.patch(id, &patch, Some(seen)).await
}

/// When the author of a to-do is reminded of it, by the fields of a form: a moment, or never.
fn reminder_of(fields: &DueFields, today: Day) -> Result<Option<Moment>, AppError> {
    let Some(reminder) = due_of(fields, today)? else { return Ok(None) };
    Moment::try_from(reminder).map(Some).map_err(|_| AppError::Invalid(Reason::ReminderTime))
}

/// When a to-do is due, by the fields of a form.
fn due_of(fields: &DueFields, today: Day) -> Result<Option<Due>, AppError> {
    let days = match fields.when.as_str() {
        "today" => Some(0),
        "tomorrow" => Some(1),
        "week" => Some(7),
        "never" => return Ok(None),
        _ => None,
    };
    let day = match days {
        Some(days) => today.plus(days),
        None if fields.day.is_empty() => None,
        None => Some(Day::parse(&fields.day).map_err(invalid)?),
    };
    match day {
        None if fields.time.is_empty() => Ok(None),
        None => Err(AppError::Invalid(Reason::TimeAlone)),
        Some(day) if fields.time.is_empty() => Ok(Some(Due::on(day))),
        Some(day) => {
            let time = ClockTime::parse(&fields.time).map_err(invalid)?;
            let (zone, _) = reader::known_zone(&fields.time_zone).ok_or(AppError::Invalid(Reason::Zone))?;
            Ok(Some(Due::at(day, time, zone)))
        }
    }
}

/// Saves the fields of a to-do's details, where it is still of the version that was `seen`.
pub(crate) async fn save_details(id: Uuid, fields: &DetailsFields, seen: Option<i64>) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    let today = reader::current().today;
    let due = due_of(&fields.due, today)?;
    // Another one than the form had: said, and not only sent along.
    let is_said = |fields: &&DueFields| !fields.time.is_empty() && fields.time_zone != fields.shown_zone;
    let said = std::iter::once(&fields.due).chain(&fields.reminder).find(is_said);
    if let Some((zone, _)) = said.and_then(|fields| reader::known_zone(&fields.time_zone)) {
        reader::remember_time_zone(&customer.request, &zone);
    }
    let reminder = match &fields.reminder {
        None => None,
        Some(fields) => Some(reminder_of(fields, today)?),
    };
    let repeat = match fields.repeat.as_str() {
        // What is not due does not repeat.
        "" => None,
        _ if due.is_none() => None,
        rule => Some(Repeat::parse(rule).map_err(invalid)?),
    };
    let list = match fields.list.as_str() {
        "" => None,
        list => Some(list.parse().map_err(|_| AppError::Invalid(Reason::ListGone))?),
    };
    let patch = Patch {
        description: Some(description_of(&fields.description)?),
        note: Some(Note::parse(&fields.note).map_err(invalid)?),
        due: Some(due.map(Into::into)),
        reminder: reminder.map(|reminder| reminder.map(Into::into)),
        repeat: Some(repeat),
        list: Some(list),
        ..Patch::default()
    };
    customer.patch(id, &patch, seen).await
}

/// Does something to one step of a to-do. Its text is changed where the to-do is still of the version that was `seen`.
pub(crate) async fn change_step(
    id: Uuid,
    action: StepAction,
    step: Option<Uuid>,
    text: &str,
    seen: Option<i64>,
) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    let todo = customer.todo(id).await?;
    let mut steps = todo.details.steps;
    let known = steps.iter().find(|known| Some(known.id) == step);
    let change = match (action, known) {
        (StepAction::Add, _) if text.trim().is_empty() => return Ok(done(ListChange::Shown, 0, None)),
        (StepAction::Add, _) => {
            StepChange::Add(Step { id: step.unwrap_or_else(Uuid::new_v4), text: description_of(text)?, done: false })
        }
        (StepAction::Text, Some(step)) if !text.trim().is_empty() => {
            StepChange::Edit { id: step.id, text: description_of(text)?, before: step.text.clone() }
        }
        (StepAction::Text | StepAction::Delete, Some(step)) => {
            StepChange::Delete { id: step.id, before: step.text.clone() }
        }
        (StepAction::Done, Some(step)) => StepChange::SetDone { id: step.id, done: true },
        (StepAction::Undone, Some(step)) => StepChange::SetDone { id: step.id, done: false },
        (_, None) => return Err(AppError::Invalid(Reason::StepGone)),
    };
    change.apply(&mut steps);
    let patch = Patch { steps: Some(steps), ..Patch::default() };
    // A text is changed or deleted as it was seen; anything else is done to whatever the step says by now.
    let seen = seen.filter(|_| matches!(action, StepAction::Text | StepAction::Delete));
    customer.patch(id, &patch, Some(seen.unwrap_or(todo.version))).await
}

/// Moves a to-do behind the one with the id `after`; before all others where that is empty.
pub(crate) async fn move_behind(id: Uuid, after: &str) -> Result<Done, AppError> {
    let nowhere = |_| AppError::Invalid(Reason::Place);
    let after = if after.is_empty() { None } else { Some(after.parse().map_err(nowhere)?) };
    let patch = Patch { after: Some(after), ..Patch::default() };
    Customer::current().await?.patch(id, &patch, None).await
}

/// Deletes a to-do, where it is still of the version that was `seen`. One that is gone already is what was wanted.
pub(crate) async fn delete(id: Uuid, seen: Option<i64>) -> Result<Done, AppError> {
    Customer::current().await?.delete(id, seen).await
}

/// Marks all to-dos that were shown as done, or not done.
pub(crate) async fn set_all_done(is_done: bool, seen: &str) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    let what = if is_done { ListChange::MarkedDone } else { ListChange::MarkedNotDone };
    match parse_seen(seen)? {
        Seen::UpTo(change) => {
            let answer = customer.change(Method::PATCH, &[], &json!({"done": is_done, "seen": change})).await?;
            let count = parse::<Counted>(&answer)?.count;
            Ok(done(what, count, change_of(&answer)))
        }
        Seen::These(todos) => {
            let operation =
                |id: Uuid, version: i64| json!({"op": "change", "id": id, "version": version, "done": is_done});
            customer.batch(what, todos, operation).await
        }
    }
}

/// Deletes the to-dos that were shown as done.
pub(crate) async fn clear_completed(seen: &str) -> Result<Done, AppError> {
    let customer = Customer::current().await?;
    match parse_seen(seen)? {
        Seen::UpTo(change) => {
            let (seen, method) = (change.to_string(), Some(Method::DELETE));
            let query = [("done", "true"), ("seen", seen.as_str())];
            let answer = customer.call(Call { method, query: &query, scopes: WRITE, ..Call::default() }).await?;
            let count = parse::<Counted>(&answer)?.count;
            Ok(done(ListChange::Deleted, count, change_of(&answer)))
        }
        Seen::These(todos) => {
            let operation = |id: Uuid, version: i64| json!({"op": "remove", "id": id, "version": version});
            customer.batch(ListChange::Deleted, todos, operation).await
        }
    }
}

/// Brings back what a change replaced, or the last one, as far as nothing changed it since.
pub(crate) async fn undo(change: Option<i64>) -> Result<Done, AppError> {
    #[derive(Deserialize)]
    struct Undone {
        counts: Counts,
        lists: Lists,
    }
    #[derive(Deserialize)]
    struct Counts {
        restored: u64,
        removed: u64,
    }
    #[derive(Deserialize)]
    struct Lists {
        restored: Vec<IgnoredAny>,
        removed: Vec<IgnoredAny>,
    }
    let number = change.map_or_else(|| "latest".to_owned(), |change| change.to_string());
    let path = ["changes", number.as_str(), "undo"];
    let call = Call { method: Some(Method::POST), path: &path, scopes: WRITE, ..Call::default() };
    let answer = match Customer::current().await?.call(call).await {
        Err(AppError::NotFound) if change.is_none() => return Ok(done(ListChange::Undone, 0, None)),
        // Too long ago, or somebody else's.
        Err(AppError::NotFound) => return Err(AppError::Invalid(Reason::UndoLate)),
        answer => answer?,
    };
    let Undone { counts, lists } = parse(&answer)?;
    // Where no to-do was concerned, a list was.
    let count = match counts.restored.saturating_add(counts.removed) {
        0 => u64::try_from(lists.restored.len() + lists.removed.len()).unwrap_or(u64::MAX),
        count => count,
    };
    Ok(done(ListChange::Undone, count, change_of(&answer)))
}

/// How many to-dos a change of all of them concerned.
#[derive(Deserialize)]
struct Counted {
    #[serde(alias = "changed", alias = "deleted")]
    count: u64,
}

pub(super) fn done(what: ListChange, count: u64, change: Option<i64>) -> Done {
    Done::List { what, count, change }
}

pub(super) fn change_of(answer: &ApiResponse) -> Option<i64> {
    answer.headers.get(CHANGE)?.to_str().ok()?.parse().ok()
}

/// The number of the change, of an answer that shows the to-do: what else answers has not saved anything.
fn changed_todo(answer: &ApiResponse) -> Result<Option<i64>, AppError> {
    parse::<Listed>(answer).map(|_| change_of(answer))
}

/// None where the to-do is gone, which is what was wanted or cannot be helped.
pub(super) fn unless_gone(change: Result<Option<i64>, AppError>) -> Result<Option<i64>, AppError> {
    match change {
        Err(AppError::NotFound) => Ok(None),
        change => change,
    }
}

/// The condition that a to-do is still of the version that was seen (RFC 9110 §13.1.1).
pub(super) fn if_match(seen: Option<i64>) -> Option<(HeaderName, HeaderValue)> {
    HeaderValue::try_from(Todo::etag_of(seen?)).ok().map(|tag| (header::IF_MATCH, tag))
}

/// How the to-do is that was seen otherwise, of the answer that says so (RFC 9110 §15.5.13).
fn changed_since(error: &DownstreamError) -> Option<Listed> {
    match error {
        DownstreamError::Problem(problem) if problem.status == StatusCode::PRECONDITION_FAILED => {
            Listed::deserialize(problem.document.get("current")?).ok()
        }
        _ => None,
    }
}

fn parse_seen(text: &str) -> Result<Seen, AppError> {
    text.parse().map_err(|_| AppError::Invalid(Reason::Seen))
}

fn description_of(text: &str) -> Result<Description, AppError> {
    Description::parse(text).map_err(invalid)
}

/// What was typed is not what it is to be.
fn invalid(error: impl Into<Reason>) -> AppError {
    AppError::Invalid(error.into())
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(answer: &ApiResponse) -> Result<T, AppError> {
    downstream::parse("the ToDoList API", answer)
}

/// Who is signed in, before the API.
pub(super) struct Customer {
    request: Request,
    signed_in: UserSession,
}

impl Customer {
    pub(super) async fn current() -> Result<Self, AppError> {
        let request = Request::current()?;
        let signed_in = request.require_signed_in().await?;
        Ok(Self { request, signed_in })
    }

    async fn add(&self, id: Uuid, todo: &NewTodo) -> Result<Option<i64>, AppError> {
        #[derive(Serialize)]
        struct Body<'t> {
            id: Uuid,
            #[serde(flatten)]
            todo: &'t NewTodo,
        }
        let answer = self.change(Method::POST, &[], &Body { id, todo }).await?;
        changed_todo(&answer)
    }

    async fn todo(&self, id: Uuid) -> Result<Todo, AppError> {
        let id = id.to_string();
        parse(&self.call(Call { path: &[id.as_str()], scopes: READ, ..Call::default() }).await?)
    }

    /// Notes where reminders go, before there is one: they are mailed while the customer is away.
    async fn take_reminders(&self) -> Result<(), AppError> {
        let email = super::digest::email(&self.signed_in).ok_or(AppError::Invalid(Reason::NoAddress))?;
        let address = super::digest::address(&self.request, &self.signed_in, email).await;
        let noted = self.request.web.digests().set_reminder_address(self.signed_in.key.as_str(), &address).await;
        noted.map_err(|error| {
            tracing::error!(%error, "where a customer's reminders go could not be noted");
            AppError::Unavailable
        })
    }

    async fn patch(&self, id: Uuid, change: &Patch, seen: Option<i64>) -> Result<Done, AppError> {
        if matches!(change.reminder, Some(Some(_))) {
            self.take_reminders().await?;
        }
        let (id, body) = (id.to_string(), serde_json::to_value(change).ok());
        let (method, headers) = (Some(Method::PATCH), if_match(seen));
        let path = [id.as_str()];
        let call = Call {
            method,
            path: &path,
            body: body.map(Into::into),
            headers: headers.as_slice(),
            scopes: WRITE,
            ..Call::default()
        };
        Ok(done(ListChange::Shown, 1, changed_todo(&self.call(call).await?)?))
    }

    async fn delete(&self, id: Uuid, seen: Option<i64>) -> Result<Done, AppError> {
        let (id, headers) = (id.to_string(), if_match(seen));
        let (method, path) = (Some(Method::DELETE), [id.as_str()]);
        let call = Call { method, path: &path, headers: headers.as_slice(), scopes: WRITE, ..Call::default() };
        let change = unless_gone(match self.call(call).await {
            Ok(answer) if answer.status == StatusCode::NO_CONTENT => Ok(change_of(&answer)),
            Ok(answer) => {
                tracing::error!(status = %answer.status, "the ToDoList API answered something else than that it is removed");
                Err(AppError::Unavailable)
            }
            Err(error) => Err(error),
        })?;
        Ok(done(ListChange::Deleted, 1, change))
    }

    /// Does one thing to each of `todos` that is still as it was seen.
    async fn batch(
        &self,
        what: ListChange,
        todos: Vec<(Uuid, i64)>,
        operation: impl Fn(Uuid, i64) -> Value,
    ) -> Result<Done, AppError> {
        #[derive(Deserialize)]
        struct Results {
            results: Vec<One>,
        }
        #[derive(Deserialize)]
        struct One {
            status: u16,
        }
        if todos.is_empty() {
            return Ok(done(what, 0, None));
        }
        let changes: Vec<Value> = todos.into_iter().map(|(id, version)| operation(id, version)).collect();
        let answer = self.change(Method::POST, &["batch"], &json!({"changes": changes})).await?;
        let Results { results } = parse(&answer)?;
        let count = results.iter().filter(|one| one.status < 400).count();
        Ok(done(what, u64::try_from(count).unwrap_or(u64::MAX), change_of(&answer)))
    }

    pub(super) async fn change(
        &self,
        method: Method,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<ApiResponse, AppError> {
        // Plain structs of texts and truth values: always JSON.
        let body = serde_json::to_value(body).ok();
        self.call(Call { method: Some(method), path, body: body.map(Into::into), scopes: WRITE, ..Call::default() })
            .await
    }

    pub(super) async fn call(&self, call: Call<'_>) -> Result<ApiResponse, AppError> {
        let Self { request, signed_in } = self;
        let web = &request.web;
        let headers = [call.headers, &[downstream::in_language_of(request)]].concat();
        let call = Call { headers: &headers, ..call };
        let answer = web.todolist().call_for_user(web.identity().tokens(), &signed_in.key, &call).await;
        answer.map_err(|error| match changed_since(&error) {
            Some(now) => AppError::Changed { now: Box::new(now) },
            None => downstream::failed("the ToDoList API", request, signed_in, &error),
        })
    }
}
