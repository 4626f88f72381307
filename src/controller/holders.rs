//! Which resource holds which integration: by id, by the name of an open create, and which names are wanted. And all else
//! that is asked of every resource at once, so that none has to be opened for it.
//!
//! Fed by the watch, so that it never knows less than the store that reconciles read. There may be tens of thousands: what
//! many share is kept once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use kube::{Resource as _, ResourceExt as _};

use super::departures::{has_left, is_ours};
use super::landing::is_in_order;
use super::recorded::Recorded;
use crate::api::condition::find;
use crate::api::{Adopt, Annotations, ConditionType, Mode, Reason, SimIntegration};
use crate::config::Config;
use crate::several::Several;
use crate::tenants::TenantKey;

/// One resource and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "facts that have nothing to do with each other")]
pub struct Holder {
    /// `namespace/name`.
    pub resource: Box<str>,
    /// When it was created, then its uid: the order in which resources that hold nothing may take.
    pub age: (Option<Timestamp>, Arc<str>),
    /// The tenant that it names, or the default.
    pub tenant: Option<Arc<TenantKey>>,
    /// Whether it is being deleted.
    pub is_leaving: bool,
    /// Whether our finalizer is on it.
    pub is_ours: bool,
    /// Whether it was judged to be in order, at its present generation.
    pub is_in_order: bool,
    /// The reason of its condition Ready.
    pub reason: Option<Reason>,
    /// `spec.externalId`.
    pub external_id: Option<Box<str>>,
    /// `spec.policy.adopt`.
    pub adopt: Option<Adopt>,
    /// Whether its status names an id.
    pub has_status_id: bool,
    /// Whether it may take anything: resources in mode Plan or Paused reserve nothing, nor do those being deleted.
    reserves: bool,
    /// Until when an annotation pauses it.
    paused_until: Option<Timestamp>,
    org: Option<Arc<str>>,
    id: Option<Arc<str>>,
    /// Whether the id stands in the status. An annotation, which whoever may edit the resource can write, claims less.
    in_status: bool,
    creating: Option<Arc<str>>,
    wants: Arc<str>,
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

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.resource.split_once('/').map_or("", |(namespace, _)| namespace)
    }

    /// Whether it may take anything now, as far as it is up to itself.
    #[must_use]
    pub fn reserves(&self, now: Timestamp) -> bool {
        self.reserves && self.paused_until.is_none_or(|until| until <= now)
    }

    /// Whether it has an open create.
    #[must_use]
    pub fn is_creating(&self) -> bool {
        self.creating.is_some()
    }

    /// Whether it holds an integration, or has an open create.
    #[must_use]
    pub fn holds_something(&self) -> bool {
        self.id.is_some() || self.is_creating()
    }
}

/// All resources and what they hold.
#[derive(Debug, Default)]
pub struct Holders(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    /// By uid. Boxed: a table keeps room for as many again.
    holders: HashMap<Arc<str>, Box<Holder>>,
    by_id: ByOrg,
    by_creating: ByOrg,
    by_wanted: Several,
    orgs: HashSet<Arc<str>>,
    tenants: HashSet<Arc<TenantKey>>,
}

/// By org, then by what is held there.
type ByOrg = HashMap<Arc<str>, Several>;

impl Holders {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a resource as the watch shows it.
    pub fn observe(&self, resource: &SimIntegration, cluster: &str, config: &Config) {
        let Some(uid) = resource.uid() else { return };
        // What was let go of and is kept by somebody else's finalizer holds nothing.
        let recorded = if has_left(resource) { Recorded::default() } else { Recorded::of(resource, cluster) };
        let policy = resource.spec.policy.as_ref();
        let mode = policy.and_then(|policy| policy.mode);
        let is_leaving = resource.meta().deletion_timestamp.is_some();
        let status = resource.status.as_ref();
        let mut index = self.index();
        let holder = Holder {
            resource: super::resource_name(resource).into(),
            age: (resource.meta().creation_timestamp.as_ref().map(|time| time.0), uid.into()),
            tenant: super::tenant_key(resource, config).map(|key| once(&mut index.tenants, Arc::new(key))),
            is_leaving,
            is_ours: is_ours(resource),
            is_in_order: is_in_order(resource),
            reason: status.and_then(|status| Reason::named(&find(&status.conditions, ConditionType::Ready)?.reason)),
            external_id: resource.spec.external_id.as_deref().map(Box::from),
            adopt: policy.and_then(|policy| policy.adopt),
            has_status_id: status.is_some_and(|status| status.id.is_some()),
            reserves: !is_leaving && !matches!(mode, Some(Mode::Plan | Mode::Paused)),
            // One that cannot be read pauses until it is corrected.
            paused_until: Annotations::of(resource).paused_until(Timestamp::now()).unwrap_or(Some(Timestamp::MAX)),
            org: recorded.org.as_deref().map(|org| once(&mut index.orgs, org.into())),
            id: recorded.id.as_deref().map(Arc::from),
            in_status: recorded.in_status,
            creating: recorded.intent.as_ref().map(|intent| intent.name.as_str().into()),
            wants: super::integration_name(resource).into(),
        };
        if index.of(&holder.age.1) != Some(&holder) {
            index.remove(&holder.age.1);
            index.insert(holder);
        }
    }

    /// What is picked of each resource, in no order. It must ask nothing else of this index.
    #[must_use]
    pub fn pick<T>(&self, pick: impl FnMut(&Holder) -> Option<T>) -> Vec<T> {
        self.index().holders.values().map(Box::as_ref).filter_map(pick).collect()
    }

    /// The tenant of a resource that is not being deleted.
    #[must_use]
    pub fn staying_with(&self, uid: &str) -> Option<Arc<TenantKey>> {
        self.index().of(uid).filter(|holder| !holder.is_leaving)?.tenant.clone()
    }

    /// The resource is gone; what it was.
    pub fn forget(&self, uid: &str) -> Option<Holder> {
        self.index().remove(uid)
    }

    /// Who else holds this id: who has it in its status, and of several the oldest. `None` also where that is `uid` itself.
    #[must_use]
    pub fn other_holder_of_id(&self, org: &str, id: &str, uid: &str) -> Option<Holder> {
        let index = self.index();
        let claimants = index.by_id.get(org)?.of(id);
        let holders = claimants.iter().filter_map(|uid| index.of(uid));
        let first = holders.min_by(|a, b| (!a.in_status, &a.age).cmp(&(!b.in_status, &b.age)))?;
        (*first.age.1 != *uid).then(|| first.clone())
    }

    /// Whether a resource other than `uid`, one that is not being deleted, holds this id by its status.
    #[must_use]
    pub fn is_held_by_another(&self, org: &str, id: &str, uid: &str) -> bool {
        let index = self.index();
        let claimants = index.by_id.get(org).map_or(&[][..], |of_org| of_org.of(id)).iter();
        claimants
            .filter(|other| ***other != *uid)
            .filter_map(|other| index.of(other))
            .any(|other| other.in_status && !other.is_leaving)
    }

    /// Who else has an open create of this name.
    #[must_use]
    pub fn other_creator(&self, org: &str, name: &str, uid: &str) -> Option<Holder> {
        let index = self.index();
        let creators = index.by_creating.get(org)?.of(name);
        creators.iter().filter(|other| ***other != *uid).find_map(|other| index.of(other).cloned())
    }

    /// The uids of resources that want this name, oldest first.
    #[must_use]
    pub fn wanting(&self, name: &str) -> Vec<Holder> {
        let index = self.index();
        let mut wanting: Vec<Holder> =
            index.by_wanted.of(name).iter().filter_map(|uid| index.of(uid).cloned()).collect();
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
        let is_held = |uids: &[Arc<str>]| uids.iter().filter_map(|uid| index.of(uid)).any(&accept);
        let of_org = index.by_id.get(org).into_iter().flat_map(Several::iter);
        of_org.filter(|(_, uids)| is_held(uids)).map(|(id, _)| Arc::clone(id)).collect()
    }
}

impl Index {
    fn of(&self, uid: &str) -> Option<&Holder> {
        self.holders.get(uid).map(Box::as_ref)
    }

    fn insert(&mut self, holder: Holder) {
        let uid = Arc::clone(&holder.age.1);
        if let Some(org) = &holder.org {
            for (held, map) in [(&holder.id, &mut self.by_id), (&holder.creating, &mut self.by_creating)] {
                if let Some(held) = held {
                    let of_org = map.entry(Arc::clone(org)).or_default();
                    of_org.add(held, &uid);
                }
            }
        }
        self.by_wanted.add(&holder.wants, &uid);
        self.holders.insert(uid, Box::new(holder));
    }

    fn remove(&mut self, uid: &str) -> Option<Holder> {
        let holder = *self.holders.remove(uid)?;
        if let Some(org) = &holder.org {
            for (held, map) in [(&holder.id, &mut self.by_id), (&holder.creating, &mut self.by_creating)] {
                if let (Some(held), Some(of_org)) = (held, map.get_mut(org)) {
                    of_org.take(held, uid);
                }
            }
        }
        self.by_wanted.take(&holder.wants, uid);
        Some(holder)
    }
}

/// What is known already to be equal to `value`, or it from now on.
fn once<T: ?Sized + Eq + Hash>(known: &mut HashSet<Arc<T>>, value: Arc<T>) -> Arc<T> {
    if let Some(known) = known.get(&value) {
        return Arc::clone(known);
    }
    known.insert(Arc::clone(&value));
    value
}
