//! Moments, as the page shows them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::app::model::account::{Ago, Moment};
use crate::platform::clock::Timestamp;
use crate::todo::Day;

/// A moment in the past.
pub(super) fn moment(now: Timestamp, then: Timestamp) -> Moment {
    Moment { ago: ago(now, then), at: OffsetDateTime::from(then).format(&Rfc3339).unwrap_or_default() }
}

/// How long ago something was.
fn ago(now: Timestamp, then: Timestamp) -> Ago {
    let minutes = u64::try_from((now - then).whole_minutes()).unwrap_or_default();
    match minutes {
        0 => Ago::Now,
        1..60 => Ago::Minutes(minutes),
        60..1440 => Ago::Hours(minutes / 60),
        1440..43200 => Ago::Days(minutes / 1440),
        // Of the years that a clock shows, a day is always read.
        _ => Ago::On(Day::parse(&OffsetDateTime::from(then).date().to_string()).unwrap_or(Day::EPOCH)),
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::app::texts::Texts;
    use crate::language::Language;

    #[test]
    fn a_moment_is_told_in_the_words_that_people_use() {
        const MINUTE: Duration = Duration::MINUTE;
        let now = Timestamp::from_millis(1_800_000_000_000);
        for (passed, text) in [
            (MINUTE * -5, "just now"),
            (MINUTE - Duration::MILLISECOND, "just now"),
            (MINUTE, "1 minute ago"),
            (MINUTE * 59, "59 minutes ago"),
            (MINUTE * 60, "1 hour ago"),
            (MINUTE * 60 * 23, "23 hours ago"),
            (MINUTE * 60 * 24, "1 day ago"),
            (MINUTE * 60 * 24 * 29, "29 days ago"),
            (MINUTE * 60 * 24 * 31, "on 15 December 2026"),
        ] {
            assert_eq!(ago(now, now - passed).text(Texts::of(Language::English)), text);
        }
    }
}
