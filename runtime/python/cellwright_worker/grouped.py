"""Slices: the metrics of a cell again, for the rows of each group of a frame, in a process that is thrown away if that is possible."""

from __future__ import annotations

import ast
import math
import sys
import types
from typing import Any, Callable, Optional

from .numbers_of import NoNumber, Number, at_path, describe, numbers_of
from .plain_statements import only_compute

Send = Callable[[dict[str, Any]], None]

# Groups beyond these, the smaller ones, are left out.
MOST_GROUPS = 50
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Unsliceable(Exception):
    """Why a metric cannot be had for each group."""


def needs_threads(source: str, directive: dict[str, Any], namespace: dict[str, Any]) -> bool:
    """
    True when the groups are those of a frame of polars: its threads do not come along into a copy of the process. The statements have
    to be such as can be evaluated where the cell ran.
    """
    if "polars" not in sys.modules:
        return False
    named = directive.get("of")
    names = [named] if named is not None else sorted({name for statement in ast.parse(source).body for name in _Names(statement).loads})
    return any(_is_of_polars(namespace.get(name)) for name in names)


def slices(
    source: str, metrics: dict[str, Number], directive: dict[str, Any], namespace: dict[str, Any], send: Send, here: bool = False
) -> None:
    """
    Send a message `slice` for each metric and column, or `unsliced` with the reason. `here`: in the process of the cell, on a namespace of
    its own.
    """
    columns: list[str] = directive["columns"]
    try:
        body = ast.parse(source).body
        roots = {root: names for root, names in _by_root(metrics).items() if _binds(body, root)}
        if not roots:
            named = ", ".join(metrics) or "no metric"
            raise Unsliceable(f"the cell binds none of its metrics ({named}); write the directive in the cell that computes them")
        for root, names in roots.items():
            wanted = {name: metrics[name] for name in names}
            _Grouping(body, root, namespace, here).run(directive.get("of"), columns, wanted, send)
    except Unsliceable as reason:
        send({"type": "unsliced", "columns": columns, "why": str(reason)})


def _by_root(metrics: dict[str, Number]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in metrics:
        found.setdefault(name.partition(".")[0], []).append(name)
    return found


class _Names(ast.NodeVisitor):
    """What a statement binds, what it changes a part of, and what it looks up."""

    def __init__(self, statement: ast.stmt) -> None:
        self.binds: set[str] = set()
        self.changes: set[str] = set()
        self.loads: set[str] = set()
        self.visit(statement)

    def visit_Name(self, node: ast.Name) -> None:
        (self.loads if isinstance(node.ctx, ast.Load) else self.binds).add(node.id)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.loads.add(node.target.id)
        self.generic_visit(node)

    def _part(self, node: Any) -> None:
        base = node.value
        while isinstance(base, (ast.Attribute, ast.Subscript)):
            base = base.value
        if isinstance(base, ast.Name) and not isinstance(node.ctx, ast.Load):
            self.changes.add(base.id)
        self.generic_visit(node)

    visit_Attribute = visit_Subscript = _part

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            self.changes.add(node.func.value.id)
        self.generic_visit(node)


def _binds(body: list[ast.stmt], name: str) -> bool:
    return any(name in _Names(statement).binds for statement in body)


def _backwards(body: list[ast.stmt], root: str, leaves: set[str], reads_of: Callable[[str], set[str]]) -> tuple[list[ast.stmt], set[str]]:
    """The statements that `root` comes from, but for those of leaves and definitions, and every name that they look up."""
    wanted, chosen, loaded = {root}, list[ast.stmt](), set[str]()
    for statement in reversed(body):
        if isinstance(statement, _DEFINITIONS):
            continue
        names = _Names(statement)
        # What a call on a wanted object does to it is not known, so a statement that is nothing but that is one of them.
        changes = names.changes if isinstance(statement, (ast.Expr, ast.Assign, ast.AugAssign, ast.Delete)) else set()
        made = (names.binds | (changes if not names.binds else set())) - leaves
        if not made & wanted:
            continue
        chosen.insert(0, statement)
        needed = set(names.loads)
        for name in names.loads:
            needed |= reads_of(name)
        loaded |= needed
        if isinstance(statement, ast.Assign) and not names.changes & names.binds:
            wanted -= names.binds
        wanted |= needed - leaves
    return chosen, loaded


class _Grouping:
    """One metric variable of one cell."""

    def __init__(self, body: list[ast.stmt], root: str, namespace: dict[str, Any], here: bool) -> None:
        self._here = here
        self._body = body
        self._root = root
        self._namespace = namespace

    def _reads_of(self, name: str) -> set[str]:
        """Variables that a function of the notebook looks up, and those that it calls."""
        found, pending = set[str](), [self._namespace.get(name)]
        while pending:
            function = pending.pop()
            if not isinstance(function, types.FunctionType) or function.__globals__ is not self._namespace:
                continue
            codes: list[types.CodeType] = [function.__code__]
            while codes:
                code = codes.pop()
                codes.extend(part for part in code.co_consts if isinstance(part, types.CodeType))
                for other in code.co_names:
                    if other not in found and other in self._namespace:
                        found.add(other)
                        pending.append(self._namespace[other])
        return found

    def run(self, of: Optional[str], columns: list[str], metrics: dict[str, Number], send: Send) -> None:
        """Send the groups of each column."""
        _, read = _backwards(self._body, self._root, set(), self._reads_of)
        name = self._frame_of(of, columns, read)
        frame = self._namespace[name]
        _check(name, frame, columns)
        aligned = {other for other in {*read, name} if self._is_aligned(other, name, frame)}
        statements, read = _backwards(self._body, self._root, aligned, self._reads_of)
        self._check_where(name, frame, statements)
        for other in sorted(read - aligned):
            if _is_of_pandas_table(self._namespace.get(other)) and len(self._namespace[other]) == len(frame):
                raise Unsliceable(f"{other} has as many rows as {name} but another index, so its rows cannot be told apart by {name}")
        if not aligned & (read | {name}):
            raise Unsliceable(f"{self._root} does not come from the rows of {name}")
        code = compile(ast.Module(statements, []), "<slices>", "exec")
        originals = {other: self._namespace[other] for other in aligned}

        def evaluate(positions: Any) -> dict[str, Number]:
            for other, value in originals.items():
                self._namespace[other] = value if positions is None else _take(value, positions)
            exec(code, self._namespace)
            found: dict[str, Number] = {}
            for metric in metrics:
                found.update(numbers_of(metric, at_path(self._namespace[self._root], metric.split(".")[1:])))
            return found

        self._compare(evaluate, metrics)
        for column in columns:
            groups, left = _groups(frame, column)
            found = [(label, len(rows), _one(evaluate, rows)) for label, rows in groups]
            # What one group left behind must not have told on another.
            self._compare(evaluate, metrics)
            for metric in metrics:
                told = [{"group": label, "rows": rows, "value": values.get(metric), **why} for label, rows, (values, why) in found]
                send({"type": "slice", "metric": metric, "column": column, "of": name, "groups": told, "left": left})

    def _check_where(self, name: str, frame: Any, statements: list[ast.stmt]) -> None:
        is_plain = only_compute(statements, self._namespace)
        if (self._here and not is_plain) or (not self._here and _is_of_polars(frame)):
            raise Unsliceable(
                f"{name} is a frame of polars, whose threads no copy of the process has, and the statements that bind {self._root} do more"
                " than compute from it with polars, numpy and sklearn.metrics"
            )

    def _compare(self, evaluate: Callable[[Any], dict[str, Number]], metrics: dict[str, Number]) -> None:
        """With all rows the statements must give what the cell gave."""
        try:
            again = evaluate(None)
        except Exception as error:  # noqa: BLE001  (whatever the notebook raises is the answer)
            raise Unsliceable(f"the statements that bind {self._root} cannot be evaluated by themselves ({_said(error)})") from None
        for metric, value in metrics.items():
            now = again.get(metric)
            same = now == value or (
                isinstance(now, (int, float)) and isinstance(value, (int, float)) and math.isclose(now, value, rel_tol=1e-9)
            )
            if not same:
                raise Unsliceable(
                    f"evaluated again with all rows, the statements that bind {self._root} give {now} for {metric}, not {value}"
                )

    def _frame_of(self, of: Optional[str], columns: list[str], read: set[str]) -> str:
        if of is not None:
            return of
        tables = sorted(name for name in read if _is_frame(self._namespace.get(name)))
        fitting = [name for name in tables if all(column in self._namespace[name].columns for column in columns)]
        if len(fitting) == 1:
            return fitting[0]
        wanted, ways = ", ".join(columns), f"write `#| slices: {', '.join(columns)} of NAME`"
        if fitting:
            raise Unsliceable(f"{' and '.join(fitting)} have {wanted}; {ways}")
        others = sorted(
            name
            for name, value in self._namespace.items()
            if not name.startswith("_") and _is_frame(value) and all(column in value.columns for column in columns)
        )
        considered = f"of the frames that {self._root} is computed from ({', '.join(tables) or 'none'}), none has {wanted}"
        hint = f"; {ways}, perhaps {' or '.join(others)}" if others else f"; {ways}"
        raise Unsliceable(considered + hint)

    def _is_aligned(self, other: str, name: str, frame: Any) -> bool:
        """True for a value with a row for each row of the frame."""
        value: Any = self._namespace.get(other)
        if value is frame or other == name:
            return True
        if _is_of_pandas_table(value):
            return _is_of_pandas_table(frame) and len(value) == len(frame) and bool(value.index.equals(frame.index))
        if _is_of_polars(value):
            return len(value) == len(frame)
        shape = getattr(value, "shape", None)
        return type(value).__module__ == "numpy" and isinstance(shape, tuple) and len(shape) in (1, 2) and shape[0] == len(frame)


def _is_of_pandas_table(value: Any) -> bool:
    return _is_of(value, "pandas", "Series") or _is_of(value, "pandas", "DataFrame")


def _is_of_polars(value: Any) -> bool:
    return _is_of(value, "polars", "Series") or _is_of(value, "polars", "DataFrame")


def _is_frame(value: Any) -> bool:
    return _is_of(value, "pandas", "DataFrame") or _is_of(value, "polars", "DataFrame")


def _is_of(value: Any, library: str, name: str) -> bool:
    """True for a library's own class of that name, and for classes made from it: pandas 3 has them directly in the package."""
    return any(kind.__name__ == name and kind.__module__.partition(".")[0] == library for kind in type(value).__mro__)


def _check(name: str, frame: Any, columns: list[str]) -> None:
    if not _is_frame(frame):
        raise Unsliceable(f"{name} is {describe(frame)}, and only frames of pandas and polars can be sliced")
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise Unsliceable(f"{name} has no column {', '.join(missing)}")


def _take(value: Any, positions: Any) -> Any:
    return value.iloc[positions] if _is_of_pandas_table(value) else value[positions]


def _groups(frame: Any, column: str) -> tuple[list[tuple[str, Any]], int]:
    """Label and positions of each group, the largest first, and how many were left out."""
    labelled = _groups_of_polars(frame, column) if _is_of_polars(frame) else _groups_of_pandas(frame, column)
    labelled.sort(key=lambda pair: -len(pair[1]))
    return labelled[:MOST_GROUPS], max(0, len(labelled) - MOST_GROUPS)


def _groups_of_pandas(frame: Any, column: str) -> list[tuple[str, Any]]:
    import numpy
    import pandas

    codes, values = pandas.factorize(frame[column])
    groups = [(_label(values[code]) if code >= 0 else "(missing)", numpy.flatnonzero(codes == code)) for code in range(-1, len(values))]
    return [group for group in groups if len(group[1])]


def _groups_of_polars(frame: Any, column: str) -> list[tuple[str, Any]]:
    positions: dict[str, list[int]] = {}
    for place, value in enumerate(frame[column].to_list()):
        is_missing = value is None or (isinstance(value, float) and math.isnan(value))
        positions.setdefault("(missing)" if is_missing else _label(value), []).append(place)
    return sorted(positions.items(), key=lambda pair: pair[0] != "(missing)")


def _label(value: Any) -> str:
    return str(value)[:60]


def _one(evaluate: Callable[[Any], dict[str, Number]], positions: Any) -> tuple[dict[str, Number], dict[str, str]]:
    """The numbers of one group, or why there are none: many metrics are not defined for a single row."""
    try:
        return evaluate(positions), {}
    except NoNumber as reason:
        return {}, {"why": f"it is {reason}"}
    except Exception as error:  # noqa: BLE001  (whatever the notebook raises is the answer)
        return {}, {"why": _said(error)}


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
