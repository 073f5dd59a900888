"""Whether a cell did only what the plan says, and started from what Restart & Run All would have given it.

A step sees the steps before it and no others. For those it relies on the table of the plan: each of them fails when it does what is
not in the table, so a name that no stranger may have written since its last known writer holds what that one left. The proof is in
decision 19.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterable
from typing import Any, Optional

from .plan import Cell, Project, Step
from .problem import SEE_AGAIN, Problem, StepFailed
from .versions import LIST_OF_NAMES, Versions, is_implicit, is_quiet
from .working_files import is_far, shown_path

_ANY = "unknown"
# Questions whose answer is another one when something appears below the path.
_OF_FOLDERS = {"listing", "entries", "distributions", "stat", "lstat"}
_PREFIXES = ("def:", "state:", "slot:", "shown:")


class Checks:
    """Those of one step."""

    def __init__(self, project: Project, step: Step, versions: Versions, cwd: str) -> None:
        """`versions` has the results of the steps before, and gets those of this one."""
        self._project = project
        self._versions = versions
        self._cwd = cwd
        self._later = _descendants(project, step.name)
        self._step = step.name

    def _strangers(self, place: int) -> Iterable[tuple[int, Cell]]:
        """Earlier cells that this step knows nothing of."""
        cells = enumerate(self._project.cells[:place])
        return [(at, cell) for at, cell in cells if self._versions.cells[at].result is None and cell.step != self._step]

    def shadowed(self, place: int) -> set[str]:
        """Builtins that an earlier cell may have made variables: a read of them must be seen."""
        known = vars(builtins)
        return {name for cell in self._project.cells[:place] for name in cell.writes if name in known}

    # What it starts from.

    def state(self, place: int) -> None:
        """Every cell depends on hidden state that was changed before it."""
        for _, stranger in self._strangers(place):
            loud = next((name for name in sorted(stranger.writes) if is_implicit(name) and not is_quiet(name)), None)
            if loud is not None:
                raise self._unordered(place, loud, stranger)

    def reads(self, place: int, names: Iterable[str]) -> None:
        """What was read must not be older than what a stranger may have written."""
        strangers = list(self._strangers(place))
        for name in sorted(names):
            since = self._last_known(name, place)
            for at, stranger in strangers:
                if at > since and (_writes_variables(stranger) if name == LIST_OF_NAMES else stranger.may_write(name)):
                    raise self._unordered(place, name, stranger)

    def _last_known(self, name: str, place: int) -> int:
        if name == LIST_OF_NAMES:
            return -1
        plain = name[len("shown:") :] if name.startswith("shown:") else name
        for at, result in self._versions.before(place):
            write = result["writes"].get(plain)
            gone = plain in result["held"] or plain in result["unsaved"] or plain in result["deletes"]
            if gone or (write is not None and (plain == name or write["how"] == "bind")):
                return at
        return -1

    def _unordered(self, place: int, name: str, stranger: Cell) -> StepFailed:
        cell = self._project.cells[place]
        message = (
            f"{cell.name} needs {_plain(name)}, which {stranger.name} may have changed before it, and the plan has no edge from there. "
            "Its result was not used."
        )
        return StepFailed(Problem("CW811", message, SEE_AGAIN, cell.task, name))

    def files_read(self, place: int, reads: Iterable[dict[str, str]]) -> None:
        """No file may be looked at that a stranger writes, earlier or later, unless that one runs behind this step."""
        for shown, kind in ((name, read["kind"]) for read in reads for name in self._names_of(read["path"])):
            writer = self._writer(place, shown, kind)
            if writer is not None:
                cell = self._project.cells[place]
                message = f"{cell.name} looked at {shown}, which {writer.name} may write, and the plan has no edge between them."
                raise StepFailed(Problem("CW812", message, SEE_AGAIN, cell.task, shown))

    def _names_of(self, path: str) -> list[str]:
        """A path as the plan has it, and what it leads to where there are links on the way."""
        return sorted({shown_path(self._cwd, path), shown_path(self._cwd, os.path.realpath(path))})

    def _writer(self, place: int, path: str, kind: str) -> Optional[Cell]:
        for at, cell in enumerate(self._project.cells):
            is_known = self._versions.cells[at].result is not None
            # One that has run already, and stands behind this cell in the notebook, has left what this cell must not see.
            if cell.step == self._step or (at < place if is_known else cell.step in self._later):
                continue
            if cell.may_write_file(path) or (kind in _OF_FOLDERS and path != "." and _has_below(cell, path)):
                return cell
            if kind in ("listing", "entries") and path == "." and any("/" not in name for name in cell.files_written):
                return cell
            if at < place and (cell.elsewhere if is_far(path) else cell.acts_unseen):
                return cell
        return None

    # What it did.

    def effect(self, place: int, reason: str, detail: str) -> None:
        """Before it acts on the outside for the first time."""
        cell = self._project.cells[place]
        if _ANY in cell.outside:
            return
        if reason not in cell.outside and not (reason == "file-attributes" and "file-write" in cell.outside):
            raise self._refused(cell, f"{_words(reason)} ({detail})", detail)
        if reason == "file-write":
            for shown in self._names_of(detail):
                self._written(cell, shown, refused=True)

    def _refused(self, cell: Cell, what: str, name: str) -> StepFailed:
        message = f"{cell.name} was about to {what}, which the plan does not allow for. It was stopped before."
        return StepFailed(Problem("CW813", message, SEE_AGAIN, cell.task, name))

    def _written(self, cell: Cell, shown: str, refused: bool) -> None:
        allowed = cell.elsewhere if is_far(shown) else cell.may_write_file(shown) or _has_below(cell, shown)
        if allowed or _ANY in cell.outside:
            return
        if refused:
            raise self._refused(cell, f"write {shown}", shown)
        message = f"{cell.name} wrote {shown}, which the plan does not say. Steps that read it may have started without it."
        raise StepFailed(Problem("CW810", message, SEE_AGAIN, cell.task, shown))

    def result(self, place: int, result: dict[str, Any]) -> None:
        """After the cell: what it read, and what it wrote."""
        cell = self._project.cells[place]
        self.reads(place, result["reads"])
        self.files_read(place, result["filesRead"])
        if result["status"] == "error" and not self._versions.cells[place].task["directives"]["raisesException"]:
            return  # No other step is given what it left.
        shown = [f"shown:{name}" for name in result["shown"]]
        for name in (*result["writes"], *result["held"], *result["unsaved"], *result["deletes"], *shown):
            if not cell.may_write(name):
                message = f"{cell.name} wrote {_plain(name)}, which the plan does not say. Cells that read it may have started without it."
                raise StepFailed(Problem("CW810", message, SEE_AGAIN, cell.task, name))
        for reason in result["outside"]:
            if (
                reason not in cell.outside
                and _ANY not in cell.outside
                and not (reason == "file-attributes" and "file-write" in cell.outside)
            ):
                message = f"{cell.name} did something to the outside ({reason}) that the plan does not say."
                raise StepFailed(Problem("CW810", message, SEE_AGAIN, cell.task, reason))
        for path in result["filesWritten"]:
            for shown_file in self._names_of(path):
                self._written(cell, shown_file, refused=False)

    def not_here(self, place: int, name: str, kind: str) -> StepFailed:
        """A value that no store has."""
        cell = self._project.cells[place]
        why = (
            "cannot leave the process of the cell that made it" if kind == "held" else "was not kept, since no cell was expected to read it"
        )
        return StepFailed(Problem("CW814", f"{cell.name} needs {_plain(name)}, which {why}.", SEE_AGAIN, cell.task, name))

    def needs_one_process(self, place: int, reason: str) -> StepFailed:
        """The cell did what only gives the right result where all cells share a process."""
        cell = self._project.cells[place]
        return StepFailed(Problem("CW815", f"{cell.name} needs all cells in one process: {reason}.", SEE_AGAIN, cell.task))


def _plain(name: str) -> str:
    """A name in words."""
    if name == LIST_OF_NAMES:
        return "the list of all variables"
    kind, _, rest = name.partition(":")
    words = {"state": f"the state of {rest}", "shown": f"whether {rest} was shown", "slot": f"a change inside {rest}"}
    if kind == "def":
        return f"the definition of {name.split(':')[2]}"
    return words.get(kind, name)


def _words(reason: str) -> str:
    return {"subprocess": "start a program", "network": "use the network", "file-write": "write a file"}.get(reason, reason)


def _writes_variables(cell: Cell) -> bool:
    return any(not name.startswith(_PREFIXES) for name in cell.writes)


def _has_below(cell: Cell, folder: str) -> bool:
    return any(known.startswith(folder + "/") for known in cell.files_written)


def _descendants(project: Project, name: str) -> set[str]:
    """Steps that start only when this one has ended."""
    found = {name}
    for other in project.steps.values():  # In an order in which they can run.
        if found.intersection(other.needs):
            found.add(other.name)
    return found - {name}
