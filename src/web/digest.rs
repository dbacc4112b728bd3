//! What the customer chose about their daily digest.

use serde_json::{Value, json};

use super::moment::day;
use super::request::Request;
use super::sessions::unreadable;
use crate::app::error::AppError;
use crate::app::model::account::Digest;
use crate::app::model::done::Done;
use crate::digest::{Outcome, Preferences, TimeZone, schedule::DEFAULT_HOUR};
use crate::identity::session::UserSession;

/// The customer's digest.
pub(super) async fn digest(request: &Request, signed_in: &UserSession) -> Result<Digest, AppError> {
    let stored = request.web.digests().load(signed_in.key.as_str()).await.map_err(|error| unreadable(&error))?;
    let mut shown = Digest {
        hour: DEFAULT_HOUR,
        email: email(signed_in).unwrap_or_default().to_owned(),
        time_zones: TimeZone::places().to_vec(),
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
    if !shown.time_zone.is_empty() && !shown.time_zones.contains(&shown.time_zone) {
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
pub(crate) async fn save_digest(enabled: bool, time_zone: &str, hour: Option<u8>) -> Result<Done, AppError> {
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
    request.web.identity().tokens().set_offline_use(&signed_in.key, enabled).await.map_err(|error| unkept(&error))?;
    request.web.digests().save(signed_in.key.as_str(), &preferences).await.map_err(|error| unkept(&error))?;
    Ok(if enabled { Done::DigestOn { hour } } else { Done::DigestOff })
}

/// Where a digest goes: the address that the provider vouches for. Not one that it says is not verified, and a name to sign
/// in with (OpenID Connect Core §5.7: anybody may choose any) only from Entra, where it is the address that was verified.
pub(super) fn email(signed_in: &UserSession) -> Option<&str> {
    // Some providers send the text.
    let is_false = |verified: &Value| verified == &json!(false) || verified == "false";
    if signed_in.claims.get("email_verified").is_some_and(is_false) {
        return None;
    }
    let address = |text: &&str| text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    let name = || signed_in.claim("tid").and_then(|_| signed_in.claim("preferred_username"));
    signed_in.claim("email").or_else(name).filter(address)
}
