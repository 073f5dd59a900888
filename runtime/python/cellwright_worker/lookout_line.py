"""A task's line to the lookout of its run (`lookout.py`), which is started when there is none."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from _thread import allocate_lock, start_new_thread
from json import dumps, loads
from typing import Any, Callable

from .orphans import adopt
from .own_files import OwnFiles
from .seccomp import Filter
from .system_calls import machine
from .variables import watch

_NAME = "n"
_HANG_UP = b"\n"
_BACKLOG = 256


class Unwatchable(Exception):
    """This system does not let a process see what its native code opens; why."""


def start(folder_of_run: str, journal: str) -> None:
    """Start the lookout of a run, unless there is one."""
    path = os.path.join(folder_of_run, _NAME)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        try:
            server.bind(path)
        except OSError:
            return  # Another was quicker, or the run is over.
        server.listen(_BACKLOG)
        _spawn(server.fileno(), path, journal)


def _spawn(listener: int, path: str, journal: str) -> None:
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    code = f"import sys; sys.path.insert(0, {folder!r}); from cellwright_worker.lookout import main; main()"
    null = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    # Its own number would keep the descriptor closed in the new program.
    apart = os.dup(listener) if listener == 3 else listener
    arguments = [sys.executable, "-I", "-S", "-B", "-c", code, path, journal]
    actions = [*null, (os.POSIX_SPAWN_DUP2, apart, 3)]
    adopt(False)
    process = os.posix_spawn(sys.executable, arguments, watch.start_values, file_actions=actions)
    if apart != listener:
        os.close(apart)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process, 0)  # It has left a child behind that is nobody's.
    adopt()


class Line:
    """This process has the filter from the moment that this is made; the lookout answers for it."""

    def __init__(self, folder_of_run: str, journal: str, own: OwnFiles) -> None:
        """`Unwatchable` where that does not work; the process may have a filter that nobody answers then, so it must end."""
        known = machine()
        if known is None:
            raise Unwatchable
        self._lock = threading.RLock()
        self._pending = b""
        self._owner = os.getpid()
        try:
            self._control = _reach(folder_of_run, journal)
            self._bell, theirs = socket.socketpair()
            self._filter = Filter(known)
            self._filter.let_read(self._receive()["pid"])
            introduction = {"pid": self._owner, "roots": own.roots, "shared": own.shared}
            listener = self._filter.install()
            socket.send_fds(self._control, [dumps(introduction).encode()], [listener, theirs.fileno()])
            os.close(listener)
            theirs.close()
            self._receive()
            self._try()
        except OSError as error:
            raise Unwatchable from error

    @property
    def takes_rights(self) -> bool:
        """True when programs that this process starts have no more rights than it has."""
        return self._filter.takes_rights

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Tell the lookout something and have its answer; `Unwatchable` when it is gone."""
        try:
            with self._lock:
                self._control.sendall(dumps(message).encode() + b"\n")
                return self._receive()
        except OSError as error:
            raise Unwatchable from error

    def _receive(self) -> dict[str, Any]:
        while b"\n" not in self._pending:
            piece = self._control.recv(1 << 16)
            if not piece:
                raise Unwatchable
            self._pending += piece
        line, _, self._pending = self._pending.partition(b"\n")
        answer: dict[str, Any] = loads(line)
        return answer

    def _try(self) -> None:
        """Open what is not there, and look whether it was seen."""
        path = os.path.join(os.sep, f"cellwright-{self._owner}", "nothing")
        self.ask({"type": "begin", "permitted": True, "written": []})
        with contextlib.suppress(FileNotFoundError):
            os.close(os.open(path, os.O_RDONLY))
        seen = self.ask({"type": "end"})
        if [path, "content", "missing", 1] not in seen["reads"] or seen["unseen"]:
            raise Unwatchable

    def listen(self, called: Callable[[str, str], None]) -> Callable[[], None]:
        """In a thread of its own: `called` with what native code is about to do. Gives what ends the thread."""
        done = allocate_lock()
        done.acquire()

        def wait() -> None:
            try:
                with self._bell.makefile("rb") as lines:
                    for line in iter(lines.readline, b""):
                        if line == _HANG_UP:
                            return
                        self._bell.sendall(b"!")
                        message = loads(line)
                        called(message["reason"], message["detail"])
            finally:
                done.release()

        start_new_thread(wait, ())

        def end() -> None:
            self.ask({"type": "hang-up"})
            done.acquire(timeout=5)

        return end


def _reach(folder_of_run: str, journal: str) -> socket.socket:
    path = os.path.join(folder_of_run, _NAME)
    for _ in range(2):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(path)
            return connection
        except FileNotFoundError:
            connection.close()
            start(folder_of_run, journal)
        except ConnectionRefusedError:  # It ended without a word.
            connection.close()
            os.unlink(path)
            start(folder_of_run, journal)
    raise Unwatchable
