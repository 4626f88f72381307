//! Carries out the plan for an integration that shall be there, and says what came of it.

use std::time::Duration;

use futures::FutureExt as _;
use jiff::Timestamp;
use kube::ResourceExt as _;
use tokio::time::Instant;

use super::act::{self, Applied, Failure, Scene};
use super::desired::Halt;
use super::disposition::{Doing, Retry, of_failure};
use super::observe::Observed;
use super::pass::{Pass, delay, halted, remember};
use super::plan::{self, Desired, Plan};
use super::recorded::Recorded;
use super::status::{Bound, Findings, Message, Verdict, planned};
use super::{Context, Memory, landing, report, resource_name};
use crate::api::integration::{Cause, Origin, Sent, TenantIdentity};
use crate::api::{Annotations, Reason, SimIntegration};
use crate::config::Config;
use crate::failpoint::{self, Point};
use crate::metrics::{Change, Outcome};
use crate::model::{Comparison, Names};
use crate::sailpoint::{Certainty, ErrorKind};
use crate::tenants::{Look, Target};

/// Our own write is not in the watch yet, or another is about to take the same.
const SOON: Duration = Duration::from_millis(200);

/// Everything that a plan was made from.
pub(super) struct Keeping<'a> {
    pub(super) context: &'a Context,
    pub(super) scene: Scene<'a>,
    pub(super) desired: &'a Desired,
    pub(super) recorded: &'a Recorded,
    pub(super) observed: &'a Observed,
    pub(super) names: Names,
}

/// What SailPoint refused is not sent again until it is something else, or an hour has passed: how long it is held back.
pub(super) fn is_refused(
    context: &Context,
    resource: &SimIntegration,
    desired: &Desired,
    plan: &Plan,
) -> Option<Duration> {
    let doing = match plan {
        Plan::Create { .. } | Plan::LookUp(_, None) => Doing::Create,
        Plan::Update(plan::Update { call, .. }) | Plan::LookUp(_, Some(call)) => Doing::Update(*call),
        _ => return None,
    };
    let (version, now) = (version(resource, desired, doing), Instant::now());
    let until = remember(context, resource, |memory| memory.refused_until(&version, now))?;
    Some(until - now)
}

/// What is wanted and how, in a word that changes with spec and Secrets, and with what the tenant makes the smallest call.
fn version(resource: &SimIntegration, desired: &Desired, doing: Doing) -> String {
    format!("{doing:?} {:?} {:?}", resource.metadata.generation, desired.wants)
}

impl Keeping<'_> {
    fn found(&self, verdict: Verdict) -> Findings {
        let generation = self.scene.resource.metadata.generation.unwrap_or_default();
        Findings { tenant: Some(self.tenant()), ..Findings::of(verdict, generation) }
    }

    fn memory<T>(&self, change: impl FnOnce(&mut Memory) -> T) -> T {
        remember(self.context, self.scene.resource, change)
    }

    pub(super) async fn act(&self, plan: Plan) -> Pass {
        if let Some(wait) = is_refused(self.context, self.scene.resource, self.desired, &plan) {
            return Pass::quiet(Outcome::Waiting, Some(wait));
        }
        // What writes is large while it waits, and most passes write nothing.
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
            Plan::Create { replaces, follows } => {
                self.create(replaces, follows.and_then(|intent| intent.since)).boxed().await
            }
            Plan::Bind { remote, origin, sent } => self.bind(&remote.id, origin, sent).boxed().await,
            Plan::Update(update) => self.update(update).boxed().await,
            Plan::LookUp(..) => Pass::quiet(Outcome::Parked, None),
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
        self.memory(Memory::succeeded);
        Pass { findings: Some(findings), next: None, outcome }
    }

    async fn in_order(&self, comparison: Comparison) -> Pass {
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
        let backoff = self.memory(|memory| memory.failed(backoff_min, backoff_max, now));
        let next =
            self.observed.until().map_or(backoff, |until| backoff.min(until.saturating_duration_since(now) + SOON));
        Pass {
            findings: Some(self.found(Verdict::Heals(reason, message))),
            next: Some(next),
            outcome: Outcome::Waiting,
        }
    }

    async fn create(&self, replaces: Option<String>, since: Option<Timestamp>) -> Pass {
        let listed = self.scene.connection.org.look(None);
        let date = if let Look::Listed(view) = listed { view.date } else { None };
        let creation = act::Creation { names: &self.names, since: since.or(date), replaces };
        let created = match act::create(&self.scene, self.desired, creation).await {
            Ok(created) => created,
            Err(failure) => return self.failed(&failure, Doing::Create),
        };
        let is_refused =
            matches!(&created.result, Err(Failure::Remote(error)) if error.certainty() != Certainty::Unknown);
        if is_refused {
            self.memory(|memory| memory.closed(&created.intent.nonce));
        } else {
            self.memory(|memory| memory.opened(created.intent));
        }
        match created.result {
            Ok(Some(applied)) => {
                let findings = self.changed(applied);
                landing::must_land(self.context, &self.scene, created.resource, findings).await
            }
            Ok(None) => {
                let message =
                    "the answer to the create has no id of something new; looking for it in the tenant's list";
                self.on(&created.resource, self.wait(Reason::CreateUnresolved, message.into())).await
            }
            Err(failure) => self.on(&created.resource, self.failed(&failure, Doing::Create)).await,
        }
    }

    /// Concludes on the resource as our own write left it.
    async fn on(&self, resource: &SimIntegration, pass: Pass) -> Pass {
        let (next, outcome) = (pass.next, pass.outcome);
        self.memory(|memory| memory.superseded(&self.scene.resource.resource_version().unwrap_or_default()));
        let next = landing::conclude(self.context, resource, Pass { next, ..pass }).await;
        Pass::quiet(outcome, next)
    }

    fn changed(&self, applied: Applied) -> Findings {
        let bound = Bound {
            id: applied.id.clone(),
            origin: if applied.change == Change::Updated { self.recorded.origin } else { Some(Origin::Created) },
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

    async fn bind(&self, id: &str, origin: Option<Origin>, sent: Option<Sent>) -> Pass {
        let target = Target::Id(id.to_owned());
        let Ok(_reservation) = self.scene.connection.org.reserve(target, &resource_name(self.scene.resource)) else {
            return Pass::quiet(Outcome::Parked, Some(SOON));
        };
        failpoint::at(Point::BeforeBind).await;
        let resource = match landing::ensure_finalizer(self.context, self.scene.resource).await {
            Ok(resource) => resource,
            Err(error) => return self.failed(&error.into(), Doing::Adopt),
        };
        failpoint::at(Point::FinalizerWritten).await;
        let created = sent.is_some();
        let applied = Applied {
            id: id.to_owned(),
            change: if created { Change::Created } else { Change::Adopted },
            cause: if created { Cause::Spec } else { Cause::Adoption },
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
        report::released(self.context, self.scene.resource, &update.comparison.released).await;
        match act::update(&self.scene, self.desired, self.recorded, &update, &self.names).await {
            Ok(applied) => {
                failpoint::at(Point::Updated).await;
                let drifted = update.differences.iter().filter(|one| one.cause == Cause::Drift);
                self.memory(|memory| {
                    memory.repaired(drifted.map(|one| &one.path), Instant::now());
                    memory.succeeded();
                });
                let again = (!update.comparison.differences.is_empty()).then_some(Duration::ZERO);
                Pass { findings: Some(self.changed(applied)), next: again, outcome: Outcome::Changed }
            }
            Err(failure) => self.failed(&failure, Doing::Update(update.call)),
        }
    }

    fn failed(&self, failure: &Failure, doing: Doing) -> Pass {
        if let Failure::SecretNotFound(message) = failure {
            return halted(self.context, self.scene.resource, Halt::Missing(Reason::SecretNotFound, message.clone()));
        }
        let disposition = of_failure(failure, doing);
        tracing::debug!(resource = resource_name(self.scene.resource), %failure, "not done");
        if matches!(failure, Failure::Remote(error) if error.kind() == ErrorKind::NotSent) {
            self.memory(Memory::outdated);
        }
        if disposition.retry == Retry::Tenant {
            self.context.doubt(&self.scene.connection.key);
        }
        let wait = delay(self.context, self.scene.resource, disposition.retry, self.scene.connection);
        if let (Failure::Remote(_) | Failure::Unread(_), Some(wait)) = (failure, wait)
            && matches!(disposition.retry, Retry::Refused | Retry::Backoff | Retry::Tenant)
        {
            let version = version(self.scene.resource, self.desired, doing);
            self.memory(|memory| memory.refused(version, Instant::now() + wait));
        }
        let outcome = match &disposition.verdict {
            Some(Verdict::Stalled(..)) => Outcome::Stalled,
            Some(_) => Outcome::Waiting,
            None => Outcome::Parked,
        };
        Pass { findings: disposition.verdict.map(|verdict| self.found(verdict)), next: wait, outcome }
    }
}
