//! What the identity provider told of the customer.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::app::model::account::Claim;
use crate::identity::session::UserSession;

/// Claims that are about the token, not about the customer.
const INTERNAL: [&str; 8] = ["nonce", "at_hash", "c_hash", "login_hint", "aio", "rh", "uti", "sid"];
/// Claims that are seconds since the epoch.
const TIMES: [&str; 4] = ["iat", "nbf", "exp", "auth_time"];

/// The claims of the customer's ID token, as text.
pub(super) fn claims(signed_in: &UserSession) -> Vec<Claim> {
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
