//! The rows of reminders: where their mails go, and which a worker has taken already. A reminder is a to-do and a moment: one
//! that is moved is another one.

use std::collections::HashSet;

use time::Duration;
use uuid::Uuid;

use super::Store;
use super::address::{Address, spoken};
use crate::platform::clock::Timestamp;

/// How late a reminder may be mailed, after an outage; one that is older is not mailed any more.
pub const MAX_LATE: Duration = Duration::days(1);

impl Store {
    /// Notes where a customer's reminders go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_reminder_address(&self, customer: &str, address: &Address) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO reminder_addresses (customer, email, name, language) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (customer) DO UPDATE SET email = excluded.email, name = excluded.name, language = excluded.language",
        )
        .bind(customer)
        .bind(&address.email)
        .bind(&address.name)
        .bind(address.language.tag())
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Where a customer's reminders go; `None` until they have signed in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reminder_address(&self, customer: &str) -> Result<Option<Address>, sqlx::Error> {
        let query = "SELECT email, name, language FROM reminder_addresses WHERE customer = $1";
        let rows: Vec<(String, String, String)> = sqlx::query_as(query).bind(customer).fetch_all(self.db()).await?;
        Ok(rows.into_iter().next().map(|(email, name, language)| Address { email, name, language: spoken(&language) }))
    }

    /// The reminders from that moment on that were taken already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reminders_taken(&self, from: Timestamp) -> Result<HashSet<(String, i64)>, sqlx::Error> {
        let query = sqlx::query_as("SELECT todo, remind_at FROM reminders_taken WHERE remind_at >= $1").bind(from);
        Ok(query.fetch_all(self.db()).await?.into_iter().collect())
    }

    /// Takes a reminder, **before** its mail is given away: only `true` allows that. Of several workers one gets it, and
    /// whatever becomes of that one, nobody gets it again.
    ///
    /// # Errors
    /// When the database does not answer: then nothing may be sent.
    pub async fn take_reminder(&self, todo: Uuid, at: Timestamp) -> Result<bool, sqlx::Error> {
        let statement = "INSERT INTO reminders_taken (todo, remind_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let taken = sqlx::query(statement).bind(todo.to_string()).bind(at).execute(self.db()).await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Gives a reminder back whose mail was certainly not accepted by the mail server, to be tried again.
    ///
    /// # Errors
    /// When the database does not answer: then there is no mail.
    pub async fn give_reminder_back(&self, todo: Uuid, at: Timestamp) -> Result<(), sqlx::Error> {
        let statement = "DELETE FROM reminders_taken WHERE todo = $1 AND remind_at = $2";
        sqlx::query(statement).bind(todo.to_string()).bind(at).execute(self.db()).await.map(drop)
    }

    /// Forgets those that were taken and are too old to be mailed again, whatever the clocks of workers say.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_reminders(&self) -> Result<(), sqlx::Error> {
        let statement = "DELETE FROM reminders_taken WHERE remind_at < $1";
        sqlx::query(statement).bind(self.clock().timestamp() - MAX_LATE - MAX_LATE).execute(self.db()).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::identity;
    use crate::language::Language;
    use crate::platform::clock::Clock;
    use crate::platform::database;

    #[tokio::test]
    async fn a_reminder_is_taken_once_whoever_asks_and_a_moved_one_is_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::manual(datetime!(2026-11-28 12:00 UTC));
        let url = database::test_url(folder.path()).await;
        let open = async || {
            let db = database::open("web.database_url", &url, &identity::MIGRATIONS).await.expect("a database");
            Store::open("web.database_url", db, clock.clone()).await.expect("tables")
        };
        // Two programs on one database.
        let (one, other) = (open().await, open().await);
        let (todo, at) = (Uuid::from_u128(1), clock.timestamp());
        let (first, second) = tokio::join!(one.take_reminder(todo, at), other.take_reminder(todo, at));
        assert_ne!(first.expect("an answer"), second.expect("an answer"));
        assert!(!one.take_reminder(todo, at).await.expect("an answer"), "nor later");
        let later = at + Duration::minutes(1);
        assert!(other.take_reminder(todo, later).await.expect("an answer"));
        let taken = one.reminders_taken(later).await.expect("an answer");
        assert_eq!(taken, HashSet::from([(todo.to_string(), later.as_millis())]));
        one.give_reminder_back(todo, at).await.expect("an answer");
        assert!(other.take_reminder(todo, at).await.expect("an answer"));

        // Forgotten when nobody would mail it any more.
        clock.advance(MAX_LATE);
        one.forget_reminders().await.expect("an answer");
        assert_eq!(one.reminders_taken(at).await.expect("an answer").len(), 2);
        clock.advance(MAX_LATE + Duration::HOUR);
        one.forget_reminders().await.expect("an answer");
        assert_eq!(one.reminders_taken(at).await.expect("an answer").len(), 0);

        assert_eq!(one.reminder_address("ada").await.expect("an answer"), None);
        for (email, language) in [("ada@example.com", Language::English), ("lovelace@example.com", Language::Spanish)] {
            let address = Address { email: email.to_owned(), name: "Ada".to_owned(), language };
            one.set_reminder_address("ada", &address).await.expect("an answer");
            assert_eq!(other.reminder_address("ada").await.expect("an answer"), Some(address));
        }
    }
}
