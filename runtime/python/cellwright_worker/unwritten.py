"""Memory that is mapped privately from a file and that nobody has written to since, as the kernel tells it.

A private page is the file's own until it is written to, by whatever means: Python, C code, the kernel for a system call, a
debugger. From then on it is anonymous memory, and `/proc/self/pagemap` says so of every page. Where that cannot be read, or
means something else, or a page is in any way unusual, memory counts as written to.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from dataclasses import dataclass
from typing import Optional

from .seals import Signature, signature

_PAGE = mmap.PAGESIZE
# The highest byte of a page's entry: not there at all, or there (128) and the file's (32), mapped by this process alone or not (1).
_CLEAN = bytes((0, 128 + 32, 128 + 32 + 1))
_HIGHEST = slice(7 if sys.byteorder == "little" else 0, None, 8)


@dataclass(frozen=True)
class Origin:
    """Where memory comes from: the file, what that was when it was mapped, and the place in it."""

    path: str
    signature: Signature
    place: int
    digest: bytes


def address_of(memory: memoryview) -> int:
    """Where writable memory begins."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


class Unwritten:
    """The memory of one process that came from files; what it says holds for as long as nothing runs in between."""

    def __init__(self) -> None:
        """No memory is known yet."""
        self._origins: dict[tuple[int, int], Origin] = {}
        self._maps: Optional[list[bytes]] = None
        self._works: Optional[bool] = None

    def know(self, memory: memoryview, origin: Origin) -> None:
        """The memory was mapped privately just now."""
        if self.works():
            self._origins[address_of(memory), memory.nbytes] = origin

    def works(self) -> bool:
        """True when the kernel is seen to tell pages that were written to from others."""
        if self._works is None:
            self._works = _tells_the_truth()
        return self._works

    def look_again(self) -> None:
        """Something has run."""
        self._maps = None

    def digest(self, address: int, size: int) -> Optional[bytes]:
        """The digest of memory that is as it was mapped; None when that is not certain."""
        origin = self._origins.get((address, size))
        if origin is None:
            return None
        try:
            if signature(os.stat(origin.path)) == origin.signature and self._is_mapped(address, size, origin) and _is_clean(address, size):
                return origin.digest
        except (OSError, ValueError):
            pass
        del self._origins[address, size]
        return None

    def _is_mapped(self, address: int, size: int, origin: Origin) -> bool:
        """True when the memory is still that place of that file, and private."""
        if self._maps is None:
            with open("/proc/self/maps", "rb") as file:
                self._maps = file.read().splitlines()
        name = os.fsencode(origin.path)
        for line in self._maps:
            if not line.endswith(name):
                continue
            extent, rights, place, _, _, path = line.split(None, 5)
            low, high = (int(part, 16) for part in extent.split(b"-"))
            if path == name and low <= address and address + size <= high:
                return rights[3:4] == b"p" and int(place, 16) + address - low == origin.place
        return False


def _is_clean(address: int, size: int) -> bool:
    """True when no page was written to since it was mapped privately."""
    first, last = address // _PAGE, (address + size - 1) // _PAGE
    expected = (last - first + 1) * 8
    file = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
    try:
        entries = os.pread(file, expected, first * 8)
    finally:
        os.close(file)
    return len(entries) == expected and not entries[_HIGHEST].translate(None, _CLEAN)


def _tells_the_truth() -> bool:
    """Try it with three pages, of which one is left alone, one is read and one is written to."""
    for path in (os.__file__, sys.executable):
        try:
            with open(path, "rb") as file:
                if os.fstat(file.fileno()).st_size < 3 * _PAGE:
                    continue
                trial = mmap.mmap(file.fileno(), 3 * _PAGE, access=mmap.ACCESS_COPY)
            start = address_of(memoryview(trial))
            untouched = bytes(trial[_PAGE : 2 * _PAGE]) and _is_clean(start, 3 * _PAGE)
            trial[2 * _PAGE + 1] ^= 1
            return bool(untouched) and _is_clean(start, 2 * _PAGE) and not _is_clean(start + 2 * _PAGE, _PAGE)
        except (OSError, ValueError, BufferError):
            continue
    return False
