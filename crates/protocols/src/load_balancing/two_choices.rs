//! Power of two choices: of `choices` backends drawn at random, the one with the fewest open requests.
//!
//! Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12(10), 2001; the choices
//! are distinct. NGINX has it as `random two least_conn`, Envoy as `LEAST_REQUEST` with `choice_count` 2. With
//! one choice it is random placement.

use super::balancer::{self, Rule, declare};
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "two_choices",
    label: "Two choices",
    summary: "Draws two backends and takes the one with fewer open requests. Nearly as good as asking all.",
    params: declare::PARAMS_WITH_CHOICES,
    build: |setup| balancer::build(setup, Rule::Choices),
    ..declare::BASE
};
