"""Importing this module activates steadydns, configured by the environment (STEADYDNS_*).

`STEADYDNS_DISABLED=1` makes it do nothing at all. It never raises.
"""

from __future__ import annotations

from os import environ

if environ.get("STEADYDNS_DISABLED", "").strip().lower() not in ("1", "true", "yes", "on"):
    try:
        from steadydns.activation import install

        install()
    except Exception:  # fail open: a service must start
        import logging

        logging.getLogger("steadydns").warning(
            "steadydns could not be activated; libc resolves", exc_info=True
        )
