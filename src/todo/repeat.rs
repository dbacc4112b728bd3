//! How a to-do repeats: the recurrence rules of RFC 5545 §3.3.10 that people use for to-dos. Days only: the time of the day
//! and its zone are those of when the to-do is due, and stay.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, Weekday};

use super::due::Day;

/// How a to-do repeats. What it is due by is the first of the days; it is stored and sent as a rule in one canonical form:
/// `FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = String, max_length = 500, example = "FREQ=WEEKLY;BYDAY=MO,TH"))]
#[serde(try_from = "String", into = "String")]
pub struct Repeat(Box<Rule>);

/// What it says. Most to-dos have none: theirs are small.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    frequency: Frequency,
    interval: u16,
    end: End,
}

/// On which days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// `DAILY`.
    Daily,
    /// `WEEKLY`.
    Weekly {
        /// On these days (`BYDAY`); on that of when it is due where there are none.
        days: Vec<Weekday>,
        /// With which day a week begins (`WKST`): that matters where not every week counts.
        week_start: Weekday,
    },
    /// `MONTHLY`.
    Monthly(On),
    /// `YEARLY`.
    Yearly {
        /// In these months (`BYMONTH`); in that of when it is due where there are none.
        months: Vec<Month>,
        /// On which of their days.
        on: On,
    },
}

/// On which days of a month. Of days that a month does not have there are none in it (RFC 5545 §3.3.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// On the one of when it is due.
    DueDay,
    /// On these (`BYMONTHDAY`): 1 to 31, and from the end −1 to −31.
    Days(Vec<i8>),
    /// On these (`BYDAY`): the second Tuesday, the last Friday (−1).
    Weekdays(Vec<(i8, Weekday)>),
}

/// When it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Never.
    Never,
    /// After so many times (`COUNT`), that of when it is due among them.
    Count(u16),
    /// After this day (`UNTIL`).
    Day(Day),
    /// After this moment (`UNTIL` in UTC), to the second.
    Moment(OffsetDateTime),
}

/// Why a text is not a [`Repeat`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepeatError {
    /// No rule at all.
    #[error("This is no rule for repeating. Write it as RFC 5545 has it, such as FREQ=WEEKLY;BYDAY=MO,TH.")]
    NotARule,
    /// Hourly, or nothing that is known.
    #[error("A to-do repeats daily, weekly, monthly or yearly: FREQ=DAILY, WEEKLY, MONTHLY or YEARLY.")]
    Frequency,
    /// A part that is not understood, or not with this frequency.
    #[error(
        "This rule has a part that is not understood. Beside FREQ, INTERVAL and COUNT or UNTIL there are: with WEEKLY, BYDAY \
         (MO,TH); with MONTHLY, BYMONTHDAY (1 to 31, -1 for the last) or BYDAY (2TU, -1FR); with YEARLY, BYMONTH, and one of \
         these two beside it."
    )]
    Part,
    /// A part that is there twice.
    #[error("This rule has a part twice.")]
    Twice,
    /// Out of bounds.
    #[error("INTERVAL is a number from 1 to {}.", Repeat::MAX_INTERVAL)]
    Interval,
    /// Out of bounds.
    #[error("COUNT is a number from 1 to {}.", Repeat::MAX_COUNT)]
    Count,
    /// No day and no moment.
    #[error("UNTIL is a day, such as 20261231, or a moment in UTC, such as 20261231T225959Z.")]
    Until,
    /// Both ends.
    #[error("A rule ends after COUNT times or at UNTIL. Give one of them.")]
    TwoEnds,
    /// The 30th of February.
    #[error("There is never such a day.")]
    NoSuchDay,
}

/// The days as rules name them, in their order.
const DAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

/// Those of work.
const WORKDAYS: usize = 5;

impl Repeat {
    /// The largest number of days, weeks, months or years from one time to the next.
    pub const MAX_INTERVAL: u16 = 999;
    /// The largest number of times.
    pub const MAX_COUNT: u16 = 999;
    /// The longest text that is read, in bytes.
    const MAX_BYTES: usize = 500;
    /// After so many days, weeks, months or years in which there is none, there is none any more: the fifth Monday of a
    /// February comes every 28 years, or after 40.
    const MAX_EMPTY: usize = 400;

    /// Reads a rule, with or without `RRULE:` before it.
    ///
    /// # Errors
    /// [`RepeatError`] when it is none, or has a part that is not understood: nothing of it is left out in silence.
    pub fn parse(text: &str) -> Result<Self, RepeatError> {
        if text.len() > Self::MAX_BYTES || !text.is_ascii() {
            return Err(RepeatError::NotARule);
        }
        let text = text.trim().to_ascii_uppercase();
        let parts = Parts::parse(text.strip_prefix("RRULE:").unwrap_or(&text))?;
        let interval = match parts.interval {
            None => 1,
            Some(text) => number(text, Self::MAX_INTERVAL).ok_or(RepeatError::Interval)?,
        };
        let end = match (parts.count, parts.until) {
            (None, None) => End::Never,
            (Some(count), None) => End::Count(number(count, Self::MAX_COUNT).ok_or(RepeatError::Count)?),
            (None, Some(until)) => until_of(until).ok_or(RepeatError::Until)?,
            (Some(_), Some(_)) => return Err(RepeatError::TwoEnds),
        };
        Ok(Self(Box::new(Rule { frequency: parts.frequency(interval)?, interval, end })))
    }

    /// On which days.
    pub fn frequency(&self) -> &Frequency {
        &self.0.frequency
    }

    /// Every so many days, weeks, months or years.
    pub fn interval(&self) -> u16 {
        self.0.interval
    }

    /// When it ends.
    pub fn end(&self) -> End {
        self.0.end
    }

    /// When a to-do is due next that was due on `due`: the first day of the rule after that, and not before `from`, with the
    /// rule as it is from there on. None where that is after `last`, or there are no more.
    ///
    /// The days between are over, but they were days: they count.
    pub fn next(&self, due: Day, from: Day, last: Option<Day>) -> Option<(Day, Self)> {
        let (due, from, last) = (Date::from(due), Date::from(from), last.map(Date::from));
        let count = match self.0.end {
            End::Count(count) => Some(usize::from(count)),
            _ => None,
        };
        let interval = i64::from(self.0.interval);
        // Where every time counts, each is looked at; there are few then. Otherwise it begins shortly before.
        let skipped = if count.is_some() { 0 } else { self.periods(due, from).max(0) / interval * interval };
        let (mut times, mut empty) = (1, 0);
        for period in (0..).map(|number| skipped + number * interval) {
            let days = self.days_of(due, period)?;
            empty = if days.is_empty() { empty + 1 } else { 0 };
            if empty > Self::MAX_EMPTY {
                return None;
            }
            for day in days.into_iter().filter(|day| *day > due) {
                times += 1;
                if count.is_some_and(|count| times > count) || last.is_some_and(|last| day > last) {
                    return None;
                }
                if day >= from {
                    let end = match self.0.end {
                        // The one that is next is the first of those that are left.
                        End::Count(count) => End::Count(count - u16::try_from(times - 1).ok()?),
                        end => end,
                    };
                    return Some((Day::try_from(day).ok()?, Self(Box::new(Rule { end, ..(*self.0).clone() }))));
                }
            }
        }
        None
    }

    /// How many days, weeks, months or years it is from that of one day to that of another.
    fn periods(&self, from: Date, to: Date) -> i64 {
        match &self.0.frequency {
            Frequency::Daily => (to - from).whole_days(),
            Frequency::Weekly { week_start, .. } => {
                let begin = |date: Date| i64::from(date.to_julian_day() - days_between(*week_start, date.weekday()));
                (begin(to) - begin(from)) / 7
            }
            Frequency::Monthly(_) => month_number(to) - month_number(from),
            Frequency::Yearly { .. } => i64::from(to.year() - from.year()),
        }
    }

    /// Its days in the day, week, month or year that comes so many after that of `due`, in their order. None after the year
    /// 9999.
    fn days_of(&self, due: Date, period: i64) -> Option<Vec<Date>> {
        match &self.0.frequency {
            Frequency::Daily => Some(vec![due.checked_add(Duration::days(period))?]),
            Frequency::Weekly { days, week_start } => {
                let back = i64::from(days_between(*week_start, due.weekday()));
                let begin = due.checked_add(Duration::days(period * 7 - back))?;
                let days = if days.is_empty() { &[due.weekday()] } else { days.as_slice() };
                let mut dates = Vec::with_capacity(days.len());
                for day in days {
                    dates.push(begin.checked_add(Duration::days(i64::from(days_between(*week_start, *day))))?);
                }
                dates.sort_unstable();
                Some(dates)
            }
            Frequency::Monthly(on) => {
                let number = month_number(due) + period;
                let month = Month::try_from(u8::try_from(number % 12).ok()? + 1).ok()?;
                on.days_of(i32::try_from(number / 12).ok()?, month, due.day())
            }
            Frequency::Yearly { months, on } => {
                let year = due.year() + i32::try_from(period).ok()?;
                let months = if months.is_empty() { &[due.month()] } else { months.as_slice() };
                let mut dates = Vec::new();
                for month in months {
                    dates.extend(on.days_of(year, *month, due.day())?);
                }
                Some(dates)
            }
        }
    }
}

impl On {
    /// The days of a month, in their order. None after the year 9999.
    fn days_of(&self, year: i32, month: Month, due: u8) -> Option<Vec<Date>> {
        if year > 9999 {
            return None;
        }
        let length = i32::from(month.length(year));
        let numbers: Vec<i32> = match self {
            Self::DueDay => vec![i32::from(due)],
            Self::Days(days) => {
                days.iter().map(|&day| if day < 0 { length + 1 + i32::from(day) } else { i32::from(day) }).collect()
            }
            Self::Weekdays(weekdays) => {
                let first = Date::from_calendar_date(year, month, 1).ok()?.weekday();
                let nth = |&(nth, weekday): &(i8, Weekday)| {
                    let earliest = 1 + days_between(first, weekday);
                    if nth > 0 {
                        return earliest + 7 * (i32::from(nth) - 1);
                    }
                    let latest = earliest + (length - earliest) / 7 * 7;
                    latest + 7 * (i32::from(nth) + 1)
                };
                weekdays.iter().map(nth).collect()
            }
        };
        let date =
            |day: i32| Date::from_calendar_date(year, month, u8::try_from(day).ok().filter(|day| *day > 0)?).ok();
        let mut dates: Vec<Date> = numbers.into_iter().filter_map(date).collect();
        dates.sort_unstable();
        dates.dedup();
        Some(dates)
    }

    /// Whether any of these months, in a leap year, has any of these days.
    fn is_possible(&self, months: &[Month]) -> bool {
        const LEAP: i32 = 2028;
        let Self::Days(days) = self else { return true };
        let longest = months.iter().map(|month| month.length(LEAP)).max().unwrap_or(31);
        days.iter().any(|day| day.unsigned_abs() <= longest)
    }
}

/// How many days it is from one day of a week to the next that is the other one: 0 to 6.
fn days_between(from: Weekday, to: Weekday) -> i32 {
    let number = |day: Weekday| i32::from(day.number_days_from_monday());
    (number(to) - number(from)).rem_euclid(7)
}

fn month_number(date: Date) -> i64 {
    i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1
}

/// The parts of a rule, each at most once.
#[derive(Default)]
struct Parts<'a> {
    freq: Option<&'a str>,
    interval: Option<&'a str>,
    count: Option<&'a str>,
    until: Option<&'a str>,
    by_day: Option<&'a str>,
    by_month_day: Option<&'a str>,
    by_month: Option<&'a str>,
    by_set_pos: Option<&'a str>,
    week_start: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn parse(text: &'a str) -> Result<Self, RepeatError> {
        let mut parts = Self::default();
        for part in text.split(';') {
            let (name, value) = part.split_once('=').ok_or(RepeatError::NotARule)?;
            let part = match name {
                "FREQ" => &mut parts.freq,
                "INTERVAL" => &mut parts.interval,
                "COUNT" => &mut parts.count,
                "UNTIL" => &mut parts.until,
                "BYDAY" => &mut parts.by_day,
                "BYMONTHDAY" => &mut parts.by_month_day,
                "BYMONTH" => &mut parts.by_month,
                "BYSETPOS" => &mut parts.by_set_pos,
                "WKST" => &mut parts.week_start,
                _ => return Err(RepeatError::Part),
            };
            if part.replace(value).is_some() {
                return Err(RepeatError::Twice);
            }
        }
        Ok(parts)
    }

    fn frequency(&self, interval: u16) -> Result<Frequency, RepeatError> {
        let week_start = match self.week_start {
            None => Weekday::Monday,
            Some(text) => weekday(text).ok_or(RepeatError::Part)?,
        };
        let frequency = match self.freq.ok_or(RepeatError::NotARule)? {
            "DAILY" => match self.by_day.map(days).transpose()? {
                None => Frequency::Daily,
                // Every day that is one of these: the same as weekly on these.
                Some(days) if interval == 1 => Frequency::Weekly { days, week_start: Weekday::Monday },
                Some(_) => return Err(RepeatError::Part),
            },
            "WEEKLY" => {
                let days = self.by_day.map(days).transpose()?.unwrap_or_default();
                // Of every week it does not matter.
                let matters = interval > 1 && !days.is_empty();
                Frequency::Weekly { days, week_start: if matters { week_start } else { Weekday::Monday } }
            }
            "MONTHLY" => Frequency::Monthly(self.on()?),
            "YEARLY" => {
                let (months, on) = (self.months()?, self.on()?);
                if months.is_empty() && on != On::DueDay {
                    return Err(RepeatError::Part);
                }
                if !on.is_possible(&months) {
                    return Err(RepeatError::NoSuchDay);
                }
                Frequency::Yearly { months, on }
            }
            _ => return Err(RepeatError::Frequency),
        };
        let is_of_months = matches!(frequency, Frequency::Monthly(_) | Frequency::Yearly { .. });
        let is_of_years = matches!(frequency, Frequency::Yearly { .. });
        if (!is_of_months && (self.by_month_day.is_some() || self.by_set_pos.is_some()))
            || (!is_of_years && self.by_month.is_some())
        {
            return Err(RepeatError::Part);
        }
        Ok(frequency)
    }

    fn months(&self) -> Result<Vec<Month>, RepeatError> {
        let Some(text) = self.by_month else { return Ok(Vec::new()) };
        let month = |text: &str| number(text, 12).and_then(|number| Month::try_from(u8::try_from(number).ok()?).ok());
        let months = text.split(',').map(month).collect::<Option<Vec<_>>>();
        let mut months = months.ok_or(RepeatError::Part)?;
        months.sort_unstable_by_key(|month| u8::from(*month));
        months.dedup();
        Ok(months)
    }

    fn on(&self) -> Result<On, RepeatError> {
        match (self.by_month_day, self.by_day, self.by_set_pos) {
            (None, None, None) => Ok(On::DueDay),
            (Some(text), None, None) => {
                let days = text.split(',').map(|day| signed(day, 31)).collect::<Option<Vec<_>>>();
                let mut days = days.ok_or(RepeatError::Part)?;
                // From the beginning of the month, then from its end.
                days.sort_unstable_by_key(|day| (*day < 0, *day));
                days.dedup();
                Ok(On::Days(days))
            }
            (None, Some(text), None) => {
                let nth = |text: &str| {
                    let (nth, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
                    Some((signed(nth, 5)?, weekday(day)?))
                };
                let weekdays = text.split(',').map(nth).collect::<Option<Vec<_>>>();
                let mut weekdays = weekdays.ok_or(RepeatError::Part)?;
                weekdays.sort_unstable_by_key(|(nth, day)| (*nth < 0, *nth, day.number_days_from_monday()));
                weekdays.dedup();
                Ok(On::Weekdays(weekdays))
            }
            // The second of all Tuesdays is the second Tuesday.
            (None, Some(day), Some(nth)) => {
                let weekday = weekday(day).zip(signed(nth, 5)).map(|(day, nth)| (nth, day));
                Ok(On::Weekdays(vec![weekday.ok_or(RepeatError::Part)?]))
            }
            _ => Err(RepeatError::Part),
        }
    }
}

/// Days of the week, in their order.
fn days(text: &str) -> Result<Vec<Weekday>, RepeatError> {
    let days = text.split(',').map(weekday).collect::<Option<Vec<_>>>();
    let mut days = days.ok_or(RepeatError::Part)?;
    days.sort_unstable_by_key(|day| day.number_days_from_monday());
    days.dedup();
    Ok(days)
}

fn weekday(text: &str) -> Option<Weekday> {
    DAYS.into_iter().find_map(|(name, day)| (name == text).then_some(day))
}

fn name(day: Weekday) -> &'static str {
    DAYS[usize::from(day.number_days_from_monday())].0
}

/// A number from 1 to `max`, of digits.
fn number(text: &str, max: u16) -> Option<u16> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_number && (1..=max).contains(number))
}

/// The same, with or without a sign before it.
fn signed(text: &str, max: u16) -> Option<i8> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let number = i8::try_from(number(digits, max)?).ok()?;
    Some(if is_negative { -number } else { number })
}

/// `20261231` or `20261231T225959Z`.
fn until_of(text: &str) -> Option<End> {
    let part = |from: usize, to: usize| -> Option<u16> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let small = |from: usize, to: usize| -> Option<u8> { u8::try_from(part(from, to)?).ok() };
    let date =
        Date::from_calendar_date(i32::from(part(0, 4)?), Month::try_from(small(4, 6)?).ok()?, small(6, 8)?).ok()?;
    let day = Day::try_from(date).ok()?;
    if text.len() == 8 {
        return Some(End::Day(day));
    }
    if text.len() != 16 || text.get(8..9) != Some("T") || text.get(15..) != Some("Z") {
        return None;
    }
    let time = Time::from_hms(small(9, 11)?, small(11, 13)?, small(13, 15)?).ok()?;
    Some(End::Moment(PrimitiveDateTime::new(date, time).assume_utc()))
}

impl fmt::Display for Repeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule { frequency, interval, end } = &*self.0;
        f.write_str(match frequency {
            Frequency::Daily => "FREQ=DAILY",
            Frequency::Weekly { .. } => "FREQ=WEEKLY",
            Frequency::Monthly(_) => "FREQ=MONTHLY",
            Frequency::Yearly { .. } => "FREQ=YEARLY",
        })?;
        if *interval > 1 {
            write!(f, ";INTERVAL={interval}")?;
        }
        match frequency {
            Frequency::Daily => {}
            Frequency::Weekly { days, week_start } => {
                list(f, "BYDAY", days.iter().map(|day| name(*day)))?;
                if *week_start != Weekday::Monday {
                    write!(f, ";WKST={}", name(*week_start))?;
                }
            }
            Frequency::Monthly(on) => on.write(f)?,
            Frequency::Yearly { months, on } => {
                list(f, "BYMONTH", months.iter().map(|month| u8::from(*month)))?;
                on.write(f)?;
            }
        }
        match end {
            End::Never => Ok(()),
            End::Count(count) => write!(f, ";COUNT={count}"),
            End::Day(day) => write!(f, ";UNTIL={}", compact(*day)),
            End::Moment(moment) => {
                let (hour, minute, second) = moment.to_hms();
                let day = Day::try_from(moment.date()).map_err(|_| fmt::Error)?;
                write!(f, ";UNTIL={}T{hour:02}{minute:02}{second:02}Z", compact(day))
            }
        }
    }
}

impl On {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DueDay => Ok(()),
            Self::Days(days) => list(f, "BYMONTHDAY", days),
            Self::Weekdays(weekdays) => {
                list(f, "BYDAY", weekdays.iter().map(|(nth, day)| format!("{nth}{}", name(*day))))
            }
        }
    }
}

/// A part of several values; nothing where there are none.
fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, name: &str, values: impl IntoIterator<Item = T>) -> fmt::Result {
    for (number, value) in values.into_iter().enumerate() {
        if number == 0 {
            write!(f, ";{name}=")?;
        } else {
            f.write_char(',')?;
        }
        write!(f, "{value}")?;
    }
    Ok(())
}

fn compact(day: Day) -> String {
    let (year, month, day) = day.calendar();
    format!("{year:04}{month:02}{day:02}")
}

impl Repeat {
    /// Whether it is on the days of work.
    pub fn is_on_workdays(&self) -> bool {
        let Frequency::Weekly { days, .. } = &self.0.frequency else { return false };
        self.0.interval == 1
            && days.len() == WORKDAYS
            && days.iter().zip(DAYS).all(|(day, (_, workday))| *day == workday)
    }
}

impl TryFrom<String> for Repeat {
    type Error = RepeatError;

    fn try_from(text: String) -> Result<Self, RepeatError> {
        Self::parse(&text)
    }
}

impl From<Repeat> for String {
    fn from(repeat: Repeat) -> Self {
        repeat.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Repeat {
        Repeat::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    /// The days after `due`, each from the one before it, as they come when each is done in time.
    fn days(text: &str, due: &str, how_many: usize) -> Vec<String> {
        let (mut repeat, mut due) = (rule(text), day(due));
        let mut days = Vec::new();
        while let Some((next, rest)) = repeat.next(due, due, None).filter(|_| days.len() < how_many) {
            days.push(next.to_string());
            (repeat, due) = (rest, next);
        }
        days
    }

    #[test]
    fn a_rule_is_kept_in_one_form() {
        for (text, canonical) in [
            ("FREQ=DAILY", "FREQ=DAILY"),
            ("rrule:freq=daily;interval=1", "FREQ=DAILY"),
            (" INTERVAL=3;FREQ=DAILY ", "FREQ=DAILY;INTERVAL=3"),
            ("FREQ=DAILY;BYDAY=FR,MO,TU,TH,WE", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
            ("FREQ=WEEKLY;BYDAY=TH,MO,TH;WKST=SU", "FREQ=WEEKLY;BYDAY=MO,TH"),
            ("FREQ=WEEKLY;INTERVAL=02;WKST=SU;BYDAY=SU,MO", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU"),
            ("FREQ=MONTHLY;BYMONTHDAY=-1,15,1", "FREQ=MONTHLY;BYMONTHDAY=1,15,-1"),
            ("FREQ=MONTHLY;BYDAY=-1FR,+2TU", "FREQ=MONTHLY;BYDAY=2TU,-1FR"),
            ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", "FREQ=MONTHLY;BYDAY=2TU"),
            ("FREQ=YEARLY", "FREQ=YEARLY"),
            ("FREQ=YEARLY;BYMONTHDAY=24;BYMONTH=12,6", "FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=24"),
            ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
            ("FREQ=DAILY;COUNT=10", "FREQ=DAILY;COUNT=10"),
            ("UNTIL=20261231;FREQ=DAILY", "FREQ=DAILY;UNTIL=20261231"),
            ("FREQ=DAILY;UNTIL=20261231T225959Z", "FREQ=DAILY;UNTIL=20261231T225959Z"),
        ] {
            assert_eq!(rule(text).to_string(), canonical, "{text}");
            assert_eq!(rule(canonical), rule(text));
        }
        assert!(rule("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR").is_on_workdays());
        assert!(!rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR").is_on_workdays());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (text, why) in [
            ("", RepeatError::NotARule),
            ("daily", RepeatError::NotARule),
            ("INTERVAL=2", RepeatError::NotARule),
            ("FREQ=DAILY;", RepeatError::NotARule),
            ("FREQ=DÍARIO", RepeatError::NotARule),
            (&format!("FREQ=DAILY{}", " ".repeat(500) + ";"), RepeatError::NotARule),
            ("FREQ=HOURLY", RepeatError::Frequency),
            ("FREQ=", RepeatError::Frequency),
            ("FREQ=DAILY;FREQ=WEEKLY", RepeatError::Twice),
            ("FREQ=DAILY;INTERVAL=0", RepeatError::Interval),
            ("FREQ=DAILY;INTERVAL=1000", RepeatError::Interval),
            ("FREQ=DAILY;INTERVAL=-1", RepeatError::Interval),
            ("FREQ=DAILY;INTERVAL=+1", RepeatError::Interval),
            ("FREQ=DAILY;COUNT=0", RepeatError::Count),
            ("FREQ=DAILY;COUNT=99999999999", RepeatError::Count),
            ("FREQ=DAILY;COUNT=2;UNTIL=20261231", RepeatError::TwoEnds),
            ("FREQ=DAILY;UNTIL=2026-12-31", RepeatError::Until),
            ("FREQ=DAILY;UNTIL=20260230", RepeatError::Until),
            ("FREQ=DAILY;UNTIL=20261231T225959", RepeatError::Until),
            ("FREQ=DAILY;UNTIL=20261231T245959Z", RepeatError::Until),
            ("FREQ=DAILY;UNTIL=00001231", RepeatError::Until),
            ("FREQ=DAILY;BYHOUR=9", RepeatError::Part),
            ("FREQ=DAILY;X-NAME=9", RepeatError::Part),
            ("FREQ=DAILY;INTERVAL=2;BYDAY=MO", RepeatError::Part),
            ("FREQ=DAILY;BYMONTH=2", RepeatError::Part),
            ("FREQ=WEEKLY;BYDAY=", RepeatError::Part),
            ("FREQ=WEEKLY;BYDAY=1MO", RepeatError::Part),
            ("FREQ=WEEKLY;BYDAY=XX", RepeatError::Part),
            ("FREQ=WEEKLY;BYMONTHDAY=1", RepeatError::Part),
            ("FREQ=WEEKLY;WKST=1", RepeatError::Part),
            ("FREQ=MONTHLY;BYMONTHDAY=0", RepeatError::Part),
            ("FREQ=MONTHLY;BYMONTHDAY=32", RepeatError::Part),
            ("FREQ=MONTHLY;BYMONTHDAY=-32", RepeatError::Part),
            ("FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=1MO", RepeatError::Part),
            ("FREQ=MONTHLY;BYDAY=MO", RepeatError::Part),
            ("FREQ=MONTHLY;BYDAY=6MO", RepeatError::Part),
            ("FREQ=MONTHLY;BYDAY=O", RepeatError::Part),
            ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", RepeatError::Part),
            ("FREQ=MONTHLY;BYSETPOS=1", RepeatError::Part),
            ("FREQ=YEARLY;BYMONTHDAY=1", RepeatError::Part),
            ("FREQ=YEARLY;BYMONTH=13", RepeatError::Part),
            ("FREQ=YEARLY;BYYEARDAY=100", RepeatError::Part),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", RepeatError::NoSuchDay),
            ("FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=-31", RepeatError::NoSuchDay),
        ] {
            assert_eq!(Repeat::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn the_next_day_is_the_one_that_the_rule_says() {
        for (text, due, expected) in [
            ("FREQ=DAILY", "2026-12-30", &["2026-12-31", "2027-01-01"][..]),
            ("FREQ=DAILY;INTERVAL=10", "2028-02-20", &["2028-03-01", "2028-03-11"]),
            ("FREQ=WEEKLY", "2026-12-01", &["2026-12-08", "2026-12-15"]),
            ("FREQ=WEEKLY;BYDAY=MO,TH", "2026-12-01", &["2026-12-03", "2026-12-07", "2026-12-10"]),
            // RFC 5545 §3.3.10, the last of its examples: where a week begins decides.
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU", "1997-08-05", &["1997-08-10", "1997-08-19", "1997-08-24"]),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "1997-08-05", &["1997-08-17", "1997-08-19", "1997-08-31"]),
            ("FREQ=MONTHLY", "2027-01-15", &["2027-02-15", "2027-03-15"]),
            // A month without that day has none.
            ("FREQ=MONTHLY", "2027-01-31", &["2027-03-31", "2027-05-31", "2027-07-31", "2027-08-31"]),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", "2027-12-31", &["2028-01-31", "2028-02-29", "2028-03-31"]),
            ("FREQ=MONTHLY;BYMONTHDAY=1,-1", "2027-01-31", &["2027-02-01", "2027-02-28", "2027-03-01"]),
            ("FREQ=MONTHLY;BYMONTHDAY=31,-1", "2027-01-30", &["2027-01-31", "2027-02-28", "2027-03-31"]),
            ("FREQ=MONTHLY;BYDAY=2TU", "2026-12-08", &["2027-01-12", "2027-02-09"]),
            ("FREQ=MONTHLY;BYDAY=-1FR", "2026-12-25", &["2027-01-29", "2027-02-26"]),
            ("FREQ=MONTHLY;BYDAY=5MO", "2026-11-30", &["2027-03-29", "2027-05-31", "2027-08-30"]),
            ("FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10", "2026-12-10", &["2028-06-10", "2029-12-10"]),
            ("FREQ=YEARLY", "2026-12-24", &["2027-12-24", "2028-12-24"]),
            ("FREQ=YEARLY", "2028-02-29", &["2032-02-29", "2036-02-29"]),
            ("FREQ=YEARLY", "2096-02-29", &["2104-02-29"]),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "2027-02-28", &["2028-02-29", "2029-02-28"]),
            ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-11-26", &["2027-11-25", "2028-11-23"]),
            ("FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=1", "2026-09-01", &["2027-03-01", "2027-09-01"]),
            ("FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYDAY=5MO", "2044-02-29", &["2072-02-29"]),
            // One that is due on another day than the rule has is the first of it all the same.
            ("FREQ=WEEKLY;BYDAY=MO", "2026-12-02", &["2026-12-07", "2026-12-14"]),
        ] {
            assert_eq!(days(text, due, expected.len()), expected, "{text} from {due}");
        }
    }

    #[test]
    fn a_rule_ends() {
        assert_eq!(days("FREQ=DAILY;COUNT=3", "2026-12-01", 9), ["2026-12-02", "2026-12-03"]);
        assert_eq!(days("FREQ=DAILY;COUNT=1", "2026-12-01", 9), [""; 0]);
        assert_eq!(days("FREQ=MONTHLY;INTERVAL=12", "9998-01-31", 9), ["9999-01-31"]);
        assert_eq!(days("FREQ=DAILY", "9999-12-30", 9), ["9999-12-31"]);
        // Every four years from one that is no leap year; and never, in all months that count.
        assert_eq!(days("FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", "2027-02-01", 9), [""; 0]);
        assert_eq!(days("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30", "2027-02-01", 9), [""; 0]);
        let daily = rule("FREQ=DAILY;COUNT=3");
        let (next, rest) = daily.next(day("2026-12-01"), day("2026-12-01"), None).expect("one more");
        assert_eq!((next.to_string().as_str(), rest.to_string().as_str()), ("2026-12-02", "FREQ=DAILY;COUNT=2"));
        let last = |last| rule("FREQ=DAILY").next(day("2026-12-01"), day("2026-12-01"), Some(day(last)));
        assert!(last("2026-12-02").is_some() && last("2026-12-01").is_none());
    }

    #[test]
    fn what_is_over_is_left_out_and_counts() {
        for (text, due, from, expected) in [
            ("FREQ=DAILY;INTERVAL=3", "2026-11-01", "2026-12-01", Some("2026-12-01")),
            ("FREQ=DAILY;INTERVAL=3", "2026-11-01", "2026-12-02", Some("2026-12-04")),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "2026-11-02", "2026-12-01", Some("2026-12-03")),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "2026-11-02", "2026-12-04", Some("2026-12-14")),
            ("FREQ=MONTHLY", "0001-01-31", "2026-12-01", Some("2026-12-31")),
            ("FREQ=MONTHLY;INTERVAL=5", "2026-01-31", "2027-07-01", Some("2028-07-31")),
            ("FREQ=YEARLY", "0001-02-28", "2026-12-01", Some("2027-02-28")),
            ("FREQ=DAILY;COUNT=30", "2026-11-02", "2026-12-01", Some("2026-12-01")),
            ("FREQ=DAILY;COUNT=29", "2026-11-02", "2026-12-01", None),
            // Not yet due: the next one comes after it, not after today.
            ("FREQ=DAILY", "2026-12-10", "2026-12-01", Some("2026-12-11")),
        ] {
            let next = rule(text).next(day(due), day(from), None);
            let next = next.map(|(day, _)| day.to_string());
            assert_eq!(next.as_deref(), expected, "{text} from {due}");
            // However it is found, it is one of those that come one after the other.
            if let Some(next) = next.filter(|_| !due.starts_with("0001")) {
                assert!(days(text, due, 99).contains(&next), "{text}: {next}");
            }
        }
    }
}
