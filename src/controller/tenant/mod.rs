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

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::Timestamp;
use kube::ResourceExt as _;
use kube::runtime::controller::Action;
use tokio::time::Instant;

use connect::Connected;
use list::Whom;
pub use memory::TenantMemory;
use trouble::Trouble;
use verdict::Verdict;

use super::departures::has_left;
use super::disposition::{STALE, is_conflict};
use super::guard::guarded;
use super::kubernetes::{patch_metadata, with_finalizer};
use super::requests::Requests;
use super::{Context, key_of};
use crate::api::{Annotations, Folded, Mode, Reason, SailPointTenant};
use crate::metrics::{Kind, Outcome};
use crate::sailpoint::ErrorKind;
use crate::tenants::{Connection, ListOutcome, Standing, TenantKey};

/// How often a tenant is listed where it does not say.
const RESYNC: Duration = Duration::from_mins(10);
/// Who must wait for a tenant longer than this is told.
const SHORT_PAUSE: Duration = Duration::from_secs(30);

/// Keeps one tenant connected and its org listed.
///
/// # Errors
/// Never: every failure has a verdict and a time to try again.
pub async fn reconcile(tenant: Arc<Folded<SailPointTenant>>, context: Arc<Context>) -> Result<Action, Infallible> {
    let Some(tenant) = tenant.unfold() else { return Ok(Action::await_change()) };
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
            // The watch wakes those that are left behind when it shows that it is gone; this, where somebody else keeps it.
            context.fleet.forget(&key_of(tenant));
            context.wake_integrations_of(&[key_of(tenant)]);
            (Outcome::Deleted, None)
        }
        // Kubernetes has a newer version, which the watch brings soon.
        Err(Trouble::Kubernetes(error)) if is_conflict(&error) => (Outcome::Parked, Some(STALE)),
        Err(Trouble::Kubernetes(error)) => {
            tracing::warn!(tenant = %key_of(tenant), %error, "Kubernetes failed");
            (Outcome::Error, Some(failed(context, tenant)))
        }
        Err(trouble) => match short_pause(context, tenant, &trouble) {
            Some(wait) => (Outcome::Waiting, Some(wait)),
            None => troubled(context, tenant, trouble).await,
        },
    }
}

/// How long a tenant that is in order asks to wait, if that is short: it is in order all the same, and nobody is told.
fn short_pause(context: &Context, tenant: &SailPointTenant, trouble: &Trouble) -> Option<Duration> {
    let (Trouble::Remote(error), now) = (trouble, Instant::now()) else { return None };
    let wait = error.wait().filter(|_| error.kind() == ErrorKind::RateLimited)?;
    let Some(Standing::Connected(connection)) = context.fleet.standing(&key_of(tenant)) else { return None };
    let was_listed = connection.org.last_round().is_some_and(|round| !matches!(round.outcome, ListOutcome::Failed(_)));
    let since = remember(context, tenant, |memory| memory.waiting_for(Reason::RateLimited, now));
    if !was_listed || since + wait > SHORT_PAUSE {
        return None;
    }
    remember(context, tenant, |memory| memory.wait_until(now + wait));
    Some(wait)
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
    if has_left(tenant) {
        return Err(Trouble::Gone);
    }
    if tenant.metadata.deletion_timestamp.is_some() {
        farewell::farewell(context, tenant).await?;
    } else if let Some(finalizers) = with_finalizer(tenant) {
        patch_metadata(&context.client, tenant, serde_json::json!({"finalizers": finalizers})).await?;
        return Ok(Duration::ZERO);
    }
    if let Some(why) = context.unreadable.why(tenant) {
        return Err(Trouble::stalled(Reason::InvalidSpec, why));
    }
    unless_paused(context, tenant)?;
    let handled = tenant.status.as_ref().and_then(|status| status.last_handled.as_ref());
    let asked = Requests::new(Annotations::of(tenant), handled);
    let requests = remember(context, tenant, |memory| memory.due(asked, Instant::now()));
    remember(context, tenant, |memory| memory.gate(is_changed || requests.any(), Instant::now()))
        .map_err(Trouble::Waits)?;
    let connected = match connect::connect(context, tenant).await {
        Ok(connected) => connected,
        Err(trouble) => {
            list_by_the_held_token(context, tenant, &trouble).await;
            return Err(trouble);
        }
    };
    let connection = &connected.connection;
    remember(context, tenant, |memory| memory.is_new |= connected.is_new || is_changed);
    // One that failed is in order again when it was listed, and not before: all of its integrations are judged each time.
    if !matches!(context.fleet.standing(&connection.key), Some(Standing::NotReady { .. })) {
        context.fleet.connected(Arc::clone(connection));
    }
    let mut whom = list::list_if_due(context, tenant, connection, requests).await?;
    match list::look_up_names(connection).await {
        Ok(true) if whom == Whom::Nobody => whom = Whom::Concerned(BTreeSet::new()),
        Ok(_) => {}
        Err(trouble) => {
            // What the list showed is known, and shown once only.
            wake(context, &context.fleet.members(&connection.org.name), &whom);
            return Err(trouble);
        }
    }
    context.fleet.connected(Arc::clone(connection));
    if remember(context, tenant, TenantMemory::succeeded) {
        whom = Whom::All;
    }
    let is_answered = !asked.anew || (requests.anew && counts(context, tenant, connection));
    let is_news = whom != Whom::Nobody || asked.any() || tenant.metadata.deletion_timestamp.is_some();
    let written = tell(context, tenant, &connected, is_answered, is_news).await;
    wake(context, &context.fleet.members(&connection.org.name), &whom);
    written?;
    let next_look = remember(context, tenant, |memory| memory.next_look(Instant::now()));
    Ok(next_look.map_or(next_beat(connection), |look| look.min(next_beat(connection))))
}

/// Writes how the tenant stands, unless nothing has happened since that was written: beats are many while thousands ask.
async fn tell(
    context: &Context,
    tenant: &SailPointTenant,
    connected: &Connected,
    is_answered: bool,
    is_news: bool,
) -> Result<(), kube::Error> {
    let known = connected.connection.org.last_round().map(|round| round.ended);
    if !is_news && remember(context, tenant, |memory| memory.told.is_some() && memory.told == known) {
        return Ok(());
    }
    let verdict = Verdict { is_answered, ..Verdict::connected(context, tenant, connected) };
    let written = verdict::write(context, tenant, &verdict).await;
    remember(context, tenant, |memory| memory.told = known.filter(|_| matches!(written, Ok(true))));
    written.map(drop)
}

/// No call is made while the tenant is paused.
fn unless_paused(context: &Context, tenant: &SailPointTenant) -> Result<(), Trouble> {
    let paused = Annotations::of(tenant).paused_until(Timestamp::now());
    let mode = tenant.spec.policy.as_ref().and_then(|policy| policy.mode);
    let is_paused = !matches!(paused, Ok(None)) || mode == Some(Mode::Paused);
    context.fleet.set_only_looks(&key_of(tenant), is_paused || mode == Some(Mode::Plan));
    let until = paused.map_err(|why| Trouble::stalled(Reason::InvalidAnnotation, why))?;
    if is_paused { Err(Trouble::Paused(until)) } else { Ok(()) }
}

/// Whether the look that was asked for counts: a list that starts soon after our own writes does not show what became of them,
/// however late it ends.
fn counts(context: &Context, tenant: &SailPointTenant, connection: &Connection) -> bool {
    let Some(list) = connection.org.peek(None) else { return false };
    let lag = context.config.list_lag;
    let until = connection.org.read(|snapshot| snapshot.outweigh_lists_until(lag, list.started));
    remember(context, tenant, |memory| memory.looked(until))
}

/// Credentials that are gone end nothing while the token lasts: what is being deleted may still need a list.
async fn list_by_the_held_token(context: &Context, tenant: &SailPointTenant, trouble: &Trouble) {
    let connection = context.fleet.connection(&key_of(tenant));
    let Some(connection) = connection.filter(|connection| connection.org.is_wanted()) else { return };
    if !matches!(trouble, Trouble::Missing(_)) {
        return;
    }
    let whom = match list::list_if_due(context, tenant, &connection, Requests::default()).await {
        Ok(whom) => whom,
        Err(Trouble::Remote(error)) => {
            connection.org.list_failed(Instant::now(), error);
            Whom::Concerned(BTreeSet::new())
        }
        Err(_) => return,
    };
    wake(context, &context.fleet.members(&connection.org.name), &whom);
}

/// When the org is to be listed next.
fn next_beat(connection: &Connection) -> Duration {
    list::next_list(connection).saturating_duration_since(Instant::now())
}

async fn troubled(context: &Context, tenant: &SailPointTenant, trouble: Trouble) -> (Outcome, Option<Duration>) {
    let key = key_of(tenant);
    let grace = context.config.reference_grace;
    let now = Instant::now();
    let mut judged =
        trouble.judge(&mut |reason| remember(context, tenant, |memory| memory.waiting_for(reason, now)) < grace);
    let is_news = context.fleet.not_ready(&key, judged.reason, &judged.message.cause);
    if let Some(error) = &judged.error
        && let Some(connection) = context.fleet.connection(&key)
    {
        connection.org.list_failed(now, error.clone());
    }
    if tenant.metadata.deletion_timestamp.is_some() {
        judged.name_holders(&farewell::holders(context, tenant));
    }
    let outcome = judged.outcome();
    let next = judged.pause_ends.or(judged.retry).unwrap_or_else(|| failed(context, tenant));
    remember(context, tenant, |memory| {
        memory.told = None;
        memory.wait_until(now + next);
    });
    if let Err(error) = verdict::write(context, tenant, &judged).await
        && !is_conflict(&error)
    {
        tracing::warn!(tenant = %key, %error, "the status was not written");
    }
    // They know already, unless it is another trouble than before.
    if is_news {
        context.wake_integrations_of(&[key]);
    }
    (outcome, Some(next))
}

/// Wakes integrations of these tenants.
fn wake(context: &Context, tenants: &[TenantKey], whom: &Whom) {
    let changed = match whom {
        Whom::Nobody => return,
        Whom::All => return context.wake_integrations_of(tenants),
        Whom::Concerned(changed) => changed,
    };
    // All before the index is locked: a look locks the memories and then the index.
    let waiting = context.memories.waiting();
    let members: Vec<_> = tenants.iter().map(|key| (key, context.fleet.connection(key))).collect();
    context.wake_where(|holder| {
        let tenant = members.iter().find(|(key, _)| holder.tenant.as_deref() == Some(*key));
        let Some((_, connection)) = tenant else { return false };
        // A list without news tells an open create nothing: it looks again by itself, in time.
        let has_news = !holder.is_creating() || !changed.is_empty();
        let is_concerned = holder.is_leaving
            || (!holder.is_in_order && has_news)
            || holder.id().is_some_and(|id| changed.contains(id))
            || waiting.contains(&*holder.age.1);
        // Who waits for its turn to write is judged then, by the list of then: thousands may.
        is_concerned && !connection.as_ref().is_some_and(|at| at.writers.is_waiting(&holder.age.1))
    });
}
