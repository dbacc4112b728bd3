//! What is said of a request whose access token does not let it in. `WWW-Authenticate` says it in English whatever the language:
//! its `error_description` is for developers, and ASCII (RFC 6750 §3).

use super::detail::Detail;
use super::texts::Texts;
use crate::identity::bearer::{AuthRejection, Kind, MissingPermission, RequestError, TokenError};
use crate::identity::jwt::{JwtError, MAX_TOKEN, TimeError};
use crate::identity::provider::SignatureError;

impl From<&AuthRejection> for Detail {
    fn from(refusal: &AuthRejection) -> Self {
        match refusal {
            AuthRejection::NoToken => Texts::token_missing.into(),
            AuthRejection::Request(error) => match error {
                RequestError::InQuery => Texts::token_in_query.into(),
                RequestError::SeveralHeaders => Texts::token_several.into(),
                RequestError::Malformed => Texts::token_not_bearer.into(),
            },
            AuthRejection::Token(error) => error.into(),
            AuthRejection::Permission(missing) => missing.into(),
            AuthRejection::AuthenticationContext(context) => {
                let context = context.clone();
                Self::new(move |t| t.context_needed(&context))
            }
            AuthRejection::Client => Texts::client_not_served.into(),
            AuthRejection::Interaction(_) => Texts::interaction_needed.into(),
            AuthRejection::Unavailable(_) => Texts::token_unchecked.into(),
            AuthRejection::Misconfigured(_) => Texts::token_uncheckable.into(),
        }
    }
}

impl From<&MissingPermission> for Detail {
    fn from(missing: &MissingPermission) -> Self {
        let names = |names: &[String]| names.join(", ");
        match missing.kind() {
            Kind::User => {
                let names = names(missing.permission().scopes());
                Self::new(move |t| t.scopes_needed(&names))
            }
            Kind::App if missing.permission().app_permissions().is_empty() => Texts::signed_in_only.into(),
            Kind::App => {
                let names = names(missing.permission().app_permissions());
                Self::new(move |t| t.app_permissions_needed(&names))
            }
        }
    }
}

impl From<&TokenError> for Detail {
    fn from(error: &TokenError) -> Self {
        match error {
            TokenError::Signature(SignatureError::Token(error)) => (*error).into(),
            TokenError::Signature(SignatureError::UnknownKey) => Texts::token_unknown_key.into(),
            TokenError::Signature(SignatureError::AmbiguousKey) => Texts::token_no_key.into(),
            TokenError::Signature(SignatureError::Provider(_)) => Texts::token_unchecked.into(),
            TokenError::Type | TokenError::AnotherKind => Texts::token_kind.into(),
            TokenError::Issuer => Texts::token_issuer.into(),
            TokenError::Audience => Texts::token_audience.into(),
            TokenError::Time(error) => (*error).into(),
            TokenError::NoPermissions => Texts::token_no_permissions.into(),
            TokenError::MalformedPermissions => Texts::token_permissions.into(),
            TokenError::CallerKind => Texts::token_caller.into(),
            TokenError::Tenant => Texts::token_tenant.into(),
            TokenError::Version => Texts::token_version.into(),
            TokenError::Subject => Texts::token_subject.into(),
        }
    }
}

impl From<JwtError> for Detail {
    fn from(error: JwtError) -> Self {
        match error {
            JwtError::TooLong => Self::new(|t| t.token_long(&MAX_TOKEN)),
            JwtError::NotCompactJws => Texts::token_not_jws.into(),
            JwtError::Encrypted => Texts::token_encrypted.into(),
            JwtError::Compressed => Texts::token_compressed.into(),
            JwtError::NotBase64 => Texts::token_not_base64.into(),
            JwtError::NotJson => Texts::token_not_json.into(),
            JwtError::DuplicateMember => Texts::token_member_twice.into(),
            JwtError::AlgorithmNotAllowed => Texts::token_algorithm.into(),
            JwtError::Critical => Texts::token_critical.into(),
            JwtError::HeaderType => Texts::token_header_type.into(),
            JwtError::KeyMismatch => Texts::token_key_mismatch.into(),
            JwtError::Signature => Texts::token_signature.into(),
        }
    }
}

impl From<TimeError> for Detail {
    fn from(error: TimeError) -> Self {
        match error {
            TimeError::NoExpiry => Texts::token_no_expiry.into(),
            TimeError::Expired => Texts::token_expired.into(),
            TimeError::NotYetValid => Texts::token_too_early.into(),
            TimeError::IssuedInTheFuture => Texts::token_future.into(),
            TimeError::NotANumber => Texts::token_time.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    /// English words are those of the refusal itself, which `WWW-Authenticate` and the log have.
    #[test]
    fn a_refusal_is_said_in_its_own_words() {
        use AuthRejection as R;
        let signature = |error| TokenError::Signature(SignatureError::Token(error));
        let tokens = [
            JwtError::TooLong,
            JwtError::NotCompactJws,
            JwtError::Encrypted,
            JwtError::Compressed,
            JwtError::NotBase64,
            JwtError::NotJson,
            JwtError::DuplicateMember,
            JwtError::AlgorithmNotAllowed,
            JwtError::Critical,
            JwtError::HeaderType,
            JwtError::KeyMismatch,
            JwtError::Signature,
        ];
        let times = [
            TimeError::NoExpiry,
            TimeError::Expired,
            TimeError::NotYetValid,
            TimeError::IssuedInTheFuture,
            TimeError::NotANumber,
        ];
        let others = [
            TokenError::Signature(SignatureError::UnknownKey),
            TokenError::Signature(SignatureError::AmbiguousKey),
            TokenError::Type,
            TokenError::Issuer,
            TokenError::Audience,
            TokenError::AnotherKind,
            TokenError::NoPermissions,
            TokenError::MalformedPermissions,
            TokenError::CallerKind,
            TokenError::Tenant,
            TokenError::Version,
            TokenError::Subject,
        ];
        let of_token = tokens.map(signature).into_iter().chain(times.map(TokenError::Time)).chain(others).map(R::Token);
        let of_request = [RequestError::InQuery, RequestError::SeveralHeaders, RequestError::Malformed].map(R::Request);
        for refusal in of_token.chain(of_request).chain([R::NoToken, R::Client]) {
            let detail = Detail::from(&refusal);
            assert_eq!(detail.text(Texts::of(Language::English)), refusal.to_string());
            assert_ne!(detail.text(Texts::of(Language::Spanish)), refusal.to_string());
        }
    }
}
