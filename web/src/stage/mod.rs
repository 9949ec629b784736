//! The stage: a canvas drawn from a [`netsplit_lab::Frame`], outside the virtual DOM.
//!
//! - [`layout`]: where nodes stand, for a frame and a size (plain Rust);
//! - [`camera`]: pan, zoom and moved nodes (plain Rust);
//! - [`hit`]: what is under a point, and which nodes a line parts (plain Rust);
//! - [`roam`]: from node to node by arrow keys (plain Rust);
//! - [`theme`]: the colours of the style sheet;
//! - [`glyphs`]: the shapes of messages and badges;
//! - [`nodes`]: how a node is drawn;
//! - [`links`], [`partition`], [`messages`]: how those are;
//! - [`draw`]: the picture;
//! - [`spacetime`]: the space-time diagram; [`dense`]: its messages and events where there are thousands.

pub mod camera;
pub mod dense;
pub mod draw;
pub mod glyphs;
pub mod hit;
pub mod layout;
mod links;
pub mod messages;
pub mod nodes;
mod partition;
pub mod roam;
pub mod spacetime;
pub mod theme;
