//! What rest costs in CPU time, with the interval that tenants have where they say nothing.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::growth::Rest;
use crate::measurement::{Measurement, Target, Value, grouped};
use crate::operator::Operator;
use crate::world::World;
use crate::{Failed, progress};

/// `spec.resyncInterval`, where a tenant has none.
const RESYNC: Duration = Duration::from_mins(10);

/// The share of one core over one resync interval. A quick run has no time for that and adds up its parts.
pub async fn measure(world: &World<'_>, operator: &Operator, rest: &Rest) -> Result<Measurement, Failed> {
    let scale = &world.bench.scale;
    progress(&format!("cpu: {} s of rest", scale.cpu.as_secs()));
    world.tenant.forget_calls().await?;
    let (started, before) = (Instant::now(), operator.cpu_time());
    sleep(scale.cpu).await;
    let (wall, after) = (started.elapsed().as_secs_f64(), operator.cpu_time());
    let resyncs = world.tenant.calls().await?.iter().filter(|call| call.is_list()).count();
    let used = after.zip(before).map(|(after, before)| after.saturating_sub(before).as_secs_f64());
    let what = format!("CPU at steady state with {} integrations, resync 10 min", grouped(rest.integrations as u64));
    let target = Target::AtMost(Value::Percent(1.0));
    let Some((used, of_a_resync)) = used.zip(rest.cpu_of_a_resync) else {
        return Ok(Measurement::new(what, target, Value::Unmeasured));
    };
    let share = if resyncs == 0 { used / wall + of_a_resync / RESYNC.as_secs_f64() } else { used / wall };
    let added = if resyncs == 0 { format!(", and {of_a_resync:.2} s for each resync") } else { String::new() };
    Ok(Measurement::new(what, target, Value::Percent(100.0 * share))
        .explained(format!("utime and stime of the process: {used:.2} s in {wall:.0} s with {resyncs} resyncs{added}")))
}
