//! What a LIST may be answered with: each is one condition of its tenant.

use serde_json::{Value, json};

use super::server::{Reply, Server, bytes, ok, text};
use super::table::End::{self, Heals, Ready, Stalls};
use super::table::Table;
use crate::operator::canary::CLIENT_SECRET;

/// One row: what is answered, by which bytes, and what follows.
pub type Row = (&'static str, Reply, End);

const UNAVAILABLE: &str = "TenantUnavailable";

fn list(entries: &Value) -> Reply {
    ok(entries)
}

fn raw(json: &str) -> Reply {
    text("200 OK", "Content-Type: application/json\r\n", json)
}

fn entry(id: &Value, name: &Value) -> Value {
    json!({"id": id, "name": name, "type": "ServiceNow Service Desk"})
}

/// Runs these rows, each at a tenant of its own.
pub async fn run(mut table: Table, rows: Vec<Row>) {
    let mut servers = Vec::new();
    for (number, (_, reply, _)) in rows.iter().enumerate() {
        let name = format!("row-{number}");
        let server = Server::of_org(&name, reply.clone()).await;
        let tenant = table.tenant_at(&name, &server.url).await;
        table.world.tenants.apply(&tenant).await;
        servers.push(server);
    }
    for (number, (what, _, end)) in rows.iter().enumerate() {
        table.tenant(what, &format!("row-{number}"), *end).await;
    }
    let asked: Vec<_> = servers.iter().flat_map(Server::asked).collect();
    assert!(
        asked.iter().all(|request| !request.headers.to_lowercase().contains("accept-encoding")),
        "no encoding is asked for"
    );
    table.close(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_that_are_none() {
    let html = "<!doctype html><html><head><title>Welcome to the captive portal</title></head></html>";
    let no_json = |words| Heals(UNAVAILABLE, words);
    let mut rows: Vec<Row> = vec![
        ("HTML with 200", text("200 OK", "Content-Type: text/html\r\n", html), no_json("not JSON")),
        ("HTML that says it is JSON", raw(html), no_json("not JSON")),
        ("204", text("204 No Content", "", ""), no_json("empty body")),
        ("200 without a body", text("200 OK", "", ""), no_json("empty body")),
        ("a body of blanks", raw(" \r\n\t "), no_json("empty body")),
        ("null", raw("null"), no_json("null where a list")),
        ("a number", raw("17"), no_json("a number where a list")),
        ("a text", raw("\"[]\""), no_json("a string where a list")),
        ("an object of another service", raw(r#"{"status":"ok"}"#), no_json("an object where a list")),
        ("an error object with 200", raw(r#"{"detailCode":"500","messages":[]}"#), no_json("an object where a list")),
        ("an array of texts", raw(r#"["a","b"]"#), no_json("entry 0 of the list is no JSON object")),
        ("an array in an array", raw("[[]]"), no_json("entry 0 of the list is no JSON object")),
        ("JSON that ends too early", raw(r#"[{"id":"1","name":"a"}"#), no_json("not JSON")),
        ("JSON with something after it", raw("[] []"), no_json("not JSON")),
        ("JSON with a comma too many", raw("[{},]"), no_json("not JSON")),
        ("10,000 levels of arrays", raw(&"[".repeat(10_000)), no_json("nested too deeply")),
        ("10,000 levels of objects", raw(&format!("[{}", r#"{"a":"#.repeat(10_000))), no_json("nested too deeply")),
        ("a lone surrogate", raw(r#"[{"id":"1","name":"\ud800"}]"#), no_json("not JSON")),
        ("invalid UTF-8", bytes("200 OK", "", b"[{\"id\":\"1\",\"name\":\"\xff\xfe\"}]"), no_json("not JSON")),
        ("a bare NUL in a text", raw("[{\"id\":\"1\",\"name\":\"a\0b\"}]"), no_json("not JSON")),
        ("UTF-16", bytes("200 OK", "", &[0xff, 0xfe, b'[', 0, b']', 0]), no_json("not JSON")),
        ("a number of 1e400", raw(r#"[{"id":"1","name":"a","attributes":{"n":1e400}}]"#), no_json("not JSON")),
        (
            "two with one id",
            list(&json!([entry(&json!("1"), &json!("a")), entry(&json!("1"), &json!("b"))])),
            no_json("one id"),
        ),
        (
            "a name that is an object",
            list(&json!([entry(&json!("1"), &json!({"de": "a"}))])),
            no_json("a name that is no text"),
        ),
    ];
    let ids = [
        ("no id", json!(null), "without ids"),
        ("an id that is an object", json!({"$oid": "1"}), "whose id can be none"),
        ("an empty id", json!(""), "whose id can be none"),
        ("an id that leads elsewhere", json!("../../oauth/token"), "whose id can be none"),
        ("an id with NUL", json!("a\u{0}b"), "whose id can be none"),
        ("an id of 10,000 letters", json!("x".repeat(10_000)), "whose id can be none"),
        ("an id that is no whole number", json!(1.5), "whose id can be none"),
    ];
    rows.extend(
        ids.map(|(what, id, words)| (what, list(&json!([entry(&id, &json!("a"))])), Stalls("IdsMissing", words))),
    );
    run(Table::new("Lists that are none").await, rows).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_that_are_odd_and_can_be_read() {
    let connected = Ready("connected to org");
    let sources: Vec<Value> =
        (0..10_000).map(|at| json!({"type": "SOURCE", "id": format!("s{at}"), "name": "s"})).collect();
    let many: Vec<Value> = (0..10_000).map(|at| entry(&json!(format!("i{at}")), &json!(format!("n{at}")))).collect();
    let wrong = json!([{"id": "1", "name": 5, "description": {}, "type": [], "created": 7, "modified": "soon", "cluster": {},
        "clusterRef": "c", "managedSources": {"a": 1}, "provisioningConfig": [], "attributes": 5, "beforeProvisioningRule": 1,
        "sources": "s", "statusMap": [1], "request": null, "ownerRef": true}]);
    let shown = json!([entry(&json!("1"), &json!("a\u{0}\u{1b}[31m\u{202e}b\n\u{feff}"))]);
    let rows: Vec<Row> = vec![
        ("every other field of a wrong type", list(&wrong), connected),
        ("an id that is a number", list(&json!([entry(&json!(12345), &json!("a"))])), connected),
        ("entries without a name", list(&json!([entry(&json!("1"), &json!(null)), {"id": "2"}])), connected),
        (
            "the same entry twice",
            list(&json!([entry(&json!("1"), &json!("a")), entry(&json!("1"), &json!("a"))])),
            connected,
        ),
        ("escaped NUL, control and bidi characters", list(&shown), connected),
        ("keys given twice", raw(r#"[{"id":"1","id":"2","name":"a","name":"b"}]"#), connected),
        (
            "a number of 2 to the power of 63 and one",
            raw(r#"[{"id":"1","attributes":{"n":9223372036854775809}}]"#),
            connected,
        ),
        (
            "10,000 sources in one",
            list(&json!([{"id": "1", "name": "a", "provisioningConfig": {"managedResourceRefs": sources}}])),
            connected,
        ),
        ("10,000 integrations", list(&json!(many)), connected),
        ("one object in the place of the list", list(&entry(&json!("1"), &json!("a"))), connected),
        ("the content type of a text", text("200 OK", "Content-Type: text/plain; charset=latin1\r\n", "[]"), connected),
        ("no content type", text("200 OK", "", "[]"), connected),
        ("a content type of garbage", text("200 OK", "Content-Type: ;;;\r\n", "[]"), connected),
        ("a byte order mark", bytes("200 OK", "", b"\xef\xbb\xbf[]"), Heals(UNAVAILABLE, "not JSON")),
        ("a Date of garbage", text("200 OK", "Date: yesterday\r\n", "[]"), connected),
        ("a Date before all time", text("200 OK", "Date: Mon, 01 Jan 0000 00:00:00 GMT\r\n", "[]"), connected),
    ];
    run(Table::new("Lists that are odd and can be read").await, rows).await;
}

fn refused(status: &str, headers: &str, body: &Value) -> Reply {
    text(status, headers, &body.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_of_every_shape() {
    let said = |words| Heals(UNAVAILABLE, words);
    let echo = format!("you sent {CLIENT_SECRET} and a-token-of-the-table");
    let documented = |text: Value| json!({"detailCode": "400", "trackingId": "b21b", "messages": text});
    let rows: Vec<Row> = vec![
        ("messages that are a text", refused("400 Bad Request", "", &documented(json!("no"))), said("400")),
        ("messages of numbers", refused("400 Bad Request", "", &documented(json!([1, {"text": 5}]))), said("400")),
        (
            "messages nested in messages",
            refused("400 Bad Request", "", &documented(json!([{"messages": [{"text": "x"}]}]))),
            said("400"),
        ),
        (
            "an error that is an object",
            refused("400 Bad Request", "", &json!({"error": {"message": "x"}})),
            said("without words"),
        ),
        (
            "control characters in the words",
            refused("400 Bad Request", "", &json!({"error": "a\u{0}\u{1b}[2J\u{202e}\r\nb"})),
            said("a  [2J   b"),
        ),
        (
            "5 MB of words",
            refused("400 Bad Request", "", &json!({"error": "x".repeat(5 << 20)})),
            said("not SailPoint's own answer"),
        ),
        ("500 KB of words", refused("400 Bad Request", "", &json!({"error": "x".repeat(500 << 10)})), said("xxx")),
        ("what was sent, in the words", refused("400 Bad Request", "", &json!({"error": echo})), said("(sensitive)")),
        ("an empty 400", refused("400 Bad Request", "", &json!({})), said("without words")),
        ("400 with an array", refused("400 Bad Request", "", &json!([1, 2])), said("not SailPoint's own answer")),
        ("404 for the list", refused("404 Not Found", "", &documented(json!([]))), said("404")),
        ("418", text("418 I'm a teapot", "", "short and stout"), said("418")),
        (
            "500 with HTML",
            text("500 Oops", "Content-Type: text/html\r\n", "<title>Oops</title>"),
            said("a page titled"),
        ),
        (
            "a title that does not end",
            text("502 Bad Gateway", "", &format!("<title>{}", "x".repeat(9000))),
            said("a page ("),
        ),
        (
            "a title of 100 KB",
            text("502 Bad Gateway", "", &format!("<title>{}</title>", "x".repeat(100_000))),
            said("502"),
        ),
        ("status 599", text("599 Whatever", "", ""), said("599")),
        ("status 999", text("999 Whatever", "", ""), said("999")),
        (
            "403 in SailPoint's words",
            refused("403 Forbidden", "", &documented(json!([{"text": "no"}]))),
            Stalls("Forbidden", "ORG_ADMIN"),
        ),
        (
            "401 again and again",
            refused("401 Unauthorized", "", &json!({"error": "expired"})),
            Stalls("CredentialsRejected", "expired"),
        ),
    ];
    run(Table::new("Refusals of every shape").await, rows).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pauses_of_every_length() {
    let too_many =
        |wait: &str| text("429 Too Many Requests", &format!("Retry-After: {wait}\r\n"), r#"{"message":"slow"}"#);
    let rows: Vec<Row> = [
        ("no wait at all", "0", "asked to wait 1 s"),
        ("a time long ago", "Sun, 06 Nov 1994 08:49:37 GMT", "asked to wait 1 s"),
        ("a time far ahead", "Thu, 31 Dec 2099 23:59:59 GMT", "asked to wait 3600 s"),
        ("a time of day", "1735689600", "asked to wait 3600 s"),
        ("10 to the power of 20", "100000000000000000000", "asked to wait 3600 s"),
        ("a negative wait", "-5", "slow"),
        ("words", "soon", "slow"),
        ("half a second", "0.5", "slow"),
        ("nothing", "", "slow"),
    ]
    .map(|(what, wait, words)| (what, too_many(wait), Heals("RateLimited", words)))
    .into();
    run(Table::new("Pauses of every length").await, rows).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_asks_for_no_wait_is_not_hammered() {
    let reply = text("429 Too Many Requests", "Retry-After: 0\r\n", r#"{"message":"slow"}"#);
    let server = Server::of_org("hasty", reply).await;
    let table = Table::new("A tenant that asks for no wait").await;
    let tenant = table.tenant_at("hasty", &server.url).await;
    table.world.tenants.apply(&tenant).await;
    table.world.tenants.not_ready("hasty", "RateLimited").await;
    let (asked, began) = (server.asked().len(), std::time::Instant::now());
    table.world.resyncs(5).await;
    let since = server.asked().len() - asked;
    assert!(since <= usize::try_from(began.elapsed().as_secs()).unwrap() + 2, "{since} in {:?}", began.elapsed());
    table.close(0).await;
}
