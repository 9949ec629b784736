//! The links: what each is like, and which differ.

use crate::Distribution;
use crate::record::{Port, Record, as_word, by_value};

/// Zones, and links that differ from [`Network`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    /// Racks or regions.
    pub zones: Vec<Zone>,
    /// Latencies between zones, and within one (`from` equal to `to`).
    pub zone_latency: Vec<ZoneLatency>,
    /// Links that differ; these win over zones.
    pub links: Vec<LinkSpec>,
}

impl Record for Topology {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.may("zones", &mut self.zones);
        port.may("zone_latency", &mut self.zone_latency);
        port.may("links", &mut self.links);
    }
}

/// A rack or a region.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// The nodes in it; each node is in one zone at most.
    pub nodes: Vec<String>,
}

impl Record for Zone {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("name", &mut self.name);
        port.pass("nodes", &mut self.nodes);
    }
}

/// The latency between two zones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ZoneLatency {
    /// A zone.
    pub from: String,
    /// Another zone, or the same.
    pub to: String,
    /// How long a message takes.
    pub latency: Distribution,
    /// Only from `from` to `to`; otherwise both ways.
    pub one_way: bool,
}

impl Record for ZoneLatency {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("from", &mut self.from);
        port.need("to", &mut self.to);
        port.need("latency", &mut self.latency);
        port.may("one_way", &mut self.one_way);
    }
}

/// A link that differs from the others. What it leaves out is as in [`Network`] and the zones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkSpec {
    /// A node.
    pub from: String,
    /// Another node.
    pub to: String,
    /// How long a message takes.
    pub latency: Option<Distribution>,
    /// The probability that a message is lost.
    pub loss: Option<f64>,
    /// Bytes per second; 0 is unlimited.
    pub bandwidth: Option<u64>,
    /// Datagrams or a stream.
    pub transport: Option<Transport>,
    /// Only from `from` to `to`; otherwise both ways.
    pub one_way: bool,
}

impl Record for LinkSpec {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("from", &mut self.from);
        port.need("to", &mut self.to);
        port.may("latency", &mut self.latency);
        port.may("loss", &mut self.loss);
        port.may("bandwidth", &mut self.bandwidth);
        port.may("transport", &mut self.transport);
        port.may("one_way", &mut self.one_way);
    }
}

/// How messages travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// What the algorithm assumes ([`crate::AlgorithmDecl::transport`]).
    #[default]
    Auto,
    /// Independent delays; may reorder.
    Datagram,
    /// In order, no duplicates.
    Stream,
}

as_word!(Transport { Auto: "auto", Datagram: "datagram", Stream: "stream" });

/// All links that nothing else is said about.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// How long a message takes.
    pub latency: Distribution,
    /// The probability that a message is lost.
    pub loss: f64,
    /// The probability that a message arrives twice.
    pub duplicate: f64,
    /// The probability that a message is held back behind later ones.
    pub reorder: f64,
    /// Bytes per second; 0 is unlimited.
    pub bandwidth: u64,
    /// Datagrams or streams.
    pub transport: Transport,
}

impl Record for Network {
    fn fields(&mut self, port: &mut Port<'_>) {
        let mut default = Self::default();
        port.or("latency", &mut self.latency, &mut default.latency);
        port.or("loss", &mut self.loss, &mut default.loss);
        port.or("duplicate", &mut self.duplicate, &mut default.duplicate);
        port.or("reorder", &mut self.reorder, &mut default.reorder);
        port.or("bandwidth", &mut self.bandwidth, &mut default.bandwidth);
        port.or("transport", &mut self.transport, &mut default.transport);
    }
}

by_value!(Topology, Zone, ZoneLatency, LinkSpec, Transport, Network);
