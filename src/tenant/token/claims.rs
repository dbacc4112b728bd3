//! The claims of the tokens that are issued, in Entra's shape.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use time::Duration;
use uuid::Uuid;

use crate::platform::random;
use crate::tenant::state::Tenant;

/// Of an access token. Entra draws one between 60 and 90 minutes; apps go by `expires_in`.
pub(super) const ACCESS_TOKEN_LIFETIME: Duration = Duration::hours(1);
/// Of an ID token.
pub(super) const ID_TOKEN_LIFETIME: Duration = Duration::hours(1);

/// Claims of every token that is about a user.
#[derive(Serialize)]
pub(super) struct Common<'g> {
    pub(super) iss: String,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) tid: Uuid,
    /// Opaque to apps: the grant, by which this tenant finds out whether it was revoked.
    pub(super) rh: &'g str,
    pub(super) uti: String,
    pub(super) ver: &'static str,
}

impl<'g> Common<'g> {
    pub(super) fn new(tenant: &Tenant, grant_id: &'g str) -> Self {
        let now = tenant.clock().unix_seconds();
        Self {
            iss: tenant.issuer(),
            iat: now,
            nbf: now,
            tid: tenant.config().tenant_id,
            rh: grant_id,
            uti: token_id(),
            ver: "2.0",
        }
    }
}

/// The claim `uti`, which names a token in logs.
pub(super) fn token_id() -> String {
    URL_SAFE_NO_PAD.encode(random::bytes::<16>())
}

/// Core §2, and Entra's.
#[derive(Serialize)]
pub(super) struct IdTokenClaims<'g> {
    #[serde(flatten)]
    pub(super) common: &'g Common<'g>,
    /// The session. Not in access tokens: every API could sign its callers out by the apps' front-channel addresses.
    pub(super) sid: &'g str,
    pub(super) aud: Uuid,
    pub(super) exp: i64,
    pub(super) sub: String,
    pub(super) auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<&'g str>,
    pub(super) login_hint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) oid: Option<&'g String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'g String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) preferred_username: Option<&'g String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ctry: Option<&'g str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<&'g String>,
}

/// Entra's access tokens, version 2.0.
#[derive(Serialize)]
pub(super) struct AccessTokenClaims<'g> {
    #[serde(flatten)]
    pub(super) common: &'g Common<'g>,
    pub(super) aud: Uuid,
    pub(super) exp: i64,
    pub(super) sub: String,
    pub(super) oid: &'g str,
    pub(super) azp: Uuid,
    pub(super) azpacr: &'static str,
    pub(super) scp: &'g str,
    pub(super) name: &'g str,
    pub(super) preferred_username: &'g str,
    /// Authentication contexts that the user has satisfied.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) acrs: &'g [String],
    /// What the client can do: `cp1` for one that handles claims challenges.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) xms_cc: &'g [String],
}

/// Entra's access tokens for apps, version 2.0.
#[derive(Serialize)]
pub(super) struct AppTokenClaims<'t> {
    pub(super) iss: String,
    pub(super) aud: Uuid,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    pub(super) tid: Uuid,
    /// The service principal, as `oid`: an app is nobody else at another API.
    pub(super) sub: &'t str,
    pub(super) oid: &'t str,
    pub(super) azp: Uuid,
    pub(super) azpacr: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) idtyp: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<&'t str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) xms_cc: Vec<String>,
    pub(super) uti: String,
    pub(super) ver: &'static str,
}
