//! What is watched, and how it comes to the reconciles.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use kube::runtime::PredicateConfig;
use kube::runtime::reflector::{self, ObjectRef};
use kube::runtime::watcher::Event;
use kube::runtime::{Controller, WatchStreamExt as _, watcher};
use kube::{Api, Client, Resource, ResourceExt as _};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::api::{Kept, Received};
use crate::controller::{Census, Unreadable, Watch};

/// A watch and a controller for each namespace. `observed` sees each resource before the store does, and `left` those that
/// are gone after it: nobody who reads the store knows more than the index of holders.
pub(super) fn watches<K: Kept>(
    client: &Client,
    namespaces: &[Option<String>],
    unreadable: &Arc<Unreadable>,
    observed: impl Fn(&K) + Clone + Send + 'static,
    left: impl Fn(String, ObjectRef<K>) + Clone + Send + 'static,
) -> (Vec<Watch<K>>, Vec<Controller<K>>) {
    let one = |namespace: &Option<String>| {
        let api = match namespace {
            Some(namespace) => Api::namespaced(client.clone(), namespace),
            None => Api::all(client.clone()),
        };
        let (store, writer) = reflector::store();
        let (wake, woken) = mpsc::unbounded_channel::<ObjectRef<K>>();
        let (tell, known) = watch::channel(false);
        let (observed, left, mut census) = (observed.clone(), left.clone(), Census::default());
        let (unreadable, unread) = (Arc::clone(unreadable), Arc::clone(unreadable));
        let stream = watcher(api, watcher::Config::default())
            .default_backoff()
            .modify(|received: &mut Received<K>| received.managed_fields_mut().clear())
            .map_ok(move |event| unreadable.sift(event))
            .inspect(move |event| {
                if let Ok(Event::Apply(resource) | Event::InitApply(resource)) = event {
                    observed(resource);
                }
            })
            .reflect(writer)
            .inspect(move |event| {
                for (uid, resource) in event.iter().flat_map(|event| census.note(event)) {
                    unread.forget(&uid);
                    left(uid, resource);
                }
                if matches!(event, Ok(Event::InitDone)) {
                    tell.send_replace(true);
                }
            })
            .applied_objects()
            .predicate_filter(what_matters, PredicateConfig::default());
        let controller =
            Controller::for_stream(stream, store.clone()).reconcile_on(UnboundedReceiverStream::new(woken));
        (Watch { namespace: namespace.clone(), store, wake, known }, controller)
    };
    namespaces.iter().map(one).unzip()
}

/// What a reconcile looks at: not the status, which is our own.
#[expect(clippy::unnecessary_wraps, reason = "the form that a predicate has")]
fn what_matters<K: Resource>(resource: &K) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    let meta = resource.meta();
    (meta.generation, &meta.annotations, &meta.finalizers, meta.deletion_timestamp.is_some()).hash(&mut hasher);
    Some(hasher.finish())
}
