//! What people get to see of a reconcile beside the status: events, only on change; warnings, once; log and metrics.

use std::time::Duration;

use jiff::Timestamp;

use super::act::Applied;
use super::events::Severity;
use super::pass::remember;
use super::status::{Findings, Verdict};
use super::{Context, Memory, resource_name, tenant_key};
use crate::api::condition::{find, headline};
use crate::api::integration::{Cause, Sent};
use crate::api::{Annotations, ConditionType, Reason, SimIntegration, SimIntegrationStatus};
use crate::model::{Path, inline_secrets};

/// Publishes what changed: what was done in the tenant, and the verdict.
pub(super) async fn announce(
    context: &Context,
    resource: &SimIntegration,
    previous: &SimIntegrationStatus,
    status: &SimIntegrationStatus,
    findings: &Findings,
) {
    if let Some(applied) = &findings.applied {
        changed(context, resource, applied).await;
    }
    let (before, after) = (headline(&previous.conditions), headline(&status.conditions));
    if before == after {
        return;
    }
    let Some((reason, message)) = after else { return };
    let severity = match findings.verdict {
        Verdict::Stalled(..) => Severity::Warning,
        Verdict::Drifted(_) | Verdict::InOrder(_) | Verdict::Planned(_) | Verdict::Paused(_) | Verdict::Heals(..) => {
            Severity::Normal
        }
    };
    tracing::info!(resource = resource_name(resource), reason, message, "verdict");
    if findings.applied.is_some() && matches!(findings.verdict, Verdict::InOrder(_)) {
        // The event of the change has told it.
        return;
    }
    context.events.publish(resource, severity, &reason, "Reconcile", &message).await;
}

async fn changed(context: &Context, resource: &SimIntegration, applied: &Applied) {
    context.metrics.changed(applied.change, Some(applied.cause));
    let why = match applied.cause {
        Cause::Spec => "the spec moved",
        Cause::Drift => "somebody changed the tenant",
        Cause::Secret => "a Secret moved",
        Cause::Adoption => "adopted",
        Cause::Requested => "asked for by annotation",
    };
    let mut note = format!("{} in the tenant, as {why}", applied.id);
    if !applied.paths.is_empty() {
        note = format!("{note}: {}", applied.paths.join(", "));
    }
    if let Some(tracking_id) = &applied.tracking_id {
        note = format!("{note} (tracking id {tracking_id})");
    }
    let (action, cause) = (applied.change.as_str(), format!("{:?}", applied.cause));
    tracing::info!(resource = resource_name(resource), action, cause, note, "changed");
    context.events.publish(resource, Severity::Normal, action, &cause, &note).await;
}

/// Says once what the spec no longer names and leaves as it is.
pub(super) async fn released(context: &Context, resource: &SimIntegration, paths: &[Path]) {
    if paths.is_empty() {
        return;
    }
    let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
    let note =
        format!("no longer owned, and left as it is in the tenant: {}; to empty it write [] or {{}}", paths.join(", "));
    if remember(context, resource, |memory| memory.warn_once(&format!("{:?} {note}", resource.metadata.generation))) {
        context.events.publish(resource, Severity::Normal, "Released", "Reconcile", &note).await;
    }
}

/// Warns once of what is most likely a mistake.
pub(super) async fn warn(context: &Context, resource: &SimIntegration) {
    for key in Annotations::of(resource).unknown() {
        let note = format!("annotation {key} means nothing to this operator; is it misspelt?");
        warn_once(context, resource, "UnknownAnnotation", &note).await;
    }
    let inline = inline_secrets(&resource.spec);
    if !inline.is_empty() {
        let paths: Vec<String> = inline.iter().map(ToString::to_string).collect();
        let note = format!(
            "{} looks like a secret and stands in the spec; move it to a Secret and name it in attributesFrom",
            paths.join(", ")
        );
        warn_once(context, resource, "InlineSecret", &note).await;
    }
}

async fn warn_once(context: &Context, resource: &SimIntegration, reason: &str, note: &str) {
    if remember(context, resource, |memory: &mut Memory| memory.warn_once(note)) {
        context.events.publish(resource, Severity::Warning, reason, "Reconcile", note).await;
    }
}

/// The message of a resource that is in order.
pub(super) fn in_order(record: &Sent) -> String {
    let list = |paths: Vec<&String>| paths.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut message = "in order".to_owned();
    if !record.normalised.is_empty() {
        message = format!("{message}; normalised by the tenant: {}", list(record.normalised.keys().collect()));
    }
    if !record.unverified.is_empty() {
        let paths = list(record.unverified.iter().collect());
        message = format!(
            "{message}; not read back and never sent: {paths} (annotation simops.dev/correct-requested-at sends it)"
        );
    }
    message
}

/// Whether the status says already that a person must see to this.
pub(super) fn is_stalled_for(resource: &SimIntegration, reason: Reason) -> bool {
    resource.status.as_ref().is_some_and(|status| {
        find(&status.conditions, ConditionType::Stalled).is_some_and(|stalled| stalled.reason == reason.as_str())
    })
}

/// When a pause by annotation ends, or might be judged otherwise.
pub(super) fn next_pause_end(context: &Context, resource: &SimIntegration) -> Option<Duration> {
    let now = Timestamp::now();
    let tenant = tenant_key(resource, &context.config).and_then(|key| context.tenant(&key));
    let ends = [Some(Annotations::of(resource)), tenant.as_deref().map(Annotations::of)];
    let waits = ends.into_iter().flatten().map(|annotations| match annotations.paused_until(now) {
        Ok(until) => until.and_then(|until| Duration::try_from(until.duration_since(now)).ok()),
        Err(_) => Some(Duration::from_mins(10)),
    });
    waits.flatten().min().map(|wait| wait + Duration::from_millis(100))
}
