//! When a to-do is due, in words: "Tomorrow 9:00". Pure: who reads it, and when, is given.

use serde::{Deserialize, Serialize};
use time::{Date, Month, Weekday};

use crate::app::texts::Texts;
use crate::language::Language;
use crate::todo::{ClockTime, Day, Due, ZoneName};

/// Who reads it, where and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// What they read.
    pub language: Language,
    /// The day it is where they are.
    pub today: Day,
    /// What their clock shows.
    pub time: ClockTime,
    /// Their time zone, where it is known.
    pub time_zone: Option<ZoneName>,
}

impl Default for Reader {
    /// Somebody of whom nothing is known yet.
    fn default() -> Self {
        Self { language: Language::default(), today: Day::EPOCH, time: ClockTime::MIDNIGHT, time_zone: None }
    }
}

impl Reader {
    /// Whether `time_zone` is known to be theirs.
    fn is_in(&self, time_zone: &ZoneName) -> bool {
        self.time_zone.as_ref() == Some(time_zone)
    }
}

/// How a to-do that is not done stands to the moment it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It was due before: on a day before today, or at a time that has passed.
    Overdue,
    /// It is due in what is left of today.
    Today,
    /// It is due on a day to come.
    Later,
}

/// How `due` stands to now. A time in another zone than the reader's passes unnoticed: of it, the day counts that it names.
pub fn urgency(due: &Due, reader: &Reader) -> Urgency {
    let has_passed = due.time().is_some_and(|(time, zone)| reader.is_in(zone) && time < reader.time);
    match due.date().cmp(&reader.today) {
        std::cmp::Ordering::Less => Urgency::Overdue,
        std::cmp::Ordering::Equal if has_passed => Urgency::Overdue,
        std::cmp::Ordering::Equal => Urgency::Today,
        std::cmp::Ordering::Greater => Urgency::Later,
    }
}

/// A few words, as for a row of the list: `Today`, `Tomorrow 9:00`, `Friday`, `24 Dec`, `24 Dec 2028`, `Today 9:00 (Tokyo)`.
pub fn short(due: &Due, reader: &Reader) -> String {
    let day = day(due.date(), reader);
    match due.time() {
        None => day,
        Some((time, zone)) if reader.is_in(zone) => format!("{day} {}", clock(time)),
        Some((time, zone)) => format!("{day} {} ({})", clock(time), place(zone)),
    }
}

/// The same within a sentence: `tomorrow 9:00`, `Friday`.
pub fn within(due: &Due, reader: &Reader) -> String {
    let words = short(due, reader);
    let distance = Date::from(due.date()).to_julian_day() - Date::from(reader.today).to_julian_day();
    // English writes the days of the week with a capital everywhere.
    if reader.language == Language::English && !(-1..=1).contains(&distance) {
        return words;
    }
    let mut letters = words.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

/// A day alone, in the same few words.
pub fn day(day: Day, reader: &Reader) -> String {
    let t = Texts::of(reader.language);
    let (date, today) = (Date::from(day), Date::from(reader.today));
    let name = |word: &str| word.to_owned();
    match date.to_julian_day() - today.to_julian_day() {
        -1 => name(t.yesterday()),
        0 => name(t.today()),
        1 => name(t.tomorrow()),
        // The same day of the week again would be taken for today.
        2..=6 => name(weekday(date, t)),
        _ if date.year() == today.year() => t.date_short(&date.day(), &short_month(date, t)),
        _ => t.date_short_year(&date.day(), &short_month(date, t), &date.year()),
    }
}

/// A day for a text that is read long after: `3 December 2026`.
pub fn long(day: Day, t: Texts) -> String {
    let date = Date::from(day);
    t.date_long(&date.day(), &month(date, t), &date.year())
}

/// All of it, for a tooltip and for those who hear the page: `Thursday, 24 December 2026, 9:00 (Tokyo)`.
pub fn full(due: &Due, reader: &Reader) -> String {
    let t = Texts::of(reader.language);
    let date = Date::from(due.date());
    let day = t.date_full(&weekday(date, t), &date.day(), &month(date, t), &date.year());
    match due.time() {
        None => day,
        Some((time, zone)) if reader.is_in(zone) => format!("{day}, {}", clock(time)),
        Some((time, zone)) => format!("{day}, {} ({})", clock(time), place(zone)),
    }
}

/// For the `datetime` of a `<time>`: a date, or a local date and time (HTML, "dates and times").
pub fn machine_readable(due: &Due) -> String {
    match due.time() {
        None => due.date().to_string(),
        Some((time, _)) => format!("{}T{time}", due.date()),
    }
}

/// A time of the day: `9:00`.
pub fn clock(time: ClockTime) -> String {
    let (hour, minute) = time.clock();
    format!("{hour}:{minute:02}")
}

/// What a zone is called after: `Buenos Aires` of `America/Argentina/Buenos_Aires`.
fn place(zone: &ZoneName) -> String {
    let name = zone.as_str();
    // `Etc/GMT+1` is a distance, not a place.
    let name = name.strip_prefix("Etc/").unwrap_or_else(|| name.rsplit('/').next().unwrap_or(name));
    name.replace('_', " ")
}

/// The name of the day of the week, as a text begins with it.
fn weekday(date: Date, t: Texts) -> &'static str {
    match date.weekday() {
        Weekday::Monday => t.weekday_monday(),
        Weekday::Tuesday => t.weekday_tuesday(),
        Weekday::Wednesday => t.weekday_wednesday(),
        Weekday::Thursday => t.weekday_thursday(),
        Weekday::Friday => t.weekday_friday(),
        Weekday::Saturday => t.weekday_saturday(),
        Weekday::Sunday => t.weekday_sunday(),
    }
}

/// The name of the month.
fn month(date: Date, t: Texts) -> &'static str {
    match date.month() {
        Month::January => t.month_january(),
        Month::February => t.month_february(),
        Month::March => t.month_march(),
        Month::April => t.month_april(),
        Month::May => t.month_may(),
        Month::June => t.month_june(),
        Month::July => t.month_july(),
        Month::August => t.month_august(),
        Month::September => t.month_september(),
        Month::October => t.month_october(),
        Month::November => t.month_november(),
        Month::December => t.month_december(),
    }
}

/// The name of the month, shortened.
fn short_month(date: Date, t: Texts) -> &'static str {
    match date.month() {
        Month::January => t.short_january(),
        Month::February => t.short_february(),
        Month::March => t.short_march(),
        Month::April => t.short_april(),
        Month::May => t.short_may(),
        Month::June => t.short_june(),
        Month::July => t.short_july(),
        Month::August => t.short_august(),
        Month::September => t.short_september(),
        Month::October => t.short_october(),
        Month::November => t.short_november(),
        Month::December => t.short_december(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `2026-12-03`, `2026-12-03 09:00 Europe/Madrid`.
    fn due(text: &str) -> Due {
        let mut parts = text.split(' ');
        let day = Day::parse(parts.next().expect("a day")).expect("a day");
        match (parts.next(), parts.next()) {
            (Some(time), Some(zone)) => {
                Due::at(day, ClockTime::parse(time).expect("a time"), ZoneName::parse(zone).expect("a zone"))
            }
            _ => Due::on(day),
        }
    }

    /// A Saturday, at half past ten, in Madrid.
    fn reader(language: Language) -> Reader {
        Reader {
            language,
            today: Day::parse("2026-11-28").expect("a day"),
            time: ClockTime::parse("10:30").expect("a time"),
            time_zone: ZoneName::parse("Europe/Madrid").ok(),
        }
    }

    #[test]
    fn a_due_is_said_in_a_few_words() {
        for (written, english, spanish) in [
            ("2026-11-28", "Today", "Hoy"),
            ("2026-11-29", "Tomorrow", "Mañana"),
            ("2026-11-27", "Yesterday", "Ayer"),
            ("2026-11-26", "26 Nov", "26 nov"),
            ("2026-11-30", "Monday", "Lunes"),
            ("2026-12-04", "Friday", "Viernes"),
            // A week from today has today's name.
            ("2026-12-05", "5 Dec", "5 dic"),
            ("2026-12-24", "24 Dec", "24 dic"),
            ("2026-01-01", "1 Jan", "1 ene"),
            ("2027-01-01", "1 Jan 2027", "1 ene 2027"),
            ("2025-09-30", "30 Sep 2025", "30 sept 2025"),
            ("0001-01-01", "1 Jan 1", "1 ene 1"),
            ("9999-12-31", "31 Dec 9999", "31 dic 9999"),
            ("2026-11-29 09:00 Europe/Madrid", "Tomorrow 9:00", "Mañana 9:00"),
            ("2026-11-28 00:05 Europe/Madrid", "Today 0:05", "Hoy 0:05"),
            ("2026-12-24 18:30 Asia/Tokyo", "24 Dec 18:30 (Tokyo)", "24 dic 18:30 (Tokyo)"),
            (
                "2026-11-28 18:30 America/Argentina/Buenos_Aires",
                "Today 18:30 (Buenos Aires)",
                "Hoy 18:30 (Buenos Aires)",
            ),
            ("2026-11-28 18:30 UTC", "Today 18:30 (UTC)", "Hoy 18:30 (UTC)"),
            ("2026-11-28 18:30 Etc/GMT+1", "Today 18:30 (GMT+1)", "Hoy 18:30 (GMT+1)"),
        ] {
            assert_eq!(short(&due(written), &reader(Language::English)), english, "{written}");
            assert_eq!(short(&due(written), &reader(Language::Spanish)), spanish, "{written}");
        }
    }

    #[test]
    fn within_a_sentence_only_english_days_of_the_week_have_a_capital() {
        for (written, english, spanish) in [
            ("2026-11-29 09:00 Europe/Madrid", "tomorrow 9:00", "mañana 9:00"),
            ("2026-11-27", "yesterday", "ayer"),
            ("2026-12-04 18:30 Asia/Tokyo", "Friday 18:30 (Tokyo)", "viernes 18:30 (Tokyo)"),
            ("2026-12-24", "24 Dec", "24 dic"),
        ] {
            assert_eq!(within(&due(written), &reader(Language::English)), english, "{written}");
            assert_eq!(within(&due(written), &reader(Language::Spanish)), spanish, "{written}");
        }
    }

    #[test]
    fn a_week_is_named_by_its_days_across_the_end_of_a_year() {
        let reader = Reader { today: Day::parse("2026-12-30").expect("a day"), ..reader(Language::English) };
        for (written, words) in [
            ("2026-12-31", "Tomorrow"),
            ("2027-01-01", "Friday"),
            ("2027-01-05", "Tuesday"),
            ("2027-01-06", "6 Jan 2027"),
        ] {
            assert_eq!(short(&due(written), &reader), words, "{written}");
        }
    }

    #[test]
    fn a_zone_is_named_where_it_is_not_known_to_be_the_readers() {
        let somewhere = Reader { time_zone: None, ..reader(Language::English) };
        assert_eq!(short(&due("2026-11-28 18:30 Europe/Madrid"), &somewhere), "Today 18:30 (Madrid)");
        assert_eq!(short(&due("2026-11-28"), &somewhere), "Today");
    }

    #[test]
    fn a_due_is_said_in_full() {
        for (written, english, spanish) in [
            ("2026-12-24", "Thursday, 24 December 2026", "Jueves, 24 de diciembre de 2026"),
            ("2026-05-01 09:00 Europe/Madrid", "Friday, 1 May 2026, 9:00", "Viernes, 1 de mayo de 2026, 9:00"),
            (
                "2026-05-01 09:00 Asia/Tokyo",
                "Friday, 1 May 2026, 9:00 (Tokyo)",
                "Viernes, 1 de mayo de 2026, 9:00 (Tokyo)",
            ),
        ] {
            assert_eq!(full(&due(written), &reader(Language::English)), english);
            assert_eq!(full(&due(written), &reader(Language::Spanish)), spanish);
        }
    }

    #[test]
    fn a_machine_reads_the_date_or_the_date_and_time() {
        assert_eq!(machine_readable(&due("2026-12-24")), "2026-12-24");
        assert_eq!(machine_readable(&due("2026-12-24 09:00 Asia/Tokyo")), "2026-12-24T09:00");
    }

    #[test]
    fn what_is_overdue_today_and_later_is_told_apart() {
        for (written, expected) in [
            ("2026-11-27", Urgency::Overdue),
            ("2026-11-28", Urgency::Today),
            ("2026-11-29", Urgency::Later),
            ("2026-11-28 10:29 Europe/Madrid", Urgency::Overdue),
            ("2026-11-28 10:30 Europe/Madrid", Urgency::Today),
            ("2026-11-29 00:00 Europe/Madrid", Urgency::Later),
            ("2026-11-27 23:59 Europe/Madrid", Urgency::Overdue),
            // What time it is there is not known here.
            ("2026-11-28 00:00 Asia/Tokyo", Urgency::Today),
            ("2026-11-27 23:59 America/New_York", Urgency::Overdue),
            ("2026-11-29 00:00 Asia/Tokyo", Urgency::Later),
        ] {
            assert_eq!(urgency(&due(written), &reader(Language::English)), expected, "{written}");
        }
        assert!(Urgency::Overdue < Urgency::Today && Urgency::Today < Urgency::Later);
    }
}
