//! The shapes of messages and badges.

use crate::model::math;
use std::f64::consts::TAU;

use wasm_bindgen::JsValue;
use web_sys::{CanvasRenderingContext2d as Canvas, Path2d};

use super::theme::{Ink, Theme};

/// A circle as the current path.
pub fn circle(on: &Canvas, x: f64, y: f64, r: f64) {
    on.begin_path();
    let _ = on.arc(x, y, r.max(0.0), 0.0, TAU);
}

/// A rectangle with round corners as the current path.
pub fn rounded(on: &Canvas, x: f64, y: f64, width: f64, height: f64, r: f64) {
    let r = r.min(width / 2.0).min(height / 2.0);
    on.begin_path();
    on.move_to(x + r, y);
    let _ = on.arc_to(x + width, y, x + width, y + height, r);
    let _ = on.arc_to(x + width, y + height, x, y + height, r);
    let _ = on.arc_to(x, y + height, x, y, r);
    let _ = on.arc_to(x, y, x + width, y, r);
    on.close_path();
}

/// Straight lines as the current path.
pub fn path(on: &Canvas, points: &[(f64, f64)], close: bool) {
    on.begin_path();
    for (at, (x, y)) in points.iter().enumerate() {
        if at == 0 { on.move_to(*x, *y) } else { on.line_to(*x, *y) }
    }
    if close {
        on.close_path();
    }
}

/// Sets a dash pattern; empty for a solid line.
pub fn dash(on: &Canvas, pattern: &[f64]) {
    let list: js_sys::Array = pattern.iter().map(|v| JsValue::from_f64(*v)).collect();
    let _ = on.set_line_dash(&list);
}

/// A message's glyph around (x, y); `turn` is the direction of travel, for the pill.
pub fn message(on: &Canvas, theme: &Theme, ink: &Ink, shape: &str, x: f64, y: f64, turn: f64) {
    on.set_fill_style_str(&ink.css);
    on.set_stroke_style_str(&ink.css);
    let hollow = |width: f64| {
        on.set_fill_style_str(&theme.stage);
        on.fill();
        on.set_line_width(width);
        on.stroke();
    };
    match shape {
        "square" => {
            rounded(on, x - 5.5, y - 5.5, 11.0, 11.0, 2.0);
            on.fill();
        }
        "hollow_square" => {
            rounded(on, x - 4.75, y - 4.75, 9.5, 9.5, 1.5);
            hollow(1.8);
        }
        "tick_square" => {
            rounded(on, x - 5.0, y - 5.0, 10.0, 10.0, 1.5);
            hollow(1.6);
            path(on, &[(x - 2.4, y + 0.2), (x - 0.7, y + 1.9), (x + 2.5, y - 1.7)], false);
            on.set_line_width(1.5);
            on.stroke();
        }
        "diamond" => {
            path(on, &[(x, y - 7.0), (x + 7.0, y), (x, y + 7.0), (x - 7.0, y)], true);
            on.fill();
        }
        "triangle" | "hollow_triangle" => {
            path(on, &[(x, y - 6.5), (x + 6.5, y + 5.0), (x - 6.5, y + 5.0)], true);
            if shape == "triangle" { on.fill() } else { hollow(1.6) }
        }
        "hollow_circle" => {
            circle(on, x, y, 4.75);
            hollow(1.8);
        }
        "pill" => {
            on.save();
            let _ = on.translate(x, y);
            let _ = on.rotate(turn);
            rounded(on, -7.0, -3.5, 14.0, 7.0, 3.5);
            on.fill();
            on.restore();
        }
        "hexagon" => {
            let corner = |at: i32| {
                let turn = f64::from(at) * TAU / 6.0;
                (x + 6.2 * math::cos(turn), y + 6.2 * math::sin(turn))
            };
            path(on, &[corner(0), corner(1), corner(2), corner(3), corner(4), corner(5)], true);
            on.fill();
        }
        _ => {
            circle(on, x, y, 5.5);
            on.fill();
        }
    }
}

/// The cross where a message died.
pub fn cross(on: &Canvas, theme: &Theme, x: f64, y: f64, size: f64) {
    on.set_stroke_style_str(&theme.fault);
    on.set_line_width(2.0);
    on.begin_path();
    on.move_to(x - size, y - size);
    on.line_to(x + size, y + size);
    on.move_to(x + size, y - size);
    on.line_to(x - size, y + size);
    on.stroke();
}

/// A crown above (x, y), hollow for a leader in doubt.
pub fn crown(on: &Canvas, theme: &Theme, ink: &Ink, x: f64, y: f64, size: f64, hollow: bool) {
    let points =
        [(-10.0, 6.0), (-11.5, -6.0), (-5.0, -1.2), (0.0, -8.0), (5.0, -1.2), (11.5, -6.0), (10.0, 6.0)]
            .map(|(dx, dy)| (x + dx * size, y + dy * size));
    path(on, &points, true);
    on.set_fill_style_str(if hollow { &theme.stage } else { &ink.css });
    on.fill();
    on.set_stroke_style_str(&ink.css);
    on.set_line_width(1.6);
    on.stroke();
}

/// The icons of badges as paths on a 24 px square.
pub struct Icons {
    slow: Option<Path2d>,
    clock: Option<Path2d>,
    disk: Option<Path2d>,
    left_out: Option<Path2d>,
    hot: Option<Path2d>,
    other: Option<Path2d>,
}

impl Icons {
    /// Makes them once.
    pub fn new() -> Self {
        let make = |text: &str| Path2d::new_with_path_string(text).ok();
        Self {
            slow: make("M7 4h10M7 20h10M8 4c0 5 3 6 4 8-1 2-4 3-4 8M16 4c0 5-3 6-4 8 1 2 4 3 4 8"),
            clock: make("M12 3.5a8.5 8.5 0 1 0 .01 0M12 7.500v4.500h4"),
            disk: make("M5 6c0-3.600 14-3.600 14 0s-14 3.600-14 0v12c0 3.600 14 3.600 14 0V6"),
            left_out: make("M5 12h14"),
            hot: make(
                "M12 3.5c1 4 5.500 5.500 5.500 10.500a5.500 5.500 0 0 1-11 0c0-2 1-3.500 2-4.500 0 1.500.700 2.500 1.700 3C9.800 9.500 10.500 6 12 3.500z",
            ),
            other: make("M13 3 5.500 13.500H11L10 21l8-11h-5.500z"),
        }
    }

    fn of(&self, kind: &str) -> Option<&Path2d> {
        match kind {
            "slow" => self.slow.as_ref(),
            "left_out" => self.left_out.as_ref(),
            "hot_key" => self.hot.as_ref(),
            kind if kind.starts_with("clock") => self.clock.as_ref(),
            kind if kind.starts_with("disk") || kind == "unsynced_lost" => self.disk.as_ref(),
            _ => self.other.as_ref(),
        }
    }

    /// A badge: icon and amount.
    pub fn badge(&self, on: &Canvas, theme: &Theme, x: f64, y: f64, kind: &str, amount: &str) {
        circle(on, x, y, 11.0);
        on.set_fill_style_str(&theme.stage);
        on.fill();
        // What others hold of a node is a consequence, no fault.
        on.set_stroke_style_str(if kind == "left_out" { &theme.ink } else { &theme.fault });
        on.set_line_width(1.5);
        on.stroke();
        if let Some(icon) = self.of(kind) {
            on.save();
            let _ = on.translate(x - 7.0, y - 7.0);
            let _ = on.scale(14.0 / 24.0, 14.0 / 24.0);
            on.set_line_width(2.2);
            on.stroke_with_path(icon);
            on.restore();
        }
        if !amount.is_empty() {
            on.set_font(&format!("600 11px {}", theme.font));
            on.set_text_align("left");
            on.set_fill_style_str(&theme.fault);
            let _ = on.fill_text(amount, x + 14.0, y + 4.0);
        }
    }
}

impl Default for Icons {
    fn default() -> Self {
        Self::new()
    }
}
