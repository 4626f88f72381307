//! Writes to Kubernetes what a reconcile found: the status, only where it differs, then finalizer and annotations.

use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt as _;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::act::Scene;
use super::disposition::{STALE, is_conflict, is_too_much};
use super::kubernetes::{crd_is_terminating, patch_metadata, patch_status, received, with_finalizer};
use super::pass::{Pass, remember};
use super::recorded::{Recorded, written_for};
use super::status::{Findings, Verdict, next};
use super::{Context, Memory, duplicate, report, resource_name};
use crate::api::annotations::{CREATE, REMOTE_ID, RemoteId};
use crate::api::condition::find;
use crate::api::{Annotations, ConditionType, Reason, SimIntegration, SimIntegrationStatus};
use crate::failpoint::{self, Point};
use crate::metrics::{Change, Outcome};

/// Kubernetes does not answer, and what is held in memory must not be lost.
const LANDING_RETRY: Duration = Duration::from_secs(1);
/// Kubernetes will not keep what was to be written, today as little as in a second.
const REFUSED_RETRY: Duration = Duration::from_mins(5);

/// Writes the status and the annotations, and publishes what changed. Returns when to look again.
pub(super) async fn conclude(context: &Context, resource: &SimIntegration, pass: Pass) -> Option<Duration> {
    let Some(findings) = pass.findings else { return pass.next };
    if is_the_tenants_alone(resource, &findings) {
        return pass.next;
    }
    let landed = match write(context, resource, &findings).await {
        Ok(written) => settle_annotations(context, written.as_ref().unwrap_or(resource)).await,
        Err(error) => Err(error),
    };
    landed.map_or_else(|error| Some(again(&error)), |_| pass.next)
}

fn again(error: &kube::Error) -> Duration {
    if is_conflict(error) {
        return STALE;
    }
    tracing::warn!(%error, "the status was not written");
    if is_too_much(error).is_some() { REFUSED_RETRY } else { LANDING_RETRY }
}

/// A resource that was in order is not written to say that its tenant has trouble: the tenant says so.
fn is_the_tenants_alone(resource: &SimIntegration, findings: &Findings) -> bool {
    let is_the_tenants = matches!(
        findings.verdict,
        Verdict::Heals(Reason::TenantNotReady | Reason::ListIncomplete | Reason::TenantUnavailable, _)
    );
    is_the_tenants && findings.applied.is_none() && is_in_order(resource)
}

/// Whether it was judged to be in order, at its present generation.
pub(super) fn is_in_order(resource: &SimIntegration) -> bool {
    resource.status.as_ref().is_some_and(|status| {
        find(&status.conditions, ConditionType::Ready)
            .is_some_and(|ready| ready.status == "True" && ready.observed_generation == resource.metadata.generation)
    })
}

/// Writes the status that follows. Returns the resource as it is then; `None` where the status was that already, and
/// nothing was written.
async fn write(
    context: &Context,
    resource: &SimIntegration,
    findings: &Findings,
) -> Result<Option<SimIntegration>, kube::Error> {
    let none = SimIntegrationStatus::default();
    let previous = resource.status.as_ref().unwrap_or(&none);
    let status = next(previous, findings, Timestamp::now());
    if resource.status.as_ref() == Some(&status) {
        return Ok(None);
    }
    let written = patch_status(&context.client, resource, &json!(previous), json!(status)).await?;
    superseded(context, resource, &written);
    failpoint::at(Point::StatusWritten).await;
    report::announce(context, resource, previous, &status, findings).await;
    Ok(Some(written))
}

fn superseded(context: &Context, before: &SimIntegration, after: &SimIntegration) {
    let old = before.resource_version().unwrap_or_default();
    let new = after.resource_version().unwrap_or_default();
    if new != old {
        remember(context, before, |memory| memory.superseded_by(&old, &new));
    }
}

/// After Ready: our finalizer, and the annotation with the id in the place of the intent. Returns whether it wrote.
async fn settle_annotations(context: &Context, resource: &SimIntegration) -> Result<bool, kube::Error> {
    let status = resource.status.as_ref();
    let (Some(id), Some(tenant)) = (status.and_then(|s| s.id.clone()), status.and_then(|s| s.tenant.clone())) else {
        return Ok(false);
    };
    if resource.metadata.deletion_timestamp.is_some() || is_creating_again(context, resource, &id) {
        return Ok(false);
    }
    let remote = RemoteId { id, org: tenant.org, written_for: written_for(resource, &context.cluster) };
    let annotations = Annotations::of(resource);
    let is_there = annotations.get(REMOTE_ID).and_then(|text| serde_json::from_str::<RemoteId>(text).ok());
    let finalizers = with_finalizer(resource);
    if is_there.as_ref() == Some(&remote) && annotations.get(CREATE).is_none() && finalizers.is_none() {
        return Ok(false);
    }
    let mut metadata = json!({"annotations": {REMOTE_ID: json!(remote).to_string(), CREATE: Value::Null}});
    if let Some(finalizers) = finalizers {
        metadata["finalizers"] = json!(finalizers);
    }
    failpoint::at(Point::Announced).await;
    let written = patch_metadata(&context.client, resource, metadata).await?;
    superseded(context, resource, &written);
    failpoint::at(Point::AnnotationsWritten).await;
    Ok(true)
}

/// Puts back what people stripped off a resource that lives: `kubectl replace` with a manifest from Git takes away finalizer
/// and annotations. Returns whether it wrote; then the watch brings the resource as it is now.
pub(super) async fn put_back(
    context: &Context,
    resource: &SimIntegration,
    recorded: &Recorded,
) -> Result<bool, kube::Error> {
    if settle_annotations(context, resource).await? {
        return Ok(true);
    }
    let Some(intent) = &recorded.intent else { return Ok(false) };
    let mut metadata = json!({});
    if Recorded::of(resource, &context.cluster).intent.is_none() {
        metadata["annotations"] = json!({CREATE: json!(intent).to_string()});
    }
    if let Some(finalizers) = with_finalizer(resource) {
        metadata["finalizers"] = json!(finalizers);
    }
    if metadata == json!({}) {
        return Ok(false);
    }
    tracing::info!(resource = resource_name(resource), "put back what was taken off an open create");
    let written = patch_metadata(&context.client, resource, metadata).await?;
    superseded(context, resource, &written);
    Ok(true)
}

fn is_creating_again(context: &Context, resource: &SimIntegration, id: &str) -> bool {
    let recorded = Recorded::of(resource, &context.cluster);
    recorded.intent.is_some_and(|intent| intent.replaces.as_deref() == Some(id))
}

/// The resource with our finalizer.
pub(super) async fn ensure_finalizer(
    context: &Context,
    resource: &SimIntegration,
) -> Result<SimIntegration, kube::Error> {
    let Some(finalizers) = with_finalizer(resource) else { return Ok(resource.clone()) };
    let written = patch_metadata(&context.client, resource, json!({"finalizers": finalizers})).await?;
    superseded(context, resource, &written);
    Ok(written)
}

/// Writes the id of what was just created, again and again until it is in: it is nowhere else. What no resource can hold
/// any more was made by this very call, and is removed.
pub(super) async fn must_land(
    context: &Context,
    scene: &Scene<'_>,
    mut resource: SimIntegration,
    findings: Findings,
) -> Pass {
    remember(context, scene.resource, |memory| {
        memory.superseded(&scene.resource.resource_version().unwrap_or_default());
        memory.succeeded();
    });
    loop {
        match write(context, &resource, &findings).await {
            Ok(written) => {
                let written = written.as_ref().unwrap_or(&resource);
                let settled = settle_annotations(context, written).await;
                if settled.is_ok() {
                    remember(context, written, Memory::landed);
                }
                return Pass::quiet(Outcome::Changed, settled.err().map(|error| again(&error)));
            }
            Err(error) if is_conflict(&error) || is_gone(&error) => {}
            Err(error) => {
                tracing::warn!(resource = resource_name(&resource), %error, "the new id is not written yet");
                sleep(LANDING_RETRY).await;
            }
        }
        match live(context, &resource).await {
            Ok(Some(now)) if may_still_take(&now, &findings) => {
                failpoint::at(Point::LandingAgain).await;
                resource = now;
            }
            Ok(_) => return duplicate::remove(context, scene, &findings).await,
            // Its whole kind is gone, so that Kubernetes does not even know the path.
            Err(error) if is_unknown_path(&error) && kind_is_gone(context).await => {
                return duplicate::remove(context, scene, &findings).await;
            }
            Err(error) => {
                tracing::warn!(resource = resource_name(&resource), %error, "Kubernetes does not answer");
                sleep(LANDING_RETRY).await;
            }
        }
    }
}

fn is_gone(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.is_not_found())
}

async fn kind_is_gone(context: &Context) -> bool {
    crd_is_terminating::<SimIntegration>(&context.client).await.unwrap_or(false)
}

fn is_unknown_path(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

/// The resource as it is now; `None` where it is gone or another of its name.
pub(super) async fn live(context: &Context, resource: &SimIntegration) -> Result<Option<SimIntegration>, kube::Error> {
    let found = received(&context.client, resource).get_opt(&resource.name_any()).await?;
    let found = found.map(|found| found.resource);
    Ok(found.filter(|found| found.uid() == resource.uid()))
}

/// No other id stands there, but for that of what is created again.
fn may_still_take(now: &SimIntegration, findings: &Findings) -> bool {
    let id = now.status.as_ref().and_then(|status| status.id.as_ref());
    let ours = findings.bound.as_ref().map(|bound| &bound.id);
    let recreated = findings.applied.as_ref().is_some_and(|applied| applied.change == Change::Recreated);
    id.is_none() || id == ours || recreated
}
