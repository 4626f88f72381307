//! Who takes over the integration of a resource that is being deleted.

use kube::ResourceExt as _;

use super::Leaving;
use crate::api::{Adopt, Reason};
use crate::controller::Holder;
use crate::controller::desired::{Halt, allows, heals};
use crate::tenants::{Connection, Look, Standing};

impl Leaving<'_> {
    /// Another live resource, allowed to, that claims the integration by its id or its name.
    pub(super) async fn heir(&self, id: &str, connection: &Connection) -> Result<Option<String>, Halt> {
        let name = connection.org.read(|snapshot| snapshot.name(id).map(str::to_owned));
        let uid = self.resource.uid().unwrap_or_default();
        let by_id = |other: &Holder| other.external_id.as_deref() == Some(id);
        let by_name = |other: &Holder| !other.has_status_id && name.as_deref().is_none_or(|name| name == other.wants());
        let may_claim = |other: &Holder| *other.age.1 != *uid && !other.is_leaving && (by_id(other) || by_name(other));
        for other in self.context.holders.pick(|other| may_claim(other).then(|| other.clone())) {
            let by_id = by_id(&other);
            if (by_id || self.adopts_by_name(&other)) && self.is_of(&other, connection).await? {
                if !by_id && name.is_none() {
                    self.is_seen_to_be_absent(connection)?;
                    continue;
                }
                return Ok(Some(other.resource.into()));
            }
        }
        Ok(None)
    }

    /// The tenant has no integration of that id, so that it has no name by which it could be claimed. As long as that is not
    /// known, the claim may be right.
    fn is_seen_to_be_absent(&self, connection: &Connection) -> Result<(), Halt> {
        let unknown = |reason, why: &str| {
            self.context.wake_tenant(&connection.key);
            let message = format!(
                "another resource takes integrations by their names, and the name of this one is not known: {why}"
            );
            Err(heals(reason, message))
        };
        match connection.org.look(None) {
            Look::Listed(view) if view.whole => Ok(()),
            Look::Listed(_) => unknown(Reason::ListIncomplete, "the tenant's list is not whole"),
            Look::Failed(error) => unknown(Reason::TenantNotReady, &error.to_string()),
            Look::Wait => {
                self.context.wake_tenant(&connection.key);
                Err(Halt::Parked)
            }
        }
    }

    fn adopts_by_name(&self, other: &Holder) -> bool {
        let of_tenant = || self.context.tenant(other.tenant.as_deref()?)?.spec.policy.as_ref()?.adopt;
        other.adopt.or_else(of_tenant) == Some(Adopt::ByName)
    }

    async fn is_of(&self, other: &Holder, connection: &Connection) -> Result<bool, Halt> {
        let Some(key) = other.tenant.as_deref() else { return Ok(false) };
        let tenant = self.context.tenant(key);
        let of_other = match self.context.fleet.standing(key) {
            Some(Standing::Connected(connection) | Standing::NotReady { last: Some(connection), .. }) => connection,
            // Nobody knows yet whose org it is.
            None if tenant.is_some() => return Err(Halt::Parked),
            Some(Standing::NotReady { last: None, .. }) | None => return Ok(false),
        };
        let Some(tenant) = tenant.filter(|_| of_other.org.name == connection.org.name) else { return Ok(false) };
        Ok(allows(self.context, &tenant, other.namespace()).await?)
    }
}
