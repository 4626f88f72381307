//! The sockets: accepts connections, with TLS or without, serves them, and closes them — all at a stop, one at a cut.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The connection that a request came by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection(Arc<Notify>);

impl Connection {
    /// Has the TCP connection closed without an answer. Ends only by being dropped with it.
    pub(crate) async fn cut(&self) -> Response {
        self.0.notify_one();
        std::future::pending().await
    }
}

/// Accepts until it is dropped; its connections go with it.
pub(crate) async fn serve(listener: TcpListener, router: Router, tls: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                connections.spawn(connection(stream, router.clone(), tls.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, router: Router, tls: Option<TlsAcceptor>) {
    // Answers are small: what Nagle's algorithm would save is not worth the wait.
    let _ = stream.set_nodelay(true);
    match tls {
        None => speak(stream, router).await,
        Some(tls) => {
            // A client that does not trust the CA ends the handshake: its trouble, not ours.
            if let Ok(stream) = tls.accept(stream).await {
                speak(stream, router).await;
            }
        }
    }
}

/// HTTP/1.1 only, so that a cut meets one request and not its neighbours in the same connection.
async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin, router: Router) {
    let this = Connection::default();
    let inner = TowerToHyperService::new(router);
    let service = service_fn(|request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(this.clone());
        inner.call(request)
    });
    tokio::select! {
        // It ends when the client leaves, which is no error of ours.
        _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service) => {}
        () = this.0.notified() => {}
    }
}
