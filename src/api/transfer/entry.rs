//! A to-do of a file, and what is wrong with one.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;

use crate::api::detail::{Detail, Sent};
use crate::api::texts::Texts;
use crate::api::time_zone::time_zone;
use crate::todo::{ClockTime, Day, Due, ListName, Moment, NewTodo};

/// A time that a format cannot write, or a text that JSON cannot. None is stored that is like this.
#[derive(Debug, thiserror::Error)]
#[error("a to-do cannot be written: {0}")]
pub(in crate::api) struct Unwritable(Box<dyn std::error::Error + Send + Sync>);

impl From<time::error::Format> for Unwritable {
    fn from(error: time::error::Format) -> Self {
        Self(error.into())
    }
}

impl From<serde_json::Error> for Unwritable {
    fn from(error: serde_json::Error) -> Self {
        Self(error.into())
    }
}

/// How many lines of a file are named that are not acceptable.
const MAX_BAD_LINES: usize = 100;
/// How many to-dos a file may have: as many as an owner.
pub(super) const MAX_ENTRIES: usize = 100_000;

/// A to-do of a file. What the file does not say is decided as for one that is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api) struct Entry {
    /// Its id.
    pub(in crate::api) id: Option<Uuid>,
    /// What its author says of it.
    pub(in crate::api) new: NewTodo,
    /// When it became done.
    pub(in crate::api) completed_at: Option<OffsetDateTime>,
    /// When it was added.
    pub(in crate::api) created_at: Option<OffsetDateTime>,
    /// When it last changed.
    pub(in crate::api) updated_at: Option<OffsetDateTime>,
}

/// A list of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api) struct ListEntry {
    /// Its id.
    pub(in crate::api) id: Uuid,
    /// What it is called.
    pub(in crate::api) name: ListName,
    /// When it was added.
    pub(in crate::api) created_at: Option<OffsetDateTime>,
    /// When it was renamed, or added.
    pub(in crate::api) updated_at: Option<OffsetDateTime>,
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::api) struct File {
    /// The lists that its to-dos are in, in their order.
    pub(in crate::api) lists: Vec<ListEntry>,
    /// The to-dos.
    pub(in crate::api) todos: Vec<Entry>,
}

impl From<Vec<Entry>> for File {
    /// Of a format that knows no lists.
    fn from(todos: Vec<Entry>) -> Self {
        Self { lists: Vec::new(), todos }
    }
}

/// Lines that are not acceptable, by their number from 1, and why.
pub(super) type BadLines = Vec<(usize, Detail)>;

/// All of the entries, each with the number of its line, or what is wrong with some.
pub(super) fn all_of(read: impl Iterator<Item = (usize, Result<Entry, Detail>)>) -> Result<Vec<Entry>, BadLines> {
    let (mut entries, mut bad) = (Vec::new(), BadLines::new());
    for (line, entry) in read {
        match entry {
            Ok(_) if entries.len() >= MAX_ENTRIES => bad.push((line, too_many())),
            Ok(entry) => entries.push(entry),
            Err(error) => bad.push((line, error)),
        }
        if bad.len() >= MAX_BAD_LINES || entries.len() >= MAX_ENTRIES && !bad.is_empty() {
            break;
        }
    }
    if bad.is_empty() { Ok(entries) } else { Err(bad) }
}

/// The id that `text` is. Where other programs number their to-dos, there is none: another file of theirs may have the same
/// numbers.
pub(super) fn id(text: &str) -> Option<Uuid> {
    text.trim().parse().ok()
}

/// What is said of a file with more to-dos than [`MAX_ENTRIES`].
pub(super) fn too_many() -> Detail {
    Detail::new(|t| t.file_too_many(&MAX_ENTRIES))
}

/// A time (RFC 3339).
pub(in crate::api) fn time(text: &str) -> Result<OffsetDateTime, Detail> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok().and_then(in_range);
    time.ok_or_else(|| {
        let sent = Sent::new(text);
        Detail::new(move |t| t.file_time(&sent))
    })
}

/// The same in UTC, if it is of the years 1 to 9999 there: no other one could be written again.
pub(super) fn in_range(at: OffsetDateTime) -> Option<OffsetDateTime> {
    at.checked_to_offset(UtcOffset::UTC).filter(|at| (1..=9999).contains(&at.year()))
}

/// When a to-do is due by three texts, each of which may be empty.
pub(super) fn due(day: &str, time: &str, zone: &str) -> Result<Option<Due>, Detail> {
    if day.is_empty() {
        return if time.is_empty() { Ok(None) } else { Err(Texts::file_time_alone.into()) };
    }
    let day = Day::parse(day).map_err(|error| Detail::from(error).at(Sent::new(day)))?;
    if time.is_empty() {
        return Ok(Some(Due::on(day)));
    }
    let clock = ClockTime::parse(time).map_err(|error| Detail::from(error).at(Sent::new(time)))?;
    let zone = time_zone(zone).map_err(|error| Detail::from(error).at(Sent::new(zone)))?;
    Ok(Some(Due::at(day, clock, zone)))
}

/// A moment as a text without blanks (RFC 9557 §4, without the offset): `2026-12-01T09:00[Europe/Madrid]`.
pub(super) fn moment_text(moment: &Moment) -> String {
    format!("{}T{}[{}]", moment.date(), moment.time(), moment.time_zone())
}

/// Reads what [`moment_text`] writes.
pub(super) fn moment(text: &str) -> Result<Moment, Detail> {
    let parts = text.strip_suffix(']').and_then(|text| {
        let (at, zone) = text.split_once('[')?;
        let (day, time) = at.split_once('T')?;
        Some((day, time, zone))
    });
    let refused = || {
        let sent = Sent::new(text);
        Detail::new(move |t| t.file_moment(&sent))
    };
    let (day, time, zone) = parts.ok_or_else(refused)?;
    due(day, time, zone)?.and_then(|due| due.try_into().ok()).ok_or_else(refused)
}
