"""Whether the gates of a cell hold. What only an earlier run could tell is not known to an engine, and leaves a comparison open."""

from __future__ import annotations

from typing import Any, Optional, Union

Verdict = dict[str, Any]
Formula = dict[str, Any]
_FLIPPED = {"==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b}
_COMPARE = {**_FLIPPED, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
_COMPUTE = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: _divide(a, b)}


class Missing(Exception):
    """A number that cannot be had, so that the gate cannot be shown to hold."""


def verdicts_on(task: dict[str, Any], result: dict[str, Any], slices: list[dict[str, Any]]) -> list[Verdict]:
    """The verdicts on a cell. `slices` are those of the cells before it and its own, the latest last."""
    gates = (task.get("measures") or {}).get("gates", [])
    raised = result["status"] == "error"
    measured = result.get("measured")
    if measured is None or (raised and task["directives"]["raisesException"]):
        why = "the cell raised before it could be evaluated"
        may_raise = raised and task["directives"]["raisesException"]
        return [_verdict(gate["condition"], False, {}, why) for gate in gates] if may_raise else []
    stopped = measured.get("stopped")
    own = [{**stopped, "holds": False}] if stopped is not None else [_verdict("the cell", True, {}, "")] * bool(task["directives"]["gate"])
    if raised:
        return own
    found = {one["condition"]: one for one in measured["conditions"]}
    return own + [_judge(gate, found.get(gate["condition"]), measured, slices) for gate in gates]


def is_closed(verdicts: list[Verdict]) -> bool:
    """True when one of them does not hold."""
    return any(not verdict["holds"] for verdict in verdicts)


def _verdict(condition: str, holds: bool, values: dict[str, str], why: str) -> Verdict:
    return {"condition": condition, "holds": holds, "values": values, "why": why}


def _judge(gate: dict[str, Any], found: Optional[dict[str, Any]], measured: dict[str, Any], slices: list[dict[str, Any]]) -> Verdict:
    condition = gate["condition"]
    if "formula" not in gate:
        if found is None:
            return _verdict(condition, False, {}, "it was not evaluated")
        return _verdict(condition, bool(found["holds"]), found["values"], found.get("error", ""))
    sheet = _Sheet(measured, slices)
    try:
        answer = sheet.truth(gate["formula"])
    except Missing as error:
        return _verdict(condition, False, sheet.seen, str(error))
    why = f"no earlier run has {', '.join(sheet.unknown)} here" if sheet.unknown else ""
    return _verdict(condition, answer is not False, sheet.seen, why)


class _Sheet:
    def __init__(self, measured: dict[str, Any], slices: list[dict[str, Any]]) -> None:
        self._measured = measured
        self._slices = slices
        self.seen: dict[str, str] = {}
        self.unknown: list[str] = []

    def truth(self, formula: Formula) -> Optional[bool]:
        """None: open, because an earlier run would have to tell."""
        kind = formula["kind"]
        if kind == "comparison":
            return self._comparison(formula)
        if kind == "not":
            inner = self.truth(formula["of"])
            return None if inner is None else not inner
        if kind in ("and", "or"):
            decisive = kind == "or"
            parts = [self.truth(part) for part in formula["of"]]
            if decisive in parts:
                return decisive
            return None if None in parts else not decisive
        value = self._number(formula)
        return None if value is None else value != 0

    def _comparison(self, formula: Formula) -> Optional[bool]:
        values = [self._number(part) for part in formula["of"]]
        pairs = zip(formula["operators"], values, values[1:])
        answers = [None if left is None or right is None else _COMPARE[sign](left, right) for sign, left, right in pairs]
        if False in answers:
            return False
        return None if None in answers else True

    def _number(self, formula: Formula) -> Optional[float]:
        kind = formula["kind"]
        if kind == "number":
            return float(formula["value"])
        if kind == "metric":
            return self._metric(formula["name"])
        if kind == "previous":
            name = f"previous.{formula['name']}"
            if name not in self.unknown:
                self.unknown.append(name)
            return None
        if kind == "groups":
            return self._groups(formula)
        if kind == "negative":
            value = self._number(formula["of"])
            return None if value is None else -value
        if kind in ("call", "arithmetic"):
            values = [self._number(part) for part in formula["of"]]
            known = [value for value in values if value is not None]
            return None if len(known) < len(values) else _compute(formula.get("name") or formula["operator"], known)
        value = self.truth(formula)
        return None if value is None else float(value)

    def _metric(self, name: str) -> float:
        if name not in self._measured["metrics"]:
            what = self._measured["unmeasured"].get(name, "not recorded")
            raise Missing(f"it cannot be judged, since {name} is {what}")
        value = self._measured["metrics"][name]
        self.seen[name] = _show(float(value))
        return float(value)

    def _groups(self, formula: Formula) -> float:
        take, metric, column = formula["take"], formula["metric"], formula["column"]
        found = [one for one in self._slices if one["metric"] == metric and one["column"] == column]
        groups = found[-1]["groups"] if found else []
        known = sorted((float(group["value"]), group["group"]) for group in groups if group["value"] is not None)
        known = [one for one in known if one[0] == one[0]]
        if not known:
            raise Missing(f"it cannot be judged, since {metric} is not recorded for any {column}")
        least, most = known[0], known[-1]
        ends = [most, least] if take == "max_gap" else [least if take == "group_min" else most]
        value = most[0] - least[0] if take == "max_gap" else ends[0][0]
        shown = ", ".join(f"{name} {_show(number)}" for number, name in ends)
        self.seen[f"{take}({metric}, {column})"] = f"{_show(value)} ({shown})"
        return value


def _compute(name: str, values: list[float]) -> float:
    if name in _COMPUTE:
        return float(_COMPUTE[name](values[0], values[1]))
    return abs(values[0]) if name == "abs" else (min if name == "min" else max)(values)


def _divide(left: float, right: float) -> float:
    """As floating-point hardware does it."""
    if right != 0:
        return left / right
    return float("nan") if left == 0 or left != left else float("inf") if left > 0 else float("-inf")


def _show(value: Union[int, float]) -> str:
    return str(int(value)) if value == value and abs(value) < 1e15 and value == int(value) else f"{value:.6g}"
