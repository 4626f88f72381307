//! Specs that the definition lets pass and that are odd all the same: sent and read back as they are, or refused in words.

use kube::api::PostParams;
use serde_json::{Map, Value, json};

use super::table::End::{self, Ready, Stalls};
use super::table::Table;
use crate::operator::manifests::{Manifest, bare_sim};

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!("x"), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({"a": inner}) })
}

fn keys(count: usize, length: usize) -> Value {
    (0..count).map(|at| (format!("{at}-{}", "k".repeat(length)), json!(at))).collect()
}

/// Created as it is: what is applied is read as YAML, which has limits of its own.
async fn create(table: &Table, manifest: &Manifest) {
    let object = serde_json::from_value(manifest.0.clone()).unwrap();
    table.world.sims.api().create(&PostParams::default(), &object).await.unwrap();
}

fn attributes(value: Value) -> Value {
    Map::from_iter([("attributes".to_owned(), value)]).into()
}

fn from_secret(attribute: &str) -> Value {
    json!([{"attribute": attribute, "secretKeyRef": {"name": "servicenow", "key": "password"}}])
}

fn sources(count: usize) -> Vec<Value> {
    (0..count).map(|at| json!({"id": format!("s{at}")})).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_odd_is_sent_as_it_is() {
    let rows: Vec<(&str, Value)> = vec![
        ("an empty key", attributes(json!({"": 1, "a": {"": {"": 2}}}))),
        (
            "keys with slash and tilde",
            attributes(json!({"a/b": 1, "a": {"b": 2}, "~": 3, "~1": 4, "a~1b": 5, "/": 6, "~01": 7})),
        ),
        (
            "keys of another script, and of none",
            attributes(json!({"schlüssel": 1, "鍵": 2, "\u{202e}yek": 3, "a\nb": 4, "a\u{0}b": 5, " ": 6})),
        ),
        (
            "keys that end in dots and digits",
            attributes(json!({"..": 1, "0": 2, "-": 3, "a.b": 4, "$ref": 5, "__proto__": 6})),
        ),
        (
            "texts that look like something else",
            attributes(json!({"a": "true", "b": "null", "c": "1e3", "d": "0x10", "e": "{}", "f": "\u{0}\u{1b}[2J"})),
        ),
        (
            "templates of every kind",
            attributes(
                json!({"a": "$!{x}", "b": "#if(1)", "c": "{{ .Values }}", "d": "${jndi:ldap://x}", "e": "%s%n"}),
            ),
        ),
        (
            "numbers beyond what a float holds",
            attributes(
                json!({"a": 9_007_199_254_740_993_u64, "b": -9_007_199_254_740_993_i64, "c": i64::MAX, "d": i64::MIN}),
            ),
        ),
        (
            "numbers of every kind",
            attributes(json!({"a": 1.0, "b": -0.0, "c": 1e300, "d": 5e-324, "e": 0.1, "f": 1e15})),
        ),
        ("nulls", attributes(json!({"a": null, "b": {"c": null}, "d": [null, 1]}))),
        ("empty objects and arrays", attributes(json!({"a": {}, "b": [], "c": {"d": {}}, "e": [[], {}]}))),
        ("60 levels", attributes(json!({"a": nested(60)}))),
        ("900 keys", attributes(json!({"a": keys(900, 20)}))),
        ("a text of 1 MB", attributes(json!({"a": "x".repeat(1_000_000)}))),
        ("a name of 256 letters of another script", json!({"name": "ü".repeat(256)})),
        ("a name that is composed", json!({"name": "e\u{301}tat-1"})),
        ("a name that is precomposed", json!({"name": "\u{e9}tat-1"})),
        ("a name in another direction", json!({"name": "\u{202e}ksed"})),
        ("a name like a path", json!({"name": "../../v2025/sources"})),
        ("a name like a filter", json!({"name": "\" or name eq \""})),
        ("a description of nothing", json!({"description": ""})),
        ("a request of line breaks and NUL", json!({"request": {"a\nb": "\r\n\u{0}"}})),
    ];
    let mut table = Table::new("Specs that are odd and can be sent").await;
    for (number, (_, spec)) in rows.iter().enumerate() {
        table.world.sims.apply(&bare_sim(&format!("row-{number}")).with(spec.clone())).await;
    }
    for (number, (what, _)) in rows.iter().enumerate() {
        table.sim(what, &format!("row-{number}"), Ready("in order")).await;
    }
    assert_eq!(table.world.tenant.integrations().await.len(), rows.len() + 1);
    // Each is created once, and nothing is ever drift of our own making.
    table.close(rows.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_kept_is_refused() {
    let invalid = |words| Stalls("InvalidSpec", words);
    let twice = [sources(256), sources(256)].concat();
    let blocked =
        |inline: Value, attribute: &str| json!({"attributes": inline, "attributesFrom": from_secret(attribute)});
    let rows: Vec<(&str, Value, End)> = vec![
        ("61 levels", attributes(json!({"a": nested(61)})), invalid("nested 61 deep")),
        ("100 levels", attributes(json!({"a": nested(100)})), invalid("nested 100 deep")),
        ("1,001 keys", attributes(json!({"a": keys(1_001, 1)})), invalid("at most 1000 can be kept")),
        ("900 keys of 200 letters", attributes(json!({"a": keys(900, 200)})), invalid("bytes of keys and digests")),
        ("a key of 3,000 letters", attributes(keys(1, 3_000)), invalid("characters in one path")),
        ("a text of 1.2 MB", attributes(json!({"a": "x".repeat(1_200_000)})), invalid("bytes as JSON")),
        ("256 sources twice", json!({"sources": twice}), invalid("twice")),
        ("a secret below a text", blocked(json!({"a": "text"}), "/a/b"), invalid("given twice")),
        ("a secret above an object", blocked(json!({"a": {"b": 1}}), "/a"), invalid("given twice")),
        ("a secret in an array", blocked(json!({"a": [1]}), "/a/0"), invalid("given twice")),
        ("a secret at a key with a slash", blocked(json!({"a/b": 1}), "a/b"), invalid("given twice")),
        ("a secret at the empty key", blocked(json!({"": {"x": 1}}), "//x"), invalid("given twice")),
        ("another tenant that is none", json!({"tenantRef": {"name": "none"}}), Stalls("TenantMissing", "create it")),
        (
            "the id of nothing",
            json!({"externalId": "2c91000000000000000000000000dead"}),
            Stalls("ExternalIdGone", "no integration"),
        ),
        (
            "a source of this name nowhere",
            json!({"sources": [{"name": "\" or name eq \""}]}),
            Stalls("ReferenceNotFound", "no source named"),
        ),
    ];
    let mut table = Table::new("Specs that cannot be kept").await;
    for (number, (_, spec, _)) in rows.iter().enumerate() {
        create(&table, &bare_sim(&format!("row-{number}")).with(spec.clone())).await;
    }
    for (number, (what, _, end)) in rows.iter().enumerate() {
        table.sim(what, &format!("row-{number}"), *end).await;
    }
    for (what, spec, words) in [
        ("a name of blanks", json!({"name": "   "}), "blanks around it"),
        ("a name with a blank at its end", json!({"name": "desk "}), "blanks around it"),
        ("a number beyond all", json!({"attributes": {"a": 1}, "name": "x".repeat(257)}), "Too long"),
        ("a pointer of a tilde", json!({"attributesFrom": from_secret("/a~2b")}), "JSON pointer"),
    ] {
        let error = table.world.sims.try_apply(&bare_sim("refused").with(spec)).await.unwrap_err().to_string();
        assert!(error.contains(words), "{what}: {error}");
        table.refused(what, words);
    }
    assert_eq!(table.world.tenant.integrations().await.len(), 1, "nothing was sent");
    let acme = table.world.tenants.see("acme").await;
    assert!(acme.is_ready(), "{}", acme.message());
    table.close(0).await;
}
