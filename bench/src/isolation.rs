//! Many tenants side by side, some of them dead and some limited: what the rest notices of these.

use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

use sailpoint_simulator::{Action, Fault};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::measurement::{Chart, Findings, Measurement, Series, Target, Value as Figure};
use crate::operator::Operator;
use crate::resources::{
    create, create_all, create_passwords, create_secret, integration, percentile, percentiles, waits,
};
use crate::tenants::{Tenant, manifests};
use crate::watch::Watch;
use crate::world::{Bench, UNLIMITED, WARM_UP};
use crate::{Failed, progress};

/// What a limited tenant lets through in 10 s; the operator does not know.
const LIMITED: u32 = 5;
/// So many integrations of each good tenant are made before it is measured: a new API server is slow at first.
const UNMEASURED: usize = 10;
/// Longer than any client waits.
const FOR_EVER: Duration = Duration::from_hours(1);

/// What is wrong with a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    /// Nobody listens.
    Refuses,
    /// It worked once, and answers nothing from the first create on.
    Hangs,
    /// Most is refused with a 429.
    Limited,
}

/// The same twice: without the bad tenants, and with them.
pub async fn measure(bench: &Bench) -> Result<Findings, Failed> {
    let (all, of_each) = bench.scale.tenants;
    let bad = bench.scale.bad;
    let good = vec![Trouble::None; all - 2 * bad];
    let dead = (0..bad).map(|n| if n.is_multiple_of(2) { Trouble::Refuses } else { Trouble::Hangs });
    let with_bad: Vec<Trouble> = dead.chain(vec![Trouble::Limited; bad]).chain(good.clone()).collect();
    let without = run(bench, "tenants-good", &good).await?;
    let with = run(bench, "tenants-bad", &with_bad).await?;
    let p99 = |waits: &[Duration]| percentile(waits, 99.0).as_secs_f64();
    let row = Measurement::new(
        format!("{all} tenants × {of_each} integrations, {bad} dead, {bad} limited: p99 time to Ready of the rest"),
        Target::AtMost(Figure::Times(1.2)),
        Figure::Times(p99(&with) / p99(&without)),
    )
    .explained(format!(
        "{:.1} s, and {:.1} s in a run without these; medians {:.1} s and {:.1} s",
        p99(&with),
        p99(&without),
        percentile(&with, 50.0).as_secs_f64(),
        percentile(&without, 50.0).as_secs_f64(),
    ));
    let name = |what| format!("{} × {of_each} integrations{what}", good.len());
    let series = vec![
        Series::new(Chart::TimeToReady, name(""), percentiles(&without)),
        Series::new(Chart::TimeToReady, name(&format!(", {} bad tenants beside", 2 * bad)), percentiles(&with)),
    ];
    Ok(Findings { measurements: vec![row], series })
}

/// How long the integrations of the good tenants took to be Ready, once everything has been in use for a while.
async fn run(bench: &Bench, namespace: &str, troubles: &[Trouble]) -> Result<Vec<Duration>, Failed> {
    progress(&format!("isolation: {} tenants", troubles.len()));
    let (client, of_each) = (&bench.plane.client, bench.scale.tenants.1);
    bench.plane.namespace(namespace).await?;
    create_passwords(client, namespace).await?;
    let mut tenants = Vec::new();
    for (number, trouble) in troubles.iter().enumerate() {
        tenants.push(start(bench, namespace, number, *trouble).await?);
    }
    let operator = Operator::start(&bench.plane, &bench.binary, namespace, &[])?;
    for tenant in tenants.iter().flatten() {
        bench.tenant_is_ready(namespace, &tenant.name).await?;
    }
    sleep(WARM_UP).await;
    let watch = Watch::start(client, namespace);
    let is_good = |number: &usize| troubles[*number] == Trouble::None;
    let good: Vec<String> = (0..troubles.len()).filter(is_good).map(name_of).collect();
    let begin: Vec<String> = good.iter().map(|name| format!("{name}-")).collect();
    create_all(client, namespace, work(&good, of_each..of_each + UNMEASURED)).await?;
    watch.until_settled(good.len() * UNMEASURED, &begin).await?;
    for (tenant, trouble) in tenants.iter().zip(troubles) {
        if let (Some(tenant), Trouble::Hangs) = (tenant, trouble) {
            let action = Action::DelayBefore { ms: u64::try_from(FOR_EVER.as_millis())? };
            let path = "/v2025/sim-integrations*".to_owned();
            tenant.inject(&Fault { method: Some("POST".to_owned()), path, times: None, action }).await?;
        }
    }
    let all: Vec<String> = (0..troubles.len()).map(name_of).collect();
    let applied = create_all(client, namespace, work(&all, 0..of_each)).await?;
    watch.until_settled(good.len() * (UNMEASURED + of_each), &begin).await?;
    operator.kill().await?;
    let of_good: HashSet<&str> = good.iter().map(String::as_str).collect();
    let is_good = |name: &str| name.rsplit_once('-').is_some_and(|(tenant, _)| of_good.contains(tenant));
    Ok(waits(&applied.into_iter().filter(|(name, _)| is_good(name)).collect(), &watch.ready()))
}

/// The first of each of these tenants, then the second of each: no tenant's work is all at the end.
fn work(tenants: &[String], indices: Range<usize>) -> Vec<Value> {
    indices.flat_map(|index| tenants.iter().map(move |name| integration(name, index))).collect()
}

fn name_of(number: usize) -> String {
    format!("org{number:03}")
}

/// Starts a tenant and applies its manifests; `None` for one at which nobody listens.
async fn start(bench: &Bench, namespace: &str, number: usize, trouble: Trouble) -> Result<Option<Tenant>, Failed> {
    let name = name_of(number);
    let tenant = Tenant::start(&name, if trouble == Trouble::Limited { LIMITED } else { 0 }).await?;
    let share = if trouble == Trouble::None { json!({"requestsPer10s": UNLIMITED}) } else { json!({}) };
    let (manifest, secret) = manifests(&name, tenant.url(), share);
    let tenant = if trouble == Trouble::Refuses {
        tenant.die().await;
        None
    } else {
        Some(tenant)
    };
    create_secret(&bench.plane.client, namespace, secret).await?;
    create(&bench.plane.client, namespace, manifest).await?;
    Ok(tenant)
}
