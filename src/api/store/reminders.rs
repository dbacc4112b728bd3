//! Reminders: which fall into a span of time, of one owner or of everybody. The moments are derived whenever a to-do is
//! written; an index has those of open to-dos in their order, so that a look costs what it finds.

use std::ops::Range;

use sqlx::Row as _;
use uuid::Uuid;

use super::derived::remind_key;
use super::{Store, StoreError, Whose, columns, todo};
use crate::platform::clock::Timestamp;
use crate::todo::{Details, Todo};

/// How many rows are derived in one go.
const BATCH: i64 = 1000;

/// A moment, and what its author is to be reminded of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reminder {
    /// The moment.
    pub(crate) at: Timestamp,
    /// The to-do.
    pub(crate) todo: Todo,
}

/// A place among reminders: behind that of the to-do with this id.
pub(crate) type ReminderPlace = (Timestamp, Uuid);

/// The open to-dos whose reminder is behind the place `$1`, `$2` and before `$3`. The bound is written out, so that the
/// indices are used that have no others.
macro_rules! upcoming {
    ($owner:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", remind_at FROM todos WHERE removed_at IS NULL AND done = 0 AND remind_at < 9999999999999999
             AND (remind_at, id) > (CAST($1 AS BIGINT), $2) AND remind_at < CAST($3 AS BIGINT)",
            $owner,
            " ORDER BY remind_at, id LIMIT CAST($4 AS BIGINT)"
        )
    };
}

impl Store {
    /// The reminders of open to-dos within a span of time, the earliest first, behind a place of an earlier page; at most
    /// `limit`, and the place of the next page, if there is one.
    pub(crate) async fn reminders(
        &self,
        whose: Whose<'_>,
        span: &Range<Timestamp>,
        after: Option<ReminderPlace>,
        limit: i64,
    ) -> Result<(Vec<Reminder>, Option<ReminderPlace>), StoreError> {
        // Before all ids comes the empty one.
        let begin = (span.start.max(Timestamp::default()), String::new());
        let begin = after.map_or(begin.clone(), |(at, id)| begin.max((at, id.to_string())));
        let (statement, owner) = match whose {
            Whose::Of(owner) => (upcoming!(" AND owner = $5"), Some(owner)),
            Whose::Everyones => (upcoming!(""), None),
        };
        let query = sqlx::query(statement).bind(begin.0).bind(begin.1).bind(span.end).bind(limit.saturating_add(1));
        let query = match owner {
            Some(owner) => query.bind(owner),
            None => query,
        };
        let rows = query.fetch_all(&self.db).await?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut reminders = Vec::with_capacity(rows.len().min(most));
        for row in rows.iter().take(most) {
            reminders.push(Reminder { at: row.try_get("remind_at")?, todo: todo(row)? });
        }
        let last = reminders.last().filter(|_| rows.len() > most);
        let next = last.map(|reminder| (reminder.at, reminder.todo.id));
        Ok((reminders, next))
    }

    /// Derives the moments that are not derived yet: those of to-dos of before, and of what an older version of this program
    /// adds while both run.
    pub(crate) async fn derive_reminders(&self) -> Result<(), StoreError> {
        loop {
            let query = "SELECT id, details FROM todos WHERE remind_at = -1 ORDER BY id LIMIT CAST($1 AS BIGINT)";
            let rows: Vec<(String, String)> = sqlx::query_as(query).bind(BATCH).fetch_all(&self.db).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for (id, details) in rows {
                let details: Details = serde_json::from_str(&details).map_err(|_| StoreError::Row)?;
                // Unless it was written meanwhile.
                sqlx::query("UPDATE todos SET remind_at = $2 WHERE id = $1 AND remind_at = -1")
                    .bind(id)
                    .bind(remind_key(details.reminder.as_ref()))
                    .execute(&self.db)
                    .await?;
            }
        }
    }
}
