//! What a plain form leaves behind for the next page: an error, and what was typed. Kept in the session; when there
//! is none (the customer must sign in first), in a sealed cookie.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};
use leptos::context::use_context;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::Web;
use super::account::{email, ended_others};
use super::customer::Request;
use crate::app::actions::customer::{Notice, Typed};
use crate::app::error::AppError;
use crate::identity::session::SignedIn;
use crate::platform::cookies;

/// The session's entry.
const ENTRY: &str = "notice";
/// What a sealed draft is bound to.
const CONTEXT: &str = "draft";
/// Minutes that a draft survives while its author signs in.
const DRAFT_MINUTES: i64 = 15;
/// How much text a draft can hold, in bytes, and in how many fields.
const DRAFT_BYTES: usize = 2000;
const DRAFT_FIELDS: usize = 8;
/// The session's entry that says that its customer was greeted.
const GREETED: &str = "greeted";

/// A draft that waits for its author to sign in.
#[derive(Serialize, Deserialize)]
struct Draft {
    form: Typed,
    /// Who typed it, where the session still knew.
    customer: Option<String>,
    /// Milliseconds since the epoch.
    typed_at: i64,
}

/// Leaves a notice for the next page of this session. A visitor has none, and nothing is left.
pub(super) async fn leave(session: &Session, notice: &Notice) {
    let left = match SignedIn::load(session).await {
        Ok(Some(_)) => session.insert(ENTRY, notice).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = left {
        tracing::error!(%error, "a notice could not be kept");
    }
}

/// The cookie that keeps a draft while its author signs in.
pub(super) fn draft_cookie(web: &Web, mut form: Typed, customer: Option<String>) -> Cookie<'static> {
    // Browsers drop a cookie of more than 4096 bytes: of texts that nothing could hold anyway, the beginning is kept.
    let mut room = DRAFT_BYTES;
    form.fields.truncate(DRAFT_FIELDS);
    for (_, text) in &mut form.fields {
        text.truncate(text.floor_char_boundary(room));
        room -= text.len();
    }
    let draft = Draft { form, customer, typed_at: web.clock.unix_millis() };
    let sealed = web.identity.keys.seal(CONTEXT, &serde_json::to_string(&draft).unwrap_or_default());
    let mut cookie = bare(web, sealed);
    cookie.set_max_age(cookie::time::Duration::minutes(DRAFT_MINUTES));
    cookie
}

/// Takes what was left: from the session, else from the cookie.
pub(super) async fn take(request: &Request) -> Result<Notice, AppError> {
    let Some(signed_in) = request.signed_in().await? else { return Ok(Notice::default()) };
    let greeting = greeting(request, &signed_in).await;
    if let Some(notice) = take_from(&request.session).await {
        return Ok(Notice { greeting, ..notice });
    }
    if let Some(notice) = take_ended_others(&request.session).await {
        return Ok(Notice { greeting, ..notice });
    }
    let web = &request.web;
    let Some(sealed) = find(web, &request.parts.headers) else { return Ok(Notice { greeting, ..Notice::default() }) };
    if let Some(response) = use_context::<ResponseOptions>() {
        let mut removal = bare(web, String::new());
        removal.set_max_age(cookie::time::Duration::ZERO);
        if let Ok(value) = HeaderValue::from_str(&removal.to_string()) {
            response.append_header(header::SET_COOKIE, value);
        }
    }
    let draft: Option<Draft> =
        web.identity.keys.open(CONTEXT, &sealed).ok().and_then(|json| serde_json::from_str(&json).ok());
    let fresh = |draft: &Draft| web.clock.unix_millis() - draft.typed_at < DRAFT_MINUTES * 60_000;
    let theirs = |draft: &Draft| draft.customer.as_deref().is_none_or(|key| key == signed_in.key.as_str());
    let form = draft.filter(|draft| fresh(draft) && theirs(draft)).map(|draft| draft.form);
    Ok(Notice { form: form.unwrap_or_default(), greeting, ..Notice::default() })
}

/// What there is to tell at the first page of a session: that digests which needed this sign-in come again.
async fn greeting(request: &Request, signed_in: &SignedIn) -> Option<String> {
    if !matches!(request.session.get::<bool>(GREETED).await, Ok(None)) {
        return None;
    }
    let (digests, customer) = (&request.web.digests, signed_in.key.as_str());
    let resumed = async {
        if let Some(email) = email(signed_in) {
            digests.readdress(customer, email, &request.name(signed_in).await).await?;
        }
        digests.resume(customer, signed_in.signed_in_at).await
    };
    let skipped = match resumed.await {
        Ok(skipped) => skipped,
        // Asked again on the next page.
        Err(error) => {
            tracing::warn!(%error, "whether a customer's digest was skipped cannot be told");
            return None;
        }
    };
    if let Err(error) = request.session.insert(GREETED, true).await {
        tracing::warn!(%error, "a greeting could not be noted");
    }
    skipped.map(|_| {
        "While you were away your daily digest could not be sent, because Errand needed you to sign in again. \
         You just did: it comes again from the next morning on."
            .to_owned()
    })
}

/// What was left in the session. Looks before it removes: a removal marks the session as changed, whether or not
/// there was anything, and every page would cost a database write.
async fn take_from(session: &Session) -> Option<Notice> {
    let taken = match session.get_value(ENTRY).await {
        Ok(None) => return None,
        Ok(Some(_)) => session.remove(ENTRY).await,
        Err(error) => Err(error),
    };
    taken.unwrap_or_else(|error| {
        tracing::error!(%error, "a notice could not be read");
        None
    })
}

/// What the customer did by proving who they are: they come back from the provider, and it is done.
async fn take_ended_others(session: &Session) -> Option<Notice> {
    match SignedIn::take_ended_others(session).await {
        Ok(ended) => ended.map(|ended| Notice {
            done: Some(ended_others(ended)),
            form: Typed { action: "sessions/end-others".to_owned(), fields: Vec::new() },
            ..Notice::default()
        }),
        Err(error) => {
            tracing::error!(%error, "what was done cannot be told");
            None
        }
    }
}

fn name(web: &Web) -> String {
    web.identity.cookie_name("draft")
}

fn find(web: &Web, headers: &HeaderMap) -> Option<String> {
    cookies::read(headers, &name(web)).map(str::to_owned)
}

fn bare(web: &Web, value: String) -> Cookie<'static> {
    Cookie::build((name(web), value))
        .path("/")
        .http_only(true)
        .secure(web.identity.is_https())
        .same_site(SameSite::Lax)
        .build()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tower_sessions::session::{Id, Record};
    use tower_sessions::session_store::{Result, SessionStore};

    use super::*;

    /// A store without a session: these sessions live in memory, and are never saved.
    #[derive(Debug)]
    struct Empty;

    #[async_trait::async_trait]
    impl SessionStore for Empty {
        async fn save(&self, _: &Record) -> Result<()> {
            Ok(())
        }

        async fn load(&self, _: &Id) -> Result<Option<Record>> {
            Ok(None)
        }

        async fn delete(&self, _: &Id) -> Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn looking_for_a_notice_that_is_not_there_leaves_the_session_unchanged() {
        let session = Session::new(None, Arc::new(Empty), None);
        assert_eq!(take_from(&session).await, None);
        assert!(!session.is_modified());
    }

    #[tokio::test]
    async fn a_notice_is_taken_once_and_that_is_a_change() {
        let session = Session::new(None, Arc::new(Empty), None);
        let notice = Notice { error: Some("It is full.".to_owned()), ..Notice::default() };
        session.insert_value(ENTRY, serde_json::to_value(&notice).unwrap()).await.unwrap();
        assert_eq!(take_from(&session).await, Some(notice));
        assert_eq!(take_from(&session).await, None);
        assert!(session.is_modified());
    }
}
