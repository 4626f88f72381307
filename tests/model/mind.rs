//! What an operator believes of the tenant: the real `Snapshot`, fed by the real rules of `sailpoint::snapshot`.
//!
//! Each belief is kept once and known by its number, and what each event makes of it is worked out once: so a state stays
//! small, and going through all of them takes no longer for being real.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use sim_operator::sailpoint::Listed;
use sim_operator::sailpoint::snapshot::Snapshot;

use crate::real::{NOW, TICK, ago, id, integration};
use crate::world::{Age, Id, LAG, OLD, Shown};

/// The number of a belief; 0 is that of a new process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mind(u32);

/// What changes a belief.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A LIST that started so long ago; of what it lacks, `gone` is gone, and `there` is there all the same.
    Listed {
        shown: Vec<Shown>,
        age: Age,
        gone: Vec<Id>,
        there: Vec<Shown>,
        whole: bool,
    },
    Wrote(Shown),
    Deleted(Id),
    /// A write to it was sent, its answer never came.
    Unanswered(Id),
    Tick,
}

/// A LIST, and what it should have shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    pub shown: Vec<Shown>,
    pub age: Age,
    pub held: BTreeSet<Arc<str>>,
}

/// All beliefs there are.
#[derive(Default)]
pub struct Minds {
    known: RefCell<Vec<Rc<Snapshot>>>,
    numbers: RefCell<HashMap<Rc<Snapshot>, Mind>>,
    after: RefCell<HashMap<(Mind, Event), Mind>>,
    missing: RefCell<HashMap<(Mind, Asked), Vec<Id>>>,
}

fn listed(shown: &[Shown]) -> Vec<Listed> {
    shown.iter().map(|one| Listed::from(&integration(*one))).collect()
}

impl Minds {
    pub fn new() -> Self {
        let minds = Self::default();
        minds.number(Snapshot::default());
        minds
    }

    pub fn number(&self, snapshot: Snapshot) -> Mind {
        let snapshot = Rc::new(snapshot);
        let mut known = self.known.borrow_mut();
        *self.numbers.borrow_mut().entry(Rc::clone(&snapshot)).or_insert_with(|| {
            known.push(snapshot);
            Mind(u32::try_from(known.len() - 1).unwrap())
        })
    }

    pub fn snapshot(&self, mind: Mind) -> Rc<Snapshot> {
        Rc::clone(&self.known.borrow()[mind.0 as usize])
    }

    /// How many different beliefs there were.
    pub fn len(&self) -> usize {
        self.known.borrow().len()
    }

    /// Known ids that a LIST lacks.
    pub fn missing(&self, mind: Mind, asked: Asked) -> Vec<Id> {
        let find = |asked: &Asked| {
            let list = listed(&asked.shown);
            let missing = self.snapshot(mind).missing(&list, ago(asked.age), u32::from(LAG) * TICK, &asked.held);
            missing.iter().map(|missing| id(missing)).collect::<Vec<_>>()
        };
        let mut known = self.missing.borrow_mut();
        known.entry((mind, asked)).or_insert_with_key(|(_, asked)| find(asked)).clone()
    }

    /// What is believed after this event.
    pub fn after(&self, mind: Mind, event: Event) -> Mind {
        let key = (mind, event);
        if let Some(after) = self.after.borrow().get(&key) {
            return *after;
        }
        let mut snapshot = (*self.snapshot(mind)).clone();
        apply(&mut snapshot, &key.1);
        // What is older than any rule asks is only old.
        let oldest = ago(OLD);
        let after = self.number(snapshot.with_times(|time| time.max(oldest)));
        self.after.borrow_mut().insert(key, after);
        after
    }
}

fn apply(snapshot: &mut Snapshot, event: &Event) {
    match event {
        Event::Listed { shown, age, gone, there, whole } => {
            for one in there {
                snapshot.read(&integration(*one), *NOW);
            }
            for one in gone {
                snapshot.confirm_gone(&one.to_string(), *NOW);
            }
            snapshot.merge(listed(shown), ago(*age), u32::from(LAG) * TICK, *whole);
        }
        Event::Wrote(shown) => snapshot.wrote(&integration(*shown), *NOW),
        Event::Deleted(id) => snapshot.deleted(&id.to_string(), *NOW),
        Event::Unanswered(id) => snapshot.unanswered(&id.to_string(), *NOW),
        Event::Tick => *snapshot = snapshot.with_times(|time| time - TICK),
    }
}
