//! A namespace with tenants in it, and the operator's flags and waits that all groups share.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::control_plane::{ControlPlane, Counts};
use crate::operator::Operator;
use crate::resources::{Applied, api, create, create_all, create_passwords, create_secret, integration};
use crate::scale::Scale;
use crate::tenants::Tenant;
use crate::{Failed, patiently};

/// A new process spends a fifth of its share in its first 10 s: measured is what comes after.
pub const WARM_UP: Duration = Duration::from_secs(11);
/// So long nothing must be written before what follows counts as rest.
const QUIET: Duration = Duration::from_secs(3);
/// More than any tenant here is asked for: no limit on our side.
pub const UNLIMITED: u32 = 10_000;

/// What every group of measurements is given.
pub struct Bench {
    /// Kubernetes.
    pub plane: ControlPlane,
    /// The release binary of the operator.
    pub binary: PathBuf,
    /// How much of everything.
    pub scale: Scale,
}

/// A namespace with one tenant.
pub struct World<'a> {
    /// What it is in.
    pub bench: &'a Bench,
    /// The namespace.
    pub namespace: String,
    /// The tenant.
    pub tenant: Tenant,
}

impl<'a> World<'a> {
    /// A namespace with a tenant that lets `limit` requests through in 10 s (0: any number), of which the operator may
    /// spend `share`.
    pub async fn new(bench: &'a Bench, namespace: &str, limit: u32, share: u32) -> Result<Self, Failed> {
        let plane = &bench.plane;
        plane.namespace(namespace).await?;
        let tenant = Tenant::start(namespace, limit).await?;
        let (manifest, secret) = tenant.manifests(json!({"requestsPer10s": share}));
        create_secret(&plane.client, namespace, secret).await?;
        create(&plane.client, namespace, manifest).await?;
        create_passwords(&plane.client, namespace).await?;
        Ok(Self { bench, namespace: namespace.to_owned(), tenant })
    }

    /// Starts the operator and waits until the tenant is Ready.
    pub async fn operator(&self, flags: &[&str]) -> Result<Operator, Failed> {
        let operator = Operator::start(&self.bench.plane, &self.bench.binary, &self.namespace, flags)?;
        operator.ready().await?;
        self.bench.tenant_is_ready(&self.namespace, &self.tenant.name).await?;
        Ok(operator)
    }

    /// Applies integrations of these numbers.
    pub async fn apply(&self, numbers: impl Iterator<Item = usize>) -> Result<Applied, Failed> {
        let manifests: Vec<Value> = numbers.map(|number| integration(&self.tenant.name, number)).collect();
        create_all(&self.bench.plane.client, &self.namespace, manifests).await
    }

    /// Waits until the tenant was listed so many times more.
    pub async fn resyncs(&self, count: usize) -> Result<(), Failed> {
        let lists = async || {
            let calls = self.tenant.calls().await?;
            Ok::<_, Failed>(calls.iter().filter(|call| call.is_list() && call.is_done()).count())
        };
        let before = lists().await?;
        patiently("the tenant is listed", async || Ok((lists().await? >= before + count).then_some(()))).await
    }
}

impl Bench {
    /// Waits until a tenant is Ready.
    pub async fn tenant_is_ready(&self, namespace: &str, name: &str) -> Result<(), Failed> {
        let tenants = api(&self.plane.client, namespace, "SailPointTenant");
        patiently("the tenant is Ready", async || {
            let tenant = tenants.get(name).await?;
            let conditions = tenant.data["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let is_ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
            Ok(conditions.iter().any(is_ready).then_some(()))
        })
        .await
    }

    /// Waits until nothing was written for a while; returns what was written by then.
    pub async fn quiet(&self) -> Result<Counts, Failed> {
        let mut before = self.plane.counts().await?;
        loop {
            sleep(QUIET).await;
            let now = self.plane.counts().await?;
            if (now.patches(), now.events()) == (before.patches(), before.events()) {
                return Ok(now);
            }
            before = now;
        }
    }
}
