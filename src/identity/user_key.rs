//! Who a customer is.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::claim_names;
use super::config::ClaimNames;
use super::jwt::{self, Claims};
use super::provider::Metadata;

/// Who a customer is, across sessions and sign-ins: tenant and object id at Entra, issuer and subject elsewhere.
/// Never the e-mail address, which changes hands (OpenID Connect Core §5.7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UserKey(String);

impl UserKey {
    /// The key of the customer whose verified ID-token claims these are.
    pub(super) fn of(metadata: &Metadata, claims: &Claims, names: &ClaimNames) -> Option<Self> {
        let entra = metadata.tenant.and(jwt::text(claims, "tid").zip(jwt::text(claims, "oid")));
        if let Some((tid, oid)) = entra {
            return Some(Self(format!("{tid}.{oid}")));
        }
        let subject = claim_names::user(claims, names)?;
        Some(Self(format!("{}|{subject}", metadata.issuer)))
    }

    /// The key that was stored as this text: what [`UserKey::as_str`] gave.
    pub fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
