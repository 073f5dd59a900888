"""Immutable objects on disk, named by the digest of their bytes.

A file is a JSON header line, the pickle stream, and the out-of-band buffers, each at a multiple of 64 bytes. Files are written
to a temporary name and renamed, so that a reader sees a whole object or none.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import tempfile
from typing import Any, BinaryIO, Callable, Optional

_ALIGN = 64
MAPPED_FROM = 1 << 20
Hasher = Callable[[memoryview], bytes]


class Mapped(mmap.mmap):
    """Memory of the store; nobody else's map."""


class StoreDamaged(Exception):
    """The bytes of an object do not match its name."""


def hash_buffer(buffer: memoryview) -> bytes:
    """The digest of one buffer."""
    return hashlib.sha256(buffer).digest()


def digest_of(stream: bytes, buffers: list[memoryview], hasher: Hasher = hash_buffer) -> str:
    """The name of an object: a digest over the stream and the digest of each buffer."""
    whole = hashlib.sha256(stream)
    for buffer in buffers:
        whole.update(b"|%d|" % buffer.nbytes)
        whole.update(hasher(buffer))
    return "sha256:" + whole.hexdigest()


class Store:
    """The objects below one folder."""

    def __init__(self, root: str) -> None:
        """The folder is made when it does not exist."""
        self.root = root
        os.makedirs(os.path.join(root, "objects"), exist_ok=True)

    def path(self, digest: str) -> str:
        """Where the object is."""
        hexadecimal = digest.partition(":")[2]
        return os.path.join(self.root, "objects", hexadecimal[:2], hexadecimal)

    def _open(self, digest: str) -> BinaryIO:
        try:
            return open(self.path(digest), "rb")
        except FileNotFoundError as error:
            raise StoreDamaged(f"{digest} is missing") from error

    def write(self, stream: bytes, buffers: list[memoryview], digest: Optional[str] = None) -> str:
        """Write an object, unless it is there; gives its digest, which a caller that knows it hands in."""
        digest = digest or digest_of(stream, buffers)
        path = self.path(digest)
        if os.path.exists(path):
            return digest
        os.makedirs(os.path.dirname(path), exist_ok=True)
        header = json.dumps({"stream": len(stream), "buffers": [buffer.nbytes for buffer in buffers]}).encode() + b"\n"
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".tmp-")
        try:
            with os.fdopen(handle, "wb", buffering=0 if len(stream) > 1 << 16 else -1) as file:
                _write(file, header)
                _write(file, stream)
                place = len(header) + len(stream)
                for buffer in buffers:
                    padding = -place % _ALIGN
                    _write(file, b"\0" * padding)
                    _write(file, buffer)
                    place += padding + buffer.nbytes
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        return digest

    def read(self, digest: str, verify: bool = True, hasher: Hasher = hash_buffer) -> tuple[bytes, list[Any]]:
        """The stream and the writable buffers of an object; large buffers are private maps of the file."""
        with self._open(digest) as file:
            try:
                header = json.loads(file.readline())
                sizes = [int(size) for size in header["buffers"]]
                stream = file.read(int(header["stream"]))
            except (ValueError, KeyError, TypeError) as error:
                raise StoreDamaged(f"{digest} is damaged") from error
            length = os.fstat(file.fileno()).st_size
            place = file.tell()
            buffers: list[Any] = []
            for size in sizes:
                place += -place % _ALIGN
                if place + size > length:
                    raise StoreDamaged(f"{digest} is cut short")
                buffers.append(_buffer(file, place, size))
                place += size
        if verify and digest_of(stream, [memoryview(buffer) for buffer in buffers], hasher) != digest:
            raise StoreDamaged(f"{digest} is damaged")
        return stream, buffers


def _write(file: Any, data: Any) -> None:
    view = memoryview(data)
    if view.nbytes == 0:
        return
    view = view.cast("B")
    while view.nbytes:
        view = view[file.write(view) :]


def _buffer(file: Any, place: int, size: int) -> Any:
    if size < MAPPED_FROM:
        file.seek(place)
        return bytearray(file.read(size))
    start = place - place % mmap.ALLOCATIONGRANULARITY
    mapped = Mapped(file.fileno(), size + place - start, access=mmap.ACCESS_COPY, offset=start)
    return memoryview(mapped)[place - start : place - start + size]
