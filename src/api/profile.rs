//! A customer's profile, and what may be changed of it.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::body::Members;
use super::detail::Detail;
use super::problem::Problem;
use super::texts::Texts;
use crate::platform::countries::is_country;

/// The longest display name that Graph takes, in characters.
const MAX_DISPLAY_NAME: usize = 256;
/// The longest given name or surname that Graph takes, in characters.
const MAX_NAME: usize = 64;

/// Control characters, and the bidirectional ones (UAX #9: U+202A–202E, U+2066–2069), which reorder the text around
/// them: a name must not spoil the page that it is shown on. The embedded directory refuses the same.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A customer's profile, as Graph names its parts; `null` for what the directory does not know.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    given_name: Option<String>,
    #[serde(default)]
    surname: Option<String>,
    #[serde(default)]
    mail: Option<String>,
    #[serde(default)]
    country: Option<String>,
}

/// What is to change of a profile. The outer `None` is a part that is not mentioned, the inner one a part that is to go.
#[derive(Deserialize, ToSchema)]
#[schema(as = ProfileChange)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null and a text are three different wishes (RFC 7396)")]
pub(super) struct Change {
    #[serde(default, deserialize_with = "mentioned")]
    #[schema(value_type = String, min_length = 1, max_length = 256)]
    display_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "mentioned")]
    #[schema(value_type = Option<String>, max_length = 64)]
    given_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "mentioned")]
    #[schema(value_type = Option<String>, max_length = 64)]
    surname: Option<Option<String>>,
    #[serde(default, deserialize_with = "mentioned")]
    #[schema(value_type = Option<String>, pattern = "^([A-Z]{2})?$")]
    country: Option<Option<String>>,
    /// Known, to be refused with a reason.
    #[serde(default, deserialize_with = "mentioned")]
    #[schema(ignore)]
    mail: Option<Option<String>>,
}

impl Members for Change {
    const MEMBERS: &[&str] = &["displayName", "givenName", "surname", "country", "mail"];
}

/// A member that is there, even if it is `null`.
#[expect(clippy::option_option, reason = "absent, null and a text are three different wishes (RFC 7396)")]
fn mentioned<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Change {
    /// What the directory is sent: trimmed, and an empty text as `null`, because forms have no other way to say it.
    pub(super) fn check(self) -> Result<Map<String, Value>, Problem> {
        if self.mail.is_some() {
            return Err(Problem::member("/mail", Texts::profile_mail));
        }
        let mut changes = Map::new();
        let parts = [
            ("displayName", "/displayName", self.display_name, MAX_DISPLAY_NAME),
            ("givenName", "/givenName", self.given_name, MAX_NAME),
            ("surname", "/surname", self.surname, MAX_NAME),
            ("country", "/country", self.country, 2),
        ];
        for (name, pointer, value, limit) in parts {
            let Some(value) = value else { continue };
            // Counted as it was sent, as the description says.
            let is_too_long = value.as_deref().is_some_and(|text| text.chars().count() > limit);
            let value = value.as_deref().map(|text| if name == "country" { text } else { text.trim() });
            let value = value.filter(|text| !text.is_empty());
            let refuse = |why: Detail| Err(Problem::member(pointer, why));
            match value {
                Some(text) if name == "country" && !is_country(text) => {
                    return refuse(Texts::profile_country.into());
                }
                _ if is_too_long => return refuse(Detail::new(move |t| t.profile_long(&limit))),
                None if name == "displayName" => return refuse(Texts::profile_name.into()),
                Some(text) if text.chars().any(is_control) => {
                    return refuse(Texts::profile_control.into());
                }
                _ => {}
            }
            changes.insert(name.to_owned(), value.into());
        }
        if changes.is_empty() {
            let members = "displayName, givenName, surname, country";
            return Err(Problem::bad_request(Detail::new(move |t| t.nothing_to_change(&members))));
        }
        Ok(changes)
    }
}
