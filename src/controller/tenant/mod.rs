//! The reconcile of a `SailPointTenant`: the heartbeat of its org.
//!
//! Checks the credentials, lists the org when a resync is due or somebody waits, looks up the names that are asked for,
//! and wakes the integrations. All waiting for the tenant happens here, so that no integration's reconcile ever waits.

mod connect;
mod farewell;
mod list;
mod memory;
mod trouble;
mod verdict;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::Timestamp;
use kube::ResourceExt as _;
use kube::runtime::controller::Action;
use tokio::time::{Instant, sleep};

pub use memory::TenantMemory;
use trouble::Trouble;
use verdict::Verdict;

use super::guard::guarded;
use super::kubernetes::{patch_metadata, with_finalizer};
use super::requests::Requests;
use super::{Context, key_of, tenant_key};
use crate::api::{Annotations, Mode, Reason, SailPointTenant};
use crate::metrics::{Kind, Outcome};
use crate::tenants::Connection;

/// How often a tenant is listed where it does not say.
const RESYNC: Duration = Duration::from_mins(10);
/// How long a tenant that was let go of may stay in the watch: somebody else's finalizer may keep it.
const LONGEST_GOODBYE: Duration = Duration::from_secs(10);

/// Keeps one tenant connected and its org listed.
///
/// # Errors
/// Never: every failure has a verdict and a time to try again.
pub async fn reconcile(tenant: Arc<SailPointTenant>, context: Arc<Context>) -> Result<Action, Infallible> {
    if let Some(instead) = context.turn().await {
        return Ok(instead);
    }
    let work = whole_pass(&context, &tenant).boxed();
    Ok(guarded(&key_of(&tenant).to_string(), context.config.backoff_max, work).await)
}

async fn whole_pass(context: &Context, tenant: &SailPointTenant) -> Action {
    let started = Instant::now();
    let (outcome, next) = one_pass(context, tenant).await;
    context.metrics.reconciled(Kind::Tenant, outcome, started.elapsed());
    next.map_or_else(Action::await_change, Action::requeue)
}

async fn one_pass(context: &Context, tenant: &SailPointTenant) -> (Outcome, Option<Duration>) {
    match beat(context, tenant).await {
        Ok(next) => (Outcome::Unchanged, Some(next)),
        Err(Trouble::Waits(until)) => (Outcome::Waiting, Some(until)),
        Err(Trouble::Gone) => {
            tell_those_left_behind(context, tenant).await;
            (Outcome::Deleted, None)
        }
        Err(Trouble::Kubernetes(error)) => {
            tracing::warn!(tenant = %key_of(tenant), %error, "Kubernetes failed");
            (Outcome::Error, Some(failed(context, tenant)))
        }
        Err(trouble) => troubled(context, tenant, trouble).await,
    }
}

/// Wakes the integrations of a tenant that was let go of, once the watch shows that it is gone: nothing else would.
async fn tell_those_left_behind(context: &Context, tenant: &SailPointTenant) {
    let key = key_of(tenant);
    let deadline = Instant::now() + LONGEST_GOODBYE;
    while context.tenant(&key).is_some_and(|now| now.uid() == tenant.uid()) && Instant::now() < deadline {
        sleep(Duration::from_millis(50)).await;
    }
    wake_integrations_of(context, &[key]);
}

fn remember<T>(context: &Context, tenant: &SailPointTenant, change: impl FnOnce(&mut TenantMemory) -> T) -> T {
    context.tenant_memories.with(tenant.uid().unwrap_or_default(), change)
}

fn failed(context: &Context, tenant: &SailPointTenant) -> Duration {
    let (least, most) = (context.config.backoff_min, context.config.backoff_max);
    remember(context, tenant, |memory| memory.failed(least, most, Instant::now()))
}

/// One beat: connected, listed, names looked up, status written, integrations woken. Returns when the next is due.
async fn beat(context: &Context, tenant: &SailPointTenant) -> Result<Duration, Trouble> {
    let is_changed = remember(context, tenant, |memory| memory.notice(tenant));
    if tenant.metadata.deletion_timestamp.is_some() {
        farewell::farewell(context, tenant).await?;
    } else if let Some(finalizers) = with_finalizer(tenant) {
        patch_metadata(&context.client, tenant, serde_json::json!({"finalizers": finalizers})).await?;
        return Ok(Duration::ZERO);
    }
    if let Some(why) = context.unreadable.why(tenant) {
        return Err(Trouble::stalled(Reason::InvalidSpec, why));
    }
    let paused = Annotations::of(tenant).paused_until(Timestamp::now());
    let until = paused.map_err(|why| Trouble::stalled(Reason::InvalidAnnotation, why))?;
    if until.is_some() || tenant.spec.policy.as_ref().and_then(|policy| policy.mode) == Some(Mode::Paused) {
        return Err(Trouble::Paused(until));
    }
    let handled = tenant.status.as_ref().and_then(|status| status.last_handled.as_ref());
    let requests = Requests::new(Annotations::of(tenant), handled);
    remember(context, tenant, |memory| memory.gate(is_changed || requests.any(), Instant::now()))
        .map_err(Trouble::Waits)?;
    let connected = connect::connect(context, tenant).await?;
    let connection = &connected.connection;
    context.fleet.connected(Arc::clone(connection));
    let did_list = list::list_if_due(context, tenant, connection, requests).await?;
    let did_look_up = list::look_up_names(connection).await?;
    remember(context, tenant, TenantMemory::succeeded);
    let written = verdict::write(context, tenant, &Verdict::connected(context, tenant, &connected)).await;
    if did_list || did_look_up || connected.is_new || is_changed {
        wake_integrations(context, connection);
    }
    written?;
    Ok(next_beat(connection))
}

/// When the next resync is due, with jitter so that not all tenants come at once.
fn next_beat(connection: &Connection) -> Duration {
    if connection.org.is_wanted() {
        return Duration::ZERO;
    }
    let since = connection.org.last_round().map_or(Duration::ZERO, |round| round.started.elapsed());
    connection.resync.saturating_sub(since).max(Duration::from_millis(50))
}

async fn troubled(context: &Context, tenant: &SailPointTenant, trouble: Trouble) -> (Outcome, Option<Duration>) {
    let key = key_of(tenant);
    let grace = context.config.reference_grace;
    let now = Instant::now();
    let judged =
        trouble.judge(&mut |reason| remember(context, tenant, |memory| memory.waiting_for(reason, now)) < grace);
    context.fleet.not_ready(&key, judged.reason, &judged.message.cause);
    if let Some(error) = &judged.error
        && let Some(connection) = context.fleet.connection(&key)
    {
        connection.org.list_failed(now, error.clone());
    }
    let outcome = judged.outcome();
    let next = judged.pause_ends.or(judged.retry).unwrap_or_else(|| failed(context, tenant));
    remember(context, tenant, |memory| memory.wait_until(now + next));
    if let Err(error) = verdict::write(context, tenant, &judged).await
        && !super::disposition::is_conflict(&error)
    {
        tracing::warn!(tenant = %key, %error, "the status was not written");
    }
    wake_integrations_of(context, &[key]);
    (outcome, Some(next))
}

/// Wakes the integrations of every tenant of the connection's org.
fn wake_integrations(context: &Context, connection: &Connection) {
    wake_integrations_of(context, &context.fleet.members(&connection.org.name));
}

fn wake_integrations_of(context: &Context, tenants: &[crate::tenants::TenantKey]) {
    for resource in context.integrations.state() {
        if tenant_key(&resource, &context.config).is_some_and(|key| tenants.contains(&key)) {
            context.wake_integration(&resource);
        }
    }
}
