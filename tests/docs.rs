//! What the documents say of the operator is so: reasons, flags, annotations, metrics and examples.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use clap::CommandFactory;
use k8s_openapi::api::core::v1::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use sim_operator::api::{Reason, SailPointTenant, SimIntegration, annotations};
use sim_operator::cli::Cli;
use sim_operator::metrics::{Change, Kind, LetGo, Metrics, Outcome};
use sim_operator::sailpoint::{Class, Observer as _};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const STATES: [&str; 3] = ["in order", "heals itself", "needs a person"];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// Each heading of the third level, with the line that says for which kind and in which state.
fn entries() -> Vec<(String, String)> {
    let page = read("docs/troubleshooting.md");
    let entry = |section: &str| {
        let mut lines = section.lines().filter(|line| !line.is_empty());
        (lines.next().unwrap().to_owned(), lines.next().unwrap().to_owned())
    };
    page.split("\n### ").skip(1).map(entry).collect()
}

/// Every word between back-ticks or in code that begins with `prefix`.
fn words_with(prefix: &str, text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let words = text.split(|c: char| !is_part(c)).filter(|word| word.starts_with(prefix));
    words.map(|word| word.trim_end_matches(['.', '/', '-']).to_owned()).collect()
}

fn flags() -> BTreeSet<String> {
    let command = Cli::command();
    let all = command.get_subcommands().flat_map(clap::Command::get_arguments);
    all.filter_map(|argument| argument.get_long()).map(|long| format!("--{long}")).collect()
}

#[test]
fn every_reason_has_its_entry_and_no_other_thing_has_one() {
    let entries: Vec<String> = entries().into_iter().map(|(reason, _)| reason).collect();
    let mut reasons: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(entries, reasons, "docs/troubleshooting.md has an entry for each reason, sorted");
}

#[test]
fn every_entry_says_for_which_kind_and_in_which_state() {
    for (reason, line) in entries() {
        let parts: Vec<&str> = line.split("; ").collect();
        for part in parts {
            let (kinds, state) = part.split_once(" · ").unwrap_or_else(|| panic!("{reason}: {line}"));
            assert!(kinds.split(", ").all(|kind| ["SimIntegration", "SailPointTenant"].contains(&kind)), "{reason}");
            assert!(STATES.iter().any(|known| state.starts_with(known)), "{reason}: {state}");
        }
    }
}

#[test]
fn flags_in_the_documents_exist_and_the_readme_has_those_of_run() {
    let readme = read("README.md");
    let run = Cli::command();
    let run = run.find_subcommand("run").unwrap();
    for argument in run.get_arguments().filter_map(|argument| argument.get_long()).filter(|long| *long != "help") {
        assert!(readme.contains(&format!("| `--{argument}`")), "README.md has no row for --{argument}");
    }
    // Of kubectl, cargo and the simulator.
    let others = ["--overwrite", "--locked", "--release", "--help"];
    for page in ["README.md", "docs/troubleshooting.md", "docs/leader-election.md", "docs/reliability.md"] {
        for flag in words_with("--", &read(page)).iter().filter(|flag| flag.len() > 2 && !flag.starts_with("---")) {
            let is_known = flags().contains(flag) || others.contains(&flag.as_str());
            assert!(is_known, "{page} names {flag}, which is no flag");
        }
    }
}

#[test]
fn annotations_in_the_documents_exist_and_the_readme_has_all() {
    let known = [
        annotations::CREATE,
        annotations::REMOTE_ID,
        annotations::RECONCILE_REQUESTED_AT,
        annotations::CORRECT_REQUESTED_AT,
        annotations::PAUSED_UNTIL,
        annotations::FORCE_ORPHAN,
        annotations::CHANGE_REF,
    ];
    let readme = read("README.md");
    for annotation in known {
        assert!(readme.contains(&format!("| `{annotation}`")), "README.md has no row for {annotation}");
    }
    for page in ["README.md", "docs/troubleshooting.md"] {
        for word in words_with("simops.dev/", &read(page)) {
            let is_known = known.contains(&word.as_str()) || word == "simops.dev/v1alpha1";
            assert!(is_known, "{page} names {word}, which is no annotation");
        }
    }
}

#[test]
fn metrics_in_the_readme_exist_and_all_are_there() {
    let metrics = Metrics::new();
    // What was never counted is not served.
    metrics.reconciled(Kind::Integration, Outcome::Changed, Duration::ZERO);
    metrics.changed(Change::Created, None);
    metrics.let_go(LetGo::Orphan);
    metrics.on_request("GET", "/sim-integrations", Some(200), Duration::ZERO);
    metrics.on_wait(Class::Token, Duration::ZERO);
    let served: BTreeSet<String> = metrics
        .encode()
        .lines()
        .filter_map(|line| line.strip_prefix("# HELP ")?.split(' ').next().map(str::to_owned))
        .collect();
    let named = words_with("sim_operator_", &read("README.md"));
    let plain = |name: &String| name.trim_end_matches("_total").trim_end_matches("_info").to_owned();
    assert_eq!(named.iter().map(plain).collect::<BTreeSet<_>>(), served);
}

#[test]
fn links_in_the_documents_lead_somewhere() {
    let docs = ["docs/troubleshooting.md", "docs/leader-election.md", "docs/reliability.md"];
    for page in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].into_iter().chain(docs) {
        let text = read(page);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("https://") && !link.starts_with('#')) {
            let folder = Path::new(ROOT).join(page).parent().unwrap().to_owned();
            let path = folder.join(link.split('#').next().unwrap());
            assert!(path.exists(), "{page} links to {link}");
        }
    }
}

fn parsed<T: DeserializeOwned>(document: &Value, file: &str) {
    if let Err(error) = serde_json::from_value::<T>(document.clone()) {
        panic!("{file}: {error}");
    }
}

/// Our types ignore what they do not know; an example must not hold any of it.
fn unknown_fields(written: &Value, understood: &Value, path: &str, found: &mut Vec<String>) {
    let (Value::Object(written), Value::Object(understood)) = (written, understood) else { return };
    for (key, value) in written {
        match understood.get(key) {
            Some(other) => unknown_fields(value, other, &format!("{path}/{key}"), found),
            None => found.push(format!("{path}/{key}")),
        }
    }
}

fn understood<T: DeserializeOwned + serde::Serialize>(document: &Value, file: &str) {
    parsed::<T>(document, file);
    let again = serde_json::to_value(serde_json::from_value::<T>(document.clone()).unwrap()).unwrap();
    let mut found = Vec::new();
    unknown_fields(document, &again, "", &mut found);
    assert_eq!(found, Vec::<String>::new(), "{file} has fields that mean nothing");
}

#[test]
fn examples_are_described_and_mean_something() {
    let mut kinds = BTreeSet::new();
    for entry in fs::read_dir(Path::new(ROOT).join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let (file, text) = (path.display().to_string(), fs::read_to_string(&path).unwrap());
        assert!(text.starts_with("# "), "{file} begins with a comment that says what it shows");
        for document in serde_saphyr::from_multiple::<Value>(&text).unwrap() {
            let kind = String::deserialize(&document["kind"]).unwrap();
            match kind.as_str() {
                "SimIntegration" => understood::<SimIntegration>(&document, &file),
                "SailPointTenant" => understood::<SailPointTenant>(&document, &file),
                "Secret" => understood::<Secret>(&document, &file),
                other => panic!("{file} has a {other}"),
            }
            kinds.insert(kind);
        }
    }
    assert_eq!(kinds.len(), 3, "{kinds:?}");
}
