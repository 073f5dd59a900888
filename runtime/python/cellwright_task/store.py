"""Where what steps give is kept: the same names on a local disk and in an object store, immutable, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from typing import Protocol

from .problem import Problem, StepFailed


class ObjectStore(Protocol):
    """What a step needs of a store. Keys are relative paths such as `files/ab/abcd…`; what is under a key never changes."""

    # The folder in which the worker reads and writes the values of variables.
    worker_root: str

    def put(self, key: str, data: bytes) -> None:
        """Write, unless the key is there."""

    def get(self, key: str) -> bytes:
        """Read; `StepFailed` when it is not there."""

    def put_file(self, key: str, path: str) -> None:
        """The same for what is in a file."""

    def get_file(self, key: str, path: str) -> None:
        """Write what is under the key to a new file."""

    def share_value(self, digest: str) -> None:
        """Let others have a value that the worker has written below `worker_root`."""

    def fetch_value(self, digest: str) -> None:
        """Make a value of another step be below `worker_root`."""

    def seal_in(self, folder: str) -> None:
        """What was compared with its name need not be compared again by the worker whose sockets are in this folder."""

    def close(self) -> None:
        """Remove what was only for this process."""


def key_of(kind: str, digest: str) -> str:
    """The key of something that is named by its digest."""
    hexadecimal = digest.partition(":")[2]
    return f"{kind}/{hexadecimal[:2]}/{hexadecimal}"


def check(data: bytes, digest: str) -> bytes:
    """The data, when it is what its name says; otherwise `StepFailed`."""
    if "sha256:" + hashlib.sha256(data).hexdigest() != digest:
        raise damaged(digest)
    return data


def damaged(digest: str) -> StepFailed:
    """What is said of bytes that are not what they are called."""
    message = f"{digest} in the store is damaged, or is not what its name says. Nothing of it was used."
    return StepFailed(Problem("CW816", message, "Remove it from the store, and run again the step that gave it."))


def missing(key: str, where: str) -> StepFailed:
    """What is said of something that is not there."""
    message = f"{key} is not in the store {where}."
    return StepFailed(Problem("CW816", message, "Run again the step that gave it, or name the store that it was written to."))


class FolderStore:
    """A folder that all steps see: the worker maps values straight from it."""

    def __init__(self, root: str) -> None:
        """The folder is made when it does not exist."""
        self.root = os.path.realpath(root)
        self.worker_root = self.root
        os.makedirs(self.root, exist_ok=True)

    def _path(self, key: str) -> str:
        return os.path.join(self.root, *key.split("/"))

    def put(self, key: str, data: bytes) -> None:
        """Beside its place first, then moved in."""
        path = self._path(key)
        if os.path.exists(path):
            return
        with _Beside(path) as temporary, open(temporary, "wb") as file:
            file.write(data)

    def get(self, key: str) -> bytes:
        """The whole of it."""
        try:
            with open(self._path(key), "rb") as file:
                return file.read()
        except FileNotFoundError as error:
            raise missing(key, self.root) from error

    def put_file(self, key: str, path: str) -> None:
        """Copied."""
        target = self._path(key)
        if os.path.exists(target):
            return
        with _Beside(target) as temporary:
            copy(path, temporary)

    def get_file(self, key: str, path: str) -> None:
        """Copied: what a cell does to its file is not done to the store."""
        try:
            copy(self._path(key), path)
        except FileNotFoundError as error:
            raise missing(key, self.root) from error

    def share_value(self, digest: str) -> None:
        """The worker has written it where all see it."""

    def fetch_value(self, digest: str) -> None:
        """It is there; the worker compares it with its name."""

    def seal_in(self, folder: str) -> None:
        """Nothing is compared here."""

    def close(self) -> None:
        """There is nothing of the kind."""


class _Beside:
    """A temporary file that takes its place when all went well."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._temporary = ""

    def __enter__(self) -> str:
        folder = os.path.dirname(self._path)
        os.makedirs(folder, exist_ok=True)
        handle, self._temporary = tempfile.mkstemp(dir=folder, prefix=".tmp-")
        os.close(handle)
        return self._temporary

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            os.replace(self._temporary, self._path)
        else:
            os.unlink(self._temporary)


def copy(source: str, target: str) -> None:
    """The bytes of a file, and nothing else of it."""
    with open(source, "rb") as reader, open(target, "wb") as writer:
        while True:
            chunk = reader.read(1 << 20)
            if not chunk:
                return
            writer.write(chunk)


def open_store(url: str) -> ObjectStore:
    """A folder, or what `fsspec` understands."""
    if "://" not in url:
        return FolderStore(url)
    if url.startswith("file://"):
        return FolderStore(url[len("file://") :])
    from .store_fsspec import FsspecStore

    return FsspecStore(url)
