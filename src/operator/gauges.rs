//! The gauge of integrations by reason: counted now and then, from what the watch shows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::api::Reason;
use crate::controller::Context;

/// How often it is brought up to date.
const GAUGES: Duration = Duration::from_secs(15);

/// Counts integrations by the reason of their Ready condition, while this process leads: else each would be counted twice.
pub(super) async fn gauges(context: Arc<Context>) {
    let mut ticks = interval(GAUGES);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let mut counts: BTreeMap<Reason, usize> = BTreeMap::new();
        let counted =
            if context.leadership.leads() { context.holders.pick(|holder| Some(holder.reason)) } else { Vec::new() };
        for reason in counted {
            *counts.entry(reason.unwrap_or(Reason::Progressing)).or_default() += 1;
        }
        context.metrics.integrations(&counts);
    }
}
