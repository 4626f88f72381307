//! The whole story of one desk: what people did, what befell its calls, what became of its objects, what operators said.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::closing::Rest;
use crate::ledger::Book;
use crate::record::Pages;
use crate::wanted::TAG;

/// The story of the desk of this tag, line by line in order of time; of none, what concerns all.
pub fn of(tag: &str, book: &Book, pages: &[Pages], said: &[String], rest: Option<&Rest>) -> Vec<String> {
    let mut lines: Vec<(Timestamp, String)> = book
        .told
        .iter()
        .filter(|told| told.about == tag || told.about.is_empty())
        .map(|told| (told.at, format!("{} {}", if told.about.is_empty() { "world " } else { "people" }, told.text)))
        .collect();
    let Some(desk) = book.desks.iter().find(|desk| desk.wanted.tag == tag) else {
        return ordered(lines, None);
    };
    let pages = &pages[desk.site];
    let about_it = |truth: &Value| truth["attributes"][TAG] == tag || truth["name"] == desk.wanted.name;
    let changes = pages.changes.iter().filter(|change| about_it(&change.integration));
    let ids: BTreeSet<&str> = changes.filter_map(|change| change.integration["id"].as_str()).collect();
    for change in &pages.changes {
        let id = change.integration["id"].as_str().unwrap();
        if ids.contains(id) {
            let short = json!({
                "name": change.integration["name"], TAG: change.integration["attributes"][TAG],
                "description": change.integration["description"],
            });
            lines.push((change.time, format!("change {id} {} by {}: {short}", change.what, change.by)));
        }
    }
    for call in pages.calls.values() {
        let is_its = call.body.as_ref().is_some_and(|body| body.to_string().contains(tag));
        if is_its || ids.iter().any(|id| call.path.contains(id)) {
            let text = format!(
                "call   {} {} {} -> {:?}, fault {:?}, request {}: {}",
                call.number,
                call.method,
                call.path,
                call.status,
                call.fault,
                call.request_id,
                call.body.clone().unwrap_or_default()
            );
            lines.push((call.time, text));
        }
    }
    let resource = format!("{}/{}", desk.namespace, desk.name);
    for line in said.iter().filter(|line| line.contains(&resource) || ids.iter().any(|id| line.contains(id))) {
        let time = line.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or_default();
        lines.push((time, format!("log    {line}")));
    }
    let began = desk_began(book, tag);
    lines.retain(|(at, _)| began.is_none_or(|began| *at >= began));
    let sim = rest.and_then(|rest| rest.sims.iter().find(|sim| sim["metadata"]["uid"] == desk.uid));
    ordered(lines, sim)
}

/// A little before the desk was made.
fn desk_began(book: &Book, tag: &str) -> Option<Timestamp> {
    let first = book.told.iter().find(|told| told.about == tag)?;
    Some(first.at - SignedDuration::from_secs(5))
}

fn ordered(mut lines: Vec<(Timestamp, String)>, sim: Option<&Value>) -> Vec<String> {
    lines.sort_by_key(|(at, _)| *at);
    let told = lines.into_iter().map(|(at, text)| format!("{at:.3} {text}"));
    told.chain(sim.map(|sim| format!("in the end {sim:#}"))).collect()
}
