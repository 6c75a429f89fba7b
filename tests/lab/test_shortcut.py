"""What the real CoreDNS sends is read the short way: it compresses no name in an answer that fits without."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.pod import Pod

pytestmark = pytest.mark.lab

PROGRAM = """
import json, socket, sys
import steadydns
from steadydns.wire import message

honest, read = message.read_response, []

def read_response(data, offset, name, *rest, **options):
    read.append(name.decode("ascii"))
    return honest(data, offset, name, *rest, **options)

message.read_response = read_response
resolver = steadydns.Resolver()
for name in sys.argv[1:]:
    try:
        resolver.getaddrinfo(name, 80)
    except socket.gaierror:
        pass
print(json.dumps([read, resolver.stats()["queries"]]))
"""


@pytest.mark.parametrize(
    "names",
    [
        ("kubernetes.default", "redis", "web"),  # one address or several, and none of the other family
        ("www.example.com", "api.example.com"),  # of both families, behind denials of the cluster's
        ("nope.example.com.", "nope.prod"),  # none at all
    ],
)
def test_corednss_answers_take_the_shortcut(lab_node: Node, pod: Pod, names: tuple[str, ...]) -> None:
    """Addresses and denials, the cluster's and the world's: none of them needs the general way."""
    del lab_node
    read, queries = json.loads(pod.python(PROGRAM, *names))
    assert queries, "something was asked"
    assert read == []
