"""Opens the values that a task of an earlier run started with, in a plain Jupyter kernel of the same interpreter.

Values are loaded where they are in the store: large arrays are mapped, not copied, and a change made here stays here. Only objects
that the record of the run names are opened, and their bytes are compared with their names.
"""

from __future__ import annotations

import os
import platform
import sys
from typing import Any, Callable

from . import cellcode, figures, generators, logs, slots, state, variables
from .codec import Codec, ValueRef
from .objects import Store
from .run_record import NotOfThisRun, RunRecord, read_record
from .search_path import search_beside_the_notebook

# Hidden state that a plain kernel can be given; what else there is belongs to the shell or to the process.
_RESTORE: dict[str, Callable[[Any], None]] = {
    **{component.name: component.restore for component in generators.components()},
    "state:sys.path": state.restore_path,
    "state:cwd": os.chdir,
    "state:environ": variables.watch.restore,
    "state:matplotlib": figures._restore_parameters,
    "state:pandas.options": state._restore_pandas,
    "state:numpy.options": state._restore_numpy,
    "state:sklearn.config": state._restore_sklearn,
    "state:warnings": state._restore_filters,
    "state:decimal": state._restore_decimal,
    "state:locale": state._restore_locale,
    "state:recursion-limit": sys.setrecursionlimit,
}
_FIRST = ("state:environ", "state:sys.path", "state:cwd")


class StoredInputs:
    """The values of names before a task."""

    def __init__(self, record: RunRecord, task: str, namespace: dict[str, Any]) -> None:
        """`namespace` is the notebook's: functions that are loaded look their variables up in it."""
        self._references = record.references(task)
        self._namespace = namespace
        self._members: dict[tuple[str, str], Any] = {}
        self._codec = Codec(Store(record.objects), namespace, task, self.value)
        self.task = task

    @property
    def names(self) -> list[str]:
        """All variables that the store has, loaded or not."""
        return sorted(name for name in self._references if ":" not in name)

    def value(self, name: str) -> Any:
        """The value of a name; those that share objects share them here too."""
        reference = self._references.get(name)
        if reference is None:
            raise NotOfThisRun(f"the record of the run has no value of {name} before {self.task}")
        return self._load(reference)

    def _load(self, reference: ValueRef) -> Any:
        key = (reference.object, reference.member)
        if key not in self._members:
            members, _together = self._codec.load(reference)
            for member, value in members.items():
                self._members.setdefault((reference.object, member), value)
        return self._members[key]

    def load(self, *names: str) -> None:
        """Load variables into the notebook."""
        for name in names:
            self._namespace[name] = self.value(name)

    def restore_state(self) -> list[str]:
        """Make hidden state what it was; gives what a plain kernel cannot be given."""
        hidden = [name for name in self._references if name.startswith(("state:", "slot:"))]
        order = sorted(hidden, key=lambda name: (name not in _FIRST, name.startswith("slot:"), ":global:" not in name, name))
        left: list[str] = []
        for name in order:
            if name.startswith("slot:"):
                slots.restore(name, self.value(name))
            elif name in _RESTORE:
                _RESTORE[name](self.value(name))
            else:
                left.append(name)
        return left


def open_inputs(state_folder: str, run: str, task: str, names: list[str]) -> StoredInputs:
    """Load `names` as they were before `task` of a run into this notebook, and make hidden state what it was then.

    `load(NAME)` of the result loads another variable, `names` lists them. Raises when the interpreter is another one than
    that of the run, when the state is somebody else's, and when an object of the store is missing or damaged.
    """
    record = read_record(state_folder, run)
    if record.version and record.version != platform.python_version():
        raise RuntimeError(f"the values were stored by Python {record.version}, and this is Python {platform.python_version()}")
    shell: Any = _shell()
    os.chdir(record.cwd)
    search_beside_the_notebook()
    variables.watch.hide([])
    _know_cells(record, task, shell)
    inputs = StoredInputs(record, task, shell.user_ns)
    inputs.restore_state()
    inputs.load(*names)
    shell.execution_count = next(cell.number for cell in record.cells if task in (cell.id, cell.name))
    return inputs


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


def _know_cells(record: RunRecord, task: str, shell: Any) -> None:
    """Functions that are loaded show the lines of the cells that they are from."""
    for cell in record.before(task):
        if cell.code:
            transformed = shell.transform_cell(cell.source)
            name = shell.compile.cache(transformed, cell.number, raw_code=cell.source)
            cellcode.cells.register(name, cell.code, cell.source, transformed)


__all__ = ["StoredInputs", "logs", "open_inputs"]
