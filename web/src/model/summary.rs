//! The three cells under the stage: operations, availability, network. They say what is known and no more.

use netsplit_lab::{Breach, Consistency, FaultBlock, Frame, Grade, text};

use super::format;

/// Clients' operations so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// Answered.
    pub ok: u64,
    /// Refused, failed or timed out.
    pub failed: u64,
    /// Still open.
    pub open: u64,
    /// Answered in the last second.
    pub recent_ok: u64,
    /// Not answered in the last second.
    pub recent_failed: u64,
}

/// How a cell looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A plain fact.
    Plain,
    /// Good.
    Ok,
    /// Not as it should be.
    Warn,
    /// Broken.
    Bad,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// How it looks.
    pub tone: Tone,
    /// Icon.
    pub icon: &'static str,
    /// What is so.
    pub title: String,
    /// The same for a narrow page.
    pub short: String,
    /// How it is known.
    pub text: String,
    /// What that says about what was promised; nothing where that is plain.
    pub grade: &'static str,
}

/// The cells.
pub fn cells(
    consistency: Option<&Consistency>,
    operations: &Operations,
    unanswered: Option<Grade>,
    frame: &Frame,
    faults: &[FaultBlock],
) -> [Cell; 3] {
    let first = consistency.map_or_else(|| answered(operations), consistent);
    [first, recent(operations, unanswered), network(frame, faults)]
}

/// How a grade looks: each has a shape of its own.
pub fn look(grade: Grade, promised: bool) -> (Tone, &'static str) {
    match grade {
        Grade::Kept if promised => (Tone::Ok, "i-ok"),
        Grade::Kept => (Tone::Plain, "i-ok"),
        Grade::Broken => (Tone::Bad, "i-bad"),
        Grade::NeverPromised => (Tone::Warn, "i-never"),
        Grade::AssumptionBroken => (Tone::Warn, "i-warn"),
        Grade::Undecided => (Tone::Plain, "i-unsure"),
    }
}

/// What a grade says, beside what happened.
fn graded(grade: Grade) -> &'static str {
    match grade {
        Grade::Broken => "promised",
        Grade::NeverPromised => "not promised",
        Grade::AssumptionBroken => "excused",
        Grade::Kept | Grade::Undecided => "",
    }
}

/// An invariant of the protocol was broken.
pub fn broken(breach: &Breach, count: u64) -> Cell {
    let grade = breach.grade;
    let (tone, icon) = look(grade, true);
    Cell {
        tone,
        icon,
        title: format!(
            "{} broken at {}",
            format::sentence_case(&text::invariant(breach.invariant)),
            format::instant(breach.time)
        ),
        short: format::many_as(count, "breach", "breaches"),
        // The title says which invariant it is.
        text: breach.sentence.split_once(": ").map_or(breach.sentence.as_str(), |(_, what)| what).to_owned(),
        grade: if grade == Grade::Broken { "" } else { graded(grade) },
    }
}

fn consistent(c: &Consistency) -> Cell {
    let (tone, icon) = look(c.grade, c.promised);
    let short = match c.violations as u64 {
        0 if c.grade == Grade::Undecided => "Not decided".to_owned(),
        0 => "No violation".to_owned(),
        count => format::many(count, "violation"),
    };
    Cell { tone, icon, title: c.title.clone(), short, text: c.sentence.clone(), grade: graded(c.grade) }
}

fn answered(o: &Operations) -> Cell {
    let title = format!("{} answered", format::many(o.ok, "operation"));
    let text = match (o.failed, o.open) {
        (0, 0) => "None failed.".to_owned(),
        (0, open) => format!("None failed, {} on the way.", format::count(open)),
        (failed, open) => {
            format!("{} failed or timed out, {} on the way.", format::count(failed), format::count(open))
        }
    };
    let short = format!("{} answered", format::count(o.ok));
    Cell { tone: Tone::Plain, icon: "i-list", title, short, text, grade: "" }
}

fn recent(o: &Operations, unanswered: Option<Grade>) -> Cell {
    let ended = o.recent_ok + o.recent_failed;
    if ended == 0 {
        let (title, text) = if o.open > 0 {
            ("No answer in the last second", format!("{} waiting.", format::many(o.open, "operation")))
        } else {
            ("Nothing asked in the last second", "No client is waiting.".to_owned())
        };
        let tone = if o.open > 0 && o.ok + o.failed > 0 { Tone::Warn } else { Tone::Plain };
        let icon = if tone == Tone::Warn { "i-warn" } else { "i-list" };
        let short = if o.open > 0 { "No answer" } else { "Nothing asked" };
        let (title, short) = (title.to_owned(), short.to_owned());
        return Cell { tone, icon, title, short, text, grade: "" };
    }
    let share = o.recent_ok as f64 / ended as f64;
    let (tone, icon, grade) = match unanswered {
        _ if o.recent_failed == 0 => (Tone::Ok, "i-ok", ""),
        None | Some(Grade::Kept | Grade::Undecided) => (Tone::Warn, "i-warn", ""),
        Some(grade) => {
            let (tone, icon) = look(grade, true);
            (tone, icon, graded(grade))
        }
    };
    Cell {
        tone,
        icon,
        title: format!("{} of requests answered", format::percent(share)),
        short: format!("{} served", format::percent(share)),
        text: format!("Last second: {} of {}.", format::count(o.recent_ok), format::count(ended)),
        grade,
    }
}

fn network(frame: &Frame, faults: &[FaultBlock]) -> Cell {
    let active: Vec<&FaultBlock> =
        faults.iter().filter(|f| f.from <= frame.time && frame.time < f.to && !f.no_effect).collect();
    if let Some(partition) = frame.partitions.first() {
        let name = |id: &u32| frame.nodes.iter().find(|n| n.id == *id).map_or("?", |n| n.name.as_str());
        let servers = |ids: &[u32]| -> String {
            let client = |id: &&u32| frame.nodes.iter().any(|n| n.id == **id && n.client);
            let names: Vec<&str> = ids.iter().filter(|id| !client(id)).map(name).collect();
            if names.len() > 8 { format::many(names.len() as u64, "node") } else { names.join(" ") }
        };
        let since = faults.iter().find(|f| f.index == partition.fault).map_or(frame.time, |f| f.from);
        let sides: Vec<String> =
            partition.sides.iter().map(|s| servers(s)).filter(|s| !s.is_empty()).collect();
        return Cell {
            tone: Tone::Bad,
            icon: "i-net",
            title: format!("Partitioned for {}", format::span(round(frame.time.saturating_sub(since)))),
            short: format!("Split {}", format::span(round(frame.time.saturating_sub(since)))),
            text: sides.join(" | "),
            grade: "",
        };
    }
    let down = frame.nodes.iter().filter(|n| n.status == "crashed").count() as u64;
    let cut = frame.links.iter().filter(|l| l.state == "cut").count() as u64;
    if active.is_empty() && down == 0 && cut == 0 {
        let text = match frame.messages.iter().filter(|m| !m.lost).count() as u64 {
            0 => "No message is on the way.".to_owned(),
            n => format!("{} on the way.", format::many(n, "message")),
        };
        let (title, short) = ("Every node and link works".to_owned(), "All works".to_owned());
        return Cell { tone: Tone::Ok, icon: "i-ok", title, short, text, grade: "" };
    }
    let title = match (down, active.len() as u64) {
        (0, n) => format!("{} in force", format::many(n.max(1), "fault")),
        (d, _) => format!("{} down", format::many(d, "node")),
    };
    let mut words: Vec<&str> = active.iter().map(|f| f.label.as_str()).take(3).collect();
    let more = active.len().saturating_sub(3);
    let rest = format!("and {more} more");
    if more > 0 {
        words.push(&rest);
    }
    let text = words.join(", ");
    Cell { tone: Tone::Warn, icon: "i-net", short: title.clone(), title, text, grade: "" }
}

fn round(ns: u64) -> u64 {
    if ns > 1_000_000_000 { ns / 100_000_000 * 100_000_000 } else { ns / 1_000_000 * 1_000_000 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_lab::{NodeFrame, PartitionFrame};

    fn node(id: u32, status: &str) -> NodeFrame {
        NodeFrame { id, name: format!("n{id}"), status: status.to_owned(), ..NodeFrame::default() }
    }

    #[test]
    fn nothing_is_claimed_before_anything_happened() {
        let cells = cells(None, &Operations::default(), None, &Frame::default(), &[]);
        assert_eq!(cells[0].title, "0 operations answered");
        assert_eq!(cells[1].tone, Tone::Plain);
        assert_eq!(cells[2].title, "Every node and link works");
    }

    #[test]
    fn shares_are_of_those_that_ended() {
        let o = Operations { ok: 10, failed: 4, open: 1, recent_ok: 6, recent_failed: 4 };
        let graded = |grade| cells(None, &o, grade, &Frame::default(), &[]);
        let looks = [Grade::Broken, Grade::AssumptionBroken, Grade::NeverPromised]
            .map(|grade| graded(Some(grade))[1].icon);
        assert_eq!(looks, ["i-bad", "i-warn", "i-never"]);
        let cells = graded(None);
        assert_eq!(cells[1].title, "60% of requests answered");
        assert_eq!(cells[1].tone, Tone::Warn);
        assert!(cells[0].text.contains("4 failed"));
    }

    #[test]
    fn the_network_names_its_sides_and_what_is_down() {
        let mut frame = Frame {
            time: 12_480_000_000,
            nodes: (1..=3).map(|id| node(id, if id == 3 { "crashed" } else { "up" })).collect(),
            partitions: vec![PartitionFrame { fault: 0, sides: vec![vec![1], vec![2, 3]] }],
            ..Frame::default()
        };
        let block = FaultBlock {
            from: 9_280_000_000,
            to: u64::MAX,
            label: "partition".into(),
            ..FaultBlock::default()
        };
        let cell = network(&frame, std::slice::from_ref(&block));
        assert_eq!((cell.title.as_str(), cell.text.as_str()), ("Partitioned for 3.2 s", "n1 | n2 n3"));
        frame.partitions.clear();
        assert_eq!(network(&frame, &[]).title, "1 node down");
    }
}
