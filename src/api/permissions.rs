//! What the operations need, and whose to-dos a caller sees.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::Api;
use super::config::Config;
use super::directory::{Customer, DIRECTORY};
use super::problem::Problem;
use super::store::Whose;
use crate::identity::bearer::{
    Caller, IncomingToken, Kind, Offered, Permission, Refusal, UserPermissionConfig, check_names,
};
use crate::platform::config::ConfigError;

/// What the operations need.
pub(super) struct Permissions {
    /// Reading to-dos.
    pub(super) read: Permission,
    /// Adding, changing and removing to-dos.
    pub(super) write: Permission,
    /// Seeing and changing one's own profile, where there is a directory.
    pub(super) profile: Option<ProfilePermissions>,
}

/// What the operations on profiles need.
pub(super) struct ProfilePermissions {
    read: Permission,
    write: Permission,
}

impl ProfilePermissions {
    /// What seeing one's profile needs, or changing it.
    pub(super) fn permission(&self, reads: bool) -> &Permission {
        if reads { &self.read } else { &self.write }
    }
}

impl Permissions {
    /// Checks the configured permissions: an empty list or a name that is not offered stops the API, rather than let
    /// nobody in, or everybody.
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        check_names("api.scopes", &config.scopes)?;
        check_names("api.app_roles", &config.app_roles)?;
        let roles = Offered { key: "api.app_roles", names: &config.app_roles };
        let permission = |name: &str, configured| {
            Permission::new(&format!("api.permissions.{name}"), configured, scopes(config), roles)
        };
        Ok(Self {
            read: permission("read", &config.permissions.read)?,
            write: permission("write", &config.permissions.write)?,
            profile: profile_permissions(config)?,
        })
    }
}

/// The scopes that the API's registration offers.
fn scopes(config: &Config) -> Offered<'_> {
    Offered { key: "api.scopes", names: &config.scopes }
}

/// The permissions on profiles, which stand in the configuration exactly when the directory does.
fn profile_permissions(config: &Config) -> Result<Option<ProfilePermissions>, ConfigError> {
    let permission = |name: &str, configured: &Option<UserPermissionConfig>| {
        let key = format!("api.permissions.{name}");
        match (config.downstream_apis.get(DIRECTORY), configured) {
            (Some(_), Some(configured)) => Permission::for_users(&key, configured, scopes(config)).map(Some),
            (Some(_), None) => Err(ConfigError::refused(
                &key,
                "is missing, but there is a directory to call",
                "say which scopes let customers in, such as { scopes = [\"Profile.ReadWrite\"] }, or remove \
                 [api.downstream_apis.directory]",
            )),
            (None, Some(_)) => Err(ConfigError::refused(
                &key,
                "is about profiles, but there is no directory that has them",
                "add [api.downstream_apis.directory], or remove it",
            )),
            (None, None) => Ok(None),
        }
    };
    let (permissions, names) = (&config.permissions, ["read_profile", "write_profile"]);
    let read = permission(names[0], &permissions.read_profile)?;
    let write = permission(names[1], &permissions.write_profile)?;
    Ok(read.zip(write).map(|(read, write)| ProfilePermissions { read, write }))
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

/// A customer who may see their profile, and the directory that has it.
pub(super) struct ProfileReader(pub(super) Customer);

/// A customer who may change their profile, and the directory that has it.
pub(super) struct ProfileWriter(pub(super) Customer);

impl FromRequestParts<Api> for ProfileReader {
    type Rejection = NotServed;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, NotServed> {
        customer(parts, api, |permissions| &permissions.read).await.map(Self)
    }
}

impl FromRequestParts<Api> for ProfileWriter {
    type Rejection = NotServed;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, NotServed> {
        customer(parts, api, |permissions| &permissions.write).await.map(Self)
    }
}

async fn customer(
    parts: &mut Parts,
    api: &Api,
    needed: fn(&ProfilePermissions) -> &Permission,
) -> Result<Customer, NotServed> {
    let caller = Caller::from_request_parts(parts, api).await?;
    let (Some(directory), Some(permissions)) = (&api.0.directory, &api.0.permissions.profile) else {
        return Err(NotServed::NoDirectory);
    };
    caller.require(needed(permissions))?;
    let token = IncomingToken::from_request_parts(parts, api).await?;
    Ok(directory.customer(token))
}

/// Why a request about a profile is not served.
pub(super) enum NotServed {
    /// The caller may not.
    Refused(Refusal),
    /// There are no profiles here.
    NoDirectory,
}

impl From<Refusal> for NotServed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl IntoResponse for NotServed {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => refusal.into_response(),
            Self::NoDirectory => Problem::no_directory().into_response(),
        }
    }
}
