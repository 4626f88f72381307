//! The body of a LIST or a GET: whatever it is, it is read or refused, and what is read is read again as the same.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use sim_operator::model::{Path, Reading, Remote, canonical};
use sim_operator::sailpoint::{Integration, decode};

fuzz_target!(|body: &[u8]| {
    let Ok(list) = decode::list(body) else { return };
    assert_eq!(decode::list(body).as_ref(), Ok(&list));
    list.into_iter().for_each(check);
});

fn check(integration: Integration) {
    let details = serde_json::to_vec(&integration.clone().into_details()).unwrap();
    let again = decode::list(format!("[{}]", String::from_utf8(details).unwrap()).as_bytes()).unwrap().remove(0);
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
