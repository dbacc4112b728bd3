//! What a page says in HTTP: status, headers, redirect. Nothing at all in the browser.

/// Sends the browser to `url` on this site instead of showing the page. Works until the page starts to stream.
pub(super) fn redirect(url: &str) {
    #[cfg(feature = "ssr")]
    if let (Some(response), Ok(url)) =
        (leptos::prelude::use_context::<leptos_axum::ResponseOptions>(), axum::http::HeaderValue::from_str(url))
    {
        // Not leptos_axum::redirect: that one answers 200 to a client that does not name text/html in `Accept`.
        response.insert_header(axum::http::header::LOCATION, url);
        response.set_status(axum::http::StatusCode::FOUND);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = url;
}

/// Answers with `status` although a page is shown.
pub(super) fn set_status(status: u16) {
    #[cfg(feature = "ssr")]
    if let (Some(response), Ok(status)) =
        (leptos::prelude::use_context::<leptos_axum::ResponseOptions>(), axum::http::StatusCode::from_u16(status))
    {
        response.set_status(status);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = status;
}

/// Lets the page run our own scripts only, and nobody frame it. No `form-action`: Chromium applies it to the
/// redirects that follow a form, and signing out goes to the provider.
pub(super) fn set_content_security_policy() {
    #[cfg(feature = "ssr")]
    if let (Some(response), Some(nonce)) =
        (leptos::prelude::use_context::<leptos_axum::ResponseOptions>(), leptos::nonce::use_nonce())
    {
        // `cargo leptos watch` tells the page over a web socket of its own to reload.
        let reload = if std::env::var_os("LEPTOS_WATCH").is_some() { " ws:" } else { "" };
        // 'self' beside the nonce, not 'strict-dynamic': the module is preloaded without a nonce.
        let policy = format!(
            "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
             img-src 'self' data:; connect-src 'self'{reload}; base-uri 'none'; object-src 'none'; \
             frame-ancestors 'none'"
        );
        if let Ok(policy) = axum::http::HeaderValue::from_str(&policy) {
            response.insert_header(axum::http::header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}
