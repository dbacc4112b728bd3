//! Scopes: a set of names (RFC 6749 §3.3), and the resource that they belong to.

use std::collections::BTreeSet;
use std::fmt;

/// A set of scopes, sorted, so that two requests for the same permissions are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads a space-separated list.
    pub fn parse(text: &str) -> Self {
        text.split_ascii_whitespace().collect()
    }

    /// Whether `self` grants everything that `wanted` asks for. Names are compared whole.
    pub fn cover(&self, wanted: &Self) -> bool {
        wanted.0.is_subset(&self.0)
    }

    /// Both sets.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The resource of the first scope that has one: `api://id` of `api://id/ToDoList.Read`. Empty for scopes that
    /// are plain words, as providers other than Entra have them.
    pub fn resource(&self) -> &str {
        self.0.iter().find_map(|scope| scope.rsplit_once('/').map(|(resource, _)| resource)).unwrap_or_default()
    }

    /// Those that belong to `resource`, as [`Scopes::resource`] names it.
    #[must_use]
    pub fn of_resource(&self, resource: &str) -> Self {
        let of = |scope: &&String| scope.rsplit_once('/').map_or("", |(resource, _)| resource) == resource;
        Self(self.0.iter().filter(of).cloned().collect())
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
    use super::Scopes;

    #[test]
    fn more_scopes_cover_fewer_and_a_prefix_covers_nothing() {
        let both = Scopes::parse("api://x/ToDoList.ReadWrite api://x/ToDoList.Read");
        assert!(both.cover(&Scopes::parse("api://x/ToDoList.Read")));
        assert!(!Scopes::parse("api://x/ToDoList.Read").cover(&both));
        assert!(!Scopes::parse("api://x/ToDoList.ReadWrite").cover(&Scopes::parse("api://x/ToDoList.Read")));
        assert_eq!(both.resource(), "api://x");
        let with_graph = both.union(&Scopes::parse("https://graph.microsoft.com/User.Read email"));
        assert_eq!(with_graph.of_resource("api://x"), both);
        assert_eq!(with_graph.of_resource(""), Scopes::parse("email"));
        assert_eq!(both.to_string(), "api://x/ToDoList.Read api://x/ToDoList.ReadWrite");
    }
}
