//! From a scenario to a world at time 0: settings, network, zones, workload.

use netsplit_protocols::parts::workload::{Arrivals, Workload};
use netsplit_protocols::registry::{self, Algorithm, Setup};
use netsplit_scenario::{Mode, Problem, Problems, Scenario, System, Transport};
use netsplit_sim::Simulation;
use netsplit_sim::declare::Settings;
use netsplit_sim::network::{self, Network, Profile};
use netsplit_sim::small::Map;

use crate::declared;

/// A world at time 0 and what was needed to make it.
pub(crate) struct World {
    pub algorithm: &'static Algorithm,
    pub settings: Settings,
    pub simulation: Box<dyn Simulation>,
}

/// Builds the world of a scenario that has been validated.
pub(crate) fn build(scenario: &Scenario) -> Result<World, Problems> {
    let system = &scenario.system;
    let algorithm = registry::find(&system.pattern, &system.algorithm).ok_or_else(|| {
        let message = format!("there is no algorithm \"{}\" in \"{}\"", system.algorithm, system.pattern);
        Problems::one(Problem::new("unknown_name", "system.algorithm", message, ""))
    })?;
    let settings = declared::settings(algorithm.params, &[&system.params]);
    let overrides = system
        .overrides
        .iter()
        .map(|(node, own)| (node.clone(), declared::settings(algorithm.params, &[&system.params, own])))
        .collect();
    let zones = scenario.topology.zones.iter().enumerate();
    let setup = Setup {
        seed: scenario.seed.value(),
        nodes: system.nodes.unwrap_or(algorithm.nodes.2),
        spares: algorithm.spares,
        settings: settings.clone(),
        overrides,
        network: network(scenario, &|_| None),
        zones: zones
            .flat_map(|(index, zone)| zone.nodes.iter().map(move |node| (node.clone(), index as u16 + 1)))
            .collect(),
        workload: workload(scenario),
    };
    let mut simulation = (algorithm.build)(&setup);
    if !scenario.topology.links.is_empty() {
        // Links are kept by number, and numbers are known once the world has been built.
        let network = network(scenario, &|name| number(simulation.as_ref(), name));
        simulation = (algorithm.build)(&Setup { network, ..setup });
    }
    Ok(World { algorithm, settings, simulation })
}

/// The number of the node with this name.
pub(crate) fn number(simulation: &dyn Simulation, name: &str) -> Option<u32> {
    simulation.core().meta.iter().position(|meta| meta.name == name).map(|at| at as u32)
}

fn workload(scenario: &Scenario) -> Workload {
    let said = &scenario.workload;
    Workload {
        clients: said.clients,
        arrivals: match said.mode {
            Mode::Open => Arrivals::Open,
            Mode::Closed => Arrivals::Closed,
            Mode::Paced => Arrivals::Paced,
        },
        rate: said.rate,
        think: declared::distribution(&said.think),
        read_share: said.read_share,
        keys: u64::from(said.keys),
        skew: said.skew,
        timeout: said.timeout.0,
        retries: said.retries,
        backoff: said.backoff.0,
        // The least budget that is not "no limit" is one retry in a thousand requests.
        retry_permille: if said.retry_budget > 0.0 {
            (said.retry_budget * 1000.0).round().max(1.0) as u32
        } else {
            0
        },
        client_skew: said.client_skew,
        start: said.start.0,
        stop: said.stop.map_or(u64::MAX, |stop| stop.0),
        ..Workload::default()
    }
}

fn transport(said: Transport, system: &System) -> network::Transport {
    match (said, declared::transport(&system.pattern, &system.algorithm)) {
        (Transport::Datagram, _) | (Transport::Auto, Transport::Datagram) => network::Transport::Datagram,
        _ => network::Transport::Stream,
    }
}

fn network(scenario: &Scenario, number: &dyn Fn(&str) -> Option<u32>) -> Network {
    let (said, topology) = (&scenario.network, &scenario.topology);
    let base = Profile {
        loss: said.loss,
        duplicate: said.duplicate,
        reorder: said.reorder,
        bandwidth: said.bandwidth,
        ..Profile::new(declared::distribution(&said.latency), transport(said.transport, &scenario.system))
    };
    let mut network = Network::uniform(base.clone());
    // Zone 0 holds the nodes that the scenario puts in none.
    let count = topology.zones.len() + 1;
    let zone = |name: &str| topology.zones.iter().position(|zone| zone.name == name).map(|at| at + 1);
    if count > 1 {
        network.zones = count as u16;
        network.by_zone = vec![0; count * count];
        for entry in &topology.zone_latency {
            let (Some(from), Some(to)) = (zone(&entry.from), zone(&entry.to)) else { continue };
            let profile = Profile { latency: declared::distribution(&entry.latency), ..base.clone() };
            network.profiles.push(profile);
            let index = network.profiles.len() as u16 - 1;
            network.by_zone[from * count + to] = index;
            if !entry.one_way {
                network.by_zone[to * count + from] = index;
            }
        }
    }
    let home = |node: &str| {
        topology.zones.iter().position(|zone| zone.nodes.iter().any(|n| n == node)).map_or(0, |at| at + 1)
    };
    let mut by_link = Map::new();
    for link in &topology.links {
        let (Some(a), Some(b)) = (number(&link.from), number(&link.to)) else { continue };
        let ways = [(a, b, &link.from, &link.to), (b, a, &link.to, &link.from)];
        for (from, to, from_name, to_name) in ways.into_iter().take(if link.one_way { 1 } else { 2 }) {
            let mut profile = network.profile(from, to, home(from_name) as u16, home(to_name) as u16).clone();
            if let Some(latency) = &link.latency {
                profile.latency = declared::distribution(latency);
            }
            profile.loss = link.loss.unwrap_or(profile.loss);
            profile.bandwidth = link.bandwidth.unwrap_or(profile.bandwidth);
            if let Some(said) = link.transport {
                profile.transport = transport(said, &scenario.system);
            }
            network.profiles.push(profile);
            by_link.insert((from, to), network.profiles.len() as u16 - 1);
        }
    }
    network.by_link = by_link;
    network
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_scenario::{Duration, Fault, Scenario, Target};

    #[test]
    fn a_budget_above_nothing_is_never_no_limit() {
        let mut scenario = Scenario::new("load_balancing", "round_robin");
        for (said, permille) in [(0.0, 0), (0.0001, 1), (0.2, 200), (1.0, 1000)] {
            scenario.workload.retry_budget = said;
            assert_eq!(workload(&scenario).retry_permille, permille, "{said}");
        }
    }

    #[test]
    fn clients_share_the_traffic_by_their_skew_and_a_spike_alike() {
        let mut scenario = Scenario::new("load_balancing", "round_robin");
        scenario.duration = Duration::from_secs(120);
        scenario.workload.mode = Mode::Open;
        scenario.workload.rate = 55.0;
        scenario.workload.client_skew = 1.0;
        let mut spike = Fault::new(Duration::from_secs(60), "traffic_spike");
        spike.target = Target::None;
        spike.params.insert("factor".to_owned(), serde_json::json!(2.0));
        for spike in [None, Some(spike)] {
            scenario.faults.extend(spike);
            let doubled = scenario.faults.len() as f64 * 0.5 + 1.0;
            let mut experiment = crate::Experiment::open(&scenario).expect("valid");
            let mut counts = [0.0; 3];
            // The world tells who asks; the lab keeps no more than it needs.
            experiment.world.listen(true);
            for item in &experiment.timeline {
                if let crate::timeline::What::Fault(fault) = &item.what {
                    experiment.world.schedule_fault(fault.clone());
                }
            }
            let mut seen = Vec::new();
            experiment.world.run(scenario.duration.0, u64::MAX);
            experiment.world.drain(&mut seen);
            for asked in
                seen.iter().filter(|seen| matches!(seen.what, netsplit_sim::history::What::Invoke(..)))
            {
                let name = experiment.name(asked.node.0);
                counts[usize::from(name.as_bytes()[1] - b'1')] += 1.0;
            }
            // 55 a second for 120 s, in the ratio 6 : 3 : 2; three standard deviations are below 5 %.
            for (count, share) in counts.into_iter().zip([30.0, 15.0, 10.0]) {
                let expected = share * 120.0 * doubled;
                assert!((count / expected - 1.0).abs() < 0.1, "{counts:?}, {doubled}");
            }
        }
    }
}
