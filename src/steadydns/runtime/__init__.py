"""What gevent and eventlet cannot replace: the interpreter's own threads, locks and poll(2), and a cheap NamedTuple.

Imports nothing of steadydns.
"""
