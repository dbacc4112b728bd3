//! A web app that signs people in and calls an API as them. Configuration: `web.toml`, overridden by variables such as
//! `THINGS_WEB_IDENTITY__CLIENT_ID`:
//!
//! ```toml
//! mode = "development"
//! public_url = "http://localhost:3000"        # redirect URI to register: http://localhost:3000/auth/redirect
//! database_url = "sqlite:web.db"
//! encryption_keys = [{ file = "key" }]        # openssl rand -base64 32 | tr '+/' '-_' | tr -d '='
//! identity = { authority = "https://contoso.ciamlogin.com", client_id = "…", client_credentials = [{ secret = { file = "secret" } }] }
//! downstream_apis = { things = { base_url = "http://localhost:3001", relative_path = "things", scopes = ["api://things/Things.Read"] } }
//! ```

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use errand::identity::downstream::{Call, DownstreamApi, DownstreamError};
use errand::identity::session::UserSession;
use errand::identity::{self, App, Identity, NextStep};
use tokio_util::sync::CancellationToken;
use tower_sessions::Session;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let App { identity, apis } = identity::open("web.toml", "THINGS_WEB_").await?;
    let things = apis.get("things").ok_or("[downstream_apis.things] is missing")?.clone();
    // Watches the provider, and removes sessions that are over.
    tokio::spawn(identity.clone().maintain(CancellationToken::new()));
    let pages = Router::new().route("/", get(home)).route("/things", get(show_things));
    // Every handler has its session; `/auth/sign-in` and the rest are there; posts of other sites are refused.
    let app = identity.mount(pages.with_state((identity.clone(), things)));

    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

async fn home(session: Session) -> Result<Html<&'static str>, StatusCode> {
    let signed_in = UserSession::load(&session).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(Html(match signed_in {
        Some(_) => {
            r#"<a href="/things">Things</a><form method="post" action="/auth/sign-out"><button>Sign out</button></form>"#
        }
        None => r#"<a href="/auth/sign-in">Sign in</a> <a href="/auth/sign-up">Sign up</a>"#,
    }))
}

async fn show_things(
    session: Session,
    State((identity, things)): State<(Identity, DownstreamApi)>,
) -> Result<Response, StatusCode> {
    let page = identity.return_to("/things");
    let signed_in = UserSession::load(&session).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let Some(signed_in) = signed_in else {
        return Ok(Redirect::to(&identity.sign_in_url(&page)).into_response());
    };
    match things.call_for_user(identity.tokens(), &signed_in.key, &Call::default()).await {
        Ok(answer) => Ok(answer.body.into_response()),
        Err(DownstreamError::Acquire(error)) => match identity.next_step(&signed_in, &error, &page) {
            // Consent, a second factor, or a sign-in that is too old: the customer goes to the provider, and comes back here.
            NextStep::Redirect { url, .. } => Ok(Redirect::to(&url).into_response()),
            // They were there, and it was not granted: no second round, but a way out.
            NextStep::NotGranted { url, .. } => {
                let again = url.replace('&', "&amp;");
                let page = format!(r#"This was not permitted. <a href="{again}">Try again</a> <a href="/">Home</a>"#);
                Ok((StatusCode::FORBIDDEN, Html(page)).into_response())
            }
            NextStep::Misconfigured => Err(StatusCode::BAD_GATEWAY),
            NextStep::Unavailable => Err(StatusCode::SERVICE_UNAVAILABLE),
        },
        Err(error) => {
            eprintln!("{error}");
            Err(StatusCode::BAD_GATEWAY)
        }
    }
}
