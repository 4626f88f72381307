//! What stands in a Lease, and when another process may take it: pure, with the times handed in.
//!
//! Times that other processes wrote are never compared with ours: what counts is how long *we* saw the record unchanged.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use tokio::time::Instant;

/// Who holds it; nobody, if the holder is empty.
pub(super) fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref().filter(|holder| !holder.is_empty())
}

/// What a candidate has seen of the Lease.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    /// The record, and when its last change was seen.
    last: Option<(LeaseSpec, Instant)>,
}

impl Sightings {
    /// The record is this now; `None` where there is no Lease.
    pub(super) fn see(&mut self, record: Option<&LeaseSpec>, now: Instant) {
        // Of a Lease that somebody deleted the last record counts on: its holder may not know yet.
        let Some(record) = record else { return };
        if self.last.as_ref().is_none_or(|(seen, _)| seen != record) {
            self.last = Some((record.clone(), now));
        }
    }

    /// From when on it may be taken, if its holder stays silent; `None`: now. `ours` is for how long a record stands that does
    /// not say.
    pub(super) fn held_until(&self, ours: Duration) -> Option<Instant> {
        let (record, since) = self.last.as_ref().filter(|(record, _)| !is_free(record))?;
        let said = record.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let duration = said.filter(|seconds| *seconds > 0).map_or(ours, Duration::from_secs);
        Some(*since + duration)
    }
}

/// Never held, or released by its holder. A holder that was taken out by hand does not know it: its time of renewal stays.
fn is_free(record: &LeaseSpec) -> bool {
    record.holder_identity.as_ref().is_none_or(String::is_empty) && record.renew_time.is_none()
}

/// The record of a new holder.
pub(super) fn taken(before: Option<LeaseSpec>, identity: &str, duration: Duration, now: Timestamp) -> LeaseSpec {
    let before = before.unwrap_or_default();
    let transitions = before.lease_transitions.unwrap_or_default();
    LeaseSpec {
        holder_identity: Some(identity.to_owned()),
        lease_duration_seconds: i32::try_from(duration.as_secs()).ok(),
        acquire_time: Some(MicroTime(now)),
        renew_time: Some(MicroTime(now)),
        lease_transitions: Some(transitions.saturating_add(1)),
        ..before
    }
}

/// The record of a holder that is still there. The time is for people: it makes this record another than the last.
pub(super) fn renewed(before: Option<LeaseSpec>, duration: Duration, now: Timestamp) -> LeaseSpec {
    LeaseSpec {
        lease_duration_seconds: i32::try_from(duration.as_secs()).ok(),
        renew_time: Some(MicroTime(now)),
        ..before.unwrap_or_default()
    }
}

/// The record that a holder leaves behind: whoever sees it may take it at once.
pub(super) fn released(before: Option<LeaseSpec>) -> LeaseSpec {
    LeaseSpec { holder_identity: None, acquire_time: None, renew_time: None, ..before.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const OURS: Duration = Duration::from_mins(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn held() -> LeaseSpec {
        taken(None, "a", 15 * SECOND, at(0))
    }

    #[test]
    fn what_nobody_holds_may_be_taken_at_once() {
        let (mut sightings, start) = (Sightings::default(), Instant::now());
        sightings.see(None, start);
        assert_eq!(sightings.held_until(OURS), None, "there never was one");
        for record in [LeaseSpec::default(), released(Some(held()))] {
            sightings.see(Some(&record), start);
            assert_eq!(sightings.held_until(OURS), None, "{record:?}");
        }
    }

    #[test]
    fn what_counts_is_how_long_we_saw_it_unchanged_whatever_its_times_say() {
        let (mut sightings, start) = (Sightings::default(), Instant::now());
        for (seconds, written) in [(0, 0), (10, -7200), (20, 7200)] {
            let record = renewed(Some(held()), 15 * SECOND, at(written));
            let seen = start + Duration::from_secs(seconds);
            sightings.see(Some(&record), seen);
            sightings.see(Some(&record), seen + SECOND);
            assert_eq!(sightings.held_until(OURS), Some(seen + 15 * SECOND));
        }
    }

    #[test]
    fn a_record_without_a_duration_stands_for_ours() {
        for said in [None, Some(0), Some(-5)] {
            let (mut sightings, start) = (Sightings::default(), Instant::now());
            sightings.see(Some(&LeaseSpec { lease_duration_seconds: said, ..held() }), start);
            assert_eq!(sightings.held_until(OURS), Some(start + OURS), "{said:?}");
        }
    }

    #[test]
    fn who_deletes_it_or_empties_it_by_hand_does_not_make_it_free() {
        let (mut sightings, start) = (Sightings::default(), Instant::now());
        sightings.see(Some(&held()), start);
        sightings.see(None, start + SECOND);
        assert_eq!(sightings.held_until(OURS), Some(start + 15 * SECOND));
        for holder in [None, Some(String::new())] {
            sightings.see(Some(&LeaseSpec { holder_identity: holder, ..held() }), start + 2 * SECOND);
            assert_eq!(sightings.held_until(OURS).map(|until| until >= start + 17 * SECOND), Some(true));
        }
    }

    #[test]
    fn transitions_count_its_holders() {
        let first = taken(None, "a", OURS, at(0));
        let second = taken(Some(released(Some(first.clone()))), "b", OURS, at(9));
        assert_eq!((first.lease_transitions, second.lease_transitions), (Some(1), Some(2)));
        assert_eq!((second.holder_identity.as_deref(), &second.acquire_time), (Some("b"), &Some(MicroTime(at(9)))));
        assert_eq!(renewed(Some(second.clone()), OURS, at(12)).acquire_time, second.acquire_time);
    }
}
