//! Configurations: sets of voters, and what a majority of them is.

use netsplit_sim::NodeId;

/// A configuration. While one passes into another by joint consensus, a majority of both is needed (paper, section 6).
/// Nodes are bits: a cluster has at most 128.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// Voters.
    pub new: u128,
    /// Voters of the configuration before, while joint; else 0.
    pub old: u128,
}

/// The set of this node alone.
pub(super) fn bit(node: NodeId) -> u128 {
    1 << (node.0 & 127)
}

/// The nodes of a set, in order.
pub(super) fn nodes(set: u128) -> impl Iterator<Item = NodeId> {
    (0..128).filter(move |node| set >> node & 1 == 1).map(NodeId)
}

/// How many of so many are a majority.
pub(super) fn most(set: u128) -> u32 {
    set.count_ones() / 2 + 1
}

impl Members {
    /// These voters.
    #[must_use]
    pub fn of(voters: impl IntoIterator<Item = NodeId>) -> Self {
        Self { new: voters.into_iter().fold(0, |set, node| set | bit(node)), old: 0 }
    }

    /// Passing from one configuration to another.
    #[must_use]
    pub fn joint(&self) -> bool {
        self.old != 0
    }

    /// All voters.
    #[must_use]
    pub fn all(&self) -> u128 {
        self.new | self.old
    }

    /// Whether a node votes.
    #[must_use]
    pub fn has(&self, node: NodeId) -> bool {
        self.all() & bit(node) != 0
    }

    /// Whether a set of nodes is a quorum.
    #[must_use]
    pub fn quorum(&self, set: u128) -> bool {
        let most = |voters: u128| (set & voters).count_ones() >= most(voters);
        most(self.new) && (self.old == 0 || most(self.old))
    }

    /// Whether each quorum of this configuration has a node in common with each of the other.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let parts = |members: &Self| [members.new, if members.joint() { members.old } else { members.new }];
        parts(self).iter().any(|a| parts(other).iter().any(|b| meet(*a, *b)))
    }
}

/// Whether any two majorities of these sets meet: each takes those whom the other lacks first.
fn meet(a: u128, b: u128) -> bool {
    let needs = |x: u128, y: u128| most(x).saturating_sub((x & !y).count_ones());
    needs(a, b) + needs(b, a) > (a & b).count_ones()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quorums_meet_exactly_if_no_two_are_disjoint() {
        let quorums = |m: Members| (0..64u128).filter(move |set| m.quorum(*set));
        for a in 1..64u128 {
            for b in 1..64u128 {
                let (x, y) = (Members { new: a, old: 0 }, Members { new: b, old: 0 });
                let disjoint = quorums(x).any(|p| quorums(y).any(|q| p & q == 0));
                assert_eq!(x.meets(&y), !disjoint, "{a:b} {b:b}");
            }
        }
        // One server more or less always meets; a joint configuration meets both of its parts.
        let of = |set: u128| Members { new: set, old: 0 };
        assert!(of(0b1111).meets(&of(0b11111)) && !of(0b11111).meets(&of(0b111)));
        let joint = Members { new: 0b111, old: 0b11_1000 };
        assert!(joint.meets(&of(0b111)) && joint.meets(&of(0b11_1000)) && !of(0b111).meets(&of(0b11_1000)));
    }
}
