//! The generator: what goes wrong, and when. It is the same for every variant and every mistake.

use super::*;

/// What the generator waits for before it strikes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    Now,
    /// A leader has an entry that is not committed.
    Appended,
    /// Somebody stands for election.
    Standing,
    /// Somebody has voted, and knows of no leader yet.
    Voted,
    /// A leader has not committed in its term.
    Fresh,
}

/// It has voted and knows of no leader yet.
fn voted(replica: &Replica) -> bool {
    replica.role == Role::Follower && replica.vote.is_some() && replica.leader.is_none()
}

/// Whose moment has come.
fn come(moment: Moment, sim: &Raft) -> Option<NodeId> {
    let find = |which: &dyn Fn(&&Replica) -> bool| {
        replicas(sim).filter(which).max_by_key(|r| r.term).map(Replica::me)
    };
    let leads = |replica: &&Replica| replica.role == Role::Leader;
    match moment {
        Moment::Now => find(&|r| leads(r)),
        Moment::Appended => find(&|r| leads(r) && r.log.last() > r.commit),
        Moment::Standing => find(&|r| r.role == Role::Candidate),
        Moment::Voted => find(&|r| voted(r)),
        Moment::Fresh => find(&|r| leads(r) && !r.settled()),
    }
}

/// How long a schedule is.
pub const LENGTH: Nanos = 6 * SECOND;

/// A random schedule against a variant, with a mistake or with none.
pub fn storm(seed: u64, variant: &Variant, broken: &'static str) -> Result<Ledger, String> {
    let mut sim = world(seed, variant, broken);
    let mut storm = Storm {
        observer: Observer::default(),
        dice: Dice { key: draw::mix(seed ^ 0x570a), count: 0 },
        operator: variant.operator,
        drift: if variant.name == "tight leases" { 4_500.0 } else { 45_000.0 },
    };
    storm.wait(&mut sim, 200 * MILLISECOND);
    while !storm.over(&sim) {
        match storm.dice.below(6) {
            0 => storm.chairs(&mut sim),
            1 => storm.two_sides(&mut sim),
            2 => storm.stumble(&mut sim),
            _ => storm.single(&mut sim),
        }
        let most = if storm.dice.below(3) == 0 { 30 } else { 250 };
        let pause = storm.dice.span(most);
        storm.wait(&mut sim, pause);
    }
    storm.observer.judge()?;
    Ok(storm.observer.ledger(&sim))
}

struct Storm {
    observer: Observer,
    dice: Dice,
    operator: u32,
    /// How far a clock's rate may be off (ppm): within what leases are told.
    drift: f64,
}

impl Storm {
    fn over(&self, sim: &Raft) -> bool {
        sim.now() >= LENGTH || self.observer.breach.is_some()
    }

    fn wait(&mut self, sim: &mut Raft, span: Nanos) {
        let until = (sim.now() + span).min(LENGTH);
        self.observer.run(sim, until, |_| false);
    }

    /// Waits for a moment, but not for ever, and often a little longer.
    fn await_moment(&mut self, sim: &mut Raft, moment: Moment, patience: Nanos) -> Option<NodeId> {
        if come(moment, sim).is_none() {
            let until = (sim.now() + patience).min(LENGTH);
            self.observer.run(sim, until, |sim| come(moment, sim).is_some());
        }
        let who = come(moment, sim);
        if self.dice.below(2) == 0 {
            let span = self.dice.span(15);
            self.wait(sim, span);
        }
        who
    }

    /// One fault or two, now or at a moment that is worth it.
    fn single(&mut self, sim: &mut Raft) {
        let moment = match self.dice.below(8) {
            0 | 1 => Moment::Appended,
            2 => Moment::Standing,
            3 | 4 => Moment::Voted,
            5 => Moment::Fresh,
            _ => Moment::Now,
        };
        let aim = self.await_moment(sim, moment, 300 * MILLISECOND);
        for _ in 0..1 + self.dice.below(3) / 2 {
            strike(sim, &mut self.dice, aim, self.operator, self.drift);
        }
    }

    /// Leader after leader dies soon after it stands, perhaps cut off with one other before, and the one before it
    /// comes back.
    fn chairs(&mut self, sim: &mut Raft) {
        let mut crashed = None;
        for _ in 0..2 + self.dice.below(3) {
            let moment = if self.dice.below(2) == 0 { Moment::Fresh } else { Moment::Appended };
            let Some(leader) = self.await_moment(sim, moment, 800 * MILLISECOND) else { break };
            if self.dice.below(2) == 0 {
                let span = self.dice.span(100);
                self.cut_off(sim, leader, 1, Some(span));
                let span = self.dice.span(80);
                self.wait(sim, span);
            }
            let crash = FaultKind::Crash { host: true };
            let next = fault(sim, None, crash, vec![Selector::Node(leader)], Vec::new());
            if let Some(before) = crashed.replace(next) {
                sim.end_fault(before, sim.now() + 1);
            }
        }
        if let Some(last) = crashed {
            let after = sim.now() + 1 + self.dice.span(200);
            sim.end_fault(last, after);
        }
    }

    /// The leader is down for a moment, somebody's messages are slow, and voters restart.
    fn stumble(&mut self, sim: &mut Raft) {
        let Some(leader) = come(Moment::Now, sim) else { return };
        let span = Some(self.dice.span(150));
        fault(sim, span, FaultKind::Crash { host: true }, vec![Selector::Node(leader)], Vec::new());
        let all = here(sim);
        let slow = Selector::Node(all[self.dice.below(all.len() as u32) as usize]);
        let late = FaultKind::Latency(self.dice.span(150));
        let others = all.iter().map(|node| Selector::Node(*node)).filter(|other| *other != slow).collect();
        let span = Some(self.dice.span(800));
        fault(sim, span, late, vec![slow], others);
        for _ in 0..self.dice.below(4) {
            if let Some(voter) = self.await_moment(sim, Moment::Voted, 300 * MILLISECOND) {
                let mut who = vec![Selector::Node(voter)];
                if self.dice.below(2) == 0 {
                    who = replicas(sim).filter(|r| voted(r)).map(|r| Selector::Node(r.me())).collect();
                }
                fault(sim, None, FaultKind::LoseUnsynced, who, Vec::new());
            }
        }
    }

    /// The leader is cut off with fewer than half of the others until somebody else leads, and perhaps an operator asks
    /// for something before or meanwhile.
    fn two_sides(&mut self, sim: &mut Raft) {
        let Some(leader) = self.await_moment(sim, Moment::Appended, 300 * MILLISECOND) else { return };
        if self.dice.below(100) < self.operator {
            operate(sim, &mut self.dice, leader);
            let span = self.dice.span(40);
            self.wait(sim, span);
        }
        if self.dice.below(4) == 0 {
            // Its links are slow before they break.
            let late = FaultKind::Latency(self.dice.span(150));
            let span = Some(self.dice.span(1000));
            let others = here(sim).into_iter().filter(|node| *node != leader).map(Selector::Node).collect();
            fault(sim, span, late, vec![Selector::Node(leader)], others);
            let span = self.dice.span(300);
            self.wait(sim, span);
        }
        let most = replicas(sim).find(|r| r.me() == leader).map_or(1, |r| r.members.new.count_ones());
        let others = self.dice.below(most.saturating_sub(1) / 2 + 1);
        let cut = self.cut_off(sim, leader, others, None);
        if self.dice.below(100) < self.operator {
            let span = self.dice.span(200);
            self.wait(sim, span);
            operate(sim, &mut self.dice, leader);
        }
        let until = (sim.now() + 1500 * MILLISECOND).min(LENGTH);
        self.observer.run(sim, until, |sim| replicas(sim).any(|r| r.settled() && r.me() != leader));
        let span = self.dice.span(250);
        self.wait(sim, span);
        sim.end_fault(cut, sim.now() + 1);
    }

    /// Cuts the links between a server with so many of the others and the rest of the servers.
    fn cut_off(&mut self, sim: &mut Raft, node: NodeId, others: u32, lasts: Option<Nanos>) -> usize {
        let mut rest: Vec<NodeId> = here(sim).into_iter().filter(|other| *other != node).collect();
        let mut side = vec![Selector::Node(node)];
        for _ in 0..others.min(rest.len() as u32) {
            let at = self.dice.below(rest.len() as u32) as usize;
            side.push(Selector::Node(rest.remove(at)));
        }
        let rest = rest.into_iter().map(Selector::Node).collect();
        let kind = if self.dice.below(3) == 0 { FaultKind::OneWay } else { FaultKind::Cut };
        fault(sim, lasts, kind, side, rest)
    }
}

/// The servers that are there.
pub fn here(sim: &Raft) -> Vec<NodeId> {
    replicas(sim).map(Replica::me).filter(|node| !sim.core().nodes[node.index()].absent).collect()
}

pub fn fault(
    sim: &mut Raft,
    lasts: Option<Nanos>,
    kind: FaultKind,
    from: Vec<Selector>,
    to: Vec<Selector>,
) -> usize {
    let at = sim.now() + 1;
    let duration = lasts.filter(|_| !kind.is_instant());
    sim.schedule_fault(Fault { at, duration, kind, from, to, message: None, directed: false })
}

/// An operator asks for something.
fn operate(sim: &mut Raft, dice: &mut Dice, aim: NodeId) {
    let at = sim.now() + 1;
    let act = |id: &str, node: Option<NodeId>| Action { id: id.to_owned(), node, args: Vec::new() };
    let all = here(sim);
    // Not so many leave that nothing is left.
    let members = replicas(sim).map(|r| r.members.new.count_ones()).max().unwrap_or(0);
    match dice.below(10) {
        0..=3 => drop(sim.schedule_action(at, act("transfer_leadership", None))),
        4 => drop(sim.schedule_action(at, act("remove_silent", None))),
        _ => {
            for _ in 0..1 + dice.below(2) {
                let any = all[dice.below(all.len() as u32) as usize];
                let node = if dice.below(4) == 0 { aim } else { any };
                if members > 3 && dice.below(4) > 0 {
                    sim.schedule_action(at, act("remove_node", Some(node)));
                } else {
                    sim.schedule_action(at, act("add_node", None));
                }
            }
        }
    }
}

/// Something goes wrong, or somebody asks for a change.
pub fn strike(sim: &mut Raft, dice: &mut Dice, aim: Option<NodeId>, operator: u32, drift: f64) {
    let servers = replicas(sim).count() as u32;
    let all = here(sim);
    let any = all[dice.below(all.len() as u32) as usize];
    let leader = come(Moment::Now, sim);
    let aim = match dice.below(5) {
        0 | 1 => aim.unwrap_or(any),
        2 => leader.unwrap_or(any),
        _ => any,
    };
    let other = all[dice.below(all.len() as u32) as usize];
    let span = MILLISECOND
        + dice.word()
            % match dice.below(4) {
                0 => 1200 * MILLISECOND,
                1 => 20 * MILLISECOND,
                _ => 250 * MILLISECOND,
            };
    let share = dice.unit() * 0.6;
    let (mut from, mut to) = (vec![Selector::Node(aim)], Vec::new());
    if dice.below(100) < operator {
        operate(sim, dice, aim);
        return;
    }
    let kind = match dice.below(20) {
        0..=2 => FaultKind::Crash { host: dice.below(2) == 0 },
        3 => FaultKind::Pause,
        4..=6 => FaultKind::LoseUnsynced,
        7..=10 => {
            // The target with some of the others, cut off from the rest, and the clients on either side.
            let mut sides = vec![vec![Selector::Node(aim)], Vec::new()];
            for node in all.iter().filter(|node| **node != aim) {
                sides[usize::from(dice.below(3) > 0)].push(Selector::Node(*node));
            }
            for client in servers..sim.nodes().len() as u32 {
                sides[dice.below(2) as usize].push(Selector::Node(NodeId(client)));
            }
            FaultKind::Partition(sides)
        }
        11 | 12 => {
            let others = all.iter().filter(|node| **node != aim).map(|node| Selector::Node(*node));
            to = if dice.below(2) == 0 { others.collect() } else { vec![Selector::Node(other)] };
            if dice.below(2) == 0 {
                std::mem::swap(&mut from, &mut to);
            }
            FaultKind::OneWay
        }
        13 => FaultKind::Loss(share),
        14 => FaultKind::Duplicate(share),
        15 | 16 => FaultKind::Reorder(share, 20 * MILLISECOND + dice.word() % (300 * MILLISECOND)),
        17 => FaultKind::ClockDrift((2.0 * dice.unit() - 1.0) * drift),
        18 => FaultKind::Latency(20 * MILLISECOND + dice.word() % (300 * MILLISECOND)),
        _ => FaultKind::StallDisk,
    };
    fault(sim, Some(span), kind, from, to);
}
