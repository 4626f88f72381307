//! The end of a run: a table of what happened, and for each promise that was not kept the story of its desk.

#![allow(clippy::print_stdout, reason = "the table is what a run is for")]

use std::fmt::Write as _;

use crate::closing::Rest;
use crate::judge::{self, Finding};
use crate::ledger::Book;
use crate::objects::Objects;
use crate::record::Pages;
use crate::secrets::found_in;
use crate::story;
use crate::table::Outcome;
use crate::traffic;
use crate::world::World;

/// How many stories a failure prints, and how long each may be; all of them are in a file.
const STORIES: usize = 3;
const LINES: usize = 200;

/// Judges everything and prints the table.
///
/// # Panics
/// If a promise was not kept.
pub async fn conclude(world: &World, rest: Result<Rest, String>) {
    for (number, site) in world.sites.iter().enumerate() {
        world.record.read(number, &*site.tenant.read().await).await;
    }
    let pages: Vec<Pages> = (0..world.sites.len()).map(|site| world.record.of(site).clone()).collect();
    let events = world.cluster.events().await;
    let crew = world.crew.lock().await;
    let (said, book) = (crew.said(), world.ledger.open());
    let mut outcome = Outcome {
        removed: events.iter().filter(|event| event.reason.as_deref() == Some("DuplicateRemoved")).count(),
        findings: came_out(&said, &format!("{events:#?}")),
        ..Outcome::default()
    };
    for (site, pages) in pages.iter().enumerate() {
        let (objects, wrong) = Objects::follow(site, &pages.changes, &book);
        outcome.findings.extend(wrong.into_iter().chain(twins(&objects, &crew.timeline)));
        outcome.objects.push(objects);
        let (traffic, wrong) = traffic::judge(pages, &crew.timeline);
        outcome.findings.extend(wrong);
        outcome.traffic.push(traffic);
    }
    outcome.judge(&rest, &book);
    println!("{}", outcome.table(world.settings, &book, rest.as_ref().ok()));
    for words in &crew.last_words {
        println!("an operator ended by itself with: {words}");
    }
    if !outcome.findings.is_empty() {
        tell(world, &outcome.findings, &book, &pages, &said, rest.as_ref().ok());
    }
}

impl Outcome {
    /// What each desk has in the end, and what strangers find of their own.
    fn judge(&mut self, rest: &Result<Rest, String>, book: &Book) {
        let rest = match rest {
            Ok(rest) => rest,
            Err(why) => {
                self.findings.push(Finding::new(&tag_in(why, book), format!("it never came to rest: {why}")));
                return;
            }
        };
        let wrong = judge::desks(rest, book, &self.objects);
        self.lost = wrong.len();
        self.findings.extend(wrong);
        for (site, objects) in self.objects.iter().enumerate() {
            self.findings.extend(objects.untouched(site, &rest.truths[site], book));
        }
        let shown: Vec<_> = rest.sims.iter().chain(&rest.accounts).collect();
        self.findings.extend(came_out(&[], &format!("{shown:#?}")));
    }
}

/// The desk that the words about it name.
fn tag_in(why: &str, book: &Book) -> String {
    let named = book.desks.iter().rev().find(|desk| why.contains(&desk.name) || why.contains(&desk.wanted.tag));
    named.map(|desk| desk.wanted.tag.clone()).unwrap_or_default()
}

/// No operator panicked, and no secret came out.
fn came_out(said: &[String], shown: &str) -> Vec<Finding> {
    let leaked = said.iter().filter_map(|line| found_in(line)).chain(found_in(shown));
    let mut findings: Vec<Finding> =
        leaked.map(|line| Finding::new("", format!("a secret came out: {line}"))).collect();
    let panicked = said.iter().filter(|line| line.contains("panicked at"));
    findings.extend(panicked.map(|line| Finding::new("", format!("an operator panicked: {line}"))));
    findings
}

/// Two of one desk may be there for a moment, where two operators ran and the later is removed.
fn twins(objects: &Objects, timeline: &[(jiff::Timestamp, usize)]) -> Vec<Finding> {
    let running = |at| timeline.iter().rev().find(|(since, _)| *since <= at).map_or(0, |(_, running)| *running);
    let wrong = objects.twins.iter().filter(|twin| !twin.is_removed || running(twin.since) < 2);
    wrong.map(|twin| Finding::new(&twin.tag, format!("made twice: {twin:?}"))).collect()
}

fn tell(world: &World, findings: &[Finding], book: &Book, pages: &[Pages], said: &[String], rest: Option<&Rest>) -> ! {
    let folder = tempfile::Builder::new().prefix("soak-").tempdir().unwrap().keep();
    let mut whole = String::new();
    for (number, finding) in findings.iter().enumerate() {
        let title = format!("--- {}: {}", finding.about, finding.text);
        let lines = story::of(&finding.about, book, pages, said, rest);
        writeln!(whole, "{title}\n{}\n", lines.join("\n")).unwrap();
        println!("{title}");
        if number < STORIES {
            println!("{}", lines[lines.len().saturating_sub(LINES)..].join("\n"));
        }
    }
    std::fs::write(folder.join("stories"), whole).unwrap();
    std::fs::write(folder.join("operators.log"), said.join("\n")).unwrap();
    let (seed, seconds) = (world.settings.seed, world.settings.faults.as_secs());
    panic!(
        "{} promises were not kept; stories and logs are in {}; again: make soak SECONDS={seconds} SEED={seed}",
        findings.len(),
        folder.display()
    );
}
