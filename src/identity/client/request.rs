//! Requests to the token endpoint (RFC 6749 §3.2): by `oauth2` where it knows the grant, by [`extension`] where it does not.

use std::borrow::Cow;

use axum::http::{HeaderValue, Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, PkceCodeVerifier, RedirectUrl, RefreshToken, Scope, TokenUrl,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use url::{Url, form_urlencoded};

use super::endpoint::{OAuthClient, TokenEndpointError, TokenResponse};
use crate::identity::http::Http;

/// RFC 6749 §2.3.1: client id and secret are form-encoded before they are joined for HTTP Basic.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
/// RFC 7523 §2.2
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A token request, without the app's authentication.
#[derive(Clone, Copy)]
pub(in crate::identity) struct TokenRequest<'a> {
    /// What is redeemed.
    pub(in crate::identity) grant: Grant<'a>,
    /// `claims` (OpenID Connect Core §5.5), as JSON.
    pub(in crate::identity) claims: Option<&'a str>,
}

/// What a token is asked for with. Scopes are separated by blanks.
#[derive(Clone, Copy)]
pub(in crate::identity) enum Grant<'a> {
    /// RFC 6749 §4.1.3, RFC 7636 §4.5; the scopes are for Entra.
    AuthorizationCode {
        /// The code.
        code: &'a str,
        /// As in the authorization request.
        redirect_uri: &'a str,
        /// What the request's challenge was made of.
        code_verifier: &'a PkceCodeVerifier,
        /// For which of the resources that were consented to; empty at other providers, whose token is for what was asked.
        scopes: &'a str,
    },
    /// RFC 6749 §6
    RefreshToken {
        /// The token.
        refresh_token: &'a SecretString,
        /// Empty for all that was granted.
        scopes: &'a str,
    },
    /// RFC 6749 §4.4
    ClientCredentials {
        /// At Entra `{resource}/.default`.
        scopes: &'a str,
    },
    /// RFC 7523 §2.1 with Entra's `requested_token_use`.
    OnBehalfOf {
        /// The caller's access token.
        assertion: &'a str,
        /// What is wanted of the API further on.
        scopes: &'a str,
    },
}

/// How the app proves itself in one request.
pub(super) enum Authentication {
    /// `client_secret_basic`
    Basic(SecretString),
    /// `client_secret_post`
    Post(SecretString),
    /// `private_key_jwt`
    Assertion(SecretString),
}

impl Authentication {
    /// The header of `client_secret_basic`, where that is it.
    pub(super) fn header(&self, client_id: &str) -> Option<HeaderValue> {
        let Self::Basic(secret) = self else { return None };
        let user = utf8_percent_encode(client_id, FORM);
        let password = utf8_percent_encode(secret.expose_secret(), FORM);
        let mut value =
            HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Asks `endpoint` for a token.
pub(super) async fn tokens(
    http: &Http<'_>,
    endpoint: &Url,
    client_id: &str,
    authentication: &Authentication,
    request: &TokenRequest<'_>,
) -> Result<TokenResponse, TokenEndpointError> {
    let mut client: OAuthClient =
        oauth2::Client::new(ClientId::new(client_id.to_owned())).set_token_uri(TokenUrl::from_url(endpoint.clone()));
    client = match authentication {
        // The header is [`Authentication::header`]'s; the crate must not name the client once more in the body.
        Authentication::Basic(secret) => client
            .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            .set_auth_type(AuthType::BasicAuth),
        Authentication::Post(secret) => client
            .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            .set_auth_type(AuthType::RequestBody),
        Authentication::Assertion(_) => client.set_auth_type(AuthType::RequestBody),
    };
    // What the crate has no method for.
    let mut more: Vec<(&str, &str)> = request.claims.iter().map(|claims| ("claims", *claims)).collect();
    if let Authentication::Assertion(assertion) = authentication {
        more.extend([("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.expose_secret())]);
    }
    let response = match request.grant {
        Grant::AuthorizationCode { code, redirect_uri, code_verifier, scopes } => {
            let redirect_uri = RedirectUrl::new(redirect_uri.to_owned())
                .map_err(|error| TokenEndpointError::Request(error.to_string()))?;
            let mut exchange = client
                .exchange_code(AuthorizationCode::new(code.to_owned()))
                .set_redirect_uri(Cow::Owned(redirect_uri))
                .set_pkce_verifier(PkceCodeVerifier::new(code_verifier.secret().clone()));
            if !scopes.is_empty() {
                exchange = exchange.add_extra_param("scope", scopes);
            }
            for (name, value) in more {
                exchange = exchange.add_extra_param(name, value);
            }
            exchange.request_async(http).await?
        }
        Grant::RefreshToken { refresh_token, scopes } => {
            let refresh_token = RefreshToken::new(refresh_token.expose_secret().to_owned());
            let mut exchange = client.exchange_refresh_token(&refresh_token).add_scopes(each(scopes));
            for (name, value) in more {
                exchange = exchange.add_extra_param(name, value);
            }
            exchange.request_async(http).await?
        }
        Grant::ClientCredentials { scopes } => {
            let mut exchange = client.exchange_client_credentials().add_scopes(each(scopes));
            for (name, value) in more {
                exchange = exchange.add_extra_param(name, value);
            }
            exchange.request_async(http).await?
        }
        Grant::OnBehalfOf { assertion, scopes } => {
            let mut parameters = vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", assertion),
                ("requested_token_use", "on_behalf_of"),
                ("scope", scopes),
            ];
            parameters.extend(request.claims.map(|claims| ("claims", claims)));
            return TokenResponse::read(&extension(http, endpoint, client_id, authentication, &parameters).await?);
        }
    };
    response.checked()
}

/// Posts any other form to `endpoint`: a grant that the crate does not know (RFC 6749 §4.5), or a revocation (RFC 7009 §2.1),
/// which it refuses to send to a provider on localhost. The body of a success.
pub(super) async fn extension(
    http: &Http<'_>,
    endpoint: &Url,
    client_id: &str,
    authentication: &Authentication,
    parameters: &[(&str, &str)],
) -> Result<Vec<u8>, TokenEndpointError> {
    let request = Request::post(endpoint.as_str())
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form(client_id, authentication, parameters))
        .map_err(|error| TokenEndpointError::Request(error.to_string()))?;
    let answer = http.send(request).await?;
    if answer.status().is_success() {
        Ok(answer.into_body())
    } else {
        Err(TokenEndpointError::read(answer.status(), answer.body()))
    }
}

fn form(client_id: &str, authentication: &Authentication, parameters: &[(&str, &str)]) -> Vec<u8> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(parameters);
    match authentication {
        Authentication::Basic(_) => {}
        Authentication::Post(secret) => {
            form.extend_pairs([("client_id", client_id), ("client_secret", secret.expose_secret())]);
        }
        Authentication::Assertion(assertion) => {
            form.extend_pairs([
                ("client_id", client_id),
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", assertion.expose_secret()),
            ]);
        }
    }
    form.finish().into_bytes()
}

fn each(scopes: &str) -> impl Iterator<Item = Scope> {
    scopes.split_ascii_whitespace().map(|scope| Scope::new(scope.to_owned()))
}
