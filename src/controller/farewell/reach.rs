//! By which connection a deletion reaches its tenant, and what stands in the way where there is none.

use std::sync::Arc;

use super::{Leaving, WAY_OUT};
use crate::api::Reason;
use crate::controller::desired::{Halt, heals, same_org, stalled};
use crate::controller::tenant_key;
use crate::sailpoint::{Error, ErrorKind};
use crate::tenants::{Connection, Standing, TenantKey};

/// Whether a call failed for want of credentials that SailPoint takes.
pub(super) fn is_without_credentials(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::CredentialsRejected | ErrorKind::Unauthorized)
}

/// What to say where the credentials are gone and no token is held any more.
pub(super) fn credentials_gone(key: &TenantKey, why: &str) -> String {
    format!(
        "the integration cannot be deleted, as SailPointTenant {key} has no credentials that SailPoint takes ({why}): mend \
         them, {WAY_OUT}"
    )
}

fn no_connection(key: &TenantKey, reason: Reason, message: &str) -> Halt {
    match reason {
        Reason::SecretNotFound | Reason::CredentialsRejected => {
            stalled(Reason::CredentialsGone, credentials_gone(key, message))
        }
        _ => heals(
            Reason::TenantNotReady,
            format!("SailPointTenant {key} is not ready: {}: {message}: mend it, {WAY_OUT}", reason.as_str()),
        ),
    }
}

impl Leaving<'_> {
    /// The connection: one that lost its credentials serves on while its token lasts.
    pub(super) fn connection(&self) -> Result<Arc<Connection>, Halt> {
        let key = tenant_key(self.resource, &self.context.config).ok_or_else(|| {
            stalled(
                Reason::TenantNotSet,
                format!("no tenant is named any more: bring --default-tenant back, {WAY_OUT}"),
            )
        })?;
        if self.context.tenant(&key).is_none() {
            let message = format!("SailPointTenant {key} is gone: bring it back, {WAY_OUT}");
            return Err(Halt::Missing(Reason::TenantMissing, message));
        }
        let connection = match self.context.fleet.standing(&key) {
            // The id means nothing in another org, and it is not for us to tell which of the two is meant.
            Some(Standing::NotReady { reason: Reason::TenantChanged, message, .. }) => {
                let message = format!("the integration cannot be deleted: {message}, {WAY_OUT}");
                return Err(stalled(Reason::TenantChanged, message));
            }
            Some(Standing::Connected(connection) | Standing::NotReady { last: Some(connection), .. }) => connection,
            Some(Standing::NotReady { reason, message, last: None }) => {
                return Err(no_connection(&key, reason, &message));
            }
            None => return Err(Halt::Parked),
        };
        same_org(connection, self.recorded)
    }

    /// A list is asked for. A tenant that only misses its Secret is listed while its token lasts; one that is held up
    /// otherwise is not, and nobody would know what this waits for.
    pub(super) fn until_listed(&self, connection: &Connection) -> Halt {
        self.context.wake_tenant(&connection.key);
        match self.context.fleet.standing(&connection.key) {
            Some(Standing::NotReady { reason, message, .. }) if reason != Reason::SecretNotFound => {
                no_connection(&connection.key, reason, &message)
            }
            _ => Halt::Parked,
        }
    }

    /// The last list failed, and the next has not come.
    pub(super) fn unlisted(&self, connection: &Connection, error: &Error) -> Halt {
        self.context.wake_tenant(&connection.key);
        if is_without_credentials(error) {
            return stalled(Reason::CredentialsGone, credentials_gone(&connection.key, error.words()));
        }
        heals(Reason::TenantNotReady, error.to_string())
    }
}
