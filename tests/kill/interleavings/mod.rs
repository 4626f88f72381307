//! The interleavings that the rules of reconciling name, each by the name that it has there.

mod answers;
mod crashes;
mod gone;
mod leader;
mod not_found;
mod people;
mod several;

use super::row::Row;

/// The part of the table.
const GROUP: &str = "Interleaving";

pub fn rows() -> Vec<Row> {
    [crashes::rows(), answers::rows(), not_found::rows(), people::rows(), several::rows(), leader::rows(), gone::rows()]
        .into_iter()
        .flatten()
        .collect()
}

fn row(case: &str, done: &str) -> Row {
    Row::of(GROUP, case, done)
}
