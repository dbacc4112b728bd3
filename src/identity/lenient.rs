//! Members of a provider's documents that we can do without: one of another type than it should be counts as absent, and
//! does not make the document unreadable.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A text.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// A list of texts; what else is in it is left out.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(items) => Some(items.into_iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()),
        _ => None,
    })
}

/// Numbers, or their digits as text; what else is in the list is left out.
pub(super) fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i64>, D::Error> {
    let number = |item: Value| item.as_i64().or_else(|| item.as_str()?.parse().ok());
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(items) => items.into_iter().filter_map(number).collect(),
        one => number(one).into_iter().collect(),
    })
}

/// JSON that should come as a text, or comes as it is.
pub(super) fn json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        object @ Value::Object(_) => Some(object.to_string()),
        _ => None,
    })
}

/// Scopes: a text or, from some providers, a list. Anything else that is there grants nothing: absent would mean all that
/// was asked for.
pub(super) fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Some(text),
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        _ => Some(String::new()),
    })
}
