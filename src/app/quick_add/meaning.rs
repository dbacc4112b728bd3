//! What a part of a text can mean.

use time::{Date, Duration, Weekday};

use crate::todo::{ClockTime, Day};

/// What a part means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Due on that day.
    Day(Day),
    /// Due at that time.
    Time(ClockTime),
    /// It repeats; the first day, where it was named.
    Repeat(Every, Option<Day>),
    /// It goes to the list of that place among the names that were given.
    List(usize),
    /// It has a star.
    Star,
}

/// What a part is about. A to-do has one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A day.
    Day,
    /// A time of the day.
    Time,
    /// How it repeats.
    Repeat,
    /// Its list.
    List,
    /// A star.
    Star,
}

impl Kind {
    /// Whether it is about when.
    pub fn is_when(self) -> bool {
        matches!(self, Self::Day | Self::Time | Self::Repeat)
    }
}

impl Meaning {
    /// What it is about.
    pub fn kind(self) -> Kind {
        match self {
            Self::Day(_) => Kind::Day,
            Self::Time(_) => Kind::Time,
            Self::Repeat(..) => Kind::Repeat,
            Self::List(_) => Kind::List,
            Self::Star => Kind::Star,
        }
    }
}

/// A span of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// Some days of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Monday to Friday.
    pub const WORKING: Self = Self(0b1_1111);

    /// With one more; `day` from Monday, which is 0.
    #[must_use]
    pub fn with(self, day: u8) -> Self {
        Self(self.0 | 1 << (day % 7))
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `weekday` is among them.
    pub fn has(self, weekday: Weekday) -> bool {
        self.0 & 1 << weekday.number_days_from_monday() != 0
    }
}

/// How something repeats: every so many days, weeks, months or years; of weeks, on some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every {
    /// Every so many.
    pub interval: u16,
    /// Of these.
    pub unit: Unit,
    /// On these days of a week; none where it does not say.
    pub weekdays: Weekdays,
}

impl Every {
    /// Every so many of something.
    pub fn new(interval: u16, unit: Unit) -> Self {
        Self { interval, unit, weekdays: Weekdays::default() }
    }

    /// On these days of each week.
    pub fn week_on(weekdays: Weekdays) -> Self {
        Self { interval: 1, unit: Unit::Week, weekdays }
    }

    /// The rule (RFC 5545 §3.3.10).
    pub fn rule(self) -> String {
        const NAMES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
        let frequency = match self.unit {
            Unit::Day => "DAILY",
            Unit::Week => "WEEKLY",
            Unit::Month => "MONTHLY",
            Unit::Year => "YEARLY",
        };
        let mut rule = match self.interval {
            0 | 1 => format!("FREQ={frequency}"),
            interval => format!("FREQ={frequency};INTERVAL={interval}"),
        };
        if !self.weekdays.is_empty() {
            let names = NAMES.iter().enumerate().filter(|(day, _)| self.weekdays.0 & 1 << day != 0);
            rule.push_str(";BYDAY=");
            rule.push_str(&names.map(|(_, name)| *name).collect::<Vec<_>>().join(","));
        }
        rule
    }

    /// The first day of it that is not before `from`.
    pub fn first(self, from: Date) -> Date {
        let mut days = (0..7).filter_map(|days| from.checked_add(Duration::days(days)));
        days.find(|day| self.weekdays.is_empty() || self.weekdays.has(day.weekday())).unwrap_or(from)
    }
}
