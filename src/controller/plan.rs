//! What shall be done about one integration: data in, data out.
//!
//! Pure: no client, no clock, no error. The plan is what logs, events, `status.plan` and the tests all show. What only a
//! call can find out (a missing key of a Secret, a refusal) is not known here.

mod call;
mod change;
mod farewell;

pub use call::{Call, would_lose, would_lose_message};
pub use change::main_cause;
use change::{contested, is_of_git, update};
pub use farewell::{Farewell, Orphaning, farewell};

use super::observe::{Link, Observed};
use super::recorded::Recorded;
use crate::api::annotations::CreateIntent;
use crate::api::integration::{Cause, Origin, Sent};
use crate::api::{Adopt, Mode, Reason};
use crate::model::{Comparison, Difference, Kind, Names, Path, Remote, Wants, compare, given_twice, names_needed};

/// What the resource asks for, with every default resolved.
#[derive(Clone, Debug)]
pub struct Desired {
    /// The name in the tenant.
    pub name: String,
    /// `spec.externalId`.
    pub external_id: Option<String>,
    /// How far the operator may go.
    pub mode: Mode,
    /// Whether an existing integration may be taken.
    pub adopt: Adopt,
    /// Every path that the spec names.
    pub wants: Wants,
    /// Send again what differs or cannot be read back, once.
    pub again: bool,
}

/// What is known of the tenant beside the integration itself.
pub struct Surroundings<'a> {
    /// The ids of names that were looked up.
    pub names: &'a Names,
    /// Whether a PATCH of this path, shown when read or not, is worth trying.
    pub takes_patch: &'a dyn Fn(&Path, bool) -> bool,
    /// Whether repairing these paths was tried too often already.
    pub contested: &'a dyn Fn(&[Path]) -> bool,
}

/// What shall be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// Nothing: all is as it shall be.
    InOrder(Comparison),
    /// Nothing in mode Report: these differences are only shown.
    Drifted(Comparison),
    /// Nothing in mode Plan: this would be done.
    Show(Action, Vec<Difference>),
    /// Create it.
    Create {
        /// The id of what is gone and is created again.
        replaces: Option<String>,
        /// The open create that left nothing, whose `since` stays.
        follows: Option<Box<CreateIntent>>,
    },
    /// Take what is there.
    Bind {
        /// What is taken.
        remote: Remote,
        /// How it came to be owned; unknown where the status was lost.
        origin: Option<Origin>,
        /// What is known to have been sent.
        sent: Option<Sent>,
    },
    /// Change what is there.
    Update(Update),
    /// These names must be looked up first, for this call; without one, to create.
    LookUp(Vec<(Kind, String)>, Option<Call>),
    /// Nothing yet; it heals itself.
    Wait(Reason, String),
    /// Nothing; a person must decide.
    Stall(Reason, String, Vec<Difference>),
}

impl Plan {
    /// Whether it takes what the resource does not hold yet, for which only a fresh LIST is good enough.
    #[must_use]
    pub fn takes(&self) -> bool {
        matches!(self, Self::Create { .. } | Self::Bind { .. })
    }
}

/// What a plan does, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It does nothing.
    Nothing,
    /// It creates.
    Create,
    /// It takes what is there.
    Adopt,
    /// It changes what is there.
    Update,
}

impl Action {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "Nothing",
            Self::Create => "Create",
            Self::Adopt => "Adopt",
            Self::Update => "Update",
        }
    }
}

/// A change of an integration, with the smallest call that makes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// What is changed.
    pub remote: Remote,
    /// How.
    pub call: Call,
    /// The changes that are made.
    pub differences: Vec<Difference>,
    /// What was compared, with the record as it stands without the changes.
    pub comparison: Comparison,
}

/// What shall be done so that the integration exists as it is desired.
#[must_use]
pub fn plan(desired: &Desired, recorded: &Recorded, observed: &Observed, around: &Surroundings) -> Plan {
    match observed {
        Observed::Free => create(desired, around, None, None),
        Observed::NeverCreated => create(desired, around, recorded.id.clone(), recorded.intent.clone().map(Box::new)),
        Observed::Gone => gone(desired, recorded, around),
        Observed::Supplanted(found) => supplanted(desired, recorded, found, around),
        Observed::Named(found) => named(desired, found),
        Observed::Present(remote, Link::Held) => held(desired, recorded, remote, around),
        Observed::Present(remote, link) => bind(desired, remote, link),
        Observed::Held(holder) => Plan::Stall(
            Reason::Conflict,
            format!(
                "{} holds this integration; give this resource another name or delete one of the two",
                holder.resource
            ),
            Vec::new(),
        ),
        Observed::AmbiguousCreate(ids) => ambiguous_create(ids),
        Observed::Mismatch { held } => Plan::Stall(
            Reason::ExternalIdMismatch,
            format!(
                "this resource holds {held}; nothing is swapped: set externalId to it, or make a new resource for the other"
            ),
            Vec::new(),
        ),
        Observed::Unknown { reason, message, .. } => Plan::Wait(*reason, message.clone()),
        Observed::Asked | Observed::Resting(_) => Plan::Wait(Reason::Progressing, "waiting for a list".to_owned()),
        Observed::Unavailable(error) => Plan::Wait(Reason::TenantNotReady, error.to_string()),
    }
}

fn create(
    desired: &Desired,
    around: &Surroundings,
    replaces: Option<String>,
    follows: Option<Box<CreateIntent>>,
) -> Plan {
    if desired.mode == Mode::Plan {
        let all = desired.wants.iter().map(|(path, want)| Difference::created(path, want)).collect();
        return Plan::Show(Action::Create, all);
    }
    let needed = names_needed(&desired.wants, desired.wants.keys(), around.names);
    if !needed.is_empty() {
        return Plan::LookUp(needed, None);
    }
    match given_twice(&desired.wants, around.names) {
        Some(invalid) => Plan::Stall(Reason::InvalidSpec, invalid.to_string(), Vec::new()),
        None => Plan::Create { replaces, follows },
    }
}

fn gone(desired: &Desired, recorded: &Recorded, around: &Surroundings) -> Plan {
    let id = desired.external_id.as_deref().or(recorded.id.as_deref()).unwrap_or_default();
    if desired.external_id.is_some() || recorded.origin != Some(Origin::Created) {
        let message = format!(
            "the tenant has no integration {id}; nothing is created in its place: correct externalId, or delete this \
             resource and make a new one"
        );
        return Plan::Stall(Reason::ExternalIdGone, message, Vec::new());
    }
    match desired.mode {
        Mode::Report if !desired.again => {
            let differences = desired.wants.iter().map(|(path, want)| Difference::created(path, want)).collect();
            Plan::Drifted(Comparison {
                differences,
                record: recorded.sent.clone().unwrap_or_default(),
                ..Comparison::default()
            })
        }
        _ => create(desired, around, recorded.id.clone(), None),
    }
}

/// Nothing is created beside what has the name now.
fn supplanted(desired: &Desired, recorded: &Recorded, found: &[Remote], around: &Surroundings) -> Plan {
    if desired.external_id.is_some() || recorded.origin != Some(Origin::Created) {
        return gone(desired, recorded, around);
    }
    if let ([one], Adopt::ByName) = (found, desired.adopt) {
        return bind_as(desired, one, Some(Origin::Adopted), None, Action::Adopt);
    }
    let lines: Vec<String> = found.iter().map(|one| format!("`externalId: {}`", one.id)).collect();
    let message = format!(
        "what this resource held is gone, and its name, {:?}, is taken: to own what has it now add to spec: {}; to have \
         another one give it another name",
        desired.name,
        lines.join(" or ")
    );
    Plan::Stall(Reason::AlreadyExists, message, Vec::new())
}

fn named(desired: &Desired, found: &[Remote]) -> Plan {
    let ids: Vec<&str> = found.iter().map(|remote| remote.id.as_str()).collect();
    match (found, desired.adopt) {
        ([one], Adopt::ByName) => bind_as(desired, one, Some(Origin::Adopted), None, Action::Adopt),
        ([one], Adopt::Never) => {
            let message = format!(
                "an integration named {:?} exists already; to own it add to spec: `externalId: {}`",
                desired.name, one.id
            );
            Plan::Stall(Reason::AlreadyExists, message, Vec::new())
        }
        (_, Adopt::ByName) => Plan::Stall(Reason::Ambiguous, choose(&desired.name, &ids), Vec::new()),
        (_, Adopt::Never) => Plan::Stall(Reason::AlreadyExists, choose(&desired.name, &ids), Vec::new()),
    }
}

fn choose(name: &str, ids: &[&str]) -> String {
    let lines: Vec<String> = ids.iter().map(|id| format!("`externalId: {id}`")).collect();
    format!("{} integrations are named {name:?}; to own one add to spec one of {}", ids.len(), lines.join(", "))
}

fn ambiguous_create(ids: &[String]) -> Plan {
    let lines: Vec<String> = ids.iter().map(|id| format!("`externalId: {id}`")).collect();
    let message = format!(
        "a create was sent and its answer never came; what is there now is not surely its result: look at it in the tenant \
         and add to spec the one that is right: {}, or delete or rename what is not",
        lines.join(", ")
    );
    Plan::Stall(Reason::AmbiguousCreate, message, Vec::new())
}

fn bind(desired: &Desired, remote: &Remote, link: &Link) -> Plan {
    match link {
        Link::Held | Link::Restored => bind_as(desired, remote, None, None, Action::Adopt),
        Link::External => bind_as(desired, remote, Some(Origin::Adopted), None, Action::Adopt),
        Link::Created(intent) => {
            let sent = Sent { paths: intent.paths.clone(), secrets: intent.secrets.clone(), ..Sent::default() };
            bind_as(desired, remote, Some(Origin::Created), Some(sent), Action::Create)
        }
    }
}

fn bind_as(desired: &Desired, remote: &Remote, origin: Option<Origin>, sent: Option<Sent>, action: Action) -> Plan {
    if desired.mode == Mode::Plan {
        let comparison = compare(&desired.wants, remote, sent.as_ref(), desired.again);
        return Plan::Show(action, comparison.differences);
    }
    Plan::Bind { remote: remote.clone(), origin, sent }
}

fn held(desired: &Desired, recorded: &Recorded, remote: &Remote, around: &Surroundings) -> Plan {
    let mut comparison = compare(&desired.wants, remote, recorded.sent.as_ref(), desired.again);
    if desired.mode == Mode::Plan {
        let action = if comparison.differences.is_empty() { Action::Nothing } else { Action::Update };
        return Plan::Show(action, comparison.differences);
    }
    if comparison.differences.is_empty() {
        return Plan::InOrder(comparison);
    }
    let sent = match desired.mode {
        Mode::Report => comparison.differences.iter().filter(|one| is_of_git(one)).cloned().collect(),
        _ => comparison.differences.clone(),
    };
    if sent.is_empty() {
        return Plan::Drifted(comparison);
    }
    let drifted: Vec<Path> = sent.iter().filter(|one| one.cause == Cause::Drift).map(|one| one.path.clone()).collect();
    if !drifted.is_empty() && (around.contested)(&drifted) {
        return contested(sent);
    }
    comparison.differences.retain(|one| !sent.contains(one));
    update(desired, recorded, remote, sent, comparison, around)
}

#[cfg(test)]
mod tests;
