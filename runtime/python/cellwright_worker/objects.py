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
from typing import Any

_ALIGN = 64
_MAPPED_FROM = 1 << 20


class StoreDamaged(Exception):
    """The bytes of an object do not match its name."""


def _path(root: str, digest: str) -> str:
    hexadecimal = digest.partition(":")[2]
    return os.path.join(root, "objects", hexadecimal[:2], hexadecimal)


def digest_of(stream: bytes, buffers: list[memoryview]) -> str:
    """The name of an object: a digest over the stream and the digest of each buffer."""
    whole = hashlib.sha256(stream)
    for buffer in buffers:
        whole.update(b"|%d|" % buffer.nbytes)
        whole.update(hashlib.sha256(buffer).digest())
    return "sha256:" + whole.hexdigest()


class Store:
    """The objects below one folder."""

    def __init__(self, root: str) -> None:
        """The folder is made when it does not exist."""
        self.root = root
        os.makedirs(os.path.join(root, "objects"), exist_ok=True)

    def write(self, stream: bytes, buffers: list[memoryview]) -> str:
        """Write an object, unless it is there; gives its digest."""
        digest = digest_of(stream, buffers)
        path = _path(self.root, digest)
        if os.path.exists(path):
            return digest
        os.makedirs(os.path.dirname(path), exist_ok=True)
        header = json.dumps({"stream": len(stream), "buffers": [buffer.nbytes for buffer in buffers]}).encode() + b"\n"
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".tmp-")
        with os.fdopen(handle, "wb") as file:
            file.write(header)
            file.write(stream)
            for buffer in buffers:
                file.write(b"\0" * (-file.tell() % _ALIGN))
                file.write(buffer)
        os.replace(temporary, path)
        return digest

    def read(self, digest: str, verify: bool = True) -> tuple[bytes, list[Any]]:
        """The stream and the writable buffers of an object; large buffers are private maps of the file."""
        with open(_path(self.root, digest), "rb") as file:
            header = json.loads(file.readline())
            stream = file.read(header["stream"])
            buffers: list[Any] = []
            for size in header["buffers"]:
                offset = file.tell() + (-file.tell() % _ALIGN)
                if size >= _MAPPED_FROM:
                    start = offset - offset % mmap.ALLOCATIONGRANULARITY
                    mapped = mmap.mmap(file.fileno(), size + offset - start, access=mmap.ACCESS_COPY, offset=start)
                    buffers.append(memoryview(mapped)[offset - start : offset - start + size])
                    file.seek(offset + size)
                else:
                    file.seek(offset)
                    buffers.append(bytearray(file.read(size)))
        if verify and digest_of(stream, [memoryview(buffer) for buffer in buffers]) != digest:
            raise StoreDamaged(f"{digest} is damaged")
        return stream, buffers
