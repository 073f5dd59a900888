"""Why the cell of a gate says no: an assertion that failed, a schema that does not fit, a result that is no success."""

from __future__ import annotations

import ast
import sys
from typing import Any, Optional

from .expectations import unmet
from .numbers_of import short

# Errors of validation that are no AssertionError; by the module that has them.
_OF_SCHEMAS = frozenset({"SchemaError", "SchemaErrors"})


def failed(source: str, namespace: dict[str, Any]) -> Optional[dict[str, Any]]:
    """What a gate's error says, or None for an error that is no verdict. `test` is the text of an assertion of the cell itself."""
    error: Any = getattr(sys, "last_value", None)
    kinds = type(error).__mro__
    of_schema = any(kind.__name__ in _OF_SCHEMAS and kind.__module__.partition(".")[0] == "pandera" for kind in kinds)
    if not isinstance(error, AssertionError) and not of_schema:
        return None
    if of_schema:
        cases = _failure_cases(error)
        return {"condition": "the schema", "test": "", "values": cases, "why": "" if cases else _first_line(error)}
    condition = _assertion(source, error, namespace)
    return {"condition": condition, "test": condition, "values": {}, "why": _first_line(error)}


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


def _assertion(source: str, error: BaseException, namespace: dict[str, Any]) -> str:
    """The test of the statement that raised, when it stands at the top level of the cell."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_globals is namespace and trace.tb_frame.f_code.co_name == "<module>":
            line = trace.tb_lineno if trace.tb_next is None else 0
        trace = trace.tb_next
    for node in ast.walk(ast.parse(source)) if line else ():
        if isinstance(node, ast.Assert) and node.lineno <= line <= (node.end_lineno or node.lineno):
            return ast.unparse(node.test)
    return ""


def _failure_cases(error: Any) -> dict[str, str]:
    """Of pandera: how many values failed each check, and some of them."""
    cases: Any = getattr(error, "failure_cases", None)
    failed: dict[str, list[str]] = {}
    try:
        for column, check, value in zip(cases["column"], cases["check"], cases["failure_case"]):
            failed.setdefault(f"{column} {check}", []).append(short(value))
    except Exception:  # noqa: BLE001  (another version has another table, or none; the message says it as well)
        return {}
    return {check: f"{len(values)} failed ({', '.join(values[:3])})" for check, values in list(failed.items())[:20]}


def unsuccessful(result: Any) -> Optional[dict[str, Any]]:
    """What the result of a gate's cell says, when it is a verdict and says no."""
    if short(result) == "False":
        return _no("the cell's result", {"the cell's result": "False"}, "the cell gives False")
    success = result.get("success") if isinstance(result, dict) else getattr(result, "success", None)
    if short(success) != "False":
        return None
    statistics = result.get("statistics") if isinstance(result, dict) else getattr(result, "statistics", None)
    values = {"success": "False"}
    if isinstance(statistics, dict):
        values.update((str(name), short(value)) for name, value in list(statistics.items())[:20])
    values.update(unmet(result))
    return _no("success of the cell's result", values, "the cell's result is no success")


def _no(condition: str, values: dict[str, str], why: str) -> dict[str, Any]:
    return {"condition": condition, "test": "", "values": values, "why": why}
