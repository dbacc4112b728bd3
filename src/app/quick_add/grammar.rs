//! What the words at a place of a text can mean.

use time::{Date, Duration, Month, Weekday};

use super::meaning::{Every, Meaning, Unit, Weekdays};
use super::setting::{DateOrder, Setting};
use super::text::{self, Word};
use super::words::{Half, Words};
use crate::todo::{ClockTime, Day};

/// What some words mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// Which word is not among them any more.
    pub(super) end: usize,
    /// What they mean.
    pub(super) meaning: Meaning,
    /// Whether they mean that by themselves; if not, a day needs a time beside it, and a time a day.
    pub(super) is_certain: bool,
    /// Whether they mean that at the end of a text only.
    pub(super) is_for_the_end: bool,
}

/// A day that words name, and what is behind them.
struct Named {
    end: usize,
    date: Date,
    is_certain: bool,
}

/// The words of a text, and who wrote it.
pub(super) struct Grammar<'a> {
    pub(super) words: &'a [Word],
    pub(super) language: &'a Words,
    pub(super) setting: &'a Setting<'a>,
}

impl Grammar<'_> {
    /// What the words from `at` on mean, the longest first.
    pub(super) fn at(&self, at: usize) -> Vec<Match> {
        let mut found = Vec::new();
        found.extend(self.repeat(at));
        if let Some(Named { end, date, is_certain }) = self.day(at)
            && let Some(day) = day_of(date)
        {
            found.push(Match { end, meaning: Meaning::Day(day), is_certain, is_for_the_end: false });
        }
        // A time is that of a place.
        if self.setting.reader.time_zone.is_some() {
            found.extend(self.time(at));
        }
        if self.word(at) == Some("!") || self.word(at) == Some("*") {
            // At the beginning, "*" begins the line of a list.
            let is_for_the_end = self.word(at) == Some("*");
            found.push(Match { end: at + 1, meaning: Meaning::Star, is_certain: true, is_for_the_end });
        }
        if let Some((end, list)) = self.list(at) {
            found.push(Match { end, meaning: Meaning::List(list), is_certain: true, is_for_the_end: false });
        }
        found.retain(|found| found.end > at && !self.words[at..found.end].iter().any(|word| word.is_quoted));
        found.sort_by_key(|found| std::cmp::Reverse(found.end));
        found
    }

    fn word(&self, at: usize) -> Option<&str> {
        self.words.get(at).filter(|word| !word.is_quoted).map(|word| word.folded.as_str())
    }

    /// Whether nothing separates the word at `at` from the one before.
    fn is_joined(&self, at: usize) -> bool {
        at.checked_sub(1).and_then(|before| self.words.get(before)).is_some_and(|before| !before.ends_segment)
    }

    /// The end of a phrase that begins at `at`.
    fn phrase(&self, at: usize, phrase: &str) -> Option<usize> {
        let mut end = at;
        for word in phrase.split(' ') {
            if self.word(end) != Some(word) || (end > at && !self.is_joined(end)) {
                return None;
            }
            end += 1;
        }
        Some(end)
    }

    /// The end of the longest of some phrases.
    fn any(&self, at: usize, phrases: &[&str]) -> Option<usize> {
        phrases.iter().filter_map(|phrase| self.phrase(at, phrase)).max()
    }

    /// The longest of some phrases, its end and what it stands for.
    fn of<T: Copy>(&self, at: usize, phrases: &[(&str, T)]) -> Option<(usize, T)> {
        let found = phrases.iter().filter_map(|(phrase, what)| Some((self.phrase(at, phrase)?, *what)));
        found.max_by_key(|(end, _)| *end)
    }

    /// The same, where it goes on from the word before.
    fn next_of<T: Copy>(&self, at: usize, phrases: &[(&str, T)]) -> Option<(usize, T)> {
        self.is_joined(at).then(|| self.of(at, phrases)).flatten()
    }

    fn next_any(&self, at: usize, phrases: &[&str]) -> Option<usize> {
        self.is_joined(at).then(|| self.any(at, phrases)).flatten()
    }

    fn today(&self) -> Date {
        self.setting.reader.today.into()
    }

    /// `#home`, for one of the customer's lists.
    pub(super) fn list(&self, at: usize) -> Option<(usize, usize)> {
        let name = self.word(at)?.strip_prefix('#').filter(|name| !name.is_empty())?;
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (place, list) in self.setting.lists.iter().enumerate() {
            let list: Vec<String> = list.split_whitespace().map(text::fold).collect();
            // `#home-office` for `Home office`.
            let in_one = list.join(" ");
            let is_in_one = !in_one.is_empty() && (name == in_one || name.replace(['-', '_'], " ") == in_one);
            let end = at + list.len();
            let goes_on = list.len() > 1
                && end <= self.words.len()
                && list[0] == name
                && (at + 1..end).all(|word| self.is_joined(word) && self.word(word) == Some(&list[word - at]));
            if goes_on {
                found.push((end, place));
            } else if is_in_one {
                found.push((at + 1, place));
            }
        }
        let longest = found.iter().map(|(end, _)| *end).max()?;
        found.retain(|(end, _)| *end == longest);
        // Two lists of one name: which one is meant, only their customer knows.
        if let [one] = found[..] { Some(one) } else { None }
    }

    /// A day.
    fn day(&self, at: usize) -> Option<Named> {
        let plain = self.bare_day(at, false);
        let introduced = self.any(at, self.language.before_day).and_then(|behind| {
            let named = self.is_joined(behind).then(|| self.bare_day(behind, true)).flatten()?;
            Some(Named { is_certain: true, ..named })
        });
        let of_month = self.day_of_month(at);
        [plain, introduced, of_month].into_iter().flatten().max_by_key(|named| named.end)
    }

    fn bare_day(&self, at: usize, is_introduced: bool) -> Option<Named> {
        let certain = |(end, date)| Named { end, date, is_certain: true };
        let relative = self.of(at, self.language.days).and_then(|(end, days)| Some((end, self.in_days(days)?)));
        let found = [
            relative.map(certain),
            self.named_weekday(at),
            self.weekday_and_date(at).map(certain),
            self.date(at),
            // "on in three days" is no English.
            if is_introduced { None } else { self.within(at).map(certain) },
            self.next_span(at).map(certain),
        ];
        found.into_iter().flatten().max_by_key(|named| named.end)
    }

    fn in_days(&self, days: i64) -> Option<Date> {
        self.today().checked_add(Duration::days(days))
    }

    /// A day of the week: its end, which one, and whether its name is nothing else.
    fn weekday(&self, at: usize) -> Option<(usize, u8, bool)> {
        let word = self.word(at)?;
        let place = |names: &[&[&str]; 7]| {
            (0..7_u8).find(|day| names[usize::from(*day)].contains(&word)).map(|day| (at + 1, day))
        };
        place(&self.language.weekdays)
            .map(|(end, day)| (end, day, true))
            .or_else(|| place(&self.language.doubtful_weekdays).map(|(end, day)| (end, day, false)))
    }

    /// `friday`, `next friday`, `this friday`.
    fn named_weekday(&self, at: usize) -> Option<Named> {
        let (next, from) = match self.any(at, self.language.next_before) {
            Some(behind) if self.is_joined(behind) => (true, behind),
            _ => (false, at),
        };
        let (this, from) = match self.any(at, self.language.this) {
            Some(behind) if !next && self.is_joined(behind) => (true, behind),
            _ => (false, from),
        };
        let (end, day, is_clear) = self.weekday(from)?;
        let (next, end) = match self.next_any(end, self.language.next_behind) {
            Some(behind) if !next && !this => (true, behind),
            _ => (next, end),
        };
        let today = self.today();
        let coming = i64::from((day + 7 - today.weekday().number_days_from_monday()) % 7);
        // Who means today says so.
        let coming = if coming == 0 && !this { 7 } else { coming };
        let in_next_week = i64::from(day + 7) - i64::from(today.weekday().number_days_from_monday());
        let days = if next && self.language.next_is_in_next_week { in_next_week } else { coming };
        Some(Named { end, date: self.in_days(days)?, is_certain: is_clear || next || this })
    }

    /// `friday 24 december`, where it is one.
    fn weekday_and_date(&self, at: usize) -> Option<(usize, Date)> {
        let (end, day, _) = self.weekday(at)?;
        let from = self.next_any(end, self.language.of).unwrap_or(end);
        let Named { end, date, .. } = self.date(from)?;
        (date.weekday().number_days_from_monday() == day).then_some((end, date))
    }

    /// A date of the calendar.
    fn date(&self, at: usize) -> Option<Named> {
        self.written_date(at).or_else(|| self.numeric_date(at))
    }

    /// `24 dec`, `dec 24th, 2027`, `24 de diciembre de 2027`.
    fn written_date(&self, at: usize) -> Option<Named> {
        let day_first = self.day_number(at).and_then(|(end, day, _)| {
            let from = self.next_any(end, self.language.of).unwrap_or(end);
            self.is_joined(from).then(|| self.month(from)).flatten().map(|month| (from + 1, day, month))
        });
        let month_first = || {
            let month = self.month(at)?;
            let (end, day, _) = self.is_joined(at + 1).then(|| self.day_number(at + 1)).flatten()?;
            Some((end, day, month))
        };
        let (end, day, month) = day_first.or_else(month_first)?;
        // A comma may be before the year.
        let from = self.next_any(end, self.language.of).unwrap_or(end);
        let year = self.word(from).filter(|word| word.len() == 4).and_then(number);
        let year =
            year.map(i32::from).filter(|year| (self.today().year() - 1..self.today().year() + 50).contains(year));
        let (end, date) = match year {
            Some(year) => (from + 1, Date::from_calendar_date(year, month, day).ok()?),
            None => (end, self.coming(month, day)?),
        };
        Some(Named { end, date, is_certain: true })
    }

    fn month(&self, at: usize) -> Option<Month> {
        let word = self.word(at)?;
        let place = (0..12_u8).find(|month| self.language.months[usize::from(*month)].contains(&word))?;
        Month::try_from(place + 1).ok()
    }

    /// `24`, `24th`: its end, the number, and whether it is an ordinal.
    fn day_number(&self, at: usize) -> Option<(usize, u8, bool)> {
        let word = self.word(at)?;
        let bare = self.language.ordinals.iter().find_map(|ordinal| word.strip_suffix(ordinal));
        let text = bare.unwrap_or(word);
        let day = if text.len() > 2 { None } else { number(text) };
        let day = day.and_then(|day| u8::try_from(day).ok()).filter(|day| (1..=31).contains(day))?;
        Some((at + 1, day, bare.is_some()))
    }

    /// `on the 24th`.
    fn day_of_month(&self, at: usize) -> Option<Named> {
        let from = self.any(at, self.language.before_day_of_month)?;
        let (end, day, is_ordinal) = self.is_joined(from).then(|| self.day_number(from)).flatten()?;
        if self.language.day_of_month_is_ordinal && !is_ordinal {
            return None;
        }
        // The next month that has it.
        let mut month = self.today().replace_day(1).ok()?;
        for _ in 0..12 {
            if let Ok(date) = month.replace_day(day)
                && date >= self.today()
            {
                return Some(Named { end, date, is_certain: true });
            }
            month = add(month, 1, Unit::Month)?;
        }
        None
    }

    /// The first such day from today on.
    fn coming(&self, month: Month, day: u8) -> Option<Date> {
        let year = self.today().year();
        // A 29th of February is at most eight years away.
        (year..=year + 8)
            .filter_map(|year| Date::from_calendar_date(year, month, day).ok())
            .find(|date| *date >= self.today())
    }

    /// `2026-12-24`, `24/12`, `24/12/2026`, `24-12-2026`.
    fn numeric_date(&self, at: usize) -> Option<Named> {
        let word = self.word(at)?;
        let named = |date, is_certain| Some(Named { end: at + 1, date, is_certain });
        if let Ok(day) = Day::parse(word) {
            return named(day.into(), true);
        }
        let slashes = word.contains('/');
        let parts: Vec<&str> = word.split(if slashes { '/' } else { '-' }).collect();
        let (&first, &second) = (parts.first()?, parts.get(1)?);
        if [first, second].iter().any(|part| part.len() > 2) || parts.len() > 3 || (!slashes && parts.len() != 3) {
            return None;
        }
        let (first, second) = (number(first)?, number(second)?);
        let (day, month) = match self.setting.date_order {
            DateOrder::DayFirst => (first, second),
            DateOrder::MonthFirst => (second, first),
            // Only where it can be read in one way.
            DateOrder::Unknown if first > 12 || first == second => (first, second),
            DateOrder::Unknown if second > 12 => (second, first),
            DateOrder::Unknown => return None,
        };
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let day = u8::try_from(day).ok()?;
        match parts.get(2) {
            None => {
                // A half of something, and always.
                let is_certain = !matches!((first, second), (1, 2..=4) | (2 | 3, 3 | 4) | (24, 7));
                named(self.coming(month, day)?, is_certain)
            }
            Some(year) => {
                let year = match (year.len(), i32::from(number(year)?)) {
                    (2, year) => 2000 + year,
                    (4, year) => year,
                    _ => return None,
                };
                named(Date::from_calendar_date(year, month, day).ok()?, true)
            }
        }
    }

    /// `in 3 days`.
    fn within(&self, at: usize) -> Option<(usize, Date)> {
        let from = self.any(at, self.language.within)?;
        let (end, count) = self.is_joined(from).then(|| self.count(from)).flatten()?;
        let (end, unit) = self.next_of(end, self.language.units)?;
        Some((end, add(self.today(), count, unit)?))
    }

    /// `next week`: its first day.
    fn next_span(&self, at: usize) -> Option<(usize, Date)> {
        let before =
            self.any(at, self.language.next_before).and_then(|behind| self.next_of(behind, self.language.units));
        let behind = || {
            let (end, unit) = self.of(at, self.language.units)?;
            Some((self.next_any(end, self.language.next_behind)?, unit))
        };
        let (end, unit) = before.or_else(behind)?;
        let today = self.today();
        let date = match unit {
            Unit::Week => today.next_occurrence(Weekday::Monday),
            Unit::Month => add(today.replace_day(1).ok()?, 1, Unit::Month)?,
            Unit::Day | Unit::Year => return None,
        };
        Some((end, date))
    }

    /// `3`, `three`.
    fn count(&self, at: usize) -> Option<(usize, u16)> {
        let digits = self.word(at).filter(|word| word.len() <= 3).and_then(number).filter(|count| *count > 0);
        digits.map(|count| (at + 1, count)).or_else(|| self.of(at, self.language.numbers))
    }

    /// A time of the day.
    fn time(&self, at: usize) -> Option<Match> {
        let behind = self.any(at, self.language.before_time).filter(|behind| self.is_joined(*behind));
        let introduced = behind.and_then(|behind| self.bare_time(behind, true));
        let plain = self.bare_time(at, false);
        let (end, time, is_certain) = [introduced, plain].into_iter().flatten().max_by_key(|(end, ..)| *end)?;
        Some(Match { end, meaning: Meaning::Time(time), is_certain, is_for_the_end: false })
    }

    fn bare_time(&self, at: usize, is_introduced: bool) -> Option<(usize, ClockTime, bool)> {
        if let Some((end, (hour, minute))) = self.times(at) {
            return Some((end, clock(hour, minute)?, true));
        }
        let written = Written::parse(self.word(at)?, self.language)?;
        let mut end = at + 1;
        let (mut half, mut is_twelve_clear) = (written.half, true);
        let mut is_certain = is_introduced || written.minute.is_some() || written.half.is_some();
        let mut more = 0;
        if let Some((behind, minutes)) = self.next_of(end, self.language.behind_hour)
            && is_introduced
            && written.minute.is_none()
        {
            (end, more) = (behind, minutes);
        }
        if let Some((behind, what)) = self.next_of(end, self.language.halves)
            && half.is_none()
        {
            (end, half, is_certain) = (behind, Some(what), true);
        } else if let Some(behind) = self.next_any(end, self.language.behind_time)
            && !written.has_h
        {
            // "15 horas" may be how long.
            is_certain |= written.hour > 12 && self.word(end) == Some("h");
            end = behind;
        } else if !is_certain && !written.has_h {
            // A number alone is a number; with the part of the day, it is a time.
            self.next_of(end, self.language.parts_of_day)?;
        }
        if let Some((behind, what)) = self.next_of(end, self.language.parts_of_day)
            && half.is_none()
        {
            (end, half, is_certain, is_twelve_clear) = (behind, Some(what), true, false);
        }
        if written.has_h && written.minute.is_none() && !is_certain {
            // "Sleep 8h" is how long; nothing lasts that is called 17h.
            is_certain = written.hour > 12;
        }
        if written.has_point && !is_introduced {
            // A price.
            return None;
        }
        let hour = match half {
            None => written.hour,
            // "Las 12 de la noche".
            Some(_) if written.hour == 12 && !is_twelve_clear => return None,
            Some(_) if written.hour > 12 || written.hour == 0 => return None,
            Some(Half::Am) => written.hour % 12,
            Some(Half::Pm) => written.hour % 12 + 12,
        };
        let minutes = i16::from(hour) * 60 + i16::from(written.minute.unwrap_or(0)) + more;
        let (hour, minute) = (u8::try_from(minutes / 60).ok()?, u8::try_from(minutes % 60).ok()?);
        Some((end, clock(hour, minute)?, is_certain))
    }

    fn times(&self, at: usize) -> Option<(usize, (u8, u8))> {
        let found = self.language.times.iter();
        let found = found.filter_map(|(phrase, hour, minute)| Some((self.phrase(at, phrase)?, (*hour, *minute))));
        found.max_by_key(|(end, _)| *end)
    }

    /// How it repeats.
    fn repeat(&self, at: usize) -> Option<Match> {
        let found = |(end, every, from)| Match {
            end,
            meaning: Meaning::Repeat(every, from),
            is_certain: true,
            is_for_the_end: false,
        };
        if let Some((end, unit)) = self.of(at, self.language.adverbs) {
            let adverb = found((end, Every::new(1, unit), None));
            return Some(Match { is_for_the_end: true, ..adverb });
        }
        if let Some(behind) = self.any(at, self.language.every_other)
            && let Some((end, unit)) = self.next_of(behind, self.language.units)
        {
            return Some(found((end, Every::new(2, unit), None)));
        }
        let behind = self.any(at, self.language.every).filter(|behind| self.is_joined(*behind))?;
        if let Some(end) = self.any(behind, self.language.working_days) {
            return Some(found((end, Every::week_on(Weekdays::WORKING), None)));
        }
        if let Some((end, unit)) = self.of(behind, self.language.units) {
            return Some(found((end, Every::new(1, unit), None)));
        }
        if let Some((end, count)) = self.count(behind)
            && let Some((end, unit)) = self.next_of(end, self.language.units)
        {
            return Some(found((end, Every::new(count, unit), None)));
        }
        if let Some(Named { end, date, .. }) = self.written_date(behind) {
            return Some(found((end, Every::new(1, Unit::Year), day_of(date))));
        }
        let (mut end, day) = self.repeated_weekday(behind)?;
        let mut days = Weekdays::default().with(day);
        loop {
            let from =
                self.next_any(end, self.language.and).or_else(|| self.words.get(end - 1)?.ends_segment.then_some(end));
            match from.and_then(|from| self.repeated_weekday(from)) {
                Some((behind, day)) => (end, days) = (behind, days.with(day)),
                None => break,
            }
        }
        Some(found((end, Every::week_on(days), None)))
    }

    fn repeated_weekday(&self, at: usize) -> Option<(usize, u8)> {
        let word = self.word(at)?;
        let plural = (0..7_u8).find(|day| self.language.plural_weekdays[usize::from(*day)].contains(&word));
        plural.map(|day| (at + 1, day)).or_else(|| self.weekday(at).map(|(end, day, _)| (end, day)))
    }
}

/// A time as it is written in one word.
struct Written {
    hour: u8,
    minute: Option<u8>,
    half: Option<Half>,
    has_h: bool,
    has_point: bool,
}

impl Written {
    /// `9`, `9:30`, `9.30`, `9am`, `9:30pm`, `17h`, `17h30`, `17:30h`.
    fn parse(word: &str, language: &Words) -> Option<Self> {
        let digits = |text: &str| (1..=2).contains(&text.len()).then(|| number(text)).flatten();
        let hour = |text: &str| digits(text).and_then(|hour| u8::try_from(hour).ok()).filter(|hour| *hour < 24);
        let minute = |text: &str| {
            digits(text).filter(|m| text.len() == 2 && *m < 60).and_then(|minute| u8::try_from(minute).ok())
        };
        let plain = |hour| Self { hour, minute: None, half: None, has_h: false, has_point: false };
        if let Some(hour) = hour(word) {
            return Some(plain(hour));
        }
        for (name, half) in language.halves {
            if let Some(rest) = word.strip_suffix(name)
                && let Some(written) =
                    Self::parse(rest, language).filter(|written| written.half.is_none() && !written.has_h)
            {
                return Some(Self { half: Some(*half), ..written });
            }
        }
        let has_point = word.contains('.');
        let clock = |text: &str| {
            let (left, right) = text.split_once([':', '.'])?;
            Some(Self { minute: Some(minute(right)?), has_point, ..plain(hour(left)?) })
        };
        if let Some(rest) = word.strip_suffix('h') {
            return clock(rest).or_else(|| hour(rest).map(plain)).map(|written| Self { has_h: true, ..written });
        }
        if let Some((left, right)) = word.split_once('h') {
            return Some(Self { minute: Some(minute(right)?), has_h: true, ..plain(hour(left)?) });
        }
        clock(word)
    }
}

/// A number of ASCII digits.
fn number(text: &str) -> Option<u16> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn clock(hour: u8, minute: u8) -> Option<ClockTime> {
    ClockTime::parse(&format!("{hour:02}:{minute:02}")).ok()
}

fn day_of(date: Date) -> Option<Day> {
    Day::try_from(date).ok()
}

/// So many days, weeks, months or years later; in a month that does not have the day, on its last.
fn add(date: Date, count: u16, unit: Unit) -> Option<Date> {
    let count = i32::from(count);
    match unit {
        Unit::Day => date.checked_add(Duration::days(count.into())),
        Unit::Week => date.checked_add(Duration::weeks(count.into())),
        Unit::Month | Unit::Year => {
            let months = date.year() * 12 + i32::from(u8::from(date.month())) - 1;
            let months = months + if unit == Unit::Year { count * 12 } else { count };
            let month = Month::try_from(u8::try_from(months.rem_euclid(12)).ok()? + 1).ok()?;
            let year = months.div_euclid(12);
            let day = date.day().min(month.length(year));
            Date::from_calendar_date(year, month, day).ok()
        }
    }
}
