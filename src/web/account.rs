//! The account page: the server's side of `app::actions::account`.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::customer::Request;
use super::downstream;
use crate::app::actions::account::{Account, Claim, Digest, Moment, Profile, SignedInBrowser};
use crate::app::error::AppError;
use crate::digest::{Outcome, Preferences, TimeZone, schedule::DEFAULT_HOUR};
use crate::identity::downstream::{Call, DownstreamApi};
use crate::identity::session::{Ended, Ending, SignedIn};
use crate::platform::clock::from_millis;
use crate::platform::countries::COUNTRIES;

/// What the API of profiles is called in the log.
const PROFILE_API: &str = "the profile API";
/// Claims that are about the token, not about the customer.
const INTERNAL: [&str; 8] = ["nonce", "at_hash", "c_hash", "login_hint", "aio", "rh", "uti", "sid"];
/// Claims that are seconds since the epoch.
const TIMES: [&str; 4] = ["iat", "nbf", "exp", "auth_time"];
/// The time zones to choose from: one for every way clocks are set that many people live by. The browser adds its own.
const TIME_ZONES: [&str; 86] = [
    "UTC",
    "Africa/Abidjan",
    "Africa/Algiers",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Africa/Nairobi",
    "Africa/Tunis",
    "America/Anchorage",
    "America/Argentina/Buenos_Aires",
    "America/Asuncion",
    "America/Bogota",
    "America/Caracas",
    "America/Chicago",
    "America/Denver",
    "America/Edmonton",
    "America/Guatemala",
    "America/Halifax",
    "America/Havana",
    "America/La_Paz",
    "America/Lima",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/Montevideo",
    "America/New_York",
    "America/Panama",
    "America/Phoenix",
    "America/Puerto_Rico",
    "America/Santiago",
    "America/Santo_Domingo",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Toronto",
    "America/Vancouver",
    "America/Winnipeg",
    "Asia/Almaty",
    "Asia/Baghdad",
    "Asia/Baku",
    "Asia/Bangkok",
    "Asia/Beirut",
    "Asia/Colombo",
    "Asia/Dhaka",
    "Asia/Dubai",
    "Asia/Ho_Chi_Minh",
    "Asia/Hong_Kong",
    "Asia/Jakarta",
    "Asia/Jerusalem",
    "Asia/Kabul",
    "Asia/Karachi",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Manila",
    "Asia/Riyadh",
    "Asia/Seoul",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Taipei",
    "Asia/Tashkent",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Asia/Yangon",
    "Atlantic/Azores",
    "Atlantic/Canary",
    "Atlantic/Reykjavik",
    "Australia/Adelaide",
    "Australia/Brisbane",
    "Australia/Darwin",
    "Australia/Perth",
    "Australia/Sydney",
    "Europe/Amsterdam",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/Helsinki",
    "Europe/Istanbul",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Madrid",
    "Europe/Moscow",
    "Europe/Oslo",
    "Europe/Paris",
    "Europe/Rome",
    "Europe/Warsaw",
    "Pacific/Auckland",
    "Pacific/Honolulu",
];

/// Everything that the account page shows. Only a missing sign-in stops the whole of it.
pub(crate) async fn account() -> Result<Account, AppError> {
    let request = Request::current()?;
    let signed_in = request.require_signed_in().await?;
    let (profile, digest, sessions) =
        tokio::join!(profile(&request, &signed_in), digest(&request, &signed_in), sessions(&request, &signed_in));
    if let Some(Err(error @ AppError::SignInRequired { .. })) = profile {
        return Err(error);
    }
    Ok(Account { profile, digest, sessions, claims: claims(&signed_in) })
}

/// The profile as the API sends it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProfileAnswer {
    display_name: Option<String>,
    given_name: Option<String>,
    surname: Option<String>,
    mail: Option<String>,
    country: Option<String>,
}

/// The customer's profile; `None` where no API for it is configured.
async fn profile(request: &Request, signed_in: &SignedIn) -> Option<Result<Profile, AppError>> {
    let api = request.web.profile.as_ref()?;
    let call = Call { scopes: "read", ..Call::default() };
    Some(call_profile(api, request, signed_in, &call).await.map(|answer| Profile {
        display_name: answer.display_name.unwrap_or_default(),
        given_name: answer.given_name.unwrap_or_default(),
        surname: answer.surname.unwrap_or_default(),
        mail: answer.mail.unwrap_or_default(),
        country: answer.country.unwrap_or_default(),
        countries: COUNTRIES.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect(),
    }))
}

async fn call_profile(
    api: &DownstreamApi,
    request: &Request,
    signed_in: &SignedIn,
    call: &Call<'_>,
) -> Result<ProfileAnswer, AppError> {
    let answer = api.call_for_user(&request.web.identity.tokens, &signed_in.key, call).await;
    let answer = answer.map_err(|error| match downstream::failed(PROFILE_API, request, signed_in, &error) {
        // The customer has a profile, or could not have signed in.
        AppError::NotFound => AppError::Unavailable,
        error => error,
    })?;
    downstream::parse(PROFILE_API, &answer)
}

/// Changes the profile.
pub(crate) async fn save_profile(
    display_name: &str,
    given_name: &str,
    surname: &str,
    country: &str,
) -> Result<String, AppError> {
    let request = Request::current()?;
    let signed_in = request.require_signed_in().await?;
    let Some(api) = request.web.profile.as_ref() else { return Err(AppError::NotFound) };
    if display_name.trim().is_empty() {
        return Err(AppError::Invalid("Write the name that you want to be called by.".to_owned()));
    }
    let known = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let body = json!({
        "displayName": display_name.trim(),
        "givenName": known(given_name),
        "surname": known(surname),
        "country": known(country),
    });
    let call = Call { method: Some(Method::PATCH), body: Some(body), scopes: "write", ..Call::default() };
    let profile = call_profile(api, &request, &signed_in, &call).await?;
    // The ID token keeps the name of the sign-in; this session shows the new one.
    if let Some(name) = profile.display_name {
        request.call_by(&name).await;
    }
    Ok("Your profile is saved.".to_owned())
}

/// The customer's digest.
async fn digest(request: &Request, signed_in: &SignedIn) -> Result<Digest, AppError> {
    let stored = request.web.digests.load(signed_in.key.as_str()).await.map_err(|error| unreadable(&error))?;
    let mut shown = Digest {
        hour: DEFAULT_HOUR,
        email: email(signed_in).unwrap_or_default().to_owned(),
        time_zones: TIME_ZONES.map(str::to_owned).to_vec(),
        ..Digest::default()
    };
    if let Some(digest) = stored {
        digest.preferences.time_zone.name().clone_into(&mut shown.time_zone);
        shown.enabled = digest.preferences.enabled;
        if shown.enabled {
            // Another browser may have been signed in later, when the provider knew another address.
            shown.email = digest.preferences.email;
        }
        shown.hour = digest.preferences.hour;
        shown.skipped = digest.preferences.enabled && digest.skipped.is_some();
        shown.last = digest.last.map(|last| came_of(&last.date, last.outcome)).unwrap_or_default();
    }
    if !shown.time_zone.is_empty() && !TIME_ZONES.contains(&shown.time_zone.as_str()) {
        shown.time_zones.insert(0, shown.time_zone.clone());
    }
    Ok(shown)
}

fn came_of(date: &str, outcome: Outcome) -> String {
    let date = time::Date::parse(date, time::macros::format_description!("[year]-[month]-[day]"))
        .map_or_else(|_| date.to_owned(), day);
    match outcome {
        Outcome::Sent => format!("The last one was sent on {date}."),
        Outcome::NothingOpen => format!("On {date} nothing was open, so there was no mail."),
        Outcome::GivenUp => {
            format!("The one for {date} could not be delivered. The next one will be tried.")
        }
    }
}

/// Stores what the customer chose about the digest.
pub(crate) async fn save_digest(enabled: bool, time_zone: &str, hour: Option<u8>) -> Result<String, AppError> {
    let request = Request::current()?;
    let signed_in = request.require_signed_in().await?;
    let invalid = |text: &str| Err(AppError::Invalid(text.to_owned()));
    let time_zone = match time_zone.trim() {
        "" if enabled => return invalid("Choose your time zone, so that the mail comes in your morning."),
        // Switched off before anything was chosen.
        "" => TimeZone::utc(),
        name => TimeZone::parse(name).map_err(|error| AppError::Invalid(error.to_string()))?,
    };
    let hour = hour.unwrap_or(DEFAULT_HOUR);
    if hour > 23 {
        return invalid("Choose an hour of the day.");
    }
    let Some(email) = email(&signed_in) else {
        return invalid("Your identity provider told no e-mail address, so there is nowhere to send a digest to.");
    };
    let name = request.name(&signed_in).await;
    let preferences = Preferences { enabled, email: email.to_owned(), name, time_zone, hour };
    let unkept = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "what a customer chose about the digest could not be stored");
        AppError::Unavailable
    };
    // The tokens first: a digest without them would be skipped.
    request.web.identity.tokens.set_offline_use(&signed_in.key, enabled).await.map_err(|error| unkept(&error))?;
    request.web.digests.save(signed_in.key.as_str(), &preferences).await.map_err(|error| unkept(&error))?;
    Ok(if enabled {
        format!("Saved. Your digest will come each morning at {hour}:00. It pauses while you are signed out.")
    } else {
        "Saved. There will be no daily digest.".to_owned()
    })
}

/// Where a digest goes: the address that the provider vouches for. Not one that it says is not verified, and a name to sign
/// in with (OpenID Connect Core §5.7: anybody may choose any) only from Entra, where it is the address that was verified.
pub(super) fn email(signed_in: &SignedIn) -> Option<&str> {
    // Some providers send the text.
    let is_false = |verified: &Value| verified == &json!(false) || verified == "false";
    if signed_in.claims.get("email_verified").is_some_and(is_false) {
        return None;
    }
    let address = |text: &&str| text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    let name = || signed_in.claim("tid").and_then(|_| signed_in.claim("preferred_username"));
    signed_in.claim("email").or_else(name).filter(address)
}

/// The customer's sessions, this one first.
async fn sessions(request: &Request, signed_in: &SignedIn) -> Result<Vec<SignedInBrowser>, AppError> {
    let now = request.web.clock.unix_millis();
    let sessions = request.web.identity.sessions(signed_in, &request.session).await;
    let sessions = sessions.map_err(|error| unreadable(&error))?;
    let mut sessions: Vec<_> = sessions
        .into_iter()
        .map(|session| SignedInBrowser {
            signed_in: moment(now, session.signed_in_at),
            last_seen: moment(now, session.last_seen_at),
            handle: session.handle,
            browser: session.browser,
            current: session.current,
        })
        .collect();
    sessions.sort_by_key(|session| !session.current);
    Ok(sessions)
}

/// Ends one of the customer's other sessions. One that is over already is what was wanted.
pub(crate) async fn end_session(handle: &str) -> Result<String, AppError> {
    end_sessions(&Ending::One(handle.to_owned()), |_| "That browser is signed out.".to_owned()).await
}

/// Ends all of the customer's sessions but this one.
pub(crate) async fn end_other_sessions() -> Result<String, AppError> {
    end_sessions(&Ending::Others, ended_others).await
}

async fn end_sessions(which: &Ending, said: impl Fn(usize) -> String) -> Result<String, AppError> {
    let request = Request::current()?;
    let signed_in = request.require_signed_in().await?;
    let identity = &request.web.identity;
    let ended = identity.end_sessions(&signed_in, &request.session, which, &request.page()).await;
    match ended.map_err(|error| unreadable(&error))? {
        Ended::Sessions(ended) => Ok(said(ended)),
        Ended::ProofRequired { url } => Err(AppError::SignInRequired { url }),
    }
}

/// What to say when so many other sessions were ended.
pub(super) fn ended_others(ended: usize) -> String {
    match ended {
        0 => "You were not signed in anywhere else.".to_owned(),
        1 => "One other browser is signed out.".to_owned(),
        ended => format!("{ended} other browsers are signed out."),
    }
}

fn unreadable(error: &sqlx::Error) -> AppError {
    tracing::error!(%error, "the database does not answer");
    AppError::Unavailable
}

/// The claims of the customer's ID token, as text.
fn claims(signed_in: &SignedIn) -> Vec<Claim> {
    let about_the_customer = signed_in.claims.iter().filter(|(name, _)| !INTERNAL.contains(&name.as_str()));
    about_the_customer.map(|(name, value)| Claim { name: name.clone(), value: text(name, value) }).collect()
}

fn text(name: &str, value: &Value) -> String {
    if TIMES.contains(&name)
        && let Some(seconds) = value.as_i64()
        && let Ok(time) = OffsetDateTime::from_unix_timestamp(seconds)
        && let Ok(text) = time.format(&Rfc3339)
    {
        return text;
    }
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(|item| self::text("", item)).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A moment in the past; both are milliseconds since the epoch.
fn moment(now: i64, then: i64) -> Moment {
    Moment { text: ago(now, then), at: from_millis(then).format(&Rfc3339).unwrap_or_default() }
}

/// How long ago something was, in words that are right in any time zone.
fn ago(now: i64, then: i64) -> String {
    let minutes = (now - then).max(0) / 60_000;
    let (count, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        1440..43200 => (minutes / 1440, "day"),
        _ => return format!("on {}", day(from_millis(then).date())),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

/// `3 December 2026`.
fn day(date: time::Date) -> String {
    format!("{} {} {}", date.day(), date.month(), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_the_words_that_people_use() {
        const MINUTE: i64 = 60_000;
        let now = 1_800_000_000_000;
        for (passed, text) in [
            (-5 * MINUTE, "just now"),
            (MINUTE - 1, "just now"),
            (MINUTE, "1 minute ago"),
            (59 * MINUTE, "59 minutes ago"),
            (60 * MINUTE, "1 hour ago"),
            (23 * 60 * MINUTE, "23 hours ago"),
            (24 * 60 * MINUTE, "1 day ago"),
            (29 * 24 * 60 * MINUTE, "29 days ago"),
            (31 * 24 * 60 * MINUTE, "on 15 December 2026"),
        ] {
            assert_eq!(ago(now, now - passed), text);
        }
    }

    #[test]
    fn every_time_zone_to_choose_from_is_known_to_the_digest() {
        for name in TIME_ZONES {
            assert!(TimeZone::parse(name).is_ok(), "{name}");
        }
        assert!(TIME_ZONES[1..].is_sorted());
    }
}
