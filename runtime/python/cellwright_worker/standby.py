"""The doors of warm parents that wait for the next run, between two of them."""

from __future__ import annotations

import os
import select
import socket
import time
from json import loads
from typing import Any

_LONGEST_VISIT = 5.0


class Doors:
    """Sockets in a private folder, for those who have the token: the first is this process's own, the others are for those it forks."""

    def __init__(self, paths: list[str], token: str) -> None:
        """Open all: whoever knocks at one of a process that is not there yet waits for it."""
        self._token = token
        self._listeners = [_listen(path) for path in paths]

    def close_next(self) -> None:
        """There will be nobody behind the second one."""
        self._listeners.pop(1).close()

    def leave_first(self) -> None:
        """In a fork: the first is another's."""
        self._listeners.pop(0).close()

    def leave_others(self) -> None:
        """They are another's now."""
        while len(self._listeners) > 1:
            self.close_next()

    def wait(self, seconds: float) -> Visit | None:
        """Whoever comes to the first door with the token; None when nobody does in that time. It is closed then."""
        deadline = time.monotonic() + seconds
        with self._listeners.pop(0) as listener:
            while select.select([listener], [], [], max(deadline - time.monotonic(), 0))[0]:
                connection, _ = listener.accept()
                visit = Visit(connection)
                if visit.read() and visit.message.get("doorToken") == self._token:
                    return visit
                visit.end()
        return None


def _listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen()
    return listener


class Visit:
    """A connection of one who brings work, one line of JSON, and waits to hear whether it is taken."""

    def __init__(self, connection: socket.socket) -> None:
        """Nothing is read yet."""
        self._connection = connection
        self.message: dict[str, Any] = {}

    def read(self) -> bool:
        """False when no whole message comes."""
        self._connection.settimeout(_LONGEST_VISIT)
        try:
            with self._connection.makefile("rb") as stream:
                line = stream.readline()
            if line.endswith(b"\n"):
                self.message = loads(line)
        except (OSError, ValueError):
            return False
        return isinstance(self.message, dict) and bool(self.message)

    def accept(self) -> None:
        """The work is taken."""
        self._connection.sendall(b"yes\n")

    def end(self) -> None:
        """Whoever came sees it."""
        self._connection.close()


def silence() -> None:
    """Who read this process's standard error is about to go."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
