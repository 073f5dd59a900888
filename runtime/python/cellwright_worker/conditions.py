"""Conditions of gates: evaluated after the cell, with what was seen on both sides of each comparison."""

from __future__ import annotations

import ast
import operator
from typing import Any, Callable

from .expectations import unmet
from .numbers_of import short

_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
# What these do with plain values changes nothing and takes no time.
_PLAIN_NODES = (
    ast.Name, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.expr_context, ast.cmpop, ast.boolop, ast.unaryop,
    ast.Add, ast.Sub, ast.Div,
)  # fmt: skip


def names_in(text: str) -> list[str]:
    """The variables that a condition may look up, each once."""
    found = [node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(found))


def is_plain(text: str, namespace: dict[str, Any]) -> bool:
    """True when only numbers and texts that are here are compared: to evaluate that can change nothing."""
    tree = ast.parse(text, mode="eval").body
    if not all(isinstance(node, _PLAIN_NODES) for node in ast.walk(tree)):
        return False
    values = [namespace.get(name) for name in names_in(text) if name in namespace]
    return len(values) == len(names_in(text)) and all(type(value) in (bool, int, float, str, type(None)) for value in values)


def judge(text: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Whether a condition holds, and what it saw; `error` when it could not be evaluated."""
    seen: dict[str, str] = {}
    try:
        holds = bool(_evaluate(ast.parse(text, mode="eval").body, namespace, seen))
    except Exception as error:  # noqa: BLE001  (whatever the notebook's objects raise is the answer)
        said = str(error).strip().split("\n", 1)[0][:300]
        return {"condition": text, "holds": False, "values": seen, "error": f"{type(error).__name__}: {said}"}
    return {"condition": text, "holds": holds, "values": seen}


def _evaluate(node: ast.expr, namespace: dict[str, Any], seen: dict[str, str]) -> Any:
    if isinstance(node, ast.BoolOp):
        value: Any = None
        for part in node.values:
            value = _evaluate(part, namespace, seen)
            if bool(value) != isinstance(node.op, ast.And):
                break
        return value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return not _evaluate(node.operand, namespace, seen)
    if isinstance(node, ast.Compare):
        left = _operand(node.left, namespace, seen)
        outcome: Any = True
        for sign, other in zip(node.ops, node.comparators):
            right = _operand(other, namespace, seen)
            outcome = _COMPARE[type(sign)](left, right)
            if not outcome:
                break
            left = right
        return outcome
    return _operand(node, namespace, seen)


def _operand(node: ast.expr, namespace: dict[str, Any], seen: dict[str, str]) -> Any:
    value = eval(compile(ast.Expression(node), "<gate>", "eval"), namespace)
    if not any(isinstance(part, ast.Name) for part in ast.walk(node)):
        return value
    seen[ast.unparse(node)] = short(value)
    if short(value) == "False":
        seen.update(_behind(node, namespace))
    return value


def _behind(node: ast.expr, namespace: dict[str, Any]) -> dict[str, str]:
    """What an operand such as `result.success` or `result["success"]` is about: a condition is told with what was not met."""
    of_attribute = isinstance(node, ast.Attribute) and node.attr == "success"
    of_entry = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value == "success"
    if not of_attribute and not of_entry:
        return {}
    result: ast.expr = node.value  # type: ignore[attr-defined]
    if not isinstance(result, ast.Name):
        return {}
    return unmet(namespace.get(result.id))
