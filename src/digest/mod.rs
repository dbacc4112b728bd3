//! The daily digest: who wants a mail each morning with what is open, where they live, and how far the worker has
//! come. The web server writes what the customer chooses; the worker sends. They meet in the web server's database.
//!
//! | module | what it is |
//! |---|---|
//! | [`store`] | the rows: what the customer chose, what is due, who is at it |
//! | [`reminders`] | where mails about reminders go, and which were taken |
//! | [`schedule`] | mornings: time zones, days on which clocks change, when it is too late |
//!
//! What the web server does with it:
//! - the account page loads and saves [`Preferences`] ([`Store::load`], [`Store::save`]). With `enabled` goes
//!   `TokenAcquisition::set_offline_use`, so that the tokens outlive a session that merely ran out;
//! - once per session, soon after sign-in, it calls [`Store::resume`]: a customer who was skipped gets digests again,
//!   and is told.
//!
//! A digest is sent **at most once**: it is marked as sent before it is given to the mail server. A worker that dies
//! between the two costs one mail of one day; the other order would send the same mail again and again.

mod address;
pub mod reminders;
pub mod schedule;
pub mod store;

pub use address::Address;
pub use schedule::{TimeZone, UnknownTimeZone};
pub use store::{Claimed, Digest, Last, Outcome, Preferences, Skipped, Store};

/// The tables that digests live in; [`Store::open`] adds them to the web server's database.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/digest/migrations");
