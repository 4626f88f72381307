//! The operator's release binary as a child process: its memory, its CPU and its own metrics.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::control_plane::ControlPlane;
use crate::measurement::Value;
use crate::{Failed, patiently};

/// Would lead the child's calls to this machine's loopback astray.
const PROXIES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// How many of the kernel's ticks are a second: `USER_HZ`, the same on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// How often its memory is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// A running operator. Dropping it kills it.
pub struct Operator {
    child: Child,
    port: u16,
    http: reqwest::Client,
    /// When it was started.
    pub started: Instant,
}

/// How much memory the process has and had, in MiB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// `VmRSS`: resident now.
    pub resident: f64,
    /// `VmHWM`: the most that was ever resident.
    pub peak: f64,
    /// `RssAnon`: of the resident, what is no file: heap and stacks.
    pub anonymous: f64,
}

impl Operator {
    /// Starts it, with further flags, to watch one namespace. Its log goes into the control plane's folder.
    pub fn start(plane: &ControlPlane, binary: &Path, namespace: &str, flags: &[&str]) -> Result<Self, Failed> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = File::options().create(true).append(true).open(plane.folder().join(format!("{namespace}.log")))?;
        let mut command = Command::new(binary);
        for proxy in PROXIES {
            command.env_remove(proxy);
        }
        let child = command
            .args(["run", "--namespace", namespace, "--lease-namespace", namespace])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(flags)
            .env("KUBECONFIG", &plane.kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { child, port, http, started: Instant::now() })
    }

    /// Waits until its `/readyz` says so.
    pub async fn ready(&self) -> Result<(), Failed> {
        let url = format!("http://127.0.0.1:{}/readyz", self.port);
        patiently("the operator is ready", async || {
            let answer = self.http.get(&url).send().await;
            Ok(answer.is_ok_and(|answer| answer.status().is_success()).then_some(()))
        })
        .await
    }

    /// How many reconciles of integrations came to a verdict, from its own metrics; those that were parked have none.
    pub async fn verdicts(&self) -> u64 {
        let url = format!("http://127.0.0.1:{}/metrics", self.port);
        let Ok(answer) = self.http.get(url).send().await else { return 0 };
        let text = answer.text().await.unwrap_or_default();
        let counts = text.lines().filter_map(|line| {
            let labels = line.strip_prefix("sim_operator_reconcile_seconds_count{kind=\"SimIntegration\",")?;
            let (outcome, count) = labels.split_once("} ")?;
            (outcome != "outcome=\"Parked\"").then(|| count.parse::<u64>().unwrap_or_default())
        });
        counts.sum()
    }

    /// Ends it as Kubernetes does, by SIGTERM.
    pub async fn terminate(mut self) -> Result<(), Failed> {
        let id = self.child.id().ok_or("the operator had ended before")?;
        // The shell's own `kill`: a slim image has no other, and calling the system would need unsafe code.
        Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().await?;
        self.child.wait().await?;
        Ok(())
    }

    /// Ends it as the death of its node does.
    pub async fn kill(mut self) -> Result<(), Failed> {
        Ok(self.child.kill().await?)
    }

    /// Its memory; `None` where there is no `/proc`.
    pub fn memory(&self) -> Option<Memory> {
        let status = fs::read_to_string(self.proc("status")?).ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kibibytes: f64 = line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().ok()?;
            Some(kibibytes / 1024.0)
        };
        Some(Memory { resident: field("VmRSS")?, peak: field("VmHWM")?, anonymous: field("RssAnon")? })
    }

    /// The CPU time that it has used, user and system; `None` where there is no `/proc`.
    pub fn cpu_time(&self) -> Option<Duration> {
        let stat = fs::read_to_string(self.proc("stat")?).ok()?;
        // The name, in parentheses, may hold blanks; utime and stime are the 14th and 15th field.
        let (_, fields) = stat.rsplit_once(") ")?;
        let ticks: Vec<f64> = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        Some(Duration::from_secs_f64(ticks.iter().sum::<f64>() / TICKS_PER_SECOND))
    }

    fn proc(&self, file: &str) -> Option<PathBuf> {
        Some(PathBuf::from(format!("/proc/{}/{file}", self.child.id()?)))
    }

    /// The most that was resident at any of many looks until `end` comes to its end, and what came of that.
    pub async fn most_resident<T>(&self, end: impl Future<Output = T>) -> (Option<Memory>, T) {
        let mut end = pin!(end);
        let mut most = self.memory();
        loop {
            tokio::select! {
                result = &mut end => return (most, result),
                () = sleep(LOOK) => {
                    let is_more = |now: &Memory| most.is_none_or(|most| now.resident > most.resident);
                    most = self.memory().filter(is_more).or(most);
                }
            }
        }
    }
}

/// The resident memory as the figure of a row.
pub fn resident(memory: Option<Memory>) -> Value {
    memory.map_or(Value::Unmeasured, |memory| Value::Mebibytes(memory.resident))
}
