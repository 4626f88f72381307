//! What goes wrong below an answer's body: redirects, encodings, lengths, headers, certificates, and what is no HTTP at all.

use super::answers::{Row, run};
use super::server::{Reply, Server, bytes, text};
use super::table::End::{Heals, Ready, Stalls};
use super::table::Table;
use crate::operator::manifests::config;
use crate::support::simulator::{Config, Tenant};

const UNAVAILABLE: &str = "TenantUnavailable";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_are_not_followed() {
    let other = Server::of_org("other", text("200 OK", "", "[]")).await;
    let to = |status: &str, location: &str| text(status, &format!("Location: {location}\r\n"), "");
    let elsewhere = format!("{}/v2025/sim-integrations?with=query#part", other.url);
    let not_followed = Heals(UNAVAILABLE, "which is not followed");
    let mut rows: Vec<Row> = ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
        .map(|status| ("a redirect to another host", to(status, &elsewhere), not_followed))
        .into();
    rows.extend([
        ("a redirect to user, password and host", to("302 Found", "https://user:word@evil.example/"), not_followed),
        ("a redirect to a script", to("302 Found", "javascript:alert(1)"), not_followed),
        (
            "a redirect of 100 KB",
            to("302 Found", &format!("https://evil.example/{}", "x".repeat(100_000))),
            not_followed,
        ),
        ("a redirect to nowhere", text("302 Found", "", ""), not_followed),
        ("304 without a question", text("304 Not Modified", "", ""), not_followed),
    ]);
    run(Table::new("Redirects are not followed").await, rows).await;
    assert_eq!(other.asked().len(), 0, "{:?}", other.asked());
}

/// `[]` in gzip, stored as it is: whoever decompressed it would see a list.
const GZIPPED_LIST: [u8; 25] =
    [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1, 2, 0, 0xfd, 0xff, b'[', b']', 0x29, 0xbb, 0x4c, 0x0d, 2, 0, 0, 0];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_whole_answer() {
    let plain = |text: &str| Reply::Bytes(text.as_bytes().to_vec());
    let encoded = |how: &str| bytes("200 OK", &format!("Content-Encoding: {how}\r\n"), &GZIPPED_LIST);
    let cut = Heals(UNAVAILABLE, "ended before a whole answer");
    let connected = Ready("connected to org");
    let many_headers: String =
        (0..10_000).flat_map(|at| ["x-".to_owned(), at.to_string(), ": x\r\n".to_owned()]).collect();
    let rows: Vec<Row> = vec![
        ("gzip that nobody asked for", encoded("gzip"), Heals(UNAVAILABLE, "not JSON")),
        ("deflate that nobody asked for", encoded("deflate"), Heals(UNAVAILABLE, "not JSON")),
        ("brotli that nobody asked for", encoded("br"), Heals(UNAVAILABLE, "not JSON")),
        ("an encoding that is none, of plain JSON", text("200 OK", "Content-Encoding: UTF-8\r\n", "[]"), connected),
        (
            "a length that is too short",
            plain("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n[]"),
            Heals(UNAVAILABLE, "not JSON"),
        ),
        ("a length that is too long", plain("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[]"), cut),
        ("two lengths", plain("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n[]"), cut),
        ("a length of garbage", plain("HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n[]"), cut),
        ("a negative length", plain("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n[]"), cut),
        ("chunks of garbage", plain("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]"), cut),
        (
            "a chunk of 2 to the power of 64",
            plain("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n[]"),
            cut,
        ),
        ("chunks that do not end", plain("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n"), cut),
        ("HTTP/1.0", plain("HTTP/1.0 200 OK\r\n\r\n[]"), connected),
        ("HTTP/0.9", plain("[]"), cut),
        ("another protocol", plain("SSH-2.0-OpenSSH_9.9\r\n"), cut),
        ("bytes of garbage", Reply::Bytes((0..=255).collect()), cut),
        ("nothing", plain(""), cut),
        ("half a status line", plain("HTTP/1.1 20"), cut),
        ("10,000 headers", text("200 OK", &many_headers, "[]"), cut),
        ("a header of 1 MB", text("200 OK", &format!("x-long: {}\r\n", "x".repeat(1 << 20)), "[]"), cut),
        ("a header with a bare NUL", text("200 OK", "x-odd: a\0b\r\n", "[]"), cut),
        ("headers in Latin-1", bytes("200 OK", "", b"[]"), connected),
        (
            "1xx without end",
            Reply::Endless(Vec::new(), b"HTTP/1.1 102 Processing\r\n\r\n".to_vec()),
            Heals(UNAVAILABLE, "time limit"),
        ),
        (
            "a body that drips",
            Reply::Drip(format!("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n[{}", " ".repeat(200)).into_bytes()),
            Heals(UNAVAILABLE, "time limit"),
        ),
        (
            "headers that drip",
            Reply::Drip(format!("HTTP/1.1 200 OK\r\n{}", "x-a: b\r\n".repeat(50)).into_bytes()),
            Heals(UNAVAILABLE, "time limit"),
        ),
    ];
    run(Table::new("What is no whole answer").await, rows).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_that_nobody_should_trust() {
    let mut table = Table::new("Certificates that nobody should trust").await;
    let unknown = Tenant::start(Config { tls: true, org: "unknown".to_owned(), ..config() }).await;
    let another = Tenant::start(Config { tls: true, org: "another".to_owned(), ..config() }).await;
    let bundle = |pem: &str| serde_json::json!({"caBundle": pem});
    let garbage = "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----";
    let truncated: String =
        unknown.ca_pem().unwrap().lines().take(3).collect::<Vec<_>>().join("\n") + "\n-----END CERTIFICATE-----";
    let repeated = format!("{}\n", another.ca_pem().unwrap()).repeat(40);
    let rows = [
        ("a certificate of an unknown authority", None, Heals(UNAVAILABLE, "certificate")),
        ("the authority of another", Some(another.ca_pem().unwrap().to_owned()), Heals(UNAVAILABLE, "certificate")),
        ("the authority of another, 40 times", Some(repeated), Heals(UNAVAILABLE, "certificate")),
        ("a bundle of garbage", Some(garbage.to_owned()), Stalls("InvalidSpec", "caBundle")),
        ("a bundle that was cut", Some(truncated), Stalls("InvalidSpec", "caBundle")),
    ];
    for (number, (what, pem, end)) in rows.into_iter().enumerate() {
        let name = format!("row-{number}");
        let mut tenant = table.tenant_at(&name, unknown.url()).await;
        if let Some(pem) = &pem {
            tenant = tenant.with(bundle(pem));
        }
        table.world.tenants.apply(&tenant).await;
        table.tenant(what, &name, end).await;
    }
    let plain = table.world.tenant.url().replace("http://", "https://");
    let tenant = table.tenant_at("plain", &plain).await;
    table.world.tenants.apply(&tenant).await;
    table.tenant("https to a server that speaks http", "plain", Heals(UNAVAILABLE, "no connection")).await;
    assert!(unknown.calls().await.is_empty(), "nothing was sent to who could not be trusted");
    table.close(0).await;
}
