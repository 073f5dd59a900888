"""pandas: what a frame or series remembers of the object it was taken from, and what index objects share.

Index objects are never written in place, so their memory does not tie values together; the objects themselves do, since names
can be set on them. With copy-on-write the memory of frames is private to each as well.
"""

from __future__ import annotations

import sys
from typing import Any, Optional

from . import notes, rebuild

_PARTS = frozenset({"_attrs", "_cacher", "_flags", "_is_copy", "_item_cache", "_mgr", "_name"})


def copies_on_write() -> bool:
    """True when pandas treats shared memory as if it were not shared."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is None:
        return False
    if int(str(getattr(pandas, "__version__", "0")).partition(".")[0] or 0) >= 3:
        return True
    config: Any = sys.modules.get("pandas._config.config")
    try:
        return bool(config._global_config["mode"]["copy_on_write"]) is True
    except (AttributeError, KeyError, TypeError):
        return False


def _arrays_of(found: Any) -> list[Any]:
    inner = [found]
    for name in ("_ndarray", "_data", "_codes", "_mask", "_left", "_right"):
        part = getattr(found, name, None)
        if part is not None and not isinstance(part, type):
            inner.append(part)
            inner.append(getattr(part, "_ndarray", None))
            inner.append(getattr(part, "_codes", None))
    return inner


def reduce_index(dumper: Any, found: Any) -> Any:
    """An index: its arrays do not count as shared memory."""
    data = getattr(found, "_data", None)
    if data is not None:
        dumper.exclude(_arrays_of(data))
    codes = getattr(found, "_codes", None)
    if isinstance(codes, (list, tuple)) or type(codes).__name__ == "FrozenList":
        dumper.exclude(list(codes))  # type: ignore
    kind = type(found)
    given = {name: value for name, value in vars(found).items() if not name.startswith("_") and not notes.is_made_when_asked(kind, name)}
    return notes.with_notes(kind, found, given) if given else NotImplemented


def reduce_frame(dumper: Any, found: Any) -> Any:
    """A DataFrame or Series."""
    if dumper.copies_on_write:
        for part in found._mgr.blocks if hasattr(getattr(found, "_mgr", None), "blocks") else ():
            dumper.exclude(_arrays_of(part.values))
    copied = _copied(dumper, getattr(found, "_is_copy", None))
    cacher = _cacher(dumper, found)
    given = _given(dumper, found)
    if copied is None and cacher is None and not given:
        return NotImplemented
    return (rebuild.new_frame, (type(found),), (found.__getstate__(), copied, cacher, given), None, None, rebuild.fill_frame)


def _given(dumper: Any, found: Any) -> dict[str, Any]:
    """Attributes that somebody set. An accessor is made when it is first asked for, and stands there as well."""
    kind = type(found)
    own = _PARTS.union(kind._internal_names, kind._metadata)
    given = vars(found).items()
    return {
        name: value for name, value in given if name not in own and (not notes.is_made_when_asked(kind, name) or dumper.ours(type(value)))
    }


def _copied(dumper: Any, mark: Any) -> Any:
    """None, a word, or a tuple with the object, empty when the object is not stored here."""
    if mark is None or isinstance(mark, str):
        return mark
    target = mark()
    if target is None:
        return None
    return (target,) if dumper.may_hold(target) else ()


def _cacher(dumper: Any, found: Any) -> Optional[tuple[Any, Any]]:
    entry = getattr(found, "_cacher", None)
    if entry is None:
        return None
    parent = entry[1]()
    if parent is None or getattr(parent, "_item_cache", {}).get(entry[0]) is not found or not dumper.may_hold(parent):
        return None
    return (entry[0], parent)
