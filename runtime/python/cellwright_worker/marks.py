"""What there is to know of a path, a kind of question at a time: two equal marks are one answer. `marks.ts` makes the same ones."""

from __future__ import annotations

import hashlib
import os
import stat as modes
from typing import Callable

# What a name ends in by which a distribution is found.
_OF_DISTRIBUTIONS = (".dist-info", "egg-info")

REAL_STAT, REAL_LSTAT, REAL_READLINK = os.stat, os.lstat, os.readlink


def _signature(found: os.stat_result) -> str:
    kind = "dir" if modes.S_ISDIR(found.st_mode) else "file"
    return f"{kind}:{found.st_size}:{found.st_mtime_ns}:{found.st_ino}:{found.st_ctime_ns}"


def _content(path: str) -> str:
    found = REAL_STAT(path)
    return "dir" if modes.S_ISDIR(found.st_mode) else _signature(found)


def _type(path: str) -> str:
    mode = REAL_STAT(path).st_mode
    return "dir" if modes.S_ISDIR(mode) else "file" if modes.S_ISREG(mode) else "other"


def _link(path: str) -> str:
    return f"to {REAL_READLINK(path)}" if modes.S_ISLNK(REAL_LSTAT(path).st_mode) else "none"


def _access(path: str) -> str:
    found = REAL_STAT(path)
    return f"{found.st_mode}:{found.st_uid}:{found.st_gid}"


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()


def _distributions(path: str) -> str:
    return _digest([name for name in os.listdir(path) if name.lower().endswith(_OF_DISTRIBUTIONS)])


def _entries(path: str) -> str:
    return _digest([f"{name}:{mark(os.path.join(path, name), 'lstat')}" for name in os.listdir(path)])


_KINDS: dict[str, Callable[[str], str]] = {
    "content": _content,
    "stat": lambda path: _signature(REAL_STAT(path)),
    "lstat": lambda path: _signature(REAL_LSTAT(path)),
    "type": _type,
    "link": _link,
    "access": _access,
    "listing": lambda path: _digest(os.listdir(path)),
    "entries": _entries,
    "distributions": _distributions,
}


def mark(path: str, kind: str) -> str:
    """The answer now; `missing` when there is none."""
    try:
        return _KINDS[kind](path)
    except (OSError, ValueError):
        return "missing"
