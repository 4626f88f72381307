//! Who takes over the integration of a resource that is being deleted.

use kube::ResourceExt as _;

use super::Leaving;
use crate::api::{Adopt, SimIntegration};
use crate::controller::desired::{Halt, allows};
use crate::controller::{integration_name, resource_name, tenant_key};
use crate::tenants::Connection;

impl Leaving<'_> {
    /// Another live resource, allowed to, that claims the integration by its id or its name.
    pub(super) async fn heir(&self, id: &str, connection: &Connection) -> Result<Option<String>, Halt> {
        let name = connection.org.get(id).and_then(|integration| integration.name.clone());
        for other in self.context.integrations.state() {
            if other.uid() == self.resource.uid() || other.metadata.deletion_timestamp.is_some() {
                continue;
            }
            let by_id = other.spec.external_id.as_deref() == Some(id);
            let by_name = self.adopts_by_name(&other) && name.as_deref() == Some(integration_name(&other));
            if (by_id || by_name) && self.is_of(&other, connection).await? {
                return Ok(Some(resource_name(&other)));
            }
        }
        Ok(None)
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
        let Some(of_other) = self.context.fleet.connection(&key) else { return Ok(false) };
        let tenant = self.context.tenant(&key);
        let Some(tenant) = tenant.filter(|_| of_other.org.name == connection.org.name) else { return Ok(false) };
        Ok(allows(self.context, &tenant, &other.namespace().unwrap_or_default()).await?)
    }
}
