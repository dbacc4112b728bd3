//! The types of `openidconnect` and `oauth2` with all their parameters filled in, so that no other file shows them, and
//! our keys as the crates see them: signatures are verified by [`jwt`](super::jwt) with aws-lc, wherever a token comes from.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreErrorResponseType,
    CoreGenderClaim, CoreGrantType, CoreJsonWebKeyType, CoreJsonWebKeyUse, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, EmptyExtraTokenFields, IdTokenFields, JsonWebKey,
    JsonWebKeyAlgorithm, JsonWebKeyId, LogoutProviderMetadata, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::jwt::{Algorithm, Key, KeyKind};

/// What a provider publishes beyond the standard's metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ProviderExtra {
    /// RFC 8414 §2
    pub(super) revocation_endpoint: Option<Url>,
    /// RFC 9207 §3
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
    /// Ours: the embedded tenant has it.
    #[serde(default)]
    pub(super) session_revocation_supported: bool,
}

impl AdditionalProviderMetadata for ProviderExtra {}

/// What a provider publishes about itself (OpenID Connect Discovery §3, RP-Initiated Logout §2.1).
pub(super) type ProviderMetadata = openidconnect::ProviderMetadata<
    LogoutProviderMetadata<ProviderExtra>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    SigningKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// The claims of ID tokens that are Entra's, or of specifications beyond Core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MoreClaims {
    /// Entra: the tenant.
    pub(super) tid: Option<Uuid>,
}

impl AdditionalClaims for MoreClaims {}

/// An ID token.
pub(super) type IdToken =
    openidconnect::IdToken<MoreClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// Its claims.
pub(super) type IdTokenClaims = openidconnect::IdTokenClaims<MoreClaims, CoreGenderClaim>;

/// The claims of a `UserInfo` answer.
pub(super) type UserInfoClaims = openidconnect::UserInfoClaims<MoreClaims, CoreGenderClaim>;

/// The client that makes authorization requests. Tokens are asked for with [`super::client`]'s own, whose answers keep the
/// ID token as it came.
pub(super) type AuthorizationClient = openidconnect::Client<
    MoreClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    SigningKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<
        IdTokenFields<
            MoreClaims,
            EmptyExtraTokenFields,
            CoreGenderClaim,
            CoreJweContentEncryptionAlgorithm,
            CoreJwsSigningAlgorithm,
        >,
        CoreTokenType,
    >,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
>;

impl Algorithm {
    /// As the crate calls it.
    pub(super) fn to_core(self) -> CoreJwsSigningAlgorithm {
        match self {
            Self::Rs256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            Self::Rs384 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
            Self::Rs512 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
            Self::Ps256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            Self::Ps384 => CoreJwsSigningAlgorithm::RsaSsaPssSha384,
            Self::Ps512 => CoreJwsSigningAlgorithm::RsaSsaPssSha512,
            Self::Es256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            Self::Es384 => CoreJwsSigningAlgorithm::EcdsaP384Sha384,
            Self::EdDsa => CoreJwsSigningAlgorithm::EdDsa,
        }
    }

    /// The one that the crate calls so, if it is allowed.
    pub(super) fn of_core(algorithm: &CoreJwsSigningAlgorithm) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.to_core() == *algorithm)
    }
}

/// A provider's key as the crates see it. Those that we do not accept cannot be read as one, and are left out of the set.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub(super) struct SigningKey {
    /// `None` for a symmetric one, which verifies nothing.
    key: Option<Arc<Key>>,
    id: Option<JsonWebKeyId>,
    kind: CoreJsonWebKeyType,
    only: Option<CoreJwsSigningAlgorithm>,
    /// See [`SigningKey::for_received`].
    received: Option<Arc<str>>,
}

impl SigningKey {
    /// Our key, as the crates see it.
    pub(super) fn new(key: Arc<Key>) -> Self {
        let kind = match key.kind {
            KeyKind::Rsa => CoreJsonWebKeyType::RSA,
            KeyKind::P256 | KeyKind::P384 => CoreJsonWebKeyType::EllipticCurve,
            KeyKind::Ed25519 => CoreJsonWebKeyType::OctetKeyPair,
        };
        let id = key.id.clone().map(JsonWebKeyId::new);
        Self { id, kind, only: key.only.map(Algorithm::to_core), key: Some(key), received: None }
    }

    /// The same key, for one token only: whatever text the crate makes of the token, the signature must be over what was
    /// received. So an optional claim that cannot be read can be left out without leaving out the signature.
    pub(super) fn for_received(&self, signed: &str) -> Self {
        Self { received: Some(signed.into()), ..self.clone() }
    }

    /// The key itself.
    pub(super) fn into_key(self) -> Option<Arc<Key>> {
        self.key
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl TryFrom<Value> for SigningKey {
    type Error = &'static str;

    fn try_from(jwk: Value) -> Result<Self, Self::Error> {
        Key::from_jwk(&jwk).map(|key| Self::new(Arc::new(key))).ok_or("not a key that is accepted")
    }
}

/// Asked for by the trait; nobody publishes a provider's keys again.
impl From<SigningKey> for Value {
    fn from(key: SigningKey) -> Self {
        serde_json::json!({ "kid": key.id })
    }
}

impl JsonWebKey for SigningKey {
    type KeyUse = CoreJsonWebKeyUse;
    type SigningAlgorithm = CoreJwsSigningAlgorithm;

    fn key_id(&self) -> Option<&JsonWebKeyId> {
        self.id.as_ref()
    }

    fn key_type(&self) -> &CoreJsonWebKeyType {
        &self.kind
    }

    /// Keys for anything else were left out.
    fn key_use(&self) -> Option<&CoreJsonWebKeyUse> {
        None
    }

    fn signing_alg(&self) -> JsonWebKeyAlgorithm<&CoreJwsSigningAlgorithm> {
        self.only.as_ref().map_or(JsonWebKeyAlgorithm::Unspecified, JsonWebKeyAlgorithm::Algorithm)
    }

    /// Never called: verifiers get no client secret. Such a key verifies nothing.
    fn new_symmetric(_: Vec<u8>) -> Self {
        Self { key: None, id: None, kind: CoreJsonWebKeyType::Symmetric, only: None, received: None }
    }

    fn verify_signature(
        &self,
        algorithm: &CoreJwsSigningAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureVerificationError> {
        let allowed = Algorithm::of_core(algorithm)
            .ok_or_else(|| SignatureVerificationError::DisallowedAlg("the algorithm is not accepted".to_owned()))?;
        let message = self.received.as_ref().map_or(message, |received| received.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature);
        if self.key.as_ref().is_some_and(|key| key.has_signed(allowed, message, &signature)) {
            Ok(())
        } else {
            Err(SignatureVerificationError::CryptoError("the signature is wrong".to_owned()))
        }
    }

    fn hash_bytes(&self, bytes: &[u8], algorithm: &CoreJwsSigningAlgorithm) -> Result<Vec<u8>, String> {
        let fits = |allowed: &Algorithm| self.key.as_ref().is_some_and(|key| key.fits(*allowed));
        let allowed = Algorithm::of_core(algorithm).filter(fits);
        Ok(allowed.ok_or("the key is not for this algorithm")?.hash(bytes))
    }
}
