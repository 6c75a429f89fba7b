"""The demonstration: a small node is built, and names are looked up in its pod, by libc and by steadydns.

`__main__` chooses how the node is built, `node` builds it out of `linux`'s system calls, `server` and `zone` are its
name server, `lookups` is the program in the pod, `story` runs the acts, `screen` and `table` show them.

Everything lives in processes and in the namespaces they hold, so nothing is left behind, however they end.
"""
