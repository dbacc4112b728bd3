//! iCalendar (RFC 5545): a `VTODO` for each to-do, and one for each step, which `RELATED-TO` ties to it. Moments are written
//! in UTC, so that no program needs our time zones; the zone is beside them. Those of what repeats are written as clocks show
//! them: the next ones are at the same time of their days. A reminder is an alarm.

use std::collections::HashMap;

use jiff::Span;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use time::error::Format;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};
use uuid::Uuid;

use super::entry::{BadLines, Entry, MAX_ENTRIES, Unwritable, all_of, due, in_range, moment, moment_text, too_many};
use crate::api::derived_id::derived_id;
use crate::api::detail::{Detail, Sent};
use crate::api::texts::Texts;
use crate::todo::{ClockTime, Day, Description, Details, Due, Moment, NewTodo, Note, Repeat, Step, Todo, ZoneName};

pub(super) const HEAD: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Errand//ToDoList//EN\r\n";
pub(super) const TAIL: &str = "END:VCALENDAR\r\n";

/// The longest line, in bytes (§3.1).
const MAX_LINE: usize = 75;
/// How many components a file may have: to-dos and their steps.
const MAX_COMPONENTS: usize = 2 * MAX_ENTRIES;
/// How many alarms of a to-do are looked at.
const MAX_ALARMS: usize = 10;
/// How deep a calendar may be.
const MAX_DEPTH: usize = 10;
/// What is read of a to-do. Of all else nothing is kept.
const OF_TODO: [&str; 14] = [
    "UID",
    "RECURRENCE-ID",
    "RELATED-TO",
    "SUMMARY",
    "DESCRIPTION",
    "PRIORITY",
    "STATUS",
    "COMPLETED",
    "CREATED",
    "LAST-MODIFIED",
    "DTSTART",
    "DUE",
    "X-ERRAND-DUE",
    "RRULE",
];
/// What is read of an alarm.
const OF_ALARM: [&str; 3] = ["TRIGGER", "ACKNOWLEDGED", "X-ERRAND-REMINDER"];
/// The moment of an alarm that never rings, as Apple's programs write it.
const NEVER: &str = "19760401T005545Z";

pub(super) fn write(todo: &Todo) -> Result<String, Unwritable> {
    let Todo { id, owner: _, description, done, details, completed_at, created_at, updated_at, version: _ } = todo;
    // No list: a calendar has no place for their names.
    let Details { note, starred, due, reminder, repeat, list: _, steps } = details;
    let (created_at, updated_at) = (utc(*created_at)?, utc(*updated_at)?);
    let summary = escaped(description.as_str());
    let status = |done: bool| if done { "STATUS:COMPLETED" } else { "STATUS:NEEDS-ACTION" };
    let mut text = String::new();
    let mut line = |line: &str| fold(line, &mut text);
    line("BEGIN:VTODO");
    line(&format!("UID:{id}"));
    line(&format!("DTSTAMP:{updated_at}"));
    line(&format!("CREATED:{created_at}"));
    line(&format!("LAST-MODIFIED:{updated_at}"));
    line(&format!("SUMMARY:{summary}"));
    if !note.is_empty() {
        line(&format!("DESCRIPTION:{}", escaped(note.as_str())));
    }
    if *starred {
        line("PRIORITY:1");
    }
    if let Some(due) = due {
        let value = match (due.time(), repeat) {
            (None, _) => format!(";VALUE=DATE:{}", due.date().to_string().replace('-', "")),
            (Some(_), None) => format!(":{}", in_utc(due).unwrap_or_else(|| as_shown(due))),
            (Some(_), Some(_)) => format!(":{}", as_shown(due)),
        };
        // What repeats has a first time (§3.8.2.4): that of when it is due, as other programs have it.
        if let Some(repeat) = repeat {
            line(&format!("DTSTART{value}"));
            line(&format!("RRULE:{repeat}"));
        }
        line(&format!("DUE{value}"));
        if let Some((time, zone)) = due.time() {
            line(&format!("X-ERRAND-DUE:{} {time} {zone}", due.date()));
        }
    }
    line(status(*done));
    if let Some(completed_at) = completed_at {
        line(&format!("COMPLETED:{}", utc(*completed_at)?));
    }
    // §3.6.6
    if let Some(reminder) = reminder
        && let Some(at) = in_utc(&reminder.clone().into())
    {
        line("BEGIN:VALARM");
        line("ACTION:DISPLAY");
        line(&format!("DESCRIPTION:{summary}"));
        line(&format!("TRIGGER;VALUE=DATE-TIME:{at}"));
        line(&format!("X-ERRAND-REMINDER:{}", moment_text(reminder)));
        line("END:VALARM");
    }
    line("END:VTODO");
    for step in steps {
        line("BEGIN:VTODO");
        line(&format!("UID:{id}.{}", step.id));
        line(&format!("DTSTAMP:{updated_at}"));
        line(&format!("RELATED-TO:{id}"));
        line(&format!("SUMMARY:{}", escaped(step.text.as_str())));
        line(status(step.done));
        line("END:VTODO");
    }
    Ok(text)
}

/// A content line (§3.1), folded between characters.
fn fold(line: &str, text: &mut String) {
    let mut length = 0;
    for c in line.chars() {
        if length + c.len_utf8() > MAX_LINE {
            text.push_str("\r\n ");
            length = 1;
        }
        text.push(c);
        length += c.len_utf8();
    }
    text.push_str("\r\n");
}

/// §3.3.11
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('n' | 'N') => plain.push('\n'),
                Some(c) => plain.push(c),
                None => {}
            },
            c => plain.push(c),
        }
    }
    plain
}

fn utc(at: OffsetDateTime) -> Result<String, Format> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    at.to_offset(UtcOffset::UTC).format(format)
}

/// The moment in UTC. None of a day, and where the zone is not known any more.
fn in_utc(due: &Due) -> Option<String> {
    let (time, zone) = due.time()?;
    let at: DateTime = format!("{}T{time}:00", due.date()).parse().ok()?;
    let at = TimeZone::get(zone.as_str()).ok()?.to_timestamp(at).ok()?;
    Some(at.strftime("%Y%m%dT%H%M%SZ").to_string())
}

/// The moment as the clocks of its zone show it (§3.3.5, form 1).
fn as_shown(due: &Due) -> String {
    let time = due.time().map(|(time, _)| time.to_string()).unwrap_or_default();
    format!("{}T{}00", due.date().to_string().replace('-', ""), time.replace(':', ""))
}

/// A property: its name in capitals, its parameters, and its value.
struct Property {
    name: String,
    parameters: String,
    value: String,
}

impl Property {
    /// The value of a parameter (§3.2), whatever the case of its name.
    fn parameter(&self, name: &str) -> Option<&str> {
        let parameters = self.parameters.split(';').filter_map(|parameter| parameter.split_once('='));
        let mut named = parameters.filter(|(other, _)| other.trim().eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim().trim_matches('"'))
    }
}

/// The first of each of the properties that are read.
#[derive(Default)]
struct Properties(Vec<Property>);

impl Properties {
    fn get(&self, name: &str) -> Option<&Property> {
        self.0.iter().find(|property| property.name == name)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.get(name).map(|property| property.value.as_str())
    }

    fn keep(&mut self, property: Property, known: &[&str]) {
        if known.contains(&property.name.as_str()) && self.get(&property.name).is_none() {
            self.0.push(property);
        }
    }
}

/// A component `VTODO`, and the line on which it begins.
#[derive(Default)]
struct Component {
    line: usize,
    properties: Properties,
    alarms: Vec<Properties>,
}

impl Component {
    fn get(&self, name: &str) -> Option<&Property> {
        self.properties.get(name)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.properties.value(name)
    }

    /// What it is a part of (§3.8.4.5), by its `UID`.
    fn parent(&self) -> Option<&str> {
        let related = self.get("RELATED-TO")?;
        let is_parent = related.parameter("RELTYPE").is_none_or(|kind| kind.eq_ignore_ascii_case("PARENT"));
        is_parent.then_some(related.value.as_str())
    }
}

/// The content lines, unfolded, with the number of the line on which each begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty()).peekable();
    std::iter::from_fn(move || {
        let (number, first) = lines.next()?;
        let mut line = first.to_owned();
        while let Some((_, more)) = lines.next_if(|(_, next)| next.starts_with([' ', '\t'])) {
            line.push_str(&more[1..]);
        }
        Some((number + 1, line))
    })
}

fn property(line: &str) -> Option<Property> {
    // A colon between quotation marks is part of a parameter.
    let mut is_quoted = false;
    let colon = line.char_indices().find(|(_, c)| {
        is_quoted ^= *c == '"';
        *c == ':' && !is_quoted
    })?;
    let (head, value) = line.split_at(colon.0);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Some(Property { name: name.to_ascii_uppercase(), parameters: parameters.to_owned(), value: value[1..].to_owned() })
}

fn components(text: &str) -> Result<Vec<Component>, BadLines> {
    let mut found = Vec::new();
    let mut within: Vec<String> = Vec::new();
    let mut current = Component::default();
    for (number, line) in lines(text) {
        let bad = |detail: fn(Texts) -> &'static str| vec![(number, Detail::from(detail))];
        let property = property(&line).ok_or_else(|| bad(Texts::ics_no_line))?;
        let value = property.value.trim();
        match property.name.as_str() {
            "BEGIN" if within.is_empty() && !value.eq_ignore_ascii_case("VCALENDAR") => {
                return Err(bad(Texts::ics_begin));
            }
            "BEGIN" if within.len() >= MAX_DEPTH => return Err(bad(Texts::ics_too_deep)),
            "BEGIN" => {
                let value = value.to_ascii_uppercase();
                if value == "VTODO" {
                    current = Component { line: number, ..Component::default() };
                } else if value == "VALARM" && current.alarms.len() < MAX_ALARMS {
                    current.alarms.push(Properties::default());
                }
                within.push(value);
            }
            "END" => {
                let ended = within.pop().filter(|begun| begun.eq_ignore_ascii_case(value));
                if ended.ok_or_else(|| bad(Texts::ics_end))? == "VTODO" {
                    found.push(std::mem::take(&mut current));
                }
                if found.len() > MAX_COMPONENTS {
                    return Err(vec![(number, too_many())]);
                }
            }
            _ => match within.last().map(String::as_str) {
                None => return Err(bad(Texts::ics_begin)),
                Some("VTODO") => current.properties.keep(property, &OF_TODO),
                Some("VALARM") => {
                    if let Some(alarm) = current.alarms.last_mut() {
                        alarm.keep(property, &OF_ALARM);
                    }
                }
                Some(_) => {}
            },
        }
    }
    if within.is_empty() { Ok(found) } else { Err(vec![(text.lines().count().max(1), Texts::ics_ended_early.into())]) }
}

pub(super) fn read(text: &str) -> Result<Vec<Entry>, BadLines> {
    let components = components(text)?;
    // Not those that say how one time of a to-do differs that repeats (§3.8.4.4): each is a to-do of its own.
    let whole = components.iter().enumerate().filter(|(_, it)| it.get("RECURRENCE-ID").is_none());
    let by_uid: HashMap<&str, usize> = whole.filter_map(|(number, it)| Some((it.value("UID")?, number))).collect();
    let parent = |it: &Component| by_uid.get(it.parent()?).copied();
    // A to-do that says no more than a step, of one that is not itself a part of another.
    let is_step = |it: &Component| {
        let more = ["DESCRIPTION", "DUE", "X-ERRAND-DUE", "PRIORITY", "RRULE", "RECURRENCE-ID"];
        parent(it).is_some_and(|of| parent(&components[of]).is_none())
            && more.iter().all(|name| it.get(name).is_none())
            && it.alarms.is_empty()
    };
    let mut steps: HashMap<usize, Vec<&Component>> = HashMap::new();
    let mut todos = Vec::new();
    for (number, component) in components.iter().enumerate() {
        match parent(component) {
            Some(of) if of != number && is_step(component) => steps.entry(of).or_default().push(component),
            _ => todos.push(number),
        }
    }
    all_of(todos.into_iter().map(|number| {
        let component = &components[number];
        let steps = steps.remove(&number).unwrap_or_default();
        (component.line, entry(component, &steps))
    }))
}

fn entry(component: &Component, steps: &[&Component]) -> Result<Entry, Detail> {
    let summary = |it: &Component| Description::parse(unescaped(it.value("SUMMARY").unwrap_or_default()).trim());
    let description = summary(component)?;
    let is_done = |it: &Component| {
        it.value("STATUS").is_some_and(|status| status.trim().eq_ignore_ascii_case("COMPLETED"))
            || it.get("COMPLETED").is_some()
    };
    if steps.len() > Step::MAX {
        return Err(Detail::new(|t| t.ics_too_many_steps(&Step::MAX)));
    }
    let mut parsed: Vec<Step> = Vec::with_capacity(steps.len());
    for step in steps {
        let text = summary(step).map_err(|error| {
            let (line, why) = (step.line, Detail::from(error));
            Detail::new(move |t| t.ics_step(&line, &why.text(t)))
        })?;
        let own = step.value("UID").unwrap_or_default();
        let id = own.rsplit('.').next().and_then(|id| id.parse().ok()).filter(|id: &Uuid| !id.is_nil());
        let id = id.filter(|id| parsed.iter().all(|step| step.id != *id)).unwrap_or_else(Uuid::new_v4);
        parsed.push(Step { id, text, done: is_done(step) });
    }
    let time = |name: &str| component.value(name).map_or(Ok(None), at);
    let priority = component.value("PRIORITY").and_then(|value| value.trim().parse::<u8>().ok());
    let due = due_of(component)?;
    let mut note = unescaped(component.value("DESCRIPTION").unwrap_or_default());
    let rule = component.value("RRULE").filter(|_| component.get("RECURRENCE-ID").is_none());
    let repeat = rule.and_then(rule_of).filter(|_| due.is_some());
    if let Some(rule) = rule.filter(|_| repeat.is_none()) {
        // It cannot be kept as a rule, and is not to be lost: the customer reads it.
        note = [note.as_str(), "RRULE:"].join(if note.is_empty() { "" } else { "\n\n" }) + rule.trim();
    }
    let details = Details {
        note: Note::parse(&note)?,
        // High (§3.8.1.9).
        starred: priority.is_some_and(|priority| (1..=4).contains(&priority)),
        reminder: component.alarms.iter().find_map(|alarm| reminder(alarm, component, due.as_ref())),
        due,
        repeat,
        list: None,
        steps: parsed,
    };
    Ok(Entry {
        id: id_of(component),
        new: NewTodo { description, done: is_done(component), details },
        completed_at: time("COMPLETED")?,
        created_at: time("CREATED")?,
        updated_at: time("LAST-MODIFIED")?,
    })
}

/// The id of a to-do. Of what other programs call otherwise it is made of that, so that a file that is read twice brings its
/// to-dos once.
fn id_of(component: &Component) -> Option<Uuid> {
    let uid = component.value("UID").filter(|uid| !uid.is_empty())?;
    Some(match component.value("RECURRENCE-ID") {
        Some(which) => derived_id(&["uid", uid, which]),
        None => uid.parse().unwrap_or_else(|_| derived_id(&["uid", uid])),
    })
}

/// A rule as it is kept. An end that is a time without a zone is the end of that day.
fn rule_of(rule: &str) -> Option<Repeat> {
    let parts = rule.trim().split(';').map(|part| match part.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("UNTIL") && value.len() == 15 => {
            format!("UNTIL={}", value.get(..8).unwrap_or(value))
        }
        _ => part.to_owned(),
    });
    Repeat::parse(&parts.collect::<Vec<_>>().join(";")).ok()
}

/// When a to-do is due. What is ours says it exactly, unless another program has changed it since.
fn due_of(component: &Component) -> Result<Option<Due>, Detail> {
    let start = || component.get("DTSTART").filter(|_| component.get("RRULE").is_some());
    let Some(property) = component.get("DUE").or_else(start) else { return Ok(None) };
    let value = property.value.trim();
    let own = component.value("X-ERRAND-DUE").and_then(|own| {
        let mut parts = own.trim().splitn(3, ' ');
        let [day, time, zone] = [(); 3].map(|()| parts.next().unwrap_or_default());
        due(day, time, zone).ok().flatten()
    });
    match own {
        Some(own) if as_shown(&own) == value || in_utc(&own).as_deref() == Some(value) => Ok(Some(own)),
        _ => when(property).map(Some),
    }
}

/// A day or a moment (§3.3.4, §3.3.5).
fn when(property: &Property) -> Result<Due, Detail> {
    let Property { name, value, .. } = property;
    let value = value.trim();
    let refused = || {
        let (name, sent) = (name.clone(), Sent::new(value));
        Detail::new(move |t| t.ics_date(&name, &sent))
    };
    let found = |due: Result<Option<Due>, Detail>| due.and_then(|due| due.ok_or_else(refused));
    let parse = |format: &str, text: &str| jiff::fmt::strtime::parse(format, text).map_err(|_| refused());
    if value.len() == 8 {
        let date = parse("%Y%m%d", value)?.to_date().map_err(|_| refused())?;
        return found(due(&date.to_string(), "", ""));
    }
    let date_time = parse("%Y%m%dT%H%M%S", value.trim_end_matches('Z'))?.to_datetime().map_err(|_| refused())?;
    let (day, time) = (date_time.date().to_string(), date_time.strftime("%H:%M").to_string());
    if value.ends_with('Z') {
        return found(due(&day, &time, "UTC"));
    }
    match property.parameter("TZID") {
        Some(zone) => found(due(&day, &time, named_zone(zone))),
        // Of a time that is everywhere's, the day is what can be kept.
        None => found(due(&day, "", "")),
    }
}

/// The name of a zone in what a program calls it: some put their own before it (`/example.org/Europe/Paris`).
fn named_zone(zone: &str) -> &str {
    let ends = zone.match_indices('/').map(|(at, _)| &zone[at + 1..]);
    let mut known = ends.filter(|end| end.contains('/') && TimeZone::get(end).is_ok());
    if TimeZone::get(zone).is_ok() { zone } else { known.next().unwrap_or(zone) }
}

/// The moment of an alarm: as it is given, or so long before when the to-do begins or is due (§3.8.6.3). None where that is a
/// day alone, of one that the customer has seen already (RFC 9074 §6.1), and of one that never rings.
fn reminder(alarm: &Properties, component: &Component, due: Option<&Due>) -> Option<Moment> {
    if alarm.get("ACKNOWLEDGED").is_some() {
        return None;
    }
    let trigger = alarm.get("TRIGGER")?;
    let value = trigger.value.trim();
    if value == NEVER {
        return None;
    }
    if let Some(at) = value.strip_suffix('Z') {
        let own = alarm.value("X-ERRAND-REMINDER").and_then(|own| moment(own.trim()).ok());
        if let Some(own) = own.filter(|own| in_utc(&own.clone().into()).as_deref() == Some(value)) {
            return Some(own);
        }
        let at = jiff::fmt::strtime::parse("%Y%m%dT%H%M%S", at).ok()?.to_datetime().ok()?;
        let at = at.to_zoned_datetime(TimeZone::UTC).ok()?;
        // In the zone of when it is due, as its author will read it.
        let zone = due.and_then(Due::time).map_or("UTC", |(_, zone)| zone.as_str());
        return shown(&at.with_time_zone(TimeZone::get(zone).ok()?), zone);
    }
    let is_of_end = trigger.parameter("RELATED").is_some_and(|edge| edge.eq_ignore_ascii_case("END"));
    let start = component.get("DTSTART").filter(|_| !is_of_end).and_then(|start| when(start).ok());
    // What is written without a zone is in that of when it is due.
    let from = start.filter(|start| start.time().is_some()).or_else(|| due.cloned())?;
    let (time, zone) = from.time()?;
    let at: DateTime = format!("{}T{time}:00", from.date()).parse().ok()?;
    let span: Span = value.trim_start_matches('+').parse().ok()?;
    shown(&at.in_tz(zone.as_str()).ok()?.checked_add(span).ok()?, zone.as_str())
}

/// A moment as the clocks of its zone show it.
fn shown(at: &jiff::ZonedDateTime, zone: &str) -> Option<Moment> {
    let day = Day::parse(&at.date().to_string()).ok()?;
    let time = ClockTime::parse(&at.strftime("%H:%M").to_string()).ok()?;
    Some(Moment::at(day, time, ZoneName::parse(zone).ok()?))
}

/// A moment in UTC. None where it is written otherwise.
fn at(text: &str) -> Result<Option<OffsetDateTime>, Detail> {
    let format = format_description!("[year][month][day]T[hour][minute][second]");
    let at = text.trim().strip_suffix('Z').and_then(|text| PrimitiveDateTime::parse(text, format).ok());
    let refused = || {
        let sent = Sent::new(text);
        Detail::new(move |t| t.ics_years(&sent))
    };
    at.map(|at| in_range(at.assume_utc()).ok_or_else(refused)).transpose()
}
