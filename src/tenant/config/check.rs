//! Checks a configuration as a whole, and reads the secrets and keys that it names.

use std::collections::{HashMap, HashSet};

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::app::{App, Consent, FederatedCredential, Permission};
use super::section::Config;
use super::{directory_app, redirect_uri};
use crate::platform::config::{ConfigError, Mode, SecretSource, public_url};
use crate::tenant::certificate::{PemError, PublicKey};

/// What [`Config::check`] worked out.
pub struct Checked {
    /// `public_url` without a slash at the end.
    pub origin: String,
    /// The client secrets, by client id.
    pub secrets: HashMap<Uuid, Vec<SecretString>>,
    /// The public keys of the apps' certificates, by client id.
    pub certificates: HashMap<Uuid, Vec<PublicKey>>,
}

impl Config {
    /// Checks that every reference resolves, every address can be compared and every secret can be read.
    ///
    /// # Errors
    /// The first thing that is wrong, with its key and remedy. The tenant does not start then.
    pub fn check(&self, mode: Mode) -> Result<Checked, ConfigError> {
        let origin = public_url("tenant.public_url", &self.public_url, mode)?.as_str().trim_end_matches('/').to_owned();
        self.check_names()?;
        let (mut secrets, mut certificates) = (HashMap::new(), HashMap::new());
        for (position, app) in self.apps.iter().enumerate() {
            let key = |name: &str| format!("tenant.apps.{position}.{name}");
            let lists = [
                ("home_page_url", app.home_page_url.as_slice()),
                ("redirect_uris", app.redirect_uris.as_slice()),
                ("post_logout_redirect_uris", &app.post_logout_redirect_uris),
                ("back_channel_logout_uri", app.back_channel_logout_uri.as_slice()),
                ("front_channel_logout_uri", app.front_channel_logout_uri.as_slice()),
            ];
            for (name, uris) in lists {
                uris.iter().try_for_each(|uri| redirect_uri::check(&key(name), uri))?;
            }
            self.check_grants(&key("permissions"), app)?;
            if app.user_flow.is_some() && self.flow_of(app).is_none() {
                let remedy = "name one of [[tenant.user_flows]]";
                return Err(ConfigError::refused(&key("user_flow"), "names a user flow that does not exist", remedy));
            }
            if app.user_flow.is_none() && !app.redirect_uris.is_empty() {
                let problem = "is missing, but the app has redirect URIs: customers could not sign in";
                return Err(ConfigError::refused(&key("user_flow"), problem, "name one of [[tenant.user_flows]]"));
            }
            let read = |secret: &SecretSource| secret.read(&key("secrets"));
            secrets.insert(app.client_id, app.secrets.iter().map(read).collect::<Result<_, _>>()?);
            let read = |source: &SecretSource| {
                let key = key("certificates");
                PublicKey::from_pem(source.read(&key)?.expose_secret()).map_err(|error| refuse_pem(&key, error))
            };
            certificates.insert(app.client_id, app.certificates.iter().map(read).collect::<Result<_, _>>()?);
            let key = key("federated_credentials");
            app.federated_credentials.iter().try_for_each(|credential| credential.check(&key, app))?;
        }
        Ok(Checked { origin, secrets, certificates })
    }

    fn check_names(&self) -> Result<(), ConfigError> {
        let unique = |key: &str, names: Vec<String>| {
            let mut seen = HashSet::new();
            match names.into_iter().find(|name| name.trim().is_empty() || !seen.insert(name.clone())) {
                None => Ok(()),
                Some(name) => {
                    let problem = format!("has an empty value or the same one twice ({name:?})");
                    Err(ConfigError::refused(key, problem, "give each entry a value of its own"))
                }
            }
        };
        // The directory's are taken.
        let all = || self.apps.iter().chain([directory_app::registration()]);
        unique("tenant.apps.name", self.apps.iter().map(|app| app.name.clone()).collect())?;
        unique("tenant.apps.client_id", all().map(|app| app.client_id.to_string()).collect())?;
        // Names of resources and scopes are looked up without regard to case.
        unique("tenant.apps.application_id_uri", all().map(|app| app.uri().to_ascii_lowercase()).collect())?;
        unique("tenant.user_flows.name", self.user_flows.iter().map(|flow| flow.name.clone()).collect())?;
        let contexts: Vec<_> = self.authentication_contexts.iter().map(|context| context.id.clone()).collect();
        let number = |id: &String| id.strip_prefix('c').filter(|n| !n.starts_with('0'))?.parse::<u8>().ok();
        if let Some(id) = contexts.iter().find(|id| !number(id).is_some_and(|n| (1..=99).contains(&n))) {
            let problem = format!("is {id:?}");
            return Err(ConfigError::refused("tenant.authentication_contexts.id", problem, "use c1 to c99"));
        }
        unique("tenant.authentication_contexts.id", contexts)?;
        for (key, permissions) in self.apps.iter().flat_map(|app| {
            [("tenant.apps.scopes.value", &app.scopes), ("tenant.apps.app_roles.value", &app.app_roles)]
        }) {
            let values: Vec<_> = permissions.iter().map(|permission| permission.value.clone()).collect();
            // RFC 6749 §3.3: what separates scopes, or the resource from its scope, cannot be part of one.
            let usable = |value: &String| value.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '/' | '"' | '\\'));
            if let Some(value) = values.iter().find(|value| !usable(value)) {
                let problem = format!("is {value:?}, which cannot be a scope");
                return Err(ConfigError::refused(key, problem, "use letters, digits, dots"));
            }
            unique(key, values.iter().map(|value| value.to_ascii_lowercase()).collect())?;
        }
        let domain = self.domain.as_str();
        if domain.is_empty() || !domain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')) {
            let remedy = "write it like contoso.onmicrosoft.com";
            return Err(ConfigError::refused("tenant.domain", "is not a domain name", remedy));
        }
        Ok(())
    }

    fn check_grants(&self, key: &str, app: &App) -> Result<(), ConfigError> {
        for grant in &app.permissions {
            let Some(api) = self.apis().find(|api| api.client_id == grant.resource) else {
                let problem = format!("is for the resource {}, which is no API of this tenant", grant.resource);
                return Err(ConfigError::refused(
                    key,
                    problem,
                    "give the client_id of an app with scopes or app_roles",
                ));
            };
            let unknown = |wanted: &[String], offered: &[Permission]| {
                wanted.iter().find(|value| !offered.iter().any(|permission| permission.value == **value)).cloned()
            };
            if let Some(value) = unknown(&grant.scopes, &api.scopes).or_else(|| unknown(&grant.roles, &api.app_roles)) {
                let problem = format!("names {value:?}, which the app {:?} does not offer", api.name);
                return Err(ConfigError::refused(key, problem, "correct it, or add it to that app"));
            }
            if grant.consent == Consent::User && !grant.scopes.is_empty() && app.redirect_uris.is_empty() {
                let problem = "has consent = \"user\", but the app has no redirect URIs: nobody can be asked";
                let remedy = "remove consent (the administrator grants the scopes then), or add redirect_uris";
                return Err(ConfigError::refused(key, problem, remedy));
            }
        }
        Ok(())
    }
}

impl FederatedCredential {
    fn check(&self, key: &str, app: &App) -> Result<(), ConfigError> {
        let refuse = |problem: &str, remedy: &str| Err(ConfigError::refused(key, problem, remedy));
        if self.issuer.is_empty() || self.subject.is_empty() || self.audience.is_empty() {
            return refuse(
                "has an empty issuer, subject or audience",
                "write what the assertion's iss, sub and aud hold",
            );
        }
        // An app's own assertions go by its certificates.
        if self.issuer.eq_ignore_ascii_case(&app.client_id.to_string()) {
            return refuse("names the app itself as issuer", "register the app's key among its certificates");
        }
        match (&self.key_file, &self.jwks_uri) {
            (Some(file), None) => {
                let text = SecretSource::File { file: file.clone() }.read(key)?;
                PublicKey::from_pem(text.expose_secret()).map(drop).map_err(|error| refuse_pem(key, error))
            }
            (None, Some(uri)) => redirect_uri::check(key, uri),
            _ => refuse("must have either a key_file or a jwks_uri", "say where the issuer's key is"),
        }
    }
}

fn refuse_pem(key: &str, error: PemError) -> ConfigError {
    let remedy = "give one certificate or public key as PEM, without its private key";
    ConfigError::refused(key, error.to_string(), remedy).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::config::Settings;

    const VALID: &str = r#"
        [tenant]
        listen = "127.0.0.1:0"
        public_url = "http://localhost:3002"
        database_url = "sqlite:tenant.db()"
        tenant_id = "11111111-1111-1111-1111-111111111111"
        domain = "errand.example"
        display_name = "Errand"
        [[tenant.apps]]
        name = "API"
        client_id = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
        scopes = [{ value = "ToDoList.Read", display_name = "Read" }]
        [[tenant.apps]]
        name = "Web"
        client_id = "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"
        redirect_uris = ["http://localhost:3000/auth/callback"]
        secrets = ["secret"]
        user_flow = "sign-in"
        permissions = [{ resource = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", scopes = ["ToDoList.Read"] }]
        [[tenant.user_flows]]
        name = "sign-in"
    "#;

    fn check(toml: &str) -> Result<Checked, ConfigError> {
        Settings::from_toml(toml)?.section::<Config>("tenant")?.check(Mode::Development)
    }

    #[test]
    fn a_reference_that_does_not_resolve_stops_the_tenant() {
        assert_eq!(
            check(VALID).map(|checked| checked.origin).map_err(|e| e.to_string()).as_deref(),
            Ok("http://localhost:3002")
        );
        for (from, to, said) in [
            (r#"scopes = ["ToDoList.Read"]"#, r#"scopes = ["ToDoList.Reed"]"#, "does not offer"),
            (r#"{ resource = "aaaaaaaa"#, r#"{ resource = "cccccccc"#, "is no API of this tenant"),
            (r#"user_flow = "sign-in""#, r#"user_flow = "sign-im""#, "user flow that does not exist"),
            (r#"user_flow = "sign-in""#, "", "`tenant.apps.1.user_flow` is missing"),
            (r#"secrets = ["secret"]"#, r#"secrets = [""]"#, "is empty"),
            (r#"secrets = ["secret"]"#, r#"secrets = [{ file = "/does/not/exist" }]"#, "cannot be read"),
            ("3000/auth/callback", "3000/auth/callback#x", "fragment"),
            ("http://localhost:3000/auth/callback", "/auth/callback", "absolute"),
            (r#"name = "Web""#, r#"name = "API""#, "twice"),
            ("bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb", "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "twice"),
            (r#"value = "ToDoList.Read""#, r#"value = "ToDo List""#, "cannot be a scope"),
            ("http://localhost:3002", "http://tenant.example", "plain http"),
        ] {
            assert!(VALID.contains(from), "{from}");
            let refused = check(&VALID.replace(from, to)).err().unwrap_or_else(|| panic!("accepted: {to}")).to_string();
            assert!(refused.contains(said), "{to}: {refused}");
        }
    }

    #[test]
    fn consent_that_nobody_can_be_asked_for_stops_the_tenant() {
        let of_users =
            VALID.replace(r#"scopes = ["ToDoList.Read"] }"#, r#"scopes = ["ToDoList.Read"], consent = "user" }"#);
        assert!(of_users.contains("consent") && check(&of_users).is_ok());
        let nobody_signs_in = of_users.replace(r#"redirect_uris = ["http://localhost:3000/auth/callback"]"#, "");
        let refused = check(&nobody_signs_in).err().expect("refused").to_string();
        assert!(refused.contains("`tenant.apps.1.permissions`") && refused.contains("no redirect URIs"), "{refused}");
        let of_the_administrator = nobody_signs_in.replace(r#", consent = "user""#, "");
        assert!(check(&of_the_administrator).is_ok());
    }
}
