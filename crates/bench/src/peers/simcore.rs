//! simcore 0.1 with callbacks: a component per node, events emitted with a delay. It has no network of its
//! own, and needs none here.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use netsplit_bench::workload::{BETWEEN, LATENCY, LEAST, MOST, NODES, Run, SERVICE, WIRE, Workload};
use serde::Serialize;
use simcore::{Event, EventHandler, Id, Simulation, SimulationContext, cast};

use super::{exponential, seconds};

/// Starts a workload.
pub fn start(workload: Workload) -> Box<dyn Run> {
    let mut sim = Simulation::new(1);
    match workload {
        Workload::PingPong => {
            let contexts = ["a", "b"].map(|name| sim.create_context(name));
            contexts[0].emit_now(Ball { number: 0 }, contexts[1].id());
            for (ctx, name) in contexts.into_iter().zip(["a", "b"]) {
                sim.add_handler(name, Rc::new(RefCell::new(Player { ctx, received: 0 })));
            }
        }
        Workload::Random => {
            let names: Vec<String> = (0..NODES).map(|i| format!("n{i}")).collect();
            let contexts: Vec<_> = names.iter().map(|name| sim.create_context(name)).collect();
            let ids: Rc<[Id]> = contexts.iter().map(SimulationContext::id).collect();
            for (ctx, name) in contexts.into_iter().zip(&names) {
                ctx.emit_self_now(Ball { number: 0 });
                let passer = Passer { ctx, ids: ids.clone(), received: 0 };
                sim.add_handler(name, Rc::new(RefCell::new(passer)));
            }
        }
        Workload::Queue => {
            let (source, server) = (sim.create_context("source"), sim.create_context("server"));
            source.emit_self_now(Next {});
            sim.add_handler("source", Rc::new(RefCell::new(Source { ctx: source, server: server.id() })));
            let server = Server { ctx: server, busy: false, waiting: VecDeque::new(), served: 0 };
            sim.add_handler("server", Rc::new(RefCell::new(server)));
        }
    }
    Box::new(Simcore(sim))
}

struct Simcore(Simulation);

impl Run for Simcore {
    fn advance(&mut self, events: u64) {
        self.0.steps(events);
    }
}

#[derive(Clone, Serialize)]
struct Ball {
    number: u64,
}
#[derive(Clone, Serialize)]
struct Next {}
#[derive(Clone, Serialize)]
struct Customer {
    takes: f64,
}
#[derive(Clone, Serialize)]
struct Done {}

struct Player {
    ctx: SimulationContext,
    received: u64,
}

impl EventHandler for Player {
    fn on(&mut self, event: Event) {
        let from = event.src;
        cast!(match event.data {
            Ball { number } => {
                self.received += 1;
                self.ctx.emit(Ball { number: number + 1 }, from, seconds(LATENCY));
            }
        });
    }
}

struct Passer {
    ctx: SimulationContext,
    ids: Rc<[Id]>,
    received: u64,
}

impl EventHandler for Passer {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Ball { number } => {
                self.received += 1;
                let to = self.ids[self.ctx.gen_range(0..NODES) as usize];
                let delay = self.ctx.gen_range(seconds(LEAST)..seconds(MOST));
                self.ctx.emit(Ball { number }, to, delay);
            }
        });
    }
}

struct Source {
    ctx: SimulationContext,
    server: Id,
}

impl EventHandler for Source {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Next {} => {
                let takes = exponential(self.ctx.rand(), seconds(SERVICE));
                self.ctx.emit(Customer { takes }, self.server, seconds(WIRE));
                self.ctx.emit_self(Next {}, exponential(self.ctx.rand(), seconds(BETWEEN)));
            }
        });
    }
}

struct Server {
    ctx: SimulationContext,
    busy: bool,
    /// Service times of those who wait (s).
    waiting: VecDeque<f64>,
    served: u64,
}

impl EventHandler for Server {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Customer { takes } => {
                if self.busy {
                    self.waiting.push_back(takes);
                } else {
                    self.busy = true;
                    self.ctx.emit_self(Done {}, takes);
                }
            }
            Done {} => {
                self.served += 1;
                match self.waiting.pop_front() {
                    Some(takes) => {
                        self.ctx.emit_self(Done {}, takes);
                    }
                    None => self.busy = false,
                }
            }
        });
    }
}
