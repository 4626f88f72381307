//! Runs the rows, some at once, and prints the table; `make reliability` has it written as a page, too.

use std::any::Any;
use std::collections::VecDeque;
use std::io::{Write as _, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::{env, fs, thread};

use tokio::runtime::Builder;

use super::page::{Line, page};
use super::place::Place;
use super::row::Row;

/// More rows at once and their operators starve each other.
const AT_ONCE: usize = 8;
/// Names the file that the page is written to.
const PAGE: &str = "RELIABILITY_PAGE";
/// For a closer look: only the rows that hold this text.
const ROWS: &str = "KILL_ROWS";

/// A row that was run.
struct Ran {
    number: usize,
    line: Line,
    failure: Option<String>,
}

/// Runs all rows and prints them.
///
/// # Panics
/// If one does not end as it says.
pub fn run(rows: Vec<Row>) {
    let (alone, together): (Vec<_>, Vec<_>) = wanted(rows).into_iter().enumerate().partition(|(_, row)| row.is_alone);
    let mut ran = run_at_once(together, AT_ONCE);
    ran.extend(run_at_once(alone, 1));
    ran.sort_by_key(|row| row.number);
    print(&ran);
    if let Some(path) = env::var_os(PAGE) {
        fs::write(path, page(&ran.iter().map(|row| row.line.clone()).collect::<Vec<_>>())).unwrap();
    }
    let failed: Vec<String> =
        ran.iter().filter_map(|row| Some(format!("{}: {}", row.line, row.failure.as_ref()?))).collect();
    assert!(failed.is_empty(), "{} of {} rows failed:\n{}", failed.len(), ran.len(), failed.join("\n"));
}

fn wanted(rows: Vec<Row>) -> Vec<Row> {
    let text = env::var(ROWS).unwrap_or_default();
    rows.into_iter().filter(|row| Line::of(row).to_string().contains(&text)).collect()
}

fn run_at_once(rows: Vec<(usize, Row)>, threads: usize) -> Vec<Ran> {
    let (waiting, ran) = (Mutex::new(VecDeque::from(rows)), Mutex::new(Vec::new()));
    let next = || waiting.lock().unwrap().pop_front();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((number, row)) = next() {
                    let row = run_one(number, row);
                    ran.lock().unwrap().push(row);
                }
            });
        }
    });
    ran.into_inner().unwrap()
}

fn run_one(number: usize, row: Row) -> Ran {
    let line = Line::of(&row);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    match catch_unwind(AssertUnwindSafe(|| runtime.block_on(take_place(row)))) {
        Ok(()) => Ran { number, line, failure: None },
        Err(why) => Ran { number, line: line.failed(), failure: Some(said(&*why)) },
    }
}

async fn take_place(row: Row) {
    let mut place = Place::new(&row).await;
    (row.steps)(&mut place).await;
    place.ends(row.end, row.least).await;
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

/// Past the capture of the test harness: the table is there to be read when all is well, too.
fn print(ran: &[Ran]) {
    let lines: Vec<String> = ran.iter().map(|row| row.line.to_string()).collect();
    let good = ran.iter().filter(|row| row.failure.is_none()).count();
    let text = format!("\n{}\n{} rows, {good} as expected\n", lines.join("\n"), ran.len());
    stdout().write_all(text.as_bytes()).unwrap();
}
