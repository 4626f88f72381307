//! Log lines on standard error: for people, or as JSON for collectors.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::TryInitError;

use crate::cli::LogFormat;
use crate::config::LogConfig;

/// Before what the user says, so that the user can turn it on: kube logs each failed connection as well as returning it.
const QUIET: &str = "kube_client::client::builder=off";

/// Why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter cannot be read.
    #[error("the log filter {0:?} cannot be read")]
    Filter(String),
    /// Somebody else writes this process's log already.
    #[error("logging was set up before")]
    SetUpBefore(#[from] TryInitError),
}

/// Writes what passes the filter to standard error from now on.
///
/// # Errors
/// [`Error`] if the filter cannot be read or logging was set up before.
pub fn start(config: &LogConfig) -> Result<(), Error> {
    let filter =
        EnvFilter::try_new(format!("{QUIET},{}", config.filter)).map_err(|_| Error::Filter(config.filter.clone()))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match config.format {
        LogFormat::Text => init(lines.with_ansi(stderr().is_terminal()).finish()),
        LogFormat::Json => init(lines.json().flatten_event(true).with_current_span(false).finish()),
    }
}

fn init(lines: impl tracing_subscriber::util::SubscriberInitExt) -> Result<(), Error> {
    Ok(lines.try_init()?)
}
