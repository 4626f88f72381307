//! The operator's binary as a child process: what it says, and the ways it can end.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use super::control_plane;
use super::wait::eventually;

/// Would lead the child's calls to this machine's loopback astray.
const PROXIES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// How much of its output a failing test shows.
const LINES_SHOWN: usize = 200;

/// A running operator. Dropping it kills it.
pub struct Operator {
    child: Child,
    output: Arc<Mutex<Vec<String>>>,
}

impl Operator {
    /// Starts `sim-operator` as the cluster's administrator.
    pub fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_as(control_plane::kubeconfig(), arguments, environment)
    }

    /// Starts `sim-operator` as the user of a kubeconfig.
    pub fn start_as(kubeconfig: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sim-operator"));
        for proxy in PROXIES {
            command.env_remove(proxy);
        }
        let mut child = command
            .args(arguments)
            .env("KUBECONFIG", kubeconfig)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Arc::default();
        collect(child.stdout.take().unwrap(), &output);
        collect(child.stderr.take().unwrap(), &output);
        Self { child, output }
    }

    /// All it has said so far on standard output and standard error, line by line.
    pub fn lines(&self) -> Vec<String> {
        self.output.lock().unwrap().clone()
    }

    /// The lines so far that hold `text`.
    pub fn lines_with(&self, text: &str) -> Vec<String> {
        self.lines().into_iter().filter(|line| line.contains(text)).collect()
    }

    /// Waits for a line that holds `text`; the first such line.
    pub async fn says(&self, text: &str) -> String {
        eventually(&format!("the operator says {text:?}"), async || {
            self.lines_with(text).into_iter().next().ok_or_else(|| self.lines())
        })
        .await
    }

    /// The most memory that it took so far, in MiB; `None` where the system does not tell, or if it has ended.
    pub fn most_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|taken| taken / 1024)
    }

    /// How it ended, if it has.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for it to end of itself.
    pub async fn exits(&mut self) -> ExitStatus {
        eventually("the operator ends", async || self.exit_status().ok_or("still running")).await
    }

    /// Ends it as a crash of its node does: by SIGKILL, with no time to tidy up.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Releases what is held at a failpoint.
    pub fn release(&self) {
        self.signal("USR1");
    }

    /// Stops it from running, as a busy or frozen node does, until [`resume`](Self::resume).
    pub fn suspend(&self) {
        self.signal("STOP");
    }

    /// Lets it run on.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Ends it as Kubernetes does, by SIGTERM, and waits for it to be gone.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.exits().await
    }

    fn signal(&self, name: &str) {
        signal(&self.child, name);
    }
}

/// Sends a signal to a child process that runs.
pub fn signal(child: &Child, name: &str) {
    // The shell's own `kill`: a slim image has no other, and calling the system would need unsafe code.
    let command = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success(), "the process had ended before");
}

impl Drop for Operator {
    fn drop(&mut self) {
        // Neither can fail in a way that matters: the process is gone, now or before.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let lines = self.output.lock().map(|lines| lines.clone()).unwrap_or_default();
            let first = lines.len().saturating_sub(LINES_SHOWN);
            eprintln!("--- the operator's last lines ---\n{}\n---", lines[first..].join("\n"));
        }
    }
}

/// Reads on a thread until the pipe closes, so that the child never waits for its reader.
fn collect(pipe: impl Read + Send + 'static, output: &Arc<Mutex<Vec<String>>>) {
    let output = Arc::clone(output);
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            output.lock().unwrap().push(String::from_utf8_lossy(&line).into_owned());
        }
    });
}
