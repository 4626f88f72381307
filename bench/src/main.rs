//! `make bench`: measures the operator at scale, in one run on one machine.
//!
//! It starts its own control plane and tenants and runs the operator's release binary as a child process. Counts are
//! exact: of the tenants' logs and of kube-apiserver's own counters. Times are compared with others of the same run.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is where the program talks to its terminal")]

mod control_plane;
mod growth;
mod measurement;
mod operator;
mod resources;
mod scale;
mod tenants;
mod watch;
mod world;
mod writes;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
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
    /// Measure these groups only
    #[arg(long, value_delimiter = ',', value_name = "GROUPS")]
    only: Vec<String>,
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
    let mut findings = Findings::default();
    let is_wanted = |group: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == group);
    for group in ["growth", "writes"].into_iter().filter(|group| is_wanted(group)) {
        let found = match group {
            "growth" => growth::measure(&bench).await?,
            _ => writes::measure(&bench).await?,
        };
        findings.measurements.extend(found.measurements);
        findings.series.extend(found.series);
    }
    for measurement in &findings.measurements {
        println!(
            "| {} | {} | {} | {} | {} |",
            measurement.what,
            measurement.target,
            measurement.value,
            measurement.verdict(),
            measurement.how
        );
    }
    Ok(())
}

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Says what is going on, for whoever waits.
pub fn progress(what: &str) {
    eprintln!("bench: {what}");
}

/// Looks again and again until there is something to be seen.
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
