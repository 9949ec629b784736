//! Facts about the order of versions.

/// Facts about versions: the first node is no newer than the second. A node is a version, or a point that all
/// versions known to somebody at some time come before.
#[derive(Default)]
pub(super) struct Facts {
    /// Key, and whether it is a version.
    pub nodes: Vec<(u64, bool)>,
    /// Facts in the order in which they became known, with the operation that told.
    pub edges: Vec<(u32, u32, Option<u32>)>,
    /// The operation that wrote each version.
    pub writers: Vec<Option<u32>>,
}

/// Facts by their first node.
pub(super) struct Next {
    starts: Vec<u32>,
    edges: Vec<u32>,
}

impl Next {
    pub fn of(&self, node: u32) -> &[u32] {
        &self.edges[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}

impl Facts {
    /// A new node.
    pub fn node(&mut self, key: u64, version: bool) -> u32 {
        self.nodes.push((key, version));
        self.nodes.len() as u32 - 1
    }

    /// The first so many facts by their first node.
    pub fn next(&self, edges: usize) -> Next {
        let mut starts = vec![0_u32; self.nodes.len() + 1];
        for (from, ..) in &self.edges[..edges] {
            starts[*from as usize + 1] += 1;
        }
        for node in 0..self.nodes.len() {
            starts[node + 1] += starts[node];
        }
        let (mut places, mut list) = (starts.clone(), vec![0; edges]);
        for (edge, (from, ..)) in self.edges[..edges].iter().enumerate() {
            list[places[*from as usize] as usize] = edge as u32;
            places[*from as usize] += 1;
        }
        Next { starts, edges: list }
    }

    /// Those about one key.
    pub fn only(&self, key: u64) -> Self {
        let mut it = Self::default();
        let mut places = vec![0_u32; self.nodes.len()];
        for (node, (of, version)) in self.nodes.iter().enumerate() {
            if *of == key {
                places[node] = it.node(key, *version);
                it.writers.push(self.writers.get(node).copied().flatten());
            }
        }
        let edges = self.edges.iter().filter(|(from, ..)| self.nodes[*from as usize].0 == key);
        it.edges = edges.map(|(from, to, op)| (places[*from as usize], places[*to as usize], *op)).collect();
        it
    }
}
