//! The picture at the cursor.

use netsplit_protocols::parts::words;
use netsplit_protocols::registry::Algorithm;
use netsplit_scenario::MessageName;
use netsplit_sim::NodeId;
use netsplit_sim::core::{Core, InFlight};
use netsplit_sim::declare::{Layout, Role, Shape};
use netsplit_sim::fault::{Entry, Fault, FaultKind};
use netsplit_sim::small;
use netsplit_sim::small::Map;
use netsplit_sim::trace::Kind;
use netsplit_sim::view::{Arc, Body, ClusterView, Detail, Item, Mark};

use crate::experiment::Experiment;
use crate::frame::{ArcFrame, Frame, Legend, Life, LinkFrame, MessageFrame, NodeFrame, PartitionFrame};
use crate::text;
use crate::timeline::Origin;

/// How long a lost message stays in the picture (ns).
const LOST_FOR: u64 = 300_000_000;
/// Most lost messages that are listed.
const LOST: usize = 400;
/// Most links that are listed as unhealthy.
const LINKS: usize = 4096;
/// With more nodes than this, nodes show no more than a dot.
const CARDS: usize = 64;

pub(crate) fn legend(algorithm: &Algorithm) -> Vec<Legend> {
    let role = |role| match role {
        Role::Append => "append",
        Role::VoteRequest => "vote_request",
        Role::Vote => "vote",
        Role::Client => "client",
        Role::Data => "data",
        Role::Gossip => "gossip",
    };
    let shape = |shape| match shape {
        Shape::Square => "square",
        Shape::HollowSquare => "hollow_square",
        Shape::TickSquare => "tick_square",
        Shape::Diamond => "diamond",
        Shape::Triangle => "triangle",
        Shape::HollowTriangle => "hollow_triangle",
        Shape::Circle => "circle",
        Shape::HollowCircle => "hollow_circle",
        Shape::Pill => "pill",
        Shape::Hexagon => "hexagon",
    };
    let kinds = algorithm.messages.iter();
    kinds
        .map(|kind| Legend {
            label: kind.label.to_owned(),
            role: role(kind.role).to_owned(),
            shape: shape(kind.shape).to_owned(),
        })
        .collect()
}

pub(crate) fn frame(x: &Experiment) -> Frame {
    let mut frame = Frame::default();
    glance(x, &mut frame, true, true);
    frame
}

pub(crate) fn glance(x: &Experiment, frame: &mut Frame, all: bool, ids: bool) {
    let core = x.world.core();
    (frame.time, frame.events) = (core.now, core.events);
    messages(x, &mut frame.messages, ids);
    if !all {
        return;
    }
    let overview = x.world.overview();
    let detail = if core.nodes.len() > CARDS { Detail::Dot } else { Detail::Card };
    let mut badges = badges(x);
    hold(&mut badges, &overview);
    let none = Vec::new();
    frame.layout.clear();
    frame.layout.push_str(match x.algorithm.layout {
        Layout::Tiers => "tiers",
        Layout::Ring => "ring",
        Layout::Circle => "circle",
        Layout::Graph => "graph",
    });
    frame.nodes.clear();
    frame.nodes.extend(
        (0..core.nodes.len() as u32).map(|id| node(x, id, detail, badges.get(&id).unwrap_or(&none).clone())),
    );
    frame.links = links(core);
    frame.partitions = partitions(x);
    frame.ring = overview.ring.iter().map(arc).collect();
    frame.line = overview.line.map(|line| text::sentence(&line, |n| x.name(n)));
}

pub(crate) fn inspect(x: &Experiment, id: u32) -> NodeFrame {
    let core = x.world.core();
    if id as usize >= core.nodes.len() {
        return NodeFrame::default();
    }
    let mut badges = badges(x);
    hold(&mut badges, &x.world.overview());
    let mut frame = node(x, id, Detail::Full, badges.remove(&id).unwrap_or_default());
    let (of, inside) = (NodeId(id), frame.inside.get_or_insert_default());
    inside.writes = core.writes(of);
    inside.next_sync = core.next_sync(of);
    inside.clock = core.clock(of);
    inside.lives = lives(x, id);
    frame
}

/// A node's lives up to the cursor.
fn lives(x: &Experiment, id: u32) -> Vec<Life> {
    let mut lives: Vec<Life> = Vec::new();
    let known = x.recorder.lives.iter().filter(|turn| turn.node == id && turn.event <= x.events());
    for turn in known {
        match (turn.died, lives.last_mut()) {
            (None, _) => lives.push(Life { from: turn.time, to: None, lost: 0 }),
            (Some(lost), Some(life)) => (life.to, life.lost) = (Some(turn.time), lost),
            (Some(_), None) => {}
        }
    }
    lives
}

fn arc(arc: &Arc) -> ArcFrame {
    let share = |at: u32| f64::from(at) / 4_294_967_296.0;
    ArcFrame { from: share(arc.from), to: share(arc.to), owner: arc.owner, moving_from: arc.moving_from }
}

fn messages(x: &Experiment, messages: &mut Vec<MessageFrame>, ids: bool) {
    let core = x.world.core();
    let id = |m: &InFlight| {
        let (from, to) = (x.name(m.from.0), x.name(m.to.0));
        MessageName { from, to, at: m.sent, nth: m.count, copy: u32::from(m.copy) }.to_string()
    };
    messages.clear();
    messages.extend(core.in_flight().filter(|m| m.from != m.to).map(|m| MessageFrame {
        from: m.from.0,
        to: m.to.0,
        sent: m.sent,
        due: m.at,
        kind: m.kind,
        lost: false,
        id: if ids { id(&m) } else { String::new() },
    }));
    if ids {
        small::sort_by_key(messages, |message| message.sent);
    }
    // Lost ones come from the trace.
    let since = core.now.saturating_sub(LOST_FOR);
    let recent = core.trace.iter().rev().take_while(|record| record.time >= since);
    let lost = recent.filter(|record| record.kind == Kind::Lost).take(LOST);
    messages.extend(lost.map(|record| MessageFrame {
        from: record.peer,
        to: record.node,
        sent: record.sent,
        due: record.time,
        kind: record.label,
        lost: true,
        id: String::new(),
    }));
}

/// Faults in force with their engine's index.
fn active(core: &Core) -> impl Iterator<Item = (u32, &Fault)> {
    core.active.iter().filter_map(|index| match core.entries.get(*index as usize) {
        Some(Entry::Fault(fault)) => Some((*index, fault)),
        _ => None,
    })
}

fn badges(x: &Experiment) -> Map<u32, Vec<(String, String)>> {
    let core = x.world.core();
    let mut badges: Map<u32, Vec<(String, String)>> = Map::new();
    for (_, fault) in active(core) {
        let (kind, amount) = match &fault.kind {
            FaultKind::Crash { .. } => ("crash", String::new()),
            FaultKind::Pause => ("pause", String::new()),
            FaultKind::Slow(factor) => ("slow", format!("×{factor}")),
            FaultKind::StallDisk => ("disk_stalled", String::new()),
            FaultKind::FillDisk => ("disk_full", String::new()),
            FaultKind::ClockOffset(by) => ("clock_offset", signed(*by)),
            FaultKind::ClockDrift(ppm) => ("clock_drift", format!("{ppm:+} ppm")),
            FaultKind::HotKey(key, share) => {
                // A fault of the traffic shows at whom it hits.
                if let Some(node) = x.world.keeper(*key) {
                    let amount = format!("{} {} %", words::key(*key), (share * 100.0) as u32);
                    badges.slot(node, Vec::new).push(("hot_key".to_owned(), amount));
                }
                continue;
            }
            _ => continue,
        };
        for node in core.selected(&fault.from) {
            badges.slot(node.0, Vec::new).push((kind.to_owned(), amount.clone()));
        }
    }
    badges
}

/// What others hold of a node stands beside its faults.
fn hold(badges: &mut Map<u32, Vec<(String, String)>>, overview: &ClusterView) {
    for (node, what) in &overview.held {
        badges.slot(*node, Vec::new).push(((*what).to_owned(), String::new()));
    }
}

fn signed(span: i64) -> String {
    let sign = if span < 0 { "−" } else { "+" };
    format!("{sign}{}", text::span(span.unsigned_abs()))
}

fn links(core: &Core) -> Vec<LinkFrame> {
    let mut links: Vec<LinkFrame> = Vec::new();
    for (_, fault) in active(core) {
        let state = match &fault.kind {
            FaultKind::OneWay | FaultKind::Cut => "cut",
            FaultKind::Flap(_) => "flap",
            FaultKind::Loss(_) => "loss",
            FaultKind::Duplicate(_) => "duplicate",
            FaultKind::Reorder(..) => "reorder",
            FaultKind::Latency(_) => "latency",
            FaultKind::Bandwidth(_) => "bandwidth",
            _ => continue,
        };
        let directed = fault.directed || fault.kind == FaultKind::OneWay;
        let from = core.selected(&fault.from);
        let to = if fault.to.is_empty() {
            (0..core.nodes.len() as u32).map(NodeId).collect()
        } else {
            core.selected(&fault.to)
        };
        for a in &from {
            for b in to.iter().filter(|b| *b != a) {
                if links.len() + 2 > LINKS {
                    return links;
                }
                links.push(LinkFrame { from: a.0, to: b.0, state: state.to_owned() });
                if !directed {
                    links.push(LinkFrame { from: b.0, to: a.0, state: state.to_owned() });
                }
            }
        }
    }
    links
}

fn partitions(x: &Experiment) -> Vec<PartitionFrame> {
    let core = x.world.core();
    let mut partitions = Vec::new();
    for (index, fault) in active(core) {
        let FaultKind::Partition(groups) = &fault.kind else { continue };
        let mut sides: Vec<Vec<u32>> =
            groups.iter().map(|group| core.selected(group).iter().map(|n| n.0).collect()).collect();
        let named = |id: &u32| !sides.iter().any(|side: &Vec<u32>| side.contains(id));
        let rest: Vec<u32> = (0..core.nodes.len() as u32).filter(named).collect();
        sides.push(rest);
        // Who is not there yet is on no side.
        sides.iter_mut().for_each(|side| side.retain(|id| !core.nodes[*id as usize].absent));
        sides.retain(|side| !side.is_empty());
        let fault = match x.origin(index) {
            Some(Origin::Fault(at)) => at,
            Some(Origin::Chaos(at)) => x.scenario.faults.len() + at,
            _ => usize::MAX,
        };
        partitions.push(PartitionFrame { fault, sides });
    }
    partitions
}

fn node(x: &Experiment, id: u32, detail: Detail, badges: Vec<(String, String)>) -> NodeFrame {
    let core = x.world.core();
    let (meta, state) = (&core.meta[id as usize], &core.nodes[id as usize]);
    let role = x.algorithm.roles.get(usize::from(meta.role));
    let view = x.world.observe(NodeId(id), detail);
    let status = match (state.absent, state.up, state.paused()) {
        (true, ..) => "absent",
        (_, false, _) => "crashed",
        (_, _, true) => "paused",
        _ => "up",
    };
    let (mark, progress) = match view.mark {
        Mark::None => ("none", 0.0),
        Mark::Leader => ("leader", 1.0),
        Mark::LeaderInDoubt => ("leader_in_doubt", 1.0),
        Mark::Candidate => ("candidate", 0.0),
        Mark::Joining(permille) => ("joining", f32::from(permille) / 1000.0),
    };
    let mut frame = NodeFrame {
        id,
        name: meta.name.clone(),
        role: role.map_or("", |role| role.id).to_owned(),
        tier: role.map_or(0, |role| role.tier),
        client: role.is_some_and(|role| role.client),
        body: match view.body {
            Body::Ring => "ring",
            Body::Client => "client",
            Body::Balancer => "balancer",
            Body::Backend => "backend",
        }
        .to_owned(),
        state: text::say(view.role, &[]),
        mark: mark.to_owned(),
        progress,
        hue: view.hue,
        caption: text::label(&view.caption),
        status: status.to_owned(),
        badges,
        ..NodeFrame::default()
    };
    if meta.workers > 0 {
        frame.queue = Some((state.busy, state.queued, meta.queue_limit));
    }
    for item in view.items {
        show(x, &mut frame, item, detail);
    }
    frame.name_in_words = in_words(&frame);
    frame
}

fn show(x: &Experiment, frame: &mut NodeFrame, item: Item, detail: Detail) {
    match item {
        Item::Fact(label, value) => frame.facts.push((text::label(label), value)),
        Item::Timer(label, left, of) => {
            frame.gauge = Some(left as f32 / of.max(1) as f32);
            if detail == Detail::Full {
                let timers = &mut frame.inside.get_or_insert_default().timers;
                timers.push((text::label(label), left, of));
            }
        }
        Item::Queue(busy, waiting, limit) => frame.queue = Some((busy, waiting, limit)),
        Item::Interval(label, from, to) => {
            let span = format!("{} – {}", text::instant(from), text::instant(to));
            frame.facts.push((text::label(label), span));
        }
        Item::Cells(_, cells) => {
            frame.cells = cells.into_iter().map(|cell| (cell.label, cell.hue, cell.solid)).collect();
        }
        Item::Ring(arcs) => {
            let rows = arcs.iter().map(|arc| {
                let range = format!("{:08x}–{:08x}", arc.from, arc.to);
                (range, x.name(arc.owner), arc.owner)
            });
            frame.tables.push((text::say("ring-title", &[]), rows.collect()));
        }
        Item::Table(title, rows) => frame.tables.push((text::label(title), rows)),
        Item::Matrix(title, rows) => {
            let rows = rows.into_iter().map(|(node, state, hue)| (x.name(node), state, hue));
            frame.tables.push((text::label(title), rows.collect()));
        }
        Item::Line(line) => {
            frame.facts.push((String::new(), text::sentence(&line, |n| x.name(n))));
        }
    }
}

/// "n1, Leader, term 3, slow ×8".
fn in_words(frame: &NodeFrame) -> String {
    let mut words = vec![frame.name.clone()];
    if frame.status == "up" {
        words.push(frame.state.clone());
        words.push(frame.caption.clone());
    } else {
        words.push(text::say(&format!("status-{}", frame.status), &[]));
    }
    let badges = frame.badges.iter().filter(|(kind, _)| *kind != frame.status && kind != "crash");
    for (kind, amount) in badges {
        let fault = netsplit_sim::fault::FAULTS.iter().find(|f| f.id == *kind);
        let label = fault.map_or_else(|| kind.replace('_', " "), |f| f.label.to_owned());
        words.push(format!("{label} {amount}").trim_end().to_owned());
    }
    words.retain(|word| !word.is_empty());
    words.join(", ")
}
