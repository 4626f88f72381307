//! A server that says what a test wants, byte by byte, where a tenant should be.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// What came, whole.
#[derive(Clone, Debug)]
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// With its query.
    pub path: String,
    /// As they came, one a line.
    pub headers: String,
}

/// What is answered.
#[derive(Clone)]
pub enum Reply {
    /// These bytes; then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes, then the second ones again and again, as long as somebody reads them.
    Endless(Vec<u8>, Vec<u8>),
    /// One byte after the other, with a pause between them.
    Drip(Vec<u8>),
}

/// A running server; it ends with its runtime.
pub struct Server {
    /// What a `SailPointTenant` has as its `baseUrl`.
    pub url: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers each call as `answer` says.
    pub async fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answer): (_, Arc<Answer>) = (Arc::default(), Arc::new(answer));
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&kept)));
            }
        });
        Self { url, asked }
    }

    /// A tenant of org `org` that gives a token and answers each other call with `reply`.
    pub async fn of_org(org: &str, reply: Reply) -> Self {
        let token = token(org);
        Self::start(move |request| if is_token(request) { token.clone() } else { reply.clone() }).await
    }

    /// The calls so far.
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }
}

/// Whether this asks for a token.
pub fn is_token(request: &Request) -> bool {
    request.path == "/oauth/token"
}

/// A token of this org.
pub fn token(org: &str) -> Reply {
    ok(&json!({"access_token": "a-token-of-the-table", "expires_in": 600, "org": org}))
}

/// 200 with this JSON.
pub fn ok(body: &Value) -> Reply {
    text("200 OK", "Content-Type: application/json\r\n", &body.to_string())
}

/// A status line, headers (each ended by CRLF) and a body.
pub fn text(status: &str, headers: &str, body: &str) -> Reply {
    bytes(status, headers, body.as_bytes())
}

/// The same with a body that may be no text.
pub fn bytes(status: &str, headers: &str, body: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n", body.len());
    Reply::Bytes([head.as_bytes(), body].concat())
}

type Answer = dyn Fn(&Request) -> Reply + Send + Sync;

async fn serve(stream: TcpStream, answer: Arc<Answer>, asked: Arc<Mutex<Vec<Request>>>) {
    let mut stream = BufReader::new(stream);
    let Some(request) = read(&mut stream).await else { return };
    let reply = answer(&request);
    asked.lock().unwrap().push(request);
    // The client may close the connection at any time: that is its right.
    let _ = send(&mut stream, reply).await;
    let _ = stream.shutdown().await;
    let _ = stream.read(&mut [0; 1]).await;
}

async fn send(stream: &mut BufReader<TcpStream>, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Bytes(bytes) => stream.write_all(&bytes).await,
        Reply::Endless(head, chunk) => {
            stream.write_all(&head).await?;
            loop {
                stream.write_all(&chunk).await?;
                // Without end, and not without leaving anybody else the processor.
                sleep(Duration::from_millis(1)).await;
            }
        }
        Reply::Drip(bytes) => {
            for byte in bytes {
                stream.write_all(&[byte]).await?;
                stream.flush().await?;
                sleep(Duration::from_millis(100)).await;
            }
            Ok(())
        }
    }
}

/// A request, whole; `None` if the client went before.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|read| *read > 0)?;
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        headers.push_str(&line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let mut words = first.split(' ').map(str::to_owned);
    Some(Request { method: words.next()?, path: words.next()?, headers })
}
