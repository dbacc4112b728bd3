//! `GET /api/todolist`: to-dos, page by page. Without parameters, all of the caller's own in the order of their list.
//!
//! | parameter | which to-dos |
//! |---|---|
//! | `done=true`, `done=false` | those that are done, or are not |
//! | `starred=true`, `starred=false` | those that have a star, or have none |
//! | `dueFrom=2026-12-01` | those that are due on that day or later; of a moment, the day in its zone counts |
//! | `dueBefore=2026-12-08` | those that are due before that day |
//! | `q=milk` | those with this text in description or note, in any case; `%` and `_` are characters like others |
//! | `sort=` | `position` (when absent), `due` (those that are not come last), `created`, `updated`, `description`; the other way round with `-` before it |
//! | `limit=` | how many at most, 1 to 1000 |
//! | `cursor=` | what the `Link` of the page before had (RFC 8288, `rel="next"`): where this one begins |
//! | `after=` | the id of a to-do, behind which it begins |
//! | `owner=` | an app's: whose |
//!
//! An app that names no owner gets everyone's, in the order of their ids, neither filtered nor sorted otherwise.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::answer;
use crate::api::callers::{Reader, whose};
use crate::api::problem::Problem;
use crate::api::store::{Filter, Key, MAX_PAGE, Order, Page, Start, Wanted, Whose};
use crate::api::{Api, body, cursor};
use crate::identity::bearer::Kind;
use crate::todo::Day;

/// The longest text that is searched for, in characters.
const MAX_SEARCHED: usize = 200;

/// What was asked for, as it came.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    limit: Option<String>,
    after: Option<String>,
    cursor: Option<String>,
    owner: Option<String>,
    done: Option<String>,
    starred: Option<String>,
    due_from: Option<String>,
    due_before: Option<String>,
    q: Option<String>,
    sort: Option<String>,
}

impl Asked {
    fn wanted(&self) -> Result<Wanted, Problem> {
        let filter = Filter {
            done: truth("done", self.done.as_deref())?,
            starred: truth("starred", self.starred.as_deref())?,
            due_from: day("dueFrom", self.due_from.as_deref())?,
            due_before: day("dueBefore", self.due_before.as_deref())?,
            text: self.text()?,
        };
        let order = self.order()?;
        Ok(Wanted { filter, order, start: self.start(order)?, limit: self.limit()? })
    }

    /// Between 1 and [`MAX_PAGE`]: smaller and larger numbers become the nearest of these.
    fn limit(&self) -> Result<i64, Problem> {
        let Some(text) = &self.limit else { return Ok(MAX_PAGE) };
        let number: i64 = text.parse().map_err(|_| Problem::bad_request("`limit` is not a number from 1 to 1000."))?;
        Ok(number.clamp(1, MAX_PAGE))
    }

    fn order(&self) -> Result<Order, Problem> {
        let Some(text) = self.sort.as_deref() else { return Ok(Order::default()) };
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let key = Key::ALL.into_iter().find(|key| key.name() == name);
        key.map(|key| Order { key, descending }).ok_or_else(|| {
            let names = Key::ALL.map(Key::name).join(", ");
            Problem::bad_request(format!("`sort` is none of {names}, with or without - before it."))
        })
    }

    fn start(&self, order: Order) -> Result<Start, Problem> {
        match (&self.cursor, &self.after) {
            (None, None) => Ok(Start::Beginning),
            (None, Some(id)) => {
                let id = id.parse().map_err(|_| Problem::bad_request("`after` is not the id of a to-do."))?;
                Ok(Start::After(id))
            }
            (Some(cursor), None) => cursor::read(order, cursor)
                .map(Start::At)
                .ok_or_else(|| Problem::bad_request("`cursor` is not from the Link header of a list in this order.")),
            (Some(_), Some(_)) => Err(Problem::bad_request("`cursor` and `after` are two beginnings: give one.")),
        }
    }

    fn text(&self) -> Result<Option<String>, Problem> {
        let Some(text) = self.q.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        if text.contains('\0') || text.chars().count() > MAX_SEARCHED {
            let detail = format!("`q` is longer than {MAX_SEARCHED} characters, or contains NUL.");
            return Err(Problem::bad_request(detail));
        }
        Ok(Some(text.to_owned()))
    }

    /// The query of the page that begins there.
    fn at(&self, cursor: String, limit: i64) -> impl Iterator<Item = (&'static str, String)> {
        let given = [
            ("limit", Some(limit.to_string())),
            ("cursor", Some(cursor)),
            ("owner", self.owner.clone()),
            ("done", self.done.clone()),
            ("starred", self.starred.clone()),
            ("dueFrom", self.due_from.clone()),
            ("dueBefore", self.due_before.clone()),
            ("q", self.q.clone()),
            ("sort", self.sort.clone()),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

fn truth(name: &str, text: Option<&str>) -> Result<Option<bool>, Problem> {
    let truth = text.map(str::parse).transpose();
    truth.map_err(|_| Problem::bad_request(format!("`{name}` is neither true nor false.")))
}

fn day(name: &str, text: Option<&str>) -> Result<Option<Day>, Problem> {
    let day = text.map(Day::parse).transpose();
    day.map_err(|error| Problem::bad_request(format!("`{name}`: {error}")))
}

pub(super) async fn handle(
    State(api): State<Api>,
    Reader(caller): Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let wanted = asked.wanted()?;
    let whose = match &asked.owner {
        Some(owner) if caller.kind == Kind::App => {
            Whose::Of(body::owner(&caller, Some(owner)).map_err(Problem::bad_request)?)
        }
        _ => whose(&caller),
    };
    if matches!(whose, Whose::Everyones) && (wanted.filter != Filter::default() || wanted.order != Order::default()) {
        let detail = "Everyone's to-dos are neither filtered nor sorted: name the owner.";
        return Err(Problem::bad_request(detail));
    }
    let Page { todos, next } = api.0.store.list(whose, &wanted).await?;
    let next = next.map(|place| answer::next_page("", asked.at(cursor::write(wanted.order, &place), wanted.limit)));
    Ok((next, Json(todos)).into_response())
}
