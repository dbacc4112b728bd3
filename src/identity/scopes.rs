//! Scopes: a set of names (RFC 6749 §3.3), how a provider reads them, and which of them one access token can have.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

/// The scopes of OpenID Connect (Core §5.4, §11). They say what an ID token, `UserInfo` and the grant are for, never what an
/// access token is good for at an API: answers may leave them out, and no access token is looked for by them.
pub const OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];
/// The longest set of scopes, in bytes, that one sign-in can be asked for: it must fit into a cookie beside the rest of the
/// sign-in, and into addresses.
pub(in crate::identity) const MAX_LENGTH: usize = 2000;
/// Entra: whose scopes those are that name no resource.
const GRAPH: &str = "https://graph.microsoft.com";
/// Entra: all permissions of a resource that were granted before.
const DEFAULT: &str = ".default";

/// A set of scopes, sorted, so that two requests for the same permissions are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Scopes(BTreeSet<String>);

/// How a provider reads scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Entra: `{resource}/{name}`, in upper or lower case; an access token is for one resource.
    Entra,
    /// RFC 6749 §3.3: opaque, case-sensitive names; an access token can have any of them.
    Opaque,
}

/// Why no access token can have a set of scopes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// Nothing is left without [`OPENID`].
    #[error("names no scope of an API: {} are asked for at each sign-in anyway", OPENID.join(", "))]
    OnlyOpenId,
    /// More than one resource, at Entra.
    #[error("has scopes of two resources, {first} and {second}, and a token of this provider is for one")]
    TwoResources {
        /// One of them.
        first: String,
        /// Another one.
        second: String,
    },
    /// `.default` and others, at Entra.
    #[error("has {0} beside other scopes, which this provider refuses")]
    DefaultMixed(String),
    /// Longer than a sign-in can carry.
    #[error("is longer than {MAX_LENGTH} bytes, and does not fit into a sign-in")]
    TooLong,
}

impl SetError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::OnlyOpenId => "list the API's scopes, such as \"api://{client id}/ToDoList.Read\"",
            Self::TwoResources { .. } => "make it a set, or an API, for each resource",
            Self::DefaultMixed(_) => "list either .default alone, or scopes by name",
            Self::TooLong => "split it: one set for each kind of call",
        }
    }
}

impl Naming {
    fn equal(self, a: &str, b: &str) -> bool {
        match self {
            Self::Entra => a.eq_ignore_ascii_case(b),
            Self::Opaque => a == b,
        }
    }

    /// The resource of one scope, in lower case; empty where scopes have none.
    fn resource_of(self, scope: &str) -> Cow<'_, str> {
        match self {
            Self::Entra => {
                let resource = scope.rsplit_once('/').map_or(GRAPH, |(resource, _)| resource);
                Cow::Owned(resource.to_ascii_lowercase())
            }
            Self::Opaque => Cow::Borrowed(""),
        }
    }

    fn is_default(self, scope: &str) -> bool {
        self == Self::Entra && scope.rsplit('/').next() == Some(DEFAULT)
    }
}

impl Scopes {
    /// Reads a space-separated list.
    pub fn parse(text: &str) -> Self {
        text.split_ascii_whitespace().collect()
    }

    /// Whether a token with `self` has everything that `wanted` asks for. Names are compared whole.
    pub fn cover(&self, wanted: &Self, naming: Naming) -> bool {
        wanted.0.iter().all(|wanted| self.0.iter().any(|has| naming.equal(has, wanted)))
    }

    /// Both sets.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// Those that are an API's: without [`OPENID`].
    #[must_use]
    pub fn of_apis(&self) -> Self {
        Self(self.0.iter().filter(|scope| !OPENID.contains(&scope.as_str())).cloned().collect())
    }

    /// The resource that an access token with these is for, in lower case: `api://id` of `api://id/ToDoList.Read`. The first
    /// one, where there are several; empty where scopes have none.
    pub fn resource(&self, naming: Naming) -> String {
        let first = self.0.iter().find(|scope| !OPENID.contains(&scope.as_str()));
        first.map(|scope| naming.resource_of(scope).into_owned()).unwrap_or_default()
    }

    /// Those that belong to `resource`, as [`Scopes::resource`] names it.
    #[must_use]
    pub fn of_resource(&self, resource: &str, naming: Naming) -> Self {
        Self(self.0.iter().filter(|scope| naming.resource_of(scope) == resource).cloned().collect())
    }

    /// Those that stand for all that was granted before: `api://id/.default`.
    #[must_use]
    pub(in crate::identity) fn defaults(&self, naming: Naming) -> Self {
        Self(self.0.iter().filter(|scope| naming.is_default(scope)).cloned().collect())
    }

    /// Whether the authorization endpoint takes all of these at once, and a sign-in can carry them.
    ///
    /// # Errors
    /// [`SetError::DefaultMixed`], [`SetError::TooLong`].
    pub fn for_one_sign_in(&self, naming: Naming) -> Result<Self, SetError> {
        let scopes = self.of_apis();
        match scopes.0.iter().find(|scope| naming.is_default(scope)) {
            Some(default) if scopes.0.len() > 1 => Err(SetError::DefaultMixed(default.clone())),
            _ if scopes.to_string().len() > MAX_LENGTH => Err(SetError::TooLong),
            _ => Ok(scopes),
        }
    }

    /// The set that an access token can have: without [`OPENID`].
    ///
    /// # Errors
    /// [`SetError`] when there is no such token.
    pub fn for_one_token(&self, naming: Naming) -> Result<Self, SetError> {
        let scopes = self.for_one_sign_in(naming)?;
        if scopes.is_empty() {
            return Err(SetError::OnlyOpenId);
        }
        let first = scopes.resource(naming);
        match scopes.0.iter().map(|scope| naming.resource_of(scope)).find(|resource| *resource != first) {
            Some(second) => Err(SetError::TwoResources { first, second: second.into_owned() }),
            None => Ok(scopes),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<S: Into<String>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

impl<'de> serde::Deserialize<'de> for Scopes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer).map(|names| names.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Naming::{Entra, Opaque};
    use super::{MAX_LENGTH, Scopes, SetError};

    #[test]
    fn more_scopes_cover_fewer_and_a_prefix_covers_nothing() {
        let both = Scopes::parse("api://x/ToDoList.ReadWrite api://x/ToDoList.Read");
        let read = Scopes::parse("api://x/ToDoList.Read");
        for naming in [Entra, Opaque] {
            assert!(both.cover(&read, naming));
            assert!(!read.cover(&both, naming));
            assert!(!Scopes::parse("api://x/ToDoList.ReadWrite").cover(&read, naming));
        }
        assert_eq!(both.to_string(), "api://x/ToDoList.Read api://x/ToDoList.ReadWrite");
    }

    #[test]
    fn entra_reads_names_in_any_case_and_nobody_else_does() {
        let (granted, wanted) = (Scopes::parse("api://X/ToDoList.Read"), Scopes::parse("api://x/todolist.read"));
        assert!(granted.cover(&wanted, Entra));
        assert!(!granted.cover(&wanted, Opaque));
        assert_eq!(granted.resource(Entra), wanted.resource(Entra));
    }

    #[test]
    fn a_resource_is_entras_and_openids_scopes_have_none() {
        let todo = Scopes::parse("api://x/ToDoList.Read api://x/ToDoList.ReadWrite");
        let all = todo.union(&Scopes::parse("https://graph.microsoft.com/User.Read Mail.Read"));
        assert_eq!(all.resource(Entra), "https://graph.microsoft.com", "in the order of names");
        assert_eq!(all.of_resource("api://x", Entra), todo);
        let of_graph = Scopes::parse("https://graph.microsoft.com/User.Read Mail.Read");
        assert_eq!(all.of_resource(&of_graph.resource(Entra), Entra), of_graph);
        assert_eq!((todo.resource(Opaque).as_str(), all.of_resource("", Opaque)), ("", all));
        assert_eq!(todo.union(&Scopes::parse("Email email")).of_apis(), todo.union(&Scopes::parse("Email")));
        assert_eq!(Scopes::parse("email api://x/A").resource(Entra), "api://x");
    }

    #[test]
    fn a_set_that_no_token_can_have_is_refused() {
        let two = |first: &str, second: &str| {
            Some(SetError::TwoResources { first: first.to_owned(), second: second.to_owned() })
        };
        for (names, entra, opaque) in [
            ("api://x/A", None, None),
            ("api://x/A api://X/b offline_access", None, None),
            ("openid offline_access", Some(SetError::OnlyOpenId), Some(SetError::OnlyOpenId)),
            ("api://x/A api://y/A", two("api://x", "api://y"), None),
            ("api://x/A User.Read", two("https://graph.microsoft.com", "api://x"), None),
            ("api://x/.default openid", None, None),
            ("api://x/.default api://x/A", Some(SetError::DefaultMixed("api://x/.default".to_owned())), None),
        ] {
            let names = Scopes::parse(names);
            assert_eq!(names.for_one_token(Entra).err(), entra, "{names}");
            assert_eq!(names.for_one_token(Opaque).err(), opaque, "{names}");
        }
        let long: Scopes = (0..MAX_LENGTH).map(|number| number.to_string()).collect();
        assert_eq!(long.for_one_token(Opaque), Err(SetError::TooLong));
    }
}
