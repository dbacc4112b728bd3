//! `GET /auth/sign-in` and `GET /auth/sign-up`: off to the provider's authorization endpoint (RFC 6749 §4.1.1,
//! OpenID Connect Core §3.1.2.1).

use std::collections::BTreeMap;
use std::error::Error;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use openidconnect::core::CoreResponseType;
use openidconnect::{
    AuthUrl, AuthenticationFlow, ClientId, IssuerUrl, JsonWebKeySet, PkceCodeChallenge, RedirectUrl, Scope,
};
use tower_sessions::Session;
use url::{Url, form_urlencoded};

use super::answer::set_cookie;
use super::challenge::Challenge;
use super::parameters::Parameters;
use super::paths::REDIRECT;
use super::pending_sign_in::PendingSignIn;
use super::problem::Problem;
use super::public_name;
use crate::identity::config::ResponseMode;
use crate::identity::ended::Ended;
use crate::identity::protocol::AuthorizationClient;
use crate::identity::provider::Metadata;
use crate::identity::return_to::ReturnTo;
use crate::identity::scopes::{Naming, Scopes};
use crate::identity::session::{self, Ending, UserKey, UserSession};
use crate::identity::state::Identity;
use crate::identity::tokens::OPENID_SCOPES;
use crate::platform::hash;
use crate::platform::redirect::see_other;

/// The longest hint that is passed on, in bytes: an e-mail address (RFC 5321 §4.5.3.1.3).
const MAX_HINT: usize = 254;
impl Identity {
    /// The address, on this site, that signs the customer in and brings them back.
    pub fn sign_in_url(&self, return_to: &ReturnTo) -> String {
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("return_to", return_to.as_str()).finish();
        format!("{}?{query}", self.site().path("sign-in"))
    }

    /// The address, on this site, that answers a token acquisition's `InteractionRequired`: it asks the provider for
    /// `scopes` and for the claims of a claims challenge, and brings the customer back to `return_to`. For `customer` only:
    /// whoever else follows it just signs in.
    pub fn interaction_url(
        &self,
        customer: &UserKey,
        scopes: &Scopes,
        claims: Option<&str>,
        return_to: &ReturnTo,
    ) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("return_to", return_to.as_str());
        if let Some(challenge) = Challenge::seal(self, customer, scopes, claims) {
            query.append_pair("challenge", &challenge);
        }
        format!("{}?{}", self.site().path("sign-in"), query.finish())
    }

    /// The address, on this site, at which `customer` proves who they are; then it is done what waited for that.
    pub(in crate::identity) fn proof_url(&self, customer: &UserKey, then: Ending, return_to: &ReturnTo) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("return_to", return_to.as_str())
            .append_pair("challenge", &Challenge::seal_proof(self, customer, then))
            .finish();
        format!("{}?{query}", self.site().path("sign-in"))
    }
}

/// Which challenge an address made by [`Identity::interaction_url`] brings: what [`UserSession::challenge`] is after it was
/// answered, and `None` for an ordinary sign-in.
pub fn challenge_in(url: &str) -> Option<String> {
    let query = url.split_once('?')?.1;
    let sealed = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "challenge")?.1;
    Some(hash::sha256_base64url(&sealed))
}

/// To the sign-in page. Takes `return_to`, `login_hint`, `domain_hint`, the `challenge` of [`Identity::interaction_url`],
/// and `again`: the customer was told that they were signed out.
pub(super) async fn sign_in(
    State(identity): State<Identity>,
    session: Session,
    query: Parameters,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    match public_name::elsewhere(&identity, &headers, &uri) {
        Some(there) => there,
        None => redirect(&identity, &session, &query, &headers, false).await,
    }
}

/// Straight to the sign-up page (Initiating User Registration via OpenID Connect 1.0 §4.1, or as configured).
pub(super) async fn sign_up(
    State(identity): State<Identity>,
    session: Session,
    query: Parameters,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    if let Some(there) = public_name::elsewhere(&identity, &headers, &uri) {
        return there;
    }
    if !identity.offers_sign_up() {
        let return_to = query.first("return_to").map_or_else(|| identity.home(), |text| identity.return_to(text));
        return Problem::NoSignUp.response_with(&identity, &return_to);
    }
    redirect(&identity, &session, &query, &headers, true).await
}

async fn redirect(
    identity: &Identity,
    session: &Session,
    query: &Parameters,
    headers: &HeaderMap,
    sign_up: bool,
) -> Response {
    let metadata = match identity.provider().metadata().await {
        Ok(metadata) => metadata,
        Err(error) => {
            if error.is_outage() {
                tracing::error!(%error, "nobody can sign in: the provider is not available");
            } else {
                tracing::error!(%error, "nobody can sign in: what the provider says about itself cannot be used");
            }
            return Problem::of_provider(&error).response(identity);
        }
    };
    let return_to = query.first("return_to").map_or_else(|| identity.home(), |text| identity.return_to(text));
    // One that is not ours, not for this customer or has run out: an ordinary sign-in. What still lacks then is asked for
    // again.
    let (signed_in, ended) = match who(identity, session, headers).await {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(%error, "whether a customer must prove who they are cannot be told");
            return Problem::Unavailable.response(identity);
        }
    };
    if let Some(ended) = ended
        && !sign_up
        && query.first("again") != Some("true")
    {
        return Problem::of_ended(ended).response_with(identity, &return_to);
    }
    let asked = signed_in.as_ref().zip(query.first("challenge"));
    let challenge = asked.and_then(|(signed_in, sealed)| Challenge::open(identity, &signed_in.key, sealed));
    // A challenge is for the customer who is signed in, not for whoever else has an account in this browser.
    let asked = signed_in.filter(|_| challenge.is_some());
    let answers = asked.as_ref().and(query.first("challenge")).map(hash::sha256_base64url);
    let challenge = challenge.unwrap_or_default();
    let (demanded, naming) = (challenge.scopes(), identity.scope_naming());
    let mut initial = identity.initial_scopes().clone();
    if let Some(signed_in) = &asked {
        match identity.tokens().granted(&signed_in.key).await {
            Ok(granted) => {
                let all = initial.union(&granted);
                if all.union(&demanded).for_one_sign_in(naming).is_ok() {
                    initial = all;
                } else {
                    tracing::warn!(%granted, "what was granted so far is too much to be asked for once more");
                }
            }
            Err(error) => tracing::warn!(%error, "what a customer has granted so far is not known"),
        }
    }
    let (scopes, exchange) = demand(&initial, &demanded, naming);
    let client = identity.tokens().client();
    let claims = client.claims(challenge.claims.as_deref()).or_else(|error| {
        tracing::warn!(%error, "the customer signs in without what was asked for");
        client.claims(None)
    });

    let mut parameters = identity.authorization().always.clone();
    if let Some(languages) = identity.ui_locales(headers).filter(|languages| !languages.is_empty()) {
        parameters.entry("ui_locales".to_owned()).or_insert(languages);
    }
    if let Some(hint) = hint(query, "domain_hint").or(identity.authorization().domain_hint.clone()) {
        parameters.insert("domain_hint".to_owned(), hint);
    }
    if let Some(hint) = hint(query, "login_hint").or(asked.as_ref().and_then(name_at_provider)) {
        parameters.insert("login_hint".to_owned(), hint);
    }
    if let Some(ask) = identity.authorization().sign_up.clone().filter(|_| sign_up) {
        parameters.extend(ask);
    }
    if let Ok(Some(claims)) = claims {
        parameters.insert("claims".to_owned(), claims);
    }
    if identity.authorization().response_mode == ResponseMode::FormPost {
        parameters.insert("response_mode".to_owned(), "form_post".to_owned());
    }

    let mut pending = PendingSignIn::begin(identity, session, return_to, &exchange);
    pending.challenge = answers;
    pending.prove = ended.is_some() || challenge.then.is_some();
    pending.then = asked.map(|signed_in| signed_in.key).zip(challenge.then);
    if pending.prove {
        // OpenID Connect Core §3.1.2.1: with `max_age`, the ID token says when the proof was given. Entra takes one prompt.
        let prompt = match parameters.get("prompt").map(String::as_str) {
            Some(prompt) if prompt.split(' ').any(|word| word == "login" || word == "create") => prompt.to_owned(),
            Some(prompt) if metadata.tenant.is_none() => format!("login {prompt}"),
            _ => "login".to_owned(),
        };
        parameters.extend([("prompt".to_owned(), prompt), ("max_age".to_owned(), "0".to_owned())]);
    }
    let Some(cookies) = pending.cookies(identity, headers) else {
        tracing::error!(scopes = %exchange, "what a sign-in is asked for does not fit into a cookie");
        return Problem::Refused.response(identity);
    };
    let url = match request(identity, &metadata, &pending, &scopes, parameters) {
        Ok(url) => url,
        Err(error) => {
            tracing::error!(%error, "nobody can sign in: the authorization request cannot be made");
            return Problem::Unavailable.response(identity);
        }
    };
    let mut response = see_other(url.as_str());
    for cookie in cookies {
        set_cookie(response.headers_mut(), &cookie);
    }
    response
}

/// The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1).
fn request(
    identity: &Identity,
    metadata: &Metadata,
    pending: &PendingSignIn,
    scopes: &Scopes,
    parameters: BTreeMap<String, String>,
) -> Result<Url, url::ParseError> {
    let client_id = ClientId::new(identity.client_id().to_owned());
    let issuer = IssuerUrl::new(metadata.issuer.clone())?;
    let client = AuthorizationClient::new(client_id, issuer, JsonWebKeySet::default())
        .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint.clone()))
        .set_redirect_uri(RedirectUrl::new(redirect_uri(identity))?);
    // The crate asks for `openid` itself.
    let more = OPENID_SCOPES.split(' ').filter(|scope| *scope != "openid").chain(scopes.iter());
    let (state, nonce) = (pending.state.clone(), pending.nonce.clone());
    let mut request = client
        .authorize_url(AuthenticationFlow::<CoreResponseType>::AuthorizationCode, move || state, move || nonce)
        .add_scopes(more.map(|scope| Scope::new(scope.to_owned())))
        // Whether the provider says that it knows PKCE or not (RFC 9700 §2.1.1): one that does not ignores it.
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&pending.code_verifier));
    for (name, value) in parameters {
        request = request.add_extra_param(name, value);
    }
    Ok(request.url().0)
}

/// What the authorization endpoint is asked for, and what the code is exchanged for. The first may be of several resources,
/// the second is of one: the challenge's. All that a challenge demands is in both, or nobody would see that it was asked for
/// before.
fn demand(initial: &Scopes, challenge: &Scopes, naming: Naming) -> (Scopes, Scopes) {
    if challenge.is_empty() {
        return (initial.clone(), initial.of_resource(&initial.resource(naming), naming));
    }
    match initial.union(challenge).for_one_sign_in(naming) {
        Ok(both) => {
            let exchange = both.of_resource(&challenge.resource(naming), naming).union(challenge);
            (both, exchange)
        }
        Err(_) => (challenge.clone(), challenge.clone()),
    }
}

fn hint(query: &Parameters, name: &str) -> Option<String> {
    query.first(name).filter(|hint| !hint.is_empty() && hint.len() <= MAX_HINT).map(str::to_owned)
}

/// Who is signed in here; for a visitor, how their session ended, if it did.
async fn who(
    identity: &Identity,
    session: &Session,
    headers: &HeaderMap,
) -> Result<(Option<UserSession>, Option<Ended>), Box<dyn Error + Send + Sync>> {
    // Before it is loaded: of one that is over, nobody would know which it was.
    let handle = session::handle(session);
    if let Some(signed_in) = UserSession::load(session).await? {
        return Ok((Some(signed_in), None));
    }
    let ended = match handle {
        Some(handle) => Ended::of_session(identity, &handle).await?,
        None => None,
    };
    Ok((None, ended.or_else(|| Ended::of_cookie(identity, headers))))
}

/// What the provider calls them.
fn name_at_provider(signed_in: &UserSession) -> Option<String> {
    signed_in.claim("login_hint").or_else(|| signed_in.claim("preferred_username")).map(str::to_owned)
}

/// Where the provider sends the customer back to: must be registered there, character by character.
pub(super) fn redirect_uri(identity: &Identity) -> String {
    format!("{}{}", identity.public_url().as_str().trim_end_matches('/'), identity.site().path(REDIRECT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_demanded_is_asked_for_and_remembered() {
        let parse = Scopes::parse;
        let initial = parse("api://x/Read https://graph.microsoft.com/User.Read");
        for (challenge, scopes, exchange) in [
            ("", initial.to_string(), "api://x/Read"),
            ("api://x/Write", format!("{initial} api://x/Write"), "api://x/Read api://x/Write"),
            ("api://y/A api://z/B", format!("{initial} api://y/A api://z/B"), "api://y/A api://z/B"),
            ("api://x/.default", "api://x/.default".to_owned(), "api://x/.default"),
        ] {
            let found = demand(&initial, &parse(challenge), Naming::Entra);
            assert_eq!(found, (parse(&scopes), parse(exchange)), "{challenge}");
        }
        let all = parse(&format!("{initial} write"));
        assert_eq!(demand(&initial, &parse("write"), Naming::Opaque), (all.clone(), all));
    }
}
