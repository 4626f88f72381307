//! The ids of sources and clusters that a plan needs: looked up once for all of a tenant, and exactly one for each name.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::Context;
use super::desired::{Halt, stalled};
use super::pass::remember;
use crate::api::{Reason, SimIntegration};
use crate::model::{Kind, Names};
use crate::tenants::{Connection, Lookup};

/// Adds the ids of `needed` to `names`; where they are not known yet, the tenant is asked and this resource is woken.
pub(super) fn look_up(
    context: &Context,
    resource: &SimIntegration,
    connection: &Connection,
    needed: &[(Kind, String)],
    names: &mut Names,
) -> Result<(), Halt> {
    let question = format!("names {needed:?}");
    let since = remember(context, resource, |memory| memory.asked(&question, Instant::now()));
    let mut found = BTreeMap::new();
    let mut waits = false;
    for (kind, name) in needed {
        match connection.org.look_up(*kind, name, since) {
            Lookup::Asked => waits = true,
            Lookup::Found(ids) => drop(found.insert((*kind, name.clone()), ids)),
        }
    }
    if waits {
        context.wake_tenant(&connection.key);
        return Err(Halt::Parked);
    }
    for ((kind, name), ids) in found {
        let id = the_one(kind, &name, &ids)?;
        match kind {
            Kind::Source => names.sources.insert(name, id),
            Kind::Cluster => names.clusters.insert(name, id),
        };
    }
    Ok(())
}

fn the_one(kind: Kind, name: &str, ids: &[String]) -> Result<String, Halt> {
    let kind = kind.as_str();
    match ids {
        [one] => Ok(one.clone()),
        [] => Err(Halt::Missing(
            Reason::ReferenceNotFound,
            format!(
                "the tenant has no {kind} named {name:?}, or the token may not see it (scopes idn:sources:read, idn:remote-client:read)"
            ),
        )),
        several => Err(stalled(
            Reason::ReferenceAmbiguous,
            format!(
                "{} {kind}s are named {name:?}: give the id of the right one: {}",
                several.len(),
                several.join(", ")
            ),
        )),
    }
}
