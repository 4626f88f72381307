//! The reconcile of a `SimIntegration`: the table of contents.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use kube::ResourceExt as _;
use kube::runtime::controller::Action;
use tokio::time::Instant;

use super::act::Scene;
use super::desired::{Halt, desired, stalled};
use super::guard::guarded;
use super::keeping::{Keeping, is_refused};
use super::names::look_up;
use super::observe::{Around, Observed, Question, observe};
use super::pass::{self, Pass, halted, remember};
use super::plan::{Desired, Plan, Surroundings, plan};
use super::recorded::Recorded;
use super::requests::Requests;
use super::status::Verdict;
use super::{Context, Memory, Seat, farewell, landing, report, resource_name, tenant_key};
use crate::api::condition::find;
use crate::api::integration::LastHandled;
use crate::api::{Annotations, ConditionType, Folded, Reason, SimIntegration, SimIntegrationStatus};
use crate::metrics::{Kind as Reconciled, Outcome};
use crate::model::{Names, Path};
use crate::tenants::Connection;

/// Our own write is not in the watch yet.
const STALE: Duration = Duration::from_millis(200);

/// Brings one integration to what its resource asks for, or says why not.
///
/// # Errors
/// Never: every failure has a verdict and a time to try again.
pub async fn reconcile(resource: Arc<Folded<SimIntegration>>, context: Arc<Context>) -> Result<Action, Infallible> {
    if context.awaits_first_list(&resource.uid().unwrap_or_default()) {
        return Ok(Action::await_change());
    }
    let seat = context.seats.take().await;
    let Some(resource) = resource.unfold() else { return Ok(Action::await_change()) };
    let work = whole_pass(&context, &resource, &seat).boxed();
    Ok(guarded(&resource_name(&resource), context.config.backoff_max, work).await)
}

async fn whole_pass(context: &Context, resource: &SimIntegration, seat: &Seat) -> Action {
    let started = Instant::now();
    // Before anything is looked at: what becomes known meanwhile wakes it again.
    remember(context, resource, |memory| memory.opens(started));
    let pass = one_pass(context, resource, seat).await;
    let outcome = pass.outcome;
    // What waits has had no answer yet, and of what is gone nothing is remembered.
    if !matches!(outcome, Outcome::Parked | Outcome::Deleted | Outcome::LetGo) {
        let look_at = pass.next.map(|wait| Instant::now() + wait);
        remember(context, resource, |memory| {
            if let (Outcome::Waiting | Outcome::Stalled, Some(look_at)) = (outcome, look_at) {
                memory.in_vain(started, Some(look_at), look_at);
            }
            memory.answered();
        });
    }
    let next = landing::conclude(context, resource, pass).await;
    if outcome != Outcome::Parked {
        remember(context, resource, Memory::closes);
    }
    context.writes_no_more(tenant_key(resource, &context.config).as_ref(), &resource.uid().unwrap_or_default());
    context.metrics.reconciled(Reconciled::Integration, outcome, started.elapsed());
    tracing::debug!(resource = resource_name(resource), outcome = outcome.as_str(), ?next, "reconciled");
    next.map_or_else(Action::await_change, Action::requeue)
}

async fn one_pass(context: &Context, resource: &SimIntegration, seat: &Seat) -> Pass {
    let version = resource.resource_version().unwrap_or_default();
    if remember(context, resource, |memory| memory.is_superseded(&version)) {
        return Pass::quiet(Outcome::Parked, Some(STALE));
    }
    pass::notice(context, resource);
    let result = if resource.metadata.deletion_timestamp.is_some() {
        farewell::farewell(context, resource, seat).boxed().await
    } else {
        keep(context, resource, &pass::recorded(context, resource), seat).await
    };
    result.unwrap_or_else(|halt| halted(context, resource, halt))
}

/// Desired, observed, planned, acted.
async fn keep(context: &Context, resource: &SimIntegration, recorded: &Recorded, seat: &Seat) -> Result<Pass, Halt> {
    if let Some(why) = context.unreadable.why(resource) {
        return Err(stalled(Reason::InvalidSpec, why));
    }
    report::warn(context, resource).await;
    if let Some(why) = &recorded.unreadable {
        return Err(stalled(Reason::InvalidAnnotation, why.as_str()));
    }
    if landing::put_back(context, resource, recorded).await? {
        return Ok(Pass::quiet(Outcome::Parked, None));
    }
    let (requests, postponed) = requests(context, resource, recorded);
    let (desired, connection) = desired(context, resource, recorded, requests).await?;
    let anew = requests.any() || (recorded.id.is_none() && is_new(resource));
    let mut observed = look(context, resource, recorded, &desired, anew, &connection)?;
    let (mut plan, mut names) = decide(context, resource, recorded, &desired, &observed, &connection)?;
    if !anew && plan.takes() && is_refused(context, resource, &desired, &plan).is_none() {
        observed = look(context, resource, recorded, &desired, true, &connection)?;
        (plan, names) = decide(context, resource, recorded, &desired, &observed, &connection)?;
    }
    let scene = Scene { client: &context.client, cluster: &context.cluster, resource, connection: &connection, seat };
    let keeping = Keeping { context, scene, desired: &desired, recorded, observed: &observed, names };
    let mut pass = keeping.act(plan).await;
    if let Some(until) = postponed {
        let wait = until.saturating_duration_since(Instant::now());
        pass.next = Some(pass.next.map_or(wait, |next| next.min(wait)));
    } else if let Some(findings) = &mut pass.findings
        && !matches!(findings.verdict, Verdict::Heals(..))
    {
        findings.handled = LastHandled::of(Annotations::of(resource));
    }
    Ok(pass)
}

/// Whether nobody has judged this spec yet.
fn is_new(resource: &SimIntegration) -> bool {
    resource.metadata.generation != resource.status.as_ref().map(|status| status.observed_generation)
}

/// What people asked for by annotation and got no answer to yet. Soon after our own write no list can answer it: then it
/// waits until that time, as an answer by what we wrote ourselves would be none.
fn requests(context: &Context, resource: &SimIntegration, recorded: &Recorded) -> (Requests, Option<Instant>) {
    let handled = resource.status.as_ref().and_then(|status| status.last_handled.as_ref());
    let requests = Requests::new(Annotations::of(resource), handled);
    let connection = tenant_key(resource, &context.config).and_then(|key| context.fleet.connection(&key));
    if let (true, Some(id), Some(connection)) = (requests.any(), &recorded.id, connection) {
        let (lag, now) = (context.config.list_lag, Instant::now());
        let until = connection.org.read(|snapshot| snapshot.outweighs_lists_until(id, lag, now));
        if until.is_some() {
            return (requests.postponed(), until);
        }
    }
    if requests.anew || requests.again {
        remember(context, resource, Memory::forget_refusal);
    }
    if requests.again {
        remember(context, resource, Memory::uncontested);
    }
    (requests, None)
}

/// What the snapshot says; where it must be newer, the tenant is asked and this resource is woken.
fn look(
    context: &Context,
    resource: &SimIntegration,
    recorded: &Recorded,
    desired: &Desired,
    anew: bool,
    connection: &Connection,
) -> Result<Observed, Halt> {
    let uid = resource.uid().unwrap_or_default();
    let question = Question {
        uid: &uid,
        name: &desired.name,
        external_id: desired.external_id.as_deref(),
        recorded,
        anew,
        now: Instant::now(),
    };
    let around = Around { fleet: &context.fleet, holders: &context.holders, config: &context.config };
    let observed = remember(context, resource, |memory| observe(&question, memory, connection, &around));
    if matches!(observed, Observed::Asked | Observed::Unavailable(_)) {
        context.wake_tenant(&connection.key);
    }
    match observed {
        Observed::Asked => Err(Halt::Parked),
        Observed::Resting(look_at) => Err(Halt::Resting(look_at)),
        observed => Ok(observed),
    }
}

/// The plan, with names looked up where it needs their ids.
fn decide(
    context: &Context,
    resource: &SimIntegration,
    recorded: &Recorded,
    desired: &Desired,
    observed: &Observed,
    connection: &Connection,
) -> Result<(Plan, Names), Halt> {
    let contested = |paths: &[Path]| {
        let still = is_contested(resource) && !desired.again;
        still || remember(context, resource, |memory| memory.contested(paths.iter()))
    };
    let takes_patch = |path: &Path, shown| connection.takes_patch(path, shown);
    let mut names = Names::default();
    loop {
        let around = Surroundings { names: &names, takes_patch: &takes_patch, contested: &contested };
        let plan = plan(desired, recorded, observed, &around);
        match &plan {
            // Nothing is looked up for what is not sent.
            Plan::LookUp(needed, _) if is_refused(context, resource, desired, &plan).is_none() => {
                look_up(context, resource, connection, needed, &mut names)?;
            }
            _ => return Ok((plan, names)),
        }
    }
}

/// Whether the status says, for this generation, that it is contested: a restart does not start the quarrel anew.
fn is_contested(resource: &SimIntegration) -> bool {
    let stalled = |status: &SimIntegrationStatus| find(&status.conditions, ConditionType::Stalled).cloned();
    resource.status.as_ref().and_then(stalled).is_some_and(|condition| {
        condition.reason == Reason::Contested.as_str() && condition.observed_generation == resource.metadata.generation
    })
}
