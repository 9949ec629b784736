# Clocks of different machines.

role-machine = Machine
chart-offsets = Offsets that the machines measure
ping-sent = pings { $peer }, number { $number }, at { $clock } by its own clock
ping-received = received ping { $number } of { $peer } at { $clock } by its own clock
ping-impossible = received ping { $number } of { $peer } at { $clock }: by the two logs { $early } before it was sent
ping-answered = has the answer of { $peer } to ping { $number } at { $clock }: its clock is { $offset } away, give or take { $error }
ping-lost = has no answer of { $peer } to ping { $number }
ping-filtered = Other clocks, by the best of eight exchanges
ping-ntp = By the last exchange, NTP
ping-cristian = By the last exchange, Cristian
ping-open = Pings under way
ping-early = Received before sent, by the logs
