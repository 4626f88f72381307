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
    let about_it = |line: &&String| line.contains(&resource) || ids.iter().any(|id| line.contains(id));
    lines.extend(said.iter().filter(about_it).filter_map(|line| logged(line)));
    let (began, ended) = life(book, tag);
    lines.retain(|(at, _)| *at >= began && *at <= ended);
    let sim = rest.and_then(|rest| rest.sims.iter().find(|sim| sim["metadata"]["uid"] == desk.uid));
    ordered(lines, sim)
}

/// A line of the log without what every line has; nothing of those that say that nothing was done.
fn logged(line: &str) -> Option<(Timestamp, String)> {
    let (time, rest) = line.split_once(' ')?;
    let text = rest.rsplit_once("}: sim_operator::").map_or(rest, |(_, text)| text);
    let is_quiet = ["Unchanged", "Parked", "Waiting", "Planned"].iter().any(|outcome| {
        text.starts_with("controller::reconcile: reconciled") && text.contains(&format!("outcome=\"{outcome}\""))
    });
    (!is_quiet).then(|| (time.parse().unwrap_or_default(), format!("log    {text}")))
}

/// From a little before the desk was made until a while after the last that was done to it.
fn life(book: &Book, tag: &str) -> (Timestamp, Timestamp) {
    let mut its = book.told.iter().filter(|told| told.about == tag).map(|told| told.at);
    let first = its.next().unwrap_or_default();
    let last = its.next_back().unwrap_or(first);
    let is_gone = book.desks.iter().any(|desk| desk.wanted.tag == tag && desk.is_gone);
    let after = SignedDuration::from_secs(if is_gone { 5 } else { 600 });
    (first - SignedDuration::from_secs(5), last + after)
}

fn ordered(mut lines: Vec<(Timestamp, String)>, sim: Option<&Value>) -> Vec<String> {
    lines.sort_by_key(|(at, _)| *at);
    let told = lines.into_iter().map(|(at, text)| format!("{at:.3} {text}"));
    told.chain(sim.map(|sim| format!("in the end {sim:#}"))).collect()
}
