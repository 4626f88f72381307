//! The rows of an operation: what goes wrong, at which of its steps.

use sim_operator::failpoint::Point;

use super::calls::{Call, Trouble};
use super::kubernetes;
use super::operation::Operation;
use super::place::Place;
use super::row::{Row, Writes};

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Mishap {
    /// SIGKILL at a failpoint, and restart.
    KilledAt(Point),
    /// This becomes of a call.
    Call(Call, Trouble),
    /// This becomes of a call; SIGKILL at the failpoint after it, and restart.
    CallThenKilledAt(Call, Trouble, Point),
    /// This becomes of a write to Kubernetes.
    Kubernetes(kubernetes::Write, kubernetes::Trouble),
}

impl Mishap {
    fn case(self) -> String {
        match self {
            Self::KilledAt(point) => format!("SIGKILL at `{}`", point.as_str()),
            Self::Call(call, _) => call.as_str().to_owned(),
            Self::CallThenKilledAt(call, _, point) => format!("{}, SIGKILL at `{}`", call.as_str(), point.as_str()),
            Self::Kubernetes(write, _) => write.as_str().to_owned(),
        }
    }

    fn done(self) -> String {
        match self {
            Self::KilledAt(_) => "held there, SIGKILL, restart".to_owned(),
            Self::Call(call, trouble) => trouble.done(call),
            Self::CallThenKilledAt(call, trouble, _) => format!("{}; held there, SIGKILL, restart", trouble.done(call)),
            Self::Kubernetes(_, trouble) => trouble.done().to_owned(),
        }
    }

    fn point(self) -> Option<Point> {
        match self {
            Self::KilledAt(point) | Self::CallThenKilledAt(_, _, point) => Some(point),
            Self::Kubernetes(write, _) => Some(write.point()),
            Self::Call(..) => None,
        }
    }
}

/// The rows of an operation, each with the least writes that it takes.
pub fn rows(operation: Operation, mishaps: impl IntoIterator<Item = (Mishap, Writes)>) -> Vec<Row> {
    mishaps.into_iter().map(|(mishap, least)| row(operation, mishap, least)).collect()
}

/// What becomes of the calls that change nothing, before an operation that takes `least` writes.
pub fn of_reads(calls: &[Call], least: Writes) -> Vec<(Mishap, Writes)> {
    let of_call = |call: &Call| Trouble::OF_READS.map(|trouble| (Mishap::Call(*call, trouble), least));
    calls.iter().flat_map(of_call).collect()
}

/// What becomes of each of these writes to Kubernetes, within an operation that takes `least` writes to the tenant.
pub fn of_kubernetes(writes: &[kubernetes::Write], least: Writes) -> Vec<(Mishap, Writes)> {
    let of_write = |write: &kubernetes::Write| {
        [kubernetes::Trouble::AnswerLost, kubernetes::Trouble::Cut]
            .map(|trouble| (Mishap::Kubernetes(*write, trouble), least))
    };
    writes.iter().flat_map(of_write).collect()
}

/// What becomes of the one call that makes an update.
pub fn of_update(call: Call, times: fn(usize) -> Writes) -> Vec<(Mishap, Writes)> {
    let (once, twice) = (times(1), times(2));
    vec![
        // Who comes after the kill finds the old content and cannot know of the first; both say the same.
        (Mishap::Call(call, Trouble::HeldThenKilled), twice),
        (Mishap::Call(call, Trouble::MadeThenKilled), once),
        (Mishap::Call(call, Trouble::CutBefore), twice),
        (Mishap::Call(call, Trouble::CutAfter), once),
        (Mishap::Call(call, Trouble::ServerErrorBefore), twice),
        (Mishap::Call(call, Trouble::ServerErrorAfter), once),
        (Mishap::Call(call, Trouble::Page), twice),
        (Mishap::Call(call, Trouble::NeverMade), twice),
        (Mishap::Call(call, Trouble::MadeLate), once),
        (Mishap::Call(call, Trouble::AnsweredLate), once),
    ]
}

fn row(operation: Operation, mishap: Mishap, least: Writes) -> Row {
    let row = Row::of(operation.as_str(), mishap.case(), mishap.done())
        .least(least)
        .ends(operation.end())
        .held_at(mishap.point().as_slice());
    let row = match mishap {
        Mishap::Call(_, trouble) if trouble.waits_for_our_limit() => row.flag("--request-limit", "1s"),
        _ => row,
    };
    let row = match mishap {
        // What lands late must do so before it counts as settled; it is found by the next list, however long that is.
        Mishap::Call(Call::Post, trouble) if trouble.lands_late() => row.flag("--settle", "1m"),
        // The look after an update whose answer never came waits all this time.
        Mishap::Call(Call::Patch | Call::Put, Trouble::MadeLate) => row.flag("--settle", "6s"),
        _ => row,
    };
    row.by(async move |place: &mut Place| steps(operation, mishap, place).await)
}

async fn steps(operation: Operation, mishap: Mishap, place: &mut Place) {
    operation.asked_for(place).await;
    match mishap {
        Mishap::KilledAt(point) => {
            place.start_held_at(&[point]);
            place.held_at(point).await;
            place.kill_and_restart();
        }
        Mishap::Call(call, trouble) => {
            trouble.arm(call, place).await;
            place.world.start_operator();
            trouble.happen(place).await;
            land(operation, call, trouble, place).await;
        }
        Mishap::CallThenKilledAt(call, trouble, point) => {
            trouble.arm(call, place).await;
            place.start_held_at(&[point]);
            place.held_at(point).await;
            place.kill_and_restart();
        }
        Mishap::Kubernetes(write, trouble) => {
            place.behind_a_gate().await;
            place.start_held_at(&[write.point()]);
            write.happen(trouble, place).await;
        }
    }
}

/// Releases what is held, at the moment at which it does the most harm.
async fn land(operation: Operation, call: Call, trouble: Trouble, place: &Place) {
    match (call, trouble) {
        (Call::Post, Trouble::HeldThenKilled | Trouble::MadeLate) => {
            drop(place.world.sims.reconciling("desk", "CreateUnresolved").await);
        }
        (Call::Patch | Call::Put, Trouble::MadeLate) => {
            drop(place.world.sims.reconciling("desk", "WriteUnsettled").await);
        }
        _ => place.reached(operation.end()).await,
    }
    place.world.tenant.release().await;
}
