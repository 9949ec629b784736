/** A scenario, as in a file or a link: see the JSON Schema (`netsplit patterns --json` lists the parameters). */
export interface Scenario {
  version: 1;
  title?: string;
  notes?: string;
  seed?: number | string;
  /** With a unit: "60s". */
  duration?: string;
  system: {
    pattern: string;
    algorithm: string;
    nodes?: number;
    params?: Record<string, unknown>;
    overrides?: Record<string, Record<string, unknown>>;
  };
  topology?: object;
  network?: object;
  workload?: object;
  operations?: object[];
  faults?: Fault[];
  actions?: Action[];
  expect?: string[];
  view?: object;
  [field: string]: unknown;
}

/** A fault; `at` is ignored where it is injected by hand. */
export interface Fault {
  at?: string;
  for?: string;
  kind: string;
  node?: string;
  nodes?: string[];
  link?: string;
  message?: string;
  groups?: string[][];
  zone?: string;
  role?: string;
  all?: true;
  [param: string]: unknown;
}

/** Something that the operator does. */
export interface Action {
  at?: string;
  kind: string;
  node?: string;
  [param: string]: unknown;
}

export interface Advance {
  /** The cursor's time now (ns). */
  reached: number;
  /** False where the budget ran out first. */
  done: boolean;
}

/** One picture of the run. Times are nanoseconds. */
export interface Frame {
  time: number;
  events: number;
  layout: "tiers" | "ring" | "circle" | "graph";
  nodes: NodeFrame[];
  messages: MessageFrame[];
  links: { from: number; to: number; state: string }[];
  partitions: { fault: number; sides: number[][] }[];
  /** Positions are fractions of the circle. */
  ring: { from: number; to: number; owner: number; moving_from: number | null }[];
  line: string | null;
}

export interface NodeFrame {
  id: number;
  name: string;
  role: string;
  tier: number;
  client: boolean;
  body: "ring" | "client" | "balancer" | "backend";
  state: string;
  mark: "none" | "leader" | "leader_in_doubt" | "candidate" | "joining";
  progress: number;
  hue: number;
  caption: string;
  status: "up" | "crashed" | "paused" | "absent";
  badges: [kind: string, amount: string][];
  queue: [busy: number, waiting: number, limit: number] | null;
  gauge: number | null;
  cells: [label: string, hue: number, committed: boolean][];
  facts: [label: string, value: string][];
  tables: [title: string, rows: [label: string, value: string, hue: number][]][];
  name_in_words: string;
  /** Only in what `inspect` gives; times in ns. */
  inside?: {
    timers: [label: string, left: number, of: number][];
    /** In all, and not durable yet. */
    writes: [made: number, unsynced: number];
    next_sync: number | null;
    clock: number;
    lives: { from: number; to: number | null; lost: number }[];
  };
}

export interface MessageFrame {
  from: number;
  to: number;
  sent: number;
  due: number;
  kind: number;
  lost: boolean;
  /** "n1>n2@12.480123456", for faults on this message. */
  id: string;
}

export interface Legend {
  label: string;
  role: string;
  shape: string;
}

export interface LogEntry {
  event: number;
  time: number;
  node: string;
  kind: "note" | "notable" | "fault" | "lost" | "operation" | "answer";
  sentence: string;
}

export interface Chart {
  id: string;
  label: string;
  unit: string;
  bucket: number;
  lines: [label: string, values: (number | null)[]][];
  log: boolean;
}

export interface FaultBlock {
  index: number;
  kind: string;
  label: string;
  from: number;
  to: number;
  no_effect: boolean;
}

export interface Band {
  lane: string;
  label: string;
  hue: number;
  from: number;
  to: number;
}

/** What `netsplit run --json` prints. */
export interface Report {
  trace_hash: string;
  events: number;
  engine: { name: string; version: string; semantics: number; algorithm_semantics: number };
  metrics: {
    operations: { invoked: number; ok: number; failed: number; timed_out: number; open: number };
    latency_ms: Latency | null;
    latency_from_intended_ms: Latency | null;
    throughput_per_s: number;
    goodput_per_s: number;
    [series: string]: unknown;
  };
  verdicts: {
    /** The promise's id; or that of an invariant that was broken. */
    promise: string;
    aspect: "consistency" | "durability" | "liveness" | "invariant";
    promised: boolean;
    assuming: string[];
    verdict: "kept" | "broken" | "never_promised" | "assumption_broken" | "undecided";
    /** How many violations, stale reads, lost writes … were found, and when the first was (ns). */
    number: number;
    first_ns?: number;
    /** What was found, and the operations that show it, in words. */
    found?: string;
    witness?: string[];
    sentence: string;
  }[];
  [field: string]: unknown;
}

export interface Latency {
  mean: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
}

export interface GalleryEntry {
  id: string;
  title: string;
  notes: string;
  pattern: string;
  algorithm: string;
  json: string;
}

/** Patterns, algorithms, parameters and faults. */
export interface Catalogue {
  engine: number;
  patterns: object[];
  network: object[];
  workload: object[];
  faults: object[];
}

/** A part of the run as lanes, events and messages; times in ns. */
export interface SpaceTime {
  from: number;
  to: number;
  lanes: { node: number; name: string; born?: number; down: [number, number][]; paused: [number, number][]; clock: [number, number][] }[];
  /** `node` is 4294967295 for the time line of faults. */
  events: { event: number; time: number; node: number; kind: string; cause: number }[];
  arrows: {
    from: number; to: number; sent: number; at: number; kind: number; cause: number; event: number; lost: boolean;
  }[];
  cut: boolean;
}

/** What happened before an event. */
export interface Past {
  event: number;
  events: number[];
  of: number;
  chain: {
    event: number; time: number; node: number; name: string; kind: string; message: number | null;
    sentence: string; cause: number;
  }[];
  older: number;
}

/** What an event changed in a node. */
export interface Changed {
  event: number;
  time: number;
  sentence: string;
  fields: { label: string; before: string | null; after: string | null }[];
}
