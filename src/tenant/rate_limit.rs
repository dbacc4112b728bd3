//! Limits.
/// Limits.
pub struct Limits;
