"""A process that the kernel asks before native code of a task opens a file: it writes down what was there, and makes writing wait.

One for all tasks of a run, started by the first that needs it (`lookout_line.py`). It outlives the run as long as any program has the
filter: without somebody who answers, no program with it could open anything. Started with the socket where it listens as
descriptor 3, and as arguments the socket's path and the folder of the run's journal.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Callable

from .journal import Journal
from .lookout_session import Session

# The run may be waiting for something else; when its folder is gone it is over.
_IDLE = 60.0
_DEADLINE = 2.0


class Lookout:
    """All sessions, and the one loop that serves them."""

    def __init__(self, path: str, journal: Journal) -> None:
        """`path` is where new tasks knock."""
        self._path = path
        self._journal = journal
        self._server = socket.socket(fileno=3)
        self._poll = select.poll()
        self._ready: dict[int, Callable[[int], None]] = {}
        self._sessions: set[Session] = set()
        self._watch(3, lambda events: self._greet())

    def _watch(self, descriptor: int, ready: Callable[[int], None]) -> None:
        self._ready[descriptor] = ready
        self._poll.register(descriptor, select.POLLIN)

    def _leave(self, descriptor: int) -> None:
        del self._ready[descriptor]
        self._poll.unregister(descriptor)

    def serve(self) -> None:
        """Until nobody has the filter any more and nobody comes."""
        quiet_since = time.monotonic()
        while True:
            ready = self._poll.poll(1000)
            for descriptor, events in ready:
                if descriptor in self._ready:
                    self._ready[descriptor](events)
            self._end_the_stuck()
            if ready or self._sessions:
                quiet_since = time.monotonic()
            elif (time.monotonic() - quiet_since > _IDLE or not os.path.exists(self._path)) and self._may_end():
                return

    def _may_end(self) -> bool:
        """Who comes from now on starts another; who is waiting at the door is let in."""
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        return not select.select([self._server], [], [], 0)[0]

    def _greet(self) -> None:
        control, _ = self._server.accept()
        control.sendall(json.dumps({"pid": os.getpid()}).encode() + b"\n")
        self._watch(control.fileno(), lambda events: self._introduce(control))

    def _introduce(self, control: socket.socket) -> None:
        """The first message of a task: who it is, the descriptor where the kernel asks, and where to call it."""
        self._leave(control.fileno())
        data, ancillary, _, _ = control.recvmsg(1 << 16, socket.CMSG_SPACE(2 * array.array("i").itemsize))
        descriptors = array.array("i")
        for _, _, sent in ancillary:
            descriptors.frombytes(sent)
        if len(descriptors) != 2:
            control.close()
            return
        listener, bell = descriptors[0], socket.socket(fileno=descriptors[1])
        session = Session(listener, bell, self._journal, json.loads(data))
        self._sessions.add(session)
        pending = bytearray()

        def told(events: int) -> None:
            piece = _received(control)
            if not piece:
                self._leave(control.fileno())
                self._leave(bell.fileno())
                control.close()
                session.task_is_gone()
                return
            pending.extend(piece)
            while b"\n" in pending:
                line, _, rest = bytes(pending).partition(b"\n")
                pending[:] = rest
                control.sendall(json.dumps(session.told(json.loads(line))).encode() + b"\n")

        def asked(events: int) -> None:
            if events & select.POLLIN:
                session.asked()
            elif events & (select.POLLHUP | select.POLLERR):
                self._leave(listener)
                os.close(listener)
                self._sessions.discard(session)

        self._watch(control.fileno(), told)
        self._watch(listener, asked)
        self._watch(bell.fileno(), lambda events: session.heard(_received(bell)))
        control.sendall(b"{}\n")

    def _end_the_stuck(self) -> None:
        """A call that holds the interpreter's lock while it waits for the task's turn: the task is made again when it has it."""
        for session in self._sessions:
            if session.rung is not None and time.monotonic() - session.rung > _DEADLINE:
                session.rung = None
                with contextlib.suppress(OSError):
                    os.kill(session.owner, signal.SIGKILL)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1 << 16)
    except OSError:
        return b""


def main() -> None:
    """Be that process, and nobody's child."""
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    os.chdir("/")
    path, journal = sys.argv[1:3]
    Lookout(path, Journal(journal)).serve()
    os._exit(0)
