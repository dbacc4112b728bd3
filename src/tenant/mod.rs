//! The embedded identity provider: a local stand-in for a Microsoft Entra External ID tenant, for development and
//! tests. One file per endpoint.
//!
//! Does not import `identity`: the two sides of the protocol must not share a bug.

pub mod config;
mod interaction;
mod mail;
mod mailbox;
mod passcode;
mod password;
mod rate_limit;
mod sso;
mod user;
mod user_flow;

use std::sync::Arc;

use sqlx::AnyPool;

use crate::platform::clock::Clock;

/// What every endpoint needs. Cheap to clone.
#[derive(Clone)]
pub struct Tenant(Arc<Inner>);

/// See [`Tenant`].
pub struct Inner {
    /// Checked at start: every reference between apps, APIs and flows resolves.
    pub config: config::Config,
    /// Users, passcodes, sessions, codes, refresh tokens, keys, mail.
    pub db: AnyPool,
    /// Time.
    pub clock: Clock,
    /// Sends mail, or keeps it in the mailbox.
    pub mailer: mail::Mailer,
    /// Sign-in and passcode limits per address and account.
    pub limits: rate_limit::Limits,
}

impl std::ops::Deref for Tenant {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
