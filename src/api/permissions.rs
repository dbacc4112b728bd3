//! What the operations need.

use super::config::{Config, DIRECTORY};
use crate::identity::bearer::{Offered, Permission, UserPermissionConfig, check_names};
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
    /// Seeing one's profile.
    pub(super) read: Permission,
    /// Changing it.
    pub(super) write: Permission,
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
