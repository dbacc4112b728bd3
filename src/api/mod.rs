//! The protected `ToDoList` API: a resource server. It keeps the to-dos, and knows customers only by their access tokens.
//!
//! | request | what it does | permission |
//! |---|---|---|
//! | `GET /api/todolist` | lists to-dos: all, or those that a filter names, in an order, page by page | read |
//! | `POST /api/todolist` | adds one | write |
//! | `PATCH /api/todolist` | marks all as done or not | write |
//! | `DELETE /api/todolist?done=true` | removes those that are done | write |
//! | `GET /api/todolist/{id}` | shows one | read |
//! | `PUT /api/todolist/{id}` | replaces one | write |
//! | `PATCH /api/todolist/{id}` | changes a part of one, or moves it | write |
//! | `DELETE /api/todolist/{id}` | removes one | write |
//! | `POST /api/todolist/batch` | adds, changes and removes several in one change | write |
//! | `POST /api/todolist/changes/{number}/undo` | undoes a change, for a day; the last one as `latest` | write |
//! | `GET /api/todolist/changes?since=` | says which changed since a change | read |
//! | `GET /api/todolist/events` | says so as it happens: server-sent events, resumed by `Last-Event-ID` | read |
//! | `GET /api/profile` | shows the customer's own profile | `read_profile` |
//! | `PATCH /api/profile` | changes a part of it | `write_profile` |
//! | `GET /.well-known/oauth-protected-resource` | says who issues tokens for it, and which scopes there are | – |
//! | `GET /health` | says that the API runs | – |
//!
//! Each change of an owner's list has a number: the version of the to-dos that it changed, and what undoing it is asked by.
//! Answers to changes carry it in `Todolist-Change` ([`CHANGE`](crate::todo::CHANGE)), answers of one to-do its version in `ETag`, and `If-Match`
//! makes any change of it depend on that. A to-do may come with an id that its client made: sent twice, it is added once.
//!
//! What an author may say of a to-do: `description`, `done`, `note` (Markdown, kept as text, at most 10,000 characters),
//! `starred`, and `due`: a day, `{"date": "2026-12-01"}`, or a moment, with `"time": "09:00"` and `"timeZone": "Europe/Madrid"`
//! (IANA) beside it; and `steps`, at most 100: `[{"id": "…", "text": "…", "done": false}]`, which change as a whole. `POST` and `PUT` say all of it, `PATCH` what changes (RFC 7396). When it became done (`completedAt`), and
//! all else, says the API. What a to-do does not have is absent.
//!
//! Users see their own to-dos, apps (daemons) everyone's. Profiles are kept by a directory, which is asked on the
//! customer's behalf (`directory`). Every error is a problem document (RFC 9457). There are no
//! CORS headers: browsers have no business here, their access tokens stay on the web server.

mod body;
mod callers;
#[cfg(test)]
mod changes_tests;
pub mod config;
mod content;
#[cfg(test)]
mod content_tests;
mod cursor;
mod directory;
mod downstream;
#[cfg(test)]
mod events_tests;
#[cfg(test)]
mod list_tests;
mod live;
mod permissions;
#[cfg(test)]
mod place_tests;
mod problem;
mod profile;
#[cfg(test)]
mod profile_tests;
mod routes;
mod state;
mod store;
#[cfg(test)]
mod tests;

use axum::{Router, middleware};

use crate::platform::serve;

pub use self::downstream::Downstream;
pub use self::state::{Api, StartError};

/// The largest body, in bytes. Most routes take less: [`body::Members::MAX_BYTES`].
const MAX_BODY: usize = 256 * 1024;

/// All routes of the API.
pub fn router(api: Api) -> Router {
    serve::with_standard_layers(routes::router(api), "api", MAX_BODY).layer(middleware::from_fn(problem::complete))
}
