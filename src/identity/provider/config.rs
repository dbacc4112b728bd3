//! Which provider a program trusts.

use serde::Deserialize;
use uuid::Uuid;

/// `identity = { … }` of a program's configuration: which provider it trusts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// The provider's address: `https://contoso.ciamlogin.com` (Entra External ID),
    /// `http://localhost:3002/{tenant id}/v2.0` (the embedded tenant), or any provider's issuer.
    pub authority: String,
    /// The issuer, where it differs from the authority: needed for custom domains.
    #[serde(default)]
    pub issuer: Option<String>,
    /// The directory (tenant) id; tokens must then carry it as `tid`. Found by discovery for `*.ciamlogin.com`.
    #[serde(default)]
    pub tenant_id: Option<Uuid>,
}
