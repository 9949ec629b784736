//! Join the idle queue: a backend that runs out of work puts itself into the queue of one balancer, drawn at
//! random, and a balancer gives a request to the first of its queue; only if the queue is empty it draws any
//! backend. Nothing has to be asked while a request waits.
//!
//! Lu, Xie, Kliot, Geller, Larus, Greenberg, "Join-Idle-Queue: a novel load balancing algorithm for dynamically
//! scalable web services", Performance Evaluation 68(11), 2011 (JIQ-Random).

use std::collections::VecDeque;

use netsplit_sim::declare::Settings;
use netsplit_sim::digest::Digest;
use netsplit_sim::view::Text;

use super::rule::{Ask, Rule, View};
use super::system::declare;
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "join_idle_queue",
    label: "Join the idle queue",
    summary: "Idle backends queue up at a balancer and wait for work. Nobody idle: any backend.",
    build: |setup| declare::build_telling(setup, make),
    ..declare::BASE
};

/// Makes the rule.
#[must_use]
pub fn make(_settings: &Settings, _backends: u32) -> Box<dyn Rule> {
    Box::new(JoinIdleQueue { idle: VecDeque::new(), last: None })
}

#[derive(Clone, Debug)]
struct JoinIdleQueue {
    idle: VecDeque<u32>,
    /// The pick, and whether it was idle.
    last: Option<(u32, bool)>,
}

impl Rule for JoinIdleQueue {
    fn pick(&mut self, ask: &Ask, view: &View<'_>) -> Option<u32> {
        while let Some(idle) = self.idle.pop_front() {
            if view.is_ready(idle) {
                self.last = Some((idle, true));
                return Some(idle);
            }
        }
        let pick = view.any(ask.word)?;
        self.last = Some((pick, false));
        Some(pick)
    }
    fn idle(&mut self, backend: u32) {
        if !self.idle.contains(&backend) {
            self.idle.push_back(backend);
        }
    }
    fn why(&self, view: &View<'_>) -> Option<Text> {
        let (pick, idle) = self.last?;
        let id = if idle { Text::new("lb-choice-idle") } else { Text::new("lb-choice-none-idle") };
        Some(id.with("c", view.node(pick)))
    }
    fn digest(&self) -> u64 {
        Digest::new().all(self.idle.iter().map(|backend| u64::from(*backend))).end()
    }
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}
