//! The operations: what was before, what somebody asks for, and what is left in the end.

use serde_json::json;

use super::operator::manifests::{RULE, made_in_the_ui, sim};
use super::place::Place;
use super::row::End;

/// Something that the operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A resource is new, its name is free.
    Create,
}

impl Operation {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "Create",
        }
    }

    pub fn end(self) -> End {
        match self {
            Self::Create => End::One,
        }
    }

    /// All that was before, and what somebody asks for then. No operator runs at its end.
    pub async fn asked_for(self, place: &mut Place) {
        match self {
            Self::Create => place.apply().await,
        }
    }
}
