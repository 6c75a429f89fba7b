"""Replacing an attribute so that it can be put back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_INHERITED: Final = object()


def replace(owner: Any, name: str, new: Any) -> Callable[[], bool]:
    """Set the attribute; return the call that restores it and says whether it could.

    It could not when someone has replaced it since: their patch stays, and what it calls is ours, which by then only
    passes on.
    """
    # As it stands there, not as getattr() would bind it: a static method is to be one again.
    old = vars(owner).get(name, _INHERITED)
    setattr(owner, name, new)

    def restore() -> bool:
        if vars(owner).get(name) is not new:
            logging.getLogger("steadydns").info(
                "%s.%s was replaced by someone else since; leaving it", owner.__name__, name
            )
            return False
        if old is _INHERITED:
            delattr(owner, name)
        else:
            setattr(owner, name, old)
        return True

    return restore
