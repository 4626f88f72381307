//! A Kubernetes API for the run, and what it counts: every write by verb and resource, exactly.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use http::Request;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::{Failed, root};

/// etcd and kube-apiserver. Both end when this is dropped, as their standard input closes.
pub struct ControlPlane {
    /// The administrator's kubeconfig.
    pub kubeconfig: PathBuf,
    /// An administrator's client.
    pub client: Client,
    folder: TempDir,
    _script: Child,
    _output: BufReader<ChildStdout>,
}

impl ControlPlane {
    /// Starts both and installs our two kinds.
    pub async fn start() -> Result<Self, Failed> {
        let script = root().join("tools/control-plane");
        let assets = Command::new(&script).arg("assets").stderr(Stdio::inherit()).output().await?;
        if !assets.status.success() {
            return Err("tools/control-plane assets failed".into());
        }
        let assets = PathBuf::from(String::from_utf8(assets.stdout)?.trim_end());
        let folder = tempfile::Builder::new().prefix("sim-operator-bench-").tempdir()?;
        let mut running = Command::new(&script)
            .args([OsStr::new("run"), OsStr::new("--remove"), folder.path().join("kubernetes").as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut output = BufReader::new(running.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        output.read_line(&mut line).await?;
        let kubeconfig = line.trim_end().strip_prefix("ready ").ok_or("tools/control-plane run failed")?;
        let kubeconfig = PathBuf::from(kubeconfig);
        let client = client(&kubeconfig).await?;
        install(&assets.join("kubectl"), &kubeconfig).await?;
        Ok(Self { kubeconfig, client, folder, _script: running, _output: output })
    }

    /// A folder that lives as long as this.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A new namespace.
    pub async fn namespace(&self, name: &str) -> Result<(), Failed> {
        let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
        let namespace = Namespace { metadata, ..Namespace::default() };
        Api::all(self.client.clone()).create(&PostParams::default(), &namespace).await?;
        Ok(())
    }

    /// What was written so far, and which Secrets were read. The bench itself never patches, so that each patch is the
    /// operator's, or the plain loop's while that runs.
    pub async fn counts(&self) -> Result<Counts, Failed> {
        Ok(Counts::read(&self.get("/metrics").await?))
    }

    /// How long it takes to list all integrations of a namespace as `kubectl get --raw` does, and drop the bytes.
    pub async fn bare_list(&self, namespace: &str) -> Result<Duration, Failed> {
        let started = Instant::now();
        self.get(&format!("/apis/simops.dev/v1alpha1/namespaces/{namespace}/simintegrations")).await?;
        Ok(started.elapsed())
    }

    /// Its version, as in `v1.36.3`.
    pub async fn version(&self) -> Result<String, Failed> {
        Ok(self.client.apiserver_version().await?.git_version)
    }

    async fn get(&self, path: &str) -> Result<String, Failed> {
        Ok(self.client.request_text(Request::get(path).body(Vec::new())?).await?)
    }
}

/// Without the proxy that a developer's environment may name: it cannot reach this machine's loopback.
async fn client(kubeconfig: &Path) -> Result<Client, Failed> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    config.proxy_url = None;
    Ok(Client::try_from(config)?)
}

async fn install(kubectl: &Path, kubeconfig: &Path) -> Result<(), Failed> {
    let folder = root().join("deploy/crds");
    for arguments in [
        [OsStr::new("apply"), OsStr::new("--server-side"), OsStr::new("-f"), folder.as_os_str()],
        [OsStr::new("wait"), OsStr::new("--for=condition=Established"), OsStr::new("-f"), folder.as_os_str()],
    ] {
        let mut command = Command::new(kubectl);
        command.env("KUBECONFIG", kubeconfig).args(arguments).stdout(Stdio::null());
        if !command.status().await?.success() {
            return Err("the definitions could not be installed".into());
        }
    }
    Ok(())
}

/// How many requests the API server has answered, by verb and resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<(String, String), u64>);

impl Counts {
    /// Of `apiserver_request_total`; a subresource is written behind its resource, as in `simintegrations/status`.
    fn read(metrics: &str) -> Self {
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        for line in metrics.lines().filter_map(|line| line.strip_prefix("apiserver_request_total{")) {
            let Some((labels, count)) = line.split_once("} ") else { continue };
            let label = |name: &str| {
                let (_, rest) = labels.split_once(&format!("{name}=\""))?;
                rest.split_once('"').map(|(value, _)| value).filter(|value| !value.is_empty())
            };
            let Some(verb) = label("verb") else { continue };
            let resource =
                [label(",resource"), label("subresource")].into_iter().flatten().collect::<Vec<_>>().join("/");
            let count: f64 = count.trim().parse().unwrap_or_default();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
            let count = count as u64;
            *counts.entry((verb.to_owned(), resource)).or_default() += count;
        }
        Self(counts)
    }

    fn of(&self, verb: &str, resource: &str) -> u64 {
        self.0.get(&(verb.to_owned(), resource.to_owned())).copied().unwrap_or_default()
    }

    /// Writes of the operator to resources of our kinds.
    pub fn patches(&self) -> u64 {
        let resources = ["simintegrations", "simintegrations/status", "sailpointtenants", "sailpointtenants/status"];
        resources.iter().map(|resource| self.of("PATCH", resource) + self.of("APPLY", resource)).sum()
    }

    /// Events that were written.
    pub fn events(&self) -> u64 {
        ["POST", "PATCH", "PUT"].iter().map(|verb| self.of(verb, "events")).sum()
    }

    /// Reads of Secrets.
    pub fn secret_reads(&self) -> u64 {
        self.of("GET", "secrets")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_verb_and_resource() {
        let counts = Counts::read(concat!(
            "# TYPE apiserver_request_total counter\n",
            "apiserver_request_total{code=\"200\",component=\"apiserver\",dry_run=\"\",group=\"simops.dev\",",
            "resource=\"simintegrations\",scope=\"resource\",subresource=\"status\",verb=\"PATCH\",version=\"v1\"} 3\n",
            "apiserver_request_total{code=\"409\",component=\"apiserver\",dry_run=\"\",group=\"simops.dev\",",
            "resource=\"simintegrations\",scope=\"resource\",subresource=\"\",verb=\"PATCH\",version=\"v1\"} 2\n",
            "apiserver_request_total{code=\"201\",component=\"apiserver\",dry_run=\"\",group=\"events.k8s.io\",",
            "resource=\"events\",scope=\"namespace\",subresource=\"\",verb=\"POST\",version=\"v1\"} 1.2e+02\n",
        ));
        assert_eq!((counts.patches(), counts.events(), counts.secret_reads()), (5, 120, 0));
    }
}
