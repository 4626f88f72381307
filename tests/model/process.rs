//! The state of one operator: what it saw, what it believes, what it waits for, and what it is about to do.

use crate::mind::Mind;
use crate::world::{Age, Id, Name, Shown, Stored, Uid, Version};

/// A LIST on its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listing {
    pub age: Age,
    pub shown: Vec<Shown>,
    pub date: Id,
}

/// The last LIST that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listed {
    pub age: Age,
    pub whole: bool,
    pub date: Id,
}

/// What a LIST must answer that starts after the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    Anew,
    Gone(Id),
    Named(Name),
    Intent(Version),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// No LIST has started since.
    Wanted,
    /// One is on its way.
    Running,
    /// One was read.
    Read,
}

/// The open create as a process first saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    pub nonce: Version,
    pub age: Age,
    /// How many LISTs were whole since; two are enough.
    pub whole: u8,
}

/// What an operator is about to do, where it does more than look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Idle,
    /// The slot is taken, the intent is not written.
    Intend {
        version: Version,
        uid: Uid,
        name: Name,
        since: Id,
        replaces: Option<Id>,
    },
    /// The intent is written, the POST is not sent.
    Send {
        version: Version,
        uid: Uid,
        name: Name,
        replaces: Option<Id>,
        age: Age,
    },
    /// The POST is sent.
    Await {
        version: Version,
        uid: Uid,
        replaces: Option<Id>,
    },
    /// Nothing was made: the intent goes.
    Close {
        version: Version,
    },
    /// The answer is in hand, the id is not written.
    Land {
        version: Version,
        uid: Uid,
        id: Id,
        replaces: Option<Id>,
    },
    /// No resource can hold it.
    Remove {
        uid: Uid,
        id: Id,
    },
    /// What is there is taken.
    Bind {
        version: Version,
        id: Id,
        created: bool,
    },
    /// `remote-id` takes the intent's place.
    Annotate {
        version: Version,
        id: Id,
    },
    /// A PATCH is not sent.
    Update {
        uid: Uid,
        id: Id,
        name: Name,
    },
    /// A DELETE waits for its slot.
    Delete {
        version: Version,
        uid: Uid,
        id: Id,
    },
    /// The finalizer goes; what was made stays, where a person or a policy says so.
    LetGo {
        version: Version,
        keeps: bool,
    },
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operator {
    /// The resource as the watch shows it.
    pub view: Stored,
    pub mind: Mind,
    pub listed: Option<Listed>,
    pub listing: Option<Listing>,
    /// A LIST is wanted for what nobody waits for.
    pub wanted: bool,
    pub asked: Vec<(Question, Answer)>,
    pub seen: Option<Seen>,
    pub step: Step,
}

impl Operator {
    /// A process that knows nothing.
    pub fn new() -> Self {
        let view = Stored { resource: None, version: 0 };
        let (mind, asked) = (Mind::default(), Vec::new());
        Self { view, mind, listed: None, listing: None, wanted: false, asked, seen: None, step: Step::Idle }
    }
}
