//! What people see of a tenant: its status, written only where it differs, and an event when it changed.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;
use tokio::time::Instant;

use super::connect::Connected;
use super::{TenantMemory, farewell, remember};
use crate::api::condition::{self, find, headline, merge};
use crate::api::integration::LastHandled;
use crate::api::tenant::IntegrationCounts;
use crate::api::{Annotations, ConditionType, Reason, SailPointTenant, SailPointTenantStatus};
use crate::controller::disposition::NEEDS;
use crate::controller::events::Severity;
use crate::controller::kubernetes::patch_status;
use crate::controller::status::Message;
use crate::controller::{Context, key_of};
use crate::metrics::Outcome;
use crate::sailpoint::Error;
use crate::tenants::ListOutcome;

/// How a tenant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// In order.
    Ready,
    /// It heals itself.
    Heals,
    /// It needs a person.
    Stalled,
    /// No call is made.
    Paused,
}

/// What is to be said of a tenant.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub(super) state: State,
    pub(super) reason: Reason,
    pub(super) message: Message,
    /// The org, once it is known.
    pub(super) org: Option<String>,
    /// How many integrations there are, once they are listed.
    pub(super) integrations: Option<IntegrationCounts>,
    /// The call that failed.
    pub(super) error: Option<Error>,
    /// When to try again; `None`: after a growing backoff.
    pub(super) retry: Option<Duration>,
    /// When a pause ends.
    pub(super) pause_ends: Option<Duration>,
    /// Whether the look that was asked for by annotation was made.
    pub(super) is_answered: bool,
}

impl Verdict {
    pub(super) fn new(state: State, reason: Reason, message: Message) -> Self {
        Self {
            state,
            reason,
            message,
            org: None,
            integrations: None,
            error: None,
            retry: None,
            pause_ends: None,
            is_answered: true,
        }
    }

    /// Of a tenant that was talked to.
    pub(super) fn connected(context: &Context, tenant: &SailPointTenant, connected: &Connected) -> Self {
        let org = &connected.connection.org;
        let counts = org.read(|snapshot| {
            let held = context.holders.ids(&org.name);
            let managed = snapshot.ids().filter(|id| held.contains(*id)).count();
            counts(snapshot.len(), managed)
        });
        let deprecated = remember(context, tenant, |memory| memory.deprecated);
        let holders =
            if tenant.metadata.deletion_timestamp.is_some() { farewell::holders(context, tenant) } else { Vec::new() };
        let verdict = match org.last_round().map(|round| round.outcome) {
            _ if !holders.is_empty() => Self::new(State::Heals, Reason::InUse, in_use(&holders).into()),
            _ if org.mass_disappearance().is_some() => mass_disappearance(org.mass_disappearance().unwrap_or_default()),
            Some(ListOutcome::Incomplete(missing)) => incomplete(&missing),
            _ => Self::new(State::Ready, Reason::Reconciled, ready(tenant, &org.name, counts, deprecated).into()),
        };
        Self { org: Some(org.name.clone()), integrations: Some(counts), ..verdict }
    }

    /// Of a tenant that is being deleted and has trouble: says as well who holds it.
    pub(super) fn name_holders(&mut self, holders: &[String]) {
        if !holders.is_empty() {
            self.message.cause = format!("{}; {}", self.message.cause, in_use(holders));
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self.state {
            State::Ready => Outcome::Unchanged,
            State::Heals => Outcome::Waiting,
            State::Stalled => Outcome::Stalled,
            State::Paused => Outcome::Paused,
        }
    }
}

fn counts(remote: usize, managed: usize) -> IntegrationCounts {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    IntegrationCounts { remote: count(remote), managed: count(managed), unmanaged: count(remote - managed) }
}

fn ready(tenant: &SailPointTenant, org: &str, counts: IntegrationCounts, deprecated: bool) -> String {
    let mut message = format!("connected to org {org}");
    if counts.remote == 0 {
        message = format!(
            "{message}; its list is empty: integrations made in the UI may only be in /service-desk-integrations, or the \
             token may not see them: {NEEDS}"
        );
    }
    if deprecated {
        message = format!(
            "{message}; SailPoint says that API version {} is deprecated: choose a newer spec.api",
            tenant.spec.api
        );
    }
    message
}

fn in_use(holders: &[String]) -> String {
    const MOST: usize = 10;
    let more = holders.len().saturating_sub(MOST);
    let named = holders.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!(
        "being deleted, and serving on while SimIntegrations hold it: {named}{more}; delete them, or set annotation \
         simops.dev/force-orphan: \"true\" here to let it go"
    )
}

fn mass_disappearance(vanished: usize) -> Verdict {
    let message = format!(
        "{vanished} integrations that SimIntegrations hold vanished at once; nothing is created again until annotation \
         simops.dev/correct-requested-at (any new value) on this tenant says that this is right"
    );
    Verdict::new(State::Stalled, Reason::MassDisappearance, message.into())
}

fn incomplete(missing: &[String]) -> Verdict {
    let shown = missing.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    let message = format!(
        "the list does not show {} integrations that are there ({shown}): nothing is created or taken by name until it \
         does; the token may see less than before: {NEEDS}",
        missing.len()
    );
    Verdict::new(State::Stalled, Reason::ListIncomplete, message.into())
}

/// Writes the status where it differs, and an event where the verdict changed. Returns whether the status tells all now:
/// counts alone are not written all the time.
pub(super) async fn write(context: &Context, tenant: &SailPointTenant, verdict: &Verdict) -> Result<bool, kube::Error> {
    let previous = tenant.status.clone().unwrap_or_default();
    let status = next(tenant, &previous, verdict, Timestamp::now());
    if status == previous && tenant.status.is_some() {
        remember(context, tenant, TenantMemory::up_to_date);
        return Ok(true);
    }
    let are_counts = status == SailPointTenantStatus { integrations: status.integrations, ..previous.clone() };
    if are_counts && !remember(context, tenant, |memory| memory.may_count(Instant::now())) {
        return Ok(false);
    }
    patch_status(&context.client, tenant, &json!(previous), json!(status)).await?;
    remember(context, tenant, |memory| memory.wrote(Instant::now()));
    if let Some((reason, message)) = headline(&status.conditions)
        && headline(&previous.conditions).as_ref() != Some(&(reason.clone(), message.clone()))
    {
        let severity = if verdict.state == State::Stalled { Severity::Warning } else { Severity::Normal };
        tracing::info!(tenant = %key_of(tenant), reason, message, "verdict");
        context.events.publish(tenant, severity, &reason, "Reconcile", &message).await;
    }
    Ok(true)
}

fn next(
    tenant: &SailPointTenant,
    previous: &SailPointTenantStatus,
    verdict: &Verdict,
    now: Timestamp,
) -> SailPointTenantStatus {
    let generation = tenant.metadata.generation.unwrap_or_default();
    let mut handled = LastHandled::of(Annotations::of(tenant)).filter(|_| verdict.org.is_some());
    if let Some(handled) = handled.as_mut().filter(|_| !verdict.is_answered) {
        handled.reconcile_requested_at =
            previous.last_handled.as_ref().and_then(|before| before.reconcile_requested_at.clone());
    }
    let handled = handled.filter(|handled| *handled != LastHandled::default());
    SailPointTenantStatus {
        observed_generation: generation,
        org: verdict.org.clone().or_else(|| previous.org.clone()),
        integrations: verdict.integrations.or(previous.integrations),
        conditions: merge(&previous.conditions, &conditions(verdict, previous), generation, &Time(now)),
        last_handled: handled.or_else(|| previous.last_handled.clone()),
    }
}

fn conditions(verdict: &Verdict, previous: &SailPointTenantStatus) -> Vec<condition::Verdict> {
    let ready = find(&previous.conditions, ConditionType::Ready);
    let before = ready.filter(|ready| ready.reason == verdict.reason.as_str()).map(|ready| ready.message.as_str());
    let message = verdict.message.after(before);
    let say = |type_, status| condition::Verdict { type_, status, reason: verdict.reason, message: message.clone() };
    match verdict.state {
        State::Ready => vec![say(ConditionType::Ready, true)],
        State::Heals => vec![say(ConditionType::Ready, false), say(ConditionType::Reconciling, true)],
        State::Stalled => vec![say(ConditionType::Ready, false), say(ConditionType::Stalled, true)],
        State::Paused => {
            let paused = say(ConditionType::Paused, true);
            ready.and_then(condition::unchanged).into_iter().chain([paused]).collect()
        }
    }
}
