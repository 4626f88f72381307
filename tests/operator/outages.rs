//! The tenant is down, slow, or asks for a pause: what is in order is left alone, what has something to send heals itself.

use serde_json::json;

use super::manifests::{bare_sim, client, config, config_with, sim, tenant};
use super::mishaps::{ALL, ONE, answer, answer_of_a_gateway, once, times, too_many};
use super::resources::Seen;
use super::world::World;
use super::writes::lines;
use crate::support::simulator::{Action, Client, Config, Switches, Tenant};
use crate::support::wait::eventually;

#[tokio::test]
async fn an_outage_is_the_tenants_and_writes_to_nothing_that_is_in_order() {
    let mut world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.apply(&bare_sim("other")).await;
    world.sims.ready("desk").await;
    world.sims.ready("other").await;
    let settled = world.sims.until("desk", "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;

    world.tenant.fail().await;
    let down = world.tenants.reconciling("acme", "TenantUnavailable").await;
    world.sims.apply(&bare_sim("other").with(json!({"description": "New words"}))).await;
    let waits = |now: &Seen| now.is_current() && now.verdict().0 == "False" && now.is("Reconciling");
    let waiting = world.sims.until("other", "waits for its tenant", waits).await;
    assert!(["TenantNotReady", "TenantUnavailable"].contains(&waiting.verdict().1), "{waiting:#?}");
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(world.sims.see("desk").await.version(), settled.version());
    assert_eq!(world.tenants.see("acme").await.version(), down.version(), "it is down all the time");

    world.tenant.recover().await;
    world.tenants.ready("acme").await;
    world.sims.ready("other").await;
    assert_eq!(world.tenant.integration("other").await.unwrap()["description"], "New words");
    assert_eq!(world.sims.see("desk").await.version(), settled.version());
    world.close().await;
}

#[tokio::test]
async fn an_outage_from_the_start_ends_in_one_create() {
    let mut world = World::new().await;
    world.tenant.fail().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.reconciling("desk", "TenantNotReady").await;

    world.tenant.recover().await;
    world.sims.ready("desk").await;

    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn lists_that_fail_are_the_tenants_trouble_and_pass() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.until("desk", "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;

    world.tenant.inject(&times(Some(4), "GET", ALL, answer(500))).await;
    world.tenants.reconciling("acme", "TenantUnavailable").await;
    world.tenants.ready("acme").await;

    assert_eq!(world.sims.see("desk").await.version(), desk.version());
    world.close().await;
}

#[tokio::test]
async fn a_list_that_is_no_list_is_believed_in_nothing() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.forget_calls().await;

    let html = answer_of_a_gateway(200, json!("<html>We will be back soon</html>"));
    world.tenant.inject(&times(Some(4), "GET", ALL, html)).await;
    world.tenants.until("acme", "is in trouble", |now| now.verdict().0 == "False").await;
    world.tenants.ready("acme").await;

    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.sims.see("desk").await.id(), desk.id());
    world.close().await;
}

#[tokio::test]
async fn a_server_error_on_an_update_heals_itself() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;

    world.tenant.inject(&times(Some(2), "PATCH", ONE, answer(500))).await;
    world.sims.apply(&sim("desk").with(json!({"description": "New words"}))).await;
    let waits = |now: &Seen| now.is_current() && now.verdict().0 == "False" && now.is("Reconciling");
    world.sims.until("desk", "is on its way", waits).await;

    world.sims.ready("desk").await;
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "New words");
    world.close().await;
}

#[tokio::test]
async fn a_pause_that_sailpoint_asks_for_is_kept_and_is_no_failure() {
    let world = World::new().await;
    world.tenants.ready("acme").await;
    for (method, path) in [("GET", ALL), ("POST", ALL), ("GET", ALL)] {
        world.tenant.inject(&once(method, path, too_many(2))).await;
    }

    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;

    let calls = world.tenant.calls().await;
    let mut pauses = 0;
    for pair in calls.windows(2) {
        if pair[0].status == Some(429) {
            pauses += 1;
            let waited = pair[1].time.duration_since(pair[0].time).as_millis();
            assert!(waited >= 1_990, "{waited} ms after a 429: {pair:#?}");
        }
    }
    assert!(pauses >= 2, "{calls:#?}");
    let created = calls.iter().filter(|call| call.method == "POST" && call.path == ALL && call.status == Some(200));
    assert_eq!(created.count(), 1);
    let warnings: Vec<_> = world.events().await.into_iter().filter(|event| event.type_ == "Warning").collect();
    assert!(warnings.is_empty(), "{warnings:#?}");
    world.close().await;
}

#[tokio::test]
async fn a_gateway_that_lets_little_through_is_never_hit_in_vain() {
    let narrow = Switches { rate_limit: 30, ..Switches::default() };
    let share = json!({"requestsPer10s": 30});
    let world = World::like().tenant(config_with(narrow)).tenant_spec(share).flag("--resync", "2s").create().await;

    for number in 0..10 {
        world.sims.apply(&bare_sim(&format!("desk-{number}"))).await;
    }
    for number in 0..10 {
        world.sims.ready(&format!("desk-{number}")).await;
    }

    let refused = world.tenant.calls().await.into_iter().filter(|call| call.status == Some(429)).count();
    assert_eq!(refused, 0);
    assert_eq!(world.tenant.integrations().await.len(), 10);
    assert_eq!(world.writes().await.len(), 10);
    world.close().await;
}

#[tokio::test]
async fn a_slow_tenant_delays_no_other() {
    let world = World::like().flag("--request-limit", "30s").create().await;
    let who = Client { client_id: "6a1d8a6d3a9c4c4aafac1d7b8b2e3f40".to_owned(), ..client() };
    let credentials = [("clientId", who.client_id.as_str()), ("clientSecret", who.client_secret.as_str())];
    world.secret("slow-sailpoint", &credentials).await;
    let slow = Tenant::start(Config { org: "slow".to_owned(), clients: vec![who.clone()], ..config() }).await;
    slow.inject(&times(None, "GET", "*", Action::DelayBefore { ms: 20_000 })).await;
    let its_secret = json!({"credentials": {"secretRef": {"name": "slow-sailpoint"}}});
    world.tenants.apply(&tenant("slow", slow.url()).with(its_secret)).await;
    for number in 0..4 {
        let name = format!("slow-{number}");
        world.sims.apply(&bare_sim(&name).with(json!({"tenantRef": {"name": "slow"}}))).await;
    }

    let began = std::time::Instant::now();
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;

    assert!(began.elapsed().as_secs() < 15, "{:?}", began.elapsed());
    world.close().await;
}

/// How often those of a kind were reconciled, whatever came of it, or with this outcome.
async fn reconciles(world: &World, kind: &str, outcome: Option<&str>) -> u64 {
    let (metrics, of_kind) = (world.metrics().await, format!("sim_operator_reconcile_seconds_count{{kind=\"{kind}\""));
    let is_meant = |line: &str| outcome.is_none_or(|outcome| line.contains(&format!("outcome=\"{outcome}\"")));
    let counts = metrics.lines().filter(|line| line.starts_with(&of_kind) && is_meant(line));
    counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// How often integrations were reconciled, once they rest: until the watch shows its own write, each looks again.
async fn reconciles_at_rest(world: &World) -> u64 {
    eventually("integrations at rest", async || {
        let before = reconciles(world, "SimIntegration", None).await;
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let now = reconciles(world, "SimIntegration", None).await;
        if now == before { Ok(now) } else { Err((before, now)) }
    })
    .await
}

#[tokio::test]
async fn what_waits_for_a_dead_tenant_is_judged_once_and_not_at_each_attempt() {
    let mut world = World::like().prepared().create().await;
    world.tenant.fail().await;
    let names = ["one", "two", "three"];
    for name in names {
        world.sims.apply(&bare_sim(name)).await;
    }
    world.start_operator();
    for name in names {
        world.sims.reconciling(name, "TenantNotReady").await;
    }
    let before = reconciles_at_rest(&world).await;
    let attempts = reconciles(&world, "SailPointTenant", None).await;
    // At most a second between two attempts.
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;

    assert!(reconciles(&world, "SailPointTenant", None).await >= attempts + 4, "the tenant is tried again");
    assert_eq!(reconciles(&world, "SimIntegration", None).await, before);
    world.tenant.recover().await;
    for name in names {
        world.sims.ready(name).await;
    }
    world.close().await;
}

#[tokio::test]
async fn a_tenant_in_order_that_asks_for_a_short_pause_is_in_order() {
    let world = World::with_desk().await;
    let counts = json!({"remote": 1, "managed": 1, "unmanaged": 0});
    let before =
        world.tenants.until("acme", "counts", |now| now.is_ready() && now["status"]["integrations"] == counts).await;
    world.tenant.forget_calls().await;
    world.tenant.inject(&times(Some(2), "GET", ALL, too_many(2))).await;
    world.resyncs(3).await;

    let refused = world.tenant.calls().await.into_iter().filter(|call| call.status == Some(429)).count();
    assert_eq!(refused, 2);
    assert_eq!(world.tenants.see("acme").await.version(), before.version());

    // A long one is told.
    world.tenant.inject(&times(None, "GET", ALL, too_many(31))).await;
    world.tenants.not_ready("acme", "RateLimited").await;
    world.close().await;
}

#[tokio::test]
async fn a_list_without_news_wakes_no_open_create_and_one_with_news_does() {
    let seldom = World::like().flag("--resync", "10m").flag("--backoff-min", "40s").flag("--backoff-max", "1m");
    let world = seldom.flag("--settle", "1m").create().await;
    world.tenant.inject(&once("POST", ALL, Action::CutBefore {})).await;
    world.sims.apply(&bare_sim("desk")).await;
    world.sims.reconciling("desk", "CreateUnresolved").await;
    let plan_one_more = async |name: &str| {
        world.sims.apply(&bare_sim(name).with(json!({"policy": {"mode": "Plan"}}))).await;
        world.sims.until(name, "is planned", |now| now.is("Planned") && now.is_current()).await;
    };
    plan_one_more("first").await;
    // Our own status and annotation wake it as well.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let (waits, lists) = (reconciles(&world, "SimIntegration", Some("Waiting")).await, world.lists().await.len());

    for name in ["second", "third", "fourth", "fifth"] {
        plan_one_more(name).await;
    }
    assert!(world.lists().await.len() >= lists + 4, "each that is new asks for a list");
    assert_eq!(reconciles(&world, "SimIntegration", Some("Waiting")).await, waits);

    world.tenant.create_in_ui(&json!({"name": "desk", "description": "Somebody else's"})).await;
    plan_one_more("sixth").await;
    world.sims.stalled("desk", "AmbiguousCreate").await;
    world.close().await;
}
