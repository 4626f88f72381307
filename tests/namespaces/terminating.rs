//! Worlds whose control plane can delete namespaces, and how a namespace goes.

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::operator::manifests::sim;
use crate::operator::world::{Setup, World};
use crate::support::control_plane;

/// The namespace controller looks again at what is left after 8 s, and later each time.
const LONGEST: Duration = Duration::from_mins(3);

/// A world whose namespaces can be deleted.
pub fn world() -> Setup {
    control_plane::with_controllers();
    World::like()
}

/// A world with `desk`, created, its log of calls empty.
pub async fn world_with_desk() -> World {
    let world = world().create().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    world.tenant.forget_calls().await;
    world
}

/// Somebody deletes a namespace, as `kubectl delete namespace` does.
pub async fn delete(world: &World, namespace: &str) {
    api(world).delete(namespace, &DeleteParams::default()).await.unwrap();
}

/// Waits until a namespace is no more; it shows what kept it.
pub async fn gone(world: &World, namespace: &str) {
    let deadline = Instant::now() + LONGEST;
    loop {
        let Some(now) = api(world).get_opt(namespace).await.unwrap() else { return };
        assert!(Instant::now() < deadline, "{namespace} is still there: {:#}", json!(now.status));
        sleep(Duration::from_millis(200)).await;
    }
}

fn api(world: &World) -> Api<Namespace> {
    Api::all(world.kubernetes.client.clone())
}
