"""A store behind any address that `fsspec` understands: S3, Google Cloud Storage, Azure, file shares.

Large things go in parts that are named by their content: what an interrupted upload has sent is not sent again, and parts go side by
side. What stands under the name of the whole, and so makes it exist, is written last.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Callable, Optional, TypeVar

from .connection import Connection
from .store import Damaged, Missing, Patience, key_of, once

Result = TypeVar("Result")

PART = 16 << 20
_SMALL = 64 << 10
_SIDE_BY_SIDE = 8


class AddressStore:
    """As `Store` says."""

    def __init__(self, url: str, patience: Patience[Any] = once) -> None:
        """Raises `Refused` when no package is installed for the address. The client finds endpoints and credentials by itself."""
        self._connection = Connection(url)
        self._patience = patience

    @property
    def url(self) -> str:
        """For people: without a password."""
        return self._connection.shown

    def has(self, key: str) -> bool:
        """As `Store` says."""
        return self._size(key) >= 0 or self._size(f"{key}.parts") > 0

    def read(self, key: str) -> bytes:
        """Of what was written in one piece."""
        data = self._read(key)
        if data is None:
            raise Missing(key)
        return data

    def write(self, key: str, data: bytes) -> None:
        """In one piece. To ask whether it is there takes as long as to write what is small."""
        if len(data) < _SMALL or self._size(key) != len(data):
            self._write(key, data)

    def put_file(self, key: str, path: str) -> None:
        """As `Store` says."""
        size = os.path.getsize(path)
        if size <= PART:
            with open(path, "rb") as file:
                self.write(key, file.read())
            return
        index = f"{key}.parts"
        if self._size(index) > 0:
            return
        parts = _side_by_side(lambda start: self._put_part(path, start), range(0, size, PART))
        self._write(index, json.dumps({"size": size, "parts": parts}).encode())

    def get_file(self, key: str, path: str) -> None:
        """As `Store` says."""
        data = self._read(key)
        if data is not None:
            with open(path, "wb") as file:
                file.write(data)
            return
        index = self._read(f"{key}.parts")
        if index is None:
            raise Missing(key)
        size, parts = _index_of(index, key)
        with open(path, "wb") as file:
            file.truncate(size)

            def fetch(numbered: tuple[int, str]) -> None:
                number, digest = numbered
                data = self.read(key_of("parts", digest))
                if len(data) != min(PART, size - number * PART):
                    raise Damaged(digest)
                os.pwrite(file.fileno(), data, number * PART)

            _side_by_side(fetch, list(enumerate(parts)))

    def remove(self, key: str) -> None:
        """Of its parts, which may belong to others as well, those that are not what they are called."""
        index = self._read(f"{key}.parts")
        _, parts = _index_of(index, key) if index is not None else (0, [])
        wrong = [name for part in parts if self._is_wrong(name := key_of("parts", part), part)]
        for name in (key, f"{key}.parts", *wrong):
            self._ask(partial(self._remove, self._path(name)))

    def _is_wrong(self, name: str, digest: str) -> bool:
        data = self._read(name)
        return data is not None and "sha256:" + hashlib.sha256(data).hexdigest() != digest

    def _remove(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._connection.files.rm_file(path)

    def _size(self, key: str) -> int:
        """In bytes; -1 when nothing is there."""

        def ask() -> int:
            try:
                return int(self._connection.files.info(self._path(key))["size"])
            except FileNotFoundError:
                return -1

        return self._ask(ask)

    def _read(self, key: str) -> Optional[bytes]:
        """None when nothing is there."""

        def read() -> Optional[bytes]:
            try:
                data: bytes = self._connection.files.cat_file(self._path(key))
            except FileNotFoundError:
                return None
            return data

        return self._ask(read)

    def _write(self, key: str, data: bytes) -> None:
        path, files = self._path(key), self._connection.files

        def write() -> None:
            if self._connection.is_whole:
                files.pipe_file(path, data)
                return
            folder, _, name = path.rpartition("/")
            beside = f"{folder}/.tmp-{os.getpid()}-{random.getrandbits(32):08x}-{name[:16]}"
            files.makedirs(folder, exist_ok=True)
            files.pipe_file(beside, data)
            files.mv(beside, path)

        self._ask(write)

    def _put_part(self, path: str, start: int) -> str:
        with open(path, "rb") as file:
            file.seek(start)
            data = file.read(PART)
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.write(key_of("parts", digest), data)
        return digest

    def _path(self, key: str) -> str:
        return f"{self._connection.root}/{key}"

    def _ask(self, action: Callable[[], Result]) -> Result:
        answer: Result = self._patience(lambda: self._connection.ask(action))
        return answer


def _side_by_side(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        return list(pool.map(work, items))


def _index_of(data: bytes, key: str) -> tuple[int, list[str]]:
    """The size of the whole and the names of its parts."""
    try:
        index = json.loads(data)
        size, parts = int(index["size"]), [str(part) for part in index["parts"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(key) from error
    if len(parts) != -(-size // PART):
        raise Damaged(key)
    return size, parts
