//! The mails of a tenant without a mail server, the newest [`KEPT`] of them.

use serde::Serialize;
use sqlx::AnyPool;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::platform::clock::{self, Clock};
use crate::tenant::mail::Mail;

/// How many mails are kept.
const KEPT: i64 = 200;

/// Where mails are kept. Cheap to clone.
#[derive(Clone)]
pub(in crate::tenant) struct Mailbox {
    db: AnyPool,
    clock: Clock,
}

/// A mail in the mailbox.
#[derive(Serialize)]
pub(in crate::tenant) struct Kept {
    pub(in crate::tenant) to: String,
    pub(in crate::tenant) subject: String,
    pub(in crate::tenant) body: String,
    pub(in crate::tenant) passcode: Option<String>,
    /// RFC 3339, UTC.
    pub(in crate::tenant) sent_at: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    recipient: String,
    subject: String,
    body: String,
    passcode: Option<String>,
    sent_at: i64,
}

impl From<Row> for Kept {
    fn from(Row { recipient, subject, body, passcode, sent_at }: Row) -> Self {
        let sent_at = clock::from_millis(sent_at).truncate_to_second().format(&Rfc3339).unwrap_or_default();
        Self { to: recipient, subject, body, passcode, sent_at }
    }
}

impl Mailbox {
    /// The mailbox in the tenant's database.
    pub(in crate::tenant) fn new(db: AnyPool, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Puts `mail` into the mailbox, and the oldest out of it.
    pub(in crate::tenant) async fn keep(&self, mail: Mail) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO mailbox (id, recipient, subject, body, passcode, sent_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(mail.to.as_str())
        .bind(mail.subject)
        .bind(mail.body)
        .bind(mail.passcode)
        .bind(self.clock.unix_millis())
        .execute(&self.db)
        .await?;
        sqlx::query("DELETE FROM mailbox WHERE id NOT IN (SELECT id FROM mailbox ORDER BY id DESC LIMIT $1)")
            .bind(KEPT)
            .execute(&self.db)
            .await
            .map(drop)
    }

    /// All mails, or those to one address (in lower case).
    pub(in crate::tenant) async fn newest_first(&self, to: Option<&str>) -> Result<Vec<Kept>, sqlx::Error> {
        let query = match to {
            None => sqlx::query_as("SELECT recipient, subject, body, passcode, sent_at FROM mailbox ORDER BY id DESC"),
            Some(to) => sqlx::query_as(
                "SELECT recipient, subject, body, passcode, sent_at FROM mailbox WHERE recipient = $1 ORDER BY id DESC",
            )
            .bind(to),
        };
        let rows: Vec<Row> = query.fetch_all(&self.db).await?;
        Ok(rows.into_iter().map(Kept::from).collect())
    }
}
