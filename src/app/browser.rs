//! What only a browser can do. On the server these functions exist, so that components need no gates, and do nothing.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::HtmlElement;

use crate::app::interaction::Draft;

/// The one key under which what was typed waits for the customer's return from the sign-in page.
#[cfg(feature = "hydrate")]
const DRAFT_KEY: &str = "errand.draft";

#[cfg(feature = "hydrate")]
thread_local! {
    /// On which the tabs of one browser tell each other that the customer signed out. One for both directions: a
    /// second one would hear this page's own words, and take it away from the form that signs out.
    static CHANNEL: Option<web_sys::BroadcastChannel> = web_sys::BroadcastChannel::new("errand").ok();
}

/// Lets tests (and anybody's tools) see that the page now answers by itself.
#[cfg(feature = "hydrate")]
pub(super) fn mark_as_taken_over() {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-hydrated", "");
    }
}

/// Leaves for `url` by a full page load: the router of the page does not know the server's own addresses.
pub(super) fn leave_for(url: &str) {
    // Refused only for a malformed address; then the link in the notice is still there.
    let _ = window().location().assign(url);
}

/// Keeps what was typed in this tab until [`take_draft`].
pub(super) fn keep_draft(draft: &Draft) {
    #[cfg(feature = "hydrate")]
    if let (Some(storage), Ok(text)) = (session_storage(), serde_json::to_string(draft)) {
        let _ = storage.set_item(DRAFT_KEY, &text);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = draft;
}

/// What [`keep_draft`] kept; reading it removes it.
pub(super) fn take_draft() -> Option<Draft> {
    #[cfg(feature = "hydrate")]
    {
        let storage = session_storage()?;
        let text = storage.get_item(DRAFT_KEY).ok()??;
        let _ = storage.remove_item(DRAFT_KEY);
        serde_json::from_str(&text).ok()
    }
    #[cfg(not(feature = "hydrate"))]
    None
}

#[cfg(feature = "hydrate")]
fn session_storage() -> Option<web_sys::Storage> {
    // An error where the customer blocks storage: then a draft is simply not kept.
    web_sys::window()?.session_storage().ok()?
}

/// Moves the focus to the element `id` once the page shows the latest change; to `otherwise` if it is not there.
pub(super) fn focus_soon(id: String, otherwise: &'static str) {
    request_animation_frame(move || {
        let element = document().get_element_by_id(&id).or_else(|| document().get_element_by_id(otherwise));
        if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            let _ = element.focus();
        }
    });
}

/// Whether keys pressed now are meant for a field.
pub(super) fn is_typing() -> bool {
    document()
        .active_element()
        .is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}

/// Tells the other tabs of this browser that the customer is signing out.
pub(super) fn announce_sign_out() {
    #[cfg(feature = "hydrate")]
    CHANNEL.with(|channel| channel.as_ref().map(|channel| channel.post_message(&"signed-out".into())));
}

/// Goes to the home page when another tab says that the customer signed out.
#[cfg(feature = "hydrate")]
pub(super) fn leave_when_signed_out_elsewhere() {
    use wasm_bindgen::closure::Closure;

    // A moment later, so that the other tab's request has ended the session before this one asks for a page.
    let leave = Closure::<dyn Fn()>::new(|| set_timeout(|| leave_for("/"), std::time::Duration::from_millis(800)));
    CHANNEL.with(|channel| {
        if let Some(channel) = channel {
            channel.set_onmessage(Some(leave.as_ref().unchecked_ref()));
        }
    });
    // Listens as long as the page lives.
    leave.forget();
}

/// Makes a redirect answered to a server function a page load. Must run before the router starts: the first wins.
#[cfg(feature = "hydrate")]
pub(super) fn follow_redirects_by_page_loads() {
    let _ = server_fn::redirect::set_redirect_hook(leave_for);
}
