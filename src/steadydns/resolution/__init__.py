"""The algorithm: which questions answer a name, whom they are put to and when, and what may be remembered.

Imports transport.exchange (plain values) and wire (constants). Does no I/O: generators yield the exchanges they
want and are sent the replies; the time comes from a clock passed in.
"""
