"""What every test of the repository gets: an environment without the developer's settings, and --cpython."""

from __future__ import annotations

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --cpython."""
    parser.addoption("--cpython", action="store_true", help="also run CPython's own test suite (minutes)")


def pytest_configure(config: pytest.Config) -> None:
    """Forget the developer's own settings: every test sees the defaults unless it sets something."""
    for name in [name for name in os.environ if name.startswith("STEADYDNS_")]:
        del os.environ[name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave CPython's suite out unless asked for."""
    if not config.getoption("--cpython"):
        asked = pytest.mark.skip(reason="CPython's own suite takes minutes: run `make cpython`")
        for item in items:
            if item.get_closest_marker("cpython"):
                item.add_marker(asked)
