//! Paths: printed and read the same, and attributes that a tenant shows as they were sent are never taken for changed.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sim_operator::api::{Attributes, SimIntegrationSpec};
use sim_operator::model::{Path, Remote, Want, compare, wants};
use sim_operator::sailpoint::{Integration, pointer};

fuzz_target!(|input: (Vec<&str>, &str, &[u8])| {
    let (keys, text, attributes) = input;
    if let Ok(path) = text.parse::<Path>() {
        assert_eq!(path.to_string(), text);
    }
    if !keys.is_empty() {
        let path = Path::Attribute(pointer(keys));
        assert_eq!(path.to_string().parse(), Ok(path));
    }
    let Ok(Value::Object(map)) = serde_json::from_slice(attributes) else { return };
    let spec = SimIntegrationSpec { attributes: Some(Attributes(map.clone())), ..SimIntegrationSpec::default() };
    let Ok(wants) = wants(&spec, "name", 1, |_| String::new()) else { return };
    let shown = Integration {
        id: Some("1".to_owned()),
        name: Some("name".to_owned()),
        attributes: Some(map),
        ..Integration::default()
    };
    let remote = Remote::new(Arc::new(shown)).unwrap();
    let comparison = compare(&wants, &remote, None, false);
    assert!(comparison.differences.is_empty(), "{:?}", comparison.differences);
    for (path, want) in &wants {
        assert_eq!(path.to_string().parse(), Ok(path.clone()));
        assert!(!matches!(want, Want::Plain(_)) || remote.patch_pointer(path).is_some(), "{path}");
    }
});
