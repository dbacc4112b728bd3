//! `errand admin`: everyone's to-dos from the command line. A daemon app: no user, its own identity (client
//! credentials, RFC 6749 §4.4) and application permissions.

pub mod arguments;
pub mod config;
mod export;
mod pages;
mod table;

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::arguments::{Arguments, Command, List};
use self::config::Config;
use self::pages::Pages;
use super::aadsts;
use crate::identity::client::ConfidentialClient;
use crate::identity::downstream::{Answer, Call, DownstreamApi, DownstreamError, Problem};
use crate::identity::tokens::AcquireError;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Settings};
use crate::platform::outbound::{self, OutboundError};
use crate::todo::{Description, DescriptionError, Todo};

/// How `errand admin` ends when nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All was done, or whoever read the output wanted no more of it.
    Done,
    /// Some of the to-dos do not exist; the others were changed.
    Missing,
    /// Stopped by Ctrl-C or SIGTERM.
    Stopped,
}

/// Why `errand admin` could not do what it was asked for. The text is for the operator and has the remedy in it.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The text of a to-do cannot be one.
    #[error("TEXT: {0}")]
    Text(#[from] DescriptionError),
    /// The provider gives no token.
    #[error("the provider gives this app no token: {reason}{remedy}")]
    NoToken {
        /// The provider's words, or the network's.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// The API does not accept the token.
    #[error(
        "the API does not accept the app's token: {0}\n  Remedy: the scope in admin.downstream_apis.todolist.scopes must be the API's Application ID URI with /.default, and the API must trust the same provider ([api.identity], api.audiences)."
    )]
    Unaccepted(String),
    /// The app lacks an application permission.
    #[error(
        "the API refuses this app: {0}\n  Remedy: give its registration the application permission {1}, and have an administrator consent."
    )]
    Forbidden(String, &'static str),
    /// The API refuses the request.
    #[error("the API answered {status}: {detail}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// The API's words.
        detail: String,
    },
    /// There is no answer.
    #[error("{reason}{remedy}")]
    NoAnswer {
        /// Who did not answer, and why.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// What answers there is not the `ToDoList` API.
    #[error(
        "what answers at admin.downstream_apis.todolist.base_url is not the ToDoList API: {0}; check base_url and relative_path (api/todolist)"
    )]
    NotTheApi(String),
    /// The output cannot be written.
    #[error("{place} cannot be written: {error}")]
    Output {
        /// The file, or standard output.
        place: String,
        /// The operating system's words.
        error: io::Error,
    },
}

impl AdminError {
    fn stdout(error: io::Error) -> Self {
        Self::Output { place: "standard output".to_owned(), error }
    }

    /// Whether whoever read the output has gone away, as `head` does.
    fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output { error, .. } if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

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

/// The app.
struct Admin {
    client: ConfidentialClient,
    todolist: DownstreamApi,
    /// The file that `errand dev` left, when its configuration is the one in use.
    dev: Option<PathBuf>,
}

impl Admin {
    fn new(settings: &Settings, clock: Clock) -> Result<Self, AdminError> {
        let config: Config = settings.section("admin")?;
        let (client, todolist) = config.checked(settings.mode, &clock)?;
        Ok(Self { client, todolist, dev: settings.dev.clone() })
    }

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
                export::export(&mut Pages::new(self, owner.as_deref(), None), output.as_deref()).await
            }
        }
    }

    async fn list(&self, list: &List, as_json: bool) -> Result<Exit, AdminError> {
        let limit = if list.limit == 0 { usize::MAX } else { list.limit };
        let wanted = |todo: &Todo| (!list.done || todo.done) && (!list.open || !todo.done);
        // One more than is shown tells whether there are more.
        let page = (!list.done && !list.open).then(|| limit.saturating_add(1));
        let mut pages = Pages::new(self, list.owner.as_deref(), page);
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
        let call = Call { method: Some(Method::POST), body: Some(body), ..Call::default() };
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
            let body = Some(json!({ "done": true }));
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
    async fn change(&self, call: &Call<'_>) -> Result<Option<Answer>, AdminError> {
        match self.todolist.call_for_app(&self.client, call).await {
            Ok(answer) => Ok(Some(answer)),
            Err(DownstreamError::Problem(problem)) if problem.status == StatusCode::NOT_FOUND => {
                // Any web server answers 404 to an address that it does not know.
                Pages::new(self, None, Some(1)).next().await?;
                Ok(None)
            }
            Err(error) => Err(self.explained(error, call)),
        }
    }

    async fn call(&self, call: &Call<'_>) -> Result<Answer, AdminError> {
        let answer = self.todolist.call_for_app(&self.client, call).await;
        answer.map_err(|error| self.explained(error, call))
    }

    /// What went wrong, and what to do about it.
    fn explained(&self, error: DownstreamError, call: &Call<'_>) -> AdminError {
        match error {
            DownstreamError::Acquire(AcquireError::Unavailable(reason)) => {
                // Nobody answered: the provider has not judged anything.
                let remedy = if reason.contains("no answer from") { self.is_dev_running() } else { String::new() };
                let remedy = aadsts::explain_text(&reason).map_or(remedy, |known| {
                    format!("\n  AADSTS{}: {}.\n  Remedy: {}.", known.code, known.meaning, known.remedy)
                });
                AdminError::NoToken { reason: table::printable(&reason), remedy }
            }
            DownstreamError::Acquire(error) => AdminError::NoToken { reason: error.to_string(), remedy: String::new() },
            DownstreamError::Problem(problem) => {
                let detail = detail(&problem);
                match problem.status {
                    StatusCode::UNAUTHORIZED => AdminError::Unaccepted(detail),
                    StatusCode::FORBIDDEN => {
                        let reads = call.method.as_ref().is_none_or(|method| *method == Method::GET);
                        let needed = if reads { "ToDoList.Read.All" } else { "ToDoList.ReadWrite.All" };
                        AdminError::Forbidden(detail, needed)
                    }
                    status => AdminError::Refused { status, detail },
                }
            }
            DownstreamError::Outbound(error @ OutboundError::Unreachable { .. }) => {
                AdminError::NoAnswer { reason: error.to_string(), remedy: self.is_dev_running() }
            }
            DownstreamError::Outbound(error) => AdminError::NotTheApi(error.to_string()),
            error @ DownstreamError::Call(_) => {
                AdminError::NoAnswer { reason: error.to_string(), remedy: String::new() }
            }
        }
    }

    fn is_dev_running(&self) -> String {
        let Some(file) = &self.dev else { return String::new() };
        format!(
            "\n  `errand dev` does not seem to run: start it in this folder. ({} is of its last run.)",
            file.display()
        )
    }
}

/// The API's words, and what it says of single members of the body.
fn detail(problem: &Problem) -> String {
    let mut text = problem.detail.clone().unwrap_or_else(|| problem.title.clone());
    for error in problem.document.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let member = |name| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let _ = write!(text, " {}: {}", member("pointer"), member("detail"));
    }
    table::printable(&text)
}

fn read<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, AdminError> {
    outbound::json("the API", &answer.body).map_err(|error| AdminError::NotTheApi(error.to_string()))
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
