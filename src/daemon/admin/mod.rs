//! `errand admin`: everyone's to-dos from the command line. A daemon app: no user, its own identity (client
//! credentials, RFC 6749 §4.4) and application permissions.

mod app;
pub mod arguments;
pub mod config;
mod export;
mod outcome;
mod pages;
mod table;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::app::{Admin, read};
use self::arguments::{Arguments, Command, List};
use self::pages::Pages;
use crate::identity::downstream::{ApiResponse, Call, DownstreamError};
use crate::platform::clock::Clock;
use crate::platform::config::Settings;
use crate::todo::{Description, Todo};

pub use self::outcome::{AdminError, Exit};

/// Does what `arguments` say, until `shutdown`.
///
/// # Errors
/// [`AdminError`].
pub async fn run(
    settings: &Settings,
    arguments: Arguments,
    clock: Clock,
    shutdown: &CancellationToken,
) -> Result<Exit, AdminError> {
    let admin = Admin::new(settings, clock)?;
    let done = tokio::select! {
        biased;
        () = shutdown.cancelled() => Ok(Exit::Stopped),
        done = admin.perform(arguments) => done,
    };
    match done {
        Err(error) if error.is_broken_pipe() => Ok(Exit::Done),
        done => done,
    }
}

/// Checks the configuration of `errand admin`. Asks nobody.
///
/// # Errors
/// [`AdminError::Config`].
pub fn check(settings: &Settings, clock: Clock) -> Result<(), AdminError> {
    Admin::new(settings, clock).map(drop)
}

impl Admin {
    async fn perform(&self, arguments: Arguments) -> Result<Exit, AdminError> {
        let json = arguments.json;
        match arguments.command {
            Command::List(list) => self.list(&list, json).await,
            Command::Add { owner, text } => self.add(&owner, &text.join(" "), json).await,
            Command::Complete { ids } => self.complete(&ids, json).await,
            Command::Remove { ids } => self.remove(&ids, json).await,
            Command::Export { output, owner } => {
                // As with other programs, - is standard output.
                let output = output.filter(|output| output != Path::new("-"));
                export::export(&mut Pages::new(self, vec![], owner.as_deref(), None), output.as_deref()).await
            }
        }
    }

    async fn list(&self, list: &List, as_json: bool) -> Result<Exit, AdminError> {
        let limit = if list.limit == 0 { usize::MAX } else { list.limit };
        let wanted = |todo: &Todo| {
            (!list.done || todo.done) && (!list.open || !todo.done) && (!list.starred || todo.details.starred)
        };
        // Of one owner's, the API has the order that this needs.
        let due = list.due_before.map(|day| [("dueBefore", day.to_string()), ("sort", "due".to_owned())]);
        let filter = due.into_iter().flatten().collect();
        // One more than is shown tells whether there are more.
        let page = (!list.done && !list.open && !list.starred).then(|| limit.saturating_add(1));
        let mut pages = Pages::new(self, filter, list.owner.as_deref(), page);
        let mut todos: Vec<Todo> = Vec::new();
        while todos.len() <= limit
            && let Some(page) = pages.next().await?
        {
            todos.extend(page.into_iter().filter(wanted));
        }
        let more = todos.len() > limit;
        todos.truncate(limit);
        if as_json {
            print(&pretty(&todos)?)?;
        } else if todos.is_empty() {
            eprintln!("There are no such to-dos.");
        } else {
            print(table::table(&todos, list.owner.is_none(), width()).trim_end())?;
        }
        if more {
            eprintln!("These are the first {limit}; --limit shows more, `errand admin export` writes all.");
        }
        Ok(Exit::Done)
    }

    async fn add(&self, owner: &str, text: &str, as_json: bool) -> Result<Exit, AdminError> {
        let description = Description::parse(text)?;
        let body = json!({ "owner": owner, "description": description });
        let call = Call { method: Some(Method::POST), body: Some(body.into()), ..Call::default() };
        let todo: Todo = read(&self.call(&call).await?)?;
        if as_json {
            print(&pretty(&todo)?)?;
        } else {
            print(&format!("Added {}: {}", todo.id, table::printable(todo.description.as_str())))?;
        }
        Ok(Exit::Done)
    }

    async fn complete(&self, ids: &[Uuid], as_json: bool) -> Result<Exit, AdminError> {
        let mut changed: Vec<Todo> = Vec::new();
        let mut exit = Exit::Done;
        let mut failure = None;
        for id in ids {
            let path = [id.to_string()];
            let path = [path[0].as_str()];
            let body = Some(json!({ "done": true }).into());
            match self.change(&Call { method: Some(Method::PATCH), path: &path, body, ..Call::default() }).await {
                Ok(Some(answer)) => {
                    let todo: Todo = read(&answer)?;
                    if !as_json {
                        tell(&format!("Done: {} {}", todo.id, table::printable(todo.description.as_str())))?;
                    }
                    changed.push(todo);
                }
                Ok(None) => {
                    exit = Exit::Missing;
                    eprintln!("There is no to-do {id}.");
                }
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        // Also when something failed: these are done.
        if as_json {
            print(&pretty(&changed)?)?;
        }
        failure.map_or(Ok(exit), Err)
    }

    async fn remove(&self, ids: &[Uuid], as_json: bool) -> Result<Exit, AdminError> {
        let mut removed: Vec<Value> = Vec::new();
        let mut failure = None;
        for id in ids {
            let path = [id.to_string()];
            let path = [path[0].as_str()];
            match self.change(&Call { method: Some(Method::DELETE), path: &path, ..Call::default() }).await {
                Ok(answer) => {
                    removed.push(json!({ "id": id, "existed": answer.is_some() }));
                    if !as_json {
                        let line = if answer.is_some() { "Removed" } else { "Gone already:" };
                        tell(&format!("{line} {id}"))?;
                    }
                }
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        if as_json {
            print(&pretty(&removed)?)?;
        }
        failure.map_or(Ok(Exit::Done), Err)
    }

    /// Changes one to-do; `None` when there is no such to-do.
    async fn change(&self, call: &Call<'_>) -> Result<Option<ApiResponse>, AdminError> {
        match self.todolist.call_for_app(&self.client, call).await {
            Ok(answer) => Ok(Some(answer)),
            Err(DownstreamError::Problem(problem)) if problem.status == StatusCode::NOT_FOUND => {
                // Any web server answers 404 to an address that it does not know.
                Pages::new(self, vec![], None, Some(1)).next().await?;
                Ok(None)
            }
            Err(error) => Err(self.explained(error, call)),
        }
    }
}

fn pretty(value: &impl serde::Serialize) -> Result<String, AdminError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| AdminError::stdout(error.into()))?;
    Ok(table::json(&text))
}

/// A line to standard output. Unlike `println!`, it does not panic when nobody reads any more.
fn print(line: &str) -> Result<(), AdminError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(AdminError::stdout)
}

/// As [`print`], between two changes: a reader who has gone away, as `head` does, must not keep the second from being made.
fn tell(line: &str) -> Result<(), AdminError> {
    print(line).or_else(|error| if error.is_broken_pipe() { Ok(()) } else { Err(error) })
}

/// Columns of the terminal; `None` when the output goes elsewhere.
fn width() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0))
}
