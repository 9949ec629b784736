//! nexosim 1.0 on one thread. A model can delay only what it sends to itself, so a message on its way is an
//! event that its sender schedules on itself and passes on when it is due. Ports are wired before the run:
//! 1,024 nodes that can all reach each other go through one model that is the network.

use std::collections::VecDeque;
use std::time::Duration;

use netsplit_bench::workload::{BETWEEN, LATENCY, LEAST, MOST, NODES, Run, SERVICE, WIRE, Workload};
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw;
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::Output;
use nexosim::simulation::{Mailbox, SimInit, Simulation, SimulationError};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

/// Starts a workload.
pub fn start(workload: Workload) -> Box<dyn Run> {
    let sim = match workload {
        Workload::PingPong => ping_pong(),
        Workload::Random => random(),
        Workload::Queue => queue(),
    };
    Box::new(Nexosim(sim.expect("the bench is assembled rightly")))
}

struct Nexosim(Simulation);

impl Run for Nexosim {
    /// One step runs all that is due at one nanosecond: nearly always one event.
    fn advance(&mut self, events: u64) {
        for _ in 0..events {
            self.0.step().expect("the simulation goes on");
        }
    }
}

/// A span drawn from this law; 0 cannot be scheduled.
fn span(law: &Distribution, draws: &mut u64) -> Duration {
    *draws += 1;
    Duration::from_nanos(law.sample(draw::word(7, *draws)).max(1))
}

fn ping_pong() -> Result<Simulation, SimulationError> {
    let mut players = [true, false].map(|serves| Player { serves, ball: Output::default(), received: 0 });
    let boxes = [(); 2].map(|()| Mailbox::new());
    players[0].ball.connect(Player::receive, &boxes[1]);
    players[1].ball.connect(Player::receive, &boxes[0]);
    let mut bench = SimInit::with_num_threads(1);
    for ((player, mailbox), name) in players.into_iter().zip(boxes).zip(["a", "b"]) {
        bench = bench.add_model(player, mailbox, name);
    }
    bench.init(MonotonicTime::EPOCH)
}

#[derive(Serialize, Deserialize)]
struct Player {
    serves: bool,
    ball: Output<u64>,
    received: u64,
}

#[Model]
impl Player {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        if self.serves {
            self.receive(0, cx);
        }
    }

    fn receive(&mut self, ball: u64, cx: &Context<Self>) {
        self.received += 1;
        let latency = Duration::from_nanos(LATENCY);
        cx.schedule_event(latency, schedulable!(Self::arrive), ball + 1).expect("in the future");
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, ball: u64) {
        self.ball.send(ball).await;
    }
}

fn random() -> Result<Simulation, SimulationError> {
    let mut wires = Wires { to: Vec::new(), draws: 0 };
    let wires_box = Mailbox::new();
    let mut bench = SimInit::with_num_threads(1);
    for me in 0..NODES {
        let (mut node, mailbox) = (Passer { me, out: Output::default(), received: 0 }, Mailbox::new());
        node.out.connect(Wires::carry, &wires_box);
        let mut wire = Output::default();
        wire.connect(Passer::receive, &mailbox);
        wires.to.push(wire);
        bench = bench.add_model(node, mailbox, &format!("n{me}"));
    }
    bench.add_model(wires, wires_box, "wires").init(MonotonicTime::EPOCH)
}

#[derive(Serialize, Deserialize)]
struct Passer {
    me: u32,
    out: Output<(u32, u64)>,
    received: u64,
}

#[Model]
impl Passer {
    #[nexosim(init)]
    async fn init(&mut self) {
        self.receive(u64::from(self.me)).await;
    }

    async fn receive(&mut self, ball: u64) {
        self.received += 1;
        let key = draw::mix(u64::from(self.me) + 1);
        self.out.send((draw::below(draw::word(key, self.received), NODES), ball)).await;
    }
}

#[derive(Serialize, Deserialize)]
struct Wires {
    to: Vec<Output<u64>>,
    draws: u64,
}

#[Model]
impl Wires {
    fn carry(&mut self, message: (u32, u64), cx: &Context<Self>) {
        let delay = span(&Distribution::Uniform { min: LEAST, max: MOST }, &mut self.draws);
        cx.schedule_event(delay, schedulable!(Self::arrive), message).expect("in the future");
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, (to, ball): (u32, u64)) {
        self.to[to as usize].send(ball).await;
    }
}

fn queue() -> Result<Simulation, SimulationError> {
    let mut source = Source { customer: Output::default(), draws: 0 };
    let server = Server { busy: false, waiting: VecDeque::new() };
    let (source_box, server_box) = (Mailbox::new(), Mailbox::new());
    source.customer.connect(Server::arrive, &server_box);
    SimInit::with_num_threads(1)
        .add_model(source, source_box, "source")
        .add_model(server, server_box, "server")
        .init(MonotonicTime::EPOCH)
}

#[derive(Serialize, Deserialize)]
struct Source {
    customer: Output<Duration>,
    draws: u64,
}

#[Model]
impl Source {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        self.next((), cx);
    }

    #[nexosim(schedulable)]
    fn next(&mut self, (): (), cx: &Context<Self>) {
        let takes = span(&Distribution::Exponential { mean: SERVICE }, &mut self.draws);
        let wire = Duration::from_nanos(WIRE);
        cx.schedule_event(wire, schedulable!(Self::arrive), takes).expect("in the future");
        let next = span(&Distribution::Exponential { mean: BETWEEN }, &mut self.draws);
        cx.schedule_event(next, schedulable!(Self::next), ()).expect("in the future");
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, takes: Duration) {
        self.customer.send(takes).await;
    }
}

#[derive(Serialize, Deserialize)]
struct Server {
    busy: bool,
    /// Service times of those who wait.
    waiting: VecDeque<Duration>,
}

#[Model]
impl Server {
    fn arrive(&mut self, takes: Duration, cx: &Context<Self>) {
        if self.busy {
            self.waiting.push_back(takes);
        } else {
            self.begin(takes, cx);
        }
    }

    fn begin(&mut self, takes: Duration, cx: &Context<Self>) {
        self.busy = true;
        cx.schedule_event(takes, schedulable!(Self::complete), ()).expect("in the future");
    }

    #[nexosim(schedulable)]
    fn complete(&mut self, (): (), cx: &Context<Self>) {
        match self.waiting.pop_front() {
            Some(takes) => self.begin(takes, cx),
            None => self.busy = false,
        }
    }
}
