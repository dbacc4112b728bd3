//! A provider's metadata: where it is, and what is believed of it. It is read as the crate's type; issuer and addresses are
//! checked here.

use openidconnect::core::CoreClientAuthMethod;
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

use super::error::ProviderError;
use super::issuer::{CIAM, IssuerPolicy};
use crate::identity::jwt::Algorithm;
use crate::identity::lenient;
use crate::identity::protocol::ProviderMetadata;
use crate::platform::config::{SettingError, is_loopback};

/// The members without which nobody can sign in.
const NEEDED: [&str; 7] = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    // These three the crate demands.
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
];

/// What a provider says about itself (OpenID Connect Discovery §3, RFC 8414 §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The issuer, exactly as `iss` must be in tokens; checked against the configuration.
    pub issuer: String,
    /// Where browsers are sent to sign in.
    pub authorization_endpoint: Url,
    /// Where codes and refresh tokens are exchanged.
    pub token_endpoint: Url,
    /// Where the signing keys are.
    pub jwks_uri: Url,
    /// Where browsers are sent to sign out (OpenID Connect RP-Initiated Logout §2.1).
    pub end_session_endpoint: Option<Url>,
    /// Where claims of the user are (OpenID Connect Core §5.3).
    pub userinfo_endpoint: Option<Url>,
    /// Where tokens are revoked (RFC 7009).
    pub revocation_endpoint: Option<Url>,
    /// Whether the revocation endpoint ends the provider's own session, too, for an app that took part in it: the token is
    /// its `sid`, the hint `sid`. No standard has that; the embedded tenant does.
    pub session_revocation_supported: bool,
    /// How clients may prove themselves at the token endpoint; `client_secret_basic` when the provider does not say.
    pub token_endpoint_auth_methods_supported: Vec<CoreClientAuthMethod>,
    /// Whether authorization responses carry `iss` (RFC 9207 §3).
    pub authorization_response_iss_parameter_supported: bool,
    /// What ID tokens may be signed with, as far as we accept it; RS256 when the provider does not say.
    pub id_token_signing_alg_values_supported: Vec<Algorithm>,
    /// The Entra tenant whose tokens are accepted; `None` for providers that are not Entra.
    pub tenant: Option<Uuid>,
}

impl Metadata {
    /// Reads a document (members named twice were refused). What is not needed and not usable counts as absent, and is named
    /// in the log: sign-in does not depend on it.
    pub(super) fn read(
        mut document: Map<String, Value>,
        place: &Url,
        policy: &IssuerPolicy,
        loopback_http: bool,
    ) -> Result<Self, ProviderError> {
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        let issuer = text("issuer").unwrap_or_default();
        let tenant = policy.check(issuer).map_err(|expected| ProviderError::Issuer {
            place: place.to_string(),
            found: issuer.chars().take(200).collect(),
            expected,
        })?;
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            let url = text(name).and_then(|text| Url::parse(text).ok());
            if !url.is_some_and(|url| is_acceptable(&url, loopback_http)) {
                return Err(ProviderError::Endpoint(name));
            }
        }
        // Not looked at.
        document.insert("response_types_supported".to_owned(), json!(["code"]));
        document.insert("subject_types_supported".to_owned(), json!(["public"]));
        if !document.get("id_token_signing_alg_values_supported").is_some_and(Value::is_array) {
            document.insert("id_token_signing_alg_values_supported".to_owned(), json!(["RS256"]));
        }
        let (read, mut unusable): (ProviderMetadata, _) = lenient::object(&mut document, &NEEDED)
            .map_err(|error| ProviderError::Malformed(format!("the document at {place} cannot be read: {error}")))?;
        let logout = read.additional_metadata();
        let extra = &logout.additional_metadata;
        let mut optional = |name: &str, url: Option<&Url>| {
            let usable = url.filter(|url| is_acceptable(url, loopback_http)).cloned();
            if url.is_some() && usable.is_none() {
                unusable.push(name.to_owned());
            }
            usable
        };
        let metadata = Self {
            issuer: issuer_text(&read),
            authorization_endpoint: read.authorization_endpoint().url().clone(),
            token_endpoint: read.token_endpoint().ok_or(ProviderError::Endpoint("token_endpoint"))?.url().clone(),
            jwks_uri: read.jwks_uri().url().clone(),
            end_session_endpoint: optional(
                "end_session_endpoint",
                logout.end_session_endpoint.as_ref().map(openidconnect::EndSessionUrl::url),
            ),
            userinfo_endpoint: optional(
                "userinfo_endpoint",
                read.userinfo_endpoint().map(openidconnect::UserInfoUrl::url),
            ),
            revocation_endpoint: optional("revocation_endpoint", extra.revocation_endpoint.as_ref()),
            session_revocation_supported: extra.session_revocation_supported,
            token_endpoint_auth_methods_supported: read
                .token_endpoint_auth_methods_supported()
                .cloned()
                .unwrap_or_else(|| vec![CoreClientAuthMethod::ClientSecretBasic]),
            authorization_response_iss_parameter_supported: extra.authorization_response_iss_parameter_supported,
            id_token_signing_alg_values_supported: read
                .id_token_signing_alg_values_supported()
                .iter()
                .filter_map(Algorithm::of_core)
                .collect(),
            tenant,
        };
        for member in unusable {
            tracing::warn!(
                member = member.chars().filter(char::is_ascii_graphic).take(80).collect::<String>(),
                place = place.as_str(),
                "a member of the provider's metadata cannot be used and counts as absent"
            );
        }
        Ok(metadata)
    }

    /// Whether the provider may sign tokens so.
    pub fn announces(&self, algorithm: Algorithm) -> bool {
        self.id_token_signing_alg_values_supported.contains(&algorithm)
    }
}

fn issuer_text(read: &ProviderMetadata) -> String {
    read.issuer().to_string()
}

pub(super) fn authority_url(text: &str, loopback_http: bool) -> Result<Url, SettingError> {
    let refuse = |problem: &str, remedy: &str| Err(SettingError::new("authority", problem, remedy));
    let Ok(url) = Url::parse(text) else {
        return refuse("is not an absolute URL", "write it like https://contoso.ciamlogin.com");
    };
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return refuse("has more than scheme, host and path", "write it like https://contoso.ciamlogin.com");
    }
    if !is_acceptable(&url, loopback_http) {
        return refuse("is not https", "use https (plain http is for localhost in development)");
    }
    Ok(url)
}

/// https, or this machine in development.
fn is_acceptable(url: &Url, loopback_http: bool) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => loopback_http && is_loopback(url),
        _ => false,
    }
}

/// Where the metadata is: `/.well-known/openid-configuration` below the authority (OpenID Connect Discovery §4).
/// For Entra External ID, a missing tenant is `{name}.onmicrosoft.com`, and a missing `/v2.0` is added: without it,
/// the tokens would be of another version.
pub(super) fn discovery_url(authority: &Url) -> Url {
    let mut path: Vec<&str> = authority.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).collect();
    let domain;
    if let Some(name) = authority.host_str().and_then(|host| host.strip_suffix(CIAM)) {
        if path.is_empty() {
            domain = format!("{name}.onmicrosoft.com");
            path.push(&domain);
        }
        if path.len() == 1 {
            path.push("v2.0");
        }
    }
    path.extend([".well-known", "openid-configuration"]);
    let mut url = authority.clone();
    url.set_path(&path.join("/"));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discovery_is_below_the_authority_and_ciam_authorities_are_completed() {
        for (authority, expected) in [
            ("https://contoso.ciamlogin.com", "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0"),
            ("https://contoso.ciamlogin.com/", "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0"),
            ("https://contoso.ciamlogin.com/abc", "https://contoso.ciamlogin.com/abc/v2.0"),
            ("https://contoso.ciamlogin.com/abc/v2.0/", "https://contoso.ciamlogin.com/abc/v2.0"),
            ("http://localhost:3002/abc/v2.0", "http://localhost:3002/abc/v2.0"),
            ("https://id.example", "https://id.example"),
            ("https://id.example/realms/shop/", "https://id.example/realms/shop"),
        ] {
            let url = discovery_url(&Url::parse(authority).expect("a URL"));
            assert_eq!(url.as_str(), format!("{expected}/.well-known/openid-configuration"));
        }
    }

    fn document() -> Map<String, Value> {
        let document = json!({
            "issuer": "https://id.example", "authorization_endpoint": "https://id.example/authorize",
            "token_endpoint": "https://id.example/token", "jwks_uri": "https://id.example/jwks",
        });
        let Value::Object(document) = document else { unreachable!("an object") };
        document
    }

    fn read(changes: &Value, development: bool) -> Result<Metadata, ProviderError> {
        let policy = IssuerPolicy::Exactly { issuer: "https://id.example".to_owned(), tenant: None };
        let place = Url::parse("https://id.example/.well-known/openid-configuration").expect("a URL");
        let mut document = document();
        document.extend(changes.as_object().expect("an object").clone());
        Metadata::read(document, &place, &policy, development)
    }

    #[test]
    fn endpoints_in_the_document_are_absolute_and_https() {
        let check = |uri: &str, development| read(&json!({"jwks_uri": uri}), development);
        assert!(check("https://keys.example/jwks", false).is_ok());
        assert!(check("http://127.0.0.1/jwks", true).is_ok());
        for (uri, development) in [
            ("/jwks", true),
            ("http://127.0.0.1/jwks", false),
            ("http://169.254.169.254/jwks", true),
            ("file:///etc/passwd", true),
            ("", true),
        ] {
            assert_eq!(check(uri, development), Err(ProviderError::Endpoint("jwks_uri")), "{uri}");
        }
    }

    #[test]
    fn a_member_that_is_not_needed_and_not_usable_counts_as_absent() {
        let plain = read(&json!({}), false).expect("all that is needed");
        for unusable in [
            json!({"end_session_endpoint": ""}),
            json!({"end_session_endpoint": "/logout"}),
            json!({"end_session_endpoint": "http://id.example/logout"}),
            json!({"end_session_endpoint": 1}),
            json!({"userinfo_endpoint": "", "revocation_endpoint": "revoke"}),
            json!({"registration_endpoint": "", "op_policy_uri": "none", "op_tos_uri": "", "service_documentation": ""}),
            json!({"scopes_supported": "openid", "claims_supported": {}, "ui_locales_supported": "en"}),
            json!({"grant_types_supported": null, "response_types_supported": "code", "subject_types_supported": 1}),
            json!({"token_endpoint_auth_methods_supported": "client_secret_basic"}),
            json!({"id_token_signing_alg_values_supported": "RS256"}),
            json!({"authorization_response_iss_parameter_supported": "yes", "session_revocation_supported": 1}),
        ] {
            assert_eq!(read(&unusable, false).as_ref(), Ok(&plain), "{unusable}");
        }
        let mixed = json!({
            "end_session_endpoint": "", "userinfo_endpoint": "https://id.example/userinfo", "claims_supported": 1,
            "authorization_response_iss_parameter_supported": true,
        });
        let mixed = read(&mixed, false).expect("usable");
        assert!(mixed.end_session_endpoint.is_none() && mixed.authorization_response_iss_parameter_supported);
        assert_eq!(mixed.userinfo_endpoint.map(String::from).as_deref(), Some("https://id.example/userinfo"));
        for needed in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            for wrong in [json!(""), json!("/relative"), json!(1), json!(null), json!("http://id.example")] {
                assert_eq!(read(&json!({ needed: wrong }), false), Err(ProviderError::Endpoint(needed)), "{wrong}");
            }
        }
    }

    #[test]
    fn algorithms_that_are_not_accepted_are_not_announced() {
        let algorithms = json!(["none", "HS256", "ES512", "RS256", "EdDSA", "RS999", 5]);
        let metadata = read(&json!({"id_token_signing_alg_values_supported": algorithms}), false).expect("usable");
        assert_eq!(metadata.id_token_signing_alg_values_supported, [Algorithm::Rs256, Algorithm::EdDsa]);
    }
}
