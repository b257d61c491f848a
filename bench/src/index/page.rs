//! The figures as a page of the documentation.

use std::fmt::Write;

use crate::report::machine;

/// One line of the table.
pub(crate) struct Row {
    pub(crate) work: String,
    pub(crate) rival: String,
    pub(crate) ours: String,
    pub(crate) goal: Option<Goal>,
}

/// What a figure is to come to.
pub(crate) struct Goal {
    pub(crate) text: String,
    pub(crate) measured: String,
    pub(crate) is_met: bool,
}

/// So many times the rival's.
pub(crate) fn at_least(ratio: f64, least: f64) -> Goal {
    Goal {
        text: format!("at least {least:.0}x"),
        measured: format!("{ratio:.1}x"),
        is_met: ratio >= least,
    }
}

/// Less than so much, in this unit.
pub(crate) fn below(figure: f64, most: f64, unit: &str) -> Goal {
    Goal {
        text: format!("under {most} {unit}"),
        measured: format!("{figure:.2} {unit}"),
        is_met: figure < most,
    }
}

/// The line in the table.
pub(crate) fn line(row: &Row) -> String {
    let (goal, measured, met) = match &row.goal {
        None => ("", "", ""),
        Some(goal) => (
            goal.text.as_str(),
            goal.measured.as_str(),
            if goal.is_met { "yes" } else { "no" },
        ),
    };
    let Row {
        work, rival, ours, ..
    } = row;
    format!("| {work} | {rival} | {ours} | {goal} | {measured} | {met} |")
}

/// The page; `how` says what was indexed.
pub(crate) fn page(how: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "# Benchmarks of the index\n\n\
         Written by `cargo xtask bench index`, with rivals measured in the same run on the same machine. Machines differ and are noisy: the \
         ratios are what to look at.\n\n{how}\n\nMachine: {}.\n\n\
         | work | rival | Chainloom | goal | measured | met |\n|---|---|---|---|---|---|\n",
        machine()
    );
    for row in rows {
        let _ = writeln!(text, "{}", line(row));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_missed_by_their_figures() {
        let met = [
            at_least(20.0, 20.0),
            at_least(19.9, 20.0),
            below(0.99, 1.0, "ms"),
            below(1.0, 1.0, "ms"),
        ]
        .map(|goal| goal.is_met);
        assert_eq!(met, [true, false, true, false]);
    }

    #[test]
    fn a_line_says_whether_its_goal_is_met() {
        let row = Row {
            work: "walk".to_owned(),
            rival: "1/s".to_owned(),
            ours: "30/s".to_owned(),
            goal: Some(at_least(30.0, 20.0)),
        };
        assert_eq!(
            line(&row),
            "| walk | 1/s | 30/s | at least 20x | 30.0x | yes |"
        );
        let row = Row { goal: None, ..row };
        assert_eq!(line(&row), "| walk | 1/s | 30/s |  |  |  |");
    }
}
