"""One kind of hidden state of a process, and the way to say that it cannot leave."""

from __future__ import annotations

import sys
from typing import Any, Callable


class Stuck(Exception):
    """State that only this process can have; the message says what it is."""


class Component:
    """One kind of hidden state."""

    def __init__(self, name: str, capture: Callable[[], Any], restore: Callable[[Any], None] = lambda value: None) -> None:
        """`capture` gives None when there is nothing to say; without `restore` it says nothing or is `Stuck`."""
        self.name = f"state:{name}"
        self.capture = capture
        self.restore = restore


class Touches:
    """States that the cell read or set without leaving a trace: what it found may be what it left."""

    def __init__(self) -> None:
        """Nothing was touched yet."""
        self.read: set[str] = set()
        self.written: set[str] = set()

    def clear(self) -> None:
        """Begin a task."""
        self.read.clear()
        self.written.clear()


touches = Touches()


def is_quiet(name: str) -> bool:
    """True for state that a task has read only if it touched it; all other state is read by every task."""
    return name == "state:random" or name.endswith(".random") or name == "state:backend"


def loaded(name: str) -> Any:
    """A module that this process has, or None; nothing is imported."""
    return sys.modules.get(name)


def same_state(left: Any, right: Any) -> bool:
    """True when two captures are the same state."""
    try:
        return _freeze(left) == _freeze(right)
    except Exception:  # noqa: BLE001  (a value that cannot be compared counts as changed)
        return False


def _freeze(value: Any) -> Any:
    """Nested containers with arrays turned to bytes, for comparison; dict order counts for nothing here."""
    if isinstance(value, dict):
        return {key: _freeze(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_freeze(item) for item in value]
    tobytes = getattr(value, "tobytes", None)
    if tobytes is not None and not isinstance(value, (bytes, bytearray)):
        return (str(getattr(value, "dtype", "")), tobytes())
    return repr(value) if type(value).__name__ == "Context" else value
