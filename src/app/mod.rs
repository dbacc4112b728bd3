//! What the customer sees.
pub mod actions;
pub mod error;
/// Hydrates.
#[cfg(feature = "hydrate")]
pub fn start_in_browser() {}
