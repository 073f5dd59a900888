"""Statements that only compute: they can be evaluated where the cell ran, and leave nothing behind but what they bind."""

from __future__ import annotations

import ast
import types
from typing import Any

# What these have is computed from what it is given; `numpy.random` draws, and files are read and written by name.
_LIBRARIES = ("polars", "numpy", "math", "statistics", "sklearn.metrics")
_DRAWING = ("numpy.random", "sklearn.metrics._plot")
_BUILTINS = frozenset({"abs", "bool", "dict", "float", "int", "len", "list", "max", "min", "round", "sorted", "str", "sum", "tuple", "zip"})
# Methods that draw, that act on the outside, or that set something for later.
_ACTING = (
    *("read_", "scan_", "write_", "sink_", "save", "load", "from", "to_", "memmap", "set", "enable", "disable"),
    *("map_", "sample", "shuffle"),
)
_ONLY_GIVES = frozenset({"to_numpy", "to_list", "to_series", "to_frame", "to_dummies", "from_numpy", "from_dict", "from_dicts"})
# Methods and functions that change what they are called on or given.
_IN_PLACE = frozenset(
    {
        *("at", "append", "byteswap", "copyto", "drop_in_place", "extend", "fill", "fill_diagonal", "insert_column", "itemset"),
        *("partition", "place", "put", "put_along_axis", "putmask", "replace_column", "resize", "scatter", "sort"),
    }
)
_IN_PLACE_BY = frozenset({"out", "inplace", "in_place", "copy", "overwrite_input"})


def only_compute(statements: list[ast.stmt], namespace: dict[str, Any]) -> bool:
    """True when statements bind names to what functions of a few libraries and of Python make of values, and do nothing else."""
    return all(_binds_names(statement) and _is_plain(statement, namespace) for statement in statements)


def _binds_names(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AnnAssign):
        return isinstance(statement.target, ast.Name) and statement.value is not None
    return isinstance(statement, ast.Assign) and all(_is_pattern(target) for target in statement.targets)


def _is_pattern(target: ast.expr) -> bool:
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(_is_pattern(part) for part in target.elts)
    return isinstance(target, ast.Name)


def _is_plain(statement: ast.stmt, namespace: dict[str, Any]) -> bool:
    for node in ast.walk(statement):
        if isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.JoinedStr)):
            return False
        if isinstance(node, ast.keyword) and (node.arg is None or node.arg in _IN_PLACE_BY):
            return False
        if isinstance(node, ast.Call) and not _may_call(node.func, namespace):
            return False
    return True


def _may_call(function: ast.expr, namespace: dict[str, Any]) -> bool:
    if isinstance(function, ast.Name):
        value = namespace.get(function.id)
        if value is None:
            return function.id in _BUILTINS
        is_called = isinstance(value, types.FunctionType) and function.id not in _IN_PLACE
        return is_called and _is_of_library(value.__module__) and not function.id.startswith(_ACTING)
    if not isinstance(function, ast.Attribute):
        return False
    if function.attr.startswith(_ACTING) and function.attr not in _ONLY_GIVES:
        return False
    return _is_given(function.value, namespace) and not (function.attr in _IN_PLACE and not _is_immutable(function.value, namespace))


def _is_given(base: ast.expr, namespace: dict[str, Any]) -> bool:
    """True for an object whose methods only compute: a module of the libraries, one of their values, or what a call gave."""
    while isinstance(base, (ast.Attribute, ast.Subscript)):
        if isinstance(base, ast.Attribute) and base.attr == "random":
            return False
        base = base.value
    if isinstance(base, ast.Name):
        value = namespace.get(base.id)
        name = value.__name__ if isinstance(value, types.ModuleType) else type(value).__module__
        return _is_of_library(name)
    return isinstance(base, (ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Constant))


def _is_immutable(base: ast.expr, namespace: dict[str, Any]) -> bool:
    """True for an expression of polars and for what a call has just made: nobody else has it."""
    return not isinstance(base, (ast.Name, ast.Attribute, ast.Subscript)) and _is_given(base, namespace)


def _is_of_library(name: Any) -> bool:
    if not isinstance(name, str) or any(_is_in(name, library) for library in _DRAWING):
        return False
    return any(_is_in(name, library) for library in _LIBRARIES)


def _is_in(name: str, library: str) -> bool:
    return name == library or name.startswith(f"{library}.")
