"""Whether a process may be forked: a fork has only the thread that forked, and what the others held stays locked for ever."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import sys
import threading

_TASKS = "/proc/self/task"
_MAPS = "/proc/self/maps"
_OPENBLAS = re.compile(r"(/\S*openblas\S*\.so\S*)")
_COUNTERS = [
    f"{prefix}_get_num_threads{suffix}" for prefix in ("scipy_openblas", "openblas") for suffix in ("", "64_", "_64", "64")
]  # fmt: skip


# Threads that wait, hold nothing meanwhile, and that a child does without or starts again: jemalloc returns memory to the system in
# one (and takes its locks around a fork), polars removes files that it has spilled in the other.
_HARMLESS = ("jemalloc_bg_thd", "polars-ooc-clea")


def may_fork() -> bool:
    """False where other threads run, but for those of OpenBLAS, which ends them before a fork and starts them again after it.

    On macOS libraries of the system have threads that no process can see of itself, so it is false there.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    others = [name for name in _names() if name not in _HARMLESS]
    return len(others) - 1 <= _threads_of_openblas()


def _names() -> list[str]:
    names = []
    for task in os.listdir(_TASKS):
        with contextlib.suppress(FileNotFoundError), open(os.path.join(_TASKS, task, "comm"), encoding="utf-8") as comm:
            names.append(comm.read().strip())
    return names


def _threads_of_openblas() -> int:
    with open(_MAPS, encoding="utf-8", errors="surrogateescape") as maps:
        libraries = set(_OPENBLAS.findall(maps.read()))
    return sum(_workers(library) for library in libraries)


def _workers(library: str) -> int:
    """How many threads a copy of OpenBLAS has besides the one that calls it; 0 when it does not tell."""
    try:
        loaded = ctypes.CDLL(library)
    except OSError:
        return 0
    for name in _COUNTERS:
        counter = getattr(loaded, name, None)
        if counter is not None:
            return max(int(counter()) - 1, 0)
    return 0
