"""Numbers of the protocol, from IANA's registry "Domain Name System (DNS) Parameters".

Constants only: no imports, no behaviour.
"""

# Record types.
A = 1
NS = 2
CNAME = 5
SOA = 6
PTR = 12
AAAA = 28
OPT = 41

# The only class that is asked for (RFC 1035 section 3.2.4).
IN = 1

# Response codes.
NOERROR = 0
FORMERR = 1
SERVFAIL = 2
NXDOMAIN = 3
NOTIMP = 4
REFUSED = 5

# What glibc asks another server for; every other failure is final.
RETRIED = frozenset((SERVFAIL, NOTIMP, REFUSED))
