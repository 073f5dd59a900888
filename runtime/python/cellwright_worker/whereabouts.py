"""Where in a value a part of it is, for messages."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Optional

_LIMIT = 20_000


def _children(thing: Any) -> Iterator[tuple[str, Any]]:
    kind = type(thing)
    if issubclass(kind, dict):
        for key, value in dict.items(thing):
            yield f"[{key!r}]" if isinstance(key, (str, int)) else "[…]", value
    elif issubclass(kind, (list, tuple)):
        for place, value in enumerate(kind.__iter__(thing) if kind in (list, tuple) else list(thing)):
            yield f"[{place}]", value
    elif issubclass(kind, (set, frozenset)):
        for value in thing:
            yield "{…}", value
    elif kind.__name__ == "function":
        names = thing.__code__.co_freevars
        for name, cell in zip(names, thing.__closure__ or ()):
            try:
                yield f" (its {name})", cell.cell_contents
            except ValueError:
                continue
    elif kind.__name__ == "method":
        yield ".__self__", thing.__self__
    table = getattr(thing, "__dict__", None)
    if isinstance(table, dict) and kind is not type:
        for key, value in table.items():
            yield f".{key}", value


def locate(root: Any, part: Any) -> Optional[str]:
    """The way from a value to a part of it, as it would be written after the value's name; None when it is the value or not found."""
    if root is part:
        return None
    queue: deque[tuple[str, Any]] = deque([("", root)])
    seen = {id(root)}
    while queue and len(seen) < _LIMIT:
        way, thing = queue.popleft()
        try:
            for step, child in _children(thing):
                if child is part:
                    return way + step
                if id(child) not in seen and not isinstance(child, (str, bytes, int, float, type)):
                    seen.add(id(child))
                    queue.append((way + step, child))
        except Exception:  # noqa: BLE001  (a value that cannot even be looked at has no way)
            return None
    return None
