//! Tells apps that a session has ended, from server to server (OpenID Connect Back-Channel Logout 1.0).
//!
//! The user never waits for an app: logout tokens are posted in the background, and an app that does not take its token
//! is asked a few times and then noted in the log.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};
use sqlx::AnyPool;
use uuid::Uuid;

use super::keys::KeyError;
use super::state::Tenant;
use crate::platform::outbound::{self, OutboundError};

/// How long a logout token can be used. §2.4 recommends at most two minutes.
const TOKEN_LIFETIME: time::Duration = time::Duration::minutes(2);
/// How long an app may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait before each further attempt.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// How much of an app's answer is read, in bytes: only its status counts.
const MAX_ANSWER: usize = 16 * 1024;

/// The member of `events` that makes a JWT a logout token (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A session that has just ended.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct EndedSession {
    /// Its name in tokens.
    pub(super) sid: String,
    /// Whose it was.
    pub(super) user_id: String,
}

/// The apps that got a grant in the session, whether it was revoked since or not.
pub(super) async fn clients_of(db: &AnyPool, session: &EndedSession) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT DISTINCT client_id FROM grants WHERE sid = $1 AND user_id = $2 ORDER BY client_id")
        .bind(&session.sid)
        .bind(&session.user_id)
        .fetch_all(db)
        .await
}

/// Posts a logout token to each of these apps that wants one. Returns at once.
pub(super) fn notify(tenant: &Tenant, session: &EndedSession, clients: &[String]) {
    for app in clients.iter().filter_map(|client_id| tenant.config().app(client_id)) {
        if let Some(uri) = &app.back_channel_logout_uri {
            tokio::spawn(deliver(tenant.clone(), app.client_id, uri.clone(), session.clone()));
        }
    }
}

/// Why an app did not take a logout token.
#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error("the logout token cannot be signed: {0}")]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// §2.8: 200, or 204 as some frameworks have it.
    #[error("the app answered {0}")]
    Status(reqwest::StatusCode),
}

impl DeliveryError {
    /// Whether it may go better in a moment. §2.8: 400 means that the app will not have this token.
    fn is_transient(&self) -> bool {
        match self {
            Self::Keys(_) => false,
            Self::Outbound(error) => matches!(error, OutboundError::Unreachable { .. }),
            Self::Status(status) => status.is_server_error() || matches!(status.as_u16(), 408 | 429),
        }
    }
}

async fn deliver(tenant: Tenant, client_id: Uuid, uri: String, session: EndedSession) {
    let mut pauses = PAUSES.into_iter();
    loop {
        let Err(error) = attempt(&tenant, client_id, &uri, &session).await else { return };
        let Some(pause) = pauses.next().filter(|_| error.is_transient()) else {
            tracing::warn!(app = %client_id, %error, "an app could not be told that a session has ended");
            return;
        };
        tokio::time::sleep(pause).await;
    }
}

/// One attempt, with a token of its own: an app that took the last one and whose answer was lost would have to refuse
/// its `jti` (§2.6).
async fn attempt(tenant: &Tenant, client_id: Uuid, uri: &str, session: &EndedSession) -> Result<(), DeliveryError> {
    let token = logout_token(tenant, client_id, session)?;
    // §2.5
    let request = tenant.http().post(uri).timeout(TIMEOUT).form(&[("logout_token", token)]);
    let (status, _, _) = outbound::send(request, MAX_ANSWER).await?;
    if status.is_success() { Ok(()) } else { Err(DeliveryError::Status(status)) }
}

/// §2.4. Never a nonce: nobody may take it for an ID token.
#[derive(Serialize)]
struct LogoutTokenClaims<'s> {
    iss: String,
    sub: String,
    aud: Uuid,
    iat: i64,
    exp: i64,
    jti: Uuid,
    events: Map<String, Value>,
    sid: &'s str,
}

fn logout_token(tenant: &Tenant, client_id: Uuid, session: &EndedSession) -> Result<String, KeyError> {
    let now = tenant.clock().unix_seconds();
    let claims = LogoutTokenClaims {
        iss: tenant.issuer(),
        sub: tenant.subject(client_id, &session.user_id),
        aud: client_id,
        iat: now,
        exp: now + TOKEN_LIFETIME.whole_seconds(),
        jti: Uuid::new_v4(),
        events: Map::from_iter([(EVENT.to_owned(), json!({}))]),
        sid: &session.sid,
    };
    tenant.keys().sign_as("logout+jwt", &claims)
}
