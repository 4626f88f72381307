//! How much of the client id's limit is ours.
//!
//! What else works with the same client id spends the same limit, and nobody says how much: the gateway tells by a 429.
//! What it had let through of ours by then is what the others leave, so no more than that is sent; but one pause takes no more
//! than half, as they may have come for a moment. It is tried after a minute whether they left: one more in a window, then two,
//! four and so on up to the limit, or to the next 429. So one who spends evenly beside us costs a refusal a minute, and one who
//! came and went has cost us three minutes of a part.
//!
//! Meanwhile ours go evenly as well. Sent as one burst in each window they would always find room, and whoever comes evenly
//! would not: the others would be refused, who were there before, and we would never learn of it.

use std::time::Duration;

use tokio::time::Instant;

use super::WINDOW;

/// How long after its pause what a 429 taught is taken as it is.
const LASTS: Duration = Duration::from_mins(1);
/// While others spend of the limit, as many go at once as are due in this time.
const BURST: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Share {
    limit: usize,
    /// What is left of the limit, since there was a 429.
    left: Option<Left>,
}

#[derive(Debug)]
struct Left {
    size: usize,
    /// The least that it becomes by what is refused before the pause is over.
    least: usize,
    grows_at: Instant,
    by: usize,
    /// When the next one is due, if they go evenly.
    due: Instant,
}

impl Share {
    /// All of a limit (at least 1).
    pub(super) fn of(limit: usize) -> Self {
        Self { limit: limit.max(1), left: None }
    }

    /// The limit is another; what others spend of it is not known to be.
    pub(super) fn set(&mut self, limit: usize) {
        self.limit = limit.max(1);
    }

    /// How many may be sent in a window.
    pub(super) fn size(&self) -> usize {
        self.left.as_ref().map_or(self.limit, |left| left.size.min(self.limit))
    }

    /// One was refused until `pause_ends`, in a window in which `through` were not.
    pub(super) fn learn(&mut self, through: usize, now: Instant, pause_ends: Instant) {
        let size = self.size();
        let same_pause = self.left.as_ref().filter(|left| now + LASTS < left.grows_at);
        let least = same_pause.map_or(size / 2, |left| left.least).max(1);
        let due = self.left.as_ref().map_or(now, |left| left.due);
        self.left = Some(Left { size: through.max(least).min(size), least, grows_at: pause_ends + LASTS, by: 1, due });
    }

    /// When one more may go after those that went: at any time, unless others spend of the limit.
    pub(super) fn opens_at(&self) -> Option<Instant> {
        self.left.as_ref().and_then(|left| left.due.checked_sub(BURST))
    }

    /// One goes.
    pub(super) fn goes(&mut self, now: Instant) {
        let apart = WINDOW / u32::try_from(self.size()).unwrap_or(u32::MAX);
        if let Some(left) = &mut self.left {
            left.due = left.due.max(now) + apart;
        }
    }

    /// Tries more where it is time to.
    pub(super) fn grow(&mut self, now: Instant) {
        while let Some(left) = self.left.as_mut().filter(|left| left.grows_at <= now) {
            left.size += left.by;
            left.by *= 2;
            left.grows_at += WINDOW;
            if left.size >= self.limit {
                self.left = None;
            }
        }
    }

    /// When more will be tried.
    pub(super) fn grows_at(&self) -> Option<Instant> {
        self.left.as_ref().map(|left| left.grows_at)
    }
}

#[cfg(test)]
mod tests;
