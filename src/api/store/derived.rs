//! What lists are filtered, searched and sorted by: columns that are derived from what an author says, whenever that is
//! written.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::todo::{ClockTime, Day, Description, Details, Due, Moment};

/// What `due` is of a to-do that is not due: later than any day.
pub(super) const NOT_DUE: i64 = 999_999_999_999;

/// What `remind_at` is of a to-do without a reminder: later than any moment.
const NEVER: i64 = 9_999_999_999_999_999;

/// The derived columns of a to-do.
pub(super) struct Derived {
    /// `starred`: 1 or 0.
    pub(super) starred: i64,
    /// `repeats`: 1 or 0.
    pub(super) repeats: i64,
    /// `list`: the id, or the empty text.
    pub(super) list: String,
    /// `due`: see [`due_key`].
    pub(super) due: i64,
    /// `remind_at`: see [`remind_key`].
    pub(super) remind_at: i64,
    /// `title`: the beginning of the description, as [`folded`] has it.
    pub(super) title: String,
    /// `search`: description and note, as [`folded`] has them.
    pub(super) search: String,
}

/// How much of a description its order is decided by, in characters: more does not fit into an index of PostgreSQL.
const TITLE: usize = 100;

impl Derived {
    pub(super) fn of(description: &Description, details: &Details) -> Self {
        let Details { note, starred, due, reminder, repeat, list, steps: _ } = details;
        let mut search = folded(description.as_str());
        let title = search.chars().take(TITLE).collect();
        if !note.is_empty() {
            search.push('\n');
            search += &folded(note.as_str());
        }
        Self {
            starred: i64::from(*starred),
            repeats: i64::from(repeat.is_some()),
            list: list_key(*list),
            due: due.as_ref().map_or(NOT_DUE, due_key),
            remind_at: remind_key(reminder.as_ref()),
            title,
            search,
        }
    }
}

/// In which list a to-do is; the empty text for the one that everybody has.
pub(super) fn list_key(list: Option<Uuid>) -> String {
    list.map(|id| id.to_string()).unwrap_or_default()
}

/// When a to-do is due, as a number of twelve digits: 202612010900. Each place's days are days, whatever their zone; a day
/// as a whole comes before its hours.
fn due_key(due: &Due) -> i64 {
    let (hour, minute) = due.time().map_or((0, 0), |(time, _)| ClockTime::clock(time));
    day_key(due.date()) + i64::from(hour) * 100 + i64::from(minute)
}

/// When somebody is to be reminded, in milliseconds since the Unix epoch; what was before that, then. Where clocks skip the
/// time, it is the moment at which they would have shown it; where they show it twice, the first (RFC 5545 §3.3.5).
pub(super) fn remind_key(moment: Option<&Moment>) -> i64 {
    let Some(moment) = moment else { return NEVER };
    // The database may have been written by a program that knew more zones.
    let zone = TimeZone::get(moment.time_zone().as_str()).unwrap_or(TimeZone::UTC);
    let at: Option<DateTime> = format!("{}T{}:00", moment.date(), moment.time()).parse().ok();
    let at = at.and_then(|at| zone.to_timestamp(at).ok());
    at.map_or(NEVER, |at| at.as_millisecond().max(0))
}

/// Where a day begins, as [`due_key`] has it.
pub(super) fn day_key(day: Day) -> i64 {
    let (year, month, day) = day.calendar();
    (i64::from(year) * 10_000 + i64::from(month) * 100 + i64::from(day)) * 10_000
}

/// A text in small letters, one character after the other, so that what is within a text is so in small letters as well.
/// Neither engine does that by itself: SQLite knows the letters of ASCII only.
pub(super) fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::todo::{Note, ZoneName};

    #[test]
    fn a_day_comes_before_its_hours_and_what_is_not_due_comes_last() {
        let day = |text: &str| Day::parse(text).expect("a day");
        let zone = ZoneName::parse("Europe/Madrid").expect("a zone");
        let at = |date: &str, time: &str| Due::at(day(date), ClockTime::parse(time).expect("a time"), zone.clone());
        let dues = [
            Due::on(day("0001-01-01")),
            Due::on(day("2026-11-30")),
            at("2026-11-30", "23:59"),
            Due::on(day("2026-12-01")),
            at("2026-12-01", "09:00"),
            at("2026-12-01", "10:00"),
            at("9999-12-31", "23:59"),
        ];
        let mut keys: Vec<_> = dues.iter().map(due_key).collect();
        keys.push(NOT_DUE);
        assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
        assert_eq!(keys[4], 202_612_010_900);
    }

    #[test]
    fn description_and_note_are_searched_in_small_letters() {
        let details = Details { note: Note::parse("Straße\nΟΔΟΣ").expect("a note"), ..Details::default() };
        let description = Description::parse("Çay İç").expect("a text");
        assert_eq!(Derived::of(&description, &details).search, "çay i\u{307}ç\nstraße\nοδοσ");
    }
}
