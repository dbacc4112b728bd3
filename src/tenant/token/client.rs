//! Client authentication (RFC 6749 §2.3.1): by secret, in the header or in the body, never both.

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret as _;
use subtle::{Choice, ConstantTimeEq as _};

use super::super::Tenant;
use super::super::config::App;
use super::super::error::Described;
use super::super::parameters::Parameters;
use crate::platform::random;

/// Why the client is not who it says.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
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
}

impl ClientError {
    pub(super) fn describe(&self) -> (StatusCode, Described) {
        // RFC 6749 §5.2: 401 for a failed authentication, 400 for a malformed request.
        let failed =
            |code, message: String| (StatusCode::UNAUTHORIZED, Described::new("invalid_client", code, message));
        match self {
            Self::TwoAuthentications => (
                StatusCode::BAD_REQUEST,
                Described::new(
                    "invalid_request",
                    90_023,
                    "The client authenticated in more than one way: use the Authorization header or the body.",
                ),
            ),
            Self::MalformedBasic => failed(7_000_215, "The Authorization header is malformed.".to_owned()),
            Self::NoClientId => (StatusCode::BAD_REQUEST, Described::missing("client_id")),
            Self::UnknownClient(id) => {
                failed(700_016, format!("Application with identifier '{id}' was not found in the directory."))
            }
            Self::NoCredential => failed(
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
                    .to_owned(),
            ),
            Self::WrongSecret => failed(
                7_000_215,
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret \
                 value, not the client secret ID."
                    .to_owned(),
            ),
        }
    }
}

/// The client that made the request.
pub(super) fn authenticate<'t>(
    tenant: &'t Tenant,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<&'t App, ClientError> {
    let in_body = parameters.get("client_secret");
    let (client_id, secret) = match (basic(headers)?, in_body) {
        // RFC 6749 §2.3: "MUST NOT use more than one authentication method in each request".
        (Some(_), Some(_)) => return Err(ClientError::TwoAuthentications),
        (Some((id, secret)), None) => match parameters.get("client_id") {
            Some(other) if other != id => return Err(ClientError::TwoAuthentications),
            _ => (id, secret),
        },
        (None, secret) => {
            let id = parameters.get("client_id").ok_or(ClientError::NoClientId)?;
            (id.to_owned(), secret.ok_or(ClientError::NoCredential)?.to_owned())
        }
    };
    let app = tenant.config.app(&client_id).ok_or(ClientError::UnknownClient(client_id))?;
    // Digests are of equal length, and every secret is compared: time tells neither length nor position.
    let given = random::digest(&secret);
    let secrets = tenant.secrets.get(&app.client_id).into_iter().flatten();
    let valid = secrets.fold(Choice::from(0), |valid, secret| {
        valid | random::digest(secret.expose_secret()).as_bytes().ct_eq(given.as_bytes())
    });
    if bool::from(valid) { Ok(app) } else { Err(ClientError::WrongSecret) }
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
