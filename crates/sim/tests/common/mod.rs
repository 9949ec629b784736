//! Small nodes for tests of the engine itself.
#![allow(dead_code, missing_docs)]

use netsplit_sim::Cluster;
use netsplit_sim::core::NodeMeta;
use netsplit_sim::digest;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw::Purpose;
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::{Ctx, Look, Message, Node, NodeId, Storage};
use netsplit_sim::time::MILLISECOND;
use netsplit_sim::view::{Body, Detail, NodeView};

#[derive(Clone, Debug, PartialEq)]
pub struct Ball(pub u64);

impl Message for Ball {
    fn kind(&self) -> u8 {
        0
    }
    fn digest(&self) -> u64 {
        digest::of(&[self.0])
    }
}

#[derive(Clone, Default, Debug, PartialEq)]
pub struct Log(pub Vec<u64>);

impl Storage for Log {
    type Write = u64;
    fn apply(&mut self, write: u64) {
        self.0.push(write);
    }
}

/// What a test node does.
#[derive(Clone, Debug)]
pub enum Habit {
    /// Sends each ball back, one higher.
    Return,
    /// Passes each ball to a random one of so many nodes.
    Pass(u32),
    /// Sends balls 0.. to the next node, one a millisecond.
    Count,
    /// Keeps what it hears.
    Listen,
    /// Writes what it hears and syncs.
    Record,
}

#[derive(Clone, Debug)]
pub struct Tester {
    pub habit: Habit,
    pub heard: Vec<u64>,
    pub synced: Vec<u64>,
    pub lost: Vec<u32>,
    pub lives: Vec<u64>,
    pub counter: u64,
    pub work: u64,
}

const PASS: Purpose = Purpose::named("test.pass");

impl Node for Tester {
    type Message = Ball;
    type Timer = ();
    type Disk = Log;
    type Watch = ();

    fn start(&mut self, disk: &Log, ctx: &mut Ctx<'_, Self>) {
        self.lives = disk.0.clone();
        match self.habit {
            Habit::Return if ctx.me().0 == 0 => ctx.send(NodeId(1), Ball(0)),
            Habit::Pass(_) => ctx.send(ctx.me(), Ball(0)),
            Habit::Count => {
                ctx.set_timer(MILLISECOND, ());
            }
            _ => {}
        }
    }

    fn receive(&mut self, from: NodeId, ball: Ball, ctx: &mut Ctx<'_, Self>) {
        match self.habit {
            Habit::Return => ctx.send(from, Ball(ball.0 + 1)),
            Habit::Pass(nodes) => {
                self.counter += 1;
                let to = netsplit_sim::draw::below(ctx.draw(PASS, self.counter), nodes);
                ctx.send(NodeId(to), ball);
            }
            Habit::Record => {
                let _ = ctx.write(ball.0);
                ctx.sync(ball.0);
            }
            _ => self.heard.push(ball.0),
        }
    }

    fn timer(&mut self, (): (), ctx: &mut Ctx<'_, Self>) {
        ctx.send(NodeId(1), Ball(self.counter));
        self.counter += 1;
        ctx.set_timer(MILLISECOND, ());
    }

    fn synced(&mut self, ticket: u64, _: &mut Ctx<'_, Self>) {
        self.synced.push(ticket);
    }

    fn connection_lost(&mut self, peer: NodeId, _: &mut Ctx<'_, Self>) {
        self.lost.push(peer.0);
    }

    fn demand(&self, _: NodeId, _: &Ball) -> u64 {
        self.work
    }

    fn digest(&self) -> u64 {
        digest::Digest::new().add(self.counter).all(self.heard.iter().copied()).end()
    }

    fn observe(&self, _: &Look, _: Detail) -> NodeView {
        NodeView::new(Body::Ring, "role-server")
    }
}

/// A cluster of these habits over links of this profile.
pub fn cluster(seed: u64, profile: Profile, habits: &[Habit]) -> Cluster<Tester> {
    let nodes = habits
        .iter()
        .enumerate()
        .map(|(i, habit)| {
            let tester = Tester {
                habit: habit.clone(),
                heard: Vec::new(),
                synced: Vec::new(),
                lost: Vec::new(),
                lives: Vec::new(),
                counter: 0,
                work: 0,
            };
            (NodeMeta::new(format!("n{}", i + 1), 0), tester)
        })
        .collect();
    Cluster::new(seed, Network::uniform(profile), nodes)
}

pub fn constant(ms: u64, transport: Transport) -> Profile {
    Profile::new(Distribution::Constant(ms * MILLISECOND), transport)
}

pub fn uniform(transport: Transport) -> Profile {
    Profile::new(Distribution::Uniform { min: MILLISECOND / 2, max: 3 * MILLISECOND / 2 }, transport)
}
