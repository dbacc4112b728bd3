//! `GET /api/todolist/reminders?from=&until=`: the reminders of open to-dos within a span of time, the earliest first: what an
//! app needs that reminds customers.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answer;
use crate::api::callers::{Reader, whose};
use crate::api::problem::Problem;
use crate::api::store::{self, ReminderPlace, Whose};
use crate::api::texts::Texts;
use crate::api::{Api, body, transfer};
use crate::identity::bearer::Kind;
use crate::platform::clock::Timestamp;
use crate::todo::Todo;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Those at this moment or later (RFC 3339); all that are before `until`, when absent.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// Those before this moment (RFC 3339).
    #[param(required = true, value_type = String, format = DateTime)]
    until: Option<String>,
    /// How many at most, 1 to 1000; what is beyond becomes the nearest of these.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// What the `Link` of the page before had: where this one begins.
    cursor: Option<String>,
    /// Whose: an app names the owner, or gets everyone's. What a user names is not looked at.
    owner: Option<String>,
}

/// A reminder.
#[derive(Serialize, ToSchema)]
pub(super) struct Reminder {
    /// The moment (RFC 3339, UTC). One that clocks skip is the moment at which they would have shown it; of two that they show
    /// alike, it is the first.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// What it is of.
    todo: Todo,
}

fn moment(name: &str, text: &str) -> Result<Timestamp, Problem> {
    let time = transfer::time(text).map_err(|error| Problem::bad_request(error.at(format!("`{name}`"))))?;
    Ok(Timestamp::from(time))
}

fn cursor(place: &ReminderPlace) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::json!([place.0, place.1]).to_string())
}

fn place(cursor: &str) -> Result<ReminderPlace, Problem> {
    let place =
        URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| serde_json::from_slice::<(i64, Uuid)>(&bytes).ok());
    let (at, id) = place.ok_or_else(|| Problem::bad_request(Texts::cursor_of_reminders))?;
    Ok((Timestamp::from_millis(at), id))
}

/// Lists reminders of open to-dos, the earliest first.
///
/// A user's own; an app gets those of the owner that it names, or everyone's. What is done or removed has none.
#[utoipa::path(
    get,
    path = "/api/todolist/reminders",
    operation_id = "listReminders",
    tag = "to-dos",
    params(Asked),
    responses(
        (status = 200, description = "A page of them.", body = [Reminder], headers(("Link" = Option<String>))),
    ),
    extensions(("x-problems" = json!([]))),
    security(("read" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Reader(caller): Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let until = asked.until.as_deref().ok_or_else(|| Problem::bad_request(Texts::until_missing))?;
    let from = asked.from.as_deref().map(|text| moment("from", text)).transpose()?;
    let span = from.unwrap_or_default()..moment("until", until)?;
    let limit = answer::limit(asked.limit.as_deref())?;
    let after = asked.cursor.as_deref().map(place).transpose()?;
    let whose = match &asked.owner {
        Some(owner) if caller.kind == Kind::App => {
            Whose::Of(body::owner(&caller, Some(owner)).map_err(Problem::bad_request)?)
        }
        _ => whose(&caller),
    };
    let (reminders, next) = api.0.store.reminders(whose, &span, after, limit).await?;
    let next = next.map(|place| {
        let query = [
            ("from", asked.from.clone()),
            ("until", asked.until.clone()),
            ("limit", Some(limit.to_string())),
            ("cursor", Some(cursor(&place))),
            ("owner", asked.owner.clone()),
        ];
        answer::next_page("reminders", query.into_iter().filter_map(|(name, value)| Some((name, value?))))
    });
    let reminder = |store::Reminder { at, todo }| Reminder { at: at.into(), todo };
    Ok((next, Json(reminders.into_iter().map(reminder).collect::<Vec<_>>())).into_response())
}
