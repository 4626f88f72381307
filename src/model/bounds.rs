//! How much a spec may hold: what the status and the annotations can keep of it, and what can be read back.

use std::io;

use serde_json::{Map, Value, json};

use super::{InvalidSpec, Want, Wants};
use crate::api::{SimIntegrationSpec, schema};

/// How many values a status can keep digests of, with room for what was withdrawn.
const MOST_VALUES: usize = schema::MOST_DIGESTS - 24;

/// How many bytes the paths may have with their digests: the intent holds them twice, and all annotations of a resource
/// together have 256 KiB.
const MOST_RECORDED: usize = 96 * 1024;
/// What a path's digest adds to it.
const DIGEST_LENGTH: usize = 22;
/// How deep attributes may be nested: half of what is read of JSON.
const MOST_NESTED: usize = 60;
/// How many bytes a spec may have: etcd takes 1.5 MiB of spec, annotations, managed fields and status together.
const LARGEST_SPEC: usize = 1024 * 1024;

/// What the status cannot keep cannot be compared: it is refused before anything is sent.
pub(super) fn fits(wants: &Wants) -> Result<(), InvalidSpec> {
    let secrets = wants.values().filter(|want| !matches!(want, Want::Plain(_))).count();
    let recorded: usize = wants.keys().map(|path| json!(path.to_string()).to_string().len() + DIGEST_LENGTH).sum();
    let refused = |what: &str, found: usize, most: usize| {
        Err(InvalidSpec(format!(
            "spec.attributes has {found} {what}, counted at any depth; at most {most} can be kept"
        )))
    };
    if wants.len() - secrets > MOST_VALUES {
        return refused("values", wants.len() - secrets, MOST_VALUES);
    }
    if secrets > schema::MOST_SENT_SECRETS {
        return refused("secrets", secrets, schema::MOST_SENT_SECRETS);
    }
    if recorded > MOST_RECORDED {
        return refused("bytes of keys and digests to be kept", recorded, MOST_RECORDED);
    }
    let longest = wants.keys().map(|path| path.to_string().chars().count()).max().unwrap_or_default();
    if longest > schema::PATH_LENGTH {
        return refused("characters in one path", longest, schema::PATH_LENGTH);
    }
    Ok(())
}

/// Nested deeper, the tenant's own list could no longer be read, and with it nobody's integration.
pub(super) fn is_flat_enough(attributes: &Map<String, Value>) -> Result<(), InvalidSpec> {
    let deepest = attributes.values().map(depth).max().unwrap_or_default();
    if deepest <= MOST_NESTED {
        return Ok(());
    }
    Err(InvalidSpec(format!("spec.attributes is nested {deepest} deep; at most {MOST_NESTED} can be kept")))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// What is so large that Kubernetes keeps it, but not what the operator writes beside it, is refused before it is sent.
pub(super) fn is_small_enough(spec: &SimIntegrationSpec) -> Result<(), InvalidSpec> {
    let mut size = Size(0);
    // It is what was read from JSON.
    let _ = serde_json::to_writer(&mut size, spec);
    if size.0 <= LARGEST_SPEC {
        return Ok(());
    }
    Err(InvalidSpec(format!("spec has {} bytes as JSON; at most {LARGEST_SPEC} can be kept", size.0)))
}

/// Counts what is written to it.
struct Size(usize);

impl io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
