//! The binary `sim-operator`: arguments, log, dispatch and exit code.
//!
//! 0: done. 1: it failed at run time. 2: the flags cannot mean anything.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is where the program talks to its terminal")]

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use sim_operator::api::crds;
use sim_operator::cli::{Cli, Command, Crds, Run};
use sim_operator::config::Config;
use sim_operator::{operator, telemetry};

/// Returns what a burst of work needed (.cargo/config.toml says how soon), where glibc's keeps most of it for good.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const FAILED: u8 = 1;
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Crds(flags) => ended(print_crds(&flags)),
        Command::Run(flags) => match resolved(*flags) {
            Ok(config) => ended(run(config)),
            Err(error) => complain(&*error, USAGE),
        },
    }
}

fn ended(result: Result<(), Box<dyn Error>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&*error, FAILED),
    }
}

fn complain(error: &dyn Error, code: u8) -> ExitCode {
    eprintln!("sim-operator: {error}");
    ExitCode::from(code)
}

fn resolved(flags: Run) -> Result<Config, Box<dyn Error>> {
    Ok(Config::try_from(flags)?)
}

fn run(config: Config) -> Result<(), Box<dyn Error>> {
    telemetry::start(&config.log)?;
    // Two providers could be built in by dependencies; rustls then wants to be told which one counts.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        return Err("another TLS provider was installed before".into());
    }
    #[cfg(feature = "failpoints")]
    let _armed = sim_operator::failpoint::arm();
    let runtime = tokio::runtime::Runtime::new()?;
    // As a task, on the threads of its reconciles: outside of them, the system has to wake it for each of these.
    let result = runtime.block_on(runtime.spawn(operator::run(config)));
    // Nothing is waited for any more: who lost its lease must be gone.
    runtime.shutdown_background();
    Ok(result??)
}

fn print_crds(flags: &Crds) -> Result<(), Box<dyn Error>> {
    let files = crds::files()?;
    if let Some(dir) = &flags.dir {
        fs::create_dir_all(dir).map_err(|error| format!("{} cannot be made: {error}", dir.display()))?;
        return files.iter().try_for_each(|file| write(&dir.join(&file.name), &file.yaml));
    }
    let documents: Vec<&str> = files.iter().map(|file| file.yaml.as_str()).collect();
    match io::stdout().write_all(documents.join("---\n").as_bytes()) {
        // Whoever read it has seen enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    fs::write(path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()).into())
}
