//! One test at a time, and how definitions go and come back.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use crate::operator::manifests::bare_sim;
use crate::operator::world::World;
use crate::support::control_plane::kubectl;
use crate::support::crds::FOLDER;

static ALONE: Mutex<()> = Mutex::const_new(());

/// The definition of integrations.
pub const INTEGRATIONS: &str = "simintegrations.simops.dev";
/// The definition of tenants.
pub const TENANTS: &str = "sailpointtenants.simops.dev";

/// Waits until no other test runs, with both definitions in place and nothing of the other tests left: their operators have
/// ended, and what they kept would keep a definition from going.
pub async fn alone() -> MutexGuard<'static, ()> {
    let alone = ALONE.lock().await;
    install();
    let each = "{range .items[*]}{.kind} {.metadata.namespace} {.metadata.name}{\"\\n\"}{end}";
    let left = kubectl(&["get", "sim,spt", "-A", "-o", &format!("jsonpath={each}")]).unwrap();
    for resource in left.lines() {
        let [kind, namespace, name] = resource.split(' ').collect::<Vec<_>>()[..] else { panic!("{left}") };
        let none = "{\"metadata\": {\"finalizers\": null}}";
        kubectl(&["patch", kind, "-n", namespace, name, "--type=merge", "-p", none]).unwrap();
        kubectl(&["delete", kind, "-n", namespace, name, "--ignore-not-found"]).unwrap();
    }
    alone
}

/// Somebody applies both definitions and waits until they are served.
pub fn install() {
    kubectl(&["apply", "--server-side", "-f", FOLDER]).unwrap();
    kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "-f", FOLDER]).unwrap();
}

/// Somebody deletes definitions, and does not wait until they are gone.
pub fn delete(definitions: &[&str]) {
    kubectl(&[&["delete", "crd", "--wait=false"], definitions].concat()).unwrap();
}

/// Waits until definitions are gone.
pub fn gone(definitions: &[&str]) {
    let names: Vec<String> = definitions.iter().map(|name| format!("crd/{name}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    kubectl(&[&["wait", "--for=delete", "--timeout=60s"], names.as_slice()].concat()).unwrap();
}

/// A world with these integrations, created, its log of calls empty. What failed by the missing definitions is tried again
/// within seconds.
pub async fn world_with(names: &[&str]) -> World {
    let world = World::like().flag("--settle", "20s").create().await;
    for name in names {
        world.sims.apply(&bare_sim(name)).await;
        world.sims.ready(name).await;
    }
    world.tenant.forget_calls().await;
    world
}

/// How long a watch of a kind that is not there waits at most before it looks again, with room.
pub const WATCH_BACKOFF: Duration = Duration::from_secs(45);
