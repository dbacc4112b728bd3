//! Who calls, and whether they may.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::permission::{Kind, Permission};
use super::rejection::{AuthRejection, MissingPermission};
use crate::identity::log::{loggable, loggable_words};
use crate::identity::token::IncomingToken;

/// Who calls, as their access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// User or app.
    pub kind: Kind,
    /// The permanent identifier: `{tid}.{oid}` from Entra, `{iss}|{sub}` from other providers. Never an e-mail address.
    pub key: String,
    /// The app that calls (`azp`, `appid` or RFC 9068's `client_id`), where the token says so.
    pub client_id: Option<String>,
    /// What the user let the app do; empty for apps that call as themselves.
    pub(in crate::identity) scopes: Vec<String>,
    /// What the administrator lets the app do; users' own roles are not kept, because nothing here is decided by them.
    pub(in crate::identity) roles: Vec<String>,
    /// The authentication contexts that the user has satisfied (`acrs`).
    pub(in crate::identity) authentication_contexts: Vec<String>,
}

impl Caller {
    /// Passes when the caller has one of the permission's scopes (a user) or app permissions (an app), and a user has
    /// satisfied the permission's authentication context. An app has no user who could; the
    /// administrator decided when granting the app permission.
    ///
    /// # Errors
    /// [`AuthRejection::Permission`], [`AuthRejection::AuthenticationContext`].
    pub fn require(&self, permission: &Permission) -> Result<(), AuthRejection> {
        let (held, sufficient) = match self.kind {
            Kind::User => (&self.scopes, &permission.scopes),
            Kind::App => (&self.roles, &permission.app_permissions),
        };
        let refused = |found: &[String], expected: &str| {
            let found = loggable_words(&found.join(" "));
            let client_id = self.client_id.as_deref().map(loggable);
            tracing::info!(kind = ?self.kind, client_id, found, expected, "a token permits less than is needed");
        };
        if !sufficient.iter().any(|name| held.contains(name)) {
            refused(held, &sufficient.join(" "));
            return Err(AuthRejection::Permission(MissingPermission {
                kind: self.kind,
                permission: permission.clone(),
            }));
        }
        match &permission.authentication_context {
            Some(context) if self.kind == Kind::User && !self.authentication_contexts.contains(&context.0) => {
                refused(&self.authentication_contexts, &context.0);
                Err(AuthRejection::AuthenticationContext(context.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// Takes the [`Caller`] that [`authenticate`](super::authenticate) found; without that layer, nobody is let in.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = AuthRejection;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, AuthRejection>> {
        std::future::ready(parts.extensions.get().cloned().ok_or(AuthRejection::NoToken))
    }
}

/// Takes the token that [`authenticate`](super::authenticate) found good; without that layer, there is none.
impl<S: Sync> FromRequestParts<S> for IncomingToken {
    type Rejection = AuthRejection;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, AuthRejection>> {
        std::future::ready(parts.extensions.get().cloned().ok_or(AuthRejection::NoToken))
    }
}
