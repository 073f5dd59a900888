"""Arrays of objects that hold few different words many times, as columns of text in tables do.

They are written as one text of the different words and one number a place, which is many times faster than one pickle
instruction a place. Only strings and a few constants are handled so: nothing that two variables could change together.
"""

from __future__ import annotations

import sys
from typing import Any, Optional

from .seen_words import Counted, pointers_of, seen_words

SMALLEST = 500
_CONSTANTS = (None, True, False)
_BETWEEN = "\0"


def reduce(found: Any) -> Optional[tuple[Any, ...]]:
    """How to make a contiguous array of objects again; None when it is small, varied, or holds other things than words."""
    size = found.size
    if size < SMALLEST:
        return None
    pointers = pointers_of(found)
    order = "C" if found.flags.c_contiguous else "F"
    counted = seen_words.find(found, pointers) or _count(found, pointers, order)
    return None if counted is None else (worded, (*counted, found.shape, order))


def worded(codes: Any, words: tuple[str, dict[int, Any]], shape: tuple[int, ...], order: str) -> Any:
    """An array of objects, from the different ones and which of them is at each place in memory; pickles call it by this name."""
    import numpy

    text, others = words
    items: list[Any] = text.split(_BETWEEN)
    for place, item in others.items():
        items[place] = item
    table = numpy.empty(len(items), object)
    table[:] = items
    made = numpy.empty(shape, object, order)  # type: ignore[call-overload]
    made.reshape(-1, order=order)[:] = table[codes]
    seen_words.note(made, table, codes, (codes, words))
    return made


def _count(found: Any, pointers: Any, order: Any) -> Optional[Counted]:
    numpy = sys.modules["numpy"]
    flat = found.reshape(-1, order=order)
    codes, first = _number(numpy, pointers)
    if len(first) * 2 > len(flat):
        return None
    table = flat[first]
    items, merged = _merge(table.tolist())
    if items is None:
        return None
    codes = codes.astype(_smallest(numpy, len(table)))
    different = codes if len(items) == len(merged) else numpy.array(merged)[codes].astype(_smallest(numpy, len(items)))
    answer = (different, _together(items))
    seen_words.note(found, table, codes, answer)
    return answer


def _together(items: list[Any]) -> tuple[str, dict[int, Any]]:
    """The words as one text, and what is no word, or has the mark between words in it, by its place."""
    others = {place: item for place, item in enumerate(items) if type(item) is not str or _BETWEEN in item}
    return _BETWEEN.join("" if place in others else item for place, item in enumerate(items)), others


def _smallest(numpy: Any, count: int) -> Any:
    return numpy.uint8 if count <= 1 << 8 else numpy.uint16 if count <= 1 << 16 else numpy.uint32


def _number(numpy: Any, pointers: Any) -> tuple[Any, Any]:
    """The number of each pointer, counted in the order in which they first occur, and where that is."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and hasattr(pandas, "factorize"):
        codes, unique = pandas.factorize(pointers)
        first = numpy.empty(len(unique), numpy.int64)
        first[codes[::-1]] = numpy.arange(len(codes) - 1, -1, -1)
        return codes, first
    _, first, inverse = numpy.unique(pointers, return_index=True, return_inverse=True)
    rank = numpy.argsort(numpy.argsort(first, kind="stable"), kind="stable")
    return rank[inverse.reshape(-1)], numpy.sort(first)


def _merge(items: list[Any]) -> tuple[Optional[list[Any]], list[int]]:
    """Equal strings become one: nobody can tell them apart but by `is`, and which are one object differs from run to run."""
    kept: list[Any] = []
    places: dict[str, int] = {}
    numbers: list[int] = []
    for item in items:
        if type(item) is str:
            place = places.setdefault(item, len(kept))
            if place == len(kept):
                kept.append(item)
            numbers.append(place)
        elif any(item is constant for constant in _CONSTANTS) or (type(item) is float and item != item):
            numbers.append(len(kept))
            kept.append(item)
        else:
            return None, []
    return kept, numbers
