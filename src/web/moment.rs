//! Moments, in words.

use time::format_description::well_known::Rfc3339;

use crate::app::model::account::Moment;
use crate::platform::clock::from_millis;

/// A moment in the past; both are milliseconds since the epoch.
pub(super) fn moment(now: i64, then: i64) -> Moment {
    Moment { text: ago(now, then), at: from_millis(then).format(&Rfc3339).unwrap_or_default() }
}

/// How long ago something was, in words that are right in any time zone.
fn ago(now: i64, then: i64) -> String {
    let minutes = (now - then).max(0) / 60_000;
    let (count, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        1440..43200 => (minutes / 1440, "day"),
        _ => return format!("on {}", day(from_millis(then).date())),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

/// `3 December 2026`.
pub(super) fn day(date: time::Date) -> String {
    format!("{} {} {}", date.day(), date.month(), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_the_words_that_people_use() {
        const MINUTE: i64 = 60_000;
        let now = 1_800_000_000_000;
        for (passed, text) in [
            (-5 * MINUTE, "just now"),
            (MINUTE - 1, "just now"),
            (MINUTE, "1 minute ago"),
            (59 * MINUTE, "59 minutes ago"),
            (60 * MINUTE, "1 hour ago"),
            (23 * 60 * MINUTE, "23 hours ago"),
            (24 * 60 * MINUTE, "1 day ago"),
            (29 * 24 * 60 * MINUTE, "29 days ago"),
            (31 * 24 * 60 * MINUTE, "on 15 December 2026"),
        ] {
            assert_eq!(ago(now, now - passed), text);
        }
    }
}
