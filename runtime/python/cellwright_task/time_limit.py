"""The clock of a cell with a limit of time: when it has run that long it is interrupted, and killed when that does not help."""

from __future__ import annotations

import signal
import time
from typing import Any, Optional

from .worker_process import Connection

_GRACE = 5.0
_AGAIN = 0.1


class TimeLimit:
    """Seconds that the cell may run; what it waits for does not count."""

    def __init__(self, process: Connection, seconds: Optional[float]) -> None:
        """Without a limit nothing ever happens."""
        self.seconds = seconds
        self.is_exceeded = False
        self.is_killed = False
        self._process = process
        self._interrupted = False
        self._since: Optional[float] = None
        self._spent = 0.0

    def hear(self, message: dict[str, Any]) -> None:
        """What the worker says of the cell."""
        if self.seconds is None:
            return
        self._spent = float(message["spent"])
        self._interrupted |= message["state"] == "interrupted"
        self.is_exceeded |= message["state"] == "interrupted" or self._spent > self.seconds
        self._since = None if message["state"] in ("waits", "ends") else time.monotonic()

    @property
    def patience(self) -> Optional[float]:
        """Seconds until there is something to do; None for never."""
        if self.seconds is None or self._since is None:
            return None
        left = self.seconds - self._ran()
        return max(left, _AGAIN) if not self._interrupted else _AGAIN

    def _ran(self) -> float:
        return self._spent + time.monotonic() - (self._since or time.monotonic())

    def look(self) -> None:
        """Do what is due."""
        if self.seconds is None or self._since is None:
            return
        ran = self._ran()
        if ran > self.seconds + _GRACE:
            self.is_exceeded = self.is_killed = True
            self._process.kill()
        elif ran > self.seconds and not self._interrupted:
            self._process.signal(signal.SIGURG)

    def as_error(self) -> dict[str, Any]:
        """As `nbclient` calls it."""
        words = "1 second" if self.seconds == 1 else f"{self.seconds:g} seconds"
        evalue = f"the cell ran longer than {words}"
        return {"kind": "error", "ename": "CellTimeoutError", "evalue": evalue, "traceback": [f"CellTimeoutError: {evalue}"]}
