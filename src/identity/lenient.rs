//! Members of a provider's documents that we can do without: one of another type than it should be counts as absent, and
//! does not make the document unreadable.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Reads `members` as a `T`, if need be without those members that cannot be read, which are returned by name. `needed`
/// are never left out. What is left of `members` is what was read.
///
/// # Errors
/// When `needed` alone cannot be read.
pub(super) fn object<T: DeserializeOwned>(
    members: &mut Map<String, Value>,
    needed: &[&str],
) -> Result<(T, Vec<String>), serde_json::Error> {
    if let Ok(read) = T::deserialize(&*members) {
        return Ok((read, Vec::new()));
    }
    let mut some: Map<String, Value> =
        members.iter().filter(|(name, _)| needed.contains(&name.as_str())).map(own).collect();
    T::deserialize(&some)?;
    let mut unusable = Vec::new();
    for (name, value) in members.iter().filter(|(name, _)| !needed.contains(&name.as_str())) {
        some.insert(name.clone(), value.clone());
        if T::deserialize(&some).is_err() {
            some.remove(name);
            unusable.push(name.clone());
        }
    }
    let read = T::deserialize(&some)?;
    *members = some;
    Ok((read, unusable))
}

fn own((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// A text that says something: an empty one counts as absent.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.is_empty() => Some(text),
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

/// JSON that should come as a text, or comes as it is; an empty text counts as absent.
pub(super) fn json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.is_empty() => Some(text),
        object @ Value::Object(_) => Some(object.to_string()),
        _ => None,
    })
}

/// Scopes: a text or, from some providers, a list. An empty text or list counts as absent, which means all that was asked
/// for (RFC 6749 §5.1). Anything else that is there grants nothing.
pub(super) fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        _ => Some(String::new()),
    })
}
