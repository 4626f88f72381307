//! One LIST for a whole org, and whether it can be believed; names of sources and clusters, all in one call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::time::Instant;

use super::remember;
use super::trouble::Trouble;
use crate::api::{Reason, SailPointTenant};
use crate::controller::Context;
use crate::controller::requests::Requests;
use crate::model::Kind;
use crate::sailpoint::{Answer, Class, Error, ErrorKind, Integration, Listed, Purpose};
use crate::tenants::{Connection, ListOutcome, Org};

/// Who is to be judged after a beat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// Nobody: nothing new is known.
    Nobody,
    /// Whoever waits or is not in order, and those of these ids.
    Concerned(BTreeSet<Arc<str>>),
    /// Every integration: a resync was due.
    All,
}

/// When the org is to be listed next: for a resync, or for those who ask.
pub(super) fn next_list(connection: &Connection) -> Instant {
    let (org, now) = (&connection.org, Instant::now());
    // A tenant whose last list failed is not in order, and only a list can say that it is again.
    if org.last_round().is_some_and(|round| matches!(round.outcome, ListOutcome::Failed(_))) {
        return now;
    }
    let resync = org.resync_due(connection.resync).unwrap_or(now);
    let pause = connection.client.budget().pause_between_lists();
    let asked = org.is_wanted().then(|| org.rests_until(pause).unwrap_or(now));
    asked.map_or(resync, |asked| asked.min(resync))
}

/// Lists the org if a resync is due or somebody waits for it. Returns who is to be judged anew.
pub(super) async fn list_if_due(
    context: &Context,
    tenant: &SailPointTenant,
    connection: &Connection,
    requests: Requests,
) -> Result<Whom, Trouble> {
    let org = &connection.org;
    let asked = Instant::now();
    let is_due = || {
        let is_answered = org.last_round().is_some_and(|round| round.started >= asked);
        next_list(connection) <= Instant::now() || (requests.any() && !is_answered)
    };
    if !is_due() {
        return Ok(Whom::Nobody);
    }
    // Another tenant of the same org may be listing: its list serves both.
    let _one_at_a_time = org.listing.lock().await;
    if !is_due() {
        return Ok(Whom::Concerned(BTreeSet::new()));
    }
    let is_resync = org.resync_due(connection.resync).is_none_or(|due| due <= Instant::now());
    let purpose = if org.is_wanted() { Purpose::DeleteOrCreate } else { Purpose::Look };
    let slot = connection.client.prepare(Class::List(purpose)).await?;
    let answer = connection.client.list_beside(slot, &|id| org.read(|snapshot| snapshot.listed(id).cloned())).await?;
    remember(context, tenant, |memory| memory.deprecated = answer.deprecated);
    has_ids(&answer, tenant)?;
    let started = answer.started;
    let changed = believe(context, connection, answer, requests.again).await?;
    if is_resync || requests.any() {
        org.resync(started);
        return Ok(Whom::All);
    }
    Ok(Whom::Concerned(changed))
}

/// Without ids nothing in the list can be owned, and nothing created could be found again.
fn has_ids(answer: &Answer<Vec<Listed>>, tenant: &SailPointTenant) -> Result<(), Trouble> {
    let Some(without) = answer.value.iter().find(|integration| integration.id.is_none()) else { return Ok(()) };
    let api = tenant.spec.api;
    let message = if without.has_odd_id {
        format!(
            "the list of API version {api} shows an integration whose id can be none, so that nothing in it is believed"
        )
    } else {
        format!(
            "the list of API version {api} shows integrations without ids, so that none can be owned: set spec.api to v2024 \
             or newer"
        )
    };
    Err(Trouble::stalled(Reason::IdsMissing, message))
}

/// Takes the list over, as far as it can be believed. Returns the ids of which something else is known than before.
async fn believe(
    context: &Context,
    connection: &Connection,
    answer: Answer<Vec<Listed>>,
    accept: bool,
) -> Result<BTreeSet<Arc<str>>, Error> {
    let (org, lag) = (&connection.org, context.config.list_lag);
    let Answer { value: list, started, date, .. } = answer;
    let held = context.holders.ids_in_status(&org.name);
    let mut missing = org.missing(&list, started, lag, &held);
    // What is being deleted goes because somebody asked for it, if it goes.
    let living = context.holders.ids_of_the_living(&org.name);
    let vanished: BTreeSet<String> = missing.iter().filter(|id| living.contains(id.as_str())).cloned().collect();
    let too_many = vanished.len() > most_believed(&held) && !accept;
    let asked = if too_many { most_believed(&held) + 1 } else { missing.len() };
    let mut gone = BTreeMap::new();
    for id in missing.iter().take(asked) {
        let Found::Gone(said) = look_for(connection, id).await? else { break };
        gone.insert(id.clone(), said);
    }
    // What only an annotation names, anybody may have written there: it makes the list no liar unless it is there.
    for id in org.missing(&list, started, lag, &context.holders.ids(&org.name)) {
        if too_many || held.contains(id.as_str()) || missing.contains(&id) {
            continue;
        }
        match look_for(connection, &id).await? {
            Found::Gone(said) => drop(gone.insert(id, said)),
            Found::There => missing.push(id),
            Found::Unclear => {}
        }
    }
    org.set_vanished(if too_many && gone.len() == asked { vanished } else { BTreeSet::new() });
    let mut changed: BTreeSet<Arc<str>> = missing.iter().chain(gone.keys()).map(|id| id.as_str().into()).collect();
    if too_many {
        changed.append(&mut org.listed(list, started, date, lag, missing));
        return Ok(changed);
    }
    for (id, said) in &gone {
        org.update(|snapshot| snapshot.confirm_gone(id, *said));
    }
    let there = missing.into_iter().filter(|id| !gone.contains_key(id)).collect();
    changed.append(&mut org.listed(list, started, date, lag, there));
    Ok(changed)
}

/// So many of the ids that resources hold may vanish in one resync: two, or a fifth.
fn most_believed(held: &BTreeSet<Arc<str>>) -> usize {
    (held.len() / 5).max(2)
}

/// What the tenant says of an id that its list does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// It is there: the list lies.
    There,
    /// SailPoint itself says that it is gone, asked at this time.
    Gone(Instant),
    /// Nothing that could be believed.
    Unclear,
}

async fn look_for(connection: &Connection, id: &str) -> Result<Found, Error> {
    let slot = connection.client.prepare(Class::Look).await?;
    let asked = Instant::now();
    match connection.client.get(slot, id).await {
        Ok(answer) => {
            let integration = Integration { id: Some(id.to_owned()), ..answer.value };
            connection.org.update(|snapshot| snapshot.read(&integration, answer.started));
            Ok(Found::There)
        }
        Err(error) if error.kind() == (ErrorKind::NotFound { by_sailpoint: true }) => Ok(Found::Gone(asked)),
        Err(error) => match error.kind() {
            ErrorKind::RateLimited
            | ErrorKind::CredentialsRejected
            | ErrorKind::AnotherOrg
            | ErrorKind::Unauthorized => Err(error),
            _ => Ok(Found::Unclear),
        },
    }
}

/// Looks up the names that are asked for. Returns whether there were any.
pub(super) async fn look_up_names(connection: &Connection) -> Result<bool, Trouble> {
    let sources = look_up(connection, Kind::Source).await?;
    let clusters = look_up(connection, Kind::Cluster).await?;
    Ok(sources || clusters)
}

async fn look_up(connection: &Connection, kind: Kind) -> Result<bool, Error> {
    let (org, client): (&Org, _) = (&connection.org, &connection.client);
    let names = org.names_asked(kind);
    if names.is_empty() {
        return Ok(false);
    }
    let slot = client.prepare(Class::Look).await?;
    let asked: Vec<&str> = names.iter().map(String::as_str).collect();
    let started = Instant::now();
    let found = match kind {
        Kind::Source => client.sources_by_name(slot, &asked).await,
        Kind::Cluster => client.clusters(slot).await,
    };
    match found {
        Ok(answer) => org.names_answered(kind, &names, &answer.value, answer.started),
        // A token without the scope for names sees none: those that use names say so, all others go on.
        Err(error) if error.kind() == ErrorKind::Forbidden => org.names_answered(kind, &names, &[], started),
        Err(error) => return Err(error),
    }
    Ok(true)
}
