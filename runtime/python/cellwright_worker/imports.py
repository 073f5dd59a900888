"""What the import statements of a cell do, seen from the cell's process.

A statement that is certain to run is one that the processes of later tasks have run too, so what it changed is not for the task to
hand on. What other imports change is: nobody can tell whether a later process has run them.
"""

from __future__ import annotations

import sys
import threading
from typing import Any, Callable, Optional

from . import figures, generators
from .prelude import module_names
from .slots import Slots
from .state import HiddenState


class CellImports:
    """The listener of one process."""

    def __init__(self, slots: Slots, state: HiddenState, note: Callable[[Any], None]) -> None:
        """`note` is told of every module that is loaded."""
        self._slots = slots
        self._settings = state.settings
        self.note = note
        self._certain: frozenset[str] = frozenset()
        # Modules that were loaded by statements that are certain to run.
        self.certain: set[str] = set()
        # The modules of an extension are, once it has been loaded, what they are in every process that loads it.
        state.magics.extended = slots.observe_new

    def start(self, certain: list[str]) -> None:
        """A task starts whose cell is certain to run these statements."""
        self._certain = frozenset(module_names(certain))
        self.certain.clear()

    def imported(self, statement: object) -> None:
        """What a module is when its import is over is what it is from then on."""
        # These put something of ours into modules, which is no change that a cell makes.
        generators.watch()
        figures.backend.watch()
        self._slots.observe_statement(statement)

    def starting(self, name: str) -> Optional[Callable[[], None]]:
        """Remember what the cell has changed so far, when the import is certain."""
        if name not in self._certain:
            return None
        modules, settings = self._slots.touched_modules(), self._settings.changed()
        threads, loaded = set(threading.enumerate()), set(sys.modules)

        def finished() -> None:
            self._slots.rebase(sorted(self._slots.touched_modules() - modules))
            self._settings.accept(settings)
            self.certain.update(set(sys.modules) - loaded)
            for thread in set(threading.enumerate()) - threads:
                thread._cellwright_known = True  # type: ignore[attr-defined]

        return finished
