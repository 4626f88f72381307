//! Why a tenant cannot be talked to, and the verdict that follows.

use std::time::Duration;

use jiff::Timestamp;

use super::verdict::{State, Verdict};
use crate::api::Reason;
use crate::controller::disposition::{NEEDS, forbidden, said};
use crate::controller::status::Message;
use crate::sailpoint::{Error, ErrorKind};

/// Why a beat ended early.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It failed lately: no call before this.
    Waits(Duration),
    /// The resource is gone.
    Gone,
    /// No call is made; until then, where that is known.
    Paused(Option<Timestamp>),
    /// A Secret, or a key of it, is missing.
    Missing(String),
    /// A person must see to it.
    Stalled(Reason, Message),
    /// A call failed.
    Remote(Error),
    /// Kubernetes failed.
    Kubernetes(Box<kube::Error>),
}

impl From<kube::Error> for Trouble {
    fn from(error: kube::Error) -> Self {
        Self::Kubernetes(Box::new(error))
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Remote(error)
    }
}

impl Trouble {
    pub(super) fn stalled(reason: Reason, message: impl Into<String>) -> Self {
        Self::Stalled(reason, message.into().into())
    }

    /// The verdict; `is_young` tells whether something has been missing for a short while only.
    pub(super) fn judge(self, is_young: &mut dyn FnMut(Reason) -> bool) -> Verdict {
        match self {
            Self::Paused(until) => {
                let message =
                    until.map_or_else(|| "policy.mode is Paused".to_owned(), |until| format!("paused until {until}"));
                let ends = until.and_then(|until| Duration::try_from(until.duration_since(Timestamp::now())).ok());
                // Without an end, only a change of the resource ends it: the watch brings that.
                let ends = ends.unwrap_or(Duration::from_hours(24)) + Duration::from_millis(100);
                Verdict { pause_ends: Some(ends), ..Verdict::new(State::Paused, Reason::Paused, message.into()) }
            }
            Self::Missing(message) => {
                let state = if is_young(Reason::SecretNotFound) { State::Heals } else { State::Stalled };
                Verdict::new(state, Reason::SecretNotFound, message.into())
            }
            Self::Stalled(reason, message) => Verdict::new(State::Stalled, reason, message),
            Self::Remote(error) => of_error(error),
            Self::Waits(_) | Self::Gone | Self::Kubernetes(_) => {
                Verdict::new(State::Heals, Reason::Progressing, Message::default())
            }
        }
    }
}

fn of_error(error: Error) -> Verdict {
    let (state, reason, message) = match error.kind() {
        ErrorKind::CredentialsRejected | ErrorKind::Unauthorized => {
            let Message { cause, details } = said(&error);
            let cause = format!("{cause}; check clientId and clientSecret: {NEEDS}");
            (State::Stalled, Reason::CredentialsRejected, Message { cause, details })
        }
        ErrorKind::AnotherOrg => (State::Stalled, Reason::TenantChanged, said(&error)),
        ErrorKind::Forbidden => (State::Stalled, Reason::Forbidden, forbidden(&error)),
        ErrorKind::Misconfigured => (State::Stalled, Reason::InvalidSpec, said(&error)),
        ErrorKind::RateLimited => (State::Heals, Reason::RateLimited, said(&error)),
        ErrorKind::NotFound { .. }
        | ErrorKind::Refused
        | ErrorKind::Gateway
        | ErrorKind::Server
        | ErrorKind::Timeout
        | ErrorKind::Connect
        | ErrorKind::Cut
        | ErrorKind::Redirected
        | ErrorKind::Malformed
        | ErrorKind::TooLarge
        | ErrorKind::NotSent => (State::Heals, Reason::TenantUnavailable, said(&error)),
    };
    let retry = (reason == Reason::RateLimited).then(|| error.wait().unwrap_or(Duration::from_secs(10)));
    Verdict { retry, error: Some(error), ..Verdict::new(state, reason, message) }
}
