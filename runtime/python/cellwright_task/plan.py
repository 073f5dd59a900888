"""The bundle and the plan of an emitted notebook, as `plan.schema.json` describes them."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any

from .problem import Problem, StepFailed

PLAN_VERSION = 1
BUNDLE_VERSION = 1
_EVERYTHING = "*"


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal values have equal bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")


def digest_of(data: bytes) -> str:
    """`sha256:` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Cell:
    """One executed cell, and all that it may do."""

    task: str
    name: str
    step: str
    writes: frozenset[str]
    files_read: frozenset[str]
    files_written: frozenset[str]
    elsewhere: bool
    outside: frozenset[str]
    held: frozenset[str]

    def may_write(self, name: str) -> bool:
        """True when the plan allows for it."""
        if name in self.writes or _EVERYTHING in self.writes:
            return True
        return any(_fits(pattern, name) for pattern in self.writes if _EVERYTHING in pattern)

    def may_write_file(self, path: str) -> bool:
        """True for a path, from the notebook's folder, that the plan names, and for what is below it."""
        return any(path == known or path.startswith(known + "/") for known in self.files_written)

    @property
    def acts_unseen(self) -> bool:
        """True when it may change files that are not listed."""
        return bool(self.outside - {"file-write", "network"})


def _fits(pattern: str, name: str) -> bool:
    before, _, after = pattern.partition(_EVERYTHING)
    return len(name) >= len(before) + len(after) and name.startswith(before) and name.endswith(after)


@dataclass(frozen=True)
class Step:
    """What one process runs."""

    name: str
    tasks: tuple[str, ...]
    needs: tuple[str, ...]
    whole: bool
    parameters: tuple[str, ...]


class Project:
    """What was emitted: the bundle's tasks in notebook order, and the plan."""

    def __init__(self, folder: str) -> None:
        """`folder` holds `bundle.json`, `plan.json` and `notebook.ipynb`; `StepFailed` when they are not of each other."""
        self.folder = folder
        text, self.bundle = _read(folder, "bundle.json", BUNDLE_VERSION)
        _, self._plan = _read(folder, "plan.json", PLAN_VERSION)
        if self._plan["bundle"] != digest_of(text.rstrip(b"\n")):
            raise _unfit(f"plan.json in {folder} was not made from the bundle.json beside it.")
        self.tasks: list[dict[str, Any]] = [task for task in self.bundle["tasks"] if task["executionCount"] > 0]
        self.places = {task["id"]: place for place, task in enumerate(self.tasks)}
        self.cells = [_cell(cell) for cell in self._plan["cells"]]
        self.steps = {step["name"]: _step(step) for step in self._plan["steps"]}
        if [cell.task for cell in self.cells] != [task["id"] for task in self.tasks]:
            raise _unfit(f"plan.json in {folder} has other cells than bundle.json.")

    def step(self, name: str) -> Step:
        """The step of that name; `StepFailed` when there is none."""
        if name not in self.steps:
            known = ", ".join(self.steps)
            raise StepFailed(Problem("CW819", f"There is no step {name}.", f"The steps are {known}."), 2)
        return self.steps[name]

    def files_read(self, step: str) -> frozenset[str]:
        """Files that the cells of a step were seen to read, from the notebook's folder."""
        return frozenset(name for cell in self.cells if cell.step == step for name in cell.files_read)

    def files_written(self) -> frozenset[str]:
        """Files that any cell may write, from the notebook's folder."""
        return frozenset(name for cell in self.cells for name in cell.files_written)

    def document(self) -> str:
        """The notebook, as nbformat 4 JSON text."""
        with open(os.path.join(self.folder, "notebook.ipynb"), encoding="utf-8") as file:
            return file.read()


def _unfit(message: str) -> StepFailed:
    return StepFailed(Problem("CW819", message, "Emit the notebook again."), 2)


def _read(folder: str, name: str, version: int) -> tuple[bytes, dict[str, Any]]:
    path = os.path.join(folder, name)
    try:
        with open(path, "rb") as file:
            text = file.read()
        document = json.loads(text)
    except (OSError, ValueError) as error:
        raise _unfit(f"{path} cannot be read: {error}.") from error
    if not isinstance(document, dict) or document.get("formatVersion") != version:
        raise _unfit(f"{path} is not of format version {version}.")
    return text, document


def _cell(cell: dict[str, Any]) -> Cell:
    files = cell["files"]
    return Cell(
        task=cell["task"],
        name=cell["name"],
        step=cell["step"],
        writes=frozenset(cell["writes"]),
        files_read=frozenset(files["reads"]),
        files_written=frozenset(files["writes"]),
        elsewhere=files["elsewhere"],
        outside=frozenset(cell["outside"]),
        held=frozenset(cell["held"]),
    )


def _step(step: dict[str, Any]) -> Step:
    return Step(step["name"], tuple(step["tasks"]), tuple(step["needs"]), step["whole"], tuple(step["parameters"]))
