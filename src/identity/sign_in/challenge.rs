//! What a sign-in must bring beyond the usual: scopes that the customer has not consented to yet, claims that an API or
//! the provider asked for. It travels in the address of `/auth/sign-in`, sealed, so that only this app can make one, and
//! for one customer only: neither a link from elsewhere nor a customer's own link can have another one asked for permissions.

use serde::{Deserialize, Serialize};
use time::Duration;

use crate::identity::scopes::{MAX_LENGTH, Scopes};
use crate::identity::session::{Ending, UserKey};
use crate::identity::state::Identity;
use crate::platform::clock::Timestamp;

/// How long a challenge can be followed, in milliseconds: pages stand open for a while.
const LIFETIME: Duration = Duration::hours(12);
/// The longest claims request, in bytes: it must fit into an address.
const MAX_CLAIMS: usize = 2048;
const CONTEXT: &str = "sign-in challenge";

/// See the module.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Challenge {
    #[serde(default)]
    scopes: String,
    /// A claims request (OpenID Connect Core §5.5), as the provider or the API gave it.
    #[serde(default)]
    pub(super) claims: Option<String>,
    /// What waits for the customer's proof of who they are, and is done with it.
    #[serde(default)]
    pub(super) then: Option<Ending>,
    /// When it was made, milliseconds since the epoch.
    made_at: Timestamp,
}

impl Challenge {
    /// What is asked for.
    pub(super) fn scopes(&self) -> Scopes {
        Scopes::parse(&self.scopes)
    }

    /// Seals a challenge for `customer`; `None` when there is nothing to ask for, or more than fits.
    pub(super) fn seal(
        identity: &Identity,
        customer: &UserKey,
        scopes: &Scopes,
        claims: Option<&str>,
    ) -> Option<String> {
        let mut scopes = scopes.of_apis().to_string();
        let mut claims = claims.filter(|claims| !claims.is_empty());
        if claims.is_some_and(|claims| claims.len() > MAX_CLAIMS) {
            tracing::error!(
                "the claims that an API asks for are too long for a sign-in; the customer signs in without them"
            );
            claims = None;
        }
        // The sets in configuration were measured at start; what an API asks for, when it was read.
        if scopes.len() > MAX_LENGTH {
            tracing::error!(
                "the scopes that are asked for are too long for a sign-in; the customer signs in without them"
            );
            scopes.clear();
        }
        if scopes.is_empty() && claims.is_none() {
            return None;
        }
        let made_at = identity.clock().timestamp();
        let challenge = Self { scopes, claims: claims.map(str::to_owned), then: None, made_at };
        Some(challenge.sealed(identity, customer))
    }

    /// Seals a request that `customer` authenticates again, after which `then` is done.
    pub(super) fn seal_proof(identity: &Identity, customer: &UserKey, then: Ending) -> String {
        let made_at = identity.clock().timestamp();
        Self { then: Some(then), made_at, ..Self::default() }.sealed(identity, customer)
    }

    fn sealed(&self, identity: &Identity, customer: &UserKey) -> String {
        identity.keys().seal(&context(customer), &serde_json::to_string(self).unwrap_or_default())
    }

    /// Opens a challenge that this app sealed for `customer` and that has not run out.
    pub(super) fn open(identity: &Identity, customer: &UserKey, sealed: &str) -> Option<Self> {
        let challenge: Self = serde_json::from_str(&identity.keys().open(&context(customer), sealed).ok()?).ok()?;
        identity.clock().is_within(LIFETIME, challenge.made_at).then_some(challenge)
    }
}

fn context(customer: &UserKey) -> String {
    format!("{CONTEXT}\n{customer}")
}
