//! Access tokens as values: those that the app acquires, those that its callers bring, how one is asked for, and why there
//! is none.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use time::Duration;

use super::provider::ProviderError;
use super::scopes::Scopes;
use crate::platform::clock::Timestamp;

/// For how long a token must still live to be used while a new one is fetched in the background.
pub(in crate::identity) const STILL_GOOD: Duration = Duration::seconds(30);
/// How long after a renewal in the background the next one is tried, when the first did not work.
pub(in crate::identity) const PAUSE: Duration = Duration::seconds(30);

/// An access token. Prints nothing; goes into an `Authorization` header and nowhere else.
#[derive(Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// A token, if it can go into a header.
    pub(in crate::identity) fn parse(token: &SecretString) -> Option<Self> {
        let text = token.expose_secret();
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())).then(|| Self(token.clone()))
    }

    /// The token itself, to be sealed.
    pub(in crate::identity) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The value of an `Authorization` header (RFC 6750 §2.1).
    ///
    /// # Panics
    /// Never: tokens are checked for header characters when they come.
    pub fn authorization_header(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0.expose_secret()))
            .expect("an access token was checked for header characters when it came");
        value.set_sensitive(true);
        value
    }
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessToken")
    }
}

/// The access token of a request, validated: what on-behalf-of hands to the provider. Prints nothing.
#[derive(Clone)]
pub struct IncomingToken(Arc<Incoming>);

struct Incoming {
    token: SecretString,
    users: bool,
    expires_at: Timestamp,
}

impl IncomingToken {
    /// A token that was validated: whether it is a user's, and when it ends.
    pub(in crate::identity) fn new(token: SecretString, users: bool, expires_at: Timestamp) -> Self {
        Self(Arc::new(Incoming { token, users, expires_at }))
    }

    /// The token itself, for the provider and nobody else.
    pub(in crate::identity) fn expose(&self) -> &str {
        self.0.token.expose_secret()
    }

    /// Whether it is a user's; an app's names nobody to act on behalf of.
    pub fn is_users(&self) -> bool {
        self.0.users
    }

    /// When it ends.
    pub fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }
}

impl std::fmt::Debug for IncomingToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IncomingToken")
    }
}

/// How a token is acquired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// A claims challenge, as JSON: a token that was cached does not have what it asks for, so the cache is bypassed.
    pub claims: Option<String>,
    /// Acquires a new token although a cached one seems good.
    pub force_refresh: bool,
}

impl Options {
    pub(in crate::identity) fn bypass_cache(&self) -> bool {
        self.force_refresh || self.claims.is_some()
    }
}

/// Why there is no access token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AcquireError {
    /// The customer must go to the provider: nothing cached, the grant is over, or a permission is missing.
    #[error("the customer must sign in again or consent: {reason}")]
    InteractionRequired {
        /// What is needed.
        scopes: Scopes,
        /// A claims challenge for the authorization endpoint.
        claims: Option<String>,
        /// What is missing is the customer's permission, not their sign-in.
        consent: bool,
        /// Why, for the log.
        reason: &'static str,
    },
    /// An outage: the provider or the database does not answer. The session goes on, and a later try may work.
    #[error("no token can be had right now: {0}")]
    Unavailable(#[source] Cause),
    /// The provider answers, and refuses the app or is not understood: nobody but an operator can help. The session goes on.
    #[error("no token can be had as the app is set up: {0}")]
    Misconfigured(#[source] Cause),
    /// Too many ask for tokens at once, or another request for the same one takes long; a later try will work.
    #[error("no token can be had right now: {0}")]
    Busy(&'static str),
}

/// What an [`AcquireError`] came from. Prints no secret; cheap to clone.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// The error itself.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// As [`Display`](fmt::Display): what errors hold beside their text need not be fit for a log.
impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl AcquireError {
    /// An outage.
    pub(in crate::identity) fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(Cause::new(cause))
    }

    /// An operator's to mend.
    pub(in crate::identity) fn misconfigured(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Misconfigured(Cause::new(cause))
    }

    /// The provider cannot be asked: it is down, or not the one in configuration.
    pub(in crate::identity) fn of_provider(error: ProviderError) -> Self {
        if error.is_outage() { Self::unavailable(error) } else { Self::misconfigured(error) }
    }
}

impl From<sqlx::Error> for AcquireError {
    fn from(error: sqlx::Error) -> Self {
        Self::unavailable(error)
    }
}
