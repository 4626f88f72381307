//! What happens when a `SimIntegration` is deleted: its integration goes too, or stays because somebody said so.
//!
//! The same pipeline with the goal turned round. It always ends: with the integration gone, or kept on purpose; what stands
//! in the way is a condition that names the way out.

mod absence;
mod heir;
mod reach;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt as _;
use reach::{credentials_gone, is_without_credentials};
use tokio::time::Instant;

use super::act::{self, Scene};
use super::departures::{self, is_ours};
use super::desired::{Halt, heals, mode, stalled};
use super::disposition::{Disposition, Doing, Retry, of_failure};
use super::events::Severity;
use super::kubernetes::{crd_is_terminating, remove_finalizer};
use super::observe::{Around, Link, Observed, Question, observe};
use super::pass::{self, Pass, delay, remember};
use super::plan::{Farewell, Orphaning, farewell as decide};
use super::recorded::Recorded;
use super::status::{Findings, Verdict};
use super::{Context, Seat, integration_name, landing, resource_name, tenant_key};
use crate::api::integration::{LastHandled, Origin};
use crate::api::{Annotations, Delete, Mode, Reason, SimIntegration};
use crate::failpoint::{self, Point};
use crate::metrics::{Change, LetGo, Outcome};
use crate::sailpoint::ErrorKind;
use crate::tenants::{Connection, Look};

const WAY_OUT: &str =
    "or set annotation simops.dev/force-orphan: \"true\" to let go and leave the integration in the tenant";

/// Lets go of a resource that is being deleted, deleting its integration where that is what it means.
pub(super) async fn farewell(context: &Context, resource: &SimIntegration, seat: &Seat) -> Result<Pass, Halt> {
    if !is_ours(resource) {
        departures::let_go(context, resource);
        return Ok(Pass::quiet(Outcome::Unchanged, None));
    }
    let Some(live) = landing::live(context, resource).await? else { return Ok(Pass::quiet(Outcome::Unchanged, None)) };
    // What the finalizer's removal is guarded by must also be what is judged: the watch may not show the newest id yet.
    let recorded = pass::recorded(context, &live);
    let leaving = Leaving { context, resource: &live, recorded: &recorded, seat };
    if Annotations::of(&live).force_orphan() {
        return leaving.let_go(LetGo::ForceOrphan, "force-orphan").await;
    }
    if crd_is_terminating::<SimIntegration>(&context.client).await? {
        return leaving.let_go(LetGo::CrdDeleted, "the CRD is being deleted").await;
    }
    if let Some(why) = context.unreadable.why(&live) {
        return Err(stalled(Reason::InvalidSpec, format!("{why}; {WAY_OUT}")));
    }
    leaving.go().await
}

struct Leaving<'a> {
    context: &'a Context,
    resource: &'a SimIntegration,
    recorded: &'a Recorded,
    seat: &'a Seat,
}

impl Leaving<'_> {
    async fn go(&self) -> Result<Pass, Halt> {
        let (id, origin) = (self.recorded.id.clone(), self.recorded.origin);
        if let Some(why) = &self.recorded.unreadable {
            return match self.resource.spec.policy.as_ref().and_then(|policy| policy.delete) {
                Some(Delete::Orphan) => self.let_go(LetGo::Orphan, "policy.delete").await,
                _ => Err(stalled(Reason::InvalidAnnotation, format!("{why}; {WAY_OUT}"))),
            };
        }
        if id.is_none() && self.recorded.intent.is_none() {
            return self.gone(None).await;
        }
        let mode = self.mode()?;
        let policy = self.resource.spec.policy.as_ref().and_then(|policy| policy.delete);
        if mode == Mode::Paused {
            let message = "being deleted, but paused: nothing is done until the pause ends";
            return Err(Halt::Verdict(Box::new(Verdict::Paused(message.to_owned()))));
        }
        if mode == Mode::Plan {
            return self.let_go(LetGo::Plan, "mode Plan writes nothing").await;
        }
        // Whatever an open create has made or makes yet, it is to stay.
        if policy == Some(Delete::Orphan) {
            return self.let_go(LetGo::Orphan, "policy.delete").await;
        }
        let (id, origin) = match &self.recorded.intent {
            Some(_) => match self.resolve()? {
                Some(id) => (Some(id), Some(Origin::Created)),
                None => (None, None),
            },
            None => (id, origin),
        };
        match decide(id, origin, policy, mode) {
            Farewell::Nothing => self.gone(None).await,
            Farewell::Orphan(Orphaning::Plan) => self.let_go(LetGo::Plan, "mode Plan writes nothing").await,
            Farewell::Orphan(Orphaning::Policy) => self.let_go(LetGo::Orphan, "policy.delete").await,
            Farewell::Delete(id) => self.delete(&id).await,
        }
    }

    /// The mode, by the tenant as far as it is there.
    fn mode(&self) -> Result<Mode, Halt> {
        let tenant = tenant_key(self.resource, &self.context.config).and_then(|key| self.context.tenant(&key));
        mode(self.resource, tenant.as_deref(), Timestamp::now())
    }

    /// What an open create has left: its id, or nothing.
    fn resolve(&self) -> Result<Option<String>, Halt> {
        let connection = self.connection()?;
        let uid = self.resource.uid().unwrap_or_default();
        let name = integration_name(self.resource);
        let question =
            Question { uid: &uid, name, external_id: None, recorded: self.recorded, anew: false, now: Instant::now() };
        let around =
            Around { fleet: &self.context.fleet, holders: &self.context.holders, config: &self.context.config };
        let observed = remember(self.context, self.resource, |memory| observe(&question, memory, &connection, &around));
        match observed {
            Observed::Present(remote, Link::Created(_)) => Ok(Some(remote.id)),
            Observed::Asked => Err(self.until_listed(&connection)),
            Observed::Resting(look_at) => Err(Halt::Resting(look_at)),
            Observed::Unavailable(error) => Err(self.unlisted(&connection, &error)),
            Observed::Unknown { reason, message, .. } => Err(heals(reason, message)),
            Observed::AmbiguousCreate(ids) => {
                pass::asked_in_vain(self.context, self.resource);
                let ids = ids.join(", ");
                let message = format!("an open create may have left one of {ids}: delete it in the tenant, {WAY_OUT}");
                Err(stalled(Reason::AmbiguousCreate, message))
            }
            Observed::NeverCreated
            | Observed::Held(_)
            | Observed::Free
            | Observed::Gone
            | Observed::Supplanted(_)
            | Observed::Named(_)
            | Observed::Mismatch { .. }
            | Observed::Present(..) => Ok(None),
        }
    }

    async fn delete(&self, id: &str) -> Result<Pass, Halt> {
        let connection = self.connection()?;
        let uid = self.resource.uid().unwrap_or_default();
        if self.context.holders.is_held_by_another(&connection.org.name, id, &uid) {
            return self.let_go(LetGo::Orphan, "another resource holds the integration").await;
        }
        if matches!(connection.org.look(None), Look::Wait) {
            // The first list is on its way: it may show that it is gone, or whose claim its name fits. One that fails is not
            // waited for.
            return Err(self.until_listed(&connection));
        }
        if let Some(heir) = self.heir(id, &connection).await? {
            failpoint::at(Point::HandedOver).await;
            let pass = self.let_go(LetGo::Orphan, "handed over").await?;
            let note = format!("{id} is handed over to {heir}, which claims it; it stays in the tenant");
            self.context.events.publish(self.resource, Severity::Normal, "HandedOver", "Delete", &note).await;
            return Ok(pass);
        }
        if let Some(since) = remember(self.context, self.resource, |memory| memory.unsure_since())
            && matches!(connection.org.look(Some(since)), Look::Wait)
        {
            return Err(self.until_listed(&connection));
        }
        if self.is_gone(id, &connection)? {
            return self.gone(Some(format!("{id} is gone from the tenant"))).await;
        }
        let now = Instant::now();
        if let Some(until) =
            remember(self.context, self.resource, |memory| memory.refused_until(&self.version(id), now))
        {
            return Ok(Pass::quiet(Outcome::Waiting, Some(until - now)));
        }
        let scene = Scene {
            client: &self.context.client,
            cluster: &self.context.cluster,
            resource: self.resource,
            connection: &connection,
            seat: self.seat,
        };
        match act::delete(&scene, id, self.stands()).await {
            Ok(Some(deleted)) => {
                failpoint::at(Point::Deleted).await;
                let tracking = deleted.tracking_id.map(|id| format!(" (tracking id {id})")).unwrap_or_default();
                self.gone(Some(format!("{id} is deleted in the tenant{tracking}"))).await
            }
            Ok(None) => Ok(Pass::quiet(Outcome::Parked, Some(Duration::ZERO))),
            Err(failure) => Ok(self.failed(id, &failure, &connection)),
        }
    }

    /// Whether all stands as it was judged, read once more: the wait for a slot may have been long, and meanwhile somebody
    /// may have paused the resource, forced it out, changed its policy or deleted its CRD.
    async fn stands(&self) -> Result<bool, kube::Error> {
        let live = landing::live(self.context, self.resource).await?;
        let is_same = live.is_some_and(|live| live.resource_version() == self.resource.resource_version());
        let may_write = matches!(self.mode(), Ok(Mode::Enforce | Mode::Report));
        Ok(is_same && may_write && !crd_is_terminating::<SimIntegration>(&self.context.client).await?)
    }

    /// What was refused is not sent again until it is something else, somebody asks, or an hour has passed.
    fn version(&self, id: &str) -> String {
        let asked = LastHandled::of(Annotations::of(self.resource));
        format!("{:?} {id} {:?} {asked:?}", Doing::Delete, self.resource.metadata.generation)
    }

    fn failed(&self, id: &str, failure: &act::Failure, connection: &Arc<Connection>) -> Pass {
        let Disposition { mut verdict, mut retry } = of_failure(failure, Doing::Delete);
        if let Some(Verdict::Stalled(_, message, _)) = &mut verdict {
            message.cause = format!("the integration cannot be deleted: {}: mend that, {WAY_OUT}", message.cause);
        }
        if let act::Failure::Remote(error) = failure {
            let credentials = is_without_credentials(error);
            if credentials {
                let message = credentials_gone(&connection.key, error.words());
                verdict = Some(Verdict::Stalled(Reason::CredentialsGone, message.into(), None));
            }
            // A 404, no answer, or one that is not SailPoint's: a whole LIST tells whether it is gone.
            let may_be_gone = matches!(
                error.kind(),
                ErrorKind::NotFound { .. }
                    | ErrorKind::Timeout
                    | ErrorKind::Cut
                    | ErrorKind::Server
                    | ErrorKind::Malformed
            );
            if credentials {
                self.context.doubt(&connection.key);
            }
            if matches!(error.kind(), ErrorKind::NotFound { .. })
                && let Some(vanished) = connection.org.mass_disappearance()
            {
                let message = format!(
                    "the tenant does not find it, but neither {vanished} others, which is not believed until annotation \
                     simops.dev/correct-requested-at on SailPointTenant {} says that it is right, {WAY_OUT}",
                    connection.key
                );
                verdict = Some(Verdict::Heals(Reason::MassDisappearance, message.into()));
            }
            if may_be_gone {
                remember(self.context, self.resource, |memory| memory.unsure(Instant::now()));
            }
            if credentials || may_be_gone {
                retry = Retry::Tenant;
            }
        }
        let generation = self.resource.metadata.generation.unwrap_or_default();
        let wait = delay(self.context, self.resource, retry, connection);
        if let Some(wait) = wait
            && matches!(retry, Retry::Refused | Retry::Backoff | Retry::Tenant)
        {
            let until = Instant::now() + wait;
            remember(self.context, self.resource, |memory| memory.refused(self.version(id), until));
        }
        let outcome = if verdict.is_some() { Outcome::Waiting } else { Outcome::Parked };
        Pass { findings: verdict.map(|verdict| Findings::of(verdict, generation)), next: wait, outcome }
    }

    /// The integration is gone, or there never was one: the resource may go.
    async fn gone(&self, how: Option<String>) -> Result<Pass, Halt> {
        remove_finalizer(&self.context.client, self.resource).await?;
        failpoint::at(Point::FinalizerRemoved).await;
        if let Some(how) = how {
            self.context.metrics.changed(Change::Deleted, None);
            tracing::info!(resource = resource_name(self.resource), how, "deleted");
            self.context.events.publish(self.resource, Severity::Normal, "Deleted", "Delete", &how).await;
        }
        Ok(Pass::quiet(Outcome::Deleted, None))
    }

    /// Lets go without a call. Also logged and counted, as a terminating namespace takes no events.
    async fn let_go(&self, why: LetGo, words: &str) -> Result<Pass, Halt> {
        let what = match (&self.recorded.intent, &self.recorded.id) {
            (Some(intent), _) => format!("what an open create of {:?} may have made", intent.name),
            (None, Some(id)) => id.clone(),
            (None, None) => "nothing".to_owned(),
        };
        // First, so that it is told even if this process ends right after.
        tracing::info!(resource = resource_name(self.resource), what, why = why.as_str(), words, "letting go");
        failpoint::at(Point::LetGo).await;
        remove_finalizer(&self.context.client, self.resource).await?;
        self.context.metrics.let_go(why);
        let note = format!("let go of {what}, which is left as it is in the tenant: {words}");
        self.context.events.publish(self.resource, Severity::Normal, "LetGo", "Delete", &note).await;
        Ok(Pass::quiet(Outcome::LetGo, None))
    }
}
