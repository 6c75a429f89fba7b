"""What the pod says about name resolution: its files, its environment, its network interfaces.

Lives here: one parser per file (``resolvconf``, ``hosts``, ``nsswitch``, ``gaiconf``), each as tolerant as the
libc that reads the same file; ``musl``, the profile of the other libc; ``interfaces``, the kernel's addresses;
``watch``, reading a file again when it changed; ``pod``, all of it behind one object.

May import: the standard library. Nothing of steadydns: every other layer may use this one.

Never: raises for what a file contains, reads anything at import, asks the clock, sends a packet, logs.
"""
