"""The row of SimPy. Reads lines "WORKLOAD EVENTS", answers each with the processor-seconds it took.

Written as SimPy's documentation writes models: a process per node with a Store for its mail, a process per
message on its way ("Event latency"), a process per customer and a Resource for the server. What counts is what
the model handles (a message received; timer, arrival and completion of a customer), not SimPy's own events.
"""

import random
import sys
import time

import simpy

NODES, LATENCY, LEAST, MOST = 1024, 1.0, 0.5, 1.5  # ms
BETWEEN, SERVICE, WIRE = 1.0, 0.9, 0.1  # ms


class Session:
    """A workload under way."""

    def __init__(self, workload):
        self.env = simpy.Environment()
        self.random = random.Random(1)
        self.left = 0
        self.enough = None
        count = {0: 2, 1: NODES}.get(workload, 0)
        self.mail = [simpy.Store(self.env) for _ in range(count)]
        node = self.player if workload == 0 else self.passer
        for me in range(count):
            self.env.process(node(me))
        for me in range(1 if workload == 0 else count):
            self.mail[me].put(0)
        if workload == 2:
            self.server = simpy.Resource(self.env, capacity=1)
            self.env.process(self.source())

    def advance(self, events):
        self.left += events
        self.enough = self.env.event()
        self.env.run(until=self.enough)

    def handled(self):
        self.left -= 1
        if self.left == 0:
            self.enough.succeed()

    def wire(self, to, ball, delay):
        yield self.env.timeout(delay)
        self.mail[to].put(ball)

    def player(self, me):
        while True:
            ball = yield self.mail[me].get()
            self.handled()
            self.env.process(self.wire(1 - me, ball + 1, LATENCY))

    def passer(self, me):
        while True:
            ball = yield self.mail[me].get()
            self.handled()
            to = self.random.randrange(NODES)
            self.env.process(self.wire(to, ball, self.random.uniform(LEAST, MOST)))

    def source(self):
        while True:
            self.handled()
            self.env.process(self.customer())
            yield self.env.timeout(self.random.expovariate(1 / BETWEEN))

    def customer(self):
        yield self.env.timeout(WIRE)
        self.handled()
        with self.server.request() as turn:
            yield turn
            yield self.env.timeout(self.random.expovariate(1 / SERVICE))
        self.handled()


sessions = {}
for line in sys.stdin:
    workload, events = map(int, line.split())
    session = sessions.get(workload) or sessions.setdefault(workload, Session(workload))
    begin = time.process_time()
    session.advance(events)
    print(time.process_time() - begin, flush=True)
