//! One question to a server and what came back, looked at without following where it leads.

use std::collections::HashMap;

use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap};
use url::Url;

use crate::platform::outbound::{self, OutboundError};

/// The largest answer that is read, in bytes. Sign-in pages are large.
const MAX_ANSWER: usize = 2 * 1024 * 1024;

/// An answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    /// Where it redirects to.
    pub(super) fn location(&self, asked: &Url) -> Option<Url> {
        let location = self.headers.get(header::LOCATION).filter(|_| self.status.is_redirection())?;
        asked.join(location.to_str().ok()?).ok()
    }

    /// Entra's error number in the body, if there is one.
    pub(super) fn aadsts(&self) -> Option<u32> {
        aadsts(&self.body)
    }
}

/// GET, without following a redirect.
pub(super) async fn get(
    http: &reqwest::Client,
    url: &Url,
    authorization: Option<&str>,
) -> Result<Answer, OutboundError> {
    let mut request = http.get(url.clone()).header(header::ACCEPT, "application/json, text/html;q=0.9");
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let (status, headers, body) = outbound::send(request, MAX_ANSWER).await?;
    Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// Entra's number in a text: what follows `AADSTS`.
pub(super) fn aadsts(text: &str) -> Option<u32> {
    text.split("AADSTS").skip(1).find_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    })
}

/// The parameters of a query, the last of each name.
pub(super) fn query(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

/// Another's text, for a line of a report: printable, and not long.
pub(super) fn quoted(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect();
    line.trim().to_owned()
}

/// An address without its query, where secrets of others may stand.
pub(super) fn place(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}
