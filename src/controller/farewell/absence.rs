//! Whether what a deletion is about has gone already, beyond doubt.

use tokio::time::Instant;

use super::Leaving;
use crate::api::Reason;
use crate::controller::desired::{Halt, heals};
use crate::controller::observe::{Observed, fresh};
use crate::controller::pass::remember;
use crate::tenants::Connection;

fn unsure(id: &str) -> Halt {
    heals(Reason::ConfirmingAbsence, format!("{id} is not in the tenant's list; making sure that it is gone"))
}

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
                let what = format!("gone {id}");
                let asked = remember(self.context, self.resource, |memory| fresh(&what, memory, &connection.org, now));
                match asked.map_err(|observed| *observed) {
                    Err(Observed::Resting(look_at)) => Err(Halt::Resting(look_at)),
                    Err(Observed::Unavailable(error)) => Err(self.unlisted(connection, &error)),
                    Err(_) => Err(self.until_listed(connection)),
                    Ok(_) => Err(unsure(id)),
                }
            }
            Some(_) if is_said(None) => Err(unsure(id)),
            _ => Ok(false),
        }
    }
}
