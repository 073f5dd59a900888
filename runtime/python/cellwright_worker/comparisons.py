"""Comparisons with `is` of values that cannot change: the store keeps what they are, not which of them are one object.

`text is other` holds in Jupyter where both came from one expression, and `kind is 'linear'` because the interpreter keeps such words
once. What is loaded from the store is another object each time. So a cell that compares such values needs the other cells' process.
"""

from __future__ import annotations

import ast
import enum
import sys
from collections.abc import Iterator, Sequence
from typing import Any

_UNCHANGING: tuple[type, ...] = (str, bytes, int, float, complex, tuple, frozenset, range, slice)
_OF_LIBRARIES = (
    ("datetime", "date"), ("datetime", "time"), ("datetime", "timedelta"), ("datetime", "tzinfo"), ("decimal", "Decimal"),
    ("fractions", "Fraction"), ("uuid", "UUID"), ("pathlib", "PurePath"), ("numpy", "generic"),
)  # fmt: skip
# The interpreter has these once, or there is one in its library.
_SINGLE_NUMBERS = range(-5, 257)
_SINGLE_ATTRIBUTES = frozenset({"nan", "NaN", "NA", "NaT"})


class Comparisons:
    """What the cells of a notebook compare with `is`."""

    def __init__(self, cells: Sequence[ast.Module | None]) -> None:
        """`cells` are their trees (`cell_trees.py`); those that are not valid compare nothing."""
        self._names: set[str] = set()
        self._has_literal = False
        for tree in cells:
            if tree is not None:
                self._read(tree)

    def of_unchanging(self, variables: dict[str, Any]) -> str:
        """Which variables a comparison would not see as they are in one process; empty when there are none."""
        if self._has_literal:
            return "something is compared with a literal by `is`"
        name = next((name for name in self._names if name in variables and _is_ambiguous(variables[name])), None)
        return f"{name}, which cannot change, is compared by `is`" if name is not None else ""

    def _read(self, tree: ast.Module) -> None:
        for pair in _pairs(tree):
            if not any(_is_single(side) for side in pair):
                self._names.update(name for name in map(_name_of, pair) if name)
                self._has_literal = self._has_literal or any(isinstance(side, (ast.Constant, ast.Tuple)) for side in pair)


def _pairs(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for operator, left, right in zip(node.ops, sides, sides[1:]):
                if isinstance(operator, (ast.Is, ast.IsNot)):
                    yield left, right


def _name_of(side: ast.expr) -> str:
    side = side.target if isinstance(side, ast.NamedExpr) else side
    return side.id if isinstance(side, ast.Name) else ""


def _is_single(side: ast.expr) -> bool:
    """True for what there is one of in every process."""
    if isinstance(side, ast.Attribute):
        return side.attr in _SINGLE_ATTRIBUTES
    return isinstance(side, ast.Constant) and not _is_ambiguous(side.value)


def _is_ambiguous(value: Any) -> bool:
    """True for a value of which two equal objects may be one or two."""
    if isinstance(value, int):
        return value not in _SINGLE_NUMBERS and not isinstance(value, enum.Enum)
    if isinstance(value, enum.Enum) or not isinstance(value, _UNCHANGING + _of_libraries()):
        return False
    # What is not equal to itself (NaN, NaT) is kept by its identity.
    return len(value) > 1 if isinstance(value, (str, bytes)) else value != () and _is_itself(value)


def _of_libraries() -> tuple[type, ...]:
    """Such classes of the libraries that are imported: this program imports none for the notebook."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in _OF_LIBRARIES)
    return tuple(kind for kind in found if isinstance(kind, type))


def _is_itself(value: Any) -> bool:
    return not isinstance(value, (float, complex, *_of_libraries())) or bool(value == value)
