"""Fuzz the DNS codec: coverage-guided, from seeds generated here.

Invariants, whatever the octets are:
- `parse` returns an Answer or raises WireError, its subclass Mismatch included, and nothing else;
- its shortcut and its general way give the same outcome;
- a response that dnspython reads gives the answer that dnspython's records give, or, if its alias chain loops or
  is too long, WireError;
- `decode_name` reads a name that dnspython reads, the same; of any other it raises WireError or stays in bounds;
- `Deframer` gives the same messages however the stream is split.

Run `python tests/fuzz/fuzz_codec.py --seconds 20` (needs atheris); exit code 0 means that all of them held.
A failure prints its input in Base64; `--replay BASE64` runs it again, without atheris.
"""

from __future__ import annotations

import argparse
import base64
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

ROOT = Path(__file__).resolve().parents[2]
IDENT = 0x1234
QNAME = b"\3api\7example\3com\0"
QTYPES = (1, 28, 5, 12)


def seeds() -> list[bytes]:
    """Make the first inputs: an octet that chooses the type, then a response to that question."""
    import dns.message
    import dns.rdatatype
    import dns.rrset

    chain = ["api.example.com. 60 CNAME a.cdn.example.net.", "a.cdn.example.net. 20 CNAME b.example.com."]
    soa = "example.com. 30 SOA ns.example.com. hostmaster.example.com. 1 7200 1800 86400 5"
    kinds: list[tuple[int, list[str], list[str], int]] = [
        (0, ["api.example.com. 30 A 192.0.2.1"], [], 0),
        (0, [f"api.example.com. {i} A 192.0.2.{i}" for i in range(8)], [], 0),
        (1, ["api.example.com. 30 AAAA 2001:db8::1", "api.example.com. 30 AAAA 2001:db8::2"], [], 0),
        (0, [*chain, "b.example.com. 10 A 192.0.2.1"], ["example.com. 60 NS ns.example.com."], 0),
        (1, ["b.example.com. 10 AAAA 2001:db8::1", *chain[::-1]], [], 0),
        (0, [*chain, "b.example.com. 9 CNAME api.example.com."], [], 0),
        (0, [], [soa], 0),
        (0, [], [soa], 3),
        (1, chain, [soa], 3),
        (2, chain[:1], [], 0),
        (0, [], [], 2),
    ]
    found = []
    for kind, answers, authorities, rcode in kinds:
        for edns in (False, True):
            query = dns.message.make_query(
                "api.example.com.", dns.rdatatype.RdataType.make(QTYPES[kind]), id=IDENT, use_edns=edns
            )
            message = dns.message.make_response(query)
            message.set_rcode(rcode)  # type: ignore[arg-type]
            for section, lines in ((message.answer, answers), (message.authority, authorities)):
                for owner, ttl, rtype, data in (line.split(" ", 3) for line in lines):
                    section.append(dns.rrset.from_text(owner, int(ttl), "IN", rtype, data))
            found.append(bytes((kind,)) + message.to_wire())
    found.append(bytes(1) + IDENT.to_bytes(2, "big") + b"\x81\x82" + bytes(8))
    return found


def mutated(data: bytes, choose: random.Random) -> bytes:
    """Change an input the way networks and attackers do: flip, cut, repeat, insert, overwrite."""
    changed = bytearray(data)
    for _ in range(choose.randint(1, 4)):
        at = choose.randrange(len(changed)) if changed else 0
        kind = choose.randrange(5)
        if kind == 0 and changed:
            changed[at] ^= 1 << choose.randrange(8)
        elif kind == 1:
            del changed[at:]
        elif kind == 2:
            changed += changed[at:]
        elif kind == 3:
            changed[at:at] = choose.randbytes(choose.randint(1, 4))
        else:
            changed[at : at + 2] = choose.choice(
                (b"\xc0\x0c", b"\xff\xff", b"\0\0", b"\0\5", b"\x80\0", b"\0\x29")
            )
    return bytes(changed[:4096])


def check(data: bytes) -> None:
    """Check all invariants on one input."""
    from tests.fuzz import codec_oracle

    if len(data) < 2:
        return
    codec_oracle.check_response(data[1:], IDENT, QNAME, QTYPES[data[0] % len(QTYPES)])
    codec_oracle.check_name(data[1:], data[0] % (len(data) - 1))
    codec_oracle.check_stream(data[1:], data[0] % len(data))


def _fuzz(corpus: str, seconds: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["steadydns.wire"]):
        from tests.fuzz import codec_oracle  # noqa: F401
    options = [f"-max_total_time={seconds}", "-max_len=1024", "-timeout=10", f"-artifact_prefix={corpus}/"]
    atheris.Setup([sys.argv[0], *options, corpus], check)
    atheris.Fuzz()


def main() -> int:
    """Run what the command line asks for; give the exit code."""
    parser = argparse.ArgumentParser(description="Fuzz the DNS codec.")
    parser.add_argument("--seconds", type=int, default=20, help="how long (default 20)")
    parser.add_argument("--replay", metavar="BASE64", help="check this one input")
    parser.add_argument("--corpus", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sys.path[:0] = str(ROOT), str(ROOT / "src")
    if arguments.replay is not None:
        check(base64.b64decode(arguments.replay))
        return 0
    if arguments.corpus is not None:
        _fuzz(arguments.corpus, arguments.seconds)
        return 0
    # libFuzzer ends its process without unwinding, so the folder belongs to this one.
    with tempfile.TemporaryDirectory(prefix="steadydns-fuzz-") as corpus:
        for number, seed in enumerate(seeds()):
            Path(corpus, f"seed-{number}").write_bytes(seed)
        command = [sys.executable, __file__, "--seconds", str(arguments.seconds), "--corpus", corpus]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
