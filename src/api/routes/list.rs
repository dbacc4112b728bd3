//! `GET /api/todolist`: to-dos, page by page. Without parameters, all of the caller's own in the order of their list.
//!
//! | parameter | which to-dos |
//! |---|---|
//! | `done=true`, `done=false` | those that are done, or are not |
//! | `starred=true`, `starred=false` | those that have a star, or have none |
//! | `dueFrom=2026-12-01` | those that are due on that day or later; of a moment, the day in its zone counts |
//! | `dueBefore=2026-12-08` | those that are due before that day |
//! | `list=` | those in the list of that id; `list=default`: those in the one that everybody has |
//! | `q=milk` | those with this text in description or note, in any case; `%` and `_` are characters like others |
//! | `sort=` | `position` (when absent), `due` (those that are not come last), `created`, `updated`, `description`; the other way round with `-` before it |
//! | `limit=` | how many at most, 1 to 1000 |
//! | `cursor=` | what the `Link` of the page before had (RFC 8288, `rel="next"`): where this one begins |
//! | `after=` | the id of a to-do, behind which it begins |
//! | `owner=` | an app's: whose |
//!
//! The header `Todolist-Change` ([`CHANGE`](crate::todo::CHANGE)) says which change of the owner's was the last one; what is
//! shown may be newer, and is not older.
//!
//! An app that names no owner gets everyone's, in the order of their ids, neither filtered nor sorted otherwise.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer;
use crate::api::callers::{Reader, whose};
use crate::api::detail::Detail;
use crate::api::problem::Problem;
use crate::api::store::{Filter, Key, Order, Page, Start, Wanted, Whose};
use crate::api::texts::Texts;
use crate::api::{Api, body, cursor};
use crate::identity::bearer::Kind;
use crate::todo::{Day, Todo};

/// The longest text that is searched for, in characters.
const MAX_SEARCHED: usize = 200;

/// What was asked for, as it came.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    /// How many at most, 1 to 1000; what is beyond becomes the nearest of these.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// The id of a to-do, behind which the page begins.
    #[param(value_type = Option<Uuid>)]
    after: Option<String>,
    /// What the `Link` of the page before had: where this one begins.
    cursor: Option<String>,
    /// Whose to-dos: an app names the owner. What a user names is not looked at.
    owner: Option<String>,
    /// Those that are done, or are not.
    #[param(value_type = Option<bool>)]
    done: Option<String>,
    /// Those that have a star, or have none.
    #[param(value_type = Option<bool>)]
    starred: Option<String>,
    /// Those that are due on that day or later; of a moment, the day in its zone counts.
    #[param(value_type = Option<String>, format = Date)]
    due_from: Option<String>,
    /// Those that are due before that day.
    #[param(value_type = Option<String>, format = Date)]
    due_before: Option<String>,
    /// Those in the list of that id; `default`: those in the one that everybody has.
    list: Option<String>,
    /// Those with this text in description or note, in any case; `%` and `_` are characters like others.
    #[param(max_length = 200)]
    q: Option<String>,
    /// The order: `position` (when absent), `due` (those that are not come last), `created`, `updated`, `description`; the
    /// other way round with `-` before it.
    #[param(pattern = "^-?(position|due|created|updated|description)$")]
    sort: Option<String>,
}

impl Asked {
    fn wanted(&self) -> Result<Wanted, Problem> {
        let filter = Filter {
            done: truth("done", self.done.as_deref())?,
            starred: truth("starred", self.starred.as_deref())?,
            due_from: day("dueFrom", self.due_from.as_deref())?,
            due_before: day("dueBefore", self.due_before.as_deref())?,
            list: body::list(self.list.as_deref()).map_err(|detail| Problem::bad_request(detail.at("`list`")))?,
            text: self.text()?,
        };
        let order = self.order()?;
        Ok(Wanted { filter, order, start: self.start(order)?, limit: answer::limit(self.limit.as_deref())? })
    }

    fn order(&self) -> Result<Order, Problem> {
        let Some(text) = self.sort.as_deref() else { return Ok(Order::default()) };
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let key = Key::ALL.into_iter().find(|key| key.name() == name);
        key.map(|key| Order { key, descending }).ok_or_else(|| {
            let names = Key::ALL.map(Key::name).join(", ");
            Problem::bad_request(Detail::new(move |t| t.sort_unknown(&names)))
        })
    }

    fn start(&self, order: Order) -> Result<Start, Problem> {
        match (&self.cursor, &self.after) {
            (None, None) => Ok(Start::Beginning),
            (None, Some(id)) => {
                let id = id.parse().map_err(|_| Problem::bad_request(Texts::after_malformed))?;
                Ok(Start::After(id))
            }
            (Some(cursor), None) => {
                cursor::read(order, cursor).map(Start::At).ok_or_else(|| Problem::bad_request(Texts::cursor_of_list))
            }
            (Some(_), Some(_)) => Err(Problem::bad_request(Texts::two_beginnings)),
        }
    }

    fn text(&self) -> Result<Option<String>, Problem> {
        let Some(text) = self.q.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        if text.contains('\0') || text.chars().count() > MAX_SEARCHED {
            return Err(Problem::bad_request(Detail::new(|t| t.search_malformed(&MAX_SEARCHED))));
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
            ("list", self.list.clone()),
            ("q", self.q.clone()),
            ("sort", self.sort.clone()),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

fn truth(name: &'static str, text: Option<&str>) -> Result<Option<bool>, Problem> {
    let truth = text.map(str::parse).transpose();
    truth.map_err(|_| Problem::bad_request(Detail::new(move |t| t.truth_malformed(&name))))
}

fn day(name: &str, text: Option<&str>) -> Result<Option<Day>, Problem> {
    let day = text.map(Day::parse).transpose();
    day.map_err(|error| Problem::bad_request(Detail::from(error).at(format!("`{name}`"))))
}

/// Lists to-dos, page by page.
///
/// Without parameters, all of the caller's own in the order of their list. An app that names no owner gets everyone's, in
/// the order of their ids, neither filtered nor sorted otherwise.
#[utoipa::path(
    get,
    path = "/api/todolist",
    operation_id = "listTodos",
    tag = "to-dos",
    params(Asked),
    responses(
        (status = 200, description = "A page of the list.", body = [Todo], headers(("Link" = Option<String>), ("Todolist-Change" = Option<i64>, description = "The number of the owner's last change; absent where everyone's to-dos are shown."))),
    ),
    security(("read" = [])),
)]
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
        return Err(Problem::bad_request(Texts::everyones_as_they_are));
    }
    let Page { todos, next, last_change } = api.0.store.list(whose, &wanted).await?;
    let next = next.map(|place| answer::next_page("", asked.at(cursor::write(wanted.order, &place), wanted.limit)));
    Ok((next, answer::change_header(last_change), Json(todos)).into_response())
}
