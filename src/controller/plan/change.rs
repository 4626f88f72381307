//! From what differs to the change that is planned, or to why it is not made.

use std::collections::BTreeMap;

use super::call::{Call, smallest, would_lose, would_lose_message};
use super::{Desired, Plan, Surroundings, Update};
use crate::api::Reason;
use crate::api::integration::Cause;
use crate::controller::recorded::Recorded;
use crate::model::{Comparison, Difference, Path, Remote, given_twice, names_needed};

/// Whether a difference comes from Git and not from the tenant.
pub(super) fn is_of_git(difference: &Difference) -> bool {
    matches!(difference.cause, Cause::Spec | Cause::Secret | Cause::Requested)
}

pub(super) fn contested(differences: Vec<Difference>) -> Plan {
    let paths: Vec<String> =
        differences.iter().filter(|one| one.cause == Cause::Drift).map(|one| one.path.to_string()).collect();
    let message = format!(
        "{} was repaired three times running and changed again each time: another tool or person changes it, or the tenant \
         rewrites it; settle who owns it, then change the spec or set annotation simops.dev/correct-requested-at",
        paths.join(", ")
    );
    Plan::Stall(Reason::Contested, message, differences)
}

pub(super) fn update(
    desired: &Desired,
    recorded: &Recorded,
    remote: &Remote,
    differences: Vec<Difference>,
    comparison: Comparison,
    around: &Surroundings,
) -> Plan {
    let call = smallest(&differences, remote, around.takes_patch);
    let needed = names_needed(&desired.wants, differences.iter().map(|one| &one.path), around.names);
    if !needed.is_empty() {
        return Plan::LookUp(needed, Some(call));
    }
    if differences.iter().any(|one| one.path == Path::Sources)
        && let Some(invalid) = given_twice(&desired.wants, around.names)
    {
        return Plan::Stall(Reason::InvalidSpec, invalid.to_string(), differences);
    }
    if call == Call::Put {
        let lost = would_lose(desired, recorded, remote, &differences, &comparison);
        if !lost.is_empty() {
            return would_lose_plan(&lost, differences);
        }
    }
    Plan::Update(Update { remote: remote.clone(), call, differences, comparison })
}

fn would_lose_plan(lost: &[String], differences: Vec<Difference>) -> Plan {
    Plan::Stall(Reason::WouldLose, would_lose_message(lost), differences)
}

/// The differences by cause, for the one that is recorded: a change in Git outweighs drift.
#[must_use]
pub fn main_cause(differences: &[Difference]) -> Cause {
    let mut count: BTreeMap<Cause, usize> = BTreeMap::new();
    for difference in differences {
        *count.entry(difference.cause).or_default() += 1;
    }
    [Cause::Requested, Cause::Spec, Cause::Secret, Cause::Adoption]
        .into_iter()
        .find(|cause| count.contains_key(cause))
        .unwrap_or(Cause::Drift)
}
