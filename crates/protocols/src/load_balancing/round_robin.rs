//! Round robin: each backend in turn, whatever its load.
//!
//! NGINX's method where none is named (ngx_http_upstream_module), HAProxy's `balance roundrobin`; both weigh the
//! backends, which are equal here.

use super::balancer::{self, Rule, declare};
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "round_robin",
    label: "Round robin",
    summary: "Each request goes to the next backend in turn. Equal counts are not equal waiting.",
    params: declare::PARAMS,
    build: |setup| balancer::build(setup, Rule::RoundRobin),
    ..declare::BASE
};
