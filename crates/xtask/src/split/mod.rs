//! The page's WebAssembly in pieces: a first module, which is what the first picture needs, and parts, which are fetched
//! when a person asks for what they do. Done to the finished module, after wasm-bindgen and wasm-opt:
//!
//! - [`module`]: the module taken apart
//! - [`plan`]: which function goes where
//! - [`write`]: the pieces

mod module;
mod plan;
mod write;

use module::Module;
use plan::Plan;
pub use plan::WITH;
use write::Links;

/// A module in pieces.
pub struct Pieces {
    /// What is fetched at once.
    pub first: Vec<u8>,
    /// Name and bytes of each part, by its number.
    pub parts: Vec<(String, Vec<u8>)>,
}

/// Splits a finished module, which must still have its functions' names; the pieces have none.
pub fn split(bytes: &[u8]) -> Result<Pieces, String> {
    let module = Module::read(bytes)?;
    let plan = Plan::of(&module)?;
    let links = Links::new(&module, &plan)?;
    let parts = plan.parts.iter().enumerate().map(|(at, name)| Ok((name.clone(), links.part(at)?)));
    Ok(Pieces { parts: parts.collect::<Result<_, String>>()?, first: links.first()? })
}
