//! Defaults of NGINX (open source), HAProxy and Envoy for the parameters of the balancer.
//!
//! Read from:
//!
//! - NGINX 1.31: ngx_http_upstream_module, ngx_http_proxy_module, ngx_http_upstream_hc_module and ngx_core_module
//!   on nginx.org, as its machine-readable copy has them (`@nginx/reference-lib` 1.1.41 of September 2026, which
//!   names features up to 1.31.4).
//! - HAProxy 3.2: the configuration manual of 3.2.26 (2026-10-14), which docs.haproxy.org shows; `retries` from
//!   include/haproxy/defaults.h, of an older release than that, for the manual does not give it.
//! - Envoy 1.39: the pages circuit_breaker.proto, outlier_detection.proto, router_filter, panic_threshold and the
//!   FAQ on timeouts of v1.39.0. For slow start, least request, hash policies, health checks, hedging and per-try
//!   timeouts: the comments of its v3 API files, as in the crate `envoy-types` 0.7.7, which does not name a
//!   release. That fewer than ten hosts are never ejected: also source/common/upstream/outlier_detection_impl.cc.
//!
//! "Not stated" in a source: the product has no such setting, or its documentation gives no default; the value is
//! then ours, or one that the documentation's examples use, and the source says which.
//!
//! Of what a product does only when asked, the presets turn on what users turn on as a rule, with the values that
//! then hold: HAProxy's `check`, Envoy's `outlier_detection`.
//!
//! Load bounds of consistent hashing are in no preset, as no product bounds load by default: HAProxy's
//! `hash-balance-factor` is 0, which is off (its manual finds 125 to 200 reasonable), Envoy's
//! `hash_balance_factor` is unset (120 to 200 are typical, 100 is the least), NGINX has none.

use netsplit_sim::declare::Value;
use netsplit_sim::time::{MILLISECOND, SECOND};

use crate::registry::{Preset, PresetValue};

const fn value(param: &'static str, value: Value, source: &'static str) -> PresetValue {
    PresetValue { param, value, source }
}

/// The products' defaults.
pub static PRESETS: &[Preset] = &[
    Preset {
        id: "nginx",
        label: "NGINX 1.31",
        summary: "One failure leaves a backend out for 10 s; failures and timeouts go on to the next backend.",
        values: NGINX,
    },
    Preset {
        id: "haproxy",
        label: "HAProxy 3.2",
        summary: "Checks every backend each 2 s; only failed connections are tried again, at the same backend.",
        values: HAPROXY,
    },
    Preset {
        id: "envoy",
        label: "Envoy 1.39",
        summary: "Five errors in a row eject a backend, never over a tenth of all; no retries, 15 s for a request.",
        values: ENVOY,
    },
];

// Without check_rise, check_fall and check_timeout, for open source NGINX has no active checks; without the details
// of outlier detection and hedging, for it has neither.
const NGINX: &[PresetValue] = &[
    value(
        "check_interval",
        Value::Duration(0),
        "health_check: commercial subscription only, so no active checks; \
         https://nginx.org/en/docs/http/ngx_http_upstream_hc_module.html#health_check",
    ),
    value(
        "max_fails",
        Value::Int(1),
        "max_fails of server: 1; https://nginx.org/en/docs/http/ngx_http_upstream_module.html#max_fails",
    ),
    value(
        "fail_timeout",
        Value::Duration(10 * SECOND),
        "fail_timeout of server: 10 s; https://nginx.org/en/docs/http/ngx_http_upstream_module.html#fail_timeout",
    ),
    value(
        "outlier_errors",
        Value::Int(0),
        "not stated, no such setting; max_fails counts within fail_timeout instead; \
         https://nginx.org/en/docs/http/ngx_http_upstream_module.html#server",
    ),
    value(
        "panic_threshold",
        Value::Int(0),
        "not stated, no such setting; https://nginx.org/en/docs/http/ngx_http_upstream_module.html",
    ),
    value(
        "connect_timeout",
        Value::Duration(60 * SECOND),
        "proxy_connect_timeout: 60 s (connections are kept for reuse by default since 1.29.7); \
         https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_connect_timeout",
    ),
    value(
        "response_timeout",
        Value::Duration(60 * SECOND),
        "proxy_read_timeout: 60 s, between two reads; \
         https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_read_timeout",
    ),
    value(
        "request_timeout",
        Value::Duration(0),
        "not stated, no such setting; proxy_next_upstream_timeout, 0, only ends the passing on; \
         https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_next_upstream_timeout",
    ),
    // 0 is no limit there, and each backend is tried at most once; our bound needs a number.
    value(
        "retries",
        Value::Int(10),
        "proxy_next_upstream_tries: 0, no limit: every other backend, here 10; \
         https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_next_upstream_tries",
    ),
    value(
        "retry_on",
        Value::Choice("timeout"),
        "proxy_next_upstream: error timeout, but not for a POST, LOCK or PATCH that has been sent; \
         https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_next_upstream",
    ),
    value(
        "retry_elsewhere",
        Value::Bool(true),
        "proxy_next_upstream: the next server; \
         https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_next_upstream",
    ),
    value(
        "retry_backoff",
        Value::Duration(0),
        "not stated, no such setting; https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_next_upstream",
    ),
    value(
        "retry_open",
        Value::Int(0),
        "not stated, no such setting; https://nginx.org/en/docs/http/ngx_http_proxy_module.html",
    ),
    value(
        "retry_budget",
        Value::Int(0),
        "not stated, no such setting; https://nginx.org/en/docs/http/ngx_http_proxy_module.html",
    ),
    value(
        "maxconn",
        Value::Int(0),
        "max_conns of server: 0, no limit; https://nginx.org/en/docs/http/ngx_http_upstream_module.html#max_conns",
    ),
    value(
        "queue_max",
        Value::Int(0),
        "not stated for open source; queue is of the commercial subscription; \
         https://nginx.org/en/docs/http/ngx_http_upstream_module.html#queue",
    ),
    value(
        "queue_timeout",
        Value::Duration(0),
        "not stated for open source; the commercial queue has 60 s; \
         https://nginx.org/en/docs/http/ngx_http_upstream_module.html#queue",
    ),
    value(
        "max_open",
        Value::Int(0),
        "not stated; worker_connections, 512, counts a worker's connections of both sides; \
         https://nginx.org/en/docs/ngx_core_module.html#worker_connections",
    ),
    value(
        "slow_start",
        Value::Duration(0),
        "slow_start of server: 0, and commercial subscription only; \
         https://nginx.org/en/docs/http/ngx_http_upstream_module.html#slow_start",
    ),
    value(
        "sticky",
        Value::Choice("off"),
        "sticky: unless given, none (open source since 1.29.6); \
         https://nginx.org/en/docs/http/ngx_http_upstream_module.html#sticky",
    ),
    value(
        "abandoned",
        Value::Choice("cancel"),
        "proxy_ignore_client_abort: off, the connection to the server is closed; \
         https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_client_abort",
    ),
];

// Without fail_timeout and the details of outlier detection and hedging, which HAProxy does not have.
const HAPROXY: &[PresetValue] = &[
    value(
        "check_interval",
        Value::Duration(2 * SECOND),
        "inter: 2000 ms, once check is given, without which there are no checks; \
         https://docs.haproxy.org/3.2/configuration.html#5.2-inter",
    ),
    value(
        "check_rise",
        Value::Int(2),
        "rise: 2, once check is given; https://docs.haproxy.org/3.2/configuration.html#5.2-rise",
    ),
    value(
        "check_fall",
        Value::Int(3),
        "fall: 3, once check is given; https://docs.haproxy.org/3.2/configuration.html#5.2-fall",
    ),
    value(
        "check_timeout",
        Value::Duration(2 * SECOND),
        "timeout check: unless given, inter bounds the whole check; \
         https://docs.haproxy.org/3.2/configuration.html#4.2-timeout%20check",
    ),
    value(
        "max_fails",
        Value::Int(0),
        "observe: off by default; requests then do not mark a server; \
         https://docs.haproxy.org/3.2/configuration.html#5.2-observe",
    ),
    value(
        "outlier_errors",
        Value::Int(0),
        "observe: off by default (with it, error-limit: 10 in a row count as a failed check); \
         https://docs.haproxy.org/3.2/configuration.html#5.2-error-limit",
    ),
    value(
        "panic_threshold",
        Value::Int(0),
        "not stated, no such setting; https://docs.haproxy.org/3.2/configuration.html",
    ),
    value(
        "connect_timeout",
        Value::Duration(5 * SECOND),
        "timeout connect: no default, infinite with a warning; 5 s as in the examples of section 2.10; \
         https://docs.haproxy.org/3.2/configuration.html#4.2-timeout%20connect",
    ),
    value(
        "response_timeout",
        Value::Duration(50 * SECOND),
        "timeout server: no default, infinite with a warning; 50 s as in the examples of section 2.10; \
         https://docs.haproxy.org/3.2/configuration.html#4.2-timeout%20server",
    ),
    value(
        "request_timeout",
        Value::Duration(0),
        "not stated, no such setting; timeout server is of inactivity; \
         https://docs.haproxy.org/3.2/configuration.html#4.2-timeout%20server",
    ),
    value(
        "retries",
        Value::Int(3),
        "retries: the manual does not state it; CONN_RETRIES is 3; \
         https://github.com/haproxy/haproxy/blob/master/include/haproxy/defaults.h",
    ),
    value(
        "retry_on",
        Value::Choice("connect"),
        "retry-on: conn-failure; https://docs.haproxy.org/3.2/configuration.html#4.2-retry-on",
    ),
    value(
        "retry_elsewhere",
        Value::Bool(false),
        "option redispatch: unless given, the same server (given, the last retry goes elsewhere); \
         https://docs.haproxy.org/3.2/configuration.html#4.2-option%20redispatch",
    ),
    value(
        "retry_backoff",
        Value::Duration(SECOND),
        "before a retry at the same server: the smaller of timeout connect and 1 s; \
         https://docs.haproxy.org/3.2/configuration.html#4.2-retries",
    ),
    value(
        "retry_open",
        Value::Int(0),
        "not stated, no such setting; https://docs.haproxy.org/3.2/configuration.html#4.2-retries",
    ),
    value(
        "retry_budget",
        Value::Int(0),
        "not stated, no such setting; https://docs.haproxy.org/3.2/configuration.html#4.2-retries",
    ),
    value(
        "maxconn",
        Value::Int(0),
        "maxconn of server: 0, no limit; https://docs.haproxy.org/3.2/configuration.html#5.2-maxconn",
    ),
    value(
        "queue_max",
        Value::Int(0),
        "maxqueue of server: 0, no limit; https://docs.haproxy.org/3.2/configuration.html#5.2-maxqueue",
    ),
    value(
        "queue_timeout",
        Value::Duration(5 * SECOND),
        "timeout queue: unless given, timeout connect, here 5 s; \
         https://docs.haproxy.org/3.2/configuration.html#4.2-timeout%20queue",
    ),
    value(
        "max_open",
        Value::Int(0),
        "maxconn of a frontend: 0, the process's limit of connections holds, which is not modelled; \
         https://docs.haproxy.org/3.2/configuration.html#4.2-maxconn",
    ),
    value(
        "slow_start",
        Value::Duration(0),
        "slowstart: unless given, none; https://docs.haproxy.org/3.2/configuration.html#5.2-slowstart",
    ),
    value(
        "sticky",
        Value::Choice("off"),
        "cookie: unless given, none; https://docs.haproxy.org/3.2/configuration.html#4.2-cookie",
    ),
    value(
        "abandoned",
        Value::Choice("finish"),
        "option abortonclose: off, abandoned requests are served (on since 3.3, says issue 811); \
         https://docs.haproxy.org/3.2/configuration.html#4.2-option%20abortonclose",
    ),
];

// Without check_rise, check_fall and check_timeout, which a health check must give, as there is no default; without
// retry_on, which a retry policy must name, and fail_timeout.
const ENVOY: &[PresetValue] = &[
    value(
        "check_interval",
        Value::Duration(0),
        "health_checks: unless given, none; interval, timeout and thresholds are then required, without defaults; \
         https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/health_check.proto",
    ),
    value(
        "max_fails",
        Value::Int(0),
        "not stated, no such setting; outlier detection counts errors in a row instead; \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/api-v3/config/cluster/v3/outlier_detection.proto",
    ),
    value(
        "outlier_errors",
        Value::Int(5),
        "consecutive_5xx: 5, once outlier_detection is given; local failures count as well; \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/api-v3/config/cluster/v3/outlier_detection.proto",
    ),
    value(
        "outlier_interval",
        Value::Duration(10 * SECOND),
        "interval: 10 s, once outlier_detection is given; \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/api-v3/config/cluster/v3/outlier_detection.proto",
    ),
    value(
        "outlier_ejection",
        Value::Duration(30 * SECOND),
        "base_ejection_time: 30 s, once outlier_detection is given (max_ejection_time: 300 s); \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/api-v3/config/cluster/v3/outlier_detection.proto",
    ),
    value(
        "outlier_max_percent",
        Value::Int(10),
        "max_ejection_percent: 10, and always_eject_one_host: false, so of fewer than 10 hosts none is ejected; \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/api-v3/config/cluster/v3/outlier_detection.proto",
    ),
    value(
        "outlier_success",
        Value::Int(1900),
        "success_rate_stdev_factor: 1900, with 5 hosts of 100 requests each in an interval; \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/api-v3/config/cluster/v3/outlier_detection.proto",
    ),
    value(
        "panic_threshold",
        Value::Int(50),
        "healthy_panic_threshold: 50 %; https://www.envoyproxy.io/docs/envoy/v1.39.0/intro/arch_overview/upstream/\
         load_balancing/panic_threshold",
    ),
    value(
        "connect_timeout",
        Value::Duration(5 * SECOND),
        "connect_timeout of a cluster: 5 s; \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/faq/configuration/timeouts",
    ),
    value(
        "response_timeout",
        Value::Duration(15 * SECOND),
        "per_try_timeout: unless given, the route's timeout of 15 s; \
         https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto",
    ),
    value(
        "request_timeout",
        Value::Duration(15 * SECOND),
        "timeout of a route: 15 s, retries included; \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/faq/configuration/timeouts",
    ),
    value(
        "retries",
        Value::Int(0),
        "no retries without a retry policy (with one, num_retries: 1); \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/configuration/http/http_filters/router_filter",
    ),
    value(
        "retry_elsewhere",
        Value::Bool(true),
        "the policy chooses anew; without a retry_host_predicate it may choose the same host again; \
         https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto",
    ),
    value(
        "retry_backoff",
        Value::Duration(25 * MILLISECOND),
        "base_interval: 25 ms, the first retry after 0 to 25 ms at random, at most 250 ms; \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/configuration/http/http_filters/router_filter",
    ),
    value(
        "retry_open",
        Value::Int(3),
        "max_retries: 3; \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/api-v3/config/cluster/v3/circuit_breaker.proto",
    ),
    value(
        "retry_budget",
        Value::Int(0),
        "retry_budget: unless given, none (given, 20 % and at least 3, in place of max_retries); \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/api-v3/config/cluster/v3/circuit_breaker.proto",
    ),
    value(
        "maxconn",
        Value::Int(0),
        "per_host_thresholds: unless given, no limits per host (max_connections, 1024, is of the cluster); \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/api-v3/config/cluster/v3/circuit_breaker.proto",
    ),
    value(
        "queue_max",
        Value::Int(1024),
        "max_pending_requests: 1024; \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/api-v3/config/cluster/v3/circuit_breaker.proto",
    ),
    value(
        "queue_timeout",
        Value::Duration(0),
        "not stated, no such setting; the route's timeout bounds waiting as well; \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/faq/configuration/timeouts",
    ),
    value(
        "max_open",
        Value::Int(1024),
        "max_requests: 1024; \
         https://www.envoyproxy.io/docs/envoy/v1.39.0/api-v3/config/cluster/v3/circuit_breaker.proto",
    ),
    value(
        "slow_start",
        Value::Duration(0),
        "slow_start_config: unless given, none; \
         https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/slow_start",
    ),
    value(
        "sticky",
        Value::Choice("off"),
        "not stated, no such setting by default; hash policies or filters do it; \
         https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers",
    ),
    value(
        "hedge",
        Value::Choice("off"),
        "hedge_on_per_try_timeout: false; \
         https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto",
    ),
    // Users report it; the documentation does not say it in so many words.
    value(
        "abandoned",
        Value::Choice("cancel"),
        "not stated in the documentation; a client's reset resets the upstream stream; \
         https://github.com/envoyproxy/envoy/issues/13349",
    ),
];
