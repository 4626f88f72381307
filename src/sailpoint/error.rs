//! Why a call of the tenant's API failed, in words a person can act on, and what may be believed about it.
//!
//! One type for every failure. It carries no secret: the words went through the scrubber, the path has no query.
//! Deciding what to do next (backoff, conditions) belongs to the caller.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A call that failed. Cheap to clone: a failure of a shared call is shared by all who waited for it.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    method: &'static str,
    path: String,
    status: Option<u16>,
    words: String,
    by_sailpoint: bool,
    /// The failed call was for a token, so the call that needed it was not sent.
    for_token: bool,
    tracking_id: Option<String>,
    attempts: u32,
    elapsed: Duration,
    retry_after: Option<Duration>,
    source: Option<Arc<reqwest::Error>>,
}

/// What kind of failure it was. "SailPoint's own body" is an error body in one of the shapes that SailPoint documents or
/// was seen to send; a gateway, proxy or captive portal answers otherwise.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ErrorKind {
    /// What was configured cannot work: base URL, CA bundle, an id that cannot stand in a path.
    Misconfigured,
    /// The token endpoint refused the client id or secret; or there are none and no token is held.
    CredentialsRejected,
    /// The token endpoint gave a token of another org than the one that is known: an id would mean something else there.
    AnotherOrg,
    /// 401, and again with a new token.
    Unauthorized,
    /// 403 with SailPoint's own body: a missing scope or user level; on PATCH also an operation that is not allowed.
    Forbidden,
    /// 404.
    NotFound {
        /// With SailPoint's own documented error body. Only then may the object be believed gone.
        by_sailpoint: bool,
    },
    /// Any other 4xx with SailPoint's own body.
    Refused,
    /// Any other 4xx without it: something between us and SailPoint answered.
    Gateway,
    /// 429. The budget is already paused; it is not a failure of the call's content.
    RateLimited,
    /// 5xx.
    Server,
    /// The time limit passed before the answer was complete.
    Timeout,
    /// SailPoint was never reached: DNS, connection refused, TLS, proxy.
    Connect,
    /// Sent, but the connection ended before a complete answer.
    Cut,
    /// 3xx, which is never followed.
    Redirected,
    /// 2xx, but not what was asked for: no JSON, another shape, nested too deeply.
    Malformed,
    /// The answer was larger than this client reads.
    TooLarge,
    /// Not sent: the deadline for sending had passed, or the tenant had asked for a pause.
    NotSent,
}

impl ErrorKind {
    /// The kind as a label of metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Misconfigured => "misconfigured",
            Self::CredentialsRejected => "credentials_rejected",
            Self::AnotherOrg => "another_org",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound { .. } => "not_found",
            Self::Refused => "refused",
            Self::Gateway => "gateway",
            Self::RateLimited => "rate_limited",
            Self::Server => "server",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Cut => "cut",
            Self::Redirected => "redirected",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::NotSent => "not_sent",
        }
    }
}

/// What may be believed about a write that ended in an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Certainty {
    /// It never left: nothing happened at SailPoint.
    NotSent,
    /// SailPoint said no in its own words: nothing happened.
    Refused,
    /// It may have happened. Look before writing again.
    Unknown,
}

impl Error {
    /// An error without a call; the builder methods below add what is known.
    pub(super) fn new(kind: ErrorKind, words: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            method: "",
            path: String::new(),
            status: None,
            words: words.into(),
            by_sailpoint: false,
            for_token: false,
            tracking_id: None,
            attempts: 1,
            elapsed: Duration::ZERO,
            retry_after: None,
            source: None,
        }))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// `path` has no query.
    pub(super) fn of_call(self, method: &'static str, path: &str) -> Self {
        self.with(|inner| (inner.method, inner.path) = (method, path.to_owned()))
    }

    pub(super) fn answered(self, status: u16, by_sailpoint: bool, tracking_id: Option<String>) -> Self {
        self.with(|inner| {
            (inner.status, inner.by_sailpoint, inner.tracking_id) = (Some(status), by_sailpoint, tracking_id);
        })
    }

    pub(super) fn took(self, attempts: u32, elapsed: Duration) -> Self {
        self.with(|inner| (inner.attempts, inner.elapsed) = (attempts, elapsed))
    }

    pub(super) fn retry_after(self, retry_after: Option<Duration>) -> Self {
        self.with(|inner| inner.retry_after = retry_after)
    }

    pub(super) fn for_token(self, kind: ErrorKind) -> Self {
        self.with(|inner| (inner.kind, inner.for_token) = (kind, true))
    }

    pub(super) fn because(self, source: reqwest::Error) -> Self {
        self.with(|inner| inner.source = Some(Arc::new(source.without_url())))
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// SailPoint's words, or ours where it said nothing: scrubbed, one line, at most 1 KiB.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.0.words
    }

    /// SailPoint's id of the request (`SLPT-Request-ID`, `trackingId`): its support asks for it.
    #[must_use]
    pub fn tracking_id(&self) -> Option<&str> {
        self.0.tracking_id.as_deref()
    }

    /// How long the tenant asked to be left alone. It may be minutes.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the body was SailPoint's own.
    #[must_use]
    pub fn by_sailpoint(&self) -> bool {
        self.0.by_sailpoint
    }

    /// What may be believed about a write after this error.
    #[must_use]
    pub fn certainty(&self) -> Certainty {
        match self.0.kind {
            _ if self.0.for_token => Certainty::NotSent,
            ErrorKind::Misconfigured
            | ErrorKind::CredentialsRejected
            | ErrorKind::AnotherOrg
            | ErrorKind::Connect
            | ErrorKind::NotSent => Certainty::NotSent,
            ErrorKind::Unauthorized
            | ErrorKind::Forbidden
            | ErrorKind::NotFound { .. }
            | ErrorKind::Refused
            | ErrorKind::RateLimited
                if self.0.by_sailpoint =>
            {
                Certainty::Refused
            }
            ErrorKind::Unauthorized
            | ErrorKind::Forbidden
            | ErrorKind::NotFound { .. }
            | ErrorKind::Refused
            | ErrorKind::RateLimited
            | ErrorKind::Gateway
            | ErrorKind::Server
            | ErrorKind::Timeout
            | ErrorKind::Cut
            | ErrorKind::Redirected
            | ErrorKind::Malformed
            | ErrorKind::TooLarge => Certainty::Unknown,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if !inner.method.is_empty() {
            write!(formatter, "{} {}: ", inner.method, inner.path)?;
        }
        if let Some(status) = inner.status {
            let reason = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
            write!(formatter, "{status}{}{}: ", if reason.is_some() { " " } else { "" }, reason.unwrap_or_default())?;
        }
        formatter.write_str(if inner.words.is_empty() { "no words" } else { &inner.words })?;
        let tracking = inner.tracking_id.iter().map(|id| format!("tracking id {id}"));
        let wait = inner.retry_after.iter().map(|wait| format!("asked to wait {} s", wait.as_secs()));
        let plural = if inner.attempts == 1 { "" } else { "s" };
        let effort = (!inner.elapsed.is_zero())
            .then(|| format!("{} attempt{plural} in {:.1} s", inner.attempts, inner.elapsed.as_secs_f64()));
        let notes: Vec<String> = tracking.chain(wait).chain(effort).collect();
        if notes.is_empty() { Ok(()) } else { write!(formatter, " ({})", notes.join(", ")) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Error({:?}: {self})", self.0.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_to_act_on() {
        let error = Error::new(ErrorKind::Forbidden, "The server refuses")
            .of_call("PATCH", "/v2024/sim-integrations/2c91")
            .answered(403, true, Some("b21b".to_owned()))
            .took(2, Duration::from_millis(1234));
        assert_eq!(
            error.to_string(),
            "PATCH /v2024/sim-integrations/2c91: 403 Forbidden: The server refuses (tracking id b21b, 2 attempts in 1.2 s)"
        );
        let error = Error::new(ErrorKind::RateLimited, "").answered(429, true, None).retry_after(Some(WAIT));
        assert_eq!(error.to_string(), "429 Too Many Requests: no words (asked to wait 300 s)");
        assert_eq!(Error::new(ErrorKind::Server, "x").answered(599, true, None).to_string(), "599: x");
    }

    const WAIT: Duration = Duration::from_mins(5);

    #[test]
    fn a_call_without_its_token_was_not_sent() {
        let timeout = Error::new(ErrorKind::Timeout, "");
        assert_eq!(timeout.certainty(), Certainty::Unknown);
        assert_eq!(timeout.for_token(ErrorKind::Timeout).certainty(), Certainty::NotSent);
    }
}
