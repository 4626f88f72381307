//! One tenant whose integrations become more and more: what rest costs, and memory.

use serde_json::json;

use tokio::time::sleep;

use crate::control_plane::Counts;
use crate::measurement::{Chart, Findings, Measurement, Series, Target, Value, grouped};
use crate::operator::{Memory, Operator, resident};
use crate::resources::SECRETS;
use crate::tenants::Call;
use crate::watch::Watch;
use crate::world::{Bench, UNLIMITED, WARM_UP, World};
use crate::{Failed, progress};

/// So many resyncs long it is watched at rest.
const RESYNCS: usize = 3;

/// What a world is like at rest.
#[derive(Clone, Debug)]
pub struct Rest {
    /// The number of integrations.
    pub integrations: usize,
    calls: Vec<Call>,
    writes: u64,
    events: u64,
    secret_reads: u64,
    /// The most memory at any look.
    pub memory: Option<Memory>,
    /// The CPU time of one resync, what else the process did meanwhile included.
    pub cpu_of_a_resync: Option<f64>,
}

/// Memory of an operator with a tenant and nothing else, then the steps.
pub async fn measure(bench: &Bench) -> Result<Findings, Failed> {
    let world = World::new(bench, "growth", 0, UNLIMITED).await?;
    let resync = format!("{}s", bench.scale.resync.as_secs());
    let operator = world.operator(&["--resync", &resync]).await?;
    let watch = Watch::start(&bench.plane.client, &world.namespace);
    let (idle, ()) = operator.most_resident(sleep(WARM_UP)).await;
    let mut findings = Findings::default();
    findings.measurements.push(memory_row(0, "", idle));
    let mut memory = vec![(0.0, idle.map_or(0.0, |memory| memory.resident))];
    let mut requests = Vec::new();
    let mut there = 0;
    for &count in &bench.scale.steps {
        progress(&format!("growth: {count} integrations"));
        world.apply(there..count).await?;
        there = count;
        watch.until_settled(count, &[]).await?;
        let rest = at_rest(&world, &operator, count).await?;
        findings.measurements.extend(rest.rows());
        findings.measurements.extend((count == 1_000).then(|| memory_row(count, "", rest.memory)));
        memory.push((as_float(count), rest.memory.map_or(0.0, |memory| memory.resident)));
        requests.push((as_float(count), rest.requests_per_resync()));
    }
    operator.terminate().await?;
    findings.series.push(Series::new(Chart::Memory, "resident", memory));
    findings.series.push(Series::new(Chart::Requests, "sim-operator", requests));
    Ok(findings)
}

/// Watches what happens in three resyncs while nobody changes anything.
pub async fn at_rest(world: &World<'_>, operator: &Operator, count: usize) -> Result<Rest, Failed> {
    let tenants = crate::resources::api(&world.bench.plane.client, &world.namespace, "SailPointTenant");
    let counts = json!({"remote": count, "managed": count, "unmanaged": 0});
    crate::patiently("the tenant counts all as managed", async || {
        Ok((tenants.get(&world.tenant.name).await?.data["status"]["integrations"] == counts).then_some(()))
    })
    .await?;
    world.bench.quiet().await?;
    // The first resync may still find something that was learnt since the one before.
    world.resyncs(1).await?;
    world.bench.quiet().await?;
    let (before, cpu_before) = (world.bench.plane.counts().await?, operator.cpu_time());
    world.tenant.forget_calls().await?;
    let (memory, listed) = operator.most_resident(world.resyncs(RESYNCS)).await;
    listed?;
    let calls = world.tenant.calls().await?;
    // What the last list led to, if it led to anything.
    sleep(world.bench.scale.resync / 4).await;
    let after = world.bench.plane.counts().await?;
    let cpu = operator.cpu_time().zip(cpu_before).map(|(after, before)| after.saturating_sub(before).as_secs_f64());
    let of = |count: fn(&Counts) -> u64| count(&after) - count(&before);
    Ok(Rest {
        integrations: count,
        calls,
        writes: of(Counts::patches),
        events: of(Counts::events),
        secret_reads: of(Counts::secret_reads),
        memory,
        cpu_of_a_resync: cpu.map(|cpu| cpu / as_float(RESYNCS)),
    })
}

impl Rest {
    /// The rows of the table that speak of rest.
    pub fn rows(&self) -> Vec<Measurement> {
        let count = grouped(self.integrations as u64);
        let is = |test: fn(&Call) -> bool| self.calls.iter().filter(|call| test(call)).count() as u64;
        let (lists, tokens) = (is(Call::is_list), is(Call::is_token));
        let others = self.calls.len() as u64 - lists - tokens;
        let secrets = self.secret_reads / lists.max(1);
        vec![
            Measurement::new(
                format!("remote requests over 3 resyncs of {count} healthy integrations"),
                Target::AtMost(Value::Count(3)),
                Value::Count(lists + others),
            )
            .explained(format!("{lists} lists, {others} others, and {tokens} for a token")),
            Measurement::new(
                format!("Kubernetes writes and events in the same ({count})"),
                Target::Exactly(Value::Count(0)),
                Value::Count(self.writes + self.events),
            )
            .explained(format!(
                "{} writes, {} events; {secrets} reads of Secrets a resync ({SECRETS} distinct passwords, 1 for the token)",
                self.writes, self.events
            )),
        ]
    }

    /// Requests in one resync.
    pub fn requests_per_resync(&self) -> f64 {
        as_float(self.calls.iter().filter(|call| !call.is_token()).count()) / as_float(RESYNCS)
    }
}

/// The row of resident memory with so many integrations, and when that was.
pub fn memory_row(count: usize, when: &str, memory: Option<Memory>) -> Measurement {
    let (what, target) = match count {
        0 => ("resident memory, idle".to_owned(), 12.0),
        1_000 => ("resident memory, 1,000 integrations".to_owned(), 18.0),
        _ => (format!("resident memory, {} integrations{when}", grouped(count as u64)), 60.0),
    };
    let how = memory.map(|Memory { peak, anonymous, .. }| {
        format!("most VmRSS of many looks at rest; of it {anonymous:.1} MiB are heap and stacks; VmHWM {peak:.1} MiB")
    });
    Measurement::new(what, Target::AtMost(Value::Mebibytes(target)), resident(memory))
        .explained(how.unwrap_or_default())
}

/// For charts and ratios; nothing here comes near the 2^52 that would be inexact.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub fn as_float(count: usize) -> f64 {
    count as f64
}
