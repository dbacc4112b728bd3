//! Pauses before something is tried again.

use std::time::Duration;

use super::random;

/// Half of `whole`, and up to the other half by chance, so that many who wait do not come back as one.
pub fn jittered(whole: Duration) -> Duration {
    let chance = f64::from(u32::from_le_bytes(random::bytes())) / f64::from(u32::MAX);
    whole / 2 + (whole / 2).mul_f64(chance)
}

/// Pauses that double from the first to the longest, each [`jittered`].
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// Begins with `first`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// The next pause.
    pub fn pause(&mut self) -> Duration {
        let pause = jittered(self.next);
        self.next = (self.next * 2).min(self.longest);
        pause
    }

    /// It worked: begins anew.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_when_it_worked() {
        let seconds = Duration::from_secs;
        let mut backoff = Backoff::new(seconds(1), seconds(5));
        for whole in [1, 2, 4, 5, 5].map(seconds) {
            let pause = backoff.pause();
            assert!((whole / 2..=whole).contains(&pause), "{pause:?} of {whole:?}");
        }
        backoff.reset();
        assert!(backoff.pause() <= seconds(1));
    }
}
