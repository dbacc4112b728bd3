//! Lists: which to-dos, in which order, from where on. Each order has an index that the statement follows from the place
//! where the page begins (keyset pagination), so that a page costs the same wherever it is.

use std::fmt;

use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row as _};
use uuid::Uuid;

use super::derived::{NOT_DUE, day_key, folded, list_key};
use super::{Store, StoreError, Whose, columns, todo};
use crate::todo::{Day, Details, Todo};

/// In which list to-dos are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum In {
    /// In any.
    #[default]
    All,
    /// In this one, or in the one that everybody has.
    List(Option<Uuid>),
}

impl In {
    /// For `($a = 1 OR list = $b)`.
    pub(super) fn parameters(self) -> (i64, String) {
        match self {
            Self::All => (1, String::new()),
            Self::List(list) => (0, list_key(list)),
        }
    }
}

/// Which of an owner's to-dos are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Those that are done, or are not.
    pub(crate) done: Option<bool>,
    /// Those that have a star, or have none.
    pub(crate) starred: Option<bool>,
    /// Those that are due on this day or later.
    pub(crate) due_from: Option<Day>,
    /// Those that are due before this day.
    pub(crate) due_before: Option<Day>,
    /// Those in this list.
    pub(crate) list: In,
    /// Those that have this text in description or note, whatever the case of its letters.
    pub(crate) text: Option<String>,
}

/// What to-dos are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Key {
    /// Where they are in their owner's list.
    #[default]
    Position,
    /// When they are due; those that are not come last.
    Due,
    /// When they were added.
    Created,
    /// When they changed.
    Updated,
    /// The beginning of their description, in small letters.
    Description,
}

impl Key {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [Self::Position, Self::Due, Self::Created, Self::Updated, Self::Description];

    /// As requests name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Due => "due",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Description => "description",
        }
    }

    /// The column.
    fn column(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::Due => "due",
            Self::Created => "created_at",
            Self::Updated => "updated_at",
            Self::Description => "title",
        }
    }
}

/// The order of a list. Of to-dos with the same key, the ids decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    /// By what.
    pub(crate) key: Key,
    /// The largest first.
    pub(crate) descending: bool,
}

/// As requests name it: `due`, or `-due` for the largest first.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.key.name())
    }
}

/// What a to-do has for a [`Key`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

/// A place in a list: behind the to-do that has this value and this id, or had.
pub(crate) type Place = (Value, Uuid);

/// Where a page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the list.
    #[default]
    Beginning,
    /// Behind this to-do, where it is now, or was before it was removed.
    After(Uuid),
    /// Behind a place of an earlier page.
    At(Place),
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Which to-dos.
    pub(crate) filter: Filter,
    /// In which order.
    pub(crate) order: Order,
    /// From where on.
    pub(crate) start: Start,
    /// How many at most.
    pub(crate) limit: i64,
}

/// Some of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// The to-dos.
    pub(crate) todos: Vec<Todo>,
    /// Where the next page begins, if there is one.
    pub(crate) next: Option<Place>,
    /// Which change of the owner's was the last one: what is shown may be newer, and is not older. None of everyone's.
    pub(crate) last_change: Option<i64>,
}

impl Store {
    /// To-dos of one owner, or everyone's, which come in the order of their ids and are not filtered.
    pub(crate) async fn list(&self, whose: Whose<'_>, wanted: &Wanted) -> Result<Page, StoreError> {
        let key = wanted.order.key;
        let (rows, last_change) = match whose {
            Whose::Of(owner) => {
                let start = match &wanted.start {
                    Start::Beginning => None,
                    Start::At(place) => Some(place.clone()),
                    Start::After(id) => match self.place_of(owner, *id, key).await? {
                        None => {
                            let last_change = Some(self.last_change(owner).await?);
                            return Ok(Page { last_change, ..Page::default() });
                        }
                        place => place,
                    },
                };
                self.of_owner(owner, wanted, start.as_ref()).await?
            }
            Whose::Everyones => {
                // The empty text comes before every id.
                let after = match &wanted.start {
                    Start::Beginning => String::new(),
                    Start::After(id) | Start::At((_, id)) => id.to_string(),
                };
                let query = sqlx::query(concat!(
                    "SELECT ",
                    columns!(),
                    ", position AS sort_key FROM todos WHERE id > $1 AND removed_at IS NULL \
                     ORDER BY id LIMIT CAST($2 AS BIGINT)"
                ));
                (query.bind(after).bind(wanted.limit.saturating_add(1)).fetch_all(&self.db).await?, None)
            }
        };
        let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
        let (mut todos, mut room) = (Vec::with_capacity(rows.len()), Room::default());
        for row in rows.iter().take(limit) {
            let todo = todo(row)?;
            // One there is always, or there would be no end of pages.
            if !room.has(&todo) && !todos.is_empty() {
                break;
            }
            todos.push(todo);
        }
        let last = todos.len().checked_sub(1).filter(|_| todos.len() < rows.len());
        let next = last.map(|last| Ok::<_, StoreError>((value(&rows[last], key)?, todos[last].id))).transpose()?;
        Ok(Page { todos, next, last_change })
    }

    /// An owner's rows, and which change was the last one when they were read.
    async fn of_owner(
        &self,
        owner: &str,
        wanted: &Wanted,
        start: Option<&Place>,
    ) -> Result<(Vec<AnyRow>, Option<i64>), StoreError> {
        let read = async || {
            let rows = statement(wanted, start).fetch(&self.db, owner, wanted.limit).await?;
            let last_change =
                rows.first().map(|row| row.try_get::<Option<i64>, _>("last_change")).transpose()?.flatten();
            Ok::<_, StoreError>((rows, last_change))
        };
        let (rows, last_change) = read().await?;
        if last_change.is_some() {
            return Ok((rows, last_change));
        }
        // Without a row nothing said it. Asked now, it could be of a change that these rows are without: they are read again.
        let before = self.last_change(owner).await?;
        let (rows, last_change) = read().await?;
        Ok((rows, last_change.or(Some(before))))
    }

    /// Where a to-do is in a list of that order, or was before it was removed.
    async fn place_of(&self, owner: &str, id: Uuid, key: Key) -> Result<Option<Place>, StoreError> {
        // All of it are texts of this file.
        let sql = format!("SELECT {} AS sort_key FROM todos WHERE id = $1 AND owner = $2", key.column());
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.to_string()).bind(owner);
        let rows = query.fetch_all(&self.db).await?;
        rows.first().map(|row| Ok((value(row, key)?, id))).transpose()
    }
}

fn value(row: &AnyRow, key: Key) -> Result<Value, StoreError> {
    Ok(match key {
        Key::Description => Value::Text(row.try_get("sort_key")?),
        _ => Value::Number(row.try_get("sort_key")?),
    })
}

/// How large an answer may become: clients of ours take a megabyte, and to-dos may have long notes.
pub(crate) struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(768 * 1024)
    }
}

impl Room {
    /// Whether there is room for one more to-do. It is used up then.
    pub(crate) fn has(&mut self, todo: &Todo) -> bool {
        // Names, times and the rest.
        const FRAME: usize = 300;
        let Todo { owner, description, details, .. } = todo;
        let details = if *details == Details::default() {
            0
        } else {
            serde_json::to_string(details).map_or(usize::MAX, |details| details.len())
        };
        // What is not written as it is, is written as six characters at most (RFC 8259 §7).
        let text = description.as_str();
        let escaped = text.bytes().filter(|byte| matches!(byte, 0..b' ' | b'"' | b'\\')).count();
        let size = details.saturating_add(FRAME + owner.len() + text.len() + 5 * escaped);
        let room = self.0.checked_sub(size);
        self.0 = room.unwrap_or_default();
        room.is_some()
    }
}

/// A statement, and what is bound to its parameters from `$2` on: `$1` is the owner, and the last one the limit.
struct Statement {
    sql: String,
    bound: Vec<Value>,
}

impl Statement {
    /// Adds a condition, with `$` in the place of each parameter.
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.sql += " AND ";
        let mut pieces = condition.split('$');
        self.sql += pieces.next().unwrap_or_default();
        for (piece, value) in pieces.zip(values) {
            self.bound.push(value);
            let number = self.bound.len() + 1;
            self.sql.extend(["$", &number.to_string(), piece]);
        }
    }

    async fn fetch(self, db: &AnyPool, owner: &str, limit: i64) -> Result<Vec<AnyRow>, sqlx::Error> {
        // The text is made of texts of this file; what requests say is bound.
        let mut query = sqlx::query(sqlx::AssertSqlSafe(self.sql)).bind(owner);
        for value in self.bound {
            query = match value {
                Value::Number(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
            };
        }
        query.bind(limit.saturating_add(1)).fetch_all(db).await
    }
}

/// The statement for a page that begins at `start`.
fn statement(wanted: &Wanted, start: Option<&Place>) -> Statement {
    let Wanted { filter, order, .. } = wanted;
    let column = order.key.column();
    let sql = format!(
        concat!(
            "SELECT ",
            columns!(),
            ", {} AS sort_key, (SELECT last_change FROM owners WHERE owner = $1) AS last_change FROM todos \
             WHERE owner = $1 AND removed_at IS NULL"
        ),
        column
    );
    let mut statement = Statement { sql, bound: Vec::new() };
    if let Some((value, id)) = start {
        let comparison = if order.descending { "<" } else { ">" };
        // Bound numbers have a type on PostgreSQL that SQLite's planner does not need to know.
        let parameter = if matches!(value, Value::Number(_)) { "CAST($ AS BIGINT)" } else { "$" };
        let place = [value.clone(), Value::Text(id.to_string())];
        statement.and(&format!("({column}, id) {comparison} ({parameter}, $)"), place);
    }
    // Marks are written out, so that the indices of those that have one are used. There are few with a star: where those
    // are wanted they are gone through, whatever else is (no engine uses an index for `+done`).
    match filter.starred {
        Some(true) => statement.and("starred = 1", []),
        Some(false) => statement.and("starred = 0", []),
        None => {}
    }
    match (filter.done, filter.starred) {
        (Some(true), Some(true)) => statement.and("+done = 1", []),
        (Some(false), Some(true)) => statement.and("+done = 0", []),
        (Some(true), _) => statement.and("done = 1", []),
        (Some(false), _) => statement.and("done = 0", []),
        (None, _) => {}
    }
    if let In::List(list) = filter.list {
        statement.and("list = $", [Value::Text(list_key(list))]);
    }
    if filter.due_from.is_some() || filter.due_before.is_some() {
        // Where the page begins behind one that is due late enough, or early enough, the rest is so too; and the engine
        // begins there, rather than at the first of all.
        let begins = |descending| start.is_some() && order.key == Key::Due && order.descending == descending;
        if let Some(day) = filter.due_from.filter(|_| !begins(false)) {
            statement.and("due >= $", [Value::Number(day_key(day))]);
        }
        if !begins(true) {
            let before = filter.due_before.map_or(NOT_DUE, day_key);
            statement.and("due < $", [Value::Number(before)]);
        }
    }
    if let Some(text) = &filter.text {
        let mut pattern = String::from("%");
        for c in folded(text).chars() {
            if matches!(c, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(c);
        }
        pattern.push('%');
        statement.and("search LIKE $ ESCAPE '!'", [Value::Text(pattern)]);
    }
    let direction = if order.descending { " DESC" } else { "" };
    // SQLite plans for the value of a bare `LIMIT $2`, and so compiles the statement anew for every binding of it, which
    // costs more than running it.
    let limit = statement.bound.len() + 2;
    let order = format!(" ORDER BY {column}{direction}, id{direction} LIMIT CAST(${limit} AS BIGINT)");
    statement.sql.push_str(&order);
    statement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::clock::Clock;

    /// How SQLite would answer.
    async fn plan(store: &Store, wanted: &Wanted, start: Option<&Place>) -> String {
        let Statement { sql, bound } = statement(wanted, start);
        let mut query = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).bind("alice");
        for value in bound {
            query = match value {
                Value::Number(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
            };
        }
        let rows = query.bind(1_i64).fetch_all(&store.db).await.expect("explained");
        rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("; ")
    }

    #[tokio::test]
    async fn a_page_of_any_order_is_read_from_where_it_begins() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let store = Store::open(&url, Clock::system()).await.expect("opens");
        let day = |text: &str| Day::parse(text).ok();
        let done = Filter { done: Some(false), ..Filter::default() };
        let due = Filter { due_from: day("2026-12-01"), due_before: day("2026-12-08"), ..done.clone() };
        let due_or_done = Filter { done: None, ..due.clone() };
        let starred = Filter { starred: Some(true), ..done.clone() };
        let in_list = Filter { list: In::List(None), ..Filter::default() };
        let open_in_list = Filter { done: Some(false), ..in_list.clone() };
        for (filter, key, index, first, follows) in [
            (Filter::default(), Key::Position, "todos_in_order", "owner=?", "(position,id)"),
            (Filter::default(), Key::Due, "todos_by_due", "owner=?", "(due,id)"),
            (Filter::default(), Key::Created, "todos_by_created_at", "owner=?", "(created_at,id)"),
            (Filter::default(), Key::Updated, "todos_by_updated_at", "owner=?", "(updated_at,id)"),
            (Filter::default(), Key::Description, "todos_by_title", "owner=?", "(title,id)"),
            (done.clone(), Key::Position, "todos_by_done", "owner=? AND done=?", "(position,id)"),
            (done, Key::Due, "todos_open_by_due", "owner=?", "(due,id)"),
            (due, Key::Due, "todos_open_by_due", "owner=? AND due>? AND due<?", "(due,id)"),
            (due_or_done, Key::Due, "todos_by_due", "owner=? AND due>? AND due<?", "(due,id)"),
            (starred, Key::Position, "todos_starred", "owner=?", "(position,id)"),
            (in_list, Key::Position, "todos_in_list", "owner=? AND list=?", "(position,id)"),
            (open_in_list, Key::Position, "todos_in_list_by_done", "owner=? AND list=? AND done=?", "(position,id)"),
        ] {
            for descending in [false, true] {
                let wanted = Wanted { filter: filter.clone(), order: Order { key, descending }, ..Wanted::default() };
                let plan = async |start| plan(&store, &wanted, start).await;
                // The last change is looked up once, and not for each row: nothing of the row is in it.
                let once = "SCALAR SUBQUERY 1; SEARCH owners USING INDEX sqlite_autoindex_owners_1 (owner=?)";
                assert_eq!(plan(None).await, format!("SEARCH todos USING INDEX {index} ({first}); {once}"));
                let value = if key == Key::Description { Value::Text("x".to_owned()) } else { Value::Number(1) };
                let from = plan(Some(&(value, Uuid::nil()))).await;
                assert!(from.contains(index) && from.contains(follows) && !from.contains("TEMP"), "{wanted:?}: {from}");
            }
        }
    }
}
