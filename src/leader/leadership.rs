//! What the rest of the process asks of the election: whether it leads, and until when it may write.

use tokio::sync::watch;

use crate::sailpoint::WriteDeadline;

/// How this process stands in the election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Another leads, or nobody yet.
    Follows,
    Leads,
    /// It does not lead, and never will any more.
    Ended,
}

/// Whether this process leads. A clone is told the same.
#[derive(Clone, Debug)]
pub struct Leadership {
    pub(super) standing: watch::Receiver<Standing>,
    /// Until when this process may write to tenants.
    pub write_deadline: WriteDeadline,
}

impl Leadership {
    /// No election is held: this process leads for as long as it lives.
    #[must_use]
    pub fn unopposed() -> Self {
        Self { standing: watch::channel(Standing::Leads).1, write_deadline: WriteDeadline::unlimited() }
    }

    /// Whether this process leads now.
    #[must_use]
    pub fn leads(&self) -> bool {
        *self.standing.borrow() == Standing::Leads
    }

    /// Waits until this process leads; `false` if it never will.
    pub async fn begins(&self) -> bool {
        let mut standing = self.standing.clone();
        // The sender is dropped only while the process ends.
        let decided = standing.wait_for(|standing| *standing != Standing::Follows).await;
        decided.is_ok_and(|standing| *standing == Standing::Leads)
    }
}
