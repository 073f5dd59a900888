"""The time that a cell may take: counted while its own code runs, and not while it waits for a value or for its turn.

The scheduler keeps the clock, since native code may never let Python look at one. When the time is over it sends a signal again and
again, and the cell is interrupted as a kernel interrupts it, at the first moment when that is possible.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from time import perf_counter
from types import FrameType
from typing import Any, Callable, Optional

# Ignored where nobody handles it, so one that comes late does nothing.
SIGNAL = signal.SIGURG
# In the middle of these an interruption would leave half a message or half a record.
_WHOLE = frozenset({"attempt", "channel", "codec", "conversation", "journal", "objects", "time_limit"})
_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _must_end(filename: str) -> bool:
    return filename.startswith(_FOLDER) and filename[len(_FOLDER) :].partition(".")[0] in _WHOLE


Started = Callable[["asyncio.Task[Any]"], None]


class TimeLimit:
    """The limit of the cell that runs, if it has one."""

    def __init__(self, tell: Callable[[dict[str, Any]], None], is_cell: Callable[[str], bool]) -> None:
        """`tell` sends a message; `is_cell` knows the names that the code of cells has as files. Made in the main thread."""
        self._tell = tell
        self._is_cell = is_cell
        self._main = threading.get_ident()
        self._seconds: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        # What runs the cell, and can be cancelled while it waits for something of asyncio.
        self._task: asyncio.Task[Any] | None = None
        self._spent = 0.0
        self._since = 0.0
        self._waits = False
        self._has_interrupted = False

    def run(self, seconds: float | None, loop: asyncio.AbstractEventLoop, cell: Callable[[Started], bool]) -> bool:
        """Run a cell that may take so many seconds, None for any number; True when it did not raise."""
        if seconds is None:
            return cell(lambda task: None)
        self._loop, self._spent, self._waits, self._has_interrupted = loop, 0.0, False, False
        before = signal.signal(SIGNAL, self._signalled)
        self._since = perf_counter()
        self._seconds = seconds
        self._tell({"type": "clock", "state": "runs", "spent": 0})
        try:
            return cell(self._started)
        except (KeyboardInterrupt, asyncio.CancelledError):
            if not self._has_interrupted:
                raise
            return False  # It came where the shell itself was at work.
        finally:
            self._seconds = None
            self._spent += perf_counter() - self._since
            signal.signal(SIGNAL, before)
            self._task = self._loop = None
            self._tell({"type": "clock", "state": "ends", "spent": self._spent})

    def _started(self, task: asyncio.Task[Any]) -> None:
        self._task = task

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """While the cell waits for what others give it."""
        if self._seconds is None or self._waits or threading.get_ident() != self._main:
            yield
            return
        self._waits = True
        self._spent += perf_counter() - self._since
        self._tell({"type": "clock", "state": "waits", "spent": self._spent})
        try:
            yield
        finally:
            self._since = perf_counter()
            self._waits = False
            self._tell({"type": "clock", "state": "runs", "spent": self._spent})

    def _signalled(self, number: int, frame: Optional[FrameType]) -> None:
        if self._seconds is None or self._waits or self._has_interrupted:
            return
        if self._spent + perf_counter() - self._since < self._seconds:
            return
        where = self._place(frame)
        if where == "elsewhere":
            return
        self._has_interrupted = True
        self._tell({"type": "clock", "state": "interrupted", "spent": self._spent})
        if where == "waiting" and self._task is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)  # as a kernel does
            return
        handler = signal.getsignal(signal.SIGINT)
        if callable(handler) and handler is not signal.default_int_handler:
            handler(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt

    def _place(self, frame: Optional[FrameType]) -> str:
        """`cell`: its code is interrupted. `waiting`: it waits in the event loop. `elsewhere`: not now."""
        running = asyncio.current_task(self._loop) if self._loop is not None else None
        if self._task is not None and running is not self._task:
            return "waiting"
        while frame is not None:
            if _must_end(frame.f_code.co_filename):
                return "elsewhere"
            if self._is_cell(frame.f_code.co_filename):
                return "cell"
            frame = frame.f_back
        return "elsewhere"
