//! Which resource holds which integration: by id, by the name of an open create, and which names are wanted.
//!
//! Fed by the watch, so that it never knows less than the store that reconciles read.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use kube::{Resource as _, ResourceExt as _};

use super::departures::has_left;
use super::recorded::Recorded;
use crate::api::{Annotations, Mode, SimIntegration};
use crate::config::Config;
use crate::tenants::TenantKey;

/// One resource and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// `namespace/name`.
    pub resource: String,
    /// When it was created, then its uid: the order in which resources that hold nothing may take.
    pub age: (Option<Timestamp>, String),
    /// The tenant that it names, or the default.
    pub tenant: Option<TenantKey>,
    /// Whether it is being deleted.
    is_leaving: bool,
    /// Whether it may take anything: resources in mode Plan or Paused reserve nothing, nor do those being deleted.
    reserves: bool,
    /// Until when an annotation pauses it.
    paused_until: Option<Timestamp>,
    org: Option<String>,
    id: Option<String>,
    /// Whether the id stands in the status. An annotation, which whoever may edit the resource can write, claims less.
    in_status: bool,
    creating: Option<String>,
    wants: String,
}

impl Holder {
    /// The id that it holds.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The name that it wants to have in the tenant.
    #[must_use]
    pub fn wants(&self) -> &str {
        &self.wants
    }

    /// Whether it may take anything now, as far as it is up to itself.
    #[must_use]
    pub fn reserves(&self, now: Timestamp) -> bool {
        self.reserves && self.paused_until.is_none_or(|until| until <= now)
    }

    /// Whether it holds an integration, or has an open create.
    #[must_use]
    pub fn holds_something(&self) -> bool {
        self.id.is_some() || self.creating.is_some()
    }
}

/// All resources and what they hold.
#[derive(Debug, Default)]
pub struct Holders(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    holders: HashMap<String, Holder>,
    by_id: HashMap<(String, String), BTreeSet<String>>,
    by_creating: HashMap<(String, String), BTreeSet<String>>,
    by_wanted: HashMap<String, BTreeSet<String>>,
}

impl Holders {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a resource as the watch shows it.
    pub fn observe(&self, resource: &SimIntegration, cluster: &str, config: &Config) {
        let Some(uid) = resource.uid() else { return };
        // What was let go of and is kept by somebody else's finalizer holds nothing.
        let recorded = if has_left(resource) { Recorded::default() } else { Recorded::of(resource, cluster) };
        let mode = resource.spec.policy.as_ref().and_then(|policy| policy.mode);
        let holder = Holder {
            resource: super::resource_name(resource),
            age: (resource.meta().creation_timestamp.as_ref().map(|time| time.0), uid.clone()),
            tenant: super::tenant_key(resource, config),
            is_leaving: resource.meta().deletion_timestamp.is_some(),
            reserves: resource.meta().deletion_timestamp.is_none() && !matches!(mode, Some(Mode::Plan | Mode::Paused)),
            // One that cannot be read pauses until it is corrected.
            paused_until: Annotations::of(resource).paused_until(Timestamp::now()).unwrap_or(Some(Timestamp::MAX)),
            org: recorded.org.clone(),
            id: recorded.id.clone(),
            in_status: recorded.in_status,
            creating: recorded.intent.as_ref().map(|intent| intent.name.clone()),
            wants: super::integration_name(resource).to_owned(),
        };
        let mut index = self.index();
        if index.holders.get(&uid) != Some(&holder) {
            index.remove(&uid);
            index.insert(uid, holder);
        }
    }

    /// The resource is gone; what it was.
    pub fn forget(&self, uid: &str) -> Option<Holder> {
        self.index().remove(uid)
    }

    /// Who else holds this id: who has it in its status, and of several the oldest. `None` also where that is `uid` itself.
    #[must_use]
    pub fn other_holder_of_id(&self, org: &str, id: &str, uid: &str) -> Option<Holder> {
        let index = self.index();
        let claimants = index.by_id.get(&(org.to_owned(), id.to_owned()))?;
        let holders = claimants.iter().filter_map(|uid| index.holders.get(uid));
        let first = holders.min_by(|a, b| (!a.in_status, &a.age).cmp(&(!b.in_status, &b.age)))?;
        (first.age.1 != uid).then(|| first.clone())
    }

    /// Whether a resource other than `uid`, one that is not being deleted, holds this id by its status.
    #[must_use]
    pub fn is_held_by_another(&self, org: &str, id: &str, uid: &str) -> bool {
        let index = self.index();
        let claimants = index.by_id.get(&(org.to_owned(), id.to_owned())).into_iter().flatten();
        claimants
            .filter(|other| *other != uid)
            .filter_map(|other| index.holders.get(other))
            .any(|other| other.in_status && !other.is_leaving)
    }

    /// Who else has an open create of this name.
    #[must_use]
    pub fn other_creator(&self, org: &str, name: &str, uid: &str) -> Option<Holder> {
        let index = self.index();
        let creators = index.by_creating.get(&(org.to_owned(), name.to_owned()))?;
        creators.iter().filter(|other| *other != uid).find_map(|other| index.holders.get(other).cloned())
    }

    /// The uids of resources that want this name, oldest first.
    #[must_use]
    pub fn wanting(&self, name: &str) -> Vec<Holder> {
        let index = self.index();
        let mut wanting: Vec<Holder> =
            index.by_wanted.get(name).into_iter().flatten().filter_map(|uid| index.holders.get(uid).cloned()).collect();
        wanting.sort_by(|a, b| a.age.cmp(&b.age));
        wanting
    }

    /// Every id of this org that a resource holds.
    #[must_use]
    pub fn ids(&self, org: &str) -> BTreeSet<Arc<str>> {
        self.ids_where(org, |_| true)
    }

    /// Every id of this org that stands in a status, and so was once seen there.
    #[must_use]
    pub fn ids_in_status(&self, org: &str) -> BTreeSet<Arc<str>> {
        self.ids_where(org, |holder| holder.in_status)
    }

    /// Every id of this org that stands in the status of a resource that is not being deleted.
    #[must_use]
    pub fn ids_of_the_living(&self, org: &str) -> BTreeSet<Arc<str>> {
        self.ids_where(org, |holder| holder.in_status && !holder.is_leaving)
    }

    fn ids_where(&self, org: &str, accept: impl Fn(&Holder) -> bool) -> BTreeSet<Arc<str>> {
        let index = self.index();
        let is_held = |uids: &BTreeSet<String>| uids.iter().filter_map(|uid| index.holders.get(uid)).any(&accept);
        let of_org = index.by_id.iter().filter(|((of, _), uids)| of == org && is_held(uids));
        of_org.map(|((_, id), _)| id.as_str().into()).collect()
    }
}

impl Index {
    fn insert(&mut self, uid: String, holder: Holder) {
        if let Some(org) = &holder.org {
            if let Some(id) = &holder.id {
                self.by_id.entry((org.clone(), id.clone())).or_default().insert(uid.clone());
            }
            if let Some(name) = &holder.creating {
                self.by_creating.entry((org.clone(), name.clone())).or_default().insert(uid.clone());
            }
        }
        self.by_wanted.entry(holder.wants.clone()).or_default().insert(uid.clone());
        self.holders.insert(uid, holder);
    }

    fn remove(&mut self, uid: &str) -> Option<Holder> {
        let holder = self.holders.remove(uid)?;
        if let Some(org) = &holder.org {
            if let Some(id) = &holder.id {
                take(&mut self.by_id, &(org.clone(), id.clone()), uid);
            }
            if let Some(name) = &holder.creating {
                take(&mut self.by_creating, &(org.clone(), name.clone()), uid);
            }
        }
        take(&mut self.by_wanted, &holder.wants, uid);
        Some(holder)
    }
}

fn take<K: std::hash::Hash + Eq>(map: &mut HashMap<K, BTreeSet<String>>, key: &K, uid: &str) {
    if let Some(uids) = map.get_mut(key) {
        uids.remove(uid);
        if uids.is_empty() {
            map.remove(key);
        }
    }
}
