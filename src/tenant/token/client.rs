//! Client authentication: by secret, in the header or in the body (RFC 6749 §2.3.1), or by a signed assertion
//! (RFC 7521 §4.2); never in two ways.

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret as _;
use subtle::{Choice, ConstantTimeEq as _};

use super::client_assertion::{self, AssertionError};
use crate::platform::hash;
use crate::tenant::config::App;
use crate::tenant::error::{self, Described};
use crate::tenant::parameters::Parameters;
use crate::tenant::state::Tenant;

/// What discovery lists. Without a secret or key an app cannot get tokens here at all: there are no public clients.
pub(in crate::tenant) const METHODS: [&str; 3] = ["client_secret_post", "client_secret_basic", "private_key_jwt"];

/// The client that made a request, and how it proved itself.
#[derive(Clone, Copy)]
pub(in crate::tenant) struct Client<'t> {
    /// Its registration.
    pub(in crate::tenant) app: &'t App,
    /// What it authenticated with.
    pub(super) proof: Proof,
}

/// What a client authenticated with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// A client secret.
    Secret,
    /// An assertion, signed with its certificate or by a federated issuer.
    Assertion,
}

impl Proof {
    /// The claim `azpacr` of access tokens.
    pub(super) fn azpacr(self) -> &'static str {
        match self {
            Self::Secret => "1",
            Self::Assertion => "2",
        }
    }
}

/// Why the client is not who it says.
#[derive(Debug, thiserror::Error)]
pub(in crate::tenant) enum ClientError {
    #[error("the client authenticated in two ways")]
    TwoAuthentications,
    #[error("the Authorization header is not valid Basic")]
    MalformedBasic,
    #[error("client_id is missing")]
    NoClientId,
    #[error("no app has the client id {0:?}")]
    UnknownClient(String),
    #[error("the client did not authenticate")]
    NoCredential,
    #[error("the client secret is wrong")]
    WrongSecret,
    #[error("client_assertion_type is not that of a JWT")]
    AssertionType,
    #[error(transparent)]
    Assertion(#[from] AssertionError),
}

impl ClientError {
    pub(in crate::tenant) fn describe(&self) -> (StatusCode, Described) {
        // RFC 6749 §5.2: 401 for a failed authentication, 400 for a malformed request.
        let failed = |code, message: &str| (StatusCode::UNAUTHORIZED, Described::new("invalid_client", code, message));
        match self {
            Self::TwoAuthentications => (
                StatusCode::BAD_REQUEST,
                Described::new(
                    "invalid_request",
                    90_023,
                    "The client authenticated in more than one way: use the Authorization header, the secret or the \
                     assertion in the body.",
                ),
            ),
            Self::MalformedBasic => failed(7_000_215, "The Authorization header is malformed."),
            Self::NoClientId => (StatusCode::BAD_REQUEST, Described::missing("client_id")),
            Self::UnknownClient(id) => {
                failed(700_016, &format!("Application with identifier '{id}' was not found in the directory."))
            }
            Self::NoCredential => failed(
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            ),
            Self::WrongSecret => failed(
                7_000_215,
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret \
                 value, not the client secret ID.",
            ),
            Self::AssertionType => (
                StatusCode::BAD_REQUEST,
                Described::new(
                    "invalid_request",
                    90_023,
                    format!("'client_assertion' and 'client_assertion_type={}' go together.", client_assertion::TYPE),
                ),
            ),
            Self::Assertion(AssertionError::Database(_) | AssertionError::Federation(_)) => {
                (StatusCode::SERVICE_UNAVAILABLE, error::unavailable())
            }
            Self::Assertion(refused) => {
                let (code, message) = match refused {
                    AssertionError::Malformed | AssertionError::Critical => {
                        (50_027, "Invalid JWT token: the client assertion is malformed.")
                    }
                    AssertionError::Algorithm => {
                        (50_027, "Invalid JWT token: sign the client assertion with PS256 or RS256.")
                    }
                    AssertionError::Issuer => (
                        700_211,
                        "No matching federated identity record found for the presented assertion's issuer. The issuer \
                         of an app's own assertion is its client id.",
                    ),
                    AssertionError::Subject => (
                        700_213,
                        "No matching federated identity record found for the presented assertion's subject. The \
                         subject of an app's own assertion is its client id.",
                    ),
                    AssertionError::UnknownKey => (
                        700_027,
                        "The certificate used to sign the client assertion is not registered on the application. Name \
                         it by x5t#S256 (or x5t) in the header.",
                    ),
                    AssertionError::CertificateExpired => {
                        (1_000_502, "The provided certificate is not within its specified validity time period.")
                    }
                    AssertionError::Signature => (700_027, "Client assertion failed signature validation."),
                    AssertionError::Audience => (
                        700_023,
                        "Client assertion audience claim does not match: use the token endpoint or the issuer.",
                    ),
                    AssertionError::FederatedAudience => {
                        (700_212, "No matching federated identity record found for the presented assertion's audience.")
                    }
                    AssertionError::Time => (
                        700_024,
                        "Client assertion is not within its valid time range: it has expired, is from the future, or \
                         is valid for more than an hour.",
                    ),
                    AssertionError::NoJti => (50_027, "Invalid JWT token: the client assertion has no usable 'jti'."),
                    AssertionError::Replayed => (50_013, "The client assertion was used before: make a new one."),
                    AssertionError::Database(_) | AssertionError::Federation(_) => (90_033, ""),
                };
                failed(code, message)
            }
        }
    }
}

/// The client that made the request.
pub(in crate::tenant) async fn authenticate<'t>(
    tenant: &'t Tenant,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Client<'t>, ClientError> {
    let known = |id: String| tenant.config().app(&id).ok_or(ClientError::UnknownClient(id));
    let in_body = parameters.get("client_secret");
    let assertion = match (parameters.get("client_assertion"), parameters.get("client_assertion_type")) {
        (None, None) => None,
        (Some(assertion), Some(client_assertion::TYPE)) => Some(assertion),
        _ => return Err(ClientError::AssertionType),
    };
    let in_body_id = parameters.get("client_id");
    // RFC 6749 §2.3: "MUST NOT use more than one authentication method in each request".
    let (client_id, secret) = match (basic(headers)?, in_body, assertion) {
        (Some((id, secret)), None, None) => match in_body_id {
            Some(other) if other != id => return Err(ClientError::TwoAuthentications),
            _ => (id, secret),
        },
        (None, Some(secret), None) => (in_body_id.ok_or(ClientError::NoClientId)?.to_owned(), secret.to_owned()),
        (None, None, Some(assertion)) => {
            let id = in_body_id.map(ToOwned::to_owned).or_else(|| client_assertion::claimed_client(assertion));
            let app = known(id.ok_or(ClientError::NoClientId)?)?;
            client_assertion::authenticate(tenant, app, assertion).await?;
            return Ok(Client { app, proof: Proof::Assertion });
        }
        (None, None, None) if in_body_id.is_none() => return Err(ClientError::NoClientId),
        (None, None, None) => return Err(ClientError::NoCredential),
        _ => return Err(ClientError::TwoAuthentications),
    };
    let app = known(client_id)?;
    // Digests are of equal length, and every secret is compared: time tells neither length nor position.
    let given = hash::sha256_base64url(&secret);
    let secrets = tenant.secrets_of(app.client_id).iter();
    let valid = secrets.fold(Choice::from(0), |valid, secret| {
        valid | hash::sha256_base64url(secret.expose_secret()).as_bytes().ct_eq(given.as_bytes())
    });
    if bool::from(valid) { Ok(Client { app, proof: Proof::Secret }) } else { Err(ClientError::WrongSecret) }
}
/// Client id and secret of a Basic header; both are form-urlencoded inside (RFC 6749 §2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, ClientError> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(ClientError::TwoAuthentications);
    }
    let parse = || {
        let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("Basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        let decode = |part: &str| {
            let spaced = part.replace('+', " ");
            percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
        };
        Some((decode(id)?, decode(secret)?))
    };
    parse().map(Some).ok_or(ClientError::MalformedBasic)
}
