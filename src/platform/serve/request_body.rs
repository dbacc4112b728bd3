//! The body of a request. What of it no handler reads is heard out for a while: a client whose connection is cut off while it
//! writes reads no answer, and never learns that it should have signed in, or sent less.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::runtime::Handle;

/// For how long a body is heard that nobody wants.
const HEARD_OUT: Duration = Duration::from_secs(3);

/// The body of a request, as it comes in.
pub(super) struct RequestBody {
    incoming: Option<Incoming>,
    /// Whether the client sends nothing before it is told to (RFC 9110 §10.1.1). To read is to tell it.
    is_held_back: bool,
}

impl RequestBody {
    /// The body of a request with these headers.
    pub(super) fn new(headers: &HeaderMap, incoming: Incoming) -> Self {
        let mut expected = headers.get_all(header::EXPECT).iter();
        let is_held_back = expected.any(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        Self { incoming: Some(incoming), is_held_back }
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.is_held_back = false;
        let Some(incoming) = self.incoming.as_mut() else { return Poll::Ready(None) };
        let frame = Pin::new(incoming).poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.incoming = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if self.is_end_stream() || self.is_held_back {
            return;
        }
        let Some(mut rest) = self.incoming.take() else { return };
        // Without a runtime nobody serves any more.
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(tokio::time::timeout(HEARD_OUT, async move {
            while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut rest).poll_frame(cx)).await {}
        }));
    }
}
