//! What this process remembers of a resource between two reconciles, and a restart may forget.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::backoff::Backoff;
use crate::api::Reason;
use crate::api::annotations::CreateIntent;
use crate::model::Path;

/// How many versions that our own writes replaced are remembered.
const SUPERSEDED: usize = 4;
/// Repairs of one path, in resyncs running, before it counts as contested.
const CONTESTED_AFTER: u32 = 3;

/// What is remembered of one `SimIntegration`.
#[derive(Debug, Default)]
pub struct Memory {
    /// The questions that a list or a look-up must answer, and when each was asked.
    questions: BTreeMap<String, Instant>,
    /// Since when it is being looked at, or was parked: whatever a list shows concerns it.
    open_since: Option<Instant>,
    /// The open create: its nonce, when it was first seen and how many LISTs had been whole by then.
    intent: Option<SeenIntent>,
    /// The open create itself: people strip annotations.
    open: Option<CreateIntent>,
    /// The nonce of the create that was closed last: a watch may show it a little longer.
    closed: Option<String>,
    backoff: Backoff,
    /// What the resource asked for when it was last looked at, and in which state its tenant was.
    circumstances: String,
    rest: Option<Rest>,
    /// No write before this time, unless what is wanted changes: what SailPoint refused is tried again hourly.
    refused: Option<(String, Instant)>,
    /// When a DELETE ended without an answer that says whether it was done.
    unsure_since: Option<Instant>,
    repairs: BTreeMap<Path, Repairs>,
    superseded: Vec<String>,
    /// What our last write made of the resource, as long as the watch has not shown it.
    newest: Option<String>,
    warned: Vec<String>,
}

/// An open create, as this process first saw it.
#[derive(Clone, Debug)]
pub struct SeenIntent {
    nonce: String,
    /// When this process first saw it, on its own clock.
    pub since: Instant,
    /// How many LISTs had been whole by then.
    pub whole_lists: u64,
}

/// A time in which nothing is asked of the tenant for one resource. Each list wakes all: if each of them asked for another one
/// then, two that wait would keep their tenant busy without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// From when on an answer counts that others asked for.
    pub since: Instant,
    /// When something may be asked again.
    pub until: Instant,
    /// When to look again, if not at the next list.
    pub look_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Repairs {
    count: u32,
    last: Instant,
}

impl Memory {
    /// When `question` was first asked, now if it is new.
    pub fn asked(&mut self, question: &str, now: Instant) -> Instant {
        *self.questions.entry(question.to_owned()).or_insert(now)
    }

    /// The questions were answered and acted upon; the next are new ones.
    pub fn answered(&mut self) {
        self.questions.clear();
    }

    /// It is being looked at.
    pub(super) fn opens(&mut self, now: Instant) {
        self.open_since.get_or_insert(now);
    }

    /// It was looked at, and not parked until something more is known.
    pub(super) fn closes(&mut self) {
        self.open_since = None;
    }

    /// Since when it is being looked at, or was parked, for what it asks for now.
    pub(super) fn open_since(&self) -> Option<Instant> {
        self.open_since
    }

    /// What was learnt is too old by now: it is asked anew.
    pub fn outdated(&mut self) {
        self.questions.clear();
        self.rest = None;
    }

    /// The open create of this nonce; what is first seen now starts now.
    pub fn intent(&mut self, nonce: &str, whole_lists: u64, now: Instant) -> SeenIntent {
        match &self.intent {
            Some(seen) if seen.nonce == nonce => seen.clone(),
            _ => {
                let seen = SeenIntent { nonce: nonce.to_owned(), since: now, whole_lists };
                self.intent = Some(seen.clone());
                seen
            }
        }
    }

    /// This process has left a create open.
    pub fn opened(&mut self, intent: CreateIntent) {
        self.open = Some(intent);
    }

    /// This process has closed the create of this nonce.
    pub fn closed(&mut self, nonce: &str) {
        self.open = None;
        self.closed = Some(nonce.to_owned());
    }

    /// The id that the open create made is in the status, and no annotation speaks of the create any more.
    pub fn landed(&mut self) {
        if let Some(open) = self.open.take() {
            self.closed = Some(open.nonce);
        }
    }

    /// The open create of a resource that shows `seen` and whose status has `id`. What is open and was stripped off is open
    /// all the same: only an id that did not stand there before closes it.
    pub fn open_intent(&mut self, seen: Option<&CreateIntent>, id: Option<&str>) -> Option<CreateIntent> {
        match seen {
            Some(intent) if self.closed.as_ref() == Some(&intent.nonce) => {}
            Some(intent) => self.open = Some(intent.clone()),
            None => {
                self.open.take_if(|open| id.is_some() && open.replaces.as_deref() != id);
                // The watch has come as far as we have, and will not show it again.
                self.closed.take_if(|_| self.superseded.is_empty());
            }
        }
        seen.cloned().or_else(|| self.open.clone())
    }

    /// One more failure: how long to wait, doubling from `least` to `most`, less up to a quarter so that many do not come at once.
    /// While the resource rests nothing was tried, and it waits as long as it meant to.
    pub fn failed(&mut self, least: Duration, most: Duration, now: Instant) -> Duration {
        match self.resting(now).and_then(|rest| rest.look_at) {
            Some(look_at) => look_at.saturating_duration_since(now),
            None => self.backoff.failed(least, most),
        }
    }

    /// A look that began at `since` told nothing: where something was asked for it, nothing more is asked before `until`.
    pub fn in_vain(&mut self, since: Instant, look_at: Option<Instant>, until: Instant) {
        if let Some(rest) = self.rest.as_mut().filter(|rest| rest.until > since) {
            rest.since = since;
        } else if !self.questions.is_empty() {
            self.rest = Some(Rest { since, until, look_at });
        }
    }

    /// The rest that is not over.
    #[must_use]
    pub fn resting(&self, now: Instant) -> Option<Rest> {
        self.rest.filter(|rest| rest.until > now)
    }

    /// Ends the rest if the resource asks for something else, or its tenant is in another state: it is looked at from now on.
    pub fn notice(&mut self, circumstances: String, now: Instant) {
        if self.circumstances != circumstances {
            (self.circumstances, self.rest) = (circumstances, None);
            self.open_since = self.open_since.map(|_| now);
        }
    }

    /// All is well again.
    pub fn succeeded(&mut self) {
        self.backoff = Backoff::default();
        self.rest = None;
        self.refused = None;
    }

    /// SailPoint refused what is wanted at this version of spec and Secrets.
    pub fn refused(&mut self, version: String, retry: Instant) {
        self.refused = Some((version, retry));
    }

    /// Until when what is wanted at this version is not tried again.
    #[must_use]
    pub fn refused_until(&self, version: &str, now: Instant) -> Option<Instant> {
        self.refused.as_ref().filter(|(of, until)| of == version && *until > now).map(|(_, until)| *until)
    }

    /// What was refused may be tried at once.
    pub fn forget_refusal(&mut self) {
        self.refused = None;
    }

    /// A DELETE ended without an answer that says whether it was done.
    pub fn unsure(&mut self, now: Instant) {
        self.unsure_since = Some(now);
    }

    /// From when on a list must be that says whether there is anything left to delete.
    #[must_use]
    pub fn unsure_since(&self) -> Option<Instant> {
        self.unsure_since
    }

    /// How long the resource has been waiting for this reason.
    pub fn waiting_for(&mut self, reason: Reason, now: Instant) -> Duration {
        self.backoff.waiting_for(reason, now)
    }

    /// Drift at these paths was repaired.
    pub fn repaired<'a>(&mut self, paths: impl Iterator<Item = &'a Path>, now: Instant) {
        for path in paths {
            let repairs = self.repairs.entry(path.clone()).or_insert(Repairs { count: 0, last: now });
            *repairs = Repairs { count: repairs.count + 1, last: now };
        }
    }

    /// A LIST that started at `listed` found these paths drifted and no other: whoever stayed repaired is not contested.
    pub fn drifted(&mut self, paths: &[Path], listed: Instant) {
        self.repairs.retain(|path, repairs| paths.contains(path) || listed <= repairs.last);
    }

    /// Whether one of these paths was repaired so often in a row that somebody must keep changing it.
    #[must_use]
    pub fn contested<'a>(&self, mut paths: impl Iterator<Item = &'a Path>) -> bool {
        paths.any(|path| self.repairs.get(path).is_some_and(|repairs| repairs.count >= CONTESTED_AFTER))
    }

    /// Starts counting repairs anew.
    pub fn uncontested(&mut self) {
        self.repairs.clear();
    }

    /// A write of ours replaced this version: whoever still sees it sees the past.
    pub fn superseded(&mut self, resource_version: &str) {
        self.superseded.push(resource_version.to_owned());
        if self.superseded.len() > SUPERSEDED {
            self.superseded.remove(0);
        }
        self.newest = None;
    }

    /// The same, by this version.
    pub fn superseded_by(&mut self, resource_version: &str, newest: &str) {
        self.superseded(resource_version);
        self.newest = Some(newest.to_owned());
    }

    /// Whether this version, which the watch shows, is one that a write of ours replaced. Where it is what our last write
    /// made, the watch will show none before it.
    pub fn is_superseded(&mut self, resource_version: &str) -> bool {
        if self.newest.take_if(|newest| newest == resource_version).is_some() {
            self.superseded = Vec::new();
        }
        self.superseded.iter().any(|superseded| superseded == resource_version)
    }

    /// Whether it waits for what a list or a look-up shows.
    pub(super) fn is_waiting(&self) -> bool {
        self.open_since.is_some() || !self.questions.is_empty()
    }

    /// Whether there is nothing to remember.
    pub(super) fn is_blank(&self) -> bool {
        let Self {
            questions,
            open_since,
            intent,
            open,
            closed,
            backoff,
            circumstances: _,
            rest,
            refused,
            unsure_since,
            repairs,
            superseded,
            newest,
            warned,
        } = self;
        // The circumstances count only as long as there is a rest for them to end.
        (questions.is_empty() && open_since.is_none())
            && intent.is_none()
            && (open.is_none() && closed.is_none())
            && backoff.is_blank()
            && (rest.is_none() && refused.is_none() && unsure_since.is_none())
            && repairs.is_empty()
            && (superseded.is_empty() && newest.is_none())
            && warned.is_empty()
    }

    /// Whether this warning was not given before; it counts as given from now on.
    pub fn warn_once(&mut self, warning: &str) -> bool {
        let is_new = !self.warned.iter().any(|given| given == warning);
        if is_new {
            self.warned.push(warning.to_owned());
        }
        is_new
    }
}

#[cfg(test)]
mod tests;
