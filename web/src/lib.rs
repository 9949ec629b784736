//! The page: a Yew application around the simulator.
//!
//! - [`model`]: what the page knows and how it changes, in plain Rust without a browser;
//! - [`stage`]: the picture of the cluster on a canvas, drawn from a frame;
//! - [`app`]: the component that owns both, and its loop;
//! - [`view`]: the panels around the stage;
//! - [`browser`]: what the page asks of the browser;
//! - `worker`: what the program does where there is no page: some seeds of a sweep.

pub mod app;
pub mod browser;
pub mod model;
pub mod stage;
pub mod view;
mod worker;

/// Puts the page into its document.
pub fn run() {
    if worker::inside() {
        return worker::serve();
    }
    browser::install_panic_hook();
    browser::load_text("gallery", "gallery.txt", |gallery| {
        netsplit_lab::gallery::fill(Box::leak(gallery.into_boxed_str()));
        mount();
    });
}

fn mount() {
    if let Some(root) = browser::document().get_element_by_id("app") {
        root.set_inner_html("");
        yew::Renderer::<app::App>::with_root(root).render();
    }
}
