//! What a page does when there is no access token for its customer: send them to the provider, or, where they were there
//! for exactly that a moment ago, not again. Without that difference, a provider that never grants what an API needs would
//! get the same browser for ever.

use time::Duration;

use super::return_to::ReturnTo;
use super::session::UserSession;
use super::state::Identity;
use super::token::AcquireError;

/// For how long after a sign-in another one for the same scopes would not help: better an error than a loop.
const JUST_SIGNED_IN: Duration = Duration::seconds(10);
/// The same after a consent, whose page a customer may come back from and look around first.
const JUST_ASKED: Duration = Duration::minutes(10);

/// What follows from an [`AcquireError`]: see [`Identity::next_step`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Send the browser to `url`, an address of this site that leads to the provider and back. A customer who comes back
    /// having said no should not be sent there at once: see [`Identity::declined`].
    Redirect {
        /// Where to.
        url: String,
        /// What for.
        purpose: Purpose,
    },
    /// The customer comes from the provider, who was asked for exactly this, and still lacks it. Show a page (403) that says
    /// so, on which `url` is a link, for when they, or an administrator, have allowed it.
    NotGranted {
        /// Where to try once more.
        url: String,
        /// What for.
        purpose: Purpose,
    },
    /// An operator must mend it (502).
    Misconfigured,
    /// It may work in a moment (503).
    Unavailable,
}

/// What a customer is sent to the provider for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in: an ordinary sign-in brings what is missing.
    SignIn,
    /// To sign in for certain scopes, or to prove more (a claims challenge).
    Proof,
    /// To permit something.
    Consent,
}

impl Identity {
    /// What a page that is to come back to `page` does when `error` is why there is no access token for its customer. Says
    /// in the log what it makes of it.
    pub fn next_step(&self, signed_in: &UserSession, error: &AcquireError, page: &ReturnTo) -> NextStep {
        let (scopes, claims, consent, reason) = match error {
            AcquireError::InteractionRequired { scopes, claims, consent, reason } => {
                (scopes, claims.as_deref(), *consent, reason)
            }
            AcquireError::Misconfigured(cause) => {
                tracing::error!(%cause, "no access token can be had as the app is set up: an operator must mend it");
                return NextStep::Misconfigured;
            }
            AcquireError::Unavailable(_) | AcquireError::Busy(_) => {
                tracing::error!(%error, "no access token can be had");
                return NextStep::Unavailable;
            }
        };
        tracing::info!(%scopes, reason, consent, "a customer must go to the provider");
        let purpose = if consent { Purpose::Consent } else { Purpose::Proof };
        let url = self.interaction_url(&signed_in.key, scopes, claims, page);
        let since = self.clock().timestamp() - signed_in.signed_in_at;
        let window = if consent { JUST_ASKED } else { JUST_SIGNED_IN };
        let demanded_before = signed_in.asked.cover(scopes, self.scope_naming());
        // A claims challenge is new each time; whoever comes back from one has answered it.
        if since < window && demanded_before && (claims.is_none() || since < JUST_SIGNED_IN) {
            tracing::warn!(
                %scopes, reason, consent, asked = %signed_in.asked,
                "a customer who was just asked for these scopes at the provider comes back without them, and is not sent \
                 there again: check the permissions of the app's registration, and what the provider grants"
            );
            return NextStep::NotGranted { url, purpose };
        }
        // For anything that a plain sign-in does not ask for, it would end here again, and again.
        if !consent && claims.is_none() && self.signs_in_with(scopes) {
            return NextStep::Redirect { url: self.sign_in_url(page), purpose: Purpose::SignIn };
        }
        NextStep::Redirect { url, purpose }
    }
}
