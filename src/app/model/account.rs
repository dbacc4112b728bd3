//! What the account page shows.

use serde::{Deserialize, Serialize};

use crate::app::day_words;
use crate::app::error::AppError;
use crate::app::texts::Texts;
use crate::todo::Day;

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
    /// The result of the last one.
    pub last: Option<LastDigest>,
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
    /// `Firefox on Linux`, as the session has it: see [`SignedInBrowser::name`].
    pub browser: String,
    /// When they signed in.
    pub signed_in: Moment,
    /// When it was used last.
    pub last_seen: Moment,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// A moment in the past, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// How long ago it was.
    pub ago: Ago,
    /// RFC 3339, UTC.
    pub at: String,
}

/// How long ago something was, in words that are right in any time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ago {
    /// Less than a minute.
    Now,
    /// So many minutes.
    Minutes(u64),
    /// So many hours.
    Hours(u64),
    /// So many days.
    Days(u64),
    /// Long: on that day.
    On(Day),
}

impl Ago {
    /// In words: `3 hours ago`.
    pub fn text(self, t: Texts) -> String {
        match self {
            Self::Now => t.ago_now().to_owned(),
            Self::Minutes(count) => t.ago_minutes(count),
            Self::Hours(count) => t.ago_hours(count),
            Self::Days(count) => t.ago_days(count),
            Self::On(day) => t.ago_on(&day_words::long(day, t)),
        }
    }
}

/// What came of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastDigest {
    /// Of which day it was.
    pub day: Day,
    /// What came of it.
    pub outcome: DigestOutcome,
}

/// What can come of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestOutcome {
    /// It was sent.
    Sent,
    /// There was nothing to say.
    NothingOpen,
    /// It could not be delivered.
    GivenUp,
}

impl LastDigest {
    /// In words.
    pub fn text(self, t: Texts) -> String {
        let day = day_words::long(self.day, t);
        match self.outcome {
            DigestOutcome::Sent => t.digest_sent(&day),
            DigestOutcome::NothingOpen => t.digest_nothing_open(&day),
            DigestOutcome::GivenUp => t.digest_given_up(&day),
        }
    }
}

impl SignedInBrowser {
    /// What the customer calls it. A session has its English name, of two parts that are names everywhere.
    pub fn name(&self, t: Texts) -> String {
        const UNKNOWN: &str = "A browser";
        match self.browser.split_once(" on ") {
            Some((UNKNOWN, system)) => t.browser_unknown_on(&system),
            Some((browser, system)) => t.browser_on(&browser, &system),
            None if self.browser == "An unknown browser" => t.browser_unknown().to_owned(),
            None => self.browser.clone(),
        }
    }
}

/// A claim of the ID token (never a token).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The claim's name, as in the token: `preferred_username`.
    pub name: String,
    /// Its value as text; times are ISO 8601.
    pub value: String,
}
