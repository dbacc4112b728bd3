//! Keeps what Leptos does for one request apart from every other request.
//!
//! Leptos finds a request's state (its response's status and headers, its nonce, who asks) through the *owner* that is
//! current on the thread. Starting to render a page makes the page's owner current and leaves it so: whatever the thread
//! polls next would find that page's state, and what is rendered after an await would find somebody else's. Here every
//! poll of a request's work, first and last, has that request's owner, and the thread's is put back after it.

use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use leptos::context::use_context;
use leptos::prelude::Owner;
use leptos::reactive::owner::WeakOwner;

/// The owner of what Leptos does for this request, known from the moment that Leptos made it. Weak: it holds the
/// request's extensions, and this is one of them.
#[derive(Clone, Default)]
struct RequestOwner(Arc<OnceLock<WeakOwner>>);

/// The layer right around Leptos' handlers.
pub(super) async fn isolate(mut request: Request, next: Next) -> Response {
    let made = RequestOwner::default();
    request.extensions_mut().insert(made.clone());
    // Without a parent and without context: until Leptos has made the request's own, nothing can be found.
    let nobody = Owner::new_root(None);
    let mut answer = Box::pin(next.run(request));
    let answer = std::future::poll_fn(|context| {
        let owner = made.0.get().and_then(WeakOwner::upgrade).unwrap_or_else(|| nobody.clone());
        owner.with(|| answer.as_mut().poll(context))
    })
    .await;
    nobody.unset();
    answer
}

/// Notes the current owner as the request's. Called where Leptos lets an app provide its context.
pub(super) fn note_owner() {
    if let (Some(parts), Some(owner)) = (use_context::<Parts>(), Owner::current())
        && let Some(RequestOwner(made)) = parts.extensions.get::<RequestOwner>()
    {
        // A second call within one request changes nothing: the first owner is the outermost.
        let _ = made.set(owner.downgrade());
    }
}
