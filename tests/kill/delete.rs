//! Delete: the integration, then the finalizer; or let go of it, as the policy says or as another resource takes over.

use sim_operator::failpoint::Point;

use super::calls::Call::{Delete, List, Token};
use super::calls::Trouble;
use super::kubernetes::Write;
use super::operation::Operation;
use super::row::{Row, Writes};
use super::scenario::Mishap::{Call, KilledAt};
use super::scenario::{of_kubernetes, of_reads, rows as of};

pub fn rows() -> Vec<Row> {
    deleted().into_iter().chain(let_go()).chain(handed_over()).collect()
}

fn deleted() -> Vec<Row> {
    let once = Writes::deletes(1);
    // A DELETE may be repeated at once: a second one finds nothing.
    let twice = Writes::deletes(2);
    let points = [Point::BeforeDelete, Point::Deleted, Point::FinalizerRemoved];
    let deletes = [
        (Call(Delete, Trouble::HeldThenKilled), twice),
        (Call(Delete, Trouble::MadeThenKilled), once),
        (Call(Delete, Trouble::CutBefore), twice),
        (Call(Delete, Trouble::CutAfter), once),
        (Call(Delete, Trouble::ServerErrorBefore), twice),
        (Call(Delete, Trouble::ServerErrorAfter), once),
        (Call(Delete, Trouble::Page), twice),
        (Call(Delete, Trouble::NeverMade), twice),
        (Call(Delete, Trouble::MadeLate), twice),
        (Call(Delete, Trouble::AnsweredLate), once),
    ];
    let killed = points.map(|point| (KilledAt(point), once));
    let kubernetes = of_kubernetes(&[Write::LastFinalizer], once);
    of(Operation::Delete, killed.into_iter().chain(of_reads(&[Token, List], once)).chain(deletes).chain(kubernetes))
}

fn let_go() -> Vec<Row> {
    let killed = (KilledAt(Point::LetGo), Writes::NONE);
    of(Operation::LetGo, [killed].into_iter().chain(of_kubernetes(&[Write::FinalizerLetGo], Writes::NONE)))
}

fn handed_over() -> Vec<Row> {
    let killed = [Point::HandedOver, Point::LetGo].map(|point| (KilledAt(point), Writes::NONE));
    let reads = of_reads(&[Token, List], Writes::NONE);
    let kubernetes = of_kubernetes(&[Write::FinalizerLetGo], Writes::NONE);
    let all: Vec<_> = killed.into_iter().chain(reads).chain(kubernetes).collect();
    let by = |operation| of(operation, all.clone());
    [Operation::HandOverByName, Operation::HandOverById].into_iter().flat_map(by).collect()
}
