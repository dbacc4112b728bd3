//! A provider's signing keys, and which of them may have signed a token.

use std::sync::Arc;

use openidconnect::JsonWebKeySet;

use super::error::ProviderError;
use crate::identity::jwt::{self, Header, JwtError, Key, Unverified, Verified};
use crate::identity::protocol::SigningKey;

/// How many keys of a provider are looked at.
const MAX_KEYS: usize = 100;
/// How many keys that a token may be signed with are tried: some providers publish several under one id while they rotate.
const MAX_CANDIDATES: usize = 4;

/// Why a token's signature was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The token itself is at fault.
    #[error(transparent)]
    Token(#[from] JwtError),
    /// The provider has no such key (RFC 7515 §4.1.4).
    #[error("the token's key is not among the provider's")]
    UnknownKey,
    /// The token names no key, and the provider has several (OpenID Connect Core §10.1).
    #[error("the token names no key, and the provider has several")]
    AmbiguousKey,
    /// The provider's keys cannot be had: whether the token is good is not known.
    #[error("the provider's keys cannot be had: {0}")]
    Provider(#[from] ProviderError),
}

/// The keys that are accepted, in the provider's order.
pub(super) struct Keys(Vec<Arc<Key>>);

impl Keys {
    /// The accepted keys of a set.
    pub(super) fn of(set: &JsonWebKeySet<SigningKey>) -> Result<Self, ProviderError> {
        let keys: Vec<_> = set.keys().iter().cloned().filter_map(SigningKey::into_key).take(MAX_KEYS).collect();
        if keys.is_empty() { Err(ProviderError::NoKeys) } else { Ok(Self(keys)) }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The keys that the header selects: by `kid`; without it, the only one there is (OpenID Connect Core §10.1).
    fn candidates(&self, header: &Header) -> Result<Vec<&Arc<Key>>, SignatureError> {
        let fitting = || self.0.iter().filter(|key| key.fits(header.algorithm));
        match &header.key_id {
            Some(id) => {
                let named = |key: &&Arc<Key>| key.id.as_ref() == Some(id);
                let candidates: Vec<_> = fitting().filter(named).take(MAX_CANDIDATES).collect();
                if !candidates.is_empty() {
                    return Ok(candidates);
                }
                if self.0.iter().any(|key| named(&key)) {
                    Err(JwtError::KeyMismatch.into())
                } else {
                    Err(SignatureError::UnknownKey)
                }
            }
            None => match (fitting().next(), fitting().nth(1)) {
                (Some(key), None) => Ok(vec![key]),
                (Some(_), Some(_)) => Err(SignatureError::AmbiguousKey),
                (None, _) => Err(SignatureError::UnknownKey),
            },
        }
    }

    /// The token, and the key that signed it.
    pub(super) fn verify(&self, token: &Unverified) -> Result<(Verified, Arc<Key>), SignatureError> {
        let mut refusal = SignatureError::UnknownKey;
        for key in self.candidates(&token.header)? {
            match token.verify(key) {
                Ok(verified) => return Ok((verified, Arc::clone(key))),
                Err(error) => refusal = error.into(),
            }
            // Only a wrong signature may be another key's.
            if refusal != SignatureError::Token(jwt::JwtError::Signature) {
                break;
            }
        }
        Err(refusal)
    }
}
