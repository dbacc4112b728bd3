//! The embedded identity provider: a local stand-in for a Microsoft Entra External ID tenant, for development and
//! tests. One file per endpoint.
//!
//! Does not import `identity`: the two sides of the protocol must not share a bug.
//!
//! | path below `/{tenant id or domain}` | file |
//! |---|---|
//! | `/v2.0/.well-known/openid-configuration`, `/discovery/v2.0/keys` | `discovery.rs` |
//! | `/oauth2/v2.0/authorize` | `authorize.rs`, `authorization_response.rs` |
//! | `/flow/{id}/…` | `user_flow/`, handed over and back through `interaction.rs` and `after_sign_in.rs` |
//! | `/oauth2/v2.0/token` | `token/`, one file per grant |
//! | `/oidc/userinfo` | `userinfo.rs` |
//! | `/oauth2/v2.0/revoke` | `revocation.rs` |
//! | `/oauth2/v2.0/logout` | `logout.rs`, which tells apps by `back_channel_logout.rs` and `front_channel_logout.rs` |
//! | `/language`, at the root | `language_choice.rs`; which language a page is in, `language.rs` |
//!
//! The directory API, `/v1.0/me`, is `directory.rs`; like Microsoft Graph it knows the tenant by the token.

mod after_sign_in;
mod authorization_code;
mod authorization_request;
mod authorization_response;
mod authorize;
mod back_channel_logout;
mod certificate;
mod claims;
pub mod config;
mod consent;
mod cookies;
mod directory;
mod discovery;
mod display_name;
mod email;
pub mod embed;
mod error;
mod federation;
mod front_channel_logout;
mod grant;
mod id_token_hint;
mod interaction;
mod keys;
mod language;
mod language_choice;
mod logout;
mod mail;
mod mailbox;
mod mailer;
mod pages;
mod parameters;
mod passcode;
mod password;
mod rate_limit;
mod refusal;
mod revocation;
mod router;
mod scope;
mod sso;
mod state;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod texts;
mod token;
mod user;
mod user_flow;
mod userinfo;

pub use self::keys::KeyError;
pub use self::router::router;
pub use self::state::{StartError, Tenant};
