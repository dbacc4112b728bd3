//! Claims by the names that configuration gives them: for providers that are not Entra.

use serde_json::Value;
use uuid::Uuid;

use super::config::ClaimNames;
use super::jwt::Claims;
use crate::platform::config::ConfigError;

impl ClaimNames {
    /// Checks the names at `key`. Entra's claims are known, and its customers are known by `tid` and `oid`: with a tenant
    /// id, another name could only be a mistake.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] naming the key.
    pub fn check(&self, key: &str, tenant: Option<Uuid>) -> Result<(), ConfigError> {
        let names =
            [("object_id", &self.object_id), ("scopes", &self.scopes), ("roles", &self.roles), ("name", &self.name)];
        for (field, name) in names {
            let Some(name) = name else { continue };
            let key = format!("{key}.{field}");
            if name.trim().is_empty() {
                return Err(ConfigError::refused(&key, "is empty", "name a claim, or leave it out"));
            }
            if tenant.is_some() && matches!(field, "object_id" | "scopes") {
                let problem = "is for providers that are not Entra, but there is a `tenant_id`";
                return Err(ConfigError::refused(&key, problem, "remove one of the two"));
            }
        }
        Ok(())
    }
}

/// The claim called `name`: a member of that name or, where there is none, the value at that path: `realm_access.roles`.
pub(super) fn find<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let mut steps = name.split('.');
    let first = claims.get(steps.next()?)?;
    let mut found = None;
    for step in steps {
        found = Some(found.unwrap_or(first).as_object()?.get(step)?);
    }
    found
}

/// What identifies the user permanently: the claim that is configured, else `sub`. With U+FFFD in it, it identifies nobody:
/// that may stand for what could not be read (see [`jwt`](super::jwt)), and two users would be one.
pub(super) fn user<'a>(claims: &'a Claims, names: &ClaimNames) -> Option<&'a str> {
    let name = names.object_id.as_deref().unwrap_or("sub");
    find(claims, name)?.as_str().filter(|id| !id.is_empty() && !id.contains('\u{fffd}'))
}

/// How to address the customer: the claim that is configured, else `name`, else `preferred_username`.
pub(super) fn name(claims: &Claims, names: &ClaimNames) -> Option<String> {
    let configured = names.name.as_deref().and_then(|name| find(claims, name));
    let found = configured.or_else(|| claims.get("name")).or_else(|| claims.get("preferred_username"));
    found.and_then(Value::as_str).filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_found_by_its_whole_name_first_and_then_by_its_path() {
        let claims = json!({
            "roles": ["a"], "realm_access": {"roles": ["b"], "a.b": 1}, "https://example.com/roles": ["c"],
        });
        let claims = claims.as_object().expect("an object");
        assert_eq!(find(claims, "roles"), Some(&json!(["a"])));
        assert_eq!(find(claims, "realm_access.roles"), Some(&json!(["b"])));
        assert_eq!(find(claims, "https://example.com/roles"), Some(&json!(["c"])));
        for absent in ["", ".", "role", "roles.a", "realm_access.", "realm_access.roles.b", "realm_access.role"] {
            assert_eq!(find(claims, absent), None, "{absent:?}");
        }
    }

    #[test]
    fn what_could_not_be_read_whole_identifies_nobody() {
        let names =
            |object_id: Option<&str>| ClaimNames { object_id: object_id.map(str::to_owned), ..Default::default() };
        let claims = json!({"sub": "ada", "uid": "a\u{fffd}", "profile": {"uid": "b\u{fffd}", "id": "c"}, "empty": ""});
        let claims = claims.as_object().expect("an object");
        assert_eq!(user(claims, &names(None)), Some("ada"));
        assert_eq!(user(claims, &names(Some("profile.id"))), Some("c"));
        for nobody in ["uid", "profile.uid", "empty", "absent", "profile"] {
            assert_eq!(user(claims, &names(Some(nobody))), None, "{nobody}");
        }
    }

    #[test]
    fn names_of_another_providers_claims_do_not_go_with_a_tenant_id() {
        let names = |object_id: &str| ClaimNames { object_id: Some(object_id.to_owned()), ..ClaimNames::default() };
        assert!(names("uid").check("k", None).is_ok());
        assert!(names(" ").check("k", None).is_err());
        let error = names("uid").check("web.identity.claim_names", Some(Uuid::nil())).expect_err("refused").to_string();
        assert!(error.starts_with("`web.identity.claim_names.object_id`"), "{error}");
    }
}
