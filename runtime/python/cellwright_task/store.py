"""What steps give is in a store that all of them reach; values of variables are below a folder in which the worker reads and writes."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import tempfile
import time
from typing import Any, Callable, TypeVar

from cellwright_store.folder import FolderStore
from cellwright_store.store import Damaged, Missing, Refused, Store, Unreachable, key_of
from cellwright_worker.objects import Store as Values
from cellwright_worker.objects import StoreDamaged
from cellwright_worker.seals import Seals

from .problem import Problem, StepFailed

Result = TypeVar("Result")

_LONGEST_WAIT = 5.0


class ObjectStore:
    """A store, whose failures are those of a step: every method raises `StepFailed`."""

    def __init__(self, store: Store, shown: str, worker_root: str) -> None:
        """`shown` is its address for people; `worker_root` the folder of the worker, which is the store itself."""
        self._store = store
        self.shown = shown
        self.worker_root = worker_root

    def put(self, key: str, data: bytes) -> None:
        """Write, unless the key is there."""
        self._told(lambda: self._store.write(key, data))

    def get(self, key: str) -> bytes:
        """Read."""
        return self._told(lambda: self._store.read(key))

    def put_file(self, key: str, path: str) -> None:
        """The same for what is in a file."""
        self._told(lambda: self._store.put_file(key, path))

    def get_file(self, key: str, path: str) -> None:
        """Write what is under the key to a new file. The whole is compared with its name by who asks."""
        self._told(lambda: self._store.get_file(key, path))

    def share_value(self, digest: str) -> None:
        """Let others have a value that the worker has written."""

    def fetch_value(self, digest: str) -> None:
        """Make a value of another step be there for the worker, which compares it with its name."""

    def seal_in(self, folder: str) -> None:
        """What was compared with its name need not be compared again by the worker whose sockets are in this folder."""

    def close(self) -> None:
        """Remove what was only for this process."""

    def _told(self, action: Callable[[], Result]) -> Result:
        try:
            return action()
        except Missing as error:
            message = f"{error} is not in the store {self.shown}."
            help_text = "Run again the step that gave it, or name the store that it was written to."
            raise StepFailed(Problem("CW816", message, help_text)) from error
        except Damaged as error:
            raise damaged(str(error)) from error
        except Refused as error:
            raise unusable(error) from error
        except Unreachable as error:
            raise StepFailed(Problem("CW817", f"{error}.", "Look at the address and the server, and run the step again.")) from error


class DistantStore(ObjectStore):
    """What steps share lies at an address; what the worker reads and writes lies in a private folder."""

    def __init__(self, url: str) -> None:
        """`StepFailed` when no package is installed for the address."""
        from cellwright_store.address import AddressStore

        try:
            store = AddressStore(url, _patiently)
        except Refused as error:
            raise unusable(error, 2) from error
        super().__init__(store, store.url, tempfile.mkdtemp(prefix="cw-values-"))
        self._values = Values(self.worker_root)

    def share_value(self, digest: str) -> None:
        """Upload it."""
        self.put_file(key_of("objects", digest), self._values.path(digest))

    def fetch_value(self, digest: str) -> None:
        """Download it, and compare it with its name."""
        path = self._values.path(digest)
        if os.path.exists(path):
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = f"{path}.tmp"
        self.get_file(key_of("objects", digest), temporary)
        os.replace(temporary, path)
        try:
            self._values.read(digest)
        except (StoreDamaged, ValueError) as error:
            os.unlink(path)
            raise damaged(digest) from error

    def seal_in(self, folder: str) -> None:
        """What was compared here."""
        self._values.seals = Seals(os.path.join(folder, "seals"))

    def close(self) -> None:
        """Remove the private folder."""
        shutil.rmtree(self.worker_root, ignore_errors=True)


def _patiently(action: Callable[[], Any]) -> Any:
    """Ask again and again while the server is gone, for a while."""
    until = time.monotonic() + float(os.environ.get("CELLWRIGHT_STORE_PATIENCE", "60"))
    wait = 0.1
    while True:
        try:
            return action()
        except Unreachable:
            if time.monotonic() + wait > until:
                raise
        time.sleep(wait * random.uniform(0.5, 1))
        wait = min(wait * 2, _LONGEST_WAIT)


def check(data: bytes, digest: str) -> bytes:
    """The data, when it is what its name says; otherwise `StepFailed`."""
    if "sha256:" + hashlib.sha256(data).hexdigest() != digest:
        raise damaged(digest)
    return data


def damaged(digest: str) -> StepFailed:
    """What is said of bytes that are not what they are called."""
    message = f"{digest} in the store is damaged, or is not what its name says. Nothing of it was used."
    return StepFailed(Problem("CW816", message, "Remove it from the store, and run again the step that gave it."))


def unusable(error: Refused, exit_code: int = 1) -> StepFailed:
    """What is said of a store that cannot be used as things are."""
    return StepFailed(Problem("CW817", error.message, error.help_text), exit_code)


def open_store(url: str) -> ObjectStore:
    """A folder, or what `fsspec` understands."""
    if "://" in url and not url.startswith("file://"):
        return DistantStore(url)
    store = FolderStore(url.partition("://")[2] if "://" in url else url, makes=True)
    return ObjectStore(store, store.root, store.root)
