//! What came of a run, in figures.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use crate::closing::Rest;
use crate::judge::Finding;
use crate::ledger::{Book, verdict};
use crate::objects::Objects;
use crate::settings::Settings;
use crate::traffic::Traffic;

/// What was found out about a run, site by site.
#[derive(Default)]
pub struct Outcome {
    pub objects: Vec<Objects>,
    pub traffic: Vec<Traffic>,
    /// Every promise that was not kept.
    pub findings: Vec<Finding>,
    /// How many of them are of desks that have not what they should.
    pub lost: usize,
    /// Events `DuplicateRemoved`.
    pub removed: usize,
}

struct Table(String);

impl Table {
    fn row(&mut self, name: &str, value: impl Display) {
        writeln!(self.0, "  {name:<38} {value:>9}").unwrap();
    }

    fn rows<K: Display>(&mut self, what: &str, counts: &BTreeMap<K, usize>) {
        for (kind, count) in counts {
            self.row(&format!("{what}: {kind}"), count);
        }
    }
}

fn count<T, K: Ord>(all: impl Iterator<Item = (K, T)>, number: impl Fn(T) -> usize) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for (kind, one) in all {
        *counts.entry(kind).or_default() += number(one);
    }
    counts
}

impl Outcome {
    /// One row a figure; the last ones are the promises.
    pub fn table(&self, settings: Settings, book: &Book, rest: Option<&Rest>) -> String {
        let mut table = Table(String::new());
        table.row("seed", settings.seed);
        table.row("seconds of faults", settings.faults.as_secs());
        table.row("resources created", book.desks.len());
        table.row("resources deleted", book.desks.iter().filter(|desk| desk.is_gone).count());
        table.rows("people", &book.people);
        table.rows("disaster", &book.disasters);
        table.rows("fault", &count(self.traffic.iter().flat_map(|traffic| &traffic.faults), |count| *count));
        let reasons = rest.iter().flat_map(|rest| &rest.sims).map(|sim| (verdict(sim).0, ()));
        table.rows("in the end", &count(reasons, |()| 1));
        self.sums(&mut table);
        table.0
    }

    fn sums(&self, table: &mut Table) {
        let of_objects = |count: fn(&Objects) -> usize| self.objects.iter().map(count).sum::<usize>();
        let of_traffic = |count: fn(&Traffic) -> usize| self.traffic.iter().map(count).sum::<usize>();
        table.row("calls", of_traffic(|traffic| traffic.calls));
        table.row("POSTs", of_traffic(|traffic| traffic.posts));
        table.row("objects made by POSTs", of_objects(|objects| objects.created));
        table.row("pauses judged", of_traffic(|traffic| traffic.pauses));
        table.row(
            "longest pause, in seconds",
            self.traffic.iter().map(|traffic| traffic.longest_pause).max().unwrap_or_default(),
        );
        table.row("objects of strangers", of_objects(|objects| objects.strangers));
        table.row("objects of strangers to be adopted", of_objects(|objects| objects.adopted));
        table.row("two for a moment, the later removed", of_objects(|objects| objects.twins(true)));
        table.row("events DuplicateRemoved", self.removed);
        table.row("duplicates", of_objects(|objects| objects.twins(false)));
        table.row("lost", self.lost);
        table.row("foreign touched", of_objects(|objects| objects.touched));
        table.row("promises not kept", self.findings.len());
    }
}
