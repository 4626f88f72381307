//! What follows from a failure: the verdict that people see, and when to try again.

use std::time::Duration;

use super::act::Failure;
use super::plan::Call;
use super::status::{Message, Verdict};
use crate::api::Reason;
use crate::sailpoint::{Certainty, Error, ErrorKind};

/// When to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// After the resource's own growing backoff.
    Backoff,
    /// After this time; it is no failure.
    After(Duration),
    /// At once: what was learnt makes the next plan another one.
    Now,
    /// After `--refused-retry`, or when what is wanted changes.
    Refused,
    /// When the tenant was looked at again.
    Tenant,
    /// When one of those who write to the tenant has done so.
    Writers,
}

/// What follows from a failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Disposition {
    /// What people see; `None` leaves the status as it is.
    pub verdict: Option<Verdict>,
    /// When to look again.
    pub retry: Retry,
}

/// What the failed call was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Create.
    Create,
    /// Take what is there.
    Adopt,
    /// Change, by this call.
    Update(Call),
    /// Delete.
    Delete,
}

/// Another resource is about to take the same.
const RESERVED: Duration = Duration::from_secs(1);
/// Kubernetes has a newer version, which the watch brings soon.
pub(super) const STALE: Duration = Duration::from_millis(200);

/// The most characters of Kubernetes' words that are shown.
const LONGEST_QUOTE: usize = 512;

/// What follows from this failure.
#[must_use]
pub fn of_failure(failure: &Failure, doing: Doing) -> Disposition {
    let quietly = |retry| Disposition { verdict: None, retry };
    match failure {
        Failure::Remote(error) => of_error(error, doing),
        Failure::Unread(error) => of_error(error, Doing::Adopt),
        Failure::Kubernetes(error) => match is_too_much(error) {
            Some(said) => Disposition {
                verdict: Some(Verdict::Stalled(Reason::InvalidSpec, too_much(said).into(), None)),
                retry: Retry::Refused,
            },
            None => quietly(if is_conflict(error) { Retry::After(STALE) } else { Retry::Backoff }),
        },
        Failure::SecretNotFound(message) => Disposition {
            verdict: Some(Verdict::Heals(Reason::SecretNotFound, message.as_str().into())),
            retry: Retry::Backoff,
        },
        Failure::WouldLose(_) => Disposition {
            verdict: Some(Verdict::Stalled(Reason::WouldLose, failure.to_string().into(), None)),
            retry: Retry::Refused,
        },
        Failure::Busy => quietly(Retry::Writers),
        Failure::Reserved(_) => quietly(Retry::After(RESERVED)),
        Failure::PatchRefused(_) => quietly(Retry::Now),
    }
}

/// Whether Kubernetes has a newer version than was written to.
#[must_use]
pub fn is_conflict(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.is_conflict())
}

/// What Kubernetes says where it will not keep what was to be written, however often it is tried.
pub(super) fn is_too_much(error: &kube::Error) -> Option<&str> {
    match error {
        kube::Error::Api(status) if matches!(status.code, 400 | 413 | 422) => Some(&status.message),
        _ => None,
    }
}

fn too_much(said: &str) -> String {
    format!(
        "Kubernetes does not keep what the operator must write on this resource, most likely as the resource is too large: \
         make spec or annotations smaller: {}",
        said.chars().take(LONGEST_QUOTE).collect::<String>()
    )
}

/// What follows from an error of the tenant.
#[must_use]
pub fn of_error(error: &Error, doing: Doing) -> Disposition {
    let heals = |reason, retry| Disposition { verdict: Some(Verdict::Heals(reason, said(error))), retry };
    let stalls =
        |reason, message| Disposition { verdict: Some(Verdict::Stalled(reason, message, None)), retry: Retry::Refused };
    match (error.kind(), error.certainty()) {
        (ErrorKind::RateLimited, Certainty::Refused | Certainty::NotSent) => {
            heals(Reason::RateLimited, Retry::After(error.wait().unwrap_or(Duration::from_secs(10))))
        }
        (ErrorKind::CredentialsRejected | ErrorKind::AnotherOrg | ErrorKind::Unauthorized, _) => {
            heals(Reason::TenantNotReady, Retry::Tenant)
        }
        (ErrorKind::Forbidden, Certainty::Refused) => stalls(Reason::Forbidden, forbidden(error)),
        (ErrorKind::Refused, Certainty::Refused) => stalls(Reason::Refused, said(error)),
        (ErrorKind::Misconfigured, _) => stalls(Reason::InvalidSpec, said(error)),
        (ErrorKind::NotFound { by_sailpoint: true }, _) => heals(Reason::ConfirmingAbsence, Retry::Tenant),
        (ErrorKind::NotSent, _) => Disposition { verdict: None, retry: Retry::Backoff },
        (_, Certainty::NotSent) => heals(Reason::TenantUnavailable, Retry::Backoff),
        (_, Certainty::Refused | Certainty::Unknown) => heals(unknown(doing), Retry::Backoff),
    }
}

fn unknown(doing: Doing) -> Reason {
    match doing {
        Doing::Create => Reason::CreateUnresolved,
        Doing::Update(_) => Reason::WriteUnsettled,
        Doing::Adopt | Doing::Delete => Reason::TenantUnavailable,
    }
}

/// SailPoint's words; tracking id, attempts and time are new with each attempt.
pub(super) fn said(error: &Error) -> Message {
    let whole = error.to_string();
    match whole.find(error.words()).filter(|_| !error.words().is_empty()) {
        Some(start) => {
            let (cause, details) = whole.split_at(start + error.words().len());
            Message { cause: cause.to_owned(), details: details.to_owned() }
        }
        None => whole.into(),
    }
}

/// Which scope and level a token needs.
pub const NEEDS: &str =
    "the personal access token needs scope idn:service-desk-integration:manage, of a user of level ORG_ADMIN";

pub(super) fn forbidden(error: &Error) -> Message {
    let Message { cause, details } = said(error);
    Message { cause: format!("{cause}; {NEEDS}"), details }
}
