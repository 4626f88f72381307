//! It cannot end by itself: one condition says why and names the way out, and nothing is done meanwhile in vain.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::operator::manifests::{bare_sim, sim};
use crate::operator::mishaps::{ALL, ONE, answer, once, times};
use crate::operator::resources::Seen;
use crate::operator::world::World;
use crate::operator::writes::lines;
use crate::support::simulator::Action;
use crate::support::wait::eventually;
use crate::terminating::{delete, gone, world, world_with_desk};

/// Whether it is being deleted, and stalled for this reason with the way out in its message.
fn is_stalled_by(reason: &str) -> impl Fn(&Seen) -> bool {
    let reason = reason.to_owned();
    move |now: &Seen| {
        let is_leaving = !now["metadata"]["deletionTimestamp"].is_null();
        is_leaving && now.is_held_up(&reason, "Stalled") && now.message().contains("simops.dev/force-orphan")
    }
}

/// How many reconciles there were of both kinds since the operator started.
async fn reconciles(world: &World) -> u64 {
    let metrics = world.metrics().await;
    let counts = metrics.lines().filter_map(|line| line.strip_prefix("sim_operator_reconcile_seconds_count"));
    counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// What waits for a person makes no noise: a few looks each time the tenant is tried (every second here), and no write.
async fn assert_it_waits_quietly(world: &World) {
    let (before, calls) = (reconciles(world).await, world.writes().await.len());
    sleep(Duration::from_secs(5)).await;
    let made = reconciles(world).await - before;
    assert!(made <= 60, "{made} reconciles in about five seconds");
    assert_eq!(world.writes().await.len(), calls);
}

#[tokio::test]
async fn without_secret_and_token_force_orphan_frees_it() {
    let world = world_with_desk().await;
    world.tenant.revoke_tokens().await;
    world.delete_secret("acme-sailpoint").await;

    delete(&world, &world.kubernetes.namespace).await;
    world.sims.until("desk", "says what it needs", is_stalled_by("CredentialsGone")).await;
    let holder = format!("{}/desk", world.kubernetes.namespace);
    let names_it = |now: &Seen| now.message().contains(&holder) && now.message().contains("simops.dev/force-orphan");
    world.tenants.until("acme", "says who holds it", names_it).await;
    assert_it_waits_quietly(&world).await;

    world.sims.annotate("desk", "simops.dev/force-orphan", "true").await;
    gone(&world, &world.kubernetes.namespace).await;

    // A namespace that is being deleted takes no event: the log and a number tell instead.
    assert!(world.metrics().await.contains("sim_operator_let_go_total{reason=\"ForceOrphan\"} 1"));
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn a_restarted_operator_that_finds_no_secret_says_so_and_force_orphan_frees_it() {
    let mut world = world_with_desk().await;
    world.kill_operators();
    world.delete_secret("acme-sailpoint").await;
    delete(&world, &world.kubernetes.namespace).await;
    world.start_operator();

    world.sims.until("desk", "says what it needs", is_stalled_by("CredentialsGone")).await;
    assert_it_waits_quietly(&world).await;
    world.sims.annotate("desk", "simops.dev/force-orphan", "true").await;
    gone(&world, &world.kubernetes.namespace).await;

    assert_eq!(world.tenant.integrations().await.len(), 1);
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn an_open_create_without_secret_and_token_says_so_as_well() {
    let mut world = world().flag("--settle", "1m").create().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::CutBefore {})).await;
    world.sims.apply(&bare_sim("desk")).await;
    world.sims.reconciling("desk", "CreateUnresolved").await;
    world.kill_operators();
    world.delete_secret("acme-sailpoint").await;
    delete(&world, &world.kubernetes.namespace).await;
    world.start_operator();

    world.sims.until("desk", "says what it needs", is_stalled_by("CredentialsGone")).await;
    world.sims.annotate("desk", "simops.dev/force-orphan", "true").await;
    gone(&world, &world.kubernetes.namespace).await;

    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn with_the_tenant_gone_by_force_its_integrations_say_so_and_can_be_freed() {
    let world = world_with_desk().await;
    world.tenants.delete("acme").await;
    world.tenants.annotate("acme", "simops.dev/force-orphan", "true").await;
    world.tenants.gone("acme").await;
    delete(&world, &world.kubernetes.namespace).await;

    world.sims.until("desk", "says what it needs", is_stalled_by("TenantMissing")).await;
    assert_it_waits_quietly(&world).await;
    world.sims.annotate("desk", "simops.dev/force-orphan", "true").await;
    gone(&world, &world.kubernetes.namespace).await;

    assert_eq!(world.tenant.integrations().await.len(), 1);
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn what_is_paused_waits_and_says_so_and_all_else_goes() {
    let world = world().create().await;
    let paused = json!({"policy": {"mode": "Paused"}});
    for name in ["paused", "other"] {
        world.sims.apply(&bare_sim(name)).await;
        world.sims.ready(name).await;
    }
    world.sims.apply(&bare_sim("paused").with(paused)).await;
    world.sims.until("paused", "is paused", |now| now.is("Paused")).await;
    world.tenant.forget_calls().await;

    delete(&world, &world.kubernetes.namespace).await;
    world.sims.gone("other").await;
    let says_so = |now: &Seen| {
        let paused = now.condition("Paused").map(|paused| paused["message"].as_str().unwrap_or_default().to_owned());
        paused.is_some_and(|message| message.contains("being deleted"))
    };
    world.sims.until("paused", "says that it waits", says_so).await;
    assert_eq!(lines(&world.writes().await), ["DELETE /sim-integrations/{id}"]);

    world.sims.patch("paused", &json!({"spec": {"policy": {"mode": "Enforce"}}})).await;
    gone(&world, &world.kubernetes.namespace).await;
    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn one_that_sailpoint_refuses_to_delete_holds_up_no_other_and_is_not_tried_again_and_again() {
    let world = world().create().await;
    for name in ["refused", "other"] {
        world.sims.apply(&bare_sim(name)).await;
        world.sims.ready(name).await;
    }
    let id = world.sims.see("refused").await.id().to_owned();
    world.tenant.forget_calls().await;
    world.tenant.inject(&times(None, "DELETE", &ONE.replace('*', &id), answer(403))).await;

    // The tenant stays ready, and every list of it wakes what waits.
    hold(&world, &["kubernetes.io/hold"]).await;
    delete(&world, &world.kubernetes.namespace).await;
    world.sims.gone("other").await;
    world.sims.until("refused", "says why", is_stalled_by("Forbidden")).await;
    world.resyncs(4).await;
    assert_eq!(lines(&world.writes().await), ["DELETE /sim-integrations/{id}"; 2], "one each");

    world.tenant.clear_faults().await;
    world.sims.annotate("refused", "simops.dev/reconcile-requested-at", "now").await;
    world.sims.gone("refused").await;
    hold(&world, &[]).await;
    gone(&world, &world.kubernetes.namespace).await;
    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn an_operator_that_dies_in_between_is_followed_by_one_that_ends_it() {
    let mut world = world().create().await;
    for name in ["one", "two", "three"] {
        world.sims.apply(&sim(name)).await;
        world.sims.ready(name).await;
    }
    world.tenant.forget_calls().await;
    // The first DELETE takes place, and its answer is lost with the operator.
    world.tenant.inject(&times(None, "DELETE", ONE, Action::DelayAfter { ms: 60_000 })).await;
    // The Secret is the last to go, so that whoever comes later can still read it.
    hold(&world, &["kubernetes.io/hold"]).await;
    delete(&world, &world.kubernetes.namespace).await;
    world.until_writes(1).await;
    world.kill_operators();
    world.tenant.clear_faults().await;
    world.start_operator();

    for name in ["one", "two", "three"] {
        world.sims.gone(name).await;
    }
    world.tenants.gone("acme").await;
    hold(&world, &[]).await;
    gone(&world, &world.kubernetes.namespace).await;
    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

/// Puts these finalizers on the credentials.
async fn hold(world: &World, finalizers: &[&str]) {
    let patch = json!({"metadata": {"finalizers": finalizers}}).to_string();
    eventually("the Secret is held, or let go of", async || {
        world.kubernetes.kubectl(&["patch", "secret", "acme-sailpoint", "--type=merge", "--patch", &patch])
    })
    .await;
}
