"""What pickles of this project call when they are loaded. Names here are part of the store's format."""

from __future__ import annotations

import collections
import enum
import functools
import importlib
import marshal
import sys
import types
from typing import Any, Callable, Optional

# Set by the process's codec: the notebook's namespace, and how a class of the notebook is found by its id.
namespace: dict[str, Any] = {}
find_definition: Callable[[str], Any] = lambda identifier: None


def module(name: str) -> types.ModuleType:
    """A module by its name."""
    return sys.modules.get(name) or importlib.import_module(name)


def member(name: str, attribute: str) -> Any:
    """An object that a library keeps at module level."""
    return getattr(module(name), attribute)


def definition(identifier: str) -> Any:
    """A class of the notebook."""
    return find_definition(identifier)


def cell() -> types.CellType:
    """An empty closure cell; the function that closes over it fills it."""
    return types.CellType()


def function(code: bytes, home: Optional[str], cells: Optional[tuple[types.CellType, ...]]) -> types.FunctionType:
    """A function without its defaults and attributes; `home` is a library's module, None the notebook."""
    where = namespace if home is None else vars(module(home))
    return types.FunctionType(marshal.loads(code), where, None, None, cells)


def fill_function(target: types.FunctionType, state: dict[str, Any]) -> None:
    """Give a function what `function` left out."""
    for place, content in state["cells"]:
        target.__closure__[place].cell_contents = content  # type: ignore[index]
    target.__name__, target.__qualname__ = state["name"], state["qualname"]
    target.__module__ = state["module"]
    target.__defaults__, target.__kwdefaults__ = state["defaults"], state["kwdefaults"]
    target.__doc__ = state["doc"]
    if state["annotations"]:
        target.__annotations__ = state["annotations"]
    vars(target).update(state["dict"])


def lru_cache(target: Any, maxsize: Optional[int], typed: bool, state: dict[str, Any]) -> Any:
    """An empty cache around a function."""
    wrapper = functools.lru_cache(maxsize=maxsize, typed=typed)(target)
    vars(wrapper).update(state)
    return wrapper


def cached_property(target: Any, name: Optional[str]) -> Any:
    """A cached property whose name is known."""
    made: Any = functools.cached_property(target)
    made.attrname = name
    return made


def ordered_set(items: list[Any], frozen: bool) -> Any:
    """A set that is iterated in the order of `items`; a layout that cannot be made again is an error."""
    made = _same_order(items)
    if made is None:
        raise ValueError("the iteration order of a set cannot be made again")
    return frozenset(made) if frozen else made


def _same_order(items: list[Any]) -> Optional[set[Any]]:
    for filler in (0, len(items), 3 * len(items), 8 * len(items), 24 * len(items)):
        for order in (items, items[::-1]):
            made: set[Any] = set()
            extra = [object() for _ in range(filler)]
            made.update(extra)
            made.difference_update(extra)
            for item in order:
                made.add(item)
            if list(made) == items:
                return made
    return None


def array(memory: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: Any, writable: bool) -> Any:
    """An array with the strides it had, over memory that others may share."""
    import numpy

    made = numpy.ndarray(shape, dtype, memory, offset, strides)
    made.flags.writeable = writable
    return made


def memory(buffer: Any) -> Any:
    """Shared memory of arrays."""
    import numpy

    made = numpy.frombuffer(buffer, dtype=numpy.uint8)
    if not made.flags.writeable:
        made = made.copy()
    return made


def enumeration(bases: tuple[type, ...], name: str, members: list[tuple[str, Any]]) -> Any:
    """An enumeration with its members; methods are set afterwards."""
    meta = type(bases[-1])
    body = meta.__prepare__(name, bases)
    for key, value in members:
        body[key] = value
    return meta(name, bases, body)


def named_tuple(name: str, fields: tuple[str, ...], defaults: dict[str, Any]) -> Any:
    """A class of `collections.namedtuple` or `typing.NamedTuple`."""
    made = collections.namedtuple(name, fields, module="__main__")  # type: ignore[misc]
    made._field_defaults = dict(defaults)
    made.__new__.__defaults__ = tuple(defaults.values()) or None  # type: ignore[attr-defined]
    return made


def plain_class(meta: type, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:
    """A class without its attributes."""
    return meta(name, bases, body)


def fill_class(target: type, items: list[tuple[str, Any]]) -> None:
    """Set a class's attributes in their order."""
    for name, value in items:
        type.__setattr__(target, name, value)
    if "__abstractmethods__" in vars(target) or any(hasattr(base, "__abstractmethods__") for base in target.__mro__[1:-1]):
        import abc

        update = getattr(abc, "update_abstractmethods", None)
        if update is not None:
            update(target)


ENUM_TYPES = (enum.Enum,)
