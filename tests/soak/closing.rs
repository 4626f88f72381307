//! The end: faults stop, people do what messages tell them, and everything comes to rest.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::ledger::verdict;
use crate::people::{change, force};
use crate::strangers::confirm;
use crate::support::simulator::Call;
use crate::wanted::{TAG, Wanted};
use crate::world::World;

/// Longer than any pause that a tenant may still ask for, any backoff and settling: a run that passes never waits so long.
const DEADLINE: Duration = Duration::from_secs(300);
/// A list shows only that those before it were acted on.
const LISTS: usize = 3;
const INTERVAL: Duration = Duration::from_secs(1);

/// Everything as it is once nothing moves any more.
pub struct Rest {
    pub sims: Vec<Value>,
    pub accounts: Vec<Value>,
    /// What is in each site in truth.
    pub truths: Vec<Vec<Value>>,
}

/// Mends all that is broken, and has every desk enforced that was not only planned from its beginning.
pub async fn mend(world: &World) {
    for site in &world.sites {
        let tenant = site.tenant.read().await;
        tenant.clear_faults().await;
        tenant.turn(&json!({"listLagMs": 0})).await;
    }
    let desks = world.ledger.open().desks.clone();
    for (number, desk) in desks.into_iter().enumerate() {
        let is_settled = desk.wanted.mode.is_none() || (desk.only_planned && desk.deletion.is_none());
        if !desk.is_gone && !is_settled {
            change(world, number, "enforce at the end", |wanted| Wanted { mode: None, ..wanted }).await;
        }
    }
}

/// Waits until nothing moves over some resyncs.
pub async fn settle(world: &World) -> Result<Rest, String> {
    let deadline = Instant::now() + DEADLINE;
    let mut helped = BTreeSet::new();
    loop {
        let why = match rest(world).await {
            Ok(rest) => return Ok(rest),
            Err(why) => why,
        };
        if Instant::now() > deadline {
            return Err(why);
        }
        for sim in world.cluster.list("SimIntegration").await {
            help(world, &sim, &mut helped).await;
        }
        confirm(world).await;
        sleep(INTERVAL).await;
    }
}

/// All at rest, or what is not.
async fn rest(world: &World) -> Result<Rest, String> {
    let (before, moving) = (look(world).await, |rest: &Rest| rest.moving());
    if let Some(moving) = moving(&before) {
        return Err(moving);
    }
    let events = world.cluster.events().await.len();
    let calls = last_calls(world);
    while (0..world.sites.len()).any(|site| since(world, site, calls[site]).filter(is_list).count() < LISTS) {
        if world.crew.lock().await.count() == 0 {
            return Err("no operator runs".to_owned());
        }
        sleep(INTERVAL / 4).await;
    }
    let after = look(world).await;
    for (site, last) in calls.into_iter().enumerate() {
        let others = |call: &Call| !is_list(call) && call.path != "/oauth/token";
        if let Some(call) = since(world, site, last).find(others) {
            return Err(format!("a call at rest: {} {} {:?}", call.method, call.path, call.body));
        }
    }
    if versions(&before) != versions(&after) || world.cluster.events().await.len() != events {
        return Err("something was written to Kubernetes at rest".to_owned());
    }
    Ok(after)
}

async fn look(world: &World) -> Rest {
    let (sims, accounts) = (world.cluster.list("SimIntegration").await, world.cluster.list("SailPointTenant").await);
    let mut truths = Vec::new();
    for site in &world.sites {
        truths.push(site.tenant.read().await.integrations().await);
    }
    Rest { sims, accounts, truths }
}

impl Rest {
    /// What is still on its way.
    fn moving(&self) -> Option<String> {
        let is_moving = |one: &&Value| {
            let conditions = one["status"]["conditions"].as_array();
            let heals = conditions.into_iter().flatten().any(|condition| condition["type"] == "Reconciling");
            let is_current = one["status"]["observedGeneration"] == one["metadata"]["generation"];
            heals || !is_current || one["metadata"]["deletionTimestamp"].is_string()
        };
        let account = self.accounts.iter().find(|account| verdict(account).0 != "Reconciled");
        let moving = self.sims.iter().find(is_moving).or(account)?;
        Some(format!("{} {}: {:?}", moving["kind"], moving["metadata"]["name"], verdict(moving)))
    }
}

fn versions(rest: &Rest) -> Vec<&str> {
    let all = rest.sims.iter().chain(&rest.accounts);
    all.map(|one| one["metadata"]["resourceVersion"].as_str().unwrap()).collect()
}

fn last_calls(world: &World) -> Vec<u64> {
    (0..world.sites.len()).map(|site| world.record.of(site).calls.keys().last().copied().unwrap_or_default()).collect()
}

fn since(world: &World, site: usize, number: u64) -> impl Iterator<Item = Call> {
    let pages = world.record.of(site);
    pages.calls.range(number + 1..).map(|(_, call)| call.clone()).collect::<Vec<_>>().into_iter()
}

fn is_list(call: &Call) -> bool {
    let all = call.path.ends_with("/sim-integrations") || call.path == "/sim-integrations/v1";
    call.method == "GET" && all && call.status == Some(200)
}

/// Does what the message says where nothing else helps; asks only once for what was refused.
async fn help(world: &World, sim: &Value, helped: &mut BTreeSet<String>) {
    let uid = sim["metadata"]["uid"].as_str().unwrap();
    let found = world.ledger.open().desks.iter().position(|desk| desk.uid == uid);
    let Some(number) = found else { return };
    let is_deleted = sim["metadata"]["deletionTimestamp"].is_string();
    let (reason, message) = verdict(sim);
    match reason {
        "AmbiguousCreate" if is_deleted => force(world, number).await,
        "AmbiguousCreate" => tell_apart(world, number, message).await,
        "Contested" => ask(world, number, "correct-requested-at").await,
        "Refused" | "Forbidden" if helped.insert(format!("{uid} {reason}")) => {
            ask(world, number, "reconcile-requested-at").await;
        }
        _ => {}
    }
}

async fn ask(world: &World, number: usize, key: &str) {
    let desk = world.ledger.desk(number);
    world.ledger.did("ask at the end", &desk.wanted.tag, format!("ask by {key}"));
    let now = jiff::Timestamp::now().to_string();
    let annotation = json!({"metadata": {"annotations": {format!("simops.dev/{key}"): now}}});
    world.cluster.patch("SimIntegration", desk.namespace, &desk.name, &annotation).await;
}

/// Of what an open create may have left, names the one that is ours, or moves strangers out of its way.
async fn tell_apart(world: &World, number: usize, message: &str) {
    let desk = world.ledger.desk(number);
    let tenant = world.sites[desk.site].tenant.read().await;
    let is_ours = |one: &&Value| one["attributes"][TAG] == desk.wanted.tag;
    let offered = tenant.integrations().await.into_iter().filter(|one| message.contains(one["id"].as_str().unwrap()));
    let offered: Vec<Value> = offered.collect();
    if let Some(ours) = offered.iter().find(is_ours) {
        let external_id = ours["id"].as_str().map(str::to_owned);
        change(world, number, "paste externalId", |wanted| Wanted { external_id, ..wanted }).await;
        return;
    }
    for stranger in offered {
        let id = stranger["id"].as_str().unwrap();
        world.ledger.did("move out of the way", &desk.wanted.tag, format!("somebody renames {id}"));
        tenant.try_edit_in_ui(id, &json!({"name": format!("Moved out of the way {id}")})).await;
    }
}
