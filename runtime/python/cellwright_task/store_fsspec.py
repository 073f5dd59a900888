"""A store behind any address that `fsspec` understands: S3, Google Cloud Storage, Azure, file shares.

Large things go in parts that are named by their content: what an interrupted upload has sent is not sent again, and parts go side by
side. What stands under the name of the whole, and so makes it exist, is written last. Whatever is read is compared with its name.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Optional, TypeVar

from cellwright_worker.objects import Store, StoreDamaged
from cellwright_worker.seals import Seals

from .problem import Problem, StepFailed
from .store import damaged, key_of, missing

Result = TypeVar("Result")

PART = 16 << 20
_SMALL = 64 << 10
_SIDE_BY_SIDE = 8
# Where an upload is seen whole or not at all; elsewhere it is written beside its place and moved in.
_WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "memory"})
# A mistake of the program or of its user that no patience mends.
_FINAL = (FileNotFoundError, PermissionError, ImportError, TypeError, ValueError, NotADirectoryError, IsADirectoryError)
# The same of client libraries, which need not be installed here.
_FINAL_BY_NAME = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "InvalidConfigError", "ParamValidationError", "UnknownServiceError"}
)
_LONGEST_WAIT = 5.0


def _patience() -> float:
    """Seconds for which a store may be gone."""
    return float(os.environ.get("CELLWRIGHT_STORE_PATIENCE", "60"))


class FsspecStore:
    """What steps share lies at an address; what the worker reads and writes lies in a private folder."""

    def __init__(self, url: str) -> None:
        """`StepFailed` when no package is installed for the address. The client finds endpoints and credentials by itself."""
        self.url = without_password(url)
        self._files, self._root = _connect(url, self.url)
        protocol = self._files.protocol
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        self._is_whole = bool(names & _WHOLE)
        self.worker_root = tempfile.mkdtemp(prefix="cw-values-")
        self._values = Store(self.worker_root)

    def close(self) -> None:
        """Remove the private folder."""
        shutil.rmtree(self.worker_root, ignore_errors=True)

    def seal_in(self, folder: str) -> None:
        """What was compared here need not be compared again by the worker whose sockets are in this folder."""
        self._values.seals = Seals(os.path.join(folder, "seals"))

    # Small things, in one piece.

    def put(self, key: str, data: bytes) -> None:
        """Write, unless it is there: to ask takes as long as to write what is small."""
        if len(data) < _SMALL or self._size(key) != len(data):
            self._write(key, data)

    def get(self, key: str) -> bytes:
        """The whole of it."""
        data = self._read(key)
        if data is None:
            raise missing(key, self.url)
        return data

    def _size(self, key: str) -> int:
        """In bytes; -1 when nothing is there."""

        def ask() -> int:
            try:
                return int(self._files.info(self._path(key))["size"])
            except FileNotFoundError:
                return -1

        return self._patiently("be asked", ask)

    def _read(self, key: str) -> Optional[bytes]:
        """None when nothing is there."""

        def read() -> Optional[bytes]:
            try:
                data: bytes = self._files.cat_file(self._path(key))
            except FileNotFoundError:
                return None
            return data

        return self._patiently("be read", read)

    def _write(self, key: str, data: bytes) -> None:
        path = self._path(key)

        def write() -> None:
            if self._is_whole:
                self._files.pipe_file(path, data)
                return
            folder, _, name = path.rpartition("/")
            beside = f"{folder}/.tmp-{os.getpid()}-{random.getrandbits(32):08x}-{name[:16]}"
            self._files.makedirs(folder, exist_ok=True)
            self._files.pipe_file(beside, data)
            self._files.mv(beside, path)

        self._patiently("be written", write)

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"

    # Large things, in parts.

    def put_file(self, key: str, path: str) -> None:
        """Upload what others do not have already."""
        size = os.path.getsize(path)
        if size <= PART:
            with open(path, "rb") as file:
                self.put(key, file.read())
            return
        index = f"{key}.parts"
        if self._size(index) > 0:
            return
        starts = range(0, size, PART)
        parts = self._side_by_side(lambda start: self._put_part(path, start), starts)
        self._write(index, json.dumps({"size": size, "parts": parts}).encode())

    def _put_part(self, path: str, start: int) -> str:
        with open(path, "rb") as file:
            file.seek(start)
            data = file.read(PART)
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.put(key_of("parts", digest), data)
        return digest

    def get_file(self, key: str, path: str) -> None:
        """Write what is under the key to a new file. The whole is compared with its name by who asks: no part need be before."""
        data = self._read(key)
        if data is not None:
            with open(path, "wb") as file:
                file.write(data)
            return
        index = self._read(f"{key}.parts")
        if index is None:
            raise missing(key, self.url)
        size, parts = _index_of(index, key)
        with open(path, "wb") as file:
            file.truncate(size)

            def fetch(numbered: tuple[int, str]) -> None:
                number, digest = numbered
                data = self.get(key_of("parts", digest))
                if len(data) != min(PART, size - number * PART):
                    raise damaged(digest)
                os.pwrite(file.fileno(), data, number * PART)

            self._side_by_side(fetch, list(enumerate(parts)))

    def _side_by_side(self, work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            return list(pool.map(work, items))

    # Values of variables, which the worker names.

    def share_value(self, digest: str) -> None:
        """Upload a value that the worker has written."""
        self.put_file(key_of("objects", digest), self._values.path(digest))

    def fetch_value(self, digest: str) -> None:
        """Download a value for the worker, and compare it with its name."""
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

    # A server that is briefly gone.

    def _patiently(self, what: str, action: Callable[[], Result]) -> Result:
        """Do it, again and again while the server is gone, for a while."""
        until = time.monotonic() + _patience()
        wait = 0.1
        while True:
            try:
                return action()
            except _FINAL as error:
                raise self._failed(what, error) from error
            except Exception as error:
                if time.monotonic() + wait > until or type(error).__name__ in _FINAL_BY_NAME:
                    raise self._failed(what, error) from error
            time.sleep(wait * random.uniform(0.5, 1))
            wait = min(wait * 2, _LONGEST_WAIT)

    def _failed(self, what: str, error: Exception) -> StepFailed:
        message = f"{self.url} cannot {what}: {type(error).__name__}: {str(error)[:500]}."
        return StepFailed(Problem("CW817", message, "Look at the address, the credentials and the server, and run the step again."))


def _connect(url: str, shown: str) -> tuple[Any, str]:
    protocol = url.partition("://")[0]
    try:
        core = importlib.import_module("fsspec.core")
        files, root = core.url_to_fs(url, skip_instance_cache=True, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        message = f"{shown} cannot be used as a store: {error}."
        needed = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}.get(protocol, "fsspec")
        help_text = f"Install {needed} where the steps run, beside the notebook's packages: pip install {needed}"
        raise StepFailed(Problem("CW817", message, help_text), 2) from error
    return files, str(root).rstrip("/")


def _index_of(data: bytes, key: str) -> tuple[int, list[str]]:
    """The size of the whole and the names of its parts."""
    try:
        index = json.loads(data)
        size, parts = int(index["size"]), [str(part) for part in index["parts"]]
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(key) from error
    if len(parts) != -(-size // PART):
        raise damaged(key)
    return size, parts


def without_password(url: str) -> str:
    """An address for people: without a name and a password in it."""
    protocol, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{protocol}{mark}{host.rpartition('@')[2]}{slash}{path}"
