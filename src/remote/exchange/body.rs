//! The bodies of an exchange, watched as they move.

use super::super::breaker::Breaker;
use super::super::timeout::Timeout;
use super::{Silence, Work};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::primitives::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Sleep;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Bodies up to this length are not watched on their way out: the kernel takes them whole.
const SMALL_BYTES: u64 = 64 << 10;
/// Bytes handed over at a time, so that it shows how far a body has come.
const PIECE_BYTES: usize = 8 << 10;
/// The longest answer that is read into memory.
const ANSWER_BYTES: u64 = 16 << 20;
/// Stretches that a server may take to copy or to join, as long as a byte comes in each.
const KEEP_ALIVES: u32 = 8;

/// How far the body of a request has come.
#[derive(Debug, Default)]
pub(super) struct Sent {
    bytes: AtomicU64,
    all: Notify,
}

impl Sent {
    /// Watches this body from now on, unless it is a small one.
    pub(super) fn watch(body: &mut SdkBody) -> Option<Arc<Self>> {
        if body
            .content_length()
            .is_some_and(|bytes| bytes <= SMALL_BYTES)
        {
            return None;
        }
        let sent = Arc::new(Self::default());
        let inner = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Sending {
            inner,
            rest: Bytes::new(),
            sent: Arc::clone(&sent),
        });
        Some(sent)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Waits until all was handed over. To be awaited by one task only.
    pub(super) async fn all(&self) {
        self.all.notified().await;
    }
}

struct Sending {
    inner: SdkBody,
    rest: Bytes,
    sent: Arc<Sent>,
}

impl Body for Sending {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => self.rest = bytes,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    self.sent.all.notify_one();
                    return Poll::Ready(None);
                }
            }
        }
        let length = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(length);
        self.sent.bytes.fetch_add(length as u64, Ordering::Relaxed);
        if self.is_end_stream() {
            // Whoever knows the length does not ask again.
            self.sent.all.notify_one();
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.inner.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").finish_non_exhaustive()
    }
}

/// Holds the body of an answer to the bounds. Its end is success for the breaker.
pub(super) fn receive(
    response: &mut HttpResponse,
    work: Work,
    timeout: Timeout,
    breaker: Option<Arc<Breaker>>,
) {
    if response.body().is_end_stream() {
        if let Some(breaker) = breaker {
            breaker.answered();
        }
        return;
    }
    let is_object = work == Work::Object && response.status().is_success();
    let (window, floor_bytes, windows) = match work {
        Work::ServerSide => (timeout.server_side(), 1, Some(KEEP_ALIVES)),
        Work::Answer | Work::Object => (timeout.answer(), timeout.floor_bytes(), None),
    };
    let inner = std::mem::replace(response.body_mut(), SdkBody::taken());
    *response.body_mut() = SdkBody::from_body_1_x(Receiving {
        inner,
        window,
        floor_bytes,
        windows,
        timer: Box::pin(tokio::time::sleep(window)),
        came_bytes: 0,
        is_waiting: false,
        left_bytes: (!is_object).then_some(ANSWER_BYTES),
        breaker,
    });
}

struct Receiving {
    inner: SdkBody,
    /// The stretch over which speed is judged, and the fewest bytes that must come in it.
    window: Duration,
    floor_bytes: u64,
    /// How many stretches there may be, if that is bounded.
    windows: Option<u32>,
    timer: Pin<Box<Sleep>>,
    /// Bytes that came in this stretch.
    came_bytes: u64,
    /// Whether the reader waited for the server the last time it looked.
    is_waiting: bool,
    /// Bytes that may still come, if that is bounded.
    left_bytes: Option<u64>,
    breaker: Option<Arc<Breaker>>,
}

impl Receiving {
    /// Fails if the stretch is over and too little came in it.
    fn judge(&mut self, context: &mut Context<'_>) -> Result<(), Silence> {
        while self.timer.as_mut().poll(context).is_ready() {
            let is_slow = self.came_bytes < self.floor_bytes;
            // A reader that was elsewhere meanwhile has no right to complain.
            if self.is_waiting && (is_slow || self.windows == Some(0)) {
                return Err(Silence::Stalled(self.window));
            }
            self.windows = self.windows.map(|left| left.saturating_sub(1));
            self.came_bytes = 0;
            let next = tokio::time::Instant::now() + self.window;
            self.timer.as_mut().reset(next);
        }
        Ok(())
    }
}

impl Body for Receiving {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) else {
            let judged = self.judge(context);
            self.is_waiting = true;
            return match judged {
                Ok(()) => Poll::Pending,
                Err(silence) => Poll::Ready(Some(Err(silence.into()))),
            };
        };
        if let Some(Ok(frame)) = &frame {
            let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
            self.came_bytes += bytes;
            if let Some(left) = &mut self.left_bytes {
                let Some(less) = left.checked_sub(bytes) else {
                    return Poll::Ready(Some(Err(Silence::TooLong.into())));
                };
                *left = less;
            }
        }
        let is_end = frame.is_none() || self.inner.is_end_stream();
        if is_end && let Some(breaker) = self.breaker.take() {
            breaker.answered();
        }
        self.is_waiting = false;
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
