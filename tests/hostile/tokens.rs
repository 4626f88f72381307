//! What the token endpoint may answer: each is one condition of its tenant, and nothing is sent on a token that is none.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::server::{Reply, Server, is_token, ok, text, token};
use super::table::End::{self, Heals, Ready, Stalls};
use super::table::Table;
use crate::operator::canary::CLIENT_SECRET;
use crate::operator::manifests::bare_sim;

const UNAVAILABLE: &str = "TenantUnavailable";

fn with(field: &str, value: Value) -> Reply {
    let mut answer = json!({"access_token": "a-token", "expires_in": 600, "org": "token-row"});
    answer[field] = value;
    ok(&answer)
}

fn without(field: &str) -> Reply {
    let mut answer = json!({"access_token": "a-token", "expires_in": 600, "org": "token-row"});
    answer.as_object_mut().unwrap().remove(field);
    ok(&answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_are_none() {
    let other = Server::of_org("other", text("200 OK", "", "[]")).await;
    let redirect = |status: &str| text(status, &format!("Location: {}/oauth/token\r\n", other.url), "");
    let unusable = Heals(UNAVAILABLE, "without a usable access_token");
    let no_org = Heals(UNAVAILABLE, "without a usable tenantName");
    let echo = format!("no client with {CLIENT_SECRET} here, nor row-1");
    let rows: Vec<(&str, Reply, End)> = vec![
        (
            "200 with an error",
            ok(&json!({"error": "invalid_client", "error_description": "who?"})),
            Stalls("CredentialsRejected", "who?"),
        ),
        (
            "200 with what was sent",
            ok(&json!({"error": echo})),
            Stalls("CredentialsRejected", "no client with (sensitive) here, nor (sensitive)"),
        ),
        (
            "400 with an error",
            text("400 Bad Request", "", r#"{"error":"invalid_grant"}"#),
            Stalls("CredentialsRejected", "invalid_grant"),
        ),
        (
            "200 with HTML",
            text("200 OK", "Content-Type: text/html\r\n", "<title>Log in</title>"),
            Heals(UNAVAILABLE, "not JSON"),
        ),
        ("200 without a body", text("200 OK", "", ""), Heals(UNAVAILABLE, "empty body")),
        ("an array", ok(&json!(["a-token"])), Heals(UNAVAILABLE, "no JSON object where a token")),
        ("no token", without("access_token"), unusable),
        ("an empty token", with("access_token", json!("")), unusable),
        ("a token that is a number", with("access_token", json!(5)), unusable),
        ("a token with a line break", with("access_token", json!("a\r\nX-Evil: 1")), unusable),
        ("a token with NUL", with("access_token", json!("a\u{0}b")), unusable),
        ("a token of umlauts", with("access_token", json!("tökén")), unusable),
        ("a redirect to another host", redirect("307 Temporary Redirect"), Heals(UNAVAILABLE, "which is not followed")),
        ("a redirect of another kind", redirect("302 Found"), Heals(UNAVAILABLE, "which is not followed")),
        ("no org, and none to be asked for", without("org"), no_org),
        ("an org of 10,000 letters", with("org", json!("x".repeat(10_000))), no_org),
        ("an org with a line break", with("org", json!("a\nb")), no_org),
        ("an empty org", with("org", json!("")), no_org),
        ("an org that is an array", with("org", json!(["a"])), no_org),
        (
            "429 without end",
            text("429 Too Many Requests", "Retry-After: 99999999999999999999\r\n", "{}"),
            Heals("RateLimited", "3600 s"),
        ),
    ];
    let mut table = Table::new("Tokens that are none").await;
    let mut servers = Vec::new();
    for (number, (_, reply, _)) in rows.iter().enumerate() {
        let reply = reply.clone();
        let server = Server::start(
            move |request| if is_token(request) { reply.clone() } else { ok(&json!({"tenantName": ["x"]})) },
        )
        .await;
        let tenant = table.tenant_at(&format!("row-{number}"), &server.url).await;
        table.world.tenants.apply(&tenant).await;
        servers.push(server);
    }
    for (number, (what, _, end)) in rows.iter().enumerate() {
        table.tenant(what, &format!("row-{number}"), *end).await;
    }
    let lists = servers.iter().flat_map(Server::asked).filter(|asked| asked.path.contains("sim-integrations")).count();
    assert_eq!((lists, other.asked().len()), (0, 0), "nothing was sent on a token that is none");
    table.close(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lives_of_every_length() {
    let lives = [
        ("a negative life", json!(-5)),
        ("no life at all", json!(0)),
        ("a life of 10 to the power of 30", json!(1e30)),
        ("a life that is a text", json!("600")),
        ("a life of words", json!("long")),
        ("a life that is null", json!(null)),
        ("a life that is an object", json!({"seconds": 600})),
        ("half a second of life", json!(0.5)),
    ];
    let mut table = Table::new("Lives of every length").await;
    let mut servers = Vec::new();
    for (number, (_, life)) in lives.iter().enumerate() {
        let reply = with("expires_in", life.clone());
        let server = Server::start(move |request| if is_token(request) { reply.clone() } else { ok(&json!([])) }).await;
        let tenant = table.tenant_at(&format!("row-{number}"), &server.url).await;
        table.world.tenants.apply(&tenant).await;
        servers.push(server);
    }
    for (number, (what, _)) in lives.iter().enumerate() {
        table.tenant(what, &format!("row-{number}"), Ready("connected to org")).await;
    }
    for ((what, _), server) in lives.iter().zip(&servers) {
        let asked = server.asked();
        let tokens = asked.iter().filter(|request| is_token(request)).count();
        let lists = asked.len() - tokens;
        assert!(tokens <= 4 * (lists + 1), "{what}: {tokens} tokens for {lists} lists");
    }
    table.close(0).await;
}

/// The token endpoint is moved to another org while the operator runs: nothing may be written there on the ids of the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_another_org_is_not_used() {
    let tokens = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        if is_token(request) {
            let first = tokens.fetch_add(1, Ordering::Relaxed) == 0;
            return if first { token("first-org") } else { token("second-org") };
        }
        match request.method.as_str() {
            // The first token is refused from now on, so that the next must be asked for.
            "GET" if request.path.ends_with("sim-integrations") => ok(&json!([])),
            _ => text("401 Unauthorized", "", r#"{"error":"JWT is expired"}"#),
        }
    })
    .await;
    let mut table = Table::new("A token of another org").await;
    let tenant = table.tenant_at("moved", &server.url).await;
    table.world.tenants.apply(&tenant).await;
    table.world.tenants.ready("moved").await;
    table.world.sims.apply(&bare_sim("desk").with(json!({"tenantRef": {"name": "moved"}}))).await;
    table.tenant("a token of another org", "moved", Stalls("TenantChanged", "second-org")).await;
    table.sim("what would be created there", "desk", Heals("TenantNotReady", "TenantChanged")).await;
    table.world.resyncs(2).await;
    let posts = server.asked().iter().filter(|request| request.method == "POST" && !is_token(request)).count();
    assert_eq!(posts, 1, "the one that the first org's token was refused for");
    table.close(0).await;
}
