//! Every change of the tenant's integrations, in order: what it made of them, and from which side it came.
//!
//! The log of calls ([`crate::journal`]) says what was asked for; this says what became true, and when.

use crate::integration::Integration;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;

/// The history keeps the latest so many.
const KEPT: usize = 20_000;

/// From which side a change came.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum By {
    /// A client of the API.
    Api,
    /// Somebody in the UI: the control API.
    Ui,
}

/// What a change did.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum What {
    Created,
    Changed,
    Deleted,
}

/// One change, with the integration as it left it, or as it was before it was deleted.
#[derive(Clone, Debug)]
struct Change {
    number: u64,
    /// By our clock, never the skewed one.
    time: Timestamp,
    by: By,
    what: What,
    integration: Arc<Integration>,
}

/// The changes in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct History {
    changes: VecDeque<Change>,
    last: u64,
}

impl History {
    pub(crate) fn record(&mut self, by: By, what: What, integration: Arc<Integration>) {
        self.last += 1;
        self.changes.push_back(Change { number: self.last, time: Timestamp::now(), by, what, integration });
        if self.changes.len() > KEPT {
            self.changes.pop_front();
        }
    }

    /// The changes after the one of this number, with all that is true of each integration.
    pub(crate) fn after(&self, number: u64) -> Vec<Value> {
        self.changes.iter().filter(|change| change.number > number).map(Change::shown).collect()
    }

    /// Numbers go on.
    pub(crate) fn clear(&mut self) {
        self.changes.clear();
    }
}

impl Change {
    fn shown(&self) -> Value {
        let Self { number, time, by, what, integration } = self;
        json!({ "number": number, "time": time, "by": by, "what": what, "integration": integration.truth() })
    }
}
