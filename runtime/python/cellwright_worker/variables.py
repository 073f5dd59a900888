"""Which environment variables were read, by the cell or by a library: each one's name, and a digest of what it was at the start.

What earlier cells have changed is hidden state; here is what the process was started with. Whoever goes through the whole
environment depends on all of it, `_WHOLE`, but for those of `_OF_A_TERMINAL`. What native code reads is not seen.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from typing import Any, Callable

_WHOLE = "*"
# Different in each window of a terminal. They count only when a cell reads them by name; `variables.ts` has the same list.
_OF_A_TERMINAL = frozenset(
    {"_", "OLDPWD", "PWD", "SHLVL", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "TERM", "TERM_SESSION_ID", "WINDOWID", "XDG_SESSION_ID"}
)
# Python sets it where the locale is C. `start-state.ts` compares it apart.
_SET_BY_PYTHON = "LC_CTYPE"
_RAW = type(os.environ)
_DELETE: Callable[..., None] = _RAW.__delitem__
# A variable that is not there cannot be deleted.
_NAMED, _WHOLLY = ("__getitem__", "__delitem__"), ("__iter__", "__len__", "__repr__")


class Watch:
    """The environment of this process. Made active in the warm parent before it imports any library."""

    def __init__(self) -> None:
        """Nothing is watched yet."""
        self.start_values: dict[str, str] = {}
        self._before: dict[Any, Any] | None = None
        self._libraries: set[str] = set()
        self._in_cell = False
        self._cell: dict[str, str] = {}
        self._in_turn: list[bytes] = []
        # Told by the observer, once it is there.
        self.is_watching: Callable[[], bool] = lambda: True

    def install(self) -> None:
        """Watch from now on: what is there now is what the process was started with."""
        self.start_values = dict(os.environ)
        for name in (*_NAMED, *_WHOLLY):
            setattr(_RAW, name, self._noting(name, getattr(_RAW, name)))

    def _noting(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def asked(environment: Any, *arguments: Any) -> Any:
            if environment._data is os.environ._data and self.is_watching():  # type: ignore[attr-defined]
                if name in _WHOLLY:
                    self._note(_WHOLE)
                    # Who goes through all of them asks for each in turn: that is no reading by name.
                    self._in_turn = list(environment._data)[::-1] if name == "__iter__" else []
                elif not self._is_in_turn(arguments[0]):
                    self._note(arguments[0])
            return original(environment, *arguments)

        asked.__name__, asked.__qualname__, asked.__module__ = name, f"_Environ.{name}", "os"
        return asked

    def _is_in_turn(self, key: Any) -> bool:
        if not self._in_turn or not isinstance(key, (str, bytes)) or os.fsencode(key) != self._in_turn.pop():
            self._in_turn = []
            return False
        return True

    def hide(self, names: list[str]) -> None:
        """Take away what only the worker was given. What differs from now on is a change that a cell or a library made."""
        for name in names:
            os.environ.pop(name, None)
            self.start_values.pop(name, None)
        self._before = dict(os.environ._data)  # type: ignore[attr-defined]

    def change_terminal(self, values: dict[str, str]) -> bool:
        """Be in another window of a terminal from now on; False, and nothing is done, when a library has read what is another there."""
        new = {name: values.get(name) for name in _OF_A_TERMINAL if values.get(name) != self.start_values.get(name)}
        if self._libraries & new.keys():
            return False
        data = os.environ._data  # type: ignore[attr-defined]
        for name, text in new.items():
            # What a cell has set stays.
            was_set = data.get(os.fsencode(name)) != (self._before or {}).get(os.fsencode(name))
            for variables in (self._before or {},) if was_set else (self._before or {}, data):
                _set(variables, os.fsencode(name), None if text is None else os.fsencode(text))
            _set(self.start_values, name, text)
            if not was_set:
                os.unsetenv(name) if text is None else os.putenv(name, text)
        return True

    def note(self, *names: str) -> None:
        """Somebody depends on these."""
        for name in names:
            self._note(name)

    def begin(self) -> None:
        """Begin a task."""
        self._cell, self._in_cell = {}, True

    def reads(self) -> dict[str, str]:
        """Name → digest, or `absent`."""
        return {**{name: self._digest(name) for name in self._libraries - _OF_A_TERMINAL}, **self._cell}

    def adopt(self, reads: dict[str, str]) -> None:
        """Count what a copy of this process read as read by the cell."""
        self._cell.update(reads)

    def changes(self) -> dict[str, str | None]:
        """Name → value now, None for none, for those that cells and libraries have changed."""
        before, now = self._before or {}, os.environ._data  # type: ignore[attr-defined]
        if before == now:
            return {}
        names = {name for name in (*before, *now) if before.get(name) != now.get(name)}
        return {os.fsdecode(name): os.fsdecode(now[name]) if name in now else None for name in sorted(names)}

    def restore(self, changes: dict[str, str | None]) -> None:
        """Make them, and no others."""
        wanted = {**dict.fromkeys(self.changes()), **changes}
        for name, text in wanted.items():
            raw = os.fsencode(name)
            wanted_raw = (self._before or {}).get(raw) if name not in changes else None if text is None else os.fsencode(text)
            # Not by asking the environment, which would count as a reading.
            if wanted_raw == os.environ._data.get(raw):  # type: ignore[attr-defined]
                continue
            if wanted_raw is None:
                _DELETE(os.environ, name)
            else:
                os.environ[name] = os.fsdecode(wanted_raw)

    def _note(self, key: Any) -> None:
        if isinstance(key, bytes):
            key = os.fsdecode(key)
        if not isinstance(key, str):
            return
        if not self._in_cell:
            self._libraries.add(key)
        elif key not in self._cell and (key == _WHOLE or self._is_as_at_the_start(key)):
            self._cell[key] = self._digest(key)

    def _is_as_at_the_start(self, name: str) -> bool:
        """False for what a cell has changed: what it is now is hidden state."""
        raw = os.fsencode(name)
        return (self._before or {}).get(raw) == os.environ._data.get(raw)  # type: ignore[attr-defined]

    def _digest(self, name: str) -> str:
        if name == _WHOLE:
            compared = {key for key in self.start_values if key not in _OF_A_TERMINAL and key != _SET_BY_PYTHON}
            text = b"\0".join(sorted(f"{key}={self.start_values[key]}".encode("utf-8", "surrogateescape") for key in compared))
        elif name in self.start_values:
            text = self.start_values[name].encode("utf-8", "surrogateescape")
        else:
            return "absent"
        return hashlib.sha256(text).hexdigest()


def _set(variables: dict[Any, Any], name: Any, value: Any) -> None:
    if value is None:
        variables.pop(name, None)
    else:
        variables[name] = value


watch = Watch()


def _temporary_folder() -> Any:
    """The function of `tempfile` that all others of it ask."""
    name = "_gettempdir" if hasattr(tempfile, "_gettempdir") else "gettempdir"
    original = getattr(tempfile, name)

    @functools.wraps(original)
    def asked() -> Any:
        if watch.is_watching():
            watch.note("TMPDIR", "TEMP", "TMP")
        return original()

    setattr(tempfile, name, asked)
    return original


# Known before any cell asks, and seen when one does: it comes from variables. The worker itself does not count.
TEMPORARY_FOLDER = os.fsdecode(_temporary_folder()())
