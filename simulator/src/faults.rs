//! What goes wrong between client and tenant, as data: which calls it meets, how often, and what it does to them.
//!
//! Doing it is the concern of [`crate::intercept`].

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A fault, as it is posted to `/_simulator/faults`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The method of the calls that it meets; any if not given.
    #[serde(default)]
    pub method: Option<String>,
    /// The path of the calls that it meets, as in `/v2024/sim-integrations`; a `*` at the end stands for any rest.
    pub path: String,
    /// How many calls it meets, 1 if not given; null for all until it is removed.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// What it does to them.
    pub action: Action,
}

impl Fault {
    /// What is wrong with it, beyond its shape.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.times == Some(0) {
            return Err("times must be at least 1, or null for all".to_owned());
        }
        match &self.action {
            Action::Answer { status, .. } if !(200..=599).contains(status) => {
                Err(format!("{status} is not the status of an answer"))
            }
            _ => Ok(()),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional field")]
fn once() -> Option<u32> {
    Some(1)
}

/// What a fault does to a call. All are struct variants, as only with these serde refuses a field that is none.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Action {
    /// Answers in place of the tenant.
    Answer {
        /// The status.
        status: u16,
        /// Further headers, such as `Retry-After`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// JSON, or a text that is sent as it is. If not given: the documented error body of the status, or none.
        #[serde(default)]
        body: Option<Value>,
        /// The content type of the body: if not given, `application/json`, or `text/plain` for a text.
        #[serde(default)]
        content_type: Option<String>,
        /// Whether the change that was asked for is made all the same.
        #[serde(default)]
        commit: bool,
    },
    /// Waits before the change. The change is made even if the client has gone by then.
    DelayBefore {
        /// For how many milliseconds.
        ms: u64,
    },
    /// Makes the change at once and holds the answer back.
    DelayAfter {
        /// For how many milliseconds.
        ms: u64,
    },
    /// Waits until it is released, then makes the change, even if the client has gone by then.
    HoldBefore {},
    /// Makes the change at once and holds the answer back until it is released.
    HoldAfter {},
    /// Changes nothing and answers nothing; closes the TCP connection when it is released.
    Silence {},
    /// Closes the TCP connection; nothing is changed or answered.
    CutBefore {},
    /// Makes the change and closes the TCP connection; nothing is answered.
    CutAfter {},
    /// A list answers `[]`.
    EmptyList {},
    /// A list leaves some out.
    ShortList {
        /// Those with these ids.
        #[serde(default)]
        without_ids: Vec<String>,
        /// And the last so many of the rest.
        #[serde(default)]
        drop_last: usize,
    },
}

impl Action {
    /// The kind, as it is spelled in JSON.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::DelayBefore { .. } => "delayBefore",
            Self::DelayAfter { .. } => "delayAfter",
            Self::HoldBefore {} => "holdBefore",
            Self::HoldAfter {} => "holdAfter",
            Self::Silence {} => "silence",
            Self::CutBefore {} => "cutBefore",
            Self::CutAfter {} => "cutAfter",
            Self::EmptyList {} => "emptyList",
            Self::ShortList { .. } => "shortList",
        }
    }
}

/// A fault that waits for calls, as `GET /_simulator/faults` shows it: `times` counts down.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Waiting {
    id: u64,
    /// How many calls it met.
    met: u64,
    #[serde(flatten)]
    fault: Fault,
}

impl Waiting {
    fn meets(&self, method: &str, path: &str) -> bool {
        let Fault { method: wanted, path: pattern, .. } = &self.fault;
        let path_meets = match pattern.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => path == pattern,
        };
        path_meets && wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
    }
}

/// The faults in the order of their posting.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Waiting>,
    last: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) -> Waiting {
        self.last += 1;
        let waiting = Waiting { id: self.last, met: 0, fault };
        self.waiting.push(waiting.clone());
        waiting
    }

    pub(crate) fn all(&self) -> &[Waiting] {
        &self.waiting
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Whether there was one to remove.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.id != id);
        self.waiting.len() < before
    }

    /// What is to happen to a call: the first fault that meets it, which is used up by one.
    pub(crate) fn meet(&mut self, method: &str, path: &str) -> Option<Action> {
        let index = self.waiting.iter().position(|waiting| waiting.meets(method, path))?;
        let waiting = self.waiting.get_mut(index)?;
        waiting.met += 1;
        waiting.fault.times = waiting.fault.times.map(|times| times.saturating_sub(1));
        let action = waiting.fault.action.clone();
        if waiting.fault.times == Some(0) {
            self.waiting.remove(index);
        }
        Some(action)
    }
}
