//! How a node is drawn.

use std::f64::consts::{FRAC_PI_2, TAU};

use netsplit_lab::NodeFrame;
use web_sys::CanvasRenderingContext2d as Canvas;

use super::glyphs::{self, Icons, circle, dash, path, rounded};
use super::layout::Place;
use super::theme::{Ink, Theme};

/// Cells of a log that are drawn.
const CELLS: usize = 8;

/// What a node's picture depends on besides the node.
pub struct Look<'a> {
    /// Colours.
    pub theme: &'a Theme,
    /// Badges' icons.
    pub icons: &'a Icons,
    /// Hues are shards, not terms.
    pub shards: bool,
    /// Draw labels and logs.
    pub labels: bool,
    /// There is room for the words below the node.
    pub words: bool,
    /// Width of the stage (px).
    pub width: f64,
    /// There is room for its log below them.
    pub cells: bool,
    /// In tiers: labels beside, queues at the right.
    pub tiers: bool,
    /// A tool is armed, and this node is no target.
    pub dim: bool,
    /// A tool is armed, and this node is one.
    pub target: bool,
    /// Picked for the armed tool.
    pub picked: bool,
    /// Selected.
    pub selected: bool,
}

/// Draws a node.
pub fn node(on: &Canvas, look: &Look<'_>, shown: &NodeFrame, place: Place) {
    let theme = look.theme;
    let crashed = shown.status == "crashed";
    let neutral = Ink { css: theme.ink_3.clone(), fill: theme.stage.clone(), ..Ink::default() };
    let ink = if crashed { &neutral } else { theme.hue(shown.hue, look.shards) };
    on.set_global_alpha(if look.dim { 0.4 } else { 1.0 });
    halo(on, look, shown, place);
    match shown.body.as_str() {
        "client" | "backend" => boxed(on, look, shown, place, ink, crashed),
        _ => ring(on, look, shown, place, ink, crashed),
    }
    if crashed {
        hatch(on, theme, shown, place);
    }
    if place.r >= 11.0 {
        name(on, look, shown, place);
    }
    if look.labels {
        if let Some((serving, waiting, limit)) = shown.queue.filter(|_| look.tiers && !shown.client) {
            queue(on, theme, place, serving, waiting, limit);
        }
        below(on, look, shown, place);
        for (at, (kind, amount)) in shown.badges.iter().filter(|b| shows(&b.0)).take(2).enumerate() {
            let lift = 24.0 * at as f64;
            let (x, y) = (place.x + place.r * 0.78, place.y + place.half_height(&shown.body) * 0.78 - lift);
            look.icons.badge(on, theme, x, y, kind, amount);
        }
    } else if shown.badges.iter().any(|b| shows(&b.0)) {
        circle(on, place.x + place.r * 0.8, place.y + place.r * 0.8, 3.0);
        on.set_fill_style_str(&theme.fault);
        on.fill();
    }
    on.set_global_alpha(1.0);
}

/// Crashed and paused nodes are drawn so; they need no badge.
fn shows(kind: &str) -> bool {
    kind != "crash" && kind != "pause"
}

fn halo(on: &Canvas, look: &Look<'_>, shown: &NodeFrame, place: Place) {
    if !look.picked && !look.selected && !look.target {
        return;
    }
    if shown.body == "client" || shown.body == "backend" {
        let half = place.half_height(&shown.body);
        let (w, h) = (place.r + 5.0, half + 5.0);
        rounded(on, place.x - w, place.y - h, w * 2.0, h * 2.0, 9.0);
    } else {
        // Outside the disc that keeps links off the ring.
        circle(on, place.x, place.y, place.r + 13.0);
    }
    on.set_line_width(2.0);
    on.set_stroke_style_str(match (look.picked, look.selected) {
        (true, _) => &look.theme.fault,
        (false, true) => &look.theme.focus,
        (false, false) => &look.theme.line_3,
    });
    if !look.picked && !look.selected {
        on.set_line_width(1.25);
    }
    if look.picked || !look.selected {
        dash(on, &[4.0, 3.0]);
    }
    on.stroke();
    dash(on, &[]);
}

fn ring(on: &Canvas, look: &Look<'_>, shown: &NodeFrame, place: Place, ink: &Ink, crashed: bool) {
    let theme = look.theme;
    let Place { x, y, r, .. } = place;
    let small = r < 14.0;
    circle(on, x, y, r + if small { 2.0 } else { 11.0 });
    on.set_fill_style_str(&theme.stage);
    on.fill();
    circle(on, x, y, r);
    let balancer = shown.body == "balancer";
    on.set_fill_style_str(if balancer { &theme.raised } else { &ink.fill });
    on.fill();
    on.set_stroke_style_str(&ink.css);
    on.set_line_width(if small { 1.5 } else { 2.0 });
    if crashed {
        dash(on, &[4.0, 4.0]);
    }
    on.stroke();
    dash(on, &[]);
    if crashed {
        return;
    }
    match shown.mark.as_str() {
        "leader" | "leader_in_doubt" => {
            if !small {
                circle(on, x, y, r - 5.0);
                on.set_line_width(1.25);
                on.stroke();
            }
            let size = if small { 0.5 } else { (r / 34.0).clamp(0.6, 1.0) };
            // Outside the arc of its timer.
            let lift = if shown.gauge.is_some() && !small { 8.0 * size } else { 0.0 };
            glyphs::crown(
                on,
                theme,
                ink,
                x,
                y - r - 11.0 * size - lift,
                size,
                shown.mark == "leader_in_doubt",
            );
        }
        "candidate" => {
            circle(on, x, y, r - 5.0);
            dash(on, &[4.0, 3.0]);
            on.set_line_width(1.5);
            on.stroke();
            dash(on, &[]);
        }
        "joining" => arc(on, theme, ink, place, f64::from(shown.progress)),
        _ => {}
    }
    if let Some(gauge) = shown.gauge.filter(|_| !small && shown.mark != "joining") {
        let soft = Ink { css: theme.ink_3.clone(), ..Ink::default() };
        arc(on, theme, &soft, place, f64::from(gauge));
    }
}

fn arc(on: &Canvas, theme: &Theme, ink: &Ink, place: Place, share: f64) {
    let out = place.r + (place.r * 0.24).clamp(4.0, 8.0);
    on.set_line_width(if place.r < 22.0 { 2.0 } else { 3.0 });
    circle(on, place.x, place.y, out);
    on.set_stroke_style_str(&theme.line);
    on.stroke();
    on.begin_path();
    let _ = on.arc(place.x, place.y, out, -FRAC_PI_2, -FRAC_PI_2 + TAU * share.clamp(0.0, 1.0));
    on.set_stroke_style_str(&ink.css);
    on.stroke();
}

fn boxed(on: &Canvas, look: &Look<'_>, shown: &NodeFrame, place: Place, ink: &Ink, crashed: bool) {
    let theme = look.theme;
    let half = place.half_height(&shown.body);
    let corner = if shown.body == "client" { place.r * 0.28 } else { 6.0 };
    rounded(on, place.x - place.r, place.y - half, place.r * 2.0, half * 2.0, corner);
    let plain = shown.hue == 0 && !crashed;
    on.set_fill_style_str(if crashed {
        &theme.stage
    } else if plain {
        &theme.raised
    } else {
        &ink.fill
    });
    on.fill();
    on.set_line_width(1.5);
    on.set_stroke_style_str(if plain { &theme.line_3 } else { &ink.css });
    if crashed {
        dash(on, &[4.0, 4.0]);
    }
    on.stroke();
    dash(on, &[]);
    // Who holds a lock, or goes on believing it.
    if matches!(shown.mark.as_str(), "leader" | "leader_in_doubt") && !crashed && place.r >= 10.0 {
        let own = Ink { css: theme.ink.clone(), ..Ink::default() };
        let hollow = shown.mark == "leader_in_doubt";
        glyphs::crown(on, theme, if plain { &own } else { ink }, place.x, place.y - half - 9.0, 0.8, hollow);
    }
}

fn hatch(on: &Canvas, theme: &Theme, shown: &NodeFrame, place: Place) {
    let half = place.half_height(&shown.body);
    on.save();
    if shown.body == "client" || shown.body == "backend" {
        rounded(on, place.x - place.r, place.y - half, place.r * 2.0, half * 2.0, 6.0);
    } else {
        circle(on, place.x, place.y, place.r);
    }
    on.clip();
    on.set_stroke_style_str(&theme.line_3);
    let alpha = on.global_alpha();
    on.set_global_alpha(alpha * 0.5);
    on.set_line_width(1.25);
    on.begin_path();
    let mut at = -place.r - half;
    while at < place.r + half {
        on.move_to(place.x + at, place.y - half);
        on.line_to(place.x + at + 2.0 * half, place.y + half);
        at += 6.0;
    }
    on.stroke();
    on.set_global_alpha(alpha);
    on.restore();
    glyphs::cross(on, theme, place.x, place.y - half * 0.2, (half * 0.34).clamp(2.5, 12.0));
}

fn name(on: &Canvas, look: &Look<'_>, shown: &NodeFrame, place: Place) {
    let theme = look.theme;
    on.set_text_align("center");
    if shown.status == "paused" {
        // Its name goes below it. Where that has no room, it stays, and the bars are at a corner.
        let named = look.words && look.labels && place.r >= 15.0;
        let (size, x, y) = if named {
            ((place.r * 0.28).clamp(4.0, 10.0), place.x, place.y)
        } else {
            (4.0, place.x + place.r * 0.72, place.y - place.half_height(&shown.body) * 0.6)
        };
        on.set_fill_style_str(&theme.ink);
        on.fill_rect(x - size * 0.75, y - size, size * 0.45, size * 2.0);
        on.fill_rect(x + size * 0.3, y - size, size * 0.45, size * 2.0);
        if named {
            return;
        }
    }
    let crashed = shown.status == "crashed";
    // Its memory is gone, and with it what it would say.
    let caption = place.r >= 24.0 && !shown.caption.is_empty() && shown.body != "client" && !crashed;
    let size = if shown.body == "client" {
        (place.r * 0.66).clamp(11.0, 14.0)
    } else {
        (place.r * 0.48).clamp(9.0, 16.0)
    };
    on.set_font(&format!("600 {size:.0}px {}", theme.font));
    on.set_fill_style_str(if crashed { &theme.ink_3 } else { &theme.ink });
    // A small ring has its words closer together.
    let gap = 7.0 + place.r * 0.2;
    let lift = match (crashed, caption) {
        // Below the cross.
        (true, _) => -place.half_height(&shown.body) * 0.5,
        (false, true) => size * 0.22 + 14.0 - gap,
        (false, false) => 0.0,
    };
    let y = place.y + size * 0.36 - lift;
    let _ = on.fill_text(&shown.name, place.x, y);
    if caption {
        on.set_font(&format!("11px {}", theme.font));
        on.set_fill_style_str(&theme.ink_2);
        // Within the inner ring of who leads or stands.
        let inner = matches!(shown.mark.as_str(), "leader" | "leader_in_doubt" | "candidate");
        let wide = if inner { 1.42 } else { 1.64 };
        let _ = on.fill_text_with_max_width(&shown.caption, place.x, y + gap, place.r * wide);
    }
}

/// Work in service (hollow) and waiting (filled), to the right of the node.
fn queue(on: &Canvas, theme: &Theme, place: Place, serving: u32, waiting: u32, limit: u32) {
    let step = (place.r * 0.5).clamp(5.0, 16.0);
    let r = step * 0.34;
    let mut x = place.x + place.r + step;
    // Dots for as many as there is room, the number for the rest.
    let most = ((place.room / step) as u32).saturating_sub(1);
    let most = if serving + waiting > most.min(8) { most.saturating_sub(1) } else { most };
    let shown_serving = serving.min(3).min(most);
    let shown_waiting = waiting.min(5).min(most - shown_serving);
    for _ in 0..shown_serving {
        circle(on, x, place.y, r);
        on.set_line_width(1.6);
        on.set_stroke_style_str(&theme.ink_2);
        on.stroke();
        x += step;
    }
    for _ in 0..shown_waiting {
        circle(on, x, place.y, r + 0.6);
        on.set_fill_style_str(&theme.ink_2);
        on.fill();
        x += step;
    }
    let rest = (serving - shown_serving) + (waiting - shown_waiting);
    if rest > 0 && place.r > 12.0 && place.room > step + 16.0 {
        on.set_font(&format!("600 11px {}", theme.font));
        on.set_text_align("left");
        let full = limit > 0 && waiting >= limit;
        on.set_fill_style_str(if full { &theme.fault } else { &theme.ink_2 });
        let _ = on.fill_text(&format!("+{rest}"), x - r, place.y + 4.0);
    }
}

/// The middle of words so wide that belong at `x`: no part of them lies beyond an edge of the stage.
pub fn inward(x: f64, half: f64, width: f64) -> f64 {
    if (0.0..=width).contains(&x) { x.min(width - half).max(half) } else { x }
}

/// The state in words and the log, below the node.
fn below(on: &Canvas, look: &Look<'_>, shown: &NodeFrame, place: Place) {
    let theme = look.theme;
    let half = place.half_height(&shown.body);
    // Below what is drawn around it.
    let around = look.selected || look.picked || look.target;
    let mut y =
        place.y + half + if around { 27.0 } else { 18.0 + 4.0 * f64::from(u8::from(shown.gauge.is_some())) };
    if look.tiers && shown.role == "backend" {
        return;
    }
    let paused = if shown.status == "paused" { format!("{} paused", shown.name) } else { String::new() };
    let text = match shown.status.as_str() {
        "crashed" => "Crashed",
        // Two bars stand where its name was.
        "paused" => &paused,
        _ if shown.client => "",
        _ => shown.state.as_str(),
    };
    if !text.is_empty() && place.r >= 15.0 && look.words {
        on.set_font(&format!("12px {}", theme.font));
        on.set_text_align("center");
        let mut x = place.x;
        if let Ok(size) = on.measure_text(text) {
            let half = size.width() / 2.0 + 3.0;
            x = inward(x, half + 5.0, look.width);
            on.set_fill_style_str(&theme.stage);
            on.fill_rect(x - half, y - 11.0, half * 2.0, 15.0);
        }
        on.set_fill_style_str(&theme.ink_2);
        let _ = on.fill_text(text, x, y);
        y += 9.0;
    }
    if !shown.cells.is_empty() && place.r >= 22.0 && look.cells {
        cells(on, look, shown, place.x, y);
    }
}

fn cells(on: &Canvas, look: &Look<'_>, shown: &NodeFrame, x: f64, y: f64) {
    let theme = look.theme;
    // As wide as the longest label needs, and so fewer of them.
    let longest = shown.cells.iter().rev().take(CELLS).map(|cell| cell.0.chars().count()).max().unwrap_or(0);
    let (size, wide) = (15.0, f64::max(15.0, 3.0 + 6.0 * longest as f64));
    let pitch = wide + 1.5;
    let most = (CELLS as f64 * 16.5 / pitch) as usize;
    let from = shown.cells.len().saturating_sub(most);
    let drawn = &shown.cells[from..];
    let slots = drawn.len().max(4.min(most));
    let left = x - pitch * slots as f64 / 2.0;
    on.set_fill_style_str(&theme.stage);
    on.fill_rect(left - 3.0, y - 2.0, pitch * slots as f64 + 6.0, size + 4.0);
    on.set_font(&format!("600 10px {}", theme.font));
    on.set_text_align("center");
    for slot in 0..slots {
        let at = left + pitch * slot as f64;
        let Some((label, hue, solid)) = drawn.get(slot) else {
            rounded(on, at + 0.5, y + 0.5, wide - 1.0, size - 1.0, 2.0);
            on.set_line_width(1.0);
            on.set_stroke_style_str(&theme.line);
            on.stroke();
            continue;
        };
        let ink = theme.hue(*hue, look.shards);
        if *solid {
            rounded(on, at, y, wide, size, 2.0);
            on.set_fill_style_str(&ink.css);
            on.fill();
            on.set_fill_style_str(&ink.on);
        } else {
            rounded(on, at + 0.75, y + 0.75, wide - 1.5, size - 1.5, 1.5);
            on.set_line_width(1.5);
            on.set_stroke_style_str(&ink.css);
            dash(on, &[2.5, 1.8]);
            on.stroke();
            dash(on, &[]);
            on.set_fill_style_str(&ink.css);
        }
        let _ = on.fill_text_with_max_width(label, at + wide / 2.0, y + 11.0, wide - 1.0);
    }
    if from > 0 {
        path(on, &[(left - 5.0, y + 4.0), (left - 8.0, y + 7.5), (left - 5.0, y + 11.0)], false);
        on.set_line_width(1.25);
        on.set_stroke_style_str(&theme.ink_3);
        on.stroke();
    }
}
