"""What a lookup imports is there before greenlets look names up."""

from __future__ import annotations

import pytest

from steadydns.calls import preload
from tests.unit.program import run

LOADED = f"""
missing = [name for name in {preload.MODULES!r} if name not in sys.modules]
assert not missing, missing
"""

GEVENT = "from gevent import monkey; monkey.patch_all()\n"
EVENTLET = """
import warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import eventlet
    eventlet.monkey_patch()
"""


@pytest.mark.parametrize("hooks", ["", "-gevent", "+eventlet"])
@pytest.mark.parametrize(
    "program",
    [
        pytest.param(f"{GEVENT}import steadydns.auto", id="gevent, then steadydns"),
        pytest.param(f"import steadydns.auto\n{GEVENT}", id="steadydns, then gevent"),
        pytest.param(
            f"import steadydns.auto, gevent.events, gevent.threadpool\n{GEVENT}", id="between its imports"
        ),
        pytest.param(
            "import steadydns.auto\nfrom gevent import monkey; monkey.patch_thread()\nimport gevent.threadpool",
            id="patched in parts",
        ),
        pytest.param(f"{EVENTLET}import steadydns.auto", id="eventlet, then steadydns"),
        pytest.param(
            f"import steadydns.auto\n{EVENTLET}import eventlet.tpool", id="steadydns, then eventlet"
        ),
    ],
)
def test_everything_is_imported_when_the_patches_are_in_place(program: str, hooks: str) -> None:
    """In each order of imports, with the hooks and without, nothing is left for a lookup to import."""
    run(f"import sys\n{program}\n{LOADED}", STEADYDNS_HOOKS=hooks)


def test_nothing_is_imported_before_gevent_patches() -> None:
    """What imports ssl comes after the patches, so that gevent has no reason to warn."""
    run("import sys, steadydns.auto\nfrom gevent import monkey\nassert 'ssl' not in sys.modules")


def test_a_process_without_greenlets_imports_nothing_in_advance() -> None:
    """A plain service pays for a module when a lookup needs it."""
    run(
        "import sys, steadydns.auto\nassert not {'tenacity', 'steadydns.wire.loose'} & set(sys.modules)\n"
        "import gevent.threadpool\nassert 'tenacity' not in sys.modules"
    )


def test_a_module_that_cannot_be_imported_is_no_reason_to_fail() -> None:
    """Where tenacity cannot be imported, gevent patches all the same, and the other modules are there."""
    run(
        f"import sys\nsys.modules['tenacity'] = None\nimport steadydns.auto\n{GEVENT}"
        "assert 'steadydns.wire.loose' in sys.modules\nassert sys.modules['tenacity'] is None"
    )
