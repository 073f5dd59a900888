"""The line to the driver: the program that schedules the run.

Both sides prove that they know the run's token and neither says it. From then on every message has a code of authentication, made
with a key of this connection and the message's number, so that nobody on the way can add, change, repeat or leave out one. Messages
are not encrypted: the way to the driver has to be private where others must not read what cells are and print.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import secrets
import socket
import threading
from typing import Any, Optional

Message = dict[str, Any]

_LONGEST_GREETING = 1 << 16
_PATIENCE = 30.0


class Gone(Exception):
    """The driver is gone, or is not the one that it should be."""


def _code(key: bytes, *parts: str) -> str:
    return hmac.new(key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()


class Connection:
    """A connection whose other side has proven that it knows the token."""

    def __init__(self, address: tuple[str, int], token: str, role: str, name: str) -> None:
        """`role` is `host` or `objects`. Raises `Gone` when the driver cannot be reached or does not know the token."""
        self._key = token.encode()
        try:
            self.socket = socket.create_connection(address, timeout=_PATIENCE)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.stream = self.socket.makefile("rb", buffering=1 << 16)
            self._session = self._greet(role, name)
            self.socket.settimeout(None)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Gone(f"{address[0]}:{address[1]}: {error}") from error

    def _greet(self, role: str, name: str) -> bytes:
        theirs = self._read_greeting()["nonce"]
        mine = secrets.token_hex(16)
        proof = _code(self._key, "host", role, name, theirs, mine)
        greeting = {"role": role, "name": name, "nonce": mine, "proof": proof}
        self.socket.sendall(json.dumps(greeting).encode() + b"\n")
        answer = self._read_greeting()
        if not hmac.compare_digest(answer["proof"], _code(self._key, "driver", role, name, theirs, mine)):
            raise Gone("it does not know the token")
        return bytes.fromhex(_code(self._key, "session", role, name, theirs, mine))

    def _read_greeting(self) -> dict[str, str]:
        line = self.stream.readline(_LONGEST_GREETING)
        if not line.endswith(b"\n"):
            raise ValueError("it hung up")
        greeting: dict[str, str] = json.loads(line)
        return greeting

    def seal(self, direction: str, number: int, line: bytes) -> str:
        """The code of authentication of a message."""
        code = hmac.new(self._session, f"{direction} {number} ".encode(), hashlib.sha256)
        code.update(line)
        return code.hexdigest()

    def close(self) -> None:
        """Whoever reads at the other side, or here, sees it."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Driver:
    """Messages to and from the driver, whole and in order."""

    def __init__(self, address: tuple[str, int], token: str, name: str) -> None:
        """Connect; raises `Gone` when that is not possible."""
        self._connection = Connection(address, token, "host", name)
        self._lock = threading.Lock()
        self._sent = 0
        self._received = 0

    def send(self, message: Message) -> None:
        """Send one message; raises `Gone` when nobody listens any more."""
        self.send_line(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))

    def send_line(self, line: bytes) -> None:
        """Send a message that is a line of JSON already."""
        with self._lock:
            code = self._connection.seal("up", self._sent, line)
            self._sent += 1
            try:
                self._connection.socket.sendall(code.encode() + b" " + line + b"\n")
            except OSError as error:
                raise Gone("the driver is gone") from error

    def receive(self, patience: Optional[float] = None) -> Message:
        """Wait for the next message; raises `Gone` when there will be none, or none has come in so many seconds."""
        self._connection.socket.settimeout(patience)
        try:
            line = self._connection.stream.readline()
        except OSError as error:
            raise Gone("the driver is silent") from error
        code, space, text = line.rstrip(b"\n").partition(b" ")
        if not line.endswith(b"\n") or not space:
            raise Gone("the driver is gone")
        if not hmac.compare_digest(code.decode("ascii", "replace"), self._connection.seal("down", self._received, text)):
            raise Gone("a message was not the driver's")
        self._received += 1
        message: Message = json.loads(text)
        return message

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
