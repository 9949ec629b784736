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

invariant-broken = At { $time }, event { $event }, on { $nodes }: { $what }
invariant-checked = An invariant of the algorithm, checked after every event.

judge-linearizable = Linearizable
judge-sequential = Sequentially consistent
judge-read-your-writes = Read your writes
judge-monotonic-reads = Monotonic reads
judge-monotonic-writes = Monotonic writes
judge-writes-follow-reads = Writes follow reads
judge-fresh-reads = No stale reads
judge-lost-updates = No lost updates
judge-durable = Acknowledged writes are there
judge-converged = Replicas agree

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
judged-converged-none = All { $replicas } replicas that are up hold the same.
judged-converged = { $replicas } replicas differ on { $count ->
    [one] { $count } key
   *[other] { $count } keys
 } at this moment.

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
