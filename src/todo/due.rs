//! When a to-do is due.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Date, Month, Time};

/// When a to-do is due: on a day, wherever its author is then, or at a time of that day in a time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Due {
    date: Day,
    /// Both or neither.
    at: Option<(ClockTime, ZoneName)>,
}

/// A day, or a moment: a time of that day in a time zone.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct Parts {
    date: Day,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<ClockTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_zone: Option<ZoneName>,
}

/// Described as it travels.
#[cfg(feature = "ssr")]
impl utoipa::PartialSchema for Due {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        Parts::schema()
    }
}

#[cfg(feature = "ssr")]
impl utoipa::ToSchema for Due {
    fn name() -> std::borrow::Cow<'static, str> {
        "Due".into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        Parts::schemas(schemas);
    }
}

impl From<Due> for Parts {
    fn from(Due { date, at }: Due) -> Self {
        let (time, time_zone) = at.unzip();
        Self { date, time, time_zone }
    }
}

impl TryFrom<Parts> for Due {
    type Error = DueError;

    fn try_from(Parts { date, time, time_zone }: Parts) -> Result<Self, DueError> {
        DuePatch { date: Some(date), time: Some(time), time_zone: Some(time_zone) }.merge(None)
    }
}

/// Why something does not say when a to-do is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DueError {
    /// No date.
    #[error("Give the day as date: 2026-12-01.")]
    NoDate,
    /// A time without a zone.
    #[error("A time is that of a place: give timeZone as well, such as Europe/Madrid.")]
    NoTimeZone,
    /// A zone without a time.
    #[error("A day is a day everywhere: leave timeZone out, or give time as well.")]
    NoTime,
    /// A day where a moment is meant.
    #[error("This is a moment: give time, such as 09:00, and timeZone, such as Europe/Madrid, as well.")]
    NoMoment,
}

impl Due {
    /// On a day.
    pub fn on(date: Day) -> Self {
        Self { date, at: None }
    }

    /// At a time of a day, as the clocks of a zone show it.
    pub fn at(date: Day, time: ClockTime, time_zone: ZoneName) -> Self {
        Self { date, at: Some((time, time_zone)) }
    }

    /// The day; of a moment, that in its zone.
    pub fn date(&self) -> Day {
        self.date
    }

    /// The time of the day, and the zone whose clocks show it; none where all of the day is meant.
    pub fn time(&self) -> Option<(ClockTime, &ZoneName)> {
        self.at.as_ref().map(|(time, zone)| (*time, zone))
    }

    /// At the same time of another day.
    #[must_use]
    pub fn moved_to(self, date: Day) -> Self {
        Self { date, ..self }
    }
}

/// A moment as people say it: a time of a day, as the clocks of a zone show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Moment {
    date: Day,
    time: ClockTime,
    time_zone: ZoneName,
}

impl Moment {
    /// At a time of a day.
    pub fn at(date: Day, time: ClockTime, time_zone: ZoneName) -> Self {
        Self { date, time, time_zone }
    }

    /// The day in its zone.
    pub fn date(&self) -> Day {
        self.date
    }

    /// The time of the day.
    pub fn time(&self) -> ClockTime {
        self.time
    }

    /// The zone whose clocks show it.
    pub fn time_zone(&self) -> &ZoneName {
        &self.time_zone
    }

    /// At the same time of another day.
    #[must_use]
    pub fn moved_to(self, date: Day) -> Self {
        Self { date, ..self }
    }
}

impl From<Moment> for Due {
    fn from(Moment { date, time, time_zone }: Moment) -> Self {
        Self::at(date, time, time_zone)
    }
}

impl TryFrom<Due> for Moment {
    type Error = DueError;

    fn try_from(Due { date, at }: Due) -> Result<Self, DueError> {
        at.map(|(time, time_zone)| Self { date, time, time_zone }).ok_or(DueError::NoMoment)
    }
}

impl From<Moment> for Parts {
    fn from(moment: Moment) -> Self {
        Due::from(moment).into()
    }
}

impl TryFrom<Parts> for Moment {
    type Error = DueError;

    fn try_from(parts: Parts) -> Result<Self, DueError> {
        Due::try_from(parts)?.try_into()
    }
}

/// What is to change of when a to-do is due (RFC 7396): what is absent stays. That of a [`Due`] names all parts, those that it
/// does not have as `null`, and so puts it in the place of another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DuePatch {
    /// The day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Day>,
    /// The time of the day.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub time: Option<Option<ClockTime>>,
    /// The zone whose clocks show it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub time_zone: Option<Option<ZoneName>>,
}

impl DuePatch {
    /// When a to-do is due that was due at `current`.
    ///
    /// # Errors
    /// [`DueError`] when a part is missing then.
    pub fn merge(&self, current: Option<&Due>) -> Result<Due, DueError> {
        let date = self.date.or(current.map(Due::date)).ok_or(DueError::NoDate)?;
        let (time, zone) = current.and_then(|due| due.at.clone()).unzip();
        let at = (self.time.unwrap_or(time), self.time_zone.clone().unwrap_or(zone));
        match at {
            (Some(time), Some(zone)) => Ok(Due::at(date, time, zone)),
            (None, None) => Ok(Due::on(date)),
            (Some(_), None) => Err(DueError::NoTimeZone),
            (None, Some(_)) => Err(DueError::NoTime),
        }
    }
}

impl From<Moment> for DuePatch {
    fn from(moment: Moment) -> Self {
        Due::from(moment).into()
    }
}

impl From<Due> for DuePatch {
    fn from(Due { date, at }: Due) -> Self {
        let (time, zone) = at.unzip();
        Self { date: Some(date), time: Some(time), time_zone: Some(zone) }
    }
}

/// A day of the calendar, of the years 1 to 9999 (RFC 3339 §5.6, `full-date`): `2026-12-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = String, format = Date, example = "2026-12-01"))]
pub struct Day(Date);

/// A text is not a [`Day`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This is no day of the calendar. Write it like 2026-12-01.")]
pub struct NotADay;

impl Day {
    /// 1 January 1970.
    pub const EPOCH: Self = Self(time::OffsetDateTime::UNIX_EPOCH.date());

    /// Reads `2026-12-01`, and nothing else.
    ///
    /// # Errors
    /// [`NotADay`].
    pub fn parse(text: &str) -> Result<Self, NotADay> {
        let [year, month, day] = numbers(text, '-', [4, 2, 2]).ok_or(NotADay)?;
        let month = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok()).ok_or(NotADay)?;
        let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).map_err(|_| NotADay)?);
        date.ok().filter(|date| date.year() > 0).map(Self).ok_or(NotADay)
    }

    /// How many days later another one is.
    pub fn days_until(self, other: Self) -> i64 {
        (other.0 - self.0).whole_days()
    }

    /// The day so many days later, if it is one of those years.
    pub fn plus(self, days: i64) -> Option<Self> {
        // More than there are is no number of days at all.
        let days = i32::try_from(days).ok()?;
        Self::try_from(self.0.checked_add(time::Duration::days(days.into()))?).ok()
    }

    /// The year, month and day.
    pub fn calendar(self) -> (i32, u8, u8) {
        (self.0.year(), self.0.month().into(), self.0.day())
    }
}

impl From<Day> for Date {
    fn from(day: Day) -> Self {
        day.0
    }
}

impl TryFrom<Date> for Day {
    type Error = NotADay;

    fn try_from(date: Date) -> Result<Self, NotADay> {
        (1..=9999).contains(&date.year()).then_some(Self(date)).ok_or(NotADay)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.calendar();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A time of the day, to the minute: `09:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:00"))]
pub struct ClockTime(Time);

/// A text is not a [`ClockTime`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This is no time of the day. Write it like 09:00, from 00:00 to 23:59.")]
pub struct NotATime;

impl ClockTime {
    /// 00:00.
    pub const MIDNIGHT: Self = Self(Time::MIDNIGHT);

    /// Reads `09:00`, and nothing else.
    ///
    /// # Errors
    /// [`NotATime`].
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        let [hour, minute] = numbers(text, ':', [2, 2]).ok_or(NotATime)?;
        let part = |number: u16| u8::try_from(number).map_err(|_| NotATime);
        Time::from_hms(part(hour)?, part(minute)?, 0).map(Self).map_err(|_| NotATime)
    }

    /// The hour and the minute.
    pub fn clock(self) -> (u8, u8) {
        (self.0.hour(), self.0.minute())
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute) = self.clock();
        write!(f, "{hour:02}:{minute:02}")
    }
}

/// So many numbers with so many digits each.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[u16; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part =
            parts.next().filter(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// What may be the name of a time zone (IANA): `Europe/Madrid`. Whether there is such a zone, the API says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(max_length = 64, example = "Europe/Madrid"))]
pub struct ZoneName(String);

/// A text is not a [`ZoneName`], or there is no such zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("There is no such time zone. Write its IANA name, such as Europe/Madrid.")]
pub struct NotATimeZone;

impl ZoneName {
    /// The longest name, in bytes.
    const MAX_BYTES: usize = 64;

    /// Reads a name.
    ///
    /// # Errors
    /// [`NotATimeZone`] when no zone can be called so.
    pub fn parse(text: &str) -> Result<Self, NotATimeZone> {
        let may_be = (1..=Self::MAX_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte));
        may_be.then(|| Self(text.to_owned())).ok_or(NotATimeZone)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// They travel, and are stored, as they are written.
macro_rules! written {
    ($($of:ty, $error:ty;)*) => {$(
        impl TryFrom<String> for $of {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                Self::parse(&text)
            }
        }

        impl From<$of> for String {
            fn from(of: $of) -> Self {
                of.to_string()
            }
        }
    )*};
}

written! {
    Day, NotADay;
    ClockTime, NotATime;
    ZoneName, NotATimeZone;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn due(value: serde_json::Value) -> Result<Due, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn days_and_times_are_read_as_they_are_written_and_nothing_else_is() {
        for text in ["2026-12-01", "0001-01-01", "9999-12-31", "2028-02-29"] {
            assert_eq!(Day::parse(text).expect(text).to_string(), text);
        }
        for text in [
            "",
            "2026-12-1",
            "26-12-01",
            "2026-13-01",
            "2026-00-01",
            "2026-02-29",
            "2026-12-32",
            "0000-01-01",
            "+026-12-01",
            "-001-01-01",
            " 2026-12-01",
            "2026-12-01 ",
            "2026-12-01T00:00",
            "2026/12/01",
            "2026-12-01-01",
            "٢٠٢٦-١٢-٠١",
        ] {
            assert_eq!(Day::parse(text), Err(NotADay), "{text}");
        }
        for text in ["00:00", "09:05", "23:59"] {
            assert_eq!(ClockTime::parse(text).expect(text).to_string(), text);
        }
        for text in ["", "9:00", "24:00", "09:60", "09:00:00", "09", "0900", "-1:00", "09:0x", "9am"] {
            assert_eq!(ClockTime::parse(text), Err(NotATime), "{text}");
        }
        for text in ["Europe/Madrid", "Etc/GMT+1", "UTC", "America/Port-au-Prince"] {
            assert_eq!(ZoneName::parse(text).expect(text).as_str(), text);
        }
        for text in ["", "Europe/Madrid ", "Europe\\Madrid", "../etc/passwd", "é", &"x".repeat(65)] {
            assert_eq!(ZoneName::parse(text), Err(NotATimeZone), "{text}");
        }
    }

    #[test]
    fn a_time_and_its_zone_come_together_or_not_at_all() {
        for value in
            [json!({"date": "2026-12-01"}), json!({"date": "2026-12-01", "time": "09:00", "timeZone": "Europe/Madrid"})]
        {
            assert_eq!(json!(due(value.clone()).expect("complete")), value);
        }
        for (value, why) in [
            (json!({}), "missing field `date`"),
            (json!({"date": "2026-12-01", "time": "09:00"}), &*DueError::NoTimeZone.to_string()),
            (json!({"date": "2026-12-01", "timeZone": "Europe/Madrid"}), &DueError::NoTime.to_string()),
            (json!({"date": "2026-02-30"}), &NotADay.to_string()),
        ] {
            assert_eq!(due(value).expect_err("refused"), why);
        }
    }

    #[test]
    fn what_a_change_of_it_leaves_out_stays() {
        let before =
            due(json!({"date": "2026-12-01", "time": "09:00", "timeZone": "Europe/Madrid"})).expect("complete");
        for (patch, after) in [
            (json!({}), json!({"date": "2026-12-01", "time": "09:00", "timeZone": "Europe/Madrid"})),
            (json!({"time": "10:00"}), json!({"date": "2026-12-01", "time": "10:00", "timeZone": "Europe/Madrid"})),
            (json!({"date": "2026-12-02", "time": null, "timeZone": null}), json!({"date": "2026-12-02"})),
        ] {
            let patch: DuePatch = serde_json::from_value(patch).expect("a change");
            assert_eq!(json!(patch.merge(Some(&before)).expect("complete")), after);
        }
        let halved = DuePatch { time: Some(None), ..DuePatch::default() };
        assert_eq!(halved.merge(Some(&before)), Err(DueError::NoTime));
        assert_eq!(DuePatch::default().merge(None), Err(DueError::NoDate));
        // One that is given as a whole takes the place of another.
        let day = Due::on(Day::parse("2026-12-24").expect("a day"));
        assert_eq!(DuePatch::from(day.clone()).merge(Some(&before)), Ok(day.clone()));
        assert_eq!(json!(DuePatch::from(day)), json!({"date": "2026-12-24", "time": null, "timeZone": null}));
    }

    #[test]
    fn a_moment_has_all_parts() {
        let moment = json!({"date": "2026-12-01", "time": "09:00", "timeZone": "Europe/Madrid"});
        assert_eq!(json!(serde_json::from_value::<Moment>(moment.clone()).expect("complete")), moment);
        let day = serde_json::from_value::<Moment>(json!({"date": "2026-12-01"})).expect_err("refused");
        assert_eq!(day.to_string(), DueError::NoMoment.to_string());
    }

    #[test]
    fn days_are_counted_within_the_calendar() {
        let day = |text| Day::parse(text).expect("a day");
        assert_eq!(day("2027-12-31").plus(60), Some(day("2028-02-29")));
        assert_eq!(day("2028-03-01").days_until(day("2027-12-31")), -61);
        assert_eq!((day("9999-12-31").plus(1), day("0001-01-01").plus(-1)), (None, None));
        assert_eq!((day("2026-12-01").plus(i64::MAX), day("2026-12-01").plus(i64::MIN)), (None, None));
    }
}
