//! Answers that would fill the memory, one after the other, each at its largest.

use super::server::{Reply, Server, is_token, ok, text};
use super::table::End::{self, Heals};
use super::table::Table;

const UNAVAILABLE: &str = "TenantUnavailable";
/// What the largest list may take while it is read: its 64 MiB, twice while the buffer grows, and what is read of it.
const MOST_MEMORY: u64 = 700;

fn chunked(chunk: &str, times: usize) -> Reply {
    let one = format!("{:x}\r\n{chunk}\r\n", chunk.len()).into_bytes();
    Reply::Endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), one.repeat(times))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_without_an_end() {
    let mut table = Table::new("Answers that would fill the memory").await.may_take(MOST_MEMORY);
    let (words, values) = (MOST_WORDS.to_owned(), "more than 2000000 values");
    let large = Heals(UNAVAILABLE, "the answer is larger than 67108864 bytes");
    let rows: Vec<(&str, Reply, End)> = vec![
        ("chunks without end", chunked(&words.repeat(100), 10), large),
        ("a body of 65 MiB", text("200 OK", "", &format!("[\"{}\"]", "x".repeat(65 << 20))), large),
        ("60 MiB of numbers", text("200 OK", "", &format!("[{}0]", "0,".repeat(30 << 20))), Heals(UNAVAILABLE, values)),
        (
            "60 MiB of empty objects",
            text("200 OK", "", &format!("[{}{{}}]", "{},".repeat(20 << 20))),
            Heals(UNAVAILABLE, values),
        ),
        (
            "60 MiB of keys",
            text("200 OK", "", &format!("[{{{}\"z\":0}}]", "\"a\":0,".repeat(10 << 20))),
            Heals(UNAVAILABLE, values),
        ),
        (
            "one text of 60 MiB",
            text("200 OK", "", &format!("[\"{}\"]", "x".repeat(60 << 20))),
            Heals(UNAVAILABLE, "entry 0"),
        ),
        (
            "a refusal without end",
            {
                let Reply::Endless(_, chunk) = chunked(&words.repeat(100), 10) else { unreachable!() };
                Reply::Endless(b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), chunk)
            },
            Heals(UNAVAILABLE, "500"),
        ),
    ];
    for (number, (what, reply, end)) in rows.into_iter().enumerate() {
        let name = format!("row-{number}");
        let server = Server::of_org(&name, reply).await;
        let tenant = table.tenant_at(&name, &server.url).await;
        table.world.tenants.apply(&tenant).await;
        table.tenant(what, &name, end).await;
        // One at a time: what each takes is what is measured.
        table.world.tenants.delete(&name).await;
        table.world.tenants.gone(&name).await;
    }
    let endless = chunked(&words, 10);
    let server =
        Server::start(move |request| if is_token(request) { endless.clone() } else { ok(&serde_json::json!([])) })
            .await;
    let tenant = table.tenant_at("token", &server.url).await;
    table.world.tenants.apply(&tenant).await;
    table.tenant("a token without end", "token", Heals(UNAVAILABLE, "the answer is larger than 1048576 bytes")).await;
    table.close(0).await;
}

const MOST_WORDS: &str = "all work and no play makes jack a dull boy";
