//! Moments, in words.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::app::model::account::Moment;
use crate::platform::clock::Timestamp;

/// A moment in the past.
pub(super) fn moment(now: Timestamp, then: Timestamp) -> Moment {
    Moment { text: ago(now, then), at: OffsetDateTime::from(then).format(&Rfc3339).unwrap_or_default() }
}

/// How long ago something was, in words that are right in any time zone.
fn ago(now: Timestamp, then: Timestamp) -> String {
    let minutes = (now - then).whole_minutes().max(0);
    let (count, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        1440..43200 => (minutes / 1440, "day"),
        _ => return format!("on {}", day(OffsetDateTime::from(then).date())),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

/// `3 December 2026`.
pub(super) fn day(date: time::Date) -> String {
    format!("{} {} {}", date.day(), date.month(), date.year())
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

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
            assert_eq!(ago(now, now - passed), text);
        }
    }
}
