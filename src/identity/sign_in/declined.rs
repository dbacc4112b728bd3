//! What a customer did not allow: they are signed in, were sent to the provider for a permission or a further proof, and
//! cancelled there. The page that they come back to must know, or it would send them there again. A sealed cookie tells it:
//! nothing in an address, which anybody can write, and not the session, whose cookie does not come along where the answer
//! is posted by the provider's page.

use axum::http::HeaderMap;
use cookie::Cookie;
use serde::{Deserialize, Serialize};
use time::Duration;
use tower_sessions::Session;

use super::pending_sign_in::PendingSignIn;
use crate::identity::session;
use crate::identity::state::Identity;
use crate::platform::clock::Timestamp;
use crate::platform::sealed_cookie::SealedCookie;

/// How long it is remembered, in milliseconds: until the page is there.
const LIFETIME: Duration = Duration::MINUTE;
const CONTEXT: &str = "declined";
/// What the cookie is for (see [`Identity::cookie_name`]).
const COOKIE: &str = "declined";

/// See the module.
#[derive(Serialize, Deserialize)]
pub(super) struct Declined {
    /// What was asked for (see [`super::challenge_in`]).
    challenge: String,
    /// The session whose customer said no, as its row is called.
    session: String,
    /// When, milliseconds since the epoch.
    at: Timestamp,
}

impl Declined {
    /// What a cancelled sign-in declined; `None` where it was an ordinary sign-in.
    pub(super) fn of(identity: &Identity, pending: &PendingSignIn) -> Option<Self> {
        let (challenge, session) = pending.challenge.clone().zip(pending.session.clone())?;
        Some(Self { challenge, session, at: identity.clock().timestamp() })
    }

    /// The cookie that says so.
    pub(super) fn cookie(&self, identity: &Identity) -> Cookie<'static> {
        cookie(identity).set(self, Some(LIFETIME))
    }
}

impl Identity {
    /// The challenge (see [`super::challenge_in`]) that the customer of this session just declined, if they did. Until
    /// [`Identity::declined_removal`] is set, or a minute has passed.
    pub fn declined(&self, headers: &HeaderMap, session: &Session) -> Option<String> {
        let declined: Declined = cookie(self).read(headers)?;
        let theirs = session::handle(session).is_some_and(|handle| handle == declined.session);
        (theirs && self.clock().is_within(LIFETIME, declined.at)).then_some(declined.challenge)
    }

    /// The cookie that makes the browser forget what was declined.
    pub fn declined_removal(&self) -> Cookie<'static> {
        cookie(self).removal()
    }
}

fn cookie(identity: &Identity) -> SealedCookie<'_> {
    identity.sealed_cookie(COOKIE, CONTEXT)
}
