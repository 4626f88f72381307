//! Conditions and their reasons: one closed vocabulary, and how a new verdict is merged into old conditions.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// The types of condition of both resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionType {
    /// In order, or said to be; always there.
    Ready,
    /// On its way to being in order without help; there only while true.
    Reconciling,
    /// Needs a person; there only while true.
    Stalled,
    /// Mode Plan has found changes; there only while true.
    Planned,
    /// The tenant differs from the spec; there only while true.
    Drifted,
    /// No call is made; there only while true.
    Paused,
}

impl ConditionType {
    /// Every type there is, in the order in which they are written.
    pub const ALL: [Self; 6] =
        [Self::Ready, Self::Reconciling, Self::Stalled, Self::Planned, Self::Drifted, Self::Paused];

    /// The type as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
            Self::Planned => "Planned",
            Self::Drifted => "Drifted",
            Self::Paused => "Paused",
        }
    }
}

/// One condition that is true, or Ready that is false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which condition.
    pub type_: ConditionType,
    /// Whether it is true.
    pub status: bool,
    /// Why.
    pub reason: Reason,
    /// What a person can do, or what was found.
    pub message: String,
}

/// The conditions that follow `verdicts`, in their order; those not named are gone.
///
/// The time of a transition moves only when a status flips, so that looking again changes nothing.
#[must_use]
pub fn merge(previous: &[Condition], verdicts: &[Verdict], generation: i64, now: &Time) -> Vec<Condition> {
    verdicts.iter().map(|verdict| next(previous, verdict, generation, now)).collect()
}

fn next(previous: &[Condition], verdict: &Verdict, generation: i64, now: &Time) -> Condition {
    let status = if verdict.status { "True" } else { "False" };
    let since = find(previous, verdict.type_).filter(|c| c.status == status).map(|c| c.last_transition_time.clone());
    Condition {
        type_: verdict.type_.as_str().to_owned(),
        status: status.to_owned(),
        reason: verdict.reason.as_str().to_owned(),
        message: verdict.message.clone(),
        observed_generation: Some(generation),
        last_transition_time: since.unwrap_or_else(|| now.clone()),
    }
}

/// The verdict that leaves this condition as it is; `None` where its type or reason is not one of ours.
#[must_use]
pub fn unchanged(condition: &Condition) -> Option<Verdict> {
    Some(Verdict {
        type_: *ConditionType::ALL.iter().find(|type_| type_.as_str() == condition.type_)?,
        status: condition.status == "True",
        reason: Reason::named(&condition.reason)?,
        message: condition.message.clone(),
    })
}

/// Reason and message of the condition that tells most: Paused while true, else Ready.
#[must_use]
pub fn headline(conditions: &[Condition]) -> Option<(String, String)> {
    let condition = find(conditions, ConditionType::Paused).or_else(|| find(conditions, ConditionType::Ready))?;
    Some((condition.reason.clone(), condition.message.clone()))
}

/// The condition of this type, if it is there.
#[must_use]
pub fn find(conditions: &[Condition], type_: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|c| c.type_ == type_.as_str())
}

/// Makes the closed enum of reasons, its names and its list from one table.
macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Why a condition is as it is: one closed enum, each explained in the troubleshooting page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The reason that is written so.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().find(|reason| reason.as_str() == name).copied()
            }

            /// The reason as it is written.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

reasons! {
    /// In order.
    Reconciled,
    /// Mode Plan: what would be done is in status.plan.
    Planned,
    /// The tenant differs from the spec, and the mode is Report.
    Drifted,
    /// No call is made, as somebody asked.
    Paused,
    /// The resource has not been looked at yet, or is on its way.
    Progressing,
    /// A create was sent and its answer never came; the operator looks for it.
    CreateUnresolved,
    /// A write was sent and its answer never came; nothing more is written until it has settled.
    WriteUnsettled,
    /// The id is not in the list, and the operator is making sure that it is gone.
    ConfirmingAbsence,
    /// SailPoint asked for a pause (429).
    RateLimited,
    /// The tenant cannot be reached or answers 5xx.
    TenantUnavailable,
    /// The tenant's own condition stops this resource; look there.
    TenantNotReady,
    /// There is no SailPointTenant of that name.
    TenantMissing,
    /// No tenant is named, and the operator has no default.
    TenantNotSet,
    /// The tenant does not allow this namespace.
    TenantNotAllowed,
    /// The status belongs to another org than the tenant's.
    TenantChanged,
    /// A Secret, or a key of it, is missing.
    SecretNotFound,
    /// A source or cluster of this name is not in the tenant.
    ReferenceNotFound,
    /// Several sources or clusters have this name.
    ReferenceAmbiguous,
    /// The spec cannot mean anything.
    InvalidSpec,
    /// An annotation cannot mean anything.
    InvalidAnnotation,
    /// Another resource holds the target.
    Conflict,
    /// An integration of this name exists, and it may not be taken.
    AlreadyExists,
    /// Several integrations have this name.
    Ambiguous,
    /// An unresolved create left more than one possible result, or one that is not like it.
    AmbiguousCreate,
    /// The integration of this external id does not exist.
    ExternalIdGone,
    /// The external id is not the id that this resource holds.
    ExternalIdMismatch,
    /// An update would lose what the operator does not know.
    WouldLose,
    /// Somebody keeps changing what the operator repairs.
    Contested,
    /// SailPoint refused the request.
    Refused,
    /// SailPoint refused the credentials.
    CredentialsRejected,
    /// The credentials are gone while they are still needed.
    CredentialsGone,
    /// The token lacks a right.
    Forbidden,
    /// The base URL is not allowed.
    HostNotAllowed,
    /// The list does not show what is known to be there.
    ListIncomplete,
    /// The list shows no ids, so that nothing can be owned.
    IdsMissing,
    /// Too many integrations vanished at once.
    MassDisappearance,
    /// Resources still hold this tenant.
    InUse,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time(text.parse().unwrap())
    }

    fn verdict(type_: ConditionType, status: bool, reason: Reason) -> Verdict {
        Verdict { type_, status, reason, message: format!("because of {}", reason.as_str()) }
    }

    fn ready() -> Vec<Condition> {
        let verdicts = [verdict(ConditionType::Ready, true, Reason::Reconciled)];
        merge(&[], &verdicts, 1, &at("2026-01-01T00:00:00Z"))
    }

    #[test]
    fn the_first_verdict_begins_now() {
        let [condition] = ready().try_into().unwrap();
        assert_eq!((condition.type_.as_str(), condition.status.as_str()), ("Ready", "True"));
        assert_eq!((condition.reason.as_str(), condition.message.as_str()), ("Reconciled", "because of Reconciled"));
        assert_eq!(condition.observed_generation, Some(1));
        assert_eq!(condition.last_transition_time, at("2026-01-01T00:00:00Z"));
    }

    #[test]
    fn the_same_verdict_later_changes_nothing() {
        let verdicts = [verdict(ConditionType::Ready, true, Reason::Reconciled)];
        assert_eq!(merge(&ready(), &verdicts, 1, &at("2026-01-02T00:00:00Z")), ready());
    }

    #[test]
    fn another_reason_keeps_the_time_and_a_flip_moves_it() {
        let later = at("2026-01-02T00:00:00Z");
        let [drifted] =
            merge(&ready(), &[verdict(ConditionType::Ready, true, Reason::Drifted)], 2, &later).try_into().unwrap();
        assert_eq!((drifted.reason.as_str(), drifted.observed_generation), ("Drifted", Some(2)));
        assert_eq!(drifted.last_transition_time, at("2026-01-01T00:00:00Z"));

        let [refused] =
            merge(&ready(), &[verdict(ConditionType::Ready, false, Reason::Refused)], 2, &later).try_into().unwrap();
        assert_eq!((refused.status.as_str(), refused.last_transition_time), ("False", later));
    }

    #[test]
    fn the_order_is_that_of_the_verdicts_and_what_is_over_is_gone() {
        let verdicts = [
            verdict(ConditionType::Ready, false, Reason::Refused),
            verdict(ConditionType::Stalled, true, Reason::Refused),
            verdict(ConditionType::Drifted, true, Reason::Drifted),
        ];
        let stalled = merge(&ready(), &verdicts, 1, &at("2026-01-02T00:00:00Z"));
        let types: Vec<_> = stalled.iter().map(|condition| condition.type_.as_str()).collect();
        assert_eq!(types, ["Ready", "Stalled", "Drifted"]);

        let healed =
            merge(&stalled, &[verdict(ConditionType::Ready, true, Reason::Reconciled)], 1, &at("2026-01-03T00:00:00Z"));
        assert_eq!(healed.len(), 1);
        assert!(find(&healed, ConditionType::Stalled).is_none());
        assert_eq!(find(&healed, ConditionType::Ready).unwrap().status, "True");
    }

    #[test]
    fn reasons_are_what_kubernetes_takes_and_each_stands_once() {
        let mut names: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_alphanumeric())));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Reason::ALL.len());
    }
}
