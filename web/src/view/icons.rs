//! Icons: one sprite in the document (a sandboxed frame may not load one from elsewhere).

use yew::prelude::*;

/// All symbols.
pub fn sprite() -> Html {
    Html::from_html_unchecked(AttrValue::from(include_str!("../../../static/icons/sprite.svg")))
}

/// An icon by its id.
pub fn icon(id: &str, size: &'static str) -> Html {
    html! {
        <svg class={classes!("i", size)} viewBox="0 0 24 24" aria-hidden="true"><use href={format!("#{id}")} /></svg>
    }
}

/// A message's glyph for the legend and the lists.
pub fn glyph(role: &str, shape: &str) -> Html {
    let body = match shape {
        "square" => html! { <rect x="-5.5" y="-5.5" width="11" height="11" rx="2" fill="currentColor" /> },
        "hollow_square" => html! {
            <rect x="-4.75" y="-4.75" width="9.5" height="9.5" rx="1.5" fill="none" stroke="currentColor" stroke-width="1.8" />
        },
        "tick_square" => html! {
            <>
                <rect x="-5" y="-5" width="10" height="10" rx="1.5" fill="none" stroke="currentColor" stroke-width="1.6" />
                <path d="m-2.4.2 1.7 1.7 3.2-3.6" fill="none" stroke="currentColor" stroke-width="1.5" />
            </>
        },
        "diamond" => html! { <path d="M0-6.500 6.500 0 0 6.500-6.500 0Z" fill="currentColor" /> },
        "triangle" => html! { <path d="M0-6 6 5H-6Z" fill="currentColor" /> },
        "hollow_triangle" => html! {
            <path d="M0-5.500 5.500 4.500H-5.500Z" fill="none" stroke="currentColor" stroke-width="1.6" />
        },
        "hollow_circle" => html! { <circle r="4.75" fill="none" stroke="currentColor" stroke-width="1.8" /> },
        "pill" => html! { <rect x="-7" y="-3.500" width="14" height="7" rx="3.500" fill="currentColor" /> },
        "hexagon" => html! { <path d="M6 0 3 5.200H-3L-6 0-3-5.200H3Z" fill="currentColor" /> },
        "cross" => html! {
            <path d="m-4-4 8 8m0-8-8 8" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
        },
        _ => html! { <circle r="5.5" fill="currentColor" /> },
    };
    html! { <svg class={format!("g-{role}")} viewBox="-7 -7 14 14" aria-hidden="true">{ body }</svg> }
}
