//! The frame of every page: its head, its mark, its language and the choice of another one.

use std::convert::Infallible;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::{FromRequestParts, OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::language::Language;
use crate::platform::hash;
use crate::tenant::authorization_response::with_query;
use crate::tenant::language;
use crate::tenant::parameters::Parameters;
use crate::tenant::state::Tenant;
use crate::tenant::texts::Texts;

/// The tokens, which are the app's too, and the tenant's own rules.
const CSS: &str = concat!(include_str!("../../../style/tokens.css"), include_str!("../tenant.css"));
const MARK: &str = include_str!("../tenant.svg");

/// Changes with the style sheet, so that it may be cached for long.
static CSS_HREF: LazyLock<String> =
    LazyLock::new(|| format!("/assets/tenant.css?v={}", &hash::sha256_base64url(CSS)[..12]));

/// No scripts, no frames, nothing from elsewhere. No `form-action`: Chromium would apply it to the redirect back to
/// the app that follows a form.
pub(in crate::tenant) const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

/// What the tenant's own pages are asked for by: passcodes that were sent again, mail to somebody. Other parameters are the
/// protocol's, tokens among them, which no page may hold.
const OWN_PARAMETERS: [&str; 2] = ["sent", "to"];

/// Where a language is chosen.
pub(in crate::tenant) const LANGUAGE_CHOICE: &str = "/language";

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

/// What is around the content of a page.
#[derive(Clone)]
pub(in crate::tenant) struct Frame {
    brand: String,
    t: Texts,
    /// Where the same page is to be had in another language.
    address: String,
}

/// A page in a language.
pub(in crate::tenant) struct Page {
    language: Language,
    markup: Markup,
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        ([(header::CONTENT_LANGUAGE, self.language.tag())], self.markup).into_response()
    }
}

impl Frame {
    /// The frame of a page in `language`, which GET shows at `address`.
    pub(in crate::tenant) fn new(tenant: &Tenant, language: Language, address: String) -> Self {
        Self { brand: tenant.config().display_name.clone(), t: Texts::of(language), address }
    }

    /// The frame of the page that answers a request.
    pub(in crate::tenant) fn of(tenant: &Tenant, request: &Request) -> Self {
        Self::from_request(tenant, request.extensions(), request.method(), request.uri(), request.headers())
    }

    fn from_request(tenant: &Tenant, extensions: &Extensions, method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        // As the browser knows it.
        let uri = extensions.get::<OriginalUri>().map_or(uri, |OriginalUri(uri)| uri);
        let parameters = Parameters::parse(uri.query().unwrap_or_default());
        let asked = parameters.get("ui_locales").and_then(language::of_ui_locales);
        Self::new(tenant, language::spoken(headers, asked), address(method, uri))
    }

    /// The same in another language.
    pub(in crate::tenant) fn in_language(self, language: Language) -> Self {
        Self { t: Texts::of(language), ..self }
    }

    /// The texts of the page's language.
    pub(in crate::tenant) fn t(&self) -> Texts {
        self.t
    }

    /// What the pages call the organisation.
    pub(in crate::tenant) fn brand(&self) -> &str {
        &self.brand
    }

    /// A page in the width of a form.
    pub(in crate::tenant) fn narrow(&self, title: &str, body: &Markup) -> Page {
        self.page(title, "card", &html! {}, body)
    }

    /// A page in the width of a text.
    pub(in crate::tenant) fn wide(&self, title: &str, body: &Markup) -> Page {
        self.wide_with(title, &html! {}, body)
    }

    /// The same with more in its head.
    pub(in crate::tenant) fn wide_with(&self, title: &str, head: &Markup, body: &Markup) -> Page {
        self.page(title, "card wide", head, body)
    }

    fn page(&self, title: &str, class: &str, head: &Markup, body: &Markup) -> Page {
        let language = self.t.language();
        let markup = html! {
            (DOCTYPE)
            html lang=(language.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) @if !self.brand.is_empty() { " – " (self.brand) } }
                    link rel="stylesheet" href=(*CSS_HREF);
                    link rel="icon" href="/assets/tenant.svg" type="image/svg+xml";
                    (head)
                }
                body {
                    main class=(class) {
                        p.brand {
                            (PreEscaped(MARK))
                            span { (self.brand) }
                        }
                        (body)
                    }
                    footer { (self.language_switch()) }
                }
            }
        };
        Page { language, markup }
    }

    /// The other languages. After the page's own forms: whoever looks for the first one finds those.
    fn language_switch(&self) -> Markup {
        let others = Language::ALL.into_iter().filter(|language| *language != self.t.language());
        html! {
            form.languages method="post" action=(LANGUAGE_CHOICE) aria-label=(self.t.language_switch()) {
                input type="hidden" name="return_to" value=(self.address);
                @for language in others {
                    button.link type="submit" name="language" value=(language.tag()) lang=(language.tag()) {
                        (language.name())
                    }
                }
            }
        }
    }
}

impl FromRequestParts<Tenant> for Frame {
    type Rejection = Infallible;

    fn from_request_parts(parts: &mut Parts, tenant: &Tenant) -> impl Future<Output = Result<Self, Infallible>> {
        let frame = Self::from_request(tenant, &parts.extensions, &parts.method, &parts.uri, &parts.headers);
        std::future::ready(Ok(frame))
    }
}

/// Where GET shows the page that a request is answered with. Most forms stand on the page that they are sent to; these do
/// not.
fn address(method: &Method, uri: &Uri) -> String {
    let path = uri.path();
    if matches!(*method, Method::GET | Method::HEAD) {
        let parameters = Parameters::parse(uri.query().unwrap_or_default());
        let own = OWN_PARAMETERS.into_iter().filter_map(|name| Some((name, parameters.get(name)?)));
        return with_query(path, own);
    }
    if path == LANGUAGE_CHOICE {
        return "/".to_owned();
    }
    if let Some(flow) = path.strip_suffix("/cancel") {
        return format!("{flow}/sign-in");
    }
    path.strip_suffix("/resend").or_else(|| path.strip_suffix("/confirm")).unwrap_or(path).to_owned()
}
