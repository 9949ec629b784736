//! Who takes part: engines in this process and engines in a process of their own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use cpu_time::ProcessTime;
use netsplit_bench::{Run, Workload};

/// Something that handles events and can tell how long that took.
pub trait Contestant {
    /// Processor-seconds for so many more events of a workload.
    fn seconds(&mut self, workload: Workload, events: u64) -> Result<f64, String>;
}

/// An engine in this process.
pub struct Native {
    start: fn(Workload) -> Box<dyn Run>,
    runs: [Option<Box<dyn Run>>; 3],
}

impl Native {
    pub fn new(start: fn(Workload) -> Box<dyn Run>) -> Self {
        Self { start, runs: [None, None, None] }
    }
}

impl Contestant for Native {
    fn seconds(&mut self, workload: Workload, events: u64) -> Result<f64, String> {
        let run = self.runs[workload as usize].get_or_insert_with(|| (self.start)(workload));
        let begin = ProcessTime::now();
        run.advance(events);
        Ok(begin.elapsed().as_secs_f64())
    }
}

/// An engine in a process that reads lines "WORKLOAD EVENTS" and answers each with processor-seconds.
pub struct Apart {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Apart {
    pub fn spawn(command: &mut Command) -> Result<Self, String> {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{program} does not start: {error}"))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{program} has no pipes"));
        };
        Ok(Self { child, to, from: BufReader::new(from) })
    }
}

impl Contestant for Apart {
    fn seconds(&mut self, workload: Workload, events: u64) -> Result<f64, String> {
        let mut answer = String::new();
        writeln!(self.to, "{} {events}", workload as usize).map_err(|error| error.to_string())?;
        self.from.read_line(&mut answer).map_err(|error| error.to_string())?;
        answer.trim().parse().map_err(|_| format!("it answered {answer:?}"))
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
