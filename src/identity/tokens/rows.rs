//! The rows of a renewal: the access token that a customer has, the lease on their refresh token, and what came of it. Each
//! of a thousand customers who renew at once would wait for statements and transactions of their own, and SQLite makes one
//! transaction at a time durable: those who wait share the next.
//!
//! Whoever is told that something was written is told so after the commit.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe, Connection as _};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::batches::Batches;
use crate::identity::user_key::UserKey;
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::database::{self, Returning as _};
use crate::platform::random;

/// How long a lease holds: longer than the slowest renewal, which waits up to five seconds for each of
/// three database connections, twelve for the provider's answer and five for its keys; and what is left over is how far
/// the clocks of two replicas may be apart.
const LEASE: time::Duration = time::Duration::MINUTE;
/// A lease that ends so much later than a new one would was taken before the clock was set back: no
/// replica's clock is that far ahead.
const CLOCK_WAS_SET_BACK: time::Duration = time::Duration::minutes(5);
/// How many customers share one transaction at most.
const LARGEST: usize = 128;

/// What went wrong, as everybody hears it who waited for the same statement. Whether something was written after all is
/// not known.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct SharedError(Arc<sqlx::Error>);

impl From<sqlx::Error> for SharedError {
    fn from(error: sqlx::Error) -> Self {
        Self(Arc::new(error))
    }
}

/// The answer to who wants a lease.
pub(super) enum Asked {
    /// It is theirs.
    Leased(Leased),
    /// There is nothing to lease, or somebody else has it.
    Refused,
    /// There was no turn before the deadline.
    TooLate,
}

/// A row of `refresh_tokens` that was just leased.
pub(super) struct Leased {
    /// The lease.
    pub(super) id: Arc<str>,
    pub(super) row: LeasedRow,
    /// The customer's access tokens for the resource, read under the lease. Where they could not be read, the lease stands all
    /// the same.
    pub(super) access_tokens: Result<Vec<AccessTokenRow>, SharedError>,
}

#[derive(sqlx::FromRow)]
pub(super) struct LeasedRow {
    customer: String,
    pub(super) subject: String,
    pub(super) scopes: Option<String>,
    pub(super) sealed: String,
}

/// The result of a renewal.
pub(super) struct Renewed {
    pub(super) customer: UserKey,
    pub(super) lease: Arc<str>,
    /// The refresh token, sealed.
    pub(super) refresh_token: String,
    pub(super) access_token: Option<AccessTokenRow>,
    /// Whether other access tokens of its resource are deleted.
    pub(super) alone: bool,
}

/// A row of `access_tokens`.
#[derive(Clone, sqlx::FromRow)]
pub(super) struct AccessTokenRow {
    pub(super) customer: String,
    pub(super) resource: String,
    pub(super) scopes: String,
    pub(super) sealed: String,
    pub(super) renew_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// Whose access tokens, and for which resource.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Whose {
    pub(super) customer: UserKey,
    pub(super) resource: String,
}

/// Access tokens that are looked for.
struct Read {
    whose: Whose,
    answer: oneshot::Sender<Result<Vec<AccessTokenRow>, SharedError>>,
}

/// Access tokens, by customer and resource.
#[derive(Default)]
struct Found(HashMap<(String, String), Vec<AccessTokenRow>>);

impl Found {
    fn of(&self, whose: &Whose) -> Vec<AccessTokenRow> {
        let key = (whose.customer.as_str().to_owned(), whose.resource.clone());
        self.0.get(&key).cloned().unwrap_or_default()
    }
}

/// Something to be written.
enum Write {
    Lease(Ask),
    Store { renewed: Renewed, answer: oneshot::Sender<Result<bool, SharedError>> },
}

/// A lease that is wanted, and access tokens under it.
struct Ask {
    whose: Whose,
    deadline: Instant,
    answer: oneshot::Sender<Result<Asked, SharedError>>,
}

/// See the module.
pub(super) struct Rows {
    reads: Batches<Read>,
    writes: Batches<Write>,
}

impl Rows {
    pub(super) fn new(db: AnyPool, clock: Clock, client_id: String) -> Self {
        // One connection is left: it keeps sessions readable while a thousand renewals are under way. The pool itself gives
        // up waiting after five seconds.
        let connections = (db.options().get_max_connections() as usize).saturating_sub(1).max(1);
        let (largest, transactions) = if database::has_one_writer(&db) {
            (LARGEST, 1)
        } else {
            // PostgreSQL makes many transactions durable at once by itself, and two that change many rows each could wait for
            // one another.
            (1, connections)
        };
        let database = Arc::new(Database { db, clock, client_id });
        let reads = Batches::new(LARGEST, connections.saturating_sub(1).max(1), {
            let database = Arc::clone(&database);
            move |reads| Arc::clone(&database).read(reads)
        });
        let writes = Batches::new(largest, transactions, move |writes| Arc::clone(&database).write(writes));
        Self { reads, writes }
    }

    /// The access tokens of a customer for a resource, except those that have expired.
    pub(super) async fn find(&self, whose: Whose) -> Result<Vec<AccessTokenRow>, SharedError> {
        let (answer, answered) = oneshot::channel();
        self.reads.push(Read { whose, answer });
        answered.await.unwrap_or_else(|_| Err(interrupted()))
    }

    /// Takes the lease on a customer's refresh token and reads the token, in one statement, begun before the `deadline`.
    pub(super) async fn lease(&self, whose: Whose, deadline: Instant) -> Result<Asked, SharedError> {
        let (answer, answered) = oneshot::channel();
        self.writes.push(Write::Lease(Ask { whose, deadline, answer }));
        answered.await.unwrap_or_else(|_| Err(interrupted()))
    }

    /// Stores the result of a renewal and gives the lease back, in one transaction. `false`: the row was deleted or leased to
    /// another task meanwhile, and nothing was stored.
    pub(super) async fn store(&self, renewed: Renewed) -> Result<bool, SharedError> {
        let (answer, answered) = oneshot::channel();
        self.writes.push(Write::Store { renewed, answer });
        answered.await.unwrap_or_else(|_| Err(interrupted()))
    }
}

fn interrupted() -> SharedError {
    sqlx::Error::WorkerCrashed.into()
}

struct Database {
    db: AnyPool,
    clock: Clock,
    client_id: String,
}

impl Database {
    async fn read(self: Arc<Self>, reads: Vec<Read>) {
        let (whose, answers): (Vec<_>, Vec<_>) = reads.into_iter().map(|read| (read.whose, read.answer)).unzip();
        let found = async {
            let mut connection = self.db.acquire().await?;
            // Several tasks may look for the same.
            let distinct: HashSet<&Whose> = whose.iter().collect();
            self.access_tokens(&mut connection, &distinct.into_iter().collect::<Vec<_>>()).await
        };
        let found = found.await.map_err(SharedError::from);
        for (whose, answer) in whose.iter().zip(answers) {
            let rows = found.as_ref().map(|found| found.of(whose));
            // Whoever has gone away meanwhile needs no answer; so below.
            let _ = answer.send(rows.map_err(Clone::clone));
        }
    }

    async fn write(self: Arc<Self>, writes: Vec<Write>) {
        let (mut asks, mut renewed, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        let now = Instant::now();
        for write in writes {
            match write {
                Write::Lease(ask) if ask.deadline < now => {
                    let _ = ask.answer.send(Ok(Asked::TooLate));
                }
                Write::Lease(ask) => asks.push(ask),
                Write::Store { renewed: result, answer } => {
                    renewed.push(result);
                    answers.push(answer);
                }
            }
        }
        match self.commit(&renewed, &asks).await {
            Ok((kept, asked)) => {
                for (renewed, answer) in renewed.iter().zip(answers) {
                    let _ = answer.send(Ok(kept.contains(&renewed.refresh_token)));
                }
                for (ask, asked) in asks.into_iter().zip(asked) {
                    let _ = ask.answer.send(Ok(asked));
                }
            }
            Err(error) => {
                let error = SharedError::from(error);
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
                for ask in asks {
                    let _ = ask.answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// Which refresh tokens were stored, as they are sealed (no two are alike), and the answer to each who wants a lease.
    async fn commit(&self, renewed: &[Renewed], asks: &[Ask]) -> Result<(HashSet<String>, Vec<Asked>), sqlx::Error> {
        let mut connection = self.db.acquire().await?;
        let id = Arc::<str>::from(random::token());
        let (kept, mut leased) = if renewed.is_empty() {
            (HashSet::new(), self.lease(&mut connection, &id, asks).await?)
        } else {
            let mut transaction = connection.begin().await?;
            let kept = self.store(&mut transaction, renewed).await?;
            let leased = self.lease(&mut transaction, &id, asks).await?;
            transaction.commit().await?;
            (kept, leased)
        };
        // Under the leases: what a renewal stored before them is seen.
        let whose = asks.iter().map(|ask| &ask.whose).filter(|whose| leased.contains_key(whose.customer.as_str()));
        let found = self.access_tokens(&mut connection, &whose.collect::<Vec<_>>()).await.map_err(SharedError::from);
        let asked = asks.iter().map(|ask| {
            // Of two in one process, which does not happen, the second one would be refused.
            let Some(row) = leased.remove(ask.whose.customer.as_str()) else { return Asked::Refused };
            let access_tokens = found.as_ref().map(|found| found.of(&ask.whose)).map_err(Clone::clone);
            Asked::Leased(Leased { id: Arc::clone(&id), row, access_tokens })
        });
        Ok((kept, asked.collect()))
    }

    /// Leases what can be leased; by customer.
    async fn lease(
        &self,
        connection: &mut AnyConnection,
        id: &str,
        asks: &[Ask],
    ) -> Result<HashMap<String, LeasedRow>, sqlx::Error> {
        if asks.is_empty() {
            return Ok(HashMap::new());
        }
        let now = self.clock.timestamp();
        let statement = format!(
            "UPDATE refresh_tokens SET lease = $1, lease_until = $2 \
             WHERE client_id = $3 AND (lease_until < $4 OR lease_until > $5) AND customer IN {} \
             RETURNING customer, subject, scopes, sealed",
            places(6, 1, asks.len()),
        );
        let mut query = sqlx::query_as(AssertSqlSafe(statement))
            // Prepared once for those who come alone.
            .persistent(asks.len() == 1)
            .bind(id)
            .bind(now + LEASE)
            .bind(&self.client_id)
            .bind(now)
            .bind(now + LEASE + CLOCK_WAS_SET_BACK);
        for ask in asks {
            query = query.bind(ask.whose.customer.as_str());
        }
        // A lease that was not written is none.
        let rows: Vec<LeasedRow> = query.all_written(connection).await?;
        Ok(rows.into_iter().map(|row| (row.customer.clone(), row)).collect())
    }

    /// The access tokens of these customers for these resources, except those that have expired.
    async fn access_tokens(&self, connection: &mut AnyConnection, whose: &[&Whose]) -> Result<Found, sqlx::Error> {
        let mut found = Found::default();
        if whose.is_empty() {
            return Ok(found);
        }
        // In this order, SQLite finds each by the primary key.
        let statement = format!(
            "WITH wanted (whose, what) AS (VALUES {}) \
             SELECT customer, resource, scopes, sealed, renew_at, expires_at FROM wanted CROSS JOIN access_tokens \
             WHERE customer = whose AND client_id = $1 AND resource = what AND expires_at > $2",
            places(3, 2, whose.len()),
        );
        let mut query = sqlx::query_as(AssertSqlSafe(statement))
            .persistent(whose.len() == 1)
            .bind(&self.client_id)
            .bind(self.clock.timestamp());
        for whose in whose {
            query = query.bind(whose.customer.as_str()).bind(&whose.resource);
        }
        let rows: Vec<AccessTokenRow> = query.fetch_all(connection).await?;
        for row in rows {
            found.0.entry((row.customer.clone(), row.resource.clone())).or_default().push(row);
        }
        Ok(found)
    }

    async fn store(&self, connection: &mut AnyConnection, renewed: &[Renewed]) -> Result<HashSet<String>, sqlx::Error> {
        let statement = format!(
            "WITH renewed (whose, held, successor) AS (VALUES {}) \
             UPDATE refresh_tokens SET sealed = renewed.successor, lease = NULL, lease_until = 0 FROM renewed \
             WHERE refresh_tokens.customer = renewed.whose AND refresh_tokens.client_id = $1 \
             AND refresh_tokens.lease = renewed.held RETURNING refresh_tokens.sealed",
            places(2, 3, renewed.len()),
        );
        let mut query =
            sqlx::query_scalar(AssertSqlSafe(statement)).persistent(renewed.len() == 1).bind(&self.client_id);
        for result in renewed {
            query = query.bind(result.customer.as_str()).bind(&*result.lease).bind(&result.refresh_token);
        }
        let kept: Vec<String> = query.all_written(&mut *connection).await?;
        let kept: HashSet<String> = kept.into_iter().collect();
        let mut access_tokens = Vec::new();
        for result in renewed.iter().filter(|result| kept.contains(&result.refresh_token)) {
            let Some(access_token) = &result.access_token else { continue };
            if result.alone {
                sqlx::query("DELETE FROM access_tokens WHERE customer = $1 AND client_id = $2 AND resource = $3")
                    .bind(result.customer.as_str())
                    .bind(&self.client_id)
                    .bind(&access_token.resource)
                    .execute(&mut *connection)
                    .await?;
            }
            access_tokens.push(access_token);
        }
        if !access_tokens.is_empty() {
            insert(&self.client_id, &access_tokens).execute(&mut *connection).await?;
        }
        Ok(kept)
    }
}

/// Stores access tokens, each of another customer, except those of customers who have no session any more (signed out
/// meanwhile) and none of whose tokens is kept for work while they are away.
pub(super) fn insert<'q>(client_id: &'q str, rows: &[&'q AccessTokenRow]) -> Query<'q, Any, AnyArguments> {
    let statement = format!(
        "WITH renewed (customer, resource, scopes, sealed, renew_at, expires_at) AS (VALUES {}) \
         INSERT INTO access_tokens (customer, client_id, resource, scopes, sealed, renew_at, expires_at) \
         SELECT customer, $1, resource, scopes, sealed, renew_at, expires_at FROM renewed \
         WHERE EXISTS (SELECT 1 FROM sessions WHERE sessions.customer = renewed.customer) \
         OR (EXISTS (SELECT 1 FROM offline_use WHERE offline_use.customer = renewed.customer AND offline_use.client_id = $1) \
         AND EXISTS (SELECT 1 FROM refresh_tokens WHERE refresh_tokens.customer = renewed.customer \
         AND refresh_tokens.client_id = $1)) \
         ON CONFLICT (customer, client_id, resource, scopes) \
         DO UPDATE SET sealed = excluded.sealed, renew_at = excluded.renew_at, expires_at = excluded.expires_at",
        places(2, 6, rows.len()),
    );
    let mut query = sqlx::query(AssertSqlSafe(statement)).persistent(rows.len() == 1).bind(client_id);
    for row in rows {
        query = query.bind(&row.customer).bind(&row.resource).bind(&row.scopes).bind(&row.sealed);
        query = query.bind(row.renew_at).bind(row.expires_at);
    }
    query
}

/// Places of parameters: rows of so many, from number `first` on. `($2, $3), ($4, $5)`; of rows of one, `($2, $3)`.
fn places(first: usize, columns: usize, rows: usize) -> String {
    let mut text = String::new();
    for number in 0..columns * rows {
        let before = match number % columns {
            _ if number == 0 => "(",
            0 if columns > 1 => "), (",
            _ => ", ",
        };
        let _ = write!(text, "{before}${}", first + number);
    }
    text.push(')');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity::testing::{READ, WEB, World};

    fn ask(customer: &UserKey) -> Ask {
        let whose = Whose { customer: customer.clone(), resource: "api://todo".to_owned() };
        Ask { whose, deadline: Instant::now(), answer: oneshot::channel().0 }
    }

    fn renewed(customer: &UserKey, asked: &Asked, world: &World) -> Renewed {
        let Asked::Leased(leased) = asked else { panic!("{customer} has no lease") };
        let access_token = AccessTokenRow {
            customer: customer.as_str().to_owned(),
            resource: "api://todo".to_owned(),
            scopes: READ.to_owned(),
            sealed: format!("access token of {customer}"),
            renew_at: world.clock.timestamp() + time::Duration::HOUR,
            expires_at: world.clock.timestamp() + time::Duration::HOUR,
        };
        Renewed {
            customer: customer.clone(),
            lease: Arc::clone(&leased.id),
            refresh_token: format!("refresh token of {customer}"),
            access_token: Some(access_token),
            alone: false,
        }
    }

    #[tokio::test]
    async fn of_renewals_in_one_transaction_each_is_stored_or_not_by_itself() {
        let world = World::start().await;
        let tokens = world.tokens(json!({})).await;
        let db = world.db().await;
        let database = Database { db: db.clone(), clock: world.clock.clone(), client_id: WEB.to_owned() };
        let customers = ["stays", "signs-in-again", "signs-out", "comes-later"].map(UserKey::stored);
        for customer in &customers {
            world.sign_in(&tokens, customer, 0).await;
        }
        let [stays, again, out, later] = &customers;
        let (_, asked) = database.commit(&[], &[ask(stays), ask(again), ask(out), ask(stays)]).await.unwrap();
        assert!(matches!(asked[3], Asked::Refused), "nobody has the same lease twice");
        let results: Vec<_> = [stays, again, out]
            .into_iter()
            .zip(&asked)
            .map(|(customer, asked)| renewed(customer, asked, &world))
            .collect();
        world.sign_in(&tokens, again, 0).await;
        sqlx::query("DELETE FROM sessions WHERE customer = $1").bind(out.as_str()).execute(&db).await.unwrap();

        let (kept, asked) = database.commit(&results, &[ask(later), ask(again), ask(stays)]).await.unwrap();
        let expected = [stays, out].map(|customer| format!("refresh token of {customer}"));
        assert_eq!(kept, HashSet::from(expected), "the one who signed in again has another refresh token");
        assert!(
            asked.iter().all(|asked| matches!(asked, Asked::Leased(_))),
            "what is given back can be leased at once"
        );
        let Asked::Leased(Leased { access_tokens: Ok(found), .. }) = &asked[2] else { panic!("tokens") };
        assert_eq!(found.iter().map(|row| &*row.sealed).collect::<Vec<_>>(), ["access token of stays"]);
        let whose = [again, out].map(|customer| ask(customer).whose);
        let found = database.access_tokens(&mut db.acquire().await.unwrap(), &whose.each_ref()).await.unwrap();
        assert!(whose.iter().all(|whose| found.of(whose).is_empty()), "neither has an access token of the renewal");
    }

    #[test]
    fn places_are_counted_through() {
        assert_eq!((places(6, 1, 1), places(6, 1, 3)), ("($6)".to_owned(), "($6, $7, $8)".to_owned()));
        assert_eq!((places(2, 3, 1), places(2, 2, 2)), ("($2, $3, $4)".to_owned(), "($2, $3), ($4, $5)".to_owned()));
    }
}
