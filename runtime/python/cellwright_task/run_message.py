"""The message that starts a cell in a worker's process, and the imports that this process starts with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .cell_engines import script_in
from .versions import LIST_OF_NAMES, Versions

_DECISIVE = ("state:environ", "state:sys.path")


def names_to_load(versions: Versions, place: int) -> list[str]:
    """What a cell is expected to read, and all hidden state so far."""
    return [*versions.implicit(place), *expected_reads(versions, place)]


def expected_reads(versions: Versions, place: int) -> list[str]:
    """Variables that the cell's text says that it reads or changes."""
    task = versions.cells[place].task
    preload = task["preload"]
    names = dict.fromkeys(versions.variables(place) if preload == LIST_OF_NAMES else preload)
    uses = [(use["resource"]["name"], use["access"]) for use in task["accesses"] if use["resource"]["kind"] == "variable"]
    bound = {name for name, access in uses if access == "bind"}
    for name, access in uses:
        # What the cell binds and then changes is its own value, not an earlier cell's.
        if access != "bind" and (access != "mutate" or name not in bound):
            names[name] = None
    return list(names)


def every_name(versions: Versions, place: int) -> list[str]:
    """Every variable that an earlier cell left and kept."""
    names = {name for _, result in versions.before(place) for name in (*result["writes"], *result["held"])}
    return sorted(name for name in names if ":" not in name)


def imports_of(versions: Versions, place: int) -> list[str]:
    """What a cell imported, as statements: those of its text, and what was seen of an ancestor."""
    cell = versions.cells[place]
    seen = [] if cell.result is None else cell.result["imported"]
    return [*cell.task["imports"], *(f"import {name}" for name in seen)]


def import_steps(versions: Versions, place: int) -> list[dict[str, Any]]:
    """The imports that the process of a cell starts with: those of the cells before it, and those that begin its own."""
    steps: list[dict[str, Any]] = []
    for at in range(place):
        cell = versions.cells[at]
        changed = [name for name in _DECISIVE if cell.result is not None and name in cell.result["writes"]]
        if cell.result is None and _is_expected_to_decide(cell.task):
            return steps
        _add_leading(steps, cell.task)
        state = {name: reference for name in changed if (reference := versions.origin(name, at + 1).reference) is not None}
        if len(state) < len(changed) or any(reference["object"] == "" for reference in state.values()):
            return steps
        imports = imports_of(versions, at)
        if imports or changed:
            steps.append({"state": state, "imports": imports, "ahead": False})
    _add_leading(steps, versions.cells[place].task)
    return steps


def _add_leading(steps: list[dict[str, Any]], task: dict[str, Any]) -> None:
    imports = task["imports"][: task["leadingImports"]]
    if imports:
        steps.append({"state": {}, "imports": imports, "ahead": True})


def _is_expected_to_decide(task: dict[str, Any]) -> bool:
    uses = (use for use in task["accesses"] if use["access"] != "read" and use["resource"]["kind"] == "state")
    return any(f"state:{use['resource']['name']}" in _DECISIVE for use in uses)


def asked_measures(task: dict[str, Any]) -> dict[str, Any]:
    """What the worker records and evaluates after the cell."""
    measures, is_gate = task.get("measures"), task["directives"]["gate"]
    if measures is None and not is_gate:
        return {}
    known = measures or {"metrics": [], "gates": [], "slices": []}
    return {
        "measures": {
            "isGate": is_gate,
            "metrics": [metric["name"] for metric in known["metrics"]],
            "conditions": [gate["condition"] for gate in known["gates"] if "formula" not in gate],
            "slices": known["slices"],
        }
    }


def limit_in(task: dict[str, Any]) -> dict[str, Any]:
    """How long the cell may run, if its directive says it."""
    timeout = task["directives"].get("timeout")
    return {} if timeout is None else {"timeout": timeout}


def run_message(versions: Versions, place: int, shadowed: Iterable[str], how: dict[str, Any]) -> dict[str, Any]:
    """`how` has `keep`, the names that stay in the process, `from`, the first cell whose imports it may not have, and `head`."""
    task = versions.cells[place].task
    keep: list[str] = how["keep"]
    exposes = task["exposes"]
    names = [*([LIST_OF_NAMES] if task["preload"] == LIST_OF_NAMES else []), *names_to_load(versions, place)]
    bindings = {name: versions.binding(name, place) for name in names if name not in keep}
    return {
        "type": "run",
        "attempt": "1",
        "task": task["id"],
        "source": task["source"],
        **script_in(task),
        "executionCount": task["executionCount"],
        "inputHistory": {"count": place, "others": []},
        "imports": [line for at in range(how["from"], place) for line in imports_of(versions, at)],
        "certainImports": task["imports"],
        "preload": {name: binding for name, binding in bindings.items() if binding["kind"] == "value"},
        "exposes": "*" if exposes == "*" else [*exposes, *keep],
        "shadowedBuiltins": sorted({*shadowed, *versions.shadows(place)}),
        "variables": every_name(versions, place) if how["head"] else [],
        "head": how["head"],
        "asksEach": True,
        "keep": keep,
        "allowErrors": task["directives"]["raisesException"],
        **limit_in(task),
        **asked_measures(task),
    }


def lane_message(versions: Versions, place: int) -> dict[str, Any]:
    """For a cell of a process that runs all cells."""
    task = versions.cells[place].task
    nothing: dict[str, Any] = {"imports": [], "certainImports": [], "preload": {}, "exposes": [], "shadowedBuiltins": [], "variables": []}
    return {
        "type": "run",
        "attempt": "lane",
        "task": task["id"],
        "source": task["source"],
        **script_in(task),
        "executionCount": task["executionCount"],
        "inputHistory": {"count": place, "others": []},
        **nothing,
        "head": True,
        "keep": ["*"],
        "allowErrors": task["directives"]["raisesException"],
        **asked_measures(task),
        "lane": True,
        **limit_in(task),
    }
