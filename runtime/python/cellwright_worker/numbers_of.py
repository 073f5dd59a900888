"""Metrics: which numbers a variable stands for, found without running code of the notebook's own classes."""

from __future__ import annotations

import decimal
import math
import numbers
from typing import Any, Optional, Union

Number = Union[int, float, str]
# JavaScript has no others.
_LARGEST_WHOLE = 2**53
# Their arrays without dimensions are numbers.
_OF_ARRAYS = frozenset({"numpy", "torch", "jax", "jaxlib", "tensorflow", "cupy"})
# A dict with more is data.
_MOST = 200


class NoNumber(Exception):
    """What a value is in place of a number."""


def numbers_of(name: str, value: Any) -> dict[str, Number]:
    """The numbers under a name: the value's own, or those of a dict under dotted names; `NoNumber` says what it is."""
    if not isinstance(value, dict):
        return {name: number(value)}
    if len(value) > _MOST:
        raise NoNumber(f"a dict of {len(value)} entries")
    found: dict[str, Number] = {}
    for key, item in value.items():
        if not isinstance(key, (str, int)):
            raise NoNumber(f"a dict with {_article(type(key).__name__)} as a key")
        try:
            found.update(numbers_of(f"{name}.{key}", item))
        except NoNumber as reason:
            raise NoNumber(f"a dict in which {key!r} is {reason}") from None
    if not found:
        raise NoNumber("an empty dict")
    return found


def number(value: Any) -> Number:
    """A number as JSON can have it; those that are not finite as their names."""
    while type(value).__module__.partition(".")[0] in _OF_ARRAYS and getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value, before = value.item(), value
        if value is before:
            break
    if isinstance(value, (bool, int)):
        value = int(value)
        return value if abs(value) <= _LARGEST_WHOLE else _finite(value)
    if isinstance(value, (numbers.Real, decimal.Decimal)):
        return _finite(value)
    raise NoNumber(describe(value))


def _finite(value: Any) -> Number:
    try:
        plain = float(value)
    except OverflowError:
        raise NoNumber("an integer that is too large for a float") from None
    if math.isfinite(plain):
        return plain
    return "NaN" if math.isnan(plain) else "Infinity" if plain > 0 else "-Infinity"


def describe(value: Any) -> str:
    """What a value is, in words."""
    if value is None:
        return "None"
    if isinstance(value, str):
        return "text"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and all(isinstance(size, int) for size in shape):
        return f"{_article(type(value).__name__)} of {' by '.join(map(str, shape))}"
    if isinstance(value, (list, tuple, set, dict)):
        return f"{_article(type(value).__name__)} of {len(value)}"
    return _article(type(value).__name__)


def _article(word: str) -> str:
    return f"{'an' if word[:1].lower() in ('a', 'e', 'i', 'o') else 'a'} {word}"


def at_path(value: Any, path: list[str]) -> Any:
    """What a dict or an object has under names, one below the other; `NoNumber` when there is none. Runs no property."""
    for name in path:
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif name in getattr(value, "_fields", ()):
            value = tuple.__getitem__(value, value._fields.index(name))
        else:
            own: Optional[dict[str, Any]] = getattr(value, "__dict__", None)
            if not isinstance(own, dict) or name not in own:
                raise NoNumber(f"{describe(value)} without {name}")
            value = own[name]
    return value


def short(value: Any) -> str:
    """A value for people: numbers and short texts as they are, anything else by what it is."""
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str, decimal.Decimal)):
        text = str(value) if isinstance(value, decimal.Decimal) else repr(value)
        return text if len(text) <= 80 else f"{text[:77]}…"
    return describe(value)
