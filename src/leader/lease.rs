//! Reads and writes of the one Lease: each write is refused (409) if anybody has written it since it was read.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Api;
use kube::api::PostParams;
use tokio::time::Instant;

use super::record::{holder, released, renewed, taken};

/// The Lease in Kubernetes, and who we are.
pub(super) struct LeaseApi {
    pub(super) api: Api<Lease>,
    pub(super) name: String,
    pub(super) identity: String,
    pub(super) duration: Duration,
}

/// The Lease as we last wrote it.
pub(super) struct Held {
    lease: Lease,
    /// Just before that was sent.
    pub(super) since: Instant,
}

/// What came of a renewal.
pub(super) enum Renewal {
    /// It is ours for another term.
    Renewed(Held),
    /// It had been changed, but is ours still: to be tried again.
    Changed(Held),
    /// It is somebody else's.
    Taken(String),
}

impl LeaseApi {
    /// How it is now.
    pub(super) async fn look(&self) -> Result<Option<Lease>, kube::Error> {
        self.api.get_opt(&self.name).await
    }

    /// Whether we hold this.
    pub(super) fn is_ours(&self, lease: &Lease) -> bool {
        holder(lease) == Some(&self.identity)
    }

    /// Takes what was found, or makes it.
    pub(super) async fn take(&self, found: Option<Lease>) -> Result<Held, kube::Error> {
        let since = Instant::now();
        let record = |before| Some(taken(before, &self.identity, self.duration, Timestamp::now()));
        let lease = if let Some(lease) = found {
            self.write(Lease { spec: record(lease.spec.clone()), ..lease }).await?
        } else {
            let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
            self.api.create(&PostParams::default(), &Lease { metadata, spec: record(None) }).await?
        };
        Ok(Held { lease, since })
    }

    /// Renews what we hold. Without an answer it is as it was, or renewed: the next attempt tells.
    pub(super) async fn renew(&self, held: &Held) -> Result<Renewal, kube::Error> {
        let since = Instant::now();
        let record = renewed(held.lease.spec.clone(), self.duration, Timestamp::now());
        match self.write(Lease { spec: Some(record), ..held.lease.clone() }).await {
            Err(error) if is_stale(&error) => {}
            result => return Ok(Renewal::Renewed(Held { lease: result?, since })),
        }
        match self.look().await? {
            Some(lease) if self.is_ours(&lease) => Ok(Renewal::Changed(Held { lease, since: held.since })),
            Some(lease) => Ok(Renewal::Taken(holder(&lease).unwrap_or("nobody").to_owned())),
            // Whoever has seen our record waits for its end, and who has not would have made another.
            None => {
                tracing::warn!(name = self.name, "the Lease was deleted; it is made anew");
                Ok(Renewal::Renewed(self.take(None).await?))
            }
        }
    }

    /// Gives back what we hold.
    pub(super) async fn release(&self, held: Held) -> Result<(), kube::Error> {
        let mut lease = held.lease;
        loop {
            match self.write(Lease { spec: Some(released(lease.spec.clone())), ..lease }).await {
                Err(error) if is_stale(&error) => {}
                result => return result.map(drop),
            }
            match self.look().await? {
                Some(now) if self.is_ours(&now) => lease = now,
                _ => return Ok(()),
            }
        }
    }

    async fn write(&self, lease: Lease) -> Result<Lease, kube::Error> {
        self.api.replace(&self.name, &PostParams::default(), &lease).await
    }
}

/// Somebody wrote or deleted it since it was read.
fn is_stale(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.is_conflict() || status.is_not_found())
}
