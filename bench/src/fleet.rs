//! More and more tenants in one process: memory, and requests in one resync.

use tokio::time::sleep;

use crate::growth::as_float;
use crate::measurement::{Chart, Findings, Series};
use crate::operator::Operator;
use crate::resources::{create, create_all, create_passwords, create_secret, integration};
use crate::tenants::Tenant;
use crate::watch::Watch;
use crate::world::{Bench, UNLIMITED};
use crate::{Failed, progress};

use serde_json::json;

/// So many integrations each tenant has.
const OF_EACH: usize = 10;
/// So many resyncs are counted.
const RESYNCS: u32 = 3;

/// Adds tenants step by step. It has no target: it shows that each costs the same.
pub async fn measure(bench: &Bench) -> Result<Findings, Failed> {
    let (client, namespace) = (&bench.plane.client, "fleet");
    bench.plane.namespace(namespace).await?;
    create_passwords(client, namespace).await?;
    let resync = bench.scale.resync;
    let operator =
        Operator::start(&bench.plane, &bench.binary, namespace, &["--resync", &format!("{}s", resync.as_secs())])?;
    let watch = Watch::start(client, namespace);
    let mut tenants: Vec<Tenant> = Vec::new();
    let (mut memory, mut requests) = (Vec::new(), Vec::new());
    for &count in &bench.scale.tenant_steps {
        progress(&format!("fleet: {count} tenants"));
        for number in tenants.len()..count {
            let tenant = Tenant::start(&format!("fleet{number:03}"), 0).await?;
            let (manifest, secret) = tenant.manifests(json!({"requestsPer10s": UNLIMITED}));
            create_secret(client, namespace, secret).await?;
            create(client, namespace, manifest).await?;
            create_all(client, namespace, (0..OF_EACH).map(|index| integration(&tenant.name, index)).collect()).await?;
            tenants.push(tenant);
        }
        watch.until_settled(count * OF_EACH, &[]).await?;
        sleep(resync * 2).await;
        for tenant in &tenants {
            tenant.forget_calls().await?;
        }
        let (most, ()) = operator.most_resident(sleep(resync * RESYNCS)).await;
        let mut calls = 0;
        for tenant in &tenants {
            calls += tenant.calls().await?.iter().filter(|call| !call.is_token()).count();
        }
        memory.extend(most.map(|most| (as_float(count), most.resident)));
        requests.push((as_float(count), as_float(calls) / f64::from(RESYNCS)));
    }
    operator.terminate().await?;
    let series = vec![
        Series::new(Chart::Tenants, "resident memory (MiB)", memory),
        Series::new(Chart::Tenants, "requests in one resync, all tenants together", requests),
    ];
    Ok(Findings { measurements: Vec::new(), series })
}
