//! What is known of an org's integrations: one LIST for everyone, our own writes on top, and how long each may be believed.
//!
//! Pure: every time is given. A LIST may lag behind writes, be short or lie; the rules here decide what it may change.
//! Asking the tenant is the caller's.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Integration, Listed};
use crate::several::Several;

/// The integrations of one org.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Snapshot {
    entries: BTreeMap<Arc<str>, Entry>,
    /// How many times an entry was set.
    changes: u64,
    /// The ids of each name.
    by_name: Several,
    /// What we deleted, and when the tenant said so.
    tombstones: BTreeMap<Arc<str>, Instant>,
    /// What SailPoint itself said is gone.
    gone: BTreeMap<Arc<str>, Gone>,
    /// When we last wrote to an id, whatever came of it.
    written: BTreeMap<Arc<str>, Instant>,
    /// Writes whose answer never came: what is there is not known.
    unanswered: BTreeMap<Arc<str>, Instant>,
    /// The ids of the last whole LIST.
    whole: BTreeSet<Arc<str>>,
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
    listed: Listed,
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
    pub fn get(&self, id: &str) -> Option<Arc<Integration>> {
        self.entries.get(id)?.listed.open()
    }

    /// The same, packed.
    #[must_use]
    pub fn listed(&self, id: &str) -> Option<&Listed> {
        self.entries.get(id).map(|entry| &entry.listed)
    }

    /// The name of the integration of this id.
    #[must_use]
    pub fn name(&self, id: &str) -> Option<&str> {
        self.entries.get(id)?.listed.name.as_deref()
    }

    /// The integrations of this exact name, by id.
    pub fn named(&self, name: &str) -> impl Iterator<Item = Arc<Integration>> {
        self.by_name.of(name).iter().filter_map(|id| self.get(id))
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
        self.entries.keys().map(AsRef::as_ref)
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
    pub fn missing(&self, list: &[Listed], started: Instant, lag: Duration, held: &BTreeSet<Arc<str>>) -> Vec<String> {
        let listed: HashSet<&str> = list.iter().filter_map(|entry| entry.id.as_deref()).collect();
        let expected = held.union(&self.whole);
        expected
            .filter(|id| !listed.contains(id.as_ref()) && !self.tombstones.contains_key(*id))
            .filter(|id| matches!(self.gone.get(*id), None | Some(Gone::Doubted(_))))
            .filter(|id| !self.is_created_lately(id, started, lag))
            .map(ToString::to_string)
            .collect()
    }

    /// A LIST that was whole has shown it: whatever was written to it since, every later one must show it, too.
    fn is_created_lately(&self, id: &str, started: Instant, lag: Duration) -> bool {
        !self.whole.contains(id) && self.written.get(id).is_some_and(|written| *written + lag > started)
    }

    /// Until when what we wrote or read of this id counts more than any LIST: what is asked of the tenant before is answered
    /// by ourselves. `None` where a LIST that starts at `started` counts.
    #[must_use]
    pub fn outweighs_lists_until(&self, id: &str, lag: Duration, started: Instant) -> Option<Instant> {
        let entry = self.entries.get(id).filter(|entry| !entry.is_listed)?;
        Some(entry.as_of + lag).filter(|until| *until > started)
    }

    /// The same for whichever id of all it lasts longest.
    #[must_use]
    pub fn outweigh_lists_until(&self, lag: Duration, started: Instant) -> Option<Instant> {
        self.entries.keys().filter_map(|id| self.outweighs_lists_until(id, lag, started)).max()
    }

    /// Whether what is known of this id is newer than what a LIST that started at `started` can show. Of two LISTs the
    /// later is the newer, however close they are.
    fn is_newer(&self, id: &str, started: Instant, lag: Duration) -> bool {
        let is_behind =
            |entry: &Entry| if entry.is_listed { entry.as_of > started } else { entry.as_of + lag > started };
        self.entries.get(id).is_some_and(is_behind)
            || self.tombstones.get(id).is_some_and(|deleted| *deleted + lag > started)
    }

    /// Takes over a LIST that started at `started`. What it does not show is removed only if it is `whole`. Returns the ids
    /// that are other than before, or gone.
    pub fn merge(&mut self, list: Vec<Listed>, started: Instant, lag: Duration, whole: bool) -> BTreeSet<Arc<str>> {
        let mut changed = if whole { self.keep_only(&list, started, lag) } else { BTreeSet::new() };
        for entry in list {
            let Some(id) = entry.id.clone() else { continue };
            if self.is_newer(&id, started, lag) {
                continue;
            }
            self.tombstones.remove(&id);
            if let Some(known) = self.entries.get_mut(&id).filter(|known| known.listed.is_same(&entry)) {
                (known.as_of, known.is_listed) = (started, true);
                self.gone.remove(&id);
            } else {
                self.insert(Arc::clone(&id), entry, started, true);
                changed.insert(id);
            }
        }
        changed
    }

    /// Removes what a whole LIST does not show, and returns the ids of it.
    fn keep_only(&mut self, list: &[Listed], started: Instant, lag: Duration) -> BTreeSet<Arc<str>> {
        let listed: BTreeSet<Arc<str>> = list.iter().filter_map(|entry| Some(self.known(entry.id.as_ref()?))).collect();
        let is_stale = |id: &&Arc<str>| !listed.contains(*id) && !self.is_newer(id, started, lag);
        let stale: BTreeSet<Arc<str>> = self.entries.keys().filter(is_stale).cloned().collect();
        for id in &stale {
            self.remove(id);
        }
        self.tombstones.retain(|id, deleted| listed.contains(id) || *deleted + lag > started);
        self.whole = listed;
        stale
    }

    /// Takes over the answer to a write of ours.
    pub fn wrote(&mut self, integration: &Integration, answered: Instant) {
        let listed = Listed::from(integration);
        let Some(id) = listed.id.clone() else { return };
        self.written.insert(Arc::clone(&id), answered);
        self.unanswered.remove(&id);
        self.tombstones.remove(&id);
        self.insert(id, listed, answered, false);
    }

    /// A read of one integration that started at `started`.
    pub fn read(&mut self, integration: &Integration, started: Instant) {
        let listed = Listed::from(integration);
        let Some(id) = listed.id.clone() else { return };
        if !self.is_newer(&id, started, Duration::ZERO) {
            self.insert(id, listed, started, false);
        }
    }

    /// We deleted this id.
    pub fn deleted(&mut self, id: &str, answered: Instant) {
        self.remove(id);
        self.whole.remove(id);
        self.unanswered.remove(id);
        self.written.insert(id.into(), answered);
        self.tombstones.insert(id.into(), answered);
        self.gone.insert(id.into(), Gone::Deleted);
    }

    /// SailPoint itself said that this id is gone.
    pub fn confirm_gone(&mut self, id: &str, said: Instant) {
        self.remove(id);
        self.whole.remove(id);
        self.gone.insert(id.into(), Gone::NotFound(said));
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
        self.written.insert(id.into(), now);
        self.unanswered.insert(id.into(), now);
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

    /// The id as it is known already, where it is: each is kept once.
    fn known(&self, id: &Arc<str>) -> Arc<str> {
        Arc::clone(self.entries.get_key_value(id).map_or(id, |(known, _)| known))
    }

    fn insert(&mut self, id: Arc<str>, listed: Listed, as_of: Instant, is_listed: bool) {
        let before = self.remove(&id);
        self.gone.remove(&id);
        if let Some(name) = &listed.name {
            self.by_name.add(name, &id);
        }
        self.changes += 1;
        let since = before.map_or(self.changes, |entry| entry.since);
        self.entries.insert(id, Entry { listed, since, as_of, is_listed });
    }

    fn remove(&mut self, id: &str) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        if let Some(name) = &entry.listed.name {
            self.by_name.take(name, id);
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests;
