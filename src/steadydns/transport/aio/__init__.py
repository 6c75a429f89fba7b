"""Sockets under an event loop: the driver that awaits, and what the lookups of one loop share.

Imports resolution.model, wire and its neighbours. Everything here is used in its loop's thread alone.
"""
