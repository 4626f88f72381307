//! One pass of a reconcile: what it found, when the next shall be, and what follows where it ended early.

use std::sync::Arc;
use std::time::Duration;

use kube::ResourceExt as _;
use tokio::time::Instant;

use super::desired::Halt;
use super::disposition::{Retry, STALE, is_conflict};
use super::recorded::Recorded;
use super::status::{Findings, Verdict};
use super::{Context, Memory, report, resource_name, tenant_key};
use crate::api::integration::LastHandled;
use crate::api::{Annotations, Reason, SimIntegration};
use crate::config::Config;
use crate::metrics::Outcome;
use crate::tenants::{Connection, Standing};

/// What one pass found, and when the next shall be.
pub(super) struct Pass {
    /// What the status shall say; `None` leaves it as it is.
    pub findings: Option<Findings>,
    /// When to look again; `None` waits for a change, or for the tenant's next list.
    pub next: Option<Duration>,
    /// How it ended.
    pub outcome: Outcome,
}

impl Pass {
    pub(super) fn quiet(outcome: Outcome, next: Option<Duration>) -> Self {
        Self { findings: None, next, outcome }
    }
}

/// Reads or changes what is remembered of `resource`.
pub(super) fn remember<T>(context: &Context, resource: &SimIntegration, change: impl FnOnce(&mut Memory) -> T) -> T {
    context.memories.remember(resource.uid().unwrap_or_default(), change)
}

/// What the resource holds by its own record, and by this process's where people stripped an open create off it.
pub(super) fn recorded(context: &Context, resource: &SimIntegration) -> Recorded {
    let seen = Recorded::of(resource, &context.cluster);
    let id = seen.id.as_deref().filter(|_| seen.in_status);
    match remember(context, resource, |memory| memory.open_intent(seen.intent.as_ref(), id)) {
        Some(intent) if seen.intent.is_none() => seen.with(intent),
        _ => seen,
    }
}

/// What must change for something to be asked again before its time: what people ask for, or how the tenant stands.
pub(super) fn notice(context: &Context, resource: &SimIntegration) {
    let standing = tenant_key(resource, &context.config).and_then(|key| context.fleet.standing(&key));
    let standing = standing.map(|standing| match standing {
        Standing::Connected(_) => None,
        Standing::NotReady { reason, .. } => Some(reason),
    });
    let asked = LastHandled::of(Annotations::of(resource));
    let circumstances = format!("{:?} {asked:?} {standing:?}", resource.metadata.generation);
    remember(context, resource, |memory| memory.notice(circumstances, Instant::now()));
}

/// A person must tell what the tenant cannot: until then each list would ask for the next.
pub(super) fn asked_in_vain(context: &Context, resource: &SimIntegration) {
    let now = Instant::now();
    remember(context, resource, |memory| memory.in_vain(now, None, now + context.config.backoff_max));
}

/// When to look again after a failure; `None`: when it is woken.
pub(super) fn delay(
    context: &Context,
    resource: &SimIntegration,
    retry: Retry,
    connection: &Arc<Connection>,
) -> Option<Duration> {
    let wait = match retry {
        Retry::Backoff => backoff(context, resource),
        Retry::After(wait) => wait,
        Retry::Now => Duration::ZERO,
        Retry::Refused => super::backoff::jittered(context.config.refused_retry),
        Retry::Writers => {
            let wake = context.integrations.waker(&resource.namespace().unwrap_or_default(), &resource.name_any());
            connection.writers.wait(resource.uid().unwrap_or_default(), wake);
            // Those who write wake it. Thousands of timers would be kept for nothing.
            return None;
        }
        Retry::Tenant => {
            drop(connection.org.look(Some(Instant::now())));
            context.wake_tenant(&connection.key);
            backoff(context, resource)
        }
    };
    Some(wait)
}

/// How long to wait after one more failure.
fn backoff(context: &Context, resource: &SimIntegration) -> Duration {
    let Config { backoff_min, backoff_max, .. } = context.config;
    remember(context, resource, |memory| memory.failed(backoff_min, backoff_max, Instant::now()))
}

/// What follows where a reconcile ended before there was a plan.
pub(super) fn halted(context: &Context, resource: &SimIntegration, halt: Halt) -> Pass {
    let generation = resource.metadata.generation.unwrap_or_default();
    match halt {
        Halt::Parked => Pass::quiet(Outcome::Parked, None),
        Halt::Resting(look_at) => {
            let wait = look_at.map(|look_at| look_at.saturating_duration_since(Instant::now()));
            Pass::quiet(Outcome::Parked, wait)
        }
        // Kubernetes has a newer version, which the watch brings soon.
        Halt::Kubernetes(error) if is_conflict(&error) => Pass::quiet(Outcome::Parked, Some(STALE)),
        Halt::Kubernetes(error) => {
            tracing::warn!(resource = resource_name(resource), %error, "Kubernetes failed");
            Pass::quiet(Outcome::Error, Some(backoff(context, resource)))
        }
        Halt::Verdict(verdict) => {
            let outcome = match *verdict {
                Verdict::Paused(_) => Outcome::Paused,
                Verdict::Stalled(..) => Outcome::Stalled,
                _ => Outcome::Waiting,
            };
            let next = match *verdict {
                Verdict::Paused(_) | Verdict::Stalled(..) => report::next_pause_end(context, resource),
                // The tenant wakes it when that changes.
                Verdict::Heals(Reason::TenantNotReady, _) => None,
                _ => Some(backoff(context, resource)),
            };
            Pass { findings: Some(Findings::of(*verdict, generation)), next, outcome }
        }
        Halt::Missing(reason, message) => missing(context, resource, reason, message),
    }
}

/// Something that is named is not there: for a while it may be on its way, then a person must see to it.
fn missing(context: &Context, resource: &SimIntegration, reason: Reason, message: String) -> Pass {
    let generation = resource.metadata.generation.unwrap_or_default();
    let grace = context.config.reference_grace;
    let waited = remember(context, resource, |memory| memory.waiting_for(reason, Instant::now()));
    let next = backoff(context, resource);
    if waited >= grace || report::is_stalled_for(resource, reason) {
        let findings = Findings::of(Verdict::Stalled(reason, message.into(), None), generation);
        return Pass { findings: Some(findings), next: Some(next), outcome: Outcome::Stalled };
    }
    let next = Some(next.min(grace.saturating_sub(waited)));
    let findings = Findings::of(Verdict::Heals(reason, message.into()), generation);
    Pass { findings: Some(findings), next, outcome: Outcome::Waiting }
}
