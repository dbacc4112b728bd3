//! Scopes: the `OpenID` ones, and `{Application ID URI}/{value}` or `{client id}/{value}` of the APIs in the
//! configuration. Names are read without regard to case, and written as they are registered (as in Entra).

use std::collections::BTreeSet;
use std::fmt;

use uuid::Uuid;

use super::config::{App, Config, directory_app};
use super::error::Described;

/// The scopes that concern the user and the grant, not an API (OpenID Connect Core §5.4, §11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::enum_variant_names, reason = "the scope's own name")]
pub(super) enum OpenId {
    /// An ID token is wanted.
    OpenId,
    /// `name`, `preferred_username`, `oid`.
    Profile,
    /// `email`.
    Email,
    /// A refresh token is wanted.
    OfflineAccess,
}

impl OpenId {
    /// All of them, as discovery lists them.
    pub(super) const ALL: [(Self, &str); 4] = [
        (Self::OpenId, "openid"),
        (Self::Profile, "profile"),
        (Self::Email, "email"),
        (Self::OfflineAccess, "offline_access"),
    ];

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(scope, _)| *scope)
    }

    /// The word on the wire.
    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(scope, _)| *scope == self).map_or("", |(_, name)| name)
    }
}

/// Scopes of one API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResourceScopes {
    /// The API's client id.
    pub(super) resource: Uuid,
    /// Its Application ID URI.
    pub(super) uri: String,
    /// Short names as registered, in the order they were asked for.
    pub(super) values: Vec<String>,
    /// The words that asked for them, with the short names as registered: how answers name them, because apps keep
    /// tokens by what they asked for.
    pub(super) asked: Vec<String>,
}

impl ResourceScopes {
    fn name(&mut self, asked: String) {
        if !self.asked.contains(&asked) {
            self.asked.push(asked);
        }
    }

    /// By the full names: `api://…/ToDoList.Read`.
    pub(super) fn full_names(&self) -> String {
        self.values.iter().map(|value| format!("{}/{value}", self.uri)).collect::<Vec<_>>().join(" ")
    }
}

/// Scopes that exist and that the administrator has granted to the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scopes {
    /// The `OpenID` scopes.
    pub(super) openid: BTreeSet<OpenId>,
    /// The APIs' scopes, in the order of their first mention.
    pub(super) resources: Vec<ResourceScopes>,
}

/// Why a scope cannot be had. The texts go to the log and, cleaned, to the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ScopeError {
    /// Not a word of any resource.
    #[error("The provided value for the input parameter 'scope' is not valid. The scope '{0}' does not exist.")]
    UnknownScope(String),
    /// No API has this Application ID URI.
    #[error(
        "The resource principal named {0} was not found in the tenant. This can happen if the application has not been \
         installed by the administrator of the tenant."
    )]
    UnknownResource(String),
    /// The API offers it, the administrator has not granted it.
    #[error(
        "The administrator has not consented to use the application with ID '{client}' for the scope '{scope}'. \
         Grant it among the app's permissions."
    )]
    NotGranted {
        /// Who asked.
        client: Uuid,
        /// For what.
        scope: String,
    },
}

impl ScopeError {
    /// What an app is told; `not_granted` is the endpoint's word for a missing consent.
    pub(super) fn describe(&self, not_granted: &'static str) -> Described {
        let message = self.to_string();
        match self {
            Self::UnknownScope(_) => Described::new("invalid_scope", 70_011, message),
            // RFC 8707 §2 calls it invalid_target; Entra's word is this one.
            Self::UnknownResource(_) => Described::new("invalid_resource", 500_011, message),
            Self::NotGranted { .. } => Described::new(not_granted, 65_001, message),
        }
    }
}

impl Scopes {
    /// Reads a `scope` parameter (RFC 6749 §3.3) for `client`.
    pub(super) fn parse(text: &str, client: &App, config: &Config) -> Result<Self, ScopeError> {
        let mut scopes = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            scopes.read(word, client, config)?;
        }
        Ok(scopes)
    }

    /// Reads the scope of a grant, as [`Scopes`] wrote themselves when it was given. What does not exist any more or
    /// was taken back from `client` since is not among it; the rest goes on.
    pub(super) fn still_granted(text: &str, client: &App, config: &Config) -> Self {
        let mut scopes = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let _ = scopes.read(word, client, config);
        }
        scopes
    }

    /// Adds what one word of a scope stands for.
    fn read(&mut self, word: &str, client: &App, config: &Config) -> Result<(), ScopeError> {
        // RFC 6749 §3.3, so that no line break of the request gets into the log.
        if !word.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\')) {
            return Err(ScopeError::UnknownScope("(with forbidden characters)".to_owned()));
        }
        if let Some(scope) = OpenId::parse(word) {
            self.openid.insert(scope);
            return Ok(());
        }
        let (api, resource, value) = match split_resource(word) {
            Some((resource, value)) => (Self::resource(resource, config)?, Some(resource), value),
            // As in Entra, a name without its resource is the directory's.
            None => (directory_app::registration(), None, word),
        };
        let as_asked = |value: &str| match resource {
            Some(resource) if api.is_named_by_uri(resource) => format!("{}/{value}", api.uri()),
            Some(_) => format!("{}/{value}", api.client_id),
            None => value.to_owned(),
        };
        let granted = |value: &str| client.consent_for(api.client_id, value).is_some();
        let not_granted = || ScopeError::NotGranted { client: client.client_id, scope: word.to_owned() };
        if resource.is_some() && value.eq_ignore_ascii_case(DEFAULT) {
            // Entra: everything that was granted for the resource.
            let all: Vec<_> = api.scopes.iter().map(|s| s.value.as_str()).filter(|v| granted(v)).collect();
            if all.is_empty() {
                return Err(not_granted());
            }
            for value in all {
                self.add(api, value, as_asked(value));
            }
            self.of(api).name(as_asked(DEFAULT));
            return Ok(());
        }
        let offered = api.scopes.iter().map(|scope| scope.value.as_str());
        match offered.into_iter().find(|offered| offered.eq_ignore_ascii_case(value)) {
            None => Err(ScopeError::UnknownScope(word.to_owned())),
            Some(value) if granted(value) => {
                self.add(api, value, as_asked(value));
                Ok(())
            }
            Some(_) => Err(not_granted()),
        }
    }

    /// The API that a scope's first part names.
    pub(super) fn resource<'c>(resource: &str, config: &'c Config) -> Result<&'c App, ScopeError> {
        config.api(resource).ok_or_else(|| ScopeError::UnknownResource(resource.to_owned()))
    }

    fn add(&mut self, api: &App, value: &str, asked: String) {
        let of = self.of(api);
        if !of.values.iter().any(|known| known == value) {
            of.values.push(value.to_owned());
        }
        of.name(asked);
    }

    /// What there is of an API.
    fn of(&mut self, api: &App) -> &mut ResourceScopes {
        let position = self.resources.iter().position(|r| r.resource == api.client_id).unwrap_or_else(|| {
            let (uri, values, asked) = (api.uri(), Vec::new(), Vec::new());
            self.resources.push(ResourceScopes { resource: api.client_id, uri, values, asked });
            self.resources.len() - 1
        });
        &mut self.resources[position]
    }

    /// Whether an `OpenID` scope is among them.
    pub(super) fn has(&self, scope: OpenId) -> bool {
        self.openid.contains(&scope)
    }

    /// Whether there is nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.openid.is_empty() && self.resources.is_empty()
    }

    /// Whether all of these are among `other`.
    pub(super) fn within(&self, other: &Self) -> bool {
        self.openid.is_subset(&other.openid)
            && self.resources.iter().all(|wanted| {
                let held = other.resources.iter().find(|held| held.resource == wanted.resource);
                held.is_some_and(|held| wanted.values.iter().all(|value| held.values.contains(value)))
            })
    }

    /// What an access token for userinfo may tell.
    pub(super) fn for_userinfo(&self) -> String {
        openid_names(self.openid.iter().filter(|scope| **scope != OpenId::OfflineAccess))
    }
}

/// Stands for everything that was granted for a resource.
pub(super) const DEFAULT: &str = ".default";

/// `{Application ID URI}/{value}`, taken apart; `None` for a name without a resource.
pub(super) fn split_resource(scope: &str) -> Option<(&str, &str)> {
    scope.rsplit_once('/')
}

fn openid_names<'s>(scopes: impl Iterator<Item = &'s OpenId>) -> String {
    scopes.map(|scope| scope.name()).collect::<Vec<_>>().join(" ")
}

/// As they were asked for.
impl fmt::Display for ResourceScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.asked.join(" "))
    }
}

/// As a `scope` parameter, which [`Scopes::parse`] reads back.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resources = self.resources.iter().map(ToString::to_string);
        let words: Vec<_> =
            Some(openid_names(self.openid.iter())).filter(|w| !w.is_empty()).into_iter().chain(resources).collect();
        f.write_str(&words.join(" "))
    }
}

/// Space-separated words, as `acrs` columns hold them.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(ToOwned::to_owned).collect()
}
