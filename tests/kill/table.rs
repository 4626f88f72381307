//! Runs the rows, some at once, and prints the table; `make reliability` has it written as a page, too.

use std::any::Any;
use std::collections::VecDeque;
use std::io::{Write as _, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;

use tokio::runtime::Builder;

use super::place::Place;
use super::row::{Row, Writes};

/// More rows at once and their operators starve each other.
const AT_ONCE: usize = 8;

/// A row that was run.
struct Ran {
    number: usize,
    name: String,
    line: [String; 5],
    failure: Option<String>,
}

/// Runs all rows and prints them.
///
/// # Panics
/// If one does not end as it says.
pub fn run(rows: Vec<Row>) {
    let waiting: Mutex<VecDeque<(usize, Row)>> = Mutex::new(wanted(rows).into_iter().enumerate().collect());
    let ran = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((number, row)) = waiting.lock().unwrap().pop_front() else { return };
                    let row = run_one(number, row);
                    ran.lock().unwrap().push(row);
                }
            });
        }
    });
    let mut ran = ran.into_inner().unwrap();
    ran.sort_by_key(|row| row.number);
    print(&ran);
    let failed: Vec<String> =
        ran.iter().filter_map(|row| Some(format!("{}: {}", row.name, row.failure.as_ref()?))).collect();
    assert!(failed.is_empty(), "{} of {} rows failed:\n{}", failed.len(), ran.len(), failed.join("\n"));
}

/// All, or for a closer look those whose names hold the text of `KILL_ROWS`.
fn wanted(rows: Vec<Row>) -> Vec<Row> {
    let text = std::env::var("KILL_ROWS").unwrap_or_default();
    rows.into_iter().filter(|row| format!("{}; {}", row.name(), row.done).contains(&text)).collect()
}

fn run_one(number: usize, row: Row) -> Ran {
    let name = format!("{}; {}", row.name(), row.done);
    let words = [row.group.to_owned(), row.case.clone(), row.done.clone(), row.least.to_string()];
    let end = row.end.to_string();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let result = catch_unwind(AssertUnwindSafe(|| runtime.block_on(take_place(row))));
    let [group, case, done, least] = words;
    let (outcome, failure) = match result {
        Ok(writes) => (format!("{end}; {writes}"), None),
        Err(why) => ("FAILED".to_owned(), Some(said(&*why))),
    };
    Ran { number, name, line: [group, case, done, format!("{end}; {least}"), outcome], failure }
}

async fn take_place(row: Row) -> Writes {
    let mut place = Place::new(&row).await;
    (row.steps)(&mut place).await;
    place.ends(row.end, row.least).await
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

/// Past the capture of the test harness: the table is there to be read when all is well, too.
fn print(ran: &[Ran]) {
    let mut text = String::from("\n");
    for row in ran {
        text.push_str(&format!("| {} |\n", row.line.join(" | ")));
    }
    stdout().write_all(text.as_bytes()).unwrap();
}
