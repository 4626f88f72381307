//! What happens to the integration of a resource that is being deleted.

use crate::api::integration::Origin;
use crate::api::{Delete, Mode};

/// What happens to the integration of a resource that is being deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// It is deleted.
    Delete(String),
    /// It stays, for this reason; no call is made.
    Orphan(Orphaning),
    /// There is nothing to delete.
    Nothing,
}

/// Why an integration stays in the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orphaning {
    /// The policy says so, or the integration is not of our making.
    Policy,
    /// Mode Plan writes nothing.
    Plan,
}

/// What happens to the integration `id`.
#[must_use]
pub fn farewell(id: Option<String>, origin: Option<Origin>, policy: Option<Delete>, mode: Mode) -> Farewell {
    let Some(id) = id else { return Farewell::Nothing };
    let by_default = if origin == Some(Origin::Created) { Delete::Delete } else { Delete::Orphan };
    match (mode, policy.unwrap_or(by_default)) {
        (Mode::Plan, _) => Farewell::Orphan(Orphaning::Plan),
        (_, Delete::Orphan) => Farewell::Orphan(Orphaning::Policy),
        (_, Delete::Delete) => Farewell::Delete(id),
    }
}
