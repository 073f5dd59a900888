"""What becomes of a task's variables: stored, left as they are, or held by the process."""

from __future__ import annotations

import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from . import reducers
from .channel import Message
from .codec import Codec, ValueRef
from .observe import Observer
from .reach import reachable


@dataclass(frozen=True, eq=False)
class Arrival:
    """One value that came from the store. Only a definition is kept alive: a variable's value goes when the cell lets it go.

    An identity may therefore be that of a later object; what is then taken for a change of the old value is stored all the same.
    """

    reference: ValueRef
    identity: int
    definition: Any = None

    def is_still(self, value: Any) -> bool:
        """True for the object that arrived."""
        return id(value) == self.identity


@dataclass
class Arrivals:
    """What came from the store: variables and classes, the groups that they came in, and what the rest of those groups was then."""

    loaded: dict[str, Arrival] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    weakly: set[str] = field(default_factory=set)
    companions: dict[str, str] = field(default_factory=dict)
    # Variables that came with one that was asked for: only when they are asked for themselves are they read, and seen to be.
    aside: dict[str, Any] = field(default_factory=dict)
    # Values that a cell gave as its result: `Out` would keep them alive.
    shown: list[Any] = field(default_factory=list)

    def keep_shown(self, name: str, value: Any, shown: bool) -> dict[str, str]:
        """Keep what `Out` would keep; gives what was read by that. Nothing can tell it of a value that has no weak references."""
        if not type(value).__weakrefoffset__:
            return {}
        if shown:
            self.shown.append(value)
        return {f"shown:{name}": "yes" if shown else "no"}

    def put_aside(self, name: str, reference: ValueRef, value: Any) -> None:
        """A variable shares objects with one that was loaded, so it must go where that goes, but nobody has read it."""
        self.loaded[name] = Arrival(reference, id(value))
        self.aside[name] = value

    def company(self, names: Iterable[str]) -> dict[str, str]:
        """What those who came together are now."""
        return {name: self.loaded[name].reference.content if name in self.loaded else self.companions[name] for name in names}


def as_message(reference: ValueRef) -> dict[str, str]:
    """The reference as the scheduler knows it."""
    return {"object": reference.object, "member": reference.member, "content": reference.content}


def results_among(tracked: dict[str, Any], results: dict[int, Any]) -> list[str]:
    """Variables whose value is a result that the shell has kept."""
    kept = {id(result) for result in results.values()}
    return sorted(name for name, value in tracked.items() if id(value) in kept)


def farewells(observer: Observer, result: Message, tracked: dict[str, Any], unsaved: set[str]) -> set[str]:
    """Names that nobody is expected to read, but whose values would be seen to go with this process."""
    if observer.open_writers():
        result["held"]["state:farewells"] = "a file that is open for writing"
        return unsaved
    own = (value for value in tracked.values() if isinstance(value, type) and value.__module__ == "__main__")
    if any("__del__" in vars(kind) for kind in own):
        return unsaved
    return {name for name in unsaved if reducers.says_farewell(tracked[name])}


def _opened(value: Any) -> list[Any]:
    """A value, or what a definition has of its own: nobody enters classes on the way."""
    if isinstance(value, type):
        return list(vars(value).values())
    return [value, *vars(value).values()] if isinstance(value, types.FunctionType) else [value]


class Keeper:
    """Stores the variables of one task and notes in its result what became of them."""

    def __init__(self, codec: Codec, arrived: Arrivals, result: Message) -> None:
        """`result` is added to."""
        self._codec = codec
        self._arrived = arrived
        self._result = result

    def store(self, values: dict[str, Any], bound: set[str], beside: dict[str, Any], others: dict[str, Any]) -> None:
        """Store variables; `bound` are those that are not the objects that arrived, `beside` is what modules hold.

        Of `others`, which nobody is expected to read, those are stored that a weak reference in a variable leads to.
        """
        result = self._result
        if not values:
            return
        dumped = self._codec.dump(values, beside=beside, others=others)
        result["held"].update(dumped.unstorable)
        values = {**values, **{name: value for name, value in others.items() if name in dumped.refs or name in dumped.unstorable}}
        if dumped.farewell:
            result["held"]["state:farewells"] = dumped.farewell
        if dumped.tied:
            result["held"]["state:ties"] = dumped.tied
        for name, reference in dumped.refs.items():
            loaded = self._arrived.loaded.get(name)
            same = loaded is not None and name not in bound and loaded.reference.content == reference.content
            if same and loaded is not None and loaded.reference == reference:
                continue
            if same and loaded is not None and self._same_company(name, reference, dumped.refs):
                continue
            how = "bind" if name in bound or loaded is None else "mutate"
            result["writes"][name] = {"ref": as_message(reference), "same": same, "how": how}
            if same and loaded is not None:
                result["reads"].setdefault(name, loaded.reference.content)
            if how == "mutate" and not same:
                self._add_companions(name)
        # What a held value refers to weakly goes if it is dropped, and that may be seen.
        self._spread_holding({**dumped.definitions, **others, **values})
        result["unsaved"] = [name for name in result["unsaved"] if name not in values and name not in result["held"]]

    def _same_company(self, name: str, reference: ValueRef, refs: dict[str, ValueRef]) -> bool:
        """True when the variable shares its object with no other variable, as before."""
        before = self._arrived.loaded[name].reference.object
        now = {other for other, ref in refs.items() if ref.object == reference.object}
        was = {other for other, arrival in self._arrived.loaded.items() if arrival.reference.object == before}
        return now <= was

    def _add_companions(self, name: str) -> None:
        """A mutation reaches all that share the object, so what they were, or that they no longer shared it, was read."""
        group = self._arrived.loaded[name].reference.object
        for other, arrival in self._arrived.loaded.items():
            if arrival.reference.object == group:
                self._result["reads"].setdefault(other, arrival.reference.content)
        for other in self._arrived.groups.get(group, ()):
            if other in self._arrived.companions:
                self._result["reads"].setdefault(other, self._arrived.companions[other])

    def _spread_holding(self, values: dict[str, Any]) -> None:
        """Variables that share mutable objects with one that cannot leave must stay with it."""
        result = self._result
        held = [name for name in result["held"] if name in values]
        if not held:
            return
        inside = reachable([root for name in held for root in _opened(values[name])], weakly=True)
        for name, value in values.items():
            if name in result["held"] or name.startswith("def:"):
                continue
            if reachable([value], weakly=True) & inside:
                result["held"][name] = f"shares objects with {held[0]}"
                result["writes"].pop(name, None)
