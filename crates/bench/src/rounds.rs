//! Measuring: warm up, then rounds in which everyone has a turn at everything; the best round counts, as a
//! neighbour on the machine can only slow a round down.

use netsplit_bench::Workload;

use crate::contestant::Contestant;
use crate::rows::Row;

/// How long to measure.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Rounds.
    pub rounds: u32,
    /// Processor-seconds of one turn, about.
    pub turn: f64,
}

/// Millions of events per processor-second by workload, or why there is no number.
pub struct Score {
    pub name: &'static str,
    pub speeds: [Result<f64, String>; 3],
}

/// Measures all rows.
pub fn measure(rows: &mut [Row], effort: Effort) -> Vec<Score> {
    let mut scores: Vec<Score> = rows.iter().map(|row| blank(row.name)).collect();
    for workload in Workload::ALL {
        let at = workload as usize;
        let mut events = Vec::new();
        for (row, score) in rows.iter_mut().zip(&mut scores) {
            let warm = row.contestant.as_mut().map_err(|reason| reason.clone());
            let warm = warm.and_then(|contestant| warm_up(&mut **contestant, workload, effort.turn));
            events.push(*warm.as_ref().unwrap_or(&0));
            score.speeds[at] = warm.map(|_| 0.0);
        }
        for _ in 0..effort.rounds {
            for ((row, score), events) in rows.iter_mut().zip(&mut scores).zip(&events) {
                let (Ok(contestant), Ok(best)) = (&mut row.contestant, score.speeds[at].clone()) else {
                    continue;
                };
                let seconds = contestant.seconds(workload, *events);
                score.speeds[at] = seconds.map(|seconds| best.max(*events as f64 / 1e6 / seconds));
            }
        }
    }
    scores
}

fn blank(name: &'static str) -> Score {
    Score { name, speeds: [Ok(0.0), Ok(0.0), Ok(0.0)] }
}

/// Runs ever more events until a turn lasts long enough to tell how many make a full one.
fn warm_up(contestant: &mut dyn Contestant, workload: Workload, turn: f64) -> Result<u64, String> {
    let mut events = 2_000;
    loop {
        let seconds = contestant.seconds(workload, events)?;
        if seconds > turn / 4.0 {
            return Ok((events as f64 * turn / seconds) as u64);
        }
        events *= 3;
    }
}
