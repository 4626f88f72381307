//! What was sent to the tenant, in words that do not depend on ids and versions of the API.

use serde_json::Value;

use crate::support::simulator::{Call, Tenant};

/// A call that changes something in the tenant, or would.
#[derive(Clone, Debug)]
pub struct Write {
    /// Such as `PATCH /sim-integrations/{id}/beforeProvisioningRule`.
    pub line: String,
    /// What was sent; null if nothing.
    pub body: Value,
    /// All that the log has of it.
    pub call: Call,
}

impl Write {
    /// The paths of the operations of a PATCH, if it is what the operator may send: a bare array of `replace`.
    pub fn replaced_paths(&self) -> Vec<&str> {
        assert_eq!(self.call.headers["content-type"], "application/json-patch+json", "{self:#?}");
        let operations = self.body.as_array().unwrap_or_else(|| panic!("no bare array: {self:#?}"));
        assert!(operations.iter().all(|operation| operation["op"] == "replace"), "{self:#?}");
        let mut paths: Vec<&str> = operations.iter().map(|operation| operation["path"].as_str().unwrap()).collect();
        paths.sort_unstable();
        paths
    }
}

/// Every write since the log was last emptied, in the order of arrival.
pub async fn writes(tenant: &Tenant) -> Vec<Write> {
    let calls = tenant.calls().await.into_iter();
    calls.filter(|call| call.method != "GET" && !call.path.starts_with("/oauth/")).map(write).collect()
}

/// The lines of these writes.
pub fn lines(writes: &[Write]) -> Vec<&str> {
    writes.iter().map(|write| write.line.as_str()).collect()
}

fn write(call: Call) -> Write {
    let line = format!("{} {}", call.method, plain_path(&call.path));
    Write { line, body: call.body.clone().unwrap_or_default(), call }
}

/// The path without the version of the API, and with `{id}` in place of ids.
fn plain_path(path: &str) -> String {
    let plain = |part: &str| match part {
        "" | "beta" | "v2024" | "v2025" | "v2026" | "v1" => None,
        "sim-integrations" | "beforeProvisioningRule" => Some(format!("/{part}")),
        _ => Some("/{id}".to_owned()),
    };
    path.split('/').filter_map(plain).collect()
}
