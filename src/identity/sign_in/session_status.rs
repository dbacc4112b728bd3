//! `GET /auth/session`: who is signed in, and for how long yet, for pages that warn before a session ends and notice a
//! sign-out in another tab. Asking extends the session as any request does, unless `slide=false`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tower_sessions::{Session, SessionStore as _, session_store};

use super::parameters::Parameters;
use crate::identity::ended::Ended;
use crate::identity::ended_sessions::EndedBy;
use crate::identity::session::Store;
use crate::identity::state::Identity;
use crate::platform::hash;

/// The answer.
#[derive(Default, Serialize)]
struct SessionStatus {
    signed_in: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Until the session ends, if nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_left: Option<i64>,
    /// The customer signed this browser out from another one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    signed_out_elsewhere: bool,
}

pub(super) async fn handle(
    State(identity): State<Identity>,
    session: Session,
    query: Parameters,
    headers: HeaderMap,
) -> Response {
    // Another site must not keep a session alive, not even by a link.
    let foreign = headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    let slide = query.first("slide") != Some("false") && !foreign;
    let answer = match status(&identity, &session, &headers, slide).await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => {
            tracing::error!(%error, "a session could not be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    };
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

async fn status(
    identity: &Identity,
    session: &Session,
    headers: &HeaderMap,
    slide: bool,
) -> session_store::Result<SessionStatus> {
    let nobody = |ended: Option<Ended>| SessionStatus {
        signed_out_elsewhere: ended.is_some_and(|ended| ended.by == EndedBy::Browser),
        ..SessionStatus::default()
    };
    let Some(id) = session.id() else { return Ok(nobody(Ended::of_cookie(identity, headers))) };
    let store = Store::new(identity);
    // Past the session of this request, which would be loaded, and with that extended, by a look into it.
    if slide {
        store.load(&id).await?;
    }
    if let Some((signed_in, left)) = store.status(&id).await? {
        let (name, seconds_left) = (signed_in.name, Some(left.whole_seconds()));
        return Ok(SessionStatus { signed_in: true, name, seconds_left, signed_out_elsewhere: false });
    }
    let ended = Ended::of_session(identity, &hash::sha256_base64url(&id.to_string())).await;
    Ok(nobody(ended.map_err(|error| session_store::Error::Backend(error.to_string()))?))
}
