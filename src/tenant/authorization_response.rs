//! The way back to the app: a redirect (RFC 6749 §4.1.2) or a form post (OAuth 2.0 Form Post Response Mode §2).

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, PreEscaped, html};
use serde::{Deserialize, Serialize};

use super::error::{Described, Trace};
use super::state::Tenant;
use super::texts::Texts;
use crate::platform::random;
use crate::platform::redirect::see_other;

/// How the response travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ResponseMode {
    /// In the query of a redirect.
    Query,
    /// In a form that the browser posts.
    FormPost,
}

/// Where a response goes. Exists only for a redirect URI that is registered for the app.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct ReturnAddress {
    /// Registered.
    pub(super) redirect_uri: String,
    /// How.
    pub(super) response_mode: ResponseMode,
    /// What the app sent, returned as it is (RFC 6749 §4.1.2).
    pub(super) state: Option<String>,
}

impl ReturnAddress {
    /// A code; and who the user is, for apps that asked for `client_info`.
    pub(super) fn code(&self, tenant: &Tenant, code: &str, client_info: Option<&str>, t: Texts) -> Response {
        let fields = [Some(("code", code)), client_info.map(|client_info| ("client_info", client_info))];
        self.answer(tenant, t, &fields.into_iter().flatten().collect::<Vec<_>>())
    }

    /// An error (RFC 6749 §4.1.2.1).
    pub(super) fn error(&self, tenant: &Tenant, described: &Described, trace: &Trace, t: Texts) -> Response {
        self.answer(tenant, t, &[("error", described.error), ("error_description", &described.description(trace))])
    }

    fn answer(&self, tenant: &Tenant, t: Texts, fields: &[(&str, &str)]) -> Response {
        let issuer = tenant.issuer();
        let fields = fields.iter().copied();
        let fields = fields.chain(self.state.as_deref().map(|state| ("state", state)));
        // RFC 9207 §2: in error responses as well.
        let fields = fields.chain([("iss", issuer.as_str())]);
        match self.response_mode {
            ResponseMode::Query => see_other(&with_query(&self.redirect_uri, fields)),
            ResponseMode::FormPost => self.form(t, fields),
        }
    }

    fn form<'f>(&self, t: Texts, fields: impl Iterator<Item = (&'f str, &'f str)>) -> Response {
        let nonce = random::token();
        let page = html! {
            (DOCTYPE)
            html lang=(t.language().tag()) {
                head { meta charset="utf-8"; title { (t.working()) } }
                body {
                    form method="post" action=(self.redirect_uri) {
                        @for (name, value) in fields {
                            input type="hidden" name=(name) value=(value);
                        }
                        noscript { p { (t.scripts_off()) } }
                        button type="submit" { (t.continue_on()) }
                    }
                    script nonce=(nonce) { (PreEscaped("document.forms[0].submit()")) }
                }
            }
        };
        let target = url::Url::parse(&self.redirect_uri).map(|url| url.origin().ascii_serialization());
        let csp = format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; form-action {target}; \
             frame-ancestors 'none'; base-uri 'none'",
            target = target.as_deref().unwrap_or("'none'"),
        );
        let headers = [
            (header::CONTENT_SECURITY_POLICY, ascii(&csp)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (headers, page).into_response()
    }
}

/// `uri` with these parameters at the end of its query; otherwise left as it is.
pub(super) fn with_query<'f>(uri: &str, fields: impl Iterator<Item = (&'f str, &'f str)>) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    if query.is_empty() {
        return uri.to_owned();
    }
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{query}")
}

/// A header value made of ASCII that we or the configuration check wrote.
pub(super) fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("our own header values are ASCII")
}
