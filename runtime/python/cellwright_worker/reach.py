"""Which objects a value leads to."""

from __future__ import annotations

import gc
import sys
import types
import weakref
from typing import Any

_MOST_ITEMS = 10_000
# Types of NumPy, and the attribute with what an instance looks at.
_NUMPY_KEEPERS = {"ndarray": "base", "void": "base", "flatiter": "base", "nditer": "operands", "broadcast": "iters"}
_OPAQUE = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    str,
    bytes,
    int,
    float,
    complex,
    bool,
    type(None),
)


def _in_array(item: Any) -> list[Any]:
    """What numpy does not tell the garbage collector: the memory that an array or an iterator looks at, and an array's objects."""
    numpy: Any = sys.modules.get("numpy")
    kind = type(item)
    if numpy is None or kind.__module__ == "builtins":
        return []
    attribute = next((kept for name, kept in _NUMPY_KEEPERS.items() if issubclass(kind, getattr(numpy, name, ()))), "")
    kept = getattr(item, attribute, None) if attribute else None
    inside = [] if kept is None else list(kept) if isinstance(kept, tuple) else [kept]
    if issubclass(kind, getattr(numpy, "ndarray", ())) and item.dtype == object and item.size <= _MOST_ITEMS:
        inside += item.ravel().tolist()
    return inside


def _bound(item: Any) -> list[Any]:
    """What a function has of its own: the object of a method of compiled code, the variables that it closes over, its defaults."""
    if type(item) is types.BuiltinFunctionType:
        return [] if isinstance(item.__self__, (types.ModuleType, type, type(None))) else [item.__self__]
    if type(item) is not types.FunctionType or not (item.__closure__ or item.__defaults__):
        return []
    cells = [content for cell in item.__closure__ or () for content in gc.get_referents(cell)]
    return [content for content in (*cells, *(item.__defaults__ or ())) if content is not item]


def reachable(roots: list[Any], limit: int = 200_000, weakly: bool = False) -> set[int]:
    """Identities of the mutable objects that can be reached from `roots`, if need be through weak references.

    Functions are entered only for what they are bound to, classes not at all.
    """
    seen: set[int] = set()
    found: set[int] = set()
    queue = list(roots)
    while queue and len(seen) < limit:
        item = queue.pop()
        if id(item) in seen:
            continue
        if isinstance(item, _OPAQUE):
            bound = _bound(item)
            if bound:
                seen.add(id(item))
                queue.extend(bound)
            continue
        seen.add(id(item))
        if not isinstance(item, (tuple, frozenset)):
            found.add(id(item))
        if isinstance(item, dict) and "__builtins__" in item:
            found.discard(id(item))
            continue
        queue.extend(gc.get_referents(item))
        queue.extend(_in_array(item))
        if weakly and isinstance(item, weakref.ReferenceType):
            queue.append(item())
        elif weakly and isinstance(item, weakref.finalize):
            queue.extend(item.peek() or ())
    return found
