//! What the watches show of one kind, over one namespace, several or all, and the way to wake its reconciles.

use std::sync::Arc;

use kube::runtime::reflector::{ObjectRef, Store};
use tokio::sync::watch;

use super::Wakes;
use crate::api::{Folded, Kept};

/// Every watch of one kind.
pub struct Watched<K: Kept>(Vec<Watch<K>>);

/// One watch: of a namespace, or of all.
pub struct Watch<K: Kept> {
    /// The namespace; `None` for all.
    pub namespace: Option<String>,
    /// What it shows.
    pub store: Store<Folded<K>>,
    /// Wakes a reconcile.
    pub wakes: Arc<Wakes>,
    /// Whether it has shown all that there is. (kube's own `wait_until_ready` wakes only one of those who wait.)
    pub known: watch::Receiver<bool>,
}

impl<K: Kept> Watched<K> {
    /// These watches.
    #[must_use]
    pub fn new(watches: Vec<Watch<K>>) -> Self {
        Self(watches)
    }

    fn of(&self, namespace: &str) -> Option<&Watch<K>> {
        self.0.iter().find(|watch| watch.namespace.as_deref().is_none_or(|watched| watched == namespace))
    }

    /// The resource of this name.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<Arc<K>> {
        self.of(namespace)?.store.get(&ObjectRef::new(name).within(namespace))?.unfold()
    }

    /// The namespaces that are watched; `None` for all.
    pub fn namespaces(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|watch| watch.namespace.as_deref())
    }

    /// Reconciles this resource soon.
    pub fn wake(&self, namespace: &str, name: &str) {
        if let Some(watch) = self.of(namespace) {
            watch.wakes.push(namespace, name);
        }
    }

    /// Reconciles this resource soon, when it is called.
    pub fn waker(&self, namespace: &str, name: &str) -> impl FnOnce() + Send + use<K> + 'static {
        let wakes = self.of(namespace).map(|watch| Arc::clone(&watch.wakes));
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        move || {
            if let Some(wakes) = wakes {
                wakes.push(&namespace, &name);
            }
        }
    }

    /// Waits until every watch has shown all that there is.
    pub async fn ready(&self) {
        for watch in &self.0 {
            // The sender is dropped only while the process ends.
            let _ = watch.known.clone().wait_for(|known| *known).await;
        }
    }
}
