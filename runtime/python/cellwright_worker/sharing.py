"""What counts as shared, and what libraries keep at module level."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from typing import Any

_IMMUTABLE: tuple[type, ...] = (
    str, bytes, int, float, complex, type(None), tuple, frozenset, type, types.BuiltinFunctionType, types.ModuleType, types.FunctionType,
    types.CodeType, range, slice, type(Ellipsis), type(NotImplemented), re.Pattern, property, staticmethod, classmethod,
    types.MethodType, types.GenericAlias, types.MappingProxyType,
)  # fmt: skip
_IMMUTABLE_MODULES = frozenset(
    {
        "datetime",
        "fractions",
        "uuid",
        "pathlib",
        "pathlib._local",
        "zoneinfo",
        "pytz",
        "ipaddress",
        "typing",
        "enum",
    }
)
_IMMUTABLE_BASES = frozenset(
    {
        "numpy.generic",
        "numpy.dtype",
        "pandas.core.dtypes.base.ExtensionDtype",
        "pandas._libs.tslibs.nattype._NaT",
        "pandas._libs.tslibs.offsets.BaseOffset",
        "enum.Enum",
        "datetime.tzinfo",
        "datetime.date",
        "decimal.Decimal",
        "datetime.timedelta",
        "pandas._libs.missing.NAType",
        "pandas._libs.tslibs.period._Period",
        "pandas._libs.interval.Interval",
        "pathlib.PurePath",
        "pathlib._local.PurePath",
    }
)
_SKIPPED: tuple[type, ...] = (
    str, bytes, int, float, complex, type(None), tuple, frozenset, type, types.BuiltinFunctionType, types.ModuleType, types.FunctionType,
    types.CodeType, range, slice, type(Ellipsis), type(NotImplemented), re.Pattern, types.MethodType, types.GenericAlias,
    types.MethodWrapperType, types.WrapperDescriptorType, types.MethodDescriptorType, property, types.TracebackType, types.FrameType,
)  # fmt: skip
_VARIABLES = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple", "NewType"})
_CONTAINERS = frozenset({dict, list, set, bytearray})
_OWN = __name__.rpartition(".")[0] or __name__


def changeable(kind: type) -> bool:
    """True for types whose instances two variables can tell to be the same."""
    if issubclass(kind, type):
        return False
    if issubclass(kind, _IMMUTABLE) and kind.__module__ in ("builtins", "types", "re"):
        return False
    if kind.__module__ == "typing" and kind.__name__ in _VARIABLES:
        return True
    if kind.__module__ in _IMMUTABLE_MODULES and not issubclass(kind, (dict, list)):
        return False
    names = {f"{part.__module__}.{part.__qualname__}" for part in kind.__mro__}
    # A record is the one scalar of NumPy that can be written to.
    return "numpy.void" in names or not names & _IMMUTABLE_BASES


def shareable(memo: dict[int, Any], by_name: set[int], kinds: dict[type, bool]) -> Iterator[int]:
    """The identities of a pickle's memo that tie variables together."""
    for key, thing in memo.items():
        kind = type(thing)
        verdict = kinds.get(kind)
        if verdict is None:
            verdict = kinds[kind] = changeable(kind)
        if verdict and key not in by_name:
            yield key


def needs_exactness(stream: bytes, memo: dict[int, Any], containers: dict[int, tuple[str, str]]) -> bool:
    """True when the plain pickler would lose the layout of a set, the identity of a NaN or of a library's container."""
    if b"G\x7f\xf8" in stream or b"G\xff\xf8" in stream:
        return True
    if b"\x8f" in stream or b"\x91" in stream:
        for thing in memo.values():
            if type(thing) in (set, frozenset) and thing:
                return True
    if len(memo) < len(containers):
        return any(key in containers and type(memo[key]) in _CONTAINERS and _holds(containers[key], memo[key]) for key in memo)
    return any(key in memo and type(memo[key]) in _CONTAINERS and _holds(containers[key], memo[key]) for key in containers)


def _holds(place: tuple[str, str], thing: Any) -> bool:
    module = sys.modules.get(place[0])
    return module is not None and vars(module).get(place[1]) is thing


def _rank(place: tuple[str, str]) -> tuple[bool, int, tuple[str, str]]:
    private = any(part.startswith("_") for part in place[0].split(".")) or place[1].startswith("_")
    return (private, len(place[0]), place)


def index_modules(seen: set[str], singletons: dict[int, tuple[str, str]], containers: dict[int, tuple[str, str]]) -> None:
    """Add the modules not seen before; the plainest public name of an object is kept."""
    for name, module in list(sys.modules.items()):
        if name in seen:
            continue
        seen.add(name)
        if type(module) is not types.ModuleType or name in ("__main__", "__mp_main__") or name.split(".")[0] == _OWN:
            continue
        for attribute, value in list(vars(module).items()):
            kind = type(value)
            if issubclass(kind, _SKIPPED) or attribute.startswith("__"):
                continue
            index = containers if kind in _CONTAINERS else singletons
            place = (name, attribute)
            known = index.get(id(value))
            if known is None or _rank(place) < _rank(known):
                index[id(value)] = place
