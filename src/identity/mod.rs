//! Sign-in and tokens for any axum app: a relying party's and a resource server's side of `OpenID` Connect and OAuth.
//! Knows nothing of to-dos.

pub mod bearer;
pub mod jwt;
pub mod provider;
#[cfg(test)]
pub mod provider_double;
#[cfg(test)]
mod provider_tests;
