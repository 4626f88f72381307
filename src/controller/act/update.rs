//! Change an integration by the smallest call, and record what the tenant now has.

use std::sync::Arc;

use tokio::time::Instant;

use super::secrets::Values;
use super::{Applied, Failure, Scene, body};
use crate::api::Mode;
use crate::controller::plan::{Call, Desired, Update, main_cause, would_lose};
use crate::controller::recorded::Recorded;
use crate::failpoint::{self, Point};
use crate::metrics::Change;
use crate::model::{Difference, Names, Path, Reading, Remote, Want, Wants, forget, note_normalised, record_want};
use crate::sailpoint::{Answer, Certainty, Class, Details, Error, ErrorKind, Integration, Terms};
use crate::tenants::Target;

/// Makes the update.
///
/// # Errors
/// As reading a Secret or the call failed. After an unanswered call the snapshot knows that this id must settle.
pub async fn update(
    scene: &Scene<'_>,
    desired: &Desired,
    recorded: &Recorded,
    update: &Update,
    names: &Names,
) -> Result<Applied, Failure> {
    let (connection, id) = (scene.connection, &update.remote.id);
    let _writer = scene.write().ok_or(Failure::Busy)?;
    let reservation = connection.org.reserve(Target::Id(id.clone()), &crate::controller::resource_name(scene.resource));
    let _reservation = reservation.map_err(Failure::Reserved)?;
    let mut wants = sent_wants(desired, update);
    let values = Values::read(scene, &mut wants).await?;
    let differences: Vec<Difference> = update.differences.iter().map(|one| with_versions(one, &wants)).collect();
    let prepared =
        Prepared { scene, desired, recorded, wants: &wants, names, values: &values, differences: &differences, update };
    match update.call {
        Call::Put => prepared.put().await,
        Call::Patch | Call::PatchRule => {
            let answer = prepared.patch().await.map_err(|error| prepared.failed(error))?;
            Ok(prepared.applied(answer, &wants))
        }
    }
}

/// The wants whose values are needed: of the differences, or all of them for a PUT.
fn sent_wants(desired: &Desired, update: &Update) -> Wants {
    let differ = |path: &Path| update.differences.iter().any(|one| one.path == *path && one.to.is_some());
    let all = desired.wants.clone().into_iter();
    all.filter(|(path, _)| update.call == Call::Put || differ(path)).collect()
}

fn with_versions(difference: &Difference, wants: &Wants) -> Difference {
    let to = difference.to.as_ref().and_then(|_| wants.get(&difference.path).cloned());
    Difference { to, ..difference.clone() }
}

struct Prepared<'a> {
    scene: &'a Scene<'a>,
    desired: &'a Desired,
    recorded: &'a Recorded,
    wants: &'a Wants,
    names: &'a Names,
    values: &'a Values,
    differences: &'a [Difference],
    update: &'a Update,
}

impl Prepared<'_> {
    async fn patch(&self) -> Result<Answer<Integration>, Error> {
        let (client, id) = (&self.scene.connection.client, &self.update.remote.id);
        let operations = body::operations(self.differences, &self.update.remote, self.names, self.values);
        let secrets = self.values.of(self.wants);
        let terms = Terms { secrets: &secrets, send_before: None };
        let slot = client.prepare(Class::Update).await?;
        failpoint::at(Point::BeforeUpdate).await;
        match self.update.call {
            Call::PatchRule => client.patch_before_provisioning_rule(slot, id, &operations, terms).await,
            Call::Patch | Call::Put => client.patch(slot, id, &operations, terms).await,
        }
    }

    /// PUT is built on a GET that starts after the plan, so that nothing is undone that somebody did since the list.
    async fn put(&self) -> Result<Applied, Failure> {
        let (client, id) = (&self.scene.connection.client, &self.update.remote.id);
        let slot = client.prepare(Class::Update).await?;
        failpoint::at(Point::BeforeUpdate).await;
        let read = client.get(slot, id).await.map_err(Failure::Unread)?;
        let integration = Arc::new(Integration { id: Some(id.clone()), ..read.value });
        let (base, wants) = match Remote::new(Arc::clone(&integration)) {
            Some(fresh) => (self.base(&fresh)?, self.overlay(&fresh)),
            None => (Details::default(), self.wants.clone()),
        };
        let details = body::details(base, &wants, self.names, self.values);
        let secrets = self.values.of(&wants);
        let slot = client.prepare(Class::Update).await?;
        failpoint::at(Point::ReadBeforePut).await;
        let put = client.put(slot, id, &details, Terms { secrets: &secrets, send_before: None }).await;
        let answer = put.map_err(|error| self.failed(error))?;
        Ok(self.applied(answer, &wants))
    }

    /// What is left as it is: all that was read but secrets, of which cipher-text or a mask was read.
    fn base(&self, fresh: &Remote) -> Result<Details, Failure> {
        let lost = self.lost(fresh);
        if !lost.is_empty() {
            return Err(Failure::WouldLose(lost));
        }
        let base = body::without_secrets(fresh.integration().clone().into_details(), fresh);
        Ok(body::without(body::with_ticket_fields(base), self.differences))
    }

    /// What a PUT lays over what was read: not the references that are in order, as their names were not looked up, and
    /// not the drift that mode Report leaves alone, from before the plan or since.
    fn overlay(&self, fresh: &Remote) -> Wants {
        let changes = |path: &Path| self.differences.iter().any(|one| one.path == *path);
        let left_alone = |path: &Path| self.update.comparison.differences.iter().any(|one| one.path == *path);
        let is_reference = |path: &Path| matches!(path, Path::Cluster | Path::Sources);
        let secrets = fresh.secret_looking();
        let is_in_base = |path: &Path, want: &Want| {
            let plain = matches!(want, Want::Plain(_)) && !secrets.iter().any(|secret| secret.overlaps(path));
            plain && self.desired.mode == Mode::Report && fresh.read(path) != Reading::Hidden
        };
        let keeps = |path: &Path, want: &Want| is_reference(path) || is_in_base(path, want) || left_alone(path);
        let wants = self.wants.clone().into_iter();
        wants.filter(|(path, want)| changes(path) || !keeps(path, want)).collect()
    }

    fn failed(&self, error: Error) -> Failure {
        let (connection, id) = (self.scene.connection, &self.update.remote.id);
        match error.certainty() {
            Certainty::Unknown => connection.org.update(|snapshot| snapshot.unanswered(id, Instant::now())),
            Certainty::Refused if self.update.call != Call::Put && self.is_patch_refusal(&error) => {
                for one in self.differences {
                    connection.refuses_patch(&one.path, self.update.remote.patch_pointer(&one.path).is_some());
                }
                return Failure::PatchRefused(error);
            }
            Certainty::Refused if error.kind() == ErrorKind::Refused => {
                for one in self.differences {
                    connection.takes_patch_again(&one.path);
                }
            }
            Certainty::Refused | Certainty::NotSent => {}
        }
        Failure::Remote(error)
    }

    /// A 403 on PATCH may mean that the operation or path is not allowed; a 400, that a secret is not there to be replaced,
    /// or that the tenant takes no bare array: a PUT tells, if it can lose nothing.
    fn is_patch_refusal(&self, error: &Error) -> bool {
        let hides = |one: &Difference| self.update.remote.patch_pointer(&one.path).is_none();
        match error.kind() {
            ErrorKind::Forbidden => true,
            ErrorKind::Refused if matches!(error.status(), Some(405 | 415)) => true,
            ErrorKind::Refused => self.differences.iter().any(hides) || self.lost(&self.update.remote).is_empty(),
            _ => false,
        }
    }

    fn lost(&self, remote: &Remote) -> Vec<String> {
        would_lose(self.desired, self.recorded, remote, self.differences, &self.update.comparison)
    }

    /// `wants` were sent.
    fn applied(&self, answer: Answer<Integration>, wants: &Wants) -> Applied {
        let id = self.update.remote.id.clone();
        let integration = Arc::new(Integration { id: Some(id.clone()), ..answer.value });
        self.scene.connection.org.update(|snapshot| snapshot.wrote(&integration, answer.answered));
        let mut sent = self.update.comparison.record.clone();
        for (path, want) in wants {
            record_want(path, want, &mut sent);
        }
        for difference in self.differences.iter().filter(|one| one.to.is_none()) {
            forget(&difference.path, &mut sent);
        }
        if let Some(remote) = Remote::new(integration) {
            // Of what was sent by this call only: the drift that mode Report leaves alone is none of the tenant's doing.
            note_normalised(wants, &remote, &mut sent);
        }
        Applied {
            id,
            change: Change::Updated,
            cause: main_cause(&self.update.differences),
            sent,
            paths: self.differences.iter().map(|one| one.path.to_string()).collect(),
            tracking_id: answer.tracking_id,
        }
    }
}
