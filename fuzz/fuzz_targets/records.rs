//! Annotations of ours, as somebody may have edited them: read, taken for a copy, or named as unreadable; never a panic.
#![no_main]

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use kube::api::ObjectMeta;
use libfuzzer_sys::fuzz_target;
use sim_operator::api::annotations::{CREATE, CreateIntent, PAUSED_UNTIL, REMOTE_ID, RemoteId};
use sim_operator::api::{Annotations, SimIntegration, SimIntegrationSpec, SimIntegrationStatus};
use sim_operator::controller::recorded::Recorded;
use sim_operator::model::{Remote, looks_like};
use sim_operator::sailpoint::{Integration, is_usable_id};

fuzz_target!(|input: (&str, &str, &str, Option<&str>)| {
    let (create, remote_id, pause, id) = input;
    let annotations = BTreeMap::from([(CREATE, create), (REMOTE_ID, remote_id), (PAUSED_UNTIL, pause)]);
    let metadata = ObjectMeta {
        name: Some("a".to_owned()),
        namespace: Some("b".to_owned()),
        annotations: Some(annotations.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()),
        ..ObjectMeta::default()
    };
    let status = id.map(|id| SimIntegrationStatus { id: Some(id.to_owned()), ..SimIntegrationStatus::default() });
    let resource = SimIntegration { metadata, spec: SimIntegrationSpec::default(), status };
    let _ = Annotations::of(&resource).paused_until(Timestamp::now());
    let recorded = Recorded::of(&resource, "c");
    assert!(recorded.id.as_deref().is_none_or(is_usable_id));
    assert!(recorded.unreadable.is_none() || (recorded.id.is_none() && recorded.intent.is_none()));
    if let Some(intent) = recorded.intent {
        for created in [None, Some(Timestamp::MIN), Some(Timestamp::MAX), intent.since] {
            let name = Some(intent.name.clone());
            let integration = Integration { id: Some("1".to_owned()), name, created, ..Integration::default() };
            let _ = looks_like(&Remote::new(Arc::new(integration)).unwrap(), &intent);
        }
    }
    same_again::<CreateIntent>(create);
    same_again::<RemoteId>(remote_id);
});

fn same_again<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(text: &str) {
    if let Ok(read) = serde_json::from_str::<T>(text) {
        assert_eq!(serde_json::from_str::<T>(&serde_json::to_string(&read).unwrap()).unwrap(), read);
    }
}
