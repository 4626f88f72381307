//! Log lines on standard error: for people, or as JSON for collectors.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

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
    let filter: Targets =
        format!("{QUIET},{}", config.filter).parse().map_err(|_| Error::Filter(config.filter.clone()))?;
    let (log, lines) = (registry().with(filter), layer().with_writer(stderr));
    match config.format {
        LogFormat::Text => log.with(lines.with_ansi(stderr().is_terminal())).try_init()?,
        LogFormat::Json => log.with(lines.json().flatten_event(true).with_current_span(false)).try_init()?,
    }
    Ok(())
}
