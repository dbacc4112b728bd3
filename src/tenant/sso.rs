//! Single sign-on: the tenant remembers who signed in with this browser. The cookie's value is stored as a digest.
//!
//! When a session ends, the apps that took part in it are told (see [`back_channel_logout`]), and what it has given out
//! ends with it, but for refresh tokens with `offline_access`: those are for work while the user is away, and outlive
//! the session (OpenID Connect Back-Channel Logout §2.7). They end by revocation, or with the password.

use axum::http::{HeaderMap, HeaderValue};
use time::Duration;
use uuid::Uuid;

use super::back_channel_logout::{self, EndedSession};
use super::cookies;
use super::scope::words;
use super::state::Tenant;
use super::user::User;
use crate::platform::clock::millis;
use crate::platform::database::Returning as _;
use crate::platform::{hash, random};

/// How long a session lives without being used.
const IDLE: Duration = Duration::hours(24);

/// A user who has signed in with this browser.
pub(super) struct Session {
    /// The digest of the cookie.
    pub(super) cookie_hash: String,
    /// The session's name in tokens.
    pub(super) sid: String,
    /// Who.
    pub(super) user: User,
    /// When they proved it, in milliseconds since the epoch.
    pub(super) auth_time: i64,
    /// How they proved it.
    pub(super) factor: Factor,
    /// The authentication contexts that they have satisfied in this session: `c1`.
    pub(super) acrs: Vec<String>,
}

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Factor {
    /// They know the password.
    Password,
    /// They read the mail of the account's address: sign-in by passcode, sign-up, password reset.
    Passcode,
}

impl Factor {
    fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passcode => "passcode",
        }
    }

    fn parse(text: &str) -> Self {
        if text == "password" { Self::Password } else { Self::Passcode }
    }

    /// What proves more than this one did: never the same twice.
    pub(super) fn second(self) -> Self {
        match self {
            Self::Password => Self::Passcode,
            Self::Passcode => Self::Password,
        }
    }
}

/// Why an earlier sign-in is not valid any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SignInInvalid {
    /// The user was deleted.
    #[error("the user does not exist any more")]
    Deleted,
    /// The user was disabled.
    #[error("the user is disabled")]
    Disabled,
    /// Who knew the old password may be somebody else.
    #[error("the password was changed after the sign-in")]
    PasswordChanged,
}

/// The user, if a sign-in at `auth_time` still counts.
pub(super) async fn still_counts(
    tenant: &Tenant,
    user_id: &str,
    auth_time: i64,
) -> Result<Result<User, SignInInvalid>, sqlx::Error> {
    Ok(match User::find(tenant, user_id).await? {
        None => Err(SignInInvalid::Deleted),
        Some(user) if user.disabled => Err(SignInInvalid::Disabled),
        Some(user) if user.password_changed_at > auth_time => Err(SignInInvalid::PasswordChanged),
        Some(user) => Ok(user),
    })
}

#[derive(sqlx::FromRow)]
struct Row {
    sid: String,
    user_id: String,
    auth_time: i64,
    factor: String,
    acrs: String,
}

impl Session {
    /// The session of the browser that sent these headers, if it is alive.
    pub(super) async fn find(tenant: &Tenant, headers: &HeaderMap) -> Result<Option<Self>, sqlx::Error> {
        let Some(cookie_hash) = cookie_hash(headers) else { return Ok(None) };
        let row: Option<Row> = sqlx::query_as(
            "SELECT sid, user_id, auth_time, factor, acrs FROM sso_sessions WHERE cookie_hash = $1 AND expires_at > $2",
        )
        .bind(&cookie_hash)
        .bind(tenant.clock().unix_millis())
        .fetch_optional(tenant.db())
        .await?;
        let Some(Row { sid, user_id, auth_time, factor, acrs }) = row else { return Ok(None) };
        let user = still_counts(tenant, &user_id, auth_time).await?.ok();
        let (factor, acrs) = (Factor::parse(&factor), words(&acrs));
        Ok(user.map(|user| Self { cookie_hash, sid, user, auth_time, factor, acrs }))
    }

    /// Starts a session for a user who has just proved who they are, with a new cookie: an id from before the sign-in
    /// is worth nothing afterwards. `previous` is the digest of the cookie that this browser had; the same user keeps
    /// the `sid`, so that apps which are signed in still know the session by name; another user's session ends. There
    /// is no session when the password was changed since `user` was read.
    pub(super) async fn start(
        tenant: &Tenant,
        user: User,
        factor: Factor,
        previous: Option<&str>,
    ) -> Result<Result<(Self, HeaderValue), SignInInvalid>, sqlx::Error> {
        let ended: Vec<EndedSession> =
            sqlx::query_as("DELETE FROM sso_sessions WHERE cookie_hash = $1 RETURNING sid, user_id")
                .bind(previous.unwrap_or_default())
                .all_written(tenant.db())
                .await?;
        let (own, others): (Vec<_>, Vec<_>) = ended.into_iter().partition(|ended| ended.user_id == user.id);
        for ended in others {
            has_ended(tenant, &ended).await?;
        }
        let own = own.into_iter().next().map(|ended| ended.sid);
        let sid = own.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
        let cookie = random::token();
        let auth_time = tenant.clock().unix_millis();
        let session =
            Self { cookie_hash: hash::sha256_base64url(&cookie), sid, user, auth_time, factor, acrs: Vec::new() };
        let started = sqlx::query(
            "INSERT INTO sso_sessions (cookie_hash, sid, user_id, auth_time, factor, expires_at) \
             SELECT $1, $2, id, $3, $4, $5 FROM users WHERE id = $6 AND password_changed_at = $7",
        )
        .bind(&session.cookie_hash)
        .bind(&session.sid)
        .bind(session.auth_time)
        .bind(session.factor.as_str())
        .bind(millis(tenant.clock().now() + IDLE))
        .bind(&session.user.id)
        .bind(session.user.password_changed_at)
        .execute(tenant.db())
        .await?;
        if started.rows_affected() == 0 {
            // The reset has ended their other sessions; of this one it found nothing any more.
            if let Some(sid) = own {
                has_ended(tenant, &EndedSession { sid, user_id: session.user.id }).await?;
            }
            return Ok(Err(SignInInvalid::PasswordChanged));
        }
        Ok(Ok((session, cookies::set(tenant, cookies::SESSION, &cookie, "/"))))
    }

    /// Notes that the session was used. Updates only what exists: a sign-out in the meantime stays one.
    pub(super) async fn touch(&self, tenant: &Tenant) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE sso_sessions SET expires_at = $1 WHERE cookie_hash = $2")
            .bind(millis(tenant.clock().now() + IDLE))
            .bind(&self.cookie_hash)
            .execute(tenant.db())
            .await?;
        Ok(())
    }

    /// Keeps the session from ending until the transaction of `db` is over; false when it has ended already, or the
    /// user signed in anew.
    pub(super) async fn hold<'c>(&self, db: impl sqlx::AnyExecutor<'c>) -> Result<bool, sqlx::Error> {
        let held = sqlx::query("UPDATE sso_sessions SET expires_at = expires_at WHERE cookie_hash = $1")
            .bind(&self.cookie_hash)
            .execute(db)
            .await?;
        Ok(held.rows_affected() > 0)
    }

    /// Remembers that the user has satisfied these authentication contexts. Updates only what exists, as it was found:
    /// false when the session has ended meanwhile, or the user signed in anew.
    pub(super) async fn satisfy(&mut self, tenant: &Tenant, contexts: &[String]) -> Result<bool, sqlx::Error> {
        let new = contexts.iter().filter(|context| !self.acrs.contains(context)).cloned();
        let acrs: Vec<_> = self.acrs.iter().cloned().chain(new).collect();
        let updated = sqlx::query("UPDATE sso_sessions SET acrs = $1 WHERE cookie_hash = $2 AND auth_time = $3")
            .bind(acrs.join(" "))
            .bind(&self.cookie_hash)
            .bind(self.auth_time)
            .execute(tenant.db())
            .await?;
        self.acrs = acrs;
        Ok(updated.rows_affected() > 0)
    }
}

/// The digest of the session cookie in these headers.
pub(super) fn cookie_hash(headers: &HeaderMap) -> Option<String> {
    cookies::read(headers, cookies::SESSION).map(|cookie| hash::sha256_base64url(&cookie))
}

/// Ends the session with this `sid`, and tells the apps that took part in it. Returns those apps' client ids; none when
/// it had ended before.
pub(super) async fn end(tenant: &Tenant, sid: &str) -> Result<Vec<String>, sqlx::Error> {
    let ended: Option<String> = sqlx::query_scalar("DELETE FROM sso_sessions WHERE sid = $1 RETURNING user_id")
        .bind(sid)
        .one_written(tenant.db())
        .await?;
    match ended {
        Some(user_id) => has_ended(tenant, &EndedSession { sid: sid.to_owned(), user_id }).await,
        None => Ok(Vec::new()),
    }
}

/// What follows from the end of a session.
async fn has_ended(tenant: &Tenant, session: &EndedSession) -> Result<Vec<String>, sqlx::Error> {
    let clients = back_channel_logout::clients_of(tenant.db(), session).await?;
    back_channel_logout::notify(tenant, session, &clients);
    // A code that is still on its way would sign the user in again.
    sqlx::query(
        "UPDATE grants SET revoked_at = $1 WHERE sid = $2 AND user_id = $3 AND revoked_at IS NULL \
         AND (' ' || scope || ' ' NOT LIKE '% offline_access %' \
         OR id IN (SELECT grant_id FROM authorization_codes WHERE redeemed_at IS NULL))",
    )
    .bind(tenant.clock().unix_millis())
    .bind(&session.sid)
    .bind(&session.user_id)
    .execute(tenant.db())
    .await?;
    Ok(clients)
}

/// Ends all single sign-on sessions of a user, tells the apps, and revokes all codes and refresh tokens: after a
/// password reset.
///
/// A failure is logged only, because `password_changed_at` ends them as well, at their next use.
pub(super) async fn end_sessions_of(tenant: &Tenant, user_id: &str) {
    let ended = async {
        let sids: Vec<String> = sqlx::query_scalar("DELETE FROM sso_sessions WHERE user_id = $1 RETURNING sid")
            .bind(user_id)
            .all_written(tenant.db())
            .await?;
        for sid in sids {
            has_ended(tenant, &EndedSession { sid, user_id: user_id.to_owned() }).await?;
        }
        sqlx::query("UPDATE grants SET revoked_at = $1 WHERE user_id = $2 AND revoked_at IS NULL")
            .bind(tenant.clock().unix_millis())
            .bind(user_id)
            .execute(tenant.db())
            .await
    };
    match ended.await {
        Ok(_) => tracing::info!(user = user_id, "all sessions of the user were ended"),
        Err(error) => tracing::error!(user = user_id, %error, "the sessions of the user could not be ended"),
    }
}
