//! Two clients of one limit, under a clock that only the tests move.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use tokio::time::{Instant, interval, sleep, timeout};

use super::super::{Budget, WINDOW};
use super::{LASTS, Share};
use crate::sailpoint::Class;

const LIMIT: usize = 100;
const LATENCY: Duration = Duration::from_millis(50);

/// A gateway that counts what it lets through in a sliding window.
#[derive(Clone, Default)]
struct Gateway(Arc<Mutex<VecDeque<Instant>>>);

impl Gateway {
    /// Lets it through, or says when to come back: after whole seconds.
    fn arrives(&self) -> Result<(), Duration> {
        let (mut arrivals, now) = (self.0.lock().unwrap(), Instant::now());
        arrivals.retain(|arrival| now - *arrival < WINDOW);
        if arrivals.len() < LIMIT {
            arrivals.push_back(now);
            return Ok(());
        }
        let wait = WINDOW.saturating_sub(now - arrivals[0]);
        Err(Duration::from_secs(wait.as_millis().div_ceil(1000).try_into().unwrap()))
    }

    /// Somebody else spends so much of it, evenly, and does not ask again for what is refused: this counts it.
    async fn spent_by_another(&self, per_window: u32, refused: &Cell<u32>) {
        let mut ticks = interval(WINDOW / per_window);
        loop {
            ticks.tick().await;
            refused.update(|refused| refused + u32::from(self.arrives().is_err()));
        }
    }
}

/// Has so many requests let through, as soon as the budget allows, 16 at once; returns how many were refused on the way.
async fn send(budget: &Budget, gateway: &Gateway, count: usize) -> usize {
    let one = async |_| {
        let mut refused = 0;
        while !sent(budget, gateway).await {
            refused += 1;
        }
        refused
    };
    stream::iter(0..count).map(one).buffer_unordered(16).fold(0, async |all, one| all + one).await
}

async fn sent(budget: &Budget, gateway: &Gateway) -> bool {
    let slot = loop {
        let mut slot = budget.take(Class::Create).await;
        if slot.send(Duration::from_secs(30)).is_ok() {
            break slot;
        }
    };
    let answer = gateway.arrives();
    sleep(LATENCY).await;
    match answer {
        Ok(()) => slot.answered(),
        Err(wait) => slot.refused(Instant::now() + wait),
    }
    answer.is_ok()
}

#[tokio::test(start_paused = true)]
async fn alone_nothing_is_refused_and_all_of_the_limit_is_used() {
    let (budget, gateway, start) = (Budget::warmed_up(LIMIT), Gateway::default(), Instant::now());
    assert_eq!(send(&budget, &gateway, 1000).await, 0);
    assert!(start.elapsed() < (WINDOW + LATENCY) * 9 + Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_others_leave_is_used_and_little_is_refused_to_either() {
    for others in [10, 30, 60, 90] {
        let theirs_refused = Cell::new(0);
        let (budget, gateway, start) = (Budget::warmed_up(LIMIT), Gateway::default(), Instant::now());
        let refused = tokio::select! {
            refused = send(&budget, &gateway, 1000) => refused,
            () = gateway.spent_by_another(others, &theirs_refused) => unreachable!(),
        };
        let best = (WINDOW + LATENCY) * 1000 / (100 - others);
        assert!(start.elapsed() < best * 11 / 10, "{others}: {:?} of {best:?}", start.elapsed());
        // Some at the start, when all are on their way at once, and about one a minute.
        let most = 16 + 2 * start.elapsed().as_secs() / LASTS.as_secs();
        assert!(refused > 0 && refused as u64 <= most, "{others}: {refused} in {:?}", start.elapsed());
        // A tenth: most of them in the first window, in which nothing was learnt yet.
        let asked = start.elapsed().div_duration_f64(WINDOW) * f64::from(others);
        let theirs_refused = f64::from(theirs_refused.get());
        assert!(theirs_refused < asked / 6.0, "{theirs_refused} of {asked} of the others were refused");
    }
}

#[tokio::test(start_paused = true)]
async fn all_of_the_limit_is_used_again_three_minutes_after_the_others_left() {
    let (budget, gateway) = (Budget::warmed_up(LIMIT), Gateway::default());
    let others_refused = Cell::new(0);
    let others = gateway.spent_by_another(95, &others_refused);
    assert!(timeout(Duration::from_mins(5), others).await.is_err());
    assert!(send(&budget, &gateway, LIMIT).await > 0);
    sleep(Duration::from_mins(3)).await;
    let start = Instant::now();
    assert_eq!(send(&budget, &gateway, 5 * LIMIT).await, 0);
    assert!(start.elapsed() < WINDOW * 5, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_share_is_never_nothing_and_never_more_than_the_limit() {
    let (mut share, now) = (Share::of(0), Instant::now());
    assert_eq!(share.size(), 1);
    share.set(10);
    let pause_ends = now + Duration::from_secs(2);
    let mut sizes = Vec::new();
    // What is refused within one pause takes half, however much it is. Being refused never teaches that there is more.
    for (second, through) in [(0, 8), (1, 1), (1, 0), (2, 0), (4, 9), (4, 0)] {
        share.learn(through, now + Duration::from_secs(second), pause_ends.max(now + Duration::from_secs(second)));
        sizes.push(share.size());
    }
    assert_eq!(sizes, [8, 5, 5, 2, 2, 1]);
    let sizes = [63, 64, 73, 74, 84, 94].map(|second| {
        share.grow(now + Duration::from_secs(second));
        share.size()
    });
    assert_eq!(sizes, [1, 2, 2, 4, 8, 10]);
    assert_eq!(share.grows_at(), None);
}
