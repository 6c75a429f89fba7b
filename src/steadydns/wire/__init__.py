"""DNS messages as octets: the small codec of the hot path.

Lives here: names, queries, answers about addresses, TCP framing. May be imported: `struct` and typing,
nothing else of steadydns. Never here: a clock, a file, a socket, a log. Octets come in, values go out, and
whatever the octets are, the only exception that leaves is `WireError`.
"""
