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
entry-answered-differs = { $client } did not set { $key } to { $value }: it was not what it expected
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
first-button = Slow b4 down
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
 } checked, { $unknown } unknown.
verdict-promised = Reads are promised to see the latest write.
verdict-not-promised = Not promised here: a read may return an older value.
verdict-broken = It was promised that this cannot happen.
verdict-never-promised = This was never promised here: a read may return an older value.
verdict-assumption-broken = That was promised under a condition which this run broke.

invariant-of = Invariant: { $what }
invariant-broken = At { $time }, event { $event }, on { $nodes }: { $what }

judge-linearizable = Linearizable
judge-sequential = Sequentially consistent
judge-read-your-writes = Read your writes
judge-monotonic-reads = Monotonic reads
judge-monotonic-writes = Monotonic writes
judge-writes-follow-reads = Writes follow reads
judge-fresh-reads = No stale reads
judge-lost-updates = No lost updates
judge-durable = Acknowledged writes are there
judge-eventual = Replicas agree
judge-live = Requests are answered
judge-fenced = The store takes no write with an old token
judge-watch-gapless = Watches are told everything

judged-watched = Watched after every event: nothing speaks against it.
judged-kept = Nothing in { $count ->
    [one] { $count } answered operation
   *[other] { $count } answered operations
 } speaks against it.
judged-undecided-budget = The steps that it was given did not do.
judged-undecided-values = Some value was written to a key twice: who wrote what was read is not known.
judged-undecided-nowhere = Some value was read that no write of the run had written.
judged-undecided-session = Some client did two things at once in one session.
judged-undecided-order = In which order the versions come is not known.
judged-undecided-which = Something is broken, but not which of several guarantees.
judged-linearizable = { $count ->
    [one] { $count } operation that no order explains, at { $time }.
   *[other] { $count } operations that no order explains, the first at { $time }.
 }
judged-sequential = No single order of all operations explains them, real time left aside: { $shown } of them contradict each other.
judged-session-read-your-writes = { $count ->
    [one] A client
   *[other] { $count } times a client
 } read an older value than it had written itself; { $client } was the first.
judged-session-monotonic-reads = { $count ->
    [one] A client
   *[other] { $count } times a client
 } read an older value than it had read before; { $client } was the first.
judged-session-monotonic-writes = { $count ->
    [one] Writes of a client
   *[other] { $count } times writes of a client
 } came in another order than it made them; { $client } saw it first.
judged-session-writes-follow-reads = { $count ->
    [one] A write
   *[other] { $count } writes
 } came before what its client had read already; { $client } saw it first.
judged-fresh-reads = { $count } of { $reads } reads were stale: by { $longest } and { $versions ->
    [one] { $versions } version
   *[other] { $versions } versions
 } at the worst.
judged-lost-updates = { $count ->
    [one] { $count } acknowledged write was
   *[other] { $count } acknowledged writes were
 } overwritten unseen, or put before an older one.
judged-durable = { $count ->
    [one] { $count } acknowledged write is
   *[other] { $count } acknowledged writes are
 } not there any more.
judged-live-kept = { $count } answers. Nobody waited longer than { $longest } for one without a fault in force.
judged-live = { $count ->
    [one] Once
   *[other] { $count } times
} nobody was answered for 10 s without a fault in force, first from { $time } on.
judged-live-excused = { $count ->
    [one] Once
   *[other] { $count } times
} nobody was answered for 10 s while a fault was felt, first from { $time } on.
judged-eventual-none = All { $replicas } replicas that are up hold the same.
judged-eventual = { $replicas } replicas differ on { $count ->
    [one] { $count } key
   *[other] { $count } keys
 } at this moment.

finding-stale-read = Stale read at { $time }
finding-stale-read-sentence = { $client } read { $what } after { $newer }.
finding-stale-read-because = No order explains both { $other } and { $last }. In real time { $last } comes after { $other }; by its value it comes before.
finding-unwritten-value = A value from nowhere at { $time }
finding-unwritten-value-sentence = { $client } read { $what }, which nobody had begun to write.
finding-unwritten-value-because = What was read was not yet written.
finding-no-order = No order explains { $client } at { $time }
finding-no-order-sentence = The operations on { $key } contradict each other with the end of { $what }.
finding-no-order-because = Whatever the order, some operation would have had another answer.
finding-real-time = { $other } ended { $gap } before { $last } began
finding-by-value = { $last } saw what was there before { $other }
finding-proof = Smallest proof: without any one of these { $count }, an order explains the rest. { $all } operations were checked, { $own } of them on { $key }.
finding-checked = { $all } operations were checked, { $own } of them on { $key }.

shown-write = { $client } wrote { $what }, acknowledged at { $to }.
shown-write-open = { $client } asked to write { $what } at { $from }, and has no answer yet.
shown-read = { $client } read { $what } from { $from } to { $to }.
shown-read-after = { $client } read { $what } at { $to }; it began at { $from }, after { $other } had ended.

## What a partition cost

cap-none = Cut the network, with the partition tool or the key P, and this says what was given up meanwhile.
cap-neither = { $run } gave up neither: every live node answered, and an order explains every answer.
cap-consistency = { $run } answered at every live node and gave up consistency: no order explains { $odd } of { $all } answers.
cap-availability = { $run } kept every answer consistent and gave up availability: { $silent } left clients without an answer.
cap-both = { $run } gave up both: { $silent } left clients without an answer, and no order explains { $odd } of { $all } answers.
cap-unreached = { $lost } of { $asked } requests reached no node.
cap-unanswered = { $lost } of { $asked } requests got no answer.
cap-two-said = Pick two out of three
cap-two-true = Nobody picks partitions: networks part by themselves. What is picked is what to do while one lasts, refuse or answer with what is at hand. Many runs give up neither, and some give up both.
cap-c-said = C: every node shows the same data
cap-c-true = C is linearizability. Replicas may differ at any time, as long as clients cannot tell them from a single copy.
cap-a-said = A: the system is up
cap-a-true = A means that each request to a node that has not crashed gets an answer which is no error. A majority that goes on working is useful, and it is not A: the others refuse.
cap-p-said = P: it survives crashes
cap-p-true = P is about messages that are lost between nodes that all run. A crash is another fault, and easier: who is down tells nobody anything wrong.
cap-calm-said = CAP says it all
cap-calm-true = It says nothing about the time without faults, which is most of the time. Then the trade is latency against consistency: an answer that is surely current has to wait for others.
cap-copies-said = Replication prevents data loss
cap-copies-true = Copies save data from a lost disk. A deletion is copied too, and what was acknowledged before it was copied can still vanish in a failover.
cap-agree-said = Consensus: all nodes agree
cap-agree-true = A majority decides, and no two nodes decide differently. The others may lag, or hear nothing for as long as they are cut off.
cap-converge-said = It converges, so it is right
cap-converge-true = Replicas that agree can agree on the wrong thing: a write that lost was acknowledged all the same.
cap-more-said = More nodes, more throughput
cap-more-true = Not for one group that decides together, and not for one hot key.

## Models, for whoever asks for less

model-linearizable = Each operation takes effect at one instant between its start and its end, and every read sees the latest write.
model-sequential = One order of all operations explains all answers and keeps the order of each client; real time does not count.
model-read-your-writes = A client sees what it wrote itself, or something newer.
model-monotonic-reads = A client never sees something older than what it saw before.
model-monotonic-writes = What a client writes takes effect everywhere in its own order.
model-writes-follow-reads = What a client writes comes after what it had seen.
model-fresh-reads = No read misses a write that was acknowledged before it began.
model-lost-updates = No acknowledged write is passed over by one that never saw it.
model-durable = Every acknowledged write is still a version of its key.
model-converged = All replicas hold the same. That they agree does not say that they are right.

## Branches

branch-with = with { $what }
branch-changed = { $what } changed
branch-without = without { $what }
branch-same = nothing differs yet
branch-fork = fork at { $at }

## Undo

step-in = { $what }
step-out = { $what } taken out
step-algorithm = another algorithm
step-setup = a change of the set-up
step-seed = another seed
step-branch = another name of a branch
step-compare = what is compared
step-more = { $what }, and { $count } more

## Causes

step-start = starts
step-arrive = receives { $message } from { $peer }, sent at { $sent }
step-served = has done the work of { $message } from { $peer }
step-work = has done a piece of work
step-timer = wakes by a timer
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
compare-near = nearly the same
compare-none = none
compare-only = only in B
compare-higher = { $times }× higher
compare-lower = { $times }× lower
compare-above = { $count } more
compare-below = { $count } less
compare-contents = The same events happen in both. From event { $event } at { $time } on they say something else: { $a }.
compare-diverges = Event { $event } at { $time } is the first that differs. A: { $a }. B: { $b }.

## Pictures in words

svg-space-time = Space-time diagram from { $from } to { $to }: { $nodes } nodes, { $events } events, { $messages } messages, { $lost } of them lost. Time runs to the right; each node is a line, each message an arrow, each loss a cross.
svg-stage = At { $at }, { $messages } messages are under way. Nodes: { $nodes }.
