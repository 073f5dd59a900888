"""Which of many dicts, lists and sets were written to since they were first looked at.

To look at thousands of them one by one would count a reference to each and to what it holds, and so copy every page that a child
shares with its parent. Here the system copies the few words that change with every write: of a dict its version, which CPython 3.11
changes with each write (PEP 509), of a list and a set their tables. Where a trial shows that this does not work, Python looks.
"""

from __future__ import annotations

import array
import gc
import itertools
import os
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any, Callable, Union

from .variables import TEMPORARY_FOLDER

Container = Union[dict[Any, Any], list[Any], set[Any]]
Read = Callable[["array.array[int]"], bytes]

# What follows the reference count and the type, in words: of a dict `ma_used` and `ma_version_tag`; of a list `ob_size`,
# `ob_item`; of a set `fill`, `used`, `mask`, `table`.
_WORD = 8
_HEAD = 2 * _WORD
_VERSION = (_HEAD + _WORD, _WORD)
_LIST_HEAD = (_HEAD, 2 * _WORD)
_SET_HEAD = (_HEAD, 4 * _WORD)
_SET_ENTRY = 2 * _WORD
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
                self._file, path = tempfile.mkstemp(prefix="cellwright-", dir=TEMPORARY_FOLDER)
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
    if ctypes.sizeof(ctypes.c_void_p) != _WORD:
        return None
    writev.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
    writev.restype = ctypes.c_ssize_t
    scratch = _Scratch()

    def read(pieces: array.array[int]) -> bytes:
        """Nothing when a piece is no longer there."""
        place, words = pieces.buffer_info()
        file = scratch.descriptor()
        total = 0
        for first in range(0, words, 2 * _MOST_PIECES):
            wanted = sum(pieces[first + 1 : first + 2 * _MOST_PIECES : 2])
            count = min(_MOST_PIECES, (words - first) // 2)
            if writev(file, place + first * _WORD, count) != wanted:
                return b""
            total += wanted
        return os.pread(file, total, 0)

    return read


def _pieces(container: Container, read: Read) -> Iterator[tuple[int, int]]:
    """Address and length of what changes when the container does."""
    address = id(container)
    if isinstance(container, dict):
        yield address + _VERSION[0], _VERSION[1]
        return
    start, length = _LIST_HEAD if isinstance(container, list) else _SET_HEAD
    yield address + start, length
    head = memoryview(read(array.array("Q", [address + start, length]))).cast("Q")
    size, table = (head[0] * _WORD, head[1]) if isinstance(container, list) else ((head[2] + 1) * _SET_ENTRY, head[3])
    if size > 0:
        yield table, size


def _flat(containers: Sequence[Container], read: Read) -> array.array[int]:
    return array.array("Q", itertools.chain.from_iterable(piece for item in containers for piece in _pieces(item, read)))


def _proven(read: Read | None) -> Read | None:
    """The reader, if it sees every kind of write on this interpreter."""
    if read is None:
        return None

    class Trial:
        pass

    table, instance, items, members = {"a": 1}, Trial(), [1, 2], {1, 2}
    inside = vars(instance)
    klass = gc.get_referents(vars(Trial))[0]
    writes: list[tuple[Container, Callable[[], Any]]] = [
        (table, lambda: table.update(a=2)),
        (inside, lambda: setattr(instance, "x", 1)),
        (inside, lambda: setattr(instance, "x", 2)),
        (klass, lambda: setattr(Trial, "y", 1)),
        (klass, lambda: setattr(Trial, "y", 2)),
        (items, lambda: items.append(3)),
        (items, lambda: items.__setitem__(0, 7)),
        (members, lambda: members.add(3)),
        (members, lambda: members.discard(1)),
    ]
    for target, write in writes:
        pieces = _flat([target], read)
        before = read(pieces)
        if before == b"" or read(pieces) != before:
            return None
        write()
        if read(pieces) == before:
            return None
    return read


_read = _proven(_reader())


class ContainerMarks:
    """Marks of some containers, which must stay alive as long as this does."""

    def __init__(self, containers: Sequence[Container]) -> None:
        """Remembers how they are now."""
        # Only exact lists and sets have their words where these look.
        exact = all(isinstance(item, dict) or type(item) in (list, set) for item in containers)
        self._read = _read if exact else None
        self._containers = containers
        self._pieces = _flat(containers, self._read) if self._read is not None else array.array("Q")
        self._before: Any = self._now()

    def _now(self) -> Any:
        if self._read is not None:
            return self._read(self._pieces)
        return [list(map(id, item.values() if isinstance(item, dict) else item)) for item in self._containers]

    def written(self) -> list[int]:
        """Places of those that may have been written to; of all when that cannot be told."""
        now, before = self._now(), self._before
        if now == before and len(now) > 0:
            return []
        everything = list(range(len(self._containers)))
        if len(now) != len(before) or len(now) != len(everything) * (_WORD if isinstance(now, bytes) else 1):
            return everything
        if isinstance(now, bytes):
            now, before = memoryview(now).cast("Q"), memoryview(before).cast("Q")
        return [place for place in everything if now[place] != before[place]]
