//! A new process finds many integrations that are all in order.

use std::time::Duration;

use crate::control_plane::Counts;
use crate::measurement::{Measurement, Target, Value, grouped};
use crate::operator::Operator;
use crate::resources::percentile;
use crate::world::World;
use crate::{Failed, patiently, progress};

/// One list takes half as long again as another, and one start a quarter: the medians of so many are compared.
const ROUNDS: usize = 5;

/// The new process, and what was measured of its start.
pub struct Restarted {
    /// At rest.
    pub operator: Operator,
    /// Rows of the table.
    pub rows: Vec<Measurement>,
}

/// Starts the operator with the tenant's own resync interval, and waits until every integration was judged.
pub async fn measure(world: &World<'_>, many: usize) -> Result<Restarted, Failed> {
    progress(&format!("restart: with {many} integrations in order"));
    let token = world.tenant.token().await?;
    let mut rounds = Vec::new();
    let before = world.bench.quiet().await?;
    let operator = loop {
        let (operator, round) = Round::measure(world, many, &token).await?;
        rounds.push(round);
        if rounds.len() == ROUNDS {
            break operator;
        }
        operator.terminate().await?;
    };
    let after = world.bench.quiet().await?;
    let calls = world.tenant.calls().await?;
    let writes = [Counts::patches, Counts::events].map(|count| count(&after) - count(&before));
    let median = |of: fn(&Round) -> Duration| median(rounds.iter().map(of).collect());
    let [kubernetes, remote] = [median(|round| round.kubernetes), median(|round| round.remote)];
    let [ready, settled] = [median(|round| round.ready), median(|round| round.settled)];
    let count = grouped(many as u64);
    let rows = vec![
        Measurement::new(
            format!("restart with {count} integrations in order, settled"),
            Target::AtMost(Value::Times(2.0)),
            Value::Times(settled.as_secs_f64() / (kubernetes + remote).as_secs_f64()),
        )
        .explained(format!(
            "medians of {ROUNDS}: {:.2} s from the start of the process until each was judged, /readyz after {:.2} s; the bare \
             lists took {:.2} s (Kubernetes) and {:.2} s (tenant)",
            settled.as_secs_f64(),
            ready.as_secs_f64(),
            kubernetes.as_secs_f64(),
            remote.as_secs_f64(),
        )),
        Measurement::new(
            format!("Kubernetes writes and events of these restarts ({count})"),
            Target::Exactly(Value::Count(0)),
            Value::Count(writes.iter().sum()),
        )
        .explained(format!(
            "{} writes, {} events; {} remote calls of the last one, {} of them lists",
            writes[0],
            writes[1],
            calls.len(),
            calls.iter().filter(|call| call.is_list()).count(),
        )),
    ];
    Ok(Restarted { operator, rows })
}

/// Both bare lists, and the start that was measured beside them.
struct Round {
    kubernetes: Duration,
    remote: Duration,
    ready: Duration,
    settled: Duration,
}

impl Round {
    async fn measure(world: &World<'_>, many: usize, token: &str) -> Result<(Operator, Self), Failed> {
        let kubernetes = world.bench.plane.bare_list(&world.namespace).await?;
        let remote = world.tenant.bare_list(token).await?;
        world.tenant.forget_calls().await?;
        let operator = Operator::start(&world.bench.plane, &world.bench.binary, &world.namespace, &[])?;
        operator.ready().await?;
        let ready = operator.started.elapsed();
        patiently(
            "every integration was judged",
            async || Ok((operator.verdicts().await >= many as u64).then_some(())),
        )
        .await?;
        let settled = operator.started.elapsed();
        Ok((operator, Self { kubernetes, remote, ready, settled }))
    }
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort();
    percentile(&durations, 50.0)
}
