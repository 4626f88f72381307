//! What is watched, and how it comes to the reconciles.

use std::sync::Arc;

use std::future::ready;
use std::mem;

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::watcher::Event;
use kube::runtime::{Controller, WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};
use tokio::sync::watch;

use crate::api::{Folded, Kept, Received};
use crate::controller::{Census, Seats, Unreadable, Wakes, Watch};

/// A page of a list is read whole before any of it is folded: large pages would need the most memory of all that is done here.
const PAGE: u32 = 100;
/// What an API server answers that can stream no lists: 1.33, and one that was told so.
const CANNOT_STREAM: u16 = 422;

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
        let (before, told, mut news) = (store.clone(), Arc::clone(&wakes), News::default());
        let stream = list_and_watch(api)
            .default_backoff()
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
                if let Ok(event) = event {
                    news.note(event, &told);
                }
            })
            // The controller reconciles whom is woken.
            .filter_map(|event| ready(event.err().map(Err)));
        let woken = Arc::clone(&wakes).into_stream(Arc::clone(seats));
        let controller = Controller::for_stream(stream, store.clone()).reconcile_on(woken);
        (Watch { namespace: namespace.clone(), store, wakes, known }, controller)
    };
    namespaces.iter().map(one).unzip()
}

/// Streams all that there is and then what changes: the API server has that in memory, and neither side ever has to hold a
/// page of it. One that cannot stream is listed in pages.
fn list_and_watch<K: Kept>(api: Api<Received<K>>) -> impl Stream<Item = watcher::Result<Event<Received<K>>>> + Send {
    let pages = watcher(api.clone(), watcher::Config::default().page_size(PAGE));
    watcher(api, watcher::Config::default().streaming_lists())
        .take_while(|event| ready(!cannot_stream(event)))
        .chain(pages)
}

fn cannot_stream<K>(event: &watcher::Result<Event<K>>) -> bool {
    matches!(event, Err(watcher::Error::WatchStartFailed(kube::Error::Api(status))) if status.code == CANNOT_STREAM)
}

/// What of a watch is reconciled: what is other than before. Of a list nothing is before all of it is known.
#[derive(Default)]
struct News {
    listed: Vec<(String, String)>,
}

impl News {
    fn note<K: Kept>(&mut self, event: &Event<Folded<K>>, wakes: &Wakes) {
        let names = |folded: &Folded<K>| (folded.namespace().unwrap_or_default(), folded.name_any());
        match event {
            Event::Init => self.listed.clear(),
            Event::InitApply(folded) if folded.is_news() => self.listed.push(names(folded)),
            Event::InitDone => {
                for (namespace, name) in mem::take(&mut self.listed) {
                    wakes.push(&namespace, &name);
                }
            }
            Event::Apply(folded) if folded.is_news() => {
                let (namespace, name) = names(folded);
                wakes.push(&namespace, &name);
            }
            Event::InitApply(_) | Event::Apply(_) | Event::Delete(_) => {}
        }
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
