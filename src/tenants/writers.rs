//! So many reconciles of one tenant may write at once; the others wait in the order they came, and are woken.
//!
//! Whoever waits here holds nothing and looks at nothing: thousands may.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The right to write to one tenant. A clone is the same right.
#[derive(Clone, Debug)]
pub struct Writers(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    at_once: usize,
    free: usize,
    waiting: VecDeque<Waiter>,
    /// Those of `waiting`, by who they are: none waits twice.
    known: HashSet<String>,
    /// Who was woken and has not come yet.
    woken: HashSet<String>,
}

struct Waiter {
    who: String,
    wake: Box<dyn FnOnce() + Send>,
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.who)
    }
}

impl Writers {
    /// At most `at_once` write at once.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            at_once,
            free: at_once,
            waiting: VecDeque::new(),
            known: HashSet::new(),
            woken: HashSet::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to write now; `None` while others hold all of them.
    #[must_use]
    pub fn try_write(&self, who: &str) -> Option<Writing> {
        let mut state = self.state();
        state.woken.remove(who);
        state.free = state.free.checked_sub(1)?;
        Some(Writing(self.clone()))
    }

    /// Wakes `who` when it may write, at once if it may by now. Nothing is kept for it: another may come first, and then
    /// it waits again.
    pub fn wait(&self, who: String, wake: impl FnOnce() + Send + 'static) {
        let mut state = self.state();
        state.woken.remove(&who);
        if state.known.insert(who.clone()) {
            state.waiting.push_back(Waiter { who, wake: Box::new(wake) });
        }
        wake_all(state);
    }

    /// Whether `who` waits and is sure to be woken: by those who write now, or who they wake. While nobody writes it is not, as
    /// whoever was woken may never come.
    #[must_use]
    pub fn is_waiting(&self, who: &str) -> bool {
        let state = self.state();
        state.free < state.at_once && state.known.contains(who)
    }

    /// `who` was looked at, or is gone: if it was woken and did not write after all, others are woken in its place.
    pub fn passed(&self, who: &str) {
        let mut state = self.state();
        if state.woken.remove(who) {
            wake_all(state);
        }
    }
}

/// Wakes as many as may write. Also those before whom were woken and did not come are made up for so.
fn wake_all(mut state: MutexGuard<'_, State>) {
    let free = state.free.min(state.waiting.len());
    let woken: Vec<Waiter> = state.waiting.drain(..free).collect();
    for waiter in &woken {
        state.known.remove(&waiter.who);
        state.woken.insert(waiter.who.clone());
    }
    if state.waiting.is_empty() {
        (state.waiting, state.known) = (VecDeque::new(), HashSet::new());
    }
    drop(state);
    for waiter in woken {
        (waiter.wake)();
    }
}

/// The right to write, until it is dropped.
#[derive(Debug)]
#[must_use = "what is dropped is given back"]
pub struct Writing(Writers);

impl Drop for Writing {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.free += 1;
        wake_all(state);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    fn wait(writers: &Writers, who: &str, tell: &Sender<String>) {
        let (name, tell) = (who.to_owned(), tell.clone());
        writers.wait(who.to_owned(), move || tell.send(name).unwrap());
    }

    fn woken(told: &Receiver<String>) -> Vec<String> {
        told.try_iter().collect()
    }

    #[test]
    fn who_waits_is_woken_in_order_and_once() {
        let (writers, (tell, told)) = (Writers::new(2), channel());
        let (one, two) = (writers.try_write("x").unwrap(), writers.try_write("y").unwrap());
        assert!(writers.try_write("z").is_none());
        for who in ["a", "b", "a", "c"] {
            wait(&writers, who, &tell);
        }
        assert_eq!(woken(&told), [""; 0]);
        assert!(writers.is_waiting("a") && !writers.is_waiting("z"));
        drop(one);
        assert_eq!(woken(&told), ["a"]);
        assert!(!writers.is_waiting("a") && writers.is_waiting("b"), "y writes");
        drop(two);
        assert_eq!(woken(&told), ["b", "c"], "a did not come: both places are free");
    }

    #[test]
    fn who_is_woken_and_does_not_write_makes_room_for_another() {
        let (writers, (tell, told)) = (Writers::new(1), channel());
        let writing = writers.try_write("x").unwrap();
        for who in ["a", "b", "c"] {
            wait(&writers, who, &tell);
        }
        drop(writing);
        writers.passed("x");
        assert_eq!(woken(&told), ["a"]);
        assert!(!writers.is_waiting("b"), "a may have gone to another tenant");
        writers.passed("a");
        writers.passed("a");
        assert_eq!(woken(&told), ["b"]);
        drop(writers.try_write("b"));
        writers.passed("b");
        assert_eq!(woken(&told), ["c"]);
    }

    #[test]
    fn who_waits_though_it_may_write_is_woken_at_once() {
        let (writers, (tell, told)) = (Writers::new(1), channel());
        wait(&writers, "a", &tell);
        assert_eq!(woken(&told), ["a"]);
        wait(&writers, "a", &tell);
        assert_eq!(woken(&told), ["a"], "it waits anew");
    }
}
