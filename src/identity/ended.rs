//! Sessions that were *ended*, by another browser of the customer or by the provider, as opposed to those that ran out or
//! that their own browser signed out of.
//!
//! The provider's session outlives ours, and would make a new one of ours without a word: whoever sits at a browser that
//! was signed out from elsewhere would only have to reload the page. So it is remembered which cookies were of sessions
//! that were ended, and their browsers sign in with proof: the authorization request demands it (`prompt=login`,
//! `max_age=0`; OpenID Connect Core §3.1.2.1), and the answer counts only if `auth_time` says that it was given (§3.1.3.7,
//! 13).
//!
//! The session's cookie is of no use any more. It is exchanged for one that says what happened, sealed, so that pages cost
//! no query until the customer signs in.

use axum::http::HeaderMap;
use cookie::Cookie;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::ended_sessions::{EndedBy, note_one};
use super::jwt::{self, Claims, SKEW};
use super::session::store::Store;
use super::state::Identity;
use crate::platform::clock::Timestamp;
use crate::platform::sealed_cookie::SealedCookie;

const CONTEXT: &str = "ended session";
/// What the cookie is for (see [`Identity::cookie_name`]).
const COOKIE: &str = "ended";
/// How many seconds older than the request `auth_time` may seem when both are measured by the provider's own clock: times
/// are whole seconds, and the request takes time.
const ROUNDING: i64 = 2;

/// A session of this browser that was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) by: EndedBy,
    pub(super) at: Timestamp,
}

/// A session's row that was just deleted.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct DeletedSession {
    /// What it was called.
    pub(super) id: String,
    pub(super) customer: String,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    ends_at: Option<Timestamp>,
    /// What the provider calls it.
    pub(super) sid: Option<String>,
}

/// A row of `ended_sessions`, as far as it is read.
#[derive(sqlx::FromRow)]
struct EndedRow {
    ended_by: String,
    ended_at: Timestamp,
}

/// Notes which sessions were ended, in the transaction that deleted them. One that had run out by then was not ended.
pub(super) async fn note(
    connection: &mut AnyConnection,
    store: &Store,
    deleted: &[DeletedSession],
    by: EndedBy,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    for session in deleted {
        if store.is_alive(session.created_at, session.last_seen_at, session.ends_at) {
            note_one(connection, &session.id, by, now).await?;
        }
    }
    Ok(())
}

impl Ended {
    /// How the session ended whose row was called `handle`, if it was ended.
    pub(super) async fn of_session(identity: &Identity, handle: &str) -> Result<Option<Self>, sqlx::Error> {
        let row: Option<EndedRow> =
            sqlx::query_as("SELECT ended_by, ended_at FROM ended_sessions WHERE id = $1 AND ended_at > $2")
                .bind(handle)
                .bind(horizon(identity))
                .fetch_optional(identity.db())
                .await?;
        Ok(row.map(|row| Self { by: EndedBy::parse(&row.ended_by), at: row.ended_at }))
    }

    /// What the browser's own cookie says.
    pub(super) fn of_cookie(identity: &Identity, headers: &HeaderMap) -> Option<Self> {
        let ended: Self = cookie(identity).read(headers)?;
        (ended.at > horizon(identity)).then_some(ended)
    }

    /// The cookie for a browser whose session was ended.
    pub(super) fn cookie(self, identity: &Identity) -> Cookie<'static> {
        cookie(identity).set(&self, Some(self.at - horizon(identity)))
    }
}

/// Whether the browser has the cookie of a session that was ended.
pub(super) fn is_sent(identity: &Identity, headers: &HeaderMap) -> bool {
    cookie(identity).is_sent(headers)
}

/// The cookie that removes it.
pub(super) fn removal(identity: &Identity) -> Cookie<'static> {
    cookie(identity).removal()
}

fn cookie(identity: &Identity) -> SealedCookie<'_> {
    identity.sealed_cookie(COOKIE, CONTEXT)
}

/// Sessions that were ended before have no cookie any more in any browser.
fn horizon(identity: &Identity) -> Timestamp {
    Store::new(identity).absolute_horizon()
}

/// Forgets what no browser has a cookie of any more.
pub(super) async fn sweep(identity: &Identity) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM ended_sessions WHERE ended_at <= $1")
        .bind(horizon(identity))
        .execute(identity.db())
        .await?;
    Ok(())
}

/// Whether the customer of these verified ID-token claims proved who they are at `since` or later; that and `now` are
/// by our clock. `auth_time` and `iat` are by the provider's: clocks may differ by [`SKEW`], but how old the
/// proof was when the token was issued is known without comparing clocks.
pub(super) fn proved_since(claims: &Claims, since: Timestamp, now: Timestamp) -> bool {
    let (Ok(Some(auth_time)), Ok(Some(issued))) = (jwt::seconds(claims, "auth_time"), jwt::seconds(claims, "iat"))
    else {
        return false;
    };
    let elapsed = (now - since).whole_seconds().max(0);
    auth_time >= since.as_seconds() - SKEW && issued.saturating_sub(auth_time) <= elapsed + ROUNDING
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Ended, EndedBy, Timestamp, proved_since};

    #[test]
    fn a_cookie_of_before_is_read() {
        let text = r#"{"by":"provider","at":1790000000123}"#;
        let ended = Ended { by: EndedBy::Provider, at: Timestamp::from_millis(1_790_000_000_123) };
        assert_eq!(serde_json::from_str::<Ended>(text).unwrap(), ended);
        assert_eq!(serde_json::to_string(&ended).unwrap(), text);
    }

    #[test]
    fn a_proof_is_as_new_as_the_wish_for_it_by_either_clock() {
        let since = Timestamp::from_millis(1_790_000_000_000);
        let second = |offset: i64| 1_790_000_000 + offset;
        for (what, auth_time, iat, now, counts) in [
            ("given half a minute later", json!(second(30)), json!(second(31)), 32, true),
            ("by a clock that is behind", json!(second(30 - 50)), json!(second(31 - 50)), 32, true),
            ("by a clock that is ahead", json!(second(30 + 50)), json!(second(31 + 50)), 32, true),
            ("at once", json!(second(0)), json!(second(1)), 1, true),
            ("given before, while the clocks agree", json!(second(-10)), json!(second(2)), 2, false),
            ("given long before", json!(second(-3600)), json!(second(2)), 2, false),
            ("not given at all", Value::Null, json!(second(2)), 2, false),
            ("not a time", json!("now"), json!(second(2)), 2, false),
        ] {
            let mut claims = serde_json::Map::new();
            claims.insert("iat".to_owned(), iat);
            if !auth_time.is_null() {
                claims.insert("auth_time".to_owned(), auth_time);
            }
            assert_eq!(proved_since(&claims, since, since + time::Duration::seconds(now)), counts, "{what}");
        }
    }
}
