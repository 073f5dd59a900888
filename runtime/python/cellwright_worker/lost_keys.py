"""Dicts with a key that can no longer be found: its hash is another one than when it was put in.

Such a dict has the entry and does not find it. One that is loaded was filled anew, and finds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .definitions import Refusal


def refuse_lost_keys(things: Iterable[Any]) -> None:
    """Raises `Refusal` for a dict among `things` that does not find one of its keys."""
    for thing in things:
        if isinstance(thing, dict) and any(hashes_in_its_own_way(type(key)) and not dict.__contains__(thing, key) for key in thing):
            raise Refusal("a dict with a key whose hash has changed", thing)


def hashes_in_its_own_way(kind: type) -> bool:
    """True for classes of the notebook that say how they are hashed."""
    return any(part.__module__ == "__main__" and vars(part).get("__hash__") is not None for part in kind.__mro__)
