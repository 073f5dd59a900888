"""What goes on when a cell has ended: threads and programs at work, and those of a pool that wait for work."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from typing import Any, Callable

from .component import Stuck
from .running_programs import running_program, waiting_program

# Threads of libraries that do nothing for a cell that has ended.
_QUIET = ("loky", "QueueManagerThread", "QueueFeederThread", "ExecutorManager", "tqdm_monitor")
_LIBRARY = os.path.dirname(os.__file__)
_OF_POOLS = frozenset({os.path.join(_LIBRARY, "concurrent", "futures", "thread.py"), os.path.join(_LIBRARY, "multiprocessing", "pool.py")})
_IN_WAIT = ("threading.py", "queue.py", "selectors.py", os.path.join("multiprocessing", "connection.py"))
_WAITING = frozenset({*(os.path.join(_LIBRARY, name) for name in _IN_WAIT), *_OF_POOLS})
# They call what a task is; that may be a function written in C, which has no frame.
_CALLERS = frozenset({"run", "worker"})


def capture_work(loop: asyncio.AbstractEventLoop) -> Callable[[], Any]:
    """`Stuck` while something is at work: what later cells find depends on how far it has come."""

    def capture() -> Any:
        working = next((thread for thread in _alive() if not _waits(thread)), None)
        if working is not None:
            raise Stuck(f"the running thread {working.name}")
        program = running_program()
        if program is not None:
            raise Stuck(f"the running program {program}")
        if asyncio.all_tasks(loop):
            raise Stuck("a running asyncio task")
        if any(not handle.cancelled() for handle in (*vars(loop)["_ready"], *vars(loop)["_scheduled"])):
            raise Stuck("a callback of the event loop")
        return None

    return capture


def capture_waiting() -> Any:
    """`Stuck` while a pool has threads: only this process has them."""
    waiting = next((thread for thread in _alive() if _waits(thread)), None)
    if waiting is not None:
        raise Stuck(f"the waiting thread {waiting.name}")
    program = waiting_program()
    if program is not None:
        raise Stuck(f"the waiting process {program}")


def _alive() -> list[threading.Thread]:
    """Without those that imports have started: another process that imports the same has them, too."""
    others = (thread for thread in threading.enumerate() if thread is not threading.main_thread())
    return [each for each in others if not getattr(each, "_cellwright_known", False) and not each.name.startswith(_QUIET)]


def _waits(thread: threading.Thread) -> bool:
    """True for a thread of a pool that has nothing to do now: all its calls are the pool's own, and the last one is no call of a task."""
    frame = sys._current_frames().get(thread.ident or 0)
    last, is_of_pool = frame, False
    while frame is not None:
        if frame.f_code.co_filename not in _WAITING:
            return False
        is_of_pool = is_of_pool or frame.f_code.co_filename in _OF_POOLS
        frame = frame.f_back
    return is_of_pool and last is not None and last.f_code.co_name not in _CALLERS
