//! Which issuer a provider's metadata may name: the configured one, character by character, or that of an Entra External ID
//! tenant (OpenID Connect Discovery §4.3, RFC 8414 §3.3).

use url::Url;
use uuid::Uuid;

use super::config::ProviderConfig;
use crate::identity::scopes::Naming;

/// The domain of Entra External ID tenants.
pub(super) const CIAM: &str = ".ciamlogin.com";

impl ProviderConfig {
    /// How it reads scopes: as Entra does, if it is Entra or acts as one (the embedded tenant).
    pub fn scope_naming(&self) -> Naming {
        let Ok(authority) = Url::parse(&self.authority) else { return Naming::Opaque };
        let is_entra = match IssuerPolicy::of(self, &authority) {
            IssuerPolicy::Ciam { .. } | IssuerPolicy::Exactly { tenant: Some(_), .. } => true,
            IssuerPolicy::Exactly { tenant: None, .. } => authority
                .host_str()
                .is_some_and(|host| host.ends_with(".b2clogin.com") || host.starts_with("login.microsoftonline.")),
        };
        if is_entra { Naming::Entra } else { Naming::Opaque }
    }
}

/// Which issuer the discovery document may name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum IssuerPolicy {
    /// This one, character by character. The tenant is the configuration's.
    Exactly { issuer: String, tenant: Option<Uuid> },
    /// Entra External ID: the issuer's host and path name the same tenant id, and it is this one if one is known.
    /// (The host of the authority is the tenant's *name*, so equality would refuse every such tenant.)
    Ciam { tenant: Option<Uuid> },
}

impl IssuerPolicy {
    pub(super) fn of(config: &ProviderConfig, authority: &Url) -> Self {
        let ciam = is_ciam(authority);
        match &config.issuer {
            Some(issuer) => {
                Self::Exactly { issuer: issuer.clone(), tenant: config.tenant_id.or_else(|| ciam_tenant(issuer)) }
            }
            None if ciam => {
                let in_path = authority.path_segments().and_then(|mut path| path.next()?.parse().ok());
                Self::Ciam { tenant: config.tenant_id.or(in_path) }
            }
            None => Self::Exactly { issuer: config.authority.clone(), tenant: config.tenant_id },
        }
    }

    /// The tenant of an acceptable issuer; otherwise what was expected.
    pub(super) fn check(&self, issuer: &str) -> Result<Option<Uuid>, String> {
        match self {
            Self::Exactly { issuer: expected, tenant } if issuer == expected => Ok(*tenant),
            Self::Exactly { issuer: expected, .. } => Err(format!("{expected:?}")),
            Self::Ciam { tenant: expected } => match (ciam_tenant(issuer), expected) {
                (Some(found), None) => Ok(Some(found)),
                (Some(found), Some(expected)) if found == *expected => Ok(Some(found)),
                (_, Some(id)) => Err(format!("\"https://{id}{CIAM}/{id}/v2.0\"")),
                (_, None) => Err(format!("\"https://{{tenant id}}{CIAM}/{{tenant id}}/v2.0\"")),
            },
        }
    }
}

/// The tenant id in `https://{tenant id}.ciamlogin.com/{tenant id}/v2.0`; nothing else is accepted, in any spelling.
fn ciam_tenant(issuer: &str) -> Option<Uuid> {
    let (host, path) = issuer.strip_prefix("https://")?.split_once('/')?;
    let id: Uuid = host.strip_suffix(CIAM)?.parse().ok()?;
    (issuer == format!("https://{id}{CIAM}/{id}/v2.0") && path.starts_with(&id.to_string())).then_some(id)
}

fn is_ciam(authority: &Url) -> bool {
    authority.host_str().is_some_and(|host| host.ends_with(CIAM))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3f1f0f6c-54c8-4a0c-9b65-6d9a2a3c1e11";
    const OTHER: &str = "11111111-54c8-4a0c-9b65-6d9a2a3c1e11";

    fn config(authority: &str, issuer: Option<&str>, tenant_id: Option<&str>) -> ProviderConfig {
        ProviderConfig {
            authority: authority.to_owned(),
            issuer: issuer.map(str::to_owned),
            tenant_id: tenant_id.map(|id| id.parse().expect("a GUID")),
        }
    }

    fn accepts(config: &ProviderConfig, issuer: &str) -> Result<Option<Uuid>, String> {
        IssuerPolicy::of(config, &Url::parse(&config.authority).expect("a URL")).check(issuer)
    }

    #[test]
    fn the_issuer_is_the_configured_one_or_for_ciam_the_one_whose_host_and_path_agree() {
        let ciam = |host: &str, path: &str| format!("https://{host}.ciamlogin.com/{path}/v2.0");
        let id = Some(ID.parse().expect("a GUID"));
        let name = "https://contoso.ciamlogin.com";
        let with_id = format!("{name}/{ID}/v2.0");
        for (config, issuer, expected) in [
            (config(name, None, None), ciam(ID, ID), Some(id)),
            (config(name, None, Some(ID)), ciam(ID, ID), Some(id)),
            (config(&with_id, None, None), ciam(ID, ID), Some(id)),
            (config(name, None, Some(OTHER)), ciam(ID, ID), None),
            (config(&with_id, None, None), ciam(OTHER, OTHER), None),
            (config(name, None, None), ciam(ID, OTHER), None),
            (config(name, None, None), ciam("contoso", ID), None),
            (config(name, None, None), ciam("contoso", "contoso.onmicrosoft.com"), None),
            (config(name, None, None), ciam(ID, ID).replace("https", "http"), None),
            (config(name, None, None), ciam(ID, ID) + "/", None),
            (config(name, None, None), ciam(ID, ID).to_uppercase(), None),
            (config(name, None, None), format!("https://{ID}.ciamlogin.com.evil.example/{ID}/v2.0"), None),
            (config(name, None, None), format!("https://{ID}.evil.example/{ID}/v2.0"), None),
            (config(name, None, None), format!("https://{ID}.ciamlogin.com:8443/{ID}/v2.0"), None),
            (config(name, None, None), format!("https://{ID}.ciamlogin.com/{ID}/v2.0/../../{OTHER}/v2.0"), None),
            // Custom domain: explicit.
            (config("https://login.contoso.com/x/v2.0", Some(&ciam(ID, ID)), None), ciam(ID, ID), Some(id)),
            (config("https://login.contoso.com/x/v2.0", Some(&ciam(ID, ID)), None), ciam(OTHER, OTHER), None),
            (config(name, Some("https://login.contoso.com"), None), ciam(ID, ID), None),
            // Everybody else: equality.
            (config("https://id.example", None, None), "https://id.example".to_owned(), Some(None)),
            (config("https://id.example", None, Some(ID)), "https://id.example".to_owned(), Some(id)),
            (config("https://id.example", None, None), "https://id.example/".to_owned(), None),
            (config("https://id.example", None, None), "https://evil.example".to_owned(), None),
            (config("https://id.example", None, None), ciam(ID, ID), None),
            (config("https://id.example", None, None), String::new(), None),
        ] {
            assert_eq!(accepts(&config, &issuer).ok(), expected, "{config:?} {issuer}");
        }
    }
}
