//! Take what is there, by its name or its id: finalizer, status, annotations, then the update that makes it as desired.

use sim_operator::failpoint::Point;

use super::calls::Call::{List, Patch, Token};
use super::kubernetes::Write;
use super::operation::Operation;
use super::row::{Row, Writes};
use super::scenario::Mishap::KilledAt;
use super::scenario::{of_kubernetes, of_reads, of_update, rows as of};

pub fn rows() -> Vec<Row> {
    [Operation::AdoptByName, Operation::AdoptById].into_iter().flat_map(by).collect()
}

fn by(operation: Operation) -> Vec<Row> {
    let points = [
        Point::BeforeBind,
        Point::FinalizerWritten,
        Point::StatusWritten,
        Point::Announced,
        Point::AnnotationsWritten,
        Point::BeforeUpdate,
        Point::Updated,
    ];
    let once = Writes::patches(1);
    let killed = points.map(|point| (KilledAt(point), once));
    let kubernetes = of_kubernetes(&[Write::Finalizer, Write::TakenId, Write::Annotations, Write::Record], once);
    let calls = of_reads(&[Token, List], once).into_iter().chain(of_update(Patch, Writes::patches));
    of(operation, killed.into_iter().chain(calls).chain(kubernetes))
}
