"""Waiting for libraries that are not imported yet.

wrapt's post-import hooks do that, and wrapt imports importlib.metadata and what that needs, which many services never
do. So a finder stands in sys.meta_path that finds nothing: when a library that somebody waits for is looked for, it loads
wrapt and hands that library over.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_waiting: dict[str, Callable[[], None]] = {}


class _Watcher:
    """A finder (importlib.abc.MetaPathFinder) that finds nothing itself."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Return None, or what wrapt's own finder says of a library that is waited for."""
        call = _waiting.pop(fullname, None)
        if call is None:
            return None
        try:
            import wrapt  # noqa: PLC0415 - only now that a library comes

            # wrapt is still being imported, and what it imports itself is this library.
            if not hasattr(wrapt, "register_post_import_hook"):
                _waiting[fullname] = call
                return None
            _call_for_missed()
            wrapt.register_post_import_hook(lambda _: call(), fullname)
            # This import goes through a list of finders that was begun before wrapt put its own in front.
            finder = next(one for one in sys.meta_path if type(one).__module__ == "wrapt.importer")
            return finder.find_spec(fullname, path, target)
        except Exception:  # never the reason an import fails
            logging.getLogger("steadydns").warning("cannot wait for %s", fullname, exc_info=True)
            return None


def _call_for_missed() -> None:
    """Make the calls for libraries that were imported while wrapt was not ready to report them."""
    for name in list(_waiting):
        module = sys.modules.get(name)
        if module is not None and not getattr(module.__spec__, "_initializing", False):
            _waiting.pop(name, lambda: None)()


def when_imported(name: str, call: Callable[[], None]) -> None:
    """Make the call after the module's import, once."""
    _waiting[name] = call
    if not any(isinstance(finder, _Watcher) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watcher())
