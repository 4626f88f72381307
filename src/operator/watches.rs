//! What is watched, and how it comes to the reconciles.

use std::sync::Arc;

use std::future::ready;
use std::mem;

use futures::{StreamExt as _, TryStreamExt as _};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::watcher::Event;
use kube::runtime::{Controller, WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};
use tokio::sync::watch;

use crate::api::{Folded, Kept, Received, trim};
use crate::controller::{Census, Seats, Unreadable, Wakes, Watch};

/// A page of a list is read whole before any of it is folded: large pages would need the most memory of all that is done here.
const PAGE: u32 = 100;

/// A watch and a controller for each namespace. `observed` sees each resource before the store does, and `left` those that
/// are gone after it: nobody who reads the store knows more than the index of holders.
pub(super) fn watches<K: Kept>(
    client: &Client,
    namespaces: &[Option<String>],
    unreadable: &Arc<Unreadable>,
    seats: &Arc<Seats>,
    observed: impl Fn(&K) + Clone + Send + 'static,
    left: impl Fn(String, ObjectRef<Folded<K>>) + Clone + Send + 'static,
) -> (Vec<Watch<K>>, Vec<Controller<Folded<K>>>) {
    let one = |namespace: &Option<String>| {
        let api = match namespace {
            Some(namespace) => Api::namespaced(client.clone(), namespace),
            None => Api::all(client.clone()),
        };
        let (store, writer) = reflector::store();
        let wakes = Arc::new(Wakes::default());
        let (tell, known) = watch::channel(false);
        let (observed, left, mut census) = (observed.clone(), left.clone(), Census::default());
        let (unreadable, unread) = (Arc::clone(unreadable), Arc::clone(unreadable));
        let (before, mut news) = (store.clone(), News::new(Arc::clone(&wakes)));
        let stream = watcher(api, watcher::Config::default().page_size(PAGE))
            .default_backoff()
            .modify(|received: &mut Received<K>| trim(received))
            .map_ok(move |event| unreadable.sift(event))
            .inspect(move |event| {
                if let Ok(Event::Apply(resource) | Event::InitApply(resource)) = event {
                    observed(resource);
                }
            })
            .map_ok(move |event| fold(&event, &before))
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
            .filter_map(move |event| ready(event.map(|event| news.of(event)).transpose()));
        let woken = Arc::clone(&wakes).into_stream(Arc::clone(seats));
        let controller = Controller::for_stream(stream, store.clone()).reconcile_on(woken);
        (Watch { namespace: namespace.clone(), store, wakes, known }, controller)
    };
    namespaces.iter().map(one).unzip()
}

/// What of a watch is reconciled: what is other than before. Of a list nothing is, before all of it is known; then each in its
/// turn, as it may be long.
struct News<K: Kept> {
    listed: Vec<ObjectRef<Folded<K>>>,
    wakes: Arc<Wakes>,
}

impl<K: Kept> News<K> {
    fn new(wakes: Arc<Wakes>) -> Self {
        Self { listed: Vec::new(), wakes }
    }

    fn of(&mut self, event: Event<Folded<K>>) -> Option<Folded<K>> {
        match event {
            Event::Apply(folded) => return folded.is_news().then_some(folded),
            Event::InitApply(folded) if folded.is_news() => self.listed.push(ObjectRef::from_obj(&folded)),
            Event::Init => self.listed.clear(),
            Event::InitDone => {
                for resource in mem::take(&mut self.listed) {
                    self.wakes.push(resource.namespace.as_deref().unwrap_or_default(), &resource.name);
                }
            }
            Event::InitApply(_) | Event::Delete(_) => {}
        }
        None
    }
}

fn fold<K: Kept>(event: &Event<K>, known: &Store<Folded<K>>) -> Event<Folded<K>> {
    let folded = |resource: &K| {
        let (namespace, name) = (resource.namespace().unwrap_or_default(), resource.name_any());
        let before = known.get(&ObjectRef::new(&name).within(&namespace));
        Folded::new(resource, before.as_deref())
    };
    match event {
        Event::Apply(resource) => Event::Apply(folded(resource)),
        Event::InitApply(resource) => Event::InitApply(folded(resource)),
        Event::Delete(resource) => Event::Delete(folded(resource)),
        Event::Init => Event::Init,
        Event::InitDone => Event::InitDone,
    }
}
