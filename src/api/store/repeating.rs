//! To-dos that repeat: what comes after one that is done.

use jiff::tz::TimeZone;
use time::{Date, Duration, Month};

use super::StoreError;
use crate::platform::clock::Timestamp;
use crate::todo::{Day, Due, End, Moment, NewTodo, ZoneName};

/// How many to-dos that repeat are marked as done in one change.
pub(crate) const MAX_REPEATING: usize = 1000;

/// Why nothing was changed of all of an owner's to-dos.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BulkError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no room for those that come next.
    #[error("the list is full")]
    Full,
    /// More than [`MAX_REPEATING`] of them repeat.
    #[error("too many of the to-dos repeat")]
    TooManyRepeat,
}

impl From<sqlx::Error> for BulkError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The to-do that comes after one that is done now, if it repeats: due on the next day of its rule that is not over yet, at
/// the same time in the same zone, its reminder as long before as it was, its steps not done. Nothing that is over already
/// is added, however late the other one was done.
pub(super) fn next_of(done: &NewTodo, now: Timestamp) -> Option<NewTodo> {
    let details = &done.details;
    let (due, repeat) = details.due.as_ref().zip(details.repeat.as_ref())?;
    let zone = due.time().map(|(_, zone)| zone).or(details.reminder.as_ref().map(Moment::time_zone));
    let today = match zone {
        Some(zone) => clocks(zone, now)?.0,
        // Where its author is nobody knows: a day is over when it is so everywhere (UTC−12).
        None => clocks_of(&TimeZone::UTC, now - Duration::hours(12))?.0,
    };
    let last = match repeat.end() {
        End::Never | End::Count(_) => None,
        End::Day(day) => Some(day),
        End::Moment(moment) => Some(last_day(due, zone, moment.into())?),
    };
    let (date, repeat) = repeat.next(due.date(), today, last)?;
    let days = due.date().days_until(date);
    let mut next = NewTodo { done: false, ..done.clone() };
    next.details.repeat = Some(repeat);
    next.details.due = Some(due.clone().moved_to(date));
    next.details.reminder = details.reminder.clone().and_then(|moment| {
        let date = moment.date().plus(days)?;
        Some(moment.moved_to(date))
    });
    for step in &mut next.details.steps {
        step.done = false;
    }
    Some(next)
}

/// The last day on which something that is due at that time of the day is due by `until`.
fn last_day(due: &Due, zone: Option<&ZoneName>, until: Timestamp) -> Option<Day> {
    let (day, clock) = match zone {
        Some(zone) => clocks(zone, until)?,
        None => clocks_of(&TimeZone::UTC, until)?,
    };
    let is_later = due.time().is_some_and(|(time, _)| time.clock() > clock);
    if is_later { day.plus(-1) } else { Some(day) }
}

/// What the clocks of a zone show: the day, hour and minute.
fn clocks(zone: &ZoneName, at: Timestamp) -> Option<(Day, (u8, u8))> {
    // The database may have been written by a program that knew more zones.
    clocks_of(&TimeZone::get(zone.as_str()).unwrap_or(TimeZone::UTC), at)
}

fn clocks_of(zone: &TimeZone, at: Timestamp) -> Option<(Day, (u8, u8))> {
    let shown = zone.to_datetime(jiff::Timestamp::from_millisecond(at.as_millis()).ok()?);
    let part = |number: i8| u8::try_from(number).ok();
    let month = Month::try_from(part(shown.month())?).ok()?;
    let date = Date::from_calendar_date(shown.year().into(), month, part(shown.day())?).ok()?;
    Some((Day::try_from(date).ok()?, (part(shown.hour())?, part(shown.minute())?)))
}
