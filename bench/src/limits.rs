//! The tenant's rate limit, enforced: whether all of it is used, and what happens when somebody else uses some.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use sailpoint_simulator::{Action, Fault};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::growth::as_float;
use crate::measurement::{Chart, Findings, Measurement, Series, Target, Value, grouped};
use crate::resources::{percentiles, waits};
use crate::tenants::{Call, Tenant};
use crate::watch::Watch;
use crate::world::{Bench, WARM_UP, World};
use crate::{Failed, progress};

/// What SailPoint lets through in 10 s.
const LIMIT: u32 = 100;
/// What the second client spends of it.
const SECOND: u32 = 30;
/// How long the tenant takes for each answer.
const LATENCY: Duration = Duration::from_millis(50);
/// The window in which the tenant counts.
const WINDOW: Duration = Duration::from_secs(10);
/// A request that left before the 429 came can still arrive so long after it.
const IN_FLIGHT: Duration = Duration::from_millis(150);

/// Creates under the limit, alone and beside a second client.
pub async fn measure(bench: &Bench) -> Result<Findings, Failed> {
    let alone = creates(bench, "limit-alone", None).await?;
    let shared = creates(bench, "limit-shared", Some(SECOND)).await?;
    let name = grouped(bench.scale.limited as u64);
    let series = [(&alone, "100 in 10 s"), (&shared, "of which another client spends 30")];
    let series =
        series.map(|(run, what)| Series::new(Chart::TimeToReady, format!("{name} at once, {what}"), run.waits.clone()));
    Ok(Findings { measurements: [alone.alone(), shared.shared()].concat(), series: series.into() })
}

/// What happened in one run.
struct Run {
    integrations: usize,
    calls: Vec<Call>,
    stalled: Vec<String>,
    waits: Vec<(f64, f64)>,
}

async fn creates(bench: &Bench, namespace: &str, second: Option<u32>) -> Result<Run, Failed> {
    let count = bench.scale.limited;
    progress(&format!("limits: {count} integrations, {LIMIT} requests in 10 s, {second:?} of them somebody else's"));
    let world = World::new(bench, namespace, LIMIT, LIMIT).await?;
    let delay = Action::DelayBefore { ms: u64::try_from(LATENCY.as_millis())? };
    world.tenant.inject(&Fault { method: None, path: "*".to_owned(), times: None, action: delay }).await?;
    let operator = world.operator(&[]).await?;
    sleep(WARM_UP).await;
    world.tenant.forget_calls().await?;
    let watch = Watch::start(&bench.plane.client, namespace);
    let work = async {
        let applied = world.apply(0..count).await?;
        watch.until_settled(count, &[]).await?;
        Ok(applied)
    };
    let applied = tokio::select! {
        applied = work => applied,
        failed = spend(&world.tenant, second) => Err(failed),
    }?;
    operator.terminate().await?;
    Ok(Run {
        integrations: count,
        calls: world.tenant.calls().await?,
        stalled: watch.stalled(),
        waits: percentiles(&waits(&applied, &watch.ready())),
    })
}

/// Somebody else with the same client id, who asks evenly, and not again for what was refused.
async fn spend(tenant: &Tenant, per_10s: Option<u32>) -> Failed {
    let Some(per_10s) = per_10s else { return std::future::pending().await };
    let token = match tenant.token().await {
        Ok(token) => token,
        Err(error) => return error,
    };
    let mut ticks = interval(WINDOW / per_10s);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = tenant.call(Method::GET, "/v2025/sources", &token).send().await {
            return error.into();
        }
    }
}

impl Run {
    fn alone(&self) -> Vec<Measurement> {
        let limit = f64::from(LIMIT);
        vec![
            Measurement::new(
                format!("{} creates under an enforced 100 in 10 s: of 100 / (10 s + latency)", self.count()),
                Target::AtLeast(Value::Percent(97.0)),
                Value::Percent(100.0 * self.at_best(limit) / self.took()),
            )
            .explained(format!(
                "{:.1} s from the first create to the answer of the last, {:.1} s by that rate with {} ms of latency; {}",
                self.took(),
                self.at_best(limit),
                LATENCY.as_millis(),
                self.others()
            )),
            Measurement::new("429 answers in the same", Target::Exactly(Value::Count(0)), Value::Count(self.refused())),
        ]
    }

    fn shared(&self) -> Vec<Measurement> {
        let spent = self.spent_by_the_second();
        let left = f64::from(LIMIT) - spent;
        vec![
            Measurement::new(
                format!("{} creates while a second client spends 30 of the 100", self.count()),
                Target::AtMost(Value::Times(1.1)),
                Value::Times(self.took() / self.at_best(left)),
            )
            .explained(format!(
                "of what is left: the second client got {spent:.1} in 10 s; {:.1} s, {:.1} s by what that leaves; {}",
                self.took(),
                self.at_best(left),
                self.others()
            )),
            Measurement::new(
                "integrations that failed in the same",
                Target::Exactly(Value::Count(0)),
                Value::Count(self.stalled.len() as u64),
            )
            .explained(self.stalled.iter().collect::<HashSet<_>>().into_iter().cloned().collect::<Vec<_>>().join(", ")),
            Measurement::new(
                "requests before a 429's Retry-After was over",
                Target::Exactly(Value::Count(0)),
                Value::Count(self.disobeyed()),
            )
            .explained(format!("{} answers of 429", self.refused())),
        ]
    }

    fn count(&self) -> String {
        grouped(self.integrations as u64)
    }

    fn creates(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(|call| call.is_ours() && call.method == "POST" && call.is_done() && !call.is_token())
    }

    /// From the first create that was let through to the answer of the last.
    fn took(&self) -> f64 {
        let (first, last) =
            (self.creates().map(|call| call.time).min(), self.creates().filter_map(|call| call.answered).max());
        first.zip(last).map_or(0.0, |(first, last)| last.duration_since(first).as_secs_f64())
    }

    /// How long that takes at so many requests in each window and the latency of their answers, if all of them are creates.
    fn at_best(&self, per_window: f64) -> f64 {
        as_float(self.integrations) / per_window * (WINDOW + LATENCY).as_secs_f64()
    }

    /// What else was sent meanwhile.
    fn others(&self) -> String {
        let ours = || self.calls.iter().filter(|call| call.is_ours());
        format!(
            "{} lists, {} look-ups and {} tokens were sent beside them",
            ours().filter(|call| call.is_list()).count(),
            ours().filter(|call| call.is_look_up()).count(),
            ours().filter(|call| call.is_token()).count()
        )
    }

    fn refused(&self) -> u64 {
        self.calls.iter().filter(|call| call.is_ours() && call.status == Some(429)).count() as u64
    }

    /// How much the second client was let through, in 10 s, from its first request to its last.
    fn spent_by_the_second(&self) -> f64 {
        let done: Vec<Timestamp> =
            self.calls.iter().filter(|call| !call.is_ours() && call.is_done()).map(|call| call.time).collect();
        let (Some(first), Some(last)) = (done.first(), done.last()) else { return 0.0 };
        as_float(done.len()) / last.duration_since(*first).as_secs_f64() * WINDOW.as_secs_f64()
    }

    /// Requests that left after a 429 was there and before it allowed them.
    fn disobeyed(&self) -> u64 {
        let told = |call: &Call| {
            let answered = call.answered?;
            let wait = call.pause()?;
            (call.is_ours() && call.status == Some(429)).then_some((answered + IN_FLIGHT, answered + wait))
        };
        let pauses: Vec<(Timestamp, Timestamp)> = self.calls.iter().filter_map(told).collect();
        let is_in_one = |time: Timestamp| pauses.iter().any(|(from, until)| (*from..*until).contains(&time));
        self.calls.iter().filter(|call| call.is_ours() && is_in_one(call.time)).count() as u64
    }
}
