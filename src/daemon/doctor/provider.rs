//! The provider: its discovery document, whether its issuer is the one that is configured, its signing keys, and
//! whether its clock and ours agree.

use std::sync::Arc;

use reqwest::header;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use url::Url;
use uuid::Uuid;

use super::Check;
use super::config::Tables;
use super::exchange::{self, place};
use crate::identity::config::ClientConfig;
use crate::identity::jwt::Algorithm;
use crate::identity::provider::{Metadata, Provider, ProviderConfig, ProviderError};
use crate::platform::clock::Clock;
use crate::platform::config::Mode;

/// How far the clocks may be apart, in seconds: what tokens are given.
const MAX_SKEW: i64 = 60;

/// All providers that the configuration names.
pub(super) struct Providers(pub(super) Vec<Examined>);

/// One of them, and who uses it.
pub(super) struct Examined {
    /// Keys of the tables that name it.
    pub(super) keys: Vec<&'static str>,
    config: ProviderConfig,
    /// What it says about itself, if that is acceptable.
    metadata: Option<Arc<Metadata>>,
    pub(super) checks: Vec<Check>,
}

impl Providers {
    /// The provider of the table at `key`.
    pub(super) fn metadata(&self, key: &str) -> Option<&Metadata> {
        self.0.iter().find(|provider| provider.keys.contains(&key))?.metadata.as_deref()
    }
}

pub(super) async fn check(tables: &Tables, http: &reqwest::Client, clock: &Clock) -> Providers {
    let mut providers: Vec<Examined> = Vec::new();
    for (key, identity) in tables.identities() {
        let config = ClientConfig::provider(&identity);
        let same = |other: &&mut Examined| {
            let other = &other.config;
            other.authority == config.authority && other.issuer == config.issuer && other.tenant_id == config.tenant_id
        };
        match providers.iter_mut().find(same) {
            Some(known) => known.keys.push(key),
            None => providers.push(Examined { keys: vec![key], config, metadata: None, checks: Vec::new() }),
        }
    }
    for provider in &mut providers {
        let (metadata, checks) = examine(provider.keys[0], &provider.config, tables.mode, http, clock).await;
        (provider.metadata, provider.checks) = (metadata, checks);
    }
    Providers(providers)
}

async fn examine(
    key: &str,
    config: &ProviderConfig,
    mode: Mode,
    http: &reqwest::Client,
    clock: &Clock,
) -> (Option<Arc<Metadata>>, Vec<Check>) {
    let provider = match Provider::new(config, mode, http.clone(), clock.clone()).map_err(|error| error.at(key)) {
        Ok(provider) => provider,
        Err(error) => return (None, vec![Check::refused("authority", &error)]),
    };
    let mut checks = Vec::new();
    let discovery = provider.discovery_url();
    let before = clock.now();
    let answer = exchange::get(http, discovery, None).await;
    let asked = before + (clock.now() - before) / 2;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let remedy = "check `authority`, and whether this machine reaches it (name resolution, proxy, firewall)";
            checks.push(Check::wrong("discovery", error.to_string(), remedy));
            return (None, checks);
        }
    };
    let metadata = match provider.metadata().await {
        Ok(metadata) => {
            checks.push(Check::right("discovery", format!("{} answers", place(discovery))));
            checks.push(Check::right("issuer", metadata.issuer.clone()));
            checks.extend(tenant(config, &metadata));
            metadata
        }
        Err(error) => {
            checks.push(refused(config, discovery, &answer, &error));
            checks.push(skew(&answer, asked));
            return (None, checks);
        }
    };
    checks.push(match provider.key_count().await {
        Ok(count) => Check::right("signing keys", format!("{count} that tokens can be checked with")),
        Err(error) => Check::wrong(
            "signing keys",
            error.to_string(),
            format!(
                "look at {}: there must be a key of RSA (2048 bits or more), P-256, P-384 or Ed25519",
                metadata.jwks_uri
            ),
        ),
    });
    if metadata.id_token_signing_alg_values_supported.is_empty() {
        let accepted = Algorithm::ALL.map(Algorithm::name).join(", ");
        checks.push(Check::wrong(
            "algorithms",
            "`id_token_signing_alg_values_supported` has none that is accepted".to_owned(),
            format!("let the provider sign ID tokens with one of {accepted}"),
        ));
    }
    checks.push(skew(&answer, asked));
    (Some(metadata), checks)
}

/// An issuer that has an id in it has the tenant's: tokens carry the same as `tid`.
fn tenant(config: &ProviderConfig, metadata: &Metadata) -> Option<Check> {
    const NAME: &str = "tenant id";
    let configured = config.tenant_id?;
    let mut ids = metadata.issuer.split(['/', '.']).filter_map(|part| part.parse::<Uuid>().ok());
    Some(match ids.next() {
        Some(id) if id == configured => Check::right(NAME, id.to_string()),
        Some(id) => Check::wrong(
            NAME,
            format!("`tenant_id` is {configured}, but the issuer is the tenant {id}: every token would be refused"),
            "copy the directory (tenant) id from the overview page of the tenant",
        ),
        None => Check::unknown(NAME, "the issuer does not say which tenant it is"),
    })
}

/// Why the discovery document is not accepted. The usual mistakes have remedies of their own.
fn refused(config: &ProviderConfig, discovery: &Url, answer: &exchange::Answer, error: &ProviderError) -> Check {
    match error {
        ProviderError::Issuer { found, expected, .. } => {
            let said = format!("the provider calls itself {found:?}, but {expected} was expected");
            Check::wrong("issuer", said, issuer_remedy(config, found))
        }
        ProviderError::Status { .. } | ProviderError::Outbound(_) | ProviderError::Malformed(_) => {
            let remedy = authority_hint(&config.authority)
                .unwrap_or_else(|| "check `authority`: /.well-known/openid-configuration must be below it".to_owned());
            let found = format!("{} answered {}: no discovery document", place(discovery), answer.status.as_u16());
            Check::wrong("discovery", found, remedy).explained(answer.aadsts())
        }
        ProviderError::Endpoint(_) | ProviderError::NoKeys => {
            Check::wrong("discovery", error.to_string(), "the provider must offer https: ask who runs it")
        }
    }
}

/// What to do when the provider is another one than configured, or the same one under another name.
fn issuer_remedy(config: &ProviderConfig, found: &str) -> String {
    let configured = config.issuer.as_deref().unwrap_or(&config.authority);
    if let Some(hint) = authority_hint(&config.authority) {
        return hint;
    }
    if found.trim_end_matches('/') == configured.trim_end_matches('/') {
        return "write it with the slash at the end exactly as the provider does".to_owned();
    }
    if found.contains("/{tenantid}/") || found.contains("%7Btenantid%7D") {
        return "the authority is for every tenant (common, organizations): name your own".to_owned();
    }
    if let Some(tenant) = config.tenant_id.filter(|tenant| !found.contains(&tenant.to_string())) {
        return format!(
            "the address is another tenant's than `tenant_id` = {tenant}: copy the directory (tenant) id from the \
             overview page of the tenant, and compare `authority`"
        );
    }
    "correct `authority`; where the provider uses a custom domain, set `issuer` to what it calls itself".to_owned()
}

/// What is usually wrong with such an authority.
pub(super) fn authority_hint(authority: &str) -> Option<String> {
    let url = Url::parse(authority).ok()?;
    let (host, path) = (url.host_str()?, url.path().trim_end_matches('/'));
    if path.ends_with("/.well-known/openid-configuration") {
        return Some("leave /.well-known/openid-configuration out of `authority`: it is added".to_owned());
    }
    if host == "login.microsoftonline.com" && !path.ends_with("/v2.0") {
        return Some(
            "add /v2.0 to `authority`: without it the tokens are of version 1 (AADSTS500207). An External ID tenant is at \
             https://{name}.ciamlogin.com, not here"
                .to_owned(),
        );
    }
    if host == "login.microsoftonline.com" {
        return Some("an External ID tenant is at https://{name}.ciamlogin.com, not here".to_owned());
    }
    if host.ends_with(".b2clogin.com") {
        return Some("this is Azure AD B2C: its authority has the policy in it, and `issuer` must be set".to_owned());
    }
    let segments = path.split('/').filter(|segment| !segment.is_empty()).count();
    if host.ends_with(".ciamlogin.com") && (segments > 2 || (segments == 2 && !path.ends_with("/v2.0"))) {
        return Some(
            "write `authority` as https://{name}.ciamlogin.com or https://{name}.ciamlogin.com/{tenant id}/v2.0"
                .to_owned(),
        );
    }
    None
}

/// The provider's clock against ours, by the `Date` of its answer (RFC 9110 §6.6.1), which counts whole seconds.
fn skew(answer: &exchange::Answer, asked: OffsetDateTime) -> Check {
    const NAME: &str = "clocks";
    let date = answer.headers.get(header::DATE).and_then(|date| date.to_str().ok());
    // HTTP says GMT where the mail standard, whose parser this is, has an offset.
    let date = date.map(|date| date.replace("GMT", "+0000"));
    let Some(theirs) = date.and_then(|date| OffsetDateTime::parse(&date, &Rfc2822).ok()) else {
        return Check::unknown(NAME, "the provider's answer does not say what time it is");
    };
    let seconds = (asked - theirs).whole_seconds();
    if seconds.abs() <= MAX_SKEW {
        return Check::right(NAME, format!("{} s apart, and {MAX_SKEW} s are tolerated", seconds.abs()));
    }
    let which = if seconds > 0 { "ahead of" } else { "behind" };
    Check::wrong(
        NAME,
        format!("this machine's clock is {} s {which} the provider's; tokens are given {MAX_SKEW} s", seconds.abs()),
        "set the clock by NTP (timedatectl set-ntp true)",
    )
}
