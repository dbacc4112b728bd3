//! What an operation needs: scopes of a user, roles of an app, an authentication context.

use serde::Deserialize;
use serde_json::json;

use crate::platform::config::{ConfigError, nearest};

/// Whether a person or a program calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An app on behalf of a signed-in user: what counts are its scopes.
    User,
    /// An app as itself: what counts are its roles.
    App,
}

/// What an operation needs, as configured: `{ scopes = […], app_permissions = […] }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionConfig {
    /// Delegated permissions, any of which suffices; the least one first, because callers are told to ask for it.
    pub scopes: Vec<String>,
    /// Application permissions (app roles), any of which suffices. Absent: no app is let in.
    #[serde(default)]
    pub app_permissions: Option<Vec<String>>,
    /// The authentication context that users must have satisfied besides, such as `c1` (Entra: Conditional Access,
    /// authentication contexts). Apps are not asked for it.
    #[serde(default)]
    pub authentication_context: Option<String>,
}

/// [`PermissionConfig`] of an operation that users alone may carry out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserPermissionConfig {
    /// Delegated permissions, any of which suffices; the least one first, because callers are told to ask for it.
    pub scopes: Vec<String>,
    /// As in [`PermissionConfig`].
    #[serde(default)]
    pub authentication_context: Option<String>,
}

/// The id of an authentication context: a short word, such as `c1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticationContext(pub(super) String);

impl AuthenticationContext {
    fn new(key: &str, id: &str) -> Result<Self, ConfigError> {
        if id.is_empty() || id.len() > 120 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:/".contains(&b)) {
            return Err(ConfigError::refused(
                key,
                format!("is {id:?}, which is no authentication context's id"),
                "give an id such as c1, or leave it out",
            ));
        }
        Ok(Self(id.to_owned()))
    }

    /// The claims request (OpenID Connect Core §5.5) that asks for it, as Entra words its claims challenges.
    pub(super) fn claims(&self) -> String {
        json!({"access_token": {"acrs": {"essential": true, "value": self.0}}}).to_string()
    }
}

impl std::fmt::Display for AuthenticationContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an operation needs: whole names, compared exactly. There is at least one scope; without app permissions, no app
/// may carry it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    pub(super) scopes: Vec<String>,
    pub(super) app_permissions: Vec<String>,
    pub(super) authentication_context: Option<AuthenticationContext>,
}

impl Permission {
    /// The first scope, the least one that suffices.
    pub fn least_scope(&self) -> &str {
        // Never empty: `some_of`.
        &self.scopes[0]
    }

    /// The scopes any of which suffices, of a user's token.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The application permissions any of which suffices, of an app's token; none where apps are not let in.
    pub fn app_permissions(&self) -> &[String] {
        &self.app_permissions
    }

    /// Checks a configured permission. `offered_scopes` and `offered_roles` are what the API's registration has:
    /// a name outside them could never be in a token, so it is a typing error. `key` names the permission in messages.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] when a list is empty, or a name is not offered.
    pub fn new(
        key: &str,
        config: &PermissionConfig,
        offered_scopes: Offered<'_>,
        offered_roles: Offered<'_>,
    ) -> Result<Self, ConfigError> {
        let app_permissions = match &config.app_permissions {
            None => Vec::new(),
            Some(roles) => some_of(&format!("{key}.app_permissions"), roles, offered_roles).map_err(|error| {
                let or_none = |remedy| format!("{remedy}, or leave the key out to let no app in");
                match error {
                    ConfigError::Refused { key, problem, remedy, source } if roles.is_empty() => {
                        ConfigError::Refused { key, problem, remedy: or_none(remedy), source }
                    }
                    other => other,
                }
            })?,
        };
        Ok(Self {
            scopes: some_of(&format!("{key}.scopes"), &config.scopes, offered_scopes)?,
            app_permissions,
            authentication_context: context(key, config.authentication_context.as_deref())?,
        })
    }

    /// Checks the configured permission of an operation that users alone may carry out: every app is refused, whatever
    /// roles it has.
    ///
    /// # Errors
    /// As [`Permission::new`].
    pub fn for_users(
        key: &str,
        config: &UserPermissionConfig,
        offered_scopes: Offered<'_>,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            scopes: some_of(&format!("{key}.scopes"), &config.scopes, offered_scopes)?,
            app_permissions: Vec::new(),
            authentication_context: context(key, config.authentication_context.as_deref())?,
        })
    }
}

/// Scopes or roles that an API's registration offers, and the key of configuration that lists them.
#[derive(Clone, Copy, Debug)]
pub struct Offered<'a> {
    /// Such as `api.scopes`.
    pub key: &'a str,
    /// What it lists.
    pub names: &'a [String],
}

/// Names that are all `offered`, and at least one of them.
fn some_of(key: &str, names: &[String], offered: Offered<'_>) -> Result<Vec<String>, ConfigError> {
    let known = offered.names.join(", ");
    if names.is_empty() {
        return Err(ConfigError::refused(
            key,
            "is empty, so nobody could be let in, or everybody",
            format!("name at least one of {known}"),
        ));
    }
    match names.iter().find(|name| !offered.names.contains(name)) {
        None => Ok(names.to_vec()),
        Some(unknown) => {
            let meant = nearest(unknown, offered.names.iter().map(String::as_str));
            let meant = meant.map(|name| format!("did you mean {name:?}? ")).unwrap_or_default();
            Err(ConfigError::refused(
                key,
                format!("contains {unknown:?}, which this API does not offer"),
                format!(
                    "{meant}use {known}; or, where the API's registration offers others, list all that it offers as `{}`",
                    offered.key
                ),
            ))
        }
    }
}

fn context(key: &str, id: Option<&str>) -> Result<Option<AuthenticationContext>, ConfigError> {
    id.map(|id| AuthenticationContext::new(&format!("{key}.authentication_context"), id)).transpose()
}

/// Checks names of scopes or roles that an API offers: at least one, and each a scope token (RFC 6749 §3.3), because
/// they are compared as whole words and travel in headers.
///
/// # Errors
/// [`ConfigError::Refused`] naming `key`.
pub fn check_names(key: &str, names: &[String]) -> Result<(), ConfigError> {
    if names.is_empty() {
        return Err(ConfigError::refused(key, "is empty", "name what the API's registration offers, or leave it out"));
    }
    let is_word = |name: &String| {
        !name.is_empty() && name.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) && name.len() <= 120
    };
    match names.iter().find(|name| !is_word(name)) {
        None => Ok(()),
        Some(name) => Err(ConfigError::refused(
            key,
            format!("contains {name:?}, which is not a scope's or role's name"),
            "use the short names, such as ToDoList.Read, one per entry, without blanks or quotes",
        )),
    }
}
