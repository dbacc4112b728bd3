//! The to-dos in the database. Whose they are is part of every WHERE. Each look is one statement; each [change](change) is
//! one transaction that begins with the lock on its owner's row, so that the changes of one owner come one after the other,
//! on both engines, and each has a number.

mod change;
mod completing;
mod derived;
mod listen;
mod listing;
mod lists;
mod maintenance;
mod place;
mod reminders;
mod repeating;
mod transfer;
mod undo;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row as _};
use time::OffsetDateTime;
use uuid::Uuid;
use uuid::timestamp::context::ContextV7;

pub(super) use self::change::{Applied, Bulk, Operation, Outcome};
pub(super) use self::listing::{Filter, In, Key, Order, Page, Place, Room, Start, Value, Wanted};
pub(super) use self::lists::{ListOperation, MAX_LISTS};
#[cfg(test)]
pub(super) use self::maintenance::MAX_REMOVED;
pub(super) use self::reminders::{Reminder, ReminderPlace};
pub(super) use self::repeating::{BulkError, MAX_REPEATING};
pub(super) use self::transfer::{Brought, BroughtList, Import, Unfit};
pub(super) use self::undo::{Changed, Undoing, Undone};
use super::live::Live;
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::database::{self, DatabaseError};
use crate::todo::{Details, NewTodo, Todo};

/// The columns that a [`Todo`] is made of. A macro, because statements are made of literals.
macro_rules! columns {
    () => {
        "id, owner, description, done, details, completed_at, created_at, updated_at, version"
    };
}

/// The columns that `todos` and `replaced` have in common: what undoing brings back. Those of [`kept`], in this order.
macro_rules! kept {
    () => {
        "description, done, details, completed_at, position, updated_at, removed_at, state"
    };
}

use {columns, kept};

/// How many to-dos one owner may have: more than anybody writes, and less than would be felt by others.
pub(super) const MAX_PER_OWNER: i64 = 100_000;
/// How many to-dos are listed at once.
pub(super) const MAX_PAGE: i64 = 1000;

/// Whose to-dos an operation may touch.
#[derive(Clone, Copy)]
pub(super) enum Whose<'a> {
    /// This owner's.
    Of(&'a str),
    /// All.
    Everyones,
}

impl<'a> Whose<'a> {
    /// For `(owner = $a OR $b = 1)`.
    fn parameters(self) -> (&'a str, i64) {
        match self {
            Self::Of(owner) => (owner, 0),
            Self::Everyones => ("", 1),
        }
    }
}

/// Why the database did not do its work. Names no row's content.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// The engine's refusal.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A row that this program cannot have written.
    #[error("the row of a to-do is not what was written")]
    Row,
}

impl StoreError {
    /// For the log: what is wrong with the database, if that is what it is.
    pub(super) fn explain(&self) -> String {
        match self {
            Self::Database(error) => database::explain(error),
            Self::Row => self.to_string(),
        }
    }
}

/// The to-dos. Cheap to clone.
#[derive(Clone)]
pub(super) struct Store {
    db: AnyPool,
    clock: Clock,
    /// How many to-dos one owner may have.
    max_per_owner: i64,
    /// Where the database is.
    url: Arc<str>,
    /// Who is told of changes.
    live: Live,
    /// Counts ids within a millisecond, so that to-dos added at once keep their order.
    ids: Arc<Mutex<AssertUnwindSafe<ContextV7>>>,
}

impl Store {
    /// Opens the database and brings its schema up to date.
    pub(super) async fn open(url: &str, clock: Clock) -> Result<Self, DatabaseError> {
        let db = database::open("api.database_url", url, &sqlx::migrate!("src/api/migrations")).await?;
        let ids = Arc::new(Mutex::new(AssertUnwindSafe(ContextV7::new())));
        Ok(Self { db, clock, max_per_owner: MAX_PER_OWNER, url: url.into(), live: Live::default(), ids })
    }

    /// With another limit than [`MAX_PER_OWNER`].
    #[cfg(test)]
    pub(super) fn with_max_per_owner(self, max_per_owner: i64) -> Self {
        Self { max_per_owner, ..self }
    }

    /// One to-do.
    pub(super) async fn get(&self, whose: Whose<'_>, id: Uuid) -> Result<Option<Todo>, StoreError> {
        let (owner, any) = whose.parameters();
        let query = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM todos WHERE id = $1 AND removed_at IS NULL AND (owner = $2 OR $3 = 1)"
        ));
        let rows = query.bind(id.to_string()).bind(owner).bind(any).fetch_all(&self.db).await?;
        rows.first().map(todo).transpose()
    }

    /// Whose a to-do is, among those that `whose` may touch.
    pub(super) async fn owner_of(&self, whose: Whose<'_>, id: Uuid) -> Result<Option<String>, StoreError> {
        if let Whose::Of(owner) = whose {
            return Ok(Some(owner.to_owned()));
        }
        let rows =
            sqlx::query_as("SELECT owner FROM todos WHERE id = $1").bind(id.to_string()).fetch_all(&self.db).await?;
        Ok(rows.into_iter().next().map(|(owner,)| owner))
    }

    /// The texts of a row, removed or not: description, details, and what is sorted by and searched.
    #[cfg(test)]
    pub(super) async fn columns(&self, id: Uuid) -> [String; 4] {
        let query = sqlx::query_as("SELECT description, details, title, search FROM todos WHERE id = $1");
        let (description, details, title, search) =
            query.bind(id.to_string()).fetch_one(&self.db).await.expect("it is there");
        [description, details, title, search]
    }

    /// How many to-dos an owner has as is known, and as they are counted.
    #[cfg(test)]
    pub(super) async fn counts(&self, owner: &str) -> (i64, i64) {
        let query = "SELECT todo_count, (SELECT COUNT(*) FROM todos WHERE owner = $1 AND removed_at IS NULL) AS counted
                     FROM owners WHERE owner = $1";
        sqlx::query_as(query).bind(owner).fetch_one(&self.db).await.expect("they are known")
    }

    /// As places were before there were any.
    #[cfg(test)]
    pub(super) async fn put_all_in_one_place(&self) {
        sqlx::query("UPDATE todos SET position = 1024").execute(&self.db).await.expect("works");
    }

    /// An id for a to-do whose client made none.
    pub(super) fn make_id(&self) -> Uuid {
        self.new_id(self.clock.timestamp())
    }

    fn new_id(&self, now: Timestamp) -> Uuid {
        let since_epoch = std::time::Duration::from_millis(now.as_millis().unsigned_abs());
        Uuid::new_v7(uuid::Timestamp::from_unix(&*self.ids, since_epoch.as_secs(), since_epoch.subsec_nanos()))
    }
}

fn todo(row: &AnyRow) -> Result<Todo, StoreError> {
    let NewTodo { description, done, details } = said(row)?;
    Ok(Todo {
        id: row.try_get::<String, _>("id")?.parse().map_err(|_| StoreError::Row)?,
        owner: row.try_get("owner")?,
        description,
        done,
        details,
        completed_at: completed_at(row)?,
        created_at: row.try_get::<Timestamp, _>("created_at")?.into(),
        updated_at: row.try_get::<Timestamp, _>("updated_at")?.into(),
        version: row.try_get("version")?,
    })
}

/// What its author says of a to-do.
fn said(row: &AnyRow) -> Result<NewTodo, StoreError> {
    let details: &str = row.try_get("details")?;
    Ok(NewTodo {
        description: row.try_get::<String, _>("description")?.try_into().map_err(|_| StoreError::Row)?,
        done: row.try_get::<i64, _>("done")? != 0,
        // Most to-dos have none, and lists are long.
        details: match details {
            "{}" => Details::default(),
            details => serde_json::from_str(details).map_err(|_| StoreError::Row)?,
        },
    })
}

fn completed_at(row: &AnyRow) -> Result<Option<OffsetDateTime>, StoreError> {
    Ok(row.try_get::<Option<Timestamp>, _>("completed_at")?.map(Into::into))
}
