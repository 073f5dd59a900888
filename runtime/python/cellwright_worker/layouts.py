"""The memory layout of sets. The order in which a set is iterated, now and after later additions, depends on its history.

CPython keeps a set as a table of (object, hash); a set that is filled again from its items gets another table. The layout is
read from memory, and written into a fresh set of the same size. A self-test at import decides whether this interpreter's
sets are as expected; if not, only sets that filling again keeps as they were can be stored.
"""

from __future__ import annotations

import struct
from array import array
from typing import Any, Optional

try:
    import ctypes
except ImportError:  # pragma: no cover
    ctypes = None  # type: ignore[assignment]

_HEAD = struct.Struct("nnnPnn")
_START = 16
Layout = tuple[int, int, int, tuple[int, ...], tuple[int, ...]]


class Unloadable(Exception):
    """A stored value that this process cannot make again as it was."""


def read(found: Any) -> Optional[Layout]:
    """Mask, fill, finger, the slots of the items in their order, and the slots of deleted items; None when it cannot be known."""
    if not exact:
        return None
    return _read(found)


def _read(found: Any) -> Layout:
    fill, _, mask, table, _, finger = _HEAD.unpack(ctypes.string_at(id(found) + _START, _HEAD.size))
    entries = array("q")
    entries.frombytes(ctypes.string_at(table, 16 * (mask + 1)))
    keys = entries[::2]
    hashes = entries[1::2]
    slots = tuple(place for place, key in enumerate(keys) if key and not (key == _dummy and hashes[place] == -1))
    gone = tuple(place for place, key in enumerate(keys) if key and key == _dummy and hashes[place] == -1)
    return (mask, fill, finger, slots, gone)


def _dummy_address() -> int:
    probe = {1, 2}
    probe.discard(2)
    _, _, mask, table, _, _ = _HEAD.unpack(ctypes.string_at(id(probe) + _START, _HEAD.size))
    entries = array("q")
    entries.frombytes(ctypes.string_at(table, 16 * (mask + 1)))
    return entries[4]


def fingerprint(items: list[Any]) -> int:
    """One number for the hashes of the items, which the layout presumes."""
    return hash(tuple(map(hash, items)))


def refilled(kind: type, items: list[Any]) -> Any:
    """A set filled from its items, in a fixed way."""
    return kind(items)


def same(found: Any, other: Any) -> bool:
    """True when two sets cannot be told apart by iterating them or adding to them."""
    if len(found) != len(other) or not all(a is b for a, b in zip(found, other)):
        return False
    return _read(found) == _read(other) if exact else bool(found.__sizeof__() == other.__sizeof__())


def write(kind: type, items: list[Any], layout: Layout) -> Any:
    """A set with exactly this layout."""
    mask, fill, finger, slots, gone = layout
    size = mask + 1
    fillers = set(range(1 if size <= 8 else size // 4 + 1))
    made = kind(fillers)
    _, _, real, table, stored, _ = _HEAD.unpack(ctypes.string_at(id(made) + _START, _HEAD.size))
    if real != mask:
        raise Unloadable("a set of a size that this interpreter does not make")
    image = array("q", bytes(16 * size))
    for place, item in zip(slots, items):
        image[2 * place], image[2 * place + 1] = id(item), hash(item)
    for place in gone:
        image[2 * place], image[2 * place + 1] = _dummy, -1
    for item in items:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(item))
    ctypes.memmove(table, image.tobytes(), 16 * size)
    ctypes.memmove(id(made) + _START, _HEAD.pack(fill, len(items), mask, table, stored, finger), _HEAD.size)
    for item in fillers:
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(item))
    return made


def _self_test() -> bool:
    """True when reading and writing do on this interpreter what they should."""
    global _dummy
    try:
        if ctypes is None or struct.calcsize("P") != 8 or set.__basicsize__ != 200:
            return False
        _dummy = _dummy_address()
        sample = {f"k{number}" for number in range(40)}
        for number in range(0, 40, 3):
            sample.discard(f"k{number}")
        layout = _read(sample)
        items = list(sample)
        if len(layout[3]) != len(items) or not layout[4] or layout[1] != len(layout[3]) + len(layout[4]):
            return False
        copy = write(set, items, layout)
        frozen = write(frozenset, items, layout)
        return (
            _read(copy) == layout == _read(frozen)
            and list(copy) == items == list(frozen)
            and all(item in copy for item in items)
            and "k0" not in copy
        )
    except Exception:  # noqa: BLE001
        return False


_dummy = 0
exact = _self_test()
