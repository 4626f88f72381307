//! A request before it is sent, and until when it may be.
//!
//! That is asked when its slot is used, and once more as its body is written to the connection. In between lie the host's
//! address, TCP and TLS, and whatever time the process was suspended for. What is too late by then ends before its body, so
//! that no server can act on it.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use reqwest::Method;
use secrecy::SecretString;
use tokio::time::Instant;

use super::deadline::WriteDeadline;

/// A request before it is sent.
pub(super) struct Outbound<'a> {
    pub(super) method: Verb,
    pub(super) path: String,
    /// Percent-encoded already.
    pub(super) query: Option<String>,
    pub(super) route: &'static str,
    pub(super) experimental: bool,
    pub(super) body: Option<Body>,
    /// The most bytes of an answer that are read.
    pub(super) largest: usize,
    /// The secret values that this request carries, besides its token.
    pub(super) secrets: &'a [SecretString],
    /// It must not be sent later than that.
    pub(super) send_before: Option<Instant>,
}

pub(super) struct Body {
    pub(super) content_type: &'static str,
    pub(super) bytes: Bytes,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    pub(super) fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

impl Outbound<'_> {
    /// Until when it may be sent, where `deadline` is for all that is more than a look.
    pub(super) fn limits(&self, deadline: &WriteDeadline) -> Limits {
        Limits { send_before: self.send_before, deadline: (self.method != Verb::Get).then(|| deadline.clone()) }
    }
}

/// Until when a request may be sent.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// As this one call was told.
    pub(super) send_before: Option<Instant>,
    /// For more than a look: as this process was told.
    pub(super) deadline: Option<WriteDeadline>,
}

/// Why a request is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooLate {
    #[error("not sent: the deadline for sending it had passed")]
    ForThis,
    #[error("not sent: this process may not write any more, as its lease was not renewed in time")]
    ForWrites,
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), TooLate> {
        if self.deadline.as_ref().is_some_and(WriteDeadline::has_passed) {
            return Err(TooLate::ForWrites);
        }
        match self.send_before {
            Some(end) if end <= Instant::now() => Err(TooLate::ForThis),
            _ => Ok(()),
        }
    }
}

impl TooLate {
    /// Whether this is why a request failed.
    pub(super) fn cause_of(error: &reqwest::Error) -> Option<Self> {
        let mut cause = StdError::source(error);
        while let Some(below) = cause {
            if let Some(too_late) = below.downcast_ref::<Self>() {
                return Some(*too_late);
            }
            cause = below.source();
        }
        None
    }
}

/// A body that is taken by the connection in time, or not at all.
pub(super) struct InTime {
    bytes: Option<Bytes>,
    limits: Limits,
}

impl InTime {
    pub(super) fn new(bytes: Bytes, limits: Limits) -> Self {
        Self { bytes: Some(bytes), limits }
    }
}

impl http_body::Body for InTime {
    type Data = Bytes;
    type Error = TooLate;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TooLate>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        Poll::Ready(Some(self.limits.check().map(|()| Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
