//! How balancers want to be seen, and what all of them together know.

use netsplit_sim::node::Look;
use netsplit_sim::view::{Body, ClusterView, Detail, Item, NodeView, Text};

use super::{Balancer, Ledger};
use crate::parts::host::ClientTotals;

impl Balancer {
    pub(in super::super) fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        let mut view = NodeView::new(Body::Balancer, "role-balancer");
        if detail >= Detail::Card {
            view.items.push(Item::Fact("lb-open", self.calls.len().to_string()));
            if self.config.maxconn > 0 {
                view.items.push(Item::Queue(0, self.waits, self.config.queue_max));
                view.items.push(Item::Fact("lb-waiting", self.waits.to_string()));
            }
            let lone = self.peers.members().count() == 1;
            let rows = self.peers.members().map(|(at, peer)| {
                let out = peer.is_out(look.elapsed, lone, &self.config);
                (self.node(at).0, peer.open.to_string(), u32::from(out))
            });
            view.items.push(Item::Matrix("lb-open-by-backend", rows.collect()));
            if let Some(text) = self.why() {
                view.items.push(Item::Line(text));
            }
        }
        if detail == Detail::Full {
            let ledger = self.ledger();
            let tries: u64 = self.peers.members().map(|(_, peer)| peer.tries).sum();
            let weights: u64 = self.peers.members().map(|(_, peer)| u64::from(peer.weight)).sum();
            let rows = self.peers.members().map(|(at, peer)| {
                let of = |part: u64, all: u64| part as f64 * 100.0 / all.max(1) as f64;
                let (has, ideal) = (of(peer.tries, tries), of(u64::from(peer.weight), weights));
                (self.node(at).0, format!("{has:.1} % · {ideal:.1} %"), u32::from(has > ideal * 1.1))
            });
            view.items.push(Item::Matrix("lb-share-and-ideal", rows.collect()));
            for (label, value) in [
                ("lb-requests", ledger.requests),
                ("lb-tries", ledger.tries),
                ("lb-retries", ledger.retries),
                ("lb-retries-forbidden", ledger.retries_forbidden),
                ("lb-second-copies", ledger.hedges),
                ("lb-given-up", ledger.tries_given_up),
                ("lb-failed", ledger.all_failed()),
                ("lb-shed", ledger.shed()),
                ("lb-late", ledger.late),
            ] {
                view.items.push(Item::Fact(label, value.to_string()));
            }
            if self.peers.panic {
                view.items.push(Item::Line(Text::new("lb-panic")));
            }
        }
        view
    }

    /// The choice just made, and why.
    fn why(&self) -> Option<Text> {
        let (_, stuck) = self.latest?;
        if let Some((client, backend)) = stuck {
            return Some(Text::new("lb-choice-sticky").with("client", client).with("c", self.node(backend)));
        }
        self.rule.why(&self.peers.view(&self.peers.ready, self.seen, &self.config))
    }
}

/// What all balancers together know; `done` is what the backends have finished.
pub(in super::super) fn overview(all: &[&Balancer], done: u64, clients: ClientTotals) -> ClusterView {
    let mut view = ClusterView::default();
    let Some(one) = all.first() else { return view };
    let (mut most, mut total, mut ejected) = (0.0f64, 0u64, 0u64);
    let mut weights = 0u64;
    let members = one.peers.members().count();
    for at in 0..one.peers.all.len() {
        if !all.iter().any(|balancer| balancer.peers.all[at].member) {
            continue;
        }
        let open: u64 = all.iter().map(|balancer| u64::from(balancer.peers.all[at].open)).sum();
        let weight = u64::from(one.peers.all[at].weight);
        weights += weight;
        most = most.max(open as f64 / weight as f64);
        total += open;
        let out = |one: &&Balancer| one.peers.all[at].is_out(one.seen, members == 1, &one.config);
        if all.iter().any(out) {
            ejected += 1;
            view.bands.push(("ejected", format!("b{}", at + 1), at as u32 + 1));
            view.held.push((one.node(at as u32).0, "left_out"));
        }
    }
    if all.iter().any(|balancer| balancer.peers.panic) {
        view.bands.push(("ejected", "panic".to_owned(), 0));
    }
    let imbalance = if total == 0 { 1.0 } else { most * weights as f64 / total as f64 };
    let sum = |of: fn(&Ledger) -> u64| all.iter().map(|balancer| of(&balancer.ledger())).sum::<u64>();
    let (requests, tries) = (sum(|l| l.requests), sum(|l| l.tries));
    let answered = clients.answered * u64::from(one.config.fan_out);
    let ratio = |a: u64, b: u64| if b == 0 { 0.0 } else { a as f64 / b as f64 };
    view.values = vec![
        ("open_requests", total as f64),
        ("waiting", sum(|l| l.waiting) as f64),
        ("imbalance", imbalance),
        ("ejected", ejected as f64),
        ("requests", requests as f64),
        ("tries", tries as f64),
        ("finished", done as f64),
        ("answered", answered as f64),
        ("tries_per_request", ratio(tries, requests)),
        ("wasted_share", ratio(done.saturating_sub(answered), done)),
        ("second_copies", sum(|l| l.hedges) as f64),
        ("retries", sum(|l| l.retries) as f64),
        ("shed", sum(Ledger::shed) as f64),
    ];
    // The latest choice of any of them.
    let latest = all.iter().filter_map(|balancer| Some((balancer.latest?.0, balancer)));
    view.line = latest.max_by_key(|(at, _)| *at).and_then(|(_, balancer)| balancer.why());
    view
}
