//! Tenants of odd addresses and odder limits.

use serde_json::{Value, json};

use super::table::End::{self, Heals, Ready, Stalls};
use super::table::Table;
use crate::operator::manifests::bare_sim;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_nothing_is_sent_to() {
    let refused = Stalls("HostNotAllowed", "allowed hosts");
    let rows: Vec<(&str, &str, End)> = vec![
        ("the address of a cloud's metadata", "https://169.254.169.254", refused),
        ("the same as one number", "https://2852039166", refused),
        ("the same in IPv6", "https://[::ffff:169.254.169.254]", refused),
        ("the API server", "https://kubernetes.default.svc", refused),
        ("another domain that ends alike", "https://acme.api.identitynow.com.evil.example", refused),
        ("another domain that begins alike", "https://evil-api.identitynow.com", refused),
        ("a dot at the end", "https://acme.api.identitynow.com.", refused),
        ("the domain itself", "https://api.identitynow.com", refused),
        ("letters that look alike", "https://acme.api.identityn\u{43e}w.com", refused),
        ("punycode", "https://acme.api.xn--identitynw-dyi.com", refused),
        ("no loopback of the operator's pod", "https://0.0.0.0", refused),
        ("a port that nobody serves", "https://127.0.0.1:1", Heals("TenantUnavailable", "no connection")),
        ("a name of loopback that is none", "https://127.0.0.1.evil.example", refused),
    ];
    let mut table = Table::new("Addresses that nothing is sent to").await;
    for (number, (_, url, _)) in rows.iter().enumerate() {
        let name = format!("row-{number}");
        let tenant = table.tenant_at(&name, url).await;
        match table.world.tenants.try_apply(&tenant).await {
            Ok(_) => {}
            Err(error) => panic!("{url}: {error}"),
        }
    }
    for (number, (what, _, end)) in rows.iter().enumerate() {
        table.tenant(what, &format!("row-{number}"), *end).await;
    }
    for (what, url, words) in [
        ("user and password", "https://user:word@acme.api.identitynow.com", "user and password"),
        ("a path", "https://acme.api.identitynow.com/v2025", "no path"),
        ("no scheme", "acme.api.identitynow.com", "baseUrl must be https"),
        ("another scheme", "file:///etc/passwd", "baseUrl must be https"),
        ("http to somewhere else", "http://acme.api.identitynow.com", "baseUrl must be https"),
        ("a line break", "https://acme.api.identitynow.com\r\nX-Evil: 1", "baseUrl must be https"),
    ] {
        let tenant = table.tenant_at("refused", url).await;
        let error = table.world.tenants.try_apply(&tenant).await.unwrap_err().to_string();
        assert!(error.contains(words), "{what}: {error}");
        table.refused(what, words);
    }
    table.close(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_and_namespaces_of_every_kind() {
    let selector = |selector: Value| json!({"allowedNamespaces": {"from": "Selector", "selector": selector}});
    let connected = Ready("connected");
    let rows: Vec<(&str, Value, End)> = vec![
        ("one request in 10 s", json!({"requestsPer10s": 1}), connected),
        ("1,000 requests in 10 s", json!({"requestsPer10s": 1000}), connected),
        ("a resync of 10 s, written oddly", json!({"resyncInterval": "00000h0m10s"}), connected),
        ("a resync of a day", json!({"resyncInterval": "1440m"}), connected),
        ("a selector of no label that can be", selector(json!({"matchLabels": {"!!": "!!"}})), connected),
        (
            "a selector that contradicts itself",
            selector(json!({"matchExpressions": [
            {"key": "a", "operator": "Exists"}, {"key": "a", "operator": "DoesNotExist"}]})),
            connected,
        ),
    ];
    let mut table = Table::new("Limits and namespaces of every kind").await;
    let url = table.world.tenant.url().to_owned();
    for (number, (_, spec, _)) in rows.iter().enumerate() {
        let name = format!("row-{number}");
        // The first has a client id of its own: its limit is that of all who share one.
        let its_own = table.tenant_at(&name, &url).await;
        let secret = if number == 0 { name.clone() } else { "acme-sailpoint".to_owned() };
        let tenant = its_own.with(json!({"credentials": {"secretRef": {"name": secret}}})).with(spec.clone());
        table.world.tenants.apply(&tenant).await;
    }
    for (number, (what, _, end)) in rows.iter().enumerate().skip(1) {
        table.tenant(what, &format!("row-{number}"), *end).await;
    }
    table.tenant("a client id that nobody knows", "row-0", Stalls("CredentialsRejected", "check clientId")).await;
    for (what, spec, words) in [
        ("no request at all", json!({"requestsPer10s": 0}), "should be greater than or equal to 1"),
        ("2 to the power of 31 requests", json!({"requestsPer10s": 2_147_483_648_u64}), "requestsPer10s"),
        ("half a request", json!({"requestsPer10s": 0.5}), "requestsPer10s"),
        ("a resync of 9 s", json!({"resyncInterval": "9s"}), "from 10s to 24h"),
        ("a resync of no time", json!({"resyncInterval": "-1h"}), "from 10s to 24h"),
        ("a resync of 99999 hours", json!({"resyncInterval": "99999h"}), "from 10s to 24h"),
        ("a selector without its operator", json!({"allowedNamespaces": {"from": "Selector"}}), "selector"),
        ("a bundle of 65,537 letters", json!({"caBundle": "x".repeat(65_537)}), "Too long"),
    ] {
        let tenant = table.tenant_at("refused", &url).await.with(spec);
        let error = table.world.tenants.try_apply(&tenant).await.unwrap_err().to_string();
        assert!(error.contains(words), "{what}: {error}");
        table.refused(what, words);
    }
    table.close(0).await;
}

/// Two tenants of one client id share its budget, and of one org its list: what one is told serves both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tenants_of_one_client_id() {
    let mut table = Table::new("Two tenants of one client id").await;
    let url = table.world.tenant.url().to_owned();
    let twin = table.tenant_at("twin", &url).await;
    let twin = twin.with(json!({"credentials": {"secretRef": {"name": "acme-sailpoint"}}, "requestsPer10s": 20}));
    table.world.tenants.apply(&twin).await;
    table.tenant("the same client id, another limit", "twin", Ready("connected")).await;
    table.world.sims.apply(&bare_sim("by-twin").with(json!({"tenantRef": {"name": "twin"}}))).await;
    table.sim("an integration of the second", "by-twin", Ready("in order")).await;
    table.world.sims.apply(&bare_sim("again").with(json!({"tenantRef": {"name": "twin"}, "name": "in-order"}))).await;
    table.sim("the name that the first has", "again", Stalls("Conflict", "in-order holds")).await;
    let refused = table.world.tenant.calls().await.into_iter().filter(|call| call.status == Some(429)).count();
    assert_eq!(refused, 0);
    table.close(1).await;
}
