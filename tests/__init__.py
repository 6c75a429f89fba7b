"""The tests. unit: no I/O, time injected; house: rules of the layout; contract: beside the real libc; lab: a node."""
