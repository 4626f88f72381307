//! The end of a run: a table of what happened, and for each promise that was not kept the story of its desk.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::closing::Rest;
use crate::judge::{self, Finding};
use crate::ledger::Book;
use crate::objects::Objects;
use crate::record::Pages;
use crate::secrets::found_in;
use crate::story;
use crate::traffic::{self, Traffic};
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
    let mut findings = came_out(&said, &format!("{events:#?}"));
    let (mut objects, mut traffic) = (Vec::new(), Vec::new());
    for (site, pages) in pages.iter().enumerate() {
        let (followed, wrong) = Objects::follow(site, &pages.changes, &book);
        findings.extend(wrong);
        findings.extend(twins(&followed, &crew.timeline));
        objects.push(followed);
        let (counted, wrong) = traffic::judge(pages, &crew.timeline);
        findings.extend(wrong);
        traffic.push(counted);
    }
    match &rest {
        Err(why) => findings.push(Finding::new(&tag_in(why, &book), format!("it never came to rest: {why}"))),
        Ok(rest) => {
            findings.extend(judge::desks(rest, &book, &objects));
            for (site, objects) in objects.iter().enumerate() {
                findings.extend(objects.untouched(site, &rest.truths[site], &book));
            }
            let shown: Vec<_> = rest.sims.iter().chain(&rest.accounts).collect();
            findings.extend(came_out(&[], &format!("{shown:#?}")));
        }
    }
    let removed = events.iter().filter(|event| event.reason.as_deref() == Some("DuplicateRemoved")).count();
    println!("{}", table(world, &book, &objects, &traffic, removed, &findings));
    for words in &crew.last_words {
        println!("an operator ended by itself with: {words}");
    }
    if !findings.is_empty() {
        tell(world, &findings, &book, &pages, &said, rest.as_ref().ok());
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

fn table(
    world: &World,
    book: &Book,
    objects: &[Objects],
    traffic: &[Traffic],
    removed: usize,
    findings: &[Finding],
) -> String {
    let sum = |count: fn(&Objects) -> usize| objects.iter().map(count).sum::<usize>();
    let sent = |count: fn(&Traffic) -> usize| traffic.iter().map(count).sum::<usize>();
    let mut faults: BTreeMap<&str, usize> = BTreeMap::new();
    for (kind, count) in traffic.iter().flat_map(|traffic| &traffic.faults) {
        *faults.entry(kind).or_default() += count;
    }
    let longest = traffic.iter().map(|traffic| traffic.longest_pause).max().unwrap_or_default();
    let mut table = String::new();
    let mut row = |name: &str, value: String| writeln!(table, "  {name:<34} {value:>8}").unwrap();
    row("seed", world.settings.seed.to_string());
    row("seconds of faults", world.settings.faults.as_secs().to_string());
    row("resources created", book.desks.len().to_string());
    row("  of them deleted", book.desks.iter().filter(|desk| desk.is_gone).count().to_string());
    for (kind, count) in &book.people {
        row(&format!("people: {kind}"), count.to_string());
    }
    for (kind, count) in &book.disasters {
        row(&format!("disaster: {kind}"), count.to_string());
    }
    for (kind, count) in faults {
        row(&format!("fault: {kind}"), count.to_string());
    }
    row("calls", sent(|traffic| traffic.calls).to_string());
    row("POSTs", sent(|traffic| traffic.posts).to_string());
    row("objects that POSTs made", sum(|objects| objects.created).to_string());
    row("pauses judged", format!("{} (longest {longest} s)", sent(|traffic| traffic.pauses)));
    row("strangers' objects", sum(|objects| objects.strangers).to_string());
    row("  of them to be adopted", sum(|objects| objects.adopted).to_string());
    row(
        "two at once, one removed",
        sum(|objects| objects.twins.iter().filter(|twin| twin.is_removed).count()).to_string(),
    );
    row("  events DuplicateRemoved", removed.to_string());
    row("duplicates", sum(|objects| objects.twins.iter().filter(|twin| !twin.is_removed).count()).to_string());
    row("foreign touched", sum(|objects| objects.touched).to_string());
    row("promises not kept", findings.len().to_string());
    table
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
