//! Who is told when a resource has gone, however it went: by our own farewell, by somebody who took its finalizer away, or
//! with its whole kind while the watch was interrupted.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::mem;

use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::Event;
use kube::{Resource, ResourceExt as _};

use super::holders::Holder;
use super::{Context, tenant_key};
use crate::api::{FINALIZER, SimIntegration};
use crate::tenants::TenantKey;

/// Whether our finalizer is on this resource. One that is being deleted and has it no more has been let go of, and only
/// somebody else's finalizer still keeps it.
pub(super) fn is_ours<K: Resource>(resource: &K) -> bool {
    resource.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
}

/// Whether this resource is being deleted and was let go of.
pub(super) fn has_left<K: Resource>(resource: &K) -> bool {
    resource.meta().deletion_timestamp.is_some() && !is_ours(resource)
}

/// Which resources one watch has shown. A watch that was interrupted tells of no deletion: it lists what is there now.
#[derive(Debug)]
pub struct Census<K: Resource<DynamicType = ()>> {
    /// `namespace/name` by uid.
    present: HashMap<Box<str>, Box<str>>,
    before: HashMap<Box<str>, Box<str>>,
    kind: PhantomData<K>,
}

impl<K: Resource<DynamicType = ()>> Default for Census<K> {
    fn default() -> Self {
        Self { present: HashMap::new(), before: HashMap::new(), kind: PhantomData }
    }
}

impl<K: Resource<DynamicType = ()>> Census<K> {
    /// Takes note of an event of the watch: the uids and names of those that are gone by it.
    pub fn note(&mut self, event: &Event<K>) -> Vec<(String, ObjectRef<K>)> {
        match event {
            Event::Init => self.before.extend(mem::take(&mut self.present)),
            Event::Apply(resource) | Event::InitApply(resource) => {
                let uid = resource.uid().unwrap_or_default();
                self.before.remove(&*uid);
                let name = format!("{}/{}", resource.namespace().unwrap_or_default(), resource.name_any());
                self.present.insert(uid.into(), name.into());
            }
            Event::InitDone => return mem::take(&mut self.before).into_iter().map(gone).collect(),
            Event::Delete(resource) => {
                let uid = resource.uid().unwrap_or_default();
                return self.present.remove_entry(&*uid).map(gone).into_iter().collect();
            }
        }
        Vec::new()
    }
}

fn gone<K: Resource<DynamicType = ()>>((uid, name): (Box<str>, Box<str>)) -> (String, ObjectRef<K>) {
    let (namespace, name) = name.split_once('/').unwrap_or_default();
    (uid.into(), ObjectRef::new(name).within(namespace))
}

/// A resource that is gone.
#[derive(Debug)]
pub enum Departure {
    /// An integration, and what it held.
    Integration(String, Option<Holder>),
    /// A tenant.
    Tenant(String, TenantKey),
}

impl Departure {
    /// Forgets what was remembered of it, and wakes those for whom this changes something.
    pub fn tell(self, context: &Context) {
        match self {
            Self::Integration(uid, holder) => {
                context.memories.forget(&uid);
                if let Some(holder) = holder {
                    context.writes_no_more(holder.tenant.as_deref(), &uid);
                    wake_those_who_wait(context, holder.tenant.as_deref(), holder.id(), holder.wants());
                }
            }
            Self::Tenant(uid, key) => {
                context.tenant_memories.forget(&uid);
                context.wake_integrations_of(&[key]);
            }
        }
    }
}

/// A resource that was let go of, though somebody else keeps it, holds nothing any more.
pub(super) fn let_go(context: &Context, resource: &SimIntegration) {
    let id = resource.status.as_ref().and_then(|status| status.id.as_deref());
    let tenant = tenant_key(resource, &context.config);
    wake_those_who_wait(context, tenant.as_ref(), id, super::integration_name(resource));
}

/// A tenant that is being deleted may go now, and those that wanted what was held are judged anew.
fn wake_those_who_wait(context: &Context, tenant: Option<&TenantKey>, id: Option<&str>, name: &str) {
    if let Some(key) = tenant {
        context.wake_tenant(key);
    }
    context.wake_where(|other| (id.is_some() && other.external_id.as_deref() == id) || other.wants() == name);
}

#[cfg(test)]
mod tests {
    use kube::api::ObjectMeta;

    use super::*;
    use crate::api::SimIntegrationSpec;

    fn resource(uid: &str) -> SimIntegration {
        let metadata = ObjectMeta {
            name: Some(format!("name of {uid}")),
            namespace: Some("iam".into()),
            uid: Some(uid.into()),
            ..ObjectMeta::default()
        };
        SimIntegration { metadata, spec: SimIntegrationSpec::default(), status: None }
    }

    fn gone(census: &mut Census<SimIntegration>, events: &[Event<SimIntegration>]) -> Vec<String> {
        let mut uids: Vec<String> = events.iter().flat_map(|event| census.note(event)).map(|(uid, _)| uid).collect();
        uids.sort();
        uids
    }

    fn listed(uids: &[&str]) -> Vec<Event<SimIntegration>> {
        let shown = uids.iter().map(|uid| Event::InitApply(resource(uid)));
        [Event::Init].into_iter().chain(shown).chain([Event::InitDone]).collect()
    }

    #[test]
    fn who_is_deleted_is_gone_once() {
        let mut census = Census::default();
        assert!(gone(&mut census, &listed(&["a", "b"])).is_empty());
        assert!(gone(&mut census, &[Event::Apply(resource("c"))]).is_empty());
        assert_eq!(gone(&mut census, &[Event::Delete(resource("a")), Event::Delete(resource("a"))]), ["a"]);
    }

    #[test]
    fn who_is_not_listed_again_after_an_interruption_is_gone() {
        let mut census = Census::default();
        gone(&mut census, &listed(&["a", "b", "c"]));
        assert_eq!(gone(&mut census, &listed(&["b", "d"])), ["a", "c"]);
        assert!(gone(&mut census, &listed(&["b", "d"])).is_empty());
    }

    #[test]
    fn a_list_that_is_itself_interrupted_loses_nobody() {
        let mut census = Census::default();
        gone(&mut census, &listed(&["a", "b"]));
        let cut = [Event::Init, Event::InitApply(resource("c"))];
        assert!(gone(&mut census, &cut).is_empty(), "nothing is known before the end");
        assert_eq!(gone(&mut census, &listed(&["b"])), ["a", "c"]);
    }
}
