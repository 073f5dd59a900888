"""Attributes that somebody gave to an object of a library, which leaves them out when it is pickled.

`df.source = "web"` is kept by a frame as long as it lives, and by no pickle of it. What a library keeps out by itself (a cache, an
open file) is not meant: a name counts that nothing in the object's classes gives a value to.
"""

from __future__ import annotations

import copyreg
import dis
import inspect
import types
from collections.abc import Iterator
from typing import Any, Callable, Optional

# An object that has another thing under the name of one was given it.
_METHODS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    classmethod,
    staticmethod,
)
_own: dict[Any, frozenset[str]] = {}
_STORE = dis.opmap["STORE_ATTR"]
_ANSWERS = ("__reduce_ex__", "__reduce__", "__getstate__")


def handler(kind: Any) -> Optional[Callable[[Any, Any], Any]]:
    """How objects of a library's class are pickled with what they were given; None where pickle itself keeps all attributes."""
    if not getattr(kind, "__dictoffset__", 0) or not _answers_itself(kind):
        return None
    return _reduce


def _reduce(dumper: Any, thing: Any) -> Any:
    attributes, kind = vars(thing), type(thing)
    if not attributes:
        return NotImplemented
    own = _own_names(kind)
    given = {name: value for name, value in attributes.items() if name not in own and not is_made_when_asked(kind, name)}
    return with_notes(kind, thing, given) if given else NotImplemented


def _own_names(kind: Any) -> frozenset[str]:
    """Attributes that the class and its bases may set."""
    known = _own.get(kind)
    if known is None:
        known = _own[kind] = frozenset(name for part in kind.__mro__ for entry in vars(part).values() for name in _names_in(entry))
    return known


def is_made_when_asked(kind: Any, name: str) -> bool:
    """True where the class has something under the name that puts its value into the object: an accessor, a `cached_property`."""
    found = inspect.getattr_static(kind, name, None)
    return hasattr(type(found), "__get__") and not isinstance(found, _METHODS)


def with_notes(kind: Any, thing: Any, given: dict[str, Any]) -> Any:
    """The answer of the object's own pickling, and those of the attributes that are not in it."""
    how = copyreg.dispatch_table.get(kind)
    answer = how(thing) if how is not None else thing.__reduce_ex__(5)
    if isinstance(answer, str):
        return answer
    parts = (*answer, *(None,) * (6 - len(answer)))
    kept = {name for part in _dicts_of(parts[2]) for name in part}
    notes = {name: value for name, value in given.items() if name not in kept}
    return (*parts[:2], (parts[2], parts[5], notes), *parts[3:5], fill_noted) if notes else answer


def _answers_itself(kind: Any) -> bool:
    return kind in copyreg.dispatch_table or any(getattr(kind, name, None) is not getattr(object, name, None) for name in _ANSWERS)


def _dicts_of(state: Any) -> list[dict[str, Any]]:
    return [part for part in (state if isinstance(state, tuple) else (state,)) if isinstance(part, dict)]


def _names_in(entry: Any) -> Iterator[str]:
    """Names that a method, a property or a function that stands in a class gives values to."""
    for part in (entry, *(getattr(entry, name, None) for name in ("__func__", "fget", "fset", "fdel", "func", "__wrapped__"))):
        if isinstance(part, types.FunctionType):
            yield from _names_of(part.__code__)


def _names_of(code: types.CodeType) -> Iterator[str]:
    """Of attributes that are set; and every text, since one may be the name (`setattr`, `__dict__`)."""
    operations, arguments = code.co_code[::2], code.co_code[1::2]
    place = operations.find(_STORE)
    while place >= 0:
        more = arguments[place - 1] << 8 if place > 0 and operations[place - 1] == dis.EXTENDED_ARG else 0
        yield code.co_names[more | arguments[place]]
        place = operations.find(_STORE, place + 1)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_of(constant)
        elif isinstance(constant, str):
            yield constant


def fill_noted(target: Any, state: tuple[Any, ...]) -> None:
    """What its own pickling kept, in pickle's way, and what it was given beside that."""
    own, fill, notes = state
    if fill is not None:
        fill(target, own)
    elif hasattr(target, "__setstate__") and own is not None:
        target.__setstate__(own)
    elif own is not None:
        attributes, slots = own if isinstance(own, tuple) and len(own) == 2 else (own, None)
        vars(target).update(attributes or {})
        for name, value in (slots or {}).items():
            setattr(target, name, value)
    vars(target).update(notes)
