"""psycopg2: libpq is handed the addresses, and everything else as it was given."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from steadydns import activation
from steadydns.hooks.psycopg2 import addresses

if TYPE_CHECKING:
    from tests.unit.loopback import LoopbackServer

NAME = "redis.prod"
ADDRESS = "10.96.1.2"


@pytest.fixture
def handed(pod: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What libpq is handed by psycopg2.connect, with the hook installed."""
    seen: list[dict[str, str]] = []
    monkeypatch.setattr(psycopg2, "_connect", lambda dsn, **_: seen.append(parse_dsn(dsn)))
    activation.install(hooks="+psycopg2")
    yield lambda *arguments, **options: (psycopg2.connect(*arguments, **options), seen.pop())[1]
    activation.uninstall()


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ((), {"host": NAME, "port": 5433, "user": "u"}),
        ((f"host={NAME} port=5433 user=u",), {}),
        ((f"postgresql://u@{NAME}:5433/",), {}),
    ],
)
def test_a_name_is_handed_over_with_its_address(handed: Any, arguments: Any, options: Any) -> None:
    """However the host is given, libpq gets name and address, and the rest as it was."""
    assert handed(*arguments, **options) == {"user": "u", "host": NAME, "hostaddr": ADDRESS, "port": "5433"}


def test_several_hosts_and_several_addresses(handed: Any, real: LoopbackServer) -> None:
    """Each address of a host is an entry of its own; a host that does not resolve is left for libpq."""
    real.fake.zone.names["two.prod.svc.cluster.local"] = "192.0.2.1 192.0.2.2"
    real.fake.zone.changed()
    found = handed(host=f"two.prod,gone.prod,{NAME}", port="1,2,3")
    assert found["host"] == f"two.prod,two.prod,gone.prod,{NAME}"
    assert sorted(found["hostaddr"].split(",")[:2]) == ["192.0.2.1", "192.0.2.2"]
    assert found["hostaddr"].split(",")[2:] == ["", ADDRESS]
    assert found["port"] == "1,1,2,3"


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"dbname": "x"},
        {"host": "/run/postgresql"},
        {"host": "@abstract"},
        {"host": NAME, "hostaddr": "192.0.2.9"},
        {"host": f"{NAME},other", "load_balance_hosts": "random"},
        {"host": "gone.prod"},
        {"service": "s"},
    ],
)
def test_libpq_looks_itself(parameters: dict[str, str], installed: Any) -> None:
    """Without a name, with an address, for a socket of this machine, or for a name that does not exist."""
    assert addresses(parameters) == {}


def test_the_environments_host_counts(installed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """PGHOST and PGPORT stand in for what is not given; PGHOSTADDR leaves it to libpq."""
    monkeypatch.setenv("PGHOST", NAME)
    monkeypatch.setenv("PGPORT", "6000")
    assert addresses({}) == {"host": NAME, "hostaddr": ADDRESS, "port": "6000"}
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.9")
    assert addresses({}) == {}


def test_libpq_connects_to_the_address(pod: Any, real: LoopbackServer) -> None:
    """The real libpq reaches a listener by a name that only our resolver knows, and uninstall() undoes it."""
    real.fake.zone.names["here.prod.svc.cluster.local"] = "127.0.0.1"
    real.fake.zone.changed()
    stock = vars(psycopg2)["_connect"]
    activation.install(hooks="+psycopg2")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reached = threading.Event()

        def accept() -> None:
            sock, _ = listener.accept()
            reached.set()
            sock.close()

        threading.Thread(target=accept).start()
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(host="here.prod", port=listener.getsockname()[1], connect_timeout=10)
        assert reached.wait(10)
    activation.uninstall()
    assert vars(psycopg2)["_connect"] is stock
