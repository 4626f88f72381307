//! The table as a page: docs/reliability.md.

use std::fmt;

use super::row::Row;

const INTRO: &str = "\
# Reliability: the kill table

What is left in the tenant and in Kubernetes after the operator is killed, the network is cut, an answer is lost, or people and
lists confuse it. `make reliability` runs every row and writes this page; `make test` runs them, too, and prints them.

**The promise.** At most one integration for each `SimIntegration`, whatever is killed, timed out or repeated; nothing foreign
touched; a deletion that always ends, with the integration gone or kept on purpose. SailPoint's API has no key by which a repeated
create could be recognised. So the promise holds for a tenant that makes and lists a request within `--settle` (5 min): an operator
that does not know what became of a create looks for its result, and sends it again only when that time has passed and two whole
lists have shown nothing. No client of this API can promise more.

**Each row** runs the real binary in a process of its own, against a real kube-apiserver and the simulated tenant, over sockets.
`SIGKILL at` names a place between two effects where the process is held and then killed; a call to the tenant is held, cut,
refused or left unanswered before or after it takes effect; a write to Kubernetes is cut off, or its answer is lost. Then
everything heals, and when two more lists have been read, this is checked:

- the end that the row names: *one, Ready* is exactly one integration, with the content of the resource and its id in the status;
- the writes that reached the tenant, whether they took effect or not, are exactly as many as the row says: the least for its case.
  Two POSTs are the least where the first never took effect;
- what others have in the tenant is the same, byte for byte;
- no secret value is in logs, statuses, annotations, events or metrics.

**Beside this table**, `make soak` lets random people meet random faults for as long as you like and then checks every object, and
`tests/model` goes through every state of a small world around the operator's own decisions: each of twelve rules of reconciling
that is taken out there breaks a promise.
";

const HEAD: &str = "| Case | What is done | Least writes | End | Outcome |\n| --- | --- | --- | --- | --- |";

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    group: &'static str,
    cells: [String; 4],
    outcome: &'static str,
}

impl Line {
    /// The line of a row that ends as it says.
    pub fn of(row: &Row) -> Self {
        let cells = [row.case.clone(), row.done.clone(), row.least.to_string(), row.end.to_string()];
        Self { group: row.group, cells, outcome: "as expected" }
    }

    /// The line of one that does not.
    pub fn failed(self) -> Self {
        Self { outcome: "FAILED", ..self }
    }

    fn in_its_group(&self) -> String {
        format!("| {} | {} |", self.cells.join(" | "), self.outcome)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "| {} {}", self.group, self.in_its_group())
    }
}

/// The whole page.
pub fn page(lines: &[Line]) -> String {
    let section = |group: &[Line]| {
        let rows: Vec<String> = group.iter().map(Line::in_its_group).collect();
        format!("\n## {}\n\n{HEAD}\n{}\n", group[0].group, rows.join("\n"))
    };
    let sections: String = lines.chunk_by(|one, next| one.group == next.group).map(section).collect();
    format!("{INTRO}\n{} rows.\n{sections}", lines.len())
}
