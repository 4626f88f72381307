//! One table: rows that meet one operator at once, and what must be true when all have done their worst.

use std::fmt::Write as _;
use std::fs;
use std::io::{Write as _, stdout};

use jiff::Timestamp;
use serde_json::json;

use crate::operator::canary::CLIENT_SECRET;
use crate::operator::manifests::{Manifest, sim, tenant};
use crate::operator::resources::Seen;
use crate::operator::world::{Setup, World};
use crate::operator::writes::lines;
use crate::support::wait::eventually;

/// The most memory, in MiB, that any table may lead the operator to take; it is built without optimisation here.
const MOST_MEMORY: u64 = 200;

/// The resource in order that no row may harm.
const DESK: &str = "in-order";

/// A world, and what was seen in it so far.
pub struct Table {
    /// Where the rows are.
    pub world: World,
    title: &'static str,
    lines: Vec<[String; 3]>,
    desk: Seen,
    most_memory: u64,
}

/// What one row ends in: kind of condition, reason and a part of the message.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// In order.
    Ready(&'static str),
    /// Ready is false for this reason, and it heals itself.
    Heals(&'static str, &'static str),
    /// Ready is false for this reason, and a person must see to it.
    Stalls(&'static str, &'static str),
}

impl End {
    /// Whether this is the end that was seen.
    pub fn is_of(self, now: &Seen) -> bool {
        match self {
            Self::Ready(words) => now.is_ready() && now.message().contains(words),
            Self::Heals(reason, words) => now.is_held_up(reason, "Reconciling") && now.message().contains(words),
            Self::Stalls(reason, words) => now.is_held_up(reason, "Stalled") && now.message().contains(words),
        }
    }

    fn of(now: &Seen) -> String {
        let with = ["Stalled", "Reconciling"].into_iter().find(|type_| now.is(type_)).unwrap_or("Ready");
        format!("{with}/{}", now.verdict().1)
    }
}

impl Table {
    /// A table of this title, in a world with a resource in order.
    pub async fn new(title: &'static str) -> Self {
        Self::within(title, World::like()).await
    }

    /// The same in a world that is made for it.
    pub async fn within(title: &'static str, setup: Setup) -> Self {
        let world = setup.create().await;
        world.sims.apply(&sim(DESK)).await;
        world.sims.ready(DESK).await;
        let desk = world.sims.until(DESK, "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;
        world.tenant.forget_calls().await;
        Self { world, title, lines: Vec::new(), desk, most_memory: MOST_MEMORY }
    }

    /// The operator may take so many MiB.
    pub fn may_take(mut self, most_memory: u64) -> Self {
        self.most_memory = most_memory;
        self
    }

    /// The id of the resource in order.
    pub fn id_in_order(&self) -> &str {
        self.desk.id()
    }

    /// Waits until what is created now is younger than the resource in order.
    pub async fn until_new_ones_are_younger(&self) {
        let created: Timestamp = self.desk["metadata"]["creationTimestamp"].as_str().unwrap().parse().unwrap();
        eventually("a new second begins", async || {
            let now = Timestamp::now();
            if now.as_second() > created.as_second() { Ok(()) } else { Err(now) }
        })
        .await;
    }

    /// A `SailPointTenant` of this name at `url`, with credentials of its own.
    pub async fn tenant_at(&self, name: &str, url: &str) -> Manifest {
        self.world.secret(name, &[("clientId", name), ("clientSecret", CLIENT_SECRET)]).await;
        tenant(name, url).with(json!({"credentials": {"secretRef": {"name": name}}}))
    }

    /// Waits until the tenant of this name has come to this end.
    pub async fn tenant(&mut self, what: &str, name: &str, end: End) -> Seen {
        let seen = self.world.tenants.until(name, &format!("{what}: {end:?}"), |now| end.is_of(now)).await;
        self.note(what, &seen);
        seen
    }

    /// Waits until the integration of this name has come to this end.
    pub async fn sim(&mut self, what: &str, name: &str, end: End) -> Seen {
        let seen = self.world.sims.until(name, &format!("{what}: {end:?}"), |now| end.is_of(now)).await;
        self.note(what, &seen);
        seen
    }

    /// A line for something that is refused before the operator sees it.
    pub fn refused(&mut self, what: &str, words: &str) {
        self.lines.push([what.to_owned(), "refused by Kubernetes".to_owned(), shown(words)]);
    }

    /// A line for what was seen.
    pub fn note(&mut self, what: &str, seen: &Seen) {
        assert!(!seen.message().contains(|c: char| c.is_control()), "a message of one line: {:?}", seen.message());
        self.lines.push([what.to_owned(), End::of(seen), shown(seen.message())]);
    }

    /// Ends the table: nothing else was harmed, and nothing needless done. `others` are writes to the tenant in order that
    /// the rows themselves asked for.
    pub async fn close(mut self, others: usize) {
        self.world.resyncs(2).await;
        let before = self.world.sims.see(DESK).await;
        assert_eq!(before.version(), self.desk.version(), "nobody wrote what was in order");
        assert_eq!(self.world.writes().await.len(), others, "{:#?}", lines(&self.world.writes().await));

        self.world.tenant.forget_calls().await;
        self.world.sims.apply(&sim(DESK).with(json!({"description": "Changed after all of this"}))).await;
        let after = self.world.sims.ready(DESK).await;
        self.world.resyncs(1).await;
        assert_eq!(lines(&self.world.writes().await), ["PATCH /sim-integrations/{id}"]);
        assert_eq!(after.id(), before.id());
        let told = self.world.events().await.into_iter().filter(|event| event.about == DESK);
        let told: Vec<_> =
            told.filter(|event| !["Created", "Reconciled", "Updated"].contains(&&*event.reason)).collect();
        assert!(told.is_empty(), "it was in order all the time: {told:#?}");
        let memory = self.world.operator().most_memory();
        self.print(memory);
        assert!(memory.is_none_or(|taken| taken <= self.most_memory), "{memory:?} MiB of {}", self.most_memory);
        self.world.close().await;
    }

    fn print(&mut self, memory: Option<u64>) {
        let mut page = format!("\n## {}\n\n| input | condition | message |\n| --- | --- | --- |\n", self.title);
        for [what, end, message] in &self.lines {
            writeln!(page, "| {what} | {end} | {message} |").unwrap();
        }
        let memory = memory.map_or_else(|| "unknown".to_owned(), |taken| format!("{taken} MiB"));
        writeln!(page, "\n{} rows, all at one operator; the most memory that it took: {memory}", self.lines.len())
            .unwrap();
        // Not by a macro: what a test prints is held back unless it fails.
        stdout().write_all(page.as_bytes()).unwrap();
        if let Ok(folder) = std::env::var("HOSTILE_TABLES") {
            fs::write(format!("{folder}/{}.md", self.title), page).unwrap();
        }
    }
}

/// As much of a message as a table can hold.
fn shown(message: &str) -> String {
    let text: String = message.chars().take(160).collect();
    text.replace('|', "\\|")
}
