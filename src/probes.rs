//! What Kubernetes and Prometheus ask of a running operator: `/livez`, `/readyz` and `/metrics`.
//!
//! Not here: what the operator has to wait for; `operator` says so through [`Readiness`].

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::metrics::Metrics;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the operator still waits for before it can work. A clone is the same list.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<BTreeSet<String>>>);

impl Readiness {
    /// Not ready before all of these have [arrived](Self::arrived): such as `CRD simintegrations.simops.dev`.
    #[must_use]
    pub fn waiting_for<S: Into<String>>(what: impl IntoIterator<Item = S>) -> Self {
        Self(Arc::new(Mutex::new(what.into_iter().map(Into::into).collect())))
    }

    /// From now on not ready before this has arrived, too.
    pub fn wait_for(&self, what: impl Into<String>) {
        self.missing().insert(what.into());
    }

    /// This is no longer waited for.
    pub fn arrived(&self, what: &str) {
        self.missing().remove(what);
    }

    /// What is waited for, in one line; nothing if ready.
    #[must_use]
    pub fn waits(&self) -> Option<String> {
        let missing = self.missing();
        let names: Vec<&str> = missing.iter().map(String::as_str).collect();
        (!names.is_empty()).then(|| format!("waiting for {}", names.join(", ")))
    }

    fn missing(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // Nothing that holds the lock can leave half a change behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers on `listener` until `shutdown` ends.
///
/// # Errors
/// What the listener says when it can accept no more.
pub async fn serve(
    listener: TcpListener,
    readiness: Readiness,
    metrics: Metrics,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let routes = Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready).with_state(readiness))
        .route("/metrics", get(numbers).with_state(metrics));
    axum::serve(listener, routes).with_graceful_shutdown(shutdown).await
}

async fn ready(State(readiness): State<Readiness>) -> (StatusCode, String) {
    match readiness.waits() {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(waits) => (StatusCode::SERVICE_UNAVAILABLE, waits + "\n"),
    }
}

async fn numbers(State(metrics): State<Metrics>) -> impl IntoResponse {
    ([(CONTENT_TYPE, OPEN_METRICS)], metrics.encode())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn started(readiness: &Readiness) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve(listener, readiness.clone(), Metrics::new(), std::future::pending()));
        base
    }

    async fn get(url: String) -> reqwest::Response {
        reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap()
    }

    #[tokio::test]
    async fn readyz_names_what_is_missing() {
        let readiness = Readiness::waiting_for(["CRD simintegrations.simops.dev", "CRD sailpointtenants.simops.dev"]);
        let base = started(&readiness).await;

        readiness.arrived("CRD sailpointtenants.simops.dev");
        let answer = get(format!("{base}/readyz")).await;
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.text().await.unwrap(), "waiting for CRD simintegrations.simops.dev\n");
        assert_eq!(get(format!("{base}/livez")).await.status(), 200);

        readiness.arrived("CRD simintegrations.simops.dev");
        assert_eq!(get(format!("{base}/readyz")).await.status(), 200);

        readiness.wait_for("the API server");
        assert_eq!(get(format!("{base}/readyz")).await.text().await.unwrap(), "waiting for the API server\n");
    }

    #[tokio::test]
    async fn metrics_are_openmetrics() {
        let answer = get(format!("{}/metrics", started(&Readiness::default()).await)).await;
        assert_eq!(answer.headers()["content-type"], OPEN_METRICS);
        assert!(answer.text().await.unwrap().ends_with("# EOF\n"));
    }

    #[tokio::test]
    async fn it_ends_when_told_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        serve(listener, Readiness::default(), Metrics::new(), std::future::ready(())).await.unwrap();
    }
}
