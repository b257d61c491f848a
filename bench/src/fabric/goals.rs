//! What the figures are to come to.

use super::Contestant::{Go, Library, Node, Server};
use super::page::{Row, milliseconds};
use super::work::Work;

/// The most that HTTP may add to a call.
const ADDED_SECONDS_MAX: f64 = 0.3e-3;

/// A goal at one work, and whether it is met.
pub(crate) struct Goal {
    pub(crate) text: &'static str,
    pub(crate) work: Work,
    pub(crate) measured: String,
    pub(crate) is_met: bool,
}

/// All goals, work by work.
pub(crate) fn goals(rows: &[Row]) -> Vec<Goal> {
    rows.iter().flat_map(goals_at).collect()
}

fn goals_at(row: &Row) -> Vec<Goal> {
    let rate = |contestant| row.of(contestant).calls_per_second;
    let cpu = |contestant| row.of(contestant).cpu_seconds_per_call;
    let at_least = |text, ratio: f64, least: f64| (text, format!("{ratio:.2}"), ratio >= least);
    let at_most = |text, ratio: f64, most: f64| (text, format!("{ratio:.2}"), ratio <= most);
    let mut goals = vec![
        at_least(
            "library: the better client's rate at least",
            rate(Library) / rate(Go).max(rate(Node)),
            1.0,
        ),
        at_most(
            "library: half of the Go client's CPU at most",
            cpu(Library) / cpu(Go),
            0.5,
        ),
        at_most(
            "library: a tenth of the Node client's CPU at most",
            cpu(Library) / cpu(Node),
            0.1,
        ),
        at_least(
            "HTTP: 0.95 of the Go client's rate at least",
            rate(Server) / rate(Go),
            0.95,
        ),
        at_most(
            "HTTP: the Go client's CPU at most",
            cpu(Server) / cpu(Go),
            1.0,
        ),
    ];
    if !row.work.submit && row.work.callers == 1 {
        let added = row.of(Server).p50_seconds - row.of(Library).p50_seconds;
        goals.push((
            "HTTP: at most 0.3 ms more than the library at p50",
            milliseconds(added),
            added <= ADDED_SECONDS_MAX,
        ));
    }
    let goals = goals.into_iter();
    goals
        .map(|(text, measured, is_met)| Goal {
            text,
            work: row.work,
            measured,
            is_met,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::work::Figures;
    use super::*;

    fn figures(calls_per_second: f64, cpu_seconds_per_call: f64, p50_seconds: f64) -> Figures {
        Figures {
            calls_per_second,
            p50_seconds,
            p99_seconds: p50_seconds,
            cpu_seconds_per_call,
        }
    }

    fn met(ours: [Figures; 2]) -> Vec<bool> {
        let [library, server] = ours;
        let go = figures(100.0, 100e-6, 1e-3);
        let node = figures(50.0, 1000e-6, 2e-3);
        let row = Row {
            work: Work::ALL[0],
            figures: [go, node, library, server],
        };
        goals(&[row]).iter().map(|goal| goal.is_met).collect()
    }

    #[test]
    fn each_goal_is_missed_by_its_own_figure() {
        let library = figures(100.0, 50e-6, 1e-3);
        let server = figures(95.0, 100e-6, 1.29e-3);
        assert_eq!(met([library, server]), [true; 6]);
        let slow = figures(99.0, 50e-6, 1e-3);
        assert_eq!(met([slow, server]), [false, true, true, true, true, true]);
        let hungry = figures(100.0, 101e-6, 1e-3);
        assert_eq!(
            met([hungry, server]),
            [true, false, false, true, true, true]
        );
        let all_wrong = figures(94.0, 101e-6, 1.31e-3);
        assert_eq!(
            met([library, all_wrong]),
            [true, true, true, false, false, false]
        );
    }
}
