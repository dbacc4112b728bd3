//! The protected `ToDoList` API: a resource server. It keeps the to-dos, and knows customers only by their access tokens.
//!
//! | request | what it does | permission |
//! |---|---|---|
//! | `GET /api/todolist` | lists to-dos: all, or those that a filter names, in an order, page by page | read |
//! | `POST /api/todolist` | adds one | write |
//! | `PATCH /api/todolist` | marks all as done or not, or those in a list | write |
//! | `DELETE /api/todolist?done=true` | removes those that are done | write |
//! | `GET /api/todolist/{id}` | shows one | read |
//! | `PUT /api/todolist/{id}` | replaces one | write |
//! | `PATCH /api/todolist/{id}` | changes a part of one, or moves it | write |
//! | `DELETE /api/todolist/{id}` | removes one | write |
//! | `DELETE /api/todolist?everything=true` | deletes all there is, for good | write |
//! | `GET /api/todolist/export?format=` | all of a list as a file: `json`, `ics`, `todo.txt`, `csv` | read |
//! | `POST /api/todolist/import?format=` | brings such a file back | write |
//! | `GET /api/todolist/lists` | shows the lists that there are beside the one that everybody has | read |
//! | `POST /api/todolist/lists` | adds a list | write |
//! | `GET /api/todolist/lists/{id}` | shows one | read |
//! | `PUT`, `PATCH /api/todolist/lists/{id}` | renames one, or moves it | write |
//! | `DELETE /api/todolist/lists/{id}` | removes one, with the to-dos in it | write |
//! | `GET /api/todolist/reminders?from=&until=` | the reminders of open to-dos within a span of time | read |
//! | `POST /api/todolist/batch` | adds, changes and removes several in one change | write |
//! | `POST /api/todolist/changes/{number}/undo` | undoes a change, for a day; the last one as `latest` | write |
//! | `GET /api/todolist/changes?since=` | says which changed since a change | read |
//! | `GET /api/todolist/events` | says so as it happens: server-sent events, resumed by `Last-Event-ID` | read |
//! | `GET /api/profile` | shows the customer's own profile | `read_profile` |
//! | `PATCH /api/profile` | changes a part of it | `write_profile` |
//! | `GET /.well-known/oauth-protected-resource` | says who issues tokens for it, and which scopes there are | – |
//! | `GET /health` | says that the API runs | – |
//! | `GET /api/openapi.json` | describes all of this, for programs (`OpenAPI` 3.1) | – |
//! | `GET /api/docs` | describes it for people, every kind of problem, too | – |
//!
//! Each change of an owner's list has a number: the version of the to-dos that it changed, and what undoing it is asked by.
//! Answers to changes carry it in `Todolist-Change` ([`CHANGE`](crate::todo::CHANGE)), answers of one to-do its version in `ETag`, and `If-Match`
//! makes any change of it depend on that. A to-do may come with an id that its client made: sent twice, it is added once.
//!
//! What an author may say of a to-do: `description`, `done`, `note` (Markdown, kept as text, at most 10,000 characters),
//! `starred`, and `due`: a day, `{"date": "2026-12-01"}`, or a moment, with `"time": "09:00"` and `"timeZone": "Europe/Madrid"`
//! (IANA) beside it; a `reminder`, which is such a moment; `repeat`; the id of the `list` that it is in; and `steps`, at most 100: `[{"id": "…", "text": "…",
//! "done": false}]`, which change as a whole. `POST` and `PUT` say all of it, `PATCH` what changes (RFC 7396). When it became
//! done (`completedAt`), and all else, says the API. What a to-do does not have is absent.
//!
//! What has a `repeat` is due, and says how it goes on: a rule of RFC 5545 §3.3.10, `FREQ=WEEKLY;BYDAY=MO,TH`, as
//! [`Repeat`](crate::todo::Repeat) understands it. When it is done, by whichever request, its rule is taken off, and in the
//! same change the next one is added right behind it: due on the next day of the rule that is not over, at the same time in
//! the same zone, with its reminder as long before, and no step done. One undo takes both back.
//!
//! A customer has one list that has no id and no name, in which a to-do is that names no other one, and up to 200 beside it.
//! They are changed, seen and undone as to-dos are, in changes of the same numbers. With a list its to-dos are removed, in one
//! change; undoing it brings all of them back. A to-do that comes back alone comes back to the list that everybody has.
//!
//! Users see their own to-dos, apps (daemons) everyone's. Profiles are kept by a directory, which is asked on the
//! customer's behalf (`directory`). Every error is a problem document (RFC 9457); its `type` leads to
//! its explanation in `/api/docs`, and its words are in the language that the request asks for (`detail`, `texts`). Scripts
//! in browsers have no business here, their access tokens stay on the web server: CORS is closed, unless `allowed_origins`
//! names web sites. How often a caller may call is limited (`rate_limits`), and answers say what is left.

mod body;
mod callers;
#[cfg(test)]
mod changes_tests;
pub mod config;
mod content;
#[cfg(test)]
mod content_tests;
mod cors;
mod cursor;
mod derived_id;
mod detail;
mod directory;
mod downstream;
#[cfg(test)]
mod events_tests;
#[cfg(test)]
mod language_tests;
#[cfg(test)]
mod list_tests;
#[cfg(test)]
mod lists_tests;
mod live;
mod openapi;
#[cfg(test)]
mod openapi_tests;
mod permissions;
#[cfg(test)]
mod place_tests;
mod problem;
mod problem_type;
mod profile;
#[cfg(test)]
mod profile_tests;
mod rate_limit;
#[cfg(test)]
mod rate_limit_tests;
mod rejection;
#[cfg(test)]
mod reminders_tests;
#[cfg(test)]
mod repeat_tests;
mod routes;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod texts;
mod time_zone;
mod transfer;
#[cfg(test)]
mod transfer_tests;

use axum::extract::Request;
use axum::middleware::Next;
use axum::{Router, middleware};

use crate::platform::serve;

pub use self::downstream::Downstream;
pub use self::state::{Api, StartError};

/// The largest body, in bytes, but for a file that is imported. Most routes take less: [`body::Members::MAX_BYTES`]; of bodies
/// whose length is not announced, the routes read no more than they take.
const MAX_BODY: usize = 256 * 1024;
/// Where a file is imported.
const IMPORT: &str = "/api/todolist/import";

/// All routes of the API.
pub fn router(api: Api) -> Router {
    let cors = cors::layer(&api.0.allowed_origins);
    let router = routes::router(api).layer(middleware::from_fn(|request: Request, next: Next| async {
        let is_file = request.uri().path() == IMPORT;
        if is_file { next.run(request).await } else { serve::refuse_early(MAX_BODY, request, next).await }
    }));
    let router = serve::with_standard_layers(router, "api", routes::MAX_FILE);
    let router = router.layer(middleware::from_fn(problem::complete));
    // Outermost: a browser must be let see errors, too.
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
}
