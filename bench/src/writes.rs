//! One integration, alone: what each of its changes costs, call by call.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::api::{DeleteParams, PostParams};
use serde_json::json;
use tokio::time::sleep;

use crate::control_plane::Counts;
use crate::measurement::{Findings, Measurement, Target, Value};
use crate::resources::{api, integration_name};
use crate::tenants::Call;
use crate::watch::Watch;
use crate::world::{Bench, UNLIMITED, WARM_UP, World};
use crate::{Failed, patiently, progress};

/// What one change cost.
struct Cost {
    patches: u64,
    events: u64,
    calls: Vec<Call>,
}

/// Creates, updates and deletes.
pub async fn measure(bench: &Bench) -> Result<Findings, Failed> {
    progress("writes: one integration is created, updated and deleted");
    let world = World::new(bench, "writes", 0, UNLIMITED).await?;
    let operator = world.operator(&["--list-lag", "1s"]).await?;
    let watch = Watch::start(&bench.plane.client, &world.namespace);
    sleep(WARM_UP).await;
    // Number 1 gives ids, number 0 names: a look-up of names is shared as lists are, and not what is counted here.
    let name = integration_name(&world.tenant.name, 1);

    let created = cost(&world, async {
        world.apply(std::iter::once(1)).await?;
        watch.until_settled(1, &[]).await.map(drop)
    })
    .await?;
    let (_, to_ready) = watch.of(&name).ready.ok_or("not Ready")?;
    let updated = cost(&world, update(&world, &name)).await?;
    let deleted = cost(&world, delete(&world, &name)).await?;
    operator.terminate().await?;

    let of_events = format!("and {} event", created.events);
    Ok(Findings {
        measurements: vec![
            Measurement::new(
                "Kubernetes writes to bring one CR to Ready",
                Target::AtMost(Value::Count(2)),
                Value::Count(to_ready.into()),
            )
            .explained("versions of the resource that the watch showed after the one that was applied"),
            Measurement::new(
                "Kubernetes writes of one create in all",
                Target::AtMost(Value::Count(3)),
                Value::Count(created.patches),
            )
            .explained(of_events),
            created.row("create"),
            updated.row("update"),
            deleted.row("delete"),
        ],
        series: Vec::new(),
    })
}

impl Cost {
    fn row(&self, what: &str) -> Measurement {
        let own = |call: &&Call| !call.is_list() && !call.is_token();
        let paths: Vec<String> = self.calls.iter().filter(own).map(|call| call.method.clone()).collect();
        let lists = self.calls.iter().filter(|call| call.is_list()).count();
        Measurement::new(
            format!("remote calls for one {what}"),
            Target::Exactly(Value::Count(1)),
            Value::Count(paths.len() as u64),
        )
        .explained(format!(
            "{}; beside it {lists} shared list, {} Kubernetes writes and {} events",
            paths.join(", "),
            self.patches,
            self.events
        ))
    }
}

async fn cost(world: &World<'_>, change: impl Future<Output = Result<(), Failed>>) -> Result<Cost, Failed> {
    let before = world.bench.quiet().await?;
    world.tenant.forget_calls().await?;
    change.await?;
    let after = world.bench.quiet().await?;
    let of = |count: fn(&Counts) -> u64| count(&after) - count(&before);
    Ok(Cost { patches: of(Counts::patches), events: of(Counts::events), calls: world.tenant.calls().await? })
}

/// Somebody edits it in Git. As a PUT, so that every patch is the operator's.
async fn update(world: &World<'_>, name: &str) -> Result<(), Failed> {
    let integrations = api(&world.bench.plane.client, &world.namespace, "SimIntegration");
    let mut now = integrations.get(name).await?;
    now.data["spec"]["description"] = json!(format!("Edited at {}", Timestamp::now()));
    let replaced = integrations.replace(name, &PostParams::default(), &now).await?;
    patiently("the change is sent", async || {
        let now = integrations.get(name).await?;
        Ok((now.data["status"]["observedGeneration"] == json!(replaced.metadata.generation)).then_some(()))
    })
    .await
}

async fn delete(world: &World<'_>, name: &str) -> Result<(), Failed> {
    let integrations = api(&world.bench.plane.client, &world.namespace, "SimIntegration");
    integrations.delete(name, &DeleteParams::default()).await?;
    patiently("it is gone", async || Ok(integrations.get_opt(name).await?.is_none().then_some(()))).await?;
    sleep(Duration::from_secs(1)).await;
    Ok(())
}
