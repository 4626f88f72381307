//! Which states are the same: what nobody can tell apart any more is forgotten or numbered anew.

use std::hash::{Hash, Hasher};

use crate::mind::Mind;
use crate::mixer::Mixer;
use crate::process::{Answer, Operator, Question, Step};
use crate::world::{Age, LAG, LIST_LIMIT, OLD, SETTLED, Stored, Version, World};

fn older(age: &mut Age) {
    *age = (*age + 1).min(OLD);
}

fn longer(age: &mut Age) {
    *age = (*age + 1).min(SETTLED);
}

impl World {
    /// A tick passes.
    pub fn tick(&mut self, forget: impl Fn(Mind) -> Mind) {
        for object in &mut self.objects {
            older(&mut object.age);
            object.dead.iter_mut().for_each(older);
        }
        self.posts.iter_mut().for_each(|post| older(&mut post.age));
        self.stored.tick();
        self.before.tick();
        for operator in &mut self.operators {
            operator.tick(&forget);
        }
    }

    /// A number for this state and for the one in which each operator is the other.
    pub fn fingerprint(&self) -> u64 {
        let World { stored, before, uids, objects, posts, born, operators, leader, given_up, left, wrong } = self;
        let process = |(operator, number)| {
            let mut mixer = Mixer::default();
            (operator, *leader == Some(number)).hash(&mut mixer);
            posts.iter().filter(|post| post.waiter == Some(number)).for_each(|post| post.part().hash(&mut mixer));
            mixer.finish()
        };
        let [one, other] = operators;
        let (one, other) = (process((one, 0)), process((other, 1)));
        let mut mixer = Mixer::default();
        posts.iter().filter(|post| post.waiter.is_none()).for_each(|post| post.part().hash(&mut mixer));
        (one.min(other), one.max(other), stored, before, uids, objects, born, given_up, left, wrong).hash(&mut mixer);
        mixer.finish()
    }

    /// Numbers versions and nonces anew, and forgets what nobody can see any more.
    pub fn tidy(&mut self) {
        self.posts.retain(|post| post.committed.is_none() || post.waiter.is_some());
        self.posts.sort_unstable();
        self.objects.retain(|object| object.dead.is_none_or(|age| age < LAG));
        renumber(self.versions());
        renumber(self.nonces());
    }

    fn versions(&mut self) -> Vec<&mut Version> {
        let of_operators = self.operators.iter_mut().flat_map(|operator| {
            let Operator { view, step, .. } = operator;
            let view = view.resource.is_some().then_some(&mut view.version);
            view.into_iter().chain(step.version())
        });
        let before = self.before.resource.is_some().then_some(&mut self.before.version);
        of_operators.chain(before).chain([&mut self.stored.version]).collect()
    }

    pub fn nonces(&mut self) -> Vec<&mut Version> {
        let of_operators = self.operators.iter_mut().flat_map(|operator| {
            let Operator { view, asked, seen, .. } = operator;
            let asked = asked.iter_mut().filter_map(|(question, _)| question.nonce());
            view.nonce().into_iter().chain(asked).chain(seen.as_mut().map(|seen| &mut seen.nonce))
        });
        of_operators.chain(self.before.nonce()).chain(self.stored.nonce()).collect()
    }
}

/// Only which are the same matters, and which is the newest.
fn renumber(numbers: Vec<&mut Version>) {
    let mut known: Vec<Version> = numbers.iter().map(|number| **number).collect();
    known.sort_unstable();
    known.dedup();
    for number in numbers {
        *number = Version::try_from(known.binary_search(number).unwrap()).unwrap();
    }
}

impl Stored {
    fn tick(&mut self) {
        if let Some(resource) = &mut self.resource {
            longer(&mut resource.changed);
        }
    }

    fn nonce(&mut self) -> Option<&mut Version> {
        Some(&mut self.resource.as_mut()?.intent.as_mut()?.nonce)
    }
}

impl Operator {
    fn tick(&mut self, forget: impl Fn(Mind) -> Mind) {
        self.view.tick();
        self.mind = forget(self.mind);
        self.listed.iter_mut().for_each(|listed| older(&mut listed.age));
        self.seen.iter_mut().for_each(|seen| older(&mut seen.age));
        if let Step::Send { age, .. } = &mut self.step {
            older(age);
        }
        if let Some(listing) = &mut self.listing {
            older(&mut listing.age);
        }
        // A LIST that takes longer has failed.
        if self.listing.as_ref().is_some_and(|listing| listing.age > LIST_LIMIT) {
            self.listing = None;
            self.questions(Answer::Running, Answer::Wanted);
        }
    }

    /// All questions that stand so stand otherwise now.
    pub fn questions(&mut self, before: Answer, now: Answer) {
        for (_, answer) in self.asked.iter_mut().filter(|(_, answer)| *answer == before) {
            *answer = now;
        }
    }
}

impl Question {
    fn nonce(&mut self) -> Option<&mut Version> {
        match self {
            Self::Intent(nonce) => Some(nonce),
            _ => None,
        }
    }
}

impl Step {
    /// The version that its write is guarded by.
    fn version(&mut self) -> Option<&mut Version> {
        match self {
            Self::Intend { version, .. }
            | Self::Send { version, .. }
            | Self::Await { version, .. }
            | Self::Close { version }
            | Self::Land { version, .. }
            | Self::Bind { version, .. }
            | Self::Annotate { version, .. }
            | Self::Delete { version, .. }
            | Self::LetGo { version, .. } => Some(version),
            Self::Idle | Self::Remove { .. } | Self::Update { .. } => None,
        }
    }
}
