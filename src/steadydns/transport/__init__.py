"""Bytes over sockets: UDP, TCP, the pool of connections, and the driver that runs the resolution's generator on them.

Imports wire. Knows nothing of search lists, caches or getaddrinfo; decides nothing about retries.
"""
