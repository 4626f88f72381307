//! What waits wakes nobody who waits, too: each list wakes all, so two that asked for a new one each time would keep the tenant
//! busy without end.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};

use super::manifests::{bare_sim, made_in_the_ui};
use super::mishaps::{ALL, ONE, answer, once, times};
use super::world::World;
use crate::support::simulator::Action;

/// How long they are watched.
const WATCHED: Duration = Duration::from_secs(6);
/// Three resources that ask again after 1, 2 and 4 s, at most four calls each time. Without restraint they spend all that their
/// tenant's share allows, which is twice as much.
const MOST: usize = 40;

const DESKS: [&str; 3] = ["one", "two", "three"];

/// No list but for those who ask for one.
async fn patient() -> World {
    let world = World::like()
        .flag("--settle", "1h")
        .flag("--request-limit", "1s")
        .flag("--backoff-min", "1s")
        .flag("--backoff-max", "1h")
        .flag("--reference-grace", "1h")
        .tenant_spec(json!({"resyncInterval": "1h"}))
        .create()
        .await;
    world.tenants.ready("acme").await;
    world
}

/// Applies the desks, waits until each is held up by this, and watches them.
async fn watch(world: &World, spec: Value, reason: &str, with: &str) {
    for desk in DESKS {
        world.sims.apply(&bare_sim(desk).with(spec.clone())).await;
    }
    for desk in DESKS {
        world.sims.until(desk, &format!("waits for {reason}"), |now| now.is_held_up(reason, with)).await;
    }
    world.tenant.forget_calls().await;
    tokio::time::sleep(WATCHED).await;
    let calls: Vec<String> =
        world.tenant.calls().await.into_iter().map(|call| format!("{} {}", call.method, call.path)).collect();
    assert!(calls.len() <= MOST, "{} calls: {calls:#?}", calls.len());
}

#[tokio::test]
async fn open_creates_ask_for_no_list_because_of_one_another() {
    let world = patient().await;
    world.tenant.inject(&times(None, "POST", ALL, Action::CutBefore {})).await;
    watch(&world, json!({}), "CreateUnresolved", "Reconciling").await;
    world.close().await;
}

#[tokio::test]
async fn references_that_are_missing_are_looked_up_for_nobody_else() {
    let world = patient().await;
    watch(&world, json!({"sources": [{"name": "Nowhere"}]}), "ReferenceNotFound", "Reconciling").await;
    world.close().await;
}

#[tokio::test]
async fn who_is_stalled_takes_what_becomes_free_all_the_same() {
    let world = patient().await;
    world.sims.apply(&bare_sim("one")).await;
    world.sims.ready("one").await;
    world.sims.apply(&bare_sim("two").with(json!({"name": "one"}))).await;
    world.sims.stalled("two", "Conflict").await;
    world.sims.delete("one").await;
    world.sims.ready("two").await;
    world.close().await;
}

#[rstest]
#[case::refuses_for_now(503)]
#[case::knows_none_of_them(404)]
#[tokio::test]
async fn deletions_that_fail_list_no_more_than_they_try(#[case] status: u16) {
    let world = patient().await;
    for desk in DESKS {
        world.sims.apply(&bare_sim(desk)).await;
        world.sims.ready(desk).await;
    }
    world.tenant.inject(&times(None, "DELETE", ONE, answer(status))).await;
    for desk in DESKS {
        world.sims.delete(desk).await;
    }
    world.until_writes(DESKS.len() * 2).await;
    world.tenant.forget_calls().await;
    tokio::time::sleep(WATCHED).await;
    let calls = world.tenant.calls().await.len();
    assert!(calls <= MOST, "{calls} calls");
    world.tenant.clear_faults().await;
    for desk in DESKS {
        world.sims.gone(desk).await;
    }
    world.close().await;
}

#[tokio::test]
async fn what_a_person_must_tell_is_not_looked_for_again_and_again() {
    let world = patient().await;
    for desk in DESKS {
        world.tenant.inject(&once("POST", ALL, Action::HoldBefore {})).await;
        world.sims.apply(&bare_sim(desk)).await;
    }
    for desk in DESKS {
        world.sims.reconciling(desk, "CreateUnresolved").await;
        let mut twin = made_in_the_ui(desk);
        twin["description"] = json!("a stranger's");
        world.tenant.create_in_ui(&twin).await;
    }
    world.tenant.release().await;
    watch(&world, json!({}), "AmbiguousCreate", "Stalled").await;
    world.close().await;
}
