//! What the operations need, and whose to-dos a caller sees.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Api;
use super::config::Config;
use super::store::Whose;
use crate::identity::bearer::{Caller, Kind, Permission, Refusal, check_names};
use crate::platform::config::ConfigError;

/// What the operations need.
pub(super) struct Permissions {
    /// Reading to-dos.
    pub(super) read: Permission,
    /// Adding, changing and removing to-dos.
    pub(super) write: Permission,
}

impl Permissions {
    /// Checks the configured permissions: an empty list or a name that is not offered stops the API, rather than let
    /// nobody in, or everybody.
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        check_names("api.scopes", &config.scopes)?;
        check_names("api.app_roles", &config.app_roles)?;
        let permission = |name: &str, configured| {
            Permission::new(&format!("api.permissions.{name}"), configured, &config.scopes, &config.app_roles)
        };
        Ok(Self {
            read: permission("read", &config.permissions.read)?,
            write: permission("write", &config.permissions.write)?,
        })
    }
}

/// Users see their own to-dos; apps see everyone's.
pub(super) fn whose(caller: &Caller) -> Whose<'_> {
    match caller.kind {
        Kind::User => Whose::Of(&caller.key),
        Kind::App => Whose::Everyones,
    }
}

/// A caller who may read. Taken as an argument, so that no handler can forget to ask, and none reads a body first.
pub(super) struct Reader(pub(super) Caller);

/// A caller who may write.
pub(super) struct Writer(pub(super) Caller);

impl FromRequestParts<Api> for Reader {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, api).await?;
        caller.require(&api.0.permissions.read)?;
        Ok(Self(caller))
    }
}

impl FromRequestParts<Api> for Writer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, api).await?;
        caller.require(&api.0.permissions.write)?;
        Ok(Self(caller))
    }
}
