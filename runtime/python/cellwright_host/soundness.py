"""Whether a file is the object that its name says: a JSON header line, a stream, and buffers at multiples of 64 bytes."""

from __future__ import annotations

import hashlib
import json
import os
from typing import BinaryIO, Optional

_ALIGN = 64
_CHUNK = 1 << 20


def is_sound(path: str, digest: Optional[str] = None) -> bool:
    """True when the bytes are those of the object; `digest` is its name where the file has another one."""
    expected = digest.partition(":")[2] if digest is not None else os.path.basename(path)
    try:
        with open(path, "rb") as file:
            return _digest(file) == expected
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _digest(file: BinaryIO) -> str:
    header = json.loads(file.readline())
    whole = hashlib.sha256()
    _read(file, int(header["stream"]), whole)
    for size in header["buffers"]:
        file.seek(-file.tell() % _ALIGN, os.SEEK_CUR)
        part = hashlib.sha256()
        _read(file, int(size), part)
        whole.update(b"|%d|" % int(size))
        whole.update(part.digest())
    return whole.hexdigest()


def _read(file: BinaryIO, size: int, into: hashlib._Hash) -> None:
    while size:
        part = file.read(min(size, _CHUNK))
        if not part:
            raise ValueError("it is cut short")
        into.update(part)
        size -= len(part)
