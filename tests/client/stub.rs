//! A server that hands out a token and then answers every call with the same bytes, whatever they are.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The token it hands out.
pub(crate) const TOKEN: &str = "stub-token-canary-value";

pub(crate) struct Stub {
    pub(crate) url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// Answers every call with these bytes and closes the connection.
    pub(crate) async fn answers(raw: impl Into<Vec<u8>>) -> Self {
        Self::start(Some(raw.into()), None).await
    }

    /// With a status line, headers (each ended by CRLF) and a body.
    pub(crate) async fn says(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::answers(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}")).await
    }

    /// Reads every call and never answers it.
    pub(crate) async fn hangs() -> Self {
        Self::start(None, None).await
    }

    /// Answers the token call with this body instead of a token.
    pub(crate) async fn token_says(body: &str) -> Self {
        Self::start(None, Some(body.to_owned())).await
    }

    async fn start(raw: Option<Vec<u8>>, token: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        let token = token.unwrap_or_else(|| format!(r#"{{"access_token":"{TOKEN}","expires_in":600}}"#));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, raw.clone(), token.clone(), Arc::clone(&kept)));
            }
        });
        Self { url, heads }
    }

    /// The request lines so far, token calls aside.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.heads().iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect()
    }

    /// The same with all headers.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, raw: Option<Vec<u8>>, token: String, heads: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let head = request(&mut stream).await;
    let answer = if head.contains("/oauth/token") {
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{token}", token.len()).into_bytes()
    } else {
        heads.lock().unwrap().push(head);
        match raw {
            Some(raw) => raw,
            None => std::future::pending().await,
        }
    };
    // The client may have closed the connection: that is its right.
    let _ = stream.write_all(&answer).await;
    let _ = stream.shutdown().await;
    let _ = stream.read(&mut [0; 1]).await;
}

/// Reads a request whole; its head.
async fn request(stream: &mut BufReader<TcpStream>) -> String {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    stream.read_exact(&mut vec![0; length]).await.unwrap();
    head
}
