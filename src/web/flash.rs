//! The flash message that a plain form leaves for the next page: an error or a result, and what was typed. It is kept in the
//! session; while its author is away to sign in or to consent, in a sealed cookie that only its author can use.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::Cookie;
use leptos::context::use_context;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};
use time::Duration;
use tower_sessions::Session;

use super::digest::{address, email};
use super::request::{Request, tag};
use super::state::Web;
use crate::app::error::{AppError, Section};
use crate::app::model::done::Done;
use crate::app::model::flash::{Flash, Greeting};
use crate::app::model::form_draft::FormDraft;
use crate::identity::session::{self, UserSession};
use crate::platform::clock::Timestamp;
use crate::platform::sealed_cookie::SealedCookie;

/// The session's entry.
const ENTRY: &str = "notice";
/// What a sealed draft is bound to, and what says whose browser it is.
const CONTEXT: &str = "draft";
const AUTHOR: &str = "author";
/// For how many milliseconds a draft survives while its author signs in: as long as a sign-in may take.
const DRAFT_LIFETIME: Duration = Duration::HOUR;
/// How much text a draft can hold, in bytes, and in how many fields.
const DRAFT_BYTES: usize = 2000;
const DRAFT_FIELDS: usize = 16;
/// Browsers drop a cookie of more than 4096 bytes, name and attributes included.
const MAX_COOKIE: usize = 4000;
/// The session's entry that says that its customer was greeted.
const GREETED: &str = "greeted";

/// A form whose author is away. Shown to nobody else, and on the page that it belongs to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Draft {
    /// Where the form goes, below `/actions/`.
    pub(super) action: String,
    /// All of its fields.
    pub(super) fields: Vec<(String, String)>,
    /// Whose it is ([`tag`]).
    pub(super) author: String,
    /// What its author is asked for (see [`crate::identity::sign_in::challenge_in`]); once they have allowed that, what
    /// the form asks for is done.
    pub(super) challenge: Option<String>,
    /// When it was sent.
    pub(super) typed_at: Timestamp,
}

impl Draft {
    /// A form that `author` sent just now.
    pub(super) fn new(web: &Web, action: &str, fields: Vec<(String, String)>, author: String) -> Self {
        Self { action: action.to_owned(), fields, author, challenge: None, typed_at: web.clock().timestamp() }
    }

    /// What its author typed.
    pub(super) fn typed(&self) -> FormDraft {
        FormDraft::of(&self.action, self.fields.iter().cloned())
    }

    /// The cookie that keeps it. Of texts that are too long the beginning is kept; such a form is not finished on its own.
    pub(super) fn cookie(mut self, web: &Web) -> Cookie<'static> {
        let mut room = DRAFT_BYTES;
        loop {
            self.cut(room);
            let cookie = drafts(web).set(&self, Some(DRAFT_LIFETIME));
            if cookie.to_string().len() <= MAX_COOKIE || room == 0 {
                return cookie;
            }
            room /= 2;
        }
    }

    fn cut(&mut self, mut room: usize) {
        let before = self.fields.clone();
        self.fields.truncate(DRAFT_FIELDS);
        for (name, text) in &mut self.fields {
            name.truncate(name.floor_char_boundary(room));
            room -= name.len();
            text.truncate(text.floor_char_boundary(room));
            room -= text.len();
        }
        if self.fields != before {
            self.challenge = None;
        }
    }
}

/// The draft that a browser brings, if it can still be used.
pub(super) fn draft(web: &Web, headers: &HeaderMap) -> Option<Draft> {
    let draft: Draft = drafts(web).read(headers)?;
    web.clock().is_within(DRAFT_LIFETIME, draft.typed_at).then_some(draft)
}

/// The cookie that removes the draft.
pub(super) fn draft_removal(web: &Web) -> Cookie<'static> {
    drafts(web).removal()
}

/// The cookies that remove what a browser keeps of whoever used it.
pub(super) fn removals(web: &Web) -> [Cookie<'static>; 2] {
    [drafts(web), authors(web)].map(|cookie| cookie.removal())
}

fn drafts(web: &Web) -> SealedCookie<'_> {
    web.identity().sealed_cookie(CONTEXT, CONTEXT)
}

fn authors(web: &Web) -> SealedCookie<'_> {
    web.identity().sealed_cookie(AUTHOR, AUTHOR)
}

/// Whose a form is that is sent without a session: the customer whom its page was made for, else the one who used this
/// browser last. `None`: nobody knows, so it is kept for nobody.
pub(super) fn author_of(web: &Web, headers: &HeaderMap, fields: &[(String, String)]) -> Option<String> {
    let named = fields.iter().find(|(name, _)| name == AUTHOR).map(|(_, tag)| tag.as_str());
    let is_tag = |tag: &&str| (1..=64).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_graphic());
    named.filter(is_tag).map(str::to_owned).or_else(|| last_author(web, headers))
}

/// Who used this browser last.
fn last_author(web: &Web, headers: &HeaderMap) -> Option<String> {
    authors(web).read(headers)
}

/// Has the browser remember, sealed and until it is closed, who uses it: the session may be over when a form is sent.
pub(super) fn remember_author(request: &Request, signed_in: &UserSession) {
    let (web, tag) = (&request.web, tag(&signed_in.key));
    if last_author(web, &request.parts.headers).is_none_or(|known| known != tag) {
        set_cookie(&authors(web).set(&tag, None));
    }
}

/// The flash message could not be kept.
#[derive(Debug)]
pub(super) struct Unkept;

/// Keeps a flash message for the next page of this session.
pub(super) async fn put(session: &Session, flash: &Flash) -> Result<(), Unkept> {
    let left = async {
        if UserSession::load(session).await?.is_none() {
            return Ok(false);
        }
        session.insert(ENTRY, flash).await?;
        session::keep(session).await?;
        Ok::<_, tower_sessions::session::Error>(true)
    };
    match left.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Unkept),
        Err(error) => {
            tracing::error!(%error, "a notice could not be kept");
            Err(Unkept)
        }
    }
}

/// Takes what was left for the page that is asked for: from the session, else from the cookie.
pub(super) async fn take(request: &Request, signed_in: &UserSession) -> Flash {
    let author = tag(&signed_in.key);
    let greeting = greeting(request, signed_in).await;
    let page = request.page();
    let (web, headers) = (&request.web, &request.parts.headers);
    let declined = web.identity().declined(headers, &request.session).map(|_| {
        set_cookie(&web.identity().declined_removal());
        AppError::Declined { url: String::new() }
    });
    if let Some(flash) = take_from(&request.session, page.as_str()).await {
        let error = declined.or(flash.error);
        return Flash { error, greeting, author, ..flash };
    }
    if Section::Sessions.is_on(page.as_str())
        && let Some(flash) = take_ended_others(&request.session).await
    {
        return Flash { greeting, author, ..flash };
    }
    let found = drafts(web).is_sent(headers).then(|| draft(web, headers));
    let form = match found {
        // For another page of theirs.
        Some(Some(draft)) if draft.author == author && !Section::of_action(&draft.action).is_on(page.as_str()) => None,
        Some(draft) => {
            set_cookie(&draft_removal(web));
            draft.filter(|draft| draft.author == author).map(|draft| draft.typed())
        }
        None => None,
    };
    Flash { error: declined, form: form.unwrap_or_default(), greeting, author, ..Flash::default() }
}

/// Adds a cookie to the answer that is being made.
pub(super) fn set_cookie(cookie: &Cookie<'_>) {
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie.to_string()))
    {
        response.append_header(header::SET_COOKIE, value);
    }
}

/// Whether the customer was just asked for something, and did not allow it. Told once: the browser forgets it with the
/// page that is being made.
pub(super) fn has_declined(request: &Request) -> bool {
    let declined = request.web.identity().declined(&request.parts.headers, &request.session).is_some();
    if declined {
        set_cookie(&request.web.identity().declined_removal());
    }
    declined
}

/// What there is to tell at the first page of a session: that digests which needed this sign-in come again.
async fn greeting(request: &Request, signed_in: &UserSession) -> Option<Greeting> {
    if !matches!(request.session.get::<bool>(GREETED).await, Ok(None)) {
        return None;
    }
    let (digests, customer) = (&request.web.digests(), signed_in.key.as_str());
    let resumed = async {
        if let Some(email) = email(signed_in) {
            let address = address(request, signed_in, email).await;
            digests.readdress(customer, &address).await?;
            digests.set_reminder_address(customer, &address).await?;
        }
        digests.resume(customer, signed_in.signed_in_at).await
    };
    let skipped = match resumed.await {
        Ok(skipped) => skipped,
        // Retried on the next page.
        Err(error) => {
            tracing::warn!(%error, "whether a customer's digest was skipped cannot be told");
            return None;
        }
    };
    if let Err(error) = request.session.insert(GREETED, true).await {
        tracing::warn!(%error, "a greeting could not be noted");
    }
    skipped.map(|_| Greeting::DigestPausedMeanwhile)
}

/// What was left in the session for `page`. Looks before it removes: a removal marks the session as changed, whether or not
/// there was anything, and every page would cost a database write.
async fn take_from(session: &Session, page: &str) -> Option<Flash> {
    let taken = match session.get::<Flash>(ENTRY).await {
        Ok(Some(flash)) if flash.form.action.is_empty() || Section::of_action(&flash.form.action).is_on(page) => {
            session.remove(ENTRY).await
        }
        Ok(_) => return None,
        // Of another version of Errand: nobody will ever read it.
        Err(error) => session.remove_value(ENTRY).await.and(Err(error)),
    };
    taken.unwrap_or_else(|error| {
        tracing::error!(%error, "a notice could not be read");
        None
    })
}

/// What the customer did by proving who they are: they come back from the provider, and it is done.
async fn take_ended_others(session: &Session) -> Option<Flash> {
    match UserSession::take_ended_others(session).await {
        Ok(ended) => ended.map(|count| Flash {
            done: Some(Done::OtherSessionsEnded { count }),
            form: FormDraft { action: "sessions/end-others".to_owned(), fields: Vec::new() },
            ..Flash::default()
        }),
        Err(error) => {
            tracing::error!(%error, "what was done cannot be told");
            None
        }
    }
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
        assert_eq!(take_from(&session, "/todos").await, None);
        assert!(!session.is_modified());
    }

    #[tokio::test]
    async fn a_notice_is_taken_once_and_that_is_a_change() {
        let session = Session::new(None, Arc::new(Empty), None);
        let flash = Flash { error: Some(AppError::Forbidden), ..Flash::default() };
        session.insert_value(ENTRY, serde_json::to_value(&flash).unwrap()).await.unwrap();
        assert_eq!(take_from(&session, "/todos").await, Some(flash));
        assert_eq!(take_from(&session, "/todos").await, None);
        assert!(session.is_modified());
    }

    #[tokio::test]
    async fn a_notice_that_cannot_be_read_is_in_nobodys_way_twice() {
        let session = Session::new(None, Arc::new(Empty), None);
        session.insert_value(ENTRY, serde_json::json!({ "done": "in words" })).await.unwrap();
        assert_eq!(take_from(&session, "/todos").await, None);
        assert_eq!(session.get_value(ENTRY).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_notice_waits_for_the_page_that_it_belongs_to() {
        let session = Session::new(None, Arc::new(Empty), None);
        let form = FormDraft { action: "profile".to_owned(), fields: Vec::new() };
        let flash = Flash { error: Some(AppError::Forbidden), form, ..Flash::default() };
        session.insert_value(ENTRY, serde_json::to_value(&flash).unwrap()).await.unwrap();
        for page in ["/todos", "/todos/active?edit=x", "/", "/accounts"] {
            assert_eq!(take_from(&session, page).await, None, "{page}");
        }
        assert_eq!(take_from(&session, "/account?x=y").await, Some(flash));
    }
}
