"""What a module beside the notebook keeps where none of its attributes shows it: behind functions, and inside of objects written in C."""

from __future__ import annotations

import contextvars
import threading
import types
from collections.abc import Iterator
from typing import Any

from .python_classes import is_written_in_python

_CONSTANT = (int, float, complex, str, bytes, bool, type(None), range, slice)
_NAMED = (types.ModuleType, types.BuiltinFunctionType, type)
_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_DEEPEST = 20


def hidden_in(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """Where, and the function: all of the module and of its classes that keep something between two calls."""
    for name, value in list(vars(module).items()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            found = [(f"{name}.{key}", inner) for key, inner in list(vars(value).items())]
        else:
            found = [(name, value)]
        for where, function in found:
            if kept_by(function):
                yield where, function


def kept_by(function: Any) -> list[Any]:
    """What a function keeps: defaults that can change, attributes, variables that it closes over, results of calls."""
    found: list[Any] = []
    _collect(function, found, set(), _DEEPEST)
    return found


def can_be_filled(value: Any) -> bool:
    """True for an instance of which its attributes are all: it can be given others and is what it was."""
    return all(
        kind is object or (is_written_in_python(kind) and not vars(kind).get("__slots__")) for kind in type(value).__mro__
    ) and not hasattr(type(value), "__setstate__")


def is_harmless(value: Any) -> bool:
    """True for what has no content although no store can have it. What a context variable stands for is looked at elsewhere."""
    if isinstance(value, _LOCKS):
        free: bool = value.acquire(blocking=False)
        if free:
            value.release()
        return free
    return isinstance(value, contextvars.ContextVar)


def _collect(thing: Any, found: list[Any], seen: set[int], depth: int) -> None:
    if id(thing) in seen or depth == 0:
        return
    seen.add(id(thing))
    if isinstance(thing, (staticmethod, classmethod)):
        _collect(thing.__func__, found, seen, depth - 1)
    elif isinstance(thing, property):
        for part in (thing.fget, thing.fset, thing.fdel):
            _collect(part, found, seen, depth - 1)
    elif type(thing).__name__ == "_lru_cache_wrapper":
        found.append(tuple(thing.cache_info()))
        _collect(getattr(thing, "__wrapped__", None), found, seen, depth - 1)
    elif isinstance(thing, types.FunctionType):
        _collect_function(thing, found, seen, depth)


def _collect_function(function: types.FunctionType, found: list[Any], seen: set[int], depth: int) -> None:
    registry = vars(function).get("registry")
    if registry is not None and "dispatch" in vars(function):
        # What it closes over besides is filled by calls and follows from the registry.
        found.append([(str(key), _place_of(value)) for key, value in registry.items()])
        return
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    attributes = [value for key, value in vars(function).items() if key != "__wrapped__"]
    cells = [cell.cell_contents for cell in function.__closure__ or () if _is_set(cell)]
    for value in (*defaults, *attributes, *cells):
        if isinstance(value, types.FunctionType) or type(value).__name__ == "_lru_cache_wrapper":
            _collect(value, found, seen, depth - 1)
        elif not isinstance(value, (*_NAMED, *_CONSTANT)) or any(value is each for each in cells):
            found.append(value)


def _place_of(function: Any) -> tuple[str, str, int]:
    """Which function it is, in every process."""
    code = getattr(function, "__code__", None)
    return str(getattr(function, "__module__", "")), str(getattr(function, "__qualname__", "")), getattr(code, "co_firstlineno", 0)


def _is_set(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
