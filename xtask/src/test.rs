//! `cargo xtask test`: the gate.

use std::process::ExitCode;

use crate::report::Report;
use crate::setup::Requirements;
use crate::step::Step;
use crate::tally::Tally;

/// Sets up the machine and runs the steps.
///
/// A failed step does not stop the others: one run shows everything that is wrong. Only where there is no program or
/// no set-up is there nothing to go on with. The last line printed is `N passed, N failed`.
pub(crate) fn run(steps: &[Step]) -> ExitCode {
    let mut report = Report::default();
    let mut tally = Tally::default();
    let needed = steps
        .iter()
        .map(|step| step.requirements())
        .fold(Requirements::default(), Requirements::and);
    if report.step("set-up", || needed.set_up()) {
        for step in steps {
            let went_well = report.step(step.heading(), || step.run(&mut tally));
            if *step == Step::Build && !went_well {
                break;
            }
        }
    }
    report.print();
    println!("\n{tally}");
    if report.all_went_well() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
