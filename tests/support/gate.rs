//! A gate between an operator and its Kubernetes: it passes TLS on as it is, and can be cut, fall silent, or keep the answers.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::control_plane::kubeconfig;
use super::wait::eventually;

/// Each gate has a kubeconfig of its own.
static KUBECONFIGS: AtomicUsize = AtomicUsize::new(0);

const BUFFER: usize = 16 * 1024;
/// The type of a TLS record that holds application data, or in TLS 1.3 the end of the handshake.
const APPLICATION_DATA: u8 = 23;
/// So many such records a client sends before its first question: its Finished.
const HANDSHAKE: usize = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Open,
    Cut,
    SwallowAnswers,
    HoldAnswers,
    Silent,
}

/// A gate that runs on a thread of its own. Dropping it ends it, with all that goes through it.
pub struct Gate {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    tally: Arc<Tally>,
    /// Taken by `drop` alone.
    runtime: Option<Runtime>,
}

/// The connections that asked something since answers are swallowed, and those of them that lost the answer.
#[derive(Default)]
struct Tally {
    asked: AtomicUsize,
    lost: AtomicUsize,
}

impl Gate {
    /// An open gate before `target`.
    pub async fn start(target: SocketAddr) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (mode, listens) = (watch::Sender::new(Mode::Open), TcpListener::bind("127.0.0.1:0"));
        let listener = runtime.spawn(listens).await.unwrap().unwrap();
        let address = listener.local_addr().unwrap();
        let tally = Arc::<Tally>::default();
        runtime.spawn(accept(listener, target, mode.subscribe(), Arc::clone(&tally)));
        Self { address, mode, tally, runtime: Some(runtime) }
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

    /// From now on what is asked arrives, and its answer is lost: it is dropped, and its connection closed by
    /// [`open`](Self::open).
    pub fn swallow_answers(&self) {
        self.tally.asked.store(0, Ordering::Relaxed);
        self.tally.lost.store(0, Ordering::Relaxed);
        self.mode.send_replace(Mode::SwallowAnswers);
    }

    /// From now on what is sent arrives, and what comes back waits until the gate is opened.
    pub fn hold_answers(&self) {
        self.mode.send_replace(Mode::HoldAnswers);
    }

    /// From now on nothing passes and no connection is closed, as where packets get lost; what waits goes on when it is opened.
    pub fn silence(&self) {
        self.mode.send_replace(Mode::Silent);
    }

    /// Waits until something was asked since answers are swallowed, and no answer is still to come.
    pub async fn answers_are_lost(&self) {
        eventually("the answers are lost", async || {
            let (asked, lost) = (self.tally.asked.load(Ordering::Relaxed), self.tally.lost.load(Ordering::Relaxed));
            if lost > 0 && asked == lost { Ok(()) } else { Err((asked, lost)) }
        })
        .await;
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

async fn accept(listener: TcpListener, target: SocketAddr, mode: watch::Receiver<Mode>, tally: Arc<Tally>) {
    while let Ok((client, _)) = listener.accept().await {
        if *mode.borrow() != Mode::Cut {
            tokio::spawn(Passage::new(mode.clone(), Arc::clone(&tally)).pass(client, target));
        }
    }
}

/// One connection.
struct Passage {
    mode: watch::Receiver<Mode>,
    tally: Arc<Tally>,
    /// Whether its client has asked something, the handshake being over.
    has_asked: AtomicBool,
    /// Whether it has asked something while answers are swallowed.
    is_tallied: AtomicBool,
    /// Whether something was dropped, so that nothing can follow.
    has_lost: AtomicBool,
}

impl Passage {
    fn new(mode: watch::Receiver<Mode>, tally: Arc<Tally>) -> Self {
        let [has_asked, is_tallied, has_lost] = Default::default();
        Self { mode, tally, has_asked, is_tallied, has_lost }
    }

    fn swallows(&self) -> bool {
        *self.mode.borrow() == Mode::SwallowAnswers
    }

    /// Passes both ways until one side closes or the gate says so.
    async fn pass(self, client: TcpStream, target: SocketAddr) {
        let Ok(server) = TcpStream::connect(target).await else { return };
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        tokio::select! {
            () = self.questions(from_client, to_server) => {}
            () = self.answers(from_server, to_client) => {}
            () = self.closed() => {}
        }
    }

    async fn questions(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let (mut bytes, mut records) = (vec![0; BUFFER], Records::default());
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            if records.read(&bytes[..count]) > HANDSHAKE {
                self.has_asked.store(true, Ordering::Relaxed);
                if self.swallows() && !self.is_tallied.swap(true, Ordering::Relaxed) {
                    self.tally.asked.fetch_add(1, Ordering::Relaxed);
                }
            }
            self.passes(|mode| mode != Mode::Silent).await;
            if to.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    }

    async fn answers(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut bytes = vec![0; BUFFER];
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            self.passes(|mode| !matches!(mode, Mode::Silent | Mode::HoldAnswers)).await;
            if self.swallows() && self.has_asked.load(Ordering::Relaxed) {
                if !self.has_lost.swap(true, Ordering::Relaxed) && self.is_tallied.load(Ordering::Relaxed) {
                    self.tally.lost.fetch_add(1, Ordering::Relaxed);
                }
            } else if to.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    }

    /// Waits for as long as nothing may pass.
    async fn passes(&self, may_pass: impl Fn(Mode) -> bool) {
        // An error means that the gate is gone.
        let _ = self.mode.clone().wait_for(|mode| may_pass(*mode)).await;
    }

    /// Comes to an end when the connection is to be closed.
    async fn closed(&self) {
        let is_closed = |mode: &Mode| match mode {
            Mode::Cut => true,
            Mode::Open => self.has_lost.load(Ordering::Relaxed),
            Mode::SwallowAnswers | Mode::HoldAnswers | Mode::Silent => false,
        };
        // An error means that the gate is gone.
        let _ = self.mode.clone().wait_for(is_closed).await;
    }
}

/// Counts the records of application data in one direction of TLS 1.3.
#[derive(Default)]
struct Records {
    header: Vec<u8>,
    /// Of the record that is being read.
    left: usize,
    count: usize,
}

impl Records {
    fn read(&mut self, mut bytes: &[u8]) -> usize {
        while let [first, rest @ ..] = bytes {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len());
                (self.left, bytes) = (self.left - skipped, &bytes[skipped..]);
                continue;
            }
            self.header.push(*first);
            bytes = rest;
            if let [kind, _, _, high, low] = self.header[..] {
                self.count += usize::from(kind == APPLICATION_DATA);
                self.left = usize::from(u16::from_be_bytes([high, low]));
                self.header.clear();
            }
        }
        self.count
    }
}
