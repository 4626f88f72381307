//! The body of a LIST or a GET: whatever it is, it is read or refused, and what is read is read again as the same.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use sim_operator::model::{Path, Reading, Remote, canonical};
use sim_operator::sailpoint::{Integration, Listed, decode};

fuzz_target!(|body: &[u8]| {
    let Ok(list) = decode::list(body) else { return };
    assert_eq!(decode::list(body).as_ref(), Ok(&list));
    list.iter().for_each(check);
});

fn check(listed: &Listed) {
    let Some(integration) = listed.open().map(|shared| Integration::clone(&shared)) else {
        assert_eq!(listed.id, None);
        return;
    };
    let mut details = serde_json::to_value(integration.clone().into_details()).unwrap();
    details["id"] = "1".into();
    let again = decode::list(format!("[{details}]").as_bytes()).unwrap().remove(0);
    let again = Integration::clone(&again.open().unwrap());
    let with_id = |integration| Remote::new(Arc::new(Integration { id: Some("1".to_owned()), ..integration })).unwrap();
    let (before, after) = (with_id(integration), with_id(again));
    let mut paths = vec![Path::Name, Path::Description, Path::Type, Path::StatusMap, Path::Request, Path::Rule];
    paths.extend(before.secret_looking());
    for path in paths {
        let reading = before.read(&path);
        if let Reading::Value(value) = &reading {
            assert_eq!(canonical(value), *value, "{path}");
        }
        assert_eq!(after.read(&path), reading, "{path}");
    }
    for path in [Path::Cluster, Path::Sources] {
        let _ = (before.read(&path), before.patch_pointer(&path));
    }
}
