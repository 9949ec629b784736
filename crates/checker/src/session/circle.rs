//! Whether facts of the form "this version is no newer than that one" can all be true.

use std::collections::BTreeSet;

use super::facts::Facts;

/// The keys some of whose versions would be older and newer than each other.
pub(super) fn keys(facts: &Facts) -> BTreeSet<u64> {
    let components = components(facts, facts.edges.len());
    let (mut full, mut keys) = (vec![false; facts.nodes.len()], BTreeSet::new());
    for (node, (key, version)) in facts.nodes.iter().enumerate() {
        if *version && core::mem::replace(&mut full[components[node] as usize], true) {
            keys.insert(*key);
        }
    }
    keys
}

/// The operations that make the earliest circle of one key, as short as it comes.
pub(super) fn first(facts: &Facts) -> Option<Vec<u32>> {
    // Facts are in the order in which they became known.
    let (mut none, mut some) = (0, facts.edges.len());
    while some - none > 1 {
        let middle = usize::midpoint(none, some);
        if pair(facts, middle).is_some() { some = middle } else { none = middle }
    }
    let (one, other) = pair(facts, some)?;
    let mut operations = path(facts, some, one, other);
    operations.extend(path(facts, some, other, one));
    // Who wrote the versions in question belongs to the story.
    operations.extend([one, other].iter().filter_map(|node| facts.writers.get(*node as usize)?.as_ref()));
    Some(operations)
}

/// Two versions that the first so many facts make one.
fn pair(facts: &Facts, edges: usize) -> Option<(u32, u32)> {
    let components = components(facts, edges);
    let mut version: Vec<Option<u32>> = vec![None; facts.nodes.len()];
    for (node, (_, is_version)) in facts.nodes.iter().enumerate() {
        if *is_version && let Some(other) = version[components[node] as usize].replace(node as u32) {
            return Some((other, node as u32));
        }
    }
    None
}

/// The operations on a shortest way from one node to another.
fn path(facts: &Facts, edges: usize, from: u32, to: u32) -> Vec<u32> {
    let next = facts.next(edges);
    let mut came: Vec<Option<usize>> = vec![None; facts.nodes.len()];
    let mut queue = vec![from];
    let mut at = 0;
    while at < queue.len() && came[to as usize].is_none() {
        for edge in next.of(queue[at]) {
            let target = facts.edges[*edge as usize].1;
            if came[target as usize].is_none() {
                came[target as usize] = Some(*edge as usize);
                queue.push(target);
            }
        }
        at += 1;
    }
    let (mut operations, mut node) = (Vec::new(), to);
    while let Some(edge) = came[node as usize] {
        let (before, _, op) = facts.edges[edge];
        operations.extend(op);
        node = before;
        if node == from {
            break;
        }
    }
    operations
}

/// The component of each node: nodes that can reach each other have the same one (Tarjan, 1972).
fn components(facts: &Facts, edges: usize) -> Vec<u32> {
    const NEW: u32 = u32::MAX;
    let next = facts.next(edges);
    let count = facts.nodes.len();
    let (mut index, mut low, mut component) = (vec![NEW; count], vec![0_u32; count], vec![NEW; count]);
    let (mut clock, mut stack, mut work) = (0, Vec::new(), Vec::new());
    for root in 0..count as u32 {
        if index[root as usize] != NEW {
            continue;
        }
        work.push((root, 0));
        while let Some((node, at)) = work.pop() {
            let place = node as usize;
            if at == 0 {
                (index[place], low[place]) = (clock, clock);
                clock += 1;
                stack.push(node);
            }
            if let Some(edge) = next.of(node).get(at) {
                work.push((node, at + 1));
                let target = facts.edges[*edge as usize].1;
                if index[target as usize] == NEW {
                    work.push((target, 0));
                } else if component[target as usize] == NEW {
                    low[place] = low[place].min(index[target as usize]);
                }
                continue;
            }
            if low[place] == index[place] {
                while let Some(member) = stack.pop() {
                    component[member as usize] = node;
                    if member == node {
                        break;
                    }
                }
            }
            if let Some((parent, _)) = work.last() {
                low[*parent as usize] = low[*parent as usize].min(low[place]);
            }
        }
    }
    component
}
