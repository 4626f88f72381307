//! What goes wrong between the operator and a tenant, in the words of the tests.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::simulator::{Action, Fault};

/// All integrations.
pub const ALL: &str = "/v2025/sim-integrations";
/// Any one of them.
pub const ONE: &str = "/v2025/sim-integrations/*";

/// The next such call meets this.
pub fn once(method: &str, path: &str, action: Action) -> Fault {
    times(Some(1), method, path, action)
}

/// So many such calls meet this; without a number all do, until faults are cleared.
pub fn times(times: Option<u32>, method: &str, path: &str, action: Action) -> Fault {
    Fault { method: Some(method.to_owned()), path: path.to_owned(), times, action }
}

/// The tenant answers with this status and the body that is documented for it, and changes nothing.
pub fn answer(status: u16) -> Action {
    Action::Answer { status, headers: BTreeMap::new(), body: None, content_type: None, commit: false }
}

/// The tenant makes the change and answers with this status all the same.
pub fn answer_after(status: u16) -> Action {
    Action::Answer { status, headers: BTreeMap::new(), body: None, content_type: None, commit: true }
}

/// Somebody between us and the tenant answers.
pub fn answer_of_a_gateway(status: u16, body: Value) -> Action {
    Action::Answer { status, headers: BTreeMap::new(), body: Some(body), content_type: None, commit: false }
}

/// The tenant asks for a pause of so many seconds.
pub fn too_many(seconds: u32) -> Action {
    let headers = BTreeMap::from([("Retry-After".to_owned(), seconds.to_string())]);
    Action::Answer { status: 429, headers, body: None, content_type: None, commit: false }
}
