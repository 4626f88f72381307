//! Goes through every state that can be reached, breadth first, so that what it finds first is the shortest way there.
//!
//! Knows nothing of operators and tenants. Of each state it keeps a fingerprint and how it was reached, no more: the way to
//! a state is told by walking it again.

use std::collections::{HashMap, VecDeque};
use std::fmt::Display;

/// What can happen, and what must not.
pub trait Model {
    type State: Clone;
    type Move: Display;

    fn start(&self) -> Self::State;
    /// Everything that can happen next, in an order that depends on the state alone.
    fn moves(&self, state: &Self::State) -> Vec<(Self::Move, Self::State)>;
    /// The same for states that differ in nothing that matters.
    fn fingerprint(&self, state: &Self::State) -> u64;
    /// Which promise is broken here.
    fn broken(&self, state: &Self::State) -> Option<String>;
    /// Whether nobody waits for anything any more.
    fn is_at_rest(&self, state: &Self::State) -> bool;
    /// Whether this move is a fault, or the doing of a person: what may never come.
    fn is_mishap(&self, taken: &Self::Move) -> bool;
}

/// How far the exploration went.
#[derive(Debug)]
pub struct Explored {
    pub states: usize,
    pub moves: usize,
    pub depth: usize,
}

/// The shortest way to what must not be.
#[derive(Debug)]
pub struct Counterexample {
    pub promise: String,
    pub trace: Vec<String>,
}

impl std::fmt::Display for Counterexample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, step) in self.trace.iter().enumerate() {
            writeln!(f, "{:>3}. {step}", number + 1)?;
        }
        write!(f, "     broken: {}", self.promise)
    }
}

/// How a state was first reached: from which, and by which of its moves.
type Origin = (u32, u16);

struct Graph<'a, M> {
    model: &'a M,
    origins: Vec<Origin>,
    /// For each state those from which it is reached without a mishap.
    calm: Vec<(u32, u32)>,
    at_rest: Vec<bool>,
}

/// Explores all of it, or up to the first state that breaks a promise.
pub fn explore<M: Model>(model: &M) -> Result<Explored, Counterexample> {
    let mut graph = Graph { model, origins: Vec::new(), calm: Vec::new(), at_rest: Vec::new() };
    let mut known: HashMap<u64, u32> = HashMap::new();
    let mut waiting = VecDeque::new();
    let start = model.start();
    known.insert(model.fingerprint(&start), graph.add((0, 0), &start)?);
    waiting.push_back((0, start, 0));
    let (mut moves, mut depth) = (0, 0);
    while let Some((index, state, steps)) = waiting.pop_front() {
        depth = steps;
        for (number, (taken, next)) in model.moves(&state).into_iter().enumerate() {
            moves += 1;
            let fingerprint = model.fingerprint(&next);
            let found = if let Some(found) = known.get(&fingerprint) {
                *found
            } else {
                let added = graph.add((index, u16::try_from(number).unwrap()), &next)?;
                known.insert(fingerprint, added);
                waiting.push_back((added, next, steps + 1));
                added
            };
            if !model.is_mishap(&taken) && found != index {
                graph.calm.push((found, index));
            }
        }
    }
    let explored = Explored { states: graph.origins.len(), moves, depth };
    graph.never_at_rest().map_or(Ok(explored), Err)
}

impl<M: Model> Graph<'_, M> {
    fn add(&mut self, origin: Origin, state: &M::State) -> Result<u32, Counterexample> {
        let index = u32::try_from(self.origins.len()).unwrap();
        self.origins.push(origin);
        self.at_rest.push(self.model.is_at_rest(state));
        match self.model.broken(state) {
            Some(promise) => Err(Counterexample { promise, trace: self.trace(index) }),
            None => Ok(index),
        }
    }

    /// The first state from which rest cannot be reached, though nothing goes wrong any more.
    fn never_at_rest(mut self) -> Option<Counterexample> {
        self.calm.sort_unstable();
        let mut ends = std::mem::take(&mut self.at_rest);
        let mut waiting: Vec<u32> = (0u32..).zip(&ends).filter_map(|(index, ends)| ends.then_some(index)).collect();
        while let Some(index) = waiting.pop() {
            let first = self.calm.partition_point(|(to, _)| *to < index);
            for (_, from) in self.calm[first..].iter().take_while(|(to, _)| *to == index) {
                if !std::mem::replace(&mut ends[*from as usize], true) {
                    waiting.push(*from);
                }
            }
        }
        let stuck = ends.iter().position(|ends| !ends)?;
        let promise = "it always ends: from here nothing ends it, though nothing goes wrong any more".to_owned();
        Some(Counterexample { promise, trace: self.trace(u32::try_from(stuck).unwrap()) })
    }

    /// The moves from the start to this state.
    fn trace(&self, mut index: u32) -> Vec<String> {
        let mut numbers = Vec::new();
        while index != 0 {
            let (from, number) = self.origins[index as usize];
            numbers.push(number);
            index = from;
        }
        let mut state = self.model.start();
        let taken = numbers.into_iter().rev().map(|number| {
            let (taken, next) = self.model.moves(&state).swap_remove(usize::from(number));
            state = next;
            taken.to_string()
        });
        taken.collect()
    }
}
