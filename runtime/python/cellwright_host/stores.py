"""Where objects are that tasks on several machines read: a folder that all of them see, or the driver's own store."""

from __future__ import annotations

import contextlib
import importlib
import os
import secrets
import shutil
import tempfile
import threading
from typing import Any, Callable, Protocol

from .driver import Connection, Gone

_CHUNK = 1 << 20
# Where an upload is seen whole or not at all; elsewhere it is written beside its place and moved in.
_WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "memory"})


class Unreachable(Exception):
    """The store does not answer now; it may later."""


class Missing(Exception):
    """The store answers, and does not have the object."""


class SharedStore(Protocol):
    """Objects by the digest of their content, which whoever reads them compares."""

    def has(self, digest: str) -> bool:
        """Whether it is there whole; raises `Unreachable`."""

    def get(self, digest: str, path: str) -> None:
        """Write the object to a file that is there and empty; raises `Missing` or `Unreachable`."""

    def put(self, digest: str, path: str) -> None:
        """Keep a file as an object, whole or not at all; raises `Unreachable`."""

    def discard(self, digest: str) -> None:
        """Remove an object whose bytes are not what its name says."""


def place_of(root: str, digest: str) -> str:
    """The file of an object in a folder of objects."""
    hexadecimal = digest.partition(":")[2]
    return os.path.join(root, "objects", hexadecimal[:2], hexadecimal)


class FolderStore:
    """A folder that is mounted at this path on every machine."""

    def __init__(self, root: str) -> None:
        """`root` is made when something is put there. Where its parent is not there it is not mounted now."""
        self._root = root

    def _check(self) -> None:
        if not os.path.isdir(self._root):
            raise Unreachable(f"{self._root} is not there")

    def has(self, digest: str) -> bool:
        """As `SharedStore` says."""
        self._check()
        return os.path.exists(place_of(self._root, digest))

    def get(self, digest: str, path: str) -> None:
        """As `SharedStore` says."""
        self._check()
        try:
            shutil.copyfile(place_of(self._root, digest), path)
        except FileNotFoundError as error:
            self._check()
            raise Missing(digest) from error
        except OSError as error:
            raise Unreachable(str(error)) from error

    def put(self, digest: str, path: str) -> None:
        """As `SharedStore` says."""
        self._check()
        place = place_of(self._root, digest)
        temporary = ""
        try:
            if os.path.exists(place):
                return
            os.makedirs(os.path.dirname(place), exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=os.path.dirname(place), prefix=".tmp-")
            os.close(handle)
            shutil.copyfile(path, temporary)
            os.replace(temporary, place)
        except OSError as error:
            _remove(temporary)
            raise Unreachable(str(error)) from error

    def discard(self, digest: str) -> None:
        """As `SharedStore` says."""
        _remove(place_of(self._root, digest))


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


class AddressStore:
    """What `fsspec` finds behind an address: S3, Google Cloud Storage, Azure, file shares. Its client knows endpoints and credentials."""

    def __init__(self, url: str) -> None:
        """Raises `ImportError` when a package is missing for the address."""
        core = importlib.import_module("fsspec.core")
        self._files, root = core.url_to_fs(url, skip_instance_cache=True, use_listings_cache=False)
        self._root = str(root).rstrip("/")
        protocols = {self._files.protocol} if isinstance(self._files.protocol, str) else set(self._files.protocol)
        self._is_whole = bool(protocols & _WHOLE)

    def _ask(self, ask: Callable[..., Any], *given: Any) -> Any:
        try:
            return ask(*given)
        except FileNotFoundError:
            raise
        except Exception as error:
            # Each client has classes of its own for a server that does not answer.
            raise Unreachable(f"{type(error).__name__}: {str(error)[:200]}") from error

    def has(self, digest: str) -> bool:
        """As `SharedStore` says."""
        try:
            return bool(self._ask(self._files.exists, place_of(self._root, digest)))
        except FileNotFoundError:
            return False

    def get(self, digest: str, path: str) -> None:
        """As `SharedStore` says."""
        try:
            self._ask(self._files.get_file, place_of(self._root, digest), path)
        except FileNotFoundError as error:
            raise Missing(digest) from error

    def put(self, digest: str, path: str) -> None:
        """As `SharedStore` says."""
        place = place_of(self._root, digest)
        try:
            if self._is_whole:
                self._ask(self._files.put_file, path, place)
                return
            folder, _, name = place.rpartition("/")
            beside = f"{folder}/.tmp-{secrets.token_hex(6)}-{name[:16]}"
            self._ask(lambda: self._files.makedirs(folder, exist_ok=True))
            self._ask(self._files.put_file, path, beside)
            self._ask(self._files.mv, beside, place)
        except FileNotFoundError as error:
            # The file is here, so it is a bucket or a share that is not there now.
            raise Unreachable(str(error)) from error

    def discard(self, digest: str) -> None:
        """As `SharedStore` says."""
        with contextlib.suppress(FileNotFoundError, Unreachable):
            self._ask(self._files.rm_file, place_of(self._root, digest))


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
        return [FolderStore(configuration["path"]), drivers]
    if kind == "address":
        return [AddressStore(configuration["url"]), drivers]
    return [] if kind == "own" else [drivers]
