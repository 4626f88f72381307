//! What is known of an org's integrations: one LIST for everyone, our own writes on top, and how long each may be believed.
//!
//! Pure: every time is given. A LIST may lag behind writes, be short or lie; the rules here decide what it may change.
//! Asking the tenant is the caller's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Integration;

/// The integrations of one org.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Snapshot {
    entries: BTreeMap<String, Entry>,
    /// How many times an entry was set.
    changes: u64,
    by_name: BTreeMap<String, BTreeSet<String>>,
    /// What we deleted, and when the tenant said so.
    tombstones: BTreeMap<String, Instant>,
    /// What SailPoint itself said is gone.
    gone: BTreeMap<String, Gone>,
    /// When we last wrote to an id, whatever came of it.
    written: BTreeMap<String, Instant>,
    /// Writes whose answer never came: what is there is not known.
    unanswered: BTreeMap<String, Instant>,
    /// The ids of the last whole LIST.
    whole: BTreeSet<String>,
}

/// How SailPoint said that something is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Gone {
    /// By its answer to our DELETE.
    Deleted,
    /// By a 404 of its own to a GET at this time.
    NotFound(Instant),
    /// So, but too early to be believed now: it is to be asked again.
    Doubted(Instant),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entry {
    integration: Arc<Integration>,
    /// Which change of the snapshot has brought it.
    since: u64,
    /// When its LIST or read started, or its write was answered.
    as_of: Instant,
    /// Whether a LIST showed it. A read or a write does not lag, so that a LIST may be behind it.
    is_listed: bool,
}

impl Snapshot {
    /// The integration of this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Integration>> {
        self.entries.get(id).map(|entry| &entry.integration)
    }

    /// The integrations of this exact name, by id.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Arc<Integration>> {
        self.by_name.get(name).into_iter().flatten().filter_map(|id| self.get(id))
    }

    /// How many integrations there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every id there is.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether the tenant itself said that this id is gone, and not before `settled`: a replica knows nothing yet of what was
    /// just made.
    #[must_use]
    pub fn is_gone(&self, id: &str, settled: Option<Instant>) -> bool {
        self.gone.get(id).is_some_and(|gone| match gone {
            Gone::Deleted => true,
            Gone::NotFound(said) | Gone::Doubted(said) => settled.is_none_or(|settled| *said >= settled),
        })
    }

    /// How far the snapshot has come: see [`was_known`](Self::was_known).
    #[must_use]
    pub fn mark(&self) -> u64 {
        self.changes
    }

    /// Whether this id was known when the snapshot had come as far as `mark`, or was gone: then it is not the result of a
    /// create that was sent after that.
    #[must_use]
    pub fn was_known(&self, id: &str, mark: u64) -> bool {
        self.entries.get(id).is_some_and(|entry| entry.since <= mark)
            || self.tombstones.contains_key(id)
            || self.gone.contains_key(id)
    }

    /// When we last wrote to this id, in this process.
    #[must_use]
    pub fn last_write(&self, id: &str) -> Option<Instant> {
        self.written.get(id).copied()
    }

    /// When a write to this id was sent whose answer never came, if no other was answered since.
    #[must_use]
    pub fn unanswered_since(&self, id: &str) -> Option<Instant> {
        self.unanswered.get(id).copied()
    }

    /// Known ids that a LIST started at `started` does not show although it should: those that resources hold and those
    /// of the last whole LIST, but for what we deleted, what is known to be gone and what we created too lately.
    #[must_use]
    pub fn missing(
        &self,
        list: &[Integration],
        started: Instant,
        lag: Duration,
        held: &BTreeSet<String>,
    ) -> Vec<String> {
        let listed: BTreeSet<&str> = list.iter().filter_map(|entry| entry.id.as_deref()).collect();
        let expected = held.union(&self.whole);
        expected
            .filter(|id| !listed.contains(id.as_str()) && !self.tombstones.contains_key(*id))
            .filter(|id| matches!(self.gone.get(*id), None | Some(Gone::Doubted(_))))
            .filter(|id| !self.is_created_lately(id, started, lag))
            .cloned()
            .collect()
    }

    /// A LIST that was whole has shown it: whatever was written to it since, every later one must show it, too.
    fn is_created_lately(&self, id: &str, started: Instant, lag: Duration) -> bool {
        !self.whole.contains(id) && self.written.get(id).is_some_and(|written| *written + lag > started)
    }

    /// Until when what we wrote or read of this id counts more than any LIST: what is asked of the tenant before is answered
    /// by ourselves. `None` where a LIST that starts now counts.
    #[must_use]
    pub fn outweighs_lists_until(&self, id: &str, lag: Duration, now: Instant) -> Option<Instant> {
        let entry = self.entries.get(id).filter(|entry| !entry.is_listed)?;
        Some(entry.as_of + lag).filter(|until| *until > now)
    }

    /// The same for whichever id of all it lasts longest.
    #[must_use]
    pub fn outweigh_lists_until(&self, lag: Duration, now: Instant) -> Option<Instant> {
        self.entries.keys().filter_map(|id| self.outweighs_lists_until(id, lag, now)).max()
    }

    /// Whether what is known of this id is newer than what a LIST that started at `started` can show. Of two LISTs the
    /// later is the newer, however close they are.
    fn is_newer(&self, id: &str, started: Instant, lag: Duration) -> bool {
        let is_behind =
            |entry: &Entry| if entry.is_listed { entry.as_of > started } else { entry.as_of + lag > started };
        self.entries.get(id).is_some_and(is_behind)
            || self.tombstones.get(id).is_some_and(|deleted| *deleted + lag > started)
    }

    /// Takes over a LIST that started at `started`. What it does not show is removed only if it is `whole`.
    pub fn merge(&mut self, list: Vec<Integration>, started: Instant, lag: Duration, whole: bool) {
        let listed: BTreeSet<String> = list.iter().filter_map(|entry| entry.id.clone()).collect();
        if whole {
            let stale: Vec<String> = self
                .entries
                .keys()
                .filter(|id| !listed.contains(*id) && !self.is_newer(id, started, lag))
                .cloned()
                .collect();
            for id in stale {
                self.remove(&id);
            }
            self.whole.clone_from(&listed);
            self.tombstones.retain(|id, deleted| listed.contains(id) || *deleted + lag > started);
        }
        for integration in list {
            let Some(id) = integration.id.clone() else { continue };
            if !self.is_newer(&id, started, lag) {
                self.tombstones.remove(&id);
                self.insert(id, Arc::new(integration), started, true);
            }
        }
    }

    /// Takes over the answer to a write of ours.
    pub fn wrote(&mut self, integration: Arc<Integration>, answered: Instant) {
        let Some(id) = integration.id.clone() else { return };
        self.written.insert(id.clone(), answered);
        self.unanswered.remove(&id);
        self.tombstones.remove(&id);
        self.insert(id, integration, answered, false);
    }

    /// A read of one integration that started at `started`.
    pub fn read(&mut self, integration: Arc<Integration>, started: Instant) {
        let Some(id) = integration.id.clone() else { return };
        if !self.is_newer(&id, started, Duration::ZERO) {
            self.insert(id, integration, started, false);
        }
    }

    /// We deleted this id.
    pub fn deleted(&mut self, id: &str, answered: Instant) {
        self.remove(id);
        self.whole.remove(id);
        self.unanswered.remove(id);
        self.written.insert(id.to_owned(), answered);
        self.tombstones.insert(id.to_owned(), answered);
        self.gone.insert(id.to_owned(), Gone::Deleted);
    }

    /// SailPoint itself said that this id is gone.
    pub fn confirm_gone(&mut self, id: &str, said: Instant) {
        self.remove(id);
        self.whole.remove(id);
        self.gone.insert(id.to_owned(), Gone::NotFound(said));
    }

    /// What a GET said of this id came too early: the next LIST that lacks it asks again.
    pub fn doubt_gone(&mut self, id: &str) {
        if let Some(gone) = self.gone.get_mut(id)
            && let Gone::NotFound(said) = *gone
        {
            *gone = Gone::Doubted(said);
        }
    }

    /// A write to this id was sent, and its answer never came.
    pub fn unanswered(&mut self, id: &str, now: Instant) {
        self.written.insert(id.to_owned(), now);
        self.unanswered.insert(id.to_owned(), now);
    }

    /// The same with each time as `moved` has it, and with nothing known that a [`mark`](Self::mark) could tell apart: how a
    /// model of the protocol forgets what no longer matters.
    #[must_use]
    pub fn with_times(&self, moved: impl Fn(Instant) -> Instant) -> Self {
        let mut snapshot = Self { changes: 0, ..self.clone() };
        for entry in snapshot.entries.values_mut() {
            (entry.since, entry.as_of) = (0, moved(entry.as_of));
        }
        let writes = [&mut snapshot.tombstones, &mut snapshot.written, &mut snapshot.unanswered];
        let writes = writes.into_iter().flat_map(BTreeMap::values_mut);
        let said = snapshot.gone.values_mut().filter_map(|gone| match gone {
            Gone::Deleted => None,
            Gone::NotFound(said) | Gone::Doubted(said) => Some(said),
        });
        for time in writes.chain(said) {
            *time = moved(*time);
        }
        snapshot
    }

    fn insert(&mut self, id: String, integration: Arc<Integration>, as_of: Instant, is_listed: bool) {
        let before = self.remove(&id);
        self.gone.remove(&id);
        if let Some(name) = &integration.name {
            self.by_name.entry(name.clone()).or_default().insert(id.clone());
        }
        self.changes += 1;
        let since = before.map_or(self.changes, |entry| entry.since);
        self.entries.insert(id, Entry { integration, since, as_of, is_listed });
    }

    fn remove(&mut self, id: &str) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        if let Some(name) = &entry.integration.name
            && let Some(ids) = self.by_name.get_mut(name)
        {
            ids.remove(id);
            if ids.is_empty() {
                self.by_name.remove(name);
            }
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests;
