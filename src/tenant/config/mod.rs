//! The tenant's configuration: what an administrator would click together in the Entra admin center.

mod app;
mod check;
pub(in crate::tenant) mod directory_app;
mod redirect_uri;
mod section;

pub use self::app::{App, Consent, FederatedCredential, Grant, Permission};
pub use self::check::Checked;
pub use self::section::{Attribute, AuthenticationContext, ClientAssertionReuse, Config, RefreshTokenReuse, UserFlow};
