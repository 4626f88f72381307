//! The way to Kubernetes: finds it, asks it once, and says in one line what is wrong if it does not answer.

use std::env;
use std::time::Duration;

use axum::http::uri::PathAndQuery;
use axum::http::{Request, Uri};
use kube::client::{Body, ClientBuilder};
use kube::config::{KubeConfigOptions, KubeconfigError};
use kube::{Client, Config};
use tokio::time::timeout;
use tower::util::MapRequestLayer;

/// How long the first question may take.
const LIMIT: Duration = Duration::from_secs(15);
/// How long the API server may be silent when it is asked something.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a watch may be silent: kube asks the API server to end each after 290 s.
const SILENCE_OF_A_WATCH: Duration = Duration::from_secs(295);

/// Why there is no Kubernetes to work with, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No configuration could be read.
    #[error("no Kubernetes cluster is configured: {0}")]
    Unconfigured(String),
    /// The configuration names something that cannot be used, such as a certificate that cannot be read.
    #[error("the configuration of Kubernetes at {server} cannot be used: {why}; check the kubeconfig")]
    Unusable {
        /// The URL of the API server.
        server: String,
        /// What is wrong with it.
        why: String,
    },
    /// The API server gave no answer.
    #[error(
        "Kubernetes at {server} cannot be reached: {why}; check that it runs and that the kubeconfig is the right one"
    )]
    Unreachable {
        /// The URL of the API server.
        server: String,
        /// Why not.
        why: String,
    },
    /// The API server answered with a refusal.
    #[error("Kubernetes at {server} refuses: {why}; check the user in the kubeconfig")]
    Refused {
        /// The URL of the API server.
        server: String,
        /// The server's words.
        why: String,
    },
}

/// Whether this process runs in a pod.
#[must_use]
pub fn in_pod() -> bool {
    env::var_os("KUBERNETES_SERVICE_HOST").is_some()
}

/// Two clients of one cluster, as what is right for a watch is too patient for a question; and where we are in it.
pub struct Clients {
    /// For gets and patches: silence ends after half a minute, and nothing is repeated below the caller.
    pub ask: Client,
    /// For watches: silence ends after what the API server itself allows a watch.
    pub watch: Client,
    /// The namespace of the pod, or of the kubeconfig's context.
    pub namespace: String,
}

/// Clients of the cluster that the environment names (`KUBECONFIG`, `~/.kube/config`, or the pod it runs in), after the
/// API server has answered once.
///
/// # Errors
/// [`Error`], which says which server, why, and what to do.
pub async fn connect() -> Result<Clients, Error> {
    let config = configuration().await?;
    let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let client = |silence, repeat| {
        let mut config = config.clone();
        (config.read_timeout, config.reset_reader_on_write, config.default_retry) = (Some(silence), true, repeat);
        let builder = ClientBuilder::try_from(config)
            .map_err(|error| Error::Unusable { server: server.clone(), why: causes(&error) })?;
        Ok(builder.with_layer(&MapRequestLayer::new(newest)).build())
    };
    let namespace = config.default_namespace.clone();
    let clients = Clients { ask: client(SILENCE, false)?, watch: client(SILENCE_OF_A_WATCH, true)?, namespace };
    match timeout(LIMIT, clients.ask.apiserver_version()).await {
        Ok(Ok(_)) => Ok(clients),
        Ok(Err(kube::Error::Api(status))) => Err(Error::Refused { server, why: first_line(&status.message) }),
        Ok(Err(error)) => Err(Error::Unreachable { server, why: deepest(&error) }),
        Err(_) => Err(Error::Unreachable { server, why: format!("no answer within {} s", LIMIT.as_secs()) }),
    }
}

/// kube asks for a streamed list as it was at any time, which may be before the writes of the process that ran until now. It
/// shall be the newest, as with a list in pages.
fn newest(mut request: Request<Body>) -> Request<Body> {
    const ANY: &str = "&resourceVersion=0";
    if let Some(path) = request.uri().path_and_query().map(PathAndQuery::as_str)
        && path.contains("&sendInitialEvents=true")
        && let Some(path) = path.strip_suffix(ANY)
        && let Ok(uri) = path.parse::<Uri>()
    {
        *request.uri_mut() = uri;
    }
    request
}

/// In a pod its service account counts, elsewhere the kubeconfig: one place, so that only one can be wrong.
async fn configuration() -> Result<Config, Error> {
    if in_pod() && env::var_os("KUBECONFIG").is_none() {
        let advice = "check that the pod's service account token is mounted";
        return Config::incluster().map_err(|error| Error::Unconfigured(format!("{}; {advice}", causes(&error))));
    }
    Config::from_kubeconfig(&KubeConfigOptions::default()).await.map_err(|error| {
        Error::Unconfigured(match error {
            KubeconfigError::ReadConfig(why, path) => {
                format!("{} cannot be read: {why}; set KUBECONFIG to a file that can", path.display())
            }
            other => format!("{}; correct the kubeconfig, or set KUBECONFIG to another", causes(&other)),
        })
    })
}

/// What went wrong at the bottom, as the layers above only say that something did.
fn deepest(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => deepest(cause),
        None => first_line(&error.to_string()),
    }
}

/// An error and what caused it, each said once, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut words = first_line(&error.to_string());
    let mut next = error.source();
    while let Some(cause) = next {
        let said = first_line(&cause.to_string());
        if !words.contains(&said) {
            words = format!("{words}: {said}");
        }
        next = cause.source();
    }
    words
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streamed_list_is_the_newest_and_a_watch_goes_on_where_it_was() {
        let of = |uri: &str| newest(Request::get(uri).body(Body::empty()).unwrap()).uri().to_string();
        let watch = "/apis/simops.dev/v1alpha1/simintegrations?&watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
        assert_eq!(of(&format!("{watch}&resourceVersion=0")), watch);
        for other in [format!("{watch}&resourceVersion=10"), "/a?watch=true&resourceVersion=0".to_owned()] {
            assert_eq!(of(&other), other);
        }
    }
}
