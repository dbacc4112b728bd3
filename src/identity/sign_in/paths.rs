//! The addresses that are registered at the provider.

/// Where the provider sends the customer back to after sign-in.
pub(super) const REDIRECT_PATH: &str = "/auth/redirect";
/// And after sign-out.
pub(super) const SIGNED_OUT_PATH: &str = "/auth/signed-out";
