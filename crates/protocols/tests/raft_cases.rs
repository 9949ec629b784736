//! One server against a script: what it is sent, and what it makes of it. The cases are text files that can be read
//! alone; `raft_cases/README` says how.
//!
//! `NETSPLIT_BLESS=1 cargo test -p netsplit-protocols --test raft_cases` writes the answers anew: read the difference.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use netsplit_protocols::leader_election::raft::{Config, Reads, Server};
use netsplit_protocols::parts::client::{Answer, ClientMessage, Request};
use netsplit_protocols::parts::host::Envelope;
use netsplit_protocols::parts::raft::{
    Append, Broken, Command, Disk, Entry, Members, Payload, Raft, Role, Rules, Snapshot, Timer,
};
use netsplit_sim::core::NodeMeta;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Function, Operation};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::{Action, Ctx, Look, Node};
use netsplit_sim::time::{MILLISECOND, Nanos};
use netsplit_sim::view::{Body, Detail, NodeView};
use netsplit_sim::{Cluster, NodeId, Simulation};

type Letter = Envelope<Raft>;

/// n1 is a server; everybody else says what the script says and writes down what arrives.
#[derive(Clone)]
enum Actor {
    Server(Box<Server>),
    Puppet(Vec<Letter>, Vec<(Nanos, Letter)>),
}

impl Node for Actor {
    type Message = Letter;
    type Timer = Timer;
    type Disk = Disk;
    type Watch = ();

    fn start(&mut self, disk: &Disk, ctx: &mut Ctx<'_, Self>) {
        if let Self::Server(server) = self {
            server.start(disk, ctx);
        }
    }
    fn receive(&mut self, from: NodeId, message: Letter, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Server(server) => server.receive(from, message, ctx),
            Self::Puppet(_, heard) => heard.push((ctx.clock(), message)),
        }
    }
    fn timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        if let Self::Server(server) = self {
            server.timer(timer, ctx);
        }
    }
    fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Self>) {
        if let Self::Server(server) = self {
            server.synced(ticket, ctx);
        }
    }
    fn act(&mut self, action: &Action, ctx: &mut Ctx<'_, Self>) -> bool {
        match self {
            Self::Server(server) => server.act(action, ctx),
            Self::Puppet(lines, _) => {
                let line = lines[action.args[0] as usize].clone();
                ctx.send(NodeId(0), line);
                true
            }
        }
    }
    fn digest(&self) -> u64 {
        0
    }
    fn observe(&self, _: &Look, _: Detail) -> NodeView {
        NodeView::new(Body::Ring, "role-follower")
    }
}

/// The words of a line, and their values where they are given as `name=value`.
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
    fn number(&self, name: &str) -> u64 {
        self.value(name).map_or(0, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
    }
    fn has(&self, word: &str) -> bool {
        self.0.contains(&word)
    }
    /// Index and term, written 7/3.
    fn place(&self, name: &str) -> (u64, u64) {
        let Some(text) = self.value(name) else { return (0, 0) };
        let (index, term) = text.split_once('/').unwrap_or_else(|| panic!("{name}={text}: index/term"));
        (index.parse().expect("index"), term.parse().expect("term"))
    }
}

fn node(text: &str) -> NodeId {
    NodeId(text[1..].parse::<u32>().unwrap_or_else(|_| panic!("{text} is no server")) - 1)
}

fn members(text: &str) -> Members {
    let set = |text: &str| Members::of(text.split('+').map(node)).new;
    match text.split_once('>') {
        Some((old, new)) => Members { new: set(new), old: set(old) },
        None => Members { new: set(text), old: 0 },
    }
}

fn operation(number: u64, read: bool, key: u64, value: u64) -> Operation {
    let function = if read { Function::Read } else { Function::Write };
    Operation { number, function, key, value, expected: 0 }
}

/// Entries as their terms, with a configuration in brackets: `1,1,2[n1+n2]`. The number of an entry's command is its
/// place in this list.
fn entries(text: &str, client: NodeId) -> Arc<[Entry]> {
    let one = |(at, text): (usize, &str)| {
        let (term, of) =
            text.split_once('[').map_or((text, None), |(term, of)| (term, Some(of.trim_end_matches(']'))));
        let number = 1000 + at as u64;
        let command = Command { client, operation: operation(number, false, at as u64 % 3, number), tag: 0 };
        let payload = of.map_or(Payload::Command(command), |of| Payload::Members(members(of)));
        Entry { term: term.parse().expect("a term"), payload }
    };
    text.split(',').filter(|text| !text.is_empty()).enumerate().map(one).collect()
}

struct Case {
    sim: Cluster<Actor>,
    servers: u32,
    out: String,
}

impl Case {
    /// `servers 3 lease pre_vote …`: n1 of so many, all timers 100 ms, syncs 1 ms, messages 1 ms.
    fn new(words: &Words<'_>) -> Self {
        let servers: u32 = words.0[1].parse().expect("a number of servers");
        let span =
            |name: &str, or: u64| words.value(name).map_or(or, |ms| ms.parse().expect("ms")) * MILLISECOND;
        let lease = words.has("lease");
        let rules = Rules {
            election_min: span("election", 100),
            election_max: span("election", 100),
            heartbeat: span("heartbeat", 30),
            pre_vote: words.has("pre_vote"),
            check_quorum: words.has("check_quorum"),
            refuse: words.has("refuse_votes"),
            lease: if lease { span("election", 100) } else { 0 },
            joint: words.has("joint"),
            max_entries: words.value("max_entries").map_or(64, |text| text.parse().expect("entries")),
            inflight: words.value("inflight").map_or(64, |text| text.parse().expect("messages")),
            batch: span("batch", 0),
            announce: words.has("announce"),
            compact: words.number("snapshot_every"),
            chunk: words.value("snapshot_chunk").map_or(u32::MAX, |text| text.parse().expect("bytes")),
            measure_from: 0,
            broken: words.value("broken").map_or(Broken::Nothing, Broken::of),
        };
        let reads = if words.has("local") {
            Reads::Local
        } else if words.has("read_index") || lease {
            Reads::Index
        } else {
            Reads::Log
        };
        let config = Config { rules: Arc::new(rules), reads, service: 0 };
        let initial = Members::of((0..servers).map(NodeId).filter(|_| !words.has("empty")));
        let initial = words.value("members").map_or(initial, members);
        let server = Server::new(NodeId(0), Arc::new(config), initial);
        // One more than the servers: the client.
        let mut nodes = vec![(NodeMeta::new("n1".into(), 0), Actor::Server(Box::new(server)))];
        let puppet = |n| (NodeMeta::new(format!("n{n}"), 0), Actor::Puppet(Vec::new(), Vec::new()));
        nodes.extend((2..=servers + 1).map(puppet));
        let latency = Distribution::Constant(MILLISECOND);
        let network = Network::uniform(Profile::new(latency, Transport::Datagram));
        let mut sim = Cluster::new(1, network, nodes);
        sim.run(0, u64::MAX);
        Self { sim, servers, out: String::new() }
    }

    fn client(&self) -> NodeId {
        NodeId(self.servers)
    }

    fn say(&mut self, from: NodeId, letter: Letter) {
        let Actor::Puppet(lines, _) = self.sim.node_mut(from) else { panic!("n1 speaks for itself") };
        lines.push(letter);
        let args = vec![lines.len() as u64 - 1];
        let at = self.sim.now() + 1;
        self.sim.schedule_action(at, Action { id: "say".into(), node: Some(from), args });
    }

    fn fault(&mut self, kind: FaultKind, lasts: Option<Nanos>) {
        let (at, from) = (self.sim.now() + 1, vec![Selector::Node(NodeId(0))]);
        self.sim.schedule_fault(Fault {
            at,
            duration: lasts,
            kind,
            from,
            to: Vec::new(),
            message: None,
            directed: false,
        });
    }

    /// One line of the script; afterwards 4 ms pass, unless it says how many.
    fn step(&mut self, line: &str) {
        let words = Words(line.split_whitespace().collect());
        let mut wait = words.value("wait").map_or(4, |ms| ms.parse().expect("ms")) * MILLISECOND;
        let term = words.number("term");
        match words.0[0] {
            "wait" => wait = words.0[1].parse::<u64>().expect("ms") * MILLISECOND,
            "crash" => self.fault(FaultKind::Crash { host: true }, Some(MILLISECOND)),
            "blip" => self.fault(FaultKind::LoseUnsynced, None),
            "lose_disk" => self.fault(FaultKind::LoseDisk, None),
            "stall" => self.fault(FaultKind::StallDisk, Some(words.number("for") * MILLISECOND)),
            "full" => self.fault(FaultKind::FillDisk, Some(words.number("for") * MILLISECOND)),
            "act" => {
                let at = self.sim.now() + 1;
                let action = Action { id: words.0[1].into(), node: Some(NodeId(0)), args: Vec::new() };
                self.sim.schedule_action(at, action);
            }
            "client" => {
                let number = words.number("number");
                let operation =
                    operation(number, words.has("read"), words.number("key"), words.number("value"));
                let (client, attempt) = (self.client(), words.number("attempt") as u32);
                let request = Request { client, operation, attempt, work: 0, session: 0, patience: 0 };
                self.say(client, Envelope::Client(ClientMessage::Request(request)));
            }
            name => {
                let from = node(name);
                let (previous, previous_term) = words.place("after");
                let (last, last_term) = words.place("last");
                let round = words.number("round");
                let message = match words.0[1] {
                    "append" => Raft::Append(Append {
                        term,
                        previous,
                        previous_term,
                        entries: entries(words.value("entries").unwrap_or(""), self.client()),
                        commit: words.number("commit"),
                        round,
                    }),
                    "ack" => Raft::Appended {
                        term,
                        success: true,
                        index: words.number("index"),
                        round,
                        previous: 0,
                    },
                    "nack" => Raft::Appended {
                        term,
                        success: false,
                        index: words.number("index"),
                        round,
                        previous: words.place("after").0,
                    },
                    "ask" => Raft::RequestVote {
                        term,
                        last,
                        last_term,
                        pre: words.has("pre"),
                        transfer: words.has("transfer"),
                    },
                    "vote" => Raft::Vote { term, granted: !words.has("denied"), pre: words.has("pre") },
                    "timeout_now" => Raft::TimeoutNow { term },
                    "snapshot" => {
                        let members = words
                            .value("members")
                            .map_or_else(|| Members::of((0..self.servers).map(NodeId)), members);
                        let state = Arc::new(netsplit_protocols::leader_election::raft::Store::default());
                        let (index, of) = words.place("of");
                        let (bytes, offset) = (words.number("bytes") as u32, words.number("offset") as u32);
                        let length = words.value("length").map_or(bytes, |text| text.parse().expect("bytes"));
                        let snapshot = Snapshot { index, term: of, members, digest: 0, bytes, state };
                        Raft::Install { term, snapshot: Arc::new(snapshot), offset, length, round }
                    }
                    "received" => Raft::Received {
                        term,
                        index: words.number("index"),
                        offset: words.number("offset") as u32,
                        round,
                    },
                    "join" => Raft::Change { node: from, add: true },
                    "leave" => Raft::Change { node: from, add: false },
                    "removed" => Raft::Removed { index: words.number("index") },
                    other => panic!("no such message: {other}"),
                };
                self.say(from, Envelope::Server(message));
            }
        }
        let until = self.sim.now() + wait;
        self.sim.run(until, u64::MAX);
        let _ = writeln!(self.out, "> {line}");
        self.tell();
    }

    /// What n1 sent, and what it is now.
    fn tell(&mut self) {
        let mut heard: Vec<(Nanos, String)> = Vec::new();
        for at in 1..=self.servers {
            let name = if at == self.servers { "client".into() } else { format!("n{}", at + 1) };
            if let Actor::Puppet(_, letters) = self.sim.node_mut(NodeId(at)) {
                heard.extend(
                    letters.drain(..).map(|(time, letter)| (time, format!("{name} {}", text(&letter)))),
                );
            }
        }
        heard.sort_by_key(|(time, _)| *time);
        for (_, letter) in heard {
            let _ = writeln!(self.out, "    to {letter}");
        }
        let Actor::Server(server) = &self.sim.nodes()[0] else { return };
        let r = &server.replica;
        let role = match r.role {
            Role::Follower => "follower",
            Role::PreCandidate => "pre-candidate",
            Role::Candidate => "candidate",
            Role::Leader => "leader",
        };
        let name = |node: NodeId| format!("n{}", node.0 + 1);
        let vote = r.vote.map_or("nobody".into(), name);
        let terms: Vec<String> = r.log.iter().map(|(_, entry)| entry.term.to_string()).collect();
        let base = if r.log.base() > 0 { format!("{}… ", r.log.base()) } else { String::new() };
        let _ = writeln!(
            self.out,
            "    {role} of term {}, voted for {vote}, log {base}[{}], committed {}, on disk {}, members {}",
            r.term,
            terms.join(" "),
            r.commit,
            r.stable,
            config(&r.members)
        );
    }
}

fn config(members: &Members) -> String {
    let set = |set: u128| {
        let names: Vec<String> =
            (0..128).filter(|n| set >> n & 1 == 1).map(|n| format!("n{}", n + 1)).collect();
        names.join("+")
    };
    if members.joint() { format!("{}>{}", set(members.old), set(members.new)) } else { set(members.new) }
}

/// A message of n1 in words.
fn text(letter: &Letter) -> String {
    let entry = |entry: &Entry| match &entry.payload {
        Payload::Members(members) => format!("{}[{}]", entry.term, config(members)),
        _ => entry.term.to_string(),
    };
    match letter {
        Envelope::Server(Raft::Append(a)) => {
            let entries: Vec<String> = a.entries.iter().map(entry).collect();
            let what = if entries.is_empty() {
                "heartbeat".into()
            } else {
                format!("append [{}]", entries.join(" "))
            };
            format!("{what} of term {} after {}/{} commit {}", a.term, a.previous, a.previous_term, a.commit)
        }
        Envelope::Server(Raft::Appended { term, success, index, round, .. }) => {
            let round = if *round > 0 { format!(", round {round}") } else { String::new() };
            format!("{} {index} of term {term}{round}", if *success { "ack" } else { "nack: try after" })
        }
        Envelope::Server(Raft::RequestVote { term, last, last_term, pre, transfer }) => {
            let kind = if *pre { "would you vote" } else { "vote for me" };
            format!(
                "{kind} in term {term}, last {last}/{last_term}{}",
                if *transfer { ", handed over" } else { "" }
            )
        }
        Envelope::Server(Raft::Vote { term, granted, pre }) => {
            let what = match (granted, pre) {
                (true, false) => "vote granted",
                (true, true) => "vote would be granted",
                (false, false) => "vote denied",
                (false, true) => "vote would be denied",
            };
            format!("{what}, term {term}")
        }
        Envelope::Server(Raft::TimeoutNow { term }) => format!("stand now, term {term}"),
        Envelope::Server(Raft::Install { term, snapshot, offset, length, .. }) => {
            let members = config(&snapshot.members);
            let part = match snapshot.bytes {
                all if all == *length => String::new(),
                all => format!(", {length} of its {all} bytes from {offset} on"),
            };
            let (index, of) = (snapshot.index, snapshot.term);
            format!("snapshot up to {index}/{of} of term {term}, members {members}{part}")
        }
        Envelope::Server(Raft::Received { term, index, offset, .. }) => {
            format!("has {offset} bytes of snapshot {index}, term {term}")
        }
        Envelope::Server(Raft::Change { node, add }) => {
            format!("n{} wants {}", node.0 + 1, if *add { "in" } else { "out" })
        }
        Envelope::Server(Raft::Removed { index }) => format!("removed by entry {index}"),
        Envelope::Client(ClientMessage::Reply(reply)) => match reply.answer {
            Answer::Ok(value) => format!("answer {}: ok {value:?}", reply.number),
            Answer::Refused(cause) => format!("answer {}: refused, {cause:?}", reply.number),
            Answer::Redirect(to) => {
                format!("answer {}: ask n{}", reply.number, to.map_or(0, |node| node.0 + 1))
            }
        },
        Envelope::Client(_) => "?".into(),
    }
}

/// A case with its answers written anew: comments as they are, the script, then what came of each line.
fn play(source: &str) -> String {
    let script = source.split("\n---\n").next().unwrap_or("").trim_end();
    let mut case: Option<Case> = None;
    for line in script.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        match &mut case {
            None => {
                let words = Words(line.split_whitespace().collect());
                assert_eq!(words.0[0], "servers", "a script begins with the servers");
                case = Some(Case::new(&words));
            }
            Some(case) => case.step(line),
        }
    }
    format!("{script}\n---\n{}", case.expect("a script").out)
}

#[test]
fn cases_come_out_as_written() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/raft_cases");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .collect();
    files.sort();
    assert!(files.len() >= 40, "{} cases", files.len());
    let mut differ = Vec::new();
    for path in files {
        let source = std::fs::read_to_string(&path).expect("text");
        let played = play(&source);
        if played == source {
            continue;
        }
        if std::env::var_os("NETSPLIT_BLESS").is_some() {
            std::fs::write(&path, played).expect("the folder is writable");
        } else {
            differ.push(format!("{}:\n{played}", path.display()));
        }
    }
    assert!(differ.is_empty(), "these come out otherwise:\n{}", differ.join("\n"));
}
