//! Time as a parameter. Nothing else in the server build asks the operating system what time it is, so that
//! tests can let an hour pass in no time.

use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// A clock: the system's, or one that a test moves by hand. Cheap to clone; clones share the hands.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Milliseconds since the Unix epoch, when the clock is a test's.
    manual: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `now` until [`Clock::advance`] moves it.
    pub fn manual(now: OffsetDateTime) -> Self {
        Self { manual: Some(Arc::new(AtomicI64::new(millis(now)))) }
    }

    /// The current time, UTC.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system")]
    pub fn now(&self) -> OffsetDateTime {
        match &self.manual {
            None => OffsetDateTime::now_utc(),
            Some(ms) => from_millis(ms.load(Ordering::SeqCst)),
        }
    }

    /// Seconds since the Unix epoch: what JWT claims hold.
    pub fn unix_seconds(&self) -> i64 {
        self.now().unix_timestamp()
    }

    /// The current time, as databases hold it.
    pub fn timestamp(&self) -> Timestamp {
        Timestamp(self.unix_millis())
    }

    /// Milliseconds since the Unix epoch: [`Clock::timestamp`] as a number.
    pub fn unix_millis(&self) -> i64 {
        millis(self.now())
    }

    /// Whether `at` (by this clock or another server's) is less than `lifetime` ago. Servers' clocks may differ by a minute.
    pub fn is_within(&self, lifetime: Duration, at: Timestamp) -> bool {
        (-Duration::MINUTE..lifetime).contains(&(self.timestamp() - at))
    }

    /// Moves a manual clock; the system's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Some(ms) = &self.manual {
            let by = i64::try_from(by.whole_milliseconds()).unwrap_or(i64::MAX);
            ms.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// A moment, to the millisecond: in databases, cookies and sessions the number of milliseconds since the Unix epoch. What is
/// added to it or taken from it is a [`Duration`], and so is the time between two of them; sums end at the ends of the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Later than any other.
    pub const MAX: Self = Self(i64::MAX);

    /// The moment so many milliseconds after the Unix epoch.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// The moment so many seconds after the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch: what JWT claims hold (RFC 7519 §2, `NumericDate`).
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(at: OffsetDateTime) -> Self {
        Self(millis(at))
    }
}

impl From<Timestamp> for OffsetDateTime {
    /// Moments that it cannot represent (before the year -9999, after 9999) become the epoch.
    fn from(at: Timestamp) -> Self {
        from_millis(at.0)
    }
}

fn millis_of(duration: Duration) -> i64 {
    i64::try_from(duration.whole_milliseconds()).unwrap_or(if duration.is_negative() { i64::MIN } else { i64::MAX })
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis_of(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis_of(duration)))
    }
}

impl Sub for Timestamp {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        Duration::milliseconds(self.0.saturating_sub(earlier.0))
    }
}

/// Milliseconds since the Unix epoch.
pub fn millis(at: OffsetDateTime) -> i64 {
    // `OffsetDateTime` ends in the year 9999: 2.5e14 ms, far inside an i64.
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// The time `ms` milliseconds after the Unix epoch; times that cannot be represented become the epoch.
pub fn from_millis(ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_timestamp_is_a_number_of_milliseconds_and_its_sums_stay_in_range() {
        let at = Timestamp::from(datetime!(2026-11-25 06:00:00.123 UTC));
        assert_eq!(serde_json::to_string(&at).unwrap(), at.as_millis().to_string());
        assert_eq!(serde_json::from_str::<Timestamp>("1795586400123").unwrap(), at);
        assert_eq!(OffsetDateTime::from(at + Duration::hours(1)), datetime!(2026-11-25 07:00:00.123 UTC));
        assert_eq!(at - (at - Duration::minutes(5)), Duration::minutes(5));
        assert!((at - Timestamp::MAX).is_negative());
        assert_eq!(Timestamp::MAX + Duration::MAX, Timestamp::MAX);
        assert_eq!(OffsetDateTime::from(Timestamp::MAX), OffsetDateTime::UNIX_EPOCH);
    }
}
