//! docs/performance.md: the machine and the command on top, the table, the charts.
//!
//! Why a target is missed is written by people, into the last column; a new run keeps it for as long as the row is missed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

use jiff::Timestamp;

use crate::charts::{self, FOLDER};
use crate::measurement::{Chart, Findings, Measurement};
use crate::{Failed, root};

const PAGE: &str = "performance.md";
const HEAD: &str = "| what | target | measured | | from | why it is missed |\n| --- | --- | --- | --- | --- | --- |";

/// The table, for terminals and for the page; `reasons` by what was measured.
pub fn table(measurements: &[Measurement], reasons: &BTreeMap<String, String>) -> String {
    let mut text = HEAD.to_owned();
    for measurement in measurements {
        let Measurement { what, target, value, how } = measurement;
        let reason = reasons.get(what).filter(|_| measurement.is_met() == Some(false)).map_or("", String::as_str);
        let verdict = measurement.verdict();
        // Writing to a String cannot fail.
        let _ = write!(text, "\n| {what} | {target} | {value} | {verdict} | {how} | {reason} |");
    }
    text
}

/// Writes the page and its charts into `folder`.
pub fn write(folder: &Path, kubernetes: &str, findings: &Findings) -> Result<(), Failed> {
    let page = folder.join(PAGE);
    let reasons = fs::read_to_string(&page).map(|text| reasons(&text)).unwrap_or_default();
    let mut text = format!(
        "# Performance\n\n\
         Written by `make bench` on {}. Do not edit by hand, but for the last column of the table.\n\n{}\n\n\
         Counts are exact: remote requests from the simulator's own log, Kubernetes writes and events from kube-apiserver's \
         `apiserver_request_total`. The operator's Lease, which it renews every 5 s, is not among them. Times and ratios are \
         of this one run, in which the API server, etcd, the simulated tenants, the operator and the bench share the machine.\n\n\
         {}\n",
        Timestamp::now().strftime("%-d %B %Y"),
        machine(kubernetes),
        table(&findings.measurements, &reasons),
    );
    fs::create_dir_all(folder.join(FOLDER))?;
    for chart in [Chart::Requests, Chart::Memory, Chart::TimeToReady, Chart::Tenants] {
        let series = charts::merged(&findings.series, chart);
        let file = charts::draw(folder, chart, &series)?;
        let _ = write!(text, "\n![{}]({file})\n", charts::title(chart));
    }
    fs::write(page, text)?;
    Ok(())
}

/// The last cell of each row of a page, by its first.
fn reasons(page: &str) -> BTreeMap<String, String> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let (what, why) = (cells.first()?, cells.last().filter(|_| cells.len() == 6 && !row.starts_with("---"))?);
        (!why.trim().is_empty()).then(|| ((*what).to_owned(), why.trim().to_owned()))
    })
    .collect()
}

/// What it ran on, as a list.
fn machine(kubernetes: &str) -> String {
    let cores = available_parallelism().map_or(0, std::num::NonZero::get);
    let first = |file: &str, key: &str| {
        let text = fs::read_to_string(file).ok()?;
        let line = text.lines().find(|line| line.starts_with(key))?.split_once(':')?.1.trim().to_owned();
        Some(line)
    };
    let processor = first("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = first("/proc/meminfo", "MemTotal")
        .and_then(|text| text.strip_suffix(" kB")?.parse::<u64>().ok())
        .map_or_else(String::new, |kibibytes| format!(", {} GiB of memory", kibibytes / (1024 * 1024)));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let said = |program: &str, arguments: &[&str]| {
        let output = std::process::Command::new(program).args(arguments).current_dir(root()).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = said("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_default();
    let rust = said("rustc", &["--version"]).unwrap_or_default();
    format!(
        "- Command: `make bench`\n- Machine: {cores} cores ({processor}){memory}, {} {}\n\
         - Versions: commit {commit}, {rust}, release build; kube-apiserver {kubernetes}",
        std::env::consts::OS,
        kernel.trim(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::{Target, Value};

    #[test]
    fn a_reason_stays_while_its_row_is_missed() {
        let row = |count| Measurement::new("calls", Target::AtMost(Value::Count(1)), Value::Count(count));
        let missed = table(&[row(2)], &BTreeMap::from([("calls".to_owned(), "as it is".to_owned())]));
        assert!(missed.ends_with("| as it is |"), "{missed}");
        assert_eq!(reasons(&missed), BTreeMap::from([("calls".to_owned(), "as it is".to_owned())]));
        assert!(!table(&[row(1)], &reasons(&missed)).contains("as it is"));
    }
}
