//! What is watched, and how it comes to the reconciles.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use kube::runtime::PredicateConfig;
use kube::runtime::reflector::{self, ObjectRef};
use kube::runtime::watcher::Event;
use kube::runtime::{Controller, WatchStreamExt as _, watcher};
use kube::{Api, Client};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::api::{Folded, Kept, Received, trim};
use crate::controller::{Census, Unreadable, Watch};

/// A page of a list is read whole before any of it is folded: large pages would need the most memory of all that is done here.
const PAGE: u32 = 100;

/// A watch and a controller for each namespace. `observed` sees each resource before the store does, and `left` those that
/// are gone after it: nobody who reads the store knows more than the index of holders.
pub(super) fn watches<K: Kept>(
    client: &Client,
    namespaces: &[Option<String>],
    unreadable: &Arc<Unreadable>,
    observed: impl Fn(&K) + Clone + Send + 'static,
    left: impl Fn(String, ObjectRef<Folded<K>>) + Clone + Send + 'static,
) -> (Vec<Watch<K>>, Vec<Controller<Folded<K>>>) {
    let one = |namespace: &Option<String>| {
        let api = match namespace {
            Some(namespace) => Api::namespaced(client.clone(), namespace),
            None => Api::all(client.clone()),
        };
        let (store, writer) = reflector::store();
        let (wake, woken) = mpsc::unbounded_channel::<ObjectRef<Folded<K>>>();
        let (tell, known) = watch::channel(false);
        let (observed, left, mut census) = (observed.clone(), left.clone(), Census::default());
        let (unreadable, unread) = (Arc::clone(unreadable), Arc::clone(unreadable));
        let stream = watcher(api, watcher::Config::default().page_size(PAGE))
            .default_backoff()
            .modify(|received: &mut Received<K>| trim(received))
            .map_ok(move |event| unreadable.sift(event))
            .inspect(move |event| {
                if let Ok(Event::Apply(resource) | Event::InitApply(resource)) = event {
                    observed(resource);
                }
            })
            .map_ok(|event| fold(&event))
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
            .predicate_filter(|folded: &Folded<K>| Some(folded.matters()), PredicateConfig::default());
        let controller =
            Controller::for_stream(stream, store.clone()).reconcile_on(UnboundedReceiverStream::new(woken));
        (Watch { namespace: namespace.clone(), store, wake, known }, controller)
    };
    namespaces.iter().map(one).unzip()
}

fn fold<K: Kept>(event: &Event<K>) -> Event<Folded<K>> {
    match event {
        Event::Apply(resource) => Event::Apply(Folded::new(resource)),
        Event::InitApply(resource) => Event::InitApply(Folded::new(resource)),
        Event::Delete(resource) => Event::Delete(Folded::new(resource)),
        Event::Init => Event::Init,
        Event::InitDone => Event::InitDone,
    }
}
