//! The share of the gateway's rate limit that one client id may spend.
//!
//! SailPoint counts requests per client id: 100 in 10 s by default (`docs/api/rate-limit.md`). A [`Slot`] is the right to
//! send one request. It is given back 10 s after the *answer*, as the server counted the request at some time before
//! that: so no 10 s window of the server ever holds more than the limit. Waiters are served by [`Class`], in order of
//! arrival within one; who has waited 30 s goes before all others, so nobody waits for ever.
//!
//! Others may spend the same limit: a 429 teaches how much of it is left ([`Share`]).
//!
//! It sends nothing and knows no tenant: it counts, and wakes who may go. All times are `tokio::time`, so a test may
//! pause them. One budget per client id, cloned wherever that id is used.

mod share;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::class::Class;
use share::Share;

/// The window in which the gateway counts.
pub(super) const WINDOW: Duration = Duration::from_secs(10);
/// Who has waited this long goes first, whatever its class.
const PATIENCE: Duration = Duration::from_secs(30);
/// At most this is added to a pause, so that not every client comes back at the same instant.
const MOST_JITTER_MS: u64 = 250;

/// How many requests may be sent in any 10 s. A clone is the same budget.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    share: Share,
    /// Until then, a fifth of the limit: a process that restarts in a loop must not spend the share of all the others.
    warm_at: Option<Instant>,
    warms_up: bool,
    /// Slots that are held, sent or not, and those of them that are sent.
    held: usize,
    sent: usize,
    /// When each slot that was answered comes back, the next one on top.
    returning: BinaryHeap<Reverse<Returning>>,
    paused_until: Option<Instant>,
    /// By order of arrival.
    waiters: BTreeMap<u64, Waiter>,
    arrivals: u64,
}

/// A slot that was answered.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Returning {
    at: Instant,
    /// Whether the answer was a 429: the server let it not through.
    is_refused: bool,
}

#[derive(Debug)]
struct Waiter {
    class: Class,
    since: Instant,
    granted: bool,
    wake: Arc<Notify>,
}

impl Budget {
    /// At most `per_10s` requests in any 10 s (at least 1), and a fifth of that in the 10 s after the first.
    #[must_use]
    pub fn new(per_10s: usize) -> Self {
        Self::start(per_10s, true)
    }

    /// As [`Budget::new`], but the whole limit at once: for a process that runs one command, and for tests.
    #[must_use]
    pub fn warmed_up(per_10s: usize) -> Self {
        Self::start(per_10s, false)
    }

    fn start(per_10s: usize, warms_up: bool) -> Self {
        Self(Arc::new(Mutex::new(State {
            share: Share::of(per_10s),
            warm_at: None,
            warms_up,
            held: 0,
            sent: 0,
            returning: BinaryHeap::new(),
            paused_until: None,
            waiters: BTreeMap::new(),
            arrivals: 0,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the limit (at least 1). What is already out comes back in its own time.
    pub fn set_limit(&self, per_10s: usize) {
        let mut state = self.state();
        state.share.set(per_10s);
        state.grant(Instant::now());
    }

    /// Nobody goes before `until`, plus at most 250 ms. A pause that ends later stands.
    pub fn pause(&self, until: Instant) {
        let random = RandomState::new().build_hasher().finish();
        let jitter = Duration::from_millis(random % (MOST_JITTER_MS + 1));
        let mut state = self.state();
        state.paused_until = state.paused_until.max(Some(until + jitter));
    }

    /// Until when nobody goes, if the tenant asked for a pause that is not over.
    #[must_use]
    pub fn paused_until(&self) -> Option<Instant> {
        self.state().paused_until.filter(|until| *until > Instant::now())
    }

    /// How long to wait between two LISTs that serve those who ask anew: so that they take at most a tenth of the limit, and
    /// a fiftieth while others wait, who need each slot; but no longer than a window.
    #[must_use]
    pub fn pause_between_lists(&self) -> Duration {
        let state = self.state();
        let least = if state.waiters.is_empty() { WINDOW } else { 5 * WINDOW };
        (least * 10 / u32::try_from(state.share.size()).unwrap_or(u32::MAX)).min(WINDOW)
    }

    /// How many wait for a slot.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.state().waiters.values().filter(|waiter| !waiter.granted).count()
    }

    /// Waits for a slot. Dropping the future gives up the place in the queue and loses nothing.
    pub async fn take(&self, class: Class) -> Slot {
        let place = Place::in_queue(self, class);
        loop {
            let next = {
                let now = Instant::now();
                let mut state = self.state();
                state.grant(now);
                if state.waiters.get(&place.number).is_some_and(|waiter| waiter.granted) {
                    state.waiters.remove(&place.number);
                    return Slot { budget: self.clone(), class, sent: None, is_refused: false };
                }
                state.next_change(now)
            };
            match next {
                Some(next) => tokio::select! { () = place.wake.notified() => (), () = sleep_until(next) => () },
                None => place.wake.notified().await,
            }
        }
    }
}

impl State {
    /// A request that was sent got a 429: what was let through is what others leave.
    fn refused(&mut self, now: Instant, until: Instant) {
        let is_through = |Reverse(back): &&Reverse<Returning>| back.at > now && !back.is_refused;
        let through = self.returning.iter().filter(is_through).count();
        self.share.learn(self.sent - 1 + through, now, until);
    }

    /// Marks those who may go now, best first.
    fn grant(&mut self, now: Instant) {
        while self.returning.peek().is_some_and(|Reverse(back)| back.at <= now) {
            self.returning.pop();
        }
        self.share.grow(now);
        while self.is_open(now) {
            let waiting = self.waiters.iter().filter(|(_, waiter)| !waiter.granted);
            let best = waiting.min_by_key(|(number, waiter)| {
                let patient = now.duration_since(waiter.since) < PATIENCE;
                (patient, if patient { waiter.class.rank() } else { 0 }, **number)
            });
            let Some((&number, _)) = best else { return };
            if self.warms_up && self.warm_at.is_none() {
                self.warm_at = Some(now + WINDOW);
            }
            self.held += 1;
            self.share.goes(now);
            if let Some(waiter) = self.waiters.get_mut(&number) {
                waiter.granted = true;
                waiter.wake.notify_one();
            }
        }
    }

    fn is_open(&self, now: Instant) -> bool {
        let cold = self.warms_up && self.warm_at.is_none_or(|warm_at| warm_at > now);
        let limit = if cold { (self.share.size() / 5).max(1) } else { self.share.size() };
        let waits = self.paused_until.into_iter().chain(self.share.opens_at()).any(|until| until > now);
        self.held + self.returning.len() < limit && !waits
    }

    /// When, without anybody's doing, somebody might go.
    fn next_change(&self, now: Instant) -> Option<Instant> {
        let returning = self.returning.peek().map(|Reverse(back)| back.at);
        let times = [returning, self.paused_until, self.warm_at, self.share.grows_at(), self.share.opens_at()];
        times.into_iter().flatten().filter(|time| *time > now).min()
    }
}

/// A place in the queue.
struct Place<'a> {
    budget: &'a Budget,
    number: u64,
    wake: Arc<Notify>,
}

impl<'a> Place<'a> {
    fn in_queue(budget: &'a Budget, class: Class) -> Self {
        let wake = Arc::new(Notify::new());
        let mut state = budget.state();
        state.arrivals += 1;
        let number = state.arrivals;
        let waiter = Waiter { class, since: Instant::now(), granted: false, wake: Arc::clone(&wake) };
        state.waiters.insert(number, waiter);
        Self { budget, number, wake }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.state();
        // Absent: it went. Granted: it left before it was told, and the next may go.
        if state.waiters.remove(&self.number).is_some_and(|waiter| waiter.granted) {
            state.held -= 1;
            state.grant(Instant::now());
        }
    }
}

/// The right to send one request. Dropped unsent it is given back at once.
#[derive(Debug)]
#[must_use = "a slot that is dropped is given back"]
pub struct Slot {
    budget: Budget,
    class: Class,
    /// Until when an answer may come, once the request was sent.
    sent: Option<Instant>,
    is_refused: bool,
}

impl Slot {
    /// What the slot was taken for.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// The request goes out now. If the future that waits for its answer is dropped, nobody knows when the server
    /// counts it: the slot then comes back 10 s after the time limit, the latest that an answer could have come.
    ///
    /// # Errors
    /// With the end of the pause that the tenant asked for after this slot was taken: the request must not be sent.
    pub(super) fn send(&mut self, time_limit: Duration) -> Result<(), Instant> {
        if let Some(until) = self.budget.paused_until() {
            return Err(until);
        }
        self.sent = Some(Instant::now() + time_limit);
        self.budget.state().sent += 1;
        Ok(())
    }

    /// The answer is a 429: no request goes before `until`.
    pub(super) fn refused(mut self, until: Instant) {
        self.budget.pause(until);
        self.budget.state().refused(Instant::now(), until);
        self.is_refused = true;
        self.answered();
    }

    /// The answer is here, or the call failed: the slot comes back in 10 s.
    pub(super) fn answered(mut self) {
        self.sent = self.sent.map(|_| Instant::now());
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut state = self.budget.state();
        state.held -= 1;
        if let Some(answered) = self.sent {
            state.sent -= 1;
            let at = answered.max(now) + WINDOW;
            state.returning.push(Reverse(Returning { at, is_refused: self.is_refused }));
        }
        state.grant(now);
        // There is a new time at which somebody may go, and who waits while all slots are out has no time to wake at.
        state.waiters.values().for_each(|waiter| waiter.wake.notify_one());
    }
}

#[cfg(test)]
mod tests;
