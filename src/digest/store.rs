//! The rows of digests. Reading and writing is one statement, so that of two workers one gets a customer.

use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row as _};
use time::Duration;

use super::address::{Address, spoken};
use super::schedule::{DEFAULT_HOUR, TOO_LATE, TimeZone};
use crate::language::Language;
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::database::{self, DatabaseError, Returning as _};
use crate::platform::random;

/// For how long a worker has a customer to itself: much longer than one digest takes.
const CLAIM: Duration = Duration::minutes(5);

/// What a customer chose on the account page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Whether there is to be a digest.
    pub enabled: bool,
    /// Where to: the address that the provider vouches for, never one that was typed.
    pub email: String,
    /// What to call them; empty where that is not known.
    pub name: String,
    /// What they read.
    pub language: Language,
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
    /// When the next one is due. Means nothing while it is off or skipped.
    pub next_at: Timestamp,
    /// The result of the last one.
    pub last: Option<Last>,
    /// Set while only a sign-in helps.
    pub skipped: Option<Skipped>,
}

/// The last digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// The local date that it was for, `YYYY-MM-DD`.
    pub date: String,
    /// The result.
    pub outcome: Outcome,
}

/// The result of a day's digest.
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
    /// Since when.
    pub at: Timestamp,
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
    /// When it is too late for it.
    pub too_late_at: Timestamp,
    /// How often it was tried before.
    pub tries: u32,
    last: Option<Last>,
    claim: String,
}

#[cfg(test)]
impl Claimed {
    /// A claim that no row knows.
    pub(crate) fn for_tests(preferences: Preferences) -> Self {
        let date = "2026-11-25".to_owned();
        let (customer, claim) = (String::new(), String::new());
        Self { customer, preferences, date, too_late_at: Timestamp::default(), tries: 0, last: None, claim }
    }
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

const COLUMNS: &str = "customer, enabled, email, name, language, time_zone, hour, next_for, next_at, tries, last_for, \
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

    pub(super) fn db(&self) -> &AnyPool {
        &self.db
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
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
        let Preferences { enabled, email, name, language, time_zone, hour } = preferences;
        let last_for = last.as_ref().map(|last| last.date.as_str());
        let next = time_zone.next_morning(*hour, self.clock.timestamp(), last_for);
        // While nothing changes that has to do with time, what is due stays due.
        sqlx::query(
            "INSERT INTO digests (customer, enabled, email, name, time_zone, hour, next_for, next_at, language) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (customer) DO UPDATE SET \
             next_for = CASE WHEN digests.enabled = excluded.enabled AND digests.time_zone = excluded.time_zone \
               AND digests.hour = excluded.hour THEN digests.next_for ELSE excluded.next_for END, \
             next_at = CASE WHEN digests.enabled = excluded.enabled AND digests.time_zone = excluded.time_zone \
               AND digests.hour = excluded.hour THEN digests.next_at ELSE excluded.next_at END, \
             claim = CASE WHEN digests.enabled = excluded.enabled AND digests.time_zone = excluded.time_zone \
               AND digests.hour = excluded.hour THEN digests.claim ELSE NULL END, \
             enabled = excluded.enabled, email = excluded.email, name = excluded.name, \
             language = excluded.language, time_zone = excluded.time_zone, hour = excluded.hour",
        )
        .bind(customer)
        .bind(i64::from(*enabled))
        .bind(email)
        .bind(name)
        .bind(time_zone.name())
        .bind(i64::from(*hour))
        .bind(next.date)
        .bind(next.at)
        .bind(language.tag())
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// The provider told another address or name of a customer at their latest sign-in, or their browser asked for another
    /// language; does nothing for who never chose anything.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn readdress(&self, customer: &str, address: &Address) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE digests SET email = $1, name = $2, language = $3 \
             WHERE customer = $4 AND (email <> $1 OR name <> $2 OR language <> $3)",
        )
        .bind(&address.email)
        .bind(&address.name)
        .bind(address.language.tag())
        .bind(customer)
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// A customer chose another language: their mails are written in it from now on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_language(&self, customer: &str, language: Language) -> Result<(), sqlx::Error> {
        for statement in [
            "UPDATE digests SET language = $1 WHERE customer = $2 AND language <> $1",
            "UPDATE reminder_addresses SET language = $1 WHERE customer = $2 AND language <> $1",
        ] {
            sqlx::query(statement).bind(language.tag()).bind(customer).execute(&self.db).await?;
        }
        Ok(())
    }

    /// A customer who signed in at `signed_in_at` gets digests again, if they were
    /// skipped before that. What they were skipped for is returned once, so that they can be told.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resume(&self, customer: &str, signed_in_at: Timestamp) -> Result<Option<Skipped>, sqlx::Error> {
        let Some(Digest { preferences, last, skipped: Some(skipped), .. }) = self.load(customer).await? else {
            return Ok(None);
        };
        if skipped.at > signed_in_at {
            return Ok(None);
        }
        let last_for = last.as_ref().map(|last| last.date.as_str());
        let next = preferences.time_zone.next_morning(preferences.hour, self.clock.timestamp(), last_for);
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
        let now = self.clock.timestamp();
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
        let now = self.clock.timestamp();
        let claim = random::token();
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "UPDATE digests SET claim = $1, claimed_until = $2 WHERE customer = $3 AND enabled = 1 \
             AND skipped_at IS NULL AND next_at <= $4 AND (claimed_until <= $4 OR claimed_until > $2) \
             RETURNING {COLUMNS}"
        )))
        .bind(&claim)
        .bind(now + CLAIM)
        .bind(customer)
        .bind(now)
        .one_written(&self.db)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let digest = digest(&row)?;
        let date: String = row.try_get("next_for")?;
        let tries: i64 = row.try_get("tries")?;
        let too_late_at = digest.preferences.time_zone.at(&date, digest.preferences.hour) + TOO_LATE;
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
        let next = time_zone.next_morning(*hour, self.clock.timestamp(), Some(&claimed.date));
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
    /// `at`.
    ///
    /// # Errors
    /// When the database does not answer: then there is no mail that day.
    pub async fn take_back(&self, claimed: &Claimed, at: Timestamp) -> Result<(), sqlx::Error> {
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

    /// Corrects a [`Outcome::Sent`] whose mail the mail server will not have, today or ever.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn not_sent(&self, claimed: &Claimed) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE digests SET last_outcome = $1 WHERE customer = $2 AND last_for = $3")
            .bind(Outcome::GivenUp.name())
            .bind(&claimed.customer)
            .bind(&claimed.date)
            .execute(&self.db)
            .await?;
        Ok(())
    }

    /// Makes today's digest of everybody who wants one due at once, whether there was one today or not: for developers
    /// who do not want to wait until morning.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn make_all_due(&self) -> Result<(), sqlx::Error> {
        let now = self.clock.timestamp();
        let rows = sqlx::query("SELECT customer, time_zone FROM digests WHERE enabled = 1").fetch_all(&self.db).await?;
        for row in rows {
            let time_zone: String = row.try_get("time_zone")?;
            let today = TimeZone::parse(&time_zone).unwrap_or_else(|_| TimeZone::utc()).date(now);
            sqlx::query(
                "UPDATE digests SET next_for = $1, next_at = $2, tries = 0, last_for = NULL, last_outcome = NULL \
                 WHERE customer = $3 AND enabled = 1",
            )
            .bind(today)
            .bind(now)
            .bind(row.try_get::<String, _>("customer")?)
            .execute(&self.db)
            .await?;
        }
        Ok(())
    }

    /// Tries again at `at`, and gives the claim back.
    ///
    /// # Errors
    /// When the database does not answer: then the claim runs out by itself.
    pub async fn retry(&self, claimed: &Claimed, at: Timestamp) -> Result<(), sqlx::Error> {
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
        .bind(self.clock.timestamp())
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
        language: spoken(&row.try_get::<String, _>("language")?),
        time_zone,
        hour: u8::try_from(row.try_get::<i64, _>("hour")?).unwrap_or(DEFAULT_HOUR),
    };
    let last = row.try_get::<Option<String>, _>("last_for")?.zip(row.try_get::<Option<String>, _>("last_outcome")?);
    let skipped =
        row.try_get::<Option<Timestamp>, _>("skipped_at")?.zip(row.try_get::<Option<String>, _>("skipped_reason")?);
    Ok(Digest {
        preferences,
        next_at: row.try_get("next_at")?,
        last: last.and_then(|(date, outcome)| Some(Last { date, outcome: Outcome::named(&outcome)? })),
        skipped: skipped.map(|(at, reason)| Skipped { at, reason }),
    })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use time::{OffsetDateTime, macros::datetime};

    use super::*;
    use crate::identity;

    /// Six o'clock in Berlin, on the day before clocks are put forward.
    const SATURDAY: OffsetDateTime = datetime!(2026-03-28 05:00 UTC);

    struct Test {
        store: Store,
        clock: Clock,
        _folder: TempDir,
    }

    async fn test() -> Test {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::manual(SATURDAY);
        let url = database::test_url(folder.path()).await;
        let db = database::open("web.database_url", &url, &identity::MIGRATIONS).await.expect("a database");
        let store = Store::open("web.database_url", db.clone(), clock.clone()).await.expect("tables");
        // As when a second program opens the same database.
        Store::open("web.database_url", db, clock.clone()).await.expect("they are there");
        Test { store, clock, _folder: folder }
    }

    fn preferences(time_zone: &str) -> Preferences {
        Preferences {
            enabled: true,
            email: "ada@example.com".to_owned(),
            name: "Ada".to_owned(),
            language: Language::English,
            time_zone: TimeZone::parse(time_zone).expect("a time zone"),
            hour: 7,
        }
    }

    impl Test {
        async fn claim(&self) -> Option<Claimed> {
            self.store.claim("ada").await.expect("an answer")
        }

        async fn due(&self) -> usize {
            self.store.due(10).await.expect("an answer").len()
        }

        async fn load(&self) -> Digest {
            self.store.load("ada").await.expect("an answer").expect("a row")
        }

        /// When the next one is due.
        async fn next(&self) -> OffsetDateTime {
            self.load().await.next_at.into()
        }
    }

    #[tokio::test]
    async fn what_was_chosen_is_loaded_again() {
        let test = test().await;
        assert_eq!(test.store.load("ada").await.expect("an answer"), None);
        let chosen = preferences("Europe/Berlin");
        test.store.save("ada", &chosen).await.expect("saved");
        let digest = test.load().await;
        assert_eq!((digest.preferences, digest.last, digest.skipped), (chosen, None, None));
        assert_eq!(test.next().await, datetime!(2026-03-28 06:00 UTC));
        assert_eq!(test.store.load("bob").await.expect("an answer"), None);
    }

    #[tokio::test]
    async fn of_many_workers_one_gets_the_customer_and_settles_the_day_once() {
        let test = test().await;
        test.store.save("ada", &preferences("Europe/Berlin")).await.expect("saved");
        assert_eq!((test.due().await, test.claim().await.is_some()), (0, false), "it is six o'clock");
        test.clock.advance(Duration::hours(1));
        assert_eq!(test.due().await, 1);
        let workers: Vec<_> = (0..8)
            .map(|_| {
                let store = test.store.clone();
                tokio::spawn(async move { store.claim("ada").await.expect("an answer") })
            })
            .collect();
        let mut claimed = Vec::new();
        for worker in workers {
            claimed.extend(worker.await.expect("no panic"));
        }
        let [claimed] = claimed.try_into().expect("one of them");
        assert_eq!((claimed.date.as_str(), claimed.tries, test.due().await), ("2026-03-28", 0, 0));
        assert_eq!(OffsetDateTime::from(claimed.too_late_at), datetime!(2026-03-28 11:00 UTC));
        assert!(test.store.settle(&claimed, Outcome::Sent).await.expect("an answer"));
        assert!(!test.store.settle(&claimed, Outcome::Sent).await.expect("an answer"), "not again");
        let last = Last { date: "2026-03-28".to_owned(), outcome: Outcome::Sent };
        assert_eq!(test.load().await.last, Some(last));
        // Summer time begins in the night: seven o'clock comes an hour earlier.
        assert_eq!(test.next().await, datetime!(2026-03-29 05:00 UTC));
    }

    #[tokio::test]
    async fn a_claim_of_a_worker_that_died_is_taken_over_after_five_minutes_and_worth_nothing_then() {
        let test = test().await;
        test.store.save("ada", &preferences("Europe/Berlin")).await.expect("saved");
        test.clock.advance(Duration::hours(1));
        let dead = test.claim().await.expect("it is due");
        test.clock.advance(Duration::minutes(4));
        assert!(test.claim().await.is_none());
        test.clock.advance(Duration::minutes(2));
        let alive = test.claim().await.expect("it is due again");
        assert!(!test.store.settle(&dead, Outcome::Sent).await.expect("an answer"), "it must not send any more");
        test.store.skip(&dead, "nonsense").await.expect("an answer");
        assert_eq!(test.load().await.skipped, None);
        assert!(test.store.settle(&alive, Outcome::NothingOpen).await.expect("an answer"));
        // A claim from before a clock was set back does not block for longer either.
        test.clock.advance(Duration::days(1));
        test.claim().await.expect("it is due");
        test.clock.advance(Duration::minutes(-30));
        assert!(test.claim().await.is_some());
    }

    #[tokio::test]
    async fn a_digest_that_is_turned_off_meanwhile_is_not_sent() {
        let test = test().await;
        test.store.save("ada", &preferences("Europe/Berlin")).await.expect("saved");
        test.clock.advance(Duration::hours(1));
        let claimed = test.claim().await.expect("it is due");
        let off = Preferences { enabled: false, ..preferences("Europe/Berlin") };
        test.store.save("ada", &off).await.expect("saved");
        assert!(!test.store.settle(&claimed, Outcome::Sent).await.expect("an answer"));
        test.clock.advance(Duration::days(3));
        assert_eq!((test.due().await, test.claim().await.is_some()), (0, false));
        test.store.save("ada", &preferences("Europe/Berlin")).await.expect("saved");
        assert_eq!(test.due().await, 0, "it is eight o'clock: tomorrow");
        test.clock.advance(Duration::days(1));
        assert_eq!(test.due().await, 1);
    }

    #[tokio::test]
    async fn saving_what_has_nothing_to_do_with_time_leaves_what_is_due() {
        let test = test().await;
        test.store.save("ada", &preferences("Europe/Berlin")).await.expect("saved");
        test.clock.advance(Duration::hours(1));
        let claimed = test.claim().await.expect("it is due");
        let renamed = Preferences { name: "Countess".to_owned(), ..preferences("Europe/Berlin") };
        test.store.save("ada", &renamed).await.expect("saved");
        assert!(test.store.settle(&claimed, Outcome::Sent).await.expect("an answer"));
        // Half past seven in Berlin is half past two in New York, where there is no second one today.
        test.clock.advance(Duration::minutes(30));
        test.store.save("ada", &preferences("America/New_York")).await.expect("saved");
        assert_eq!(test.next().await, datetime!(2026-03-29 11:00 UTC));
    }

    #[tokio::test]
    async fn another_address_of_the_customer_is_the_one_that_is_written_to() {
        let test = test().await;
        let address =
            Address { email: "new@example.com".to_owned(), name: "Countess".to_owned(), language: Language::Spanish };
        test.store.readdress("ada", &address).await.expect("nothing to change");
        assert_eq!(test.store.load("ada").await.expect("loaded"), None);
        test.store.save("ada", &preferences("Europe/Berlin")).await.expect("saved");
        let before = test.load().await;
        test.store.readdress("ada", &address).await.expect("changed");
        let mut expected = before;
        "new@example.com".clone_into(&mut expected.preferences.email);
        "Countess".clone_into(&mut expected.preferences.name);
        expected.preferences.language = Language::Spanish;
        assert_eq!(test.load().await, expected);
        test.store.set_reminder_address("ada", &address).await.expect("an answer");
        test.store.set_language("ada", Language::English).await.expect("an answer");
        assert_eq!(test.load().await.preferences.language, Language::English);
        let reminders = test.store.reminder_address("ada").await.expect("an answer").expect("a row");
        assert_eq!(reminders.language, Language::English);
    }

    #[tokio::test]
    async fn what_was_stored_before_languages_is_english_and_no_word_of_a_language_is_a_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = database::test_url(folder.path()).await;
        let db = database::open("web.database_url", &url, &identity::MIGRATIONS).await.expect("a database");
        let before = super::super::MIGRATIONS.iter().filter(|migration| migration.version < 3).cloned().collect();
        let before = sqlx::migrate::Migrator::with_migrations(before);
        database::migrate_beside("web.database_url", &db, "digest", &before).await.expect("tables");
        for (customer, name) in [("ada", "You"), ("bob", "Bob")] {
            for statement in [
                "INSERT INTO digests (customer, enabled, email, name, time_zone, hour, next_for, next_at) \
                 VALUES ($1, 1, 'a@example.com', $2, 'UTC', 7, '2026-03-28', 0)",
                "INSERT INTO reminder_addresses (customer, email, name) VALUES ($1, 'a@example.com', $2)",
            ] {
                sqlx::query(statement).bind(customer).bind(name).execute(&db).await.expect("a row");
            }
        }
        let store = Store::open("web.database_url", db, Clock::manual(SATURDAY)).await.expect("tables");
        for (customer, name) in [("ada", ""), ("bob", "Bob")] {
            let Preferences { name: digest, language, .. } =
                store.load(customer).await.expect("an answer").expect("a row").preferences;
            assert_eq!((digest.as_str(), language), (name, Language::English));
            let reminders = store.reminder_address(customer).await.expect("an answer").expect("a row");
            assert_eq!((reminders.name.as_str(), reminders.language), (name, Language::English));
        }
    }

    #[tokio::test]
    async fn a_skipped_customer_is_left_alone_until_they_have_signed_in_and_is_told_once() {
        let test = test().await;
        test.store.save("ada", &preferences("Europe/Berlin")).await.expect("saved");
        test.clock.advance(Duration::hours(1));
        let claimed = test.claim().await.expect("it is due");
        let before = test.clock.timestamp() - Duration::milliseconds(1);
        test.store.skip(&claimed, "there is no refresh token").await.expect("an answer");
        for _ in 0..5 {
            test.clock.advance(Duration::days(1));
            assert_eq!((test.due().await, test.claim().await.is_some()), (0, false));
        }
        // A session from before does not help, nor does saving.
        assert_eq!(test.store.resume("ada", before).await.expect("an answer"), None);
        test.store.save("ada", &preferences("Europe/Berlin")).await.expect("saved");
        assert_eq!(test.due().await, 0);
        let skipped = test.store.resume("ada", test.clock.timestamp()).await.expect("an answer").expect("skipped");
        assert_eq!(skipped.reason, "there is no refresh token");
        assert_eq!(test.store.resume("ada", test.clock.timestamp()).await.expect("an answer"), None, "once");
        assert_eq!(test.due().await, 0, "not at any time of the day");
        test.clock.advance(Duration::days(1));
        assert!(test.claim().await.is_some());
        assert_eq!(test.store.resume("bob", test.clock.timestamp()).await.expect("an answer"), None);
    }

    #[tokio::test]
    async fn what_failed_is_due_again_when_it_was_said_to_be() {
        let test = test().await;
        test.store.save("ada", &preferences("Europe/Berlin")).await.expect("saved");
        test.clock.advance(Duration::hours(1));
        let claimed = test.claim().await.expect("it is due");
        test.store.retry(&claimed, test.clock.timestamp() + Duration::minutes(1)).await.expect("an answer");
        assert_eq!(test.due().await, 0);
        test.clock.advance(Duration::minutes(1));
        let claimed = test.claim().await.expect("it is due");
        assert_eq!((claimed.date.as_str(), claimed.tries), ("2026-03-28", 1));
        // The mail server said no before it took anything.
        assert!(test.store.settle(&claimed, Outcome::Sent).await.expect("an answer"));
        test.store.take_back(&claimed, test.clock.timestamp() + Duration::minutes(2)).await.expect("an answer");
        assert_eq!(test.load().await.last, None);
        test.clock.advance(Duration::minutes(2));
        let claimed = test.claim().await.expect("it is due");
        assert_eq!(claimed.tries, 2);
        test.store.release(&claimed).await.expect("an answer");
        let claimed = test.claim().await.expect("it was given back");
        assert!(test.store.settle(&claimed, Outcome::Sent).await.expect("an answer"));
        test.store.not_sent(&claimed).await.expect("an answer");
        assert_eq!(test.load().await.last.map(|last| last.outcome), Some(Outcome::GivenUp));
        assert_eq!(test.next().await, datetime!(2026-03-29 05:00 UTC));
    }

    #[tokio::test]
    async fn developers_need_not_wait_for_the_morning() {
        let test = test().await;
        test.store.save("ada", &preferences("Europe/Berlin")).await.expect("saved");
        test.store.make_all_due().await.expect("an answer");
        let claimed = test.claim().await.expect("it is due");
        assert!(test.store.settle(&claimed, Outcome::Sent).await.expect("an answer"));
        assert!(test.claim().await.is_none());
        test.store.make_all_due().await.expect("an answer");
        assert_eq!(test.claim().await.map(|claimed| claimed.date).as_deref(), Some("2026-03-28"));
    }
}
