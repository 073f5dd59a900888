"""Objects that say themselves what is pickled of them, and parts of them that other objects have as well.

A document tree may pickle itself as text and be parsed again: who has one of its nodes has then a node of no tree. The pickle alone
does not show it, since both come back with the same content.
"""

from __future__ import annotations

from typing import Any

from . import sharing
from .python_classes import is_written_in_python
from .reach import reachable

_METHODS = frozenset({"__getstate__", "__setstate__", "__reduce__", "__reduce_ex__"})
# Their frames, arrays and models are followed in their own ways.
_KNOWN = frozenset({"numpy", "pandas", "scipy", "sklearn", "matplotlib", "polars", "pyarrow"})


def common_parts(memo: dict[int, Any], by_name: set[int]) -> dict[str, int]:
    """Class → how many objects of a pickle are parts of those that say themselves what is pickled of them. The same for a copy."""
    kinds: dict[type, bool] = {}
    own = [thing for thing in list(memo.values()) if _says_itself(type(thing), kinds)]
    found: dict[str, int] = {}
    keys = set(sharing.shareable(memo, by_name, {})) if own else set()
    for thing in own:
        name = type(thing).__name__
        found[name] = found.get(name, 0) + len(keys & reachable([vars(thing)]))
    return found


def _says_itself(kind: type, kinds: dict[type, bool]) -> bool:
    known = kinds.get(kind)
    if known is None:
        written = [part for part in kind.__mro__ if is_written_in_python(part) and not _METHODS.isdisjoint(vars(part))]
        # A class with a slot of that name has the slot there.
        modules = (part.__module__ for part in written)
        roots = {module.partition(".")[0] for module in modules if isinstance(module, str)}
        has_dict = getattr(kind, "__dictoffset__", 0) != 0
        known = kinds[kind] = has_dict and bool(roots - _KNOWN) and not issubclass(kind, type)
    return known
