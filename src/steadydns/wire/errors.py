"""What reading a message may raise. Imports nothing, and never raises by itself."""


class WireError(ValueError):
    """The octets are not a DNS message, or the name cannot be put into one (RFC 1035 section 4)."""


class Mismatch(WireError):  # noqa: N818 -- often no error at all, but a stranger's or a late datagram
    """The message does not answer what was asked: id, QR bit, opcode or question differ (RFC 5452 section 9.1).

    Whoever receives it drops the message and goes on waiting: anyone may have sent it.
    """
