//! The page: a Yew application around the simulator.
//!
//! - [`model`]: what the page knows and how it changes, in plain Rust without a browser;
//! - [`stage`]: the picture of the cluster on a canvas, drawn from a frame;
//! - [`app`]: the component that owns both, and its loop;
//! - [`view`]: the panels around the stage;
//! - [`parts`]: what of the program is fetched when it is asked for;
//! - [`browser`]: what the page asks of the browser;
//! - `worker`: what the program does where there is no page: some seeds of a sweep.

pub mod app;
pub mod browser;
pub mod model;
pub mod parts;
pub mod stage;
pub mod view;
mod worker;

use model::face::Face;

/// Puts the page into its document, once what its address asks for is there.
pub fn run() {
    if worker::inside() {
        return worker::serve();
    }
    browser::install_panic_hook();
    browser::load_text("gallery", "gallery.txt", |gallery| {
        netsplit_lab::gallery::fill(Box::leak(gallery.into_boxed_str()));
        let hash = browser::hash();
        // Only a part can read a link.
        let link: &[&str] = if hash.is_empty() { &[] } else { &[parts::SHARE] };
        parts::bring(link, |_| prepare());
    });
}

fn prepare() {
    let (opening, face) = app::opening();
    let scenario = app::opens(&opening, face);
    let mut needs = app::run(&scenario);
    match face {
        Face::Full | Face::Embed => needs.extend([parts::PANELS, parts::SHARE].map(str::to_owned)),
        Face::First => {}
    }
    let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
    parts::bring(&needs, |good| {
        if good {
            mount();
        } else {
            browser::not_started("a part of it could not be fetched");
        }
    });
}

fn mount() {
    if let Some(root) = browser::document().get_element_by_id("app") {
        root.set_inner_html("");
        yew::Renderer::<app::App>::with_root(root).render();
    }
}
