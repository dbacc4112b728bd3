//! What the customer sees.
/// Hydrates.
#[cfg(feature = "hydrate")]
pub fn start_in_browser() {}
