//! Chance from one seed: each actor has its own stream, and each of its steps a throw of its own.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use fastrand::Rng;

/// A stream of choices.
pub struct Dice(Rng);

impl Dice {
    /// The stream of this actor. What others do does not move it.
    pub fn new(seed: u64, actor: &str) -> Self {
        // FNV-1a, as the standard library's hash may change with its version.
        let mixed = actor.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(Rng::with_seed(mixed))
    }

    /// The choices of one step: however many it makes, the next step's are the same.
    pub fn throw(&mut self) -> Self {
        Self(self.0.fork())
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end)
    }

    /// A number within `range`.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        self.0.u64(range)
    }

    /// True so often in a hundred.
    pub fn chance(&mut self, percent: u8) -> bool {
        self.0.u8(..100) < percent
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// So many milliseconds.
    pub fn millis(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.within(range))
    }

    /// One of these by its weight.
    pub fn weigh<T: Copy>(&mut self, all: &[(usize, T)]) -> T {
        let mut left = self.below(all.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in all {
            if left < *weight {
                return *one;
            }
            left -= weight;
        }
        all[0].1
    }
}

/// Things that are dealt one by one, all of them before any comes again: so that a short run has some of each.
pub struct Deck<T> {
    all: Vec<T>,
    rest: VecDeque<T>,
}

impl<T: Clone> Deck<T> {
    pub fn new(all: &[T]) -> Self {
        Self { all: all.to_vec(), rest: VecDeque::new() }
    }

    pub fn deal(&mut self, dice: &mut Dice) -> T {
        if self.rest.is_empty() {
            let mut all = self.all.clone();
            dice.0.shuffle(&mut all);
            self.rest = all.into();
        }
        self.rest.pop_front().unwrap()
    }
}
