//! What the provider makes of a sign-in by the web app, as far as it can be seen without a user: the authorization
//! endpoint is asked, and where it would send a browser is looked at and not followed.

use std::collections::{BTreeMap, HashMap};

use url::Url;

use super::exchange::{self, Answer, place, quoted};
use super::{Check, Verdict};
use crate::identity::config::{ResponseMode, SignUp};
use crate::identity::provider::Metadata;
use crate::identity::scopes::{OPENID, Scopes};
use crate::platform::outbound::OutboundError;
use crate::platform::{hash, random};
use crate::web::config::Config as Web;

/// What providers say when all is well but nobody is signed in (OpenID Connect Core §3.1.2.6).
const NOBODY: [&str; 3] = ["login_required", "interaction_required", "account_selection_required"];

pub(super) async fn check(web: &Web, metadata: Option<&Metadata>, http: &reqwest::Client) -> Vec<Check> {
    let Some(metadata) = metadata else {
        let why = "the provider is not known: see above";
        return ["redirect URI", "sign-up", "scopes", "post-logout redirect URI"]
            .map(|name| Check::unknown(name, why))
            .into();
    };
    let base = address(web);
    let app = App { web, metadata, http, redirect_uri: format!("{base}/auth/redirect") };
    let mut checks = vec![app.redirect_uri().await];
    if checks[0].verdict == Verdict::Wrong {
        let why = "no sign-in is looked at while the redirect URI is wrong: see above";
        checks.extend(["sign-up", "scopes"].map(|name| Check::unknown(name, why)));
    } else {
        checks.push(app.sign_up().await);
        for (resource, scopes) in resources(web) {
            checks.push(app.scopes(&resource, &scopes).await);
        }
    }
    checks.push(app.post_logout(&format!("{base}/auth/signed-out")).await);
    checks.push(
        Check::unknown("front-channel logout URL", "which one is registered, only the provider's administrator sees")
            .remedy(format!("it must be {base}/auth/front-channel-logout")),
    );
    checks
}

/// Where customers reach the web app, as the web server itself spells it.
pub(super) fn address(web: &Web) -> String {
    let url = Url::parse(&web.public_url).map_or_else(|_| web.public_url.clone(), String::from);
    url.trim_end_matches('/').to_owned()
}

/// The web app at its provider.
struct App<'a> {
    web: &'a Web,
    metadata: &'a Metadata,
    http: &'a reqwest::Client,
    redirect_uri: String,
}

/// Where the authorization endpoint would send the browser.
enum Outcome {
    /// Back to the app, with these parameters.
    Back(HashMap<String, String>),
    /// Somewhere else, such as the sign-in page.
    Elsewhere(Url),
    /// Nowhere: a page.
    Page(Answer),
}

impl App<'_> {
    /// Sends an authorization request (OpenID Connect Core §3.1.2.1) like those of a sign-in.
    async fn ask(&self, scopes: &Scopes, more: &[(&str, &str)]) -> Result<Outcome, OutboundError> {
        let identity = &self.web.identity;
        let mut url = self.metadata.authorization_endpoint.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &identity.client_id)
                .append_pair("redirect_uri", &self.redirect_uri)
                .append_pair("scope", &scopes.to_string())
                .append_pair("state", &random::token())
                .append_pair("nonce", &random::token())
                .append_pair("code_challenge", &hash::sha256_base64url(&random::token()))
                .append_pair("code_challenge_method", "S256")
                .append_pair("response_mode", "query");
            let own = more.iter().copied();
            let theirs = identity.extra_query_parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            for (name, value) in own.chain(theirs) {
                query.append_pair(name, value);
            }
        }
        let answer = exchange::get(self.http, &url, None).await?;
        Ok(match answer.location(&url) {
            Some(location) if place(&location) == self.redirect_uri => Outcome::Back(exchange::query(&location)),
            Some(location) => Outcome::Elsewhere(location),
            None => Outcome::Page(answer),
        })
    }

    /// A provider that does not know the redirect URI shows an error page and redirects nowhere (RFC 6749 §4.1.2.1).
    async fn redirect_uri(&self) -> Check {
        const NAME: &str = "redirect URI";
        let remedy = format!(
            "register {} as a redirect URI (platform Web) of the app {}, character by character",
            self.redirect_uri, self.web.identity.client_id
        );
        let check = match self.ask(&openid(), &[("prompt", "none")]).await {
            Err(error) => Check::unknown(NAME, error.to_string()),
            Ok(Outcome::Back(_)) => Check::right(NAME, format!("answers are sent to {}", self.redirect_uri)),
            Ok(Outcome::Elsewhere(location)) => {
                Check::unknown(NAME, format!("the provider first sends browsers to {}", place(&location)))
            }
            Ok(Outcome::Page(page)) => match page.aadsts() {
                Some(code) => {
                    let found = format!("the provider refuses {}", self.redirect_uri);
                    let check = Check::wrong(NAME, found, remedy.clone()).explained(Some(code));
                    // What exactly is to be registered is the better remedy.
                    if code == 50_011 { check.remedy(remedy) } else { check }
                }
                None if page.status.is_client_error() => {
                    let status = page.status.as_u16();
                    let found =
                        format!("the provider answers {status} and does not send the browser to {}", self.redirect_uri);
                    Check::wrong(NAME, found, remedy)
                }
                None => {
                    Check::unknown(NAME, format!("the provider shows a page ({}) instead of an answer", page.status))
                }
            },
        };
        // Entra takes such a response mode only where scripts run, so `query` was asked for in its place.
        if self.web.identity.response_mode == ResponseMode::FormPost && check.verdict == Verdict::Right {
            return Check { found: format!("{} (asked by query in place of form_post)", check.found), ..check };
        }
        check
    }

    /// Sign-up as it is configured: `prompt=create`, or parameters of the provider's own.
    async fn sign_up(&self) -> Check {
        const NAME: &str = "sign-up";
        let SignUp::On(configured) = &self.web.identity.sign_up else {
            return Check::right(NAME, "not offered: web.identity.sign_up is false");
        };
        let prompt = configured.prompt();
        let mut more: Vec<(&str, &str)> = prompt.iter().map(|prompt| ("prompt", *prompt)).collect();
        more.extend(configured.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let asked: Vec<String> = more.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let asked = asked.join("&");
        let remedy = "allow sign-up in the user flow that the app is associated with, or set web.identity.sign_up to how \
                      this provider is asked for it";
        match self.ask(&openid(), &more).await {
            Err(error) => Check::unknown(NAME, error.to_string()),
            Ok(Outcome::Back(parameters)) if parameters.contains_key("error") => {
                let (error, code) = described(&parameters);
                Check::wrong(NAME, format!("{asked} is refused: {error}"), remedy).explained(code).remedy(remedy)
            }
            Ok(Outcome::Page(page)) if page.aadsts().is_some() || page.status.is_client_error() => {
                let found = format!("{asked} leads to an error page ({})", page.status.as_u16());
                Check::wrong(NAME, found, remedy).explained(page.aadsts())
            }
            Ok(Outcome::Page(page)) if page.status.is_server_error() => {
                Check::unknown(NAME, format!("the provider answered {}", page.status.as_u16()))
            }
            Ok(_) => Check::right(NAME, format!("{asked} leads to a page for people")),
        }
    }

    /// The scopes of one API. Some providers look at them only when somebody is signed in.
    async fn scopes(&self, resource: &str, scopes: &Scopes) -> Check {
        let name = if resource.is_empty() { "scopes".to_owned() } else { format!("scopes of {resource}") };
        let wanted = openid().union(scopes);
        let list = scopes.to_string();
        let remedy = "add the permissions to the app's registration (API permissions) and grant an administrator's \
                      consent; compare the names with those that the API exposes";
        match self.ask(&wanted, &[("prompt", "none")]).await {
            Err(error) => Check::unknown(name, error.to_string()),
            Ok(Outcome::Back(parameters)) => match parameters.get("error").map(String::as_str) {
                Some(error) if NOBODY.contains(&error) => Check::unknown(
                    name,
                    format!(
                        "nothing is said against {list}, but consent may be looked at only when somebody signs in ({error})"
                    ),
                ),
                Some(_) => {
                    let (error, code) = described(&parameters);
                    let check = Check::wrong(name, format!("{list}: {error}"), remedy).explained(code);
                    // What the table says of it is for apps of their own.
                    if code == Some(70_011) { check.remedy(remedy) } else { check }
                }
                None => Check::right(name, list),
            },
            Ok(Outcome::Page(page)) if page.aadsts().is_some() => {
                let found = format!("{list}: the provider shows an error page");
                Check::wrong(name, found, remedy).explained(page.aadsts())
            }
            Ok(_) => Check::unknown(name, "the provider does not answer without a user"),
        }
    }

    /// A provider that knows the address goes there at once when nobody is signed in; many show a page in any case.
    async fn post_logout(&self, home: &str) -> Check {
        const NAME: &str = "post-logout redirect URI";
        let Some(endpoint) = &self.metadata.end_session_endpoint else {
            return Check::unknown(NAME, "the provider offers no sign-out: customers are signed out of this app only");
        };
        let mut url = endpoint.clone();
        url.query_pairs_mut()
            .append_pair("client_id", &self.web.identity.client_id)
            .append_pair("post_logout_redirect_uri", home)
            .append_pair("state", &random::token());
        match exchange::get(self.http, &url, None).await {
            Err(error) => Check::unknown(NAME, error.to_string()),
            Ok(answer) => match answer.location(&url) {
                Some(location) if place(&location) == home => {
                    Check::right(NAME, format!("browsers come back to {home}"))
                }
                None if answer.status.is_client_error() => Check::wrong(
                    NAME,
                    format!("the provider answers {} to {home}", answer.status.as_u16()),
                    format!("register {home} for the way back after sign-out (at Entra: among the redirect URIs)"),
                )
                .explained(answer.aadsts()),
                _ => Check::unknown(NAME, "the provider does not tell without somebody who signs out")
                    .remedy(format!("{home} must be registered (at Entra: among the redirect URIs)")),
            },
        }
    }
}

fn openid() -> Scopes {
    OPENID.into_iter().collect()
}

/// The delegated scopes that customers' tokens are asked for, by the API that they belong to.
fn resources(web: &Web) -> BTreeMap<String, Scopes> {
    let apis = web.downstream_apis.values().filter(|api| !api.request_app_token);
    let sets = apis.flat_map(|api| api.scopes.0.values()).chain([&web.identity.initial_scopes]);
    let mut resources: BTreeMap<String, Scopes> = BTreeMap::new();
    let naming = web.identity.client().provider().scope_naming();
    for set in sets {
        for scope in set.of_apis().iter() {
            let one = Scopes::parse(scope);
            let known = resources.entry(one.resource(naming)).or_default();
            *known = known.union(&one);
        }
    }
    resources
}

/// The error of an authorization response, and Entra's number in its description.
fn described(parameters: &HashMap<String, String>) -> (String, Option<u32>) {
    let get = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    let description = get("error_description");
    let code = exchange::aadsts(description);
    // Entra's descriptions end in ids and times that are of no use here, and the number is explained anyway.
    let said = if code.is_some() { String::new() } else { format!(" {}", quoted(description)) };
    (format!("{}{}", quoted(get("error")), said.trim_end()), code)
}
