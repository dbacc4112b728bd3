//! The `id_token_hint` of authorization and sign-out requests (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2).

use serde::Deserialize;
use uuid::Uuid;

use super::state::Tenant;

/// What an `id_token_hint` says.
#[derive(Deserialize)]
pub(super) struct IdTokenHint {
    iss: String,
    /// Whom the token was for.
    pub(super) aud: Uuid,
    /// The user, at that app.
    pub(super) sub: String,
    /// The session that it was issued in.
    pub(super) sid: String,
    /// Only ID tokens have it here.
    #[serde(rename = "auth_time")]
    _auth_time: i64,
}

impl IdTokenHint {
    /// Reads a hint: signed by us and an ID token; it may have expired (RP-Initiated Logout §2).
    pub(super) fn read(tenant: &Tenant, token: &str) -> Option<Self> {
        let hint: Self = tenant.keys().verify(token, tenant.clock().unix_millis())?;
        (hint.iss == tenant.issuer()).then_some(hint)
    }
}
