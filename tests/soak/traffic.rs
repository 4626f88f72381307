//! What was sent: no create again before the last has settled, no call while the tenant asked for a pause.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::judge::Finding;
use crate::record::Pages;
use crate::settings::SETTLE;
use crate::support::simulator::Call;
use crate::wanted::TAG;

/// A create leaves at most so long after its intent is written, from when on another operator waits.
const SEND_WITHIN: Duration = Duration::from_secs(5);
/// What was on the way when the pause was asked for has arrived by then.
const ON_THE_WAY: Duration = Duration::from_secs(2);
/// Clocks are read before and after.
const SLACK: Duration = Duration::from_millis(500);

/// What was counted of the calls of one site.
#[derive(Default)]
pub struct Traffic {
    pub calls: usize,
    pub lists: usize,
    pub posts: usize,
    /// Calls that met a fault, by what it did.
    pub faults: BTreeMap<String, usize>,
    /// Pauses in which one operator was undisturbed for a while, so that they could be judged.
    pub pauses: usize,
    pub longest_pause: i64,
}

fn after(time: Timestamp, wait: Duration) -> Timestamp {
    time + SignedDuration::try_from(wait).unwrap()
}

fn tag_of(call: &Call) -> Option<&str> {
    let is_create = call.method == "POST" && call.path.contains("sim-integrations");
    call.body.as_ref().filter(|_| is_create)?["attributes"][TAG].as_str()
}

/// Counts, and says what should not have been sent. The timeline tells how many operators ran, and when they were disturbed.
pub fn judge(pages: &Pages, timeline: &[(Timestamp, usize)]) -> (Traffic, Vec<Finding>) {
    let mut traffic = Traffic { calls: pages.calls.len(), ..Traffic::default() };
    for call in pages.calls.values() {
        traffic.lists += usize::from(call.method == "GET" && !call.path.contains("sources"));
        traffic.posts += usize::from(tag_of(call).is_some());
        if let Some(fault) = &call.fault {
            let status = call.status.filter(|_| fault == "answer").map(|status| format!(" {status}"));
            *traffic.faults.entry(format!("{fault}{}", status.unwrap_or_default())).or_default() += 1;
        }
    }
    let mut findings = sent_too_soon(pages);
    for call in pages.calls.values() {
        findings.extend(paused(pages, call, timeline, &mut traffic));
    }
    (traffic, findings)
}

/// Whether nobody could know what came of it.
fn is_unknown(call: &Call) -> bool {
    let is_late = matches!(call.fault.as_deref(), Some("delayBefore" | "delayAfter"));
    call.status.is_none_or(|status| status >= 500 || (status == 200 && is_late))
}

/// A create whose answer never came is sent again only when it has settled.
fn sent_too_soon(pages: &Pages) -> Vec<Finding> {
    let mut last: BTreeMap<&str, &Call> = BTreeMap::new();
    let mut findings = Vec::new();
    for call in pages.calls.values() {
        let Some(tag) = tag_of(call) else { continue };
        if let Some(before) = last.insert(tag, call)
            && is_unknown(before)
            && before.fault.as_deref() != Some("delayAfter")
            && call.time < after(before.time, SETTLE.saturating_sub(SEND_WITHIN + SLACK))
        {
            let text = format!("created again {} after {}, which is unknown", call.number, before.number);
            findings.push(Finding::new(tag, text));
        }
    }
    findings
}

/// Whether a pause that this call's answer asked for was kept, as long as one operator ran and nothing befell it.
fn paused(pages: &Pages, call: &Call, timeline: &[(Timestamp, usize)], traffic: &mut Traffic) -> Option<Finding> {
    // A token that was revoked is nobody's: then the log does not tell whose pause it is.
    call.client_id.as_ref()?;
    let seconds: i64 = call.retry_after.as_ref().filter(|_| call.status == Some(429))?.parse().ok()?;
    let running = timeline.iter().rev().find(|(at, _)| *at <= call.time).map(|(_, running)| *running);
    let disturbed = timeline.iter().map(|(at, _)| *at).find(|at| *at > call.time);
    let over = call.time + SignedDuration::from_secs(seconds);
    let (from, until) = (after(call.time, ON_THE_WAY), disturbed.unwrap_or(over).min(over));
    if from >= until || running != Some(1) {
        return None;
    }
    traffic.pauses += 1;
    traffic.longest_pause = traffic.longest_pause.max(until.duration_since(call.time).as_secs());
    let meanwhile = |other: &&Call| other.client_id == call.client_id && other.time > from && other.time < until;
    let broken = pages.calls.range(call.number + 1..).map(|(_, other)| other).find(meanwhile)?;
    let text = format!(
        "call {} came at {}, in the pause of {seconds} s that the answer to {} asked for at {}",
        broken.number, broken.time, call.number, call.time
    );
    Some(Finding::new("", text))
}
