//! The API, as the web server and the admin's app would meet it: whether it is there, turns away who has no token, and
//! means the same tokens as those who call it.

use std::collections::BTreeSet;

use reqwest::header;
use url::Url;

use super::config::Tables;
use super::exchange::{self, Answer, place};
use super::provider::Providers;
use super::{Check, exchange::quoted, registration};
use crate::api::config::Config as Api;
use crate::identity::config::DownstreamApiConfig;
use crate::identity::downstream::DownstreamApi;
use crate::identity::scopes::{Naming, Scopes};
use crate::todo::API_PATH;
use crate::web::config::Config as Web;

pub(super) async fn check(tables: &Tables, providers: &Providers, http: &reqwest::Client) -> Vec<Check> {
    let mut checks = Vec::new();
    let web = tables.web.as_ref().and_then(|web| web.downstream_apis.get("todolist"));
    let admin = tables.admin.as_ref().and_then(|admin| admin.downstream_apis.get("todolist"));
    match (web.map(|api| ("web", api))).or(admin.map(|api| ("admin", api))) {
        Some((program, config)) => {
            let key = format!("{program}.downstream_apis.todolist");
            let api = DownstreamApi::new(config, tables.mode, naming(tables), http.clone());
            match api.map_err(|error| error.at(&key)) {
                Ok(_) => checks.extend(reach(&format!("{key}.base_url"), config, tables, http).await),
                Err(error) => checks.push(Check::refused(key, &error)),
            }
        }
        None if tables.web.is_some() => checks.push(Check::wrong(
            "web.downstream_apis.todolist",
            "is missing",
            "add the table: base_url, relative_path = \"api/todolist\", and scopes",
        )),
        None => {
            checks.push(Check::unknown("address", "this configuration calls no API, so where it is, is not said here"));
        }
    }
    if let Some(api) = &tables.api {
        if let Some(web) = &tables.web {
            checks.push(same_issuer(providers));
            checks.push(audience(web, api));
            checks.extend(permissions(web, api));
        }
    } else {
        checks.push(Check::unknown(
            "audience",
            "[api] is not in this configuration, so what it accepts is not known here",
        ));
    }
    checks
}

/// How the provider of those who call reads scopes.
fn naming(tables: &Tables) -> Naming {
    let web = tables.web.as_ref().map(|web| web.identity.client().provider());
    let admin = tables.admin.as_ref().map(|admin| admin.identity.provider());
    web.or(admin).map_or(Naming::Opaque, |provider| provider.scope_naming())
}

/// The address of the API's to-dos.
pub(super) fn address(config: &DownstreamApiConfig) -> Option<Url> {
    let path = config.relative_path.as_deref().unwrap_or(API_PATH).trim_matches('/');
    Url::parse(&format!("{}/{path}", config.base_url.trim_end_matches('/'))).ok()
}

async fn reach(key: &str, config: &DownstreamApiConfig, tables: &Tables, http: &reqwest::Client) -> Vec<Check> {
    let base = config.base_url.trim_end_matches('/');
    if let Some(web) = tables.web.as_ref().filter(|web| registration::address(web) == base) {
        let found = format!("{} is the web server's own address", web.public_url);
        return vec![Check::wrong(key, found, "give the address of the API")];
    }
    let (Ok(health), Some(todos)) = (Url::parse(&format!("{base}/health")), address(config)) else {
        return vec![Check::wrong(key, "is not an address", "write it like https://api.example.com")];
    };
    let mut checks = vec![match exchange::get(http, &health, None).await {
        Ok(answer) if answer.status.is_success() => Check::right("health", format!("{health} answers")),
        Ok(answer) => Check::wrong(
            "health",
            format!("{health} answered {}", answer.status.as_u16()),
            format!("correct `{key}`: what answers there is not the API, or a proxy before it"),
        ),
        Err(error) => {
            let remedy = format!("start the API (errand api), or correct `{key}`");
            let why = "the API is not reached: see above";
            return vec![
                Check::wrong("health", error.to_string(), remedy),
                Check::unknown("without a token", why),
                Check::unknown("with a token that is none", why),
            ];
        }
    }];
    let asked = exchange::get(http, &todos, None).await;
    checks.push(turned_away("without a token", &todos, asked, names_what_is_missing));
    let asked = exchange::get(http, &todos, Some("Bearer bm9uc2Vuc2U.bm9uc2Vuc2U.bm9uc2Vuc2U")).await;
    checks
        .push(turned_away("with a token that is none", &todos, asked, |challenge| challenge.contains("invalid_token")));
    checks
}

/// Whether a challenge says what a client without a token needs: whose API it is, the scope (RFC 6750 §3), and where to
/// learn who issues tokens (RFC 9728 §5.1).
fn names_what_is_missing(challenge: &str) -> bool {
    challenge.starts_with("Bearer")
        && ["realm=", "scope=", "resource_metadata="].iter().all(|part| challenge.contains(part))
}

/// 401 with the challenge of RFC 6750 §3.
fn turned_away(
    name: &str,
    todos: &Url,
    asked: Result<Answer, crate::platform::outbound::OutboundError>,
    right: impl FnOnce(&str) -> bool,
) -> Check {
    let answer = match asked {
        Ok(answer) => answer,
        Err(error) => return Check::unknown(name, error.to_string()),
    };
    let challenge =
        answer.headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match answer.status.as_u16() {
        401 if right(challenge) => Check::right(name, "401, and what is missing is named"),
        401 => Check::wrong(
            name,
            format!("401 without the challenge that would say what is missing: {:?}", quoted(challenge)),
            "let the proxy before the API pass WWW-Authenticate on",
        ),
        200..=299 => Check::wrong(
            name,
            format!("{} let the doctor in", place(todos)),
            "this is not the ToDoList API, or a proxy before it adds a token: do not put it into service",
        ),
        502 => Check::wrong(
            name,
            "502: the API cannot use what its provider says about itself, or a proxy before it does not reach it",
            "look at the API's log, and compare authority, issuer and tenant_id of [api.identity] where it runs",
        ),
        503 => Check::wrong(
            name,
            "503: the API cannot check tokens",
            "the API does not reach its provider: check api.identity.authority where the API runs",
        ),
        404 => Check::wrong(
            name,
            format!("404: nothing at {}", place(todos)),
            "correct relative_path (api/todolist), or base_url",
        ),
        status => {
            Check::wrong(name, format!("{status} instead of 401"), "check what answers there, and what is before it")
        }
    }
}

/// Tokens of the web server's provider must be the ones that the API trusts.
fn same_issuer(providers: &Providers) -> Check {
    const NAME: &str = "issuer that the API trusts";
    match (providers.metadata("web.identity"), providers.metadata("api.identity")) {
        (Some(web), Some(api)) if web.issuer == api.issuer => Check::right(NAME, "the one that signs the customers in"),
        (Some(web), Some(api)) => Check::wrong(
            NAME,
            format!("the API trusts {}, but customers are signed in by {}", api.issuer, web.issuer),
            "give [api.identity] and [web.identity] the same authority and tenant_id",
        ),
        _ => Check::unknown(NAME, "a provider is not known: see above"),
    }
}

/// The API that the web server's scopes name must be an audience that the API accepts. From Entra `aud` is the client
/// id, which stands in the usual Application ID URI.
fn audience(web: &Web, api: &Api) -> Check {
    const NAME: &str = "audience";
    let sets = web.downstream_apis.get("todolist").map(|api| &api.scopes.0);
    let resources: BTreeSet<String> = sets
        .into_iter()
        .flat_map(|sets| sets.values())
        .flat_map(Scopes::iter)
        .map(|scope| Scopes::parse(scope).resource(web.identity.client().provider().scope_naming()))
        .collect();
    let accepted = api.audiences.join(", ");
    let resources: BTreeSet<String> = resources.into_iter().filter(|resource| !resource.is_empty()).collect();
    if resources.is_empty() {
        return Check::unknown(NAME, format!("the API accepts {accepted}; these scopes do not say whose they are"));
    }
    let named = |resource: &String| {
        let id = resource.strip_prefix("api://").unwrap_or(resource);
        api.audiences.iter().any(|audience| [id, resource].iter().any(|own| audience.eq_ignore_ascii_case(own)))
    };
    match resources.iter().find(|resource| !named(resource)) {
        None => Check::right(NAME, format!("tokens are for {accepted}, which the API accepts")),
        // Another Application ID URI than api://{client id}: whose client id it is, the directory knows.
        Some(other) if other.strip_prefix("api://").is_none_or(|id| id.parse::<uuid::Uuid>().is_err()) => {
            Check::unknown(NAME, format!("whether {other} is the API {accepted} is known to the provider alone"))
        }
        Some(other) => Check::wrong(
            NAME,
            format!("the web server asks for tokens for {other}, but the API accepts only {accepted}"),
            "let api.audiences be the API's client id, and let web.downstream_apis.todolist.scopes begin with its \
             Application ID URI",
        ),
    }
}

/// The scopes that let customers in, where the permission is there.
fn let_in<'a>(api: &'a Api, permission: &str) -> Option<&'a [String]> {
    let permissions = &api.permissions;
    match permission {
        "read" => Some(&permissions.read.scopes),
        "write" => Some(&permissions.write.scopes),
        "read_profile" => permissions.read_profile.as_ref().map(|needed| needed.scopes.as_slice()),
        _ => permissions.write_profile.as_ref().map(|needed| needed.scopes.as_slice()),
    }
}

/// The scopes that the web server asks for must be among those that let it in.
fn permissions(web: &Web, api: &Api) -> Vec<Check> {
    let wanted = [("todolist", "read", "read"), ("todolist", "write", "write")];
    let profile = [("profile", "read", "read_profile"), ("profile", "write", "write_profile")];
    let mut checks = Vec::new();
    for (name, set, permission) in wanted.into_iter().chain(profile) {
        let Some(config) = web.downstream_apis.get(name) else { continue };
        let title = format!("permission {permission}");
        let scopes = config.scopes.0.get(set);
        let key = format!("web.downstream_apis.{name}.scopes");
        let Some(needed) = let_in(api, permission) else {
            let remedy = format!("add [api.permissions.{permission}] with the scopes that let customers in");
            checks.push(Check::wrong(title, format!("`api.permissions.{permission}` is missing"), remedy));
            continue;
        };
        let Some(scopes) = scopes else {
            let remedy = format!("add a set named {set} to `{key}`");
            checks.push(Check::wrong(title, format!("`{key}` has no set named {set}"), remedy));
            continue;
        };
        let short: Vec<&str> = scopes.iter().map(|scope| scope.rsplit('/').next().unwrap_or(scope)).collect();
        checks.push(if short.iter().any(|scope| needed.iter().any(|known| known == scope)) {
            Check::right(title, format!("{} lets the web server in", short.join(", ")))
        } else {
            Check::wrong(
                title,
                format!("the web server asks for {}, the API lets in {}", short.join(", "), needed.join(", ")),
                format!("let the set {set} of `{key}` have one of the scopes of `api.permissions.{permission}`"),
            )
        });
    }
    checks
}
