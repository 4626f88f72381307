//! What people ask for by annotation, answered once for each new value.

use crate::api::Annotations;
use crate::api::integration::LastHandled;

/// The requests that are not answered yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Look now.
    pub anew: bool,
    /// Read the versions of Secrets now.
    pub secrets: bool,
    /// Repair and send again; on a tenant, believe that many integrations vanished.
    pub again: bool,
}

impl Requests {
    /// Those that stand in the annotations and are not the last that were handled.
    #[must_use]
    pub fn new(annotations: Annotations, handled: Option<&LastHandled>) -> Self {
        let is_new = |asked: Option<String>, handled: Option<&String>| asked.is_some() && asked.as_ref() != handled;
        let anew =
            is_new(annotations.reconcile_requested_at(), handled.and_then(|last| last.reconcile_requested_at.as_ref()));
        let again =
            is_new(annotations.correct_requested_at(), handled.and_then(|last| last.correct_requested_at.as_ref()));
        Self { anew, secrets: anew || again, again }
    }

    /// The same where the tenant cannot be asked yet: what it would show is older than what we wrote.
    #[must_use]
    pub fn postponed(self) -> Self {
        Self { secrets: self.secrets, ..Self::default() }
    }

    /// Whether anything is asked for.
    #[must_use]
    pub fn any(self) -> bool {
        self.anew || self.again
    }
}

impl LastHandled {
    /// All that these annotations ask for; `None` where that is nothing.
    #[must_use]
    pub fn of(annotations: Annotations) -> Option<Self> {
        let asked = Self {
            reconcile_requested_at: annotations.reconcile_requested_at(),
            correct_requested_at: annotations.correct_requested_at(),
        };
        (asked != Self::default()).then_some(asked)
    }
}
