//! How sessions end, whoever ends them: rows and tokens together, or not at all.

use serde::{Deserialize, Serialize};
use sqlx::{Any, AnyConnection, Transaction};
use tower_sessions::Session;

use super::store::{Store, handle};
use super::user_session::UserSession;
use crate::identity::ended::{self, DeletedSession};
use crate::identity::ended_sessions::EndedBy;
use crate::identity::return_to::ReturnTo;
use crate::identity::state::Identity;
use crate::identity::user_key::UserKey;
use crate::platform::database::Returning as _;

/// Which of their sessions a customer ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The one of this handle ([`SessionSummary::handle`](super::SessionSummary::handle)).
    One(String),
    /// All but the one that asks.
    Others,
}

/// The outcome when a customer ends sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The number that ended. 0: no session has that handle (any more), or it is another customer's.
    Sessions(usize),
    /// They must prove first who they are (ASVS 5.0 §7.5.2): at this address, on this site. It is done when they have.
    ProofRequired {
        /// For a full page load.
        url: String,
    },
}

/// Which sessions end.
#[derive(Clone, Copy, Debug)]
pub(in crate::identity) enum Which<'a> {
    /// The one whose row is called so.
    Row(&'a str),
    /// The customer's, of which one row is called so.
    OneOf(&'a UserKey, &'a str),
    /// The customer's, but for the one whose row is called so.
    AllBut(&'a UserKey, &'a str),
    /// Those that the provider names.
    Named(&'a Named<'a>),
}

/// How a provider names sessions: by session, by customer, or by both. One that names nothing names none.
#[derive(Clone, Copy, Debug)]
pub(in crate::identity) struct Named<'a> {
    pub(in crate::identity) issuer: &'a str,
    pub(in crate::identity) subject: Option<&'a str>,
    pub(in crate::identity) sid: Option<&'a str>,
}

/// Ends sessions, and drops the tokens of customers who have none left. `by` says who ended them from elsewhere; `None` is
/// their own browser, which is not asked for proof.
pub(in crate::identity) async fn end(
    identity: &Identity,
    which: Which<'_>,
    by: Option<EndedBy>,
) -> Result<Vec<DeletedSession>, sqlx::Error> {
    end_in(identity, identity.db().begin().await?, which, by).await
}

/// [`end`], together with what `transaction` did already; commits it. Were only the sessions gone, another try would find
/// nobody whose tokens could be dropped.
pub(in crate::identity) async fn end_in(
    identity: &Identity,
    mut transaction: Transaction<'_, Any>,
    which: Which<'_>,
    by: Option<EndedBy>,
) -> Result<Vec<DeletedSession>, sqlx::Error> {
    let deleted = delete(&mut transaction, which).await?;
    if let Some(by) = by {
        ended::note(&mut transaction, &Store::new(identity), &deleted, by, identity.clock().timestamp()).await?;
    }
    let mut customers: Vec<UserKey> = deleted.iter().map(|session| UserKey::stored(&session.customer)).collect();
    // Another session of theirs may end at the same moment: the transaction that sees none left drops the tokens.
    if let Which::OneOf(customer, _) | Which::AllBut(customer, _) = which {
        customers.push(customer.clone());
    }
    let forgotten = identity.tokens().forget_in(&mut transaction, &customers).await?;
    transaction.commit().await?;
    identity.tokens().revoke_after_commit(forgotten);
    Ok(deleted)
}

async fn delete(connection: &mut AnyConnection, which: Which<'_>) -> Result<Vec<DeletedSession>, sqlx::Error> {
    const DELETED: &str = "RETURNING id, customer, created_at, last_seen_at, ends_at, sid";
    let (condition, names): (&str, Vec<&str>) = match which {
        Which::Row(handle) => ("id = $1", vec![handle]),
        Which::OneOf(customer, handle) => ("customer = $1 AND id = $2", vec![customer.as_str(), handle]),
        Which::AllBut(customer, handle) => ("customer = $1 AND id <> $2", vec![customer.as_str(), handle]),
        Which::Named(Named { issuer, subject: Some(subject), sid: Some(sid) }) => {
            ("issuer = $1 AND subject = $2 AND sid = $3", vec![issuer, subject, sid])
        }
        Which::Named(Named { issuer, subject: Some(subject), sid: None }) => {
            ("issuer = $1 AND subject = $2", vec![issuer, subject])
        }
        Which::Named(Named { issuer, subject: None, sid: Some(sid) }) => {
            ("issuer = $1 AND sid = $2", vec![issuer, sid])
        }
        Which::Named(Named { subject: None, sid: None, .. }) => return Ok(Vec::new()),
    };
    let statement = format!("DELETE FROM sessions WHERE {condition} {DELETED}");
    let mut query = sqlx::query_as(sqlx::AssertSqlSafe(statement));
    for name in names {
        query = query.bind(name.to_owned());
    }
    query.all_written(connection).await
}

impl Identity {
    /// Ends sessions of the customer but the one that asks, once they have proved lately who they are: whoever finds an
    /// open browser must not throw the customer out of theirs. `return_to` is where they come back to when they have.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_sessions(
        &self,
        customer: &UserSession,
        session: &Session,
        which: &Ending,
        return_to: &ReturnTo,
    ) -> Result<Ended, sqlx::Error> {
        if !customer.has_proved_lately(self.clock().timestamp()) {
            return Ok(Ended::ProofRequired { url: self.proof_url(&customer.key, which.clone(), return_to) });
        }
        Ok(Ended::Sessions(self.end_proved(&customer.key, session, which).await?))
    }

    /// Ends sessions of a customer who has proved who they are; how many. With the last one, their tokens go too.
    pub(in crate::identity) async fn end_proved(
        &self,
        customer: &UserKey,
        session: &Session,
        which: &Ending,
    ) -> Result<usize, sqlx::Error> {
        let this = handle(session).unwrap_or_default();
        let which = match which {
            Ending::One(handle) => Which::OneOf(customer, handle),
            Ending::Others => Which::AllBut(customer, &this),
        };
        let deleted = end(self, which, Some(EndedBy::Browser)).await?;
        // The provider's sessions of those browsers, where it ends them for an app; not one that a session of ours goes on
        // in.
        let left = sqlx::query_scalar("SELECT sid FROM sessions WHERE customer = $1 AND sid IS NOT NULL");
        let left: Vec<String> = match left.bind(customer.as_str()).fetch_all(self.db()).await {
            Ok(left) => left,
            // What was asked for is done. Those browsers must prove who they are either way.
            Err(error) => {
                tracing::warn!(%error, "the provider's sessions of browsers that were signed out go on");
                return Ok(deleted.len());
            }
        };
        for sid in deleted.iter().filter_map(|session| session.sid.clone()).filter(|sid| !left.contains(sid)) {
            self.tokens().client().end_session_in_background(sid);
        }
        Ok(deleted.len())
    }
}

/// Whose the session is whose row is called `handle`.
pub(in crate::identity) async fn customer_of(
    identity: &Identity,
    handle: &str,
) -> Result<Option<UserKey>, sqlx::Error> {
    let customers: Vec<String> =
        sqlx::query_scalar("SELECT customer FROM sessions WHERE id = $1").bind(handle).fetch_all(identity.db()).await?;
    Ok(customers.first().map(|customer| UserKey::stored(customer)))
}
