//! An authorization request that waits for its user: made by the authorize endpoint, finished by a user flow. Bound
//! to the browser that started it by a cookie.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use time::Duration;

use super::authorize::{AuthorizationRequest, Denied};
use super::config::{App, UserFlow};
use super::sso::{self, Session};
use super::token::authorization_code;
use super::user_flow::pages;
use super::{Tenant, cookies};
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
}

/// An authorization request whose user is not known yet.
pub(super) struct Interaction {
    /// The handle in the pages' addresses (128 bits or more).
    pub(super) id: String,
    /// The app that asked.
    pub(super) app: App,
    /// The user flow that the app is associated with.
    pub(super) flow: UserFlow,
    /// E-mail address to fill in, when the app sent `login_hint`.
    pub(super) login_hint: Option<String>,
    request: AuthorizationRequest,
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
    /// Keeps a request until its user is known. Returns the interaction's id, and the cookie that binds it to the
    /// browser: without it, an attacker's sign-in could be finished in a victim's browser, or the other way round.
    pub(super) async fn begin(
        tenant: &Tenant,
        request: &AuthorizationRequest,
    ) -> Result<(String, HeaderValue), sqlx::Error> {
        let (id, browser) = (random::token(), random::token());
        // Whoever asks and never signs in leaves a row; it goes with a later request.
        sqlx::query("DELETE FROM interactions WHERE expires_at < $1")
            .bind(tenant.clock.unix_millis())
            .execute(&tenant.db)
            .await?;
        let request = serde_json::to_string(request).expect("a request is plain strings and numbers");
        sqlx::query("INSERT INTO interactions (id, browser_hash, request, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(&id)
            .bind(random::digest(&browser))
            .bind(request)
            .bind(millis(tenant.clock.now() + LIFETIME))
            .execute(&tenant.db)
            .await?;
        let cookie = cookies::set(tenant, cookies::INTERACTION, &browser, &cookie_path(tenant, &id));
        Ok((id, cookie))
    }

    /// Loads the interaction `id` when it has not ended and `headers` carry the cookie of the browser that began it.
    ///
    /// # Errors
    /// [`NotLoaded`]: show a page that says so and how to start again.
    pub(super) async fn load(tenant: &Tenant, id: &str, headers: &HeaderMap) -> Result<Self, NotLoaded> {
        let browser = cookies::read(headers, cookies::INTERACTION).ok_or(NotLoaded::Gone)?;
        let row: Option<(String,)> =
            sqlx::query_as("SELECT request FROM interactions WHERE id = $1 AND browser_hash = $2 AND expires_at > $3")
                .bind(id)
                .bind(random::digest(&browser))
                .bind(tenant.clock.unix_millis())
                .fetch_optional(&tenant.db)
                .await
                .map_err(|error| {
                    tracing::error!(%error, "an interaction could not be read");
                    NotLoaded::Unavailable
                })?;
        let request: AuthorizationRequest =
            serde_json::from_str(&row.ok_or(NotLoaded::Gone)?.0).map_err(|_| NotLoaded::Gone)?;
        // The configuration may have changed since.
        let app = tenant.config.app(&request.client_id.to_string()).ok_or(NotLoaded::Gone)?.clone();
        let flow = tenant.config.flow_of(&app).ok_or(NotLoaded::Gone)?.clone();
        Ok(Self {
            id: id.to_owned(),
            app,
            flow,
            login_hint: request.login_hint.clone(),
            request,
            previous_session: sso::cookie_hash(headers),
            headers: headers.clone(),
        })
    }

    /// The user has proved who they are: ends the interaction, starts the tenant's single sign-on session, issues the
    /// code and answers with the redirect (or form post) to the app.
    pub(super) async fn complete(self, tenant: &Tenant, user_id: &str) -> Response {
        match self.end(tenant).await {
            Ok(true) => {}
            // Another tab or a second click was first.
            Ok(false) => return pages::gone(&tenant.config.display_name),
            Err(error) => return unavailable(tenant, &error),
        }
        match self.sign_in(tenant, user_id).await {
            Ok(response) => response,
            Err(denied) => {
                self.with_cookie_removed(tenant, denied.answer(tenant, &self.request.return_to, &self.headers))
            }
        }
    }

    async fn sign_in(&self, tenant: &Tenant, user_id: &str) -> Result<Response, Denied> {
        let user = sso::still_counts(tenant, user_id, tenant.clock.unix_millis()).await??;
        // Core §3.1.2.1, id_token_hint: no positive answer about anybody else.
        let sub = tenant.subject(self.app.client_id, &user.id);
        if self.request.expected_sub.as_ref().is_some_and(|expected| *expected != sub) {
            return Err(Denied::AnotherUser);
        }
        let (session, cookie) = Session::start(tenant, user, self.previous_session.as_deref()).await?;
        let code = authorization_code::issue(tenant, &self.request, &session).await?;
        let mut response = self.with_cookie_removed(tenant, self.request.return_to.code(tenant, &code));
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    }

    /// The user does not want to: answers with `access_denied` to the app.
    pub(super) async fn cancel(self, tenant: &Tenant) -> Response {
        match self.end(tenant).await {
            Ok(true) => {
                let response = Denied::Cancelled.answer(tenant, &self.request.return_to, &self.headers);
                self.with_cookie_removed(tenant, response)
            }
            Ok(false) => pages::gone(&tenant.config.display_name),
            Err(error) => unavailable(tenant, &error),
        }
    }

    /// Removes the interaction; false when it had ended already. One statement, so that only one request ends it.
    async fn end(&self, tenant: &Tenant) -> Result<bool, sqlx::Error> {
        let ended: Option<(String,)> =
            sqlx::query_as("DELETE FROM interactions WHERE id = $1 AND expires_at > $2 RETURNING id")
                .bind(&self.id)
                .bind(tenant.clock.unix_millis())
                .fetch_optional(&tenant.db)
                .await?;
        Ok(ended.is_some())
    }

    fn with_cookie_removed(&self, tenant: &Tenant, mut response: Response) -> Response {
        let cookie = cookies::set(tenant, cookies::INTERACTION, "", &cookie_path(tenant, &self.id));
        response.headers_mut().append(header::SET_COOKIE, cookie);
        response
    }
}

/// The interaction is still there: the user may try again.
fn unavailable(tenant: &Tenant, error: &sqlx::Error) -> Response {
    tracing::error!(%error, "an interaction could not be ended");
    pages::unavailable(&tenant.config.display_name)
}

/// The pages of one interaction, and no others, get its cookie.
fn cookie_path(tenant: &Tenant, id: &str) -> String {
    tenant.path(&format!("/flow/{id}"))
}
