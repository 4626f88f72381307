//! The kill table: what is left in the tenant and in Kubernetes after a kill, a cut, a lost answer, or a confusion.
//!
//! Each row has a namespace, a tenant and an operator process to itself. What a row does stands in the files of the
//! operations and of `interleavings`; that all rows end alike (one integration or none, nothing foreign touched, no write
//! more than needed, no secret anywhere) is checked in one place, `place`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper that fails fails its test")]
#![allow(unreachable_pub, reason = "`pub` marks what tests may use; no crate is ever linked against a test binary")]

#[path = "../support/mod.rs"]
mod support;

/// What the scenarios are written in.
#[path = "../operator"]
#[allow(dead_code, reason = "the scenarios use what the table does not")]
mod operator {
    pub mod canary;
    pub mod events;
    pub mod manifests;
    pub mod mishaps;
    pub mod resources;
    pub mod world;
    pub mod writes;
}

mod calls;
mod kubernetes;
mod operation;
mod page;
mod place;
mod row;
mod scenario;
mod table;

mod adopt;
mod create;
mod delete;
mod interleavings;
mod update;

use sim_operator::failpoint::Point;

use row::Row;

/// Every row, in the order of the page.
fn rows() -> Vec<Row> {
    [create::rows(), adopt::rows(), update::rows(), delete::rows(), interleavings::rows()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn the_kill_table() {
    table::run(rows());
}

#[test]
fn the_page_has_the_rows_of_the_table() {
    let lines: Vec<page::Line> = rows().iter().map(page::Line::of).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reliability.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert!(page == page::page(&lines), "docs/reliability.md is not of these rows: run `make reliability`");
}

#[test]
fn every_failpoint_has_a_row() {
    let rows = rows();
    let held: Vec<Point> = rows.iter().flat_map(|row| row.points.iter().copied()).collect();
    let missing: Vec<_> = Point::ALL.iter().filter(|point| !held.contains(point)).collect();
    assert!(missing.is_empty(), "no row of the kill table is held at {missing:?}");
}
