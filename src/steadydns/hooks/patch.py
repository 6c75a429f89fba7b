"""Replacing an attribute so that it can be put back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def replace(owner: Any, name: str, new: Any) -> Callable[[], bool]:
    """Set the attribute; return the call that restores it and says whether it could.

    It could not when someone has replaced it since: their patch stays, and what it calls is ours, which by then only
    passes on.
    """
    inherited = name not in vars(owner)
    old = getattr(owner, name)
    setattr(owner, name, new)

    def restore() -> bool:
        if vars(owner).get(name) is new:
            if inherited:
                delattr(owner, name)
            else:
                setattr(owner, name, old)
            return True
        logging.getLogger("steadydns").info(
            "%s.%s was replaced by someone else since; leaving it", owner.__name__, name
        )
        return False

    return restore
