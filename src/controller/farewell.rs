//! What happens when a `SimIntegration` is deleted: its integration goes too, or stays because somebody said so.
//!
//! The same pipeline with the goal turned round. It always ends: with the integration gone, or kept on purpose; what stands
//! in the way is a condition that names the way out.

mod heir;

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, Resource as _, ResourceExt as _};
use tokio::time::Instant;

use super::act::{self, Scene};
use super::desired::{Halt, heals, mode, same_org, stalled};
use super::disposition::{Disposition, Doing, Retry, of_failure};
use super::events::Severity;
use super::kubernetes::remove_finalizer;
use super::observe::{Around, Link, Observed, Question, observe};
use super::pass::{Pass, delay, remember};
use super::plan::{Farewell, Orphaning, farewell as decide};
use super::recorded::Recorded;
use super::status::{Findings, Verdict};
use super::{Context, integration_name, landing, resource_name, tenant_key};
use crate::api::integration::Origin;
use crate::api::{Annotations, Delete, Mode, Reason, SimIntegration};
use crate::failpoint::{self, Point};
use crate::metrics::{Change, LetGo, Outcome};
use crate::sailpoint::ErrorKind;
use crate::tenants::{Connection, Look, Standing};

const WAY_OUT: &str =
    "or set annotation simops.dev/force-orphan: \"true\" to let go and leave the integration in the tenant";

/// Lets go of a resource that is being deleted, deleting its integration where that is what it means.
pub(super) async fn farewell(context: &Context, resource: &SimIntegration) -> Result<Pass, Halt> {
    if !resource.finalizers().iter().any(|one| one == crate::api::FINALIZER) {
        return Ok(Pass::quiet(Outcome::Unchanged, None));
    }
    let Some(live) = landing::live(context, resource).await? else { return Ok(Pass::quiet(Outcome::Unchanged, None)) };
    // What the finalizer's removal is guarded by must also be what is judged: the watch may not show the newest id yet.
    let recorded = Recorded::of(&live, &context.cluster);
    let leaving = Leaving { context, resource: &live, recorded: &recorded };
    if Annotations::of(&live).force_orphan() {
        return leaving.let_go(LetGo::ForceOrphan, "force-orphan").await;
    }
    if crd_is_terminating(context).await? {
        return leaving.let_go(LetGo::CrdDeleted, "the CRD is being deleted").await;
    }
    if let Some(why) = context.unreadable.why(&live) {
        return Err(stalled(Reason::InvalidSpec, format!("{why}; {WAY_OUT}")));
    }
    leaving.go().await
}

/// `kubectl delete crd` deletes every resource with it: nothing in a tenant may follow.
async fn crd_is_terminating(context: &Context) -> Result<bool, kube::Error> {
    let api: Api<CustomResourceDefinition> = Api::all(context.client.clone());
    let name = format!("{}.{}", SimIntegration::plural(&()), SimIntegration::group(&()));
    let found = api.get_metadata_opt(&name).await?;
    Ok(found.is_none_or(|crd| crd.metadata.deletion_timestamp.is_some()))
}

fn no_connection(reason: Reason, message: &str) -> Halt {
    match reason {
        Reason::SecretNotFound | Reason::CredentialsRejected => stalled(
            Reason::CredentialsGone,
            format!("the integration cannot be deleted: {message}: mend the credentials, {WAY_OUT}"),
        ),
        _ => heals(Reason::TenantNotReady, format!("the tenant is not ready: {}: {message}", reason.as_str())),
    }
}

struct Leaving<'a> {
    context: &'a Context,
    resource: &'a SimIntegration,
    recorded: &'a Recorded,
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
        if mode == Mode::Paused {
            let message = "being deleted, but paused: nothing is done until the pause ends";
            return Err(Halt::Verdict(Box::new(Verdict::Paused(message.to_owned()))));
        }
        if mode == Mode::Plan {
            return self.let_go(LetGo::Plan, "mode Plan writes nothing").await;
        }
        let (id, origin) = match &self.recorded.intent {
            Some(_) => match self.resolve()? {
                Some(id) => (Some(id), Some(Origin::Created)),
                None => (None, None),
            },
            None => (id, origin),
        };
        let policy = self.resource.spec.policy.as_ref().and_then(|policy| policy.delete);
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

    /// The connection: one that lost its credentials serves on while its token lasts.
    fn connection(&self) -> Result<Arc<Connection>, Halt> {
        let key = tenant_key(self.resource, &self.context.config).ok_or_else(|| {
            stalled(
                Reason::TenantNotSet,
                format!("no tenant is named any more: bring --default-tenant back, {WAY_OUT}"),
            )
        })?;
        let connection = match self.context.fleet.standing(&key) {
            // The id means nothing in another org, and it is not for us to tell which of the two is meant.
            Some(Standing::NotReady { reason: Reason::TenantChanged, message, .. }) => {
                let message = format!("the integration cannot be deleted: {message}, {WAY_OUT}");
                return Err(stalled(Reason::TenantChanged, message));
            }
            Some(Standing::Connected(connection) | Standing::NotReady { last: Some(connection), .. }) => connection,
            Some(Standing::NotReady { reason, message, last: None }) => {
                return Err(no_connection(reason, &message));
            }
            None if self.context.tenant(&key).is_some() => {
                return Err(Halt::Parked);
            }
            None => {
                let message = format!("SailPointTenant {key} is gone: bring it back, {WAY_OUT}");
                return Err(Halt::Missing(Reason::TenantMissing, message));
            }
        };
        same_org(connection, self.recorded)
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
            Observed::Asked => {
                self.context.wake_tenant(&connection.key);
                Err(Halt::Parked)
            }
            Observed::Unavailable(error) => {
                self.context.wake_tenant(&connection.key);
                Err(heals(Reason::TenantNotReady, error.to_string()))
            }
            Observed::Unknown { reason, message, .. } => Err(heals(reason, message)),
            Observed::AmbiguousCreate(ids) => Err(stalled(
                Reason::AmbiguousCreate,
                format!("an open create may have left one of {}: delete it in the tenant, {WAY_OUT}", ids.join(", ")),
            )),
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
        if self.context.holders.other_holder_of_id(&connection.org.name, id, &uid).is_some() {
            return self.let_go(LetGo::Orphan, "another resource holds the integration").await;
        }
        if matches!(connection.org.look(None), Look::Wait) {
            // The first list is on its way: it may show that it is gone, or whose claim its name fits. One that fails is not
            // waited for.
            self.context.wake_tenant(&connection.key);
            return Err(Halt::Parked);
        }
        if let Some(heir) = self.heir(id, &connection).await? {
            let note = format!("{id} is handed over to {heir}, which claims it; it stays in the tenant");
            self.context.events.publish(self.resource, Severity::Normal, "HandedOver", "Delete", &note).await;
            failpoint::at(Point::HandedOver).await;
            return self.let_go(LetGo::Orphan, "handed over").await;
        }
        let settled = self.recorded.settled(self.context.config.settle, Instant::now());
        if connection.org.read(|snapshot| snapshot.is_gone(id, settled)) {
            return self.gone(Some("gone from the tenant".to_owned())).await;
        }
        if let Some(settled) = settled.filter(|_| connection.org.read(|snapshot| snapshot.is_gone(id, None))) {
            return self.confirm_gone(id, settled, &connection);
        }
        let scene = Scene {
            client: &self.context.client,
            cluster: &self.context.cluster,
            resource: self.resource,
            connection: &connection,
        };
        match act::delete(&scene, id).await {
            Ok(deleted) => {
                failpoint::at(Point::Deleted).await;
                let tracking = deleted.tracking_id.map(|id| format!(" (tracking id {id})")).unwrap_or_default();
                self.gone(Some(format!("deleted in the tenant{tracking}"))).await
            }
            Err(failure) => Ok(self.failed(&failure, &connection)),
        }
    }

    /// A 404 says so, but so soon after a change that a replica may not know better: it is asked for again when settle has
    /// passed.
    fn confirm_gone(&self, id: &str, settled: Instant, connection: &Connection) -> Result<Pass, Halt> {
        let now = Instant::now();
        if settled <= now {
            connection.org.update(|snapshot| snapshot.doubt_gone(id));
            drop(connection.org.look(Some(now)));
            self.context.wake_tenant(&connection.key);
            return Err(Halt::Parked);
        }
        let message = format!("{id} is not in the tenant's list; making sure that it is gone");
        let generation = self.resource.metadata.generation.unwrap_or_default();
        let findings = Findings::of(Verdict::Heals(Reason::ConfirmingAbsence, message.into()), generation);
        Ok(Pass { findings: Some(findings), next: Some(settled - now), outcome: Outcome::Waiting })
    }

    fn failed(&self, failure: &act::Failure, connection: &Arc<Connection>) -> Pass {
        let Disposition { mut verdict, mut retry } = of_failure(failure, Doing::Delete);
        if let act::Failure::Remote(error) = failure {
            let credentials = matches!(error.kind(), ErrorKind::CredentialsRejected | ErrorKind::Unauthorized);
            if credentials {
                let message =
                    format!("the integration cannot be deleted: {}: mend the credentials, {WAY_OUT}", error.words());
                verdict = Some(Verdict::Stalled(Reason::CredentialsGone, message.into(), None));
            }
            // A 404, or no answer: a whole LIST tells whether it is gone.
            let may_be_gone = matches!(
                error.kind(),
                ErrorKind::NotFound { .. } | ErrorKind::Timeout | ErrorKind::Cut | ErrorKind::Server
            );
            if credentials {
                self.context.doubt(&connection.key);
            }
            if credentials || may_be_gone {
                retry = Retry::Tenant;
            }
        }
        let generation = self.resource.metadata.generation.unwrap_or_default();
        let next = Some(delay(self.context, self.resource, retry, Some(connection)));
        let outcome = if verdict.is_some() { Outcome::Waiting } else { Outcome::Parked };
        Pass { findings: verdict.map(|verdict| Findings::of(verdict, generation)), next, outcome }
    }

    /// The integration is gone, or there never was one: the resource may go.
    async fn gone(&self, how: Option<String>) -> Result<Pass, Halt> {
        remove_finalizer(&self.context.client, self.resource).await?;
        failpoint::at(Point::FinalizerRemoved).await;
        if let Some(how) = how {
            self.context.metrics.changed(Change::Deleted, None);
            let id = self.recorded.id.as_deref().unwrap_or_default();
            tracing::info!(resource = resource_name(self.resource), id, how, "deleted");
            let note = format!("{id} {how}");
            self.context.events.publish(self.resource, Severity::Normal, "Deleted", "Delete", &note).await;
        }
        self.forget();
        Ok(Pass::quiet(Outcome::Deleted, None))
    }

    /// Lets go without a call. Also logged and counted, as a terminating namespace takes no events.
    async fn let_go(&self, why: LetGo, words: &str) -> Result<Pass, Halt> {
        let id = self.recorded.id.as_deref().unwrap_or("nothing");
        self.context.metrics.let_go(why);
        tracing::info!(resource = resource_name(self.resource), id, why = why.as_str(), words, "let go");
        let note = format!("let go of {id}, which is left as it is in the tenant: {words}");
        self.context.events.publish(self.resource, Severity::Normal, "LetGo", "Delete", &note).await;
        failpoint::at(Point::LetGo).await;
        remove_finalizer(&self.context.client, self.resource).await?;
        self.forget();
        Ok(Pass::quiet(Outcome::LetGo, None))
    }

    /// It is gone: nothing of it is remembered, its tenant may go, and those that want what it held are judged anew.
    fn forget(&self) {
        let uid = self.resource.uid();
        self.context.memories.forget(&uid.clone().unwrap_or_default());
        if let Some(key) = tenant_key(self.resource, &self.context.config) {
            self.context.wake_tenant(&key);
        }
        for other in self.context.integrations.state() {
            let by_id = self.recorded.id.is_some() && other.spec.external_id == self.recorded.id;
            if other.uid() != uid && (by_id || integration_name(&other) == integration_name(self.resource)) {
                self.context.wake_integration(&other);
            }
        }
    }
}
