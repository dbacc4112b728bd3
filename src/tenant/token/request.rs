//! What a client asks of the token endpoint, by `grant_type` (RFC 6749 §4).

use super::error::RouteError;
use crate::tenant::parameters::Parameters;

/// On-behalf-of (RFC 7523 §2.1).
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The grant types that there are.
pub(super) const GRANT_TYPES: [&str; 4] = ["authorization_code", "refresh_token", "client_credentials", JWT_BEARER];

/// A token request whose required parameters are there. Nothing in it is believed yet.
pub(super) enum TokenRequest<'p> {
    /// RFC 6749 §4.1.3
    AuthorizationCode(CodeRequest<'p>),
    /// RFC 6749 §6
    RefreshToken(RefreshRequest<'p>),
    /// RFC 6749 §4.4.2
    ClientCredentials(AppRequest<'p>),
    /// RFC 7523 §2.1
    OnBehalfOf(OnBehalfOfRequest<'p>),
}

/// RFC 6749 §4.1.3
pub(super) struct CodeRequest<'p> {
    pub(super) code: &'p str,
    pub(super) redirect_uri: &'p str,
    /// RFC 7636 §4.5
    pub(super) code_verifier: Option<&'p str>,
    /// Which of the granted resources; without it, the first.
    pub(super) scope: Option<&'p str>,
    pub(super) extras: Extras<'p>,
}

/// RFC 6749 §6
pub(super) struct RefreshRequest<'p> {
    pub(super) refresh_token: &'p str,
    pub(super) scope: Option<&'p str>,
    pub(super) extras: Extras<'p>,
}

/// RFC 6749 §4.4.2
pub(super) struct AppRequest<'p> {
    pub(super) scope: &'p str,
    pub(super) extras: Extras<'p>,
}

/// RFC 7523 §2.1, with Entra's `requested_token_use`.
pub(super) struct OnBehalfOfRequest<'p> {
    pub(super) assertion: &'p str,
    pub(super) scope: &'p str,
    pub(super) extras: Extras<'p>,
}

/// What goes with every grant.
#[derive(Clone, Copy)]
pub(super) struct Extras<'p> {
    /// The `claims` parameter, as it was sent.
    pub(super) claims: Option<&'p str>,
    /// Whether the answer is to name the user to Microsoft's libraries (`client_info=1`).
    pub(super) client_info: bool,
}

impl<'p> TokenRequest<'p> {
    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// What is missing, and grant types that there are not.
    pub(super) fn parse(parameters: &'p Parameters) -> Result<Self, RouteError> {
        let required = |name| parameters.get(name).ok_or(RouteError::Missing(name));
        let scope = parameters.get("scope");
        let extras =
            Extras { claims: parameters.get("claims"), client_info: parameters.get("client_info") == Some("1") };
        Ok(match required("grant_type")? {
            "authorization_code" => Self::AuthorizationCode(CodeRequest {
                code: required("code")?,
                redirect_uri: required("redirect_uri")?,
                code_verifier: parameters.get("code_verifier"),
                scope,
                extras,
            }),
            "refresh_token" => {
                Self::RefreshToken(RefreshRequest { refresh_token: required("refresh_token")?, scope, extras })
            }
            "client_credentials" => Self::ClientCredentials(AppRequest { scope: required("scope")?, extras }),
            JWT_BEARER => {
                if required("requested_token_use")? != "on_behalf_of" {
                    return Err(RouteError::TokenUse);
                }
                let (assertion, scope) = (required("assertion")?, required("scope")?);
                Self::OnBehalfOf(OnBehalfOfRequest { assertion, scope, extras })
            }
            other => return Err(RouteError::GrantType(other.to_owned())),
        })
    }
}
