"""Calls of the system that name a file, reach the network or start a program: their numbers, and where their arguments are."""

from __future__ import annotations

import os
import platform
import sys
from typing import NamedTuple


class Shape(NamedTuple):
    """`does`: what a call is about. `paths`: where its paths are among the arguments, each with its folder's descriptor (-1: none)."""

    does: str
    paths: tuple[tuple[int, int], ...] = ()
    flags: int = -1


_SHAPES = {
    "open": Shape("open", ((-1, 0),), 1),
    "openat": Shape("open", ((0, 1),), 2),
    "openat2": Shape("open as told", ((0, 1),), 2),
    "creat": Shape("create", ((-1, 0),)),
    "access": Shape("access", ((-1, 0),)),
    "faccessat": Shape("access", ((0, 1),)),
    "faccessat2": Shape("access", ((0, 1),)),
    "stat": Shape("look", ((-1, 0),)),
    "lstat": Shape("look", ((-1, 0),)),
    "newfstatat": Shape("look", ((0, 1),), 3),
    "statx": Shape("look", ((0, 1),), 2),
    "rename": Shape("change link", ((-1, 0), (-1, 1))),
    "renameat": Shape("change link", ((0, 1), (2, 3))),
    "renameat2": Shape("change link", ((0, 1), (2, 3))),
    "link": Shape("change link", ((-1, 1),)),
    "linkat": Shape("change link", ((2, 3),)),
    "symlink": Shape("change link", ((-1, 1),)),
    "symlinkat": Shape("change link", ((1, 2),)),
    "mkdir": Shape("make folder", ((-1, 0),)),
    "mkdirat": Shape("make folder", ((0, 1),)),
    "rmdir": Shape("change link", ((-1, 0),)),
    "unlink": Shape("change link", ((-1, 0),)),
    "unlinkat": Shape("change link", ((0, 1),)),
    "mknod": Shape("change link", ((-1, 0),)),
    "mknodat": Shape("change link", ((0, 1),)),
    "truncate": Shape("change", ((-1, 0),)),
    "chmod": Shape("attributes", ((-1, 0),)),
    "fchmodat": Shape("attributes", ((0, 1),)),
    "fchmodat2": Shape("attributes", ((0, 1),)),
    "chown": Shape("attributes", ((-1, 0),)),
    "lchown": Shape("attributes", ((-1, 0),)),
    "fchownat": Shape("attributes", ((0, 1),)),
    "utime": Shape("attributes", ((-1, 0),)),
    "utimes": Shape("attributes", ((-1, 0),)),
    "futimesat": Shape("attributes", ((0, 1),)),
    "utimensat": Shape("attributes", ((0, 1),)),
    "connect": Shape("connect"),
    "execve": Shape("program"),
    "execveat": Shape("program"),
}
_X86 = {
    "open": 2, "openat": 257, "openat2": 437, "creat": 85, "access": 21, "faccessat": 269, "faccessat2": 439, "stat": 4, "lstat": 6,
    "newfstatat": 262, "statx": 332, "rename": 82, "renameat": 264, "renameat2": 316, "link": 86, "linkat": 265, "symlink": 88,
    "symlinkat": 266, "mkdir": 83, "mkdirat": 258, "rmdir": 84, "unlink": 87, "unlinkat": 263, "mknod": 133, "mknodat": 259,
    "truncate": 76, "chmod": 90, "fchmodat": 268, "fchmodat2": 452, "chown": 92, "lchown": 94, "fchownat": 260, "utime": 132,
    "utimes": 235, "futimesat": 261, "utimensat": 280, "connect": 42, "execve": 59, "execveat": 322,
}  # fmt: skip
_ARM = {
    "openat": 56, "openat2": 437, "faccessat": 48, "faccessat2": 439, "newfstatat": 79, "statx": 291, "renameat": 38, "renameat2": 276,
    "linkat": 37, "symlinkat": 36, "mkdirat": 34, "unlinkat": 35, "mknodat": 33, "truncate": 45, "fchmodat": 53, "fchmodat2": 452,
    "fchownat": 54, "utimensat": 88, "connect": 203, "execve": 221, "execveat": 281,
}  # fmt: skip


class Machine(NamedTuple):
    """What one kind of processor calls all this."""

    # As the kernel names the kind of processor.
    audit: int
    seccomp: int
    numbers: dict[str, int]


_MACHINES = {"x86_64": Machine(0xC000003E, 317, _X86), "aarch64": Machine(0xC00000B7, 277, _ARM)}
# It opens files behind the back of every filter; programs do without it.
IO_URING_SETUP = 425
AT_EMPTY_PATH = 0x1000
# Where its arguments must be looked at: a call with this flag names no path.
WITHOUT_PATH = {"newfstatat": 3, "statx": 2}


def machine() -> Machine | None:
    """This one, if it is known."""
    return _MACHINES.get(platform.machine()) if sys.platform == "linux" and sys.maxsize > 1 << 32 else None


def shapes(numbers: dict[str, int]) -> dict[int, Shape]:
    """By the numbers of one machine."""
    return {number: _SHAPES[name] for name, number in numbers.items()}


_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_O_PATH = getattr(os, "O_PATH", 0)
_O_TMPFILE = getattr(os, "O_TMPFILE", 0)


def opens_to_write(flags: int) -> bool:
    """True when a file may be changed or made; a file without a name is nobody's."""
    return bool(flags & _WRITING) and not flags & _O_PATH and (flags & _O_TMPFILE != _O_TMPFILE)


def keeps_content(flags: int) -> bool:
    """True when what was in the file before matters after it was opened."""
    return not flags & os.O_TRUNC and not flags & os.O_EXCL
