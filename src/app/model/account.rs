//! What the account page shows.

use serde::{Deserialize, Serialize};

use crate::app::error::AppError;

/// What the account page shows. Each part stands for itself: one that cannot be had leaves the others as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Who the customer is in the provider's directory; `None` where Errand has no access to one.
    pub profile: Option<Result<Profile, AppError>>,
    /// The daily digest.
    pub digest: Result<Digest, AppError>,
    /// The customer's sessions, this one among them.
    pub sessions: Result<Vec<SignedInBrowser>, AppError>,
    /// The claims of the ID token.
    pub claims: Vec<Claim>,
}

/// The customer's entry in the provider's directory. What it does not know is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// What to call them.
    pub display_name: String,
    /// First name.
    pub given_name: String,
    /// Last name.
    pub surname: String,
    /// The e-mail address, which is not changed here.
    pub mail: String,
    /// ISO 3166-1 alpha-2, unless the directory keeps something else.
    pub country: String,
    /// The countries to choose from: code and name.
    pub countries: Vec<(String, String)>,
}

/// What the customer chose about the daily digest, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Whether there is one.
    pub enabled: bool,
    /// The IANA name of the customer's time zone; empty when they never chose.
    pub time_zone: String,
    /// The hour of the day there, 0 to 23.
    pub hour: u8,
    /// Where it goes; empty when the provider named no address.
    pub email: String,
    /// The result of the last one, in a sentence; empty when there was none.
    pub last: String,
    /// Whether only signing in again makes it come again.
    pub skipped: bool,
    /// The time zones to choose from.
    pub time_zones: Vec<String>,
}

/// One of the customer's sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedInBrowser {
    /// Names the session when it is to be ended; opens nothing.
    pub handle: String,
    /// `Firefox on Linux`.
    pub browser: String,
    /// When they signed in.
    pub signed_in: Moment,
    /// When it was used last.
    pub last_seen: Moment,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// A moment, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// `3 hours ago`.
    pub text: String,
    /// RFC 3339, UTC.
    pub at: String,
}

/// A claim of the ID token (never a token).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The claim's name, as in the token: `preferred_username`.
    pub name: String,
    /// Its value as text; times are ISO 8601.
    pub value: String,
}
