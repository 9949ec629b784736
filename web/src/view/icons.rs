//! Icons: from the one sprite in the document (web/index.html).

use super::dom::{El, el, fragment};

/// An icon by its id.
pub fn icon(id: &str, size: &str) -> El {
    let class = if size.is_empty() { "i".to_owned() } else { format!("i {size}") };
    picture("0 0 24 24", class).with(el("use").set("href", format!("#{id}")))
}

/// A picture that says nothing.
pub fn picture(view: &'static str, class: String) -> El {
    el("svg").class(class).set("viewBox", view).set("aria-hidden", true)
}

/// A message's glyph for the legend and the lists.
pub fn glyph(role: &str, shape: &str) -> El {
    let square = |at: &'static str, side: &'static str, round: &'static str| {
        el("rect").set("x", at).set("y", at).set("width", side).set("height", side).set("rx", round)
    };
    let path = |d: &'static str| el("path").set("d", d);
    let filled = |el: El| el.set("fill", "currentColor");
    let drawn = |el: El, width: &'static str| {
        el.set("fill", "none").set("stroke", "currentColor").set("stroke-width", width)
    };
    let body = match shape {
        "square" => filled(square("-5.5", "11", "2")),
        "hollow_square" => drawn(square("-4.75", "9.5", "1.5"), "1.8"),
        "tick_square" => fragment()
            .with(drawn(square("-5", "10", "1.5"), "1.6"))
            .with(drawn(path("m-2.4.2 1.7 1.7 3.2-3.6"), "1.5")),
        "diamond" => filled(path("M0-6.500 6.500 0 0 6.500-6.500 0Z")),
        "triangle" => filled(path("M0-6 6 5H-6Z")),
        "hollow_triangle" => drawn(path("M0-5.500 5.500 4.500H-5.500Z"), "1.6"),
        "hollow_circle" => drawn(el("circle").set("r", "4.75"), "1.8"),
        "pill" => filled(
            el("rect")
                .set("x", "-7")
                .set("y", "-3.500")
                .set("width", "14")
                .set("height", "7")
                .set("rx", "3.500"),
        ),
        "hexagon" => filled(path("M6 0 3 5.200H-3L-6 0-3-5.200H3Z")),
        "cross" => drawn(path("m-4-4 8 8m0-8-8 8"), "2").set("stroke-linecap", "round"),
        _ => filled(el("circle").set("r", "5.5")),
    };
    picture("-7 -7 14 14", format!("g-{role}")).with(body)
}
