//! The token cache: rows in the app's database, sealed and bound to whose they are, with a few seconds of memory
//! in front.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::{Any, AnyConnection, AnyPool, Transaction};
use tokio::time::Instant;

use super::rows::{self, AccessTokenRow, Asked, Leased, Renewed, Rows, SharedError, Whose};
use crate::identity::ended_sessions::{self, EndedBy};
use crate::identity::scopes::{Naming, Scopes};
use crate::identity::token::AccessToken;
use crate::identity::user_key::UserKey;
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::database::Returning as _;
use crate::platform::seal::KeyRing;

/// How long memory may hold what the database has dropped: the longest that a token outlives a sign-out that
/// happened on another replica.
const MEMORY: Duration = Duration::from_secs(5);

/// An access token, its scopes and its times.
#[derive(Clone)]
pub(super) struct Cached {
    pub(super) scopes: Scopes,
    pub(super) token: AccessToken,
    /// From when on it should be renewed.
    pub(super) renew_at: Timestamp,
    /// Until when it works.
    pub(super) expires_at: Timestamp,
}

/// The right to use a customer's refresh token, for a while.
pub(super) struct RefreshLease {
    id: Arc<str>,
    /// `sub` of the sign-in that it came from.
    pub(super) subject: String,
    /// What that sign-in was granted, where it is known.
    pub(super) granted: Option<Scopes>,
    pub(super) refresh_token: SecretString,
    /// The customer's access tokens, as they were found under it.
    access_tokens: Result<Vec<AccessTokenRow>, SharedError>,
}

/// The result of asking for a lease.
pub(super) enum Lease {
    /// It is ours.
    Taken(RefreshLease),
    /// Somebody else has it.
    Busy,
    /// There is nothing to lease.
    NoRefreshToken,
}

type Key = (UserKey, String);

pub(super) struct Cache {
    db: AnyPool,
    keys: KeyRing,
    clock: Clock,
    client_id: String,
    naming: Naming,
    rows: Rows,
    memory: moka::future::Cache<Key, Arc<Vec<Cached>>>,
}

impl Cache {
    pub(super) fn new(db: AnyPool, keys: KeyRing, clock: Clock, client_id: String, naming: Naming) -> Self {
        let memory = moka::future::Cache::builder()
            .max_capacity(10_000)
            .time_to_live(MEMORY)
            .support_invalidation_closures()
            .build();
        let rows = Rows::new(db.clone(), clock.clone(), client_id.clone());
        Self { db, keys, clock, client_id, naming, rows, memory }
    }

    /// A token with at least `scopes` that has not expired; the one that lives longest.
    pub(super) async fn find(&self, customer: &UserKey, scopes: &Scopes) -> Result<Option<Cached>, SharedError> {
        let key = (customer.clone(), scopes.resource(self.naming));
        if let Some(known) = self.memory.get(&key).await
            && let Some(found) = self.best(&known, scopes)
        {
            return Ok(Some(found));
        }
        self.find_in_database(customer, scopes).await
    }

    /// As [`Cache::find`], past the memory.
    pub(super) async fn find_in_database(
        &self,
        customer: &UserKey,
        scopes: &Scopes,
    ) -> Result<Option<Cached>, SharedError> {
        let resource = scopes.resource(self.naming);
        let rows = self.rows.find(Whose { customer: customer.clone(), resource: resource.clone() }).await?;
        let known: Arc<Vec<Cached>> = Arc::new(rows.iter().filter_map(|row| self.open(customer, row)).collect());
        let found = self.best(&known, scopes);
        self.memory.insert((customer.clone(), resource), known).await;
        Ok(found)
    }

    /// As [`Cache::find`], among the tokens that were found under a lease.
    pub(super) fn find_under(
        &self,
        lease: &RefreshLease,
        customer: &UserKey,
        scopes: &Scopes,
    ) -> Result<Option<Cached>, SharedError> {
        let rows = lease.access_tokens.as_ref().map_err(Clone::clone)?;
        Ok(self.best(&rows.iter().filter_map(|row| self.open(customer, row)).collect::<Vec<_>>(), scopes))
    }

    /// A row that cannot be opened (its key is gone from the ring) counts as absent.
    fn open(&self, customer: &UserKey, row: &AccessTokenRow) -> Option<Cached> {
        let token = self.keys.open(&self.access_context(customer, &row.resource, &row.scopes), &row.sealed).ok()?;
        let token = AccessToken::parse(&SecretString::from(token))?;
        let scopes = Scopes::parse(&row.scopes);
        Some(Cached { scopes, token, renew_at: row.renew_at, expires_at: row.expires_at })
    }

    fn best(&self, known: &[Cached], scopes: &Scopes) -> Option<Cached> {
        let now = self.clock.timestamp();
        known
            .iter()
            .filter(|cached| cached.expires_at > now && cached.scopes.cover(scopes, self.naming))
            .max_by_key(|cached| cached.expires_at)
            .cloned()
    }

    /// Stores an access token, unless the customer has no session any more (signed out meanwhile) and none of their
    /// tokens is kept for work while they are away.
    pub(super) async fn put(&self, customer: &UserKey, cached: &Cached) -> Result<(), sqlx::Error> {
        let row = self.row(customer, cached);
        rows::insert(&self.client_id, &[&row]).execute(&self.db).await?;
        self.memory.invalidate(&(customer.clone(), row.resource)).await;
        Ok(())
    }

    /// An access token as it is stored.
    fn row(&self, customer: &UserKey, cached: &Cached) -> AccessTokenRow {
        let scopes = cached.scopes.to_string();
        let resource = cached.scopes.resource(self.naming);
        let sealed = self.keys.seal(&self.access_context(customer, &resource, &scopes), cached.token.expose());
        let Cached { renew_at, expires_at, .. } = *cached;
        AccessTokenRow { customer: customer.as_str().to_owned(), resource, scopes, sealed, renew_at, expires_at }
    }

    /// Stores the refresh token of a sign-in; it replaces the previous one, leased or not.
    pub(super) async fn put_refresh_token(
        &self,
        customer: &UserKey,
        subject: &str,
        granted: &Scopes,
        token: &SecretString,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO refresh_tokens (customer, client_id, subject, scopes, sealed) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (customer, client_id) DO UPDATE SET subject = excluded.subject, scopes = excluded.scopes, \
             sealed = excluded.sealed, lease = NULL, lease_until = 0",
        )
        .bind(customer.as_str())
        .bind(&self.client_id)
        .bind(subject)
        .bind(granted.to_string())
        .bind(self.keys.seal(&self.refresh_context(customer), token.expose_secret()))
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// What a customer's refresh token was granted, where there is one and that is known.
    pub(super) async fn granted(&self, customer: &UserKey) -> Result<Option<Scopes>, sqlx::Error> {
        let granted: Option<Option<String>> =
            sqlx::query_scalar("SELECT scopes FROM refresh_tokens WHERE customer = $1 AND client_id = $2")
                .bind(customer.as_str())
                .bind(&self.client_id)
                .fetch_optional(&self.db)
                .await?;
        Ok(granted.flatten().as_deref().map(Scopes::parse))
    }

    /// Takes the lease on a customer's refresh token and reads the token, in one statement; then reads the access tokens that
    /// may have at least `scopes`. [`Lease::Busy`] also when there is no turn before the `deadline`.
    pub(super) async fn lease(
        &self,
        customer: &UserKey,
        scopes: &Scopes,
        deadline: Instant,
    ) -> Result<Lease, SharedError> {
        let whose = Whose { customer: customer.clone(), resource: scopes.resource(self.naming) };
        match self.rows.lease(whose, deadline).await? {
            Asked::Leased(Leased { id, row, access_tokens }) => {
                let granted = row.scopes.as_deref().map(Scopes::parse);
                let token = self.keys.open(&self.refresh_context(customer), &row.sealed);
                let refresh_token = SecretString::from(token.as_deref().unwrap_or_default());
                let held = RefreshLease { id, subject: row.subject, granted, refresh_token, access_tokens };
                if token.is_err() {
                    tracing::error!("a refresh token cannot be opened: was its encryption key removed?");
                    self.drop_refresh_token(customer, &held).await?;
                    return Ok(Lease::NoRefreshToken);
                }
                return Ok(Lease::Taken(held));
            }
            Asked::TooLate => return Ok(Lease::Busy),
            Asked::Refused => {}
        }
        let until: Option<Timestamp> =
            sqlx::query_scalar("SELECT lease_until FROM refresh_tokens WHERE customer = $1 AND client_id = $2")
                .bind(customer.as_str())
                .bind(&self.client_id)
                .fetch_optional(&self.db)
                .await?;
        Ok(if until.is_some() { Lease::Busy } else { Lease::NoRefreshToken })
    }

    /// A refresh token as it is stored.
    pub(super) fn seal(&self, customer: &UserKey, token: &SecretString) -> String {
        self.keys.seal(&self.refresh_context(customer), token.expose_secret())
    }

    /// Whether this is the refresh token that is stored, sealed this once.
    pub(super) async fn is_stored(&self, customer: &UserKey, sealed: &str) -> Result<bool, sqlx::Error> {
        let stored: Vec<i64> = sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) FROM refresh_tokens WHERE customer = $1 AND client_id = $2 AND sealed = $3",
        )
        .bind(customer.as_str())
        .bind(&self.client_id)
        .bind(sealed)
        .fetch_all(&self.db)
        .await?;
        Ok(!stored.is_empty())
    }

    /// Stores the result of a renewal, the refresh token (`sealed`: a successor if the provider sent one) and the access
    /// token, and releases the lease, in one transaction, so that a task that waits for the lease finds the access token.
    /// With `alone`, other tokens of its resource are deleted: the API rejected one of them.
    /// `false`: the row was deleted or leased to another task meanwhile, and nothing was stored.
    pub(super) async fn commit_renewal(
        &self,
        customer: &UserKey,
        lease: &RefreshLease,
        sealed: &str,
        cached: Option<&Cached>,
        alone: bool,
    ) -> Result<bool, SharedError> {
        let access_token = cached.map(|cached| self.row(customer, cached));
        let resource = access_token.as_ref().map(|row| row.resource.clone());
        let renewed = Renewed {
            customer: customer.clone(),
            lease: Arc::clone(&lease.id),
            refresh_token: sealed.to_owned(),
            access_token,
            alone,
        };
        let kept = self.rows.store(renewed).await?;
        if let Some(resource) = resource.filter(|_| kept) {
            self.memory.invalidate(&(customer.clone(), resource)).await;
        }
        Ok(kept)
    }

    /// Gives the lease back.
    pub(super) async fn release(&self, customer: &UserKey, lease: &RefreshLease) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE refresh_tokens SET lease = NULL, lease_until = 0 \
             WHERE customer = $1 AND client_id = $2 AND lease = $3",
        )
        .bind(customer.as_str())
        .bind(&self.client_id)
        .bind(&*lease.id)
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// Drops a refresh token that the provider says is over, unless a sign-in replaced it meanwhile.
    pub(super) async fn drop_refresh_token(&self, customer: &UserKey, lease: &RefreshLease) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM refresh_tokens WHERE customer = $1 AND client_id = $2 AND lease = $3")
            .bind(customer.as_str())
            .bind(&self.client_id)
            .bind(&*lease.id)
            .execute(&self.db)
            .await?;
        Ok(())
    }

    /// A transaction for [`Cache::forget`].
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        self.db.begin().await
    }

    /// Forgets a customer's tokens, unless they have a session (left, or begun meanwhile), in the caller's transaction.
    /// The refresh token, if one was forgotten. After the commit, memory must forget them, too.
    pub(super) async fn forget(
        &self,
        connection: &mut AnyConnection,
        customer: &UserKey,
    ) -> Result<Option<SecretString>, sqlx::Error> {
        // Of two transactions that end a session each, the second one waits here for the first, and then sees that there is
        // none left. Without this, PostgreSQL would show each of them the other's session.
        for statement in [
            "UPDATE refresh_tokens SET lease_until = lease_until WHERE customer = $1 AND client_id = $2",
            "UPDATE access_tokens SET renew_at = renew_at WHERE customer = $1 AND client_id = $2",
        ] {
            sqlx::query(statement).bind(customer.as_str()).bind(&self.client_id).execute(&mut *connection).await?;
        }
        let forgotten: Option<String> = sqlx::query_scalar(
            "DELETE FROM refresh_tokens WHERE customer = $1 AND client_id = $2 \
             AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.customer = $1) RETURNING sealed",
        )
        .bind(customer.as_str())
        .bind(&self.client_id)
        .one_written(&mut *connection)
        .await?;
        sqlx::query(
            "DELETE FROM access_tokens WHERE customer = $1 AND client_id = $2 \
             AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.customer = $1)",
        )
        .bind(customer.as_str())
        .bind(&self.client_id)
        .execute(&mut *connection)
        .await?;
        let token = forgotten.and_then(|sealed| self.keys.open(&self.refresh_context(customer), &sealed).ok());
        Ok(token.map(SecretString::from))
    }

    /// Ends all sessions of a customer and forgets their tokens, all or nothing.
    pub(super) async fn drop_customer(&self, customer: &UserKey) -> Result<(), sqlx::Error> {
        let mut transaction = self.db.begin().await?;
        let ended: Vec<String> = sqlx::query_scalar("DELETE FROM sessions WHERE customer = $1 RETURNING id")
            .bind(customer.as_str())
            .all_written(&mut *transaction)
            .await?;
        for id in ended {
            ended_sessions::note_one(&mut transaction, &id, EndedBy::Provider, self.clock.timestamp()).await?;
        }
        for statement in [
            "DELETE FROM refresh_tokens WHERE customer = $1 AND client_id = $2",
            "DELETE FROM access_tokens WHERE customer = $1 AND client_id = $2",
        ] {
            sqlx::query(statement).bind(customer.as_str()).bind(&self.client_id).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        self.forget_in_memory(customer);
        Ok(())
    }

    pub(super) fn forget_in_memory(&self, customer: &UserKey) {
        let forgotten = customer.clone();
        // An error would mean that the cache was built without support for this, which is a constant.
        let _ = self.memory.invalidate_entries_if(move |(customer, _), _| *customer == forgotten);
    }

    /// Notes whether a customer's tokens are kept after their session ran out.
    pub(super) async fn set_offline_use(&self, customer: &UserKey, wanted: bool) -> Result<(), sqlx::Error> {
        let statement = if wanted {
            "INSERT INTO offline_use (customer, client_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM offline_use WHERE customer = $1 AND client_id = $2"
        };
        sqlx::query(statement).bind(customer.as_str()).bind(&self.client_id).execute(&self.db).await?;
        Ok(())
    }

    /// The new refresh token expires at `ends_at`: sessions that would have ended with the
    /// previous one are extended.
    pub(super) async fn extend_sessions(&self, customer: &UserKey, ends_at: Timestamp) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE sessions SET ends_at = $1 WHERE customer = $2 AND ends_at < $1")
            .bind(ends_at)
            .bind(customer.as_str())
            .execute(&self.db)
            .await?;
        Ok(())
    }

    /// Removes access tokens that have expired, and all tokens of customers without a session, unless they are kept for
    /// work while the customer is away.
    pub(super) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM access_tokens WHERE expires_at < $1")
            .bind(self.clock.timestamp())
            .execute(&self.db)
            .await?;
        sqlx::query(
            "DELETE FROM access_tokens WHERE client_id = $1 \
             AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.customer = access_tokens.customer) \
             AND NOT EXISTS (SELECT 1 FROM offline_use WHERE offline_use.customer = access_tokens.customer \
             AND offline_use.client_id = access_tokens.client_id)",
        )
        .bind(&self.client_id)
        .execute(&self.db)
        .await?;
        sqlx::query(
            "DELETE FROM refresh_tokens WHERE client_id = $1 AND lease_until < $2 \
             AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.customer = refresh_tokens.customer) \
             AND NOT EXISTS (SELECT 1 FROM offline_use WHERE offline_use.customer = refresh_tokens.customer \
             AND offline_use.client_id = refresh_tokens.client_id)",
        )
        .bind(&self.client_id)
        .bind(self.clock.timestamp())
        .execute(&self.db)
        .await?;
        Ok(())
    }

    /// What a sealed access token is bound to: moved to another row, it does not open.
    fn access_context(&self, customer: &UserKey, resource: &str, scopes: &str) -> String {
        format!("access token\n{customer}\n{}\n{resource}\n{scopes}", self.client_id)
    }

    fn refresh_context(&self, customer: &UserKey) -> String {
        format!("refresh token\n{customer}\n{}", self.client_id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::Duration;

    use super::*;
    use crate::identity::testing::{READ, WEB, World, alice};

    /// Abuse case 43, with clocks that do not agree to the second.
    #[tokio::test]
    async fn a_lease_holds_for_a_replica_whose_clock_is_behind_or_ahead() {
        let world = World::start().await;
        let tokens = world.tokens(json!({})).await;
        world.sign_in(&tokens, &alice(), 0).await;
        let deadline = tokio::time::Instant::now() + crate::identity::tokens::PATIENCE;
        let scopes = Scopes::parse(READ);
        for seconds in [-20, -1, 1, 20] {
            let Ok(Lease::Taken(held)) = tokens.0.cache.lease(&alice(), &scopes, deadline).await else {
                panic!("nobody has it")
            };
            let keys = KeyRing::parse(&[world.encryption_key.clone().into()]).unwrap();
            let clock = Clock::manual(world.clock.now() + Duration::seconds(seconds));
            let other = Cache::new(world.db().await, keys, clock, WEB.to_owned(), Naming::Entra);
            let lease = other.lease(&alice(), &scopes, deadline).await.unwrap();
            assert!(matches!(lease, Lease::Busy), "a clock that is {seconds} s ahead");
            tokens.0.cache.release(&alice(), &held).await.unwrap();
        }
    }
}
