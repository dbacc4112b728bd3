//! What configuration adds to authorization requests (OpenID Connect Core §3.1.2.1).

use std::collections::BTreeMap;

use super::config::{Config, ResponseMode, SignUp, SignUpRequest};
use crate::platform::config::ConfigError;

/// Parameters that are the protocol's, or that have a key of their own in configuration. `max_age` would oblige to check
/// `auth_time`; request objects could carry any of the others.
const RESERVED: [&str; 17] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "claims",
    "request",
    "request_uri",
    "registration",
    "id_token_hint",
    "login_hint",
    "domain_hint",
    "max_age",
];

/// What configuration adds to authorization requests.
#[derive(Debug)]
pub(super) struct AuthorizationConfig {
    pub(super) response_mode: ResponseMode,
    pub(super) domain_hint: Option<String>,
    pub(super) always: BTreeMap<String, String>,
    /// What asks for the sign-up page; `None` where there is none.
    pub(super) sign_up: Option<BTreeMap<String, String>>,
}

impl AuthorizationConfig {
    /// Checks the configuration at `key`.
    ///
    /// # Errors
    /// [`ConfigError::Refused`]: a parameter that is the protocol's, or one with which nobody could sign in.
    pub(super) fn new(key: &str, config: &Config) -> Result<Self, ConfigError> {
        let check = |key: &str, parameters: &BTreeMap<String, String>| {
            for (name, value) in parameters {
                let key = format!("{key}.{name}");
                if RESERVED.contains(&name.as_str()) || name.is_empty() {
                    let remedy = "remove it: such parameters are set by the sign-in itself, or have a key of their own";
                    return Err(ConfigError::refused(&key, "would replace a parameter of the protocol", remedy));
                }
                if name == "prompt" && value.split(' ').any(|prompt| prompt == "none") {
                    return Err(ConfigError::refused(&key, "is none, so nobody could sign in", "remove it"));
                }
            }
            Ok(())
        };
        check(&format!("{key}.extra_query_parameters"), &config.extra_query_parameters)?;
        let sign_up = match &config.sign_up {
            SignUp::Off => None,
            SignUp::On(request) => {
                let parameters = sign_up_parameters(&format!("{key}.sign_up"), request)?;
                check(&format!("{key}.sign_up.parameters"), &request.parameters)?;
                check(&format!("{key}.sign_up"), &parameters)?;
                Some(parameters)
            }
        };
        if config.domain_hint.as_deref().is_some_and(|hint| hint.trim().is_empty()) {
            let remedy = "name a federated provider, such as google, or leave it out";
            return Err(ConfigError::refused(&format!("{key}.domain_hint"), "is empty", remedy));
        }
        Ok(Self {
            response_mode: config.response_mode,
            domain_hint: config.domain_hint.clone(),
            always: config.extra_query_parameters.clone(),
            sign_up,
        })
    }
}

fn sign_up_parameters(key: &str, request: &SignUpRequest) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut parameters = request.parameters.clone();
    if parameters.contains_key("prompt") {
        let remedy = format!("write it as `{key}.prompt`");
        return Err(ConfigError::refused(&format!("{key}.parameters.prompt"), "has a key of its own", remedy));
    }
    if let Some(prompt) = request.prompt() {
        parameters.insert("prompt".to_owned(), prompt.to_owned());
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(more: &Value) -> Result<AuthorizationConfig, String> {
        let mut config = json!({
            "authority": "https://id.example", "client_id": "web", "client_credentials": [{"secret": "s"}],
        });
        config.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let config: Config = serde_json::from_value(config).expect("every key is known");
        AuthorizationConfig::new("web.identity", &config).map_err(|error| error.to_string())
    }

    #[test]
    fn extra_parameters_cannot_replace_those_of_the_protocol() {
        for name in RESERVED {
            let error = check(&json!({"extra_query_parameters": {name: "x"}})).expect_err(name);
            assert!(error.starts_with(&format!("`web.identity.extra_query_parameters.{name}`")), "{error}");
            assert!(check(&json!({"sign_up": {"parameters": {name: "x"}}})).is_err(), "{name}");
        }
        assert!(check(&json!({"extra_query_parameters": {"prompt": "none"}})).is_err());
        assert!(check(&json!({"sign_up": {"prompt": "none"}})).is_err());
        assert!(check(&json!({"sign_up": {"parameters": {"prompt": "create"}}})).is_err());
        assert!(check(&json!({"domain_hint": ""})).is_err());
        assert!(check(&json!({"extra_query_parameters": {"prompt": "consent", "audience": "https://api"}})).is_ok());
    }

    #[test]
    fn sign_up_that_is_neither_yes_no_nor_a_table_is_refused() {
        for (sign_up, said) in [
            (json!("no"), "expected true, false, or a table"),
            (json!({"parameter": {}}), "unknown field `parameter`"),
            (json!({"prompt": 1}), "invalid type: integer"),
        ] {
            let error = serde_json::from_value::<crate::identity::config::SignUp>(sign_up).expect_err(said).to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn sign_up_is_prompt_create_unless_configured_otherwise() {
        let sign_up = |more: Value| {
            let sign_up = check(&more).expect("valid").sign_up;
            sign_up.map(|parameters| parameters.into_iter().collect::<Vec<_>>())
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(sign_up(json!({})), Some(vec![pair("prompt", "create")]));
        assert_eq!(sign_up(json!({"sign_up": true})), Some(vec![pair("prompt", "create")]));
        assert_eq!(sign_up(json!({"sign_up": false})), None);
        let configured = json!({"sign_up": {"parameters": {"screen_hint": "signup"}}});
        assert_eq!(sign_up(configured), Some(vec![pair("screen_hint", "signup")]));
    }
}
