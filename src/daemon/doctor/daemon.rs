//! The admin's app: it needs no user, so everything about it can be tried.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header;
use serde_json::Value;

use super::config::Tables;
use super::exchange::{self, quoted};
use super::provider::Providers;
use super::{Check, todolist};
use crate::api::config::Config as Api;
use crate::daemon::aadsts;
use crate::daemon::admin::config::{Config as Admin, TODOLIST};
use crate::identity::bearer::{AuthRejection, Explained};
use crate::platform::clock::Clock;
use crate::platform::config::Mode;
use crate::platform::outbound;

pub(super) async fn check(
    admin: &Admin,
    tables: &Tables,
    providers: &Providers,
    http: &reqwest::Client,
    clock: &Clock,
) -> Vec<Check> {
    let key = "admin.downstream_apis.todolist";
    let (client, api) = match admin.checked(tables.mode, http, clock) {
        Ok(made) => made,
        Err(error) => return vec![Check::refused(key, &error)],
    };
    let Some(scopes) = api.scopes("") else {
        let remedy = "make it a plain list: scopes = [\"api://{API's client id}/.default\"]";
        return vec![Check::wrong("app token", format!("`{key}.scopes` has no set for the app itself"), remedy)];
    };
    if providers.metadata("admin.identity").is_none() {
        return vec![Check::unknown("app token", "the provider is not known: see above")];
    }
    let token = match client.for_app(scopes).await {
        Ok(token) => token,
        Err(error) => {
            let remedy = format!("let `{key}.scopes` be the API's Application ID URI with /.default");
            let code = aadsts::explain_text(&error.to_string()).map(|known| known.code);
            return vec![Check::wrong("app token", quoted(&error.to_string()), remedy).explained(code)];
        }
    };
    let header_value = token.authorization_header();
    let authorization = header_value.to_str().unwrap_or_default();
    let mut checks = vec![Check::right("app token", format!("the provider gives one for {scopes}"))];
    if let Some(claims) = claims(authorization) {
        checks.extend(looked_at(&claims, tables));
    }
    if let Some(api) = &tables.api {
        checks.extend(examined(api, tables.mode, http, clock, authorization).await);
    }
    if let Some(todos) = admin.downstream_apis.get(TODOLIST).and_then(todolist::address) {
        checks.push(tried(&todos, exchange::get(http, &todos, Some(authorization)).await));
    }
    checks
}

/// The claims of an access token, which is for the API to judge: read, never trusted.
fn claims(authorization: &str) -> Option<Value> {
    let payload = authorization.strip_prefix("Bearer ")?.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

fn looked_at(claims: &Value, tables: &Tables) -> Vec<Check> {
    let words = |name: &str| -> Vec<&str> {
        match &claims[name] {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    };
    let mut checks = Vec::new();
    let audience = words("aud");
    match &tables.api {
        Some(api) if audience.iter().any(|aud| api.audiences.iter().any(|known| known == aud)) => {
            checks.push(Check::right("audience of the app token", audience.join(", ")));
        }
        Some(api) => checks.push(Check::wrong(
            "audience of the app token",
            format!("the token is for {}, the API accepts {}", audience.join(", "), api.audiences.join(", ")),
            "let api.audiences be the `aud` that the provider puts into the API's tokens; at Entra set \
             requestedAccessTokenVersion of the API's registration to 2",
        )),
        None => checks.push(Check::unknown(
            "audience of the app token",
            format!("{}; what the API accepts is not in this configuration", audience.join(", ")),
        )),
    }
    let roles = words("roles");
    checks.push(if roles.is_empty() {
        Check::wrong(
            "application permissions",
            "the token has no roles",
            "add the API's application permissions to the app's registration, and have an administrator consent",
        )
    } else {
        let quoted = quoted(&roles.join(", "));
        let let_in = tables.api.as_ref().map(|api| api.permissions.read.app_permissions.as_deref().unwrap_or_default());
        match let_in {
            Some([]) => Check::wrong(
                "application permissions",
                format!("the token has {quoted}; the API lets no app in"),
                "add app_permissions to [api.permissions.read], and to [api.permissions.write] where the app may change \
                 to-dos",
            ),
            Some(let_in) if !roles.iter().any(|role| let_in.iter().any(|known| known == role)) => Check::wrong(
                "application permissions",
                format!("the token has {quoted}; the API lets in {}", let_in.join(", ")),
                "grant one of those that api.permissions names, or correct these",
            ),
            _ => Check::right("application permissions", quoted),
        }
    });
    checks
}

/// What an API with the configuration's `[api]` makes of the token, by the checks of the API itself: unlike its answer, it
/// names the member that is at fault. Nothing, where the API would not even start: that is said elsewhere.
async fn examined(api: &Api, mode: Mode, http: &reqwest::Client, clock: &Clock, authorization: &str) -> Option<Check> {
    const NAME: &str = "app token by the checks of [api]";
    let token = authorization.strip_prefix("Bearer ")?;
    Some(match api.examine(mode, http, clock, token).await.ok()? {
        Ok(_) => Check::right(NAME, "all pass"),
        Err(Explained { refusal: AuthRejection::Unavailable(error) | AuthRejection::Misconfigured(error), .. }) => {
            Check::unknown(NAME, format!("the API's provider cannot be asked: {}", quoted(&error.to_string())))
        }
        Err(explained) => Check::wrong(
            NAME,
            explained.to_string(),
            "correct [api], or the app's and the API's registrations, so that what is found is what is expected",
        ),
    })
}

/// The API's own words: its challenge (RFC 6750 §3), and the problem document (RFC 9457).
fn said(answer: &exchange::Answer) -> String {
    let challenge = answer.headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    let detail = serde_json::from_str::<Value>(&answer.body).ok();
    let detail = detail.as_ref().and_then(|problem| problem["detail"].as_str());
    let said: Vec<_> = [challenge, detail].into_iter().flatten().map(quoted).filter(|text| !text.is_empty()).collect();
    if said.is_empty() { "it does not say why".to_owned() } else { said.join("; ") }
}

/// What the API makes of the token: a look at one to-do, which changes nothing.
fn tried(todos: &url::Url, asked: Result<exchange::Answer, outbound::OutboundError>) -> Check {
    const NAME: &str = "API with the app token";
    let answer = match asked {
        Ok(answer) => answer,
        Err(error) => return Check::unknown(NAME, error.to_string()),
    };
    match answer.status.as_u16() {
        200 => Check::right(NAME, format!("{} answers", exchange::place(todos))),
        401 => Check::wrong(
            NAME,
            format!("the API does not accept the token: {}", said(&answer)),
            "the API must trust the same provider ([api.identity]), and api.audiences must name the token's `aud`",
        ),
        403 => Check::wrong(
            NAME,
            format!("the API accepts the token, but it permits nothing: {}", said(&answer)),
            "grant the app one of the application permissions of api.permissions.read, and an administrator's consent",
        ),
        502 => Check::wrong(
            NAME,
            "502: what the API's provider says about itself cannot be used there",
            "look at the API's log, and compare authority, issuer and tenant_id of [api.identity] where it runs",
        ),
        503 => Check::wrong(
            NAME,
            "503: the API cannot check tokens, or does not reach its database",
            "look at the API's log, and check api.identity.authority where it runs",
        ),
        status => Check::unknown(NAME, format!("the API answered {status}")),
    }
}
