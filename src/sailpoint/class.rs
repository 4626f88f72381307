//! What a request is for, and so how soon it goes.
//!
//! Only the order: who waits and who goes is `budget`'s.

/// What a slot is for. They are served in this order, deletions and creations as one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Class {
    /// A token, without which nothing else can be sent.
    Token,
    /// A list, as urgent as the most urgent of those who wait for it, and before them.
    List(Purpose),
    /// A deletion: somebody waits for an object to go.
    Delete,
    /// A creation.
    Create,
    /// A change of an existing integration.
    Update,
    /// A look at one integration, or at names.
    Look,
}

/// The most urgent reason for which a list is wanted.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Purpose {
    /// Something is to be deleted or created.
    DeleteOrCreate,
    /// Something is to be changed.
    Update,
    /// A regular look.
    Look,
}

impl Class {
    /// The class as a label of metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::List(_) => "list",
            Self::Delete => "delete",
            Self::Create => "create",
            Self::Update => "update",
            Self::Look => "look",
        }
    }

    /// Lower goes first.
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::Token => 0,
            Self::List(Purpose::DeleteOrCreate) => 1,
            Self::Delete | Self::Create => 2,
            Self::List(Purpose::Update) => 3,
            Self::Update => 4,
            Self::List(Purpose::Look) => 5,
            Self::Look => 6,
        }
    }
}
