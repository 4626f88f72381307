//! The reconcile of a `SimIntegration`: the table of contents.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt as _;
use kube::runtime::controller::Action;
use tokio::time::Instant;

use super::act::{self, Applied, Failure, Scene};
use super::desired::{Halt, Requests, desired, stalled};
use super::disposition::{Doing, Retry, of_failure};
use super::observe::{Around, Observed, Question, observe};
use super::plan::{self, Desired, Plan, Surroundings, plan};
use super::recorded::Recorded;
use super::status::{Bound, Findings, Message, Verdict, planned};
use super::{Context, farewell, report, resource_name};
use crate::api::annotations::{CORRECT_REQUESTED_AT, RECONCILE_REQUESTED_AT};
use crate::api::integration::{LastHandled, TenantIdentity};
use crate::api::{Annotations, Reason, SimIntegration};
use crate::metrics::{Change, Kind as Reconciled, Outcome};
use crate::model::{Kind, Names, Path};
use crate::sailpoint::ErrorKind;
use crate::tenants::{Connection, Lookup};

/// Our own write is not in the watch yet.
const STALE: Duration = Duration::from_millis(200);

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

/// Brings one integration to what its resource asks for, or says why not.
///
/// # Errors
/// Never: every failure has a verdict and a time to try again.
pub async fn reconcile(resource: Arc<SimIntegration>, context: Arc<Context>) -> Result<Action, Infallible> {
    // Before every resource is known, nobody knows what is held and what is missing.
    context.known().await;
    let started = Instant::now();
    let pass = one_pass(&context, &resource).await;
    let outcome = pass.outcome;
    if outcome != Outcome::Parked {
        remember(&context, &resource, super::Memory::answered);
    }
    let next = report::conclude(&context, &resource, pass).await;
    context.metrics.reconciled(Reconciled::Integration, outcome, started.elapsed());
    tracing::debug!(resource = resource_name(&resource), outcome = outcome.as_str(), ?next, "reconciled");
    Ok(next.map_or_else(Action::await_change, Action::requeue))
}

async fn one_pass(context: &Context, resource: &SimIntegration) -> Pass {
    let version = resource.resource_version().unwrap_or_default();
    if remember(context, resource, |memory| memory.is_superseded(&version)) {
        return Pass::quiet(Outcome::Parked, Some(STALE));
    }
    let recorded = Recorded::of(resource, &context.cluster);
    let result = if resource.metadata.deletion_timestamp.is_some() {
        farewell::farewell(context, resource, &recorded).await
    } else {
        keep(context, resource, &recorded).await
    };
    result.unwrap_or_else(|halt| halted(context, resource, halt))
}

/// Desired, observed, planned, acted.
async fn keep(context: &Context, resource: &SimIntegration, recorded: &Recorded) -> Result<Pass, Halt> {
    report::warn(context, resource).await;
    let requests = requests(context, resource);
    let (desired, connection) = desired(context, resource, recorded, requests).await?;
    let observed = look(context, resource, recorded, &desired, requests, &connection)?;
    let (plan, names) = decide(context, resource, recorded, &desired, &observed, &connection)?;
    let scene = Scene { client: &context.client, cluster: &context.cluster, resource, connection: &connection };
    let keeping = Keeping { context, scene, desired: &desired, recorded, observed: &observed, names };
    let mut pass = keeping.act(plan).await;
    if let Some(findings) = &mut pass.findings
        && !matches!(findings.verdict, Verdict::Heals(..))
    {
        findings.handled = handled(resource);
    }
    Ok(pass)
}

pub(super) fn remember<T>(
    context: &Context,
    resource: &SimIntegration,
    change: impl FnOnce(&mut super::Memory) -> T,
) -> T {
    context.memories.with(resource.uid().unwrap_or_default(), change)
}

/// What people asked for by annotation and got no answer to yet.
fn requests(context: &Context, resource: &SimIntegration) -> Requests {
    let annotations = Annotations::of(resource);
    let handled = resource.status.as_ref().and_then(|status| status.last_handled.clone()).unwrap_or_default();
    let is_new =
        |key, handled: &Option<String>| annotations.get(key).is_some_and(|value| Some(value) != handled.as_deref());
    let requests = Requests {
        anew: is_new(RECONCILE_REQUESTED_AT, &handled.reconcile_requested_at),
        again: is_new(CORRECT_REQUESTED_AT, &handled.correct_requested_at),
    };
    if requests.anew || requests.again {
        remember(context, resource, super::Memory::forget_refusal);
    }
    if requests.again {
        remember(context, resource, super::Memory::uncontested);
    }
    requests
}

fn handled(resource: &SimIntegration) -> Option<LastHandled> {
    let annotations = Annotations::of(resource);
    let value = |key| annotations.get(key).map(str::to_owned);
    let handled = LastHandled {
        reconcile_requested_at: value(RECONCILE_REQUESTED_AT),
        correct_requested_at: value(CORRECT_REQUESTED_AT),
    };
    (handled != LastHandled::default()).then_some(handled)
}

/// What the snapshot says; where it must be newer, the tenant is asked and this resource is woken.
fn look(
    context: &Context,
    resource: &SimIntegration,
    recorded: &Recorded,
    desired: &Desired,
    requests: Requests,
    connection: &Connection,
) -> Result<Observed, Halt> {
    let uid = resource.uid().unwrap_or_default();
    let question = Question {
        uid: &uid,
        name: &desired.name,
        external_id: desired.external_id.as_deref(),
        recorded,
        anew: requests.anew || requests.again,
        now: Instant::now(),
    };
    let around = Around { fleet: &context.fleet, holders: &context.holders, config: &context.config };
    let observed = remember(context, resource, |memory| observe(&question, memory, connection, &around));
    if matches!(observed, Observed::Asked | Observed::Unavailable(_)) {
        context.wake_tenant(&connection.key);
    }
    if matches!(observed, Observed::Asked) { Err(Halt::Parked) } else { Ok(observed) }
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
        match plan(desired, recorded, observed, &around) {
            Plan::LookUp(needed) => look_up(context, resource, connection, &needed, &mut names)?,
            plan => return Ok((plan, names)),
        }
    }
}

/// Whether the status says, for this generation, that it is contested: a restart does not start the quarrel anew.
fn is_contested(resource: &SimIntegration) -> bool {
    let stalled = |status: &crate::api::SimIntegrationStatus| {
        crate::api::condition::find(&status.conditions, crate::api::ConditionType::Stalled).cloned()
    };
    resource.status.as_ref().and_then(stalled).is_some_and(|condition| {
        condition.reason == Reason::Contested.as_str() && condition.observed_generation == resource.metadata.generation
    })
}

fn look_up(
    context: &Context,
    resource: &SimIntegration,
    connection: &Connection,
    needed: &[(Kind, String)],
    names: &mut Names,
) -> Result<(), Halt> {
    let question = format!("names {needed:?}");
    let since = remember(context, resource, |memory| memory.asked(&question, Instant::now()));
    let mut found = BTreeMap::new();
    let mut waits = false;
    for (kind, name) in needed {
        match connection.org.look_up(*kind, name, since) {
            Lookup::Asked => waits = true,
            Lookup::Found(ids) => drop(found.insert((*kind, name.clone()), ids)),
        }
    }
    if waits {
        context.wake_tenant(&connection.key);
        return Err(Halt::Parked);
    }
    for ((kind, name), ids) in found {
        let id = the_one(kind, &name, &ids)?;
        match kind {
            Kind::Source => names.sources.insert(name, id),
            Kind::Cluster => names.clusters.insert(name, id),
        };
    }
    Ok(())
}

fn the_one(kind: Kind, name: &str, ids: &[String]) -> Result<String, Halt> {
    let kind = kind.as_str();
    match ids {
        [one] => Ok(one.clone()),
        [] => Err(Halt::Missing(
            Reason::ReferenceNotFound,
            format!(
                "the tenant has no {kind} named {name:?}, or the token may not see it (scopes idn:sources:read, idn:remote-client:read)"
            ),
        )),
        several => Err(stalled(
            Reason::ReferenceAmbiguous,
            format!(
                "{} {kind}s are named {name:?}: give the id of the right one: {}",
                several.len(),
                several.join(", ")
            ),
        )),
    }
}

struct Keeping<'a> {
    context: &'a Context,
    scene: Scene<'a>,
    desired: &'a Desired,
    recorded: &'a Recorded,
    observed: &'a Observed,
    names: Names,
}

impl Keeping<'_> {
    fn found(&self, verdict: Verdict) -> Findings {
        Findings::of(verdict, self.scene.resource.metadata.generation.unwrap_or_default())
    }

    fn memory<T>(&self, change: impl FnOnce(&mut super::Memory) -> T) -> T {
        remember(self.context, self.scene.resource, change)
    }

    async fn act(&self, plan: Plan) -> Pass {
        match plan {
            Plan::InOrder(comparison) => self.in_order(comparison).await,
            Plan::Drifted(comparison) => {
                let changes = planned(plan::Action::Update, &comparison.differences);
                let findings = Findings { sent: Some(comparison.record), ..self.found(Verdict::Drifted(changes)) };
                self.settled(findings, Outcome::Unchanged)
            }
            Plan::Show(action, differences) => {
                self.settled(self.found(Verdict::Planned(planned(action, &differences))), Outcome::Planned)
            }
            Plan::Create { replaces, follows } => self.create(replaces, follows.and_then(|intent| intent.since)).await,
            Plan::Bind { remote, origin, sent } => self.bind(&remote.id, origin, sent).await,
            Plan::Update(update) => self.update(update).await,
            Plan::LookUp(_) => Pass::quiet(Outcome::Parked, None),
            Plan::Wait(reason, message) => self.wait(reason, message.into()),
            Plan::Stall(reason, message, differences) => {
                let changes = (!differences.is_empty()).then(|| planned(plan::Action::Update, &differences));
                let pass =
                    self.settled(self.found(Verdict::Stalled(reason, message.into(), changes)), Outcome::Stalled);
                let until = self.observed.until().map(|until| until.saturating_duration_since(Instant::now()));
                Pass { next: until, ..pass }
            }
        }
    }

    /// A verdict that waits for nothing: the next look is at the next list.
    fn settled(&self, findings: Findings, outcome: Outcome) -> Pass {
        self.memory(super::Memory::succeeded);
        Pass { findings: Some(findings), next: None, outcome }
    }

    async fn in_order(&self, comparison: crate::model::Comparison) -> Pass {
        if let Some(round) = self.scene.connection.org.last_round() {
            self.memory(|memory| memory.drifted(&[], round.started));
        }
        report::released(self.context, self.scene.resource, &comparison.released).await;
        let message = report::in_order(&comparison.record);
        let findings = Findings { sent: Some(comparison.record), ..self.found(Verdict::InOrder(message)) };
        self.settled(findings, Outcome::Unchanged)
    }

    fn wait(&self, reason: Reason, message: Message) -> Pass {
        let now = Instant::now();
        let Config { backoff_min, backoff_max, .. } = self.context.config;
        let backoff = self.memory(|memory| memory.failed(backoff_min, backoff_max));
        let next =
            self.observed.until().map_or(backoff, |until| backoff.min(until.saturating_duration_since(now) + STALE));
        Pass {
            findings: Some(self.found(Verdict::Heals(reason, message))),
            next: Some(next),
            outcome: Outcome::Waiting,
        }
    }

    /// What SailPoint refused is not sent again until it is something else, or an hour has passed.
    fn is_refused(&self) -> Option<Pass> {
        let now = Instant::now();
        let until = self.memory(|memory| memory.refused_until(&self.version(), now))?;
        Some(Pass::quiet(Outcome::Stalled, Some(until - now)))
    }

    /// What is wanted, in a word that changes with spec and Secrets.
    fn version(&self) -> String {
        format!("{:?} {:?}", self.scene.resource.metadata.generation, self.desired.wants)
    }

    async fn create(&self, replaces: Option<String>, since: Option<Timestamp>) -> Pass {
        if let Some(pass) = self.is_refused() {
            return pass;
        }
        let listed = self.scene.connection.org.look(None);
        let date = if let crate::tenants::Look::Listed(view) = listed { view.date } else { None };
        let creation = act::Creation { names: &self.names, since: since.or(date), replaces };
        let created = match act::create(&self.scene, self.desired, creation).await {
            Ok(created) => created,
            Err(failure) => return self.failed(&failure, Doing::Create),
        };
        match created.result {
            Ok(Some(applied)) => {
                let findings = self.changed(applied);
                report::must_land(self.context, &self.scene, created.resource, findings).await
            }
            Ok(None) => {
                let message = "the answer to the create has no id; looking for it in the tenant's list";
                self.on(&created.resource, self.wait(Reason::CreateUnresolved, message.into())).await
            }
            Err(failure) => self.on(&created.resource, self.failed(&failure, Doing::Create)).await,
        }
    }

    /// Concludes on the resource as our own write left it.
    async fn on(&self, resource: &SimIntegration, pass: Pass) -> Pass {
        let (next, outcome) = (pass.next, pass.outcome);
        self.memory(|memory| memory.superseded(&self.scene.resource.resource_version().unwrap_or_default()));
        let next = report::conclude(self.context, resource, Pass { next, ..pass }).await;
        Pass::quiet(outcome, next)
    }

    fn changed(&self, applied: Applied) -> Findings {
        let bound = Bound {
            id: applied.id.clone(),
            origin: if applied.change == Change::Updated {
                self.recorded.origin
            } else {
                Some(crate::api::integration::Origin::Created)
            },
            tenant: self.tenant(),
        };
        let message = report::in_order(&applied.sent);
        Findings {
            bound: Some(bound),
            sent: Some(applied.sent.clone()),
            change_ref: Annotations::of(self.scene.resource).change_ref(),
            applied: Some(applied),
            ..self.found(Verdict::InOrder(message))
        }
    }

    fn tenant(&self) -> TenantIdentity {
        let connection = self.scene.connection;
        TenantIdentity {
            namespace: connection.key.namespace.clone(),
            name: connection.key.name.clone(),
            org: connection.org.name.clone(),
        }
    }

    async fn bind(
        &self,
        id: &str,
        origin: Option<crate::api::integration::Origin>,
        sent: Option<crate::api::integration::Sent>,
    ) -> Pass {
        let target = crate::tenants::Target::Id(id.to_owned());
        let Ok(_reservation) = self.scene.connection.org.reserve(target, &resource_name(self.scene.resource)) else {
            return Pass::quiet(Outcome::Parked, Some(STALE));
        };
        let resource = match report::ensure_finalizer(self.context, self.scene.resource).await {
            Ok(resource) => resource,
            Err(error) => return self.failed(&error.into(), Doing::Update),
        };
        let created = sent.is_some();
        let applied = Applied {
            id: id.to_owned(),
            change: if created { Change::Created } else { Change::Adopted },
            cause: if created {
                crate::api::integration::Cause::Spec
            } else {
                crate::api::integration::Cause::Adoption
            },
            sent: sent.clone().unwrap_or_default(),
            paths: Vec::new(),
            tracking_id: None,
        };
        let findings = Findings {
            bound: Some(Bound { id: id.to_owned(), origin, tenant: self.tenant() }),
            sent,
            applied: Some(applied),
            change_ref: Annotations::of(self.scene.resource).change_ref(),
            ..self
                .found(Verdict::Heals(Reason::Progressing, format!("bound to {id}; comparing it with the spec").into()))
        };
        let pass = Pass { findings: Some(findings), next: Some(Duration::ZERO), outcome: Outcome::Changed };
        self.on(&resource, pass).await
    }

    async fn update(&self, update: plan::Update) -> Pass {
        if let Some(pass) = self.is_refused() {
            return pass;
        }
        report::released(self.context, self.scene.resource, &update.comparison.released).await;
        match act::update(&self.scene, self.desired, &update, &self.names).await {
            Ok(applied) => {
                let drifted =
                    update.differences.iter().filter(|one| one.cause == crate::api::integration::Cause::Drift);
                self.memory(|memory| {
                    memory.repaired(drifted.map(|one| &one.path), Instant::now());
                    memory.succeeded();
                });
                let again = (!update.comparison.differences.is_empty()).then_some(Duration::ZERO);
                Pass { findings: Some(self.changed(applied)), next: again, outcome: Outcome::Changed }
            }
            Err(failure) => self.failed(&failure, Doing::Update),
        }
    }

    fn failed(&self, failure: &Failure, doing: Doing) -> Pass {
        if let Failure::SecretNotFound(message) = failure {
            return halted(self.context, self.scene.resource, Halt::Missing(Reason::SecretNotFound, message.clone()));
        }
        let disposition = of_failure(failure, doing);
        tracing::debug!(resource = resource_name(self.scene.resource), %failure, "not done");
        if matches!(failure, Failure::Remote(error) if error.kind() == ErrorKind::NotSent) {
            // What was learnt is too old by now: the next pass asks anew.
            self.memory(super::Memory::answered);
        }
        if disposition.retry == Retry::Refused {
            let until = Instant::now() + self.context.config.refused_retry;
            self.memory(|memory| memory.refused(self.version(), until));
        }
        let next = delay(self.context, self.scene.resource, disposition.retry, Some(self.scene.connection));
        let outcome = match &disposition.verdict {
            Some(Verdict::Stalled(..)) => Outcome::Stalled,
            Some(_) => Outcome::Waiting,
            None => Outcome::Parked,
        };
        Pass { findings: disposition.verdict.map(|verdict| self.found(verdict)), next, outcome }
    }
}

use crate::config::Config;

/// When to look again after a failure.
pub(super) fn delay(
    context: &Context,
    resource: &SimIntegration,
    retry: Retry,
    connection: Option<&Arc<Connection>>,
) -> Option<Duration> {
    let Config { backoff_min, backoff_max, refused_retry, .. } = context.config;
    match retry {
        Retry::Backoff => Some(remember(context, resource, |memory| memory.failed(backoff_min, backoff_max))),
        Retry::After(wait) => Some(wait),
        Retry::Now => Some(Duration::ZERO),
        Retry::Refused => Some(super::memory::jittered(refused_retry)),
        Retry::Tenant => {
            if let Some(connection) = connection {
                drop(connection.org.look(Some(Instant::now())));
                context.wake_tenant(&connection.key);
            }
            Some(remember(context, resource, |memory| memory.failed(backoff_min, backoff_max)))
        }
    }
}

/// What follows where a reconcile ended before there was a plan.
pub(super) fn halted(context: &Context, resource: &SimIntegration, halt: Halt) -> Pass {
    let generation = resource.metadata.generation.unwrap_or_default();
    match halt {
        Halt::Parked => Pass::quiet(Outcome::Parked, None),
        Halt::Kubernetes(error) => {
            tracing::warn!(resource = resource_name(resource), %error, "Kubernetes failed");
            Pass::quiet(Outcome::Error, delay(context, resource, Retry::Backoff, None))
        }
        Halt::Verdict(verdict) => {
            let outcome = match *verdict {
                Verdict::Paused(_) => Outcome::Paused,
                Verdict::Stalled(..) => Outcome::Stalled,
                _ => Outcome::Waiting,
            };
            let next = match *verdict {
                Verdict::Paused(_) | Verdict::Stalled(..) => report::next_pause_end(context, resource),
                _ => delay(context, resource, Retry::Backoff, None),
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
    let next = delay(context, resource, Retry::Backoff, None);
    if waited >= grace || report::is_stalled_for(resource, reason) {
        let findings = Findings::of(Verdict::Stalled(reason, message.into(), None), generation);
        return Pass { findings: Some(findings), next, outcome: Outcome::Stalled };
    }
    let next = next.map(|next| next.min(grace.saturating_sub(waited)));
    let findings = Findings::of(Verdict::Heals(reason, message.into()), generation);
    Pass { findings: Some(findings), next, outcome: Outcome::Waiting }
}
