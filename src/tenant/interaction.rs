//! An authorization request that waits for its user: made by the authorize endpoint, finished by a user flow. The browser
//! that started it carries it, sealed, in cookies of its pages alone, and no other browser can go on with it. Anybody can
//! ask, so nothing is stored until somebody has signed in: then, which interactions have ended.
//!
//! A request may wait more than once: for the user to sign in, then for a second factor, then for consent. Each time it
//! is an interaction of its own, which one answer ends. [`go_on`] alone issues codes to interactions, and looks each
//! time at what is still due: no step can be skipped by asking for the next one.

use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use time::Duration;

use super::authorization_response::redirect;
use super::authorize::{AuthorizationRequest, Denied};
use super::config::{App, Consent, UserFlow};
use super::scope::{ResourceScopes, Scopes};
use super::sso::{self, Factor, Lapsed, Session};
use super::token::authorization_code;
use super::user::User;
use super::user_flow::pages::WayBack;
use super::user_flow::{self, pages};
use super::{Tenant, consent, cookies};
use crate::platform::clock::millis;
use crate::platform::random;

/// How long the user has.
const LIFETIME: Duration = Duration::hours(1);

/// How the user flow begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The sign-in page.
    SignIn,
    /// Straight to sign-up (`prompt=create`).
    SignUp,
    /// The user has signed in, and is to prove more.
    StepUp,
    /// The user has signed in, and is asked for permissions.
    Consent,
}

/// What stands between a user who has signed in and the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A second factor, for an authentication context.
    StepUp,
    /// The user's agreement to these permissions.
    Consent(Vec<ResourceScopes>),
}

/// What is still to be asked before the app gets its code, if anything.
pub(super) async fn due(
    tenant: &Tenant,
    app: &App,
    request: &AuthorizationRequest,
    session: &Session,
) -> Result<Option<Due>, Denied> {
    if !request.claims.satisfied_by(&session.acrs) {
        return Ok(Some(Due::StepUp));
    }
    let wanted = Scopes::parse(&request.scope, app, &tenant.config)?.resources;
    let missing = if request.ask_consent {
        by_user(app, wanted)
    } else {
        consent::missing(tenant, &session.user.id, app, &wanted).await?
    };
    Ok((!missing.is_empty()).then_some(Due::Consent(missing)))
}

/// Those of `wanted` that are the user's to agree to.
fn by_user(app: &App, mut wanted: Vec<ResourceScopes>) -> Vec<ResourceScopes> {
    for of in &mut wanted {
        of.values.retain(|value| app.consent_for(of.resource, value) == Some(Consent::User));
    }
    wanted.retain(|of| !of.values.is_empty());
    wanted
}

/// Goes on with the request of a user who has signed in: asks for what is due, or answers the app with a code.
pub(super) async fn go_on(
    tenant: &Tenant,
    app: &App,
    request: &AuthorizationRequest,
    session: &Session,
) -> Result<Response, Denied> {
    let start = match due(tenant, app, request, session).await? {
        None => {
            let code = authorization_code::issue(tenant, request, session).await?.ok_or(Denied::SessionEnded)?;
            let client_info = request.client_info.then(|| tenant.client_info(&session.user.id));
            return Ok(request.return_to.code(tenant, &code, client_info.as_deref()));
        }
        Some(Due::StepUp) => Start::StepUp,
        Some(Due::Consent(_)) => Start::Consent,
    };
    Ok(Interaction::begin(tenant, request, start, Some(session)).await?)
}

/// What the browser carries.
#[derive(Serialize, Deserialize)]
struct Kept {
    request: AuthorizationRequest,
    sid: Option<String>,
    expires_at: i64,
}

/// What the sealed text is bound to.
fn context(id: &str) -> String {
    format!("interaction/{id}")
}

/// An authorization request that waits for its user.
pub(super) struct Interaction {
    /// The handle in the pages' addresses (128 bits or more).
    pub(super) id: String,
    /// The app that asked.
    pub(super) app: App,
    /// The user flow that the app is associated with.
    pub(super) flow: UserFlow,
    /// E-mail address to fill in, when the app sent `login_hint`.
    pub(super) login_hint: Option<String>,
    /// The session whose user has signed in already and is asked for more.
    pub(super) sid: Option<String>,
    request: AuthorizationRequest,
    /// Milliseconds since the epoch.
    expires_at: i64,
    /// The digest of the session cookie that this browser came with: signing in again replaces it.
    previous_session: Option<String>,
    /// Of the request that the answer is for.
    headers: HeaderMap,
}

/// Why an interaction cannot go on.
#[derive(Debug)]
pub(super) enum NotLoaded {
    /// It does not exist (any more), or belongs to another browser.
    Gone,
    /// The database does not answer.
    Unavailable,
}

impl Interaction {
    /// Keeps a request until its user has answered, and leads there: with a cookie that binds the interaction to the
    /// browser. Without it, an attacker's sign-in could be finished in a victim's browser, or the other way round.
    pub(super) async fn begin(
        tenant: &Tenant,
        request: &AuthorizationRequest,
        start: Start,
        session: Option<&Session>,
    ) -> Result<Response, sqlx::Error> {
        // The app, so that pages of an interaction that has ended lead back to it.
        let id = format!("{}~{}", random::token(), request.client_id);
        tenant.sweep_when_due().await?;
        let kept = Kept {
            request: request.clone(),
            sid: session.map(|session| session.sid.clone()),
            expires_at: millis(tenant.clock.now() + LIFETIME),
        };
        let kept = serde_json::to_string(&kept).expect("a request is plain strings and numbers");
        let sealed = tenant.interactions.seal(&context(&id), &kept);
        let mut response = redirect(&tenant.path(&user_flow::path(&id, start)));
        let path = cookie_path(tenant, &id);
        for (part, text) in sealed.as_bytes().chunks(cookies::MAX_VALUE).enumerate() {
            let text = std::str::from_utf8(text).expect("base64url is ASCII");
            let cookie = cookies::set(tenant, cookies::interaction(part), text, &path);
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }

    /// Loads the interaction `id` when it has not ended and `headers` carry the cookie of the browser that began it.
    ///
    /// # Errors
    /// [`NotLoaded`]: show a page that says so and how to start again.
    pub(super) async fn load(tenant: &Tenant, id: &str, headers: &HeaderMap) -> Result<Self, NotLoaded> {
        let parts = (0..).map_while(|part| cookies::read(headers, &cookies::interaction(part)));
        let sealed: String = parts.collect();
        let kept = tenant.interactions.open(&context(id), &sealed).map_err(|_| NotLoaded::Gone)?;
        let Kept { request, sid, expires_at } = serde_json::from_str(&kept).map_err(|_| NotLoaded::Gone)?;
        if expires_at <= tenant.clock.unix_millis() {
            return Err(NotLoaded::Gone);
        }
        let ended: Option<(String,)> = sqlx::query_as("SELECT id FROM ended_interactions WHERE id = $1")
            .bind(id)
            .fetch_optional(&tenant.db)
            .await
            .map_err(|error| {
                tracing::error!(%error, "an interaction could not be read");
                NotLoaded::Unavailable
            })?;
        if ended.is_some() {
            return Err(NotLoaded::Gone);
        }
        // The configuration may have changed since.
        let app = tenant.config.app(&request.client_id.to_string()).ok_or(NotLoaded::Gone)?.clone();
        let flow = tenant.config.flow_of(&app).ok_or(NotLoaded::Gone)?.clone();
        Ok(Self {
            id: id.to_owned(),
            app,
            flow,
            login_hint: request.login_hint.clone(),
            sid,
            request,
            expires_at,
            previous_session: sso::cookie_hash(headers),
            headers: headers.clone(),
        })
    }

    /// The user has proved who they are: ends the interaction, starts the tenant's single sign-on session, and goes on:
    /// to the app with a code, or to what is still to be asked. `user` is as they were when their proof was looked at.
    pub(super) async fn complete(self, tenant: &Tenant, user: &User, factor: Factor) -> Response {
        match self.end(tenant).await {
            Ok(true) => {}
            // Another tab or a second click was first.
            Ok(false) => return over(tenant, &self.headers, Some(&self.app)).await,
            Err(error) => return unavailable(tenant, &error),
        }
        let signed_in = self.sign_in(tenant, user, factor).await;
        self.answer(tenant, signed_in)
    }

    async fn sign_in(&self, tenant: &Tenant, proved: &User, factor: Factor) -> Result<Response, Denied> {
        let user = sso::still_counts(tenant, &proved.id, tenant.clock.unix_millis()).await??;
        // Hashing waits its turn: the old password may have been right when it was looked up, and reset since.
        if user.password_changed_at != proved.password_changed_at {
            return Err(Lapsed::PasswordChanged.into());
        }
        // Core §3.1.2.1, id_token_hint: no positive answer about anybody else.
        let sub = tenant.subject(self.app.client_id, &user.id);
        if self.request.expected_sub.as_ref().is_some_and(|expected| *expected != sub) {
            return Err(Denied::AnotherUser);
        }
        let (session, cookie) = Session::start(tenant, user, factor, self.previous_session.as_deref()).await??;
        let mut response = match go_on(tenant, &self.app, &self.request, &session).await {
            Ok(response) => response,
            // They have signed in all the same.
            Err(denied) => denied.answer(tenant, &self.request.return_to, &self.headers),
        };
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    }

    /// The user of `session` has proved themselves with a second factor: remembers that, and goes on.
    pub(super) async fn step_up(self, tenant: &Tenant, mut session: Session) -> Response {
        let remembered = async {
            let contexts = self.request.claims.acrs.iter();
            let known = contexts.filter(|context| tenant.config.authentication_context(context).is_some());
            let known: Vec<_> = known.cloned().collect();
            Ok(self.end(tenant).await? && session.satisfy(tenant, &known).await?)
        };
        match remembered.await {
            Ok(true) => {}
            Ok(false) => return over(tenant, &self.headers, Some(&self.app)).await,
            Err(error) => return unavailable(tenant, &error),
        }
        let gone_on = go_on(tenant, &self.app, &self.request, &session).await;
        self.answer(tenant, gone_on)
    }

    /// What the user of `session` is to be asked for; empty when there is nothing (any more).
    pub(super) async fn permissions(&self, tenant: &Tenant, session: &Session) -> Result<Vec<ResourceScopes>, Denied> {
        Ok(match due(tenant, &self.app, &self.request, session).await? {
            Some(Due::Consent(missing)) => missing,
            Some(Due::StepUp) | None => Vec::new(),
        })
    }

    /// The user of `session` agrees to these permissions: remembers that, and goes on.
    pub(super) async fn accept(mut self, tenant: &Tenant, session: &Session, agreed: &[ResourceScopes]) -> Response {
        let remembered = async {
            if !self.end(tenant).await? {
                return Ok(false);
            }
            consent::grant(tenant, &session.user.id, self.app.client_id, agreed).await?;
            Ok(true)
        };
        match remembered.await {
            Ok(true) => {}
            Ok(false) => return over(tenant, &self.headers, Some(&self.app)).await,
            Err(error) => return unavailable(tenant, &error),
        }
        self.request.ask_consent = false;
        let gone_on = go_on(tenant, &self.app, &self.request, session).await;
        self.answer(tenant, gone_on)
    }

    /// The user does not want to sign in: answers with `access_denied` to the app. Nothing is kept of it: anybody can do
    /// so as often as they like, and the app knows its state once.
    pub(super) fn cancel(self, tenant: &Tenant) -> Response {
        self.answer(tenant, Err(Denied::Cancelled))
    }

    /// The user does not agree to the permissions: answers with `access_denied` to the app.
    pub(super) async fn decline(self, tenant: &Tenant) -> Response {
        match self.end(tenant).await {
            Ok(true) => self.answer(tenant, Err(Denied::ConsentDeclined)),
            Ok(false) => over(tenant, &self.headers, Some(&self.app)).await,
            Err(error) => unavailable(tenant, &error),
        }
    }

    /// The answer that ends this interaction, or word to the app that there is none.
    pub(super) fn answer(&self, tenant: &Tenant, outcome: Result<Response, Denied>) -> Response {
        let response = outcome.unwrap_or_else(|denied| denied.answer(tenant, &self.request.return_to, &self.headers));
        self.with_cookie_removed(tenant, response)
    }

    /// Ends the interaction; false when it had ended already. One statement, so that only one request ends it.
    async fn end(&self, tenant: &Tenant) -> Result<bool, sqlx::Error> {
        if self.expires_at <= tenant.clock.unix_millis() {
            return Ok(false);
        }
        let ended =
            sqlx::query("INSERT INTO ended_interactions (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
                .bind(&self.id)
                .bind(self.expires_at)
                .execute(&tenant.db)
                .await?;
        Ok(ended.rows_affected() > 0)
    }

    fn with_cookie_removed(&self, tenant: &Tenant, mut response: Response) -> Response {
        let path = cookie_path(tenant, &self.id);
        for part in (0..).take_while(|part| cookies::read(&self.headers, &cookies::interaction(*part)).is_some()) {
            let cookie = cookies::set(tenant, cookies::interaction(part), "", &path);
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// The answer where an interaction cannot go on. Whoever is signed in has most likely come back to one that is finished
/// (by Back, or a second click), and goes on to the app; anybody else is told, with the way to the app.
pub(super) async fn over(tenant: &Tenant, headers: &HeaderMap, app: Option<&App>) -> Response {
    let signed_in = matches!(Session::find(tenant, headers).await, Ok(Some(_)));
    match app.and_then(App::home).filter(|_| signed_in) {
        Some(home) => redirect(&home),
        None => pages::gone(&WayBack::to(tenant, app)),
    }
}

/// The interaction is still there: the user may try again.
fn unavailable(tenant: &Tenant, error: &sqlx::Error) -> Response {
    tracing::error!(%error, "an interaction could not be ended");
    pages::unavailable(&WayBack::to(tenant, None))
}

/// The pages of one interaction, and no others, get its cookie.
fn cookie_path(tenant: &Tenant, id: &str) -> String {
    tenant.path(&format!("/flow/{id}"))
}
