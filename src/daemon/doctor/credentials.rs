//! Each app's credentials, one by one: whether they can be read, whether the provider accepts them, and until when
//! they are valid.

use time::{Duration, OffsetDateTime};

use super::Check;
use super::config::Tables;
use super::provider::Providers;
use super::registration;
use crate::identity::client::ConfidentialClient;
use crate::identity::client::probe::Presented;
use crate::identity::config::{ClientConfig, ClientCredential};
use crate::platform::clock::Clock;
use crate::platform::config::Mode;

/// How early the end of a certificate is pointed out.
const SOON: Duration = Duration::days(14);

pub(super) async fn check(tables: &Tables, providers: &Providers, http: &reqwest::Client, clock: &Clock) -> Vec<Check> {
    let redirect_uri = tables.web.as_ref().map(|web| format!("{}/auth/redirect", registration::address(web)));
    let mut checks = Vec::new();
    for (key, identity) in tables.identities() {
        // An API that calls no other one needs no credential.
        let needed = key != "api.identity" || tables.api.as_ref().is_some_and(|api| !api.downstream_apis.is_empty());
        if !needed && identity.client_credentials.is_empty() {
            continue;
        }
        if identity.client_credentials.is_empty() {
            let key = format!("{key}.client_credentials");
            checks.push(Check::wrong(key, "is empty", "add one, such as { secret = { file = \"…\" } }"));
        }
        for (position, credential) in identity.client_credentials.iter().enumerate() {
            let name = format!("{key}.client_credentials[{position}]");
            let alone = ClientConfig { client_credentials: vec![credential.clone()], ..identity.clone() };
            let known = providers.metadata(key).map(|metadata| metadata.tenant.is_some());
            let redirect_uri = redirect_uri.as_deref().unwrap_or("http://localhost/auth/redirect");
            checks.extend(one(&name, key, &alone, credential, known, redirect_uri, tables.mode, http, clock).await);
        }
    }
    checks
}

/// One credential, as the only one of its app. `entra` is unknown with the provider.
#[expect(clippy::too_many_arguments, reason = "each is a fact of its own about one credential")]
async fn one(
    name: &str,
    key: &str,
    config: &ClientConfig,
    credential: &ClientCredential,
    entra: Option<bool>,
    redirect_uri: &str,
    mode: Mode,
    http: &reqwest::Client,
    clock: &Clock,
) -> Vec<Check> {
    let kind = match credential {
        ClientCredential::Secret(_) => "secret",
        ClientCredential::Certificate(_) => "certificate",
        ClientCredential::SignedAssertion(_) => "signed assertion",
    };
    let client = match ConfidentialClient::new(key, config, mode, http.clone(), clock.clone()) {
        Ok(client) => client,
        Err(error) => return vec![Check::refused(name, &error)],
    };
    let mut checks = vec![match entra {
        None => Check::unknown(name, format!("{kind}, readable; the provider is not known: see above")),
        Some(entra) => judged(name, kind, &client.present_credential(redirect_uri, entra).await),
    }];
    if let Some(ends) = client.credential_ends() {
        checks.push(validity(&format!("{name} validity"), ends, clock));
    }
    checks
}

fn judged(name: &str, kind: &str, presented: &Presented) -> Check {
    match presented {
        Presented::Accepted => Check::right(name, format!("the provider accepts the {kind}")),
        Presented::Refused { error, codes } => {
            let remedy = format!(
                "compare client_id and the {kind} with the app's registration (Certificates & secrets); it may have been \
                 replaced, or have expired"
            );
            let code = codes.first().and_then(|code| u32::try_from(*code).ok());
            Check::wrong(name, format!("the provider refuses the {kind}: {error}"), remedy).explained(code)
        }
        Presented::Unusable(reason) => Check::wrong(name, format!("the {kind} cannot be used: {reason}"), "replace it"),
        Presented::Unknown(reason) => Check::unknown(name, format!("{kind}, readable, but: {reason}")),
    }
}

pub(super) fn validity(name: &str, ends: i64, clock: &Clock) -> Check {
    let Ok(ends) = OffsetDateTime::from_unix_timestamp(ends) else {
        return Check::unknown(name, "the certificate's end is not a date");
    };
    let left = ends - clock.now();
    let remedy =
        "make a new certificate, upload it beside the old one, and put its files in place: no restart is needed";
    match left.whole_days() {
        days if left <= Duration::ZERO => {
            Check::wrong(name, format!("ended {} days ago, on {}", -days, ends.date()), remedy)
        }
        days if left <= SOON => Check::wrong(name, format!("ends in {days} days, on {}", ends.date()), remedy),
        days => Check::right(name, format!("until {}, {days} days", ends.date())),
    }
}
