//! What the customer is told about a sign-in or sign-out that did not work.
//!
//! Whether a problem is there, or only its page's address, a sealed cookie tells. Anybody can write the address; the status
//! of a failure (which is counted, logged, and wakes people) belongs to the browser that was sent there, once.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cookie::Cookie;
use time::Duration;
use url::form_urlencoded;

use super::answer::set_cookie;
use super::paths::PROBLEM;
use crate::identity::ended::Ended;
use crate::identity::ended_sessions::EndedBy;
use crate::identity::provider::ProviderError;
use crate::identity::return_to::ReturnTo;
use crate::identity::state::Identity;
use crate::platform::clock::Timestamp;
use crate::platform::redirect::see_other;
use crate::platform::sealed_cookie::SealedCookie;

/// Why a sign-in (or sign-out) did not work, as far as the customer needs to know. The app's page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The customer changed their mind at the provider.
    Cancelled,
    /// It took too long, was answered already, or began in another browser.
    Expired,
    /// The provider said no, or its answer cannot be trusted.
    Refused,
    /// The provider (or our database) does not answer.
    Unavailable,
    /// The provider answers, but not as the one that is configured, or refuses the app itself: an operator must mend it.
    Misconfigured,
    /// Signed out here, but what came back from the provider is not its answer to that.
    SignOut,
    /// The customer signed this browser out from another one, and proves who they are before they are in again.
    SignedOutElsewhere,
    /// The same, by the provider.
    SignedOutByProvider,
    /// There is no signing up: accounts are made by somebody else.
    NoSignUp,
}

impl Problem {
    pub(super) const ALL: [Self; 9] = [
        Self::Cancelled,
        Self::Expired,
        Self::Refused,
        Self::Unavailable,
        Self::Misconfigured,
        Self::SignOut,
        Self::SignedOutElsewhere,
        Self::SignedOutByProvider,
        Self::NoSignUp,
    ];

    /// As it stands in the address of the page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Misconfigured => "misconfigured",
            Self::SignOut => "sign-out",
            Self::SignedOutElsewhere => "signed-out-elsewhere",
            Self::SignedOutByProvider => "signed-out-by-provider",
            Self::NoSignUp => "no-sign-up",
        }
    }

    /// The status of the page about a failure; the other problems are none of ours.
    fn status(self) -> Option<StatusCode> {
        match self {
            Self::Unavailable => Some(StatusCode::SERVICE_UNAVAILABLE),
            Self::Misconfigured => Some(StatusCode::BAD_GATEWAY),
            _ => None,
        }
    }

    /// That the provider's metadata or keys cannot be had.
    pub(super) fn of_provider(error: &ProviderError) -> Self {
        if error.is_outage() { Self::Unavailable } else { Self::Misconfigured }
    }

    pub(super) fn of_ended(ended: Ended) -> Self {
        match ended.by {
            EndedBy::Browser => Self::SignedOutElsewhere,
            EndedBy::Provider => Self::SignedOutByProvider,
        }
    }

    /// With the page that the customer wanted.
    pub(super) fn response_with(self, identity: &Identity, return_to: &ReturnTo) -> Response {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("reason", self.as_str())
            .append_pair("return_to", return_to.as_str())
            .finish();
        see_other(&format!("{}?{query}", page(identity)))
    }

    /// As the provider's answer has it, which anybody can write who began a sign-in.
    pub(super) fn alleged(self, identity: &Identity) -> Response {
        see_other(&format!("{}?reason={}", page(identity), self.as_str()))
    }

    pub(super) fn response(self, identity: &Identity) -> Response {
        let mut response = self.alleged(identity);
        if self.status().is_some() {
            set_cookie(response.headers_mut(), &cookie(identity, self));
        }
        response
    }
}

/// The app's page about problems, or ours.
fn page(identity: &Identity) -> String {
    identity.site().problem_page.clone().unwrap_or_else(|| identity.site().path(PROBLEM))
}

/// How long it is believed, in milliseconds: until the page is there.
const LIFETIME: Duration = Duration::MINUTE;
const CONTEXT: &str = "problem";
/// What the cookie is for (see [`Identity::cookie_name`]).
const COOKIE: &str = "problem";

/// The cookie that says that this browser was sent to the page about `problem`, just now.
fn cookie(identity: &Identity, problem: Problem) -> Cookie<'static> {
    sealed(identity).set(&(problem.as_str(), identity.clock().timestamp()), Some(LIFETIME))
}

impl Identity {
    /// The status of the page about the problem `reason`, where this browser was sent there a moment ago because of it.
    /// Its cookie is used up: [`Identity::problem_removal`].
    pub fn problem_status(&self, headers: &HeaderMap, reason: &str) -> Option<StatusCode> {
        let (told, at): (String, Timestamp) = sealed(self).read(headers)?;
        let is_it = told == reason && self.clock().is_within(LIFETIME, at);
        let problem = Problem::ALL.into_iter().find(|problem| problem.as_str() == reason);
        problem.filter(|_| is_it).and_then(Problem::status)
    }

    /// The cookie that makes the browser forget the problem.
    pub fn problem_removal(&self) -> Cookie<'static> {
        sealed(self).removal()
    }
}

fn sealed(identity: &Identity) -> SealedCookie<'_> {
    identity.sealed_cookie(COOKIE, CONTEXT)
}
