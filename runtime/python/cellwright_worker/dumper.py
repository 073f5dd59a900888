"""One pickling: the C pickler with our handlers, and a record of what it met."""

from __future__ import annotations

import copyreg
import io
import marshal
import math
import pickle
import sys
import types
from typing import Any, Callable, Optional

from . import definitions, layouts, rebuild, reducers
from .groups import Region, Span
from .interpreter import is_own
from .lost_keys import hashes_in_its_own_way

_MISSING = object()


class _Box:
    """Stands for an object that the C pickler would write by itself; `answer` says how it is made again."""

    __slots__ = ("answer", "thing")

    def __init__(self, thing: Any, answer: Any) -> None:
        self.thing = thing
        self.answer = answer


class Surroundings:
    """What all picklings of a process have in common."""

    def __init__(self, namespace: dict[str, Any], registry: definitions.Registry) -> None:
        """`singletons` maps identities to module and attribute; entries are checked when they are used."""
        self.namespace = namespace
        self.registry = registry
        self.task = ""
        self.singletons: dict[int, tuple[str, str]] = {}
        self.containers: dict[int, tuple[str, str]] = {}
        self.handlers: dict[type, Any] = {}
        # True when an instance was met whose class says how it is hashed: only then dicts are looked through for lost keys.
        self.has_own_hashes = False
        self.codes: dict[int, tuple[types.CodeType, bytes]] = {}
        # Identities of what is written by value although a library keeps it.
        self.exempt: set[int] = set()
        # What a module had under a name before the notebook put another thing there; None when it did not.
        self.original: Callable[[str, str], Any] = lambda module, attribute: None

    def replaced(self, thing: Any) -> Optional[tuple[str, str]]:
        """The name of a library's function that the notebook has put another thing in the place of."""
        home, name = thing.__module__, thing.__name__
        # Who asks the notebook's own module for a name reads that variable.
        if not isinstance(home, str) or home == "__main__" or getattr(sys.modules.get(home), name, thing) is thing:
            return None
        return (home, name) if self.original(home, name) is thing else None


class Plan:
    """What is known before a pickling: classes to write by value, shared memory, objects that weak references may reach."""

    def __init__(self) -> None:
        self.inline: dict[int, str] = {}
        self.aliases: dict[int, str] = {}
        self.regions: list[Region] = []
        self.allowed: Optional[set[int]] = None
        self.copies_on_write = False
        self.strings: dict[int, Any] = {}


def _taking(buffers: list[memoryview]) -> Callable[[pickle.PickleBuffer], bool]:
    """Takes large buffers out of the pickle. No method of the pickler: what it has met goes as soon as the pickler does."""

    def take(buffer: pickle.PickleBuffer) -> bool:
        memory = buffer.raw()
        if memory.nbytes < 1024:
            return True
        buffers.append(memory)
        return False

    return take


class Dumper(pickle.Pickler):
    """Pickles one value. After `dump`, its fields tell what was met."""

    def __init__(self, file: io.BytesIO, around: Surroundings, plan: Plan) -> None:
        """`plan` is that of the value."""
        self.buffers: list[memoryview] = []
        super().__init__(file, 5, buffer_callback=_taking(self.buffers))
        self.dispatch_table = {kind: how for kind, how in copyreg.dispatch_table.items() if not (is_own(kind) or is_own(how))}
        self._around = around
        self._plan = plan
        self._singletons = around.singletons
        self._handlers = around.handlers if not plan.aliases else {}
        self._excluded: set[int] = set()
        self._roots = {id(region.root) for region in plan.regions}
        self._last: Any = None
        self.namespace = around.namespace
        self.inline = plan.inline
        self.copies_on_write = plan.copies_on_write
        self.exploring = plan.allowed is None
        self.spans: list[Span] = []
        self.referred: dict[str, Any] = {}
        self.shared: set[int] = set()
        self.weak: list[Any] = []
        self.dangling: list[Any] = []
        self.by_name: set[int] = set()

    def reducer_override(self, thing: Any) -> Any:
        """How pickle should write an object that is no plain container or value."""
        place = self._singletons.get(id(thing))
        if place is not None and rebuild_member(place) is thing and id(thing) not in self._around.exempt:
            self.by_name.add(id(thing))
            return (rebuild.original, place)
        kind = type(thing)
        if kind is _Box:
            return thing.answer
        if kind is types.FunctionType or kind is types.BuiltinFunctionType:
            name = self._around.replaced(thing)
            if name is not None:
                return (rebuild.original, name)
        handler = self._handlers.get(kind, _MISSING)
        if handler is _MISSING:
            handler = self._handlers[kind] = reducers.classify(kind, self.ours)
            self._around.has_own_hashes |= hashes_in_its_own_way(kind)
        if handler is None:
            return NotImplemented
        return handler(self, thing)

    # What handlers ask.

    def ours(self, kind: Any) -> bool:
        """True for classes that are stored as definitions."""
        return id(kind) in self._plan.aliases or self._around.registry.ours(kind)

    def refer(self, kind: Any) -> str:
        """The id of a class, which is noted as needed."""
        identifier = self._plan.aliases.get(id(kind))
        if identifier is None:
            identifier = self._around.registry.identify(kind, self._around.task)
            self.referred[identifier] = kind
        return identifier

    def by_value(self, kind: Any, identifier: str) -> Any:
        """A class that is written here."""
        self.shared.add(id(kind))
        registry = self._around.registry
        # A copy that was made to see whether it is faithful has no subclasses.
        return definitions.reduce_class(kind, identifier, registry.subclasses(registry.classes.get(identifier, kind)))

    def place_in_class(self, thing: types.FunctionType) -> Optional[tuple[Any, str, str]]:
        """The class of the notebook that has this function, when that class is stored elsewhere."""
        parts = thing.__qualname__.split(".")
        if len(parts) < 2 or parts[-2] == "<locals>":
            return None
        candidates = [kind for kind in self._around.registry.classes.values() if kind.__qualname__.endswith(parts[-2])]
        found = self.namespace.get(parts[0])
        for part in parts[1:-1]:
            found = vars(found).get(part) if isinstance(found, type) else None
        if isinstance(found, type) and self.ours(found) and not any(found is kind for kind in candidates):
            candidates.append(found)
        for kind in candidates:
            entry = vars(kind).get(parts[-1])
            for part in ("", "__func__", "fget", "func", "__wrapped__"):
                if entry is not None and (entry if not part else getattr(entry, part, None)) is thing:
                    return None if id(kind) in self.inline else (kind, parts[-1], part)
        return None

    def code_bytes(self, thing: types.CodeType) -> bytes:
        """A code object as bytes that do not depend on the machine's folders."""
        known = self._around.codes.get(id(thing))
        if known is None or known[0] is not thing:
            data = marshal.dumps(rebuild.rename(thing, rebuild.CELL_FOLDER, rebuild.CELL_MARK), 2)
            known = self._around.codes[id(thing)] = (thing, data)
        return known[1]

    def met(self, found: Any, low: int, high: int) -> None:
        """Note the memory of an array."""
        if id(found) not in self._excluded and id(found) not in self._roots:
            self.spans.append((low, high, found))

    def exclude(self, found: list[Any]) -> None:
        """Arrays whose memory does not count."""
        self._excluded.update(id(item) for item in found if item is not None)

    def region_of(self, found: Any, low: int, high: int) -> Optional[Region]:
        """The shared memory an array lies in."""
        if not self._plan.regions or id(found) in self._roots or id(found) in self._excluded:
            return None
        for region in self._plan.regions:
            if region.low <= low and high <= region.high:
                return region
        return None

    def may_hold(self, target: Any) -> bool:
        """True when the object of a weak reference is stored here as well; noted in any case."""
        self.weak.append(target)
        return self._plan.allowed is not None and id(target) in self._plan.allowed


class ExactDumper(Dumper):
    """Also keeps the layout of sets, the identity of NaNs, and containers that libraries keep at module level.

    The C pickler writes these without asking, so every object is looked at from Python: slower, and used only when needed.
    """

    def __init__(self, file: io.BytesIO, around: Surroundings, plan: Plan) -> None:
        super().__init__(file, around, plan)
        self._boxes: dict[int, _Box] = {}

    def persistent_id(self, thing: Any) -> Any:
        """A box for the objects that need one."""
        kind = type(thing)
        if kind is str or kind is int or kind is tuple:
            return None
        if kind is float:
            return self._box(thing) if thing != thing else None
        if kind is set or kind is frozenset:
            return self._box(thing)
        if (kind is dict or kind is list) and id(thing) in self._around.containers and id(thing) not in self._around.exempt:
            return self._box(thing)
        return None

    def _box(self, thing: Any) -> Any:
        box = self._boxes.get(id(thing))
        if box is None:
            kind = type(thing)
            if kind is float:
                answer = self._not_a_number(thing)
            elif kind is set or kind is frozenset:
                answer = _set_answer(kind, thing)
                self.shared.add(id(thing))
            else:
                place = self._around.containers[id(thing)]
                answer = (rebuild.member, place) if rebuild_member(place) is thing else None
            if answer is None:
                return None
            box = self._boxes[id(thing)] = _Box(thing, answer)
        return box

    def _not_a_number(self, thing: float) -> Any:
        for place in (("numpy", "nan"), ("math", "nan")):
            if rebuild_member(place) is thing:
                return (rebuild.same_float, place)
        self.shared.add(id(thing))
        return (rebuild.other_float, (int(math.copysign(1, thing)),))


def _set_answer(kind: Any, thing: Any) -> Any:
    items = list(thing)
    mark = layouts.fingerprint(items) if len(items) > 1 else 0
    again = layouts.refilled(kind, items)
    if layouts.same(thing, again):
        return (rebuild.refilled_set, (kind, items, mark))
    layout = layouts.read(thing)
    if len(items) == 1 and layout is not None and layout[:3] == (7, 1, 0):
        return (rebuild.refilled_set, (kind, items, mark))
    if layout is None:
        raise definitions.Refusal("a set whose iteration order cannot be kept", thing)
    return (rebuild.shaped_set, (kind, items, mark, layout))


def rebuild_member(place: tuple[str, str]) -> Any:
    """What a module holds under a name now, without importing anything."""
    module = sys.modules.get(place[0])
    return None if module is None else vars(module).get(place[1])


class Loader(pickle.Unpickler):
    """Loads what dumpers wrote; nothing is ever taken from the notebook's own module by name."""

    def find_class(self, name: str, attribute: str) -> Any:
        """A global of a library."""
        if name in ("__main__", "__mp_main__"):
            raise definitions.Refusal(f"a reference to {attribute} of the notebook by its name")
        found = super().find_class(name, attribute)
        return found if "." in attribute else rebuild.original(name, attribute)

    def persistent_load(self, pid: Any) -> Any:
        """What a box stood for has been made already."""
        return pid


def unpickle(stream: bytes, buffers: Any, context: rebuild.Context) -> Any:
    """Load a pickle in a context."""
    rebuild.enter(context)
    try:
        return Loader(io.BytesIO(stream), buffers=buffers).load()
    finally:
        rebuild.leave()
