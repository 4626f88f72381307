//! Operators that hold an election, and the Lease by which they do.

use std::process::ExitStatus;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::operator::world::{Setup, World};
use crate::support::wait::eventually;

/// The name of the Lease.
pub const LEASE: &str = "sim-operator";
/// How long a call to the tenant may take.
pub const REQUEST_LIMIT: Duration = Duration::from_secs(2);
/// What an operator says when it begins to lead.
pub const LEADS: &str = "leader: leads";
/// What it says when it has seen that it does not.
pub const STANDS_BY: &str = "leader: another leads";

/// How long the Lease lasts.
#[derive(Clone, Copy)]
pub enum Lasts {
    /// So long that a test fails that waits for its end.
    Minutes,
    /// As short as a busy machine bears.
    Seconds,
}

impl Lasts {
    /// What stands in the Lease.
    pub fn duration(self) -> Duration {
        match self {
            Self::Minutes => Duration::from_mins(3),
            Self::Seconds => Duration::from_secs(8),
        }
    }
}

/// A world whose operators hold an election; the first of them runs.
pub fn electing(lasts: Lasts) -> Setup {
    World::like()
        .flag("--leader-elect", "true")
        .flag("--lease-duration", &format!("{}s", lasts.duration().as_secs()))
        .flag("--lease-renew", "500ms")
        .flag("--request-limit", &format!("{}s", REQUEST_LIMIT.as_secs()))
}

/// Waits until the first operator leads, then starts the second and waits until it stands by.
pub async fn joined_by_a_follower(world: &mut World) {
    world.replica(0).says(LEADS).await;
    world.start_operator();
    world.replica(1).says(STANDS_BY).await;
}

/// Waits until an operator ends because it lost the Lease, for this reason.
pub async fn loses_it(world: &mut World, number: usize, why: &str) {
    let line = world.replica(number).says("this process ends").await;
    assert!(line.contains(why), "{line}");
    assert_eq!(world.replica(number).exits().await.code(), Some(1));
    let complaint = world.replica(number).says("sim-operator: the Lease ").await;
    assert!(complaint.contains(why), "{complaint}");
}

/// What an operator says of itself in the Lease.
pub fn identity(world: &mut World, number: usize) -> String {
    let line = world.replica(number).lines_with("identity=").remove(0);
    line.split("identity=").nth(1).unwrap().split_whitespace().next().unwrap().trim_matches('"').to_owned()
}

/// The spec of the Lease.
pub async fn lease(world: &World) -> Value {
    let lease = world.kubernetes.api::<Lease>().get(LEASE).await.unwrap();
    json!(lease.spec)
}

/// When its holder last said that it renewed it.
pub async fn renewed(world: &World) -> Timestamp {
    lease(world).await["renewTime"].as_str().unwrap().parse().unwrap()
}

/// Who holds the Lease, if it is there.
pub async fn holder(world: &World) -> Option<String> {
    let all = world.kubernetes.api::<Lease>().list(&ListParams::default()).await.unwrap();
    all.items.into_iter().next()?.spec?.holder_identity
}

/// Waits until the Lease was renewed, or taken, once more.
pub async fn is_renewed_again(world: &World) {
    let before = renewed(world).await;
    eventually("the Lease is renewed", async || {
        let now = renewed(world).await;
        if now > before { Ok(()) } else { Err(now) }
    })
    .await;
}

/// The value of a metric that has no labels.
pub async fn metric(world: &World, number: usize, name: &str) -> String {
    let text = world.served(number, "metrics").await;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")).map(str::to_owned));
    line.unwrap_or_else(|| panic!("no {name} in\n{text}"))
}

/// Asserts that a process ended as it was told to.
pub fn assert_ended_well(status: ExitStatus) {
    assert!(status.success(), "{status}");
}
