//! The linearizability checker's speed beside others': the same histories, one table with ratios.
//!
//! Processor time of one check, best of many, in a process of its own with a limit: some never end. What each
//! needs to read the history in its own form is not measured, but ours begins with the history of all keys.

mod peers;
mod workload;

use std::hint::black_box;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use cpu_time::ProcessTime;
use netsplit_checker::linear::{BUDGET, Verdict, check, registers};
use netsplit_checker::live::Live;
use netsplit_checker::model::Model;
use workload::{CASES, Case};

const ROWS: [&str; 5] = ["netsplit", "netsplit, live", "porcupine-rs", "todc-utils", "stateright"];

/// Seconds that one row may take for one case.
const LIMIT: u32 = 10;

fn main() -> ExitCode {
    let args: Vec<usize> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    if let [row, case] = args[..] {
        return match measure(row, CASES[case]) {
            Some(seconds) => {
                println!("{seconds}");
                ExitCode::SUCCESS
            }
            None => ExitCode::FAILURE,
        };
    }
    println!("Milliseconds of processor time, and how many times as long as ours\n");
    print!("{:42}", "");
    ROWS.iter().for_each(|row| print!("{row:>22}"));
    println!();
    for (number, case) in CASES.iter().enumerate() {
        print!("{:42}", case.name);
        let mut ours = None;
        for row in 0..ROWS.len() {
            match apart(row, number) {
                Ok(seconds) => {
                    let ours = *ours.get_or_insert(seconds);
                    print!("{:>12.3} {:>8.1}x", seconds * 1e3, seconds / ours);
                }
                Err(why) => print!("{why:>22}"),
            }
        }
        println!();
    }
    ExitCode::SUCCESS
}

/// Measures in a process of its own.
fn apart(row: usize, case: usize) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut child = Command::new(program)
        .args([row.to_string(), case.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    for _ in 0..LIMIT * 50 {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Ok(Some(status)) if status.success() => {
                let output = child.wait_with_output().map_err(|error| error.to_string())?;
                return String::from_utf8_lossy(&output.stdout)
                    .trim()
                    .parse()
                    .map_err(|_| "no number".into());
            }
            _ => return Err("failed".into()),
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(format!("over {LIMIT} s"))
}

/// Processor-seconds of one check; nothing if the verdict is wrong.
fn measure(row: usize, case: Case) -> Option<f64> {
    let history = workload::history(case);
    let keys = peers::operations(&history);
    let porcupine = peers::porcupine::prepare(&keys);
    let todc: Vec<_> = keys.iter().map(|(_, ops)| peers::todc::prepare(ops)).collect();
    let (mut best, mut total) = (f64::INFINITY, 0.0);
    while total < 0.3 {
        let copies = todc.clone();
        let testers: Vec<_> = if row == 4 {
            keys.iter().map(|(_, ops)| peers::stateright::prepare(ops)).collect()
        } else {
            Vec::new()
        };
        let begin = ProcessTime::now();
        let fine = match row {
            0 => {
                let verdicts = registers(black_box(history.records()))
                    .iter()
                    .map(|(_, ops)| check(ops, Model::Register, BUDGET))
                    .find(|verdict| *verdict != Verdict::Linearizable);
                if verdicts == Some(Verdict::Undecided) {
                    return None;
                }
                verdicts.is_none()
            }
            1 => {
                let mut live = Live::new();
                while !live.feed(black_box(&history), 1_000_000) {}
                let seen = live.as_of(u64::MAX);
                if seen.undecided > 0 {
                    return None;
                }
                seen.violations == 0
            }
            2 => peers::porcupine::check(black_box(&porcupine)),
            3 => copies.into_iter().all(|steps| peers::todc::check(black_box(steps))),
            _ => testers.iter().all(|tester| peers::stateright::check(black_box(tester))),
        };
        let seconds = begin.elapsed().as_secs_f64();
        if fine == case.stale {
            return None;
        }
        total += seconds;
        best = best.min(seconds);
    }
    Some(best)
}
