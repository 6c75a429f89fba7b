"""The laboratory: a mini Kubernetes node out of network namespaces, with real CoreDNS servers and faults to switch on.

May import the standard library and pytest; never imports steadydns, which only programs inside the pod do.
"""
