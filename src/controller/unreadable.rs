//! Which resources cannot be read whole, and why: such a one is judged, and nothing else is done about it.
//!
//! Fed by the watch, as the index of holders is.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kube::ResourceExt as _;
use kube::runtime::watcher::Event;

use crate::api::{Kept, Received};

/// The resources of both kinds that cannot be read whole, by uid.
#[derive(Debug, Default)]
pub struct Unreadable(Mutex<HashMap<String, String>>);

impl Unreadable {
    /// Takes note of what the watch shows, and passes on what can be read of it.
    pub fn sift<K: Kept>(&self, event: Event<Received<K>>) -> Event<K> {
        match event {
            Event::Apply(received) => Event::Apply(self.note(received)),
            Event::InitApply(received) => Event::InitApply(self.note(received)),
            Event::Delete(received) => Event::Delete(received.resource),
            Event::Init => Event::Init,
            Event::InitDone => Event::InitDone,
        }
    }

    fn note<K: Kept>(&self, received: Received<K>) -> K {
        let Received { resource, unreadable } = received;
        let uid = resource.uid().unwrap_or_default();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match unreadable {
            None => drop(all.remove(&uid)),
            Some(why) if all.get(&uid) == Some(&why) => {}
            Some(why) => {
                let (namespace, name) = (resource.namespace().unwrap_or_default(), resource.name_any());
                tracing::warn!(kind = %K::kind(&()), namespace, name, why, "a resource cannot be read");
                all.insert(uid, why);
            }
        }
        resource
    }

    /// The resource is gone.
    pub fn forget(&self, uid: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }

    /// What of this resource cannot be read, in words for a person; `None` where it can.
    pub fn why<K: Kept>(&self, resource: &K) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let why = all.get(&resource.uid()?)?;
        Some(format!(
            "this resource cannot be read, so that nothing is done about it: {why}; correct it, and look whether the \
             definitions are those of this version of the operator"
        ))
    }
}
