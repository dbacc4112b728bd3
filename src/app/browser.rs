//! What only a browser can do. On the server these functions exist, so that components need no gates, and do nothing.

#[cfg(feature = "hydrate")]
use std::cell::RefCell;

#[cfg(feature = "hydrate")]
use js_sys::Promise;
use leptos::html::Dialog;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::{Event, HtmlElement, HtmlFormElement, HtmlInputElement, KeyboardEvent, MouseEvent};
use serde::Deserialize;
use uuid::Uuid;
#[cfg(feature = "hydrate")]
use wasm_bindgen::JsValue;
#[cfg(feature = "hydrate")]
use wasm_bindgen::closure::Closure;

#[cfg(feature = "hydrate")]
use crate::app::address;
use crate::app::day_words::Reader;
use crate::app::draft::Draft;
use crate::app::error::AppError;
use crate::app::keys::Focus;
use crate::app::model::done::Done;
use crate::app::model::form_draft::FormDraft;
use crate::app::short_id;
#[cfg(feature = "hydrate")]
use crate::app::texts::{self, Texts};
#[cfg(feature = "hydrate")]
use crate::todo::{ClockTime, Day, ZoneName};

/// The one key under which what was typed waits for the customer's return from the sign-in page.
#[cfg(feature = "hydrate")]
const DRAFT_KEY: &str = "errand.draft";
/// What tabs tell each other.
#[cfg(feature = "hydrate")]
const SIGNED_OUT: &str = "signed-out";
#[cfg(feature = "hydrate")]
const STAYS: &str = "stays";

#[cfg(feature = "hydrate")]
thread_local! {
    /// On which the tabs of one browser tell each other that the customer signs out, or stays. One for both
    /// directions: a second one would hear this page's own words, and take it away from the form that signs out.
    static CHANNEL: Option<web_sys::BroadcastChannel> = web_sys::BroadcastChannel::new("errand").ok();
    /// The stream of events, while the page listens.
    static EVENTS: RefCell<Option<Events>> = const { RefCell::new(None) };
}

/// A stream of events and what hears them; closed when dropped.
#[cfg(feature = "hydrate")]
struct Events {
    source: web_sys::EventSource,
    _hears: [Closure<dyn Fn(web_sys::MessageEvent)>; 3],
}

#[cfg(feature = "hydrate")]
impl Drop for Events {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// Calls `leave` when what is being built goes away. Not on the server: there a page is built more than once, what is not
/// shown goes away on another thread, and a signal that both of them want at the same moment passes for disposed.
pub(super) fn when_gone(leave: impl FnOnce() + Send + Sync + 'static) {
    #[cfg(feature = "hydrate")]
    on_cleanup(leave);
    #[cfg(not(feature = "hydrate"))]
    drop(leave);
}

/// What a page hears of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser hears"))]
pub(super) enum ServerEvent {
    /// It has come to this change.
    Change(i64),
    /// It begins anew, with this change: what is known of it is of no use.
    Reset(i64),
    /// The server does not let the page listen, and the browser does not ask again by itself.
    Refused,
}

/// What `GET /auth/session` answers, as far as the page needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct SessionState {
    /// Whether somebody is signed in.
    pub(super) signed_in: bool,
    /// Until the session ends, if nothing is done.
    #[serde(default)]
    pub(super) seconds_left: i64,
    /// The customer signed this browser out from another one.
    #[serde(default)]
    pub(super) signed_out_elsewhere: bool,
}

/// Lets tests (and anybody's tools) see that the page now answers by itself.
#[cfg(feature = "hydrate")]
pub(super) fn mark_as_taken_over() {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-hydrated", "");
    }
}

/// Makes a page whose scripts fail what it was before them: plain forms and links. They fail where something changed the page
/// before it was taken over (a phone that makes links of numbers, a translator, a password manager), and what listens already
/// would swallow what is sent. A copy of the page has what was typed, and no listeners.
#[cfg(feature = "hydrate")]
pub(super) fn do_without_scripts_after_a_panic() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        let document = document();
        let focus = document.active_element().map(|element| element.id()).filter(|id| !id.is_empty());
        if let Some(root) = document.document_element() {
            let _ = root.remove_attribute("data-hydrated");
        }
        if let Some(body) = document.body()
            && let Ok(copy) = body.clone_node_with_deep(true)
        {
            // The router listens to the whole window, and leaves such links to the browser.
            let links = copy.dyn_ref::<HtmlElement>().map(|copy| copy.get_elements_by_tag_name("a"));
            for link in links.iter().flat_map(|links| (0..links.length()).filter_map(|place| links.item(place))) {
                let _ = link.set_attribute("rel", "external");
            }
            let _ = body.replace_with_with_node_1(&copy);
        }
        let element = focus.and_then(|id| document.get_element_by_id(&id));
        if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            let _ = element.focus();
        }
    }));
}

/// Leaves for `url` by a full page load: the router of the page does not know the server's own addresses.
pub(super) fn leave_for(url: &str) {
    // Refused only for a malformed address; then the link in the notice is still there.
    let _ = window().location().assign(url);
}

/// Loads the page anew.
pub(super) fn reload() {
    let _ = window().location().reload();
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
        serde_json::from_slice(text.as_bytes()).ok()
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

/// Does what a click on the element does.
pub(super) fn click(id: &str) {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = element {
        element.click();
    }
}

/// Takes the second of two quick clicks for no decision.
pub(super) fn only_once(event: MouseEvent) {
    if is_again(&event) {
        event.prevent_default();
    }
}

/// Whether it is the second of two clicks, or a further one.
pub(super) fn is_again(event: &MouseEvent) -> bool {
    event.detail() > 1
}

/// Whether a key is for an input method: for its window of candidates, say. Safari sends the one that closes that window
/// when composing is over, with the code that such keys have everywhere (UI Events §7.3.1).
pub(super) fn is_composing(event: &KeyboardEvent) -> bool {
    const OF_INPUT_METHOD: u32 = 229;
    event.is_composing() || event.key_code() == OF_INPUT_METHOD
}

/// Takes a key that is held for one press.
pub(super) fn only_once_held(event: KeyboardEvent) {
    if event.repeat() {
        event.prevent_default();
    }
}

/// What was typed into a form.
pub(super) fn typed(form: &HtmlFormElement) -> FormDraft {
    #[cfg(feature = "hydrate")]
    {
        let fields = web_sys::FormData::new_with_form(form).map(|data| {
            let pairs = js_sys::Array::from(&data).into_iter();
            pairs.filter_map(|pair| {
                let pair = js_sys::Array::from(&pair);
                pair.get(0).as_string().zip(pair.get(1).as_string())
            })
        });
        let url = form.get_attribute("action").unwrap_or_default();
        let action = url.strip_prefix(address::ACTIONS).unwrap_or_default();
        fields.map(|fields| FormDraft::of(action, fields)).unwrap_or_default()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = form;
        FormDraft::default()
    }
}

/// Puts what was typed back into a form.
pub(super) fn fill(form: &HtmlFormElement, typed: &FormDraft) {
    #[cfg(feature = "hydrate")]
    for field in (0..form.elements().length()).filter_map(|place| form.elements().item(place)) {
        let name = field.get_attribute("name").unwrap_or_default();
        if let Some(field) = field.dyn_ref::<web_sys::HtmlInputElement>() {
            match (field.type_().as_str(), typed.field(&name)) {
                ("checkbox", value) => field.set_checked(value.is_some()),
                ("hidden", _) | (_, None) => {}
                (_, Some(value)) => field.set_value(value),
            }
        } else if let (Some(field), Some(value)) = (field.dyn_ref::<web_sys::HtmlSelectElement>(), typed.field(&name)) {
            field.set_value(value);
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (form, typed);
}

/// Sends a form as the browser itself would, but stays on the page. Answers what was done.
#[cfg_attr(not(feature = "hydrate"), expect(clippy::unused_async, reason = "only a browser waits"))]
pub(super) async fn submit(form: &HtmlFormElement) -> Result<Done, AppError> {
    #[cfg(feature = "hydrate")]
    {
        let data = web_sys::FormData::new_with_form(form).ok();
        let data = data.and_then(|data| web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data).ok());
        let request = web_sys::RequestInit::new();
        request.set_method("POST");
        if let Some(data) = data {
            request.set_body(&data);
        }
        let address = form.get_attribute("action").unwrap_or_default();
        let (ok, text) = fetch(&address, &request).await.ok_or(AppError::Connection)?;
        if ok {
            return serde_json::from_slice(text.as_bytes()).map_err(|_| AppError::Unavailable);
        }
        Err(serde_json::from_slice(text.as_bytes()).unwrap_or(AppError::Unavailable))
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = form;
        Err(AppError::Connection)
    }
}

/// Asks for the state of the session; `slide` extends it. `None`: the web server does not answer.
#[cfg_attr(not(feature = "hydrate"), expect(clippy::unused_async, reason = "only a browser waits"))]
pub(super) async fn session_state(slide: bool) -> Option<SessionState> {
    #[cfg(feature = "hydrate")]
    {
        let url = address::SESSION.to_owned() + if slide { "" } else { "?slide=false" };
        let (ok, text) = fetch(&url, &web_sys::RequestInit::new()).await?;
        if ok { serde_json::from_slice(text.as_bytes()).ok() } else { None }
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = slide;
        None
    }
}

/// A request that wants JSON: whether it succeeded, and the text.
#[cfg(feature = "hydrate")]
async fn fetch(address: &str, request: &web_sys::RequestInit) -> Option<(bool, String)> {
    let headers = web_sys::Headers::new().ok()?;
    headers.set("accept", "application/json").ok()?;
    request.set_headers(&headers);
    let response = window().fetch_with_str_and_init(address, request).await.ok()?;
    let response = response.dyn_into::<web_sys::Response>().ok()?;
    let text = response.text().ok()?.await.ok()?.as_string()?;
    Some((response.ok(), text))
}

/// The IANA name of the time zone that this browser is set to.
pub(super) fn time_zone() -> Option<String> {
    #[cfg(feature = "hydrate")]
    {
        let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
        js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into()).ok()?.as_string()
    }
    #[cfg(not(feature = "hydrate"))]
    None
}

/// What day it is where this browser is, what its clock shows, and in which time zone; nothing on the server.
pub(super) fn here() -> Option<Reader> {
    #[cfg(feature = "hydrate")]
    {
        let now = js_sys::Date::new_0();
        let day = format!("{:04}-{:02}-{:02}", now.get_full_year(), now.get_month() + 1, now.get_date());
        let time = format!("{:02}:{:02}", now.get_hours(), now.get_minutes());
        let time_zone = time_zone().and_then(|name| ZoneName::parse(&name).ok());
        let (today, time) = Day::parse(&day).ok().zip(ClockTime::parse(&time).ok())?;
        Some(Reader { language: Texts::current().language(), today, time, time_zone })
    }
    #[cfg(not(feature = "hydrate"))]
    None
}

/// What the script with the texts of the page left.
#[cfg(feature = "hydrate")]
pub(super) fn texts_of_page() -> Option<String> {
    js_sys::Reflect::get(&window(), &texts::GLOBAL.into()).ok()?.as_string()
}

/// Tells the server in which time zone this browser is, with each request from now on: what is due today depends on it.
pub(super) fn tell_time_zone() {
    #[cfg(feature = "hydrate")]
    if let (Some(zone), Some(document)) = (time_zone(), document().dyn_ref::<web_sys::HtmlDocument>()) {
        let secure =
            if window().location().protocol().is_ok_and(|scheme| scheme == "https:") { "; secure" } else { "" };
        let name = address::TIME_ZONE_COOKIE;
        let _ = document.set_cookie(&format!("{name}={zone}; path=/; max-age=31536000; samesite=lax{secure}"));
    }
}

/// Whether nothing, or all of it, is filled in: of a date, a part may be.
pub(super) fn is_complete(field: &HtmlInputElement) -> bool {
    #[cfg(feature = "hydrate")]
    return !field.validity().bad_input();
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = field;
        true
    }
}

/// Remembers what the customer chose about how the page looks, in this browser. Nothing that is about them.
pub(super) fn remember(name: &str, is_on: bool) {
    #[cfg(feature = "hydrate")]
    if let Some(storage) = local_storage() {
        let _ = if is_on { storage.set_item(name, "on") } else { storage.remove_item(name) };
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (name, is_on);
}

/// What [`remember`] remembered; the server knows of nothing.
pub(super) fn remembered(name: &str) -> bool {
    #[cfg(feature = "hydrate")]
    return local_storage().and_then(|storage| storage.get_item(name).ok()?).is_some();
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = name;
        false
    }
}

#[cfg(feature = "hydrate")]
fn local_storage() -> Option<web_sys::Storage> {
    // An error where the customer blocks storage: then nothing is remembered.
    web_sys::window()?.local_storage().ok()?
}

/// Whether keys go to the element.
pub(super) fn is_focused(element: &HtmlInputElement) -> bool {
    document().active_element().is_some_and(|focused| focused == *element.unchecked_ref::<leptos::web_sys::Element>())
}

/// Whether keys go to this page, not to another window.
pub(super) fn has_window_focus() -> bool {
    document().has_focus().unwrap_or(true)
}

/// The row of the list that is at a place of the window, and whether the place is in its lower half.
pub(super) fn row_at(x: i32, y: i32) -> Option<(Uuid, bool)> {
    #[cfg(feature = "hydrate")]
    {
        #[expect(clippy::cast_precision_loss, reason = "no window is that large")]
        let (x, y) = (x as f32, y as f32);
        let row = document().element_from_point(x, y)?.closest("li.todo").ok()??;
        let bounds = row.get_bounding_client_rect();
        let is_below = f64::from(y) > bounds.top() + bounds.height() / 2.0;
        Some((short_id::row(&row.id())?, is_below))
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = (x, y);
        None
    }
}

/// Scrolls the window while something is dragged to its upper or lower edge.
pub(super) fn scroll_at_edge(y: i32) {
    #[cfg(feature = "hydrate")]
    {
        let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
        let by = if y < 48 {
            -12.0
        } else if f64::from(y) > height - 48.0 {
            12.0
        } else {
            return;
        };
        window().scroll_by_with_x_and_y(0.0, by);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = y;
}

/// Whether the page can be seen right now.
pub(super) fn is_visible() -> bool {
    !document().hidden()
}

/// The path and query of this page.
pub(super) fn address() -> String {
    let location = window().location();
    location.pathname().unwrap_or_default() + &location.search().unwrap_or_default()
}

/// Tells the other tabs of this browser that the customer is signing out.
pub(super) fn announce_sign_out() {
    #[cfg(feature = "hydrate")]
    say(SIGNED_OUT);
}

/// Tells the other tabs of this browser that the session was extended.
pub(super) fn announce_stay() {
    #[cfg(feature = "hydrate")]
    say(STAYS);
}

/// Listens to the server's events at `url`, in place of those that the page listened to before.
pub(super) fn listen_to_server(url: &str, hear: impl Fn(ServerEvent) + Clone + 'static) {
    #[cfg(feature = "hydrate")]
    {
        let number = |message: &web_sys::MessageEvent| message.last_event_id().parse::<i64>().ok();
        let Ok(source) = web_sys::EventSource::new(url) else { return };
        let on = |name: &str, to: Box<dyn Fn(web_sys::MessageEvent)>| {
            let hears = Closure::<dyn Fn(web_sys::MessageEvent)>::wrap(to);
            let _ = source.add_event_listener_with_callback(name, hears.as_ref().unchecked_ref());
            hears
        };
        let (of_change, of_reset, refused, asked) = (hear.clone(), hear.clone(), hear, source.clone());
        let hears = [
            on(
                "change",
                Box::new(move |message| {
                    if let Some(to) = number(&message) {
                        of_change(ServerEvent::Change(to));
                    }
                }),
            ),
            on(
                "reset",
                Box::new(move |message| {
                    if let Some(to) = number(&message) {
                        of_reset(ServerEvent::Reset(to));
                    }
                }),
            ),
            on(
                "error",
                Box::new(move |_| {
                    if asked.ready_state() == web_sys::EventSource::CLOSED {
                        refused(ServerEvent::Refused);
                    }
                }),
            ),
        ];
        EVENTS.with_borrow_mut(|events| *events = Some(Events { source: source.clone(), _hears: hears }));
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (url, hear);
}

/// Listens no more.
pub(super) fn stop_listening_to_server() {
    #[cfg(feature = "hydrate")]
    EVENTS.with_borrow_mut(|events| *events = None);
}

#[cfg(feature = "hydrate")]
fn say(word: &str) {
    CHANNEL.with(|channel| channel.as_ref().map(|channel| channel.post_message(&word.into())));
}

/// Goes to the home page when another tab says that the customer signs out, and calls `signs_out` before; calls `stays` when
/// it says that the session was extended. Once per page: listens as long as the page lives.
pub(super) fn listen_to_other_tabs(stays: impl Fn() + 'static, signs_out: impl Fn() + 'static) {
    #[cfg(feature = "hydrate")]
    {
        let hear = Closure::<dyn Fn(web_sys::MessageEvent)>::new(move |message: web_sys::MessageEvent| {
            match message.data().as_string().as_deref() {
                // A moment later, so that the other tab's request has ended the session before this one asks for a page.
                Some(SIGNED_OUT) => {
                    signs_out();
                    set_timeout(|| leave_for(address::HOME), std::time::Duration::from_millis(800));
                }
                Some(STAYS) => stays(),
                _ => {}
            }
        });
        CHANNEL.with(|channel| {
            if let Some(channel) = channel {
                channel.set_onmessage(Some(hear.as_ref().unchecked_ref()));
            }
        });
        hear.forget();
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (stays, signs_out);
}

/// Holds the lock `name` (W3C Web Locks API) for as long as the page is there. Browsers without locks do without.
#[cfg(feature = "hydrate")]
pub(super) fn hold_lock(name: &str) {
    let held = Closure::once_into_js(|_: JsValue| Promise::new(&mut |_, _| {}));
    let _ = request_lock(name, &held);
}

/// Runs `work` once nobody holds the lock `name`, and holds it meanwhile.
#[cfg(feature = "hydrate")]
pub(super) fn when_lock_is_free<W: Future<Output = ()> + 'static>(name: &str, work: impl FnOnce() -> W + 'static) {
    use std::cell::Cell;
    use std::rc::Rc;

    let work = Rc::new(Cell::new(Some(work)));
    let run = {
        let work = Rc::clone(&work);
        move || {
            let mut work = work.take();
            Promise::new(&mut |done, _| {
                let work = work.take();
                leptos::task::spawn_local(async move {
                    if let Some(work) = work {
                        work().await;
                    }
                    let _ = done.call0(&JsValue::UNDEFINED);
                });
            })
        }
    };
    let held = {
        let run = run.clone();
        Closure::once_into_js(move |_: JsValue| run())
    };
    if request_lock(name, &held).is_none() {
        // A browser without locks: nobody holds it.
        let _ = run();
    }
}

/// `navigator.locks`, which the bindings count among the unstable interfaces.
#[cfg(feature = "hydrate")]
fn request_lock(name: &str, held: &JsValue) -> Option<JsValue> {
    let locks = js_sys::Reflect::get(&window().navigator(), &"locks".into()).ok()?;
    let request = js_sys::Reflect::get(&locks, &"request".into()).ok()?.dyn_into::<js_sys::Function>().ok()?;
    request.call2(&locks, &name.into(), held).ok()
}

/// Waits for a while.
#[cfg_attr(not(feature = "hydrate"), expect(clippy::unused_async, reason = "only a browser waits"))]
pub(super) async fn sleep(time: std::time::Duration) {
    #[cfg(feature = "hydrate")]
    {
        let over = Promise::new(&mut |done, _| {
            set_timeout(
                move || {
                    let _ = done.call0(&JsValue::UNDEFINED);
                },
                time,
            );
        });
        let _ = over.await;
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = time;
}

/// The result of `work`, unless it takes longer than `limit`.
pub(super) async fn within<T: 'static>(limit: std::time::Duration, work: impl Future<Output = T>) -> Option<T> {
    let over = std::pin::pin!(sleep(limit));
    let work = std::pin::pin!(work);
    match futures_util::future::select(work, over).await {
        futures_util::future::Either::Left((result, _)) => Some(result),
        futures_util::future::Either::Right(_) => None,
    }
}

/// Whether the browser knows that it has no network.
pub(super) fn is_offline() -> bool {
    #[cfg(feature = "hydrate")]
    return !window().navigator().on_line();
    #[cfg(not(feature = "hydrate"))]
    false
}

/// Asks the customer, in a window of the browser's own.
pub(super) fn confirm(question: &str) -> bool {
    // A browser that asks nobody does what was asked for.
    window().confirm_with_message(question).unwrap_or(true)
}

/// Shows the element `id`, where it is out of sight, once the page shows the latest change.
pub(super) fn scroll_to_soon(id: String) {
    request_animation_frame(move || {
        #[cfg(feature = "hydrate")]
        if let Some(element) = document().get_element_by_id(&id) {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            element.scroll_into_view_with_scroll_into_view_options(&options);
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = id;
    });
}

/// What has the focus, as far as keys are concerned.
pub(super) fn focus_of_keys() -> Focus {
    #[cfg(feature = "hydrate")]
    {
        let document = document();
        if document.query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some()) {
            return Focus::Dialog;
        }
        let Some(element) = document.active_element() else { return Focus::Page };
        let is_editable = element.dyn_ref::<HtmlElement>().is_some_and(HtmlElement::is_content_editable);
        let text = match element.tag_name().as_str() {
            "INPUT" => element.dyn_ref::<HtmlInputElement>().map(HtmlInputElement::value),
            "TEXTAREA" => element.dyn_ref::<web_sys::HtmlTextAreaElement>().map(web_sys::HtmlTextAreaElement::value),
            "SELECT" => Some("chosen".to_owned()),
            _ => is_editable.then(|| element.text_content().unwrap_or_default()),
        };
        match text {
            // Another one that is empty may have been emptied just now: its own history brings its text back.
            Some(text) if text.is_empty() && element.id() == "new-todo" => Focus::EmptyField,
            Some(_) => Focus::Field,
            None if element.matches("li.todo").unwrap_or(false) => Focus::Row,
            None if element.closest("li.todo").is_ok_and(|row| row.is_some()) => Focus::InRow,
            None => Focus::Page,
        }
    }
    #[cfg(not(feature = "hydrate"))]
    Focus::Page
}

/// The row of the list that has the focus, or has what has it.
pub(super) fn row_with_focus() -> Option<Uuid> {
    short_id::row(&document().active_element()?.closest("li.todo").ok()??.id())
}

/// The rows of the list that can be seen, in their order.
pub(super) fn shown_rows() -> Vec<Uuid> {
    #[cfg(feature = "hydrate")]
    {
        // Those that are folded away cannot.
        let Ok(rows) = document().query_selector_all("li.todo:not(details:not([open]) *)") else { return Vec::new() };
        let ids = (0..rows.length()).filter_map(|place| rows.item(place)?.dyn_into::<web_sys::Element>().ok());
        ids.filter_map(|row| short_id::row(&row.id())).collect()
    }
    #[cfg(not(feature = "hydrate"))]
    Vec::new()
}

/// Moves the focus to a row of the list itself. Answers whether it is there.
pub(super) fn focus_row(id: Uuid) -> bool {
    let row = document().get_element_by_id(&short_id::of_row(id)).and_then(|row| row.dyn_into::<HtmlElement>().ok());
    row.is_some_and(|row| {
        // Keys go there; Tab does not, which has its buttons.
        let _ = row.set_attribute("tabindex", "-1");
        row.focus().is_ok()
    })
}

/// The same once the page shows the latest change, with the first of some rows that is there then.
pub(super) fn focus_row_soon(ids: [Option<Uuid>; 2]) {
    request_animation_frame(move || {
        // What the change itself asked for comes first.
        request_animation_frame(move || {
            let _ = ids.into_iter().flatten().any(focus_row);
        });
    });
}

/// What can be done with a row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// Marking it as done, or not done.
    Toggle,
    /// Changing its text.
    Edit,
    /// Deleting it.
    Delete,
    /// Giving it a star, or taking it.
    Star,
    /// Opening its details.
    Details,
}

impl Control {
    pub(super) const ALL: [Self; 5] = [Self::Toggle, Self::Edit, Self::Delete, Self::Star, Self::Details];

    /// Its class.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Toggle => "check",
            Self::Edit => "todo__edit",
            Self::Delete => "todo__delete",
            Self::Star => "star",
            Self::Details => "todo__more",
        }
    }

    fn of_row(self, id: Uuid) -> Option<HtmlElement> {
        let row = document().get_element_by_id(&short_id::of_row(id))?;
        row.query_selector(&format!(".{}", self.class())).ok()??.dyn_into().ok()
    }
}

/// Presses the button of a row, or follows its link, where it is there and can be pressed.
pub(super) fn press(control: Control, id: Uuid) {
    if let Some(element) = control.of_row(id).filter(|element| !element.hidden()) {
        element.click();
    }
}

/// Moves the focus to a control of a row once the page shows the latest change; to the field for a new one if it is not there.
pub(super) fn focus_control_soon(control: Control, id: Option<Uuid>) {
    request_animation_frame(move || {
        let element = id.and_then(|id| control.of_row(id)).filter(|element| !element.hidden());
        let field = || document().get_element_by_id("new-todo")?.dyn_into::<HtmlElement>().ok();
        if let Some(element) = element.or_else(field) {
            let _ = element.focus();
        }
    });
}

/// Moves the focus to a field, where it is there, and selects its text.
pub(super) fn focus_field(id: &str) {
    let field = document().get_element_by_id(id).and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
    if let Some(field) = field {
        let _ = field.focus();
        field.select();
    }
}

/// Opens a window of the page once it has what is in it, which gets the focus; Escape closes it, and the focus goes back (HTML,
/// `showModal`).
pub(super) fn open_dialog_soon(dialog: NodeRef<Dialog>) {
    request_animation_frame(move || {
        if let Some(dialog) = dialog.get_untracked().filter(|dialog| !dialog.open()) {
            let _ = dialog.show_modal();
        }
    });
}

/// Closes a window of the page.
pub(super) fn close_dialog(dialog: NodeRef<Dialog>) {
    if let Some(dialog) = dialog.get_untracked() {
        dialog.close();
    }
}

/// Starts what shows the list without a network. Not in browsers without it, nor where the page came by plain http.
pub(super) fn start_service_worker() {
    #[cfg(feature = "hydrate")]
    if let Some(container) = service_workers()
        && let Some(register) = function(&container, "register")
        && let Ok(started) = register.call1(&container, &"/service-worker.js".into())
        && let Ok(started) = started.dyn_into::<Promise>()
    {
        leptos::task::spawn_local(async move {
            // Refused where the customer blocks storage.
            let _ = started.await;
        });
    }
}

/// Tells it something, where it is there.
pub(super) fn tell_service_worker(word: &str) {
    #[cfg(feature = "hydrate")]
    if let Some(container) = service_workers()
        && let Ok(worker) = js_sys::Reflect::get(&container, &"controller".into())
        && let Some(post) = function(&worker, "postMessage")
    {
        let _ = post.call1(&worker, &word.into());
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = word;
}

#[cfg(feature = "hydrate")]
fn service_workers() -> Option<JsValue> {
    let container = js_sys::Reflect::get(&window().navigator(), &"serviceWorker".into()).ok()?;
    container.is_object().then_some(container)
}

#[cfg(feature = "hydrate")]
fn function(of: &JsValue, name: &str) -> Option<js_sys::Function> {
    js_sys::Reflect::get(of, &name.into()).ok()?.dyn_into().ok()
}

/// The tags of the languages that the customer reads (RFC 5646), the first before all others.
pub(super) fn languages() -> Vec<String> {
    #[cfg(feature = "hydrate")]
    return window().navigator().languages().iter().filter_map(|tag| tag.as_string()).collect();
    #[cfg(not(feature = "hydrate"))]
    Vec::new()
}

/// The text that is pasted.
pub(super) fn pasted(event: &Event) -> Option<String> {
    #[cfg(feature = "hydrate")]
    return event.dyn_ref::<web_sys::ClipboardEvent>()?.clipboard_data()?.get_data("text/plain").ok();
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = event;
        None
    }
}

/// What is selected of a field's text, in bytes of it; the end, where nothing is known of that.
pub(super) fn selection(field: &HtmlInputElement) -> (usize, usize) {
    let value = field.value();
    #[cfg(feature = "hydrate")]
    {
        // Browsers count the units of UTF-16.
        let bytes = |units: u32| {
            let mut left = units as usize;
            let within = value.chars().take_while(|c| {
                let fits = left >= c.len_utf16();
                left = left.saturating_sub(c.len_utf16());
                fits
            });
            within.map(char::len_utf8).sum::<usize>()
        };
        let place = |place: Option<u32>| place.map_or(value.len(), bytes);
        let begin = place(field.selection_start().ok().flatten());
        let end = place(field.selection_end().ok().flatten());
        (begin.min(end), begin.max(end))
    }
    #[cfg(not(feature = "hydrate"))]
    (value.len(), value.len())
}

/// Makes a redirect answered to a server function a page load. Must run before the router starts: the first wins.
#[cfg(feature = "hydrate")]
pub(super) fn follow_redirects_by_page_loads() {
    let _ = server_fn::redirect::set_redirect_hook(leave_for);
}
