//! A running simulator: its start, its stop, and its start again with the same state.

use crate::Config;
use crate::errors::ApiError;
use crate::routes::router;
use crate::server::serve;
use crate::tenant::Shared;
use crate::tls::Identity;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A running simulator. Dropped, it stops at once; [`stop`](Self::stop) stops it and keeps its state.
#[derive(Debug)]
pub struct Simulator {
    url: String,
    address: SocketAddr,
    state: State,
    /// One task, which ends when this is dropped.
    server: JoinSet<()>,
}

/// All that a simulator knows: data, log, faults, switches, tokens, and its certificate. Clones share it.
#[derive(Clone)]
pub struct State {
    shared: Shared,
    identity: Option<Identity>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("State").finish_non_exhaustive()
    }
}

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The seed holds an integration that the tenant would refuse.
    #[error("the seed is refused: {0}")]
    Seed(String),
    /// No certificate could be made, as with a name that is none.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The certificate cannot be served.
    #[error("cannot serve TLS: {0}")]
    Tls(#[from] rustls::Error),
}

impl Simulator {
    /// Listens, and serves in a background task of the current tokio runtime.
    ///
    /// # Errors
    /// The address is taken, the seed is refused, or no certificate can be made.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let address = config.listen;
        let identity = config.tls.then(|| Identity::new(certificate_names(&config))).transpose()?;
        let shared = Shared::new(config).map_err(|error| match error {
            ApiError::BadRequest(text) => Error::Seed(text),
            other => Error::Seed(other.body("", None).to_string()),
        })?;
        Self::start_with(State { shared, identity }, address).await
    }

    /// Starts again with the state of one that was stopped: the end of an outage, if the address is the same.
    ///
    /// # Errors
    /// The address is taken.
    pub async fn start_with(state: State, address: SocketAddr) -> Result<Self, Error> {
        let failed = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let scheme = if state.identity.is_some() { "https" } else { "http" };
        let acceptor = state.identity.as_ref().map(|identity| identity.acceptor.clone());
        let mut server = JoinSet::new();
        server.spawn(serve(listener, router(&state.shared), acceptor));
        Ok(Self { url: format!("{scheme}://{address}"), address, state, server })
    }

    /// The base URL, as in `http://127.0.0.1:41234`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of the CA to trust, if TLS is served.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.state.identity.as_ref().map(|identity| identity.ca_pem.as_str())
    }

    /// Closes the listener and every connection, and waits until they are closed: an outage.
    pub async fn stop(mut self) -> State {
        self.server.shutdown().await;
        self.state
    }
}

fn certificate_names(config: &Config) -> Vec<String> {
    let own = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), config.listen.ip().to_string()];
    let mut names: Vec<String> = own.into_iter().chain(config.tls_names.iter().cloned()).collect();
    names.sort();
    names.dedup();
    names
}
