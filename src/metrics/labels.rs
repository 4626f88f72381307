//! The closed sets that labels of metrics come from.

/// The kinds of resource that are reconciled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `SimIntegration`.
    Integration,
    /// `SailPointTenant`.
    Tenant,
}

/// How one reconcile ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// In order, and nothing was written.
    Unchanged,
    /// Something was changed in the tenant.
    Changed,
    /// It heals itself and will be looked at again.
    Waiting,
    /// It needs a person.
    Stalled,
    /// Mode Plan: it was said what would be done.
    Planned,
    /// No call was made, as somebody asked.
    Paused,
    /// It waits for its tenant (slot, token, list) and is woken by it.
    Parked,
    /// The integration was deleted in the tenant.
    Deleted,
    /// The resource was let go of and the integration left as it is.
    LetGo,
    /// Kubernetes or the operator itself failed.
    Error,
}

/// What was done to an integration in the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was created.
    Created,
    /// It was there before and was taken.
    Adopted,
    /// It was changed.
    Updated,
    /// It was gone and created again.
    Recreated,
    /// It was deleted.
    Deleted,
}

/// Why a resource was let go of without a call, and its integration left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetGo {
    /// `policy.delete: Orphan`, or nothing is said and the integration is not of our making.
    Orphan,
    /// `policy.mode: Plan` writes nothing.
    Plan,
    /// The annotation `simops.dev/force-orphan`.
    ForceOrphan,
    /// The CRD itself is being deleted.
    CrdDeleted,
}

impl Kind {
    /// The kind as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Integration => "SimIntegration",
            Self::Tenant => "SailPointTenant",
        }
    }
}

impl Outcome {
    /// The outcome as a label, in logs and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "Unchanged",
            Self::Changed => "Changed",
            Self::Waiting => "Waiting",
            Self::Stalled => "Stalled",
            Self::Planned => "Planned",
            Self::Paused => "Paused",
            Self::Parked => "Parked",
            Self::Deleted => "Deleted",
            Self::LetGo => "LetGo",
            Self::Error => "Error",
        }
    }
}

impl Change {
    /// The action as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Adopted => "Adopted",
            Self::Updated => "Updated",
            Self::Recreated => "Recreated",
            Self::Deleted => "Deleted",
        }
    }
}

impl LetGo {
    /// The reason as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orphan => "Orphan",
            Self::Plan => "Plan",
            Self::ForceOrphan => "ForceOrphan",
            Self::CrdDeleted => "CrdDeleted",
        }
    }
}
