//! Update, by the smallest call: a PATCH, a PATCH of the rule, or a GET and a PUT; then the status.

use serde_json::json;
use sim_operator::failpoint::Point;

use super::calls::Call::{self, Get, List, Patch, Put, Token};
use super::kubernetes::Write;
use super::operation::Operation;
use super::place::Place;
use super::row::{Row, Writes};
use super::scenario::Mishap::KilledAt;
use super::scenario::{of_kubernetes, of_reads, of_update, rows as of};

pub fn rows() -> Vec<Row> {
    let patch = [Point::BeforeUpdate, Point::Updated, Point::StatusWritten];
    let put = [Point::BeforeUpdate, Point::ReadBeforePut, Point::Updated, Point::StatusWritten];
    let by_patch = by(Operation::Patch, &patch, &[Token, List], Patch, Writes::patches);
    let of_rule = by(Operation::PatchRule, &patch, &[Token, List], Patch, Writes::patches);
    let by_put = by(Operation::Put, &put, &[Token, List, Get], Put, Writes::puts);
    by_patch.into_iter().chain(not_by_patch()).chain(of_rule).chain(by_put).collect()
}

/// What a PATCH may not change, a PUT may.
fn not_by_patch() -> Vec<Row> {
    const REFUSED: &str = "403 to the PATCH: a PUT makes the change";
    let row = |done: String| Row::of(Operation::Patch.as_str(), "PATCH", done);
    let refused = async |place: &mut Place| {
        Operation::Patch.asked_for(place).await;
        place.world.tenant.turn(&json!({"patchAccepts": "none"})).await;
    };
    let least = Writes::puts(1).and_patches(1);
    vec![
        row(REFUSED.to_owned()).least(least).by(async move |place: &mut Place| {
            refused(place).await;
            place.world.start_operator();
        }),
        // Who comes after the kill has to learn it anew.
        row(format!("{REFUSED}; held at `{}`, SIGKILL, restart", Point::ReadBeforePut.as_str()))
            .least(least.and_patches(2))
            .held_at(&[Point::ReadBeforePut])
            .by(async move |place: &mut Place| {
                refused(place).await;
                place.start_held_at(&[Point::ReadBeforePut]);
                place.held_at(Point::ReadBeforePut).await;
                place.kill_and_restart();
            }),
    ]
}

fn by(operation: Operation, points: &[Point], reads: &[Call], write: Call, times: fn(usize) -> Writes) -> Vec<Row> {
    let killed = points.iter().map(|point| (KilledAt(*point), times(1)));
    let calls = of_reads(reads, times(1)).into_iter().chain(of_update(write, times));
    of(operation, killed.chain(calls).chain(of_kubernetes(&[Write::Record], times(1))))
}
