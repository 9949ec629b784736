//! Declarations: plain static tables in which the engine and the algorithms say what they offer.
//! A face joins them into its catalogue; nothing here knows how they are written down.

use crate::distribution::Distribution;
use crate::time::Nanos;

/// Type, bounds and default of a parameter.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Yes or no.
    Bool(bool),
    /// Whole number: default, least, most.
    Int(i64, i64, i64),
    /// Real number: default, least, most.
    Real(f64, f64, f64),
    /// Span: default, least, most, in nanoseconds.
    Duration(Nanos, Nanos, Nanos),
    /// One of several named settings: (id, label); the first is the default.
    Choice(&'static [(&'static str, &'static str)]),
    /// A law for a span: the default, and the greatest parameter allowed (ns).
    Law(Law, Nanos),
}

/// A default distribution that a static table can hold.
#[derive(Clone, Copy, Debug)]
pub enum Law {
    /// Constant span.
    Constant(Nanos),
    /// Uniform from, to.
    Uniform(Nanos, Nanos),
    /// Exponential mean.
    Exponential(Nanos),
    /// Log-normal median, sigma.
    LogNormal(Nanos, f64),
}

impl Law {
    /// The distribution itself.
    #[must_use]
    pub fn distribution(self) -> Distribution {
        match self {
            Self::Constant(span) => Distribution::Constant(span),
            Self::Uniform(min, max) => Distribution::Uniform { min, max },
            Self::Exponential(mean) => Distribution::Exponential { mean },
            Self::LogNormal(median, sigma) => Distribution::LogNormal { median, sigma },
        }
    }
}

/// One parameter: everything that the page's control, the command line, the schema and the validation need.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Name in documents, `snake_case`, unique within its table.
    pub id: &'static str,
    /// Name on the page.
    pub label: &'static str,
    /// Unit shown beside the number ("ms" follows from the type for spans), or "".
    pub unit: &'static str,
    /// Section under which a long table shows it, or "".
    pub group: &'static str,
    /// Type, default and bounds.
    pub kind: Kind,
    /// One sentence: what it does.
    pub help: &'static str,
}

/// A chosen value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`Kind::Bool`].
    Bool(bool),
    /// Of [`Kind::Int`].
    Int(i64),
    /// Of [`Kind::Real`].
    Real(f64),
    /// Of [`Kind::Duration`].
    Duration(Nanos),
    /// Of [`Kind::Choice`]: the option's id.
    Choice(&'static str),
    /// Of [`Kind::Law`].
    Law(Distribution),
}

impl Kind {
    /// The default value.
    #[must_use]
    pub fn default(&self) -> Value {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value, ..) => Value::Int(*value),
            Self::Real(value, ..) => Value::Real(*value),
            Self::Duration(value, ..) => Value::Duration(*value),
            Self::Choice(options) => Value::Choice(options.first().map_or("", |option| option.0)),
            Self::Law(law, _) => Value::Law(law.distribution()),
        }
    }
}

/// Chosen values by parameter id; what is not chosen has its declared default.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    chosen: Vec<(&'static str, Value)>,
}

impl Settings {
    /// All defaults of a table.
    #[must_use]
    pub fn defaults(table: &[Param]) -> Self {
        Self { chosen: table.iter().map(|param| (param.id, param.kind.default())).collect() }
    }

    /// Sets one value; the id must be in the table that these settings were made from.
    ///
    /// # Errors
    /// The id, where it is unknown.
    pub fn set(&mut self, id: &str, value: Value) -> Result<(), String> {
        let slot = self.chosen.iter_mut().find(|(name, _)| *name == id).ok_or_else(|| id.to_owned())?;
        slot.1 = value;
        Ok(())
    }

    /// The value of `id`, if declared.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Value> {
        self.chosen.iter().find(|(name, _)| *name == id).map(|(_, value)| value)
    }

    /// A switch; false where undeclared.
    #[must_use]
    pub fn bool(&self, id: &str) -> bool {
        matches!(self.get(id), Some(Value::Bool(true)))
    }

    /// A whole number; 0 where undeclared.
    #[must_use]
    pub fn int(&self, id: &str) -> i64 {
        if let Some(Value::Int(value)) = self.get(id) { *value } else { 0 }
    }

    /// A real number; 0 where undeclared.
    #[must_use]
    pub fn real(&self, id: &str) -> f64 {
        if let Some(Value::Real(value)) = self.get(id) { *value } else { 0.0 }
    }

    /// A span in nanoseconds; 0 where undeclared.
    #[must_use]
    pub fn duration(&self, id: &str) -> Nanos {
        if let Some(Value::Duration(value)) = self.get(id) { *value } else { 0 }
    }

    /// The id of the chosen option; "" where undeclared.
    #[must_use]
    pub fn choice(&self, id: &str) -> &'static str {
        if let Some(Value::Choice(value)) = self.get(id) { value } else { "" }
    }

    /// A law; a constant 0 where undeclared.
    #[must_use]
    pub fn law(&self, id: &str) -> Distribution {
        if let Some(Value::Law(value)) = self.get(id) { value.clone() } else { Distribution::Constant(0) }
    }
}

/// What a message looks like. Shapes are fixed across patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Replication, with payload.
    Square,
    /// Heartbeat: no payload.
    HollowSquare,
    /// Acknowledgement.
    TickSquare,
    /// A request for a vote.
    Diamond,
    /// A vote granted.
    Triangle,
    /// A vote denied.
    HollowTriangle,
    /// A client's request.
    Circle,
    /// A reply to a client.
    HollowCircle,
    /// A copy of a range.
    Pill,
    /// Gossip and repair.
    Hexagon,
}

/// The hue of a message, by role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Replication.
    Append,
    /// Request for a vote.
    VoteRequest,
    /// Vote.
    Vote,
    /// Client traffic.
    Client,
    /// Data on the move.
    Data,
    /// Gossip and repair.
    Gossip,
}

/// One kind of message; a message's `kind()` is its index in the algorithm's table.
#[derive(Clone, Copy, Debug)]
pub struct MessageKind {
    /// The protocol's own name ("AppendEntries").
    pub label: &'static str,
    /// Hue.
    pub role: Role,
    /// Shape.
    pub shape: Shape,
}

/// Where the nodes stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Columns by tier: clients, balancers, backends.
    Tiers,
    /// A hash ring with the nodes on it.
    Ring,
    /// Servers on a circle, clients outside.
    Circle,
    /// Servers placed freely (a graph).
    Graph,
}

/// A kind of node in an algorithm.
#[derive(Clone, Copy, Debug)]
pub struct NodeRole {
    /// "server", "client", "balancer" …
    pub id: &'static str,
    /// Prefix of its names: "n" gives n1, n2 …
    pub prefix: &'static str,
    /// Column in a tiered layout, 0 at the left.
    pub tier: u8,
    /// Whether it issues client operations.
    pub client: bool,
}

/// A series that an algorithm charts over time (from `Simulation::sample`).
#[derive(Clone, Copy, Debug)]
pub struct Series {
    /// Name in documents and reports.
    pub id: &'static str,
    /// Name on the page.
    pub label: &'static str,
    /// Unit, or "". Of a running total: the unit of what is counted.
    pub unit: &'static str,
    /// The chart that it shares with the other series that name it, or "" for one of its own. All of them have one
    /// unit, and all or none are totals.
    pub chart: &'static str,
    /// Whether it is a running total from the start of the run: charts then show its growth per second.
    pub counts: bool,
}

/// An action that an algorithm accepts on its time line.
#[derive(Clone, Copy, Debug)]
pub struct ActionKind {
    /// "add_node", "decommission", "transfer_leadership" …
    pub id: &'static str,
    /// Name on the page.
    pub label: &'static str,
    /// Whether it names a node.
    pub on_node: bool,
}

/// Which promise: the consistency of a kind of read, durability, liveness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// What reads may return.
    Consistency,
    /// Which losses acknowledged writes survive.
    Durability,
    /// When requests are answered.
    Liveness,
}

/// One row of what an algorithm promises under its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// "linearizable", "eventual", "survives_minority_crash" … ; the name in `expect`.
    pub id: &'static str,
    /// Which aspect.
    pub aspect: Aspect,
    /// Whether it is promised; a row with `false` states plainly what is not.
    pub promised: bool,
    /// Conditions: "majority up", "clock drift within bound", "disk survives".
    pub assuming: &'static [&'static str],
    /// One sentence.
    pub sentence: &'static str,
}
