//! The addresses that are registered at the provider, below the app's prefix.

/// Where the provider sends the customer back to after sign-in.
pub(super) const REDIRECT: &str = "redirect";
/// And after sign-out.
pub(super) const SIGNED_OUT: &str = "signed-out";
/// The page about problems, where the app has none. Not registered anywhere.
pub(super) const PROBLEM: &str = "problem";
