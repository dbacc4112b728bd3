//! An authorization request that waits for its user: made by the authorize endpoint, finished by a user flow. The browser
//! that started it carries it, sealed, in cookies of its pages alone, and no other browser can go on with it. Anybody can
//! ask, so nothing is stored until somebody has signed in: then, which interactions have ended.
//!
//! A request may wait more than once: for the user to sign in, then for a second factor, then for consent. Each time it
//! is an interaction of its own, which one answer ends.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use time::Duration;

use super::after_sign_in::{self, AfterSignIn, PendingStep};
use super::authorization_request::{AuthorizationRequest, Denied};
use super::config::{App, UserFlow};
use super::scope::ResourceScopes;
use super::sso::{self, Factor, Session, SignInInvalid};
use super::state::Tenant;
use super::user::User;
use super::{consent, cookies};
use crate::platform::clock::millis;
use crate::platform::random;
use crate::platform::redirect::see_other;

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

impl Start {
    /// The address of the first page, below the tenant's segment: `/flow/{id}/sign-in`.
    pub(super) fn address(self, interaction_id: &str) -> String {
        let page = match self {
            Self::SignIn => "sign-in",
            Self::SignUp => "sign-up",
            Self::StepUp => "step-up",
            Self::Consent => "consent",
        };
        format!("/flow/{interaction_id}/{page}")
    }
}

impl From<PendingStep> for Start {
    fn from(step: PendingStep) -> Self {
        match step {
            PendingStep::StepUp => Self::StepUp,
            PendingStep::Consent(_) => Self::Consent,
        }
    }
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

/// Who has signed in, and what follows.
pub(super) struct SignedIn {
    /// The session that has begun.
    pub(super) session: Session,
    /// Its cookie: they have signed in, whatever follows.
    pub(super) cookie: HeaderValue,
    /// What follows for the app.
    pub(super) after: Result<AfterSignIn, Denied>,
}

/// Why an interaction does not lead on to the app's code.
#[derive(Debug)]
pub(super) enum Unfinished {
    /// Another request has ended it, or it took too long.
    Gone,
    /// It has ended, and the app is told why there is no code.
    Denied(Denied),
    /// The database does not answer. The interaction is still there: the user may try again.
    Unavailable(sqlx::Error),
}

impl From<Denied> for Unfinished {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
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
            expires_at: millis(tenant.clock().now() + LIFETIME),
        };
        let kept = serde_json::to_string(&kept).expect("a request is plain strings and numbers");
        let sealed = tenant.interactions().seal(&context(&id), &kept);
        let mut response = see_other(&tenant.path(&start.address(&id)));
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
        let kept = tenant.interactions().open(&context(id), &sealed).map_err(|_| NotLoaded::Gone)?;
        let Kept { request, sid, expires_at } = serde_json::from_str(&kept).map_err(|_| NotLoaded::Gone)?;
        if expires_at <= tenant.clock().unix_millis() {
            return Err(NotLoaded::Gone);
        }
        let ended: Option<String> = sqlx::query_scalar("SELECT id FROM ended_interactions WHERE id = $1")
            .bind(id)
            .fetch_optional(tenant.db())
            .await
            .map_err(|error| {
                tracing::error!(%error, "an interaction could not be read");
                NotLoaded::Unavailable
            })?;
        if ended.is_some() {
            return Err(NotLoaded::Gone);
        }
        // The configuration may have changed since.
        let app = tenant.config().app(&request.client_id.to_string()).ok_or(NotLoaded::Gone)?.clone();
        let flow = tenant.config().flow_of(&app).ok_or(NotLoaded::Gone)?.clone();
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

    /// The request that waits.
    pub(super) fn request(&self) -> &AuthorizationRequest {
        &self.request
    }

    /// The headers of the browser's request.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The user has proved who they are: ends the interaction, starts the tenant's single sign-on session, and resumes
    /// the request. `user` is as they were when their proof was looked at.
    pub(super) async fn complete(&self, tenant: &Tenant, user: &User, factor: Factor) -> Result<SignedIn, Unfinished> {
        self.end(tenant).await?;
        let (session, cookie) = self.start_session(tenant, user, factor).await?;
        let after = after_sign_in::resume(tenant, &self.app, &self.request, &session).await;
        Ok(SignedIn { session, cookie, after })
    }

    async fn start_session(
        &self,
        tenant: &Tenant,
        proved: &User,
        factor: Factor,
    ) -> Result<(Session, HeaderValue), Denied> {
        let user = sso::still_counts(tenant, &proved.id, tenant.clock().unix_millis()).await??;
        // Hashing waits its turn: the old password may have been right when it was looked up, and reset since.
        if user.password_changed_at != proved.password_changed_at {
            return Err(SignInInvalid::PasswordChanged.into());
        }
        // Core §3.1.2.1, id_token_hint: no positive answer about anybody else.
        let sub = tenant.subject(self.app.client_id, &user.id);
        if self.request.expected_sub.as_ref().is_some_and(|expected| *expected != sub) {
            return Err(Denied::AnotherUser);
        }
        Ok(Session::start(tenant, user, factor, self.previous_session.as_deref()).await??)
    }

    /// The user of `session` has proved themselves with a second factor: remembers that, and resumes the request.
    pub(super) async fn step_up(&self, tenant: &Tenant, session: &mut Session) -> Result<AfterSignIn, Unfinished> {
        self.end(tenant).await?;
        let contexts = self.request.claims.acrs.iter();
        let known = contexts.filter(|context| tenant.config().authentication_context(context).is_some());
        let known: Vec<_> = known.cloned().collect();
        if !session.satisfy(tenant, &known).await.map_err(Unfinished::Unavailable)? {
            return Err(Unfinished::Gone);
        }
        Ok(after_sign_in::resume(tenant, &self.app, &self.request, session).await?)
    }

    /// What the user of `session` is to be asked for; empty when there is nothing (any more).
    pub(super) async fn permissions(&self, tenant: &Tenant, session: &Session) -> Result<Vec<ResourceScopes>, Denied> {
        Ok(match after_sign_in::pending_step(tenant, &self.app, &self.request, session).await? {
            Some(PendingStep::Consent(missing)) => missing,
            Some(PendingStep::StepUp) | None => Vec::new(),
        })
    }

    /// The user of `session` agrees to these permissions: remembers that, and resumes the request.
    pub(super) async fn accept(
        &mut self,
        tenant: &Tenant,
        session: &Session,
        agreed: &[ResourceScopes],
    ) -> Result<AfterSignIn, Unfinished> {
        self.end(tenant).await?;
        let granted = consent::grant(tenant, &session.user.id, self.app.client_id, agreed).await;
        granted.map_err(Unfinished::Unavailable)?;
        self.request.ask_consent = false;
        Ok(after_sign_in::resume(tenant, &self.app, &self.request, session).await?)
    }

    /// The user does not agree to the permissions: ends the interaction.
    pub(super) async fn decline(&self, tenant: &Tenant) -> Unfinished {
        match self.end(tenant).await {
            Ok(()) => Unfinished::Denied(Denied::ConsentDeclined),
            Err(unfinished) => unfinished,
        }
    }

    /// Ends the interaction. One statement, so that only one request ends it: another tab or a second click gets
    /// [`Unfinished::Gone`].
    async fn end(&self, tenant: &Tenant) -> Result<(), Unfinished> {
        if self.expires_at <= tenant.clock().unix_millis() {
            return Err(Unfinished::Gone);
        }
        let ended =
            sqlx::query("INSERT INTO ended_interactions (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
                .bind(&self.id)
                .bind(self.expires_at)
                .execute(tenant.db())
                .await
                .map_err(Unfinished::Unavailable)?;
        if ended.rows_affected() > 0 { Ok(()) } else { Err(Unfinished::Gone) }
    }

    /// The answer that ends this interaction: without its cookies.
    pub(super) fn with_cookie_removed(&self, tenant: &Tenant, mut response: Response) -> Response {
        let path = cookie_path(tenant, &self.id);
        for part in (0..).take_while(|part| cookies::read(&self.headers, &cookies::interaction(*part)).is_some()) {
            let cookie = cookies::set(tenant, cookies::interaction(part), "", &path);
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// The pages of one interaction, and no others, get its cookie.
fn cookie_path(tenant: &Tenant, id: &str) -> String {
    tenant.path(&format!("/flow/{id}"))
}
