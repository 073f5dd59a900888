"""How the kinds of objects that pickle does not keep faithfully are taken apart; `rebuild` puts them together.

`classify` decides once for each type. A handler gets the dumper and the object and answers as `__reduce_ex__` would, or
`NotImplemented` for pickle's own way.
"""

from __future__ import annotations

import enum
import functools
import io
import itertools
import sys
import types
import weakref
from collections import OrderedDict, deque
from typing import Any, Callable, Optional

from . import arrays, cellcode, notes, rebuild, records, tables
from .definitions import Refusal, importable
from .python_classes import is_written_in_python

Handler = Callable[[Any, Any], Any]

# Types that belong to this process, though pickle may think otherwise.
_STAYS = (
    "matplotlib.figure", "matplotlib.axes", "matplotlib.artist", "matplotlib.container", "matplotlib.animation",
    "matplotlib.widgets", "matplotlib.gridspec", "matplotlib.backend", "mpl_toolkits", "seaborn.axisgrid", "seaborn._core.plot",
    "IPython.core.interactiveshell", "IPython.core.history", "IPython.core.magic", "IPython.terminal", "ipykernel", "ipywidgets",
    "_duckdb", "duckdb", "sqlalchemy.engine", "sqlalchemy.orm.session", "multiprocessing", "concurrent.futures", "asyncio",
    "subprocess", "threading", "_thread", "socket", "ssl", "selectors", "sqlite3", "tempfile", "mmap", "contextvars", "zmq",
    "tornado", "_io", "asyncio.events", "weakref", "tqdm", "unittest.mock",
    # A parser knows its own mark by its identity.
    "argparse",
)  # fmt: skip
_MAY_LEAVE = frozenset({"Namespace", "StringIO", "BytesIO", "WeakKeyDictionary", "WeakValueDictionary", "WeakSet"})
_HOOKS = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__")
_VALUES: tuple[type, ...] = (int, float, str, bytes, complex, tuple, frozenset)
_ACCESS = (
    "__setitem__",
    "append",
    "extend",
    "add",
    "update",
    "__iter__",
    "items",
    "keys",
    "__len__",
    "__contains__",
    "__missing__",
)


def stays(kind: type) -> bool:
    """True for types whose instances must not leave the process."""
    if kind.__name__ in _MAY_LEAVE:
        return False
    return any(_within(part.__module__) for part in kind.__mro__ if part is not object and isinstance(part.__module__, str))


def _within_home(name: str, home: str) -> bool:
    return name == home or name.startswith(home + ".")


def _within(name: str) -> bool:
    return any(name == home or name.startswith(home + ".") or (home == "matplotlib.backend" and name.startswith(home)) for home in _STAYS)


def classify(kind: Any, ours: Callable[[Any], bool]) -> Optional[Handler]:
    """The handler for instances of a type, or None for pickle's own way."""
    if issubclass(kind, type):
        return _type
    if issubclass(kind, enum.Enum):
        return _enum
    exact = _EXACT.get(kind) or (_module if issubclass(kind, types.ModuleType) else None)
    if exact is not None:
        return exact
    if issubclass(kind, BaseException):
        return _exception
    handler = _of_library(kind)
    if handler is not None:
        return handler
    if stays(kind):
        return _refuse
    if ours(kind) and any("__del__" in vars(part) for part in kind.__mro__):
        return _mortal
    if any("__getattribute__" in vars(part) for part in kind.__mro__ if ours(part)):
        return _watchful
    return _instance_handler(kind, ours) if ours(kind) else notes.handler(kind)


def _of_library(kind: Any) -> Optional[Handler]:
    numpy: Any = sys.modules.get("numpy")
    ndarray = getattr(numpy, "ndarray", None)
    if ndarray is not None and issubclass(kind, ndarray):
        return arrays.reduce_array if kind is ndarray else arrays.reduce_subclass
    if ndarray is not None and issubclass(kind, numpy.void):
        return records.reduce
    pandas: Any = sys.modules.get("pandas")
    index = getattr(pandas, "Index", None)
    if index is not None:
        if issubclass(kind, index):
            return tables.reduce_index
        if kind in (pandas.DataFrame, pandas.Series):
            return tables.reduce_frame
    return None


def article(kind: Any) -> str:
    """`a generator`, `an Axes of matplotlib`."""
    name = kind.__name__
    home = kind.__module__.partition(".")[0] if isinstance(kind.__module__, str) else "builtins"
    start = "an" if name[:1].lower() in "aeiou" else "a"
    return f"{start} {name}" + ("" if home in ("builtins", "__main__") else f" of {home}")


def _refuse(dumper: Any, thing: Any) -> Any:
    raise Refusal(article(type(thing)), thing, says_farewell(thing))


def _mortal(dumper: Any, thing: Any) -> Any:
    raise Refusal(f"{article(type(thing))}, whose class has __del__", thing, True)


def _watchful(dumper: Any, thing: Any) -> Any:
    raise Refusal(f"{article(type(thing))}, whose class watches what is asked of it", thing)


def says_farewell(thing: Any) -> bool:
    """True for what does something that can be seen when nobody refers to it any more: writes, prints, removes, calls."""
    kind = type(thing)
    home = kind.__module__ if isinstance(kind.__module__, str) else ""
    if issubclass(kind, io.IOBase):
        return not issubclass(kind, (io.StringIO, io.BytesIO)) and not thing.closed and thing.writable()
    if kind is weakref.finalize:
        return bool(thing.alive)
    if _within_home(home, "tqdm"):
        return not getattr(thing, "disable", True)
    return home == "tempfile" or (home == "__main__" and any("__del__" in vars(part) for part in kind.__mro__))


# Classes, functions, modules.


def _type(dumper: Any, thing: Any) -> Any:
    identifier = dumper.inline.get(id(thing))
    if identifier is not None:
        return dumper.by_value(thing, identifier)
    if thing in _NAMELESS:
        return (rebuild.member, ("types", _NAMELESS[thing]))
    if not dumper.ours(thing):
        if thing.__module__ != "builtins" and not importable(thing):
            raise Refusal(f"the class {thing.__qualname__}, which has no name to import it by", thing)
        return NotImplemented
    return (rebuild.definition, (dumper.refer(thing),))


def _module(dumper: Any, thing: types.ModuleType) -> Any:
    name = thing.__name__
    if sys.modules.get(name) is not thing or name in ("__main__", "__mp_main__"):
        raise Refusal(f"the module {name}, which cannot be imported by name", thing)
    return (rebuild.module, (name,))


def _home(dumper: Any, thing: types.FunctionType) -> Any:
    scope = thing.__globals__
    if scope is dumper.namespace or scope is vars(sys.modules["__main__"]):
        return None
    name = scope.get("__name__")
    if isinstance(name, str) and name in sys.modules and vars(sys.modules[name]) is scope:
        return name
    return scope


def _function(dumper: Any, thing: types.FunctionType) -> Any:
    own = thing.__globals__ is dumper.namespace
    if not own and importable(thing):
        return NotImplemented
    place = dumper.place_in_class(thing)
    if place is not None:
        return (rebuild.class_attribute, place)
    dumper.shared.add(id(thing))
    cells: list[tuple[int, Any]] = []
    for number, cell in enumerate(thing.__closure__ or ()):
        try:
            cells.append((number, cell.cell_contents))
        except ValueError:
            continue
    state = (
        cells,
        thing.__name__,
        thing.__qualname__,
        thing.__module__,
        thing.__doc__,
        thing.__defaults__,
        thing.__kwdefaults__,
        getattr(thing, "__annotations__", None) or None,
        dict(vars(thing)),
        getattr(thing, "__type_params__", ()) or (),
    )
    return (
        rebuild.function,
        (thing.__code__, _home(dumper, thing), thing.__closure__),
        state,
        None,
        None,
        rebuild.fill_function,
    )


def _method(dumper: Any, thing: types.MethodType) -> Any:
    return (types.MethodType, (thing.__func__, thing.__self__))


def _lru(dumper: Any, thing: Any) -> Any:
    if importable(thing):
        return NotImplemented
    info = thing.cache_info()
    if info.currsize or info.hits or info.misses:
        raise Refusal("a function with a filled lru_cache", thing)
    parameters = thing.cache_parameters() if hasattr(thing, "cache_parameters") else {"maxsize": info.maxsize, "typed": False}
    state = {key: item for key, item in vars(thing).items() if key != "cache_parameters"}
    return (rebuild.lru_cache, (thing.__wrapped__, parameters["maxsize"], parameters["typed"]), state)


def _descriptor(dumper: Any, thing: Any) -> Any:
    extra = dict(getattr(thing, "__dict__", {}))
    state = (thing.__func__, extra)
    return (rebuild.descriptor, (type(thing),), state, None, None, rebuild.fill_descriptor)


def _property(dumper: Any, thing: property) -> Any:
    return (property, (thing.fget, thing.fset, thing.fdel, thing.__doc__))


def _cached_property(dumper: Any, thing: Any) -> Any:
    state = (thing.func, thing.attrname, thing.__doc__)
    return (rebuild.cached_property, (), state, None, None, rebuild.fill_cached_property)


def _type_variable(dumper: Any, thing: Any) -> Any:
    if importable_variable(thing):
        return NotImplemented
    options = {}
    for name in ("bound", "covariant", "contravariant"):
        value = getattr(thing, f"__{name}__", None)
        if value:
            options[name] = value
    constraints = tuple(getattr(thing, "__constraints__", ()) or ())
    return (rebuild.type_variable, (type(thing), thing.__name__, constraints, options, thing.__module__))


def importable_variable(thing: Any) -> bool:
    """True when a type variable can be found by its name in a library."""
    home = getattr(thing, "__module__", None)
    return home not in (None, "__main__") and getattr(sys.modules.get(home), thing.__name__, None) is thing


def _new_type(dumper: Any, thing: Any) -> Any:
    if importable(thing):
        return NotImplemented
    return (rebuild.new_type, (thing.__qualname__, thing.__supertype__, thing.__module__))


# Values.


def _enum(dumper: Any, thing: Any) -> Any:
    kind = type(thing)
    name = getattr(thing, "_name_", None)
    if isinstance(name, str) and kind._member_map_.get(name) is thing:
        return (rebuild.enum_member, (kind, name))
    return (kind, (thing._value_,))


def _exception(dumper: Any, thing: BaseException) -> Any:
    if thing.__traceback__ is not None:
        raise Refusal(f"{article(type(thing))} with its traceback", thing)
    if thing.__cause__ is not None or thing.__context__ is not None or thing.__suppress_context__:
        raise Refusal(f"{article(type(thing))} with another behind it", thing)
    kind: Any = type(thing)
    if not dumper.ours(kind):
        return NotImplemented
    if any(hook in vars(part) for part in kind.__mro__ if dumper.ours(part) for hook in _HOOKS):
        raise Refusal(f"{article(kind)}, whose class says itself how it is pickled", thing)
    if not issubclass(kind, OSError) and isinstance(kind.__new__, types.BuiltinFunctionType):
        return (
            rebuild.exception,
            (kind, thing.args),
            (dict(vars(thing)), _slots(thing), None),
            None,
            None,
            rebuild.fill_instance,
        )
    return NotImplemented


def _mapping_proxy(dumper: Any, thing: Any) -> Any:
    import gc

    inner = gc.get_referents(thing)
    if len(inner) == 1 and isinstance(inner[0], dict):
        return (types.MappingProxyType, (inner[0],))
    return (types.MappingProxyType, (dict(thing),))


def _dict_view(dumper: Any, thing: Any) -> Any:
    import gc

    inner = gc.get_referents(thing)
    if len(inner) != 1 or type(inner[0]) is not dict:
        raise Refusal(article(type(thing)), thing)
    return (rebuild.view_of, (inner[0], type(thing).__name__.partition("_")[2]))


def _weak_reference(dumper: Any, thing: Any) -> Any:
    if thing.__callback__ is not None:
        raise Refusal("a weak reference with a callback", thing)
    target = thing()
    if target is None:
        return (rebuild.dead_weak, ())
    if dumper.may_hold(target):
        return (rebuild.weak, (target,))
    dumper.dangling.append(thing)
    return (rebuild.dead_weak, (1,))


def _code(dumper: Any, thing: types.CodeType) -> Any:
    reference = cellcode.cells.reference(thing)
    if reference is not None:
        return (rebuild.cell_code, (reference, cellcode.bare(thing)))
    return (rebuild.code, (dumper.code_bytes(thing),))


def _cell(dumper: Any, thing: Any) -> Any:
    return (rebuild.cell, ())


# Instances of classes of the notebook.


def _slots(thing: Any) -> list[tuple[Any, str, Any]]:
    found = []
    for part in type(thing).__mro__:
        for name, member in vars(part).items():
            if isinstance(member, types.MemberDescriptorType) and member.__objclass__ is part and is_written_in_python(part):
                try:
                    found.append((part, name, member.__get__(thing)))
                except AttributeError:
                    continue
    return found


def _state(thing: Any, content: Any) -> tuple[Any, ...]:
    attributes = getattr(thing, "__dict__", None)
    return (attributes if type(attributes) is dict else None, _slots(thing) or None, content)


def _plain_instance(dumper: Any, thing: Any) -> Any:
    return (rebuild.instance, (type(thing),), _state(thing, None), None, None, rebuild.fill_instance)


def _plain_value(base: Any, thing: Any) -> Any:
    if base is tuple or base is bytes:
        return base.__getitem__(thing, slice(None))
    if base is frozenset:
        return frozenset(list(frozenset.__iter__(thing)))
    if base is int:
        return int.__int__(thing)
    if base is float:
        return float.__float__(thing)
    if base is str:
        return str.__str__(thing)
    return base.__pos__(thing)


def _value_instance(base: Any) -> Handler:
    def handle(dumper: Any, thing: Any) -> Any:
        state = _state(thing, None)
        arguments = (type(thing), base, _plain_value(base, thing))
        if state == (None, None, None) or state == ({}, None, None):
            return (rebuild.value_instance, arguments)
        return (rebuild.value_instance, arguments, state, None, None, rebuild.fill_instance)

    return handle


def _container_instance(base: Any) -> Handler:
    def handle(dumper: Any, thing: Any) -> Any:
        content = list(dict.items(thing)) if base is dict else list(base.__iter__(thing))
        return (
            rebuild.container_instance,
            (type(thing), base),
            _state(thing, content),
            None,
            None,
            rebuild.fill_instance,
        )

    return handle


def _own_way(dumper: Any, thing: Any) -> Any:
    raise Refusal(f"{article(type(thing))}, whose class says itself how it is pickled", thing)


def _instance_handler(kind: Any, ours: Callable[[Any], bool]) -> Optional[Handler]:
    own = [part for part in kind.__mro__ if ours(part)]
    foreign = [part for part in kind.__mro__ if part is not object and part not in own]
    hooked = any(hook in vars(part) for part in own for hook in (*_HOOKS, "__new__"))
    slotted = any(vars(part).get("__slots__") for part in own)
    base = next((part for part in foreign if part in _VALUES or part in (dict, list, set)), None)
    if base is not None and all(part is base or _stateless(part) for part in foreign):
        if base in _VALUES:
            return _value_instance(base)
        if hooked or slotted or base is set or any(name in vars(part) for part in own for name in _ACCESS):
            return _container_instance(base)
        return None
    if all(_stateless(part) for part in foreign):
        return _plain_instance if hooked or slotted else None
    named = any(hook in vars(part) for part in own for hook in (*_HOOKS, "__new__"))
    writes = issubclass(kind, (dict, list)) and any(name in vars(part) for part in own for name in _ACCESS[:4])
    return _own_way if named or writes else None


def _stateless(part: Any) -> bool:
    """A base that adds nothing of its own to an instance but attributes."""
    if not is_written_in_python(part):
        return False
    return not any(hook in vars(part) for hook in (*_HOOKS, "__new__")) and part.__basicsize__ <= object.__basicsize__ + 16


_NAMELESS: dict[Any, str] = {
    value: name
    for name, value in vars(types).items()
    if isinstance(value, type) and not importable(value) and value not in (type(None), type(...), type(NotImplemented))
}
_GROUPS = itertools.groupby("a")
_MINDFUL: tuple[Any, ...] = (
    iter(deque()), reversed(deque()), iter(OrderedDict()), iter(OrderedDict().items()), _GROUPS, next(_GROUPS)[1],
)  # fmt: skip
_EXACT: dict[Any, Handler] = {
    types.FunctionType: _function,
    types.ModuleType: _module,
    types.MethodType: _method,
    types.CodeType: _code,
    types.CellType: _cell,
    types.MappingProxyType: _mapping_proxy,
    type({}.keys()): _dict_view,
    type({}.values()): _dict_view,
    type({}.items()): _dict_view,
    property: _property,
    staticmethod: _descriptor,
    classmethod: _descriptor,
    functools.cached_property: _cached_property,
    type(functools.lru_cache()(lambda: None)): _lru,
    weakref.ReferenceType: _weak_reference,
    # These know whether what they go through has changed, or who was given what; pickle leaves that out.
    **dict.fromkeys(map(type, _MINDFUL), _refuse),
}


def _typing_handlers() -> None:
    import typing

    for name in ("TypeVar", "ParamSpec", "TypeVarTuple"):
        kind = getattr(typing, name, None)
        if isinstance(kind, type):
            _EXACT[kind] = _type_variable
    if isinstance(typing.NewType, type):
        _EXACT[typing.NewType] = _new_type


_typing_handlers()
