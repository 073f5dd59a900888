"""What the log of a run says of its tasks: where in the store the values are that each of them left."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any, Optional

from .codec import ValueRef


class NotOfThisRun(Exception):
    """What was asked for is not in the record of the run."""


@dataclass
class RecordedCell:
    """A cell of the run, in the notebook's order."""

    id: str
    name: str
    number: int
    source: str
    # Digest of its code; empty when it did not end.
    code: str = ""
    reads: dict[str, str] = field(default_factory=dict)
    writes: dict[str, ValueRef] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    deletes: set[str] = field(default_factory=set)


@dataclass
class RunRecord:
    """A run of a notebook."""

    objects: str
    cwd: str
    version: str
    cells: list[RecordedCell]

    def before(self, task: str) -> list[RecordedCell]:
        """The cells before a task, named by the id of its cell or by its own name."""
        for place, cell in enumerate(self.cells):
            if task in (cell.id, cell.name):
                return self.cells[:place]
        raise NotOfThisRun(f"there is no task {task} in this run")

    def references(self, task: str) -> dict[str, ValueRef]:
        """Where the value of each name is that exists before a task; names that no store has are left out."""
        found: dict[str, ValueRef] = {}
        for cell in self.before(task):
            for name in (*cell.deletes, *cell.held):
                found.pop(name, None)
            found.update(cell.writes)
        return found


def read_record(state: str, run: str) -> RunRecord:
    """Read the log of a run. Loading what it names runs what its writer wants, so it must be the user's own."""
    if hasattr(os, "getuid") and os.stat(state).st_uid != os.getuid():
        raise PermissionError(f"{state} belongs to somebody else, and so would the values stored there")
    folder = os.path.join(state, "runs", os.path.basename(run))
    with open(os.path.join(folder, "notebook.ipynb"), encoding="utf-8") as file:
        cells = [cell for cell in json.load(file)["cells"] if cell["cell_type"] == "code"]
    found = {cell["id"]: RecordedCell(cell["id"], "", cell.get("execution_count") or 0, "".join(cell["source"])) for cell in cells}
    record = RunRecord(os.path.join(state, "store"), "", "", list(found.values()))
    in_one_process = False
    with open(os.path.join(folder, "events.jsonl"), encoding="utf-8") as file:
        for line in file:
            event = _parsed(line)
            kind = event.get("type")
            if kind == "run-started":
                record.cwd = event["cwd"]
            elif kind == "language":
                record.version = event["version"]
            elif kind == "restarted":
                in_one_process = False
                for cell in record.cells:
                    cell.reads, cell.writes, cell.held, cell.deletes, cell.code = {}, {}, {}, set(), ""
            elif kind == "lane":
                # What is told of tasks from now on has no values.
                in_one_process = True
            elif event.get("task") in found:
                cell = found[event["task"]]
                cell.name = event["name"]
                if kind == "task-finished" and not in_one_process:
                    _take(cell, event)
    return record


def _parsed(line: str) -> dict[str, Any]:
    try:
        event: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}  # A run that was killed leaves half a line.
    return event


def _take(cell: RecordedCell, event: dict[str, Any]) -> None:
    observed: Optional[dict[str, Any]] = event.get("observed")
    cell.code = event["code"]
    if observed is None:
        return
    cell.reads = observed["reads"]
    cell.held = observed["held"]
    cell.deletes = set(observed["deletes"])
    for name, write in observed["writes"].items():
        if "object" in write:
            cell.writes[name] = ValueRef(write["object"], write["member"], write["content"])
