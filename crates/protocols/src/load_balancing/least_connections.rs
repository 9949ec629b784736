//! Least connections: the backend with the fewest open requests, as far as this balancer knows.
//!
//! NGINX's `least_conn` (ngx_http_upstream_module) and HAProxy's `balance leastconn`: both take the backends with
//! the fewest connections in turn where several have them. Weights are equal here.

use super::balancer::{self, Rule, declare};
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "least_connections",
    label: "Least connections",
    summary: "Each request goes to the backend with the fewest open requests. One that fails fast looks idle.",
    params: declare::PARAMS,
    build: |setup| balancer::build(setup, Rule::LeastConnections),
    ..declare::BASE
};
