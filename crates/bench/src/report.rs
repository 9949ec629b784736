//! The table, the aims and the numbers as JSON.

use netsplit_bench::Workload;
use serde_json::{Map, Value, json};

use crate::rounds::Score;
use crate::rows::{BARE, NETSPLIT, NETSPLIT_WASM, SIMCORE};

/// A speed of a row that is to reach so many times another row's, or so many million events a second.
struct Aim {
    row: &'static str,
    than: Option<&'static str>,
    /// By workload; no number is no aim.
    least: [Option<f64>; 3],
}

const AIMS: [Aim; 4] = [
    Aim { row: NETSPLIT, than: Some(SIMCORE), least: [Some(2.0), Some(2.0), Some(1.5)] },
    Aim { row: NETSPLIT, than: Some(BARE), least: [Some(0.5); 3] },
    Aim { row: NETSPLIT_WASM, than: Some(NETSPLIT), least: [Some(0.5); 3] },
    Aim { row: NETSPLIT_WASM, than: None, least: [Some(5.0), None, Some(5.0)] },
];

/// What became of an aim on one workload.
pub struct Outcome {
    what: String,
    workload: Workload,
    is: f64,
    least: f64,
    unit: &'static str,
}

impl Outcome {
    fn passes(&self) -> bool {
        self.is >= self.least
    }
}

/// Every aim whose rows were measured.
pub fn outcomes(scores: &[Score]) -> Vec<Outcome> {
    let speed = |row: &str, workload: Workload| {
        let score = scores.iter().find(|score| score.name == row)?;
        score.speeds[workload as usize].as_ref().ok().copied()
    };
    let mut all = Vec::new();
    for aim in &AIMS {
        for workload in Workload::ALL {
            let Some(least) = aim.least[workload as usize] else { continue };
            let Some(is) = speed(aim.row, workload) else { continue };
            let (what, is, unit) = match aim.than {
                None => (aim.row.to_owned(), is, " M/s"),
                Some(other) => {
                    let Some(base) = speed(other, workload) else { continue };
                    (format!("{} / {other}", aim.row), is / base, "x")
                }
            };
            all.push(Outcome { what, workload, is, least, unit });
        }
    }
    all
}

/// Prints the table.
pub fn print_table(scores: &[Score]) {
    println!("Millions of events per processor-second, best round\n");
    print!("{:18}", "");
    Workload::ALL.iter().for_each(|workload| print!("{:>14}", workload.title()));
    println!();
    for score in scores {
        print!("{:18}", score.name);
        for speed in &score.speeds {
            match speed {
                Ok(speed) => print!("{speed:>14.2}"),
                Err(_) => print!("{:>14}", "-"),
            }
        }
        println!();
    }
    for score in scores {
        if let Some(reason) = score.speeds.iter().find_map(|speed| speed.as_ref().err()) {
            println!("{}: skipped, {reason}", score.name);
        }
    }
}

/// Prints the aims.
pub fn print_outcomes(outcomes: &[Outcome]) {
    println!("\nAims\n");
    for o in outcomes {
        let verdict = if o.passes() { "pass" } else { "SHORT" };
        let (title, unit) = (o.workload.title(), o.unit);
        println!("{:30}{title:14}{:>8.2}{unit:4} (aim {}{unit})  {verdict}", o.what, o.is, o.least);
    }
    let short = outcomes.iter().filter(|outcome| !outcome.passes()).count();
    println!("\n{} of {} aims reached", outcomes.len() - short, outcomes.len());
}

/// All numbers.
pub fn json(scores: &[Score], outcomes: &[Outcome]) -> Value {
    let rows: Map<String, Value> = scores
        .iter()
        .map(|score| {
            let speeds = Workload::ALL.iter().zip(&score.speeds).map(|(workload, speed)| {
                let value = speed.as_ref().map_or_else(|reason| json!({ "skipped": reason }), |s| json!(s));
                (workload.title().to_owned(), value)
            });
            (score.name.to_owned(), Value::Object(speeds.collect()))
        })
        .collect();
    let aims: Vec<Value> = outcomes
        .iter()
        .map(|o| json!({ "what": o.what, "workload": o.workload.title(), "is": o.is, "aim": o.least, "passes": o.passes() }))
        .collect();
    json!({ "unit": "million events per processor-second", "rows": rows, "aims": aims })
}
