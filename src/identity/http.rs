//! The one way in which requests of `oauth2` and `openidconnect` leave the process: bounded in time and size, following no
//! redirect, and under the id of the request that caused them.

use std::pin::Pin;

use axum::http::{HeaderValue, StatusCode, header};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::platform::outbound::{self, OutboundError};
use crate::platform::serve;

/// Why there is no answer that could be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// No answer, or one that is too large.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// An answer that says nothing but its status.
    #[error("the answer is {0}")]
    Status(u16),
}

/// Which answers are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// 200 only, whatever it calls itself: some providers publish their keys as `text/plain`.
    Document,
    /// 200 only, with its headers.
    Typed,
    /// Of the token endpoint: 2xx, and what RFC 6749 §5.2 calls an error. Of a 429, a 5xx or a redirect, the crate would keep
    /// everything but the status.
    OfTokenEndpoint,
}

/// See the module.
pub(super) struct Http<'r> {
    client: &'r reqwest::Client,
    answers: Answers,
    limit: usize,
    basic: Option<HeaderValue>,
}

impl<'r> Http<'r> {
    /// Reads answers of up to `limit` bytes.
    pub(super) fn new(client: &'r reqwest::Client, answers: Answers, limit: usize) -> Self {
        Self { client, answers, limit, basic: None }
    }

    /// With these credentials in place of those that the crate would write: a blank in them is `+` there, which providers
    /// that undo percent-encoding only do not understand; `%20` everybody does (RFC 6749 §2.3.1).
    pub(super) fn with_basic(mut self, credentials: HeaderValue) -> Self {
        self.basic = Some(credentials);
        self
    }

    /// Sends `request`.
    pub(super) async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let headers = request.headers_mut();
        if let Some(basic) = self.basic.clone() {
            headers.insert(header::AUTHORIZATION, basic);
        }
        if let Ok(id) = HeaderValue::from_str(&serve::correlation_id()) {
            headers.insert("client-request-id", id);
        }
        let request = reqwest::Request::try_from(request).map_err(|error| OutboundError::Unreachable {
            place: "?".to_owned(),
            reason: error.without_url().to_string(),
        })?;
        let request = reqwest::RequestBuilder::from_parts(self.client.clone(), request);
        let (status, headers, body) = outbound::send(request, self.limit).await?;
        let mut response = HttpResponse::new(body);
        match self.answers {
            Answers::Document if status == StatusCode::OK => {}
            Answers::Typed if status == StatusCode::OK => *response.headers_mut() = headers,
            Answers::OfTokenEndpoint if status.is_success() => {}
            Answers::OfTokenEndpoint if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                *response.status_mut() = status;
            }
            _ => return Err(HttpError::Status(status.as_u16())),
        }
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Http<'_> {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
