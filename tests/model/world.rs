//! The state of the whole world: Kubernetes, two operators, one tenant, and what may still go wrong.
//!
//! As small as the rules of the protocol allow. Time is counted in ticks, and what is older than any rule asks is only *old*;
//! versions and nonces are only told apart, never counted. What an operator believes of the tenant is the real `Snapshot`,
//! by its number (`mind.rs`).

use crate::process::Operator;

/// Ticks since something happened; [`OLD`] stands for all that is older.
pub type Age = u8;
/// `--settle`: the tenant has committed and lists a request within it.
pub const SETTLE: Age = 2;
/// `--list-lag`: a LIST shows what was answered that long before it.
pub const LAG: Age = 1;
/// A POST leaves that soon after its intent.
pub const SEND_LIMIT: Age = 0;
/// A LIST that is not read by then has failed.
pub const LIST_LIMIT: Age = 0;
/// Older than any rule asks.
pub const OLD: Age = 2;
/// A change that every answer has settled since which is not old itself.
pub const SETTLED: Age = SETTLE + OLD - 1;

/// An integration: they are numbered as they are made, so that the number is also the tenant's clock. 0 is the bystander,
/// which another resource holds.
pub type Id = u8;
pub const BYSTANDER: Id = 0;
/// A version of the resource, or the nonce of an intent.
pub type Version = u8;
pub type Uid = u8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// What the resource is called at first.
    Desk,
    /// What a person renames it to.
    Help,
    /// Of no resource.
    Other,
}

/// `simops.dev/create`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Intent {
    pub nonce: Version,
    pub name: Name,
    /// The tenant's clock: the last integration that was there by then.
    pub since: Id,
    pub replaces: Option<Id>,
}

/// The `SimIntegration`.
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own in Kubernetes")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    pub uid: Uid,
    pub name: Name,
    pub finalizer: bool,
    pub deleting: bool,
    /// `simops.dev/force-orphan`.
    pub orphan: bool,
    pub id: Option<Id>,
    /// `status.origin` is Created.
    pub created: bool,
    /// `status.lastChange.at`.
    pub changed: Age,
    pub intent: Option<Intent>,
    pub remote_id: Option<Id>,
}

impl Resource {
    pub fn new(uid: Uid) -> Self {
        let (name, id, intent, remote_id) = (Name::Desk, None, None, None);
        Self {
            uid,
            name,
            finalizer: false,
            deleting: false,
            orphan: false,
            id,
            created: false,
            changed: SETTLED,
            intent,
            remote_id,
        }
    }

    /// What its record leads to: what is on it leads to this integration.
    pub fn leads_to(&self, id: Id) -> bool {
        self.id == Some(id) || self.remote_id == Some(id) || self.intent.is_some()
    }
}

impl Resource {
    /// Our annotations and the finalizer are as they shall be.
    pub fn is_annotated(&self) -> bool {
        self.finalizer && self.intent.is_none() && self.remote_id == self.id
    }
}

/// One object of Kubernetes, as a linearizable store has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stored {
    pub resource: Option<Resource>,
    pub version: Version,
}

impl Stored {
    /// A watch shows no version of what is not there.
    pub fn as_watched(self) -> Self {
        if self.resource.is_some() { self } else { Self { version: 0, ..self } }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Maker {
    Operator(Uid),
    Stranger,
}

/// An integration in the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    pub id: Id,
    pub maker: Maker,
    pub name: Name,
    /// It has the description that the spec asks for.
    pub alike: bool,
    /// Since its POST was sent.
    pub age: Age,
    /// Since it was deleted.
    pub dead: Option<Age>,
}

/// A POST that the tenant has not committed, or whose answer was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Post {
    pub uid: Uid,
    pub name: Name,
    /// Since it was sent.
    pub age: Age,
    pub committed: Option<Id>,
    /// The operator that waits for its answer.
    pub waiter: Option<u8>,
}

impl Post {
    /// All but who waits for it.
    pub fn part(&self) -> (Uid, Name, Age, Option<Id>) {
        (self.uid, self.name, self.age, self.committed)
    }
}

/// What a LIST shows of one integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shown {
    pub id: Id,
    pub name: Name,
    pub alike: bool,
}

/// How much may still go wrong, and what people may still do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mishaps {
    /// SIGKILL of an operator.
    pub crashes: u8,
    /// Changes of the leader while both live.
    pub takeovers: u8,
    /// Answers that are lost, requests that never arrive, refusals.
    pub faults: u8,
    /// LISTs that are short or empty.
    pub lies: u8,
    /// What people do in Kubernetes.
    pub users: u8,
    /// What people do in the tenant.
    pub strangers: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct World {
    pub stored: Stored,
    /// As it was before the last write: what the watch of a new leader may still show.
    pub before: Stored,
    pub uids: Uid,
    pub objects: Vec<Object>,
    pub posts: Vec<Post>,
    /// The integration that was made last.
    pub born: Id,
    pub operators: [Operator; 2],
    /// Who leads; with no Lease, nobody.
    pub leader: Option<u8>,
    /// What people said they would look after themselves: what was made for these stays.
    pub given_up: u8,
    pub left: Mishaps,
    /// A write that must not be.
    pub wrong: Option<&'static str>,
}

impl World {
    pub fn new(left: Mishaps, leader: Option<u8>, objects: Vec<Object>) -> Self {
        let stored = Stored { resource: Some(Resource::new(1)), version: 0 };
        let operators = [Operator::new(), Operator::new()];
        let born = objects.iter().map(|object| object.id).max().unwrap_or(BYSTANDER);
        Self {
            stored,
            before: Operator::new().view,
            uids: 1,
            objects,
            posts: Vec::new(),
            born,
            operators,
            leader,
            given_up: 0,
            left,
            wrong: None,
        }
    }

    /// What is there of this id.
    pub fn alive(&mut self, id: Id) -> Option<&mut Object> {
        self.objects.iter_mut().find(|object| object.id == id && object.dead.is_none())
    }

    /// Somebody makes an integration.
    pub fn make(&mut self, maker: Maker, name: Name, alike: bool, age: Age) -> Id {
        self.born += 1;
        self.objects.push(Object { id: self.born, maker, name, alike, age, dead: None });
        self.born
    }

    pub fn is_given_up(&self, uid: Uid) -> bool {
        self.given_up & (1 << uid) != 0
    }

    pub fn give_up(&mut self, uid: Uid) {
        self.given_up |= 1 << uid;
    }

    /// Changes the resource, or lets it go where `change` says so.
    pub fn store(&mut self, change: impl FnOnce(&mut Option<Resource>)) -> Version {
        if self.left.takeovers > 0 {
            self.before = self.stored.as_watched();
        }
        change(&mut self.stored.resource);
        self.stored.version += 1;
        self.stored.version
    }

    /// This process ends, and another starts in its place.
    pub fn end(&mut self, operator: usize) {
        self.operators[operator] = Operator::new();
        for post in self.posts.iter_mut().filter(|post| post.waiter == Some(number(operator))) {
            post.waiter = None;
        }
    }
}

pub fn number(operator: usize) -> u8 {
    u8::try_from(operator).unwrap()
}
