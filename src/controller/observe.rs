//! What the org's snapshot says of a resource's integration.
//!
//! Reads the snapshot and the holders, never the tenant: what it lacks is asked for, and the resource waits. Judges
//! nothing: whether an integration may be taken or must be repaired is the plan's.

mod looking;

use looking::Looking;
use tokio::time::Instant;

use super::holders::{Holder, Holders};
use super::memory::Memory;
use super::recorded::Recorded;
use crate::api::Reason;
use crate::api::annotations::CreateIntent;
use crate::config::Config;
use crate::model::Remote;
use crate::tenants::{Connection, Fleet, Look, Org, OrgView};

/// What was found of a resource's integration.
#[derive(Clone, Debug)]
pub enum Observed {
    /// Nothing of this name, by a whole LIST from after the question.
    Free,
    /// The integration that the resource holds, or asks for by its id.
    Present(Remote, Link),
    /// Integrations of this name that nobody holds.
    Named(Vec<Remote>),
    /// Another resource holds the target.
    Held(Holder),
    /// What the resource held is gone, beyond doubt.
    Gone,
    /// What the resource held is gone, beyond doubt, and others have its name now.
    Supplanted(Vec<Remote>),
    /// An open create has left nothing, beyond doubt.
    NeverCreated,
    /// An open create has left what is not surely its result: these ids.
    AmbiguousCreate(Vec<String>),
    /// The external id is not the id that the resource holds.
    Mismatch {
        /// What it holds.
        held: String,
    },
    /// Nothing can be said yet.
    Unknown {
        /// Why.
        reason: Reason,
        /// In words.
        message: String,
        /// When to look again.
        until: Option<Instant>,
    },
    /// A LIST is asked for; the resource is woken when it is there.
    Asked,
    /// One was asked for a moment ago, and told nothing: when to look again.
    Resting(Option<Instant>),
    /// The last LIST failed.
    Unavailable(crate::sailpoint::Error),
}

/// How a present integration belongs to the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// By its status.
    Held,
    /// By our annotation, the status being lost.
    Restored,
    /// By `spec.externalId`.
    External,
    /// As the result of an open create.
    Created(Box<CreateIntent>),
}

/// Whom is looked for, and by what.
pub struct Question<'a> {
    /// The uid of the resource.
    pub uid: &'a str,
    /// The name that is wanted in the tenant.
    pub name: &'a str,
    /// `spec.externalId`.
    pub external_id: Option<&'a str>,
    /// What the resource holds by its own record.
    pub recorded: &'a Recorded,
    /// Look anew even if there is a LIST: this was asked for, the spec is new, or something is about to be taken.
    pub anew: bool,
    /// The time of this look.
    pub now: Instant,
}

/// What a look needs beside the connection.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// All tenants.
    pub fleet: &'a Fleet,
    /// Who holds what.
    pub holders: &'a Holders,
    /// The intervals.
    pub config: &'a Config,
}

/// Looks for the integration in the snapshot of the connection's org.
#[must_use]
pub fn observe(question: &Question, memory: &mut Memory, at: &Connection, around: &Around) -> Observed {
    let Around { fleet, holders, config } = *around;
    Looking { question, at, fleet, holders, config }.dispatch(memory)
}

/// A LIST that started after `what` was first asked. While the resource rests, one that others asked for since is taken.
///
/// # Errors
/// Where there is none yet, what there is in its place.
pub fn fresh(what: &str, memory: &mut Memory, org: &Org, now: Instant) -> Result<OrgView, Box<Observed>> {
    if let Some(rest) = memory.resting(now) {
        return org.peek(Some(rest.since)).ok_or_else(|| Box::new(Observed::Resting(rest.look_at)));
    }
    listed(org, Some(memory.asked(what, now)))
}

/// A LIST that started after `since`.
fn listed(org: &Org, since: Option<Instant>) -> Result<OrgView, Box<Observed>> {
    match org.look(since) {
        Look::Listed(view) => Ok(view),
        Look::Wait => Err(Box::new(Observed::Asked)),
        Look::Failed(error) => Err(Box::new(Observed::Unavailable(error))),
    }
}

impl Observed {
    /// When to look again, where that is known.
    #[must_use]
    pub fn until(&self) -> Option<Instant> {
        match self {
            Self::Unknown { until, .. } => *until,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
