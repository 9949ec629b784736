//! Courses of events that show a mistake which random schedules show too seldom.

use super::storm::{fault, here};
use super::*;

/// Mistakes that random schedules show too seldom, and the course of events that shows each. It is random all the same:
/// latencies, timeouts and clients differ from seed to seed.
pub fn scene(seed: u64, of: &str, broken: &'static str) -> Result<Ledger, String> {
    let dice = &mut Dice { key: draw::mix(seed ^ 0x5ce), count: 0 };
    let node = |n: u32| Selector::Node(NodeId(n));
    let variant = variant(if of == "early_change" { "one at a time" } else { "leases" });
    // n1 is the first to stand.
    let timeout = |max| {
        [
            ("election_min", Span(200 * MILLISECOND)),
            ("election_max", Span(max * MILLISECOND)),
            ("drift", Real(1000.0)),
        ]
    };
    let (quick, slow) = (timeout(200), timeout(300));
    let mut sim = world_with(seed, variant, broken, &slow, &quick, 200 * MILLISECOND);
    let mut observer = Observer::default();
    observer.run(&mut sim, SECOND + dice.span(100), |_| false);
    let act = |id: &str, n: u32| Action { id: id.to_owned(), node: Some(NodeId(n)), args: Vec::new() };
    let servers: Vec<u32> = here(&sim).iter().map(|node| node.0).filter(|n| *n != 0).collect();
    let others = || servers.iter().map(|n| node(*n)).collect::<Vec<_>>();
    if of == "early_change" {
        // n1 is heard no more, and is asked to remove n2; the next leader is asked to remove n3.
        fault(&mut sim, Some(2 * SECOND), FaultKind::OneWay, vec![node(0)], others());
        let at = sim.now() + 1 + dice.span(50);
        sim.schedule_action(at, act("remove_node", 1));
        let at = sim.now() + 1 + dice.span(100);
        sim.schedule_action(at, act("remove_node", 2));
    } else if of == "lease_kept" {
        // n1 hands over, and is cut off from the other servers before it hears of its successor.
        sim.schedule_action(2 * SECOND, Action { node: None, ..act("transfer_leadership", 0) });
        observer.run(&mut sim, 2 * SECOND + dice.span(30), |_| false);
        fault(&mut sim, Some(SECOND), FaultKind::Cut, vec![node(0)], others());
    } else {
        // n1 hears the others late, and then they hear nothing of it.
        fault(
            &mut sim,
            Some(3 * SECOND),
            FaultKind::Latency(100 * MILLISECOND + dice.span(50)),
            others(),
            vec![node(0)],
        );
        observer.run(&mut sim, 2 * SECOND, |_| false);
        fault(&mut sim, Some(2 * SECOND), FaultKind::OneWay, vec![node(0)], others());
    }
    observer.run(&mut sim, 4 * SECOND, |_| false);
    observer.judge()?;
    Ok(observer.ledger(&sim))
}
