"""Which of many dicts were written to since they were first looked at.

CPython 3.11 gives every dict a version that changes with each write (PEP 509). Asking Python for thousands of them would count a
reference to each dict, and so copy every page that a child shares with its parent; here the system copies the versions out.
"""

from __future__ import annotations

import array
import os
import tempfile
from collections.abc import Sequence
from typing import Any, Callable

Read = Callable[["array.array[int]"], bytes]

# `ma_version_tag` follows the reference count, the type and `ma_used`.
_VERSION_AT = 24
_SIZE = 8
# The least that POSIX systems of today take in one call.
_MOST_PIECES = 1024


class _Scratch:
    """A file of this process in memory; a forked child makes its own."""

    def __init__(self) -> None:
        self._owner = 0
        self._file = -1

    def descriptor(self) -> int:
        """The file, at its start."""
        if self._owner != os.getpid():
            if hasattr(os, "memfd_create"):
                self._file = os.memfd_create("cellwright")
            else:
                self._file, path = tempfile.mkstemp(prefix="cellwright-")
                os.unlink(path)
            self._owner = os.getpid()
        os.lseek(self._file, 0, os.SEEK_SET)
        return self._file


def _reader() -> Read | None:
    """Copies the pieces of memory that are named by address and length; None where the system cannot."""
    try:
        import ctypes

        writev = ctypes.CDLL(None, use_errno=True).writev
    except (ImportError, AttributeError, OSError):
        return None
    if ctypes.sizeof(ctypes.c_void_p) != _SIZE:
        return None
    writev.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
    writev.restype = ctypes.c_ssize_t
    scratch = _Scratch()

    def read(pieces: array.array[int]) -> bytes:
        place, length = pieces.buffer_info()
        file = scratch.descriptor()
        for first in range(0, length // 2, _MOST_PIECES):
            count = min(_MOST_PIECES, length // 2 - first)
            if writev(file, place + first * 16, count) != count * _SIZE:
                return b""
        return os.pread(file, length // 2 * _SIZE, 0)

    return read


def _pieces(tables: Sequence[dict[Any, Any]]) -> array.array[int]:
    found = array.array("Q", bytes(16 * len(tables)))
    for place, table in enumerate(tables):
        found[2 * place] = id(table) + _VERSION_AT
        found[2 * place + 1] = _SIZE
    return found


def _proven(read: Read | None) -> Read | None:
    """The reader, if it sees every kind of write on this interpreter."""
    if read is None:
        return None

    class Trial:
        pass

    import gc

    trial, instance = {"a": 1}, Trial()
    inside = vars(instance)
    klass = gc.get_referents(vars(Trial))[0]
    for target, write in (
        (trial, lambda: trial.update(a=2)),
        (inside, lambda: setattr(instance, "x", 1)),
        (inside, lambda: setattr(instance, "x", 2)),
        (klass, lambda: setattr(Trial, "y", 1)),
        (klass, lambda: setattr(Trial, "y", 2)),
    ):
        pieces = _pieces([target])
        before = read(pieces)
        if before == b"" or read(pieces) != before:
            return None
        write()
        if read(pieces) == before:
            return None
    return read


_read = _proven(_reader())


class DictVersions:
    """The versions of some dicts, which must stay alive as long as this does."""

    def __init__(self, tables: Sequence[dict[Any, Any]]) -> None:
        """Remembers the versions that they have now."""
        self._tables = tables
        self._pieces = _pieces(tables) if _read is not None else None
        self._before: Any = self._now()

    def _now(self) -> Any:
        if _read is not None and self._pieces is not None:
            return _read(self._pieces)
        return [list(map(id, table.values())) for table in self._tables]

    def written(self) -> list[int]:
        """Places of the dicts that may have been written to; all of them when that cannot be told."""
        now, before = self._now(), self._before
        if now == before and len(now) > 0:
            return []
        if len(now) != len(before) or len(now) == 0:
            return list(range(len(self._tables)))
        if isinstance(now, bytes):
            now, before = memoryview(now).cast("Q"), memoryview(before).cast("Q")
        return [place for place in range(len(self._tables)) if now[place] != before[place]]
