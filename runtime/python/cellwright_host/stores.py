"""Where objects are that tasks on several machines read: the store that a run names, and the driver's own."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any, Protocol

from cellwright_store.address import AddressStore
from cellwright_store.folder import FolderStore
from cellwright_store.store import Damaged, Missing, Refused, Store, Unreachable, key_of

from .driver import Connection, Gone

_CHUNK = 1 << 20


class SharedStore(Protocol):
    """Objects by the digest of their content, which whoever reads them compares. Every method raises `Unreachable` or `Refused`."""

    def has(self, digest: str) -> bool:
        """Whether it is there whole."""

    def get(self, digest: str, path: str) -> None:
        """Write the object to a file that is there and empty; raises `Missing`."""

    def put(self, digest: str, path: str) -> None:
        """Keep a file as an object, whole or not at all."""

    def discard(self, digest: str) -> None:
        """Remove an object whose bytes are not what its name says."""


class StoreOfObjects:
    """The objects in a store; as `SharedStore` says."""

    def __init__(self, store: Store) -> None:
        """Whatever else is in the store."""
        self._store = store

    def has(self, digest: str) -> bool:
        """As `SharedStore` says."""
        return self._store.has(key_of("objects", digest))

    def get(self, digest: str, path: str) -> None:
        """As `SharedStore` says; what has been damaged is removed."""
        try:
            self._store.get_file(key_of("objects", digest), path)
        except Damaged as error:
            self.discard(digest)
            raise Missing(digest) from error

    def put(self, digest: str, path: str) -> None:
        """As `SharedStore` says."""
        self._store.put_file(key_of("objects", digest), path)

    def discard(self, digest: str) -> None:
        """As `SharedStore` says."""
        with contextlib.suppress(Damaged, Refused, Unreachable):
            self._store.remove(key_of("objects", digest))


class DriverStore:
    """The driver's own store, by connections beside that of the messages: one for each thread that moves objects."""

    def __init__(self, address: tuple[str, int], token: str, name: str) -> None:
        """Connections are made when something is to be moved."""
        self._to = (address, token, "objects", name)
        self._mine = threading.local()

    def _ask(self, request: str) -> tuple[Connection, str]:
        """Send a request; gives the connection, and the answer in one line."""
        try:
            if getattr(self._mine, "connection", None) is None:
                self._mine.connection = Connection(*self._to)
            connection: Connection = self._mine.connection
            connection.socket.sendall(request.encode() + b"\n")
            return connection, self._answer(connection)
        except (OSError, Gone) as error:
            self._mine.connection = None
            raise Unreachable(str(error)) from error

    @staticmethod
    def _answer(connection: Connection) -> str:
        line = connection.stream.readline(1 << 12)
        if not line.endswith(b"\n"):
            raise Gone("the driver hung up")
        return line.decode().strip()

    def has(self, digest: str) -> bool:
        """As `SharedStore` says."""
        return self._ask(f"has {digest}")[1] == "yes"

    def get(self, digest: str, path: str) -> None:
        """As `SharedStore` says."""
        connection, answer = self._ask(f"get {digest}")
        if answer == "no":
            raise Missing(digest)
        left = int(answer)
        try:
            with open(path, "wb") as file:
                while left:
                    part = connection.stream.read(min(left, _CHUNK))
                    if not part:
                        raise OSError("the driver hung up in the middle of an object")
                    file.write(part)
                    left -= len(part)
        except OSError as error:
            self._mine.connection = None
            connection.close()
            raise Unreachable(str(error)) from error

    def put(self, digest: str, path: str) -> None:
        """As `SharedStore` says."""
        try:
            with open(path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                connection, answer = self._ask(f"put {digest} {size}")
                if answer == "there":
                    return
                connection.socket.sendfile(file)
                if self._answer(connection) != "kept":
                    raise Gone("the driver did not keep an object")
        except (OSError, Gone) as error:
            self._mine.connection = None
            raise Unreachable(str(error)) from error

    def discard(self, digest: str) -> None:
        """The driver looks for damage itself."""


def open_stores(configuration: dict[str, Any], address: tuple[str, int], token: str, name: str) -> list[SharedStore]:
    """The store that a run names, and then the driver's own, which has what an earlier run left; none for a host that works on that."""
    drivers = DriverStore(address, token, name)
    kind = configuration["kind"]
    if kind == "folder":
        return [StoreOfObjects(FolderStore(configuration["path"])), drivers]
    if kind == "address":
        return [StoreOfObjects(AddressStore(configuration["url"])), drivers]
    return [] if kind == "own" else [drivers]
