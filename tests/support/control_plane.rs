//! A real Kubernetes API, one per test binary, and a namespace of its own for each test.
//!
//! There is an API server and nothing else, unless a test asks [`with_controllers`]: no controller deletes a namespace's
//! contents, no garbage collector follows owner references, no Pod ever runs. Namespaces are never deleted, as the whole
//! API is thrown away with the binary.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Config, Resource};

use super::process::signal;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/control-plane");

static CONTROL_PLANE: LazyLock<ControlPlane> = LazyLock::new(ControlPlane::start);
static WITH_CONTROLLERS: AtomicBool = AtomicBool::new(false);
static WITHOUT_STREAMED_LISTS: AtomicBool = AtomicBool::new(false);

/// This binary's control plane has the controllers that empty a deleted namespace and collect garbage. Each of its tests says
/// so first: whichever comes first starts the control plane.
pub fn with_controllers() {
    WITH_CONTROLLERS.store(true, Ordering::Relaxed);
}

/// This binary's API server streams no lists, as that of Kubernetes 1.33 does by default. Its one test says so first.
pub fn without_streamed_lists() {
    WITHOUT_STREAMED_LISTS.store(true, Ordering::Relaxed);
}

/// The running script. It ends when its standard input closes, and the system closes that when this process ends,
/// however it ends: so nothing here is ever dropped, and nothing is left behind.
struct ControlPlane {
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    script: Child,
    output: Mutex<BufReader<ChildStdout>>,
}

impl ControlPlane {
    fn start() -> Self {
        let assets = Command::new(SCRIPT).arg("assets").stderr(Stdio::inherit()).output().unwrap();
        assert!(assets.status.success(), "tools/control-plane assets failed; its reason is on standard error");
        let assets = String::from_utf8(assets.stdout).unwrap();

        let folder = tempfile::Builder::new().prefix("sim-operator-test-").tempdir().unwrap().keep();
        let flags = [(&WITH_CONTROLLERS, "--with-controllers"), (&WITHOUT_STREAMED_LISTS, "--without-streamed-lists")];
        let flags =
            flags.into_iter().filter(|(is_set, _)| is_set.load(Ordering::Relaxed)).map(|(_, flag)| OsStr::new(flag));
        let mut script = Command::new(SCRIPT)
            .args([OsStr::new("run"), OsStr::new("--remove")].into_iter().chain(flags).chain([folder.as_os_str()]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(script.stdout.take().unwrap());
        let Some(kubeconfig) = ready(&mut output) else {
            script.wait().unwrap();
            panic!("{NOT_READY}");
        };
        let kubectl = Path::new(assets.trim_end()).join("kubectl");
        Self { kubeconfig, kubectl, script, output: Mutex::new(output) }
    }
}

const NOT_READY: &str = "tools/control-plane run failed; its reason is on standard error";

/// Waits until the script says that the API is ready; where its kubeconfig is.
fn ready(output: &mut impl BufRead) -> Option<PathBuf> {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    line.trim_end().strip_prefix("ready ").map(PathBuf::from)
}

/// Kills kube-apiserver and starts it again, as it was; blocks until it is ready. For a binary whose one test minds it.
pub fn restart_api_server() {
    let mut output = CONTROL_PLANE.output.lock().unwrap();
    signal(&CONTROL_PLANE.script, "USR1");
    ready(&mut *output).expect(NOT_READY);
}

/// The administrator's kubeconfig, for child processes.
pub fn kubeconfig() -> &'static Path {
    &CONTROL_PLANE.kubeconfig
}

/// Two tests may ask for the same account at once, and kubectl locks the file that it changes: each gets its own.
static SERVICE_ACCOUNT_KUBECONFIGS: AtomicUsize = AtomicUsize::new(0);

/// A new kubeconfig file for an existing service account: a user with no more rights than RBAC gives it.
pub fn service_account_kubeconfig(namespace: &str, name: &str) -> PathBuf {
    let token = kubectl(&["create", "token", name, "--namespace", namespace]).unwrap();
    let number = SERVICE_ACCOUNT_KUBECONFIGS.fetch_add(1, Ordering::Relaxed);
    let path = kubeconfig().with_file_name(format!("kubeconfig-{namespace}-{name}-{number}"));
    std::fs::copy(kubeconfig(), &path).unwrap();
    let token = format!("--token={}", token.trim_end());
    kubectl(&["--kubeconfig", path.to_str().unwrap(), "config", "set-credentials", "admin", &token]).unwrap();
    path
}

/// An administrator's client. Each test makes its own, as each has its own runtime.
pub async fn client() -> Client {
    client_from(kubeconfig()).await
}

/// A client of any kubeconfig file.
pub async fn client_from(kubeconfig: &Path) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    // A proxy that the developer's environment names cannot reach this machine's loopback.
    config.proxy_url = None;
    Client::try_from(config).unwrap()
}

/// Runs kubectl as the administrator: what it printed, or what it complained of.
pub fn kubectl(arguments: &[&str]) -> Result<String, String> {
    kubectl_with_input(arguments, "")
}

/// Runs kubectl as the administrator with `input` on its standard input, as in `apply -f -`.
pub fn kubectl_with_input(arguments: &[&str], input: &str) -> Result<String, String> {
    let mut child = Command::new(&CONTROL_PLANE.kubectl)
        .env("KUBECONFIG", kubeconfig())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Not unwrapped: kubectl may refuse its arguments and be gone before it reads any of this.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// One test's part of the API: a namespace that no other test knows, and a client.
pub struct Sandbox {
    pub client: Client,
    pub namespace: String,
}

impl Sandbox {
    /// Starts the API if this is the first test of its binary, and creates the namespace `t-<random>`.
    pub async fn new() -> Self {
        let client = client().await;
        let metadata = ObjectMeta { generate_name: Some("t-".to_owned()), ..ObjectMeta::default() };
        let namespace = Namespace { metadata, ..Namespace::default() };
        let created = Api::all(client.clone()).create(&PostParams::default(), &namespace).await.unwrap();
        Self { client, namespace: created.metadata.name.unwrap() }
    }

    /// The objects of one kind in this namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Runs kubectl in this namespace: what it printed, or what it complained of.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        kubectl(&[&["--namespace", &self.namespace], arguments].concat())
    }

    /// Applies YAML to this namespace the way a user does, server-side.
    pub fn apply(&self, manifest: &str) -> Result<String, String> {
        kubectl_with_input(&["--namespace", &self.namespace, "apply", "--server-side", "-f", "-"], manifest)
    }
}
