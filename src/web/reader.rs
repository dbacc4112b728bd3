//! Who reads a page, as far as it is about days: what day it is there, and what their clock shows.

use axum::extract::Request as HttpRequest;
use axum::middleware::Next;
use axum::response::Response;
use cookie::{Cookie, SameSite};
use jiff::tz::TimeZone;

use super::flash::set_cookie;
use super::language;
use super::request::Request;
use crate::app::address::TIME_ZONE_COOKIE;
use crate::app::day_words::Reader;
use crate::platform::clock::Clock;
use crate::platform::cookies;
use crate::todo::{ClockTime, Day, ZoneName};

/// The time zone that a browser told in its cookie.
#[derive(Clone)]
struct Told(String);

/// Around everything: the session's layer leaves the cookies of scripts behind.
pub(super) async fn note_time_zone(mut request: HttpRequest, next: Next) -> Response {
    if let Some(told) = cookies::read(request.headers(), TIME_ZONE_COOKIE).map(|name| Told(name.to_owned())) {
        request.extensions_mut().insert(told);
    }
    next.run(request).await
}

/// Who reads the page that is being rendered. Their browser says in which time zone they are, once its scripts ran; before
/// that, and without them, their day is that of UTC.
pub(crate) fn current() -> Reader {
    let Ok(request) = Request::current() else { return Reader::default() };
    let told = request.parts.extensions.get::<Told>().map(|Told(name)| name.as_str());
    Reader { language: language::spoken(&request.parts.headers), ..reader(request.web.clock(), told) }
}

/// Remembers the time zone that a customer said without scripts. From now on it is told as scripts would.
pub(super) fn remember_time_zone(request: &Request, zone: &ZoneName) {
    let cookie = Cookie::build((TIME_ZONE_COOKIE, zone.to_string())).path("/").max_age(language::REMEMBERED);
    set_cookie(&cookie.same_site(SameSite::Lax).secure(request.web.identity().is_https()).build());
}

/// The time zone of that name, whatever its case, if there is one; and its rules.
pub(super) fn known_zone(name: &str) -> Option<(ZoneName, TimeZone)> {
    ZoneName::parse(name).ok()?;
    let rules = jiff::tz::db().get(name).ok()?;
    Some((ZoneName::parse(rules.iana_name()?).ok()?, rules))
}

fn reader(clock: &Clock, time_zone: Option<&str>) -> Reader {
    let (time_zone, rules) =
        time_zone.and_then(known_zone).map_or((None, TimeZone::UTC), |(name, rules)| (Some(name), rules));
    let here = rules.to_datetime(jiff::Timestamp::from_second(clock.unix_seconds()).unwrap_or_default());
    // Of the years that a clock shows, both are always read.
    let today = Day::parse(&here.date().to_string()).unwrap_or(Day::EPOCH);
    let time = ClockTime::parse(&format!("{:02}:{:02}", here.hour(), here.minute())).unwrap_or(ClockTime::MIDNIGHT);
    Reader { today, time, time_zone, ..Reader::default() }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_day_is_that_of_the_readers_time_zone_and_utc_where_it_is_not_known() {
        let clock = Clock::manual(datetime!(2026-12-31 23:30 UTC));
        let here = |time_zone| {
            let Reader { today, time, time_zone, .. } = reader(&clock, time_zone);
            (today.to_string(), time.to_string(), time_zone.is_some())
        };
        assert_eq!(here(Some("Europe/Madrid")), ("2027-01-01".to_owned(), "00:30".to_owned(), true));
        assert_eq!(here(Some("America/New_York")), ("2026-12-31".to_owned(), "18:30".to_owned(), true));
        for unknown in [None, Some("Nowhere/At_All"), Some("../etc/passwd"), Some("")] {
            assert_eq!(here(unknown), ("2026-12-31".to_owned(), "23:30".to_owned(), false), "{unknown:?}");
        }
    }
}
