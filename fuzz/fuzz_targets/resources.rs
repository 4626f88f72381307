//! Resources as Kubernetes sends them: read as far as they go, with words that quote nothing of what cannot be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use sim_operator::api::{Kept, Received, SailPointTenant, SimIntegration};

fuzz_target!(|input: (&[u8], &[u8], bool)| {
    let (spec, status, is_tenant) = input;
    let (Ok(spec), Ok(status)) = (std::str::from_utf8(spec), std::str::from_utf8(status)) else { return };
    let text = format!(r#"{{"metadata":{{"name":"a"}},"spec":{spec},"status":{status}}}"#);
    if is_tenant { check::<SailPointTenant>(&text) } else { check::<SimIntegration>(&text) }
});

fn check<K: Kept + serde::Serialize>(text: &str) {
    let Ok(received) = serde_json::from_str::<Received<K>>(text) else { return };
    assert_eq!(received.resource.meta().name.as_deref(), Some("a"));
    let again: Received<K> = serde_json::from_str(&json!(received.resource).to_string()).unwrap();
    assert_eq!(again.unreadable, None, "what can be read is whole");
}
