//! Who takes over the integration of a resource that is being deleted.

use kube::ResourceExt as _;

use super::Leaving;
use crate::api::{Adopt, Reason, SimIntegration};
use crate::controller::desired::{Halt, allows, heals};
use crate::controller::{integration_name, resource_name, tenant_key};
use crate::tenants::{Connection, Look, Standing};

impl Leaving<'_> {
    /// Another live resource, allowed to, that claims the integration by its id or its name.
    pub(super) async fn heir(&self, id: &str, connection: &Connection) -> Result<Option<String>, Halt> {
        let name = connection.org.read(|snapshot| snapshot.name(id).map(str::to_owned));
        for other in self.context.integrations.state() {
            if other.uid() == self.resource.uid() || other.metadata.deletion_timestamp.is_some() {
                continue;
            }
            let by_id = other.spec.external_id.as_deref() == Some(id);
            let by_name =
                self.adopts_by_name(&other) && name.as_deref().is_none_or(|name| name == integration_name(&other));
            if (by_id || by_name) && self.is_of(&other, connection).await? {
                if !by_id && name.is_none() {
                    self.is_seen_to_be_absent(connection)?;
                    continue;
                }
                return Ok(Some(resource_name(&other)));
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

    fn adopts_by_name(&self, other: &SimIntegration) -> bool {
        let own = other.spec.policy.as_ref().and_then(|policy| policy.adopt);
        let of_tenant = || {
            let key = tenant_key(other, &self.context.config)?;
            let tenant = self.context.tenant(&key)?;
            tenant.spec.policy.as_ref()?.adopt
        };
        other.status.as_ref().is_none_or(|status| status.id.is_none()) && own.or_else(of_tenant) == Some(Adopt::ByName)
    }

    async fn is_of(&self, other: &SimIntegration, connection: &Connection) -> Result<bool, Halt> {
        let Some(key) = tenant_key(other, &self.context.config) else { return Ok(false) };
        let tenant = self.context.tenant(&key);
        let of_other = match self.context.fleet.standing(&key) {
            Some(Standing::Connected(connection) | Standing::NotReady { last: Some(connection), .. }) => connection,
            // Nobody knows yet whose org it is.
            None if tenant.is_some() => return Err(Halt::Parked),
            Some(Standing::NotReady { last: None, .. }) | None => return Ok(false),
        };
        let Some(tenant) = tenant.filter(|_| of_other.org.name == connection.org.name) else { return Ok(false) };
        Ok(allows(self.context, &tenant, &other.namespace().unwrap_or_default()).await?)
    }
}
