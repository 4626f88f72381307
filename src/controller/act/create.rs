//! Create, so that there is never a second one: the intent is written first, the POST follows at once, and an answer that
//! never came leaves the intent open.

use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt as _;
use serde_json::json;
use tokio::time::Instant;

use super::secrets::Values;
use super::{Applied, Failure, Scene, body};
use crate::api::SimIntegration;
use crate::api::annotations::{CREATE, CreateIntent};
use crate::api::integration::{Cause, Sent};
use crate::controller::kubernetes::{patch_metadata, with_finalizer};
use crate::controller::plan::Desired;
use crate::controller::recorded::written_for;
use crate::controller::resource_name;
use crate::failpoint::{self, Point};
use crate::metrics::Change;
use crate::model::{Names, Remote, Wants, loose_digests, note_normalised, record_want};
use crate::sailpoint::snapshot::Snapshot;
use crate::sailpoint::{Certainty, Class, Details, Terms};
use crate::tenants::{Reservation, Target};

/// An intent that is older than this when its POST would leave is not sent at all.
const SEND_WITHIN: Duration = Duration::from_secs(5);

/// What to create, beside what is desired.
pub struct Creation<'a> {
    /// The ids of names.
    pub names: &'a Names,
    /// The tenant's clock when the name was seen to be free.
    pub since: Option<Timestamp>,
    /// The id of what is gone.
    pub replaces: Option<String>,
}

/// What came of a create, and the resource as it stands after the intent was written.
pub struct Created {
    /// The resource with the intent, which the status must be written to.
    pub resource: SimIntegration,
    /// The intent that was written; it is closed where nothing was created.
    pub intent: CreateIntent,
    /// What was created, or why it was not; `None` where the answer had no id, so that it must be looked for.
    pub result: Result<Option<Applied>, Failure>,
    /// The name is taken until the id stands in the status.
    pub reservation: Reservation,
}

/// Writes the intent, then creates.
///
/// # Errors
/// If nothing was sent and no intent was left behind. What happens after the intent is in [`Created::result`].
pub async fn create(scene: &Scene<'_>, desired: &Desired, creation: Creation<'_>) -> Result<Created, Failure> {
    let connection = scene.connection;
    let reservation = connection.org.reserve(Target::Name(desired.name.clone()), &resource_name(scene.resource));
    let reservation = reservation.map_err(Failure::Reserved)?;
    let _writer = scene.write().ok_or(Failure::Busy)?;
    let mut wants = desired.wants.clone();
    let values = Values::read(scene, &mut wants).await?;
    let details = body::details(Details::default(), &wants, creation.names, &values);
    let slot = connection.client.prepare(Class::Create).await?;
    failpoint::at(Point::BeforeIntent).await;
    let (resource, intent) = write_intent(scene, &desired.name, &wants, &creation).await?;
    let send_before = Instant::now() + SEND_WITHIN;
    failpoint::at(Point::IntentWritten).await;
    let secrets = values.of(&wants);
    let terms = Terms { secrets: &secrets, send_before: Some(send_before) };
    let change = if creation.replaces.is_some() { Change::Recreated } else { Change::Created };
    let mark = connection.org.read(Snapshot::mark);
    let result = match connection.client.create(slot, &details, terms).await {
        Ok(answer) => {
            let applied = bound(scene, &wants, change, mark, answer);
            failpoint::at(Point::Created).await;
            Ok(applied)
        }
        Err(error) if error.certainty() == Certainty::Unknown => {
            failpoint::at(Point::CreateUnanswered).await;
            Err(Failure::Remote(error))
        }
        Err(error) => {
            failpoint::at(Point::CreateRefused).await;
            let resource = close_intent(scene, &resource).await?;
            failpoint::at(Point::IntentClosed).await;
            return Ok(Created { resource, intent, result: Err(Failure::Remote(error)), reservation });
        }
    };
    Ok(Created { resource, intent, result, reservation })
}

async fn write_intent(
    scene: &Scene<'_>,
    name: &str,
    wants: &Wants,
    creation: &Creation<'_>,
) -> Result<(SimIntegration, CreateIntent), kube::Error> {
    let sent = record(wants);
    let visible = body::visible(wants, creation.names);
    let intent = CreateIntent {
        nonce: nonce(scene),
        written_for: written_for(scene.resource, scene.cluster),
        org: scene.connection.org.name.clone(),
        name: name.to_owned(),
        since: creation.since,
        digest: loose_digests(visible.iter().map(|(path, value)| (*path, value))),
        paths: sent.paths,
        secrets: sent.secrets,
        replaces: creation.replaces.clone(),
    };
    let mut metadata = json!({"annotations": {CREATE: json!(intent).to_string()}});
    if let Some(finalizers) = with_finalizer(scene.resource) {
        metadata["finalizers"] = json!(finalizers);
    }
    Ok((patch_metadata(scene.client, scene.resource, metadata).await?, intent))
}

/// The version that the intent replaces happens once: with the uid it tells this create from every other.
fn nonce(scene: &Scene<'_>) -> String {
    format!("{}-{}", scene.resource.uid().unwrap_or_default(), scene.resource.resource_version().unwrap_or_default())
}

/// Nothing was created: the intent goes.
async fn close_intent(scene: &Scene<'_>, resource: &SimIntegration) -> Result<SimIntegration, kube::Error> {
    patch_metadata(scene.client, resource, json!({"annotations": {CREATE: null}})).await
}

fn record(wants: &Wants) -> Sent {
    let mut sent = Sent::default();
    for (path, want) in wants {
        record_want(path, want, &mut sent);
    }
    sent
}

fn bound(
    scene: &Scene<'_>,
    wants: &Wants,
    change: Change,
    mark: u64,
    answer: crate::sailpoint::Answer<crate::sailpoint::Integration>,
) -> Option<Applied> {
    let integration = std::sync::Arc::new(answer.value);
    let remote = Remote::new(std::sync::Arc::clone(&integration))?;
    // An answer that names what was there before is none to this create: it would make us own what is not ours.
    if scene.connection.org.read(|snapshot| snapshot.was_known(&remote.id, mark)) {
        tracing::warn!(
            resource = resource_name(scene.resource),
            id = remote.id,
            "the answer to a create names what was there before"
        );
        return None;
    }
    scene.connection.org.update(|snapshot| snapshot.wrote(&integration, answer.answered));
    let mut sent = record(wants);
    note_normalised(wants, &remote, &mut sent);
    Some(Applied {
        id: remote.id,
        change,
        cause: if change == Change::Recreated { Cause::Drift } else { Cause::Spec },
        sent,
        paths: wants.keys().map(ToString::to_string).collect(),
        tracking_id: answer.tracking_id,
    })
}
