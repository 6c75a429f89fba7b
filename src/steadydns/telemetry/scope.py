"""Under which name, version and schema steadydns tells OpenTelemetry what it tells."""

from __future__ import annotations

from typing import Final

NAME: Final = "steadydns"

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.44.0"
"""Semantic conventions the names are from. Prometheus shows it as a label: another one means new series."""


def version() -> str:
    """Return the package's version."""
    from steadydns import __version__  # noqa: PLC0415 - the package is still being imported when this module is

    return __version__
