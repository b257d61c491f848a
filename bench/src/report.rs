//! The table, on the terminal and as a page of the documentation.

use std::fmt::Write;

/// One line of the table.
pub(crate) struct Row {
    pub(crate) work: String,
    pub(crate) rival: String,
    pub(crate) ours: String,
    /// Ours against the rival; absent where there is no rival.
    pub(crate) ratio: Option<f64>,
    pub(crate) goal: String,
}

/// The figures of one run.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Adds a line and prints it at once, since a run takes minutes.
    pub(crate) fn add(&mut self, row: Row) {
        println!("{}", line(&row));
        self.rows.push(row);
    }

    /// The page `docs/benchmarks.md`.
    pub(crate) fn page(&self) -> String {
        let mut page = String::from(
            "# Benchmarks\n\n\
             Written by `cargo xtask bench`, which measures Chainloom and its rival in one run on one machine. Machines differ \
             and are noisy: the ratio is what to look at. Rivals are programs of the tutorial in Python: its own search \
             loop, its own validation, and a Flask node. Calls of a contract on Hyperledger Fabric have \
             [a page of their own](benchmarks-fabric.md).\n\n",
        );
        let _ = writeln!(page, "Machine: {}.\n", machine());
        page.push_str("| work | rival | Chainloom | ratio | goal |\n|---|---|---|---|---|\n");
        for row in &self.rows {
            page.push_str(&line(row));
            page.push('\n');
        }
        page
    }
}

fn line(row: &Row) -> String {
    let ratio = row
        .ratio
        .map_or_else(String::new, |ratio| format!("{ratio:.1}x"));
    format!(
        "| {} | {} | {} | {ratio} | {} |",
        row.work, row.rival, row.ours, row.goal
    )
}

/// The machine in words.
pub(crate) fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{processors} cores of {model}, {}", std::env::consts::OS)
}

/// The middle of these figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// A rate in words.
pub(crate) fn rate(per_second: f64, noun: &str) -> String {
    match per_second {
        rate if rate >= 1e6 => format!("{:.1} million {noun}/s", rate / 1e6),
        rate if rate >= 1e3 => format!("{:.1} thousand {noun}/s", rate / 1e3),
        rate => format!("{rate:.0} {noun}/s"),
    }
}

/// Seconds in words.
pub(crate) fn seconds(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}
