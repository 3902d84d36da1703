//! Bodies of requests: each has its time, and its share of the bytes that all of them may hold.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Error,
    body::{Body, Bytes, HttpBody},
};
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::{
    budget::{BodyRefusal, Share},
    registry::{ConnectionEntry, Phase},
};

/// A request's body, with its time and its share.
pub(crate) struct BoundedBody {
    inner: hyper::body::Incoming,
    until: Pin<Box<Sleep>>,
    giving_up: Pin<Box<WaitForCancellationFutureOwned>>,
    share: Arc<Share>,
    entry: Arc<ConnectionEntry>,
}

impl BoundedBody {
    pub(crate) fn bounded(
        inner: hyper::body::Incoming,
        within: Duration,
        share: Arc<Share>,
        entry: Arc<ConnectionEntry>,
    ) -> Body {
        Body::new(Self {
            inner,
            until: Box::pin(tokio::time::sleep(within)),
            giving_up: Box::pin(share.giving_up.clone().cancelled_owned()),
            share,
            entry,
        })
    }

    fn end(&self) {
        self.share.complete();
        self.entry.pass(Phase::Body, Phase::Working);
    }

    fn fail(&self, refusal: BodyRefusal) -> Error {
        self.share.refuse(refusal);
        Error::new(std::io::Error::other(refusal.message()))
    }
}

impl HttpBody for BoundedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.giving_up.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(self.fail(BodyRefusal::TooManyBytes))));
        }
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.share.take(data.len());
                }
                if self.inner.is_end_stream() {
                    self.end();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(Error::new(error)))),
            Poll::Ready(None) => {
                self.end();
                Poll::Ready(None)
            }
            Poll::Pending if self.until.as_mut().poll(cx).is_ready() => {
                Poll::Ready(Some(Err(self.fail(BodyRefusal::TooSlow))))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for BoundedBody {
    /// Also a body that nobody reads to its end is waited for no more.
    fn drop(&mut self) {
        self.end();
    }
}
