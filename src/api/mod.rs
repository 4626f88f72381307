//! The two resources of group `simops.dev`: types, their validation rules and the vocabulary of their status.
//!
//! No I/O happens here, and nothing here knows the tenant's API.

#![allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "people read these words with kubectl explain, where backticks are noise"
)]

pub mod annotations;
pub mod attributes;
pub mod condition;
pub mod crds;
pub mod folded;
pub mod integration;
pub mod policy;
pub mod received;
pub(crate) mod schema;
pub mod tenant;

pub use annotations::Annotations;
pub use attributes::Attributes;
pub use condition::{ConditionType, Reason};
pub use folded::Folded;
pub use integration::{SimIntegration, SimIntegrationSpec, SimIntegrationStatus};
pub use policy::{Adopt, Delete, Mode, Policy, TenantPolicy};
pub use received::{Kept, Received};
pub use tenant::{SailPointTenant, SailPointTenantSpec, SailPointTenantStatus};

/// The group of both resources.
pub const GROUP: &str = "simops.dev";
/// The finalizer that both resources carry while the operator still has to let go of something.
pub const FINALIZER: &str = "simops.dev/finalizer";
