//! `make bench`: measures the operator at scale, in one run on one machine.
//!
//! It starts its own control plane and tenants and runs the operator's release binary as a child process. Counts are
//! exact: of the tenants' logs and of kube-apiserver's own counters. Times are compared with others of the same run.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is where the program talks to its terminal")]

mod charts;
mod control_plane;
mod cpu;
mod creates;
mod fleet;
mod growth;
mod isolation;
mod limits;
mod measurement;
mod operator;
mod report;
mod resources;
mod restart;
mod scale;
mod tenants;
mod watch;
mod world;
mod writes;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use tokio::time::sleep;

use crate::control_plane::ControlPlane;
use crate::measurement::Findings;
use crate::scale::Scale;
use crate::world::Bench;

/// Why a run ended early. A target that is missed is no such reason.
pub type Failed = Box<dyn Error + Send + Sync>;

/// The longest that anything here is waited for: a run that hangs shall end.
const PATIENCE: Duration = Duration::from_mins(15);
/// How often is looked.
const INTERVAL: Duration = Duration::from_millis(50);

/// Measures the operator at scale.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The operator's release binary
    #[arg(long, value_name = "FILE")]
    operator: PathBuf,
    /// A smaller run, which ends within five minutes
    #[arg(long)]
    quick: bool,
    /// Measure these groups only; nothing is written then
    #[arg(long, value_enum, value_delimiter = ',', value_name = "GROUPS")]
    only: Vec<Group>,
    /// Write performance.md and its charts into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "only")]
    docs: Option<PathBuf>,
}

/// Measurements that share a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Group {
    /// Rest and memory, as integrations become more
    Growth,
    /// What one change costs
    Writes,
    /// The rate limit
    Limits,
    /// Many creates at once, then rest, restart and CPU with as many
    Creates,
    /// Bad tenants beside good ones
    Isolation,
    /// Memory and requests, as tenants become more
    Fleet,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failed> {
    let scale = if arguments.quick { Scale::quick() } else { Scale::full() };
    let bench = Bench { plane: ControlPlane::start().await?, binary: arguments.operator.canonicalize()?, scale };
    let started = Instant::now();
    let mut findings = Findings::default();
    for group in Group::value_variants() {
        if !arguments.only.is_empty() && !arguments.only.contains(group) {
            continue;
        }
        let found = match group {
            Group::Growth => growth::measure(&bench).await?,
            Group::Writes => writes::measure(&bench).await?,
            Group::Limits => limits::measure(&bench).await?,
            Group::Creates => creates::measure(&bench).await?,
            Group::Isolation => isolation::measure(&bench).await?,
            Group::Fleet => fleet::measure(&bench).await?,
        };
        findings.measurements.extend(found.measurements);
        findings.series.extend(found.series);
    }
    progress(&format!("done after {} s", started.elapsed().as_secs()));
    println!("{}", report::table(&findings.measurements, &BTreeMap::new()));
    if arguments.quick {
        progress(
            "the targets are those of the full run: of a tenth of its integrations, the start of the process is most of a \
             restart, and a second of noise is much of their creates",
        );
    }
    match arguments.docs {
        Some(folder) => report::write(&folder, &bench.plane.version().await?, &findings),
        None => Ok(()),
    }
}

/// The checkout.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Says what is going on, for whoever waits.
pub fn progress(what: &str) {
    eprintln!("bench: {what}");
}

/// Looks again and again until there is something to be seen.
///
/// # Errors
/// As the look failed, or if there was nothing to be seen in time.
pub async fn patiently<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>, Failed>) -> Result<T, Failed> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        sleep(INTERVAL).await;
    }
    Err(format!("not within {PATIENCE:?}: {what}").into())
}
