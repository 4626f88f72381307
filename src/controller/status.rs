//! The status that follows a verdict: pure, and the same as before wherever nothing was learnt.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::act::Applied;
use super::plan::Action;
use crate::api::condition::{self, Verdict as Condition, find, merge};
use crate::api::integration::{LastChange, LastHandled, Origin, PlannedChange, PlannedChanges, Sent, TenantIdentity};
use crate::api::{ConditionType, Reason, SimIntegrationStatus, schema};
use crate::model::{Difference, Path, Reading, Want, shown};
use crate::text::one_line;

/// How a resource stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// All is as it shall be.
    InOrder(String),
    /// Mode Report: the tenant differs.
    Drifted(PlannedChanges),
    /// Mode Plan: this would be done.
    Planned(PlannedChanges),
    /// No call is made.
    Paused(String),
    /// It heals itself.
    Heals(Reason, Message),
    /// It needs a person.
    Stalled(Reason, Message, Option<PlannedChanges>),
}

/// A message of which part changes with every attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// What stays the same while the cause does.
    pub cause: String,
    /// What is new each time, such as a tracking id; it alone is no reason to write.
    pub details: String,
}

impl<S: Into<String>> From<S> for Message {
    fn from(cause: S) -> Self {
        Self { cause: cause.into(), details: String::new() }
    }
}

impl Message {
    /// Whether `text` says the same and no more than details beside it.
    fn is_cause_of(&self, text: &str) -> bool {
        text.strip_prefix(&one_line(&self.cause)).is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
    }

    /// The text that is written: the one before, where only details differ.
    #[must_use]
    pub fn after(&self, previous: Option<&str>) -> String {
        match previous {
            Some(text) if self.is_cause_of(text) => text.to_owned(),
            _ => one_line(&format!("{}{}", self.cause, self.details)),
        }
    }
}

/// What was learnt of a resource in one reconcile.
#[derive(Clone, Debug)]
pub struct Findings {
    /// How it stands.
    pub verdict: Verdict,
    /// The generation that was looked at.
    pub generation: i64,
    /// The tenant that it was looked for in.
    pub tenant: Option<TenantIdentity>,
    /// What it is bound to now, if that was done.
    pub bound: Option<Bound>,
    /// The record of what is in the tenant, if it was compared.
    pub sent: Option<Sent>,
    /// What was changed in the tenant.
    pub applied: Option<Applied>,
    /// The ticket or commit of the change.
    pub change_ref: Option<String>,
    /// The requests by annotation that were answered.
    pub handled: Option<LastHandled>,
}

/// What a resource is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The id in the tenant.
    pub id: String,
    /// How it came to be owned.
    pub origin: Option<Origin>,
    /// The tenant.
    pub tenant: TenantIdentity,
}

impl Findings {
    /// Only a verdict.
    #[must_use]
    pub fn of(verdict: Verdict, generation: i64) -> Self {
        Self {
            verdict,
            generation,
            tenant: None,
            bound: None,
            sent: None,
            applied: None,
            change_ref: None,
            handled: None,
        }
    }
}

/// The status after these findings.
#[must_use]
pub fn next(previous: &SimIntegrationStatus, findings: &Findings, now: Timestamp) -> SimIntegrationStatus {
    let mut status = previous.clone();
    status.observed_generation = findings.generation;
    status.conditions =
        merge(&previous.conditions, &conditions(&findings.verdict, previous), findings.generation, &Time(now));
    status.plan = match &findings.verdict {
        Verdict::Drifted(changes) | Verdict::Planned(changes) => Some(changes.clone()),
        Verdict::Stalled(_, _, changes) => changes.clone(),
        Verdict::InOrder(_) | Verdict::Paused(_) | Verdict::Heals(..) => None,
    };
    if previous.id.is_none() && findings.tenant.is_some() {
        status.tenant.clone_from(&findings.tenant);
    }
    if let Some(Bound { id, origin, tenant }) = &findings.bound {
        // The record of what was sent is of that integration, and of no other.
        status.sent = status.sent.filter(|_| previous.id.is_none() || previous.id.as_ref() == Some(id));
        (status.id, status.origin, status.tenant) = (Some(id.clone()), *origin, Some(tenant.clone()));
    }
    if let Some(sent) = &findings.sent {
        status.sent = Some(sent.clone());
    }
    if let Some(applied) = &findings.applied {
        status.last_change = Some(last_change(applied, findings, now));
    }
    if let Some(handled) = &findings.handled {
        status.last_handled = Some(handled.clone());
    }
    status
}

fn last_change(applied: &Applied, findings: &Findings, now: Timestamp) -> LastChange {
    LastChange {
        at: Time(now),
        action: applied.change.as_str().to_owned(),
        cause: applied.cause,
        generation: findings.generation,
        change_ref: findings.change_ref.as_deref().map(|text| cut(text, schema::REFERENCE_LENGTH)),
        tracking_id: applied.tracking_id.as_deref().map(|text| cut(text, schema::REFERENCE_LENGTH)),
        changes: applied.paths.iter().take(schema::MOST_CHANGES).map(|path| cut(path, schema::PATH_LENGTH)).collect(),
    }
}

/// As much of `text` as the schema allows, on one line: one field that is too long, and Kubernetes refuses the whole
/// status; keys of a spec and values of a tenant may hold what a terminal would obey.
fn cut(text: &str, longest: usize) -> String {
    one_line(text).chars().take(longest).collect()
}

/// The table of section 8 of the protocol.
fn conditions(verdict: &Verdict, previous: &SimIntegrationStatus) -> Vec<Condition> {
    let ready = find(&previous.conditions, ConditionType::Ready);
    let is = |type_, reason, message: &str| {
        let message = cut(message, schema::MESSAGE_LENGTH);
        Condition { type_, status: true, reason, message }
    };
    let not_ready = |reason, message: &str| Condition { status: false, ..is(ConditionType::Ready, reason, message) };
    let text = |reason: Reason, message: &Message| {
        message.after(ready.filter(|ready| ready.reason == reason.as_str()).map(|ready| ready.message.as_str()))
    };
    match verdict {
        Verdict::InOrder(message) => vec![is(ConditionType::Ready, Reason::Reconciled, message)],
        Verdict::Drifted(changes) => {
            let message = format!("drifted: {}", summary(changes));
            vec![
                is(ConditionType::Ready, Reason::Drifted, &message),
                is(ConditionType::Drifted, Reason::Drifted, &message),
            ]
        }
        Verdict::Planned(changes) if changes.action == Action::Nothing.as_str() => {
            vec![is(ConditionType::Ready, Reason::Planned, "nothing would be done")]
        }
        Verdict::Planned(changes) => {
            let message = format!("would {}: {}", changes.action.to_lowercase(), summary(changes));
            vec![
                is(ConditionType::Ready, Reason::Planned, &message),
                is(ConditionType::Planned, Reason::Planned, &message),
            ]
        }
        Verdict::Paused(message) => {
            let paused = is(ConditionType::Paused, Reason::Paused, message);
            ready.and_then(condition::unchanged).into_iter().chain([paused]).collect()
        }
        Verdict::Heals(reason, message) => {
            let message = text(*reason, message);
            vec![not_ready(*reason, &message), is(ConditionType::Reconciling, *reason, &message)]
        }
        Verdict::Stalled(reason, message, _) => {
            let message = text(*reason, message);
            vec![not_ready(*reason, &message), is(ConditionType::Stalled, *reason, &message)]
        }
    }
}

/// How many changes a plan shows.
const MOST_CHANGES: usize = 50;
/// How many paths a message names.
const MOST_NAMED: usize = 5;

fn summary(changes: &PlannedChanges) -> String {
    let named: Vec<&str> = changes.changes.iter().take(MOST_NAMED).map(|change| change.path.as_str()).collect();
    let more = changes.changes.len().saturating_sub(MOST_NAMED)
        + changes.omitted.map_or(0, |n| usize::try_from(n).unwrap_or(0));
    let list = if named.is_empty() { "no visible change".to_owned() } else { named.join(", ") };
    if more == 0 { list } else { format!("{list} and {more} more") }
}

/// The changes as they may be shown: at most 50, and no value that could be secret.
#[must_use]
pub fn planned(action: Action, differences: &[Difference]) -> PlannedChanges {
    let omitted = differences.len().saturating_sub(MOST_CHANGES);
    PlannedChanges {
        action: action.as_str().to_owned(),
        changes: differences.iter().take(MOST_CHANGES).map(change).collect(),
        omitted: (omitted > 0).then(|| i64::try_from(omitted).unwrap_or(i64::MAX)),
    }
}

fn change(difference: &Difference) -> PlannedChange {
    let is_inline = matches!(difference.to, Some(Want::Plain(_))) || is_plain_field(&difference.path);
    let to = match &difference.to {
        Some(Want::Plain(value)) => Some(shown(value, true)),
        Some(Want::Inline { .. } | Want::Secret(_)) => Some(shown(&serde_json::Value::Null, false)),
        None => None,
    };
    let from = match &difference.from {
        Reading::Value(value) => Some(shown(value, is_inline)),
        Reading::Absent | Reading::Hidden => None,
    };
    PlannedChange { path: cut(&difference.path.to_string(), schema::PATH_LENGTH), from, to }
}

fn is_plain_field(path: &Path) -> bool {
    !matches!(path, Path::Attribute(_))
}

#[cfg(test)]
mod tests;
