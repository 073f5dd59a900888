"""What native code of this process opens by itself, as the lookout sees it; nothing is set up where there is no such code."""

from __future__ import annotations

import os
import shutil
import stat
from typing import Any, Callable

from . import native_code
from .lookout_line import Line, Unwatchable, start
from .own_files import OwnFiles

# Reason and detail of an effect.
Effect = Callable[[str, str], None]


class NativeFiles:
    """One process's native code, and how often Python opened the files that it opened, too."""

    def __init__(self) -> None:
        """Nothing is watched yet."""
        # Some native code that may open files; empty when there is none.
        self.unknown = ""
        # False where all cells share a process, which must not lose any rights.
        self.is_wanted = True
        self.need_one_process: Callable[[str], None] = lambda reason: None
        self.effect: Effect = lambda reason, detail: None
        self.own = OwnFiles((), ())
        # Where the run's lookout is to be found: the folder of the run's sockets, that of its journal.
        self.place = ("", "")
        self._line: Line | None = None
        self._hang_up: Callable[[], None] | None = None
        self._opened: dict[str, int] = {}
        self._asked: set[str] = set()
        self._owner = 0

    def look(self) -> None:
        """Find out what native code this process has."""
        self.unknown = native_code.unknown_here()

    def stand_ready(self) -> None:
        """In a warm parent: what its children are going to need is on its way."""
        if self.unknown:
            start(*self.place)

    def install(self) -> None:
        """In the process of an attempt, once."""
        self._owner = os.getpid()

    def comes(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """True when an audit event tells of native code that was not known of in this process, which must be watched from now on."""
        if self.unknown or os.getpid() != self._owner:
            return False
        self.unknown = native_code.unknown_in(event, arguments)
        return self.unknown != "" and self.is_wanted

    @property
    def is_unseen(self) -> bool:
        """True where nobody knows what there is to know of it."""
        return self.unknown != "" and not self.is_wanted

    @property
    def is_on(self) -> bool:
        """True while what native code opens is seen."""
        return self._line is not None

    def begin(self, permitted: bool, written: set[str]) -> None:
        """See it from now on, if there is any native code to speak of."""
        if not self.unknown or not self.is_wanted:
            return
        try:
            self._line = self._line or Line(*self.place, self.own)
        except Unwatchable:
            self.need_one_process(f"what {self.unknown} does with files cannot be seen on this system")
        self._opened = {}
        self._asked = set()
        self._ask({"type": "begin", "permitted": permitted, "written": sorted(written)})
        if not permitted and self._line is not None:
            self._hang_up = self._line.listen(self.effect)

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        if self._line is None or os.getpid() != self._owner:
            return {}
        try:
            return self._line.ask(message)
        except Unwatchable:
            self.need_one_process(f"what {self.unknown} does with files could not be seen any more")
        return {}

    def permitted(self) -> None:
        """It is the task's turn."""
        self._ask({"type": "permitted"})

    def about_to_fork(self) -> None:
        """No other thread of this program may be there."""
        hang_up, self._hang_up = self._hang_up, None
        if hang_up is not None and os.getpid() == self._owner:
            hang_up()

    def python_opens(self, path: str) -> None:
        """The same call will be seen a second time."""
        self._opened[path] = self._opened.get(path, 0) + 1

    def python_asks(self, path: str) -> None:
        """The same: what is there, but for its content."""
        self._asked.add(path)

    def python_starts(self, command: str) -> None:
        """Programs from now on are of Python's doing."""
        self._ask({"type": "programs-are-known"})
        if self._line is not None and self._line.takes_rights and _wants_rights(command):
            self.need_one_process(f"{command.split()[0]} needs rights that a process with a filter cannot give")

    def report(self) -> dict[str, Any]:
        """What native code did so far: `reads` as path, kind and answer; `written`; `effects`; how many calls could not be read."""
        found = self._ask({"type": "report"})
        if found:
            found["reads"] = [read[:3] for read in found["reads"] if self._is_native(*read)]
        return found

    def _is_native(self, path: str, kind: str, answer: str, count: int) -> bool:
        """What Python opened was noted, or left out for a reason."""
        return count > self._opened.get(path, 0) if count else path not in self._asked

    def end(self) -> None:
        """What happens from now on is no doing of a cell."""
        self.about_to_fork()
        self._ask({"type": "end"})


def _wants_rights(command: str) -> bool:
    """True for programs that run with the rights of their owner (`sudo`)."""
    words = command.split()
    program = shutil.which(words[0]) if words else None
    try:
        return program is not None and bool(os.stat(program).st_mode & (stat.S_ISUID | stat.S_ISGID))
    except OSError:
        return False
