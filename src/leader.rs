//! Who works: of all processes that run, the one that holds the Lease. The others follow: warm, ready, and silent.
//!
//! Its holder may write to tenants until the *start* of its last answered renewal plus the lease's duration, less what a call
//! may take: all that it sent has ended when another begins. Nobody tells it of a loss while the API server is away, so it
//! ends itself at that time; and at once when somebody else holds the Lease. When another may take it stands in `record`.
//!
//! By hand, as the one crate on this kube (kube-lease-manager 0.13) tells nobody when its last answered renewal started, is
//! silent while the API server is away, compares another's clock with ours, and sees a released Lease only when the time of
//! its former holder is over.
//!
//! Not here: what a process does that leads, and what is sent. `controller` asks [`Leadership`], `sailpoint` the
//! [`WriteDeadline`].

mod leadership;
mod lease;
mod record;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use k8s_openapi::api::coordination::v1::LeaseSpec;
use kube::{Api, Client};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::config;
use crate::metrics::Metrics;
use crate::sailpoint::WriteDeadline;
pub use leadership::Leadership;
use leadership::Standing;
use lease::{Held, LeaseApi, Renewal};
use record::{Sightings, holder};

/// How often a follower looks, at least: so soon it takes over what was released.
const LOOK: Duration = Duration::from_secs(1);
/// What to do where that is not allowed.
const RIGHTS: &str =
    "grant get, update and create on Leases in that namespace (deploy/rbac.yaml), or set --leader-elect=false";
/// How long giving the Lease back may take.
const RELEASE: Duration = Duration::from_secs(3);

/// The lease was lost: this process must end, as another may work by now.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// Somebody else holds it.
    #[error("the Lease {lease} was taken: {by} holds it now")]
    Taken {
        /// `namespace/name` of the Lease.
        lease: String,
        /// Its holder.
        by: String,
    },
    /// It was not renewed in time.
    #[error("the Lease {lease} was not renewed in time: {why}")]
    Late {
        /// `namespace/name` of the Lease.
        lease: String,
        /// How the last attempt ended.
        why: String,
    },
}

/// One process in the election.
pub struct Candidate {
    lease: LeaseApi,
    /// `namespace/name` of the Lease.
    name: String,
    /// How often it is renewed.
    interval: Duration,
    /// How long a call to a tenant may take.
    request_limit: Duration,
    standing: watch::Sender<Standing>,
    write_deadline: WriteDeadline,
    metrics: Metrics,
    sightings: Sightings,
    /// What was last said of a holder or of trouble, so that it is said once.
    said: String,
}

impl Candidate {
    /// For the Lease that `election` names, in `namespace` if it names none.
    #[must_use]
    pub fn new(
        client: Client,
        namespace: &str,
        election: &config::Election,
        request_limit: Duration,
        metrics: Metrics,
    ) -> Self {
        let namespace = election.namespace.as_deref().unwrap_or(namespace);
        let write_deadline = WriteDeadline::unlimited();
        write_deadline.close();
        Self {
            lease: LeaseApi {
                api: Api::namespaced(client, namespace),
                name: election.name.clone(),
                identity: identity(),
                duration: election.duration,
            },
            name: format!("{namespace}/{}", election.name),
            interval: election.renew,
            request_limit,
            standing: watch::Sender::new(Standing::Follows),
            write_deadline,
            metrics,
            sightings: Sightings::default(),
            said: String::new(),
        }
    }

    /// What the rest of the process asks.
    #[must_use]
    pub fn leadership(&self) -> Leadership {
        Leadership { standing: self.standing.subscribe(), write_deadline: self.write_deadline.clone() }
    }

    /// Follows until the Lease is free or `stopping`; leads until `worked_out`, then gives it back. `seen` is called when the
    /// Lease could be looked at.
    ///
    /// # Errors
    /// [`Lost`]: the process must end.
    pub async fn run(
        mut self,
        mut stopping: watch::Receiver<bool>,
        mut worked_out: watch::Receiver<bool>,
        seen: impl FnOnce(),
    ) -> Result<(), Lost> {
        let identity = self.lease.identity.clone();
        tracing::info!(lease = self.name, identity, "follows");
        let Some(held) = self.win(&mut stopping, seen).await else {
            self.end();
            return Ok(());
        };
        self.begin(&held);
        tracing::info!(lease = self.name, identity, "leads");
        let kept = self.keep(held, &mut worked_out).await;
        self.end();
        match kept {
            Ok(held) => self.give_back(held).await,
            Err(lost) => {
                tracing::error!(identity, "{lost}; this process ends");
                return Err(lost);
            }
        }
        Ok(())
    }

    fn begin(&self, held: &Held) {
        self.write_deadline.move_to(self.sure_until(held));
        self.metrics.leads(true);
        self.standing.send_replace(Standing::Leads);
    }

    fn end(&self) {
        self.write_deadline.close();
        self.metrics.leads(false);
        self.standing.send_replace(Standing::Ended);
    }

    /// How long after a renewal a call to a tenant may begin: it has ended when another process may take the Lease.
    fn term(&self) -> Duration {
        self.lease.duration.saturating_sub(self.request_limit)
    }

    fn sure_until(&self, held: &Held) -> Instant {
        held.since + self.term()
    }

    /// How long one attempt may take, so that a connection that went silent does not use up the time for all.
    fn attempt(&self) -> Duration {
        self.interval.max(self.term() / 3)
    }

    /// Waits for the Lease to be free and takes it; `None` if the process is to end before.
    async fn win(&mut self, stopping: &mut watch::Receiver<bool>, seen: impl FnOnce()) -> Option<Held> {
        let mut seen = Some(seen);
        while !*stopping.borrow() {
            // What was begun is finished before the end is heard: a Lease that was taken is given back.
            match in_words(timeout(self.attempt(), self.stand()).await) {
                Ok(won) => {
                    seen.take().into_iter().for_each(|seen| seen());
                    if won.is_some() {
                        return won;
                    }
                }
                Err(why) if self.is_news(&why) => tracing::warn!(lease = self.name, why, "cannot stand for election"),
                Err(_) => {}
            }
            // An error means that whoever would tell has gone: that is the end as well.
            let told = timeout(LOOK.min(self.interval), stopping.wait_for(|stop| *stop)).await;
            if told.is_ok() {
                break;
            }
        }
        None
    }

    /// Whether these words are others than the last.
    fn is_news(&mut self, words: &str) -> bool {
        let is_news = self.said != words;
        words.clone_into(&mut self.said);
        is_news
    }

    /// Looks at the Lease, and takes it if that is allowed.
    async fn stand(&mut self) -> Result<Option<Held>, kube::Error> {
        let found = self.lease.look().await?;
        let (empty, now) = (LeaseSpec::default(), Instant::now());
        self.sightings.see(found.as_ref().map(|lease| lease.spec.as_ref().unwrap_or(&empty)), now);
        let is_ours = found.as_ref().is_some_and(|lease| self.lease.is_ours(lease));
        if !is_ours && self.sightings.held_until(self.lease.duration).is_some_and(|until| now < until) {
            let holder = found.as_ref().and_then(holder).unwrap_or("nobody (changed by hand)");
            if self.is_news(holder) {
                tracing::info!(lease = self.name, holder, "another leads");
            }
            return Ok(None);
        }
        match self.lease.take(found).await {
            Ok(held) => Ok(Some(held)),
            // Somebody was quicker: the next look tells who.
            Err(kube::Error::Api(status)) if status.is_conflict() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Renews the Lease until the work is done.
    async fn keep(&self, mut held: Held, worked_out: &mut watch::Receiver<bool>) -> Result<Held, Lost> {
        loop {
            tokio::select! {
                biased;
                _ = worked_out.wait_for(|out| *out) => return Ok(held),
                () = sleep_until(held.since + self.interval) => {}
            }
            held = self.renew(held).await?;
            self.write_deadline.move_to(self.sure_until(&held));
        }
    }

    /// Tries until it is renewed or it is too late.
    async fn renew(&self, mut held: Held) -> Result<Held, Lost> {
        let end = self.sure_until(&held);
        let mut why = "this process did not run for so long".to_owned();
        while Instant::now() < end {
            let limit = end.min(Instant::now() + self.attempt());
            match in_words(timeout_at(limit, self.lease.renew(&held)).await) {
                Ok(Renewal::Renewed(held)) => return Ok(held),
                Ok(Renewal::Changed(now)) => held = now,
                Ok(Renewal::Taken(by)) => return Err(Lost::Taken { lease: self.name.clone(), by }),
                Err(words) => {
                    tracing::warn!(lease = self.name, why = words, "the Lease is not renewed yet");
                    why = words;
                    sleep_until(end.min(Instant::now() + LOOK.min(self.interval))).await;
                }
            }
        }
        Err(Lost::Late { lease: self.name.clone(), why })
    }

    async fn give_back(&self, held: Held) {
        match in_words(timeout(RELEASE, self.lease.release(held)).await) {
            Ok(()) => tracing::info!(lease = self.name, "released"),
            Err(why) => tracing::warn!(lease = self.name, why, "not released: it ends by itself"),
        }
    }
}

/// What came of an attempt, or why nothing did.
fn in_words<T, E>(attempt: Result<Result<T, kube::Error>, E>) -> Result<T, String> {
    match attempt {
        Ok(Err(kube::Error::Api(status))) if status.is_forbidden() => Err(format!("{}; {RIGHTS}", status.message)),
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("no answer".to_owned()),
    }
}

/// The pod, and what tells this process from the one that had the same name before it.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "sim-operator".to_owned());
    format!("{host}_{:016x}", RandomState::new().build_hasher().finish())
}
