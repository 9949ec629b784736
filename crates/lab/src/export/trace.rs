//! The trace as text. It is made by replay, some events at a time, so that a long run needs no more memory than a short
//! one.

use netsplit_sim::trace::{Kind, Record};

use crate::experiment::Experiment;
use crate::replay::Replay;
use crate::spacetime::Clocks;
use crate::window::{Window, kind};

/// Events that are made at once.
const SLICE: u64 = 4_096;
/// Events that a ShiViz log holds if nobody says otherwise: its page draws each of them.
pub const SHIVIZ_EVENTS: u64 = 5_000;
/// How ShiViz is to read [`shiviz`]: the expression of its own examples. Host and clock are one line, the event the next.
pub const SHIVIZ_PARSER: &str = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)";
/// The host of faults and actions.
const ENVIRONMENT: &str = "environment";

/// Goes through the records of events from `from` to `to`, both included, as far as the run was simulated.
fn each(x: &Experiment, from: u64, to: u64, see: &mut dyn FnMut(&Window, &Record)) {
    let to = to.min(x.frontier.events);
    let mut replay = Replay::before_event(x, from);
    let mut window = Window::default();
    while replay.world.events() < to {
        let before = replay.world.events();
        replay.watch(x, to.min(before + SLICE), x.frontier(), &mut window.records, Some(&mut window.heard));
        let within = |record: &&Record| record.event >= from && record.event <= to;
        window.records.iter().filter(within).for_each(|record| see(&window, record));
        window.records.clear();
        window.heard.clear();
        if replay.world.events() == before {
            return;
        }
    }
}

/// As a string of JSON.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            character if u32::from(character) < 32 => out.push(' '),
            character => out.push(character),
        }
    }
    out.push('"');
    out
}

fn place(x: &Experiment, node: u32) -> String {
    if node == u32::MAX { ENVIRONMENT.to_owned() } else { x.name(node) }
}

/// Each event from `from` to `to` as a line of JSON, given to `write`: number, instant (ns), kind, node, and where they
/// apply the event that caused it, the other node, the kind of message and when it was sent (ns). A message that is lost
/// on its way has a line as well, with the number of the event in which that happened.
#[inline(never)]
pub fn json_lines(x: &Experiment, from: u64, to: u64, write: &mut dyn FnMut(&str)) {
    each(x, from, to, &mut |window, record| {
        let mut line = format!(
            "{{\"event\":{},\"time\":{},\"kind\":\"{}\",\"node\":{}",
            record.event,
            record.time,
            kind(record.kind),
            quoted(&place(x, record.node))
        );
        if record.cause() > 0 {
            line.push_str(",\"cause\":");
            line.push_str(&record.cause().to_string());
        }
        if record.peer != u32::MAX {
            line.push_str(",\"peer\":");
            line.push_str(&quoted(&x.name(record.peer)));
        }
        if record.peer != u32::MAX && record.kind != Kind::Broken {
            line.push_str(",\"message\":");
            line.push_str(&quoted(Window::message(x, record)));
            line.push_str(",\"sent\":");
            line.push_str(&record.sent.to_string());
        }
        if record.kind != Kind::Lost {
            line.push_str(",\"text\":");
            line.push_str(&quoted(&window.sentence(x, record)));
        }
        line.push_str("}\n");
        write(&line);
    });
}

/// The events from `from` to `to` as a log for ShiViz, to be read with [`SHIVIZ_PARSER`]: clocks count from the first one
/// of them.
#[inline(never)]
pub fn shiviz(x: &Experiment, from: u64, to: u64, write: &mut dyn FnMut(&str)) {
    let mut clocks = Clocks::default();
    each(x, from, to, &mut |window, record| {
        if record.kind == Kind::Lost {
            return;
        }
        let clock = clocks.next(record.node, record.event, record.cause());
        let mut line = place(x, record.node);
        for (at, (node, count)) in clock.vector.iter().enumerate() {
            line.push_str(if at == 0 { " {" } else { ", " });
            line.push_str(&quoted(&place(x, *node)));
            line.push(':');
            line.push_str(&count.to_string());
        }
        line.push_str("}\n");
        line.push_str(&window.sentence(x, record).replace('\n', " "));
        line.push('\n');
        write(&line);
    });
}
