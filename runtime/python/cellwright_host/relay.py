"""Passes messages between the processes of this machine, which speak at a Unix socket, and the driver.

What a process is going to need is fetched before it hears of it, and what it wrote is published before anybody else does.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import threading
from typing import Any, Callable, Optional

from .contents import with_digests
from .driver import Driver, Gone
from .objects import Lost, Objects, objects_in, objects_written

_DONE = b'{"type": "done"'
_DAMAGED = b'{"type": "damaged"'


class Relay:
    """The connections of this machine's processes, each a channel with a number."""

    def __init__(self, driver: Driver, objects: Objects, path: str, end: Callable[[], None]) -> None:
        """`path` is the socket at which processes come; `end` is called when the driver is gone."""
        self._driver = driver
        self._objects = objects
        self._end = end
        self._channels: dict[int, _Channel] = {}
        self._next = 0
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(path)
        self._listener.listen(128)
        _start(self._accept)

    def deliver(self, message: dict[str, Any]) -> None:
        """Do what the driver says of a channel."""
        channel = self._channels.get(message["channel"])
        if channel is None:
            return
        kind = message["type"]
        if kind == "line":
            channel.outgoing.put(message["message"])
        elif kind == "close":
            channel.close()
        elif channel.pid is not None:
            channel.signal(signal.SIGKILL if kind == "kill" else signal.SIGURG)

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            channel = _Channel(self._next, connection)
            self._channels[self._next] = channel
            self._next += 1
            _start(lambda channel=channel: self._read(channel))
            _start(lambda channel=channel: self._write(channel))

    def _read(self, channel: _Channel) -> None:
        """All that a process says, until it has gone."""
        try:
            self._driver.send({"type": "opened", "channel": channel.number})
            with channel.connection.makefile("rb", buffering=1 << 16) as stream:
                for line in stream:
                    if not line.endswith(b"\n"):
                        break
                    self._pass_up(channel, line[:-1])
        except OSError:
            pass
        except Gone:
            self._end()
        self._channels.pop(channel.number, None)
        channel.close()
        self._send({"type": "closed", "channel": channel.number})

    def _pass_up(self, channel: _Channel, line: bytes) -> None:
        if channel.pid is None:
            hello = json.loads(line)
            channel.pid = hello.get("pid", 0)
            if "grounds" in hello:
                hello["grounds"]["marks"] = with_digests(hello["grounds"]["marks"])
                line = _line(hello)
        if line.startswith(_DONE):
            message = json.loads(line)
            try:
                self._objects.publish(objects_written(message))
            except Lost as error:
                self._tell_lost(channel, str(error))
                return
            reads = message["result"]["filesRead"]
            marked = with_digests([[read["path"], read["kind"], read["signature"]] for read in reads])
            for read, (*_, digest) in zip(reads, marked):
                read["digest"] = digest
            line = _line(message)
        elif line.startswith(_DAMAGED):
            self._objects.forget(json.loads(line)["object"].split(" ")[0])
        self._driver.send_line(b'{"type":"line","channel":%d,"message":%b}' % (channel.number, line))

    def _write(self, channel: _Channel) -> None:
        """All that is to be said to a process, once what it speaks of is here."""
        while True:
            message = channel.outgoing.get()
            if message is None:
                return
            try:
                self._objects.fetch(objects_in(message))
                channel.connection.sendall(json.dumps(message).encode("utf-8", "surrogatepass") + b"\n")
            except Lost as error:
                self._tell_lost(channel, str(error))
            except OSError:
                return

    def _tell_lost(self, channel: _Channel, what: str) -> None:
        self._send({"type": "line", "channel": channel.number, "message": {"type": "damaged", "object": what}})

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._driver.send(message)
        except Gone:
            self._end()


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")


class _Channel:
    """A process's connection."""

    def __init__(self, number: int, connection: socket.socket) -> None:
        self.number = number
        self.connection = connection
        self.outgoing: queue.SimpleQueue[Optional[dict[str, Any]]] = queue.SimpleQueue()
        self.pid: Optional[int] = None
        self._is_closed = False

    def signal(self, number: int) -> None:
        """To the process, while it is there: whose number it had may have another one later."""
        if self.pid and not self._is_closed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def close(self) -> None:
        """The process sees it, and those that wait here."""
        if self._is_closed:
            return
        self._is_closed = True
        self.outgoing.put(None)
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()


def _start(work: Any) -> None:
    threading.Thread(target=work, daemon=True).start()
