//! How the process is told to end, and how long what has begun may take then.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::Error;

/// Comes to an end `limit` after the process was told to: what has begun may finish, but not wait for ever.
pub(super) async fn patience(stopping: watch::Receiver<bool>, limit: Duration) {
    ended(stopping).await;
    sleep(limit).await;
}

/// Comes to an end when the process is told to.
pub(super) async fn ended(mut stopping: watch::Receiver<bool>) {
    // An error means that whoever would tell has gone: that is the end as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Comes to an end at SIGTERM or SIGINT.
pub(super) fn signals() -> Result<impl Future<Output = ()> + Send, Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
