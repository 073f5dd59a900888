"""Immutable objects on disk, named by the digest of their bytes.

A file is a JSON header line, the pickle stream, and the out-of-band buffers, each at a multiple of 64 bytes. Files are written
to a temporary name and renamed, so that a reader sees a whole object or none.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import tempfile
from dataclasses import dataclass
from typing import Any, BinaryIO, Optional

from .own_json import read_json, write_json
from .seals import Seals, signature
from .unwritten import Origin

_ALIGN = 64
MAPPED_FROM = 1 << 20


class Mapped(mmap.mmap):
    """Memory of the store; nobody else's map."""


class StoreDamaged(Exception):
    """The bytes of an object do not match its name."""


@dataclass(frozen=True)
class Stored:
    """What is in an object: its stream, its writable buffers, their digests, and where those come from that are mapped."""

    stream: bytes
    buffers: list[Any]
    digests: list[bytes]
    origins: list[tuple[memoryview, Origin]]

    @property
    def sizes(self) -> list[int]:
        """The sizes of the buffers."""
        return [memoryview(buffer).nbytes for buffer in self.buffers]


def hash_buffer(buffer: Any) -> bytes:
    """The digest of one buffer."""
    return hashlib.sha256(buffer).digest()


def name_of(stream: bytes, sizes: list[int], digests: list[bytes]) -> str:
    """The name of an object: a digest over the stream and the digest of each buffer."""
    whole = hashlib.sha256(stream)
    for size, digest in zip(sizes, digests):
        whole.update(b"|%d|" % size)
        whole.update(digest)
    return "sha256:" + whole.hexdigest()


class Store:
    """The objects below one folder."""

    def __init__(self, root: str, seals: Optional[Seals] = None) -> None:
        """The folder is made when it does not exist. `seals` tells what need not be checked again."""
        self.root = os.path.realpath(root)
        self.seals = seals or Seals()
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

    def write(self, stream: bytes, buffers: list[memoryview], digests: list[bytes]) -> str:
        """Write an object, unless it is there; gives its name. `digests` are those of the buffers."""
        digest = name_of(stream, [buffer.nbytes for buffer in buffers], digests)
        path = self.path(digest)
        if os.path.exists(path):
            return digest
        os.makedirs(os.path.dirname(path), exist_ok=True)
        sizes = [buffer.nbytes for buffer in buffers]
        header = write_json({"stream": len(stream), "buffers": sizes, "digests": [item.hex() for item in digests]}).encode() + b"\n"
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
        self.seals.note(digest, signature(os.stat(path)))
        return digest

    def read(self, digest: str) -> Stored:
        """What is in an object; large buffers are private maps of the file. It is checked, unless this run has done so."""
        path = self.path(digest)
        with self._open(digest) as file:
            try:
                header = read_json(file.readline().decode())
                sizes = [int(size) for size in header["buffers"]]
                digests = [bytes.fromhex(item) for item in header.get("digests", ())]
                stream = file.read(int(header["stream"]))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise StoreDamaged(f"{digest} is damaged") from error
            now = signature(os.fstat(file.fileno()))
            place = file.tell()
            buffers: list[Any] = []
            mapped: list[tuple[int, int]] = []
            for number, size in enumerate(sizes):
                place += -place % _ALIGN
                if place + size > now[2]:
                    raise StoreDamaged(f"{digest} is cut short")
                if size >= MAPPED_FROM:
                    mapped.append((number, place))
                buffers.append(_buffer(file, place, size))
                place += size
        if not self.seals.holds(digest, now):
            found = [hash_buffer(buffer) for buffer in buffers]
            if (digests or found) != found or name_of(stream, sizes, found) != digest:
                raise StoreDamaged(f"{digest} is damaged")
            digests = found
            self.seals.note(digest, now)
        elif len(digests) != len(buffers):
            digests = [hash_buffer(buffer) for buffer in buffers]
        origins = [(buffers[number], Origin(path, now, place, digests[number])) for number, place in mapped]
        return Stored(stream, buffers, digests, origins)


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
