"""Arrays of objects whose different words were counted before: to see that nothing changed is faster than to count again.

Kept by place in memory. What is there now is compared with what was there, place by place, so a place that has come to hold
another array is only counted anew. The words themselves are kept alive, so that an address still means the same word.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Optional

_MOST = 32
_MOST_WORDS = 1 << 16
_STEP = 1 << 15
Counted = tuple[Any, tuple[str, dict[int, Any]]]
_Key = tuple[int, int, int]


@dataclass(frozen=True)
class _Seen:
    """`table[codes]` is what the array held; `answer` is the codes and words that it is written as."""

    table: Any
    codes: Any
    answer: Counted


class SeenWords:
    """The arrays of one process."""

    def __init__(self) -> None:
        """No array was counted yet."""
        self._seen: dict[_Key, _Seen] = {}
        self._certain: dict[_Key, Any] = {}

    def look_again(self) -> None:
        """Something may run now, and change any of them."""
        self._certain.clear()

    def note(self, array: Any, table: Any, codes: Any, answer: Counted) -> None:
        """The array holds `table[codes]`, in the order of memory."""
        if len(table) > _MOST_WORDS or codes.itemsize > 2:
            return
        key = _key(array)
        self._certain.pop(key, None)
        self._seen.pop(key, None)
        self._seen[key] = _Seen(table, codes, answer)
        if len(self._seen) > _MOST:
            del self._seen[next(iter(self._seen))]

    def find(self, array: Any, pointers: Any) -> Optional[Counted]:
        """How an array is written that has not changed; None for all others. `pointers` is what is in its memory."""
        key = _key(array)
        seen = self._seen.get(key)
        if seen is None:
            return None
        if key not in self._certain:
            if not _still(seen, pointers):
                del self._seen[key]
                return None
            # Kept, so that nothing else can be in its place before the next look.
            self._certain[key] = array
        return seen.answer


def _key(array: Any) -> _Key:
    # Two arrays over one memory are written apart.
    return id(array), array.__array_interface__["data"][0], array.size


def pointers_of(array: Any) -> Any:
    """The addresses in a contiguous array of objects, as numbers."""
    import ctypes

    numpy = sys.modules["numpy"]
    return numpy.frombuffer((ctypes.c_uint64 * array.size).from_address(array.__array_interface__["data"][0]), numpy.uint64)


def _still(seen: _Seen, pointers: Any) -> bool:
    numpy = sys.modules["numpy"]
    table = pointers_of(seen.table)
    room = numpy.empty(min(_STEP, len(pointers)), numpy.uint64)
    for start in range(0, len(pointers), _STEP):
        part = pointers[start : start + _STEP]
        expected = table.take(seen.codes[start : start + _STEP], out=room[: len(part)], mode="clip")
        if not (expected == part).all():
            return False
    return True


seen_words = SeenWords()
