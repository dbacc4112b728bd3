//! Streams of server-sent events (WHATWG HTML §9.2): how ours are answered, and how one of ours is read.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::Event;
use axum::response::{IntoResponse as _, Response, Sse};
use futures_util::stream;

use super::{pause, random};

/// After how much silence a comment is sent, so that nobody on the way takes the connection for dead.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// After how much silence whoever reads such a stream does take it for dead.
pub const DEAD: Duration = Duration::from_secs(45);
/// The longest time after which a reader comes back whose stream has ended. Each gets one of its own, so that those of a
/// program that was restarted do not come all at once.
const RETRY: Duration = Duration::from_secs(4);
/// The longest line of a stream that is kept. Longer ones are data, which is not read here.
const MAX_LINE: usize = 128;

/// What events are made of, one after the other: as fast as the reader takes them, and not faster.
pub trait Feed: Send + Sized + 'static {
    /// The next one; none when the stream is over.
    fn next(&mut self) -> impl Future<Output = Option<Event>> + Send;
}

/// The answer that is a stream of `feed`'s events. Stored nowhere, and held back by no proxy (`X-Accel-Buffering` is
/// nginx's word for that).
pub fn respond(feed: impl Feed) -> Response {
    let events = stream::unfold((feed, true), |(mut feed, is_first)| async move {
        let event = if is_first { Event::default().retry(pause::jittered(RETRY)) } else { feed.next().await? };
        Some((Ok::<_, Infallible>(event), (feed, false)))
    });
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Sse::new(events)).into_response()
}

/// Keeps a connection open, and says nothing.
pub fn heartbeat() -> Event {
    Event::default().comment("")
}

/// Up to a quarter of a second: for many who would do the same at once.
pub fn moment() -> Duration {
    Duration::from_millis(u64::from(random::bytes::<1>()[0]))
}

/// The id of the last event that the reader has seen: `Last-Event-ID`, which browsers send when they come back, else
/// `since` of the query.
///
/// # Errors
/// When it is not a number from 0.
pub fn last_event_id(headers: &HeaderMap, since: Option<&str>) -> Result<Option<i64>, NotAnId> {
    let text = match headers.get("last-event-id") {
        Some(value) => Some(value.to_str().map_err(|_| NotAnId)?),
        None => since,
    };
    // A reader that has seen none yet says so with an empty one.
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    text.parse().ok().filter(|id| *id >= 0).map(Some).ok_or(NotAnId)
}

/// An id that is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of the last event is not a number from 0")]
pub struct NotAnId;

/// An event, but for its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its id.
    pub id: i64,
    /// Its type; empty where none was sent.
    pub event: String,
}

/// Reads a stream of ours (lines end with LF): ids and types of its events, whatever the size of their data.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    id: Option<i64>,
    event: String,
}

impl Reader {
    /// Takes the next bytes; `hear` is told of each event that has an id and is complete, also of one without data.
    pub fn read(&mut self, bytes: &[u8], mut hear: impl FnMut(Heard)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (part, is_complete) = part.strip_suffix(b"\n").map_or((part, false), |part| (part, true));
            let room = MAX_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            if is_complete {
                let line = std::mem::take(&mut self.line);
                self.take(&line, &mut hear);
            }
        }
    }

    fn take(&mut self, line: &[u8], hear: &mut impl FnMut(Heard)) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            if let Some(id) = self.id.take() {
                hear(Heard { id, event });
            }
            return;
        }
        let value = |name: &[u8]| {
            let value = line.strip_prefix(name)?.strip_prefix(b":")?;
            std::str::from_utf8(value.strip_prefix(b" ").unwrap_or(value)).ok()
        };
        if let Some(id) = value(b"id") {
            self.id = id.parse().ok();
        } else if let Some(event) = value(b"event") {
            event.clone_into(&mut self.event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_however_it_is_cut_and_however_long_its_data_is() {
        let data = "x".repeat(100_000);
        let text = format!(
            "retry: 3000\nid: 7\n\n:\n\nid: 8\nevent: change\ndata: {data}\n\nid:9\r\nevent:reset\r\ndata: id: 5\r\n\r\n\
             event: lost\n\nid: x\ndata\n\nid: 10\nevent: cha"
        );
        let heard = |id, event: &str| Heard { id, event: event.to_owned() };
        for length in [1, 2, 7, 1000, text.len()] {
            let (mut reader, mut all) = (Reader::default(), Vec::new());
            for chunk in text.as_bytes().chunks(length) {
                reader.read(chunk, |heard| all.push(heard));
                assert!(reader.line.len() <= MAX_LINE, "what is not read is not kept");
            }
            assert_eq!(all, [heard(7, ""), heard(8, "change"), heard(9, "reset")], "in pieces of {length}");
        }
    }

    #[test]
    fn the_last_event_is_named_by_the_header_else_by_the_query_and_by_nothing_but_a_number() {
        let named = |header: Option<&[u8]>, since| {
            let value = header.map(|value| HeaderValue::from_bytes(value).expect("a header"));
            last_event_id(
                &value.into_iter().map(|value| (HeaderName::from_static("last-event-id"), value)).collect(),
                since,
            )
        };
        assert_eq!(named(None, None), Ok(None));
        assert_eq!(named(None, Some("3")), Ok(Some(3)));
        assert_eq!(named(Some(b"4"), Some("3")), Ok(Some(4)));
        assert_eq!(named(Some(b""), Some("3")), Ok(None));
        for wrong in [&b"-1"[..], b"x", b"9223372036854775808", b"1 ", b"\xff"] {
            assert_eq!(named(Some(wrong), None), Err(NotAnId), "{wrong:?}");
        }
    }
}
