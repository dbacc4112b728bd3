//! Mornings: when a digest is due in a customer's time zone, and when it is too late for it.

use std::fmt;
use std::sync::LazyLock;

use jiff::Timestamp as Instant;
use jiff::civil::Date;
use jiff::tz::{TimeZone as Rules, TimeZoneDatabase};
use time::Duration;

use crate::platform::clock::Timestamp;

/// The hour of the day at which a digest is sent unless the customer chose another one.
pub const DEFAULT_HOUR: u8 = 7;
/// After how long a digest that could not be sent is given up for its day: noon for one of seven o'clock.
pub const TOO_LATE: Duration = Duration::hours(5);

/// The parts of the world in the names of the database. What is not below one of them (`US/Eastern`, `Etc/GMT+1`) is an older
/// name of the same clocks, or no place.
const AREAS: [&str; 8] = ["Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

/// A time zone by its IANA name (`Europe/Berlin`). The rules come with the program, so that every machine has the same.
#[derive(Clone, PartialEq, Eq)]
pub struct TimeZone {
    name: String,
    rules: Rules,
}

/// The name is not that of a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This is no time zone that Errand knows. Choose one from the list, such as Europe/Berlin.")]
pub struct UnknownTimeZone;

/// One morning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Morning {
    /// The local date, `YYYY-MM-DD`: such texts sort as their dates do.
    pub date: String,
    /// When it is.
    pub at: Timestamp,
}

impl TimeZone {
    /// Finds a time zone by its IANA name, in any case of letters.
    ///
    /// # Errors
    /// [`UnknownTimeZone`].
    pub fn parse(name: &str) -> Result<Self, UnknownTimeZone> {
        let rules = database().get(name.trim()).map_err(|_| UnknownTimeZone)?;
        // As the database spells it. A zone without a name (`Etc/Unknown`) is none to live in.
        let name = rules.iana_name().filter(|name| *name != "Etc/Unknown").ok_or(UnknownTimeZone)?.to_owned();
        Ok(Self { name, rules })
    }

    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), rules: Rules::UTC }
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All names, sorted, for a list to choose from.
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = database()
            .available()
            .map(|name| name.as_str().to_owned())
            .filter(|name| Self::parse(name).is_ok())
            .collect();
        names.sort();
        names
    }

    /// The names to choose from, sorted: UTC, and the places of the database. Made once.
    pub fn places() -> &'static [String] {
        static PLACES: LazyLock<Vec<String>> = LazyLock::new(|| {
            let is_place = |name: &String| name.split_once('/').is_some_and(|(area, _)| AREAS.contains(&area));
            let places = TimeZone::names().into_iter().filter(is_place);
            std::iter::once("UTC".to_owned()).chain(places).collect()
        });
        &PLACES
    }

    /// The local date at `at`, `YYYY-MM-DD`.
    pub fn date(&self, at: Timestamp) -> String {
        self.rules.to_datetime(instant(at)).date().to_string()
    }

    /// When it is `hour` o'clock on a local date (`YYYY-MM-DD`); as for [`TimeZone::next_morning`] where clocks change. A
    /// text that is no date is long ago.
    pub fn at(&self, date: &str, hour: u8) -> Timestamp {
        date.parse::<Date>().map(|date| self.instant(date, hour)).unwrap_or_default()
    }

    /// What clocks here show when those of this zone show `hour` and `minute` on a date (`YYYY-MM-DD`): the date, and the time
    /// as `HH:MM`. `None` where that is no time.
    pub fn shown_in(&self, other: &Self, date: &str, (hour, minute): (u8, u8)) -> Option<(String, String)> {
        let date: Date = date.parse().ok()?;
        let time = jiff::civil::Time::new(hour.try_into().ok()?, minute.try_into().ok()?, 0, 0).ok()?;
        let shown = other.rules.to_datetime(self.rules.to_timestamp(date.to_datetime(time)).ok()?);
        Some((shown.date().to_string(), format!("{:02}:{:02}", shown.hour(), shown.minute())))
    }

    fn instant(&self, date: Date, hour: u8) -> Timestamp {
        let hour = i8::try_from(hour.min(23)).unwrap_or_default();
        let instant = self.rules.to_timestamp(date.at(hour, 0, 0, 0));
        instant.map_or(Timestamp::MAX, |instant| Timestamp::from_millis(instant.as_millisecond()))
    }

    /// The first `hour` o'clock after `at` of a day that is later than `last_for`.
    ///
    /// On the day on which clocks are put forward over that hour, it is the moment at which they would have shown it
    /// (RFC 5545 §3.3.5); on the day on which they show it twice, the first time.
    pub fn next_morning(&self, hour: u8, at: Timestamp, last_for: Option<&str>) -> Morning {
        let mut date = self.rules.to_datetime(instant(at)).date();
        // A date further ahead is from a clock that ran wrong, and must not silence the digest for years.
        let ahead = date.tomorrow().and_then(Date::tomorrow).unwrap_or(date);
        if let Some(last) = last_for.and_then(|last| last.parse::<Date>().ok())
            && (date..=ahead).contains(&last)
        {
            date = last.tomorrow().unwrap_or(last);
        }
        loop {
            let morning = self.instant(date, hour);
            match date.tomorrow() {
                Ok(tomorrow) if morning <= at => date = tomorrow,
                // The calendar ends in the year 9999.
                _ => return Morning { date: date.to_string(), at: morning },
            }
        }
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

fn database() -> &'static TimeZoneDatabase {
    jiff::tz::db()
}

fn instant(at: Timestamp) -> Instant {
    Instant::from_millisecond(at.as_millis()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An RFC 3339 time.
    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<Instant>().expect("a time").as_millisecond())
    }

    fn next(zone: &str, hour: u8, now: &str, last_for: Option<&str>) -> (String, String) {
        let morning = TimeZone::parse(zone).expect("a time zone").next_morning(hour, at(now), last_for);
        (morning.date, instant(morning.at).to_string())
    }

    #[test]
    fn seven_o_clock_is_where_the_customer_lives() {
        for (zone, now, date, time) in [
            ("Europe/Berlin", "2026-11-25T05:59:59Z", "2026-11-25", "2026-11-25T06:00:00Z"),
            ("Europe/Berlin", "2026-11-25T06:00:00Z", "2026-11-26", "2026-11-26T06:00:00Z"),
            ("Pacific/Kiritimati", "2026-11-25T05:00:00Z", "2026-11-26", "2026-11-25T17:00:00Z"),
            ("America/Los_Angeles", "2026-11-25T05:00:00Z", "2026-11-25", "2026-11-25T15:00:00Z"),
            ("Asia/Kathmandu", "2026-11-25T00:00:00Z", "2026-11-25", "2026-11-25T01:15:00Z"),
            ("UTC", "2026-12-31T23:00:00Z", "2027-01-01", "2027-01-01T07:00:00Z"),
        ] {
            assert_eq!(next(zone, 7, now, None), (date.to_owned(), time.to_owned()), "{zone} {now}");
        }
    }

    #[test]
    fn on_days_on_which_clocks_change_there_is_one_morning() {
        // Put forward from 2 to 3 o'clock: half past … would be 3:30; two o'clock is when clocks show three.
        assert_eq!(next("Europe/Berlin", 2, "2026-03-29T00:00:00Z", None).1, "2026-03-29T01:00:00Z");
        assert_eq!(next("Europe/Berlin", 2, "2026-03-29T01:00:00Z", Some("2026-03-29")).0, "2026-03-30");
        assert_eq!(next("Europe/Berlin", 7, "2026-03-29T00:00:00Z", None).1, "2026-03-29T05:00:00Z");
        // Put back from 3 to 2 o'clock: the first of the two, and not again at the second.
        assert_eq!(next("Europe/Berlin", 2, "2026-10-24T23:00:00Z", None).1, "2026-10-25T00:00:00Z");
        assert_eq!(next("Europe/Berlin", 2, "2026-10-25T00:00:00Z", None).0, "2026-10-26");
        assert_eq!(next("Europe/Berlin", 7, "2026-10-24T23:00:00Z", None).1, "2026-10-25T06:00:00Z");
        // Samoa had no 30 December 2011.
        assert_eq!(next("Pacific/Apia", 7, "2011-12-29T18:00:00Z", Some("2011-12-29")).0, "2011-12-30");
    }

    #[test]
    fn a_date_that_was_settled_does_not_come_again_after_a_move_to_the_west() {
        // Half past eight in Tokyo is half past one in Berlin, where it is seven only later that day.
        assert_eq!(next("Europe/Berlin", 7, "2026-11-24T23:30:00Z", Some("2026-11-25")).0, "2026-11-26");
        // A clock that ran a year ahead silences nobody for a year.
        assert_eq!(next("Europe/Berlin", 7, "2026-11-24T23:30:00Z", Some("2027-11-25")).0, "2026-11-25");
        assert_eq!(next("Europe/Berlin", 7, "2026-11-24T23:30:00Z", Some("nonsense")).0, "2026-11-25");
    }

    #[test]
    fn names_are_those_of_the_database_and_others_are_refused() {
        assert_eq!(
            TimeZone::parse(" europe/berlin ").map(|zone| zone.name().to_owned()).as_deref(),
            Ok("Europe/Berlin")
        );
        for name in ["", "Mars/Olympus", "../../etc/passwd", "Europe/Berlin\0", "+02:00", "Etc/Unknown"] {
            assert_eq!(TimeZone::parse(name), Err(UnknownTimeZone), "{name}");
        }
        let names = TimeZone::names();
        assert!(names.len() > 400 && names.is_sorted(), "{names:?}");
        let places = TimeZone::places();
        assert!(places.len() > 300 && places[0] == "UTC" && places[1..].is_sorted(), "{places:?}");
        assert!(places.iter().all(|name| names.contains(name)));
        assert!(!places.iter().any(|name| name.starts_with("Etc/") || name.starts_with("US/")));
        assert!(["Europe/Berlin", "America/New_York", "UTC"].iter().all(|name| names.iter().any(|n| n == name)));
    }

    #[test]
    fn the_local_date_is_the_customers() {
        let zone = TimeZone::parse("Pacific/Auckland").expect("a time zone");
        assert_eq!(zone.date(at("2026-11-25T12:00:00Z")), "2026-11-26");
        assert_eq!(zone.at("2026-11-26", 7), at("2026-11-25T18:00:00Z"));
        assert_eq!(zone.at("yesterday", 7), Timestamp::default());
        let berlin = TimeZone::parse("Europe/Berlin").expect("a time zone");
        let shown = Some(("2026-11-26".to_owned(), "10:30".to_owned()));
        assert_eq!(berlin.shown_in(&zone, "2026-11-25", (22, 30)), shown);
        assert_eq!(berlin.shown_in(&zone, "2026-11-31", (22, 30)), None);
    }
}
