//! The `WWW-Authenticate` header of an API's answer: what its challenge asks for.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use serde_json::Value;

use crate::identity::scopes::{MAX_LENGTH, Scopes};

/// The longest claims challenge that is looked at, in bytes.
const MAX_CLAIMS: usize = 8 * 1024;

/// What the `Bearer` challenge of an answer asks for (RFC 9110 §11.6.1, RFC 6750 §3, and Microsoft's additions).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Challenge {
    /// A claims challenge, decoded: a JSON object as text.
    pub(super) claims: Option<String>,
    /// `proposedAction="consent"`.
    pub(super) consent: bool,
    /// The scopes that are missing: what an access token can have of them, and a sign-in can ask for.
    pub(super) scopes: Option<Scopes>,
}

impl Challenge {
    /// Of an answer's headers.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut challenge = Self::default();
        for value in headers.get_all(WWW_AUTHENTICATE) {
            // A letter outside of ASCII in a description does not make the rest unreadable.
            for (name, value) in bearer_parameters(&String::from_utf8_lossy(value.as_bytes())) {
                match name.as_str() {
                    "claims" => challenge.claims = challenge.claims.or_else(|| decode_claims(&value)),
                    "proposedaction" => challenge.consent |= value.eq_ignore_ascii_case("consent"),
                    "scopes" | "scope" => {
                        let scopes = Scopes::parse(&value.replace(',', " ")).of_apis();
                        let usable = !scopes.is_empty() && scopes.to_string().len() <= MAX_LENGTH;
                        challenge.scopes = challenge.scopes.or(usable.then_some(scopes));
                    }
                    _ => {}
                }
            }
        }
        challenge
    }
}

/// The parameters of the `Bearer` challenges in a `WWW-Authenticate` header, their names in lower case. A header may hold
/// several challenges; a name without `=` begins the next.
fn bearer_parameters(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut bearer = false;
    let mut rest = header.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let after = after.trim_start_matches([' ', '\t']);
        if let Some(value) = after.strip_prefix('=').filter(|_| !name.is_empty()) {
            let (value, after) = parameter_value(value.trim_start_matches([' ', '\t']));
            if bearer {
                found.push((name.to_ascii_lowercase(), value));
            }
            rest = after;
        } else if name.is_empty() {
            // Neither a name nor a separator: not a header that we understand any further.
            return found;
        } else {
            bearer = name.eq_ignore_ascii_case("Bearer");
            rest = after;
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    found
}

/// A token or a quoted string (RFC 9110 §5.6.4), and what follows it.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[position + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

/// A claims challenge as it is sent: base64 of either alphabet, padded or not, or the JSON itself.
fn decode_claims(text: &str) -> Option<String> {
    const EITHER_PADDING: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, EITHER_PADDING);
    if text.len() > MAX_CLAIMS {
        return None;
    }
    let json = if text.starts_with('{') {
        text.to_owned()
    } else {
        let text: String = text
            .chars()
            .map(|c| {
                if c == '+' {
                    '-'
                } else if c == '/' {
                    '_'
                } else {
                    c
                }
            })
            .collect();
        String::from_utf8(URL_SAFE.decode(text).ok()?).ok()?
    };
    serde_json::from_str::<serde_json::Map<String, Value>>(&json).ok()?;
    Some(json)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn challenge(values: &[&'static str]) -> Challenge {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(value));
        }
        Challenge::of(&headers)
    }

    #[test]
    fn only_what_belongs_to_a_bearer_challenge_counts() {
        let claims = Some("{}".to_owned());
        for (values, expected) in [
            (&["Bearer"][..], None),
            (&["Bearer claims=\"e30\""], claims.clone()),
            (&["bearer CLAIMS = \"e30=\" , error=\"x\""], claims.clone()),
            (&["Bearer error=\"a, claims=\\\"x\\\"\", claims=e30"], claims.clone()),
            (&["Basic realm=\"x\", Bearer realm=\"y\", claims=\"e30\""], claims.clone()),
            (&["Basic realm=\"x\"", "Bearer claims=\"e30\""], claims.clone()),
            (&["Negotiate", "Bearer claims=\"e30\""], claims.clone()),
            (&["Basic claims=\"e30\""], None),
            (&["Bearer realm=\"y\", Basic claims=\"e30\""], None),
            (&["Bearer claims=\"e3\""], None),
            (&["Bearer claims=\"W10\""], None),
            (&["Bearer claims=\"e30"], claims.clone()),
            (&["Bearer claims=\"{}\""], claims.clone()),
            (&["Bearer claims="], None),
            (&["Bearer =,=,\"\\"], None),
            (&[", ,, ="], None),
        ] {
            assert_eq!(challenge(values).claims, expected, "{values:?}");
        }
        let asked = challenge(&["Bearer scopes=\"a/b,c\", proposedAction=consent"]);
        assert_eq!((asked.scopes, asked.consent), (Some(Scopes::parse("a/b c")), true));
        assert_eq!(challenge(&["Bearer scope=\"\""]).scopes, None);
        assert_eq!(decode_claims(&"A".repeat(MAX_CLAIMS + 1)), None);
    }
}
