//! What the customer chose about their daily digest.

use serde_json::{Value, json};

use super::language;
use super::request::Request;
use super::sessions::unreadable;
use crate::app::error::AppError;
use crate::app::model::account::{Digest, DigestOutcome, LastDigest};
use crate::app::model::done::Done;
use crate::app::model::reason::Reason;
use crate::digest::{Address, Outcome, Preferences, TimeZone, schedule::DEFAULT_HOUR};
use crate::identity::session::UserSession;
use crate::todo::Day;

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
        shown.last = digest.last.and_then(|last| came_of(&last.date, last.outcome));
    }
    if !shown.time_zone.is_empty() && !shown.time_zones.contains(&shown.time_zone) {
        shown.time_zones.insert(0, shown.time_zone.clone());
    }
    Ok(shown)
}

fn came_of(date: &str, outcome: Outcome) -> Option<LastDigest> {
    let outcome = match outcome {
        Outcome::Sent => DigestOutcome::Sent,
        Outcome::NothingOpen => DigestOutcome::NothingOpen,
        Outcome::GivenUp => DigestOutcome::GivenUp,
    };
    Some(LastDigest { day: Day::parse(date).ok()?, outcome })
}

/// Stores what the customer chose about the digest.
pub(crate) async fn save_digest(enabled: bool, time_zone: &str, hour: Option<u8>) -> Result<Done, AppError> {
    let request = Request::current()?;
    let signed_in = request.require_signed_in().await?;
    let invalid = |reason| Err(AppError::Invalid(reason));
    let time_zone = match time_zone.trim() {
        "" if enabled => return invalid(Reason::NoZone),
        // Switched off before anything was chosen.
        "" => TimeZone::utc(),
        name => TimeZone::parse(name).map_err(|_| AppError::Invalid(Reason::DigestZone))?,
    };
    let hour = hour.unwrap_or(DEFAULT_HOUR);
    if hour > 23 {
        return invalid(Reason::Hour);
    }
    let Some(email) = email(&signed_in) else {
        return invalid(Reason::NoAddress);
    };
    let Address { email, name, language } = address(&request, &signed_in, email).await;
    let preferences = Preferences { enabled, email, name, language, time_zone, hour };
    let unkept = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "what a customer chose about the digest could not be stored");
        AppError::Unavailable
    };
    // The tokens first: a digest without them would be skipped.
    request.web.identity().tokens().set_offline_use(&signed_in.key, enabled).await.map_err(|error| unkept(&error))?;
    request.web.digests().save(signed_in.key.as_str(), &preferences).await.map_err(|error| unkept(&error))?;
    Ok(if enabled { Done::DigestOn { hour } } else { Done::DigestOff })
}

/// Where mails go: to `email`, in the language of this request.
pub(super) async fn address(request: &Request, signed_in: &UserSession, email: &str) -> Address {
    let name = request.known_name(signed_in).await.unwrap_or_default();
    Address { email: email.to_owned(), name, language: language::spoken(&request.parts.headers) }
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
