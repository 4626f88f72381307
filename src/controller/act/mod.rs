//! The only place that writes to SailPoint and reads values of Secrets.
//!
//! Does what the plan says, one call at a time, and says exactly what came of it. Decides nothing but what a call's answer
//! decides.

mod body;
mod create;
mod delete;
mod secrets;
mod update;

use std::sync::Arc;

use kube::ResourceExt as _;

pub use create::{Creation, create};
pub use delete::{Deleted, delete};
pub use update::update;

use super::Seat;
use super::plan::would_lose_message;
use crate::api::SimIntegration;
use crate::api::integration::{Cause, Sent};
use crate::metrics::Change;
use crate::sailpoint;
use crate::tenants::{Connection, Writing};

/// What every act needs: the resource it is for, as the watch showed it, and where it goes.
pub struct Scene<'a> {
    /// For Kubernetes.
    pub client: &'a kube::Client,
    /// The uid of the cluster, or `--cluster-id`.
    pub cluster: &'a str,
    /// The resource.
    pub resource: &'a SimIntegration,
    /// The tenant.
    pub connection: &'a Arc<Connection>,
    /// What is left before anything is sent.
    pub seat: &'a Seat,
}

impl Scene<'_> {
    /// The right to write to the tenant. Whoever has it leaves its seat.
    fn write(&self) -> Option<Writing> {
        let writing = self.connection.writers.try_write(self.resource.uid().as_deref().unwrap_or_default())?;
        self.seat.leave();
        Some(writing)
    }
}

/// What was done in the tenant.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The id of the integration.
    pub id: String,
    /// What was done.
    pub change: Change,
    /// Why.
    pub cause: Cause,
    /// The record of what is now in the tenant.
    pub sent: Sent,
    /// The paths that were changed.
    pub paths: Vec<String>,
    /// SailPoint's id of the request.
    pub tracking_id: Option<String>,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The call failed.
    #[error(transparent)]
    Remote(#[from] sailpoint::Error),
    /// The read before a write failed: nothing was written.
    #[error(transparent)]
    Unread(sailpoint::Error),
    /// Kubernetes failed.
    #[error(transparent)]
    Kubernetes(#[from] Box<kube::Error>),
    /// A Secret, or a key of it, is missing.
    #[error("{0}")]
    SecretNotFound(String),
    /// What was read just before shows more than the plan knew of, and this would be lost.
    #[error("{}", would_lose_message(.0))]
    WouldLose(Vec<String>),
    /// So many others write to this tenant that this must wait.
    #[error("others write to this tenant")]
    Busy,
    /// Another resource is about to take the same.
    #[error("{0} is about to take this name")]
    Reserved(String),
    /// A PATCH was refused; it is remembered, and the next plan does without.
    #[error("the tenant refuses this PATCH: {0}")]
    PatchRefused(sailpoint::Error),
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        Self::Kubernetes(Box::new(error))
    }
}
