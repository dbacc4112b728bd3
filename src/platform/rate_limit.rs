//! Limits on how often: a burst, and then a steady pace, by the generic cell rate algorithm. What is counted is in memory,
//! and of one process.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use time::Duration;

use super::clock::Clock;

/// When the map has grown to this many keys, those that have recovered are dropped.
pub const SWEEP_AT: usize = 10_000;
/// How often they are dropped at most, in microseconds.
const SWEEP_EVERY: i64 = 1_000_000;

/// A limit: `burst` at once, then one per `pace`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many at once; at least 1.
    pub burst: u32,
    /// After how long there may be one more.
    pub pace: Duration,
}

/// Too many: the next one is welcome after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; the next one is possible in {} seconds", self.retry_after.whole_seconds())]
pub struct TooMany {
    /// How long to wait.
    pub retry_after: Duration,
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// How many at once.
    pub remaining: u32,
    /// When all of it will be left again.
    pub reset: Duration,
}

/// Counts by keys.
pub struct Limiter<K> {
    clock: Clock,
    /// The most keys that are kept. Beyond that, whoever is not known yet has to wait: what would be forgotten otherwise is
    /// who was too fast.
    max_keys: usize,
    /// Per key, when it will have recovered (µs since the epoch): the "theoretical arrival time" of the algorithm. A key
    /// that is not here has recovered.
    recovered_at: Mutex<HashMap<K, i64>>,
    /// When those that have recovered are looked for again, in microseconds since the epoch: not at every request.
    next_sweep: AtomicI64,
}

impl<K: Clone + Eq + Hash> Limiter<K> {
    /// One that has counted nothing yet.
    pub fn new(clock: Clock, max_keys: usize) -> Self {
        Self { clock, max_keys, recovered_at: Mutex::default(), next_sweep: AtomicI64::new(0) }
    }

    /// Takes one from every key, or none from any. Says what is left of the last one.
    ///
    /// # Errors
    /// [`TooMany`] when one of them has nothing left.
    pub fn take(&self, keys: &[(K, Limit)]) -> Result<Left, TooMany> {
        let now = self.now();
        let mut map = self.lock();
        if map.len() >= SWEEP_AT && now >= self.next_sweep.load(Ordering::Relaxed) {
            map.retain(|_, recovered_at| *recovered_at > now);
            self.next_sweep.store(now + SWEEP_EVERY, Ordering::Relaxed);
        }
        if map.len() + keys.len() > self.max_keys && keys.iter().any(|(key, _)| !map.contains_key(key)) {
            return Err(TooMany { retry_after: Duration::minutes(1) });
        }
        for (key, Limit { burst, pace }) in keys {
            let recovered_at = counted(map.get(key).copied(), now, *burst, *pace);
            let wait = recovered_at - now - micros(*pace) * i64::from(burst.saturating_sub(1));
            if wait > 0 {
                return Err(TooMany { retry_after: Duration::microseconds(wait) });
            }
        }
        let mut left = Left { remaining: 0, reset: Duration::ZERO };
        for (key, Limit { burst, pace }) in keys {
            let recovered_at = map.entry(key.clone()).or_insert(now);
            *recovered_at = counted(Some(*recovered_at), now, *burst, *pace) + micros(*pace);
            let behind = *recovered_at - now;
            let taken = u32::try_from(behind / micros(*pace)).unwrap_or(u32::MAX);
            let partly = u32::from(behind % micros(*pace) > 0);
            left = Left {
                remaining: burst.saturating_sub(taken.saturating_add(partly)),
                reset: Duration::microseconds(behind),
            };
        }
        Ok(left)
    }

    /// Gives one back to every key.
    pub fn give_back(&self, keys: &[(K, Limit)]) {
        let mut map = self.lock();
        for (key, limit) in keys {
            if let Some(at) = map.get_mut(key) {
                *at -= micros(limit.pace);
            }
        }
    }

    /// How many keys are kept.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn now(&self) -> i64 {
        self.clock.unix_millis().saturating_mul(1000)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, i64>> {
        // Nothing panics between two writes that belong together; a poisoned map is still a good map.
        self.recovered_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a key will have recovered, of what is noted. Later than the limit can make it is from a clock that ran ahead, and
/// was set back: it must keep nobody waiting for as long as that.
fn counted(noted: Option<i64>, now: i64, burst: u32, pace: Duration) -> i64 {
    let latest = now.saturating_add(micros(pace).saturating_mul(i64::from(burst)));
    noted.filter(|noted| *noted <= latest).unwrap_or(now).max(now)
}

/// At least one.
fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.whole_microseconds()).unwrap_or(i64::MAX / 4).clamp(1, i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_waiting() {
        let clock = Clock::manual(time::OffsetDateTime::UNIX_EPOCH + Duration::days(20_000));
        let limiter = Limiter::new(clock.clone(), 10);
        let keys = [("ada", Limit { burst: 2, pace: Duration::minutes(1) })];
        clock.advance(Duration::days(3));
        assert!(limiter.take(&keys).is_ok() && limiter.take(&keys).is_ok() && limiter.take(&keys).is_err());
        clock.advance(Duration::days(-3));
        assert!(limiter.take(&keys).is_ok() && limiter.take(&keys).is_ok() && limiter.take(&keys).is_err());
    }

    #[test]
    fn what_is_left_is_said_and_comes_back_with_time() {
        let clock = Clock::manual(time::OffsetDateTime::UNIX_EPOCH + Duration::days(20_000));
        let limiter = Limiter::new(clock.clone(), 10);
        let limit = Limit { burst: 3, pace: Duration::milliseconds(1500) };
        let left = |remaining, milliseconds| Ok(Left { remaining, reset: Duration::milliseconds(milliseconds) });
        assert_eq!(limiter.take(&[("a", limit)]), left(2, 1500));
        assert_eq!(limiter.take(&[("a", limit)]), left(1, 3000));
        assert_eq!(limiter.take(&[("a", limit)]), left(0, 4500));
        assert_eq!(limiter.take(&[("a", limit)]), Err(TooMany { retry_after: Duration::milliseconds(1500) }));
        assert_eq!(limiter.take(&[("b", limit)]), left(2, 1500), "each key for itself");
        clock.advance(Duration::milliseconds(2000));
        assert_eq!(limiter.take(&[("a", limit)]), left(0, 4000));
        clock.advance(Duration::minutes(1));
        assert_eq!(limiter.take(&[("a", limit)]), left(2, 1500));
    }
}
