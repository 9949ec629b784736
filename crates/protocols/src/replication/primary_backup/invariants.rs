//! What synchronous replication promises at the moment of an acknowledgement: so many backups have the write.

use netsplit_sim::NodeId;
use netsplit_sim::small::Map;
use netsplit_sim::view::{Data, Text};
use netsplit_sim::watch::{Breach, Watch};

use super::Server;
use crate::parts::host::Holds;

/// The latest write that each server was seen to have acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    acknowledged: Map<u32, u64>,
}

impl<N: Holds<Server>> Watch<N> for Invariants {
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Option<Breach> {
        let primary = nodes.get(who.index())?.server()?;
        let (index, entry) = primary.acknowledged.iter().next_back().filter(|_| primary.synchronous)?;
        if self.acknowledged.insert(who.0, *index) == Some(*index) {
            return None;
        }
        // One that is down has it on disk or not, and one that follows a newer primary may have given it up since.
        let lacks = |peer: &&NodeId| {
            let server = nodes.get(peer.index()).and_then(Holds::server);
            let knows = server.filter(|server| up[peer.index()] && server.epoch <= primary.epoch);
            knows.is_some_and(|server| server.log.get(*index as usize - 1) != Some(entry))
        };
        let without = primary.peers.iter().filter(lacks).count();
        let needed = primary.acks.min(primary.peers.len());
        (primary.peers.len() - without < needed).then(|| Breach {
            invariant: "acknowledged_is_copied",
            nodes: vec![who],
            text: Text::new("pb-breach-copied")
                .with("node", who)
                .with("key", entry.operation.key)
                .with("without", without as u64),
        })
    }
}

/// The log of the newest primary is the order of all writes that count.
pub(super) fn data(servers: &[(usize, &Server)], up: &[bool]) -> Data {
    let live = || servers.iter().filter(|(at, _)| up[*at]);
    let newest = live().max_by_key(|(_, server)| (server.epoch, server.is_primary(), server.log.len()));
    let mut versions: Map<u64, Vec<u64>> = Map::new();
    let Some((_, newest)) = newest else { return Data::default() };
    for entry in newest.log.iter() {
        let values = versions.slot(entry.operation.key, Vec::new);
        // What was asked for again is there again.
        if !values.contains(&entry.operation.value) {
            values.push(entry.operation.value);
        }
    }
    let holds =
        |(_, server): &(usize, &Server)| server.values.iter().map(|(key, value)| (*key, *value)).collect();
    Data { versions: Some(versions.into_iter().collect()), replicas: live().map(holds).collect() }
}
