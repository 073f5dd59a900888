"""Sizes in memory of containers that came from the store.

A list, dict, set or bytearray keeps room for more items than it has, and how much depends on how it grew. A loaded container has
equal items, but not the same room; so what `sys.getsizeof` would say of it is not what it says where the container was made.
"""

from __future__ import annotations

import functools
import sys
from typing import Any, Callable

_GROWING = (list, dict, set, bytearray)
_MISSING = object()


class Watch:
    """Whom to ask and to tell; nobody outside of an attempt."""

    def __init__(self) -> None:
        """Nothing came from the store yet."""
        self.came_from_store: Callable[[Any], bool] = lambda value: False
        self.need_one_process: Callable[[str], None] = lambda reason: None


watch = Watch()


def install() -> None:
    """From now on a notebook that measures a container of the store is found out."""
    measure = sys.getsizeof

    @functools.wraps(measure)
    def getsizeof(object: Any, default: Any = _MISSING) -> int:
        if isinstance(object, _GROWING) and watch.came_from_store(object):
            watch.need_one_process(f"sys.getsizeof measures a {type(object).__name__} that came from the store")
        return measure(object) if default is _MISSING else measure(object, default)

    sys.getsizeof = getsizeof  # type: ignore[assignment]
