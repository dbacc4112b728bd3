//! The to-dos in the database. Whose they are is part of every WHERE, and every operation is one statement.
//!
//! Statements that write and return rows use `fetch_all`: SQLite commits only after the last row was read, and nothing may
//! be acknowledged before the commit.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row as _};
use uuid::Uuid;
use uuid::timestamp::context::ContextV7;

use crate::platform::clock::{Clock, Timestamp};
use crate::platform::database::{self, DatabaseError};
use crate::todo::{Description, NewTodo, Patch, Todo};

/// The columns that a [`Todo`] is made of. A macro, because statements are made of literals.
macro_rules! columns {
    () => {
        "id, owner, description, done, created_at, updated_at"
    };
}

/// How many to-dos one owner may have.
pub(super) const MAX_PER_OWNER: i64 = 1000;
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

/// What adding a to-do came to.
pub(super) enum Added {
    /// It is there.
    Todo(Todo),
    /// The owner has [`MAX_PER_OWNER`] already.
    Full,
}

/// The to-dos. Cheap to clone.
#[derive(Clone)]
pub(super) struct Store {
    db: AnyPool,
    clock: Clock,
    /// Counts ids within a millisecond, so that to-dos added at once keep their order.
    ids: Arc<Mutex<AssertUnwindSafe<ContextV7>>>,
}

impl Store {
    /// Opens the database and brings its schema up to date.
    pub(super) async fn open(url: &str, clock: Clock) -> Result<Self, DatabaseError> {
        let db = database::open("api.database_url", url, &sqlx::migrate!("src/api/migrations")).await?;
        Ok(Self { db, clock, ids: Arc::new(Mutex::new(AssertUnwindSafe(ContextV7::new()))) })
    }

    /// To-dos in the order in which they were added, at most `limit` of them, after the one with id `after`.
    pub(super) async fn list(
        &self,
        whose: Whose<'_>,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Todo>, StoreError> {
        // SQLite plans for the value of a bare `LIMIT $2`, and so compiles the statement anew for every binding of it,
        // which costs more than running it. The empty text comes before every id.
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let query = match whose {
            Whose::Of(owner) => sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM todos WHERE id > $1 AND owner = $3 ORDER BY id LIMIT CAST($2 AS BIGINT)"
            ))
            .bind(after)
            .bind(limit)
            .bind(owner),
            Whose::Everyones => sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM todos WHERE id > $1 ORDER BY id LIMIT CAST($2 AS BIGINT)"
            ))
            .bind(after)
            .bind(limit),
        };
        query.fetch_all(&self.db).await?.iter().map(todo).collect()
    }

    /// One to-do.
    pub(super) async fn get(&self, whose: Whose<'_>, id: Uuid) -> Result<Option<Todo>, StoreError> {
        let (owner, any) = whose.parameters();
        let query = sqlx::query(concat!("SELECT ", columns!(), " FROM todos WHERE id = $1 AND (owner = $2 OR $3 = 1)"));
        let rows = query.bind(id.to_string()).bind(owner).bind(any).fetch_all(&self.db).await?;
        rows.first().map(todo).transpose()
    }

    /// Adds a to-do, unless the owner's list is full.
    pub(super) async fn add(&self, owner: &str, new: &NewTodo) -> Result<Added, StoreError> {
        let now = self.clock.timestamp();
        let query = sqlx::query(concat!(
            "INSERT INTO todos (",
            columns!(),
            ") SELECT $1, $2, $3, $4, $5, $5 WHERE (SELECT COUNT(*) FROM todos WHERE owner = $2) < $6 RETURNING ",
            columns!()
        ));
        let rows = query
            .bind(self.new_id(now).to_string())
            .bind(owner)
            .bind(new.description.as_str())
            .bind(i64::from(new.done))
            .bind(now)
            .bind(MAX_PER_OWNER)
            .fetch_all(&self.db)
            .await?;
        rows.first().map_or(Ok(Added::Full), |row| todo(row).map(Added::Todo))
    }

    /// Changes what is given and keeps the rest. `None` when there is no such to-do.
    pub(super) async fn change(&self, whose: Whose<'_>, id: Uuid, patch: &Patch) -> Result<Option<Todo>, StoreError> {
        let (owner, any) = whose.parameters();
        let query = sqlx::query(concat!(
            "UPDATE todos SET description = COALESCE($1, description), done = COALESCE($2, done), updated_at = $3
             WHERE id = $4 AND (owner = $5 OR $6 = 1) RETURNING ",
            columns!()
        ));
        let rows = query
            .bind(patch.description.as_ref().map(Description::as_str))
            .bind(patch.done.map(i64::from))
            .bind(self.clock.timestamp())
            .bind(id.to_string())
            .bind(owner)
            .bind(any)
            .fetch_all(&self.db)
            .await?;
        rows.first().map(todo).transpose()
    }

    /// Removes a to-do, and says whether there was one.
    pub(super) async fn remove(&self, whose: Whose<'_>, id: Uuid) -> Result<bool, StoreError> {
        let (owner, any) = whose.parameters();
        let query = sqlx::query("DELETE FROM todos WHERE id = $1 AND (owner = $2 OR $3 = 1)");
        let result = query.bind(id.to_string()).bind(owner).bind(any).execute(&self.db).await?;
        Ok(result.rows_affected() > 0)
    }

    /// Marks all of an owner's to-dos, and says how many that changed.
    pub(super) async fn mark_all(&self, owner: &str, done: bool) -> Result<u64, StoreError> {
        let query = sqlx::query("UPDATE todos SET done = $1, updated_at = $2 WHERE owner = $3 AND done <> $1");
        let result = query.bind(i64::from(done)).bind(self.clock.timestamp()).bind(owner).execute(&self.db).await?;
        Ok(result.rows_affected())
    }

    /// Removes an owner's to-dos that are done, and says how many there were.
    pub(super) async fn clear_completed(&self, owner: &str) -> Result<u64, StoreError> {
        let query = sqlx::query("DELETE FROM todos WHERE owner = $1 AND done = 1");
        Ok(query.bind(owner).execute(&self.db).await?.rows_affected())
    }

    fn new_id(&self, now: Timestamp) -> Uuid {
        let since_epoch = std::time::Duration::from_millis(now.as_millis().unsigned_abs());
        Uuid::new_v7(uuid::Timestamp::from_unix(&*self.ids, since_epoch.as_secs(), since_epoch.subsec_nanos()))
    }
}

fn todo(row: &AnyRow) -> Result<Todo, StoreError> {
    Ok(Todo {
        id: row.try_get::<String, _>("id")?.parse().map_err(|_| StoreError::Row)?,
        owner: row.try_get("owner")?,
        description: row.try_get::<String, _>("description")?.try_into().map_err(|_| StoreError::Row)?,
        done: row.try_get::<i64, _>("done")? != 0,
        created_at: row.try_get::<Timestamp, _>("created_at")?.into(),
        updated_at: row.try_get::<Timestamp, _>("updated_at")?.into(),
    })
}
