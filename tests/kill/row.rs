//! One row of the table: what is done, what must be left of it, and the steps that do it.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;

use sim_operator::failpoint::Point;

use super::place::Place;
use crate::support::simulator::Switches;

/// How many writes of each kind the tenant's log shows: whatever arrived, whether it took effect or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    pub posts: usize,
    pub patches: usize,
    pub puts: usize,
    pub deletes: usize,
}

impl Writes {
    /// None at all.
    pub const NONE: Self = Self { posts: 0, patches: 0, puts: 0, deletes: 0 };

    /// So many of POST and nothing else.
    pub const fn posts(posts: usize) -> Self {
        Self { posts, ..Self::NONE }
    }

    /// So many of PATCH and nothing else.
    pub const fn patches(patches: usize) -> Self {
        Self { patches, ..Self::NONE }
    }

    /// So many of PUT and nothing else.
    pub const fn puts(puts: usize) -> Self {
        Self { puts, ..Self::NONE }
    }

    /// So many of DELETE and nothing else.
    pub const fn deletes(deletes: usize) -> Self {
        Self { deletes, ..Self::NONE }
    }

    /// And so many of PATCH.
    pub const fn and_patches(self, patches: usize) -> Self {
        Self { patches, ..self }
    }

    /// And so many of DELETE.
    pub const fn and_deletes(self, deletes: usize) -> Self {
        Self { deletes, ..self }
    }
}

impl fmt::Display for Writes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [(self.posts, "POST"), (self.patches, "PATCH"), (self.puts, "PUT"), (self.deletes, "DELETE")];
        let words: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, method)| format!("{count} {method}")).collect();
        formatter.write_str(if words.is_empty() { "none" } else { "" })?;
        formatter.write_str(&words.join(", "))
    }
}

/// What must be left once all has settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// One integration with the resource's content, its id in the status, Ready.
    One,
    /// No integration, and the resource is gone.
    Gone,
    /// The resource is gone; its integration stays, as somebody said so.
    Kept,
    /// The resource is gone; the one that claims its integration has it, as it was.
    HandedOver,
    /// Ready is false for this reason, and a person decides; the steps check what is there.
    Stalled(&'static str),
}

impl fmt::Display for End {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One => formatter.write_str("one, Ready"),
            Self::Gone => formatter.write_str("none, resource gone"),
            Self::Kept => formatter.write_str("kept, resource gone"),
            Self::HandedOver => formatter.write_str("one, held by the heir"),
            Self::Stalled(reason) => write!(formatter, "a person decides: {reason}"),
        }
    }
}

type Steps = Box<dyn for<'a> FnOnce(&'a mut Place) -> Pin<Box<dyn Future<Output = ()> + 'a>> + Send>;

/// A row.
pub struct Row {
    /// The part of the table.
    pub group: &'static str,
    /// What goes wrong, and where.
    pub case: String,
    /// What is done in the row.
    pub done: String,
    /// The least writes that such a case takes, and the most that are allowed.
    pub least: Writes,
    /// What is left.
    pub end: End,
    /// The failpoints at which it holds the operator.
    pub points: Vec<Point>,
    /// Whether it changes what others would see, so that it must be the last.
    pub is_alone: bool,
    /// Flags that differ from those of the other rows.
    pub flags: BTreeMap<&'static str, &'static str>,
    /// What the tenant is like.
    pub switches: Switches,
    pub steps: Steps,
}

impl Row {
    /// A row whose steps are still to be said.
    pub fn of(group: &'static str, case: impl Into<String>, done: impl Into<String>) -> Self {
        Self {
            group,
            case: case.into(),
            done: done.into(),
            least: Writes::NONE,
            end: End::One,
            points: Vec::new(),
            is_alone: false,
            flags: BTreeMap::new(),
            switches: Switches::default(),
            steps: Box::new(|_| Box::pin(async {})),
        }
    }

    /// The writes of it.
    pub fn least(self, least: Writes) -> Self {
        Self { least, ..self }
    }

    /// Its end, if that is not one integration.
    pub fn ends(self, end: End) -> Self {
        Self { end, ..self }
    }

    /// Holds the operator that is started first at these failpoints.
    pub fn held_at(self, points: &[Point]) -> Self {
        Self { points: points.to_vec(), ..self }
    }

    /// Runs when all others have ended.
    pub fn alone(self) -> Self {
        Self { is_alone: true, ..self }
    }

    /// Another value of a flag.
    pub fn flag(mut self, flag: &'static str, value: &'static str) -> Self {
        self.flags.insert(flag, value);
        self
    }

    /// Another tenant.
    pub fn tenant(self, switches: Switches) -> Self {
        Self { switches, ..self }
    }

    /// What happens, up to where all is left to settle.
    pub fn by(self, steps: impl AsyncFnOnce(&mut Place) + Send + 'static) -> Self {
        Self { steps: Box::new(move |place| Box::pin(steps(place))), ..self }
    }
}
