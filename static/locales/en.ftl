# Sentences and labels that every algorithm shares. Each algorithm's own are in parts/.

## States of a node

status-up = up
status-crashed = crashed
status-paused = paused
status-absent = not there yet

role-client = Client
role-server = Server
role-backend = Backend
role-balancer = Balancer
role-leader = Leader
role-follower = Follower
role-candidate = Candidate
role-primary = Primary
role-backup = Backup
role-replica = Replica
role-shard = Shard
role-router = Router
role-coordinator = Coordinator
ring-title = Ring as this node sees it

## The event log

entry-fault-begins = { $what }
entry-fault-ends = { $what } ended
entry-action = { $what }
entry-operation = By hand: { $what }
entry-no-effect = { $what } had no effect
entry-lost = { $message } from { $from } to { $to } was lost
entry-answered-read = { $client } read { $key } = { $value }
entry-answered-write = { $client } wrote { $key } = { $value }, acknowledged
value-none = nothing
entry-operation-failed = { $client } could not { $what }: { $cause }
entry-operation-unknown = { $client } does not know whether it could { $what }: { $cause }

operation-read = read { $key }
operation-write = write { $key }
operation-cas = change { $key }
operation-call = get its work done

cause-timeout = no answer in time
cause-refused = connection refused or reset
cause-error = the server answered with an error
cause-unavailable = no server could take it
cause-overload = a queue was full
cause-client-crash = the client itself crashed

## Charts

chart-throughput = Operations per second
chart-latency = Latency
chart-queues = Work at each server
chart-ok = ok
chart-failed = failed
chart-timed-out = timed out
chart-intended = p99 from intended start
chart-mean = mean
chart-most = most
lane-queues = Queues
lane-failures = Failures

## The first visit

first-number = Slowest 1% of answers
first-steady = steady
first-rising = rising
first-button = Slow this server down
first-done = b4 takes eight times as long now. Look for its queue, and how far the slowest 1% climbs.
first-look = What to look for:
first-look-at = its queue, and how far the slowest 1% climbs while five servers stay fast.
first-promise = Everything here runs in your browser

## Settings that are hardly meant

advice-timeout = Shorter than a request and its answer take: about { $trip }.
advice-heartbeat = Followers stand before the next heartbeat, which comes each { $heartbeat }.
advice-election = Shorter than a round trip of { $trip }: elections will not end.
advice-range = Less than the least.
advice-check = Longer than the { $interval } between two checks.
advice-check-trip = Shorter than a round trip of { $trip }: every check fails.
advice-load = More than the backends can do: { $load } times their capacity.

## The verdict

verdict-kept = No violation in this run
verdict-undecided = Not decided
verdict-checked = { $count ->
    [one] { $count } operation
   *[other] { $count } operations
 } checked, { $unknown } of unknown outcome.
verdict-promised = Reads are promised to see the latest write.
verdict-not-promised = Not promised here: a read may return an older value.
verdict-broken = It was promised that this cannot happen.
verdict-never-promised = This was never promised here: a read may return an older value.
verdict-assumption-broken = That was promised under a condition which this run broke.

finding-stale-read = Stale read at { $time }
finding-stale-read-sentence = { $client } read { $what } after { $newer }.
finding-stale-read-because = No order explains all of them: in real time the last one comes after { $newer }, by its value before it.
finding-unwritten-value = A value from nowhere at { $time }
finding-unwritten-value-sentence = { $client } read { $what }, which nobody had begun to write.
finding-unwritten-value-because = What was read was not yet written.
finding-no-order = No order explains { $client } at { $time }
finding-no-order-sentence = The operations on { $key } contradict each other with the end of { $what }.
finding-no-order-because = Whatever the order, some operation would have had another answer.

shown-write = { $client } wrote { $key } = { $value }, acknowledged at { $to }.
shown-write-open = { $client } asked to write { $key } = { $value } at { $from }.
shown-read = { $client } read { $key } = { $value } from { $from } to { $to }.

## Branches

branch-with = with { $what }
branch-without = without { $what }
branch-same = nothing differs yet
branch-fork = fork at { $at }

## Causes

step-start = starts
step-arrive = receives { $message } from { $peer }, sent at { $sent }
step-served = has done the work of { $message } from { $peer }
step-work = has done a piece of work
step-timer = a timer fires
step-synced = has synced its disk
step-broken = hears that its connection to { $peer } broke
step-fault = a fault begins or ends
step-lost = loses { $message } from { $peer }
step-invoke = begins: { $what }
step-answered = has its answer
step-failed = gives up

## What an event changed

field-state = State
field-log = Log
field-queue = In service and waiting
field-writes = Writes to its disk
field-unsynced = Writes not durable yet

## Two runs side by side

compare-p99 = Slowest 1% over time
compare-ok = Operations that succeed
compare-failures = Operations that fail
compare-latency-ms-mean = Mean latency
compare-latency-ms-p50 = Median latency
compare-latency-ms-p99 = Slowest 1%
compare-latency-ms-max = Longest
compare-goodput-per-s = Succeeded
compare-operations-ok = Succeeded in all
compare-operations-failed = Failed
compare-operations-timed-out = Timed out
compare-longest-queue = Longest queue
compare-same = same
compare-none = none
compare-only = only in B
compare-higher = { $times }× higher
compare-lower = { $times }× lower
compare-diverges = Event { $event } at { $time } is the first that differs. A: { $a }. B: { $b }.

## Pictures in words

svg-space-time = Space-time diagram from { $from } to { $to }: { $nodes } nodes, { $events } events, { $messages } messages, { $lost } of them lost. Time runs to the right; each node is a line, each message an arrow, each loss a cross.
svg-stage = At { $at }, { $messages } messages are under way. Nodes: { $nodes }.
