//! The last moment before the first byte: a request body that looks at the clock when it is first asked for.
//!
//! Over HTTP/1.1 the client asks the body for its first piece while the head still waits in its buffer, so
//! that what is checked here is checked after name, connection and handshake, and before anything of the
//! request is written. When the gate is still shut after a failure, nothing was sent.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::clock::{Clock, Moment};

/// Where the request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// Nothing of the request has left.
    Shut,
    /// The request may have left, in whole or in part.
    Open,
    /// `send_by` had passed when the first byte was due: nothing has left and nothing will.
    TooLate,
}

/// Tells where the request of one attempt stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate(Arc<AtomicU8>);

impl Gate {
    pub(super) fn passage(&self) -> Passage {
        match self.0.load(Ordering::SeqCst) {
            0 => Passage::Shut,
            1 => Passage::Open,
            _ => Passage::TooLate,
        }
    }

    fn set(&self, passage: Passage) {
        let word = match passage {
            Passage::Shut => 0,
            Passage::Open => 1,
            Passage::TooLate => 2,
        };
        self.0.store(word, Ordering::SeqCst);
    }
}

/// `send_by` had passed.
#[derive(Debug, thiserror::Error)]
#[error("the time to send had passed")]
pub(super) struct TooLate;

/// The bytes of a parcel behind their gate.
pub(super) struct GatedBody {
    bytes: Option<Bytes>,
    send_by: Moment,
    clock: Arc<dyn Clock>,
    gate: Gate,
}

impl GatedBody {
    pub(super) fn new(bytes: Vec<u8>, send_by: Moment, clock: Arc<dyn Clock>) -> (Self, Gate) {
        let gate = Gate::default();
        (Self { bytes: Some(Bytes::from(bytes)), send_by, clock, gate: gate.clone() }, gate)
    }
}

impl Body for GatedBody {
    type Data = Bytes;
    type Error = TooLate;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        if self.clock.now() > self.send_by {
            self.gate.set(Passage::TooLate);
            return Poll::Ready(Some(Err(TooLate)));
        }
        self.gate.set(Passage::Open);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |b| u64::try_from(b.len()).unwrap_or(u64::MAX)))
    }
}
