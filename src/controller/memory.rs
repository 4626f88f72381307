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
    /// It is being looked at, or was parked: whatever a list shows concerns it.
    is_open: bool,
    /// The open create: its nonce, when it was first seen and how many LISTs had been whole by then.
    intent: Option<SeenIntent>,
    /// The open create itself: people strip annotations.
    open: Option<CreateIntent>,
    /// The nonce of the create that was closed last: a watch may show it a little longer.
    closed: Option<String>,
    backoff: Backoff,
    /// No write before this time, unless what is wanted changes: what SailPoint refused is tried again hourly.
    refused: Option<(String, Instant)>,
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

    /// Whether it is being looked at, or was parked until something more is known.
    pub(super) fn set_open(&mut self, is_open: bool) {
        self.is_open = is_open;
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
    pub fn failed(&mut self, least: Duration, most: Duration) -> Duration {
        self.backoff.failed(least, most)
    }

    /// All is well again.
    pub fn succeeded(&mut self) {
        self.backoff = Backoff::default();
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
        self.is_open || !self.questions.is_empty()
    }

    /// Whether there is nothing to remember.
    pub(super) fn is_blank(&self) -> bool {
        let Self { questions, is_open, intent, open, closed, backoff, refused, repairs, superseded, newest, warned } =
            self;
        (questions.is_empty() && !is_open)
            && intent.is_none()
            && (open.is_none() && closed.is_none())
            && backoff.is_blank()
            && refused.is_none()
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
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn backoff_doubles_to_its_bound_and_starts_anew() {
        let mut memory = Memory::default();
        let waits: Vec<Duration> = (0..40).map(|_| memory.failed(2 * SECOND, 300 * SECOND)).collect();
        for (n, wait) in waits.iter().enumerate() {
            let full = (2.0 * 2_f64.powi(i32::try_from(n).unwrap())).min(300.0);
            assert!((0.74 * full..=full).contains(&wait.as_secs_f64()), "{n}: {wait:?}");
        }
        memory.succeeded();
        assert!(memory.failed(2 * SECOND, 300 * SECOND) <= 2 * SECOND);
    }

    #[test]
    fn a_question_keeps_its_time_until_it_is_answered() {
        let (mut memory, start) = (Memory::default(), Instant::now());
        assert_eq!(memory.asked("name a", start), start);
        assert_eq!(memory.asked("name a", start + SECOND), start);
        assert_eq!(memory.asked("name b", start + SECOND), start + SECOND);
        assert_eq!(memory.asked("name a", start + SECOND), start, "one question does not make another new");
        memory.answered();
        assert_eq!(memory.asked("name b", start + 2 * SECOND), start + 2 * SECOND);
    }

    #[test]
    fn what_was_replaced_is_forgotten_when_the_watch_has_come_as_far() {
        let mut memory = Memory::default();
        memory.superseded("1");
        memory.closed("nonce");
        memory.superseded_by("2", "3");
        assert!(memory.is_superseded("1") && memory.is_superseded("2"));
        assert!(!memory.is_superseded("1.5") && memory.is_superseded("2"), "somebody else's, before ours");
        assert_eq!(memory.open_intent(None, Some("id")), None);
        assert!(!memory.is_blank());
        assert!(!memory.is_superseded("3") && !memory.is_superseded("2"));
        assert_eq!(memory.open_intent(None, Some("id")), None);
        assert!(memory.is_blank());
    }

    #[test]
    fn three_repairs_running_are_contested_and_one_that_lasts_is_not() {
        let (mut memory, start) = (Memory::default(), Instant::now());
        let paths = [Path::Name];
        for n in 0..3 {
            assert!(!memory.contested(paths.iter()));
            memory.drifted(&paths, start + n * SECOND);
            memory.repaired(paths.iter(), start + n * SECOND);
        }
        assert!(memory.contested(paths.iter()));
        memory.drifted(&[], start + 2 * SECOND);
        assert!(memory.contested(paths.iter()), "a LIST from before the repair says nothing of it");
        memory.drifted(&[], start + 3 * SECOND);
        assert!(!memory.contested(paths.iter()));
    }
}
