//! Many integrations at once, where the tenant has no limit: how long until all are Ready, beside a plain loop that makes
//! the same Kubernetes writes and nothing else.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::growth::{at_rest, memory_row};
use crate::measurement::{Chart, Findings, Measurement, Series, Target, Value as Figure, grouped};
use crate::resources::{api, create, integration, integration_name, percentile, percentiles, waits};
use crate::watch::Watch;
use crate::world::{Bench, UNLIMITED, WARM_UP, World};
use crate::{Failed, cpu, progress, restart};

/// So many resources the plain loop has in hand at once: with more the API server is no faster.
const AT_ONCE: usize = 16;

/// Creates many, then looks at the same world at rest and after a restart.
pub async fn measure(bench: &Bench) -> Result<Findings, Failed> {
    let many = bench.scale.many;
    let world = World::new(bench, "creates", 0, UNLIMITED).await?;
    let resync = format!("{}s", bench.scale.resync.as_secs());
    let operator = world.operator(&["--resync", &resync]).await?;
    sleep(WARM_UP).await;

    progress(&format!("creates: {many} integrations, and no limit"));
    let watch = Watch::start(&bench.plane.client, &world.namespace);
    let before = bench.plane.counts().await?;
    world.tenant.forget_calls().await?;
    let started = Instant::now();
    let applied = world.apply(0..many).await?;
    let took = watch.until_settled(many, &[]).await? - started;
    let (calls, after) = (world.tenant.calls().await?, bench.quiet().await?);
    let writes = (after.patches() - before.patches(), after.events() - before.events());
    let waits = waits(&applied, &watch.ready());
    drop(watch);

    progress("creates: the same at rest");
    let rest = at_rest(&world, &operator, many).await?;
    operator.terminate().await?;
    progress("creates: the same writes by a plain loop");
    let (plain, plain_writes) = plain_loop(&world, many).await?;

    let lists = calls.iter().filter(|call| call.is_list()).count();
    let ratio = took.as_secs_f64() / plain.as_secs_f64();
    let row = Measurement::new(
        format!("{} creates with no remote limit", grouped(many as u64)),
        Target::AtMost(Figure::Times(1.3)),
        Figure::Times(ratio),
    )
    .explained(format!(
        "{:.1} s with {} patches, {} events, {} remote calls ({lists} lists); {:.1} s by a plain loop, {AT_ONCE} at once, \
         with {plain_writes} of the same writes; Ready after {:.1} s at the median, {:.1} s at p99",
        took.as_secs_f64(),
        grouped(writes.0),
        grouped(writes.1),
        grouped(calls.len() as u64),
        plain.as_secs_f64(),
        percentile(&waits, 50.0).as_secs_f64(),
        percentile(&waits, 99.0).as_secs_f64(),
    ));
    let mut findings = Findings { measurements: vec![row], series: Vec::new() };
    findings.measurements.extend(rest.rows());
    findings.measurements.push(memory_row(many, ", after their creates", rest.memory));
    let name = format!("{} at once, no limit", grouped(many as u64));
    findings.series.push(Series::new(Chart::TimeToReady, name, percentiles(&waits)));
    let point = |value| vec![(crate::growth::as_float(many), value)];
    findings.series.push(Series::new(Chart::Requests, "sim-operator", point(rest.requests_per_resync())));
    if let Some(memory) = rest.memory {
        findings.series.push(Series::new(Chart::Memory, "resident", point(memory.resident)));
    }

    let restarted = restart::measure(&world, many).await?;
    findings.measurements.extend(restarted.rows);
    let (memory, cpu) = restarted.operator.most_resident(cpu::measure(&world, &restarted.operator, &rest)).await;
    findings.measurements.extend([memory_row(many, ", after a restart", memory), cpu?]);
    restarted.operator.terminate().await?;
    Ok(findings)
}

/// Applies as many resources and writes to each what the operator wrote, one write after the other.
async fn plain_loop(world: &World<'_>, many: usize) -> Result<(Duration, u64), Failed> {
    let (client, tenant) = (&world.bench.plane.client, &world.tenant.name);
    let namespace = format!("{}-plain", world.namespace);
    world.bench.plane.namespace(&namespace).await?;
    let written = api(client, &world.namespace, "SimIntegration").get(&integration_name(tenant, 1)).await?;
    let same = Same {
        remote_id: json!(written.metadata.annotations.unwrap_or_default()["simops.dev/remote-id"]),
        status: written.data["status"].clone(),
    };
    let started = Instant::now();
    let each = stream::iter(0..many).map(async |index| {
        let name = create(client, &namespace, integration(tenant, index)).await?.metadata.name.unwrap_or_default();
        same.write(client, &namespace, &name).await
    });
    let writes: Vec<u64> = each.buffer_unordered(AT_ONCE).try_collect().await?;
    Ok((started.elapsed(), writes.iter().sum()))
}

/// What the operator wrote to one that is Ready.
struct Same {
    remote_id: Value,
    status: Value,
}

impl Same {
    async fn write(&self, client: &kube::Client, namespace: &str, name: &str) -> Result<u64, Failed> {
        let integrations = api(client, namespace, "SimIntegration");
        let parameters = PatchParams { field_manager: Some("plain-loop".to_owned()), ..PatchParams::default() };
        // As large as the intent: its digests and paths are those of the record in the status.
        let intent = json!({"nonce": name, "digest": self.status["sent"], "sent": self.status["sent"]}).to_string();
        let metadata = json!({"annotations": {"simops.dev/create": intent}, "finalizers": ["simops.dev/cleanup"]});
        integrations.patch(name, &parameters, &Patch::Merge(json!({"metadata": metadata}))).await?;
        let status = json!({"status": self.status});
        integrations.patch_status(name, &parameters, &Patch::Merge(status)).await?;
        let event: Event = serde_json::from_value(json!({
            "metadata": {"generateName": format!("{name}-"), "namespace": namespace},
            "eventTime": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
            "type": "Normal", "reason": "Created", "action": "Spec", "note": "in the tenant, as the spec moved: /name, /type",
            "regarding": {"apiVersion": "simops.dev/v1alpha1", "kind": "SimIntegration", "name": name, "namespace": namespace},
            "reportingController": "simops.dev/plain-loop", "reportingInstance": "bench",
        }))?;
        Api::<Event>::namespaced(client.clone(), namespace).create(&PostParams::default(), &event).await?;
        let annotations = json!({"simops.dev/remote-id": self.remote_id, "simops.dev/create": null});
        let metadata = json!({"metadata": {"annotations": annotations}});
        integrations.patch(name, &parameters, &Patch::Merge(metadata)).await?;
        Ok(4)
    }
}
