"""What pickles of this project call when they are loaded. Names here are part of the store's format."""

from __future__ import annotations

import abc
import collections
import functools
import gc
import importlib
import marshal
import os
import sys
import types
import weakref
from typing import Any, Callable, Optional, Union

from . import cellcode, layouts
from .layouts import Unloadable
from .objects import MAPPED_FROM
from .variables import TEMPORARY_FOLDER

CELL_FOLDER = os.path.join(TEMPORARY_FOLDER, "ipykernel_1") + os.sep
CELL_MARK = "<cell>"


class Context:
    """What loading needs of the process: the notebook's namespace and its classes."""

    def __init__(self, namespace: dict[str, Any], find: Callable[[str], Any], define: Callable[[str, Any], None]) -> None:
        """`find` gives a class of the notebook by its id; `define` is told of one that was made."""
        self.namespace = namespace
        self.find = find
        self.original: Callable[[str, str], Any] = lambda module, attribute: None
        self.strict = False
        self._define = define
        # Classes that this load made, or a load inside it: a class whose making needs one that refers to it is made there.
        self.made: dict[str, Any] = {}

    def define(self, identifier: str, kind: Any) -> Any:
        """A class that was made is known by its id from now on."""
        self.made[identifier] = kind
        self._define(identifier, kind)
        return kind


_contexts: list[Context] = []


def enter(context: Context) -> None:
    """Load in this context until `leave`."""
    _contexts.append(context)


def leave() -> None:
    """Back to the context before."""
    made = _contexts.pop().made
    if _contexts:
        _contexts[-1].made.update(made)


# Things known by name.


def module(name: str) -> types.ModuleType:
    """A module by its name."""
    return sys.modules.get(name) or importlib.import_module(name)


def member(name: str, attribute: str) -> Any:
    """An object that a library keeps at module level."""
    return getattr(module(name), attribute)


def original(name: str, attribute: str) -> Any:
    """What a library itself keeps under a name, whatever the notebook has put in its place."""
    found = _contexts[-1].original(name, attribute)
    return member(name, attribute) if found is None else found


def definition(identifier: str) -> Any:
    """A class of the notebook."""
    found = _contexts[-1].find(identifier)
    if found is None:
        raise Unloadable(f"no {identifier}")
    return found


def enum_member(kind: Any, name: str) -> Any:
    """A named member of an enumeration."""
    return kind._member_map_[name]


def class_attribute(kind: type, name: str, part: str) -> Any:
    """A function of a class of the notebook, or the function inside its descriptor."""
    found = vars(kind)[name]
    return getattr(found, part) if part else found


# Functions.


def code(data: bytes) -> types.CodeType:
    """A code object; file names of cells are those of this machine."""
    made: types.CodeType = marshal.loads(data)
    return rename(made, CELL_MARK, CELL_FOLDER)


def cell_code(reference: bytes, body: bytes) -> types.CodeType:
    """A code object of a cell, with the lines that it has now."""
    found = cellcode.cells.find(reference, body)
    if found is None:
        raise Unloadable("a function whose cell is not in the notebook")
    return found


def rename(made: types.CodeType, before: str, after: str) -> types.CodeType:
    """The code with another folder in the file names, nested code included."""
    if not made.co_filename.startswith(before):
        return made
    constants = tuple(rename(item, before, after) if type(item) is types.CodeType else item for item in made.co_consts)
    return made.replace(co_filename=after + made.co_filename[len(before) :], co_consts=constants)


def cell() -> types.CellType:
    """An empty closure cell; the function that closes over it fills it."""
    return types.CellType()


def function(
    body: types.CodeType, home: Union[None, str, dict[str, Any]], cells: Optional[tuple[types.CellType, ...]]
) -> types.FunctionType:
    """A function without its defaults and attributes; `home` is a library's module, a dict of its own, or None for the notebook."""
    where = _contexts[-1].namespace if home is None else vars(module(home)) if isinstance(home, str) else home
    return types.FunctionType(body, where, None, None, cells)


def fill_function(target: types.FunctionType, state: tuple[Any, ...]) -> None:
    """Give a function what `function` left out."""
    cells, name, qualname, home, doc, defaults, kwdefaults, annotations, attributes, parameters = state
    for place, content in cells:
        target.__closure__[place].cell_contents = content  # type: ignore[index]
    target.__name__, target.__qualname__ = name, qualname
    target.__module__ = home
    target.__doc__ = doc
    target.__defaults__, target.__kwdefaults__ = defaults, kwdefaults
    if annotations is not None:
        target.__annotations__ = annotations
    if parameters:
        target.__type_params__ = parameters  # type: ignore[attr-defined]
    vars(target).update(attributes)


def lru_cache(target: Any, maxsize: Optional[int], typed: bool) -> Any:
    """An empty cache around a function."""
    return functools.lru_cache(maxsize=maxsize, typed=typed)(target)


def cached_property() -> Any:
    """A cached property without its function."""
    return functools.cached_property.__new__(functools.cached_property)


def fill_cached_property(target: Any, state: tuple[Any, ...]) -> None:
    """Its function and name."""
    empty: Any = functools.cached_property(state[0])
    vars(target).update(vars(empty))
    target.func, target.attrname, target.__doc__ = state


def descriptor(kind: Any) -> Any:
    """A static or class method without its function."""
    return kind.__new__(kind)


def fill_descriptor(target: Any, state: tuple[Any, ...]) -> None:
    """Its function and attributes."""
    target.__init__(state[0])
    vars(target).update(state[1])


# Containers.


def refilled_set(kind: Any, items: list[Any], mark: int) -> Any:
    """A set that is as it was when it is filled again."""
    _check(items, mark)
    made = layouts.refilled(kind, items)
    if not all(a is b for a, b in zip(made, items)):
        raise Unloadable("a set whose order cannot be made again")
    return made


def shaped_set(kind: Any, items: list[Any], mark: int, layout: layouts.Layout) -> Any:
    """A set that needs its layout."""
    if not layouts.exact:
        raise Unloadable("a set whose layout this interpreter cannot make")
    if len(items) > 1 and layouts.fingerprint(items) != mark:
        return refilled_set(kind, items, mark)
    return layouts.write(kind, items, layout)


def _check(items: list[Any], mark: int) -> None:
    if len(items) > 1 and _contexts[-1].strict and layouts.fingerprint(items) != mark:
        raise Unloadable("a set whose order depends on where its items are in memory")


def same_float(name: str, attribute: str) -> Any:
    """A NaN that a library keeps, so that it is still itself."""
    return getattr(module(name), attribute)


def other_float(sign: int) -> Any:
    """A NaN of its own."""
    return float("nan") if sign > 0 else -float("nan")


def view_of(target: dict[Any, Any], method: str) -> Any:
    """`keys()`, `values()` or `items()` of a dict."""
    return getattr(dict, method)(target)


def weak(target: Any) -> Any:
    """A weak reference, alive for as long as someone else holds its object."""
    return weakref.ref(target)


class _Gone:
    pass


def dead_weak(elsewhere: int = 0) -> Any:
    """A weak reference to something that is gone, or, while values are compared, to something not stored with it."""
    return weakref.ref(_Gone())


# Instances of the notebook's classes, made without running the notebook's code.


def instance(kind: Any) -> Any:
    """An instance without attributes."""
    return object.__new__(kind)


def value_instance(kind: Any, base: Any, content: Any) -> Any:
    """An instance of a subclass of int, str, tuple and their like."""
    return base.__new__(kind, content)


def container_instance(kind: Any, base: Any) -> Any:
    """An empty instance of a subclass of dict, list or set."""
    return base.__new__(kind)


def exception(kind: Any, arguments: tuple[Any, ...]) -> Any:
    """An exception; `__new__` keeps the arguments."""
    return kind.__new__(kind, *arguments)


def fill_instance(target: Any, state: tuple[Any, ...]) -> None:
    """Attributes in their order, slots, and what a container holds; no method of the class is called."""
    attributes, slots, content = state
    if content is not None:
        if isinstance(target, dict):
            for key, value in content:
                dict.__setitem__(target, key, value)
        elif isinstance(target, list):
            list.extend(target, content)
        else:
            set.update(target, content)
    for owner, name, value in slots or ():
        vars(owner)[name].__set__(target, value)
    if attributes is not None:
        target.__dict__.update({sys.intern(key) if type(key) is str else key: value for key, value in attributes.items()})


# Arrays.


def _settled(made: Any, owns: bool, memory: Any) -> Any:
    """Small arrays own their memory as before; large ones stay where the store put them."""
    import numpy

    writable = not memoryview(memory).readonly
    if made.nbytes < MAPPED_FROM:
        if owns:
            made = made.copy(order="A")
        else:
            base = numpy.frombuffer(memory, numpy.uint8).copy()
            made = numpy.ndarray(made.shape, made.dtype, base, 0, made.strides)
        made.flags.writeable = writable
    elif not owns:
        made = numpy.ndarray(made.shape, made.dtype, numpy.frombuffer(memory, numpy.uint8), 0, made.strides)
    return made


def array(memory: Any, kind: Any, shape: tuple[int, ...], order: str, owns: bool) -> Any:
    """An array whose elements lie side by side."""
    import numpy

    if 0 in shape:
        return numpy.empty(shape, kind, order)  # type: ignore
    return _settled(numpy.ndarray(shape, kind, memory, order=order), owns, memory)  # type: ignore


def span(memory: Any, offset: int, kind: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """A view with gaps, over the bytes from its lowest to its highest element."""
    import numpy

    writable = not memoryview(memory).readonly
    base = numpy.frombuffer(memory, numpy.uint8)
    if base.nbytes < MAPPED_FROM:
        base = base.copy()
    made: Any = numpy.ndarray(shape, kind, base, offset, strides)
    made.flags.writeable = writable
    return made


def strided(compact: Any, low: int, high: int, strides: tuple[int, ...], shape: tuple[int, ...], writable: bool) -> Any:
    """A view with wide gaps: only its elements were stored, the memory between them is empty."""
    import numpy

    base: Any
    if compact.dtype.hasobject:
        base = numpy.empty((high - low) // compact.itemsize, compact.dtype)
    else:
        base = numpy.zeros(high - low, numpy.uint8)
    lean: Any = numpy.ndarray(compact.shape, compact.dtype, base, -low, strides)
    lean[...] = compact
    made: Any = numpy.ndarray(shape, compact.dtype, base, -low, strides)
    made.flags.writeable = writable
    return made


def readonly(made: Any) -> Any:
    """An array of objects that may not be written."""
    made.flags.writeable = False
    return made


def view(root: Any, offset: int, kind: Any, shape: tuple[int, ...], strides: tuple[int, ...], writable: bool) -> Any:
    """An array over the memory of another."""
    import numpy

    whole = root if root.flags.c_contiguous else root.T
    made: Any = numpy.ndarray(shape, kind, whole, offset, strides)
    if made.flags.writeable != writable:
        made.flags.writeable = writable
    return made


def over(base: Any, offset: int, kind: Any, shape: tuple[int, ...], strides: tuple[int, ...], writable: bool) -> Any:
    """An array over a bytearray or an `array.array`."""
    import numpy

    made: Any = numpy.ndarray(shape, kind, base, offset, strides)
    if not writable:
        made.flags.writeable = False
    return made


def array_as(made: Any, kind: Any) -> Any:
    """The same memory as another kind of array."""
    return made.view(kind)


def new_frame(kind: Any) -> Any:
    """A pandas object without its state."""
    return kind.__new__(kind)


def fill_frame(target: Any, state: tuple[Any, ...]) -> None:
    """Its state, and what it remembers of the object it was taken from."""
    content, copied, cacher, notes = state
    target.__setstate__(content)
    for name, value in notes.items():
        object.__setattr__(target, name, value)
    if copied:
        object.__setattr__(target, "_is_copy", copied if isinstance(copied, str) else weakref.ref(copied[0]))
    if cacher is not None:
        key, parent = cacher
        object.__setattr__(target, "_cacher", (key, weakref.ref(parent)))
        table = vars(parent).get("_item_cache")
        if isinstance(table, dict):
            table[key] = target
        else:
            object.__setattr__(parent, "_item_cache", {key: target})


# Classes.


def new_class(identifier: str, meta: Any, name: str, bases: tuple[Any, ...], body: list[tuple[str, Any]]) -> Any:
    """A class with its attributes still to come; known by its id from now on."""
    known = _contexts[-1].made.get(identifier)
    return known if known is not None else _contexts[-1].define(identifier, _make_class(meta, name, bases, dict(body)))


def _make_class(meta: Any, name: str, bases: tuple[Any, ...], body: dict[str, Any]) -> Any:
    maker: Any = abc.ABCMeta.__new__ if issubclass(meta, abc.ABCMeta) else type.__new__
    if not any("__init_subclass__" in vars(kind) for base in bases for kind in base.__mro__[:-1]):
        return maker(meta, name, bases, body)
    # A base in front that does nothing keeps the others from acting on the class a second time.
    failure = ""
    extras: list[dict[str, Any]] = [{"__slots__": ()}, {}]
    if any(base.__dictoffset__ for base in bases):
        extras.reverse()  # One that has what the base has can be taken away again.
    for extra in extras:
        quiet = {"__init_subclass__": classmethod(lambda kind, **keywords: None), **extra}
        front = maker(meta, "Front", (), quiet)
        try:
            made = maker(meta, name, (front, *bases), dict(body))
            type.__dict__["__bases__"].__set__(made, bases)
            return made
        except TypeError as error:
            failure = str(error)
        gc.collect()  # The bases list the failed one until then.
    raise Unloadable(f"the class {name}, whose bases act on their subclasses ({failure})")


AUTOMATIC = frozenset({"__dict__", "__weakref__", "_abc_impl", "__abstractmethods__", "__slotnames__"})


def fill_class(target: Any, state: tuple[Any, ...]) -> None:
    """Set a class's attributes; what making it added by itself goes."""
    items, abstract, subclasses, *_listed = state
    names = {name for name, _ in items}
    for name, value in items:
        type.__setattr__(target, name, value)
    for name, value in list(vars(target).items()):
        if name not in names and name not in AUTOMATIC and not own_slot(target, value):
            type.__delattr__(target, name)
    if abstract is not None:
        type.__setattr__(target, "__abstractmethods__", frozenset(abstract))
    for subclass in subclasses:
        abc.ABCMeta.register(target, subclass)


def own_slot(owner: Any, value: Any) -> bool:
    """True for the descriptors that a class has for its slots."""
    return isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType)) and value.__objclass__ is owner


def named_tuple(identifier: str, name: str, fields: tuple[str, ...], defaults: dict[str, Any], home: str) -> Any:
    """A class of `collections.namedtuple` or `typing.NamedTuple`."""
    if (known := _contexts[-1].made.get(identifier)) is not None:
        return known
    made: Any = collections.namedtuple(name, fields, rename=True, module=home)  # type: ignore[misc]
    if made._fields != fields:
        raise Unloadable(f"the named tuple {name}, whose fields have unusual names")
    made._field_defaults = dict(defaults)
    made.__new__.__defaults__ = tuple(defaults.values()) or None
    return _contexts[-1].define(identifier, made)


def fill_named_tuple(target: Any, items: list[tuple[str, Any]]) -> None:
    """What was added to the class."""
    for name, value in items:
        type.__setattr__(target, name, value)


def enumeration(identifier: str, meta: Any, name: str, bases: tuple[Any, ...], body: list[tuple[str, Any]], options: dict[str, Any]) -> Any:
    """An enumeration, made again from its members and methods."""
    if (known := _contexts[-1].made.get(identifier)) is not None:
        return known
    scope = meta.__prepare__(name, bases, **options)
    for key, value in body:
        scope[key] = value
    return _contexts[-1].define(identifier, meta.__new__(meta, name, bases, scope, **options))


def fill_enumeration(target: Any, state: tuple[list[tuple[str, Any]], dict[str, dict[str, Any]]]) -> None:
    """Attributes that members got after they were made."""
    items, attributes = state
    for name, value in items:
        type.__setattr__(target, name, value)
    for name, content in attributes.items():
        found = target._member_map_[name]
        vars(found).clear()
        vars(found).update(content)


def type_variable(kind: Any, name: str, bounds: tuple[Any, ...], options: dict[str, Any], home: Any) -> Any:
    """A type variable of the notebook."""
    made = kind(name, *bounds, **options)
    made.__module__ = home
    return made


def new_type(name: str, supertype: Any, home: Any) -> Any:
    """A `typing.NewType` of the notebook."""
    import typing

    made: Any = typing.NewType(name, supertype)  # type: ignore
    made.__module__ = home
    return made
