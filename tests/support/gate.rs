//! A gate between an operator and its Kubernetes: it passes TLS on as it is, and can be cut or swallow the answers.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::control_plane::kubeconfig;

/// Each gate has a kubeconfig of its own.
static KUBECONFIGS: AtomicUsize = AtomicUsize::new(0);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Open,
    Cut,
    SwallowAnswers,
}

/// A gate that runs on a thread of its own. Dropping it ends it, with all that goes through it.
pub struct Gate {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    /// Taken by `drop` alone.
    runtime: Option<Runtime>,
}

impl Gate {
    /// An open gate before `target`.
    pub async fn start(target: SocketAddr) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (mode, listens) = (watch::Sender::new(Mode::Open), TcpListener::bind("127.0.0.1:0"));
        let listener = runtime.spawn(listens).await.unwrap().unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(accept(listener, target, mode.subscribe()));
        Self { address, mode, runtime: Some(runtime) }
    }

    /// An open gate before the Kubernetes of the tests, and the administrator's kubeconfig that leads through it.
    pub async fn before_kubernetes() -> (Self, PathBuf) {
        let text = std::fs::read_to_string(kubeconfig()).unwrap();
        let target: SocketAddr = text.split("https://").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
        let gate = Self::start(target).await;
        let number = KUBECONFIGS.fetch_add(1, Ordering::Relaxed);
        let path = kubeconfig().with_file_name(format!("kubeconfig-gate-{number}"));
        // The certificate is for the host, whatever its port.
        std::fs::write(&path, text.replace(&target.to_string(), &gate.address.to_string())).unwrap();
        (gate, path)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection; until it is opened, new ones are closed at once.
    pub fn cut(&self) {
        self.mode.send_replace(Mode::Cut);
    }

    /// From now on what is sent arrives, but what comes back is dropped and its connection closed.
    pub fn swallow_answers(&self) {
        self.mode.send_replace(Mode::SwallowAnswers);
    }

    /// Lets everything through again.
    pub fn open(&self) {
        self.mode.send_replace(Mode::Open);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, mode: watch::Receiver<Mode>) {
    while let Ok((client, _)) = listener.accept().await {
        let mode = mode.clone();
        if *mode.borrow() != Mode::Cut {
            tokio::spawn(pass(client, target, mode));
        }
    }
}

/// Passes both ways until one side closes or the gate says so.
async fn pass(client: TcpStream, target: SocketAddr, mode: watch::Receiver<Mode>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let ((mut from_client, mut to_client), (from_server, mut to_server)) = (client.into_split(), server.into_split());
    let mut cut = mode.clone();
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        () = answers(from_server, &mut to_client, &mode) => {}
        _ = cut.wait_for(|mode| *mode == Mode::Cut) => {}
    }
}

async fn answers(mut from: OwnedReadHalf, to: &mut (impl AsyncWriteExt + Unpin), mode: &watch::Receiver<Mode>) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if *mode.borrow() != Mode::Open || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
