//! The tenant's single sign-on sessions.

use super::Tenant;

/// Ends the user's sessions and refresh token families.
pub(super) async fn end_sessions_of(_tenant: &Tenant, _user_id: &str) {}
