//! The socket of a connection, with limits on how long its peer may keep it waiting: for the next request, for the rest
//! of a request's headers, and for an answer to be taken.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::connections::{Connection, Limits};

/// How much of an answer the operating system takes before the peer has made room for it, in bytes. With more, a peer's
/// progress would be seen in steps of megabytes, and a slow one could not be told from one that takes nothing.
const UNSENT: u32 = 32 * 1024;
/// How long bytes that are there get to be reported by the operating system.
const REPORT: Duration = Duration::from_secs(1);
/// What a peer is told whose headers did not arrive in time.
const TIMED_OUT: &[u8] = b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\n\
    content-length: 51\r\nconnection: close\r\n\r\nThe headers of the request did not arrive in time.\n";

/// See the [module](self).
pub(super) struct Socket {
    stream: TcpStream,
    connection: Arc<Connection>,
    limits: Arc<Limits>,
    reading: Alarm,
    writing: Alarm,
    patience: Patience,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, connection: Arc<Connection>, limits: Arc<Limits>) -> Self {
        // Without it, a streamed page waits for the peer's delayed ACK: 40 ms a request.
        let _ = stream.set_nodelay(true);
        let _ = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT);
        let patience = Patience { left: limits.stall, waiting_since: None };
        Self { stream, connection, limits, reading: Alarm::default(), writing: Alarm::default(), patience }
    }

    /// Whether bytes have arrived that the runtime has not heard of yet: a request at the very end of the time that it
    /// had must not be lost.
    fn has_unread(&self) -> bool {
        SockRef::from(&self.stream).peek(&mut [MaybeUninit::uninit()]).is_ok_and(|n| n > 0)
    }

    /// What the peer did with an answer's bytes.
    fn written(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match result {
            Poll::Ready(Ok(n)) => {
                self.connection.sent();
                self.patience.taken(n, &self.limits);
                Poll::Ready(Ok(n))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.connection.blocked();
                ready!(self.writing.poll_until(self.patience.deadline(), cx));
                // What the operating system still holds for this peer goes, too.
                let _ = self.stream.set_zero_linger();
                let error = "the answer was not taken in time";
                tracing::debug!("{error}");
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, error)))
            }
        }
    }
}

impl AsyncRead for Socket {
    /// Too late is as good as hung up: the end of the stream.
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        if let Poll::Ready(result) = Pin::new(&mut this.stream).poll_read(cx, buffer) {
            if buffer.filled().len() > before {
                this.connection.received();
            }
            return Poll::Ready(result);
        }
        let Some(deadline) = this.connection.deadline(&this.limits) else { return Poll::Pending };
        ready!(this.reading.poll_until(deadline, cx));
        if this.has_unread() {
            let _ = this.reading.poll_until(Instant::now() + REPORT, cx);
            return Poll::Pending;
        }
        if this.connection.is_amid_headers() {
            let _ = this.stream.try_write(TIMED_OUT);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.written(cx, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write_vectored(cx, parts);
        this.written(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// How much longer a peer may keep an answer waiting. Waiting spends it, bytes taken earn it back, so that one byte now
/// and then is not enough, and a slow reader is served as long as it reads.
struct Patience {
    left: Duration,
    waiting_since: Option<Instant>,
}

impl Patience {
    /// Bytes were taken.
    fn taken(&mut self, bytes: usize, limits: &Limits) {
        let spent = self.waiting_since.take().map_or(Duration::ZERO, |since| since.elapsed());
        let earned =
            Duration::from_secs_f64(f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / f64::from(limits.min_rate));
        self.left = (self.left.saturating_sub(spent) + earned).min(limits.stall);
    }

    /// Until when more must have been taken.
    fn deadline(&mut self) -> Instant {
        *self.waiting_since.get_or_insert_with(Instant::now) + self.left
    }
}

/// A timer that is made when it is first needed.
#[derive(Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}
