//! The rules of the protocol that can be taken out, and the worlds in which they are tried.

use crate::world::Mishaps;

/// A rule of `protocol.md`, by its section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// 3.2: the intent is written before the POST.
    IntentFirst,
    /// 3.2: each write of ours is guarded by resourceVersion.
    Guard,
    /// 3.1: a POST is not sent long after its intent.
    SendLimit,
    /// 3.4: no second POST before settle has passed.
    Settle,
    /// 3.4: what was made by the intent is not older than it.
    Since,
    /// 3.4: and it looks like what was sent.
    Digest,
    /// 3.4: and no LIST shows any more what was deleted before.
    ListLag,
    /// 2: only a whole LIST says that something is absent.
    WholeList,
    /// 2: gone is what settled long ago.
    SettledWrite,
    /// 6: the resource is read before its integration is deleted.
    LiveRead,
    /// 6: an open intent is resolved before the resource goes.
    ResolveFirst,
    /// 6: a 404 to a DELETE alone does not say that it is gone.
    NotFound,
}

/// Who may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leadership {
    /// One at a time, but for what a suspended leader had begun.
    Lease,
    /// Both at once, as by two releases of one chart.
    Both,
}

impl Leadership {
    /// Who leads at first.
    pub fn first(self) -> Option<u8> {
        (self == Self::Lease).then_some(0)
    }
}

/// What a person does to the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    Delete,
    /// Makes it anew when it is gone.
    Recreate,
    Rename,
    /// Asks to let go while it is being deleted.
    ForceOrphan,
    /// Takes the finalizer away while it is being deleted.
    Strip,
    /// Restores it from a backup that has no status.
    LoseStatus,
}

/// What a person does in the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// Makes another integration of our name.
    CreateSame,
    /// Gives our name to an older one, which looks like ours.
    RenameOnto,
    /// Renames what the resource holds.
    RenameAway,
    /// Deletes what the resource holds.
    Delete,
}

/// A world to explore.
#[derive(Clone, Debug)]
pub struct Setup {
    pub leadership: Leadership,
    pub left: Mishaps,
    /// A GET or a DELETE may meet a replica that knows nothing yet of what was just made.
    pub replicas: bool,
    /// The tenant's clocks differ, so that what was made last before a LIST may seem made after it.
    pub skewed: bool,
    pub users: &'static [User],
    pub strangers: &'static [Stranger],
    pub without: Option<Rule>,
}

impl Setup {
    pub fn new(leadership: Leadership) -> Self {
        Self {
            leadership,
            left: Mishaps::default(),
            replicas: false,
            skewed: false,
            users: &[],
            strangers: &[],
            without: None,
        }
    }

    pub fn crashes(mut self, crashes: u8) -> Self {
        self.left.crashes = crashes;
        self
    }

    pub fn takeovers(mut self, takeovers: u8) -> Self {
        self.left.takeovers = takeovers;
        self
    }

    pub fn faults(mut self, faults: u8) -> Self {
        self.left.faults = faults;
        self
    }

    pub fn lies(mut self, lies: u8) -> Self {
        self.left.lies = lies;
        self
    }

    pub fn replicas(mut self) -> Self {
        self.replicas = true;
        self
    }

    pub fn skewed(mut self) -> Self {
        self.skewed = true;
        self
    }

    pub fn users(mut self, most: u8, users: &'static [User]) -> Self {
        (self.left.users, self.users) = (most, users);
        self
    }

    pub fn strangers(mut self, most: u8, strangers: &'static [Stranger]) -> Self {
        (self.left.strangers, self.strangers) = (most, strangers);
        self
    }

    pub fn without(mut self, rule: Rule) -> Self {
        self.without = Some(rule);
        self
    }

    pub fn keeps(&self, rule: Rule) -> bool {
        self.without != Some(rule)
    }
}
