"""Values in and out of the store, so that what is loaded cannot be told from what was dumped.

Variables that share mutable objects, or memory, are one object in the store: identity survives between them. Functions of the
notebook are stored by value with the notebook's namespace as their globals; its classes are definitions of their own, so that
two values of one class still have one class after they were loaded. Every value is loaded again before it is stored; what
does not come back as it was is said to be unstorable, with the reason.

An object's stream starts with a letter: `V` one value, `G` a group (its pickle is a dict of members).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import pickle
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from . import arrays, groups, layouts, rebuild, sharing, tables
from .canonical import canonical
from .definitions import Refusal, Registry
from .dumper import Dumper, ExactDumper, Plan, Surroundings, unpickle
from .kept_secrets import secrets
from .lost_keys import refuse_lost_keys
from .objects import Store, hash_buffer, name_of
from .own_state import common_parts
from .reach import reachable
from .seals import Seals
from .seen_words import seen_words
from .unwritten import Unwritten
from .whereabouts import locate

_TRIP_LIMIT = 64 << 20
# How an object with several members begins; in the second kind some refer to others only weakly.
_TOGETHER = {b"G": "group", b"W": "weakly"}
_SCALARS = frozenset({int, str, bytes, bool, complex, type(None)})


@dataclass(frozen=True)
class ValueRef:
    """Where a variable's value is. `content` is a digest of all that a cell can learn by reading the variable."""

    object: str
    member: str
    content: str


def _content_in_company(own: str, group: str) -> str:
    """The content of a variable that shares objects with others: which objects they share is part of it.

    `v = [0]; m = [v, v]` and `v = [0]; m = [[0], [0]]` have equal values, and `v[0] = 1` does different things to them.
    """
    return "sha256:" + hashlib.sha256(f"{own} in {group}".encode()).hexdigest()


@dataclass
class DumpResult:
    """What became of each value. Classes of the notebook that were met are among `refs` or `unstorable` under their ids."""

    refs: dict[str, ValueRef] = field(default_factory=dict)
    unstorable: dict[str, str] = field(default_factory=dict)
    # Those classes themselves.
    definitions: dict[str, Any] = field(default_factory=dict)
    unstable: set[str] = field(default_factory=set)
    # What a module keeps and a value shares.
    tied: str = ""
    # A value that does something when it goes.
    farewell: str = ""


@dataclass
class _Part:
    """One value, pickled."""

    stream: bytes
    dumper: Optional[Dumper]
    memo: dict[int, Any]
    exact: bool
    digests: list[bytes] = field(default_factory=list)

    @functools.cached_property
    def digest(self) -> str:
        """That of the content: equal strings may be one object or several."""
        return name_of(canonical(self.stream), [buffer.nbytes for buffer in self.buffers], self.digests)

    @property
    def buffers(self) -> list[memoryview]:
        return self.dumper.buffers if self.dumper is not None else []


class _Hashes:
    """Digests of large buffers, remembered while nothing can change them."""

    def __init__(self) -> None:
        self.unwritten = Unwritten()
        # With the memory, so that nothing else can be in its place meanwhile.
        self._known: dict[tuple[int, int], tuple[bytes, memoryview]] = {}

    @contextlib.contextmanager
    def remembered(self) -> Iterator[None]:
        """Nothing changes any of them within."""
        self.unwritten.look_again()
        try:
            yield
        finally:
            self._known = {}
            seen_words.look_again()

    def __call__(self, buffer: memoryview) -> bytes:
        numpy: Any = sys.modules.get("numpy")
        if numpy is None or buffer.nbytes < 1 << 16:
            return hash_buffer(buffer)
        key = (numpy.frombuffer(buffer, "u1").__array_interface__["data"][0], buffer.nbytes)
        if key not in self._known:
            self._known[key] = (self.unwritten.digest(*key) or hash_buffer(buffer), buffer)
        return self._known[key][0]


class Codec:
    """Dumps and loads the values of one process."""

    def __init__(self, store: Store, namespace: dict[str, Any], task: str, resolve_definition: Callable[[str], Any]) -> None:
        """`resolve_definition` gives a class of the notebook that this process does not have yet."""
        self._store = store
        self.registry = Registry()
        self._around = Surroundings(namespace, self.registry)
        self._around.task = task
        self.resolve_definition = resolve_definition
        self._modules: set[str] = set()
        # Contents known to come back as they are, and where streams of a content are in the store.
        self._settled: set[str] = set()
        self._places: dict[str, str] = {}
        self._hashes = _Hashes()
        self._hashes.unwritten.works()

    @property
    def task(self) -> str:
        """The task that classes met for the first time belong to."""
        return self._around.task

    @task.setter
    def task(self, name: str) -> None:
        self._around.task = name

    def seal_in(self, seals: Seals) -> None:
        """Another run begins, which has seen no object yet."""
        self._store.seals = seals

    def refresh_singletons(self) -> None:
        """Index what libraries keep at module level; only modules not seen before."""
        if len(sys.modules) != len(self._modules):
            sharing.index_modules(self._modules, self._around.singletons, self._around.containers)

    # Loading.

    def _find(self, identifier: str) -> Any:
        known = self.registry.classes.get(identifier)
        return known if known is not None else self.resolve_definition(identifier)

    def know_originals(self, original: Callable[[str, str], Any]) -> None:
        """`original` gives what a module had under a name before the notebook put another thing there, or None."""
        self._around.original = original

    def _context(self) -> rebuild.Context:
        context = rebuild.Context(self._around.namespace, self._find, self.registry.define)
        context.original = self._around.original
        return context

    def load(self, ref: ValueRef) -> tuple[dict[str, Any], str]:
        """All members of the object that holds the value, and how they are together: `""` for one alone, `group`, `weakly`."""
        secret = secrets.at(ref.object)
        if secret is not None:
            return {ref.member: secret}, ""
        stored = self._store.read(ref.object)
        stream = stored.stream
        value = unpickle(stream[1:], stored.buffers, self._context())
        whole = name_of(canonical(stream), stored.sizes, stored.digests)
        for memory, origin in stored.origins:
            self._hashes.unwritten.know(memory, origin)
        self._places[whole] = ref.object
        self._settled.update((ref.content, whole))
        together = _TOGETHER.get(stream[:1])
        return ({ref.member: value}, "") if together is None else (value, together)

    # Dumping.

    def content(self, values: dict[str, Any]) -> dict[str, str]:
        """Content digests only, of values that were loaded or dumped before."""
        found: dict[str, str] = {}
        with self._hashes.remembered():
            for name, value in values.items():
                with contextlib.suppress(Refusal):
                    found[name] = self._part(name, value).digest
        return found

    def digest(self, value: Any, itself: Any) -> Optional[str]:
        """A digest of a value's content, in which `itself` is not written by its name; None when it has none."""
        self.refresh_singletons()
        self._around.exempt = {id(itself)}
        try:
            with self._hashes.remembered():
                return self._part("", value).digest
        except Refusal:
            return None
        finally:
            self._around.exempt = set()

    def dump_slot(self, name: str, value: Any) -> DumpResult:
        """Store what a module holds now, although it is the module's own."""
        self._around.exempt = {id(value[1])}
        try:
            return self.dump({name: value})
        finally:
            self._around.exempt = set()

    def _owned(self, beside: dict[str, Any]) -> dict[int, str]:
        """What modules hold by value: identity → where."""
        found: dict[int, str] = {}
        kinds: dict[type, bool] = {}
        for label, value in beside.items():
            try:
                part = self._part("", value)
            except Refusal:
                continue
            if part.dumper is not None:
                found.update(dict.fromkeys(sharing.shareable(part.memo, part.dumper.by_name, kinds), label))
        return found

    def dump(
        self,
        values: dict[str, Any],
        fixpoint: bool = True,
        beside: Optional[dict[str, Any]] = None,
        others: Optional[dict[str, Any]] = None,
    ) -> DumpResult:
        """Store values, those that share objects together, with the classes they need, and those of `others` that they refer to weakly.

        What shares objects with `beside` stays.
        """
        self.refresh_singletons()
        with self._hashes.remembered():
            return self._dump(values, fixpoint, beside or {}, others or {})

    def _dump(self, values: dict[str, Any], fixpoint: bool, beside: dict[str, Any], others: dict[str, Any]) -> DumpResult:
        result = DumpResult()
        parts: dict[str, _Part] = {}
        everything = dict(values)
        pending = list(values)
        while pending:
            name = pending.pop(0)
            secret = secrets.place_of(everything[name])
            if secret is not None:
                result.refs[name] = ValueRef(secret, name, secret)
                continue
            try:
                part = parts[name] = self._part(name, everything[name])
            except Refusal as refusal:
                result.unstorable[name] = self._explain(name, everything[name], refusal)
                result.farewell = result.farewell or (result.unstorable[name] if refusal.farewell else "")
                continue
            for identifier, kind in part.dumper.referred.items() if part.dumper is not None else ():
                if identifier not in everything:
                    everything[identifier] = result.definitions[identifier] = kind
                    pending.append(identifier)
            for other in _alive_for(part, others):
                if other not in everything:
                    everything[other] = others[other]
                    pending.append(other)
        self._tie(parts, beside, result)
        for members in self._groups(parts):
            try:
                self._store_group(members, everything, parts, fixpoint, result)
            except Refusal as refusal:
                for name in members:
                    result.unstorable[name] = self._explain(name, everything[name], refusal)
        return result

    def _tie(self, parts: dict[str, _Part], beside: dict[str, Any], result: DumpResult) -> None:
        owned = self._owned(beside) if beside else {}
        kinds: dict[type, bool] = {}
        for name, part in list(parts.items()) if owned else ():
            keys = sharing.shareable(part.memo, part.dumper.by_name, kinds) if part.dumper is not None else ()
            label = next((owned[key] for key in keys if key in owned), None)
            if label is not None:
                result.unstorable[name] = result.tied = f"objects that {label} has as well"
                del parts[name]

    def _explain(self, name: str, value: Any, refusal: Refusal) -> str:
        place = locate(value, refusal.thing) if refusal.thing is not None else None
        return f"{refusal} at {name}{place}" if place else str(refusal)

    def _plan(self, inline: dict[int, str]) -> Plan:
        plan = Plan()
        plan.inline = inline
        plan.copies_on_write = tables.copies_on_write()
        return plan

    def _part(self, name: str, value: Any, aliases: Optional[dict[int, str]] = None) -> _Part:
        """One value alone; its digest is that of its content."""
        if type(value) in _SCALARS:
            stream = b"V" + pickle.dumps(value, 5)
            return _Part(stream, None, {}, False)
        plan = self._plan({id(value): name} if name.startswith("def:") and isinstance(value, type) else {})
        plan.aliases = aliases or {}
        part = self._pickle(value, plan, False)
        if self._around.has_own_hashes:
            refuse_lost_keys(part.memo.values())
        spans = part.dumper.spans if part.dumper is not None else []
        if len(spans) > 1:
            plan.regions = groups.regions(spans, arrays.extent, arrays.raw)
        if part.dumper is not None and part.dumper.weak:
            plan.allowed = set(part.memo)
        exact = sharing.needs_exactness(part.stream, part.memo, self._around.containers)
        if not plan.regions and plan.allowed is None and not exact:
            return part
        again = self._pickle(value, plan, exact)
        if part.dumper is not None and again.dumper is not None:
            again.dumper.spans = part.dumper.spans
        return again

    def _pickle(self, value: Any, plan: Plan, exact: bool, letter: bytes = b"V") -> _Part:
        file = io.BytesIO()
        file.write(letter)
        dumper = (ExactDumper if exact else Dumper)(file, self._around, plan)
        try:
            dumper.dump(value)
        except Refusal:
            raise
        except RecursionError:
            raise Refusal("a value nested too deeply") from None
        except Exception as error:
            raise Refusal(_reason(error)) from error
        memo = {key: entry[1] for key, entry in dumper.memo.copy().items()}
        stream = file.getvalue()
        return _Part(stream, dumper, memo, exact, [self._hashes(buffer) for buffer in dumper.buffers])

    def _again(self, stream: bytes, buffers: list[memoryview]) -> tuple[Any, dict[str, Any]]:
        """Load a stream beside the original; gives also the classes that were made again."""
        overlay: dict[str, Any] = {}

        def find(identifier: str) -> Any:
            return overlay[identifier] if identifier in overlay else self._find(identifier)

        context = rebuild.Context(self._around.namespace, find, overlay.__setitem__)
        context.strict = True
        context.original = self._around.original
        try:
            return unpickle(stream[1:], buffers, context), overlay
        except layouts.Unloadable as error:
            raise Refusal(str(error)) from error
        except Refusal:
            raise
        except Exception as error:
            raise Refusal(f"a value that cannot be loaded again ({type(error).__name__}: {error})") from error

    # Groups.

    def _groups(self, parts: dict[str, _Part]) -> list[list[str]]:
        union = groups.Union(parts)
        owners: dict[int, str] = {}
        kinds: dict[type, bool] = {}
        for name, part in parts.items():
            if part.dumper is None:
                continue
            for key in sharing.shareable(part.memo, part.dumper.by_name, kinds):
                other = owners.setdefault(key, name)
                if other is not name:
                    union.join(name, other)
            for key in part.dumper.shared:
                other = owners.setdefault(key, name)
                if other is not name:
                    union.join(name, other)
        for name, part in parts.items():
            for target in part.dumper.weak if part.dumper is not None else ():
                if id(target) in owners:
                    union.join(name, owners[id(target)])
        named = {id(span[2]): name for name, part in parts.items() if part.dumper is not None for span in part.dumper.spans}
        spans = [
            (low, high, _Tag(name, thing))
            for name, part in parts.items()
            if part.dumper is not None
            for low, high, thing in part.dumper.spans
        ]
        if len(named) > 1:
            for run in groups.runs(spans):
                for span in run[1:]:
                    union.join(span[2].name, run[0][2].name)
        return union.sets()

    def _store_group(self, members: list[str], values: dict[str, Any], parts: dict[str, _Part], fixpoint: bool, result: DumpResult) -> None:
        if len(members) == 1:
            self._store_one(members[0], values[members[0]], parts[members[0]], fixpoint, result)
            return
        whole = self._together(members, values, parts, None)
        contents = {name: parts[name].digest for name in members}
        if fixpoint and whole.digest not in self._settled and len(whole.stream) < _TRIP_LIMIT:
            for attempt in range(3):
                copies, overlay = self._again(whole.stream, whole.buffers)
                aliases = {id(kind): identifier for identifier, kind in overlay.items()}
                others = {name: self._part(name, copies[name], aliases) for name in members}
                self._compare(members, values, copies)
                found = {name: part.digest for name, part in others.items()}
                again = self._together(members, copies, others, aliases)
                _refuse_lost_parts(whole, again)
                if found == contents and again.digest == whole.digest:
                    break
                contents = found
                again.memo[-1] = (whole, copies)
                whole = again
            else:
                result.unstable.update(members)
        place = self._place(whole)
        for name in members:
            self._settled.add(contents[name])
            result.refs[name] = ValueRef(place, name, _content_in_company(contents[name], whole.digest))

    def _place(self, part: _Part) -> str:
        """Where the part is in the store; written there if need be."""
        self._settled.add(part.digest)
        place = self._places.get(part.digest)
        if place is None:
            if secrets.are_in((part.stream, *part.buffers)):
                raise Refusal("a value with a secret in it")
            place = self._places[part.digest] = self._store.write(part.stream, part.buffers, part.digests)
        return place

    def _together(self, members: list[str], values: dict[str, Any], parts: dict[str, _Part], aliases: Optional[dict[int, str]]) -> _Part:
        plan = self._plan({id(values[name]): name for name in members if name.startswith("def:") and isinstance(values[name], type)})
        plan.aliases = aliases or {}
        plan.allowed = set().union(*(part.memo for part in (parts[name] for name in members)))
        spans = [span for name in members for span in _spans(parts[name])]
        plan.regions = groups.regions(spans, arrays.extent, arrays.raw)
        exact = any(parts[name].exact for name in members)
        weakly = any(dumper is not None and dumper.weak for dumper in (parts[name].dumper for name in members))
        return self._pickle({name: values[name] for name in members}, plan, exact, b"W" if weakly else b"G")

    def _store_one(self, name: str, value: Any, part: _Part, fixpoint: bool, result: DumpResult) -> None:
        if fixpoint and part.dumper is not None and part.digest not in self._settled and len(part.stream) < _TRIP_LIMIT:
            kept: list[Any] = []
            for attempt in range(3):
                copy, overlay = self._again(part.stream, part.buffers)
                aliases = {id(kind): identifier for identifier, kind in overlay.items()}
                other = self._part(name, copy, aliases)
                self._compare([name], {name: value}, {name: copy})
                _refuse_lost_parts(part, other)
                if other.digest == part.digest:
                    break
                kept.extend((part, copy))
                part = other
            else:
                result.unstable.add(name)
        result.refs[name] = ValueRef(self._place(part), name, part.digest)

    def _compare(self, members: list[str], values: dict[str, Any], copies: dict[str, Any]) -> None:
        """What a copy must have in common with its original besides the pickle."""
        for name in members:
            before, after = type(values[name]), type(copies[name])
            if before is not after and not self.registry.ours(before):
                raise Refusal(f"a {before.__name__} that comes back as a {after.__name__}")
            if before.__name__ != after.__name__:
                raise Refusal(f"a {before.__name__} that comes back as a {after.__name__}")


@dataclass(frozen=True, eq=False)
class _Tag:
    name: str
    thing: Any


def _alive_for(part: _Part, others: dict[str, Any]) -> list[str]:
    """Those of `others` that have what the value refers to weakly."""
    targets = {id(target) for target in part.dumper.weak if target is not None} if part.dumper is not None and others else set()
    return [name for name, value in others.items() if targets and (id(value) in targets or reachable([value]) & targets)]


def _refuse_lost_parts(part: _Part, copy: _Part) -> None:
    before, after = (common_parts(each.memo, each.dumper.by_name) if each.dumper is not None else {} for each in (part, copy))
    lost = next((kind for kind, count in before.items() if after.get(kind) != count), None)
    if lost is not None:
        raise Refusal(f"a {lost} whose parts are other objects when it comes back")


def _spans(part: _Part) -> list[groups.Span]:
    return part.dumper.spans if part.dumper is not None else []


def _reason(error: Exception) -> str:
    text = str(error) or type(error).__name__
    for start in ("cannot pickle ", "can't pickle "):
        if text.lower().startswith(start):
            kind = text[len(start) :].replace(" object", "").strip("'\" s" if text.endswith(" objects") else "'\" ")
            return f"a {kind}" if kind else text
    return text
