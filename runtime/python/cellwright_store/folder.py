"""A store in a folder that all machines see at the same path."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator

from .store import Missing, Unreachable

_CHUNK = 1 << 20


class FolderStore:
    """As `Store` says."""

    def __init__(self, root: str, makes: bool = False) -> None:
        """`makes`: the folder is made when it is not there; otherwise it is not mounted then."""
        self.root = os.path.realpath(root)
        if makes:
            os.makedirs(self.root, exist_ok=True)

    def has(self, key: str) -> bool:
        """As `Store` says."""
        self._check()
        return os.path.exists(self._path(key))

    def read(self, key: str) -> bytes:
        """As `Store` says."""
        with self._open(key) as path, open(path, "rb") as file:
            return file.read()

    def write(self, key: str, data: bytes) -> None:
        """As `Store` says."""
        with self._beside(key) as temporary:
            if temporary is not None:
                with open(temporary, "wb") as file:
                    file.write(data)

    def get_file(self, key: str, path: str) -> None:
        """A copy: what a cell does to its file is not done to the store."""
        with self._open(key) as source:
            copy(source, path)

    def put_file(self, key: str, path: str) -> None:
        """As `Store` says."""
        with self._beside(key) as temporary:
            if temporary is not None:
                copy(path, temporary)

    def remove(self, key: str) -> None:
        """As `Store` says."""
        with contextlib.suppress(OSError):
            os.unlink(self._path(key))

    def _path(self, key: str) -> str:
        return os.path.join(self.root, *key.split("/"))

    def _check(self) -> None:
        if not os.path.isdir(self.root):
            raise Unreachable(f"{self.root} is not there")

    @contextlib.contextmanager
    def _open(self, key: str) -> Iterator[str]:
        self._check()
        try:
            yield self._path(key)
        except FileNotFoundError as error:
            self._check()
            raise Missing(key) from error
        except OSError as error:
            raise Unreachable(str(error)) from error

    @contextlib.contextmanager
    def _beside(self, key: str) -> Iterator[str | None]:
        """A temporary file that takes its place when all went well; None when there is something already."""
        self._check()
        path = self._path(key)
        temporary = ""
        try:
            if os.path.exists(path):
                yield None
                return
            os.makedirs(os.path.dirname(path), exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".tmp-")
            os.close(handle)
            yield temporary
            os.replace(temporary, path)
        except OSError as error:
            raise Unreachable(str(error)) from error
        finally:
            if temporary:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary)


def copy(source: str, target: str) -> None:
    """The bytes of a file, and nothing else of it."""
    with open(source, "rb") as reader, open(target, "wb") as writer:
        for chunk in iter(lambda: reader.read(_CHUNK), b""):
            writer.write(chunk)
