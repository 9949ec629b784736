//! The row of anysystem 0.3. Reads lines "WORKLOAD EVENTS", answers each with the processor-seconds it took.
//!
//! Its log keeps every message for ever, so each line gets a new system; building it is not timed. It has no
//! processors: on M/M/1 the server keeps its queue itself and sets timers.

use std::collections::VecDeque;
use std::io::BufRead;

use anysystem::{Context, Message, Process, System};
use cpu_time::ProcessTime;
use netsplit_sim::math;

const NODES: usize = 1024;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (workload, events) = line.split_once(' ').ok_or("a line is: WORKLOAD EVENTS")?;
        let mut system = build(workload);
        let begin = ProcessTime::now();
        system.steps(events.parse()?);
        println!("{}", begin.elapsed().as_secs_f64());
    }
    Ok(())
}

/// The system of a workload, by its place in the table. Times are in milliseconds.
fn build(workload: &str) -> System {
    let mut system = System::new(1);
    let names: Vec<String> = (0..if workload == "1" { NODES } else { 2 }).map(|i| format!("n{i}")).collect();
    let (least, most) = [(1.0, 1.0), (0.5, 1.5), (0.1, 0.1)][workload.parse::<usize>().unwrap_or(0).min(2)];
    system.network().set_delays(least, most);
    for (i, name) in names.iter().enumerate() {
        system.add_node(name);
        let process: Box<dyn Process> = match (workload, i) {
            ("0", _) => Box::new(Player),
            ("1", _) => Box::new(Passer { names: names.clone() }),
            (_, 0) => Box::new(Source),
            _ => Box::new(Server { busy: false, waiting: VecDeque::new() }),
        };
        system.add_process(name, process, name);
    }
    let starters = if workload == "1" { NODES } else { 1 };
    for name in &names[..starters] {
        system.send_local_message(name, Message::new("GO", ""));
    }
    system
}

fn ball() -> Message {
    Message::new("BALL", "0")
}

fn exponential(ctx: &mut Context, mean: f64) -> f64 {
    -mean * math::ln(1.0 - ctx.rand())
}

#[derive(Clone)]
struct Player;

impl Process for Player {
    fn on_message(&mut self, message: Message, from: String, ctx: &mut Context) -> Result<(), String> {
        ctx.send(message, from);
        Ok(())
    }
    fn on_local_message(&mut self, _: Message, ctx: &mut Context) -> Result<(), String> {
        ctx.send(ball(), "n1".into());
        Ok(())
    }
    fn on_timer(&mut self, _: String, _: &mut Context) -> Result<(), String> {
        Ok(())
    }
}

#[derive(Clone)]
struct Passer {
    names: Vec<String>,
}

impl Process for Passer {
    fn on_message(&mut self, message: Message, _: String, ctx: &mut Context) -> Result<(), String> {
        let to = (ctx.rand() * self.names.len() as f64) as usize;
        ctx.send(message, self.names[to].clone());
        Ok(())
    }
    fn on_local_message(&mut self, _: Message, ctx: &mut Context) -> Result<(), String> {
        self.on_message(ball(), String::new(), ctx)
    }
    fn on_timer(&mut self, _: String, _: &mut Context) -> Result<(), String> {
        Ok(())
    }
}

#[derive(Clone)]
struct Source;

impl Process for Source {
    fn on_message(&mut self, _: Message, _: String, _: &mut Context) -> Result<(), String> {
        Ok(())
    }
    fn on_local_message(&mut self, _: Message, ctx: &mut Context) -> Result<(), String> {
        self.on_timer(String::new(), ctx)
    }
    fn on_timer(&mut self, _: String, ctx: &mut Context) -> Result<(), String> {
        ctx.send(Message::new("CUSTOMER", ""), "n1".into());
        let next = exponential(ctx, 1.0);
        ctx.set_timer("next", next);
        Ok(())
    }
}

/// Draws a service time when service begins; first come, first served.
#[derive(Clone)]
struct Server {
    busy: bool,
    waiting: VecDeque<Message>,
}

impl Process for Server {
    fn on_message(&mut self, message: Message, _: String, ctx: &mut Context) -> Result<(), String> {
        if self.busy {
            self.waiting.push_back(message);
        } else {
            self.busy = true;
            let takes = exponential(ctx, 0.9);
            ctx.set_timer("done", takes);
        }
        Ok(())
    }
    fn on_local_message(&mut self, _: Message, _: &mut Context) -> Result<(), String> {
        Ok(())
    }
    fn on_timer(&mut self, _: String, ctx: &mut Context) -> Result<(), String> {
        self.busy = self.waiting.pop_front().is_some();
        if self.busy {
            let takes = exponential(ctx, 0.9);
            ctx.set_timer("done", takes);
        }
        Ok(())
    }
}
