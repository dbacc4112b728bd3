//! A refusal as the log has it: which member of the token was at fault, what was found there, and what was expected.
//!
//! None of these is a secret. They come from the token all the same, so they are cut, and the caller is not told them:
//! what a forger guessed right is not confirmed.

use serde_json::Value;

use super::rejection::{AuthRejection, TokenError};
use crate::identity::claim_names;
use crate::identity::config::ClaimNames;
use crate::identity::jwt::{self, Algorithm, Claims, JwtError, SKEW, TimeError, Verified};
use crate::identity::log::loggable;
use crate::identity::provider::{Metadata, SignatureError};

/// Why a token is refused, for the log and for operators. The caller is answered with the [`AuthRejection`] alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{refusal}{}", self.mismatch.as_ref().map(|mismatch| format!(": {mismatch}")).unwrap_or_default())]
pub struct Explained {
    /// What the caller is told.
    pub refusal: AuthRejection,
    /// What was compared, where something was.
    pub mismatch: Option<Box<Mismatch>>,
}

/// What a check compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The members of the token's header or claims, with what they hold: names and values are cut.
    pub found: Vec<(String, String)>,
    /// What would have passed.
    pub expected: String,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (position, (name, value)) in self.found.iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}`{name}` is {value}")?;
        }
        write!(f, "; expected: {}", self.expected)
    }
}

impl From<AuthRejection> for Explained {
    fn from(refusal: AuthRejection) -> Self {
        Self { refusal, mismatch: None }
    }
}

impl Mismatch {
    /// The claims that are called so, as they were found.
    fn of<'a>(claims: &Claims, names: impl IntoIterator<Item = &'a str>, expected: impl Into<String>) -> Self {
        let found = names.into_iter().map(|name| (name.to_owned(), jwt::shown(claims, name))).collect();
        Self { found, expected: expected.into() }
    }

    /// The client app that a token was issued to.
    pub(super) fn of_client(claims: &Claims, allowed: &[String]) -> Self {
        Self::of(claims, CLIENT, format!("one of {}", allowed.join(", ")))
    }
}

/// Where the client app may stand.
const CLIENT: [&str; 3] = ["azp", "appid", "client_id"];

/// A token that is not well-formed, or whose signature is not the provider's.
pub(super) fn signature(error: SignatureError, token: &str) -> Explained {
    let expected = match &error {
        SignatureError::Provider(error) => return AuthRejection::of_provider(error.clone()).into(),
        SignatureError::Token(JwtError::AlgorithmNotAllowed) => {
            let (always, announced): (Vec<_>, Vec<_>) =
                Algorithm::ALL.into_iter().partition(|algorithm| algorithm.needs_no_announcement());
            let names = |list: Vec<Algorithm>| list.into_iter().map(Algorithm::name).collect::<Vec<_>>().join(", ");
            format!("{}, or, where the provider announces it, {}", names(always), names(announced))
        }
        SignatureError::Token(_) => "a JWS in compact form, signed by a key of the provider's".to_owned(),
        SignatureError::UnknownKey | SignatureError::AmbiguousKey => "the id of a key of the provider's".to_owned(),
    };
    let found = vec![("header".to_owned(), jwt::shown_header(token))];
    Explained { refusal: TokenError::Signature(error).into(), mismatch: Some(Box::new(Mismatch { found, expected })) }
}

/// What the configuration demands of a token.
pub(super) struct Demanded<'a> {
    pub(super) audiences: &'a [String],
    pub(super) version: Option<&'a str>,
    pub(super) claim_names: &'a ClaimNames,
    pub(super) metadata: &'a Metadata,
    /// Seconds since the epoch.
    pub(super) now: i64,
}

/// A token whose signature is right and whose claims are not.
pub(super) fn claims(error: TokenError, token: &Verified, demanded: &Demanded<'_>) -> Explained {
    let claims = &token.claims;
    let names = demanded.claim_names;
    let of = |name: &str, expected: String| Mismatch::of(claims, [name], expected);
    let tenant = demanded.metadata.tenant;
    let mismatch = match &error {
        TokenError::Signature(_) => None,
        TokenError::Type => {
            let found = token.header.typ.as_deref().map(loggable).unwrap_or_default();
            Some(Mismatch {
                found: vec![("typ".to_owned(), format!("\"{found}\""))],
                expected: "JWT or at+jwt".to_owned(),
            })
        }
        TokenError::Issuer => Some(of("iss", demanded.metadata.issuer.clone())),
        TokenError::Audience => Some(of("aud", demanded.audiences.join(", "))),
        TokenError::Time(error) => Some(time(*error, claims, demanded.now)),
        TokenError::AnotherKind => {
            let others = ["nonce", "at_hash", "c_hash", "events"];
            Some(match others.into_iter().find(|name| claims.contains_key(*name)) {
                // A nonce ties a token to one sign-in; that it is there says enough.
                Some(other) => Mismatch {
                    found: vec![(other.to_owned(), "there".to_owned())],
                    expected: "none, in an access token".to_owned(),
                },
                None => Mismatch::of(claims, CLIENT, "the client app that the token was issued to"),
            })
        }
        TokenError::NoPermissions | TokenError::MalformedPermissions => {
            let roles = names.roles.as_deref().unwrap_or("roles");
            let scopes = names.scopes.as_deref().map_or_else(|| vec!["scp", "scope"], |name| vec![name]);
            let all = scopes.into_iter().chain([roles]);
            let found = all.map(|name| (name.to_owned(), jwt::shown_value(claim_names::find(claims, name))));
            let expected = "texts or lists of texts, at least one of which is not empty".to_owned();
            Some(Mismatch { found: found.collect(), expected })
        }
        TokenError::CallerKind => Some(of("idtyp", "app or user".to_owned())),
        TokenError::Tenant => tenant.map(|tenant| of("tid", tenant.to_string())),
        TokenError::Version => demanded.version.map(|version| of("ver", version.to_owned())),
        // Who it is, is the customer's own: that it is not usable is enough.
        TokenError::Subject => {
            let (name, expected) = match tenant {
                Some(_) => ("oid", "a GUID"),
                None => (names.object_id.as_deref().unwrap_or("sub"), "a text of 1 to 255 bytes"),
            };
            let found = match claim_names::find(claims, name) {
                None => "missing",
                Some(Value::String(_)) => "another text",
                Some(_) => "no text",
            };
            Some(Mismatch { found: vec![(name.to_owned(), found.to_owned())], expected: expected.to_owned() })
        }
    };
    Explained { refusal: error.into(), mismatch: mismatch.map(Box::new) }
}

fn time(error: TimeError, claims: &Claims, now: i64) -> Mismatch {
    let here = format!("and it is {now} here");
    let (names, expected) = match error {
        TimeError::NoExpiry | TimeError::Expired => (&["exp"][..], format!("later than {}, {here}", now - SKEW)),
        TimeError::NotYetValid => (&["nbf"][..], format!("at most {}, {here}", now + SKEW)),
        TimeError::IssuedInTheFuture => (&["iat"][..], format!("at most {}, {here}", now + SKEW)),
        TimeError::NotANumber => (&["exp", "nbf", "iat"][..], "seconds since 1970".to_owned()),
    };
    Mismatch::of(claims, names.iter().copied(), expected)
}
