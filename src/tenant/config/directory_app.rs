//! The registration of the directory, which every tenant has.

use std::sync::LazyLock;

use uuid::Uuid;

use super::app::{App, Permission};
use crate::language::Language;
use crate::tenant::texts::Texts;

/// Microsoft Graph's, in every tenant. It is userinfo's audience as well, as in Entra.
pub(in crate::tenant) const CLIENT_ID: Uuid = Uuid::from_u128(0x0000_0003_0000_0000_c000_0000_0000_0000);

/// The scope that reads the profile.
pub(in crate::tenant) const READ: &str = "User.Read";
/// The scope that reads and changes the profile.
pub(in crate::tenant) const READ_WRITE: &str = "User.ReadWrite";

/// The registration: built in, without credentials, so that nobody gets tokens as the directory.
pub(in crate::tenant) fn registration() -> &'static App {
    static REGISTRATION: LazyLock<App> = LazyLock::new(|| {
        let t = Texts::of(Language::English);
        let scope = |value: &str| {
            let (display_name, description) = scope_names(value, t).unwrap_or_default();
            Permission {
                value: value.to_owned(),
                display_name: display_name.to_owned(),
                description: description.to_owned(),
            }
        };
        App {
            scopes: vec![scope(READ), scope(READ_WRITE)],
            application_id_uri: Some("https://graph.microsoft.com".to_owned()),
            ..App::named(t.directory(), CLIENT_ID)
        }
    });
    &REGISTRATION
}

/// What one of its scopes is called, and lets apps do.
pub(in crate::tenant) fn scope_names(value: &str, t: Texts) -> Option<(&'static str, &'static str)> {
    match value {
        READ => Some((t.read_profile(), t.read_profile_hint())),
        READ_WRITE => Some((t.change_profile(), t.change_profile_hint())),
        _ => None,
    }
}
