"""The line between a worker process and the scheduler: one JSON object a line over a Unix socket."""

from __future__ import annotations

import os
import socket
import threading
from typing import Any

from .own_json import read_json, write_json

Message = dict[str, Any]


class Disconnected(Exception):
    """The scheduler is gone, so this process has nobody to work for."""


class Channel:
    """A connection to the scheduler; messages are sent whole and read in order."""

    def __init__(self, path: str) -> None:
        """Connect to the socket at `path`.

        A process forked from the owner must not use the connection: `owner` guards it.
        """
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._pending = b""
        self._lock = threading.RLock()
        self.owner = os.getpid()

    def send(self, message: Message) -> None:
        """Send one message; `Disconnected` when nobody listens any more."""
        line = write_json(message)
        try:
            with self._lock:  # The notebook's threads print, too.
                self._socket.sendall(_encoded(line, message) + b"\n")
        except OSError as error:
            raise Disconnected from error

    def receive(self) -> Message:
        """Wait for the next message; `Disconnected` at the end of the stream."""
        while b"\n" not in self._pending:
            try:
                chunk = self._socket.recv(1 << 16)
            except OSError as error:
                raise Disconnected from error
            if not chunk:
                raise Disconnected
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        message: Message = read_json(line.decode("utf-8", "surrogatepass"))
        return message

    @property
    def has_message(self) -> bool:
        """True when a whole message has come in already."""
        return b"\n" in self._pending

    def fileno(self) -> int:
        """For `select`: readable when `receive` has something to wait for no longer."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close this process's end."""
        self._socket.close()

    @property
    def foreign(self) -> bool:
        """True in a child that user code forked: the connection belongs to its parent."""
        return os.getpid() != self.owner


def _encoded(line: str, message: Message) -> bytes:
    """A line as UTF-8. What a cell shows is written as a kernel writes it (`jupyter_client.session.json_packer`): a surrogate that
    stands for a byte is that byte, which whoever reads it replaces."""
    try:
        return line.encode("utf-8", "surrogateescape" if message["type"] == "output" else "surrogatepass")
    except UnicodeEncodeError:  # One that stands for no byte.
        return line.encode("utf-8", "surrogatepass")
