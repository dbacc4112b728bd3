//! Time as a parameter. Nothing else in the server build asks the operating system what time it is, so that
//! tests can let an hour pass in no time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

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

    /// Milliseconds since the Unix epoch: what the databases hold.
    pub fn unix_millis(&self) -> i64 {
        millis(self.now())
    }

    /// Whether `at` (milliseconds since the epoch, by this clock or another server's) is less than `lifetime` milliseconds
    /// ago. Servers' clocks may differ by a minute.
    pub fn is_within(&self, lifetime: i64, at: i64) -> bool {
        (-60_000..lifetime).contains(&self.unix_millis().saturating_sub(at))
    }

    /// Moves a manual clock; the system's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Some(ms) = &self.manual {
            let by = i64::try_from(by.whole_milliseconds()).unwrap_or(i64::MAX);
            ms.fetch_add(by, Ordering::SeqCst);
        }
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
