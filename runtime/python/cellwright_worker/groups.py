"""Which values must be stored together: those that share a mutable object, or memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Callable, Optional

from .objects import MAPPED_FROM

Span = tuple[int, int, Any]


@dataclass
class Region:
    """Memory that several arrays lie in, and the array that holds it."""

    low: int
    high: int
    root: Any
    start: int


class Union:
    """Disjoint sets of names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._parent = {name: name for name in names}

    def find(self, name: str) -> str:
        """The name that stands for the set."""
        while self._parent[name] != name:
            self._parent[name] = self._parent[self._parent[name]]
            name = self._parent[name]
        return name

    def join(self, one: str, other: str) -> None:
        """Make two sets one."""
        self._parent[self.find(one)] = self.find(other)

    def sets(self) -> list[list[str]]:
        """The sets, each sorted."""
        found: dict[str, list[str]] = {}
        for name in self._parent:
            found.setdefault(self.find(name), []).append(name)
        return [sorted(names) for names in found.values()]


def runs(spans: list[tuple[int, int, Any]]) -> list[list[Span]]:
    """Spans of different arrays that overlap, one list a stretch of memory; spans that nobody else touches are left out."""
    found: list[list[Span]] = []
    current: list[Span] = []
    reach = -1
    for span in sorted(spans, key=lambda item: (item[0], item[1])):
        if span[0] < reach:
            current.append(span)
        else:
            if len({id(item[2]) for item in current}) > 1:
                found.append(current)
            current = [span]
        reach = max(reach, span[1])
    if len({id(item[2]) for item in current}) > 1:
        found.append(current)
    return found


def regions(spans: list[Span], extent: Callable[[Any], tuple[int, int]], raw: Callable[[int, int, Any], Any]) -> list[Region]:
    """The memory that several arrays share, with the array to store for each."""
    made: list[Region] = []
    for run in runs(spans):
        low, high = run[0][0], max(span[1] for span in run)
        met = {id(span[2]) for span in run}
        owner = _owner(run, low, high, extent)
        if owner is not None:
            start, end = extent(owner)
            if end - start >= MAPPED_FROM and not owner.dtype.hasobject:
                # Large memory is mapped from the store, where it has no type; written as bytes it is the same before and after.
                made.append(Region(start, end, raw(start, end, [owner]), start))
                continue
            if id(owner) in met or owner.dtype.hasobject or end - start <= 2 * (high - low):
                made.append(Region(start, end, owner, start))
                continue
        made.append(Region(low, high, raw(low, high, [span[2] for span in run]), low))
    return made


def _owner(run: list[Span], low: int, high: int, extent: Callable[[Any], tuple[int, int]]) -> Optional[Any]:
    """An array that covers the stretch without gaps: the one all others are views of, if there is one."""
    for span in run:
        array = span[2]
        while type(array.base) is type(array):
            array = array.base
        start, end = extent(array)
        if start <= low and high <= end and (array.flags.c_contiguous or array.flags.f_contiguous):
            return array
    return None
