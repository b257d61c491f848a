use std::process::ExitCode;

use chainloom_devnet::{Condition, Phase, Status, shell_word};

use crate::arguments::DevnetPlace;
use crate::error::Error;
use crate::output::{Output, Table, printable, warn};

/// Shows what a network's processes are doing, and what is wrong.
pub(crate) fn run(place: &DevnetPlace, json: bool) -> Result<ExitCode, Error> {
    let status = Status::of(&place.directory()?)?;
    let mut output = Output::new();
    if json {
        let text = serde_json::to_string(&status).expect("a status has text for keys");
        output.line(&text)?;
    } else {
        output.line(&headline(&status))?;
        if status.is_running {
            output.table(&processes(&status))?;
        }
        for problem in &status.problems {
            let lines: Vec<String> = problem.lines().map(printable).collect();
            warn(&lines.join("\n"));
        }
    }
    Ok(match is_well(&status) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn is_well(status: &Status) -> bool {
    let phase = status.state.as_ref().map(|state| &state.phase);
    status.is_running && phase == Some(&Phase::Ready) && status.problems.is_empty()
}

fn headline(status: &Status) -> String {
    let directory = printable(&status.directory.display().to_string());
    let kind = match &status.topology {
        Some(topology) => format!("Fabric {}, {}", topology.fabric, topology.consensus),
        None => "none was brought up".to_owned(),
    };
    let phase = status.state.as_ref().map(|state| &state.phase);
    let doing = match (status.is_running, phase) {
        (true, Some(Phase::Ready)) if status.problems.is_empty() => "is up".to_owned(),
        (true, Some(Phase::Ready)) => {
            "is up, but not as it should be; `chainloom devnet down` and `up` start all of it again"
                .to_owned()
        }
        (true, Some(Phase::Starting { step })) => format!("is starting ({})", printable(step)),
        (true, _) => "is ending".to_owned(),
        (false, _) => {
            let place = shell_word(&status.directory);
            format!("is not running; `chainloom devnet up --dir {place}` starts it")
        }
    };
    format!("The network in {directory} ({kind}) {doing}.")
}

fn processes(status: &Status) -> Table {
    let mut table = Table::new(&["process", "what", "address", "state", "process id#"]);
    let processes = status.state.iter().flat_map(|state| &state.processes);
    for process in processes {
        let (state, id) = match &process.condition {
            Condition::Running { process_id } => ("running", process_id.to_string()),
            Condition::Stopped => ("stopped", String::new()),
            Condition::Dead { .. } => ("dead", String::new()),
        };
        table.row([
            printable(&process.name),
            printable(&process.role),
            printable(&process.address),
            state.to_owned(),
            id,
        ]);
    }
    table
}
