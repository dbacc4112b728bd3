//! What the pages are made of: the frame, form fields, and the pages that say that something is wrong. Everything
//! works without scripts, and looks right from 320 pixels up, in light and dark.

use std::sync::LazyLock;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use tower_http::csrf::CsrfLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::super::Tenant;
use super::super::config::App;
use crate::platform::random;

const CSS: &str = include_str!("../tenant.css");
const MARK: &str = include_str!("../tenant.svg");

/// Changes with the style sheet, so that it may be cached for long.
static CSS_HREF: LazyLock<String> = LazyLock::new(|| format!("/assets/tenant.css?v={}", &random::digest(CSS)[..12]));

/// No scripts, no frames, nothing from elsewhere. No `form-action`: Chromium would apply it to the redirect back to
/// the app that follows a form.
pub(in crate::tenant) const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

/// The style sheet and the mark, at the root.
pub(in crate::tenant) fn assets() -> Router<Tenant> {
    let icon = || {
        get(|| {
            std::future::ready((
                [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")],
                MARK,
            ))
        })
    };
    let file = |content_type: &'static str, text: &'static str| {
        let headers =
            [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
        get(move || std::future::ready((headers, text)))
    };
    Router::new()
        .route("/assets/tenant.css", file("text/css; charset=utf-8", CSS))
        .route("/assets/tenant.svg", file("image/svg+xml", MARK))
        // What browsers look for by themselves, and where.
        .route("/favicon.ico", icon())
        .route("/favicon.svg", icon())
}

/// Adds the headers of every page. Answers that bring their own (the redirect to the app) keep them.
///
/// `Referrer-Policy` is `same-origin` rather than `no-referrer`: either keeps interaction ids from other origins, but
/// under `no-referrer` browsers send `Origin: null` with a form, and those without Fetch Metadata would be refused.
pub(in crate::tenant) fn with_headers(router: Router<Tenant>) -> Router<Tenant> {
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router
        .layer(header(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(header(header::REFERRER_POLICY, "same-origin"))
        .layer(header(header::X_FRAME_OPTIONS, "DENY"))
}

/// A page in the width of a form.
pub(super) fn narrow(brand: &str, title: &str, body: &Markup) -> Markup {
    frame(brand, title, "card", &html! {}, body)
}

/// A page in the width of a text.
pub(in crate::tenant) fn wide(brand: &str, title: &str, body: &Markup) -> Markup {
    wide_with(brand, title, &html! {}, body)
}

/// The same with more in its head.
pub(in crate::tenant) fn wide_with(brand: &str, title: &str, head: &Markup, body: &Markup) -> Markup {
    frame(brand, title, "card wide", head, body)
}

fn frame(brand: &str, title: &str, class: &str, head: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) @if !brand.is_empty() { " – " (brand) } }
                link rel="stylesheet" href=(*CSS_HREF);
                link rel="icon" href="/assets/tenant.svg" type="image/svg+xml";
                (head)
            }
            body {
                main class=(class) {
                    p.brand {
                        (PreEscaped(MARK))
                        span { (brand) }
                    }
                    (body)
                }
            }
        }
    }
}

/// A field of a form.
#[derive(Default)]
pub(super) struct Field<'a> {
    /// Its name, and its id.
    pub(super) name: &'a str,
    /// What to enter.
    pub(super) label: &'a str,
    /// `text`, `email` or `password`.
    pub(super) kind: &'a str,
    /// What was typed before; passwords never.
    pub(super) value: &'a str,
    /// Advice below the label.
    pub(super) hint: Option<String>,
    /// What is wrong.
    pub(super) error: Option<String>,
    /// The HTML standard's name of what belongs here, for browsers and password managers.
    pub(super) autocomplete: &'a str,
    /// `numeric` brings up digits on a phone.
    pub(super) inputmode: Option<&'a str>,
    /// Whether the cursor starts here when nothing is wrong.
    pub(super) first: bool,
    /// Shown for information (and for password managers).
    pub(super) readonly: bool,
}

impl Field<'_> {
    fn described_by(&self) -> Option<String> {
        let ids = [self.hint.as_ref().map(|_| "hint"), self.error.as_ref().map(|_| "error")];
        let ids: Vec<_> = ids.iter().flatten().map(|part| format!("{}-{part}", self.name)).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

/// What is wrong with a form as a whole, and its fields in the order of the page.
pub(super) struct Form<'a> {
    /// `<h1>` and `<title>`.
    pub(super) title: &'a str,
    /// Below the heading.
    pub(super) lead: Markup,
    /// An error that belongs to no field.
    pub(super) problem: Option<String>,
    /// Good news.
    pub(super) notice: Option<&'a str>,
    /// The fields.
    pub(super) fields: Vec<Control<'a>>,
    /// The button that Enter presses.
    pub(super) submit: &'a str,
    /// More buttons of this form.
    pub(super) more: Markup,
    /// Below the form: links and other forms.
    pub(super) after: Markup,
}

/// Something to fill in.
pub(super) enum Control<'a> {
    /// A line of text.
    Input(Field<'a>),
    /// One of (value, label).
    Select(Field<'a>, &'a [(&'a str, &'a str)]),
}

impl<'a> Control<'a> {
    fn field(&self) -> &Field<'a> {
        match self {
            Self::Input(field) | Self::Select(field, _) => field,
        }
    }
}

/// A page with one form: heading, what is wrong (a summary that is read out, linked to the fields), fields, button.
pub(super) fn form(brand: &str, form: &Form<'_>) -> Markup {
    let wrong: Vec<&Field<'_>> = form.fields.iter().map(Control::field).filter(|f| f.error.is_some()).collect();
    let failed = !wrong.is_empty() || form.problem.is_some();
    let focus = wrong
        .first()
        .map(|f| f.name)
        .or_else(|| form.fields.iter().map(Control::field).find(|f| f.first).map(|f| f.name));
    let title = if failed { format!("Error: {}", form.title) } else { form.title.to_owned() };
    narrow(
        brand,
        &title,
        &html! {
            h1 { (form.title) }
            (form.lead)
            @if let Some(notice) = form.notice {
                p.notice role="status" { (notice) }
            }
            @if failed {
                div.problem role="alert" {
                    @if let Some(problem) = &form.problem { p { (problem) } }
                    @if !wrong.is_empty() {
                        ul {
                            @for field in &wrong {
                                li { a href={ "#" (field.name) } { (field.error.as_deref().unwrap_or_default()) } }
                            }
                        }
                    }
                }
            }
            // Our own messages are linked, summarised and translated with the page; the browser's are not.
            form method="post" novalidate {
                @for control in &form.fields {
                    (self::control(control, focus == Some(control.field().name)))
                }
                button.primary type="submit" { (form.submit) }
                (form.more)
            }
            (form.after)
        },
    )
}

fn control(control: &Control<'_>, focus: bool) -> Markup {
    let field = control.field();
    html! {
        div.field.wrong[field.error.is_some()] {
            label for=(field.name) { (field.label) }
            @if let Some(hint) = &field.hint {
                p.hint id={ (field.name) "-hint" } { (hint) }
            }
            @if let Some(error) = &field.error {
                p.error id={ (field.name) "-error" } { (error) }
            }
            @match control {
                Control::Input(field) => {
                    input id=(field.name) name=(field.name) type=(field.kind) value=(field.value)
                        autocomplete=(field.autocomplete) inputmode=[field.inputmode]
                        autocapitalize=[(field.kind != "text").then_some("none")] spellcheck="false"
                        aria-describedby=[field.described_by()] aria-invalid=[field.error.as_ref().map(|_| "true")]
                        required[!field.readonly] readonly[field.readonly] autofocus[focus];
                }
                Control::Select(field, options) => {
                    select id=(field.name) name=(field.name) autocomplete=(field.autocomplete)
                        aria-describedby=[field.described_by()] aria-invalid=[field.error.as_ref().map(|_| "true")]
                        required autofocus[focus] {
                        option value="" selected[field.value.is_empty()] { "Choose…" }
                        @for (value, label) in *options {
                            option value=(value) selected[field.value == *value] { (label) }
                        }
                    }
                }
            }
        }
    }
}

/// A button that looks like a link, in a form of its own: it changes something, so it must not be a link.
pub(super) fn quiet_button(action: &str, label: &str) -> Markup {
    html! {
        form.quiet method="post" action=(action) {
            button.link type="submit" { (label) }
        }
    }
}

/// Where a page on which nothing can be done leads: back to the app, or to every app where it is not known which.
pub(in crate::tenant) struct WayBack {
    brand: String,
    /// Names and home pages.
    apps: Vec<(String, String)>,
}

impl WayBack {
    /// The way back to `app`.
    pub(in crate::tenant) fn to(tenant: &Tenant, app: Option<&App>) -> Self {
        let named = |app: &App| Some((app.name.clone(), app.home()?));
        let known = app.and_then(named);
        let apps = match known {
            Some(app) => vec![app],
            // What people sign in to.
            None => tenant.config.apps.iter().filter(|app| app.user_flow.is_some()).filter_map(named).collect(),
        };
        Self { brand: tenant.config.display_name.clone(), apps }
    }

    /// The way back to the app of a user flow's page.
    pub(in crate::tenant) fn from_page(tenant: &Tenant, path: &str) -> Self {
        Self::to(tenant, super::app_of_page(tenant, path))
    }

    /// Links that leave a question unanswered.
    pub(in crate::tenant) fn cancel(&self) -> Markup {
        html! {
            @if !self.apps.is_empty() {
                div.ways {
                    @for (name, home) in &self.apps { p { a href=(home) { "Cancel, and go back to " (name) } } }
                }
            }
        }
    }

    /// Links.
    pub(in crate::tenant) fn links(&self) -> Markup {
        html! {
            @if !self.apps.is_empty() {
                div.ways {
                    @for (name, home) in &self.apps { p { a href=(home) { "Back to " (name) } } }
                }
            }
        }
    }
}

fn message(way: &WayBack, title: &str, body: &Markup) -> Markup {
    narrow(&way.brand, title, &html! { h1 { (title) } (body) (way.links()) })
}

/// Lets in forms of our own pages only, by Fetch Metadata or else Origin; any other is answered with a page.
pub(in crate::tenant) fn own_forms_only(router: Router<Tenant>, tenant: &Tenant) -> Router<Tenant> {
    #[derive(Clone)]
    struct Foreign;
    let marked = |_| (StatusCode::FORBIDDEN, Extension(Foreign)).into_response();
    let with_page = async |State(tenant): State<Tenant>, request: Request, next: Next| {
        let path = request.uri().path().to_owned();
        let response = next.run(request).await;
        match response.extensions().get::<Foreign>() {
            Some(Foreign) => foreign(&WayBack::from_page(&tenant, &path)),
            None => response,
        }
    };
    router
        .layer(CsrfLayer::new().with_rejection_response(marked))
        .layer(middleware::from_fn_with_state(tenant.clone(), with_page))
}

/// The interaction is over, or belongs to another browser.
pub(in crate::tenant) fn gone(way: &WayBack) -> Response {
    let body = html! {
        p { "It is finished, took too long, or was begun in another browser." }
        p { "Go back, and start again from there." }
        p.hint { "If this happens every time, allow cookies for this site." }
    };
    (StatusCode::BAD_REQUEST, message(way, "This sign-in cannot go on", &body)).into_response()
}

/// What was sent is not what the form sends.
pub(in crate::tenant) fn unreadable(way: &WayBack, status: StatusCode) -> Response {
    let body = html! { p { "What your browser sent could not be read. Go back, and try again." } };
    (status, message(way, "That did not work", &body)).into_response()
}

/// The form came from another site.
pub(super) fn foreign(way: &WayBack) -> Response {
    let body = html! {
        p { "It was sent by another site. Nothing was done." }
        p { "Go back to the app, and start again from there." }
    };
    (StatusCode::FORBIDDEN, message(way, "This form was not accepted", &body)).into_response()
}

/// Too many attempts.
pub(super) fn too_many(way: &WayBack, retry_after: time::Duration) -> Response {
    // Rounded up: whoever waits as long as they are told gets through.
    let seconds = (retry_after.whole_milliseconds() + 999) / 1000;
    let wait = if seconds > 90 { format!("{} minutes", (seconds + 59) / 60) } else { format!("{seconds} seconds") };
    let body = html! {
        p { "To keep accounts safe, there is a limit to this. Try again in " strong { (wait) } "." }
        p { "Your account is not locked." }
    };
    let headers = [(header::RETRY_AFTER, seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, headers, message(way, "Too many attempts", &body)).into_response()
}

/// More passwords to check than the server can bear.
pub(super) fn busy(way: &WayBack) -> Response {
    let body = html! { p { "Many people are signing in right now. Go back, and try again in a moment." } };
    let headers = [(header::RETRY_AFTER, "5")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, message(way, "One moment, please", &body)).into_response()
}

/// The database does not answer.
pub(in crate::tenant) fn unavailable(way: &WayBack) -> Response {
    let body = html! { p { "This is our fault, not yours. Go back, and try again in a moment." } };
    let headers = [(header::RETRY_AFTER, "5")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, message(way, "Sign-in does not work right now", &body)).into_response()
}

/// The user flow creates no accounts.
pub(super) fn no_sign_up(way: &WayBack, sign_in: &str) -> Response {
    let body = html! {
        p { "Accounts are created by " (way.brand) " only. If you have one, sign in." }
        p { a.button href=(sign_in) { "Sign in" } }
    };
    (StatusCode::FORBIDDEN, message(way, "You cannot create an account here", &body)).into_response()
}

/// The passcode was right, but somebody created the account in the meantime.
pub(super) fn taken(way: &WayBack, sign_in: &str) -> Response {
    let body = html! {
        p { "An account with this email address was created a moment ago, perhaps by you in another window." }
        p { a.button href=(sign_in) { "Sign in" } }
    };
    (StatusCode::CONFLICT, message(way, "You already have an account", &body)).into_response()
}

/// Shown only to somebody who has proved to own the account.
pub(super) fn disabled(way: &WayBack) -> Response {
    let body = html! { p { "Please ask " (way.brand) " for help." } };
    (StatusCode::FORBIDDEN, message(way, "Your account has been disabled", &body)).into_response()
}

/// The request named another machine than the one that the page is for (RFC 9110 §15.5.20).
pub(in crate::tenant) fn misdirected(way: &WayBack, address: &str) -> Response {
    let body = html! { p { "Its address is " a href=(address) { (address) } "." } };
    (StatusCode::MISDIRECTED_REQUEST, message(way, "This page has another address", &body)).into_response()
}

/// No such page.
pub(in crate::tenant) fn not_found(tenant: &Tenant) -> Response {
    let body = html! { p { "There is nothing at this address." } };
    (StatusCode::NOT_FOUND, message(&WayBack::to(tenant, None), "Page not found", &body)).into_response()
}
