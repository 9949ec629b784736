//! Random schedules within the assumptions of the classical elections: delays are bounded, no message between live
//! nodes is lost, and all that fails is that nodes crash and start again.

use netsplit_protocols::parts::workload::{Arrivals, Workload};
use netsplit_protocols::registry::{Algorithm, Setup};
use netsplit_sim::declare::{Settings, Value};
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::time::{MILLISECOND, Nanos};
use netsplit_sim::{Node, NodeId, Simulation};

/// Greatest delay of a message (ns).
pub const DELAY: Nanos = 30 * MILLISECOND;

pub fn setup(algorithm: &Algorithm, seed: u64, nodes: u32, rate: f64) -> Setup {
    let latency = Distribution::Uniform { min: MILLISECOND, max: DELAY };
    // Datagrams that are not lost: a stream would lose what is under way when its other end starts again.
    let transport = Transport::Datagram;
    let workload = Workload { clients: 2, arrivals: Arrivals::Open, rate, ..Workload::default() };
    Setup {
        seed,
        nodes,
        spares: 0,
        settings: Settings::defaults(algorithm.params),
        overrides: Vec::new(),
        network: Network::uniform(Profile::new(latency, transport)),
        zones: Vec::new(),
        workload,
    }
}

pub fn broken(mut setup: Setup, how: &'static str) -> Setup {
    setup.settings.set("broken", Value::Choice(how)).expect("declared");
    setup
}

/// What a run gives to look at after each of its events.
pub trait Observer<N: Node> {
    /// After `who` handled an event.
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Result<(), String>;
    /// All crashes and restarts are long over.
    fn settled(&mut self, nodes: &[N], up: &[bool]) -> Result<(), String>;
}

/// Crashes and restarts for `length`, at random instants, now and then with a pause of `settle` in which all must
/// agree. Half of the crashes take whom `aim` names.
pub fn storm<N: Node>(
    sim: &mut netsplit_sim::Cluster<N>,
    seed: u64,
    nodes: u32,
    length: Nanos,
    settle: Nanos,
    aim: impl Fn(&[N]) -> Option<usize>,
    observer: &mut impl Observer<N>,
) -> Result<(), String> {
    let word = |what: u64, k: u64| draw::word(draw::join(draw::mix(seed), what), k);
    let up = |sim: &netsplit_sim::Cluster<N>| -> Vec<bool> {
        sim.core().nodes.iter().map(|node| node.up).collect()
    };
    let mut count = 0;
    while sim.now() < length {
        count += 1;
        // A long calm, a moment, or until another node takes over and a little longer.
        let calm = word(1, count) % 4 == 0;
        let change = word(1, count) % 4 == 1;
        let pause = word(2, count) % (600 * MILLISECOND);
        let mut until = sim.now() + if calm || change { settle } else { 0 } + pause;
        let mut led = aim(sim.nodes());
        loop {
            if change && aim(sim.nodes()).is_some() && aim(sim.nodes()) != led {
                until = until.min(sim.now() + word(8, count) % DELAY);
                led = aim(sim.nodes());
            }
            let before = sim.events();
            sim.run(until, 1);
            if sim.events() == before {
                break;
            }
            let who = NodeId(sim.core().trace.last().map_or(0, |record| record.node));
            let running = up(sim);
            observer
                .after(sim.nodes(), who, &running)
                .map_err(|why| format!("at {} ns: {why}", sim.now()))?;
        }
        if calm {
            let running = up(sim);
            observer.settled(sim.nodes(), &running).map_err(|why| format!("at {} ns: {why}", sim.now()))?;
        }
        let any = draw::below(word(3, count), nodes) as usize;
        let target = aim(sim.nodes()).filter(|_| word(4, count) & 1 == 0).unwrap_or(any);
        let down = (0..nodes as usize).filter(|at| !sim.core().nodes[*at].up).collect::<Vec<_>>();
        // As many nodes start again as crash, and one is always left.
        let kind = if down.is_empty() || (word(5, count) & 1 == 0 && down.len() + 1 < nodes as usize) {
            FaultKind::Crash { host: word(6, count) & 1 == 0 }
        } else {
            FaultKind::Restart
        };
        let target = match kind {
            FaultKind::Restart => down[draw::below(word(7, count), down.len() as u32) as usize],
            _ => target,
        };
        let from = vec![Selector::Node(NodeId(target as u32))];
        sim.schedule_fault(Fault {
            at: sim.now() + 1,
            duration: None,
            kind,
            from,
            to: Vec::new(),
            message: None,
            directed: false,
        });
    }
    Ok(())
}
