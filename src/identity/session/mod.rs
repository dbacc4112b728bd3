//! The sessions of signed-in customers: what they hold, the store of their rows, and how they end.
//!
//! Built on tower-sessions (cookie, lazy loading); the store is ours, because the published ones upsert: there, a
//! request in flight brings a session back that was just signed out. This one updates only rows that exist, keeps
//! an idle and an absolute lifetime, stores a digest in place of the id, and makes no row for anonymous visitors.

pub(super) mod ending;
pub(super) mod layer;
mod list;
mod looks;
mod probe;
pub(super) mod store;
pub(super) mod user_session;

pub use super::user_key::UserKey;
pub use ending::{Ended, Ending};
pub(super) use ending::{Named, Which, customer_of, end, end_in};
pub(super) use layer::provide;
pub use list::SessionSummary;
pub(super) use looks::Looks;
pub use probe::SessionProbe;
pub(super) use store::handle;
pub use store::{Store, keep};
pub use user_session::UserSession;
