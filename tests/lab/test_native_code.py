"""What native code asks through libc, with the hook that sets RES_OPTIONS and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.lab.capture import Capture
    from tests.lab.node import Node
    from tests.lab.pod import Pod

pytestmark = pytest.mark.lab

PROGRAM = """
import steadydns.auto
from steadydns.contract import originals as stock
print(stock.raw("api.example.com", 80)[0][4][0])
"""
# stock.raw is libc's getaddrinfo, as a library calls it that is linked against it.


def test_no_port_carries_two_questions(lab_node: Node, pod: Pod) -> None:
    """With the hook libc asks A and AAAA one after the other, from a port each; without it, from one at once."""
    with lab_node.capture() as without:
        plain = pod.python(PROGRAM)
    with lab_node.capture() as with_hook:
        tamed = pod.python(PROGRAM, env={"STEADYDNS_HOOKS": "+native"})
    assert plain == tamed
    assert len(ports(without)) == 4
    assert len(ports(with_hook)) == 8
    assert len(with_hook.queries) == len(without.queries) == 8


def ports(capture: Capture) -> set[int]:
    """The ports that questions came from."""
    return {packet.source[1] for packet in capture.packets if packet.is_query}


def test_the_options_can_be_chosen(lab_node: Node, pod: Pod) -> None:
    """`ndots:1 use-vc` makes it two questions over TCP, where it was eight datagrams."""
    environment = {"STEADYDNS_HOOKS": "+native", "STEADYDNS_NATIVE_OPTIONS": "ndots:1 use-vc"}
    with lab_node.capture() as capture:
        pod.python(PROGRAM, env=environment)
    assert [(query.proto, query.name) for query in capture.queries] == [("tcp", "api.example.com.")] * 2
