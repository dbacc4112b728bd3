//! The frame of every page, its style sheet and its mark.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::platform::hash;
use crate::tenant::state::Tenant;

const CSS: &str = include_str!("../tenant.css");
const MARK: &str = include_str!("../tenant.svg");

/// Changes with the style sheet, so that it may be cached for long.
static CSS_HREF: LazyLock<String> =
    LazyLock::new(|| format!("/assets/tenant.css?v={}", &hash::sha256_base64url(CSS)[..12]));

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

/// A page in the width of a form.
pub(in crate::tenant) fn narrow(brand: &str, title: &str, body: &Markup) -> Markup {
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
