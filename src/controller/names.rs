//! The ids of sources and clusters that a plan needs: looked up once for all of a tenant, and exactly one for each name.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::Context;
use super::desired::{Halt, stalled};
use super::pass::{asked_in_vain, remember};
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
    let now = Instant::now();
    let found = match remember(context, resource, |memory| memory.resting(now)) {
        Some(rest) => {
            let ids = |(kind, name): &(Kind, String)| connection.org.known_ids(*kind, name, rest.since);
            let known = needed.iter().map(|one| Some((one.clone(), ids(one)?)));
            known.collect::<Option<BTreeMap<_, _>>>().ok_or(Halt::Resting(rest.look_at))?
        }
        None => asked(context, resource, connection, needed, now)?,
    };
    for ((kind, name), ids) in found {
        let id = the_one(kind, &name, &ids).inspect_err(|halt| {
            if matches!(halt, Halt::Verdict(_)) {
                asked_in_vain(context, resource);
            }
        })?;
        match kind {
            Kind::Source => names.sources.insert(name, id),
            Kind::Cluster => names.clusters.insert(name, id),
        };
    }
    Ok(())
}

fn asked(
    context: &Context,
    resource: &SimIntegration,
    connection: &Connection,
    needed: &[(Kind, String)],
    now: Instant,
) -> Result<BTreeMap<(Kind, String), Vec<String>>, Halt> {
    let since = remember(context, resource, |memory| memory.asked(&format!("names {needed:?}"), now));
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
    Ok(found)
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
