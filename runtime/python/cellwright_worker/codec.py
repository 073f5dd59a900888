"""Values in and out of the store, so that what is loaded cannot be told from what was dumped.

Variables that share mutable objects, or memory, are one object in the store: identity survives between them. Functions of the
notebook are stored by value with the notebook's namespace as their globals; its classes are definitions of their own, so that two
values of one class still have one class after they were loaded. What cannot be rebuilt is said to be unstorable, with the reason.
"""

from __future__ import annotations

import enum
import functools
import io
import marshal
import pickle
import sys
import types
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from . import rebuild
from .objects import Store, digest_of

_TRIP_LIMIT = 4 << 20
_IMMUTABLE: tuple[type, ...] = (
    str, bytes, int, float, complex, bool, type(None), tuple, frozenset, type, types.BuiltinFunctionType, types.ModuleType,
    types.CodeType, range, slice, type(Ellipsis), type(NotImplemented),
)  # fmt: skip
_IMMUTABLE_NAMES = frozenset({"dtype", "Timestamp", "Timedelta", "NaTType", "datetime", "date", "time", "timedelta", "Decimal", "Fraction", "Pattern", "PosixPath", "PurePosixPath", "UUID", "timezone", "ZoneInfo", "NAType", "Slice"})
_STAYS = (
    "matplotlib.figure", "matplotlib.axes", "matplotlib.artist", "matplotlib.lines", "matplotlib.patches", "matplotlib.image",
    "matplotlib.collections", "matplotlib.text", "matplotlib.legend", "matplotlib.colorbar", "matplotlib.container",
    "matplotlib.animation", "matplotlib.widgets", "matplotlib.gridspec", "mpl_toolkits", "seaborn.axisgrid", "seaborn._core.plot", "IPython.core", "ipykernel",
    "ipywidgets", "_duckdb", "duckdb", "tensorflow", "keras", "sqlalchemy.engine", "multiprocessing.pool", "concurrent.futures",
    "asyncio", "subprocess", "threading", "socket", "simpy",
)  # fmt: skip


@dataclass(frozen=True)
class ValueRef:
    """Where a variable's value is."""

    object: str
    member: str
    content: str


class Unstorable(Exception):
    """A value that cannot leave its process, and why."""


@dataclass
class DumpResult:
    """What became of each value."""

    refs: dict[str, ValueRef] = field(default_factory=dict)
    unstorable: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, Any] = field(default_factory=dict)


def _importable(thing: Any) -> bool:
    home = sys.modules.get(getattr(thing, "__module__", None) or "")
    if home is None or home.__name__ in ("__main__", "__mp_main__"):
        return False
    found: Any = home
    for part in getattr(thing, "__qualname__", "").split("."):
        found = getattr(found, part, None)
        if found is None:
            return False
    return found is thing


def _root(array: Any) -> Any:
    base = array
    while type(base.base) is type(array):
        base = base.base
    return base


def _extent(array: Any) -> tuple[int, int]:
    start = array.__array_interface__["data"][0]
    low = high = start
    for size, stride in zip(array.shape, array.strides):
        if size == 0:
            return start, start
        reach = (size - 1) * stride
        low, high = (low + reach, high) if reach < 0 else (low, high + reach)
    return low, high + array.itemsize


class _Recorder:
    """What one pickling met: buffers, array extents, classes of the notebook."""

    def __init__(self) -> None:
        self.buffers: list[memoryview] = []
        self.extents: list[tuple[int, int, int]] = []
        self.excluded: set[int] = set()
        self.definitions: dict[str, Any] = {}
        self.memories: dict[int, Any] = {}
        self.keep: list[Any] = []

    def buffer(self, buffer: pickle.PickleBuffer) -> None:
        self.buffers.append(buffer.raw())


def _override(codec: "Codec", recorder: _Recorder, shared: bool, thing: Any) -> Any:
    kind = type(thing)
    if kind is types.FunctionType:
        return codec._function(thing)
    if isinstance(thing, type):
        return codec._class(thing, recorder)
    reducer = _REDUCERS.get(kind)
    if reducer is not None:
        return reducer(thing)
    if isinstance(thing, enum.Enum):
        return (getattr, (kind, thing.name)) if thing.name is not None else NotImplemented
    known = codec.singletons.get(id(thing))
    if known is not None and known[0] is thing:
        return (rebuild.member, known[1])
    home = kind.__module__
    if home.startswith(_STAYS) and not isinstance(thing, BaseException):
        raise Unstorable(f"a {kind.__name__} of {home.partition('.')[0]}")
    numpy = sys.modules.get("numpy")
    if numpy is not None and kind is numpy.ndarray:
        return _array(thing, recorder, shared)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(thing, getattr(pandas, "Index", ())):
        data = getattr(thing, "_data", None)
        if numpy is not None and isinstance(data, numpy.ndarray):
            recorder.excluded.add(id(data))
    return NotImplemented


def _array(array: Any, recorder: _Recorder, shared: bool) -> Any:
    if array.dtype.hasobject or array.size == 0:
        return NotImplemented
    low, high = _extent(array)
    if id(array) not in recorder.excluded:
        recorder.extents.append((low, high, id(array)))
    contiguous = array.flags.c_contiguous or array.flags.f_contiguous
    if not shared and contiguous:
        return NotImplemented if array.flags.writeable else (rebuild.array, _alone(array, recorder))
    if not shared:
        return (rebuild.array, _alone(array, recorder))
    root = _root(array)
    start, end = _extent(root)
    if not start <= low <= high <= end:
        return (rebuild.array, _alone(array, recorder))
    holder = recorder.memories.get(id(root))
    if holder is None:
        holder = recorder.memories[id(root)] = _Memory(_span(root))
        recorder.keep.append(root)
    begin = array.__array_interface__["data"][0] - start
    return (rebuild.array, (holder, begin, array.shape, array.strides, array.dtype, bool(array.flags.writeable)))


def _span(array: Any) -> Any:
    """The bytes from the lowest to the highest element, as an array of bytes."""
    import ctypes

    numpy = sys.modules["numpy"]
    low, high = _extent(array)
    content = (ctypes.c_ubyte * (high - low)).from_address(low)
    view = numpy.frombuffer(content, dtype=numpy.uint8)
    return view


def _alone(array: Any, recorder: _Recorder) -> tuple[Any, ...]:
    recorder.keep.append(array)
    low, _ = _extent(array)
    begin = array.__array_interface__["data"][0] - low
    return (_Memory(_span(array)), begin, array.shape, array.strides, array.dtype, bool(array.flags.writeable))


class _Memory:
    """Memory of arrays, out of band."""

    def __init__(self, view: Any) -> None:
        self.view = view

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (rebuild.memory, (pickle.PickleBuffer(self.view),))


def _lru(wrapper: Any) -> Any:
    if _importable(wrapper):
        return NotImplemented
    info = wrapper.cache_info()
    if info.currsize or info.hits or info.misses:
        raise Unstorable("a function with a filled lru_cache")
    parameters = wrapper.cache_parameters()
    state = {key: item for key, item in vars(wrapper).items() if key != "cache_parameters"}
    return (rebuild.lru_cache, (wrapper.__wrapped__, parameters["maxsize"], parameters["typed"], state))


def _module(thing: types.ModuleType) -> Any:
    if sys.modules.get(thing.__name__) is not thing or thing.__name__ == "__main__":
        raise Unstorable(f"the module {thing.__name__}, which cannot be imported by name")
    return (rebuild.module, (thing.__name__,))


_REDUCERS: dict[type, Callable[[Any], Any]] = {
    types.ModuleType: _module,
    types.CellType: lambda thing: (rebuild.cell, ()),
    property: lambda thing: (property, (thing.fget, thing.fset, thing.fdel, thing.__doc__)),
    staticmethod: lambda thing: (staticmethod, (thing.__func__,)),
    classmethod: lambda thing: (classmethod, (thing.__func__,)),
    types.MethodType: lambda thing: (types.MethodType, (thing.__func__, thing.__self__)),
    types.MappingProxyType: lambda thing: (types.MappingProxyType, (dict(thing),)),
    functools.cached_property: lambda thing: (rebuild.cached_property, (thing.func, thing.attrname)),
    type(functools.lru_cache()(len)): _lru,
}


class _Pickler(pickle.Pickler):
    def __init__(self, file: Any, codec: "Codec", recorder: _Recorder, shared: bool) -> None:
        super().__init__(file, 5, buffer_callback=recorder.buffer)
        self._parts = (codec, recorder, shared)

    def reducer_override(self, thing: Any) -> Any:
        return _override(*self._parts, thing)


class _OrderedPickler(pickle._Pickler):  # type: ignore[name-defined,misc]
    """The slow pickler in Python, which can say how sets are written."""

    dispatch = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def __init__(self, file: Any, codec: "Codec", recorder: _Recorder, shared: bool) -> None:
        super().__init__(file, 5, buffer_callback=recorder.buffer)
        self._parts = (codec, recorder, shared)

    def reducer_override(self, thing: Any) -> Any:
        return _override(*self._parts, thing)

    def _save_set(self, thing: Any) -> None:
        self.save_reduce(rebuild.ordered_set, (list(thing), type(thing) is frozenset), obj=thing)

    dispatch[set] = _save_set
    dispatch[frozenset] = _save_set


@dataclass
class _Dumped:
    stream: bytes
    recorder: _Recorder
    memo: dict[int, Any]

    @property
    def digest(self) -> str:
        return digest_of(self.stream, self.recorder.buffers)


class Codec:
    """Dumps and loads the values of one process."""

    def __init__(self, store: Store, namespace: dict[str, Any], task: str, resolve_definition: Callable[[str], Any]) -> None:
        """`resolve_definition` gives a class of the notebook that this process does not have yet."""
        self._store = store
        self._namespace = namespace
        self.task = task
        self.resolve_definition = resolve_definition
        self.singletons: dict[int, tuple[Any, tuple[str, str]]] = {}
        self._indexed: set[str] = set()
        self._classes: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._counts: dict[str, int] = {}
        rebuild.namespace = namespace
        rebuild.find_definition = self._definition

    # Classes and library objects.

    def _definition(self, identifier: str) -> Any:
        known = self._classes.get(identifier)
        return known if known is not None else self.resolve_definition(identifier)

    def register(self, identifier: str, thing: Any) -> None:
        """Know a class of the notebook by its id."""
        self._classes[identifier] = thing
        self._names[id(thing)] = identifier

    def refresh_singletons(self) -> None:
        """Index what libraries keep at module level; new modules only."""
        for name, module in list(sys.modules.items()):
            if name in self._indexed or type(module) is not types.ModuleType or name == "__main__" or name.startswith("cellwright_worker"):
                continue
            self._indexed.add(name)
            for attribute, value in list(vars(module).items()):
                if isinstance(value, (*_IMMUTABLE, types.FunctionType)) or type(value) in (dict, list, set):
                    continue
                if not attribute.startswith("__"):
                    self.singletons.setdefault(id(value), (value, (name, attribute)))

    def _function(self, thing: types.FunctionType) -> Any:
        if _importable(thing):
            return NotImplemented
        if thing.__globals__ is self._namespace:
            home = None
        else:
            home = thing.__globals__.get("__name__")
            if home not in sys.modules or vars(sys.modules[home]) is not thing.__globals__:
                raise Unstorable(f"the function {thing.__qualname__}, whose globals are no module's")
        code = marshal.dumps(thing.__code__, 2)
        cells = []
        for place, cell in enumerate(thing.__closure__ or ()):
            try:
                cells.append((place, cell.cell_contents))
            except ValueError:
                continue
        state = {
            "cells": cells,
            "name": thing.__name__,
            "qualname": thing.__qualname__,
            "module": thing.__module__,
            "defaults": thing.__defaults__,
            "kwdefaults": thing.__kwdefaults__,
            "doc": thing.__doc__,
            "annotations": getattr(thing, "__annotations__", None),
            "dict": dict(vars(thing)),
        }
        return (rebuild.function, (code, home, thing.__closure__), state, None, None, rebuild.fill_function)

    def _class(self, thing: type, recorder: _Recorder) -> Any:
        if thing.__module__ == "builtins" or _importable(thing):
            return NotImplemented
        identifier = self._names.get(id(thing))
        if identifier is None:
            base = f"def:{self.task}:{thing.__qualname__}"
            count = self._counts[base] = self._counts.get(base, 0) + 1
            identifier = f"{base}:{count}"
            self.register(identifier, thing)
        recorder.definitions[identifier] = thing
        return (rebuild.definition, (identifier,))

    # Dumping.

    def dump(self, values: dict[str, Any], fixpoint: bool = True) -> DumpResult:
        """Store values; those that share objects together."""
        self.refresh_singletons()
        result = DumpResult()
        dumped: dict[str, _Dumped] = {}
        for name, value in values.items():
            try:
                dumped[name] = self._dump_definition(value) if name.startswith("def:") else self._stable(value, fixpoint)
                result.definitions.update(dumped[name].recorder.definitions)
            except Unstorable as reason:
                result.unstorable[name] = str(reason)
        for group, shared in self._groups(dumped):
            self._write(group, shared, values, dumped, result)
        return result

    def _write(self, group: list[str], shared: bool, values: dict[str, Any], dumped: dict[str, _Dumped], result: DumpResult) -> None:
        if len(group) == 1 and not shared:
            name = group[0]
            digest = self._store.write(dumped[name].stream, dumped[name].recorder.buffers)
            result.refs[name] = ValueRef(digest, name, dumped[name].digest)
            return
        ordered = any(isinstance(dumped[name].memo, _Slow) for name in group)
        try:
            together = self._pickle({name: values[name] for name in group}, shared, ordered)
        except Unstorable as reason:
            result.unstorable.update({name: str(reason) for name in group})
            return
        digest = self._store.write(b"G" + together.stream, together.recorder.buffers)
        for name in group:
            result.refs[name] = ValueRef(digest, name, dumped[name].digest)

    def content(self, values: dict[str, Any]) -> dict[str, str]:
        """Content digests only."""
        return {name: reference.content for name, reference in self.dump(values).refs.items()}

    def _stable(self, value: Any, fixpoint: bool) -> _Dumped:
        """The pickle that loading and dumping again does not change."""
        first = self._pickle(value, False, False)
        sets = b"\x8f" in first.stream or b"\x91" in first.stream
        if not fixpoint or (len(first.stream) > _TRIP_LIMIT and not sets):
            return first
        if isinstance(value, (int, float, str, bytes, bool, complex, type(None))):
            return first
        second = self._trip(first)
        if second.stream == first.stream and second.digest == first.digest:
            return first
        if sets:
            first = self._pickle(value, False, True)
            second = self._trip(first, ordered=True)
        # The identities of the original count for grouping, the bytes of the second generation for equality.
        return _Dumped(second.stream, _with(first.recorder, second.recorder), first.memo)

    def _trip(self, dumped: _Dumped, ordered: bool = False) -> _Dumped:
        try:
            again = pickle.loads(dumped.stream, buffers=[bytearray(buffer) for buffer in dumped.recorder.buffers])
        except Exception as error:
            raise Unstorable(f"a value that cannot be loaded again ({type(error).__name__}: {error})") from error
        result = self._pickle(again, False, ordered)
        result.recorder.keep.append(again)
        return result

    def _pickle(self, value: Any, shared: bool, ordered: bool) -> _Dumped:
        recorder = _Recorder()
        file = io.BytesIO()
        pickler: Any = (_OrderedPickler if ordered else _Pickler)(file, self, recorder, shared)
        try:
            pickler.dump(value)
        except Unstorable:
            raise
        except RecursionError as error:
            raise Unstorable("a value nested too deeply") from error
        except Exception as error:
            raise Unstorable(str(error) or type(error).__name__) from error
        if ordered:
            memo: dict[int, Any] = _Slow({key: entry[1] for key, entry in pickler.memo.items()})
        else:
            memo = {key: entry[1] for key, entry in pickler.memo.copy().items()}
        recorder.keep.append(pickler)
        return _Dumped(file.getvalue(), recorder, memo)

    def _groups(self, dumped: dict[str, _Dumped]) -> list[tuple[list[str], bool]]:
        """Names that share objects or memory, and whether memory is shared."""
        parent = {name: name for name in dumped}

        def find(name: str) -> str:
            while parent[name] != name:
                name = parent[name]
            return name

        owners: dict[int, str] = {}
        extents: list[tuple[int, int, int, str]] = []
        for name, part in dumped.items():
            for key, thing in part.memo.items():
                if isinstance(thing, _IMMUTABLE) or type(thing).__name__ in _IMMUTABLE_NAMES or key in self.singletons:
                    continue
                if type(thing) is types.FunctionType and _importable(thing):
                    continue
                other = owners.setdefault(key, name)
                if other != name:
                    parent[find(name)] = find(other)
            extents.extend((*extent, name) for extent in part.recorder.extents)
        overlapping: set[str] = set()
        extents.sort()
        reach: Optional[tuple[int, int, int, str]] = None
        for extent in extents:
            if reach is not None and extent[0] < reach[1] and extent[2] != reach[2]:
                overlapping.update((extent[3], reach[3]))
                parent[find(extent[3])] = find(reach[3])
            if reach is None or extent[1] > reach[1]:
                reach = extent
        groups: dict[str, list[str]] = {}
        for name in dumped:
            groups.setdefault(find(name), []).append(name)
        return [(sorted(names), any(name in overlapping for name in names)) for names in groups.values()]

    # Classes by value.

    def _dump_definition(self, thing: Any) -> _Dumped:
        skeleton, items = _anatomy(thing)
        recorder = _Recorder()
        file = io.BytesIO()
        pickler = _Pickler(file, self, recorder, False)
        try:
            pickler.dump(skeleton)
            pickler.dump(items)
        except Unstorable:
            raise
        except Exception as error:
            raise Unstorable(str(error) or type(error).__name__) from error
        recorder.keep.extend((pickler, skeleton, items))
        memo = {key: entry[1] for key, entry in pickler.memo.copy().items()}
        for temporary in (skeleton, items):
            memo.pop(id(temporary), None)
        return _Dumped(b"D" + file.getvalue(), recorder, memo)

    # Loading.

    def load(self, reference: ValueRef, object_members: Any = None) -> dict[str, Any]:
        """All members of the object that holds the value."""
        stream, buffers = self._store.read(reference.object)
        if stream[:1] == b"G":
            group: dict[str, Any] = pickle.loads(stream[1:], buffers=buffers)
            return group
        if stream[:1] == b"D":
            unpickler = pickle.Unpickler(io.BytesIO(stream[1:]), buffers=buffers)
            maker, arguments = unpickler.load()
            made = maker(*arguments)
            self.register(reference.member, made)
            rebuild.fill_class(made, unpickler.load())
            return {reference.member: made}
        return {reference.member: pickle.loads(stream, buffers=buffers)}


class _Slow(dict[int, Any]):
    """The memo of a value that needs the slow pickler."""


def _with(first: _Recorder, second: _Recorder) -> _Recorder:
    """The buffers of one dump with the identities of another."""
    made = _Recorder()
    made.buffers, made.extents = second.buffers, first.extents
    made.definitions = {**first.definitions, **second.definitions}
    made.keep = [first, second]
    return made


_SKIPPED = frozenset({"__dict__", "__weakref__", "__abstractmethods__", "_abc_impl", "__slotnames__", "__module__", "__qualname__", "__firstlineno__", "__static_attributes__"})


def _anatomy(thing: Any) -> tuple[Any, list[tuple[str, Any]]]:
    """How a class is made without its attributes, and the attributes."""
    for base in thing.__mro__[1:]:
        if base.__module__ == "__main__" and "__init_subclass__" in vars(base):
            raise Unstorable(f"the class {thing.__name__}, whose base {base.__name__} acts on its subclasses")
    meta = type(thing)
    attributes = [(name, value) for name, value in vars(thing).items() if name not in _SKIPPED]
    named = ("__qualname__", thing.__qualname__)
    if isinstance(thing, enum.EnumMeta):
        members = [(name, item.value) for name, item in thing.__members__.items()]
        extra = [
            (name, value)
            for name, value in attributes
            if isinstance(value, (types.FunctionType, property, classmethod, staticmethod)) and not name.startswith("_generate") and name not in ("__new__", "__new_member__")
        ]
        return (rebuild.enumeration, (thing.__bases__, thing.__name__, members)), [("__module__", thing.__module__), named, *extra]
    if meta.__module__ == "__main__" or not _importable(meta):
        raise Unstorable(f"the class {thing.__name__}, whose metaclass is {meta.__name__}")
    fields = getattr(thing, "_fields", None)
    if thing.__bases__ == (tuple,) and isinstance(fields, tuple):
        known = {"_fields", "_field_defaults", "_make", "_replace", "_asdict", "__new__", "__repr__", "__getnewargs__", "__match_args__", "__slots__", "__replace__", *fields}
        extra = [(name, value) for name, value in attributes if name not in known]
        defaults = dict(getattr(thing, "_field_defaults", {}))
        return (rebuild.named_tuple, (thing.__name__, fields, defaults)), [("__module__", thing.__module__), named, *extra]
    body: dict[str, Any] = {"__module__": thing.__module__, "__qualname__": thing.__qualname__}
    slots = vars(thing).get("__slots__")
    if slots is not None:
        body["__slots__"] = slots
    places = {slots} if isinstance(slots, str) else set(slots or ())
    members_of_slots = {name for name in places} | {"__slots__"}
    items = [(name, value) for name, value in attributes if name not in members_of_slots and not isinstance(value, types.GetSetDescriptorType)]
    return (rebuild.plain_class, (meta, thing.__name__, thing.__bases__, body)), items

