//! The registration of the directory, which every tenant has.

use std::sync::LazyLock;

use uuid::Uuid;

use super::app::{App, Permission};

/// Microsoft Graph's, in every tenant. It is userinfo's audience as well, as in Entra.
pub(in crate::tenant) const CLIENT_ID: Uuid = Uuid::from_u128(0x0000_0003_0000_0000_c000_0000_0000_0000);

/// The scope that reads the profile.
pub(in crate::tenant) const READ: &str = "User.Read";
/// The scope that reads and changes the profile.
pub(in crate::tenant) const READ_WRITE: &str = "User.ReadWrite";

/// The registration: built in, without credentials, so that nobody gets tokens as the directory.
pub(in crate::tenant) fn registration() -> &'static App {
    static REGISTRATION: LazyLock<App> = LazyLock::new(|| {
        let scope = |value: &str, display_name: &str, description: &str| Permission {
            value: value.to_owned(),
            display_name: display_name.to_owned(),
            description: description.to_owned(),
        };
        App {
            scopes: vec![
                scope(READ, "Read your profile", "See the signed-in customer's profile"),
                scope(READ_WRITE, "Change your profile", "See and change the signed-in customer's profile"),
            ],
            application_id_uri: Some("https://graph.microsoft.com".to_owned()),
            ..App::named("Directory", CLIENT_ID)
        }
    });
    &REGISTRATION
}
