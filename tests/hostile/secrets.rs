//! Secrets that are no use, or only nearly.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ObjectMeta, PostParams};
use serde_json::{Value, json};

use super::table::End::{self, Ready, Stalls};
use super::table::Table;
use crate::operator::canary::{CLIENT_SECRET, PASSWORD};
use crate::operator::manifests::{CLIENT_ID, bare_sim, config_with, tenant};
use crate::operator::world::World;
use crate::support::simulator::Switches;

/// The keys of a Secret.
type Data<'a> = Vec<(&'a str, &'a [u8])>;

async fn create(table: &Table, name: &str, type_: &str, immutable: bool, data: &[(&str, &[u8])]) {
    let of_bytes = |(key, value): &(&str, &[u8])| ((*key).to_owned(), ByteString(value.to_vec()));
    let secret = Secret {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        type_: Some(type_.to_owned()),
        immutable: Some(immutable),
        data: Some(data.iter().map(of_bytes).collect::<BTreeMap<_, _>>()),
        ..Secret::default()
    };
    table.world.kubernetes.api::<Secret>().create(&PostParams::default(), &secret).await.unwrap();
}

/// The password that an integration of this name was created with.
async fn sent_password(table: &Table, name: &str) -> String {
    let created = table.world.writes().await.into_iter().find(|write| write.body["name"] == name).unwrap();
    created.body["attributes"]["password"].as_str().unwrap().to_owned()
}

fn with_line_break(text: &str) -> Vec<u8> {
    format!("{text}\r\n").into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_of_a_tenant() {
    let mut table = Table::new("Secrets of a tenant").await;
    let (id, secret) = (CLIENT_ID.as_bytes(), CLIENT_SECRET.as_bytes());
    let no_text = |words| Stalls("SecretNotFound", words);
    let rejected = Stalls("CredentialsRejected", "check clientId and clientSecret");
    let long = vec![b'x'; 1_000_000];
    let inner = format!("{CLIENT_SECRET}\r\nX-Evil: 1").into_bytes();
    let (broken_id, broken_secret) = (with_line_break(CLIENT_ID), with_line_break(CLIENT_SECRET));
    let rows: Vec<(&str, Data, End)> = vec![
        ("no key at all", vec![], no_text("clientId")),
        ("no clientSecret", vec![("clientId", id)], no_text("clientSecret")),
        ("keys of another case", vec![("clientid", id), ("clientsecret", secret)], no_text("clientId")),
        ("an empty clientId", vec![("clientId", b""), ("clientSecret", secret)], no_text("clientId")),
        ("a clientSecret of a line break", vec![("clientId", id), ("clientSecret", b"\n")], no_text("clientSecret")),
        (
            "a clientSecret that is no text",
            vec![("clientId", id), ("clientSecret", b"\xff\xfe\x00")],
            no_text("clientSecret"),
        ),
        (
            "the line breaks of an editor",
            vec![("clientId", &broken_id), ("clientSecret", &broken_secret)],
            Ready("connected"),
        ),
        ("a line break within", vec![("clientId", b"row-7"), ("clientSecret", &inner)], rejected),
        ("both mixed up", vec![("clientId", secret), ("clientSecret", b"row-8")], rejected),
        (
            "a clientSecret of 1 MB",
            vec![("clientId", b"row-9"), ("clientSecret", &long)],
            Stalls("CredentialsRejected", "check clientId"),
        ),
        ("a Secret of another type", vec![("clientId", id), ("clientSecret", secret)], Ready("connected")),
    ];
    let url = table.world.tenant.url().to_owned();
    for (number, (_, data, _)) in rows.iter().enumerate() {
        let name = format!("row-{number}");
        create(&table, &name, if number == 10 { "example.com/odd" } else { "Opaque" }, number == 10, data).await;
        let its_secret = json!({"credentials": {"secretRef": {"name": name}}});
        table.world.tenants.apply(&tenant(&name, &url).with(its_secret)).await;
    }
    for (number, (what, _, end)) in rows.iter().enumerate() {
        table.tenant(what, &format!("row-{number}"), *end).await;
    }
    table.close(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attributes_from_a_secret() {
    let mut table = Table::new("Secrets of an integration").await;
    let missing = Stalls("SecretNotFound", "that holds text");
    let (sent, broken, long) = (Ready("in order"), with_line_break(PASSWORD), vec![b'x'; 900_000]);
    let rows: Vec<(&str, Data, End, Option<&[u8]>)> = vec![
        ("no such key", vec![("other", b"x")], missing, None),
        ("an empty value", vec![("password", b"")], missing, None),
        ("a value that is no text", vec![("password", b"\xc3\x28")], missing, None),
        ("a value with a line break at its end", vec![("password", &broken)], sent, Some(&broken)),
        (
            "a value of NUL and control characters",
            vec![("password", b"a\0\x1b[2J\r\nb")],
            sent,
            Some(b"a\0\x1b[2J\r\nb"),
        ),
        ("a value of 900 KB", vec![("password", &long)], sent, Some(&long)),
        ("a value that is a word of every message", vec![("password", b"true")], sent, Some(b"true")),
        ("a value of one letter", vec![("password", b"e")], sent, Some(b"e")),
    ];
    for (number, (_, data, ..)) in rows.iter().enumerate() {
        let name = format!("row-{number}");
        create(&table, &name, "Opaque", false, data).await;
        let from = json!([{"attribute": "password", "secretKeyRef": {"name": name, "key": "password"}}]);
        table.world.sims.apply(&bare_sim(&name).with(json!({"attributesFrom": from}))).await;
    }
    let mut posts = 0;
    for (number, (what, _, end, value)) in rows.iter().enumerate() {
        let name = format!("row-{number}");
        table.sim(what, &name, *end).await;
        if let Some(value) = value {
            assert_eq!(sent_password(&table, &name).await.as_bytes(), *value, "{what}");
            posts += 1;
        }
    }
    table.close(posts).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_immutable_secret_that_is_replaced_is_sent_again() {
    let mut table = Table::new("An immutable Secret that is replaced").await;
    create(&table, "fixed", "Opaque", true, &[("password", b"one-password")]).await;
    let from = json!([{"attribute": "password", "secretKeyRef": {"name": "fixed", "key": "password"}}]);
    table.world.sims.apply(&bare_sim("desk").with(json!({"attributesFrom": from}))).await;
    table.world.sims.ready("desk").await;
    table.world.delete_secret("fixed").await;
    create(&table, "fixed", "Opaque", true, &[("password", b"another-password")]).await;
    table.world.until_writes(2).await;
    table.sim("another Secret of the same name", "desk", Ready("in order")).await;
    let last = table.world.writes().await.remove(1);
    assert_eq!(last.body[0]["value"], "another-password", "{last:#?}");
    table.close(2).await;
}

/// A tenant that repeats what it was sent in the words of its refusal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_echoed_is_taken_out_and_no_more() {
    let echoes = config_with(Switches { errors_echo_input: true, ..Switches::default() });
    let mut table = Table::within("Secrets that are echoed", World::like().tenant(echoes)).await;
    let rows: [(&str, &str, &[u8], &str); 4] = [
        ("a password", "password", PASSWORD.as_bytes(), "(sensitive)"),
        ("the same with a line break", "password", &with_line_break(PASSWORD), "(sensitive)"),
        ("true", "enabled", b"true", "true"),
        ("two letters", "password", b"ab", "(sensitive)"),
    ];
    for (number, (_, attribute, value, _)) in rows.iter().enumerate() {
        let name = format!("row-{number}");
        create(&table, &name, "Opaque", false, &[("value", value)]).await;
        let from = json!([{"attribute": attribute, "secretKeyRef": {"name": name, "key": "value"}}]);
        // A type that the tenant does not know is what it refuses.
        let refused: Value = json!({"attributesFrom": from, "sources": [{"id": "no-such-source"}]});
        table.world.sims.apply(&bare_sim(&name).with(refused)).await;
    }
    for (number, (what, _, _, words)) in rows.iter().enumerate() {
        table.sim(what, &format!("row-{number}"), Stalls("Refused", words)).await;
    }
    let others = table.world.writes().await.len();
    table.close(others).await;
}
