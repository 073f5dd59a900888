"""Work on the side: in a forked child, so that nothing of what it does reaches the cells. What it looks at counts as looked at."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import re
import select
import signal
import sys
import time
from typing import Any, Callable

from . import shell as shell_module
from .component import touches
from .observe import Observer
from .own_json import read_json, write_json
from .variables import watch

Send = Callable[[dict[str, Any]], None]

_MAPS = "/proc/self/maps"
_OPENMP = re.compile(r"(/\S*lib(?:gomp|iomp5|omp)\b\S*\.so\S*)")


class Refused(Exception):
    """Something that only looks was about to act."""


def beside(observer: Observer, work: Callable[[Send], None], seconds: float) -> tuple[list[dict[str, Any]], bool]:
    """What `work` sent from a copy of this process, and whether it came to its end within `seconds`."""
    shell_module.messages.flush()
    chance = random.getstate()
    touched = set(touches.read), set(touches.written)
    reading, writing = os.pipe()
    observer.native.about_to_fork()
    with observer.aside():
        child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _run(observer, work, writing, chance)
        finally:
            os._exit(0)
    os.close(writing)
    touches.read.intersection_update(touched[0])
    touches.written.intersection_update(touched[1])
    with observer.aside():
        received, ended = _receive(child, reading, time.monotonic() + seconds)
    for message in received:
        if message["type"] == "looked":
            observer.adopt(message["files"])
            watch.adopt(message["variables"])
            touches.read.update(message["touched"])
    return [message for message in received if message["type"] != "looked"], ended


def _run(observer: Observer, work: Callable[[Send], None], writing: int, chance: Any) -> None:
    def send(message: dict[str, Any]) -> None:
        with observer.aside():
            rest = write_json(message).encode("utf-8", "surrogatepass") + b"\n"
            while rest:
                rest = rest[os.write(writing, rest) :]

    def refuse(reason: str, detail: str) -> None:
        raise Refused(f"what is evaluated after a cell may only look ({reason}: {detail})")

    with observer.aside():
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        random.setstate(chance)  # A fork changes it.
        touches.clear()
        _one_thread()
    shell_module.messages.emit = lambda message: None
    observer.permitted, observer.permit = False, refuse
    work(send)
    touched = sorted(touches.read | touches.written)
    send({"type": "looked", "files": observer.reads(), "variables": watch.reads(), "touched": touched})


def _one_thread() -> None:
    """The threads of OpenMP did not come along: who waits for them waits for ever."""
    if sys.platform != "linux":
        return
    with open(_MAPS, encoding="utf-8", errors="surrogateescape") as maps:
        libraries = set(_OPENMP.findall(maps.read()))
    for library in libraries:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(library).omp_set_num_threads(1)


def _receive(child: int, reading: int, until: float) -> tuple[list[dict[str, Any]], bool]:
    """All that a child says until it ends; it is ended when it takes longer."""
    text, ended = b"", False
    while True:
        patience = until - time.monotonic()
        if patience <= 0 or not select.select([reading], [], [], patience)[0]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            break
        part = os.read(reading, 1 << 16)
        if not part:
            ended = True
            break
        text += part
    os.close(reading)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)
    whole = text[: text.rfind(b"\n") + 1].decode("utf-8", "surrogatepass")
    return [read_json(line) for line in whole.split("\n")[:-1]], ended
