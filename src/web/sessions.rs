//! Where the customer is signed in.

use super::moment::moment;
use super::request::Request;
use crate::app::error::AppError;
use crate::app::model::account::SignedInBrowser;
use crate::app::model::done::Done;
use crate::identity::session::{Ended, Ending, UserSession};

/// The customer's sessions, this one first.
pub(super) async fn sessions(request: &Request, signed_in: &UserSession) -> Result<Vec<SignedInBrowser>, AppError> {
    let now = request.web.clock().timestamp();
    let sessions = request.web.identity().sessions(signed_in, &request.session).await;
    let sessions = sessions.map_err(|error| unreadable(&error))?;
    let mut sessions: Vec<_> = sessions
        .into_iter()
        .map(|session| SignedInBrowser {
            signed_in: moment(now, session.signed_in_at),
            last_seen: moment(now, session.last_seen_at),
            handle: session.handle,
            browser: session.browser,
            current: session.current,
        })
        .collect();
    sessions.sort_by_key(|session| !session.current);
    Ok(sessions)
}

/// Ends one of the customer's other sessions. One that is over already is what was wanted.
pub(crate) async fn end_session(handle: &str) -> Result<Done, AppError> {
    end_sessions(&Ending::One(handle.to_owned()), |_| Done::SessionEnded).await
}

/// Ends all of the customer's sessions but this one.
pub(crate) async fn end_other_sessions() -> Result<Done, AppError> {
    end_sessions(&Ending::Others, |count| Done::OtherSessionsEnded { count }).await
}

async fn end_sessions(which: &Ending, done: impl Fn(usize) -> Done) -> Result<Done, AppError> {
    let request = Request::current()?;
    let signed_in = request.require_signed_in().await?;
    let identity = &request.web.identity();
    let ended = identity.end_sessions(&signed_in, &request.session, which, &request.page()).await;
    match ended.map_err(|error| unreadable(&error))? {
        Ended::Sessions(ended) => Ok(done(ended)),
        Ended::ProofRequired { url } => Err(AppError::SignInRequired { url }),
    }
}

/// The database does not answer.
pub(super) fn unreadable(error: &sqlx::Error) -> AppError {
    tracing::error!(%error, "the database does not answer");
    AppError::Unavailable
}
