//! Who is to be reconciled soon, each once and in the order it was said, however often that was.
//!
//! kube's own queue takes whatever it is given, and never gives back the room of its fullest hour: a list may concern tens of
//! thousands. So they wait here, and go on as fast as there are seats for them.

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::{Stream, stream};
use kube::Resource;
use kube::runtime::reflector::ObjectRef;
use tokio::sync::Notify;
use tokio::task::yield_now;

use super::Seats;

/// The controller begins with what it was given when there is no more for the moment: so many it is given in one go.
const BATCH: usize = 8;

/// The resources of one watch that are to be reconciled soon.
#[derive(Debug, Default)]
pub struct Wakes {
    waiting: Mutex<Waiting>,
    more: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// `namespace/name`.
    order: VecDeque<Arc<str>>,
    known: HashSet<Arc<str>>,
}

impl Wakes {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reconciles this resource soon.
    pub fn push(&self, namespace: &str, name: &str) {
        let resource: Arc<str> = format!("{namespace}/{name}").into();
        let mut waiting = self.waiting();
        if waiting.known.insert(Arc::clone(&resource)) {
            waiting.order.push_back(resource);
            drop(waiting);
            self.more.notify_one();
        }
    }

    fn pop(&self) -> Option<Arc<str>> {
        let mut waiting = self.waiting();
        let Some(next) = waiting.order.pop_front() else {
            drop(mem::take(&mut *waiting));
            return None;
        };
        waiting.known.remove(&next);
        Some(next)
    }

    /// For the one controller that reconciles them: each as soon as there is a seat for it.
    pub fn into_stream<K>(self: Arc<Self>, seats: Arc<Seats>) -> impl Stream<Item = ObjectRef<K>> + Send
    where
        K: Resource<DynamicType = ()>,
    {
        stream::unfold((self, seats, 0), async |(wakes, seats, given)| {
            if given == BATCH {
                yield_now().await;
            }
            loop {
                seats.free().await;
                if let Some(resource) = wakes.pop() {
                    let (namespace, name) = resource.split_once('/').unwrap_or_default();
                    return Some((ObjectRef::new(name).within(namespace), (wakes, seats, given % BATCH + 1)));
                }
                wakes.more.notified().await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::{FutureExt as _, StreamExt as _};

    use super::*;
    use crate::api::SimIntegration;

    #[tokio::test]
    async fn each_comes_once_in_its_order_and_as_there_are_seats() {
        let (wakes, seats) = (Arc::new(Wakes::default()), Arc::new(Seats::default()));
        let mut stream = pin!(Arc::clone(&wakes).into_stream::<SimIntegration>(Arc::clone(&seats)));
        let mut next = || stream.next().now_or_never().flatten().map(|resource| resource.name);
        seats.open();
        assert_eq!(next(), None);
        for name in ["b", "a", "b"] {
            wakes.push("iam", name);
        }
        assert_eq!(next().as_deref(), Some("b"));
        wakes.push("iam", "b");
        let mut taken = Vec::new();
        while let Some(seat) = seats.take().now_or_never() {
            taken.push(seat);
        }
        assert_eq!(next(), None, "there is no seat");
        taken.clear();
        assert_eq!([next(), next(), next()], [Some("a".to_owned()), Some("b".to_owned()), None]);
    }
}
