//! Looking things up over HTTP: my transactions, a transaction by its id, a key's history.

use std::time::Instant;

use chainloom_ledger::CreatorName;

use super::kept::Kept;
use super::page::{Goal, Row, below};
use super::sample::Sample;
use super::served::LEDGER;
use super::worker::{Synced, Worker};
use crate::load::{Client, get};

/// How many transactions are indexed when it is looked.
const SCALES: [u64; 3] = [10_000, 100_000, 1_000_000];

/// How often each thing is looked up.
const LOOKUPS: usize = 500;

/// The median is to be below, in milliseconds.
const GOAL_MS: f64 = 1.0;

/// How much slower a look-up may be among a hundred times as many transactions, and still be called flat.
const FLAT: f64 = 1.5;

/// What is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lookup {
    MyTransactions,
    ById,
    KeyHistory,
    /// Things that are often true, each for itself, and never at once.
    Never,
}

impl Lookup {
    const ALL: [Self; 4] = [
        Self::MyTransactions,
        Self::ById,
        Self::KeyHistory,
        Self::Never,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::MyTransactions => "mytx, 50 transactions",
            Self::ById => "showtx by id",
            Self::KeyHistory => "a key's history, its newest entry",
            Self::Never => "a page of a listing whose filters never match at once",
        }
    }

    fn path(self, sample: &Sample, turn: usize) -> String {
        let path = format!("/api/v1/ledgers/{LEDGER}");
        match self {
            Self::MyTransactions => format!("{path}/transactions?creator=me"),
            Self::ById => format!("{path}/transactions/{}", sample.ids[turn]),
            // One entry, so that answers are of one size: keys are written more often the longer the chain is.
            Self::KeyHistory => {
                let key = &sample.keys[turn];
                format!("{path}/keys/probe/history?key={key}&limit=1")
            }
            Self::Never => {
                format!("{path}/transactions?code=MVCC_READ_CONFLICT&function=put")
            }
        }
    }
}

/// The medians at one scale in milliseconds, in the order of [`Lookup::ALL`].
type Medians = [f64; Lookup::ALL.len()];

/// Indexes more and more transactions, and looks up at each scale; answers what indexing them all came to, too.
pub(crate) fn run(kept: &Kept, user: &CreatorName) -> (Synced, Vec<Row>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut worker = Worker::start(&kept.path, &folder.path().join("index.redb"), user);
    let mut at_scales = Vec::new();
    let mut last = None;
    for scale in SCALES {
        let end = kept.end_of(scale);
        last = Some(worker.sync(end));
        let sample = Sample::of(kept, end, LOOKUPS);
        let mut client = Client::new(worker.address);
        let medians = Lookup::ALL.map(|lookup| measure(&mut client, lookup, &sample));
        println!("{scale} transactions: {medians:.3?} ms");
        at_scales.push(medians);
    }
    (last.expect("there are scales"), rows(&at_scales))
}

/// The median over all look-ups, from the request's first byte to the answer's last.
fn measure(client: &mut Client, lookup: Lookup, sample: &Sample) -> f64 {
    let mut times: Vec<f64> = (0..LOOKUPS)
        .map(|turn| {
            let request = get(&lookup.path(sample, turn));
            let start = Instant::now();
            let (status, _) = client.send(&request);
            assert_eq!(status, 200, "{}", lookup.path(sample, turn));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn rows(at_scales: &[Medians]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (index, lookup) in Lookup::ALL.into_iter().enumerate() {
        let medians: Vec<f64> = at_scales.iter().map(|medians| medians[index]).collect();
        let (first, last) = (medians[0], medians[medians.len() - 1]);
        let shown: Vec<String> = medians
            .iter()
            .map(|median| format!("{median:.3}"))
            .collect();
        let work = format!(
            "{}: median at 10,000, 100,000 and 1,000,000 transactions",
            lookup.name()
        );
        rows.push(Row {
            work,
            rival: String::new(),
            ours: format!("{} ms", shown.join(", ")),
            goal: (lookup != Lookup::Never).then(|| below(last, GOAL_MS, "ms")),
        });
        if lookup != Lookup::Never {
            rows.push(Row {
                work: format!("{}: 1,000,000 beside 10,000 transactions", lookup.name()),
                rival: String::new(),
                ours: String::new(),
                goal: Some(flat(last / first)),
            });
        }
    }
    rows
}

fn flat(ratio: f64) -> Goal {
    Goal {
        text: format!("flat: at most {FLAT}x"),
        measured: format!("{ratio:.2}x"),
        is_met: ratio <= FLAT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_that_grows_is_not_flat() {
        let small = [0.2, 0.3, 0.4, 30.0];
        let great = [0.2, 0.9, 0.4, 60.0];
        let rows = rows(&[small, small, great]);
        let met: Vec<bool> = rows
            .iter()
            .filter_map(|row| Some(row.goal.as_ref()?.is_met))
            .collect();
        assert_eq!(met, [true, true, true, false, true, true]);
    }
}
