//! todo.txt: one to-do a line. A star is the priority `(A)`; when it is due, how it repeats and its id are `key:value` at the
//! end of the line. Notes and steps have no place there.

use time::error::Format;
use time::macros::format_description;
use time::{Date, OffsetDateTime, Time, UtcOffset};

use super::entry::{self, BadLines, Entry, Unwritable, all_of, due, moment, moment_text};
use crate::api::detail::Detail;
use crate::api::time_zone::time_zone;
use crate::todo::{ClockTime, Day, Description, Details, Due, End, Frequency, NewTodo, On, Repeat, Todo};

/// The keys that are ours, at the end of a line, as they are written. `rec` is what other programs understand of how a to-do
/// repeats, `rrule` the rest.
const KEYS: [&str; 8] = ["due", "time", "tz", "rec", "rrule", "remind", "pri", "id"];
const DUE: usize = 0;
const TIME: usize = 1;
const ZONE: usize = 2;
const REC: usize = 3;
const RRULE: usize = 4;
const REMIND: usize = 5;
const PRIORITY: usize = 6;
const ID: usize = 7;

pub(super) fn write(todo: &Todo) -> Result<String, Unwritable> {
    let Todo { id, owner: _, description, done, details, completed_at, created_at, updated_at, version: _ } = todo;
    let Details { note: _, starred, due, reminder, repeat, list: _, steps: _ } = details;
    let created = day(*created_at)?;
    let mut line = match (done, starred) {
        (true, _) => format!("x {} {created} ", day(completed_at.unwrap_or(*updated_at))?),
        (false, true) => format!("(A) {created} "),
        (false, false) => format!("{created} "),
    };
    line += description.as_str();
    let (time, zone) = due.as_ref().and_then(Due::time).unzip();
    let rec = repeat.as_ref().and_then(rec_of);
    let values = [
        due.as_ref().map(|due| due.date().to_string()),
        time.map(|time| time.to_string()),
        zone.map(ToString::to_string),
        rec.clone(),
        repeat.as_ref().filter(|_| rec.is_none()).map(Repeat::to_string),
        reminder.as_ref().map(moment_text),
        (*done && *starred).then(|| "A".to_owned()),
        Some(id.to_string()),
    ];
    // Where the text ends with what could be one of them, those that there are not are written as well, empty: each is read
    // once, so that the text is left alone.
    let last = description.as_str().rsplit(' ').next().and_then(|word| word.split_once(':'));
    let is_ambiguous = last.is_some_and(|(key, _)| KEYS.contains(&key));
    for (key, value) in KEYS.iter().zip(values) {
        if value.is_some() || is_ambiguous {
            line.extend([" ", key, ":", &value.unwrap_or_default()]);
        }
    }
    line.push('\n');
    Ok(line)
}

fn day(at: OffsetDateTime) -> Result<String, Format> {
    at.to_offset(UtcOffset::UTC).date().format(format_description!("[year]-[month]-[day]"))
}

/// A rule as other programs write it (`+`: counted from when it is due): `+2w`. None where it says more than that.
fn rec_of(rule: &Repeat) -> Option<String> {
    let unit = match rule.frequency() {
        Frequency::Daily => 'd',
        Frequency::Weekly { days, .. } if days.is_empty() => 'w',
        Frequency::Monthly(On::DueDay) => 'm',
        Frequency::Yearly { months, on: On::DueDay } if months.is_empty() => 'y',
        _ => return None,
    };
    (rule.end() == End::Never).then(|| format!("+{}{unit}", rule.interval()))
}

/// The rule that `+2w` or `2w` is; `1b` is each working day.
fn rule_of(rec: &str) -> Option<Repeat> {
    let rec = rec.strip_prefix('+').unwrap_or(rec);
    let (interval, unit) = rec.split_at_checked(rec.len().checked_sub(1)?)?;
    let frequency = match unit {
        "d" => "DAILY",
        "w" => "WEEKLY",
        "m" => "MONTHLY",
        "y" => "YEARLY",
        "b" if interval == "1" => return Repeat::parse("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR").ok(),
        _ => return None,
    };
    Repeat::parse(&format!("FREQ={frequency};INTERVAL={interval}")).ok()
}

pub(super) fn read(text: &str) -> Result<Vec<Entry>, BadLines> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    all_of(lines.map(|(number, line)| (number + 1, entry(line))))
}

fn entry(line: &str) -> Result<Entry, Detail> {
    let mut rest = line.trim();
    let done = rest.strip_prefix("x ").inspect(|after| rest = after.trim_start()).is_some();
    let mut priority = None;
    if let Some((letter, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(") "))
        && letter.len() == 1
        && letter.bytes().all(|byte| byte.is_ascii_uppercase())
    {
        (priority, rest) = (Some(letter), after.trim_start());
    }
    let mut dates = Vec::new();
    while dates.len() < if done { 2 } else { 1 }
        && let Some((first, after)) = rest.split_once(' ')
        && let Ok(date) = Day::parse(first)
    {
        dates.push(midnight(date));
        rest = after;
    }
    let (completed_at, created_at) = match (done, dates.as_slice()) {
        (true, [completed, created]) => (*completed, *created),
        (true, [completed]) => (*completed, None),
        (false, [created]) => (None, *created),
        _ => (None, None),
    };
    let (text, values) = values(rest);
    let [day, time, zone, rec, rrule, remind, pri, id] = values;
    let id = id.and_then(entry::id);
    let repeat = rec.and_then(rule_of).or(rrule.and_then(|rule| Repeat::parse(rule).ok()));
    let details = Details {
        starred: priority.or(pri) == Some("A"),
        due: due(day.unwrap_or_default(), time.unwrap_or_default(), zone.unwrap_or_default())?,
        reminder: remind.map(moment).transpose()?,
        repeat,
        ..Details::default()
    };
    let description = Description::parse(&text)?;
    Ok(Entry { id, new: NewTodo { description, done, details }, completed_at, created_at, updated_at: None })
}

/// What is ours at the end of a line, and the text before it. What has another key, or one of ours and is none of it, stays in
/// the text; ours may stand before it, but where a line ends with our id, it is one of ours, and all before its keys is text.
fn values(line: &str) -> (String, [Option<&str>; KEYS.len()]) {
    let mut rest = line;
    let mut values: [Option<&str>; KEYS.len()] = Default::default();
    let mut taken = Vec::new();
    while let Some((before, last)) = rest.rsplit_once(' ')
        && let Some((key, value)) = last.split_once(':')
    {
        let is_with_id = values[ID].is_some();
        // Those that are empty are of files with ids.
        let is_value = |position: usize| is_ours(position, value) || value.is_empty() && is_with_id;
        let position = KEYS.iter().position(|known| *known == key);
        let position = position.filter(|position| values[*position].is_none() && is_value(*position));
        match position {
            Some(position) => values[position] = Some(value),
            None if is_with_id || key.is_empty() || value.is_empty() => break,
            None => {}
        }
        taken.push((position, last));
        rest = before;
    }
    let mut values = values.map(|value| value.filter(|value| !value.is_empty()));
    // A time is that of a day in a zone, and what repeats is due.
    let mut left = Vec::new();
    if values[TIME].is_some() != values[ZONE].is_some() || values[DUE].is_none() {
        left.extend([TIME, ZONE]);
    }
    if values[DUE].is_none() {
        left.extend([REC, RRULE]);
    }
    let mut text = rest.to_owned();
    for (position, word) in taken.into_iter().rev() {
        let is_text = position.is_none_or(|position| left.contains(&position) && values[position].take().is_some());
        if is_text {
            text.push(' ');
            text += word;
        }
    }
    (text, values)
}

/// Whether a value is one of that key. Of a day that there is not, more is said than that.
fn is_ours(position: usize, value: &str) -> bool {
    match position {
        DUE => {
            value.len() == 10
                && value.bytes().enumerate().all(|(at, byte)| match at {
                    4 | 7 => byte == b'-',
                    _ => byte.is_ascii_digit(),
                })
        }
        TIME => ClockTime::parse(value).is_ok(),
        ZONE => time_zone(value).is_ok(),
        REC => rule_of(value).is_some(),
        RRULE => Repeat::parse(value).is_ok(),
        REMIND => moment(value).is_ok(),
        PRIORITY => value == "A",
        ID => entry::id(value).is_some(),
        _ => false,
    }
}

fn midnight(day: Day) -> Option<OffsetDateTime> {
    let (year, month, day) = day.calendar();
    let date = Date::from_calendar_date(year, month.try_into().ok()?, day).ok()?;
    Some(date.with_time(Time::MIDNIGHT).assume_utc())
}
