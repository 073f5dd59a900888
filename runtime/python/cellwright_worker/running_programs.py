"""Programs and processes that go on when the cell has ended that started them."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any, Optional

_TASKS = "/proc/self/task"
# They belong to libraries and do nothing by themselves.
_QUIET = (b"loky", b"multiprocessing.resource_tracker", b"multiprocessing.forkserver", b"multiprocessing.semaphore_tracker")
# Where the kernel has a process that waits for a task: reading from a pipe, or for a lock.
_WAITING = ("pipe_read", "futex")


def running_program() -> Optional[str]:
    """Name of one that is at work; None when all have ended or wait. None as well where the system does not tell (no `/proc`)."""
    pools = _workers_of_pools()
    return next((_name(child) for child in _children() if not (child in pools and _waits(child))), None)


def waiting_program() -> Optional[str]:
    """Name of a process of a pool that waits for a task."""
    pools = _workers_of_pools()
    return next((_name(child) for child in _children() if child in pools and _waits(child)), None)


def _children() -> list[int]:
    """Processes below this one that have not ended, also those whose own parent has (see `orphans.adopt`)."""
    if not _has_children():
        return []
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(_TASKS):
            with contextlib.suppress(OSError), open(os.path.join(_TASKS, thread, "children"), encoding="ascii") as children:
                found.extend(map(int, children.read().split()))
    return [child for child in found if not _is_over(child) and not any(word in _command_line(child) for word in _QUIET)]


def _has_children() -> bool:
    """False for nearly every cell, and quickly. Where the system has no such question, there is no `/proc` to look at either."""
    if sys.platform != "linux":
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _read(process: int, name: str) -> bytes:
    try:
        with open(f"/proc/{process}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _is_over(process: int) -> bool:
    """True for a process that is gone, or that nobody has waited for."""
    state = _read(process, "stat").rpartition(b")")[2].split()
    return not state or state[0] in (b"Z", b"X")


def _command_line(process: int) -> bytes:
    return _read(process, "cmdline")


def _name(process: int) -> str:
    return _read(process, "comm").decode("utf-8", "replace").strip()


def _waits(process: int) -> bool:
    place = _read(process, "wchan").decode("ascii", "replace")
    return any(word in place for word in _WAITING)


def _workers_of_pools() -> set[int]:
    found: set[Any] = set()
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None:
        found.update(each.pid for each in list(vars(processes)["_children"]) if "PoolWorker" in each.name)
    executors = sys.modules.get("concurrent.futures.process")
    if executors is not None:
        for manager in list(vars(executors)["_threads_wakeups"]):
            found.update(getattr(manager, "processes", None) or ())
    return found
