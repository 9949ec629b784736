//! The page.

use yew::prelude::*;

#[component]
fn App() -> Html {
    html! { <h1>{ "netsplit" }</h1> }
}

fn main() {
    let root = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.get_element_by_id("app"));
    if let Some(root) = root {
        yew::Renderer::<App>::with_root(root).render();
    }
}
