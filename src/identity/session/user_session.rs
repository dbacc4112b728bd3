//! What a session knows of its customer.

use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use crate::identity::jwt::{self, Claims};
use crate::identity::scopes::Scopes;
use crate::identity::state::Identity;
use crate::identity::user_key::UserKey;
use crate::platform::clock::Timestamp;

/// The session's entry that holds a [`UserSession`].
pub(super) const ENTRY: &str = "customer";
/// The session's entry that holds the ID token, sealed, where sign-out needs it.
const ID_TOKEN: &str = "id_token";
/// The session's entry that says how many others the customer just ended by proving who they are.
const ENDED_OTHERS: &str = "ended_others";
/// For how many seconds a proof of who somebody is counts as given lately.
const LATELY: i64 = 300;

/// What a session knows of its customer. Contains no token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserSession {
    /// Who it is.
    pub key: UserKey,
    /// How to address them, as the provider's claims say; says nothing about who it is.
    pub name: Option<String>,
    /// The verified claims of the ID token, and those of `UserInfo` where it was asked.
    pub claims: Claims,
    /// When they signed in.
    pub signed_in_at: Timestamp,
    /// The browser they signed in with, for them to recognise: `Firefox on Linux`.
    pub browser: String,
    /// When the provider's grant ends, where the provider says so.
    pub ends_at: Option<Timestamp>,
    /// The scopes that this sign-in asked for. When one of them is still missing right afterwards, asking again would
    /// bring the same.
    pub asked: Scopes,
    /// The challenge that this sign-in answered (see [`crate::identity::sign_in::challenge_in`]).
    #[serde(default)]
    pub challenge: Option<String>,
}

impl UserSession {
    /// The customer of this session; `None` for a visitor.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn load(session: &Session) -> Result<Option<Self>, tower_sessions::session::Error> {
        match session.get(ENTRY).await {
            // Written by another version: the customer signs in again, instead of being locked out until it expires.
            Err(tower_sessions::session::Error::SerdeJson(error)) => {
                tracing::warn!(%error, "a session of another version is not understood, and counts as none");
                Ok(None)
            }
            loaded => loaded,
        }
    }

    /// A claim that is text.
    pub fn claim(&self, name: &str) -> Option<&str> {
        jwt::text(&self.claims, name)
    }

    /// Whether they proved lately who they are, as the provider says (`auth_time`, OpenID Connect Core §2); one that does not
    /// say when is asked to have it proved. A session may be made without any proof, from the provider's own.
    pub fn has_proved_lately(&self, now: Timestamp) -> bool {
        let Ok(Some(proved)) = jwt::seconds(&self.claims, "auth_time") else { return false };
        let seconds = now.as_seconds();
        (seconds - LATELY..=seconds + jwt::SKEW).contains(&proved)
    }

    /// How many other sessions the customer ended by the proof that they just came back from; returned once.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn take_ended_others(session: &Session) -> Result<Option<usize>, tower_sessions::session::Error> {
        // A removal counts as a change, and a change costs a database write, whether or not there was anything.
        match session.get_value(ENDED_OTHERS).await? {
            None => Ok(None),
            Some(_) => session.remove(ENDED_OTHERS).await,
        }
    }

    /// Leaves what [`UserSession::take_ended_others`] takes.
    pub(in crate::identity) async fn leave_ended_others(
        session: &Session,
        ended: usize,
    ) -> Result<(), tower_sessions::session::Error> {
        session.insert(ENDED_OTHERS, ended).await?;
        session.save().await
    }

    /// Makes `session` this customer's, under a new id; the old id is dead (ASVS 5.0 §7.2.4).
    /// `id_token` is what sign-out will show to the provider, where it must.
    pub(in crate::identity) async fn begin(
        &self,
        identity: &Identity,
        session: &Session,
        id_token: Option<&str>,
    ) -> Result<(), tower_sessions::session::Error> {
        session.cycle_id().await?;
        session.clear().await;
        session.insert(ENTRY, self).await?;
        if let Some(id_token) = id_token {
            session.insert(ID_TOKEN, identity.keys().seal(&self.id_token_context(), id_token)).await?;
        }
        session.save().await
    }

    /// The ID token that [`UserSession::begin`] kept.
    pub(in crate::identity) async fn id_token(
        &self,
        identity: &Identity,
        session: &Session,
    ) -> Result<Option<String>, tower_sessions::session::Error> {
        let sealed: Option<String> = session.get(ID_TOKEN).await?;
        Ok(sealed.and_then(|sealed| identity.keys().open(&self.id_token_context(), &sealed).ok()))
    }

    fn id_token_context(&self) -> String {
        format!("id token\n{}", self.key)
    }
}
