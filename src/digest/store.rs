//! The rows of digests. Reading and writing is one statement, so that of two workers one gets a customer.
//!
//! Statements that write and return rows are read to their end (`fetch_all`): SQLite commits when the last row was
//! read.

use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row as _};

use super::schedule::{DEFAULT_HOUR, TOO_LATE, TimeZone};
use crate::platform::clock::Clock;
use crate::platform::database::{self, DatabaseError};
use crate::platform::random;

/// For how long, in milliseconds, a worker has a customer to itself: much longer than one digest takes.
const CLAIM: i64 = 5 * 60_000;

/// What a customer chose on the account page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Whether there is to be a digest.
    pub enabled: bool,
    /// Where to: the address that the provider vouches for, never one that was typed.
    pub email: String,
    /// What to call them.
    pub name: String,
    /// Where they live.
    pub time_zone: TimeZone,
    /// The hour of the day there, 0 to 23; [`super::schedule::DEFAULT_HOUR`] unless they chose.
    pub hour: u8,
}

/// What is known of a customer's digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// What they chose.
    pub preferences: Preferences,
    /// When the next one is due, milliseconds since the epoch. Means nothing while it is off or skipped.
    pub next_at: i64,
    /// What came of the last one.
    pub last: Option<Last>,
    /// Set while only a sign-in helps.
    pub skipped: Option<Skipped>,
}

/// The last digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// The local date that it was for, `YYYY-MM-DD`.
    pub date: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a day's digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A mail went out.
    Sent,
    /// Nothing was open, so there was no mail.
    NothingOpen,
    /// Provider, API or mail server were not to be had until it was too late.
    GivenUp,
}

/// A digest that waits for its customer to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Since when, milliseconds since the epoch.
    pub at: i64,
    /// Why, for the log and for operators; not written for customers.
    pub reason: String,
}

/// A customer whose digest is due, and whom nobody else is working for.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The customer's key, as text.
    pub customer: String,
    /// What they chose.
    pub preferences: Preferences,
    /// The local date that it is for.
    pub date: String,
    /// When it is too late for it, milliseconds since the epoch.
    pub too_late_at: i64,
    /// How often it was tried before.
    pub tries: u32,
    last: Option<Last>,
    claim: String,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::NothingOpen => "nothing open",
            Self::GivenUp => "given up",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Sent, Self::NothingOpen, Self::GivenUp].into_iter().find(|outcome| outcome.name() == name)
    }
}

/// The digests of all customers. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    db: AnyPool,
    clock: Clock,
}

const COLUMNS: &str = "customer, enabled, email, name, time_zone, hour, next_for, next_at, tries, last_for, \
                       last_outcome, skipped_at, skipped_reason";

impl Store {
    /// Adds the table to the web server's database, unless it is there. `key` names the database in errors.
    ///
    /// # Errors
    /// [`DatabaseError::Migration`].
    pub async fn open(key: &str, db: AnyPool, clock: Clock) -> Result<Self, DatabaseError> {
        database::migrate_beside(key, &db, "digest", &super::MIGRATIONS).await?;
        Ok(Self { db, clock })
    }

    /// What is known of a customer's digest; `None` when they never chose anything.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn load(&self, customer: &str) -> Result<Option<Digest>, sqlx::Error> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM digests WHERE customer = $1")))
            .bind(customer)
            .fetch_all(&self.db)
            .await?;
        rows.first().map(digest).transpose()
    }

    /// Stores what a customer chose. A morning that was settled already does not come again on the same date, whatever
    /// time zone they move to; what they were skipped for stays.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save(&self, customer: &str, preferences: &Preferences) -> Result<(), sqlx::Error> {
        let last = self.load(customer).await?.and_then(|digest| digest.last);
        let Preferences { enabled, email, name, time_zone, hour } = preferences;
        let last_for = last.as_ref().map(|last| last.date.as_str());
        let next = time_zone.next_morning(*hour, self.clock.unix_millis(), last_for);
        // While nothing changes that has to do with time, what is due stays due.
        sqlx::query(
            "INSERT INTO digests (customer, enabled, email, name, time_zone, hour, next_for, next_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (customer) DO UPDATE SET \
             next_for = CASE WHEN digests.enabled = excluded.enabled AND digests.time_zone = excluded.time_zone \
               AND digests.hour = excluded.hour THEN digests.next_for ELSE excluded.next_for END, \
             next_at = CASE WHEN digests.enabled = excluded.enabled AND digests.time_zone = excluded.time_zone \
               AND digests.hour = excluded.hour THEN digests.next_at ELSE excluded.next_at END, \
             claim = CASE WHEN digests.enabled = excluded.enabled AND digests.time_zone = excluded.time_zone \
               AND digests.hour = excluded.hour THEN digests.claim ELSE NULL END, \
             enabled = excluded.enabled, email = excluded.email, name = excluded.name, \
             time_zone = excluded.time_zone, hour = excluded.hour",
        )
        .bind(customer)
        .bind(i64::from(*enabled))
        .bind(email)
        .bind(name)
        .bind(time_zone.name())
        .bind(i64::from(*hour))
        .bind(next.date)
        .bind(next.at)
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// A customer who signed in at `signed_in_at` (milliseconds since the epoch) gets digests again, if they were
    /// skipped before that. What they were skipped for is returned once, so that they can be told.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resume(&self, customer: &str, signed_in_at: i64) -> Result<Option<Skipped>, sqlx::Error> {
        let Some(Digest { preferences, last, skipped: Some(skipped), .. }) = self.load(customer).await? else {
            return Ok(None);
        };
        if skipped.at > signed_in_at {
            return Ok(None);
        }
        let last_for = last.as_ref().map(|last| last.date.as_str());
        let next = preferences.time_zone.next_morning(preferences.hour, self.clock.unix_millis(), last_for);
        let resumed = sqlx::query(
            "UPDATE digests SET skipped_at = NULL, skipped_reason = NULL, next_for = $1, next_at = $2, tries = 0 \
             WHERE customer = $3 AND skipped_at = $4",
        )
        .bind(next.date)
        .bind(next.at)
        .bind(customer)
        .bind(skipped.at)
        .execute(&self.db)
        .await?;
        Ok((resumed.rows_affected() == 1).then_some(skipped))
    }

    /// Customers whose digest is due and whom nobody is working for, the longest due first, at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn due(&self, limit: i64) -> Result<Vec<String>, sqlx::Error> {
        let now = self.clock.unix_millis();
        // A claim that ends later than one of now would was made before the clock was set back.
        let rows = sqlx::query(
            "SELECT customer FROM digests WHERE enabled = 1 AND skipped_at IS NULL AND next_at <= $1 \
             AND (claimed_until <= $1 OR claimed_until > $2) ORDER BY next_at LIMIT CAST($3 AS BIGINT)",
        )
        .bind(now)
        .bind(now + CLAIM)
        .bind(limit)
        .fetch_all(&self.db)
        .await?;
        rows.iter().map(|row| row.try_get("customer")).collect()
    }

    /// Takes a customer whose digest is due. Of several workers one gets it, for five minutes; if it dies, another one
    /// gets it then. `None`: somebody else has it, or it is not due any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim(&self, customer: &str) -> Result<Option<Claimed>, sqlx::Error> {
        let now = self.clock.unix_millis();
        let claim = random::token();
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "UPDATE digests SET claim = $1, claimed_until = $2 WHERE customer = $3 AND enabled = 1 \
             AND skipped_at IS NULL AND next_at <= $4 AND (claimed_until <= $4 OR claimed_until > $2) \
             RETURNING {COLUMNS}"
        )))
        .bind(&claim)
        .bind(now + CLAIM)
        .bind(customer)
        .bind(now)
        .fetch_all(&self.db)
        .await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let digest = digest(row)?;
        let date: String = row.try_get("next_for")?;
        let tries: i64 = row.try_get("tries")?;
        let too_late_at = digest.preferences.time_zone.at(&date, digest.preferences.hour).saturating_add(TOO_LATE);
        let claimed = Claimed {
            customer: customer.to_owned(),
            preferences: digest.preferences,
            date,
            too_late_at,
            tries: u32::try_from(tries).unwrap_or_default(),
            last: digest.last,
            claim,
        };
        if claimed.last.as_ref().is_some_and(|last| last.date == claimed.date) {
            // Settled already, in another time zone: the next one is another day's.
            let outcome = claimed.last.as_ref().map_or(Outcome::Sent, |last| last.outcome);
            self.settle(&claimed, outcome).await?;
            return Ok(None);
        }
        Ok(Some(claimed))
    }

    /// Writes down what became of this day's digest and when the next one is due, and gives the claim back.
    ///
    /// With [`Outcome::Sent`] this comes **before** the mail is given away, and only `true` allows that: the claim is
    /// still ours, the customer still wants it, and nobody will send it again.
    ///
    /// # Errors
    /// When the database does not answer: then nothing may be sent.
    pub async fn settle(&self, claimed: &Claimed, outcome: Outcome) -> Result<bool, sqlx::Error> {
        let Preferences { time_zone, hour, .. } = &claimed.preferences;
        let next = time_zone.next_morning(*hour, self.clock.unix_millis(), Some(&claimed.date));
        let settled = sqlx::query(
            "UPDATE digests SET last_for = $1, last_outcome = $2, next_for = $3, next_at = $4, tries = 0, \
             claim = NULL, claimed_until = 0 WHERE customer = $5 AND claim = $6 AND enabled = 1",
        )
        .bind(&claimed.date)
        .bind(outcome.name())
        .bind(next.date)
        .bind(next.at)
        .bind(&claimed.customer)
        .bind(&claimed.claim)
        .execute(&self.db)
        .await?;
        Ok(settled.rows_affected() == 1)
    }

    /// Takes back a [`Outcome::Sent`] whose mail was certainly not accepted by the mail server, to be tried again at
    /// `at` (milliseconds since the epoch).
    ///
    /// # Errors
    /// When the database does not answer: then there is no mail that day.
    pub async fn take_back(&self, claimed: &Claimed, at: i64) -> Result<(), sqlx::Error> {
        let before = claimed.last.as_ref();
        sqlx::query(
            "UPDATE digests SET last_for = $1, last_outcome = $2, next_for = $3, next_at = $4, tries = $5 \
             WHERE customer = $6 AND last_for = $3 AND last_outcome = $7 AND claim IS NULL",
        )
        .bind(before.map(|last| last.date.clone()))
        .bind(before.map(|last| last.outcome.name()))
        .bind(&claimed.date)
        .bind(at)
        .bind(i64::from(claimed.tries) + 1)
        .bind(&claimed.customer)
        .bind(Outcome::Sent.name())
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// Tries again at `at` (milliseconds since the epoch), and gives the claim back.
    ///
    /// # Errors
    /// When the database does not answer: then the claim runs out by itself.
    pub async fn retry(&self, claimed: &Claimed, at: i64) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE digests SET next_at = $1, tries = tries + 1, claim = NULL, claimed_until = 0 \
             WHERE customer = $2 AND claim = $3",
        )
        .bind(at)
        .bind(&claimed.customer)
        .bind(&claimed.claim)
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// Leaves the customer alone until they have signed in again ([`Store::resume`]), and gives the claim back.
    ///
    /// # Errors
    /// When the database does not answer: then the claim runs out by itself.
    pub async fn skip(&self, claimed: &Claimed, reason: &str) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE digests SET skipped_at = $1, skipped_reason = $2, tries = 0, claim = NULL, claimed_until = 0 \
             WHERE customer = $3 AND claim = $4",
        )
        .bind(self.clock.unix_millis())
        .bind(reason)
        .bind(&claimed.customer)
        .bind(&claimed.claim)
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// Gives the claim back with nothing done: the worker stops.
    ///
    /// # Errors
    /// When the database does not answer: then the claim runs out by itself.
    pub async fn release(&self, claimed: &Claimed) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE digests SET claim = NULL, claimed_until = 0 WHERE customer = $1 AND claim = $2")
            .bind(&claimed.customer)
            .bind(&claimed.claim)
            .execute(&self.db)
            .await?;
        Ok(())
    }
}

fn digest(row: &AnyRow) -> Result<Digest, sqlx::Error> {
    let time_zone: String = row.try_get("time_zone")?;
    let time_zone = TimeZone::parse(&time_zone).unwrap_or_else(|_| {
        tracing::warn!(time_zone, "a customer lives in a time zone that this program does not know; taking UTC");
        TimeZone::utc()
    });
    let preferences = Preferences {
        enabled: row.try_get::<i64, _>("enabled")? == 1,
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        time_zone,
        hour: u8::try_from(row.try_get::<i64, _>("hour")?).unwrap_or(DEFAULT_HOUR),
    };
    let last = row.try_get::<Option<String>, _>("last_for")?.zip(row.try_get::<Option<String>, _>("last_outcome")?);
    let skipped = row.try_get::<Option<i64>, _>("skipped_at")?.zip(row.try_get::<Option<String>, _>("skipped_reason")?);
    Ok(Digest {
        preferences,
        next_at: row.try_get("next_at")?,
        last: last.and_then(|(date, outcome)| Some(Last { date, outcome: Outcome::named(&outcome)? })),
        skipped: skipped.map(|(at, reason)| Skipped { at, reason }),
    })
}
