"""CPython's own test suite as a witness: the same tests pass, skip and fail with the shim as without.

What lives here: a runner that executes modules of ``test`` and records each test's outcome, and the harness
that runs it twice, stock and with a shim imported by ``sitecustomize``, and compares. The shim is a module
name, so the harness is itself tested with shims that do nothing, or harm.
"""
