//! The integrations that the tenant holds, and what they were a while ago, for a LIST that lags.

use crate::directory::Directory;
use crate::integration::Integration;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

type View = Vec<Arc<Integration>>;

/// All integrations in the order of their making.
#[derive(Debug)]
pub(crate) struct Store {
    now: View,
    /// The view since each moment; the first is the oldest that a LIST can still show.
    past: VecDeque<(Instant, View)>,
}

impl Store {
    /// What was there before the first request is seen by the first LIST, however much it lags.
    pub(crate) fn new(integrations: Vec<Integration>) -> Self {
        let now: View = integrations.into_iter().map(Arc::new).collect();
        Self { past: VecDeque::from([(Instant::now(), now.clone())]), now }
    }

    pub(crate) fn all(&self) -> &[Arc<Integration>] {
        &self.now
    }

    /// What a LIST shows that lags by this much.
    pub(crate) fn list(&self, lag: Duration) -> View {
        if lag.is_zero() {
            return self.now.clone();
        }
        let seen = self.past.iter().rev().find(|(since, _)| since.elapsed() >= lag).or(self.past.front());
        seen.map(|(_, view)| view.clone()).unwrap_or_default()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Arc<Integration>> {
        self.now.iter().find(|integration| integration.id == id)
    }

    /// Whether another integration than `id` has this name.
    pub(crate) fn has_name(&self, name: &str, id: &str) -> bool {
        self.now.iter().any(|integration| integration.name == name && integration.id != id)
    }

    /// Adds the integration, or puts it in the place of the one with its id.
    pub(crate) fn put(&mut self, integration: Integration, lag: Duration) -> Arc<Integration> {
        let integration = Arc::new(integration);
        match self.now.iter_mut().find(|known| known.id == integration.id) {
            Some(known) => *known = Arc::clone(&integration),
            None => self.now.push(Arc::clone(&integration)),
        }
        self.remember(lag);
        integration
    }

    /// The one that was there to delete.
    pub(crate) fn delete(&mut self, id: &str, lag: Duration) -> Option<Arc<Integration>> {
        let index = self.now.iter().position(|integration| integration.id == id)?;
        let deleted = self.now.remove(index);
        self.remember(lag);
        Some(deleted)
    }

    /// Resolves the names of references anew. It is no change of an integration, so LIST does not lag behind it.
    pub(crate) fn refresh(&mut self, directory: &Directory) {
        for integration in self.now.iter_mut().chain(self.past.iter_mut().flat_map(|(_, view)| view)) {
            Arc::make_mut(integration).refresh(directory);
        }
    }

    /// Keeps no more of the past than the lag of now needs, or a tenant of thousands would fill the memory.
    fn remember(&mut self, lag: Duration) {
        self.past.push_back((Instant::now(), self.now.clone()));
        while self.past.get(1).is_some_and(|(since, _)| since.elapsed() >= lag) {
            self.past.pop_front();
        }
    }
}
