//! Whether a provider accepts an app's credential, found out without a user and without getting anything.

use oauth2::PkceCodeVerifier;

use super::ConfidentialClient;
use super::endpoint::TokenEndpointError;
use super::request::{Grant, TokenRequest};

/// What a provider made of an app's credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    /// It knows the app by it.
    Accepted,
    /// It does not.
    Refused {
        /// The OAuth error code.
        error: String,
        /// Entra's numbers.
        codes: Vec<i64>,
    },
    /// It was not even sent: it cannot be used.
    Unusable(String),
    /// The provider's answer does not tell.
    Unknown(String),
}

/// Entra's numbers for an app that it does not know, however right the credential may be.
const UNKNOWN_APP: [i64; 3] = [700_016, 90_002, 7_000_112];

impl ConfidentialClient {
    /// Shows the provider the app's credential. A code that nobody ever issued is to be redeemed: the provider must
    /// refuse it with `invalid_grant`, which it does only for an app that it knows (RFC 6749 §5.2, §3.2.1).
    ///
    /// Entra looks at the code's form first. There the app also asks for a token for Microsoft Graph of its own, which
    /// every app may have; it is dropped at once.
    pub async fn present_credential(&self, redirect_uri: &str, entra: bool) -> Presented {
        let code_verifier = PkceCodeVerifier::new("no-such-verifier-no-such-verifier-no-such-verifier".to_owned());
        let redeemed = self
            .request(&TokenRequest {
                grant: Grant::AuthorizationCode {
                    code: "no-such-code",
                    redirect_uri,
                    code_verifier: &code_verifier,
                    scopes: "openid",
                },
                claims: None,
            })
            .await;
        let first = judge(redeemed.err());
        if !entra || matches!(first, Presented::Refused { .. } | Presented::Unusable(_)) {
            return first;
        }
        let grant = Grant::ClientCredentials { scopes: "https://graph.microsoft.com/.default" };
        let own = self.request(&TokenRequest { grant, claims: None }).await;
        // What else the provider says (no roles, another grant) comes after it knew the app.
        match judge(own.err()) {
            told @ (Presented::Refused { .. } | Presented::Accepted) => told,
            _ => first,
        }
    }

    /// When the app's first credential ends, in seconds since the epoch, where it says so itself: a certificate.
    pub fn credential_ends(&self) -> Option<i64> {
        self.0.credentials.first_ends()
    }
}

fn judge(error: Option<TokenEndpointError>) -> Presented {
    match error {
        None | Some(TokenEndpointError::Over { .. } | TokenEndpointError::Interaction { .. }) => Presented::Accepted,
        Some(TokenEndpointError::Refused { error, codes, .. })
            if !codes.iter().any(|code| UNKNOWN_APP.contains(code)) =>
        {
            // `unauthorized_client`: the app is known, and may not use this grant.
            match error.as_str() {
                "unauthorized_client" | "unsupported_grant_type" | "invalid_scope" | "invalid_resource" => {
                    Presented::Accepted
                }
                _ => Presented::Unknown(format!("the provider answered {error} {codes:?}")),
            }
        }
        Some(
            TokenEndpointError::BadCredential { error, codes, .. } | TokenEndpointError::Refused { error, codes, .. },
        ) => Presented::Refused { error, codes },
        Some(TokenEndpointError::Credential(reason)) => Presented::Unusable(reason),
        Some(other) => Presented::Unknown(other.to_string()),
    }
}
