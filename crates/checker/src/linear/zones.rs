//! Registers whose writes all have values of their own, and that nobody compares-and-sets: no search is needed
//! (Gibbons and Korach, "Testing shared memories", 1997).
//!
//! All that happened with one value (its write and the reads that saw it) is a cluster, and a cluster must be in
//! one piece. Two clusters cannot both be in one piece exactly if something of each ended before something of
//! the other began. So each cluster needs only its first end and its last beginning, and a read is inexplicable
//! exactly if it would bring its cluster into such a conflict. A write whose outcome is unknown joins once its
//! value is seen; if it never is, it costs nothing.
//!
//! This goes along with the history: what is told is final, and each operation costs constant time on average.

use crate::table::Table;

/// No such position.
const NEVER: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Cluster {
    value: u64,
    /// Where its write began; [`NEVER`] if that failed.
    write: u32,
    /// First end of an answered operation; [`NEVER`] if there is none yet.
    first_end: u32,
    /// Last beginning of an answered operation, or of the write once it is seen.
    last_begin: u32,
    /// Some cluster that ended here first has something that began after this one's first end: nothing of this
    /// cluster may begin later.
    limit: u32,
}

/// The clusters of one register.
#[derive(Clone, Debug)]
pub(crate) struct Zones {
    /// Cluster by value; the first cluster is that of the initial value.
    values: Table,
    clusters: Vec<Cluster>,
    /// Those with an end, by their first one.
    active: Vec<u32>,
}

impl Default for Zones {
    fn default() -> Self {
        let initial = Cluster { value: 0, write: 0, first_end: 0, last_begin: 0, limit: NEVER };
        Self { values: Table::default(), clusters: vec![initial], active: vec![0] }
    }
}

impl Zones {
    /// A write begins. False if the value is not new: then this is not for zones, from here on.
    /// Positions are above 0 and no two the same.
    pub fn write_begins(&mut self, value: u64, at: u32) -> bool {
        let place = self.values.get_or_insert(value, self.clusters.len() as u32) as usize;
        let fresh = Cluster { value, write: at, first_end: NEVER, last_begin: 0, limit: NEVER };
        match self.clusters.get_mut(place) {
            None => self.clusters.push(fresh),
            Some(cluster) if cluster.write == NEVER => *cluster = fresh,
            Some(_) => return false,
        }
        true
    }

    /// A write is answered.
    pub fn write_ends(&mut self, value: u64, at: u32) {
        if let Some(place) = self.values.get(value) {
            // It began before now and nothing of it was seen before it began: no conflict can come of this.
            self.add(place, 0, at);
        }
    }

    /// A write did not happen. False if somebody saw it.
    pub fn write_fails(&mut self, value: u64) -> bool {
        self.values.get(value).is_none_or(|place| {
            let cluster = &mut self.clusters[place as usize];
            let unseen = cluster.first_end == NEVER;
            if unseen {
                cluster.write = NEVER;
            }
            unseen
        })
    }

    /// A read that began there is answered. False if that is inexplicable; then it is as if it had not been.
    pub fn read(&mut self, value: Option<u64>, began: u32, at: u32) -> bool {
        let place = match value {
            None => Some(0),
            Some(value) => self.values.get(value),
        };
        place.is_some_and(|place| self.clusters[place as usize].write != NEVER && self.add(place, began, at))
    }

    /// Forgets the clusters of which nothing that begins from `open` on can be explained: something newer began after
    /// their first end, and ended before then. A value that is forgotten is one that was never written.
    pub fn forget(&mut self, open: u32) {
        let mut newest = 0;
        let mut dead = vec![false; self.clusters.len()];
        for place in self.active.iter().rev() {
            let Cluster { first_end, last_begin, .. } = self.clusters[*place as usize];
            dead[*place as usize] = newest > first_end;
            if first_end < open {
                newest = newest.max(last_begin);
            }
        }
        let mut next = Self { values: Table::default(), clusters: Vec::new(), active: Vec::new() };
        let mut places = vec![NEVER; self.clusters.len()];
        for (place, cluster) in self.clusters.iter().enumerate() {
            // The initial value keeps its place; that nothing of it may begin any more comes to the same.
            let gone = dead[place] || (cluster.write == NEVER && place > 0);
            if place > 0 && gone {
                continue;
            }
            places[place] = next.clusters.len() as u32;
            if place > 0 {
                next.values.get_or_insert(cluster.value, places[place]);
            }
            let limit = if gone { 0 } else { cluster.limit };
            next.clusters.push(Cluster { limit, ..cluster.clone() });
        }
        let kept = self.active.iter().map(|place| places[*place as usize]).filter(|place| *place != NEVER);
        next.active = kept.collect();
        *self = next;
    }

    /// How many values are known.
    pub fn len(&self) -> usize {
        self.clusters.len()
    }

    /// An operation of a cluster began and ended. False, and nothing happens, if that brings a conflict.
    fn add(&mut self, place: u32, began: u32, at: u32) -> bool {
        let Cluster { write, first_end, last_begin, limit, .. } = self.clusters[place as usize];
        let was = last_begin;
        let (first_end, last_begin) = (first_end.min(at), last_begin.max(began).max(write));
        if last_begin > limit {
            return false;
        }
        // Clusters whose first end is between this one's first end and last beginning: all must have begun
        // before this one's first end. The nearer part was looked at before.
        let from = self.active.partition_point(|other| {
            let end = self.clusters[*other as usize].first_end;
            end <= first_end.max(was)
        });
        let to = self.active.partition_point(|other| self.clusters[*other as usize].first_end < last_begin);
        let between = self.active.get(from..to).unwrap_or_default();
        if between.iter().any(|other| self.clusters[*other as usize].last_begin > first_end) {
            return false;
        }
        for other in between {
            let limit = &mut self.clusters[*other as usize].limit;
            *limit = (*limit).min(first_end);
        }
        let cluster = &mut self.clusters[place as usize];
        if cluster.first_end == NEVER {
            self.active.push(place);
        }
        (cluster.first_end, cluster.last_begin) = (first_end, last_begin);
        true
    }
}
