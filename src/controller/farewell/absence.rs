//! Whether what a deletion is about has gone already, beyond doubt.

use tokio::time::Instant;

use super::Leaving;
use crate::api::Reason;
use crate::controller::desired::{Halt, heals};
use crate::tenants::Connection;

impl Leaving<'_> {
    /// Whether the tenant says that `id` is gone. What it said before settle had passed since the last change may be the word
    /// of a replica that knew nothing of it yet, and is asked again after that: else what was just made would stay.
    pub(super) fn is_gone(&self, id: &str, connection: &Connection) -> Result<bool, Halt> {
        let now = Instant::now();
        let settled = self.recorded.settled(self.context.config.settle, now);
        let is_said = |settled| connection.org.read(|snapshot| snapshot.is_gone(id, settled));
        match settled {
            settled if is_said(settled) => Ok(true),
            Some(settled) if is_said(None) && settled <= now => {
                connection.org.update(|snapshot| snapshot.doubt_gone(id));
                drop(connection.org.look(Some(now)));
                Err(self.until_listed(connection))
            }
            Some(_) if is_said(None) => {
                let message = format!("{id} is not in the tenant's list; making sure that it is gone");
                Err(heals(Reason::ConfirmingAbsence, message))
            }
            _ => Ok(false),
        }
    }
}
