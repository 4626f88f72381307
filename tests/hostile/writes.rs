//! Hostile answers to writes: unknown or refused must be right, no create is sent twice, and no id that is none is used.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::table::End::{self, Heals, Ready, Stalls};
use super::table::Table;
use crate::operator::manifests::{bare_sim, client, config};
use crate::operator::mishaps::{ALL, ONE, once};
use crate::operator::world::World;
use crate::operator::writes::{lines, writes};
use crate::support::simulator::{Action, Client, Config, Tenant};

/// What is answered: status, body, and whether the change is made all the same.
fn says(status: u16, body: Value, commit: bool) -> Action {
    let content_type = body.as_str().map(|_| "text/html".to_owned());
    Action::Answer { status, headers: BTreeMap::new(), body: Some(body), content_type, commit }
}

/// A tenant of its own for a row, with a `SailPointTenant` of this name.
async fn own_tenant(table: &Table, name: &str) -> Tenant {
    let who = Client { client_id: name.to_owned(), ..client() };
    let tenant = Tenant::start(Config { org: name.to_owned(), clients: vec![who], ..config() }).await;
    table.world.tenants.apply(&table.tenant_at(name, tenant.url()).await).await;
    table.world.tenants.ready(name).await;
    tenant
}

struct Row {
    what: &'static str,
    answer: Action,
    end: End,
    /// How many POSTs are the least that can do.
    posts: usize,
}

fn row(what: &'static str, answer: Action, end: End, posts: usize) -> Row {
    Row { what, answer, end, posts }
}

/// The id of what stands in each tenant and is nobody's.
const FOREIGN: &str = "{foreign}";

fn creates() -> Vec<Row> {
    let in_order = Ready("in order");
    let with_id = |id: Value| says(200, json!({"id": id, "name": "desk"}), true);
    vec![
        row("HTML, and it was made", says(200, json!("<html>Welcome</html>"), true), in_order, 1),
        row("HTML, and it was not made", says(200, json!("<html>Welcome</html>"), false), in_order, 2),
        row("no body, and it was made", says(204, json!(""), true), in_order, 1),
        row("11 MB, and it was made", says(200, json!({"name": "x".repeat(11 << 20)}), true), in_order, 1),
        row("an array, and it was made", says(200, json!([{"id": "1"}]), true), in_order, 1),
        row("the id of what was there before", with_id(json!(FOREIGN)), in_order, 1),
        row("no id", says(200, json!({"name": "desk"}), true), in_order, 1),
        row("an id that is an object", with_id(json!({"value": 1})), in_order, 1),
        row("an id that leads elsewhere", with_id(json!("../../v2025/sources/1")), in_order, 1),
        row("an id of dots", with_id(json!("..")), in_order, 1),
        row("an id of 10,000 letters", with_id(json!("x".repeat(10_000))), in_order, 1),
        row("an id with NUL", with_id(json!("a\u{0}b")), in_order, 1),
        row(
            "the id of nothing at all",
            with_id(json!("2c910000000000000000000000000000")),
            Stalls("AlreadyExists", "is taken"),
            1,
        ),
        row("a redirect, and it was made", says(302, json!(""), true), in_order, 1),
        row("a gateway's 400, and it was made", says(400, json!("<html>no</html>"), true), in_order, 1),
        row(
            "401 in SailPoint's words, and it was made",
            says(401, json!({"error": "JWT is expired"}), true),
            Stalls("AlreadyExists", "externalId"),
            1,
        ),
        row(
            "400 in SailPoint's words, and it was made",
            says(400, json!({"error": "no"}), true),
            Stalls("AlreadyExists", "externalId"),
            1,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_to_a_create() {
    let mut table = Table::within("Answers to a create", World::like().flag("--refused-retry", "1h")).await;
    let rows = creates();
    let mut tenants = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let name = format!("row-{number}");
        let tenant = own_tenant(&table, &name).await;
        let foreign = tenant.create_in_ui(&json!({"name": "Somebody else's", "description": "Hands off"})).await;
        table.world.resyncs(1).await;
        let mut answer = row.answer.clone();
        if let Action::Answer { body: Some(body), .. } = &mut answer
            && body["id"] == FOREIGN
        {
            body["id"] = json!(foreign);
        }
        tenant.inject(&once("POST", ALL, answer)).await;
        table.world.sims.apply(&bare_sim(&name).with(json!({"tenantRef": {"name": name}, "name": "desk"}))).await;
        tenants.push((tenant, foreign));
    }
    for (number, (row, (tenant, foreign))) in rows.iter().zip(&tenants).enumerate() {
        let name = format!("row-{number}");
        let seen = table.sim(row.what, &name, row.end).await;
        let there = tenant.integrations().await;
        assert_eq!(there.len(), 2, "{}: one of ours and one of somebody else: {there:#?}", row.what);
        let (ours, others): (Vec<_>, Vec<_>) = there.iter().partition(|one| one["name"] == "desk");
        assert_eq!(
            (ours.len(), &others[0]["id"], &others[0]["description"]),
            (1, &json!(foreign), &json!("Hands off"))
        );
        if seen.is_ready() {
            assert_eq!(ours[0]["id"], seen.id(), "{}", row.what);
        }
        let sent = writes(tenant).await;
        let posts = lines(&sent).into_iter().filter(|line| *line == "POST /sim-integrations").count();
        assert_eq!((posts, sent.len()), (row.posts, row.posts), "{}: {:#?}", row.what, lines(&sent));
    }
    table.close(0).await;
}

fn updates() -> Vec<Row> {
    let in_order = Ready("in order");
    let of = |id: Value| says(200, json!({"id": id, "name": "another", "description": "not ours"}), true);
    vec![
        row("HTML, and it was made", says(200, json!("<html>Welcome</html>"), true), in_order, 1),
        row("HTML, and it was not made", says(200, json!("<html>Welcome</html>"), false), in_order, 2),
        row("no body, and it was made", says(200, json!(""), true), in_order, 1),
        row("another integration, and it was made", of(json!("2c91")), in_order, 1),
        row("an id that is an object", of(json!([])), in_order, 1),
        row("an id of 10,000 letters", of(json!("x".repeat(10_000))), in_order, 1),
        row("11 MB, and it was made", says(200, json!({"name": "x".repeat(11 << 20)}), true), in_order, 1),
        row("an object of another service", says(200, json!({"status": "ok"}), true), in_order, 1),
        row("a gateway's 403, and it was made", says(403, json!("<html>no</html>"), true), in_order, 1),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_to_an_update() {
    let mut table = Table::new("Answers to an update").await;
    let rows = updates();
    let mut tenants = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let name = format!("row-{number}");
        let tenant = own_tenant(&table, &name).await;
        let desk = bare_sim(&name).with(json!({"tenantRef": {"name": name}}));
        table.world.sims.apply(&desk).await;
        table.world.sims.ready(&name).await;
        tenant.forget_calls().await;
        tenant.inject(&once("PATCH", ONE, row.answer.clone())).await;
        table.world.sims.apply(&desk.with(json!({"type": "Changed"}))).await;
        tenants.push(tenant);
    }
    for (number, (row, tenant)) in rows.iter().zip(&tenants).enumerate() {
        let name = format!("row-{number}");
        table.sim(row.what, &name, row.end).await;
        let there = tenant.integrations().await;
        assert_eq!(
            (there.len(), &there[0]["type"], &there[0]["name"]),
            (1, &json!("Changed"), &json!(name)),
            "{}",
            row.what
        );
        assert_eq!(lines(&writes(tenant).await), vec!["PATCH /sim-integrations/{id}"; row.posts], "{}", row.what);
    }
    table.close(0).await;
}

/// A PUT is built on a GET: of another integration, or of none, nothing may be sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_to_the_read_before_a_put() {
    let mut table = Table::new("Answers to the read before a PUT").await;
    let rows = [
        ("another integration", says(200, json!({"id": "2c91", "name": "not ours", "description": "not ours"}), false)),
        ("HTML", says(200, json!("<html>Welcome</html>"), false)),
        ("an object of another service", says(200, json!({"status": "ok"}), false)),
        ("an array", says(200, json!([]), false)),
    ];
    for (number, (what, answer)) in rows.into_iter().enumerate() {
        let name = format!("row-{number}");
        let tenant = own_tenant(&table, &name).await;
        let desk = bare_sim(&name).with(json!({"tenantRef": {"name": name}, "statusMap": {"closed": "Committed"}}));
        table.world.sims.apply(&desk).await;
        table.world.sims.ready(&name).await;
        tenant.turn(&json!({"patchAccepts": "none"})).await;
        tenant.forget_calls().await;
        let read = once("GET", ONE, answer);
        tenant.inject(&crate::support::simulator::Fault { times: None, ..read }).await;
        table.world.sims.apply(&desk.with(json!({"type": "Changed"}))).await;
        table.sim(what, &name, Heals("TenantUnavailable", "GET")).await;
        let sent = writes(&tenant).await;
        assert!(sent.iter().all(|write| write.call.method == "PATCH"), "{what}: {:#?}", lines(&sent));
        tenant.clear_faults().await;
        table.world.sims.ready(&name).await;
        let there = tenant.integrations().await;
        assert_eq!(there[0]["type"], "Changed", "{what}");
        assert_ne!(there[0]["description"], "not ours", "{what}");
    }
    table.close(0).await;
}
