//! A connection's bytes on their way: a first byte begins a head, and a client that does not read is given up.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Sleep,
};

use crate::registry::{ConnectionEntry, ConnectionRegistry};

/// A TCP stream under watch. The connection counts for as long as this lives, also as a WebSocket.
pub(crate) struct WatchedStream {
    stream: TcpStream,
    entry: Arc<ConnectionEntry>,
    registry: Arc<ConnectionRegistry>,
    unread: Unread,
}

/// How long the client has left bytes unread, less the time that the bytes it did read give it.
struct Unread {
    since: Option<Instant>,
    /// Time spent waiting for the client, and not made good by what it read.
    debt: Duration,
    until: Option<Pin<Box<Sleep>>>,
}

impl WatchedStream {
    pub(crate) fn new(
        stream: TcpStream,
        entry: Arc<ConnectionEntry>,
        registry: Arc<ConnectionRegistry>,
    ) -> Self {
        Self {
            stream,
            entry,
            registry,
            unread: Unread {
                since: None,
                debt: Duration::ZERO,
                until: None,
            },
        }
    }

    /// Looks at what came of a write.
    fn wrote(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let limits = &self.registry.limits;
        match outcome {
            Poll::Ready(Ok(bytes)) => {
                if let Some(since) = self.unread.since.take() {
                    self.unread.debt += since.elapsed();
                    self.unread.until = None;
                }
                if !self.unread.debt.is_zero() {
                    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
                    let credit = Duration::from_secs(1) * bytes / limits.read_rate_min.max(1);
                    self.unread.debt = self.unread.debt.saturating_sub(credit);
                }
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let left = limits.unread_max.saturating_sub(self.unread.debt);
                self.unread.since.get_or_insert_with(Instant::now);
                let until = self
                    .unread
                    .until
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(left)));
                ready!(until.as_mut().poll(cx));
                self.registry.count("unread");
                Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the client does not read its answer",
                )))
            }
        }
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let bytes = buffer.filled().len() - before;
        if bytes > 0 && self.entry.take_head(bytes) > self.registry.limits.heads_bytes_max {
            self.registry.close_long_heads();
        }
        outcome
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wrote(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
