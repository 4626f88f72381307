//! Update, by the smallest call: a PATCH, a PATCH of the rule, or a GET and a PUT; then the status.

use sim_operator::failpoint::Point;

use super::calls::Call::{self, Get, List, Patch, Put, Token};
use super::kubernetes::Write;
use super::operation::Operation;
use super::row::{Row, Writes};
use super::scenario::Mishap::KilledAt;
use super::scenario::{of_kubernetes, of_reads, of_update, rows as of};

pub fn rows() -> Vec<Row> {
    let patch = [Point::BeforeUpdate, Point::Updated, Point::StatusWritten];
    let put = [Point::BeforeUpdate, Point::ReadBeforePut, Point::Updated, Point::StatusWritten];
    let by_patch = by(Operation::Patch, &patch, &[Token, List], Patch, Writes::patches);
    let of_rule = by(Operation::PatchRule, &patch, &[Token, List], Patch, Writes::patches);
    let by_put = by(Operation::Put, &put, &[Token, List, Get], Put, Writes::puts);
    by_patch.into_iter().chain(of_rule).chain(by_put).collect()
}

fn by(operation: Operation, points: &[Point], reads: &[Call], write: Call, times: fn(usize) -> Writes) -> Vec<Row> {
    let killed = points.iter().map(|point| (KilledAt(*point), times(1)));
    let calls = of_reads(reads, times(1)).into_iter().chain(of_update(write, times));
    of(operation, killed.chain(calls).chain(of_kubernetes(&[Write::Record], times(1))))
}
