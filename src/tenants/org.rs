//! One org: its integrations as they were last listed, its names, and who waits for what.
//!
//! Several `SailPointTenant`s may name one org; ids, names and reservations are the org's.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::time::Instant;

use super::directory::{Directory, Lookup};
use super::reservations::{Reservation, Reservations, Target};
use crate::model::Kind;
use crate::sailpoint::snapshot::Snapshot;
use crate::sailpoint::{Error, Integration, Named};

/// An org and what is known of it.
#[derive(Debug)]
pub struct Org {
    /// Its name, as tokens have it.
    pub name: String,
    state: Mutex<State>,
    reservations: Reservations,
    /// Held while the org is listed: one LIST at a time.
    pub listing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    snapshot: Snapshot,
    rounds: u64,
    last: Option<Round>,
    /// Of the last LIST that was read: its start and the tenant's clock.
    listed: Option<Listed>,
    wanted: Option<Instant>,
    directory: Directory,
    vanished: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug)]
struct Listed {
    started: Instant,
    date: Option<Timestamp>,
    whole: bool,
    /// How many LISTs were whole so far.
    whole_so_far: u64,
}

/// How the last attempt to list an org ended.
#[derive(Clone, Debug)]
pub struct Round {
    /// When it started.
    pub started: Instant,
    /// When it ended.
    pub ended: Instant,
    /// What came of it.
    pub outcome: ListOutcome,
}

/// What came of listing an org.
#[derive(Clone, Debug)]
pub enum ListOutcome {
    /// Every known id was there, or is known to be gone.
    Whole,
    /// The list did not show ids that are there: it lies, and says nothing of what is free or absent.
    Incomplete(Vec<String>),
    /// There was none.
    Failed(Error),
}

/// The answer to a question that a LIST answers.
#[derive(Clone, Debug)]
pub enum Look {
    /// A LIST that is new enough has been read.
    Listed(OrgView),
    /// There is none yet; it is asked for.
    Wait,
    /// The last attempt failed, and the next has not come.
    Failed(Error),
}

/// What the last LIST can be believed for.
#[derive(Clone, Copy, Debug)]
pub struct OrgView {
    /// When it started.
    pub started: Instant,
    /// Whether it showed every known id: only then may a name be free or an id absent.
    pub whole: bool,
    /// The tenant's clock when it answered.
    pub date: Option<Timestamp>,
    /// How many LISTs were whole so far.
    pub whole_so_far: u64,
    /// How many vanished at once, if too many did to be believed.
    pub mass_disappearance: Option<usize>,
}

impl State {
    fn view(&self, since: Option<Instant>) -> Option<OrgView> {
        let listed = self.listed.filter(|listed| since.is_none_or(|since| listed.started >= since))?;
        let Listed { started, whole, date, whole_so_far } = listed;
        Some(OrgView { started, whole, date, whole_so_far, mass_disappearance: self.mass_disappearance() })
    }

    fn mass_disappearance(&self) -> Option<usize> {
        Some(self.vanished.len()).filter(|count| *count > 0)
    }
}

impl Org {
    /// An org of which nothing is known yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: Mutex::default(),
            reservations: Reservations::default(),
            listing: tokio::sync::Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a LIST that started after `since` says, if there is one; none is asked for.
    #[must_use]
    pub fn peek(&self, since: Option<Instant>) -> Option<OrgView> {
        self.state().view(since)
    }

    /// What a LIST that started after `since` says; `None` takes any.
    #[must_use]
    pub fn look(&self, since: Option<Instant>) -> Look {
        let mut state = self.state();
        if let Some(view) = state.view(since) {
            return Look::Listed(view);
        }
        let since = since.unwrap_or_else(Instant::now);
        state.wanted = Some(state.wanted.map_or(since, |wanted| wanted.max(since)));
        match &state.last {
            Some(Round { outcome: ListOutcome::Failed(error), .. }) => Look::Failed(error.clone()),
            _ => Look::Wait,
        }
    }

    /// Whether somebody waits for a newer LIST than there is.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        let state = self.state();
        state.wanted.is_some_and(|since| state.listed.is_none_or(|listed| listed.started < since))
    }

    /// How the last attempt to list ended.
    #[must_use]
    pub fn last_round(&self) -> Option<Round> {
        self.state().last.clone()
    }

    /// Looks into the snapshot.
    pub fn read<T>(&self, look: impl FnOnce(&Snapshot) -> T) -> T {
        look(&self.state().snapshot)
    }

    /// Takes over what a call of ours did or found.
    pub fn update(&self, change: impl FnOnce(&mut Snapshot)) {
        change(&mut self.state().snapshot);
    }

    /// Takes over a LIST: `missing` are the ids that it should have shown and that are there all the same.
    pub fn listed(
        &self,
        list: Vec<Integration>,
        started: Instant,
        date: Option<Timestamp>,
        lag: std::time::Duration,
        missing: Vec<String>,
    ) {
        let mut state = self.state();
        let whole = missing.is_empty();
        state.snapshot.merge(list, started, lag, whole);
        state.rounds += u64::from(whole);
        let whole_so_far = state.rounds;
        state.listed = Some(Listed { started, date, whole, whole_so_far });
        let outcome = if whole { ListOutcome::Whole } else { ListOutcome::Incomplete(missing) };
        state.last = Some(Round { started, ended: Instant::now(), outcome });
    }

    /// A LIST, or what it takes to send one, failed.
    pub fn list_failed(&self, started: Instant, error: Error) {
        self.state().last = Some(Round { started, ended: Instant::now(), outcome: ListOutcome::Failed(error) });
    }

    /// So many of the ids that resources hold vanished at once that it is not believed; none ends that.
    pub fn set_vanished(&self, vanished: BTreeSet<String>) {
        self.state().vanished = vanished;
    }

    /// Whether this id is one of so many that vanished at once.
    #[must_use]
    pub fn has_vanished(&self, id: &str) -> bool {
        self.state().vanished.contains(id)
    }

    /// How many vanished at once, while that is not believed.
    #[must_use]
    pub fn mass_disappearance(&self) -> Option<usize> {
        self.state().mass_disappearance()
    }

    /// Ids that a LIST lacks; see [`Snapshot::missing`].
    #[must_use]
    pub fn missing(
        &self,
        list: &[Integration],
        started: Instant,
        lag: std::time::Duration,
        held: &BTreeSet<String>,
    ) -> Vec<String> {
        self.state().snapshot.missing(list, started, lag, held)
    }

    /// The ids of a name; see [`Lookup`].
    #[must_use]
    pub fn look_up(&self, kind: Kind, name: &str, since: Instant) -> Lookup {
        self.state().directory.look(kind, name, since)
    }

    /// The ids of a name that was looked up after `since`; nothing is asked for.
    #[must_use]
    pub fn known_ids(&self, kind: Kind, name: &str, since: Instant) -> Option<Vec<String>> {
        self.state().directory.peek(kind, name, since)
    }

    /// Names of this kind that are asked for.
    #[must_use]
    pub fn names_asked(&self, kind: Kind) -> Vec<String> {
        self.state().directory.asked(kind)
    }

    /// Takes over what a look-up of `names` found.
    pub fn names_answered(&self, kind: Kind, names: &[String], found: &[Named], started: Instant) {
        self.state().directory.answer(kind, names, found, started);
    }

    /// Reserves a name or an id for a resource, or says which other has it.
    ///
    /// # Errors
    /// The `namespace/name` of the resource that is about to take it.
    pub fn reserve(&self, target: Target, resource: &str) -> Result<Reservation, String> {
        self.reservations.reserve(target, resource)
    }

    /// The integration of this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Integration>> {
        self.read(|snapshot| snapshot.get(id).cloned())
    }
}

#[cfg(test)]
mod tests;
